//! Values as kubectl prints them.

use crate::Place;
pub(super) use crate::address::of as address;
use crate::kubectl::age::{self, Age};
use crate::kubectl::outline::is_none;
use crate::kubectl::times::{self, Basis};
use engine::Text;
use engine::evidence::{Pairs, Quantity, Resources, Selector};
use engine::moment::{Clock, Moment};

/// An age cell as a moment.
pub(super) fn age(text: &str, place: &Place) -> Option<Moment> {
    let span = age::age(text).and_then(Age::past)?;
    Some(Moment::age(span.earliest, span.latest, &place.capture))
}

/// `15s (x3 over 81s)`: first, last, count.
pub(super) fn repeated(text: &str, place: &Place) -> (Option<Moment>, Option<Moment>, u64) {
    let Some(repeated) = age::repeated(text) else { return (None, None, 1) };
    let moment = |age: Age| age.past().map(|s| Moment::age(s.earliest, s.latest, &place.capture));
    let last = moment(repeated.last);
    let first = repeated.first.and_then(moment).or_else(|| last.clone());
    (first, last, repeated.count)
}

/// An absolute time of `describe`.
pub(super) fn time(text: &str) -> Option<Moment> {
    let stamp = times::stamp(text.trim())?;
    (stamp.basis == Basis::Utc).then_some(Moment {
        earliest: stamp.span.earliest,
        latest: stamp.span.latest,
        clock: Clock::Api,
    })
}

/// `a=b,c=d` or lines of `a=b`.
pub(super) fn pairs<'a>(items: impl Iterator<Item = &'a str>) -> Pairs<Text> {
    items
        .filter_map(|item| item.split_once('='))
        .map(|(key, value)| (Text::from(key.trim()), Text::from(value.trim())))
        .collect()
}

/// Lines of `key: value` or `key:value`.
pub(super) fn colon_pairs<'a>(items: impl Iterator<Item = &'a str>) -> Pairs<Text> {
    items
        .filter_map(|item| item.split_once(':'))
        .map(|(key, value)| (Text::from(key.trim()), Text::from(value.trim())))
        .collect()
}

/// A selector: `a=b,c in (d,e),!f`.
pub(super) fn selector(text: &str) -> Option<Selector> {
    if is_none(text) {
        return None;
    }
    let mut selector = Selector::default();
    for part in split_top(text) {
        let part = part.trim();
        let requirement = |key: &str, operator: &str, values: &str| engine::evidence::Requirement {
            key: key.trim().into(),
            operator: operator.into(),
            values: values
                .trim()
                .trim_start_matches('(')
                .trim_end_matches(')')
                .split(',')
                .map(str::trim)
                .filter(|v| !v.is_empty())
                .map(Text::from)
                .collect(),
        };
        if let Some((key, values)) = part.split_once(" notin ") {
            selector.expressions.push(requirement(key, "NotIn", values));
        } else if let Some((key, values)) = part.split_once(" in ") {
            selector.expressions.push(requirement(key, "In", values));
        } else if let Some((key, value)) = part.split_once("!=") {
            selector.expressions.push(requirement(key, "NotIn", value));
        } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
            selector.labels.insert(key.into(), value.into());
        } else if let Some(key) = part.strip_prefix('!') {
            selector.expressions.push(requirement(key, "DoesNotExist", ""));
        } else if !part.is_empty() {
            selector.expressions.push(requirement(part, "Exists", ""));
        }
    }
    Some(selector)
}

/// Splits at commas outside parentheses.
fn split_top(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// One amount.
pub(super) fn quantity(text: &str) -> Option<Quantity> {
    Quantity::parse(text.split_whitespace().next().unwrap_or(""))
}

/// `cpu: 100m` lines.
pub(super) fn resources<'a>(items: impl Iterator<Item = (&'a str, &'a str)>) -> Resources {
    items.filter_map(|(name, amount)| Some((name.into(), quantity(amount)?))).collect()
}

/// A count.
pub(super) fn count(text: &str) -> Option<u32> {
    let digits: &str = text.trim();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}

/// `2/3`.
pub(super) fn of(text: &str) -> Option<(u32, u32)> {
    let (ready, all) = text.trim().split_once('/')?;
    Some((ready.trim().parse().ok()?, count(all)?))
}

/// The access modes as the object names them, from their short or long form.
pub(super) fn access_modes(text: &str) -> Vec<Text> {
    text.split(',')
        .map(str::trim)
        .filter(|mode| !is_none(mode))
        .map(|mode| match mode {
            "RWO" => "ReadWriteOnce".into(),
            "ROX" => "ReadOnlyMany".into(),
            "RWX" => "ReadWriteMany".into(),
            "RWOP" => "ReadWriteOncePod".into(),
            other => other.into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::evidence::Address;

    #[test]
    fn addresses_lose_their_secrets() {
        let read = address("postgres://app:s3cret@db.shop:5432/orders?sslmode=disable");
        assert_eq!(
            read,
            Some(Address {
                scheme: Some("postgres".into()),
                host: "db.shop".into(),
                port: Some(5432),
                database: Some("orders".into()),
                has_user: true
            })
        );
        assert_eq!(address("session-cache:6379").and_then(|a| a.port), Some(6379));
        for text in ["true", "8080", "12:30", "/etc/config:ro", "a b:80", "debug"] {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn selectors_are_read() {
        let read = selector("app=web,tier in (a,b),!old").unwrap_or_default();
        assert_eq!(read.labels.len(), 1);
        assert_eq!(read.expressions.len(), 2);
    }
}
