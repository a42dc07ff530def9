//! Times as kubectl, journals, klog and the kernel write them.

use engine::moment::days_from_1970;

/// An interval in microseconds, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The least.
    pub earliest: i64,
    /// The greatest.
    pub latest: i64,
}

/// What a written time counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The offset was written: microseconds since 1970-01-01 UTC.
    Utc,
    /// Local time of an unknown offset; an abbreviation such as `CST` says nothing. Microseconds since
    /// 1970-01-01 of that local time.
    NoOffset,
    /// Neither year nor offset: microseconds since the first of January of a leap year, local time.
    NoYear,
    /// Microseconds since the machine started.
    Boot,
}

/// A written time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// The moments that are written so, to the last digit.
    pub span: Span,
    /// What they count from.
    pub basis: Basis,
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const DAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
/// A leap year, so that the 29th of February has a place.
const LEAP: i64 = 2000;

/// Reads one time that is the whole text.
pub fn stamp(text: &str) -> Option<Stamp> {
    let (stamp, used) = leading(text)?;
    (used == text.len()).then_some(stamp)
}

/// Reads the time at the start of a text, in any form that this module knows, and how many bytes it takes.
///
/// `Tue, 11 Nov 2025 04:13:00 +0800` (describe), RFC 3339 with any fraction, also with a blank for `T` and a comma
/// for the point, `Fri 2025-12-05 14:11:51 CST` (systemd), `Dec 05 15:12:12.123456` (journal), `I1205 15:12:12.123456`
/// (klog; the letter is taken, too), `[ 3654.650053]` and `[Fri Dec  5 15:12:12 2025]` (dmesg).
pub fn leading(text: &str) -> Option<(Stamp, usize)> {
    let mut c = Cursor { bytes: text.as_bytes(), at: 0 };
    let stamp = match *c.bytes.first()? {
        b'0'..=b'9' => c.iso(),
        b'[' => c.bracket(),
        b'I' | b'W' | b'E' | b'F' if c.bytes.get(1).is_some_and(u8::is_ascii_digit) => c.klog(),
        b'A'..=b'Z' if c.bytes.get(3) == Some(&b',') => c.rfc1123(),
        b'A'..=b'Z' if DAYS.iter().any(|d| c.bytes.starts_with(*d)) => c.weekday(),
        b'A'..=b'Z' => c.journal(),
        _ => None,
    }?;
    Some((stamp, c.at))
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Time of the day in microseconds, and how many microseconds its last digit stands for.
struct Clock {
    micros: i64,
    step: i64,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn blanks(&mut self) -> Option<()> {
        self.take(b' ')?;
        while self.take(b' ').is_some() {}
        Some(())
    }

    /// Between `least` and `most` digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let mut value = 0i64;
        let mut count = 0;
        while count < most
            && let Some(byte @ b'0'..=b'9') = self.peek()
        {
            value = value * 10 + i64::from(byte - b'0');
            self.at += 1;
            count += 1;
        }
        (count >= least).then_some(value)
    }

    fn name<const N: usize>(&mut self, names: &[&[u8; 3]; N]) -> Option<usize> {
        let word = self.bytes.get(self.at..self.at + 3)?;
        let index = names.iter().position(|n| n.as_slice() == word)?;
        self.at += 3;
        Some(index)
    }

    /// `15:12:12`, with a fraction after a point or a comma.
    fn clock(&mut self) -> Option<Clock> {
        let hour = self.digits(2, 2)?;
        self.take(b':')?;
        let minute = self.digits(2, 2)?;
        self.take(b':')?;
        let second = self.digits(2, 2)?;
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let mut clock = Clock { micros: (hour * 3600 + minute * 60 + second) * SECOND, step: SECOND };
        if matches!(self.peek(), Some(b'.' | b','))
            && self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit)
        {
            self.at += 1;
            let (fraction, step) = self.fraction();
            clock.micros += fraction;
            clock.step = step;
        }
        Some(clock)
    }

    /// The digits of a fraction as microseconds, finer ones dropped, and what the last digit stands for.
    fn fraction(&mut self) -> (i64, i64) {
        let (mut value, mut step) = (0, SECOND);
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            if step > 1 {
                step /= 10;
                value += i64::from(byte - b'0') * step;
            }
            self.at += 1;
        }
        (value, step)
    }

    /// `Z`, `+08:00`, `+0800`, `+08`, in microseconds.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.peek()? {
            b'Z' => {
                self.at += 1;
                return Some(0);
            }
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let start = self.at;
        self.at += 1;
        let read = |c: &mut Self| {
            let hours = c.digits(2, 2)?;
            let colon = c.take(b':').is_some();
            let minutes = match c.digits(2, 2) {
                Some(minutes) => minutes,
                None if colon => return None,
                None => 0,
            };
            (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60 * SECOND)
        };
        let offset = read(self);
        if offset.is_none() {
            self.at = start;
        }
        offset
    }

    fn date(&mut self) -> Option<i64> {
        let year = self.digits(4, 4)?;
        self.take(b'-')?;
        let month = self.digits(2, 2)?;
        self.take(b'-')?;
        let day = self.digits(2, 2)?;
        days(year, month, day)
    }

    /// `2025-12-05T15:12:12.123+08:00`, `2025-12-05 15:12:12,123`, `2025-12-05 14:11:51 CST`.
    fn iso(&mut self) -> Option<Stamp> {
        let days = self.date()?;
        if !matches!(self.peek()?, b'T' | b't' | b' ') {
            return None;
        }
        self.at += 1;
        let clock = self.clock()?;
        Some(self.zoned(days, clock))
    }

    /// Adds the zone that follows: an offset, also behind a blank; `UTC`; an abbreviation is taken and ignored.
    fn zoned(&mut self, days: i64, clock: Clock) -> Stamp {
        let local = days * DAY + clock.micros;
        let start = self.at;
        if let Some(offset) = self.offset() {
            return Stamp::new(local - offset, clock.step, Basis::Utc);
        }
        if self.take(b' ').is_some() {
            if let Some(offset) = self.offset()
                && self.ends_word()
            {
                // Go writes the offset, then the abbreviation.
                let end = self.at;
                if self.take(b' ').is_none() || !self.abbreviation() {
                    self.at = end;
                }
                return Stamp::new(local - offset, clock.step, Basis::Utc);
            }
            self.at = start + 1;
            let word = self.at;
            if self.abbreviation() {
                let utc = self.bytes.get(word..self.at) == Some(b"UTC");
                return Stamp::new(local, clock.step, if utc { Basis::Utc } else { Basis::NoOffset });
            }
        }
        self.at = start;
        Stamp::new(local, clock.step, Basis::NoOffset)
    }

    fn ends_word(&self) -> bool {
        self.peek().is_none_or(|b| !b.is_ascii_alphanumeric())
    }

    /// Takes a zone abbreviation: three to five capitals that end a word; a log's level is none.
    fn abbreviation(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_uppercase()) {
            self.at += 1;
        }
        let word = &self.bytes[start..self.at];
        let level: &[&[u8]] =
            &[b"INFO", b"WARN", b"ERROR", b"DEBUG", b"FATAL", b"TRACE", b"LOG", b"CRIT", b"ERR"];
        let ok = (3..=5).contains(&word.len()) && self.ends_word() && !level.contains(&word);
        if !ok {
            self.at = start;
        }
        ok
    }

    /// `Tue, 11 Nov 2025 04:13:00 +0800`, RFC 1123 as Go writes it; with `UTC` or an abbreviation, too.
    fn rfc1123(&mut self) -> Option<Stamp> {
        self.name(&DAYS)?;
        self.take(b',')?;
        self.blanks()?;
        let day = self.digits(1, 2)?;
        self.blanks()?;
        let month = self.name(&MONTHS)? as i64 + 1;
        self.blanks()?;
        let year = self.digits(4, 4)?;
        self.blanks()?;
        let days = days(year, month, day)?;
        let clock = self.clock()?;
        Some(self.zoned(days, clock))
    }

    /// `Fri 2025-12-05 14:11:51 CST` or `Fri Dec  5 15:12:12 2025`.
    fn weekday(&mut self) -> Option<Stamp> {
        self.name(&DAYS)?;
        self.blanks()?;
        if self.peek()?.is_ascii_digit() {
            return self.iso();
        }
        let month = self.name(&MONTHS)? as i64 + 1;
        self.blanks()?;
        let day = self.digits(1, 2)?;
        self.blanks()?;
        let clock = self.clock()?;
        let start = self.at;
        if self.blanks().is_some() {
            if !self.peek().is_some_and(|b| b.is_ascii_digit()) {
                // `date` writes the abbreviation before the year.
                let word = self.at;
                if self.abbreviation() && self.bytes.get(word..self.at) == Some(b"UTC") {
                    self.blanks()?;
                    let days = days(self.digits(4, 4)?, month, day)?;
                    return Some(Stamp::new(days * DAY + clock.micros, clock.step, Basis::Utc));
                }
                self.blanks();
            }
            if let Some(year) = self.digits(4, 4) {
                let days = days(year, month, day)?;
                return Some(Stamp::new(days * DAY + clock.micros, clock.step, Basis::NoOffset));
            }
        }
        self.at = start;
        yearless(month, day, clock)
    }

    /// `Dec 05 15:12:12`, `Dec  5 15:12:12.123456`.
    fn journal(&mut self) -> Option<Stamp> {
        let month = self.name(&MONTHS)? as i64 + 1;
        self.blanks()?;
        let day = self.digits(1, 2)?;
        self.blanks()?;
        let clock = self.clock()?;
        yearless(month, day, clock)
    }

    /// `I1205 15:12:12.123456`.
    fn klog(&mut self) -> Option<Stamp> {
        self.at += 1;
        let month = self.digits(2, 2)?;
        let day = self.digits(2, 2)?;
        self.blanks()?;
        let clock = self.clock()?;
        yearless(month, day, clock)
    }

    /// `[ 3654.650053]`, `[Fri Dec  5 15:12:12 2025]`, `[2025-12-05T15:12:12Z]`.
    fn bracket(&mut self) -> Option<Stamp> {
        self.at += 1;
        while self.take(b' ').is_some() {}
        let start = self.at;
        let stamp = if self.peek()?.is_ascii_uppercase() {
            self.weekday()
        } else if let Some(stamp) = self.iso() {
            Some(stamp)
        } else {
            self.at = start;
            let seconds = self.digits(1, 12)?;
            self.take(b'.')?;
            let (fraction, step) = self.fraction();
            (step < SECOND).then(|| Stamp::new(seconds * SECOND + fraction, step, Basis::Boot))
        }?;
        self.take(b']')?;
        Some(stamp)
    }
}

impl Stamp {
    fn new(at: i64, step: i64, basis: Basis) -> Stamp {
        Stamp { span: Span { earliest: at, latest: at + step - 1 }, basis }
    }
}

fn yearless(month: i64, day: i64, clock: Clock) -> Option<Stamp> {
    let days = days(LEAP, month, day)? - days(LEAP, 1, 1)?;
    Some(Stamp::new(days * DAY + clock.micros, clock.step, Basis::NoYear))
}

/// A local time since 1970 as one without its year, as [`Basis::NoYear`] counts: where the offset is unknown, nothing
/// more is known than what a short journal prints.
pub(crate) fn without_year(at: i64) -> i64 {
    let (day, time) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    let first = |year| days(year, 1, 1).unwrap_or(0);
    // 400 years have 146097 days; the estimate is off by one at most.
    let estimate = 1970 + day.saturating_mul(400).div_euclid(146_097);
    let year = [estimate + 1, estimate, estimate - 1].into_iter().find(|year| first(*year) <= day);
    let year = year.unwrap_or(estimate);
    let of_year = day - first(year);
    let is_leap = first(year + 1) - first(year) == 366;
    let of_leap = if is_leap || of_year < 59 { of_year } else { of_year + 1 };
    of_leap * DAY + time
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || day > length {
        return None;
    }
    Some(days_from_1970(year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, i64, Basis, usize) {
        let (stamp, used) = leading(text).unwrap_or_else(|| panic!("{text}"));
        let at = jiff::Timestamp::from_microsecond(stamp.span.earliest).unwrap();
        (at.to_string(), stamp.span.latest - stamp.span.earliest + 1, stamp.basis, used)
    }

    #[test]
    fn with_an_offset() {
        for text in [
            "Tue, 11 Nov 2025 04:13:00 +0800",
            "2025-11-11T04:13:00+08:00",
            "2025-11-10T20:13:00Z",
            "2025-11-11T04:13:00+0800",
            "2025-11-11 04:13:00 +0800 CST",
            "Mon 2025-11-10 20:13:00 UTC",
            "Tue 2025-11-11 04:13:00 +08",
            "Tue, 10 Nov 2025 20:13:00 UTC",
        ] {
            assert_eq!(read(text), ("2025-11-10T20:13:00Z".into(), SECOND, Basis::Utc, text.len()), "{text}");
        }
        assert_eq!(
            read("2025-11-14T13:02:56.123456789Z x"),
            ("2025-11-14T13:02:56.123456Z".into(), 1, Basis::Utc, 30)
        );
        assert_eq!(read("2025-11-14T13:02:56,5-01:30").0, "2025-11-14T14:32:56.5Z");
    }

    #[test]
    fn abbreviations_say_nothing() {
        for text in ["Fri 2025-12-05 14:11:51 CST", "2025-12-05 14:11:51 EST", "2025-12-05 14:11:51"] {
            assert_eq!(
                read(text),
                ("2025-12-05T14:11:51Z".into(), SECOND, Basis::NoOffset, text.len()),
                "{text}"
            );
        }
        assert_eq!(read("Fri 2025-12-05 14:11:51 CST; 1h 2min ago").3, 27);
        assert_eq!(read("2025-12-05 14:11:51.250  INFO 1 ---").3, 23);
        assert_eq!(read("2025-12-05 14:11:51,250 ERROR x").3, 23);
        assert_eq!(read("Fri Dec  5 15:12:12 CST 2025").0, "2025-12-05T15:12:12Z");
    }

    #[test]
    fn without_a_year() {
        for (text, used, step) in [
            ("Dec 05 15:12:12 n1 kubelet[1]: x", 15, SECOND),
            ("Dec  5 15:12:12.123456 n1", 22, 1),
            ("I1205 15:12:12.123456    1 x.go:1] y", 21, 1),
        ] {
            let (stamp, end) = leading(text).unwrap();
            assert_eq!((stamp.basis, end), (Basis::NoYear, used), "{text}");
            assert_eq!(stamp.span.latest - stamp.span.earliest + 1, step);
            assert_eq!(stamp.span.earliest / SECOND, (339 * 24 + 15) * 3600 + 732, "{text}");
        }
        assert_eq!(leading("Feb 29 00:00:00 x").unwrap().0.span.earliest, 59 * DAY);
    }

    #[test]
    fn of_the_kernel() {
        let (stamp, used) = leading("[ 3654.650053] oom-kill").unwrap();
        assert_eq!((stamp.span.earliest, stamp.basis, used), (3_654_650_053, Basis::Boot, 14));
        assert_eq!(
            read("[Fri Dec  5 15:12:12 2025] x"),
            ("2025-12-05T15:12:12Z".into(), SECOND, Basis::NoOffset, 26)
        );
        assert_eq!(read("[2026-06-28T12:04:55Z] INFO").0, "2026-06-28T12:04:55Z");
    }

    #[test]
    fn a_year_is_left_out() {
        for text in
            ["Jan 01 00:00:00", "Feb 28 23:59:59", "Mar 01 12:00:00", "Nov 23 04:50:50", "Dec 31 23:59:59"]
        {
            let short = leading(text).unwrap().0.span.earliest;
            for year in [1970, 1999, 2000, 2024, 2025, 2026, 2100] {
                let (day, time) = text.split_at(6);
                let long = leading(&format!("[Sun {day}{time} {year}]")).unwrap().0;
                assert_eq!(
                    (long.basis, without_year(long.span.earliest)),
                    (Basis::NoOffset, short),
                    "{text} {year}"
                );
            }
        }
        let leap = leading("[Thu Feb 29 00:00:00 2024]").unwrap().0.span.earliest;
        assert_eq!(without_year(leap), 59 * DAY);
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            "2025-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2025-01-01T24:00:00Z",
            "Tue, 31 Nov 2025 04:13:00 +0800",
            "Dec 5",
            "I12 15:12:12",
            "[1]",
            "[12.]",
            "[] x",
            "Info: x",
            "12",
            "é",
            "Moñ, 1",
        ] {
            assert!(leading(text).is_none(), "{text}");
        }
        assert!(stamp("Dec 05 15:12:12 x").is_none());
    }

    #[test]
    fn agrees_with_the_calendar() {
        for n in (-800_000..800_000).step_by(997) {
            let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(n)).unwrap();
            if date.year() >= 0 {
                assert_eq!(days(date.year().into(), date.month().into(), date.day().into()), Some(n));
            }
        }
    }
}
