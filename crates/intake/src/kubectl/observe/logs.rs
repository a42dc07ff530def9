//! Container logs and journals, handed to the scanners of the engine.

use super::{Context, values};
use crate::journal::{self, Whose};
use crate::kubectl::command::Program;
use crate::kubectl::lines::{Line, Passage};
use crate::source::{self, Named};
use crate::{Intake, Place, container_log, refused};
use engine::Text;
use engine::evidence::{Gap, Instance, Log, LogSource, Read, What};
use engine::subject::{Kind, Subject};

impl<'a> Context<'_, 'a, '_> {
    /// `kubectl logs`, or a file that is nothing else.
    pub(super) fn logs(&mut self, body: Passage<'a>) {
        let (source, instance) = self.whose_log();
        self.log(body, source, instance);
    }

    /// Whose log it is, and of which instance.
    pub(super) fn whose_log(&self) -> (LogSource, Instance) {
        match self.command {
            Some(command) => {
                let instance = if command.previous { Instance::Previous } else { Instance::Newest };
                (self.log_source(), instance)
            }
            None => match source::of(&self.place.name) {
                Some(Named::Log { source, instance }) => (source, instance),
                _ => (LogSource::Unknown, Instance::Newest),
            },
        }
    }

    fn log(&mut self, body: Passage<'a>, source: LogSource, instance: Instance) {
        self.logs_read(container_log::read(body), body.first_line, &source, &instance);
    }

    /// Hands over logs that were read; `first` is the line that they begin on.
    pub(super) fn logs_read(
        &mut self,
        logs: Vec<container_log::Read>,
        first: usize,
        source: &LogSource,
        instance: &Instance,
    ) {
        let namespace = self.namespace().map(|n| Text::from(n.as_ref()));
        for read in logs {
            let source = match read.whose {
                Some((pod, container)) => {
                    let pod = Subject::new(Kind::Pod, namespace.as_deref(), &pod).container(&container);
                    LogSource::Container { pod }
                }
                None => source.clone(),
            };
            let log = Log {
                source,
                instance: instance.clone(),
                partial: self.command.is_some_and(|c| c.pipe.any || c.tail.is_some() || c.selector.is_some()),
                summary: read.summary,
                locator: self.place.line(first),
            };
            self.push(first, What::Log(Box::new(log)));
        }
    }

    fn log_source(&self) -> LogSource {
        let Some(command) = self.command else { return LogSource::Unknown };
        let namespace = self.namespace();
        let container = command.container.as_deref().map(Text::from);
        if let Some(selector) = command.selector.as_deref().and_then(values::selector) {
            return LogSource::Selector {
                namespace: namespace.map(|n| n.as_ref().into()),
                selector,
                container,
            };
        }
        let Some(target) = command.targets.first() else { return LogSource::Unknown };
        let kind = target.of.known().map_or(Kind::Pod, |r| Kind::parse(r.kind));
        let Some(name) = target.name.as_deref() else { return LogSource::Unknown };
        let subject = Subject::new(kind.clone(), namespace.as_deref(), name);
        match (kind, container) {
            (Kind::Pod, Some(container)) => LogSource::Container { pod: subject.container(&container) },
            (Kind::Pod, None) => LogSource::Container { pod: subject },
            (_, container) => LogSource::Workload { subject, container },
        }
    }

    /// A journal or the kernel's ring buffer.
    pub(super) fn journal(&mut self, body: Passage<'a>) {
        let mut whose = Whose::file(&self.place);
        if let Some(command) = self.command
            && whose.unit.is_none()
        {
            let kernel = command.program == Program::Dmesg || command.argv.iter().any(|w| w == "-k");
            let unit = command.words.first().map(|w| w.strip_suffix(".service").unwrap_or(w));
            whose.unit = if kernel { Some("kernel".into()) } else { unit.map(Text::from) };
        }
        if journal::is_export(body.text.as_bytes()) {
            self.out.unread.of = self.out.unread.of.saturating_sub(count(body));
            journal::read_export(body.text.as_bytes(), body.first_line - 1, whose, &self.place, self.out);
        } else if journal::is_json(body.text) {
            self.out.unread.of = self.out.unread.of.saturating_sub(count(body));
            journal::read_json(body, whose, &self.place, self.out);
        } else {
            journal::read_lines(body.lines(), whose, &self.place, self.out);
        }
    }

    pub(super) fn journal_lines(&mut self, lines: &[Line<'a>]) {
        journal::read_lines(lines.iter().copied(), Whose::file(&self.place), &self.place, self.out);
    }
}

/// The lines of a passage that are not blank.
fn count(body: Passage<'_>) -> u64 {
    body.lines().filter(|line| !line.is_blank()).count() as u64
}

/// Reads a log in what `kubectl cluster-info dump` prints: namespace, pod and container, and the lines.
pub(crate) fn dumped<'a>(whose: [&'a str; 3], lines: Passage<'a>, place: &Place, out: &mut Intake) {
    let [namespace, pod, container] = whose;
    out.unread.of += count(lines);
    let pod = Subject::new(Kind::Pod, Some(namespace), pod).container(container);
    // The dump prints its own errors in the place of a log.
    let error =
        ["Create log request error: ", "Request log error: "].iter().find_map(|e| lines.text.strip_prefix(e));
    if let Some(error) = error {
        let (_, why) = refused::read(error.trim_end());
        let read = Read::Log { container: pod, previous: false };
        out.gaps.push(Gap { read, why, locator: place.line(lines.first_line) });
        return;
    }
    let mut context = Context { place: place.clone(), command: None, about: None, nested: false, out };
    context.log(lines, LogSource::Container { pod }, Instance::Newest);
}
