//! Finds the files of a folder.

use crate::caps::{Caps, larger, size};
use crate::{record_path, unreached};
use engine::evidence::Why;
use std::path::{Path, PathBuf};

/// What a folder holds: the files that are read, in the order of their paths, and the paths that are not, with the reason.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub files: Vec<PathBuf>,
    pub missed: Vec<(PathBuf, Why)>,
    bytes: u64,
}

/// Files beyond a cap that are named one by one.
const MISSED: usize = 100;

/// Finds every regular file below a folder. Links are not followed. In the order of the names, so that the caps leave
/// out the same files every time.
pub(crate) fn walk(folder: &Path, depth: usize, caps: &Caps, found: &mut Found) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let about = match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                let why = if depth >= caps.depth {
                    Some(Why::Truncated(format!("folders nest deeper than {}", caps.depth).into()))
                } else {
                    // A folder that cannot be entered costs itself alone.
                    walk(&path, depth + 1, caps, found).err().map(unreached)
                };
                found.missed.extend(why.map(|why| (path, why)));
                continue;
            }
            Ok(kind) if !kind.is_file() => continue,
            Ok(_) => entry.metadata(),
            Err(error) => Err(error),
        };
        let total = |size: u64| found.bytes.saturating_add(size);
        let why = match about {
            Err(error) => unreached(error),
            Ok(about) if about.len() > caps.file => larger(caps.file),
            Ok(about) if total(about.len()) > caps.total => {
                Why::Truncated(format!("all files together are larger than {}", size(caps.total)).into())
            }
            Ok(_) if found.files.len() >= caps.files => {
                Why::Truncated(format!("there are more than {} files", caps.files).into())
            }
            Ok(about) => {
                found.bytes = total(about.len());
                found.files.push(path);
                continue;
            }
        };
        // Of many that are left out for one reason the first stands for all.
        if found.missed.len() < MISSED || !matches!(why, Why::Truncated(_)) {
            found.missed.push((path, why));
        }
    }
    Ok(())
}

/// The path of a file inside a folder, with `/` between its parts; of a bundle of ours, below the folder of its records.
pub(crate) fn relative(root: &Path, file: &Path) -> String {
    let file = file.strip_prefix(root).unwrap_or(file);
    record_path(&file.to_string_lossy().replace('\\', "/")).to_owned()
}
