//! What bounds and scales: quotas, autoscalers, disruption budgets.

use super::meta::{Make, Metadata, Reference, WireCondition, WireSelector, count, kind_of};
use super::wire::{Map, Scalar, wire};
use engine::evidence::{Autoscaler, Budget, Quota};

wire! {
    /// Any object of which the name is kept.
    struct NamedObject {
        metadata: Metadata<'a> = "metadata",
    }
    /// `v1.ResourceQuota`.
    struct QuotaObject {
        metadata: Metadata<'a> = "metadata",
        spec: QuotaSpec<'a> = "spec",
        status: QuotaStatus<'a> = "status",
    }
    /// `v1.ResourceQuotaSpec`.
    struct QuotaSpec {
        hard: Map<'a, Scalar<'a>> = "hard",
    }
    /// `v1.ResourceQuotaStatus`.
    struct QuotaStatus {
        hard: Map<'a, Scalar<'a>> = "hard",
        used: Map<'a, Scalar<'a>> = "used",
    }
    /// `autoscaling/v2.HorizontalPodAutoscaler`, and `v1`.
    struct ScalerObject {
        metadata: Metadata<'a> = "metadata",
        spec: ScalerSpec<'a> = "spec",
        status: ScalerStatus<'a> = "status",
    }
    /// `autoscaling/v2.HorizontalPodAutoscalerSpec`.
    struct ScalerSpec {
        target: Reference<'a> = "scaleTargetRef",
        min: i64 = "minReplicas",
        max: i64 = "maxReplicas",
    }
    /// `autoscaling/v2.HorizontalPodAutoscalerStatus`.
    struct ScalerStatus {
        current: i64 = "currentReplicas",
        conditions: Vec<WireCondition<'a>> = "conditions",
    }
    /// `policy/v1.PodDisruptionBudget`.
    struct BudgetObject {
        metadata: Metadata<'a> = "metadata",
        spec: BudgetSpec<'a> = "spec",
        status: BudgetStatus<'a> = "status",
    }
    /// `policy/v1.PodDisruptionBudgetSpec`.
    struct BudgetSpec {
        selector: WireSelector<'a> = "selector",
        min_available: Scalar<'a> = "minAvailable",
        max_unavailable: Scalar<'a> = "maxUnavailable",
    }
    /// `policy/v1.PodDisruptionBudgetStatus`.
    struct BudgetStatus {
        allowed: i64 = "disruptionsAllowed",
    }
}

impl Make<'_> {
    pub(super) fn quota(&self, wire: &QuotaObject<'_>) -> Quota {
        let status = wire.status.as_ref();
        let hard = status.and_then(|status| self.resources(&status.hard));
        Quota {
            hard: hard.or_else(|| self.resources(&wire.spec.as_ref()?.hard)),
            used: status.and_then(|status| self.resources(&status.used)),
        }
    }

    pub(super) fn autoscaler(&self, wire: &ScalerObject<'_>, namespace: Option<&str>) -> Autoscaler {
        let (spec, status) = (wire.spec.as_ref(), wire.status.as_ref());
        let target = spec.and_then(|spec| spec.target.as_ref()).and_then(|target| {
            let kind = kind_of(target.kind.as_deref()?, target.version.as_deref());
            Some(self.subject(kind, namespace, target.name.as_deref()?))
        });
        Autoscaler {
            target,
            min: spec.and_then(|spec| count(spec.min)),
            max: spec.and_then(|spec| count(spec.max)),
            current: status.and_then(|status| count(status.current.or(Some(0)))),
            conditions: status.and_then(|status| self.conditions(&status.conditions)),
        }
    }

    pub(super) fn budget(&self, wire: &BudgetObject<'_>) -> Budget {
        let spec = wire.spec.as_ref();
        let written = |amount: &Option<Scalar<'_>>| amount.as_ref().map(|amount| self.text(&amount.0));
        Budget {
            selector: spec.and_then(|spec| spec.selector.as_ref()).map(|selector| self.selector(selector)),
            allowed: wire.status.as_ref().and_then(|status| count(status.allowed.or(Some(0)))),
            min_available: spec.and_then(|spec| written(&spec.min_available)),
            max_unavailable: spec.and_then(|spec| written(&spec.max_unavailable)),
        }
    }
}
