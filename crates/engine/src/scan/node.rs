//! Lines of node journals: kubelet, runtime, kernel, systemd, control plane.
//!
//! Literals are looked for in each line; only lines that hold one are looked at again. Memory is bounded
//! whatever the journal.

mod breaks;
mod claim;
mod control;
mod kept;
mod kernel;
mod kubelet;
mod oom;
mod patterns;
mod record;
mod runtime;
mod systemd;

#[cfg(test)]
mod tests;

pub use breaks::Break;
pub use claim::{ApiCall, ApiTrouble, KubeletFailure, NodeClaim};
pub use oom::OomKill;

use crate::Text;
use crate::scan::Hide;
use crate::scan::literals::Sets;
use breaks::Breaks;
use kept::{Kept, Seen};
use oom::Kills;
use patterns::{OOM, Patterns, Said, patterns};
use record::{Record, split};
use std::borrow::Cow;

/// What a journal held.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeSummary {
    /// Lines read.
    pub lines: u64,
    /// Processes that the kernel killed for memory.
    pub oom_kills: Vec<OomKill>,
    /// What else lines say, each with how often and an example.
    pub sightings: Vec<NodeSighting>,
    /// Lines that say what was not kept, for want of room.
    pub dropped: u64,
    /// Who wrote, and from when to when: where a component's silence begins.
    pub heard: Vec<Heard>,
    /// Where the machine started, and where none of them wrote.
    pub breaks: Vec<Break>,
}

/// Something that lines say, and how often.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeSighting {
    /// What they say.
    pub claim: NodeClaim,
    /// How many lines.
    pub count: u64,
    /// When first, in microseconds of the journal's clock.
    pub first: Option<i64>,
    /// When last, in microseconds of the journal's clock.
    pub last: Option<i64>,
    /// The first of them, clipped.
    pub text: Text,
    /// What the last of them gives as error, output or reason, unquoted: [`crate::scan::message`] reads it.
    pub detail: Option<Text>,
    /// Whether no version of Kubernetes writes such a text.
    pub unusual: bool,
    /// Its place in the passage, counted from 0.
    pub line: u32,
}

/// A component that wrote lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heard {
    /// `kubelet`, `containerd`, `kernel`, `systemd`, …
    pub component: Text,
    /// Its lines.
    pub lines: u64,
    /// Its first line, in microseconds of the journal's clock.
    pub first: Option<i64>,
    /// Its last line, in microseconds of the journal's clock.
    pub last: Option<i64>,
}

/// Longest excerpt, in bytes.
const CLIP: usize = 300;
/// Longest part of a line that is looked at, in bytes: journald's own limit (`LineMax=`).
const LONGEST: usize = 48 * 1024;
/// Different claims of each kind kept of one journal.
pub const SIGHTINGS: usize = 512;
/// Components kept.
const COMPONENTS: usize = 32;
/// Longest value of more than one line, in bytes.
const BLOCK: usize = 4096;

/// Reads a journal line by line.
pub struct NodeScan {
    hide: Hide,
    patterns: &'static Patterns,
    number: u32,
    lines: u64,
    kills: Kills,
    kept: Kept,
    heard: Vec<Voice>,
    /// Who wrote the line before, by its place among them.
    last: usize,
    breaks: Breaks,
    /// A record whose value goes on over further lines (`output=<`), and what is known of its first line.
    block: Option<Block>,
    /// Of a part of a journal: what waits for what stands before it.
    part: Option<Part>,
}

/// A part of a journal.
#[derive(Default)]
struct Part {
    /// Lines of the kernel's reports of kills: what they mean depends on those before.
    kills: Vec<(String, u32, Option<i64>)>,
    /// As many components as are kept were known before it.
    was_full: bool,
    /// A component found no room that it may have had, had all been read that stands before.
    unsure: bool,
}

struct Voice {
    component: Text,
    lines: u64,
    first: Option<i64>,
    /// The beginning of its last line, where its time stands in it.
    last: String,
    /// The time of its last line, where it was given.
    at: Option<i64>,
}

struct Block {
    component: String,
    text: String,
    line: u32,
    at: Option<i64>,
}

impl Default for NodeScan {
    fn default() -> Self {
        NodeScan::new()
    }
}

impl NodeScan {
    /// Begins a journal that is shown as it is.
    pub fn new() -> NodeScan {
        NodeScan::redacting(|text| Cow::Borrowed(text))
    }

    /// Begins a journal of which only what `hide` leaves of a line is kept.
    pub fn redacting(hide: Hide) -> NodeScan {
        NodeScan::within(SIGHTINGS, hide)
    }

    /// The same, with room for so many claims of each kind.
    pub fn within(room: usize, hide: Hide) -> NodeScan {
        NodeScan {
            hide,
            patterns: patterns(),
            number: 0,
            lines: 0,
            kills: Kills::default(),
            kept: Kept::new(room),
            heard: Vec::new(),
            last: 0,
            breaks: Breaks::default(),
            block: None,
            part: None,
        }
    }

    /// Begins a part of this journal that is read by itself, and joined with what stands before it in the end.
    pub fn part(&mut self) -> NodeScan {
        let was_full = self.heard.len() >= COMPONENTS;
        let heard = self.heard.iter().map(|voice| Voice {
            component: voice.component.clone(),
            lines: 0,
            first: None,
            last: String::new(),
            at: None,
        });
        NodeScan {
            heard: heard.collect(),
            kept: self.kept.part(),
            part: Some(Part { was_full, ..Part::default() }),
            ..NodeScan::redacting(self.hide)
        }
    }

    /// Begins such a part for a journal of which nothing was read, with room for so many claims of each kind.
    pub fn first_part(room: usize, hide: Hide) -> NodeScan {
        NodeScan { part: Some(Part::default()), ..NodeScan::within(room, hide) }
    }

    /// Whether what follows may be read as a part: no value goes on over further lines.
    pub fn is_settled(&self) -> bool {
        self.block.is_none()
    }

    /// Whether a part is what it would be, had all been read that stands before it.
    pub fn is_sure(&self) -> bool {
        !self.kept.unsure && !self.part.as_ref().is_some_and(|part| part.unsure)
    }

    /// Adds a part that stands behind all that was read, and whose lines are counted from `before` on. `at` tells the time
    /// of a line by its beginning.
    pub fn join(&mut self, later: NodeScan, before: u32, at: impl Fn(&str) -> Option<i64>) {
        if later.lines > 0 {
            self.close();
            self.block = later.block.map(|block| Block { line: block.line.saturating_add(before), ..block });
        }
        self.lines += later.lines;
        self.breaks.join(later.breaks, &at);
        for voice in later.heard.into_iter().filter(|voice| voice.lines > 0) {
            if let Some(known) = self.heard.iter_mut().find(|known| known.component == voice.component) {
                known.lines += voice.lines;
                known.at = voice.at.or(known.at);
                known.last = voice.last;
            } else if self.heard.len() < COMPONENTS {
                self.heard.push(voice);
            }
        }
        for (text, line, at) in later.part.map_or_else(Vec::new, |part| part.kills) {
            self.kills.line(&text, line.saturating_add(before), at);
        }
        self.kept.join(later.kept, before);
    }

    /// Reads a line as it stands in the journal, without its break. `at` tells its time in microseconds of the journal's
    /// clock, and is asked only where it matters.
    pub fn push(&mut self, line: &str, at: impl Fn(&str) -> Option<i64>) {
        let line = line.get(..line.floor_char_boundary(LONGEST)).unwrap_or(line);
        let (component, message) = split(line);
        self.hear(component, line, &at);
        self.said(component, message, line, &at);
    }

    /// Reads a message whose writer is known, as structured journals keep it: of one line or several. `at` is its time.
    pub fn push_message(&mut self, component: &str, message: &str, at: Option<i64>) {
        let message = message.get(..message.floor_char_boundary(LONGEST)).unwrap_or(message);
        let number = self.number;
        self.hear(component, "", &|_| at);
        for line in message.split('\n') {
            self.said(component, line, line, &|_| at);
        }
        self.number = number.saturating_add(1);
    }

    /// The next line stands at that place of the passage, counted from 0.
    pub fn seek(&mut self, line: u32) {
        self.number = line;
    }

    /// The machine started before the next line.
    pub fn boot(&mut self) {
        self.breaks.boot();
    }

    fn hear(&mut self, component: &str, line: &str, at: &dyn Fn(&str) -> Option<i64>) {
        self.lines += 1;
        let beginning = line.get(..line.floor_char_boundary(64)).unwrap_or("");
        // A structured journal gives the time; that of a line is read at the end only.
        let given = if line.is_empty() { at(line) } else { None };
        match line.is_empty() {
            true => self.breaks.moment(given),
            false => self.breaks.line(beginning, at),
        }
        if component.is_empty() {
            return;
        }
        if self.heard.get(self.last).is_none_or(|voice| *voice.component != *component) {
            let known = self.heard.iter().position(|voice| *voice.component == *component);
            self.last = known.unwrap_or(self.heard.len());
        }
        if self.last >= COMPONENTS {
            if let Some(part) = &mut self.part {
                part.unsure |= !part.was_full;
            }
            return;
        }
        if self.last == self.heard.len() {
            let component = component.into();
            self.heard.push(Voice { component, lines: 0, first: None, last: String::new(), at: None });
        }
        let Some(voice) = self.heard.get_mut(self.last) else { return };
        if voice.lines == 0 {
            voice.first = at(line);
        }
        voice.lines += 1;
        voice.last.clear();
        voice.last.push_str(beginning);
        voice.at = given.or(voice.at);
    }

    fn said(&mut self, component: &str, message: &str, line: &str, at: &dyn Fn(&str) -> Option<i64>) {
        let number = self.number;
        self.number = number.saturating_add(1);
        if let Some(mut block) = self.block.take() {
            // The lines of a value begin with a tab or, as journalctl shows them, with spaces.
            let inside =
                message.starts_with([' ', '\t']) && (component.is_empty() || block.component == component);
            if inside && message.trim() != ">" && block.text.len() < BLOCK {
                block.text.push('\n');
                block.text.push_str(message.trim());
                self.block = Some(block);
                return;
            }
            self.record(&block.component, &block.text, block.line, &|_| block.at, "");
            if inside {
                return;
            }
        }
        if message.ends_with("=<") {
            self.block = Some(Block {
                component: component.to_owned(),
                text: message.get(..message.floor_char_boundary(BLOCK)).unwrap_or("").to_owned(),
                line: number,
                at: at(line),
            });
            return;
        }
        self.record(component, message, number, at, line);
    }

    fn record(
        &mut self,
        component: &str,
        message: &str,
        number: u32,
        at: &dyn Fn(&str) -> Option<i64>,
        line: &str,
    ) {
        let mut hits = self.patterns.literals.sets(message);
        if hits == 0 {
            return;
        }
        if hits & OOM != 0 && matches!(component, "" | "kernel") {
            match &mut self.part {
                Some(part) => part.kills.push((message.to_owned(), number, at(line))),
                None => self.kills.line(message, number, at(line)),
            }
        }
        hits &= !OOM;
        if hits == 0 {
            return;
        }
        let mut said = self.read(hits, component, message);
        if said.list.iter().all(|(claim, _)| self.kept.is_lost(claim)) {
            said.list.iter().for_each(|(claim, _)| self.kept.lose(claim, 1));
            return;
        }
        let at = at(line);
        let hidden = (self.hide)(message);
        if let Cow::Owned(hidden) = &hidden {
            said = self.read(hits, component, hidden);
        }
        let text = if line.is_empty() { &*hidden } else { line };
        for (claim, detail) in said.list {
            let seen = Seen { detail, unusual: said.unusual, line: number, at };
            self.kept.see(claim, seen, || clip(&(self.hide)(text)));
        }
    }

    /// What the families of these bits read in a message.
    fn read(&self, mut hits: Sets, component: &str, message: &str) -> Said {
        let record = Record::new(component, message);
        let mut said = Said::default();
        while hits != 0 {
            let bit = hits.trailing_zeros() as usize;
            hits &= hits - 1;
            if let Some(family) = self.patterns.families.get(bit) {
                (family.read)(&record, &mut said);
            }
        }
        said
    }

    /// Reads a value that nothing more was added to.
    fn close(&mut self) {
        if let Some(block) = self.block.take() {
            self.record(&block.component, &block.text, block.line, &|_| block.at, "");
        }
    }

    /// Ends the journal. `at` tells the time of a line by its beginning.
    pub fn finish(mut self, at: impl Fn(&str) -> Option<i64>) -> NodeSummary {
        self.close();
        let mut heard: Vec<Heard> = self
            .heard
            .into_iter()
            .map(|voice| Heard {
                component: voice.component,
                lines: voice.lines,
                first: voice.first,
                last: voice.at.or_else(|| at(&voice.last)).or(voice.first),
            })
            .collect();
        heard.sort();
        NodeSummary {
            breaks: self.breaks.finish(self.lines, &at),
            lines: self.lines,
            oom_kills: self.kills.list,
            dropped: self.kept.dropped,
            sightings: self.kept.list(),
            heard,
        }
    }
}

impl NodeSummary {
    /// Reads lines; `at` tells a line's time in microseconds, and is asked only for lines that say something.
    pub fn read<'t>(lines: impl Iterator<Item = &'t str>, at: impl Fn(&str) -> Option<i64>) -> NodeSummary {
        let mut scan = NodeScan::new();
        for line in lines {
            scan.push(line, &at);
        }
        scan.finish(at)
    }

    /// The sighting that a test picks.
    pub fn seen(&self, wanted: impl Fn(&NodeClaim) -> bool) -> Option<&NodeSighting> {
        self.sightings.iter().find(|s| wanted(&s.claim))
    }
}

/// Who wrote a line of a journal, where that is told, and its message.
pub fn writer(line: &str) -> (&str, &str) {
    split(line)
}

fn clip(line: &str) -> Text {
    let line = line.trim();
    line.get(..line.floor_char_boundary(CLIP)).unwrap_or("").into()
}
