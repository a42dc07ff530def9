//! Raw records, one after the other, for commands that show what was written and not what it means.

use crate::caps::CAPS;
use crate::read::{named, within};
use crate::unpack::{Leaf, Unpack};
use crate::walk::{Found, relative, walk};
use crate::{Error, Manifest, beneath, breaks_off, gap, unreached};
use engine::evidence::Gap;
use intake::RawRecord;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What is told of records beside them.
#[derive(Debug, Default)]
pub struct Told {
    /// Files that could not be read, or not wholly.
    pub gaps: Vec<Gap>,
    /// What a bundle of ours says of itself.
    pub manifest: Option<Manifest>,
}

/// Pushes every record of several paths into a sink, as [`each`] does of one. What [`crate::read_all`] calls a file it is
/// called here.
pub fn each_of_all(paths: &[PathBuf], sink: &mut dyn FnMut(RawRecord<'_>)) -> Result<Told, Error> {
    if let [only] = paths {
        return each(only, sink);
    }
    let mut all = Told::default();
    for (below, path) in named(paths) {
        let told = each(path, &mut |record| {
            sink(RawRecord { path: &within(&below, record.path), bytes: record.bytes });
        })?;
        all.gaps.extend(told.gaps.into_iter().map(|gap| beneath(&below, gap)));
        all.manifest = all.manifest.or(told.manifest);
    }
    Ok(all)
}

/// Pushes every record of a file, an archive, a folder, or standard input (`-`) into a sink, in the order of their paths
/// (of an archive in its own).
pub fn each(path: &Path, sink: &mut dyn FnMut(RawRecord<'_>)) -> Result<Told, Error> {
    let open = |error| Error::Open(path.to_owned(), error);
    let mut all = Told::default();
    let mut bytes = Vec::new();
    let mut take = |leaf: Leaf<'_>| {
        bytes.clear();
        let broken = leaf.from.read_to_end(&mut bytes).err();
        all.gaps.extend(broken.map(|error| gap(leaf.path, breaks_off(&error))));
        match Manifest::at(leaf.path, &bytes) {
            Some(manifest) => all.manifest = all.manifest.take().or(Some(manifest)),
            None => sink(RawRecord { path: leaf.path, bytes: &bytes }),
        }
        ControlFlow::Continue(())
    };
    let mut told = Vec::new();
    if path != Path::new("-") && std::fs::metadata(path).map_err(open)?.is_dir() {
        let mut found = Found::default();
        walk(path, 0, &CAPS, &mut found).map_err(open)?;
        for file in &found.files {
            let name = relative(path, file);
            let mut unpack = Unpack::new(&CAPS, false);
            let missed = unpack.disk(file, &name, &mut take).err();
            told.extend(missed.map(|error| gap(&name, unreached(error))));
            told.extend(unpack.told);
        }
        told.extend(found.missed.into_iter().map(|(file, why)| gap(&relative(path, &file), why)));
    } else {
        let mut unpack = Unpack::new(&CAPS, true);
        unpack.asked(path, &mut take).map_err(open)?;
        told.extend(unpack.told);
    }
    all.gaps.extend(told);
    Ok(all)
}
