//! Writes a bundle: a folder with a manifest and the raw records, redacted.
//!
//! ```text
//! manifest.json      {"apiVersion": "coroner.dev/bundle/v1alpha1", "records": [{"path": …, "bytes": …, "hash": …}]}
//! records/<path>     the record, redacted, under the path that it was collected as
//! ```

use crate::Error;
use intake::redact;
use serde::{Deserialize, Serialize};
use std::path::{Component, Path};

/// The format that this version writes. A reader takes the same major version.
pub const FORMAT: &str = "coroner.dev/bundle/v1alpha1";
/// The manifest's name.
pub const MANIFEST: &str = "manifest.json";
/// The folder of the records.
pub const RECORDS: &str = "records";

/// What a bundle holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`FORMAT`].
    pub api_version: String,
    /// The records, in the order of their paths.
    pub records: Vec<Record>,
}

/// One record.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
    /// Its path below the folder of the records, with `/` between the parts.
    pub path: String,
    /// Its size as written, in bytes.
    pub bytes: u64,
    /// FNV-1a of it as written, 64 bit, in hexadecimal digits.
    pub hash: String,
}

/// Writes records (path and bytes) as a bundle into a folder that does not exist yet, or is empty. Every record is
/// redacted before it touches the disk.
pub fn write<'r>(folder: &Path, records: impl IntoIterator<Item = (&'r str, &'r [u8])>) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| Error::Write(path, error)
    };
    let mut manifest = Manifest { api_version: FORMAT.to_owned(), records: Vec::new() };
    for (path, bytes) in records {
        if !is_inside(path) {
            return Err(Error::Outside(path.to_owned()));
        }
        let text = String::from_utf8_lossy(bytes);
        let redacted = redact::text(&text);
        let to = folder.join(RECORDS).join(path);
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent).map_err(failed(parent))?;
        }
        std::fs::write(&to, redacted.as_bytes()).map_err(failed(&to))?;
        let hash = hash(redacted.as_bytes());
        manifest.records.push(Record { path: path.to_owned(), bytes: redacted.len() as u64, hash });
    }
    manifest.records.sort_by(|a, b| a.path.cmp(&b.path));
    // The manifest comes last: a bundle without one was not finished.
    let to = folder.join(MANIFEST);
    let text = serde_json::to_vec_pretty(&manifest).map_err(|e| Error::Write(to.clone(), e.into()))?;
    std::fs::write(&to, text).map_err(failed(&to))
}

/// Whether a path stays below its folder.
fn is_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

fn hash(bytes: &[u8]) -> String {
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}

/// The records' folder, if that folder is a bundle of ours.
pub fn records_of(folder: &Path) -> Option<std::path::PathBuf> {
    let text = std::fs::read(folder.join(MANIFEST)).ok()?;
    let manifest: Manifest = serde_json::from_slice(&text).ok()?;
    (manifest.api_version == FORMAT).then(|| folder.join(RECORDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_bundle_wrote_a_bundle_reads() {
        let folder = std::env::temp_dir().join(format!("coroner-bundle-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let table = "$ kubectl get pods -n shop\nNAME   READY   STATUS             RESTARTS   AGE\nweb    0/1     CrashLoopBackOff   4          12m\n";
        let log = "$ kubectl logs web -n shop\nFATAL password=hunter2hunter2 refused\n";
        let records = [("kubectl.txt", table.as_bytes()), ("logs/web.txt", log.as_bytes())];
        write(&folder, records).unwrap();
        let mut direct = intake::Intake::default();
        for (path, bytes) in records {
            intake::read(intake::RawRecord { path, bytes }, &mut direct);
        }
        let (read, _) = crate::read(&folder).unwrap().finish();
        assert_eq!(read.objects(), direct.finish().0.objects());
        assert_eq!(read.logs().len(), 1);
        let kept = std::fs::read_to_string(folder.join("records/logs/web.txt")).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(!kept.contains("hunter2"), "{kept}");
    }

    #[test]
    fn a_record_stays_inside() {
        let folder = std::env::temp_dir().join("coroner-bundle-outside");
        for path in ["../x", "/etc/x", "", "a/../../x"] {
            assert!(matches!(write(&folder, [(path, &b""[..])]), Err(Error::Outside(_))), "{path}");
        }
    }
}
