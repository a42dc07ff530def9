//! Logs and journals of any length, read piece by piece.

use super::{Context, Whole, sections, whole};
use crate::container_log::Logs;
use crate::journal::{self, Whose};
use crate::kubectl::lines::Passage;
use crate::kubectl::transcript;
use crate::{Intake, Place, marks};

/// A log or a journal of which only a part is at hand.
pub(crate) struct Stream {
    place: Place,
    of: Of,
}

enum Of {
    Lines(journal::Lines),
    Entries(journal::Json),
    Log(Logs),
}

impl Stream {
    /// Begins with what the first lines show; none where that is not a log or a journal and nothing else.
    pub(crate) fn open(head: &str, place: &Place, out: &mut Intake) -> Option<Stream> {
        let plain = transcript::plain(head);
        let sections = sections(&plain, place);
        let [section] = sections.as_slice() else { return None };
        let body = section.body;
        if section.command.is_some() || section.other.is_some() || marks::files(body).is_some() {
            return None;
        }
        let of = match whole(body, &place.name)? {
            Whole::Nothing => return None,
            Whole::Log => Of::Log(Logs::open(body)),
            Whole::Journal if journal::is_export(body.text.as_bytes()) => return None,
            Whole::Journal if journal::is_json(body.text) => {
                Of::Entries(journal::Json::open(Whose::file(place)))
            }
            Whole::Journal => Of::Lines(journal::Lines::open(body.lines(), Whose::file(place), place, out)?),
        };
        Some(Stream { place: place.clone(), of })
    }

    /// Reads the next lines.
    pub(crate) fn push(&mut self, lines: Passage<'_>, out: &mut Intake) {
        let plain = transcript::plain(lines.text);
        let lines = Passage { text: &plain, ..lines };
        match &mut self.of {
            Of::Lines(reader) => out.unread.of += reader.push(lines.lines()),
            Of::Entries(reader) => reader.push(lines, &self.place, out),
            Of::Log(reader) => {
                out.unread.of += count(lines);
                reader.push(lines.text);
            }
        }
    }

    /// Begins a part that is read by itself, and joined with what stands before it in the end; none where each line
    /// depends on all before it.
    pub(crate) fn part(&mut self) -> Option<Stream> {
        match &mut self.of {
            Of::Lines(reader) => Some(Stream { place: self.place.clone(), of: Of::Lines(reader.part()) }),
            Of::Entries(_) | Of::Log(_) => None,
        }
    }

    /// Adds a part that stands behind all that was read; false where its lines have to be read in their order.
    pub(crate) fn join(&mut self, later: Stream) -> bool {
        match (&mut self.of, later.of) {
            (Of::Lines(reader), Of::Lines(later)) if reader.is_settled() && later.is_sure() => {
                reader.join(later);
                true
            }
            _ => false,
        }
    }

    /// The last line was longer by so many bytes.
    pub(crate) fn passed(&mut self, bytes: u64) {
        if let Of::Log(reader) = &mut self.of {
            reader.passed(bytes);
        }
    }

    /// Hands over what was read.
    pub(crate) fn finish(self, out: &mut Intake) {
        match self.of {
            Of::Lines(reader) => reader.finish(&self.place, out),
            Of::Entries(reader) => reader.finish(&self.place, out),
            Of::Log(reader) => {
                let mut context =
                    Context { place: self.place, command: None, about: None, nested: false, out };
                let (source, instance) = context.whose_log();
                context.logs_read(reader.finish(), 1, &source, &instance);
            }
        }
    }
}

/// The lines of a passage that are not blank.
fn count(body: Passage<'_>) -> u64 {
    body.lines().filter(|line| !line.is_blank()).count() as u64
}
