//! Passwords on command lines: behind a flag whose name says so, and behind the letters that some programs take.

use super::mask::{Found, HIDDEN, Kind, Shape};
use super::names;
use super::paths::stays;
use super::value::is_reference;
use std::borrow::Cow;
use std::ops::Range;

/// Most words of a command line that are looked at.
pub(super) const MOST: usize = 256;

/// Longest command line in a text that is looked at, in bytes.
const LONGEST: usize = 4096;

/// A program that takes a password behind a letter: how its name begins, the flags, and what the word behind them is.
struct Tool {
    name: &'static str,
    /// A word that has to stand behind the name.
    then: Option<&'static str>,
    flags: &'static [&'static str],
    takes: Takes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// The password is the next word, or goes on in the same.
    Password,
    /// It goes on in the same word, and only there.
    Joined,
    /// A name and a password, parted by this.
    Pair(char),
    /// The second word behind the flags.
    Last,
}

const TOOLS: &[Tool] = &[
    Tool { name: "mysql", then: None, flags: &["-p"], takes: Takes::Joined },
    Tool { name: "mariadb", then: None, flags: &["-p"], takes: Takes::Joined },
    Tool { name: "mongo", then: None, flags: &["-p"], takes: Takes::Password },
    Tool { name: "sshpass", then: None, flags: &["-p"], takes: Takes::Password },
    Tool { name: "rabbitmqadmin", then: None, flags: &["-p"], takes: Takes::Password },
    Tool { name: "cqlsh", then: None, flags: &["-p"], takes: Takes::Password },
    Tool { name: "redis-cli", then: None, flags: &["-a"], takes: Takes::Password },
    Tool { name: "ldap", then: None, flags: &["-w"], takes: Takes::Password },
    Tool { name: "sqlcmd", then: None, flags: &["-P"], takes: Takes::Password },
    Tool { name: "smbclient", then: None, flags: &["-U"], takes: Takes::Pair('%') },
    Tool {
        name: "curl",
        then: None,
        flags: &["-u", "-U", "--user", "--proxy-user"],
        takes: Takes::Pair(':'),
    },
    Tool { name: "etcdctl", then: None, flags: &["--user"], takes: Takes::Pair(':') },
    Tool {
        name: "htpasswd",
        then: None,
        flags: &["-b", "-bc", "-nb", "-bn", "-Bb", "-bB", "-nbB", "-bnB"],
        takes: Takes::Last,
    },
    Tool { name: "", then: Some("login"), flags: &["-p"], takes: Takes::Password },
];

/// Whether a word is a flag whose value, the next word, is a secret.
fn secret_flag(word: &str) -> Option<Kind> {
    let flag = word.strip_prefix('-')?;
    if word.contains(['=', ' ']) { None } else { names::kind(flag.trim_start_matches('-')) }
}

/// Looks at the words of a command line and hands over what has to be hidden: the word's number and a part of it.
/// `tool` is what a command line before it began with.
pub(super) fn command(words: &[&str], before: Option<&str>, mut hide: impl FnMut(usize, Range<usize>, Kind)) {
    let mut tool = before.and_then(|word| tool_of(word, words.first().copied()));
    let mut secret: Option<Kind> = None;
    let mut taken: Option<(&Tool, usize)> = None;
    for (number, word) in words.iter().enumerate().take(MOST) {
        let whole = 0..word.len();
        if let Some(kind) = secret.take().filter(|_| !word.starts_with('-')) {
            if !stays(kind, word) {
                hide(number, whole, kind);
            }
            continue;
        }
        if let Some((of, left)) = taken.take() {
            match of.takes {
                Takes::Pair(part) => {
                    if let Some(at) = word.find(part).filter(|at| !is_reference(&word[at + 1..])) {
                        hide(number, at + 1..word.len(), Kind::Password);
                    }
                }
                Takes::Last if left > 0 => taken = Some((of, left - 1)),
                _ if !is_reference(word) => hide(number, whole, Kind::Password),
                _ => {}
            }
            continue;
        }
        secret = secret_flag(word);
        if secret.is_some() {
            continue;
        }
        if let Some((name, value)) = word.split_once('=')
            && !name.contains([' ', '/', '?', '"', '\''])
            && let Some(kind) = names::kind(name)
            && !stays(kind, value)
        {
            hide(number, name.len() + 1..word.len(), kind);
            continue;
        }
        if let Some(found) = tool_of(word, words.get(number + 1).copied()) {
            tool = Some(found);
            continue;
        }
        let Some(of) = tool else { continue };
        for flag in of.flags {
            let Some(behind) = word.strip_prefix(flag) else { continue };
            match of.takes {
                _ if behind.is_empty() && of.takes == Takes::Joined => {}
                _ if behind.is_empty() => {
                    let left = if of.takes == Takes::Last { 2 } else { 0 };
                    taken = Some((of, left));
                }
                _ if flag.starts_with("--") || is_reference(behind) => {}
                Takes::Pair(part) => {
                    if let Some(at) = behind.find(part) {
                        hide(number, flag.len() + at + 1..word.len(), Kind::Password);
                    }
                }
                Takes::Password | Takes::Joined => hide(number, flag.len()..word.len(), Kind::Password),
                Takes::Last => {}
            }
        }
    }
}

/// The program that a word names, by the end of its path.
fn tool_of(word: &str, next: Option<&str>) -> Option<&'static Tool> {
    let name = word.rsplit('/').next().unwrap_or(word);
    let is = |tool: &&Tool| match tool.then {
        Some(then) => word == then || next == Some(then),
        None => name.starts_with(tool.name),
    };
    // What holds blanks is a command line by itself, and hosts and files may be called as programs are.
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if is_plain { TOOLS.iter().find(is) } else { None }
}

/// Looks at a command line that stands in a text, with the name of a program at `start`; where it ends.
pub(super) fn line(text: &str, start: usize, found: &mut Found<'_>) -> usize {
    let rest = crate::clip(&text[start..], LONGEST);
    let ends = rest.find(['\n', '|', ';', '&']).unwrap_or(rest.len());
    let mut at = start;
    let mut words: Vec<&str> = Vec::new();
    let mut places = Vec::new();
    for word in rest[..ends].split([' ', '\t', '"', '\'', ',', '[', ']', '`']) {
        if !word.is_empty() && words.len() < MOST {
            words.push(word);
            places.push(at);
        }
        at += word.len() + 1;
    }
    // A secret flag is found by its name, and with more care about where its value ends.
    command(&words, None, |number, range, kind| {
        let is_flagged =
            number > 0 && secret_flag(words[number - 1]).is_some() || words[number].contains('=');
        if !is_flagged || kind == Kind::Password && range.start > 0 && !words[number].contains('=') {
            found.hide(text, places[number] + range.start..places[number] + range.end, kind, Shape::Word);
        }
    });
    start + ends
}

/// The words of a command line without their secrets. `before` is the word that the command line begins with where
/// these are only its arguments.
pub(crate) fn command_line<'w>(words: &[&'w str], before: Option<&str>) -> Vec<Cow<'w, str>> {
    let mut out: Vec<Cow<'w, str>> = words.iter().map(|word| super::text(word)).collect();
    command(words, before, |number, range, _| {
        if let (Some(out), Some(word)) = (out.get_mut(number), words.get(number)) {
            *out = Cow::Owned(format!("{}{HIDDEN}{}", &word[..range.start], &word[range.end..]));
        }
    });
    out
}
