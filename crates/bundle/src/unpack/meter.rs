//! Counts bytes, and ends where there are more than there may be.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// A count that several share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spent(Rc<Cell<u64>>);

impl Spent {
    pub(crate) fn get(&self) -> u64 {
        self.0.get()
    }

    pub(super) fn add(&self, more: u64) {
        self.0.set(self.0.get().saturating_add(more));
    }
}

/// Counts what passes.
pub(crate) struct Counted<R> {
    pub inner: R,
    pub spent: Spent,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.spent.add(got as u64);
        Ok(got)
    }
}

/// Fails once more than `most` bytes have passed, and says `why`.
pub(super) struct Limited<R> {
    pub inner: R,
    pub spent: Spent,
    pub most: u64,
    pub why: String,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.most.saturating_sub(self.spent.get());
        if left == 0 && !buffer.is_empty() {
            // Exactly as much as there may be is no fault.
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::other(self.why.clone())),
            };
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let got = self.inner.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.spent.add(got as u64);
        Ok(got)
    }
}
