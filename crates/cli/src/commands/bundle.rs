//! `coroner bundle`: what collected evidence holds, as it was written, and in our own form without secrets.

use crate::failure::{Failure, INTERRUPTED};
use crate::history::Form;
use crate::options::{Bundle, Convert, Redact};
use crate::terminal;
use bundle::{About, Archive, Listed};
use engine::report::contents::{Contents, Record};
use engine::report::{Options, Unread};
use intake::redact::{Key, Mask};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

/// Does what the subcommand says.
pub fn run(options: &Bundle) -> Result<ExitCode, Failure> {
    match options {
        Bundle::Ls { path, long, output } => list(path, *long, *output),
        Bundle::Cat { path, record } => cat(path, record),
        Bundle::Convert(options) => convert(options),
        Bundle::Redact(options) => redact(options),
    }
}

fn list(path: &Path, long: bool, output: Form) -> Result<ExitCode, Failure> {
    let Listed { layout, records, intake } = bundle::list(path)?;
    let (evidence, unread) = intake.finish();
    let options = Options {
        source: path.display().to_string(),
        unread: Unread { files: unread.files, lines: unread.lines },
        ..Options::default()
    };
    let records = records.into_iter().map(|(path, bytes, holds)| Record { path, bytes, holds }).collect();
    let contents = Contents::of(&evidence, layout.name(), records, &options);
    terminal::print(&match output {
        Form::Text => contents.text(&terminal::style(long)),
        Form::Json => contents.json(),
    });
    Ok(ExitCode::SUCCESS)
}

fn cat(path: &Path, record: &str) -> Result<ExitCode, Failure> {
    let mut found = Err(Failure::own(format!("{} has no record {record}", path.display()))
        .hint(format!("coroner bundle ls -l {} names them", path.display())));
    bundle::each(path, &mut |one| {
        if one.path == record && found.is_err() {
            found = match intake::redact::record(one.bytes, &Mask::Fixed) {
                Some(redacted) => Ok(redacted.bytes.into_owned()),
                None => Err(Failure::own(format!("{record} is no text"))),
            };
        }
    })?;
    terminal::print_record(&found?);
    Ok(ExitCode::SUCCESS)
}

fn convert(options: &Convert) -> Result<ExitCode, Failure> {
    let written = write(&options.path, &options.output, Mask::Fixed)?;
    let to = options.output.display();
    let masked: usize = written.masked.values().flat_map(BTreeMap::values).map(Vec::len).sum();
    terminal::complain(&format!(
        "{to}: {}, {} masked{}; coroner diagnose --from {to}",
        counted(written.records, "record"),
        counted(masked, "value"),
        written.left_out()
    ));
    Ok(ExitCode::SUCCESS)
}

fn redact(options: &Redact) -> Result<ExitCode, Failure> {
    let mask = match (&options.key, options.pseudonyms) {
        (Some(path), _) => Mask::Pseudonyms(key(path)?),
        (None, true) => Mask::Pseudonyms(chance()),
        (None, false) => Mask::Fixed,
    };
    let written = write(&options.path, &options.output, mask)?;
    let mut text = String::new();
    for (path, kinds) in &written.masked {
        for (kind, lines) in kinds {
            let shown: Vec<String> = lines.iter().take(SHOWN).map(u32::to_string).collect();
            let more = if lines.len() > SHOWN {
                format!(" and {} more", lines.len() - SHOWN)
            } else {
                String::new()
            };
            let word = if lines.len() == 1 { "line" } else { "lines" };
            let path = engine::clean::clean(path);
            text.push_str(&format!("{path}: {} × {kind}, {word} {}{more}\n", lines.len(), shown.join(", ")));
        }
    }
    if text.is_empty() {
        text.push_str("nothing to mask was found\n");
    }
    terminal::print(&text);
    let to = options.output.display();
    terminal::complain(&format!("{to}: {}{}", counted(written.records, "record"), written.left_out()));
    Ok(ExitCode::SUCCESS)
}

/// `1 record`, `2 records`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Lines of one record that are named one by one.
const SHOWN: usize = 8;

/// A bundle that was written.
struct Written {
    records: usize,
    /// Records that could not be read or taken.
    missed: usize,
    /// Lines by record and kind of secret.
    masked: BTreeMap<String, BTreeMap<&'static str, Vec<u32>>>,
}

impl Written {
    fn left_out(&self) -> String {
        match self.missed {
            0 => String::new(),
            count => format!(", {count} not read or not text: coroner bundle ls names them"),
        }
    }
}

/// Whether nothing is there yet.
pub fn free(to: &Path) -> Result<(), Failure> {
    match to.exists() {
        true => Err(Failure::own(format!("{} is already there", to.display()))
            .hint("name another file; nothing is written over")),
        false => Ok(()),
    }
}

fn write(from: &Path, to: &Path, mask: Mask) -> Result<Written, Failure> {
    free(to)?;
    let mut archive = Archive::create(to, mask)?;
    let part = archive.part().to_owned();
    cluster::on_interrupt(move || {
        let _ = std::fs::remove_file(part);
        std::process::exit(i32::from(INTERRUPTED));
    });
    let mut masked: BTreeMap<String, BTreeMap<&'static str, Vec<u32>>> = BTreeMap::new();
    let mut failed = None;
    let mut seen = 0;
    let told = bundle::each(from, &mut |record| {
        if failed.is_some() {
            return;
        }
        seen += 1;
        match archive.add(record.path, record.bytes) {
            Ok(found) => {
                for one in found {
                    let kinds = masked.entry(record.path.to_owned()).or_default();
                    kinds.entry(one.kind.as_str()).or_default().push(one.line);
                }
            }
            Err(error) => failed = Some(error),
        }
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    let records = archive.len();
    let missed = seen - records + told.gaps.len();
    if records == 0 {
        return Err(Failure::own(format!("{} holds no record that could be written", from.display())));
    }
    let mut about = told.manifest.map_or_else(About::default, |manifest| manifest.about());
    about.gaps.extend(told.gaps);
    archive.finish(&about)?;
    Ok(Written { records, missed, masked })
}

/// A key of chance: pseudonyms of one bundle say nothing about those of another.
fn chance() -> Key {
    let chance = RandomState::new();
    let halves = u128::from(chance.hash_one(0_u8)) << 64 | u128::from(chance.hash_one(1_u8));
    Key::new(halves.to_le_bytes())
}

/// A key that was kept, so that several bundles have the same pseudonyms.
fn key(path: &Path) -> Result<Key, Failure> {
    let mut bytes = [0; 16];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut bytes));
    match read {
        Ok(()) => Ok(Key::new(bytes)),
        Err(error) => Err(Failure::own(format!("cannot read a key of {}: {error}", path.display()))
            .hint("a key is the first 16 bytes of a file: head -c 16 /dev/urandom > FILE")),
    }
}
