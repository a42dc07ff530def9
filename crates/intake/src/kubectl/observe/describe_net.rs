//! `kubectl describe` of endpoint slices, autoscalers and disruption budgets
//! (staging/src/k8s.io/kubectl/pkg/describe/describe.go, 1.19 to 1.36).

use super::values;
use crate::kubectl::outline::{Item, find, is_none};
use engine::Text;
use engine::evidence::{Autoscaler, Budget, Endpoints, Object};
use engine::subject::{Kind, Subject};

/// An endpoint slice: `Endpoints:` lists addresses, each with its conditions below.
pub(super) fn slice(items: &[Item], endpoints: &mut Endpoints) {
    let labels = find(items, "Labels").map(|labels| values::pairs(labels.values()));
    endpoints.service = labels.and_then(|labels| labels.get("kubernetes.io/service-name").cloned());
    let mut lines = Vec::new();
    for item in items.iter().filter(|item| item.key() == Some("Endpoints")) {
        flatten(&item.children, &mut lines);
    }
    let (mut ready, mut not_ready, mut open) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        let Some((key, value)) = line.trim_start_matches("- ").split_once(':') else { continue };
        match (key, value.trim()) {
            ("Addresses", list) => {
                // An endpoint that does not say whether it is ready counts as such (discovery/v1).
                ready.append(&mut open);
                open = list.split(',').map(str::trim).filter(|a| !is_none(a)).map(Text::from).collect();
            }
            ("Ready", "false") => not_ready.append(&mut open),
            ("Ready", _) => ready.append(&mut open),
            _ => {}
        }
    }
    ready.append(&mut open);
    for list in [&mut ready, &mut not_ready] {
        list.sort();
        list.dedup();
    }
    let mut rows = Vec::new();
    find(items, "Ports").iter().for_each(|ports| flatten(&ports.children, &mut rows));
    let port = |row: &str| row.split_whitespace().nth(1)?.parse().ok();
    endpoints.ports = Some(rows.into_iter().filter_map(port).collect());
    (endpoints.ready, endpoints.not_ready) = (Some(ready), Some(not_ready));
}

/// An autoscaler: `Reference:  Deployment/web`, `Deployment pods:  1 current / 3 desired`.
pub(super) fn autoscaler(items: &[Item], object: &Subject, hpa: &mut Autoscaler) {
    let some = |key: &str| find(items, key).and_then(Item::some);
    let target = some("Reference").and_then(|reference| reference.split_once('/'));
    hpa.target =
        target.map(|(kind, name)| Subject::new(Kind::parse(kind), object.namespace.as_deref(), name.trim()));
    hpa.min = some("Min replicas").and_then(values::count);
    hpa.max = some("Max replicas").and_then(values::count);
    let pods = items.iter().find(|item| item.key().is_some_and(|key| key.ends_with(" pods")));
    hpa.current = pods.and_then(Item::some).and_then(values::count);
    hpa.conditions = super::describe::conditions(items);
}

/// A disruption budget.
pub(super) fn budget(items: &[Item], budget: &mut Budget) {
    let some = |key: &str| find(items, key).and_then(Item::some);
    budget.min_available = some("Min available").map(Text::from);
    budget.max_unavailable = some("Max unavailable").map(Text::from);
    budget.selector = some("Selector").and_then(values::selector);
    budget.allowed = find(items, "Status").and_then(|s| s.get("Allowed disruptions")).and_then(values::count);
}

/// The kinds of this module, and those kept as a name, as their keys tell them.
pub(super) fn told_by_keys(items: &[Item]) -> Option<Kind> {
    let has = |key: &str| find(items, key).is_some();
    let row =
        |words: &[&str]| items.iter().any(|item| item.text.split_whitespace().eq(words.iter().copied()));
    Some(if has("AddressType") {
        Kind::EndpointSlice
    } else if has("Min replicas") && has("Max replicas") {
        Kind::HorizontalPodAutoscaler
    } else if has("Min available") || has("Max unavailable") {
        Kind::PodDisruptionBudget
    } else if row(&["Resource", "Used", "Hard"]) {
        Kind::ResourceQuota
    } else if has("Rules") && (has("Default backend") || has("Ingress Class")) {
        Kind::Ingress
    } else {
        let spec = find(items, "Spec")?;
        let inside = |key: &str| spec.children.iter().any(|item| item.key() == Some(key));
        if inside("PodSelector") {
            Kind::NetworkPolicy
        } else if inside("Holder Identity") || inside("Renew Time") {
            Kind::Lease
        } else {
            return None;
        }
    })
}

/// Every line below, in order.
fn flatten<'a>(items: &[Item<'a>], lines: &mut Vec<&'a str>) {
    for item in items {
        lines.push(item.text);
        flatten(&item.children, lines);
    }
}

/// What the body of an object of these kinds holds; false for other kinds.
pub(super) fn read(items: &[Item], object: &mut Object) -> bool {
    use engine::evidence::Body;
    let subject = object.subject.clone();
    match &mut object.body {
        Body::Endpoints(endpoints) if subject.kind == Kind::EndpointSlice => slice(items, endpoints),
        Body::Autoscaler(hpa) => autoscaler(items, &subject, hpa),
        Body::Budget(kept) => budget(items, kept),
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use crate::{Intake, Place};
    use engine::evidence::{Body, Object, What};
    use engine::subject::Kind;

    fn only(text: &str) -> Object {
        let mut out = Intake::default();
        crate::kubectl::observe::text(text, &Place::file("-"), &mut out);
        assert_eq!(out.unread.lines, 0, "{:?}", out.unread.samples);
        let mut objects = out.observations.into_iter().filter_map(|o| match o.what {
            What::Object(object) => Some(*object),
            _ => None,
        });
        objects.next().expect("an object")
    }

    const SLICE: &str = "\
Name:         web-x7k2p
Namespace:    shop
Labels:       endpointslice.kubernetes.io/managed-by=endpointslice-controller.k8s.io
              kubernetes.io/service-name=web
Annotations:  <none>
AddressType:  IPv4
Ports:
  Name     Port  Protocol
  ----     ----  --------
  http     8080  TCP
Endpoints:
  - Addresses:  10.42.0.7
    Conditions:
      Ready:    true
    Hostname:   <unset>
    TargetRef:  Pod/web-0
    NodeName:   n1
    Zone:       <unset>
  - Addresses:  10.42.0.8
    Conditions:
      Ready:    false
    TargetRef:  Pod/web-1
Events:         <none>
";

    #[test]
    fn a_slice_tells_who_is_ready() {
        for text in [
            SLICE.to_owned(),
            format!("$ kubectl describe endpointslice web-x7k2p -n shop\\n{SLICE}").replace("\\n", "\n"),
        ] {
            let object = only(&text);
            assert_eq!(object.subject.kind, Kind::EndpointSlice);
            let Body::Endpoints(endpoints) = &object.body else { panic!("{object:?}") };
            assert_eq!(endpoints.service.as_deref(), Some("web"));
            assert_eq!(endpoints.ready.as_deref(), Some(&["10.42.0.7".into()][..]));
            assert_eq!(endpoints.not_ready.as_deref(), Some(&["10.42.0.8".into()][..]));
            assert_eq!(endpoints.ports.as_deref(), Some(&[8080][..]));
        }
    }

    #[test]
    fn an_autoscaler_and_a_budget() {
        let hpa = only(
            "$ kubectl describe hpa web -n shop\nName:  web\nNamespace:  shop\nReference:  Deployment/web\nMetrics:  ( current / target )\n  resource cpu on pods  (as a percentage of request):  <unknown> / 50%\nMin replicas:  2\nMax replicas:  6\nDeployment pods:  3 current / 0 desired\nConditions:\n  Type           Status  Reason                   Message\n  ----           ------  ------                   -------\n  ScalingActive  False   FailedGetResourceMetric  the HPA was unable to compute the replica count\nEvents:  <none>\n",
        );
        let Body::Autoscaler(body) = &hpa.body else { panic!("{hpa:?}") };
        assert_eq!((body.min, body.max, body.current), (Some(2), Some(6), Some(3)));
        assert_eq!(body.target.as_ref().map(|t| &*t.name), Some("web"));
        assert_eq!(body.conditions.as_ref().map(Vec::len), Some(1));
        let pdb = only(
            "$ kubectl describe pdb web -n shop\nName:           web\nNamespace:      shop\nMin available:  1\nSelector:       app=web\nStatus:\n    Allowed disruptions:  0\n    Current:              1\n    Desired:              1\n    Total:                1\nEvents:                  <none>\n",
        );
        let Body::Budget(body) = &pdb.body else { panic!("{pdb:?}") };
        assert_eq!((body.allowed, body.min_available.as_deref()), (Some(0), Some("1")));
    }
}
