//! Times as they are known: an interval and the clock that was read.

use crate::Text;

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;

/// How far two clocks of one cluster may differ before an order between them is believed, in microseconds.
pub const SKEW: i64 = 2 * SECOND;

/// Who read the clock. Two moments of different clocks are ordered only beyond [`SKEW`], and not at all when one of
/// the clocks is not anchored to the calendar.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// Written by the API server or a controller, UTC.
    Api,
    /// Written on that node, with a known offset from UTC.
    Node(Text),
    /// Written by a process in a container, with a known offset from UTC.
    Container,
    /// A node's wall clock without year or offset, as klog and short journals write it. Counted from the first of
    /// January of a leap year.
    Yearless(Text),
    /// Counted from the start of that node, as the kernel's ring buffer and monotonic journals do.
    Boot(Text),
    /// Ages of one capture that nothing ties to the calendar: zero is the moment of capture, the past is negative.
    Capture(Text),
}

impl Clock {
    /// Whether moments of this clock count from 1970-01-01 UTC.
    pub fn is_absolute(&self) -> bool {
        matches!(self, Clock::Api | Clock::Node(_) | Clock::Container)
    }
}

/// Yes, no, or not to be told from what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tri {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// The evidence does not tell.
    Unknown,
}

/// A point in time, known to lie between `earliest` and `latest` (both in microseconds, inclusive).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// Not before this.
    pub earliest: i64,
    /// Not after this.
    pub latest: i64,
    /// The clock that both were read from.
    pub clock: Clock,
}

impl Moment {
    /// An exact moment of the API server's clock, in microseconds since 1970.
    pub fn api(at: i64) -> Self {
        Moment { earliest: at, latest: at, clock: Clock::Api }
    }

    /// A moment the API server writes in whole seconds.
    pub fn api_second(seconds: i64) -> Self {
        let earliest = seconds.saturating_mul(SECOND);
        Moment { earliest, latest: earliest.saturating_add(SECOND - 1), clock: Clock::Api }
    }

    /// So long (in microseconds, least and greatest) before the capture of that name.
    pub fn age(least: i64, greatest: i64, capture: &Text) -> Self {
        Moment {
            earliest: greatest.saturating_neg(),
            latest: least.saturating_neg(),
            clock: Clock::Capture(capture.clone()),
        }
    }

    /// Whether this lies before `other`.
    pub fn before(&self, other: &Moment) -> Tri {
        let slack = if self.clock == other.clock {
            0
        } else if self.clock.is_absolute() && other.clock.is_absolute() {
            SKEW
        } else {
            return Tri::Unknown;
        };
        if self.latest.saturating_add(slack) < other.earliest {
            Tri::Yes
        } else if self.earliest >= other.latest.saturating_add(slack) {
            Tri::No
        } else {
            Tri::Unknown
        }
    }

    /// Whether this may lie at or before `other`: not shown to lie after it.
    pub fn not_after(&self, other: &Moment) -> bool {
        other.before(self) != Tri::Yes
    }

    /// The order used for printing: absolute times first, then by their earliest bound. Not a causal order.
    pub fn print_key(&self) -> (bool, i64, i64) {
        (!self.clock.is_absolute(), self.earliest, self.latest)
    }

    /// The earlier of two by [`Moment::print_key`].
    pub fn first(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
        match (a, b) {
            (Some(a), Some(b)) => Some(if b.print_key() < a.print_key() { b } else { a }),
            (a, b) => a.or(b),
        }
    }

    /// The later of two by [`Moment::print_key`], within one kind of clock.
    pub fn last(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
        match (a, b) {
            (Some(a), Some(b)) => {
                let later = (b.clock.is_absolute(), b.latest) > (a.clock.is_absolute(), a.latest);
                Some(if later { b } else { a })
            }
            (a, b) => a.or(b),
        }
    }

    /// Microseconds from this to `later`, at their least and greatest; none between clocks that have nothing in common.
    pub fn until(&self, later: &Moment) -> Option<(i64, i64)> {
        (self.clock == later.clock || (self.clock.is_absolute() && later.clock.is_absolute()))
            .then(|| (later.earliest.saturating_sub(self.latest), later.latest.saturating_sub(self.earliest)))
    }
}

/// Days since 1970-01-01 of the Gregorian calendar (Howard Hinnant, `days_from_civil`).
pub fn days_from_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last one.
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(at: i64) -> Moment {
        Moment { earliest: at, latest: at, clock: Clock::Node("n1".into()) }
    }

    #[test]
    fn one_clock_orders_to_the_microsecond() {
        assert_eq!(Moment::api(1).before(&Moment::api(2)), Tri::Yes);
        assert_eq!(Moment::api(2).before(&Moment::api(2)), Tri::No);
        assert_eq!(Moment::api(3).before(&Moment::api(2)), Tri::No);
    }

    #[test]
    fn overlapping_seconds_have_no_order() {
        let second = Moment::api_second(10);
        assert_eq!(second.before(&Moment::api(10 * SECOND + 5)), Tri::Unknown);
        assert_eq!(second.before(&Moment::api(11 * SECOND)), Tri::Yes);
    }

    #[test]
    fn two_clocks_order_only_beyond_their_skew() {
        assert_eq!(node(0).before(&Moment::api(SECOND)), Tri::Unknown);
        assert_eq!(node(0).before(&Moment::api(SKEW + 1)), Tri::Yes);
        assert_eq!(node(SKEW).before(&Moment::api(0)), Tri::No);
    }

    #[test]
    fn ages_of_one_capture_order_among_themselves_alone() {
        let capture: Text = "paste".into();
        let old = Moment::age(60 * SECOND, 61 * SECOND, &capture);
        let new = Moment::age(5 * SECOND, 6 * SECOND, &capture);
        assert_eq!(old.before(&new), Tri::Yes);
        assert_eq!(old.before(&Moment::api(0)), Tri::Unknown);
        assert_eq!(old.until(&new), Some((54 * SECOND, 56 * SECOND)));
    }
}
