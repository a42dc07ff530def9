//! See `autoscaler_blind.md` for what this means and the cases it must pass.

use crate::evidence::Body;
use crate::facts::{Facts, Voice};
use crate::finding::{Code, Finding, Honesty, Remedy};
use crate::scan::message::{MetricFailure, Saying, Workload};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    // Events tell of passing trouble, and every autoscaler has some when it is young; the condition is what holds now.
    for statement in facts.statements().iter().filter(|s| s.voice == Voice::Condition) {
        let (aspect, why) = match &statement.saying {
            Saying::Workload(Workload::MetricsMissing(failure)) => metrics(failure),
            Saying::Workload(Workload::RescaleFailed(_)) => {
                ("target", "it cannot read or set the size of its target".to_owned())
            }
            Saying::Workload(Workload::SelectorBad(_)) => {
                ("selector", "its target's selector cannot be used".to_owned())
            }
            _ => continue,
        };
        let subject = statement.subject.whole();
        let target = match facts.object(&subject).map(|object| &object.body) {
            Some(Body::Autoscaler(scaler)) => scaler.target.clone(),
            _ => None,
        };
        let of =
            target.as_ref().map_or_else(String::new, |t| format!(" of {} {}", t.kind.as_str(), t.path()));
        found.push(
            Finding::new(
                Code::AutoscalerBlind,
                subject.clone(),
                format!("Autoscaler {}{of} changes nothing: {why}.", subject.path()),
            )
            .aspect("cause", aspect)
            .hits(target.into_iter().chain([subject.clone()]))
            .since(statement.first.clone())
            .shown_by(statement.proof())
            .remedy(Remedy::kubectl(
                "See what the autoscaler says of its metrics",
                &subject,
                Honesty::Safe,
                &["describe", "horizontalpodautoscaler", &subject.name],
            )),
        );
    }
}

fn metrics(failure: &MetricFailure) -> (&'static str, String) {
    match failure {
        MetricFailure::RequestMissing { resource, container } => {
            let of =
                container.as_ref().map_or_else(|| "a container".to_owned(), |c| format!("container {c}"));
            ("request", format!("{of} requests no {resource}, so no share of it can be told"))
        }
        MetricFailure::ApiMissing => ("api-missing", "the metrics API is not there".to_owned()),
        MetricFailure::ApiDown => ("api-down", "the metrics API does not answer".to_owned()),
        MetricFailure::NoMetrics => ("no-metrics", "there are no metrics of its pods".to_owned()),
        MetricFailure::Other(_) => ("other", "it gets no metrics".to_owned()),
    }
}
