//! Amounts of resources.

use super::Pairs;
use crate::Text;
use std::fmt;

/// An amount as Kubernetes writes it, and its value in thousandths of the base unit (cores, bytes, pieces).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    /// Thousandths of a core, byte or piece; saturates at the ends of `i64`.
    pub milli: i64,
    /// As it was written.
    pub text: Text,
}

impl Quantity {
    /// Reads a quantity: digits with an optional fraction, then a binary or decimal suffix or an exponent
    /// (`resource.Quantity` of k8s.io/apimachinery, all versions). None where the text is none.
    pub fn parse(text: &str) -> Option<Quantity> {
        let text = text.trim();
        let number = text
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '+' || c == '-'))
            .unwrap_or(text.len());
        let (number, suffix) = text.split_at(number);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains(['+', '-', '.']) {
            return None;
        }
        let negative = whole.starts_with('-');
        let whole = whole.strip_prefix(['+', '-']).unwrap_or(whole);
        if whole.contains(['+', '-']) {
            return None;
        }
        let scale: i128 = match suffix {
            "n" | "u" | "" | "m" => 1,
            "k" => 1_000,
            "M" => 1_000_000,
            "G" => 1_000_000_000,
            "T" => 1_000_000_000_000,
            "P" => 1_000_000_000_000_000,
            "E" => 1_000_000_000_000_000_000,
            "Ki" => 1 << 10,
            "Mi" => 1 << 20,
            "Gi" => 1 << 30,
            "Ti" => 1 << 40,
            "Pi" => 1 << 50,
            "Ei" => 1 << 60,
            _ => {
                let exponent: u32 = suffix.strip_prefix(['e', 'E'])?.trim_start_matches('+').parse().ok()?;
                10i128.checked_pow(exponent.min(18))?
            }
        };
        let divisor: i128 = match suffix {
            "n" => 1_000_000_000,
            "u" => 1_000_000,
            "m" => 1_000,
            _ => 1,
        };
        let digits = |s: &str| -> Option<i128> {
            if s.is_empty() { Some(0) } else { s.get(..s.len().min(18))?.parse().ok() }
        };
        let kept = fraction.len().min(18);
        let unit = 10i128.checked_pow(u32::try_from(kept).ok()?)?;
        let value = digits(whole)?.checked_mul(unit)?.checked_add(digits(fraction)?)?;
        // Rounded up, as the API server does for amounts below its resolution.
        let milli = value.checked_mul(1000)?.checked_mul(scale)?;
        let (milli, parts) = (milli, unit.checked_mul(divisor)?);
        let milli = milli / parts + i128::from(milli % parts != 0);
        let milli = if negative { -milli } else { milli };
        Some(Quantity {
            milli: i64::try_from(milli).unwrap_or(if negative { i64::MIN } else { i64::MAX }),
            text: text.into(),
        })
    }

    /// The value in whole base units, rounded up.
    pub fn whole(&self) -> i64 {
        self.milli.div_euclid(1000) + i64::from(self.milli.rem_euclid(1000) != 0)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Amounts by resource name: `cpu`, `memory`, `ephemeral-storage`, `pods`, `requests.cpu`, `nvidia.com/gpu`, …
pub type Resources = Pairs<Quantity>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_exact() {
        let milli = |text: &str| Quantity::parse(text).map(|q| q.milli);
        assert_eq!(milli("250m"), Some(250));
        assert_eq!(milli("2"), Some(2_000));
        assert_eq!(milli("1.5Gi"), Some(1_610_612_736_000));
        assert_eq!(milli("64Mi"), Some(67_108_864_000));
        assert_eq!(milli("1e3"), Some(1_000_000));
        assert_eq!(milli("128M"), Some(128_000_000_000));
        assert_eq!(milli("100n"), Some(1));
        assert_eq!(milli("-1"), Some(-1_000));
        assert_eq!(milli("16Ei"), Some(i64::MAX));
    }

    #[test]
    fn what_is_no_quantity_is_none() {
        for text in ["", "abc", "12q", "1.2.3", "--1", "1-2", "<none>", "e3"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }
}
