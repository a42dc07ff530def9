//! Values that many objects have alike.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A value that things alike may share: the replicas of a workload have one spec. Written to, it becomes their own.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shared<T>(Arc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(self.0.clone())
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Shared(Arc::new(value))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

/// Lets the fields of what is shared be read and written through the thing that shares it.
macro_rules! reads_through {
    ($thing:ty, $shared:ident: $target:ty) => {
        impl std::ops::Deref for $thing {
            type Target = $target;

            fn deref(&self) -> &$target {
                &self.$shared
            }
        }

        impl std::ops::DerefMut for $thing {
            fn deref_mut(&mut self) -> &mut $target {
                &mut self.$shared
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_to_one_leaves_the_other() {
        let one = Shared::from(vec![1]);
        let mut other = one.clone();
        other.push(2);
        assert_eq!((one.len(), other.len()), (1, 2));
    }
}
