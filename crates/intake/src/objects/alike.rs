//! What pods of one template have alike. Most of a pod's spec stands word for word in its replicas: it is parsed once.

use super::json::Cursor;
use engine::evidence::{Container, PodSpec, Shared};
use std::ops::Range;
use std::rc::Rc;

/// Of a pod's spec, what replicas have alike.
pub(super) struct Alike {
    /// With the affinity and the class of the first pod.
    pub(super) spec: Shared<PodSpec>,
    /// For each of `initContainers`, without mounts and status; none for one without a name.
    pub(super) init: Vec<Option<Container>>,
    /// The same of `containers`.
    pub(super) containers: Vec<Option<Container>>,
}

/// What is known of the spec of a pod before it is parsed.
pub(super) enum Known {
    /// Nothing, and nothing is to be remembered.
    Nothing,
    /// It is like none before.
    New,
    /// It is like one before, but for what is the pod's own, which is all that is parsed.
    Alike(Rc<Alike>),
}

/// Specs that are looked back at. Lists come sorted by name, so that the replicas of a workload stand together.
const RECENT: usize = 16;

/// Longest spec that is remembered, in bytes: many times what a usual one has, and little of what a hostile one may have.
const LONGEST: usize = 64 << 10;

/// A text with holes.
#[derive(Clone, Default)]
struct Holed {
    text: String,
    /// The bytes before which they are.
    holes: Vec<usize>,
}

impl Holed {
    fn parts(&self) -> impl Iterator<Item = &str> {
        let ends = self.holes.iter().copied().chain([self.text.len()]);
        let starts = [0].into_iter().chain(self.holes.iter().copied());
        starts.zip(ends).map(|(start, end)| &self.text[start..end])
    }

    fn hole(&mut self) {
        self.holes.push(self.text.len());
    }

    /// Whether a spec is this one, with any `values` in the holes. Then it would be cut like this one: what is cut
    /// follows from what stands before.
    fn matches(&self, spec: &str, values: &mut Vec<Range<usize>>) -> bool {
        values.clear();
        let mut cursor = Cursor::new(spec);
        for (at, part) in self.parts().enumerate() {
            if !spec.as_bytes()[cursor.at..].starts_with(part.as_bytes()) {
                return false;
            }
            cursor.at += part.len();
            if at < self.holes.len() {
                let start = cursor.at;
                if !cursor.value() {
                    return false;
                }
                values.push(start..cursor.at);
            }
        }
        cursor.at == spec.len()
    }
}

/// A spec in two halves. Where the first has a hole, the second has a value there, and as many holes.
#[derive(Clone, Default)]
struct Cut {
    /// The spec as written, but for the values that are the pod's own.
    alike: Holed,
    /// The rest: again a spec, but for those values.
    own: Holed,
}

/// The specs of the last pods that were not alike.
#[derive(Default)]
pub(super) struct Specs {
    known: Vec<(Cut, Rc<Alike>)>,
    /// Which of them the last spec was alike, and which is the next to be forgotten.
    last: usize,
    oldest: usize,
    /// The last spec, where it is like none of them.
    new: Cut,
    /// The values that are the last pod's own.
    values: Vec<Range<usize>>,
    /// Its half of the spec, where the other half is known.
    own: String,
}

impl Specs {
    /// What is known of a spec.
    pub(super) fn of(&mut self, spec: &str) -> Known {
        if spec.len() > LONGEST {
            return Known::Nothing;
        }
        let count = self.known.len();
        let found = (self.last..count).chain(0..self.last).find(|at| {
            let (cut, _) = &self.known[*at];
            cut.alike.matches(spec, &mut self.values)
        });
        let Some(found) = found else {
            return if self.new.of(spec) { Known::New } else { Known::Nothing };
        };
        self.last = found;
        let (cut, alike) = &self.known[found];
        self.own.clear();
        let values = self.values.iter().map(|at| &spec[at.clone()]).chain([""]);
        cut.own.parts().zip(values).for_each(|(part, value)| self.own.extend([part, value]));
        Known::Alike(alike.clone())
    }

    /// The pod's own half of a spec that was found to be alike another: again a spec.
    pub(super) fn own(&self) -> &str {
        &self.own
    }

    /// Remembers what the last spec, which was new, says but for what is the pod's own.
    pub(super) fn remember(&mut self, alike: Rc<Alike>) {
        let new = (self.new.clone(), alike);
        if self.known.len() < RECENT {
            self.last = self.known.len();
            self.known.push(new);
        } else {
            self.last = self.oldest;
            self.known[self.oldest] = new;
            self.oldest = (self.oldest + 1) % RECENT;
        }
    }
}

impl Cut {
    /// Cuts a spec. False for one in which something that is a pod's own might be missed.
    fn of(&mut self, spec: &str) -> bool {
        for half in [&mut self.alike, &mut self.own] {
            half.text.clear();
            half.holes.clear();
        }
        let mut cutter = Cutter { cut: self, spec, done: 0 };
        let mut cursor = Cursor::new(spec);
        let mut is_plain = true;
        cutter.cut.own.text.push('{');
        let whole = cursor.entries(|cursor, key| {
            is_plain &= !key.contains('\\');
            match key {
                "nodeName" | "hostname" | "volumes" | "affinity" | "ephemeralContainers" => {
                    cutter.entry(cursor, key)
                }
                "containers" | "initContainers" if cursor.peek() == Some(b'[') => {
                    let containers = cutter.containers(cursor, key);
                    is_plain &= containers;
                    containers
                }
                _ => cursor.value(),
            }
        });
        cutter.cut.own.text.push('}');
        cutter.alike_until(spec.len());
        whole && is_plain && cursor.at == spec.len()
    }
}

/// A spec that is being cut.
struct Cutter<'s> {
    cut: &'s mut Cut,
    spec: &'s str,
    /// Bytes that went to either half.
    done: usize,
}

impl Cutter<'_> {
    /// What was passed over goes to the first half.
    fn alike_until(&mut self, end: usize) {
        self.cut.alike.text.push_str(&self.spec[self.done..end]);
        self.done = end;
    }

    fn own_key(&mut self, key: &str) {
        let own = &mut self.cut.own;
        if !own.text.ends_with('{') {
            own.text.push(',');
        }
        own.text.extend(["\"", key, "\":"]);
    }

    /// The value that begins here is a pod's own; its key stays in the first half, too.
    fn entry(&mut self, cursor: &mut Cursor<'_>, key: &str) -> bool {
        let start = cursor.at;
        let whole = cursor.value();
        self.alike_until(start);
        self.cut.alike.hole();
        self.own_key(key);
        self.cut.own.hole();
        self.done = cursor.at;
        whole
    }

    /// Of the containers that begin here the mounts are a pod's own, each in a container of its own: the volume of the
    /// service account's token has another name in each pod (plugin/pkg/admission/serviceaccount, 1.36).
    fn containers(&mut self, cursor: &mut Cursor<'_>, key: &str) -> bool {
        self.own_key(key);
        self.cut.own.text.push('[');
        cursor.at += 1;
        loop {
            cursor.pass_blank();
            match cursor.peek() {
                Some(b']') => break,
                Some(b',') => cursor.at += 1,
                Some(b'{') => {
                    let own = &mut self.cut.own.text;
                    own.push_str(if own.ends_with('[') { "{" } else { ",{" });
                    let mut is_plain = true;
                    let whole = cursor.entries(|cursor, key| {
                        is_plain &= !key.contains('\\');
                        match key {
                            "volumeMounts" => self.entry(cursor, key),
                            _ => cursor.value(),
                        }
                    });
                    self.cut.own.text.push('}');
                    if !whole || !is_plain {
                        return false;
                    }
                }
                _ => return false,
            }
        }
        self.cut.own.text.push(']');
        cursor.at += 1;
        true
    }
}
