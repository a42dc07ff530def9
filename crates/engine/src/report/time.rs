//! Times as reports print them: UTC, or how long before the capture.

use crate::moment::{Clock, Moment, SECOND};

/// Year, month, day of a day counted from 1970-01-01 (proleptic Gregorian calendar).
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// `2026-11-23 03:12:40`, of microseconds since 1970.
pub fn date_time(at: i64) -> String {
    let (year, month, day) = civil(at.div_euclid(86_400 * SECOND));
    format!("{year:04}-{month:02}-{day:02} {}", clock(at))
}

/// `03:12:40`.
pub fn clock(at: i64) -> String {
    let second = at.div_euclid(SECOND).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// RFC 3339 with the precision that is there.
pub fn rfc3339(at: i64) -> String {
    let text = date_time(at).replacen(' ', "T", 1);
    match at.rem_euclid(SECOND) {
        0 => format!("{text}Z"),
        micros => format!("{text}.{micros:06}Z"),
    }
}

/// `14m37s`, `2h05m`, `3d04h`, of microseconds.
pub fn span(micros: i64) -> String {
    let seconds = micros.max(0) / SECOND;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// A moment in the column of times: the time of day within a day of the capture, else the date; the age where nothing
/// ties it to the calendar.
pub fn column(moment: &Moment, captured: Option<&Moment>) -> String {
    match &moment.clock {
        Clock::Capture(_) => format!("-{}", span(moment.latest.saturating_neg())),
        Clock::Yearless(_) => {
            let (_, month, day) = civil(moment.earliest.div_euclid(86_400 * SECOND));
            format!("{month:02}-{day:02} {}", clock(moment.earliest))
        }
        _ => {
            let day = 86_400 * SECOND;
            let near = captured.is_none_or(|now| now.earliest.saturating_sub(moment.earliest).abs() < day);
            if near {
                clock(moment.earliest)
            } else {
                date_time(moment.earliest).chars().skip(5).take(11).collect()
            }
        }
    }
}

/// How long before the capture, where that can be told.
pub fn ago(moment: &Moment, captured: Option<&Moment>) -> Option<String> {
    match &moment.clock {
        Clock::Capture(_) => Some(span(moment.latest.saturating_neg())),
        Clock::Yearless(_) => None,
        _ => captured
            .filter(|now| now.clock.is_absolute())
            .map(|now| span(now.earliest.saturating_sub(moment.earliest))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        assert_eq!(date_time(1_795_403_560 * SECOND), "2026-11-23 03:12:40");
        assert_eq!(rfc3339(1_500_000), "1970-01-01T00:00:01.500000Z");
        assert_eq!(date_time(-SECOND), "1969-12-31 23:59:59");
        assert_eq!(date_time(951_782_400 * SECOND), "2000-02-29 00:00:00");
    }

    #[test]
    fn spans_are_short() {
        let of = |seconds: i64| span(seconds * SECOND);
        assert_eq!([of(9), of(877), of(7500), of(273_600)], ["9s", "14m37s", "2h05m", "3d04h"]);
    }
}
