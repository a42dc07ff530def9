//! From what somebody typed or pasted to the entries behind it.

use std::collections::BTreeMap;
use strsim::osa_distance;

use super::exit::{Signal, decode_exit, signal};
use super::store::{Block, blocks};
use super::{Answer, Entry, Page};
use crate::clean::clip;

/// How many words one name may have.
const LONGEST_NAME: usize = 12;
/// Longer input is no name; it bounds the work on hostile words.
const LONGEST_WORD: usize = 200;

pub(super) struct Index<'a> {
    blocks: Vec<Block>,
    pages: &'a [Page<'a>],
    /// Folded name to the name as written and the blocks that bear it.
    names: BTreeMap<String, (&'a str, Vec<usize>)>,
}

/// A number, and what it was said to be.
#[derive(Debug, PartialEq, Eq)]
enum Number {
    Bare(i64),
    Exit(i64),
    Signal(i64),
}

impl<'a> Index<'a> {
    pub fn new(pages: &'a [Page<'a>]) -> Self {
        let blocks: Vec<Block> = blocks().collect();
        let mut names: BTreeMap<String, (&'a str, Vec<usize>)> = BTreeMap::new();
        for (at, block) in blocks.iter().enumerate() {
            for name in std::iter::once(block.word).chain(block.aliases()) {
                names.entry(fold(name)).or_insert((name, Vec::new())).1.push(at);
            }
        }
        for page in pages {
            names.entry(fold(page.code)).or_insert((page.code, Vec::new()));
        }
        Self { blocks, pages, names }
    }

    pub fn answer(&self, words: &[&str]) -> Vec<Answer<'a>> {
        let mut answers = Vec::new();
        let mut at = 0;
        let mut pasted = false;
        while at < words.len() {
            let rest = &words[at..];
            let found = (1..=rest.len().min(LONGEST_NAME)).rev().find_map(|count| {
                let asked = rest[..count].join(" ");
                Some((count, self.exact(&asked)?))
            });
            match found {
                Some((count, answer)) => {
                    answers.push(answer);
                    at += count;
                }
                None => {
                    // An unquoted paste: what is left is one line, if the line leads anywhere.
                    let first = !std::mem::replace(&mut pasted, true);
                    if first
                        && rest.len() > 2
                        && let Some(answer) = self.literal(&rest.join(" "))
                    {
                        answers.push(answer);
                        break;
                    }
                    answers.push(self.loose(rest[0]));
                    at += 1;
                }
            }
        }
        answers
    }

    /// A name, a number or a form of the STATUS column, and nothing beside it.
    fn exact(&self, asked: &str) -> Option<Answer<'a>> {
        if asked.len() > LONGEST_WORD {
            return None;
        }
        let entries = self.status(asked).or_else(|| self.number(asked)).unwrap_or_else(|| self.named(asked));
        let folded = fold(asked);
        let pages: Vec<Page<'a>> =
            self.pages.iter().filter(|page| fold(page.code) == folded).copied().collect();
        let answer = Answer { asked: shown(asked), entries, pages, near: Vec::new() };
        // "signal 99" is one question with no answer, not two words.
        let is_number = matches!(number(asked), Some(Number::Exit(_) | Number::Signal(_)));
        (answer.is_known() || is_number).then_some(answer)
    }

    /// One argument that is no name: a quoted line, several names in quotes, or unknown.
    fn loose(&self, asked: &str) -> Answer<'a> {
        if let Some(answer) = self.literal(asked) {
            return answer;
        }
        let mut entries: Vec<Entry> = Vec::new();
        let mut pages = Vec::new();
        if asked.contains(char::is_whitespace) {
            for word in asked.split_whitespace().take(LONGEST_NAME) {
                if let Some(answer) = self.exact(word) {
                    entries.extend(answer.entries);
                    pages.extend(answer.pages);
                }
            }
        }
        let near = if entries.is_empty() && pages.is_empty() { self.near(asked) } else { Vec::new() };
        Answer { asked: shown(asked), entries, pages, near }
    }

    fn named(&self, asked: &str) -> Vec<Entry> {
        let folded = fold(asked);
        // Digits alone are an exit code or nothing: "-1" and "1.0" are not "1".
        if folded.bytes().all(|b| b.is_ascii_digit()) {
            return Vec::new();
        }
        let Some((_, found)) = self.names.get(&folded) else {
            // Any resource may follow OutOf: devices too.
            let resource = strip_prefix_ignoring_case(asked, "OutOf").is_some_and(|rest| rest.contains('/'));
            return if resource { self.word("OutOfcpu").collect() } else { Vec::new() };
        };
        found.iter().map(|&at| self.blocks[at]).map(with_signal).collect()
    }

    fn word(&self, word: &'static str) -> impl Iterator<Item = Entry> {
        self.blocks.iter().filter(move |block| block.word == word).map(|&block| with_signal(block))
    }

    /// The forms that kubectl prints for init containers: `Init:1/3`, `Init:OOMKilled`, `Init:ExitCode:2`.
    fn status(&self, asked: &str) -> Option<Vec<Entry>> {
        let rest = strip_prefix_ignoring_case(asked.trim(), "init:")?;
        if rest.split_once('/').is_some_and(|(done, all)| digits(done) && digits(all)) {
            return Some(self.word("Init:0/1").collect());
        }
        if let Some(number) = number(rest) {
            let mut entries: Vec<Entry> = self.word("Init:ExitCode:1").collect();
            entries.extend(self.numbered(&number)?);
            return Some(entries);
        }
        let own = self.named(asked);
        if !own.is_empty() {
            return Some(own);
        }
        let reason = self.named(rest);
        (!reason.is_empty()).then(|| self.word("Init:0/1").chain(reason).collect())
    }

    fn number(&self, asked: &str) -> Option<Vec<Entry>> {
        self.numbered(&number(asked)?)
    }

    fn numbered(&self, number: &Number) -> Option<Vec<Entry>> {
        match *number {
            Number::Signal(n) => self.signal(n),
            Number::Exit(n) => Some(vec![self.exit_code(n)?]),
            Number::Bare(n @ 256..=0x7fff_ffff) => {
                let word = n.to_string();
                let block = self.blocks.iter().find(|block| block.word == word)?;
                Some(vec![block.entry()])
            }
            Number::Bare(n) => {
                let mut entry = self.exit_code(n)?;
                entry.aside = match signal(n) {
                    Some(Signal { number, name }) => Some(format!(
                        "As a signal number {number} is {name}; a process that it ends exits with {}: coroner explain signal {number}",
                        128 + u16::from(number)
                    )),
                    None if (34..=64).contains(&n) => {
                        Some(format!("As a signal number {n} is a real-time signal."))
                    }
                    None => None,
                };
                Some(vec![entry])
            }
        }
    }

    fn signal(&self, number: i64) -> Option<Vec<Entry>> {
        match signal(number) {
            Some(signal) => Some(self.word(signal.name).collect()),
            None => (32..=64).contains(&number).then(|| self.word("real-time signals").collect()),
        }
    }

    /// Every number from 0 to 255, -1, and the 32-bit codes of Windows.
    fn exit_code(&self, number: i64) -> Option<Entry> {
        let code = i32::try_from(number)
            .or_else(|_| u32::try_from(number).map(u32::cast_signed).map_err(|_| ()))
            .ok()
            .filter(|code| *code <= 255)?;
        let decoded = decode_exit(code);
        let word = code.to_string();
        let own = self.blocks.iter().find(|block| block.word == word && block.topic == "exit code");
        let base = |word: &'static str| self.blocks.iter().find(move |block| block.word == word);
        let mut entry = match (own, decoded.signal) {
            (Some(own), _) => own.entry(),
            (None, Some(Signal { name, .. })) => {
                let mut entry = base("fatal signal codes")?.entry();
                let signal = base(name)?;
                entry.meaning =
                    format!("{name} ended the process, by this number. {}", signal.meaning()).into();
                entry.see.insert(0, name);
                entry
            }
            (None, None) if code == -1 => base("CRI-O -1")?.entry(),
            (None, None) if code < -1 => base("Windows exit codes")?.entry(),
            (None, None) => {
                let mut entry = base("other exit codes")?.entry();
                if let Some(convention) = decoded.convention() {
                    entry.meaning = format!("{} By convention: {convention}.", entry.meaning).into();
                } else if (162..=192).contains(&code) {
                    entry.meaning = format!(
                        "{} Read as 128 + {}, it would be a real-time signal, which is rare.",
                        entry.meaning,
                        code - 128
                    )
                    .into();
                }
                entry
            }
        };
        entry.word = word.into();
        entry.aliases = own.map(|own| own.aliases().collect()).unwrap_or_default();
        entry.exit_code = Some(code);
        entry.signal = decoded.signal.map(|signal| signal.number);
        entry.arithmetic = decoded.arithmetic();
        Some(entry)
    }

    /// The entries whose literals stand in a pasted line: at most three, the longest literal first.
    fn literal(&self, asked: &str) -> Option<Answer<'a>> {
        let end = asked.char_indices().nth(4096).map_or(asked.len(), |(at, _)| at);
        let line = asked[..end].split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let mut found: Vec<(usize, usize)> = Vec::new();
        for (at, block) in self.blocks.iter().enumerate() {
            let longest =
                block.texts().filter(|text| line.contains(&text.to_lowercase())).map(str::len).max();
            found.extend(longest.map(|length| (usize::MAX - length, at)));
        }
        found.sort_unstable();
        let entries: Vec<Entry> = found.iter().take(3).map(|&(_, at)| self.blocks[at].entry()).collect();
        (!entries.is_empty()).then(|| Answer {
            asked: shown(asked),
            entries,
            pages: Vec::new(),
            near: Vec::new(),
        })
    }

    /// Known names near an unknown one, nearest first, one per entry.
    fn near(&self, asked: &str) -> Vec<&'a str> {
        let asked: String = fold(asked).chars().take(LONGEST_WORD).collect();
        let length = asked.chars().count();
        if length < 2 {
            return Vec::new();
        }
        let mut ranked: Vec<(usize, usize, &'a str, Option<usize>)> = Vec::new();
        for (folded, (name, found)) in &self.names {
            let known = folded.chars().count();
            let gap = known.abs_diff(length);
            let most = (length / 3).max(1);
            let apart = if gap <= most { osa_distance(&asked, folded) } else { usize::MAX };
            let rank = if apart <= 1 + length / 6 {
                (0, apart)
            } else if length >= 3 && (folded.starts_with(&asked) || (known >= 3 && asked.starts_with(folded)))
            {
                (1, gap)
            } else if apart <= most {
                (2, apart)
            } else if length >= 3 && (folded.contains(&asked) || (known >= 4 && asked.contains(folded))) {
                (3, gap)
            } else {
                continue;
            };
            ranked.push((rank.0, rank.1, *name, found.first().copied()));
        }
        ranked.sort_unstable();
        let mut near: Vec<(&'a str, Option<usize>)> = Vec::new();
        for (_, _, name, block) in ranked {
            if near.len() < 5 && !near.iter().any(|&(_, other)| block.is_some() && other == block) {
                near.push((name, block));
            }
        }
        near.into_iter().map(|(name, _)| name).collect()
    }
}

/// The entry; for a signal, with its number and the exit code that it leads to.
fn with_signal(block: Block) -> Entry {
    let mut entry = block.entry();
    if let Some(signal) = (1..=31).filter_map(signal).find(|signal| signal.name == block.word) {
        entry.signal = Some(signal.number);
        entry.arithmetic = Some(format!(
            "signal {}; a process that it ends exits with 128 + {} = {}",
            signal.number,
            signal.number,
            128 + u16::from(signal.number)
        ));
    }
    entry
}

/// What was asked, fit for a terminal.
fn shown(asked: &str) -> String {
    clip(asked.trim(), 80).into_owned()
}

/// A name without case, spaces and punctuation.
pub(super) fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// `137`, `-1`, `0xC0000005`, `exit 137`, `exitCode:137`, `status=9/KILL`, `signal 9`, `kill -9`.
fn number(asked: &str) -> Option<Number> {
    let asked = asked.trim().to_ascii_lowercase();
    let at = asked.find(|c: char| c.is_ascii_digit())?;
    let (head, tail) = asked.split_at(at);
    let (digits_text, name) = match tail.split_once('/') {
        Some((number, name)) => (number, Some(name)),
        None => (tail, None),
    };
    let value = match digits_text.strip_prefix("0x") {
        Some(hex) if hex.len() <= 8 => i64::from_str_radix(hex, 16).ok()?,
        _ if digits(digits_text) => digits_text.parse().ok()?,
        _ => return None,
    };
    let negative = head.strip_suffix('-').filter(|before| !before.ends_with(char::is_alphanumeric));
    let letters: String = negative.unwrap_or(head).chars().filter(|c| c.is_alphanumeric()).collect();
    let signed = if negative.is_some() { -value } else { value };
    match (letters.as_str(), name) {
        ("signal" | "sig" | "kill", None) => Some(Number::Signal(value)),
        // systemd: the name behind the slash is a signal's, or a status such as FAILURE.
        ("status" | "exit" | "exitcode" | "code", Some(name)) => {
            let is_signal = signal(value).is_some_and(|signal| signal.name[3..].eq_ignore_ascii_case(name));
            Some(if is_signal { Number::Signal(value) } else { Number::Exit(value) })
        }
        ("", None) => Some(Number::Bare(signed)),
        (
            "exit" | "code" | "exitcode" | "exitstatus" | "status" | "rc" | "returncode" | "exitedwithcode",
            None,
        ) => Some(Number::Exit(signed)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_many_dresses() {
        for (text, want) in [
            ("137", Number::Bare(137)),
            (" -1 ", Number::Bare(-1)),
            ("0xC0000005", Number::Bare(0xc000_0005)),
            ("exit 137", Number::Exit(137)),
            ("Exit Code: 137", Number::Exit(137)),
            ("exit-code-137", Number::Exit(137)),
            ("exitCode=137", Number::Exit(137)),
            ("exit -1", Number::Exit(-1)),
            ("code 137", Number::Exit(137)),
            ("signal 9", Number::Signal(9)),
            ("SIG9", Number::Signal(9)),
            ("kill -9", Number::Signal(9)),
            ("status=9/KILL", Number::Signal(9)),
            ("status=1/FAILURE", Number::Exit(1)),
        ] {
            assert_eq!(number(text), Some(want), "{text}");
        }
        for text in ["", "exit", "v1.2", "1.0", "1/2", "0xfffffffff", "sha256", "99999999999999999999", "é1"]
        {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
