//! What lines say, counted: so many claims of each kind, so that no flood of one kind hides another.

use super::NodeSighting;
use super::claim::NodeClaim;
use crate::Text;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;

/// Sightings, the first of each kind.
#[derive(Default)]
pub(super) struct Kept {
    /// Most claims of one kind.
    room: usize,
    seen: BTreeMap<NodeClaim, NodeSighting>,
    kinds: Vec<Kind>,
    /// Lines whose claim found no room.
    pub dropped: u64,
    /// Of a part: what stands before it, as far as it was read, has these.
    before: Arc<BTreeSet<NodeClaim>>,
    /// Of a part: a claim found no room that it may have had, had all been read that stands before.
    pub unsure: bool,
}

/// Claims of one kind.
#[derive(Clone, Copy)]
struct Kind {
    of: Discriminant<NodeClaim>,
    count: usize,
    /// Whether what stands before a part has as many as there may be.
    was_full: bool,
}

/// What a line tells beside its claim.
pub(super) struct Seen {
    pub detail: Option<Text>,
    pub unusual: bool,
    pub line: u32,
    pub at: Option<i64>,
}

impl Kept {
    pub(super) fn new(room: usize) -> Kept {
        Kept { room, ..Kept::default() }
    }

    /// Begins what is joined with this in the end.
    pub(super) fn part(&mut self) -> Kept {
        if self.before.len() != self.seen.len() {
            self.before = Arc::new(self.seen.keys().cloned().collect());
        }
        let kinds =
            self.kinds.iter().map(|kind| Kind { was_full: kind.count >= self.room, ..*kind }).collect();
        Kept { before: Arc::clone(&self.before), kinds, ..Kept::new(self.room) }
    }

    /// Whether there is nothing to count it under, and no room.
    pub(super) fn is_lost(&self, claim: &NodeClaim) -> bool {
        self.kind(claim).is_some_and(|kind| kind.count >= self.room)
            && !self.before.contains(claim)
            && !self.seen.contains_key(claim)
    }

    fn kind(&self, claim: &NodeClaim) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.of == discriminant(claim))
    }

    /// Counts lines whose claim is lost.
    pub(super) fn lose(&mut self, claim: &NodeClaim, lines: u64) {
        self.dropped += lines;
        self.unsure |= !self.kind(claim).is_some_and(|kind| kind.was_full);
    }

    /// Counts a line; `text` is asked for what shows it.
    pub(super) fn see(&mut self, claim: NodeClaim, seen: Seen, text: impl FnOnce() -> Text) {
        let Seen { detail, unusual, line, at } = seen;
        if let Some(known) = self.seen.get_mut(&claim) {
            known.count += 1;
            known.first = known.first.or(at);
            known.last = at.or(known.last);
            known.detail = detail.or(known.detail.take());
            known.unusual &= unusual;
        } else if self.is_lost(&claim) {
            self.lose(&claim, 1);
        } else {
            let new = NodeSighting {
                claim: claim.clone(),
                count: 1,
                first: at,
                last: at,
                text: text(),
                detail,
                unusual,
                line,
            };
            self.add(claim, new);
        }
    }

    fn add(&mut self, claim: NodeClaim, new: NodeSighting) {
        if !self.before.contains(&claim) {
            let of = discriminant(&claim);
            match self.kinds.iter_mut().find(|kind| kind.of == of) {
                Some(kind) => kind.count += 1,
                None => self.kinds.push(Kind { of, count: 1, was_full: false }),
            }
        }
        self.seen.insert(claim, new);
    }

    /// Adds what stands behind all others, its lines counted from `before` on.
    pub(super) fn join(&mut self, later: Kept, before: u32) {
        self.dropped += later.dropped;
        let mut all: Vec<NodeSighting> = later.seen.into_values().collect();
        // Room goes to who came first.
        all.sort_by_key(|sighting| sighting.line);
        for mut new in all {
            new.line = new.line.saturating_add(before);
            if let Some(known) = self.seen.get_mut(&new.claim) {
                known.count += new.count;
                known.first = known.first.or(new.first);
                known.last = new.last.or(known.last);
                known.detail = new.detail.or(known.detail.take());
                known.unusual &= new.unusual;
            } else if self.is_lost(&new.claim) {
                self.lose(&new.claim, new.count);
            } else {
                self.add(new.claim.clone(), new);
            }
        }
    }

    pub(super) fn list(self) -> Vec<NodeSighting> {
        self.seen.into_values().collect()
    }
}
