//! Raw records, one after the other, for commands that show what was written and not what it means.

use crate::caps::CAPS;
use crate::read::{named, within};
use crate::unpack::{Leaf, Unpack};
use crate::walk::{Found, relative, walk};
use crate::{Error, RECORDS};
use engine::evidence::Read as Asked;
use intake::{Intake, RawRecord};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Pushes every record of several paths into a sink, as [`each`] does of one. What [`crate::read_all`] calls a file it is
/// called here.
pub fn each_of_all(paths: &[PathBuf], sink: &mut dyn FnMut(RawRecord<'_>)) -> Result<Vec<String>, Error> {
    if let [only] = paths {
        return each(only, sink);
    }
    let mut unread = Vec::new();
    for (below, path) in named(paths) {
        let missed = each(path, &mut |record| {
            sink(RawRecord { path: &within(&below, record.path), bytes: record.bytes });
        })?;
        unread.extend(missed.iter().map(|path| within(&below, path)));
    }
    Ok(unread)
}

/// Pushes every record of a file, an archive, a folder, or standard input (`-`) into a sink, in the order of their paths
/// (of an archive in its own), and names the files that could not be read, or not wholly.
pub fn each(path: &Path, sink: &mut dyn FnMut(RawRecord<'_>)) -> Result<Vec<String>, Error> {
    let open = |error| Error::Open(path.to_owned(), error);
    let mut unread = Vec::new();
    let mut bytes = Vec::new();
    let mut take = |leaf: Leaf<'_>| {
        bytes.clear();
        if leaf.from.read_to_end(&mut bytes).is_err() {
            unread.push(leaf.path.to_owned());
        }
        sink(RawRecord { path: leaf.path, bytes: &bytes });
        ControlFlow::Continue(())
    };
    let mut told = Intake::default();
    if path != Path::new("-") && std::fs::metadata(path).map_err(open)?.is_dir() {
        let mut found = Found::default();
        walk(path, 0, &CAPS, &mut found).map_err(open)?;
        for file in &found.files {
            let name = relative(path, file);
            let name = name.strip_prefix(RECORDS).and_then(|rest| rest.strip_prefix('/')).unwrap_or(&name);
            let mut unpack = Unpack::new(&CAPS, false);
            if unpack.disk(file, name, &mut take).is_err() {
                found.missed.push((file.clone(), engine::evidence::Why::NotCollected));
            }
            told.absorb(unpack.told);
        }
        let missed = found.missed.iter().map(|(file, _)| relative(path, file));
        unread.extend(missed);
    } else {
        let mut unpack = Unpack::new(&CAPS, true);
        unpack.asked(path, &mut take).map_err(open)?;
        told.absorb(unpack.told);
    }
    unread.extend(told.gaps.iter().filter_map(|gap| match &gap.read {
        Asked::File { path } => Some(path.to_string()),
        _ => None,
    }));
    Ok(unread)
}
