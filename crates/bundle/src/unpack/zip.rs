//! Zip archives. Their table of contents stands at the end: one inside another archive is held in memory.

use super::{Sink, Unpack, inside, shown};
use crate::caps::size;
use crate::{breaks_off, unreached};
use engine::evidence::Why;
use std::io::{Cursor, Read, Seek};
use std::ops::ControlFlow;
use std::path::Path;

/// The largest that is held in memory, in bytes.
const HELD: u64 = 64 << 20;

impl Unpack<'_> {
    pub(super) fn zip_in_memory(
        &mut self,
        name: &str,
        from: &mut dyn Read,
        layer: usize,
        sink: &mut Sink<'_>,
    ) -> ControlFlow<()> {
        let mut bytes = Vec::new();
        match from.take(HELD + 1).read_to_end(&mut bytes) {
            Err(error) => self.miss(name, breaks_off(&error)),
            Ok(got) if got as u64 > HELD => {
                let why = format!("a zip inside of something else is read up to {}", size(HELD));
                self.miss(name, Why::Truncated(why.into()))
            }
            Ok(_) => self.zip(name, Cursor::new(bytes), layer, sink),
        }
    }

    pub(super) fn zip<R: Read + Seek>(
        &mut self,
        name: &str,
        from: R,
        layer: usize,
        sink: &mut Sink<'_>,
    ) -> ControlFlow<()> {
        let folder = self.folder(super::unpacked_name(name));
        let mut archive = match zip::ZipArchive::new(from) {
            Ok(archive) => archive,
            Err(error) => return self.miss(name, Why::Unparsable(error.to_string().into())),
        };
        for at in 0..archive.len() {
            let entry = match archive.by_index(at) {
                Ok(entry) if !entry.is_file() => continue,
                Ok(entry) => entry,
                Err(error) => {
                    let path = format!("{name} file {}", at + 1);
                    self.miss(&path, unreached(std::io::Error::other(error)))?;
                    continue;
                }
            };
            let named = String::from_utf8_lossy(entry.name_raw()).into_owned();
            match inside(folder, Path::new(&named), self.caps) {
                Ok(path) => {
                    let mut limited = self.limited(entry);
                    self.any(&path, &mut limited, layer + 1, sink)?;
                }
                Err(why) => self.miss(&shown(&named, name), why)?,
            }
        }
        ControlFlow::Continue(())
    }
}
