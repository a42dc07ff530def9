//! Law 2: what a bundle wrote, a bundle reads: the same objects, events and units, and the same verdict. Log lines are
//! redacted on the way, so their excerpts may differ where a secret stood.

use super::{Capture, diagnose, verdict};
use crate::place;

pub(super) fn holds(capture: &Capture) -> Result<(), String> {
    let records: Vec<(String, Vec<u8>)> = place::files(&capture.folder, "")
        .into_iter()
        .filter_map(|file| {
            let path = file.strip_prefix(&capture.folder).ok()?.to_string_lossy().replace('\\', "/");
            Some((path, std::fs::read(&file).ok()?))
        })
        .collect();
    let name = capture.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let to = place::target().join("rewrite").join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&to);
    let records = records.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
    bundle::write(&to, records).map_err(|e| e.to_string())?;
    let read = bundle::read(&to).map_err(|e| e.to_string());
    let _ = std::fs::remove_dir_all(&to);
    let (after, _) = read?.finish();
    let (before, _) = capture.read.clone().finish();
    for (what, same) in [
        ("objects", before.objects() == after.objects()),
        ("events", before.events() == after.events()),
        ("units", before.units() == after.units()),
        ("gaps", before.gaps() == after.gaps()),
    ] {
        if !same {
            return Err(format!("the {what} of the bundle are others"));
        }
    }
    let (old, new) = (verdict(&capture.report), verdict(&diagnose(&after)));
    if old == new { Ok(()) } else { Err(format!("`{old}` became `{new}`")) }
}
