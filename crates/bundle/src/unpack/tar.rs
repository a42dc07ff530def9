//! Tar archives. Long names are read here and not by the library, which takes them whole, however long they are.

use super::{Sink, Unpack, inside, shown};
use crate::breaks_off;
use engine::evidence::Why;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::PathBuf;
use tar::EntryType;

/// The longest header of a name that is read, in bytes: a path, and a few fields beside it.
const LONGEST_HEADER: u64 = 64 << 10;

impl Unpack<'_> {
    pub(super) fn tar(
        &mut self,
        name: &str,
        from: &mut dyn Read,
        layer: usize,
        sink: &mut Sink<'_>,
    ) -> ControlFlow<()> {
        let folder = self.folder(name);
        let mut archive = tar::Archive::new(from);
        let entries = match archive.entries() {
            Ok(entries) => entries.raw(true),
            Err(error) => return self.miss(name, Why::Unparsable(error.to_string().into())),
        };
        // The name that a header of its own gives to the entry after it.
        let mut long: Option<PathBuf> = None;
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => return self.miss(name, breaks_off(&error)),
            };
            let kind = entry.header().entry_type();
            if matches!(kind, EntryType::GNULongName | EntryType::XHeader) {
                let mut header = Vec::new();
                if let Err(error) = entry.by_ref().take(LONGEST_HEADER).read_to_end(&mut header) {
                    return self.miss(name, breaks_off(&error));
                }
                long = long_name(kind, &header).or(long);
                continue;
            }
            let path = long.take().or_else(|| Some(entry.path().ok()?.into_owned())).unwrap_or_default();
            match kind {
                EntryType::Regular | EntryType::Continuous => {}
                EntryType::GNUSparse => {
                    let why = Why::Unparsable("it is kept with holes, as GNU tar does with --sparse".into());
                    let _ = self.miss(&shown(&path.to_string_lossy(), name), why);
                    continue;
                }
                // Folders hold nothing, links lead elsewhere, and devices are no files.
                _ => continue,
            }
            match inside(folder, &path, self.caps) {
                Ok(path) => self.any(&path, &mut entry, layer, sink)?,
                Err(why) => self.miss(&shown(&path.to_string_lossy(), name), why)?,
            }
        }
        ControlFlow::Continue(())
    }
}

/// The name in a header of its own: GNU's holds nothing else, that of POSIX has records of `length path=value`.
fn long_name(kind: EntryType, header: &[u8]) -> Option<PathBuf> {
    let name = match kind {
        EntryType::GNULongName => header.split(|byte| *byte == 0).next()?,
        _ => tar::PaxExtensions::new(header)
            .flatten()
            .find(|record| record.key() == Ok("path"))
            .map(|record| record.value_bytes())?,
    };
    Some(PathBuf::from(std::str::from_utf8(name).ok()?))
}
