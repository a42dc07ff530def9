//! What to pull instead of an image that does not exist.

use crate::Text;
use crate::evidence::{Container, Read, State, repository};
use crate::facts::Facts;
use crate::finding::{Finding, Remedy};
use crate::subject::Subject;
use std::cmp::Reverse;
use strsim::osa_distance;

/// What the registry has instead, where it was asked; else what ran before.
pub(super) fn remedies(finding: Finding, facts: &Facts, subject: &Subject, container: &Container) -> Finding {
    let image = container.image.as_deref().unwrap_or_default();
    let repository = repository(image);
    let set = |finding: Finding, summary: String, image: &str| {
        let set = format!("{}={image}", container.name);
        finding.remedy(Remedy::set(summary, subject, "image", &[&set]))
    };
    let last = last_good(facts, &subject.whole(), container);
    let finding = match facts.evidence.tags_of(image) {
        None if last.is_none() => set(
            finding.not_seen("which tags its registry has", Some(Read::Tags { image: image.into() })),
            "Name an image that the registry has".to_owned(),
            "<image>",
        ),
        None => finding,
        Some(known) if known.tags.is_empty() => {
            finding.remark(format!("the registry has no tag of {repository} at all"))
        }
        Some(known) => {
            let wanted = image.get(repository.len() + 1..).unwrap_or("latest");
            let nearest = nearest(wanted, &known.tags);
            let names: Vec<&str> = nearest.iter().map(|tag| &***tag).collect();
            let summary = match known.tags.len() {
                1 => format!("Take the one tag that the registry has: {}", names.join("")),
                all => {
                    format!("Take one of the {all} tags that the registry has; nearest: {}", names.join(", "))
                }
            };
            let first = names.first().copied().unwrap_or_default();
            set(finding, summary, &format!("{repository}:{first}"))
        }
    };
    match last {
        Some(last) => set(finding, format!("Go back to {last}, which its other pods run"), &last),
        None => finding,
    }
}

/// How many tags are named.
const NEAREST: usize = 3;

/// The tags that a reader most likely meant: the fewest letters apart, and of those the newest version.
fn nearest<'t>(wanted: &str, tags: &'t [Text]) -> Vec<&'t Text> {
    let version = |tag: &str| -> Vec<u64> {
        tag.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    let mut all: Vec<_> =
        tags.iter().map(|tag| ((osa_distance(wanted, tag), Reverse(version(tag)), &**tag), tag)).collect();
    all.sort();
    all.into_iter().take(NEAREST).map(|(_, tag)| tag).collect()
}

/// Another image of the same container that runs in a pod of the same workload: what a rollout comes from.
pub(super) fn last_good(facts: &Facts, workload: &Subject, container: &Container) -> Option<Text> {
    let runs = |c: &&Container| c.ready == Some(true) && matches!(c.state, Some(State::Running { .. }));
    facts
        .pods_of(workload)
        .flat_map(|pod| pod.pod.containers.iter().filter(|c| c.name == container.name).filter(runs))
        .filter_map(|c| c.image.clone())
        .find(|image| Some(image) != container.image.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_tags_are_those_that_a_typo_is_away() {
        let tags = ["1.0", "1.1", "2.0", "latest", "2.0-alpine"].map(Text::from);
        let names =
            |wanted| nearest(wanted, &tags).into_iter().map(|tag| tag.to_string()).collect::<Vec<_>>();
        assert_eq!(names("3.0"), ["2.0", "1.0", "1.1"]);
        assert_eq!(names("2.0-alpin")[0], "2.0-alpine");
        assert_eq!(names("lates")[0], "latest");
    }
}
