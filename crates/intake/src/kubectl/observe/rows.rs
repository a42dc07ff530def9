//! Rows of the tables of `kubectl get`, as objects and events.

use super::{Context, describe, table_view, values};
use crate::kubectl::lines::Line;
use crate::kubectl::outline::is_none;
use crate::kubectl::table::{Row, Table};
use engine::Text;
use engine::evidence::{Body, Event, Object, ServicePort, What};
use engine::subject::{Kind, Subject};

/// Reads every row.
pub(super) fn read(context: &mut Context, table: &Table) {
    if table.column("REASON").is_some() && table.column("MESSAGE").is_some() {
        table.rows().for_each(|row| event(context, &row));
        return;
    }
    if table.column("Reason").is_some() && table.column("Message").is_some() {
        // Rows from inside a describe: whose they are, only what stands before them can tell.
        for row in table.rows() {
            described_event(context, &row);
        }
        return;
    }
    let mut about = None;
    for row in table.rows() {
        if let Some(object) = object(context, &row) {
            about = Some(object.subject.clone());
            context.push_object(row.line, object);
        }
    }
    context.about = about.filter(|_| table.rows().len() == 1);
}

fn described_event(context: &mut Context, row: &Row) {
    let cell = |column: &str| row.get(column).unwrap_or("");
    match context.about.clone() {
        Some(about) => {
            let cells = [cell("Reason"), cell("Age"), cell("From"), cell("Message")];
            describe::push_event(context, row.line, &about, cell("Type") == "Warning", cells);
        }
        None => {
            let text = cell("Message");
            context.unclaimed(std::iter::once(Line { text, number: row.line, start: 0 }));
        }
    }
}

fn event(context: &mut Context, row: &Row) {
    let Some(about) = row.get("OBJECT") else { return };
    let (kind, name) = about.split_once('/').unwrap_or(("", about));
    let namespace =
        row.get("NAMESPACE").map(str::to_owned).or_else(|| context.namespace().map(|n| n.into_owned()));
    let mut about = Subject::new(Kind::parse(kind), namespace.as_deref(), name);
    if let Some(field) = row.get("SUBOBJECT")
        && let Some(container) = field.split_once('{').and_then(|(_, rest)| rest.strip_suffix('}'))
    {
        about = about.container(container);
    }
    let (first, last, mut count) = values::repeated(row.get("LAST SEEN").unwrap_or(""), &context.place);
    let first = row.get("FIRST SEEN").and_then(|t| values::age(t, &context.place)).or(first);
    if let Some(written) = row.get("COUNT").and_then(|t| t.parse().ok()) {
        count = count.max(written);
    }
    let source = row.get("SOURCE").filter(|s| !is_none(s)).map(|s| s.split(',').next().unwrap_or(s).trim());
    let event = Event {
        about,
        about_uid: None,
        reason: row.get("REASON").unwrap_or("").into(),
        warning: row.get("TYPE") == Some("Warning"),
        message: row.get("MESSAGE").unwrap_or("").into(),
        component: source.map(Text::from),
        host: None,
        count,
        first,
        last,
        locator: context.place.line(row.line),
    };
    context.push(row.line, What::Event(Box::new(event)));
}

fn object(context: &Context, row: &Row) -> Option<Object> {
    let (resource, name) = row.name()?;
    let kind = Kind::parse(resource?.kind);
    let namespace =
        row.get("NAMESPACE").map(str::to_owned).or_else(|| context.namespace().map(|n| n.into_owned()));
    let subject = Subject::new(kind, namespace.as_deref(), name);
    let mut object = Object::new(subject, table_view(context.command));
    object.created = row.get("AGE").and_then(|t| values::age(t, &context.place));
    object.labels = row.get("LABELS").map(|labels| values::pairs(labels.split(',')).into());
    let cell = |column: &str| row.get(column).filter(|c| !is_none(c));
    let count = |column: &str| row.get(column).and_then(values::count);
    let text = |column: &str| cell(column).map(Text::from);
    match &mut object.body {
        Body::Pod(pod) => {
            pod.printed_ready = row.get("READY").and_then(values::of);
            pod.printed_status = text("STATUS");
            pod.printed_restarts = count("RESTARTS");
            pod.ip = text("IP");
            pod.node = text("NODE");
            object.is_deleting = Some(row.get("STATUS") == Some("Terminating")).filter(|d| *d);
        }
        Body::Node(node) => {
            node.printed_status = text("STATUS");
            node.kubelet = text("VERSION");
            node.runtime = text("CONTAINER-RUNTIME");
            node.addresses = text("INTERNAL-IP").map(|ip| vec![ip]);
            node.unschedulable = row.get("STATUS").map(|s| s.contains("SchedulingDisabled"));
        }
        Body::Workload(workload) => {
            let (ready, desired) = row.get("READY").and_then(values::of).unzip();
            workload.ready = ready.or_else(|| count("READY"));
            workload.desired = desired.or_else(|| count("DESIRED"));
            workload.current = count("CURRENT");
            workload.updated = count("UP-TO-DATE");
            workload.available = count("AVAILABLE");
            if let Some((done, wanted)) = row.get("COMPLETIONS").and_then(values::of) {
                workload.succeeded = Some(done);
                workload.completions = Some(wanted);
            }
            workload.schedule = text("SCHEDULE");
            workload.suspended = cell("SUSPEND").map(|s| s == "True");
            workload.selector = cell("SELECTOR").and_then(values::selector);
        }
        Body::Service(service) => {
            service.kind = text("TYPE");
            service.cluster_ip = row.get("CLUSTER-IP").map(Text::from);
            service.ports = cell("PORT(S)").map(ports);
            service.selector = row.get("SELECTOR").map(|s| values::pairs(s.split(',')));
        }
        Body::Endpoints(endpoints) => {
            let list = row.get("ENDPOINTS").unwrap_or("");
            endpoints.cut = list.contains(" more...") || list.contains("+ ");
            endpoints.ready = Some(addresses(list));
            endpoints.service = Some(name.into());
        }
        Body::Claim(claim) => {
            claim.phase = text("STATUS");
            claim.volume = row.get("VOLUME").map(Text::from).filter(|v| !v.is_empty());
            claim.class = row.get("STORAGECLASS").map(|c| if is_none(c) { "".into() } else { c.into() });
            claim.mode = text("VOLUMEMODE");
            // Of a claim that is not bound the table prints nothing: that is not what it asks for.
            claim.access_modes = cell("ACCESS MODES").map(values::access_modes);
        }
        Body::PersistentVolume(volume) => {
            volume.phase = text("STATUS");
            volume.claim = cell("CLAIM").and_then(claim_path);
            volume.class = row.get("STORAGECLASS").map(|c| if is_none(c) { "".into() } else { c.into() });
            volume.access_modes = cell("ACCESS MODES").map(values::access_modes);
            volume.capacity = cell("CAPACITY").and_then(values::quantity);
            volume.reclaim = text("RECLAIM POLICY");
            volume.mode = text("VOLUMEMODE");
        }
        Body::StorageClass(class) => {
            class.provisioner = text("PROVISIONER");
            class.binding = text("VOLUMEBINDINGMODE");
            class.is_default = row.get("NAME").map(|n| n.ends_with(" (default)"));
        }
        Body::Quota(quota) => {
            let mut used = engine::evidence::Resources::new();
            let mut hard = engine::evidence::Resources::new();
            for column in ["REQUEST", "LIMIT"] {
                for entry in row.get(column).unwrap_or("").split(", ") {
                    if let Some((resource, amounts)) = entry.split_once(": ")
                        && let Some((u, h)) = amounts.split_once('/')
                        && let (Some(u), Some(h)) = (values::quantity(u), values::quantity(h))
                    {
                        used.insert(resource.into(), u);
                        hard.insert(resource.into(), h);
                    }
                }
            }
            if !hard.is_empty() {
                (quota.used, quota.hard) = (Some(used), Some(hard));
            }
        }
        Body::Autoscaler(hpa) => {
            hpa.min = count("MINPODS");
            hpa.max = count("MAXPODS");
            hpa.current = count("REPLICAS");
        }
        Body::Budget(budget) => {
            budget.allowed = count("ALLOWED DISRUPTIONS");
            budget.min_available = text("MIN AVAILABLE");
            budget.max_unavailable = text("MAX UNAVAILABLE");
        }
        Body::Lease(lease) => {
            lease.holder = text("HOLDER");
        }
        _ => {}
    }
    Some(object)
}

/// `80/TCP,443:30443/TCP`.
fn ports(text: &str) -> Vec<ServicePort> {
    text.split(',')
        .filter_map(|port| {
            let (numbers, protocol) = port.trim().split_once('/')?;
            let (port, node) = numbers.split_once(':').map_or((numbers, None), |(p, n)| (p, Some(n)));
            Some(ServicePort {
                name: None,
                port: port.parse().ok()?,
                target: None,
                protocol: protocol.into(),
                app_protocol: None,
                node_port: node.and_then(|n| n.parse().ok()),
            })
        })
        .collect()
}

/// The addresses of `10.0.0.1:80,10.0.0.2:80 + 3 more...`.
pub(super) fn addresses(text: &str) -> Vec<Text> {
    let list = text.split(" + ").next().unwrap_or(text);
    let mut all: Vec<Text> = list
        .split(',')
        .map(str::trim)
        .filter(|a| !is_none(a))
        .map(|a| match a.rsplit_once(':') {
            Some((ip, port)) if port.bytes().all(|b| b.is_ascii_digit()) => ip.into(),
            _ => a.into(),
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

/// `namespace/name` of a claim.
pub(super) fn claim_path(text: &str) -> Option<Subject> {
    let (namespace, name) = text.split_once('/')?;
    Some(Subject::new(Kind::PersistentVolumeClaim, Some(namespace), name))
}
