//! Times as reports print them: UTC, or how long before the capture.

use crate::moment::{Clock, Moment, SECOND};

const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The first of January of a leap year, in days since 1970 (1972-01-01): [`Clock::Yearless`] counts from there.
const LEAP_YEAR: i64 = 730;

/// Year, month and day of a day counted from 1970-01-01 in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, usize, i64) {
    // Years begin in March, so that the leap day is their last; eras of 400 years repeat.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year + era * 400 + next, usize::try_from(month).unwrap_or(1), day_of_month)
}

/// `2026-11-23`.
fn date(at: i64) -> String {
    let (year, month, day) = civil(at.div_euclid(DAY));
    format!("{year:04}-{month:02}-{day:02}")
}

/// `Nov 23`.
fn short_date(days: i64) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, month, day) = civil(days);
    format!("{} {day:02}", MONTHS.get(month.saturating_sub(1)).unwrap_or(&""))
}

/// `03:12:40`.
fn time_of_day(at: i64) -> String {
    let second = at.rem_euclid(DAY) / SECOND;
    format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// `03:12`.
fn minute_of_day(at: i64) -> String {
    time_of_day(at).chars().take(5).collect()
}

/// `2026-11-23 03:12:40`, of microseconds since 1970 UTC.
pub(super) fn full(at: i64) -> String {
    format!("{} {}", date(at), time_of_day(at))
}

/// RFC 3339 in UTC, with microseconds only where there are some; none outside the years 0 to 9999.
pub(super) fn rfc3339(moment: &Moment) -> Option<String> {
    if !moment.clock.is_absolute() {
        return None;
    }
    rfc3339_micros(point(moment))
}

/// The same of microseconds since 1970.
pub(super) fn rfc3339_micros(at: i64) -> Option<String> {
    let (year, ..) = civil(at.div_euclid(DAY));
    if !(0..=9999).contains(&year) {
        return None;
    }
    Some(match at.rem_euclid(SECOND) {
        0 => format!("{}T{}Z", date(at), time_of_day(at)),
        micros => format!("{}T{}.{micros:06}Z", date(at), time_of_day(at)),
    })
}

/// How wide the interval is.
fn doubt(moment: &Moment) -> i64 {
    moment.latest.saturating_sub(moment.earliest)
}

/// Where an interval is told to be: at its end, for kubectl prints the least age too (`3h` is three to four hours), and
/// what is known to the second at best is told in whole seconds.
fn point(moment: &Moment) -> i64 {
    let at = moment.latest;
    if doubt(moment) >= SECOND - 1 { at.saturating_sub(at.rem_euclid(SECOND)) } else { at }
}

/// A length of time in its two greatest units (`14m37s`, `2h05m`, `3d04h`), without those that `doubt` covers.
pub(super) fn span(micros: i64, doubt: i64) -> String {
    let micros = micros.max(0);
    let (unit, name, part, part_name) = match micros {
        DAY.. => (DAY, 'd', HOUR, 'h'),
        HOUR.. => (HOUR, 'h', MINUTE, 'm'),
        MINUTE.. => (MINUTE, 'm', SECOND, 's'),
        _ => return format!("{}s", micros / SECOND),
    };
    let whole = format!("{}{name}", micros / unit);
    let rest = micros % unit / part;
    if doubt >= part.saturating_mul(2) || (rest == 0 && unit == DAY) {
        whole
    } else {
        format!("{whole}{rest:02}{part_name}")
    }
}

/// The time that ages count to and that dates are left out near of: microseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Now(pub Option<i64>);

impl Now {
    /// The capture, where it is tied to the calendar.
    pub(super) fn of(captured: Option<&Moment>) -> Now {
        Now(captured.filter(|m| m.clock.is_absolute()).map(point))
    }

    /// A moment as short as it can be told: the time of day within a day of now, with the date otherwise; an age where
    /// nothing ties it to the calendar. `~` where it is known to the minute at best.
    pub(super) fn stamp(self, moment: &Moment) -> String {
        let at = point(moment);
        match &moment.clock {
            Clock::Capture(_) => before_capture(moment),
            Clock::Boot(_) => format!("start+{}", span(at, doubt(moment))),
            Clock::Yearless(_) => {
                let days = at.div_euclid(DAY).rem_euclid(366) + LEAP_YEAR;
                format!("{} {}", short_date(days), time_of_day(at))
            }
            _ if !(0..=9999).contains(&civil(at.div_euclid(DAY)).0) => {
                format!("year {}", civil(at.div_euclid(DAY)).0)
            }
            _ => {
                let (about, time) = match doubt(moment) {
                    ..=2_000_000 => ("", time_of_day(at)),
                    _ => ("~", minute_of_day(at)),
                };
                match self.0 {
                    Some(now) if now.saturating_sub(at).saturating_abs() < DAY => format!("{about}{time}"),
                    Some(now) if civil(now.div_euclid(DAY)).0 == civil(at.div_euclid(DAY)).0 => {
                        format!("{about}{} {time}", short_date(at.div_euclid(DAY)))
                    }
                    _ => format!("{about}{} {}", date(at), minute_of_day(at)),
                }
            }
        }
    }

    /// As [`Now::stamp`], but to the minute where the calendar is known.
    pub(super) fn minute(self, moment: &Moment) -> String {
        let stamp = self.stamp(moment);
        match (moment.clock.is_absolute(), stamp.rsplit_once(':')) {
            (true, Some((start, _))) if stamp.matches(':').count() == 2 => start.to_owned(),
            _ => stamp,
        }
    }

    /// How long before now, where that can be told.
    pub(super) fn age(self, moment: &Moment) -> Option<String> {
        match &moment.clock {
            Clock::Capture(_) => Some(span(point(moment).saturating_neg(), doubt(moment))),
            Clock::Yearless(_) | Clock::Boot(_) => None,
            _ => self.0.map(|now| span(now.saturating_sub(point(moment)), doubt(moment))),
        }
    }
}

/// `14m37s ago`; `in 5s` for what was still to come.
fn before_capture(moment: &Moment) -> String {
    match point(moment) {
        at if at >= SECOND => format!("in {}", span(at, doubt(moment))),
        at => format!("{} ago", span(at.saturating_neg(), doubt(moment))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 03:12:40 UTC.
    const CAPTURED: i64 = 1_795_403_560 * SECOND;

    fn now() -> Now {
        Now::of(Some(&Moment::api(CAPTURED)))
    }

    #[test]
    fn the_calendar_is_right_at_its_corners() {
        for (days, want) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (47_541, "2100-03-01"),
            (20_780, "2026-11-23"),
            (-719_528, "0000-01-01"),
        ] {
            assert_eq!(date(days * DAY), want, "{days}");
        }
        assert_eq!(full(CAPTURED), "2026-11-23 03:12:40");
        assert_eq!(full(-SECOND), "1969-12-31 23:59:59");
    }

    #[test]
    fn a_near_time_has_no_date() {
        let stamp = |seconds: i64| now().stamp(&Moment::api_second(CAPTURED / SECOND - seconds));
        assert_eq!(stamp(877), "02:58:03");
        assert_eq!(stamp(86_399), "03:12:41");
        assert_eq!(stamp(3 * 86_400), "Nov 20 03:12:40");
        assert_eq!(stamp(400 * 86_400), "2025-10-19 03:12");
        assert_eq!(Now(None).stamp(&Moment::api(CAPTURED)), "2026-11-23 03:12");
        assert_eq!(now().minute(&Moment::api(CAPTURED - 1000 * SECOND)), "02:56");
    }

    #[test]
    fn an_age_is_told_as_precisely_as_it_is_known() {
        let capture: crate::Text = "paste".into();
        let age = |least: i64, greatest: i64| {
            now().stamp(&Moment::age(least * SECOND, greatest * SECOND, &capture))
        };
        assert_eq!(age(877, 878), "14m37s ago");
        assert_eq!(age(3 * 3600, 4 * 3600), "3h ago");
        assert_eq!(age(14 * 60, 15 * 60), "14m ago");
        assert_eq!(age(0, 1), "0s ago");
        assert_eq!(age(-6, -5), "in 6s");
        let anchored =
            Moment { earliest: CAPTURED - 4 * HOUR, latest: CAPTURED - 3 * HOUR, clock: Clock::Api };
        assert_eq!(now().stamp(&anchored), "~00:12");
        assert_eq!(now().age(&anchored).as_deref(), Some("3h"));
    }

    #[test]
    fn a_clock_without_year_prints_none() {
        let at = (327 * 86_400 + 4 * 3600 + 39 * 60 + 42) * SECOND;
        let moment = Moment { earliest: at, latest: at, clock: Clock::Yearless("n1".into()) };
        assert_eq!(now().stamp(&moment), "Nov 23 04:39:42");
        assert_eq!(now().age(&moment), None);
        let leap = Moment { earliest: 59 * DAY, latest: 59 * DAY, ..moment };
        assert_eq!(now().stamp(&leap), "Feb 29 00:00:00");
        let boot = Moment { earliest: 3654 * SECOND, latest: 3654 * SECOND, clock: Clock::Boot("n1".into()) };
        assert_eq!(now().stamp(&boot), "start+1h00m");
        assert_eq!(now().age(&boot), None);
    }

    #[test]
    fn spans_have_two_units() {
        let of = |seconds: i64| span(seconds * SECOND, 0);
        let told = [of(9), of(60), of(877), of(7500), of(273_600), of(3 * 86_400)];
        assert_eq!(told, ["9s", "1m00s", "14m37s", "2h05m", "3d04h", "3d"]);
    }

    #[test]
    fn rfc3339_has_a_fraction_only_where_there_is_one() {
        assert_eq!(rfc3339(&Moment::api_second(1)).as_deref(), Some("1970-01-01T00:00:01Z"));
        assert_eq!(rfc3339(&Moment::api(1_500_000)).as_deref(), Some("1970-01-01T00:00:01.500000Z"));
        assert_eq!(rfc3339(&Moment::age(1, 2, &"paste".into())), None);
    }

    #[test]
    fn no_time_is_too_far_away() {
        for at in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX] {
            for clock in
                [Clock::Api, Clock::Capture("c".into()), Clock::Yearless("n".into()), Clock::Boot("n".into())]
            {
                for (earliest, latest) in [(at, at), (i64::MIN, at), (at, i64::MAX)] {
                    let moment = Moment { earliest, latest, clock: clock.clone() };
                    for now in [now(), Now(None), Now(Some(i64::MIN)), Now(Some(i64::MAX))] {
                        assert!(!now.stamp(&moment).is_empty() && now.minute(&moment).len() < 60);
                        assert_ne!(now.age(&moment).as_deref(), Some(""));
                    }
                    assert!(rfc3339(&moment).is_none_or(|text| text.len() <= 27));
                }
            }
        }
    }
}
