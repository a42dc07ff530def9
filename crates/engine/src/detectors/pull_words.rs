//! What a failed pull is called, and what to do about it.

use super::pull_tags;
use crate::evidence::Container;
use crate::facts::Facts;
use crate::finding::{Code, Finding, Honesty, Remedy};
use crate::scan::message::PullCause;
use crate::subject::Subject;

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
            pull_tags::remedies(finding, facts, subject, container)
        }
        (Code::ImageNotFound | Code::ImageNameInvalid | Code::RegistryNameUnresolved, Some(container)) => {
            let (summary, image) = match pull_tags::last_good(facts, &subject.whole(), container) {
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
