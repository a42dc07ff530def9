//! Templates: lines that differ only in names, numbers and ids, counted together.
//!
//! The shape of a line is a function of the line alone: words that hold a digit, or end as generated names do, are blanks
//! of it. So shapes can be counted in any order, in parts, and merged. What varies without showing it (users, hosts
//! without digits) is found at the end: a word becomes a blank where many others stand in its place. Up to [`SHAPES`]
//! different shapes the result does not depend on order; beyond, memory stays bounded and no line is lost from the count.

mod shape;
#[cfg(test)]
mod tests;

use shape::{BLANKS, Shape, blanks};
use std::collections::BTreeMap;

/// Most shapes held at once.
pub const SHAPES: usize = 4096;
/// The longest part of a line that is looked at, in bytes.
pub const LONGEST: usize = 4096;
/// So many different words in one place, with all else equal, make the place a blank.
const VARIETY: usize = 8;
/// Rounds of looking for such places.
const ROUNDS: usize = 4;
/// Slots of the table that is asked before the tree; a power of two.
const SLOTS: usize = 1024;

/// Lines of one shape.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template {
    /// The text, with `<*>` for what differs. What never differed stands as it was.
    pub text: String,
    /// How many lines, as the caller counts them.
    pub count: u64,
    /// The place of the first line, as the caller numbers them.
    pub first: u64,
    /// The place of the last line.
    pub last: u64,
    /// The first line.
    pub example: String,
}

/// Counts lines by their shapes.
#[derive(Clone, Debug)]
pub struct Miner {
    shapes: Vec<Shape>,
    /// Where the shape of a hash stands.
    index: BTreeMap<u64, usize>,
    /// The same for the shapes met most recently: asked first.
    slots: Vec<(u64, usize)>,
    /// Lines that found no room: their number, and the first of them.
    rest: Option<Template>,
    /// Whether generalising no longer makes room.
    full: bool,
    most: usize,
}

impl Default for Miner {
    fn default() -> Self {
        Miner::new()
    }
}

impl Miner {
    /// Nothing counted yet.
    pub fn new() -> Miner {
        Miner::within(SHAPES)
    }

    /// With room for so many shapes.
    pub fn within(most: usize) -> Miner {
        Miner {
            shapes: Vec::new(),
            index: BTreeMap::new(),
            slots: vec![(0, usize::MAX); SLOTS],
            rest: None,
            full: false,
            most: most.max(1),
        }
    }

    /// The shape of a line, as a number: the same for lines of one shape.
    pub fn shape_of(line: &str) -> u64 {
        shape::read(clip(line), &mut [(0, 0); BLANKS]).0
    }

    /// Counts a line that was seen `count` times at `place`; places order the lines, and need not follow each other.
    pub fn push(&mut self, line: &str, place: u64, count: u64) {
        let line = clip(line);
        let mut found = [(0, 0); BLANKS];
        let (hash, blanks) = shape::read(line, &mut found);
        let found = found.get(..blanks).unwrap_or_default();
        let slot = usize::try_from(hash >> 32).unwrap_or(0) & (SLOTS - 1);
        let known = match self.slots.get(slot) {
            Some(&(known, at)) if known == hash => Some(at),
            _ => self.index.get(&hash).copied(),
        };
        if let Some(at) = known
            && let Some(shape) = self.shapes.get_mut(at)
        {
            shape.add(line, found, place, count);
            self.slots[slot] = (hash, at);
            return;
        }
        if self.shapes.len() >= self.most && !self.full {
            self.make_room();
            // Shapes moved; the line may be of one that was made just now.
            return self.push(line, place, count);
        }
        if self.shapes.len() >= self.most {
            let text = "<*>".to_owned();
            let new = Template { text, count, first: place, last: place, example: line.to_owned() };
            self.rest = join(self.rest.take(), Some(new));
            return;
        }
        self.index.insert(hash, self.shapes.len());
        self.shapes.push(Shape::new(line, found, place, count));
    }

    fn make_room(&mut self) {
        let mut shapes = self.take();
        for variety in [VARIETY, 2] {
            if shapes.len() > self.most - self.most.div_ceil(4) {
                generalise(&mut shapes, variety);
            }
        }
        self.full = shapes.len() > self.most - self.most.div_ceil(4);
        self.put(shapes);
    }

    fn take(&mut self) -> BTreeMap<u64, Shape> {
        self.slots.fill((0, usize::MAX));
        let mut places: Vec<(usize, u64)> =
            std::mem::take(&mut self.index).into_iter().map(|(hash, at)| (at, hash)).collect();
        places.sort_unstable();
        places.into_iter().map(|(_, hash)| hash).zip(std::mem::take(&mut self.shapes)).collect()
    }

    fn put(&mut self, shapes: BTreeMap<u64, Shape>) {
        self.index = shapes.keys().enumerate().map(|(at, hash)| (*hash, at)).collect();
        self.shapes = shapes.into_values().collect();
    }

    /// Adds what another has counted.
    pub fn absorb(&mut self, mut other: Miner) {
        let mut shapes = self.take();
        for (hash, shape) in other.take() {
            merge(&mut shapes, hash, shape);
        }
        self.rest = join(self.rest.take(), other.rest);
        for variety in [VARIETY, 2] {
            if shapes.len() > self.most {
                generalise(&mut shapes, variety);
            }
        }
        while shapes.len() > self.most {
            // The rarest go first; of those the last.
            let rarest = shapes.iter().min_by_key(|(hash, s)| (s.count, u64::MAX - s.first, **hash));
            let Some(hash) = rarest.map(|(hash, _)| *hash) else { break };
            let gone =
                shapes.remove(&hash).map(|shape| Template { text: "<*>".to_owned(), ..shape.template() });
            self.rest = join(self.rest.take(), gone);
        }
        self.put(shapes);
    }

    /// The templates, in the order of their first lines. Lines that found no room are one of them, of which nothing is
    /// known but the number.
    pub fn finish(mut self) -> Vec<Template> {
        let mut shapes = self.take();
        generalise(&mut shapes, VARIETY);
        let mut all: Vec<Template> = shapes.into_values().map(Shape::template).collect();
        all.extend(self.rest);
        all.sort_by(|a, b| a.first.cmp(&b.first).then_with(|| a.cmp(b)));
        all
    }
}

fn merge(shapes: &mut BTreeMap<u64, Shape>, hash: u64, shape: Shape) {
    match shapes.get_mut(&hash) {
        Some(known) => known.absorb(shape),
        None => {
            shapes.insert(hash, shape);
        }
    }
}

fn clip(line: &str) -> &str {
    line.get(..line.floor_char_boundary(LONGEST)).unwrap_or(line)
}

fn join(a: Option<Template>, b: Option<Template>) -> Option<Template> {
    match (a, b) {
        (Some(a), Some(b)) => {
            let earlier = (b.first, &b.example) < (a.first, &a.example);
            Some(Template {
                count: a.count.saturating_add(b.count),
                first: a.first.min(b.first),
                last: a.last.max(b.last),
                text: a.text,
                example: if earlier { b.example } else { a.example },
            })
        }
        (a, b) => a.or(b),
    }
}

/// Makes blanks of the words in whose place at least `variety` different ones stand, all else being equal.
fn generalise(shapes: &mut BTreeMap<u64, Shape>, variety: usize) {
    for _ in 0..ROUNDS {
        // For each shape with one word left out: the shapes that it stands for.
        let mut groups: BTreeMap<u64, Vec<(u64, usize)>> = BTreeMap::new();
        for (hash, shape) in shapes.iter() {
            for word in 0..shape.words() {
                groups.entry(shape.without(word)).or_default().push((*hash, word));
            }
        }
        let mut groups: Vec<(u64, Vec<(u64, usize)>)> =
            groups.into_iter().filter(|(_, members)| members.len() >= variety).collect();
        // The greatest first; each shape goes with one group a round.
        groups.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(&b.0)));
        let mut changed = false;
        for (key, members) in groups {
            let members: Vec<_> = members.into_iter().filter(|(hash, _)| shapes.contains_key(hash)).collect();
            if members.len() < variety {
                continue;
            }
            let taken = members.iter().filter_map(|&(hash, word)| {
                let mut shape = shapes.remove(&hash)?;
                shape.blank(word);
                Some(shape)
            });
            let taken: Vec<Shape> = taken.collect();
            let mut taken = taken.into_iter();
            let Some(mut all) = taken.next() else { continue };
            taken.for_each(|shape| all.absorb(shape));
            merge(shapes, key, all);
            changed = true;
        }
        if !changed {
            return;
        }
    }
}

/// The ranges of a text that its shape leaves blank.
pub fn variable(line: &str) -> Vec<std::ops::Range<usize>> {
    blanks(clip(line))
}
