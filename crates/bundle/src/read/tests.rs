//! What comes from anywhere: broken, packed in each other, and made to do harm.

use super::*;
use crate::{About, Archive};
use engine::evidence::{Gap, Locator, Read as Asked, Why};
use intake::redact::Mask;
use std::collections::BTreeSet;
use std::io;
use std::io::Write;
use tar::EntryType::{self, Regular};

const TABLE: &[u8] =
    b"$ kubectl get pods -n shop\nNAME   READY   STATUS             RESTARTS   AGE\nweb    0/1     CrashLoopBackOff   4          12m\n";
const LOG: &str = "2026-11-23T04:50:50Z ERROR x\n";

/// A place for one test, taken away at its end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let root = std::env::temp_dir().join(format!("coroner-read-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(&root).unwrap();
        Place(root)
    }

    fn with(name: &str, files: &[(&str, &[u8])]) -> Place {
        let place = Place::new(name);
        for (path, bytes) in files {
            let to = place.0.join(path);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::write(to, bytes).unwrap();
        }
        place
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Gaps as path and reason, sorted.
fn told(read: &Intake) -> Vec<String> {
    let told = |gap: &Gap| match (&gap.read, &gap.why) {
        (Asked::File { path }, Why::Truncated(why) | Why::Unparsable(why) | Why::Unreachable(why)) => {
            format!("{path}: {why}")
        }
        (Asked::File { path }, why) => format!("{path}: {why:?}"),
        other => format!("{other:?}"),
    };
    let mut told: Vec<_> = read.gaps.iter().map(told).collect();
    told.sort();
    told
}

/// The files that showed something.
fn files(read: &Intake) -> Vec<&str> {
    let files: BTreeSet<&str> = read.observations.iter().map(|seen| &*seen.locator.file).collect();
    files.into_iter().collect()
}

fn tar(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, kind, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        // The builder refuses such paths; archives of others hold them.
        let name = &mut header.as_old_mut().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for (path, bytes) in entries {
        writer.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn what_a_cap_leaves_out_is_a_gap() {
    let long = LOG.repeat(100);
    let place = Place::with(
        "caps",
        &[
            ("a.log", LOG.as_bytes()),
            ("b/c.log", LOG.as_bytes()),
            ("b/d/e.log", LOG.as_bytes()),
            ("z.log", long.as_bytes()),
        ],
    );
    let read = |caps: Caps| read_below("", &place.0, &caps, 2).unwrap();
    assert_eq!((files(&read(CAPS)).len(), told(&read(CAPS))), (4, vec![]));
    let one = LOG.len() as u64;
    for (caps, wanted) in [
        (Caps { file: 2048, ..CAPS }, "z.log: it is larger than 2 KiB"),
        (Caps { total: one * 3, ..CAPS }, "z.log: all files together are larger than 87 bytes"),
        (Caps { files: 3, ..CAPS }, "z.log: there are more than 3 files"),
        (Caps { depth: 1, ..CAPS }, "b/d: folders nest deeper than 1"),
    ] {
        let read = read(caps);
        assert_eq!((files(&read).len(), told(&read)), (3, vec![wanted.to_owned()]));
    }
}

#[test]
fn the_same_caps_hold_inside_an_archive() {
    let long = LOG.repeat(100);
    let place = Place::new("caps-packed");
    let entries: [(&str, &[u8]); 3] =
        [("a.log", LOG.as_bytes()), ("b/d/e.log", LOG.as_bytes()), ("z.log", long.as_bytes())];
    let tarred = tar(&entries.map(|(path, bytes)| (path, Regular, bytes)));
    for archive in [
        place.file("x.tar", &tarred),
        place.file("x.tgz", &gzip(&tarred)),
        place.file("x.zip", &zip(&entries)),
    ] {
        let read = |caps: Caps| read_below("", &archive, &caps, 2).unwrap();
        assert_eq!((files(&read(CAPS)).len(), told(&read(CAPS))), (3, vec![]), "{archive:?}");
        for (caps, left, wanted) in [
            // What preceded the cap is understood.
            (Caps { file: 2048, ..CAPS }, 3, "z.log: it breaks off: it is larger than 2 KiB"),
            (
                Caps { total: 100, ..CAPS },
                3,
                "z.log: it breaks off: all files together are larger than 100 bytes",
            ),
            (Caps { files: 2, ..CAPS }, 2, "z.log: there are more than 2 files"),
            (Caps { depth: 2, ..CAPS }, 2, "b/d/e.log: folders nest deeper than 2"),
        ] {
            let read = read(caps);
            assert_eq!((files(&read).len(), told(&read)), (left, vec![wanted.to_owned()]), "{archive:?}");
        }
    }
}

#[test]
fn a_bomb_goes_off_nowhere() {
    let place = Place::new("bomb");
    let zeros = vec![0; 4 << 20];
    let caps = Caps { free: 1 << 20, ratio: 20, ..CAPS };
    for (name, packed) in [
        ("a.gz", gzip(&zeros)),
        ("a.zst", zstd::encode_all(&*zeros, 1).unwrap()),
        ("a.zip", zip(&[("a", &zeros)])),
        ("a.tar.gz", gzip(&tar(&[("a", Regular, &zeros)]))),
    ] {
        let read = read_below("", &place.file(name, &packed), &caps, 2).unwrap();
        let told = told(&read);
        assert!(
            told.iter().any(|gap| gap.ends_with("it unpacks to more than 20 times its size")),
            "{name}: {told:?}"
        );
    }
    let mut layers = LOG.as_bytes().to_vec();
    for _ in 0..5 {
        layers = gzip(&layers);
    }
    let read = read(&place.file("deep.log.gz", &layers)).unwrap();
    assert_eq!(told(&read), ["deep.log: it is packed more than 4 times over"]);
}

#[test]
fn a_million_layers_of_name_take_no_memory() {
    let place = Place::new("names");
    let name = vec![b'a'; 3 << 20];
    let bytes = tar(&[("././@LongLink", EntryType::GNULongName, &name), ("good.txt", Regular, TABLE)]);
    let read = read(&place.file("x.tar", &bytes)).unwrap();
    assert_eq!(told(&read).len(), 1, "{:?}", told(&read));
    assert!(told(&read)[0].ends_with("its path is longer than 4096 bytes"));
}

#[test]
fn long_names_of_both_kinds_are_read() {
    let place = Place::new("long");
    let folder = "namespaces/shop/pods/web-0".repeat(6);
    let path = format!("{folder}/app/app/logs/current.log");
    let pax = format!("{} path={path}\n", path.len() + " path=\n".len() + 3);
    for (kind, header) in [(EntryType::GNULongName, format!("{path}\0")), (EntryType::XHeader, pax)] {
        let bytes = tar(&[("x", kind, header.as_bytes()), ("short", Regular, LOG.as_bytes())]);
        let read = read(&place.file("x.tar", &bytes)).unwrap();
        assert_eq!(files(&read), [path.as_str()], "{kind:?}");
    }
}

#[test]
fn what_leads_out_is_not_read_and_links_are_not_followed() {
    let place = Place::new("outside");
    let entries: [(&str, EntryType, &[u8]); 6] = [
        ("../../etc/x.txt", Regular, TABLE),
        ("/etc/y.txt", Regular, TABLE),
        ("link.txt", EntryType::Symlink, b""),
        ("hard.txt", EntryType::Link, b""),
        ("device", EntryType::Char, b""),
        ("good.txt", Regular, TABLE),
    ];
    let packed = [
        place.file("x.tar", &tar(&entries)),
        place.file("x.zip", &zip(&[("../../etc/x.txt", TABLE), ("/etc/y.txt", TABLE), ("good.txt", TABLE)])),
    ];
    for archive in packed {
        let read = read(&archive).unwrap();
        assert_eq!(files(&read), ["good.txt"]);
        let wanted = [
            "../../etc/x.txt: its path leads out of the archive",
            "/etc/y.txt: its path leads out of the archive",
        ];
        assert_eq!(told(&read), wanted);
    }
    let nameless = tar(&[("", Regular, TABLE), ("./.", Regular, TABLE), ("good.txt", Regular, TABLE)]);
    let nameless = read(&place.file("n.tar", &nameless)).unwrap();
    let wanted = ["./.: it has no name", "n: it has no name"];
    assert_eq!((files(&nameless), told(&nameless)), (vec!["good.txt"], wanted.map(String::from).to_vec()));
    #[cfg(unix)]
    {
        let place = Place::with("links", &[("a.log", LOG.as_bytes())]);
        std::os::unix::fs::symlink("/etc", place.0.join("etc")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", place.0.join("link.log")).unwrap();
        let read = read(&place.0).unwrap();
        assert_eq!((files(&read), told(&read)), (vec!["a.log"], vec![]));
    }
}

#[test]
fn a_broken_archive_gives_what_preceded_the_break() {
    let place = Place::new("broken");
    // Noise does not pack, so that half of the archive is half of what is in it.
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
    .take(600_000)
    .collect();
    let bytes = tar(&[("a.txt", Regular, TABLE), ("noise", Regular, &noise), ("b.txt", Regular, TABLE)]);
    for packed in [bytes.clone(), zstd::encode_all(&*bytes, 1).unwrap(), gzip(&bytes)] {
        let half = &packed[..packed.len() / 2];
        let read = read(&place.file("cut", half)).unwrap();
        assert_eq!(files(&read).first(), Some(&"a.txt"));
        assert!(told(&read).iter().any(|gap| gap.contains("it breaks off")), "{:?}", told(&read));
    }
    for noise in [
        &[0x1f, 0x8b, 1, 2, 3][..],
        b"PK\x03\x04 nothing",
        &[0x28, 0xb5, 0x2f, 0xfd, 9, 9],
        b"\xfd7zXZ\0junk",
    ] {
        let read = read(&place.file("noise", noise)).unwrap();
        assert_eq!(read.gaps.len(), 1, "{noise:?}");
    }
}

#[test]
fn archives_inside_folders_and_archives_are_read() {
    let place = Place::new("nested");
    let inner = gzip(&tar(&[("kubectl.txt", Regular, TABLE)]));
    let rotated = gzip(LOG.as_bytes());
    let entries: [(&str, &[u8]); 2] =
        [("in/ns.tar.gz", &inner), ("pods/shop_web-0_1f/app/0.log.20261123-045050.gz", &rotated)];
    for (path, bytes) in entries {
        std::fs::create_dir_all(place.0.join("f").join(path).parent().unwrap()).unwrap();
        place.file(&format!("f/{path}"), bytes);
    }
    let wanted = ["in/ns/kubectl.txt", "pods/shop_web-0_1f/app/0.log.20261123-045050"];
    for at in [
        place.0.join("f"),
        place.file("x.zip", &zip(&entries)),
        place.file("x.tar", &tar(&entries.map(|(path, bytes)| (path, Regular, bytes)))),
    ] {
        let read = read(&at).unwrap();
        assert_eq!((files(&read), told(&read)), (wanted.to_vec(), vec![]), "{at:?}");
    }
    // What was asked for under its own name is not named again.
    assert_eq!(files(&read(&place.file("x.tgz", &inner)).unwrap()), ["kubectl.txt"]);
}

#[test]
fn several_are_read_as_one_and_stay_apart() {
    let place = Place::with("several", &[("a/x.txt", TABLE), ("b/x.txt", TABLE)]);
    let read = read_all(&[place.0.join("a"), place.0.join("b"), place.0.join("a")]).unwrap();
    assert_eq!(files(&read), ["a 2/x.txt", "a/x.txt", "b/x.txt"]);
    assert_eq!(read.finish().0.objects().len(), 1);
}

#[test]
fn of_several_a_gap_names_the_one_that_it_is_in() {
    let place = Place::new("several-gaps");
    let leads_out = tar(&[("../x.txt", Regular, TABLE), ("good.txt", Regular, TABLE)]);
    let paths = [place.file("a.tar", &leads_out), place.file("b.tar", &leads_out)];
    let wanted =
        ["a.tar/../x.txt", "b.tar/../x.txt"].map(|path| format!("{path}: its path leads out of the archive"));
    assert_eq!(told(&read_all(&paths).unwrap()), wanted);
    let raw = crate::each_of_all(&paths, &mut |_| {}).unwrap();
    assert_eq!(told(&Intake { gaps: raw.gaps, ..Intake::default() }), wanted);
}

#[test]
fn what_an_archive_was_given_it_gives() {
    let place = Place::new("whole");
    let path = place.0.join("whole.tar.zst");
    let captured = engine::moment::Moment::api_second(1_795_403_560);
    let gap = Gap {
        read: Asked::List { kind: engine::subject::Kind::Node, namespace: None },
        why: Why::Forbidden { verb: "list".into(), resource: "nodes".into() },
        locator: Locator::default(),
    };
    let about = About { captured: Some(captured.clone()), gaps: vec![gap.clone()], ..About::default() };
    let mut archive = Archive::create(&path, Mask::Fixed).unwrap();
    archive.add("kubectl.txt", TABLE).unwrap();
    assert!(!path.exists(), "nothing stands under the name before all is there");
    archive.finish(&about).unwrap();
    let (evidence, _) = read(&path).unwrap().finish();
    assert_eq!(evidence.objects().len(), 1);
    assert_eq!(evidence.gaps(), [gap]);
    assert_eq!(evidence.captured(), Some(&captured));
}

#[test]
fn a_record_that_the_manifest_names_and_nobody_finds_is_a_gap() {
    let place = Place::new("lost");
    crate::write(&place.0.join("x"), [("a.txt", TABLE), ("b.txt", TABLE)]).unwrap();
    std::fs::remove_file(place.0.join("x/records/b.txt")).unwrap();
    assert_eq!(told(&read(&place.0.join("x")).unwrap()), ["b.txt: NotCollected"]);
}

#[test]
fn one_that_is_not_finished_leaves_nothing_behind() {
    let place = Place::new("unfinished");
    let mut archive = Archive::create(&place.0.join("x.tar.zst"), Mask::Fixed).unwrap();
    archive.add("kubectl.txt", TABLE).unwrap();
    drop(archive);
    assert_eq!(std::fs::read_dir(&place.0).unwrap().count(), 0);
}
