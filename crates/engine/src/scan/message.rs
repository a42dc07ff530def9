//! Messages of events, conditions and container states, as typed sayings.

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Saying {
    /// Nothing that is known.
    Other,
}

impl Saying {
    /// The stage that it would hold a pod or container at.
    pub fn stage(&self) -> Option<crate::facts::Stage> {
        None
    }
}

/// Reads an event.
pub fn event(_reason: &str, _component: Option<&str>, _message: &str) -> Saying {
    Saying::Other
}

/// Reads a waiting state.
pub fn waiting(_reason: &str, _message: &str) -> Saying {
    Saying::Other
}

/// Reads a terminated state.
pub fn terminated(_reason: &str, _message: &str) -> Saying {
    Saying::Other
}

/// Reads a condition.
pub fn condition(_object: &str, _condition: &str, _status: &str, _reason: &str, _message: &str) -> Saying {
    Saying::Other
}
