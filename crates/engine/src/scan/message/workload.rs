//! What controllers say of workloads, jobs, scaling, services and namespaces.

use super::text::{after, between, has, has_any, keep, number, number_after, some, until, word};
use crate::Text;

/// What a controller says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Workload {
    /// A pod was created.
    Created {
        /// Its name.
        pod: Text,
    },
    /// A pod was deleted.
    Deleted {
        /// Its name.
        pod: Text,
    },
    /// A Deployment changed the size of a ReplicaSet.
    Scaled {
        /// The ReplicaSet.
        replica_set: Text,
        /// The size before; given since 1.32.
        from: Option<u32>,
        /// The size asked for.
        to: u32,
    },
    /// A DaemonSet replaces a pod that failed on its node.
    DaemonPodFailed {
        /// `namespace/name` of the pod.
        pod: Text,
        /// The node.
        node: Option<Text>,
    },
    /// An autoscaler changed the size.
    Rescaled {
        /// The new size.
        to: Option<u32>,
        /// Why.
        why: Text,
    },
    /// An autoscaler cannot tell what size is right.
    MetricsMissing(MetricFailure),
    /// An autoscaler cannot read or set the size.
    RescaleFailed(Text),
    /// An autoscaler wants more, or less, than it may set.
    ScalingLimited {
        /// Whether it wants more than its maximum, not less than its minimum.
        above: bool,
    },
    /// A selector that selects nothing, or the pods of somebody else.
    SelectorBad(Text),
    /// A CronJob missed start times.
    ScheduleMissed {
        /// Whether there were too many to count (100).
        many: bool,
    },
    /// A CronJob cannot be read: its schedule, its time zone.
    ScheduleInvalid(Text),
    /// A CronJob does not start a job, because the last one still runs.
    JobStillActive,
    /// A load balancer was not made, changed or removed.
    LoadBalancerFailed(Text),
    /// A load balancer is being made or changed: stuck, if nothing follows.
    LoadBalancerPending,
    /// A load balancer has no node to send to.
    LoadBalancerWithoutNodes,
    /// Endpoints were not written.
    EndpointsFailed {
        /// Whether it is a conflict with another writer, which the next attempt resolves.
        passing: bool,
    },
    /// A namespace that is being deleted cannot be emptied.
    NamespaceStuck {
        /// What holds it.
        how: NamespaceStuck,
        /// In words.
        text: Text,
    },
}

/// Why an autoscaler has no metrics (pkg/controller/podautoscaler, 1.13 to 1.36).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricFailure {
    /// A container does not request the resource, so that no share of it can be told.
    RequestMissing {
        /// The resource.
        resource: Text,
        /// The container: given since 1.24.
        container: Option<Text>,
    },
    /// The metrics API does not exist: no metrics server, no adapter.
    ApiMissing,
    /// The metrics API does not answer.
    ApiDown,
    /// It has nothing of these pods: they are young, unready, or not measured.
    NoMetrics,
    /// Anything else.
    Other(Text),
}

/// What keeps a namespace (pkg/controller/namespace/deletion, 1.16 to 1.36).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NamespaceStuck {
    /// An API group cannot be listed, usually of a dead APIService.
    Discovery,
    /// An object cannot be deleted.
    Deletion,
    /// Objects are left.
    Content,
    /// Objects wait for their finalizers.
    Finalizers,
}

/// Reads an event of a controller.
pub(super) fn event(reason: &str, text: &str) -> Option<Workload> {
    Some(match reason {
        // pkg/controller/controller_utils.go; statefulset/stateful_set_control.go `create Pod <p> in StatefulSet <s>
        // successful`; cronjob `Created job <j>`
        "SuccessfulCreate" => {
            Workload::Created { pod: pod(text, &["Created pod: ", "Created job ", "Pod "])? }
        }
        "SuccessfulDelete" => {
            Workload::Deleted { pod: pod(text, &["Deleted pod: ", "Deleted job ", "Pod "])? }
        }
        "ScalingReplicaSet" => scaled(text)?,
        // daemon_controller.go: `Found failed daemon pod <ns>/<p> on node <n>, will try to kill it`
        "FailedDaemonPod" => Workload::DaemonPodFailed {
            pod: keep(after(text, "daemon pod ").map_or("", word)),
            node: after(text, "on node ").and_then(|rest| some(word(rest))),
        },
        "SuccessfulRescale" => Workload::Rescaled {
            to: number_after(text, "New size: "),
            why: keep(after(text, "reason: ").unwrap_or("")),
        },
        "FailedGetScale" | "FailedRescale" | "FailedUpdateReplicas" => Workload::RescaleFailed(keep(text)),
        "SelectorRequired"
        | "InvalidSelector"
        | "AmbiguousSelector"
        | "SelectingAll"
        | "MultiplePodDisruptionBudgets"
        | "UnmanagedPods"
        | "CalculateExpectedPodCountFailed" => Workload::SelectorBad(keep(text)),
        _ if metric(reason) => Workload::MetricsMissing(metrics(text)),
        // cronjob_controllerv2.go
        "TooManyMissedTimes" | "FailedNeedsStart" => Workload::ScheduleMissed { many: true },
        "MissSchedule" => Workload::ScheduleMissed { many: false },
        "UnparseableSchedule" | "InvalidSchedule" | "UnknownTimeZone" | "UnparseableCronJobSchedule" => {
            Workload::ScheduleInvalid(keep(text))
        }
        "JobAlreadyActive" => Workload::JobStillActive,
        // cloud-provider/controllers/service
        "SyncLoadBalancerFailed"
        | "UpdateLoadBalancerFailed"
        | "DeleteLoadBalancerFailed"
        | "CreatingLoadBalancerFailed" => Workload::LoadBalancerFailed(keep(text)),
        "EnsuringLoadBalancer" | "DeletingLoadBalancer" => Workload::LoadBalancerPending,
        "UnAvailableLoadBalancer" => Workload::LoadBalancerWithoutNodes,
        // pkg/controller/{endpoint,endpointslice}
        "FailedToCreateEndpoint" | "FailedToUpdateEndpoint" | "FailedToUpdateEndpointSlices" => {
            Workload::EndpointsFailed {
                passing: has_any(
                    text,
                    &[
                        "already exists",
                        "Operation cannot be fulfilled",
                        "the object has been modified",
                        "Precondition failed",
                        "because it is being terminated",
                    ],
                ),
            }
        }
        _ => return None,
    })
}

/// The reasons of an autoscaler's events, and of its condition ScalingActive.
fn metric(reason: &str) -> bool {
    (reason.starts_with("FailedGet") && reason.ends_with("Metric"))
        || matches!(reason, "FailedComputeMetricsReplicas" | "InvalidMetricSourceType" | "FailedGetMetrics")
}

/// Reads a condition that is neither of a pod nor of a node.
pub(super) fn condition(
    kind: &str,
    condition: &str,
    status: &str,
    reason: &str,
    text: &str,
) -> Option<Workload> {
    match (kind, condition, status) {
        ("HorizontalPodAutoscaler", "ScalingActive", "False") if metric(reason) => {
            Some(Workload::MetricsMissing(metrics(text)))
        }
        ("HorizontalPodAutoscaler", "ScalingActive", "False") if reason.ends_with("Selector") => {
            Some(Workload::SelectorBad(keep(text)))
        }
        ("HorizontalPodAutoscaler", "AbleToScale", "False") if reason.starts_with("Failed") => {
            Some(Workload::RescaleFailed(keep(text)))
        }
        ("HorizontalPodAutoscaler", "ScalingLimited", "True") => match reason {
            "TooManyReplicas" => Some(Workload::ScalingLimited { above: true }),
            "TooFewReplicas" => Some(Workload::ScalingLimited { above: false }),
            _ => None,
        },
        ("Namespace", _, "True") => {
            let how = match condition {
                "NamespaceDeletionDiscoveryFailure" | "NamespaceDeletionGroupVersionParsingFailure" => {
                    NamespaceStuck::Discovery
                }
                "NamespaceDeletionContentFailure" => NamespaceStuck::Deletion,
                "NamespaceContentRemaining" => NamespaceStuck::Content,
                "NamespaceFinalizersRemaining" => NamespaceStuck::Finalizers,
                _ => return None,
            };
            Some(Workload::NamespaceStuck { how, text: keep(text) })
        }
        _ => None,
    }
}

fn pod(text: &str, literals: &[&str]) -> Option<Text> {
    literals.iter().find_map(|literal| some(word(after(text, literal)?)))
}

/// pkg/controller/deployment/sync.go: `Scaled up replica set <rs> from <a> to <b>` (1.32+; without `from <a>` before)
fn scaled(text: &str) -> Option<Workload> {
    let rest = after(text, "replica set ")?;
    let (to, _) = number(after(rest, " to ")?)?;
    let from = between(rest, " from ", " to ").and_then(number).map(|(from, _)| from);
    Some(Workload::Scaled { replica_set: some(word(rest))?, from, to })
}

/// `missing request for <res> in container <c> of Pod <p>` (≤1.23 `missing request for <res>`); `unable to get metrics for
/// resource <res>: unable to fetch metrics from resource metrics API: <err>`; `no metrics returned from …`.
fn metrics(text: &str) -> MetricFailure {
    if let Some(rest) = after(text, "missing request for ") {
        return MetricFailure::RequestMissing {
            resource: keep(word(rest)),
            container: between(rest, "in container ", " of Pod").and_then(some),
        };
    }
    if has_any(
        text,
        &["could not find the requested resource", "no matches for kind", "no custom metrics API"],
    ) {
        return MetricFailure::ApiMissing;
    }
    let down = [
        "unable to handle the request",
        "service unavailable",
        "connection refused",
        "i/o timeout",
        "deadline exceeded",
        "no endpoints available",
        "Client.Timeout",
    ];
    if has_any(text, &down) {
        return MetricFailure::ApiDown;
    }
    let nothing = [
        "no metrics returned from",
        "did not receive metrics",
        "no metrics known for pod",
        "no matching metrics found",
        "no pods returned by selector",
        "no recommendation",
    ];
    if has_any(text, &nothing) {
        return MetricFailure::NoMetrics;
    }
    MetricFailure::Other(keep(until(text, "\n")))
}

/// `containers with unready status: [a b]` (pkg/kubelet/status/generate.go, 1.13 to 1.36).
pub(super) fn unready(text: &str) -> Vec<Text> {
    let named = ["unready status: [", "incomplete status: [", "unknown status: ["];
    let mut found: Vec<Text> = Vec::new();
    for literal in named {
        if has(text, literal) {
            found.extend(between(text, literal, "]").map_or_else(Vec::new, super::text::list));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{MetricFailure as M, Workload as W, *};

    #[test]
    fn pods_and_sizes() {
        assert_eq!(
            event("ScalingReplicaSet", "Scaled up replica set web-5f to 3"),
            Some(W::Scaled { replica_set: "web-5f".into(), from: None, to: 3 })
        );
        assert_eq!(
            event("ScalingReplicaSet", "Scaled down replica set web-5f from 3 to 0"),
            Some(W::Scaled { replica_set: "web-5f".into(), from: Some(3), to: 0 })
        );
        assert_eq!(
            event("SuccessfulCreate", "Created pod: web-x2"),
            Some(W::Created { pod: "web-x2".into() })
        );
        assert_eq!(
            event("SuccessfulCreate", "Created job tick-1"),
            Some(W::Created { pod: "tick-1".into() })
        );
        assert_eq!(
            event("SuccessfulDelete", "delete Pod db-0 in StatefulSet db successful"),
            Some(W::Deleted { pod: "db-0".into() })
        );
        assert_eq!(
            event(
                "FailedDaemonPod",
                "Found failed daemon pod kube-system/agent-x on node worker-1, will try to kill it"
            ),
            Some(W::DaemonPodFailed { pod: "kube-system/agent-x".into(), node: Some("worker-1".into()) })
        );
    }

    #[test]
    fn autoscalers() {
        let why = |text: &str| match event("FailedGetResourceMetric", text) {
            Some(W::MetricsMissing(how)) => how,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            why("failed to get cpu utilization: missing request for cpu in container web of Pod web-x2"),
            M::RequestMissing { resource: "cpu".into(), container: Some("web".into()) }
        );
        assert_eq!(
            why("missing request for cpu"),
            M::RequestMissing { resource: "cpu".into(), container: None }
        );
        let api = "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server";
        assert_eq!(
            why(&format!("{api} could not find the requested resource (get pods.metrics.k8s.io)")),
            M::ApiMissing
        );
        assert_eq!(
            why(&format!("{api} is currently unable to handle the request (get pods.metrics.k8s.io)")),
            M::ApiDown
        );
        assert_eq!(
            why(
                "failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)"
            ),
            M::NoMetrics
        );
        assert_eq!(why("a horse"), M::Other("a horse".into()));
        assert_eq!(
            event(
                "SuccessfulRescale",
                "New size: 4; reason: cpu resource utilization (percentage of request) above target"
            ),
            Some(W::Rescaled {
                to: Some(4),
                why: "cpu resource utilization (percentage of request) above target".into()
            })
        );
        let hpa = "HorizontalPodAutoscaler";
        assert_eq!(
            condition(
                hpa,
                "ScalingActive",
                "False",
                "FailedGetResourceMetric",
                "the HPA was unable to compute the replica count: no metrics returned from resource metrics API"
            ),
            Some(W::MetricsMissing(M::NoMetrics))
        );
        assert_eq!(
            condition(hpa, "ScalingLimited", "True", "TooManyReplicas", ""),
            Some(W::ScalingLimited { above: true })
        );
        assert_eq!(condition(hpa, "ScalingActive", "False", "ScalingDisabled", ""), None);
        assert_eq!(event("FailedRescale", "no"), Some(W::RescaleFailed("no".into())));
    }

    #[test]
    fn schedules_services_namespaces() {
        assert_eq!(
            event(
                "TooManyMissedTimes",
                "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            ),
            Some(W::ScheduleMissed { many: true })
        );
        assert_eq!(
            event("JobAlreadyActive", "Not starting job because prior execution is running"),
            Some(W::JobStillActive)
        );
        assert_eq!(
            event("UnparseableSchedule", "unparseable schedule: x"),
            Some(W::ScheduleInvalid("unparseable schedule: x".into()))
        );
        assert_eq!(
            event("SyncLoadBalancerFailed", "Error syncing load balancer: no"),
            Some(W::LoadBalancerFailed("Error syncing load balancer: no".into()))
        );
        assert_eq!(event("EnsuringLoadBalancer", "Ensuring load balancer"), Some(W::LoadBalancerPending));
        assert_eq!(
            event("UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer"),
            Some(W::LoadBalancerWithoutNodes)
        );
        assert_eq!(
            event(
                "FailedToCreateEndpoint",
                r#"Failed to create endpoint for service shop/web: endpoints "web" already exists"#
            ),
            Some(W::EndpointsFailed { passing: true })
        );
        assert_eq!(
            event(
                "FailedToUpdateEndpointSlices",
                "Error updating Endpoint Slices for Service shop/web: etcdserver: no space"
            ),
            Some(W::EndpointsFailed { passing: false })
        );
        assert_eq!(event("SelectingAll", "all"), Some(W::SelectorBad("all".into())));
        assert_eq!(
            condition(
                "Namespace",
                "NamespaceFinalizersRemaining",
                "True",
                "SomeFinalizersRemain",
                "x.io/y in 2 resource instances"
            ),
            Some(W::NamespaceStuck {
                how: NamespaceStuck::Finalizers,
                text: "x.io/y in 2 resource instances".into()
            })
        );
        assert_eq!(
            unready("containers with unready status: [web side]"),
            vec![Text::from("web"), "side".into()]
        );
    }
}
