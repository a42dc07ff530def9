//! Which Service a path is called after, where the paths of a table follow the names of its Services.

use crate::facts::{Facts, RouteTable};
use crate::subject::Subject;
use std::collections::{BTreeMap, BTreeSet};

/// How the Services of a table are called, without the words that most of them share.
pub(super) struct Names {
    by_core: BTreeMap<String, Subject>,
    common: BTreeSet<String>,
    /// Whether most routes to Services that there are lead to the one that their path is called after.
    pub is_regular: bool,
}

impl Names {
    pub fn of(table: &RouteTable, facts: &Facts) -> Names {
        let namespaces: BTreeSet<_> = table.routes.iter().map(|r| &r.service.namespace).collect();
        let services =
            facts.services().iter().map(|s| &s.object.subject).filter(|s| namespaces.contains(&s.namespace));
        let services: Vec<&Subject> = services.collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for word in services.iter().flat_map(|s| s.name.split('-').collect::<BTreeSet<_>>()) {
            *counts.entry(word).or_default() += 1;
        }
        let common = counts.iter().filter(|(_, count)| **count > 2 && **count * 2 > services.len());
        let common: BTreeSet<String> = common.map(|(word, _)| (*word).to_owned()).collect();
        let core =
            |s: &&Subject| s.name.split('-').filter(|word| !common.contains(*word)).collect::<String>();
        let by_core = services
            .iter()
            .map(|s| (singular(&core(s)), (*s).clone()))
            .filter(|(core, _)| core.len() > 2)
            .collect();
        let mut names = Names { by_core, common, is_regular: false };
        let fits = table.routes.iter().filter(|r| names.meant(&r.path) == Some(&r.service)).count();
        // What is configured and not deployed says nothing about how the rest is called.
        let there = table.routes.iter().filter(|r| facts.object(&r.service).is_some()).count();
        names.is_regular = fits >= 3 && fits * 3 >= there * 2;
        names
    }

    /// The Service that a path is called after, where no route of the table leads to it and most follow their names.
    pub fn unrouted(&self, table: &RouteTable, path: &str) -> Option<&Subject> {
        let meant = self.meant(path).filter(|_| self.is_regular)?;
        (!table.routes.iter().any(|route| route.service == *meant)).then_some(meant)
    }

    /// The Service that a segment of the path is called after.
    pub fn meant(&self, path: &str) -> Option<&Subject> {
        path.split('/').find_map(|segment| {
            let letters: String =
                segment.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
            let core = self
                .common
                .iter()
                .fold(letters.as_str(), |core, word| core.strip_suffix(word.as_str()).unwrap_or(core));
            self.by_core.get(&singular(core))
        })
    }
}

fn singular(word: &str) -> String {
    word.strip_suffix('s').unwrap_or(word).to_owned()
}
