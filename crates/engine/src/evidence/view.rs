//! Kinds of view, and what each of them shows.

/// How an object was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum View {
    /// Named by another object or by an event.
    Mention,
    /// A manifest that somebody applied: wishes, no status.
    Manifest,
    /// `kubectl get`.
    Table,
    /// `kubectl get -o wide`.
    TableWide,
    /// `kubectl get --show-labels`.
    TableLabels,
    /// A part of `kubectl describe`, the rest cut off.
    Fragment,
    /// `kubectl describe`.
    Describe,
    /// The whole object, in JSON or YAML.
    Whole,
}

/// A group of fields that a view shows together, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Labels.
    Labels,
    /// Owners.
    Owners,
    /// Containers with images, ports, limits, probes, environment, mounts; volumes, tolerations, selectors.
    Spec,
    /// What the spec has and describe leaves out: affinity, pull secrets, restart policy, grace.
    FullSpec,
    /// The summary that tables print.
    Summary,
    /// The node a pod is on.
    Placement,
    /// Container states, conditions.
    Status,
}

/// The one table: which view shows which groups.
fn shows(view: View, group: Group) -> bool {
    use Group::*;
    match view {
        View::Mention => false,
        View::Fragment => false,
        View::Manifest => matches!(group, Labels | Spec | FullSpec),
        View::Table => matches!(group, Summary),
        View::TableWide => matches!(group, Summary | Placement),
        View::TableLabels => matches!(group, Summary | Labels),
        View::Describe => !matches!(group, FullSpec),
        View::Whole => true,
    }
}

const ALL: [View; 8] = [
    View::Mention,
    View::Manifest,
    View::Table,
    View::TableWide,
    View::TableLabels,
    View::Fragment,
    View::Describe,
    View::Whole,
];

/// A set of views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Views {
    all: u8,
    /// Those of them after which the object was not seen to be gone.
    present: u8,
}

impl Views {
    /// The set of one view.
    pub fn of(view: View) -> Self {
        Views { all: 1 << view as u8, present: 1 << view as u8 }
    }

    /// Both sets.
    #[must_use]
    pub fn and(self, other: Views) -> Self {
        Views { all: self.all | other.all, present: self.present | other.present }
    }

    /// The same views, of an object that a later look did not find any more.
    #[must_use]
    pub fn past(self) -> Self {
        Views { present: 0, ..self }
    }

    /// Whether it holds that view.
    pub fn has(self, view: View) -> bool {
        self.all & (1 << view as u8) != 0
    }

    /// Whether a view of the set shows that group.
    pub fn show(self, group: Group) -> bool {
        ALL.into_iter().any(|view| self.has(view) && shows(view, group))
    }

    /// Whether the cluster itself was seen to have the object: not only named, not only wished for, and not gone since.
    pub fn is_live(self) -> bool {
        ALL.into_iter().any(|view| view >= View::Table && self.present & (1 << view as u8) != 0)
    }

    /// Whether the object was there, and a later look did not find it any more.
    pub fn is_past(self) -> bool {
        !self.is_live() && ALL.into_iter().any(|view| view >= View::Table && self.has(view))
    }

    /// The richest view of the set.
    pub fn best(self) -> View {
        ALL.get(self.all.checked_ilog2().unwrap_or(0) as usize).copied().unwrap_or(View::Mention)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shows_no_labels_and_a_describe_no_affinity() {
        assert!(!Views::of(View::Table).show(Group::Labels));
        assert!(Views::of(View::Table).and(Views::of(View::Describe)).show(Group::Labels));
        assert!(!Views::of(View::Describe).show(Group::FullSpec));
        assert!(Views::of(View::Whole).show(Group::FullSpec));
    }

    #[test]
    fn a_manifest_is_no_proof_of_life() {
        assert!(!Views::of(View::Manifest).is_live());
        assert!(Views::of(View::Table).is_live());
    }

    #[test]
    fn what_is_gone_is_seen_and_not_there() {
        let gone = Views::of(View::Describe).past();
        assert!(gone.is_past() && !gone.is_live() && gone.show(Group::Status));
        assert!(gone.and(Views::of(View::Table)).is_live());
        assert!(!Views::of(View::Mention).is_past());
    }
}
