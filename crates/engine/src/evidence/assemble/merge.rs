//! How two views of one thing become one.

use crate::evidence::{
    Autoscaler, Body, Budget, Claim, Condition, Config, Container, Endpoints, Event, Lease, Locator, Node,
    Object, PersistentVolume, Pod, Quota, Service, ServiceAccount, State, StorageClass, Template, Views,
    Workload,
};
use crate::moment::{Moment, Tri};
use std::cmp::Reverse;

/// Overlays the listed fields: what the later view shows wins, what it does not show stays.
macro_rules! overlay {
    ($into:expr, $later:expr; $($field:ident),* $(,)?) => {
        $(if $later.$field.is_some() { $into.$field = $later.$field; })*
    };
}

/// The same for what is shared, and left alone where both are alike.
macro_rules! overlay_shared {
    ($into:expr, $later:expr; $($field:ident),* $(,)?) => {
        if $into != $later {
            $(if $later.$field.is_some() { $into.$field = $later.$field.clone(); })*
        }
    };
}

/// Adds a view to the incarnations of its object.
#[allow(clippy::vec_box)]
pub(super) fn object(incarnations: &mut Vec<Box<Object>>, later: Box<Object>) {
    let same = |known: &Object| match (&known.uid, &later.uid) {
        (Some(a), Some(b)) => a == b,
        _ => match (&known.created, &later.created) {
            (Some(a), Some(b)) => {
                a.before(b) != Tri::Yes && b.before(a) != Tri::Yes || coarse(a) || coarse(b)
            }
            _ => true,
        },
    };
    // The newest that it may be a view of.
    match incarnations.iter_mut().rev().find(|known| same(known)) {
        Some(known) => overlay_object(known, *later),
        None => {
            incarnations.push(later);
            incarnations.sort_by(|a, b| created(a).cmp(&created(b)).then_with(|| a.uid.cmp(&b.uid)));
        }
    }
}

fn created(object: &Object) -> Option<(bool, i64, i64)> {
    object.created.as_ref().map(Moment::print_key)
}

/// An age says too little to tell two incarnations apart: it is printed in few digits, and counts from a command that
/// ran some time into its capture.
fn coarse(moment: &Moment) -> bool {
    matches!(moment.clock, crate::moment::Clock::Capture(_))
        || moment.latest.saturating_sub(moment.earliest) >= 60 * crate::moment::SECOND
}

fn overlay_object(into: &mut Object, later: Object) {
    // Where most of it is shown; of two such places the same one in whatever order they come.
    let place = |views: Views, locator: &Locator| (Reverse(views.best()), locator.clone());
    if place(into.views, &into.locator) > place(later.views, &later.locator) {
        into.locator = later.locator;
    }
    // A wish does not overwrite what was seen; it only fills in.
    into.views = into.views.and(later.views);
    let created = match (into.created.take(), later.created) {
        (Some(a), Some(b)) => Some(narrower(a, b)),
        (a, b) => a.or(b),
    };
    into.created = created;
    overlay!(into, later; uid, deleting, is_deleting, labels, annotations, owners);
    if into.managers.len() < later.managers.len() {
        into.managers = later.managers;
    }
    match (&mut into.body, later.body) {
        (Body::Pod(a), Body::Pod(b)) => pod(a, b),
        (Body::Node(a), Body::Node(b)) => node(a, *b),
        (Body::Workload(a), Body::Workload(b)) => workload(a, b),
        (Body::Service(a), Body::Service(b)) => service(a, b),
        (Body::Endpoints(a), Body::Endpoints(b)) => endpoints(a, b),
        (Body::Claim(a), Body::Claim(b)) => claim(a, b),
        (Body::PersistentVolume(a), Body::PersistentVolume(b)) => volume(a, b),
        (Body::StorageClass(a), Body::StorageClass(b)) => class(a, b),
        (Body::Quota(a), Body::Quota(b)) => quota(a, b),
        (Body::Config(a), Body::Config(b)) => config(a, b),
        (Body::Autoscaler(a), Body::Autoscaler(b)) => autoscaler(a, b),
        (Body::Budget(a), Body::Budget(b)) => budget(a, b),
        (Body::Lease(a), Body::Lease(b)) => lease(a, b),
        (Body::ServiceAccount(a), Body::ServiceAccount(b)) => account(a, b),
        (
            a @ (Body::NetworkPolicy(_) | Body::Ingress(_)),
            b @ (Body::NetworkPolicy(_) | Body::Ingress(_)),
        ) => *a = b,
        (a @ Body::Name, b) => *a = b,
        _ => {}
    }
}

/// Of two moments of one thing, the one known better: tied to the calendar, then shorter.
fn narrower(a: Moment, b: Moment) -> Moment {
    let key = |m: &Moment| (!m.clock.is_absolute(), m.latest.saturating_sub(m.earliest), m.earliest);
    if key(&b) < key(&a) { b } else { a }
}

fn pod(into: &mut Pod, later: Pod) {
    overlay!(into, later; node, phase, reason, message, printed_status, printed_ready, printed_restarts, ip, started,
        volumes);
    overlay_shared!(into.spec, later.spec; node_selector, affinity, tolerations, service_account, pull_secrets, restart_policy,
        grace_seconds, priority_class, host_network, share_processes, qos, dns, scheduling_gates, limits);
    conditions(&mut into.conditions, later.conditions);
    for container in later.containers {
        match into.containers.iter_mut().find(|c| c.name == container.name) {
            Some(known) => self::container(known, container),
            None => into.containers.push(container),
        }
    }
    into.containers.sort_by_key(|c| c.role);
}

fn container(into: &mut Container, later: Container) {
    into.role = later.role;
    // The dead instance's message and times may be shown by one view only.
    for (known, new) in [(&mut into.state, &later.state), (&mut into.last, &later.last)] {
        if let (Some(State::Terminated(known)), Some(State::Terminated(new))) = (known.as_mut(), new.as_ref())
            && known.exit_code == new.exit_code
            && known.reason == new.reason
        {
            let new = new.clone();
            overlay!(known, new; message, started, finished, id);
        } else if let (
            Some(State::Waiting { reason, message }),
            Some(State::Waiting { reason: new_reason, message: new_message }),
        ) = (known.as_mut(), new.as_ref())
            && (reason == new_reason || new_reason.is_none())
        {
            if new_message.is_some() {
                message.clone_from(new_message);
            }
        } else if new.is_some() {
            known.clone_from(new);
        }
    }
    // A container that runs again, or waits afresh, has no older `last` unless the view says so.
    overlay!(into, later; mounts, id, ready, restarts);
    overlay_shared!(into.spec, later.spec; image, pull_policy, command, args, ports, limits, requests, env, liveness, readiness,
        startup, pre_stop);
}

fn conditions(into: &mut Option<Vec<Condition>>, later: Option<Vec<Condition>>) {
    let Some(mut later) = later else { return };
    for condition in &mut later {
        let known = into.iter().flatten().find(|c| c.kind == condition.kind && c.status == condition.status);
        if let Some(known) = known.cloned() {
            let new = condition.clone();
            *condition = known;
            overlay_shared!(condition.said, new.said; reason, message);
            overlay!(condition, new; since, heartbeat);
        }
    }
    later.sort_by(|a, b| a.kind.cmp(&b.kind));
    *into = Some(later);
}

fn node(into: &mut Node, later: Node) {
    overlay!(into, later; printed_status, taints, unschedulable, capacity, allocatable, requested, pod_range, kubelet,
        runtime, boot_id, architecture, addresses);
    into.lease_renewed = Moment::last(into.lease_renewed.take(), later.lease_renewed);
    conditions(&mut into.conditions, later.conditions);
}

fn workload(into: &mut Workload, later: Workload) {
    overlay!(into, later; desired, current, ready, available, updated, completions, succeeded, failed, backoff_limit,
        suspended, selector, revision, schedule, recreate);
    conditions(&mut into.conditions, later.conditions);
    match (&mut into.template, later.template) {
        (Some(a), Some(b)) => {
            let b: Template = *b;
            if b.labels.is_some() {
                a.labels = b.labels;
            }
            pod(&mut a.pod, b.pod);
        }
        (a @ None, b) => *a = b,
        (Some(_), None) => {}
    }
}

fn service(into: &mut Service, later: Service) {
    // A table prints no target port, and describe prints all.
    if let (Some(known), Some(new)) = (&into.ports, &later.ports)
        && known.iter().any(|p| p.target.is_some())
        && new.iter().all(|p| p.target.is_none())
    {
        let later = Service { ports: None, ..later };
        return service(into, later);
    }
    overlay!(into, later; kind, selector, ports, cluster_ip, endpoints);
}

fn endpoints(into: &mut Endpoints, later: Endpoints) {
    // A table cuts the list; describe and the object itself do not.
    if later.cut && !into.cut && into.ready.is_some() {
        return;
    }
    overlay!(into, later; service, ready, not_ready, ports, changed);
    into.cut = later.cut;
}

fn claim(into: &mut Claim, later: Claim) {
    overlay!(into, later; phase, volume, class, access_modes, request, mode, used_by, selector);
}

fn volume(into: &mut PersistentVolume, later: PersistentVolume) {
    overlay!(into, later; phase, claim, class, access_modes, capacity, mode, reclaim, source);
}

fn class(into: &mut StorageClass, later: StorageClass) {
    overlay!(into, later; provisioner, binding, is_default);
}

fn quota(into: &mut Quota, later: Quota) {
    overlay!(into, later; hard, used);
}

fn config(into: &mut Config, later: Config) {
    overlay!(into, later; keys, kind);
    if !later.addresses.is_empty() {
        into.addresses = later.addresses;
    }
    if !later.routes.is_empty() {
        into.routes = later.routes;
    }
}

fn autoscaler(into: &mut Autoscaler, later: Autoscaler) {
    overlay!(into, later; target, min, max, current);
    conditions(&mut into.conditions, later.conditions);
}

fn budget(into: &mut Budget, later: Budget) {
    overlay!(into, later; selector, allowed, min_available, max_unavailable);
}

fn lease(into: &mut Lease, later: Lease) {
    overlay!(into, later; holder, duration);
    into.renewed = Moment::last(into.renewed.take(), later.renewed);
}

fn account(into: &mut ServiceAccount, later: ServiceAccount) {
    overlay!(into, later; pull_secrets);
}

/// Adds a view of an event to those that share object, reason and message.
#[allow(clippy::vec_box)]
pub(super) fn event(known: &mut Vec<Box<Event>>, later: Box<Event>) {
    fn compatible<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
        a.is_none() || b.is_none() || a == b
    }
    let same = |e: &&mut Box<Event>| {
        compatible(&e.about_uid, &later.about_uid)
            && compatible(&e.component, &later.component)
            && compatible(&e.about.part, &later.about.part)
    };
    let Some(event) = known.iter_mut().find(same) else {
        known.push(later);
        return;
    };
    let later = *later;
    event.count = event.count.max(later.count);
    event.first = Moment::first(event.first.take(), later.first);
    event.last = Moment::last(event.last.take(), later.last);
    event.warning |= later.warning;
    event.locator = event.locator.clone().min(later.locator);
    overlay!(event, later; about_uid, component, host);
    if later.about.part.is_some() {
        event.about.part = later.about.part;
    }
}
