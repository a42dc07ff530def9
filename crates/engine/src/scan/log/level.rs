//! How bad a line says that it is.

/// How bad a line is, as its logger says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Trace, debug, info, notice.
    Info,
    /// A warning.
    Warning,
    /// An error.
    Error,
    /// Fatal, critical, panic, emergency; or an exception that nobody caught.
    Fatal,
}

impl Level {
    /// The level that a logger writes as a word, alone.
    pub(super) fn word(word: &str) -> Option<Level> {
        // The longest are of ten letters.
        let mut lower = [0u8; 12];
        let letters = lower.get_mut(..word.len())?;
        letters.copy_from_slice(word.as_bytes());
        letters.make_ascii_lowercase();
        Some(match &*letters {
            b"error" | b"err" | b"e" | b"eror" | b"erro" | b"severe" | b"fail" | b"3" => Level::Error,
            b"fatal" | b"critical" | b"crit" | b"panic" | b"dpanic" | b"emerg" | b"emergency" | b"alert"
            | b"f" | b"crt" | b"ftl" => Level::Fatal,
            b"warn" | b"warning" | b"w" | b"wrn" => Level::Warning,
            b"info" | b"information" | b"notice" | b"note" | b"debug" | b"trace" | b"dbg" | b"inf" | b"i"
            | b"d" | b"verbose" | b"fine" | b"config" | b"log" | b"default" | b"vrb" | b"trc" => Level::Info,
            _ => return None,
        })
    }

    /// The levels of bunyan and pino.
    pub(super) fn number(number: f64) -> Option<Level> {
        Some(match number as i64 {
            60.. => Level::Fatal,
            50..60 => Level::Error,
            40..50 => Level::Warning,
            10..40 => Level::Info,
            _ => return None,
        })
    }

    /// The level of a line of text, its time taken off: the first word in its head that is a level, written as loggers
    /// write it: in capitals, between brackets or tabs, after `level=`, or with a colon at the very beginning.
    pub(super) fn of(text: &str) -> Option<Level> {
        if let Some(level) = klog(text) {
            return Some(level);
        }
        let head = text.as_bytes();
        let head = head.get(..head.len().min(HEAD)).unwrap_or(head);
        let mut from = 0;
        while from < head.len() {
            let start = match head.get(from..).and_then(|rest| rest.iter().position(u8::is_ascii_alphabetic))
            {
                Some(at) => from + at,
                None => break,
            };
            let end = head
                .get(start..)
                .and_then(|rest| rest.iter().position(|b| !b.is_ascii_alphabetic()))
                .map_or(head.len(), |at| start + at);
            from = end;
            if end - start < 3 || end - start > 11 {
                continue;
            }
            let word = text.get(start..end)?;
            let (before, behind) = (start.checked_sub(1).and_then(|at| head.get(at)), head.get(end));
            // Part of a longer name.
            if before.is_some_and(|b| b"_-.$/".contains(b) || b.is_ascii_digit())
                || behind.is_some_and(|b| b"_-$/".contains(b) || b.is_ascii_digit())
            {
                continue;
            }
            let capitals = word.bytes().all(|b| b.is_ascii_uppercase());
            let enclosed = before.is_some_and(|b| b"[<\t|(=".contains(b))
                && behind.is_none_or(|b| b"]>\t|) :".contains(b));
            let first = start == 0 && matches!(behind, Some(b':'));
            if (capitals || enclosed || first)
                && let Some(level) = Level::word(word)
            {
                return Some(level);
            }
        }
        None
    }
}

/// How far into a line a level stands.
const HEAD: usize = 140;

/// `E1124 12:00:00.123456       1 file.go:12] …` (klog, glog, abseil; all versions).
fn klog(text: &str) -> Option<Level> {
    let bytes = text.as_bytes();
    let digits = bytes.get(1..5)?.iter().all(u8::is_ascii_digit);
    if !digits || bytes.get(5) != Some(&b' ') || bytes.get(8) != Some(&b':') {
        return None;
    }
    match bytes.first()? {
        b'I' => Some(Level::Info),
        b'W' => Some(Level::Warning),
        b'E' => Some(Level::Error),
        b'F' => Some(Level::Fatal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_many_loggers() {
        for (text, want) in [
            (" ERROR 1 --- [           main] com.zaxxer.hikari.pool.HikariPool : x", Some(Level::Error)),
            ("INFO 1 --- [main] e.ErrorHandler : ERROR none", Some(Level::Info)),
            ("E1124 12:00:00.123456       1 log.go:32] no", Some(Level::Error)),
            ("F1124 12:00:00.123456       1 log.go:32] no", Some(Level::Fatal)),
            ("1 [Note] Access denied for user", Some(Level::Info)),
            ("0 [ERROR] [MY-010119] [Server] Aborting", Some(Level::Error)),
            ("error\tcitadelclient\tfailed to sign", None),
            ("\terror\tcitadelclient\tfailed to sign", Some(Level::Error)),
            ("level=error msg=x", Some(Level::Error)),
            ("FATAL:  password authentication failed", Some(Level::Fatal)),
            ("Error: Cannot find module", Some(Level::Error)),
            ("fail: Microsoft.AspNetCore[0]", Some(Level::Error)),
            ("CRITICAL:root:gone", Some(Level::Fatal)),
            ("[error] 7#7: *1 connect() failed", Some(Level::Error)),
            ("there was an error in it", None),
            ("GET /error HTTP/1.1", None),
            ("o.ERROR_HANDLER x", None),
        ] {
            assert_eq!(Level::of(text), want, "{text}");
        }
    }
}
