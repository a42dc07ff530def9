//! What a failed pull is called, and what to do about it.

use crate::Text;
use crate::evidence::{Container, Read, State, repository};
use crate::facts::Facts;
use crate::finding::{Code, Finding, Honesty, Remedy};
use crate::scan::message::PullCause;
use crate::subject::Subject;
use std::cmp::Reverse;
use strsim::osa_distance;

pub(super) fn tell(cause: Option<&PullCause>, image: &str) -> (Code, String) {
    let image = if image.is_empty() { "the image" } else { image };
    match cause {
        Some(PullCause::TagMissing | PullCause::RepositoryMissing) => (
            Code::ImageNotFound,
            format!("The registry has no {image}: the repository, tag or digest does not exist."),
        ),
        Some(PullCause::RepositoryMissingOrDenied) => (
            Code::ImagePullDenied,
            format!(
                "The registry refuses {image}: the repository does not exist, or it asks for credentials that the pod lacks."
            ),
        ),
        Some(PullCause::Unauthorized { .. }) => (
            Code::ImagePullDenied,
            format!("The registry refuses {image}: the pull has no credentials, or wrong ones."),
        ),
        Some(PullCause::RateLimited) => (
            Code::RegistryRateLimited,
            format!("The registry limits the rate of pulls and refuses {image} for now."),
        ),
        Some(PullCause::Dns { host, .. }) => (
            Code::RegistryNameUnresolved,
            format!("The node cannot resolve the registry's name {}, so {image} cannot be pulled.", host),
        ),
        Some(PullCause::Unreachable { host, .. }) => (
            Code::RegistryUnreachable,
            format!(
                "The node cannot reach the registry{} to pull {image}.",
                host.as_deref().map(|h| format!(" {h}")).unwrap_or_default()
            ),
        ),
        Some(PullCause::Timeout) => {
            (Code::RegistryUnreachable, format!("The registry does not answer in time for {image}."))
        }
        Some(PullCause::Tls { .. } | PullCause::HttpToHttps) => (
            Code::RegistryTlsFailed,
            format!("The node does not accept the registry's certificate or protocol for {image}."),
        ),
        Some(PullCause::NoPlatform) => {
            (Code::ImagePlatformMissing, format!("{image} exists, and not for the platform of the node."))
        }
        Some(PullCause::NoSpace) => {
            (Code::ImageDiskFull, format!("The node has no space left to unpack {image}."))
        }
        Some(PullCause::InvalidName) => {
            (Code::ImageNameInvalid, format!("{image} is no valid image reference."))
        }
        Some(PullCause::NeverPull) => {
            (Code::ImageNeverPulled, format!("{image} is not on the node, and its pull policy is Never."))
        }
        _ => (Code::ImagePullFailed, format!("{image} cannot be pulled.")),
    }
}

pub(super) fn remedies(
    finding: Finding,
    facts: &Facts,
    subject: &Subject,
    container: Option<&Container>,
) -> Finding {
    match (finding.code, container) {
        (Code::ImageNotFound, Some(container)) if container.image.is_some() => {
            tagged(finding, facts, subject, container)
        }
        (Code::ImageNotFound | Code::ImageNameInvalid | Code::RegistryNameUnresolved, Some(container)) => {
            let (summary, image) = match last_good(facts, &subject.whole(), container) {
                Some(image) => (format!("Go back to {image}, which its other pods run"), image.to_string()),
                None => ("Name an image that the registry has".to_owned(), "<image>".to_owned()),
            };
            let image = format!("{}={image}", container.name);
            finding.remedy(Remedy::set(summary, subject, "image", &[&image]))
        }
        (Code::ImagePullDenied, _) => finding.remedy(Remedy::kubectl(
            "Create a pull secret and name it in imagePullSecrets of the pod template or its service account",
            subject,
            Honesty::NeedsJudgement,
            &[
                "create",
                "secret",
                "docker-registry",
                "<name>",
                "--docker-server=<registry>",
                "--docker-username=<user>",
                "--docker-password=<password>",
            ],
        )),
        _ => finding,
    }
}

/// What the registry has instead, where it was asked; else what ran before.
fn tagged(finding: Finding, facts: &Facts, subject: &Subject, container: &Container) -> Finding {
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
fn last_good(facts: &Facts, workload: &Subject, container: &Container) -> Option<Text> {
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
