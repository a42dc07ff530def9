//! Writes a bundle, as a folder or as an archive. Every record is redacted before it touches the disk.

use crate::Error;
use crate::manifest::{About, MANIFEST, Manifest, RECORDS, Record};
use engine::evidence::{Gap, Locator, Read, Why};
use intake::redact::{self, Mask, Masked, Redacted};
use intake::{Intake, RawRecord, objects};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

/// Writes records (path and bytes) as a bundle into a folder that does not exist yet, or is empty.
pub fn write<'r>(folder: &Path, records: impl IntoIterator<Item = (&'r str, &'r [u8])>) -> Result<(), Error> {
    let (mut written, mut about) = (Vec::new(), About::default());
    for (path, bytes) in records {
        let Some(redacted) = redacted(path, bytes, &Mask::Fixed)? else {
            about.gaps.push(left_out(path));
            continue;
        };
        let to = folder.join(RECORDS).join(path);
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent).map_err(failed(parent))?;
        }
        std::fs::write(&to, &redacted.bytes).map_err(failed(&to))?;
        about.gaps.extend(damage(path, bytes));
        written.push(record(path, &redacted.bytes));
    }
    // The manifest comes last: a bundle without one was not finished.
    let to = folder.join(MANIFEST);
    let text = text(&Manifest::new(&about, written)).map_err(failed(&to))?;
    std::fs::write(&to, text).map_err(failed(&to))
}

/// A bundle that is being written as one archive (`.tar.zst`). It stands under another name until it is finished, and
/// is removed where it never is.
pub struct Archive {
    tar: Option<tar::Builder<zstd::Encoder<'static, File>>>,
    /// Where it is written.
    part: PathBuf,
    /// Where it will stand.
    to: PathBuf,
    written: Vec<Record>,
    /// What its records will not tell of themselves any more.
    told: Vec<Gap>,
    mask: Mask,
}

/// How hard zstd tries: fast, for a cluster may be waiting for the next request.
const LEVEL: i32 = 3;

impl Archive {
    /// Begins one that will stand at that path, with this in the place of secrets.
    pub fn create(to: &Path, mask: Mask) -> Result<Archive, Error> {
        let mut name = to.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.part", std::process::id()));
        let part = to.with_file_name(name);
        let file = File::create_new(&part).map_err(failed(&part))?;
        let packed = zstd::Encoder::new(file, LEVEL).map_err(failed(&part))?;
        Ok(Archive {
            tar: Some(tar::Builder::new(packed)),
            part,
            to: to.to_owned(),
            written: Vec::new(),
            told: Vec::new(),
            mask,
        })
    }

    /// Where it is written until it is finished; to be removed by whoever ends the program.
    pub fn part(&self) -> &Path {
        &self.part
    }

    /// How many records it has.
    pub fn len(&self) -> usize {
        self.written.len()
    }

    /// Whether it has none yet.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// Adds a record, redacted, and tells what was masked in it. What is no text is left out, and the manifest says so.
    pub fn add(&mut self, path: &str, bytes: &[u8]) -> Result<Vec<Masked>, Error> {
        let Some(redacted) = redacted(path, bytes, &self.mask)? else {
            self.told.push(left_out(path));
            return Ok(Vec::new());
        };
        self.told.extend(damage(path, bytes));
        self.append(&format!("{RECORDS}/{path}"), &redacted.bytes)?;
        self.written.push(record(path, &redacted.bytes));
        Ok(redacted.masked)
    }

    /// Writes the manifest and gives the bundle its name.
    pub fn finish(mut self, about: &About) -> Result<(), Error> {
        let mut about = about.clone();
        about.gaps.append(&mut self.told);
        let manifest = Manifest::new(&about, std::mem::take(&mut self.written));
        let text = text(&manifest).map_err(failed(&self.part))?;
        self.append(MANIFEST, &text)?;
        let Some(tar) = self.tar.take() else { return Ok(()) };
        let packed = tar.into_inner().map_err(failed(&self.part))?;
        let file = packed.finish().map_err(failed(&self.part))?;
        file.sync_all().map_err(failed(&self.part))?;
        std::fs::rename(&self.part, &self.to).map_err(failed(&self.to))
    }

    fn append(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let Some(tar) = &mut self.tar else { return Ok(()) };
        // No time, owner or mode of here: the same records make the same archive.
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        tar.append_data(&mut header, path, bytes).map_err(failed(&self.part))
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        // After `finish` there is nothing under that name any more.
        let _ = std::fs::remove_file(&self.part);
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |error| Error::Write(path, error)
}

fn text(manifest: &Manifest) -> io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(manifest)?;
    text.write_all(b"\n")?;
    Ok(text)
}

/// A record without secrets and without what nobody reads; none where nothing can be told of them, for it is no text.
fn redacted<'b>(path: &str, bytes: &'b [u8], mask: &Mask) -> Result<Option<Redacted<'b>>, Error> {
    if path.is_empty() || !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(Error::Outside(path.to_owned()));
    }
    let Ok(Cow::Owned(reduced)) = std::str::from_utf8(bytes).map(objects::reduced) else {
        return Ok(redact::record(bytes, mask));
    };
    let redacted = redact::record(reduced.as_bytes(), mask);
    Ok(redacted.map(|it| Redacted { bytes: Cow::Owned(it.bytes.into_owned()), masked: it.masked }))
}

/// What a journal in systemd's own format begins with (`journal-def.h`).
const JOURNAL: &[u8] = b"LPKSHHRH";

/// What is damaged of a record that is written in another form: what it becomes is whole, and would not tell.
fn damage(path: &str, bytes: &[u8]) -> Vec<Gap> {
    let mut read = Intake::default();
    if bytes.starts_with(JOURNAL) {
        intake::read(RawRecord { path, bytes }, &mut read);
    }
    read.gaps
}

/// What the manifest tells of a record that was left out.
fn left_out(path: &str) -> Gap {
    let why = "no text: nothing can be told of secrets in it, and it was left out of the bundle";
    Gap {
        read: Read::File { path: path.into() },
        why: Why::Unparsable(why.into()),
        locator: Locator::default(),
    }
}

fn record(path: &str, bytes: &[u8]) -> Record {
    Record { path: path.to_owned(), bytes: bytes.len() as u64, hash: hash(bytes) }
}

fn hash(bytes: &[u8]) -> String {
    format!("{:016x}", fnv1a(bytes))
}

/// FNV-1a, 64 bit.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3))
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
    fn of_managers_no_more_is_kept_than_is_read() {
        let managed = r#""managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","time":"2026-11-23T02:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:password":{}}}}]"#;
        let list = |kind: &str| {
            format!(
                r#"{{"kind":"{kind}List","apiVersion":"v1","metadata":{{}},"items":[{{"metadata":{{"name":"a","namespace":"b",{managed}}}}}]}}"#
            )
        };
        let kept = |kind: &str| {
            let text = list(kind);
            let redacted = redacted("objects/x.json", text.as_bytes(), &Mask::Fixed).unwrap();
            String::from_utf8(redacted.unwrap().bytes.into_owned()).unwrap()
        };
        assert!(!kept("Pod").contains("managedFields"), "{}", kept("Pod"));
        assert!(
            kept("ConfigMap").contains(r#""managedFields":[{"manager":"m","operation":"Update","time":"2026-11-23T02:00:00Z","fieldsV1":{"f:data":{"f:password":{}}}}]"#),
            "{}",
            kept("ConfigMap")
        );
    }

    #[test]
    fn a_record_stays_inside() {
        let folder = std::env::temp_dir().join("coroner-bundle-outside");
        for path in ["../x", "/etc/x", "", "a/../../x"] {
            assert!(matches!(write(&folder, [(path, &b""[..])]), Err(Error::Outside(_))), "{path}");
        }
    }

    #[test]
    fn what_is_damaged_of_a_journal_is_told_of_what_it_becomes() {
        let packed = include_bytes!("../../intake/src/journal/samples/compact.journal.zst");
        let mut bytes = zstd::decode_all(&packed[..]).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        bytes.truncate(end + 8);
        // Among the entries, which stand behind long and empty tables.
        bytes[3_742_880..3_742_880 + 2048].fill(0);
        let place = std::env::temp_dir().join(format!("coroner-damage-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&place);
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join("x.journal"), &bytes).unwrap();
        write(&place.join("bundle"), [("x.journal", &bytes[..])]).unwrap();
        let told = |at: &str| {
            let (evidence, _) = crate::read(&place.join(at)).unwrap().finish();
            assert_eq!(evidence.node_logs().len(), 1);
            evidence.gaps().iter().map(|gap| gap.why.clone()).collect::<Vec<_>>()
        };
        let (before, after) = (told("x.journal"), told("bundle"));
        let _ = std::fs::remove_dir_all(&place);
        assert_eq!(before.len(), 1);
        assert_eq!(after, before);
    }
}
