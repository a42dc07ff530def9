//! Secrets of every kind in every form that is read: none of them leaves by a command that shows, keeps or converts what
//! was collected.

use crate::planted::{PLANTED, forms};
use crate::printed;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder for each kind of secret, with a file for each form; taken away at its end.
struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Place {
    fn new(name: &str) -> Place {
        let place = Place(std::env::temp_dir().join(format!("coroner-{name}-{}", std::process::id())));
        let _ = std::fs::remove_dir_all(&place.0);
        for (number, (_, _, says)) in PLANTED.iter().enumerate() {
            std::fs::create_dir_all(place.of(number)).expect("a folder");
            for (form, input) in forms(says) {
                let file = place.of(number).join(format!("{}.txt", form.replace([' ', '\''], "-")));
                std::fs::write(file, input.replace("web-0", &format!("web-{number}"))).expect("a file");
            }
            let log = place.of(number).join(format!("pods/shop_web-{number}_u1/app"));
            std::fs::create_dir_all(&log).expect("a folder");
            let lines = format!("2026-11-23T04:50:50.1Z stderr F ERROR {}\n", says.replace('\n', "\\n"));
            std::fs::write(log.join("6.log"), lines).expect("a file");
        }
        place
    }

    fn of(&self, number: usize) -> PathBuf {
        self.0.join(format!("in/{number}"))
    }
}

fn coroner(args: &[&str], from: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coroner"));
    command.args(args).arg(from).args(more).output().expect("the program starts")
}

/// What stands of a secret in what left by some way.
fn leaks(number: usize, way: &str, shown: &str, faults: &mut Vec<String>) {
    let (kind, secret, _) = PLANTED[number];
    let bare = secret.replace('\\', "");
    let tail = &bare[bare.len().saturating_sub(10)..];
    if [secret, &bare, tail, "pl4nted-word"].iter().any(|it| shown.contains(it)) {
        let line = shown.lines().find(|line| line.contains(tail)).unwrap_or("");
        faults.push(format!("{kind} leaves by {way}: {line:.300}"));
    }
}

#[test]
fn no_planted_secret_leaves_by_any_command() {
    let place = Place::new("shown");
    let mut faults = Vec::new();
    let mut told = [0; 4];
    for number in 0..PLANTED.len() {
        let pod = format!("web-{number}");
        let more: &[&str] = if number % 2 == 0 { &["-o", "text", "-v"] } else { &["-o", "json", "-v"] };
        let ways: [&[&str]; 4] = [
            &["events", "--raw", "--from"],
            &["timeline", "--from"],
            &["logs", &pod, "-n", "shop", "--from"],
            &["node", "n1", "--from"],
        ];
        for (way, told) in ways.iter().zip(&mut told) {
            let run = coroner(way, &place.of(number), more);
            let shown = printed(&run);
            assert!(run.status.success(), "{way:?} {number}: {shown}");
            *told += usize::from(shown.contains("REDACTED"));
            leaks(number, way[0], &shown, &mut faults);
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    // Most sentences are shown, with what they hide hidden.
    assert!(told.iter().all(|told| *told > PLANTED.len() / 2), "{told:?}");
}

#[test]
fn no_planted_secret_is_in_a_bundle_of_ours_or_printed_of_one() {
    let place = Place::new("kept");
    let mut faults = Vec::new();
    for (way, more) in [("convert", &[][..]), ("redact", &[]), ("redact", &["--pseudonyms"])] {
        let to = place.0.join(format!("{way}{}.tar.zst", more.len()));
        let run = coroner(
            &["bundle", way],
            &place.0.join("in"),
            &[&["-o", to.to_str().expect("text")], more].concat(),
        );
        assert!(run.status.success(), "{}", printed(&run));
        let kept = zstd::decode_all(std::fs::File::open(&to).expect("a bundle")).expect("zstd");
        let kept = String::from_utf8_lossy(&kept);
        let listed = printed(&coroner(&["bundle", "ls", "-l"], &to, &[]));
        for number in 0..PLANTED.len() {
            leaks(number, way, &kept, &mut faults);
            leaks(number, way, &printed(&run), &mut faults);
            leaks(number, "ls", &listed, &mut faults);
        }
    }
    for number in (0..PLANTED.len()).step_by(4) {
        for record in ["logs.txt", "a-journal.txt", "objects.txt", "YAML.txt"] {
            let run = coroner(&["bundle", "cat"], &place.of(number), &[record]);
            assert!(run.status.success(), "{}", printed(&run));
            leaks(number, "cat", &printed(&run), &mut faults);
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}
