//! Small maps: labels, selectors, amounts.

use crate::Text;
use std::slice::Iter;

/// Values by name, in the order of the names. Most hold a few: a row of pairs takes a fraction of what a tree does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pairs<V>(Vec<(Text, V)>);

impl<V> Default for Pairs<V> {
    fn default() -> Self {
        Pairs(Vec::new())
    }
}

impl<V> Pairs<V> {
    /// None yet.
    pub fn new() -> Self {
        Pairs::default()
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.at(name).ok().and_then(|at| self.0.get(at)).map(|(_, value)| value)
    }

    /// Whether it has that name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.at(name).is_ok()
    }

    /// Sets the value of a name.
    pub fn insert(&mut self, name: Text, value: V) {
        match self.at(&name) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// Names and values, by name.
    pub fn iter(&self) -> <&Self as IntoIterator>::IntoIter {
        self.into_iter()
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &Text> {
        self.0.iter().map(|(name, _)| name)
    }

    /// The values, by name.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn at(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name))
    }
}

/// Of several values of one name the last one counts.
impl<V> FromIterator<(Text, V)> for Pairs<V> {
    fn from_iter<I: IntoIterator<Item = (Text, V)>>(pairs: I) -> Self {
        let mut all: Vec<(Text, V)> = pairs.into_iter().collect();
        all.reverse();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.dedup_by(|a, b| a.0 == b.0);
        all.shrink_to_fit();
        Pairs(all)
    }
}

impl<V, const N: usize> From<[(Text, V); N]> for Pairs<V> {
    fn from(pairs: [(Text, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

type Split<'a, V> = fn(&'a (Text, V)) -> (&'a Text, &'a V);

impl<'a, V> IntoIterator for &'a Pairs<V> {
    type Item = (&'a Text, &'a V);
    type IntoIter = std::iter::Map<Iter<'a, (Text, V)>, Split<'a, V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

impl<V> IntoIterator for Pairs<V> {
    type Item = (Text, V);
    type IntoIter = std::vec::IntoIter<(Text, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(of: &[(&str, u8)]) -> Pairs<u8> {
        of.iter().map(|(name, value)| (Text::from(*name), *value)).collect()
    }

    #[test]
    fn names_stand_in_order_and_the_last_value_counts() {
        let mut some = pairs(&[("b", 1), ("a", 2), ("b", 3)]);
        assert_eq!(some, pairs(&[("a", 2), ("b", 3)]));
        some.insert("aa".into(), 4);
        some.insert("a".into(), 5);
        let all: Vec<(&str, u8)> = some.iter().map(|(name, value)| (&**name, *value)).collect();
        assert_eq!(all, [("a", 5), ("aa", 4), ("b", 3)]);
        assert_eq!((some.get("aa"), some.get("c"), some.contains_key("b")), (Some(&4), None, true));
    }
}
