//! The outline of `kubectl describe`, as an object and its events.

use super::describe_pod::{self, template};
use super::{Context, describe_net, describe_rest, values};
use crate::kubectl::columns::{self, Shape};
use crate::kubectl::lines::Line;
use crate::kubectl::outline::{Item, find, is_none, lost_pod};
use engine::Text;
use engine::evidence::{Body, Condition, Event, Object, Owner, Said, View, What};
use engine::subject::{Kind, Subject};

/// Reads one object, or a piece of one. The kind is the command's, or told by the keys; the name of a piece, whose
/// first lines are missing, is that of the command, or of what stood before it. Gives the line after the object, where
/// something else stands below its events, which come last.
pub(super) fn object(context: &mut Context, kind: Option<Kind>, items: &[Item]) -> Option<usize> {
    let end = items.iter().position(|i| i.key() == Some("Events")).map_or(items.len(), |at| at + 1);
    let (items, after) = items.split_at(end);
    read(context, kind, items);
    after.first().map(|item| item.line)
}

fn read(context: &mut Context, kind: Option<Kind>, items: &[Item]) {
    if let Some(name) = items.first().and_then(|first| lost_pod(first.text)) {
        let pod = Subject::new(Kind::Pod, context.namespace().as_deref(), name);
        context.about = Some(pod.clone());
        events_of(context, items, &pod);
        unclaimed(context, items.iter().skip(1).filter(|item| item.key() != Some("Events")));
        return;
    }
    let name = find(items, "Name").and_then(Item::some);
    let kind = kind.or_else(|| told_by_keys(items));
    let namespace = find(items, "Namespace").and_then(Item::some).map(str::to_owned);
    let namespace = namespace.or_else(|| context.namespace().map(|n| n.into_owned()));
    let subject = match (kind, name) {
        (Some(kind), Some(name)) => Some(Subject::new(kind, namespace.as_deref(), name)),
        (_, None) => context.named().or_else(|| context.about.clone()),
        (None, Some(_)) => None,
    };
    let Some(subject) = subject else {
        unclaimed(context, items);
        return;
    };
    let line = items.first().map_or(0, |i| i.line);
    let piece = name.is_none()
        || (subject.kind == Kind::Pod
            && !items.iter().any(|i| matches!(i.key(), Some("QoS Class" | "Tolerations"))));
    context.about = Some(subject.clone());
    if name.is_none() && find(items, "Containers").is_none() {
        let events = find(items, "Events");
        events_of(context, items, &subject);
        unclaimed(context, items.iter().filter(|i| events.is_none_or(|e| e.line != i.line)));
        return;
    }
    let view = if piece { View::Fragment } else { View::Describe };
    let mut object = Object::new(subject.clone(), view);
    object.labels = find(items, "Labels").map(|item| values::pairs(item.values()).into());
    object.annotations = find(items, "Annotations").map(|item| values::colon_pairs(item.values()));
    object.created = find(items, "CreationTimestamp").and_then(Item::some).and_then(values::time);
    object.owners = Some(owners(items, namespace.as_deref()).into());
    object.uid = find(items, "UID").and_then(Item::some).map(Text::from);
    match &mut object.body {
        Body::Pod(_) => describe_pod::read(context, items, &mut object),
        Body::Workload(workload) => {
            describe_rest::workload(context, items, workload);
            workload.conditions = conditions(items);
            workload.template = find(items, "Pod Template").map(|item| Box::new(template(item)));
        }
        Body::Node(_) => describe_rest::node(items, &mut object),
        _ => {
            if !describe_net::read(items, &mut object) {
                describe_rest::other(items, &mut object);
            }
        }
    }
    context.push_object(line, object);
    events_of(context, items, &subject);
}

fn unclaimed<'i, 'a: 'i>(context: &mut Context, items: impl IntoIterator<Item = &'i Item<'a>>) {
    for item in items {
        context.unclaimed(std::iter::once(Line { text: item.text, number: item.line, start: 0 }));
        unclaimed(context, Vec::from_iter(&item.children));
    }
}

/// The kind that the keys of an outline tell (staging/src/k8s.io/kubectl/pkg/describe/describe.go, 1.13 to 1.36).
fn told_by_keys(items: &[Item]) -> Option<Kind> {
    let has = |key: &str| find(items, key).is_some();
    Some(if has("Containers") && (has("Node") || has("Status")) {
        Kind::Pod
    } else if has("Roles") && (has("System Info") || has("Capacity")) {
        Kind::Node
    } else if has("StrategyType") || has("NewReplicaSet") {
        Kind::Deployment
    } else if has("Parallelism") && has("Schedule") {
        Kind::CronJob
    } else if has("Parallelism") {
        Kind::Job
    } else if has("Desired Number of Nodes Scheduled") {
        Kind::DaemonSet
    } else if has("Update Strategy") && has("Replicas") {
        Kind::StatefulSet
    } else if has("Pods Status") && has("Replicas") {
        Kind::ReplicaSet
    } else if has("Session Affinity") {
        Kind::Service
    } else if has("Subsets") {
        Kind::Endpoints
    } else if has("Reclaim Policy") && has("Claim") {
        Kind::PersistentVolume
    } else if has("Volume") && has("StorageClass") {
        Kind::PersistentVolumeClaim
    } else if has("Provisioner") {
        Kind::StorageClass
    } else if has("Containers") {
        Kind::Pod
    } else {
        return describe_net::told_by_keys(items);
    })
}

fn owners(items: &[Item], namespace: Option<&str>) -> Vec<Owner> {
    let controlled = find(items, "Controlled By").or_else(|| find(items, "Controllers"));
    let Some((kind, name)) = controlled.and_then(Item::some).and_then(|owner| owner.split_once('/')) else {
        return Vec::new();
    };
    let subject = Subject::new(Kind::parse(kind), namespace, name);
    vec![Owner { subject, uid: None, controller: true, stated: true }]
}

/// The table of conditions: Type, Status, and what else its header names.
pub(super) fn conditions(items: &[Item]) -> Option<Vec<Condition>> {
    let rows = &find(items, "Conditions")?.children;
    let header = rows.first()?;
    let columns: Vec<&str> = header.text.split_whitespace().collect();
    let shapes: Vec<Shape> = columns.iter().map(|c| Shape::of(c)).collect();
    let mut all = Vec::new();
    for row in rows.iter().skip(1).filter(|r| !r.text.starts_with("--")) {
        let cells: Vec<&str> = wide_cells(row.text);
        let cells = if cells.len() == 1 {
            // Squeezed to single blanks; where there is more than one way, only type and status are sure.
            columns::split(row.text, &columns, &shapes)
                .unwrap_or_else(|| row.text.split_whitespace().take(2).collect())
        } else {
            cells
        };
        let cell = |name: &str| {
            let at = columns.iter().position(|c| *c == name)?;
            cells.get(at).copied().filter(|c| !is_none(c))
        };
        let (Some(kind), Some(status)) = (cells.first(), cells.get(1)) else { continue };
        let said = Said {
            kind: (*kind).into(),
            status: (*status).into(),
            reason: cell("Reason").map(Text::from),
            message: cell("Message").map(Text::from),
        };
        all.push(Condition {
            said: said.into(),
            since: cell("LastTransitionTime").and_then(values::time),
            heartbeat: cell("LastHeartbeatTime").and_then(values::time).map(Box::new),
        });
    }
    Some(all)
}

/// Cells set apart by two blanks or more, or tabs.
pub(super) fn wide_cells(text: &str) -> Vec<&str> {
    let mut cells = Vec::new();
    let mut rest = text.trim();
    loop {
        let cut = rest.find("  ").into_iter().chain(rest.find('\t')).min();
        match cut {
            Some(at) => {
                cells.push(&rest[..at]);
                rest = rest[at..].trim_start();
            }
            None => {
                cells.push(rest);
                return cells;
            }
        }
    }
}

fn events_of(context: &mut Context, items: &[Item], about: &Subject) {
    let Some(item) = find(items, "Events") else { return };
    for row in &item.children {
        match event_row(row.text) {
            Some((warning, reason, age, from, message)) => {
                push_event(context, row.line, about, warning, [reason, age, from, message]);
            }
            None if row.text.starts_with("Type") || row.text.starts_with("--") => {}
            None => context.unclaimed(std::iter::once(Line { text: row.text, number: row.line, start: 0 })),
        }
    }
}

/// A row: reason, age, from and message.
pub(super) fn push_event(
    context: &mut Context,
    line: usize,
    about: &Subject,
    warning: bool,
    cells: [&str; 4],
) {
    let [reason, age, from, message] = cells;
    let (first, last, count) = values::repeated(age, &context.place);
    let (component, host) = from.split_once(',').map_or((from, None), |(c, h)| (c, Some(h.trim())));
    let event = Event {
        about: about.clone(),
        about_uid: None,
        reason: reason.into(),
        warning,
        message: message.into(),
        component: Some(component.trim()).filter(|c| !c.is_empty()).map(Text::from),
        host: host.map(Text::from),
        count,
        first,
        last,
        locator: context.place.line(line),
    };
    context.push(line, What::Event(Box::new(event)));
}

/// A row of events: type, reason, age, from, message. By wide gaps, else by what the cells look like.
pub(super) fn event_row(text: &str) -> Option<(bool, &str, &str, &str, &str)> {
    let (kind, rest) = text.split_once([' ', '\t'])?;
    let warning = match kind {
        "Warning" => true,
        "Normal" => false,
        _ => return None,
    };
    let cells = wide_cells(rest);
    if cells.len() >= 4 {
        let message = cells.get(3).copied()?;
        let from = offset(rest, message)?;
        return Some((warning, cells.first()?, cells.get(1)?, cells.get(2)?, rest.get(from..)?.trim_end()));
    }
    // A message may be empty.
    if let [reason, age, from] = cells.as_slice()
        && columns::split(age, &["Age"], &[Shape::Age]).is_some()
    {
        return Some((warning, reason, age, from, ""));
    }
    let rest = rest.trim_start();
    let (reason, rest) = rest.split_once(' ')?;
    let rest = rest.trim_start();
    let (first, after) = rest.split_once(' ')?;
    let (age, rest) = match after.trim_start().strip_prefix("(x") {
        Some(repeat) => {
            let end = offset(rest, repeat)? + repeat.find(')')? + 1;
            (rest.get(..end)?, rest.get(end..)?.trim_start())
        }
        None => (first, after.trim_start()),
    };
    let (mut from, mut message) = rest.split_once(' ')?;
    if from.ends_with(',') {
        let host = message.split(' ').next()?;
        let end = offset(rest, host)? + host.len();
        (from, message) = (rest.get(..end)?, rest.get(end..)?.trim_start());
    }
    Some((warning, reason, age, from, message))
}

/// Where a part of a text begins in it.
fn offset(whole: &str, part: &str) -> Option<usize> {
    (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize).filter(|at| *at <= whole.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_rows_are_read_wide_and_squeezed() {
        let wide = "Warning  Unhealthy  1s (x9 over 81s)  kubelet            Liveness probe failed: x  y";
        assert_eq!(
            event_row(wide),
            Some((true, "Unhealthy", "1s (x9 over 81s)", "kubelet", "Liveness probe failed: x  y"))
        );
        let squeezed = "Warning OOMKilled 5m (x12 over 1h) kubelet Memory cgroup out of memory: Kill process 1234 (node)";
        assert_eq!(
            event_row(squeezed),
            Some((
                true,
                "OOMKilled",
                "5m (x12 over 1h)",
                "kubelet",
                "Memory cgroup out of memory: Kill process 1234 (node)"
            ))
        );
        let hosted = "Normal Pulled 5m kubelet, worker-1 Container image present";
        assert_eq!(
            event_row(hosted),
            Some((false, "Pulled", "5m", "kubelet, worker-1", "Container image present"))
        );
        assert_eq!(
            event_row("Normal   Starting                 42m (x2 over 5h)  kube-proxy"),
            Some((false, "Starting", "42m (x2 over 5h)", "kube-proxy", ""))
        );
        assert_eq!(event_row("Type Reason Age From Message"), None);
    }
}
