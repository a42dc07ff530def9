//! See `image_pull.md` for what this means and the cases it must pass.

use super::pull_words::{remedies, tell};
use crate::evidence::Container;
use crate::facts::{Facts, PodFact, Stage, Statement, Voice};
use crate::finding::{Certainty, Code, Finding};
use crate::scan::message::{Image, PullCause, Saying};
use crate::subject::Subject;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for pod in facts.unwell().filter(|pod| !pod.is_finished() && !pod.is_deleting()) {
        let mut named = false;
        for container in pod.pod.containers.iter().filter(|c| pod.reached(c) == Stage::Image) {
            named = true;
            let statements: Vec<&Statement> = facts.about_container(pod.subject(), &container.name).collect();
            one(facts, pod, Some(container), &statements, found);
        }
        if !named && pod.pod.containers.is_empty() && pod.stage() <= Stage::Image {
            let statements: Vec<&Statement> = facts.about(pod.subject()).collect();
            one(facts, pod, None, &statements, found);
        }
    }
}

fn one(
    facts: &Facts,
    pod: &PodFact,
    container: Option<&Container>,
    statements: &[&Statement],
    found: &mut Vec<Finding>,
) {
    // A pull for another container of the pod names another image.
    let same_image = |image: &Option<crate::Text>| {
        let image = image.as_deref().unwrap_or("");
        container
            .and_then(|c| c.image.as_deref())
            .is_none_or(|wanted| image.is_empty() || same(wanted, image))
    };
    let cause = |s: &&&Statement| match &s.saying {
        Saying::Image(Image::PullFailed { image, cause }) if !s.overtaken && same_image(image) => {
            Some(cause.clone())
        }
        Saying::Image(Image::BackOffPull { image, cause: Some(cause) }) if same_image(image) => {
            Some(cause.clone())
        }
        _ => None,
    };
    let says: Vec<(&&Statement, PullCause)> =
        statements.iter().filter_map(|s| Some((s, cause(&s)?))).collect();
    // The most telling text: one that names a cause, and of those the one of the present state.
    let best = says
        .iter()
        .max_by_key(|(s, cause)| (!matches!(cause, PullCause::Other(_)), s.voice == Voice::State, s.count));
    let waits = statements.iter().any(|s| s.voice == Voice::State && matches!(s.saying, Saying::Image(_)));
    if best.is_none() && !waits {
        return;
    }
    let named = statements.iter().find_map(|s| match &s.saying {
        Saying::Image(Image::PullFailed { image, .. }) => image.clone(),
        _ => None,
    });
    let image = container.and_then(|c| c.image.clone()).or(named).unwrap_or_default().to_string();
    let mut subject = pod.top().clone();
    if let Some(container) = container {
        subject = subject.container(&container.name);
    }
    let (code, told) = tell(best.map(|(_, cause)| cause), &image);
    let mut finding = Finding::new(code, subject.clone(), told)
        .hits([container.map_or_else(|| pod.subject().clone(), |c| pod.container_subject(c))])
        .since(says.iter().filter_map(|(s, _)| s.first.clone()).min_by_key(|m| m.print_key()))
        .since(pod.pod.started.clone());
    if let Some((statement, PullCause::RepositoryMissingOrDenied)) = best {
        let _ = statement;
        finding = finding.at_most(Certainty::Likely).not_seen(
            "the registry gives one text for a repository that does not exist and one that is private",
            None,
        );
    }
    if best.is_none() {
        finding = finding.at_most(Certainty::Undetermined).not_seen(
            "why the pull fails: the events of the pod",
            Some(crate::evidence::Read::Events(pod.subject().clone())),
        );
    }
    finding = finding.aspect("image", image.clone());
    let proofs = says.iter().map(|(s, _)| s.proof());
    finding = proofs.take(2).fold(finding, Finding::shown_by);
    if says.is_empty() {
        let states = statements.iter().filter(|s| matches!(s.saying, Saying::Image(_)));
        finding = states.map(|s| s.proof()).take(2).fold(finding, Finding::shown_by);
    }
    if code == Code::ImagePullDenied {
        finding = pull_secrets(facts, pod, finding);
    }
    found.push(remedies(finding, facts, &subject, container));
}

/// Whether two references name one image: the runtime adds registry and `library/` to short ones.
fn same(wanted: &str, image: &str) -> bool {
    wanted == image || image.ends_with(wanted) || wanted.ends_with(image)
}

/// What the pod offers the registry, where it was seen.
fn pull_secrets(facts: &Facts, pod: &PodFact, finding: Finding) -> Finding {
    match &pod.pod.pull_secrets {
        Some(secrets) if secrets.is_empty() => finding.aspect("pull-secret", "none"),
        Some(secrets) => {
            let namespace = pod.subject().namespace.as_deref();
            let secret = |name: &str| Subject::new(crate::subject::Kind::Secret, namespace, name);
            match secrets.iter().find(|name| facts.is_missing(&secret(name))) {
                Some(missing) => finding
                    .aspect("pull-secret", "missing")
                    .remark(format!("pull secret {missing} does not exist")),
                None => finding.aspect("pull-secret", "given"),
            }
        }
        None => finding,
    }
}
