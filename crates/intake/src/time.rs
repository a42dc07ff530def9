//! Times as the API writes them.

use engine::moment::{Clock, Moment, SECOND, days_from_1970};

/// Reads an RFC 3339 time. Its interval is as wide as it was written: `metav1.Time` prints whole seconds,
/// `metav1.MicroTime` six digits (k8s.io/apimachinery, all versions).
pub fn rfc3339(text: &str) -> Option<Moment> {
    let bytes = text.as_bytes();
    let number = |from: usize, len: usize| -> Option<i64> {
        bytes
            .get(from..from + len)?
            .iter()
            .try_fold(0, |value, b| b.is_ascii_digit().then(|| value * 10 + i64::from(b - b'0')))
    };
    let is = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|b| wanted.contains(b));
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    let separated = is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":");
    let possible = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !separated || !possible {
        return None;
    }
    let mut at = 19;
    let (mut micros, mut width) = (0, SECOND);
    if is(at, b".") {
        let digits = bytes.get(at + 1..)?.iter().take_while(|b| b.is_ascii_digit()).count();
        let kept = digits.min(6);
        width = 10i64.pow(6 - u32::try_from(kept).ok()?);
        micros = number(at + 1, kept)? * width;
        at += 1 + digits;
        if digits == 0 {
            return None;
        }
    }
    let offset = match bytes.get(at)? {
        b'Z' | b'z' if bytes.len() == at + 1 => 0,
        sign @ (b'+' | b'-') if bytes.len() == at + 6 && is(at + 3, b":") => {
            let seconds = number(at + 1, 2)? * 3600 + number(at + 4, 2)? * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let seconds = days_from_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    let earliest = seconds * SECOND + micros;
    Some(Moment { earliest, latest: earliest + width - 1, clock: Clock::Api })
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_an_interval_and_microseconds_are_exact() {
        assert_eq!(rfc3339("2026-11-23T05:08:06Z"), Some(Moment::api_second(1_795_410_486)));
        assert_eq!(rfc3339("2026-11-23T05:08:06.856461Z"), Some(Moment::api(1_795_410_486_856_461)));
        assert_eq!(rfc3339("2026-11-23T05:08:06.856461999Z"), rfc3339("2026-11-23T05:08:06.856461Z"));
        let tenth = rfc3339("2026-11-23T05:08:06.8Z").map(|m| (m.earliest % SECOND, m.latest % SECOND));
        assert_eq!(tenth, Some((800_000, 899_999)));
    }

    #[test]
    fn offsets_are_taken_off() {
        assert_eq!(rfc3339("2026-11-23T07:08:06+02:00"), rfc3339("2026-11-23T05:08:06Z"));
        assert_eq!(rfc3339("2026-11-22T23:38:06-05:30"), rfc3339("2026-11-23T05:08:06Z"));
    }

    #[test]
    fn the_calendar_is_right_at_its_edges() {
        assert_eq!(rfc3339("1970-01-01T00:00:00Z"), Some(Moment::api_second(0)));
        assert_eq!(rfc3339("2000-03-01T00:00:00Z"), Some(Moment::api_second(951_868_800)));
        assert_eq!(rfc3339("0001-01-01T00:00:00Z"), Some(Moment::api_second(-62_135_596_800)));
        assert!(rfc3339("2024-02-29T00:00:00Z").is_some());
        assert!(rfc3339("2023-02-29T00:00:00Z").is_none());
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2026",
            "<unknown>",
            "2026-13-01T00:00:00Z",
            "2026-11-23T05:08:06",
            "2026-11-23T05:08:06.Z",
            "2026-11-23T05:08:06Zx",
            "2026-11-23T25:08:06Z",
            "2026-11-23T05:08:06+0200",
            "ä026-11-23T05:08:06Z",
        ] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
    }
}
