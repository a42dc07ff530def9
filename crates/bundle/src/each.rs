//! Raw records, one after the other, for commands that show what was written and not what it means.

use crate::{CAPS, Error, Found, Manifest, RECORDS, archive, relative, walk};
use intake::RawRecord;
use std::io::Read;
use std::path::Path;

/// Pushes every record of a file, an archive, a folder, or standard input (`-`) into a sink, in the order of their paths (of an
/// archive in its own), and names
/// the files that could not be read.
pub fn each(path: &Path, sink: &mut dyn FnMut(RawRecord<'_>)) -> Result<Vec<String>, Error> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(Error::Stdin)?;
        sink(RawRecord { path: "-", bytes: &bytes });
        return Ok(Vec::new());
    }
    let open = |error| Error::Open(path.to_owned(), error);
    if !std::fs::metadata(path).map_err(open)?.is_dir() {
        let name = path.file_name().map_or_else(|| "-".into(), |n| n.to_string_lossy());
        if let Some(packed) = archive::kind(path).map_err(open)? {
            return archive::each(path, &name, packed, sink).map_err(open);
        }
        let bytes = std::fs::read(path).map_err(open)?;
        sink(RawRecord { path: &name, bytes: &bytes });
        return Ok(Vec::new());
    }
    let records = Manifest::of(path).map(|_| path.join(RECORDS));
    let root = records.as_deref().unwrap_or(path);
    let mut found = Found::default();
    walk(root, 0, &CAPS, &mut found).map_err(open)?;
    let mut unread: Vec<String> = found.missed.iter().map(|(path, _)| relative(root, path)).collect();
    for file in found.files {
        let relative = relative(root, &file);
        match std::fs::read(&file) {
            Ok(bytes) => sink(RawRecord { path: &relative, bytes: &bytes }),
            Err(_) => unread.push(relative),
        }
    }
    Ok(unread)
}
