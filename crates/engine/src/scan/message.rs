//! Messages of events, conditions and container states, as typed sayings.
