//! Relative times as kubectl and systemd write them.

use super::times::Span;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// A relative time and what it may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// The microseconds that had passed lie in this interval, both ends included.
    Past(Span),
    /// `<invalid>`: the time lay two seconds or more ahead of the clock that printed it.
    Ahead,
    /// `<unknown>`: the object has no such time.
    Unknown,
}

impl Age {
    /// The interval, if there is one.
    pub fn past(self) -> Option<Span> {
        match self {
            Age::Past(span) => Some(span),
            Age::Ahead | Age::Unknown => None,
        }
    }
}

/// An age with what may stand behind it: `15s (x3 over 81s)`, `3m (x2 over <invalid>)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// Since the last time.
    pub last: Age,
    /// How often; 1 where nothing is said.
    pub count: u64,
    /// Since the first time, where it is said.
    pub first: Option<Age>,
}

/// Reads an age: the durations that print so. That is `HumanDuration` of k8s.io/apimachinery/pkg/util/duration
/// (v0.17 to v0.35), and for what it never prints (`1m`, `1h`, `1d`) the older `ShortHumanDuration`, which cut to one unit.
pub fn age(text: &str) -> Option<Age> {
    match text {
        "<unknown>" => return Some(Age::Unknown),
        "<invalid>" => return Some(Age::Ahead),
        _ => {}
    }
    let (major, unit, rest) = part(text)?;
    let (low, width) = if rest.is_empty() {
        match (unit, major) {
            // Two seconds of disagreement between clocks count as none.
            (b's', 0) => return Some(Age::Past(Span { earliest: 1 - 2 * SECOND, latest: SECOND - 1 })),
            (b's', 1..120) => (major * SECOND, SECOND),
            (b'm', 2..10) => (major * MINUTE, SECOND),
            (b'm', 10..180) => (major * MINUTE, MINUTE),
            (b'h', 3..8) => (major * HOUR, MINUTE),
            (b'h', 8..48) => (major * HOUR, HOUR),
            (b'd', 2..8) => (major * DAY, HOUR),
            (b'd', 8..730) => (major * DAY, DAY),
            (b'y', 2..8) => (major * YEAR, DAY),
            (b'y', 8..) => (major.checked_mul(YEAR)?, YEAR),
            (b'm', 1) => (MINUTE, MINUTE),
            (b'h', 1 | 2) => (major * HOUR, HOUR),
            (b'd', 1) => (DAY, DAY),
            (b'y', 1) => (YEAR, YEAR),
            _ => return None,
        }
    } else {
        let (minor, small, rest) = part(rest)?;
        if !rest.is_empty() {
            return None;
        }
        match (unit, small) {
            (b'm', b's') if (2..10).contains(&major) && (1..60).contains(&minor) => {
                (major * MINUTE + minor * SECOND, SECOND)
            }
            (b'h', b'm') if (3..8).contains(&major) && (1..60).contains(&minor) => {
                (major * HOUR + minor * MINUTE, MINUTE)
            }
            (b'd', b'h') if (2..8).contains(&major) && (1..24).contains(&minor) => {
                (major * DAY + minor * HOUR, HOUR)
            }
            (b'y', b'd') if (2..8).contains(&major) && (1..365).contains(&minor) => {
                (major * YEAR + minor * DAY, DAY)
            }
            _ => return None,
        }
    };
    Some(Age::Past(Span { earliest: low, latest: low.checked_add(width - 1)? }))
}

/// A number and its unit from the front of a text, and the rest.
fn part(text: &str) -> Option<(i64, u8, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 9 {
        return None;
    }
    let unit = *text.as_bytes().get(digits)?;
    let rest = text.get(digits + 1..)?;
    Some((text[..digits].parse().ok()?, unit, rest))
}

/// Reads the age of an event: `15s`, `15s (x3 over 81s)`.
pub fn repeated(text: &str) -> Option<Repeated> {
    let Some((last, rest)) = text.split_once(' ') else {
        return Some(Repeated { last: age(text)?, count: 1, first: None });
    };
    let (count, first) = rest.trim_start().strip_prefix("(x")?.strip_suffix(')')?.split_once(" over ")?;
    Some(Repeated { last: age(last)?, count: count.parse().ok()?, first: Some(age(first)?) })
}

/// Reads a restart count: `3`, `3 (15s ago)`.
pub fn restarts(text: &str) -> Option<(u64, Option<Age>)> {
    let Some((count, rest)) = text.split_once(' ') else { return Some((text.parse().ok()?, None)) };
    let ago = rest.trim_start().strip_prefix('(')?.strip_suffix(" ago)")?;
    Some((count.parse().ok()?, Some(age(ago)?)))
}

/// Reads systemd's relative time: `3h 16min ago`, `2 days ago`, `1 month 4 days ago`, `1min 5s ago`, with or without
/// `ago`. It shows two units, the second cut (systemd src/basic/time-util.c, `format_timestamp_relative`).
pub fn systemd(text: &str) -> Option<Span> {
    let text = text.strip_suffix(" ago").unwrap_or(text);
    let mut low: i64 = 0;
    let mut width = 0;
    let mut words = text.split_ascii_whitespace();
    while let Some(word) = words.next() {
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = word.get(..digits)?.parse().ok()?;
        let unit = if digits == word.len() { words.next()? } else { word.get(digits..)? };
        // systemd's month is a twelfth of a year of 365.25 days.
        width = match unit.strip_suffix('s').filter(|u| u.len() > 1).unwrap_or(unit) {
            "year" | "y" => 31_557_600 * SECOND,
            "month" => 2_629_800 * SECOND,
            "week" | "w" => 7 * DAY,
            "day" | "d" => DAY,
            "h" | "hour" => HOUR,
            "min" | "minute" => MINUTE,
            "s" | "sec" | "second" => SECOND,
            "ms" | "m" => 1000,
            "us" | "u" => 1,
            _ => return None,
        };
        low = low.checked_add(number.checked_mul(width)?)?;
    }
    (width > 0).then_some(Span { earliest: low, latest: low.checked_add(width - 1)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `HumanDuration`, for durations in microseconds; Go's integer conversion cuts towards zero.
    fn human(d: i64) -> String {
        let (seconds, minutes, hours) = (d / SECOND, d / MINUTE, d / HOUR);
        if seconds < -1 {
            "<invalid>".into()
        } else if seconds < 0 {
            "0s".into()
        } else if seconds < 120 {
            format!("{seconds}s")
        } else if minutes < 10 {
            if seconds % 60 == 0 { format!("{minutes}m") } else { format!("{minutes}m{}s", seconds % 60) }
        } else if minutes < 180 {
            format!("{minutes}m")
        } else if hours < 8 {
            if minutes % 60 == 0 { format!("{hours}h") } else { format!("{hours}h{}m", minutes % 60) }
        } else if hours < 48 {
            format!("{hours}h")
        } else if hours < 192 {
            if hours % 24 == 0 {
                format!("{}d", hours / 24)
            } else {
                format!("{}d{}h", hours / 24, hours % 24)
            }
        } else if hours < 24 * 365 * 2 {
            format!("{}d", hours / 24)
        } else if hours < 24 * 365 * 8 {
            let days = hours / 24 % 365;
            let years = hours / 24 / 365;
            if days == 0 { format!("{years}y") } else { format!("{years}y{days}d") }
        } else {
            format!("{}y", hours / 24 / 365)
        }
    }

    #[test]
    fn both_bounds_are_exact() {
        let mut d = -SECOND;
        while d < 30 * YEAR {
            let text = human(d);
            let span = age(&text).unwrap().past().unwrap();
            assert!(span.earliest <= d && d <= span.latest, "{text} {d} {span:?}");
            assert_eq!(human(span.earliest), text, "{span:?}");
            assert_eq!(human(span.latest), text, "{span:?}");
            assert_ne!(human(span.earliest - 1), text);
            assert_ne!(human(span.latest + 1), text);
            d = (span.latest + 1).max(d + 1);
        }
        assert_eq!(human(-2 * SECOND), "<invalid>");
    }

    #[test]
    fn short_form() {
        for (text, low, high) in [("1m", MINUTE, 2 * MINUTE), ("1h", HOUR, 2 * HOUR), ("1d", DAY, 2 * DAY)] {
            assert_eq!(age(text), Some(Age::Past(Span { earliest: low, latest: high - 1 })), "{text}");
        }
    }

    #[test]
    fn refuses() {
        for text in
            ["", "s", "5", "200s", "5m0s", "5m61s", "12m3s", "5x", "-5s", "99999999999d", "5mé", "é", "5é"]
        {
            assert_eq!(age(text), None, "{text}");
        }
        assert_eq!((age("<unknown>"), age("<invalid>")), (Some(Age::Unknown), Some(Age::Ahead)));
    }

    #[test]
    fn with_counts() {
        let r = repeated("15s (x3 over 81s)").unwrap();
        assert_eq!((r.last, r.count, r.first), (age("15s").unwrap(), 3, age("81s")));
        assert_eq!(repeated("73s").unwrap().count, 1);
        assert_eq!(repeated("5m (x12 over 1h)").unwrap().count, 12);
        assert!(repeated("15s (x3)").is_none());
        assert_eq!(restarts("3 (15s ago)"), Some((3, age("15s"))));
        assert_eq!(restarts("0"), Some((0, None)));
        assert!(restarts("3 ago").is_none());
    }

    #[test]
    fn of_systemd() {
        let span = |text| systemd(text).map(|s| (s.earliest / SECOND, (s.latest + 1) / SECOND));
        assert_eq!(span("3h 16min ago"), Some((11_760, 11_820)));
        assert_eq!(span("1min 5s ago"), Some((65, 66)));
        assert_eq!(span("2 days ago"), Some((172_800, 259_200)));
        assert_eq!(span("1 month 4 days ago"), Some((2_975_400, 3_061_800)));
        assert_eq!(span("1 week 2 days ago"), Some((777_600, 864_000)));
        assert_eq!(span(""), None);
        assert_eq!(span("soon"), None);
    }
}
