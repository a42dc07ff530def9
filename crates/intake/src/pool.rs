//! Shares equal texts: names, reasons and labels of one file repeat thousands of times.

use engine::Text;
use std::cell::RefCell;

const SLOTS: usize = 1 << 12;

/// Texts longer than this hardly repeat.
const LONGEST: usize = 96;

/// A table with one place for each hash: a newer text takes the place of an older one, so that it never grows.
pub(crate) struct Pool(RefCell<Vec<Option<Text>>>);

impl Pool {
    pub(crate) fn new() -> Self {
        Pool(RefCell::new(vec![None; SLOTS]))
    }

    /// An owned text, shared with an earlier equal one where that is still known.
    pub(crate) fn text(&self, text: &str) -> Text {
        if text.len() > LONGEST {
            return text.into();
        }
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let slot = usize::try_from((hash ^ (hash >> 32)) % SLOTS as u64).unwrap_or(0);
        let mut slots = self.0.borrow_mut();
        match &mut slots[slot] {
            Some(known) if **known == *text => known.clone(),
            other => other.insert(text.into()).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn equal_texts_are_one() {
        let pool = Pool::new();
        let (a, b) = (pool.text("Running"), pool.text("Running"));
        assert!(Arc::ptr_eq(&a, &b));
        for n in 0..20_000 {
            assert_eq!(&*pool.text(&format!("name-{n}")), format!("name-{n}"));
        }
    }
}
