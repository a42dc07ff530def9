//! Container logs and journals, handed to the scanners of the engine.

use super::{Context, values};
use crate::kubectl::lines::{Line, Passage};
use crate::kubectl::times;
use engine::Text;
use engine::evidence::{Instance, Log, LogSource, NodeLog, What};
use engine::moment::Clock;
use engine::scan::log::LogSummary;
use engine::scan::node::NodeSummary;
use engine::subject::{Kind, Subject};

impl<'a> Context<'_, 'a, '_> {
    /// `kubectl logs`, or a file that is nothing else.
    pub(super) fn logs(&mut self, body: Passage<'a>) {
        let source = self.log_source();
        let instance = match self.command {
            Some(command) if command.previous => Instance::Previous,
            _ => Instance::Newest,
        };

        let log = Log {
            source,
            instance,
            partial: self.command.is_some_and(|c| c.pipe.any || c.tail.is_some() || c.selector.is_some()),
            summary: LogSummary::read(body.text),
            locator: self.place.line(body.first_line),
        };
        self.push(body.first_line, What::Log(Box::new(log)));
    }

    fn log_source(&self) -> LogSource {
        let Some(command) = self.command else { return self.source_of_file() };
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

    /// Whose log a file is, by its name.
    fn source_of_file(&self) -> LogSource {
        LogSource::Unknown
    }

    /// A journal or the kernel's ring buffer.
    pub(super) fn journal(&mut self, body: Passage<'a>) {
        let lines: Vec<Line<'a>> = body.lines().filter(|l| !l.is_blank()).collect();
        self.journal_lines(&lines);
    }

    pub(super) fn journal_lines(&mut self, lines: &[Line<'a>]) {
        let Some(first) = lines.first() else { return };
        let node = self.node_of_file().or_else(|| super::systemctl::host(lines));
        let log = NodeLog {
            clock: Clock::Yearless(node.clone().unwrap_or_else(|| "".into())),
            node,
            shift: (0, 0),
            summary: NodeSummary::read(lines.iter().map(|l| l.text), |line| {
                times::leading(line.trim()).map(|(stamp, _)| stamp.span.earliest)
            }),
            locator: self.place.line(first.number),
        };
        self.push(first.number, What::NodeLog(Box::new(log)));
    }
}
