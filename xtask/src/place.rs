//! Where things lie: the project's root, what is built, and the data that some commands read beside the project.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// A path below the root.
pub fn at(path: &str) -> PathBuf {
    root().join(path)
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| at("target"), PathBuf::from)
}

/// The folder of data beside the project (or beside a folder that holds it), where it is there.
pub fn shared() -> Option<PathBuf> {
    root()
        .ancestors()
        .skip(1)
        .map(|above| above.join("shared"))
        .find(|dir| dir.join("cases/labels.tsv").is_file())
}

/// Every file below a folder with that ending, in order of path.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type());
            let git = entry.file_name() == ".git";
            match kind {
                _ if git => {}
                Ok(kind) if kind.is_dir() && path != target() => folders.push(path),
                Ok(kind) if kind.is_file() && path.to_string_lossy().ends_with(ending) => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}
