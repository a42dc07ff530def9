//! What makes pods: Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs, CronJobs.

use super::meta::{Make, Metadata, WireCondition, WireRequirement, count};
use super::pod::PodTemplate;
use super::wire::{At, Map, Str, Wire, wire};
use engine::evidence::{Selector, Workload};
use engine::subject::Kind;
use serde::de::Deserializer;

wire! {
    /// Any of them: their fields are told apart by their names.
    struct WorkloadObject {
        metadata: Metadata<'a> = "metadata",
        spec: WorkloadSpec<'a> = "spec",
        status: WorkloadStatus<'a> = "status",
    }
    /// The specs of all of them.
    struct WorkloadSpec {
        replicas: i64 = "replicas",
        parallelism: i64 = "parallelism",
        completions: i64 = "completions",
        backoff_limit: i64 = "backoffLimit",
        paused: bool = "paused",
        suspend: bool = "suspend",
        selector: AnySelector<'a> = "selector",
        template: PodTemplate<'a> = "template",
        job: JobTemplate<'a> = "jobTemplate",
        schedule: Str<'a> = "schedule",
        strategy: Strategy<'a> = "strategy",
    }
    /// `apps/v1.DeploymentStrategy`.
    struct Strategy {
        kind: Str<'a> = "type",
    }
    /// `batch/v1.JobTemplateSpec`.
    struct JobTemplate {
        spec: JobSpec<'a> = "spec",
    }
    /// `batch/v1.JobSpec` inside a CronJob.
    struct JobSpec {
        parallelism: i64 = "parallelism",
        completions: i64 = "completions",
        backoff_limit: i64 = "backoffLimit",
        template: PodTemplate<'a> = "template",
    }
    /// The statuses of all of them.
    struct WorkloadStatus {
        replicas: i64 = "replicas",
        ready: i64 = "readyReplicas",
        available: i64 = "availableReplicas",
        updated: i64 = "updatedReplicas",
        set_desired: i64 = "desiredNumberScheduled",
        set_current: i64 = "currentNumberScheduled",
        set_ready: i64 = "numberReady",
        set_available: i64 = "numberAvailable",
        set_updated: i64 = "updatedNumberScheduled",
        job_active: AnyCount = "active",
        job_ready: i64 = "ready",
        succeeded: i64 = "succeeded",
        failed: i64 = "failed",
        conditions: Vec<WireCondition<'a>> = "conditions",
        generation: i64 = "observedGeneration",
    }
    /// `metav1.LabelSelector`, or the plain labels of a ReplicationController.
    struct AnySelector {
        labels: Map<'a, Str<'a>> = "matchLabels",
        expressions: Vec<WireRequirement<'a>> = "matchExpressions",
    }
}

/// A number, or as many as the list has: a Job counts its active pods, a CronJob lists its active Jobs.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnyCount(i64);

impl<'de> Wire<'de> for AnyCount {
    fn wire<D: Deserializer<'de>>(from: D, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        super::wire::number_or_length(from, at).map(|number| number.map(AnyCount))
    }
}

impl WorkloadStatus<'_> {
    /// Manifests may carry an empty status.
    pub(super) fn says_something(&self) -> bool {
        self.conditions.is_some()
            || self.generation.is_some()
            || [self.replicas, self.set_desired, self.succeeded, self.failed].iter().any(Option::is_some)
            || self.job_active.is_some()
    }
}

impl Make<'_> {
    /// Counts that the API server leaves out are 0 where the status was seen at all.
    pub(super) fn workload(&self, kind: &Kind, wire: &WorkloadObject<'_>) -> Workload {
        let mut all = Workload::default();
        let annotations = wire.metadata.as_ref().and_then(|metadata| metadata.annotations.as_ref());
        all.revision = annotations
            .into_iter()
            .flatten()
            .find(|(key, _)| key == "deployment.kubernetes.io/revision")
            .and_then(|(_, value)| value.parse().ok());
        if let Some(spec) = &wire.spec {
            self.workload_spec(&mut all, kind, spec);
        }
        let Some(status) = wire.status.as_ref().filter(|status| status.says_something()) else { return all };
        let seen = |number: Option<i64>| count(number.or(Some(0)));
        all.conditions = self.conditions(&status.conditions);
        match kind {
            Kind::DaemonSet => {
                all.desired = seen(status.set_desired);
                all.current = seen(status.set_current);
                all.ready = seen(status.set_ready);
                all.available = seen(status.set_available);
                all.updated = seen(status.set_updated);
            }
            Kind::Job => {
                all.current = seen(status.job_active.map(|active| active.0));
                all.ready = count(status.job_ready);
                all.succeeded = seen(status.succeeded);
                all.failed = seen(status.failed);
            }
            Kind::CronJob => all.current = seen(status.job_active.map(|active| active.0)),
            _ => {
                all.current = seen(status.replicas);
                all.ready = seen(status.ready);
                all.available = seen(status.available);
                if matches!(kind, Kind::Deployment | Kind::StatefulSet) {
                    all.updated = seen(status.updated);
                }
            }
        }
        all
    }

    fn workload_spec(&self, all: &mut Workload, kind: &Kind, spec: &WorkloadSpec<'_>) {
        let job = spec.job.as_ref().and_then(|job| job.spec.as_ref());
        all.desired = match kind {
            Kind::Job => count(spec.parallelism),
            Kind::CronJob => count(job.and_then(|job| job.parallelism)),
            _ => count(spec.replicas),
        };
        all.completions = count(spec.completions.or_else(|| job?.completions));
        all.backoff_limit = count(spec.backoff_limit.or_else(|| job?.backoff_limit));
        all.suspended = spec.paused.or(spec.suspend);
        all.selector = spec.selector.as_ref().map(|selector| Selector {
            labels: self.map(&selector.labels).unwrap_or_default(),
            expressions: self.requirements(&selector.expressions),
        });
        let template = spec.template.as_ref().or_else(|| job?.template.as_ref());
        all.template = template.map(|template| Box::new(self.template(template)));
        all.schedule = self.some(&spec.schedule);
        all.recreate = spec.strategy.as_ref().map(|strategy| strategy.kind.as_deref() == Some("Recreate"));
    }
}
