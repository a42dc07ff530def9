//! Every detector, in one visible list. A detector is a plain function over facts; see the page beside each.

use crate::facts::Facts;
use crate::finding::{Code, Finding};

/// A detector: its name, the codes that it may give, its page and its function.
pub struct Detector {
    /// The name of its two files.
    pub name: &'static str,
    /// The codes that its page documents.
    pub codes: &'static [Code],
    /// Its page, in Markdown.
    pub page: &'static str,
    /// Looks at the facts and says what it finds.
    pub detect: fn(&Facts, &mut Vec<Finding>),
}

macro_rules! detector {
    ($name:ident: $($code:ident),+) => {
        Detector {
            name: stringify!($name),
            codes: &[$(Code::$code),+],
            page: include_str!(concat!("detectors/", stringify!($name), ".md")),
            detect: $name::detect,
        }
    };
}

/// The list. The order does not show in reports.
pub static DETECTORS: &[Detector] = &[];

/// Runs every detector.
pub fn run(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    for detector in DETECTORS {
        (detector.detect)(facts, &mut found);
    }
    found
}
