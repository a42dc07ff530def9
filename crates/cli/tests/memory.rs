//! Inputs that are made to fill the memory: the most that the program takes for any of them.
#![cfg(target_os = "linux")]

use nix::sys::resource::{UsageWho, getrusage};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What no input may go beyond, in MiB.
const MOST: i64 = 320;

/// A place for one test, taken away at its end.
struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Place {
    fn file(&self, name: &str, write: impl FnOnce(&mut BufWriter<File>)) -> PathBuf {
        let path = self.0.join(name);
        let mut to = BufWriter::new(File::create(&path).expect("a file"));
        write(&mut to);
        to.flush().expect("a disk with room");
        path
    }
}

/// Diagnoses a file, and tells the most that this, or anything before it, has taken of memory, in MiB.
fn peak(from: &Path, status: &[i32]) -> i64 {
    let run = Command::new(env!("CARGO_BIN_EXE_coroner")).args(["diagnose", "--from"]).arg(from).output();
    let run = run.expect("the program starts");
    let code = run.status.code();
    assert!(
        code.is_some_and(|code| status.contains(&code)),
        "{from:?}: {}",
        String::from_utf8_lossy(&run.stderr)
    );
    getrusage(UsageWho::RUSAGE_CHILDREN).expect("usage").max_rss() / 1024
}

fn again(to: &mut impl Write, piece: &[u8], times: usize) {
    (0..times).for_each(|_| to.write_all(piece).expect("a disk with room"));
}

/// An archive of so many logs of two bytes, each of another pod.
fn logs(to: impl Write, count: usize, line: &[u8]) {
    let mut tar = tar::Builder::new(to);
    for number in 0..count {
        let mut header = tar::Header::new_gnu();
        header.set_size(line.len() as u64);
        let path = format!("pods/logs/ns-{number}/p-{number}/c.log");
        tar.append_data(&mut header, path, line).expect("a disk with room");
    }
    tar.finish().expect("a disk with room");
}

// One after the other, those that take least first: what is measured is the most of all that ran so far.
#[test]
fn no_input_fills_the_memory() {
    let place = Place(std::env::temp_dir().join(format!("coroner-memory-{}", std::process::id())));
    let _ = std::fs::remove_dir_all(&place.0);
    std::fs::create_dir_all(&place.0).expect("a folder");
    let mib = vec![b'x'; 1 << 20];
    let zeros = vec![0; 1 << 20];

    let laughs = place.file("laughs.yaml", |to| {
        to.write_all(b"apiVersion: v1\nkind: Pod\nlol0: &lol0 lol\n").expect("a disk with room");
        for n in 1..30 {
            let before = vec![format!("*lol{}", n - 1); 10].join(", ");
            writeln!(to, "lol{n}: &lol{n} [{before}]").expect("a disk with room");
        }
    });
    let deep = place.file("deep.json", |to| again(to, b"[", 5_000_000));
    let nested = place.file("nested.json", |to| again(to, b"{\"a\":", 1_000_000));
    let line = place.file("line.log", |to| again(to, &mib, 200));
    let string = place.file("line.json", |to| {
        to.write_all(b"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"")
            .expect("a disk with room");
        again(to, &mib, 60);
        to.write_all(b"\"}}").expect("a disk with room");
    });
    let nothing = place.file("nul.log", |to| again(to, &zeros, 200));
    let gzip = place.file("zeros.gz", |to| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        again(&mut packed, &zeros, 1);
        again(to, &packed.finish().expect("packed"), 10_000);
    });
    let zip = place.file("bomb.zip", |to| {
        let about = zip::write::SimpleFileOptions::default();
        let mut one = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        one.start_file("0", about).expect("an entry");
        again(&mut one, &zeros, 4);
        let mut one = one.finish_into_readable().expect("an archive");
        let mut all = zip::ZipWriter::new_stream(to);
        for number in 0..2_500 {
            all.raw_copy_file_rename(one.by_index(0).expect("an entry"), format!("{number}.log"))
                .expect("copied");
        }
        all.finish().expect("an archive");
    });
    // Of a hundred thousand logs and more no more are kept, so that a million take five times as much.
    let many = place.file("many.tar", |to| logs(to, 20_000, b"x\n"));
    for (from, most) in [
        (&laughs, 64),
        (&deep, 64),
        (&nested, 64),
        (&nothing, 64),
        (&gzip, 64),
        (&zip, 64),
        (&line, 64),
        (&many, 64),
        (&string, MOST),
    ] {
        let peak = peak(from, &[0, 1]);
        assert!(peak <= most, "{from:?} takes {peak} MiB");
    }
}
