//! Times as they stand at the beginning of a line.

use crate::moment::days_from_1970;

/// A time that a line begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Microseconds since 1970 of the written wall clock, the offset taken off where one is written.
    pub at: i64,
    /// Whether an offset from UTC is written; without one `at` is off by the zone of the process.
    pub utc: bool,
}

/// The time at the beginning of `text` and how many bytes it takes, white space behind it included. Read are RFC 3339
/// with `T` or a space, with fraction after `.` or `,`; `2006/01/02 15:04:05`; `02/Jan/2006:15:04:05 -0700`;
/// `02 Jan 2006 15:04:05.000`; all of them in brackets too.
pub(super) fn leading(text: &str) -> Option<(Stamp, usize)> {
    let bytes = text.as_bytes();
    let open = usize::from(bytes.first() == Some(&b'['));
    if !bytes.get(open)?.is_ascii_digit() {
        return None;
    }
    let (stamp, mut used) = at(bytes.get(open..)?)?;
    used += open;
    if open == 1 && bytes.get(used) == Some(&b']') {
        used += 1;
    }
    while bytes.get(used) == Some(&b' ') {
        used += 1;
    }
    text.is_char_boundary(used).then_some((stamp, used))
}

/// The time that `kubectl logs --timestamps` puts before a line, and the line.
pub(super) fn prefixed(line: &str) -> Option<(Stamp, &str)> {
    let bytes = line.as_bytes();
    // 2006-01-02T15:04:05Z is the shortest.
    if bytes.get(10) != Some(&b'T') || bytes.get(4) != Some(&b'-') || !bytes.first()?.is_ascii_digit() {
        return None;
    }
    let (stamp, used) = at(bytes)?;
    let space = match bytes.get(used) {
        Some(b' ') => 1,
        None => 0,
        Some(_) => return None,
    };
    stamp.utc.then_some(())?;
    Some((stamp, line.get(used + space..)?))
}

fn at(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let (year, month, day, mut used) = match (bytes.get(2)?, bytes.get(4)?) {
        (b'/', _) => (number(bytes, 7, 4)?, month(bytes.get(3..6)?)?, number(bytes, 0, 2)?, 11),
        (b' ', _) => (number(bytes, 7, 4)?, month(bytes.get(3..6)?)?, number(bytes, 0, 2)?, 11),
        (_, b'-' | b'/') => (number(bytes, 0, 4)?, number(bytes, 5, 2)?, number(bytes, 8, 2)?, 10),
        _ => return None,
    };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if !matches!(bytes.get(used)?, b'T' | b' ' | b':' | b't') {
        return None;
    }
    used += 1;
    let (hour, minute, second) =
        (number(bytes, used, 2)?, number(bytes, used + 3, 2)?, number(bytes, used + 6, 2)?);
    if bytes.get(used + 2) != Some(&b':') || bytes.get(used + 5) != Some(&b':') || hour > 23 || minute > 59 {
        return None;
    }
    used += 8;
    let mut micros = 0;
    if matches!(bytes.get(used), Some(b'.' | b',')) && bytes.get(used + 1).is_some_and(u8::is_ascii_digit) {
        used += 1;
        let mut unit = 100_000;
        while let Some(digit) = bytes.get(used).filter(|b| b.is_ascii_digit()) {
            micros += i64::from(digit - b'0') * unit;
            unit /= 10;
            used += 1;
        }
    }
    let (offset, length) = offset(bytes.get(used..)?);
    let days = days_from_1970(year, month, day);
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second.min(60) - offset.unwrap_or(0);
    Some((Stamp { at: seconds * 1_000_000 + micros, utc: offset.is_some() }, used + length))
}

/// `Z`, `+08:00`, ` +0000`, ` UTC`: seconds east of UTC, and the bytes it takes.
fn offset(bytes: &[u8]) -> (Option<i64>, usize) {
    let space = usize::from(bytes.first() == Some(&b' '));
    let Some(rest) = bytes.get(space..) else { return (None, 0) };
    let sign = match rest.first() {
        Some(b'Z' | b'z') => return (Some(0), space + 1),
        Some(b'U') if rest.starts_with(b"UTC") => return (Some(0), space + 3),
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return (None, 0),
    };
    let minutes = if rest.get(3) == Some(&b':') { 4 } else { 3 };
    match (number(rest, 1, 2), number(rest, minutes, 2)) {
        (Some(hours), Some(more)) => (Some(sign * (hours * 3600 + more * 60)), space + minutes + 2),
        _ => (None, 0),
    }
}

fn number(bytes: &[u8], from: usize, length: usize) -> Option<i64> {
    bytes
        .get(from..from + length)?
        .iter()
        .try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))
}

fn month(name: &[u8]) -> Option<i64> {
    const NAMES: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    NAMES.chunks(3).position(|month| month == name).map(|at| at as i64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_at_the_beginning() {
        let utc = |at| Stamp { at, utc: true };
        for (text, want, rest) in [
            ("2025-11-24T12:00:00Z up", utc(1_763_985_600_000_000), "up"),
            ("2025-11-24T20:00:00.123456789+08:00 up", utc(1_763_985_600_123_456), "up"),
            ("2025-11-24 12:00:00,250 up", Stamp { at: 1_763_985_600_250_000, utc: false }, "up"),
            ("[2025-11-24 12:00:00 +0000] up", utc(1_763_985_600_000_000), "up"),
            ("2025/11/24 12:00:00 up", Stamp { at: 1_763_985_600_000_000, utc: false }, "up"),
            ("24/Nov/2025:12:00:00 +0000 up", utc(1_763_985_600_000_000), "up"),
            ("24 Nov 2025 12:00:00.5 * Ready", Stamp { at: 1_763_985_600_500_000, utc: false }, "* Ready"),
            ("2024-02-29 00:00:00 UTC up", utc(1_709_164_800_000_000), "up"),
        ] {
            let (stamp, used) = leading(text).expect(text);
            assert_eq!((stamp, &text[used..]), (want, rest), "{text}");
        }
        for text in ["", "2025", "up", "2025-13-24T12:00:00Z", "12:00:00 up", "2025-11-24T12:00", "[x"] {
            assert_eq!(leading(text), None, "{text}");
        }
    }

    #[test]
    fn only_an_offset_makes_a_prefix() {
        assert!(prefixed("2025-11-24T12:00:00.1Z up").is_some_and(|(_, rest)| rest == "up"));
        assert!(prefixed("2025-11-24T12:00:00.1Z").is_some_and(|(_, rest)| rest.is_empty()));
        assert_eq!(prefixed("2025-11-24T12:00:00 up"), None);
        assert_eq!(prefixed("2025-11-24T12:00:00Z\tinfo"), None);
    }
}
