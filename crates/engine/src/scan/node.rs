//! Lines of node journals: kubelet, runtime, kernel, systemd, control plane.
//!
//! Literals are looked for in each line; only lines that hold one are looked at again. Memory is bounded
//! whatever the journal.

mod breaks;
mod claim;
mod control;
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
use breaks::Breaks;
use oom::Kills;
use patterns::{OOM, Patterns, Said, patterns};
use record::{Record, split};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What a journal held.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeSummary {
    /// Lines read.
    pub lines: u64,
    /// Processes that the kernel killed for memory.
    pub oom_kills: Vec<OomKill>,
    /// What else lines say, each with how often and an example.
    pub sightings: Vec<NodeSighting>,
    /// Claims that were not kept, for want of room.
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
/// Different claims kept of one journal.
const SIGHTINGS: usize = 512;
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
    dropped: u64,
    kills: Kills,
    seen: BTreeMap<NodeClaim, NodeSighting>,
    heard: Vec<Voice>,
    breaks: Breaks,
    /// A record whose value goes on over further lines (`output=<`), and what is known of its first line.
    block: Option<Block>,
    /// Of a part of a journal: what it is a part of.
    of: Option<Of>,
}

/// What a part knows of the journal before it.
struct Of {
    /// Claims that have room, and the number of others for which there is some.
    known: BTreeSet<NodeClaim>,
    room: usize,
    /// Lines of the kernel's reports of kills: what they mean depends on those before.
    kills: Vec<(String, u32, Option<i64>)>,
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
        NodeScan {
            hide,
            patterns: patterns(),
            number: 0,
            lines: 0,
            dropped: 0,
            kills: Kills::default(),
            seen: BTreeMap::new(),
            heard: Vec::new(),
            breaks: Breaks::default(),
            block: None,
            of: None,
        }
    }

    /// Begins a part of this journal that is read by itself, and joined with what stands before it in the end.
    pub fn part(&self) -> NodeScan {
        let known: BTreeSet<NodeClaim> = self.seen.keys().cloned().collect();
        let room = SIGHTINGS.saturating_sub(known.len());
        NodeScan { of: Some(Of { known, room, kills: Vec::new() }), ..NodeScan::redacting(self.hide) }
    }

    /// Whether what follows may be read as a part: no value goes on over further lines.
    pub fn is_settled(&self) -> bool {
        self.block.is_none()
    }

    /// Adds a part that stands behind all that was read, and whose lines are counted from `before` on. `at` tells the time
    /// of a line by its beginning.
    pub fn join(&mut self, later: NodeScan, before: u32, at: impl Fn(&str) -> Option<i64>) {
        if later.lines > 0 {
            self.close();
            self.block = later.block.map(|block| Block { line: block.line.saturating_add(before), ..block });
        }
        self.lines += later.lines;
        self.dropped += later.dropped;
        self.breaks.join(later.breaks, &at);
        for voice in later.heard {
            if let Some(known) = self.heard.iter_mut().find(|known| known.component == voice.component) {
                known.lines += voice.lines;
                known.at = voice.at.or(known.at);
                known.last = voice.last;
            } else if self.heard.len() < COMPONENTS {
                self.heard.push(voice);
            }
        }
        for (text, line, at) in later.of.map_or_else(Vec::new, |of| of.kills) {
            self.kills.line(&text, line.saturating_add(before), at);
        }
        let mut seen: Vec<NodeSighting> = later.seen.into_values().collect();
        // Room goes to who came first.
        seen.sort_by_key(|sighting| sighting.line);
        for mut sighting in seen {
            sighting.line = sighting.line.saturating_add(before);
            if let Some(known) = self.seen.get_mut(&sighting.claim) {
                known.count += sighting.count;
                known.first = known.first.or(sighting.first);
                known.last = sighting.last.or(known.last);
                known.detail = sighting.detail.or(known.detail.take());
                known.unusual &= sighting.unusual;
            } else if self.seen.len() < SIGHTINGS {
                self.seen.insert(sighting.claim.clone(), sighting);
            } else {
                self.dropped += sighting.count;
            }
        }
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
        if let Some(voice) = self.heard.iter_mut().find(|voice| *voice.component == *component) {
            voice.lines += 1;
            voice.last.clear();
            voice.last.push_str(beginning);
            voice.at = given.or(voice.at);
        } else if self.heard.len() < COMPONENTS {
            let first = at(line);
            self.heard.push(Voice {
                component: component.into(),
                lines: 1,
                first,
                last: beginning.to_owned(),
                at: given,
            });
        }
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
        let at = at(line);
        if hits & OOM != 0 && matches!(component, "" | "kernel") {
            match &mut self.of {
                Some(of) => of.kills.push((message.to_owned(), number, at)),
                None => self.kills.line(message, number, at),
            }
        }
        hits &= !OOM;
        if hits == 0 {
            return;
        }
        let hidden = (self.hide)(message);
        let message = &*hidden;
        let record = Record::new(component, message);
        let mut said = Said::default();
        while hits != 0 {
            let bit = hits.trailing_zeros() as usize;
            hits &= hits - 1;
            if let Some(family) = self.patterns.families.get(bit) {
                (family.read)(&record, &mut said);
            }
        }
        let text = if line.is_empty() { message } else { line };
        for (claim, detail) in said.list {
            self.sight(claim, detail, said.unusual, text, number, at);
        }
    }

    fn sight(
        &mut self,
        claim: NodeClaim,
        detail: Option<Text>,
        unusual: bool,
        text: &str,
        line: u32,
        at: Option<i64>,
    ) {
        if let Some(sighting) = self.seen.get_mut(&claim) {
            sighting.count += 1;
            sighting.first = sighting.first.or(at);
            sighting.last = at.or(sighting.last);
            sighting.detail = detail.or(sighting.detail.take());
            sighting.unusual &= unusual;
        } else if self.has_room(&claim) {
            let text = clip(&(self.hide)(text));
            let sighting = NodeSighting {
                claim: claim.clone(),
                count: 1,
                first: at,
                last: at,
                text,
                detail,
                unusual,
                line,
            };
            self.seen.insert(claim, sighting);
        } else {
            self.dropped += 1;
        }
    }

    /// Reads a value that nothing more was added to.
    fn close(&mut self) {
        if let Some(block) = self.block.take() {
            self.record(&block.component, &block.text, block.line, &|_| block.at, "");
        }
    }

    fn has_room(&mut self, claim: &NodeClaim) -> bool {
        match &mut self.of {
            None => self.seen.len() < SIGHTINGS,
            Some(of) if of.known.contains(claim) => true,
            Some(of) => {
                let has = of.room > 0;
                of.room = of.room.saturating_sub(1);
                has
            }
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
            sightings: self.seen.into_values().collect(),
            dropped: self.dropped,
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
