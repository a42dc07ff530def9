//! Raw records, one after the other, for commands that show what was written and not what it means.

use crate::{Error, MAX_FILE, Manifest, RECORDS, archive, walk};
use intake::RawRecord;
use std::io::Read;
use std::path::{Path, PathBuf};

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
    let mut files: Vec<PathBuf> = Vec::new();
    walk(root, 0, &mut files).map_err(open)?;
    files.sort();
    let mut unread = Vec::new();
    for file in files {
        let relative = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        let fits = std::fs::metadata(&file).is_ok_and(|about| about.len() <= MAX_FILE);
        match std::fs::read(&file) {
            Ok(bytes) if fits => sink(RawRecord { path: &relative, bytes: &bytes }),
            _ => unread.push(relative),
        }
    }
    Ok(unread)
}
