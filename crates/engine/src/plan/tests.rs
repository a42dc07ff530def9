//! Plans: what a scope begins with, what follows, which logs, and what is never asked for.

use super::*;
use crate::evidence::{
    ClockPair, Container, Ended, Evidence, Locator, Pairs, Phase, Pod, Role, State, View, Volume,
    VolumeSource, Workload,
};
use crate::moment::Moment;

fn seen(object: Object) -> Observation {
    let what = What::Object(Box::new(object));
    Observation { capture: "".into(), sequence: 0, locator: Locator::default(), what }
}

fn object(kind: Kind, name: &str, owner: Option<(Kind, &str)>) -> Object {
    let mut object = Object::new(Subject::new(kind, Some("shop"), name), View::Whole);
    object.owners = Some(
        owner
            .map(|(kind, name)| Owner {
                subject: Subject::new(kind, Some("shop"), name),
                uid: None,
                controller: true,
                stated: true,
            })
            .into_iter()
            .collect::<Vec<_>>()
            .into(),
    );
    object
}

fn ended(code: i32) -> State {
    State::Terminated(Ended { exit_code: Some(code), ..Ended::default() }.into())
}

fn waiting() -> State {
    State::Waiting { reason: Some("CrashLoopBackOff".into()), message: None }
}

const RUNS: State = State::Running { started: None };

/// A pod of one container in that state.
fn pod(name: &str, state: State, last: Option<State>, ready: bool) -> Object {
    let mut object = object(Kind::Pod, name, Some((Kind::ReplicaSet, "web-6f")));
    object.labels = Some(Pairs::from([("app".into(), "web".into())]).into());
    let mut container = Container::new("app".into(), Role::App);
    (container.state, container.last, container.ready) = (Some(state), last, Some(ready));
    object.body = Body::Pod(Pod {
        phase: Some(Phase::Running),
        node: Some("n1".into()),
        containers: vec![container],
        ..Pod::default()
    });
    object
}

fn picking(kind: Kind, name: &str, owner: Option<(Kind, &str)>) -> Object {
    let mut object = object(kind, name, owner);
    let selector = Selector { labels: [("app".into(), "web".into())].into(), expressions: Vec::new() };
    object.body = Body::Workload(Workload { selector: Some(selector), ..Workload::default() });
    object
}

fn scope(kind: Kind, name: &str) -> Scope {
    Scope { namespaces: vec!["shop".into()], subjects: vec![Subject::new(kind, Some("shop"), name)] }
}

/// Follows until nothing is new; every read gives the object of that name, if it is in the cluster.
fn play(scope: &Scope, cluster: &[Object]) -> Vec<Read> {
    let mut asked = BTreeSet::new();
    let (mut all, mut seen_so_far) = (Vec::new(), Vec::new());
    let mut reads = first(scope);
    while !reads.is_empty() {
        for read in &reads {
            assert!(asked.insert(read.clone()), "{read} is asked for twice");
            let gives = |object: &&Object| match read {
                Read::Object(subject) => object.subject == *subject,
                Read::List { kind, namespace } => {
                    object.subject.kind == *kind && object.subject.namespace == *namespace
                }
                Read::Selected { kind, .. } => object.subject.kind == *kind,
                _ => false,
            };
            seen_so_far.extend(cluster.iter().filter(gives).cloned().map(seen));
        }
        all.append(&mut reads);
        reads = follow(scope, &seen_so_far, &asked);
    }
    all
}

#[test]
fn one_pod_needs_twelve_reads_at_most_and_no_list_of_the_cluster() {
    let mut failing = pod("web-6f-a", waiting(), Some(ended(1)), false);
    if let Body::Pod(pod) = &mut failing.body {
        let source = VolumeSource::Claim { name: "data".into() };
        pod.volumes = Some(vec![Volume { name: "data".into(), source }]);
    }
    let mut service = object(Kind::Service, "web", None);
    if let Body::Service(service) = &mut service.body {
        service.selector = Some(Pairs::from([("app".into(), "web".into())]));
    }
    let cluster = [
        failing,
        pod("web-6f-b", RUNS, None, true),
        picking(Kind::ReplicaSet, "web-6f", Some((Kind::Deployment, "web"))),
        picking(Kind::Deployment, "web", None),
        service,
    ];
    let reads = play(&scope(Kind::Pod, "web-6f-a"), &cluster);
    assert!(reads.len() <= 12, "{} reads: {reads:#?}", reads.len());
    let everywhere = |read: &&Read| {
        matches!(read, Read::List { namespace: None, .. } | Read::Selected { namespace: None, .. })
    };
    assert_eq!(reads.iter().find(everywhere), None);
    let says = |text: &str| assert!(reads.iter().any(|read| read.to_string() == text), "{text}: {reads:#?}");
    says("Deployment shop/web");
    says("Node n1");
    says("PersistentVolumeClaim shop/data");
    says("pods of shop with app=web");
    says("endpointslices of shop with kubernetes.io/service-name in (web)");
    says("log of shop/web-6f-a, app");
}

#[test]
fn the_instance_that_died_is_chosen_by_the_state_of_its_container() {
    let chosen = |state: State, last: Option<State>, ready: bool| {
        let reads = logs::of_one(&pod("a", state, last, ready));
        reads.first().map(|read| matches!(read, Read::Log { previous: true, .. }))
    };
    assert_eq!(chosen(waiting(), Some(ended(1)), false), Some(false));
    assert_eq!(chosen(ended(1), Some(ended(1)), false), Some(false));
    assert_eq!(chosen(RUNS, Some(ended(1)), true), Some(true));
    // Not ready, and never died: what it says now.
    assert_eq!(chosen(RUNS, None, false), Some(false));
    // Nothing to tell: well, ended well, not started yet.
    assert_eq!(chosen(RUNS, None, true), None);
    assert_eq!(chosen(ended(0), None, false), None);
    assert_eq!(chosen(waiting(), None, false), None);
}

#[test]
fn of_many_pods_that_fail_alike_two_are_read() {
    let mut cluster: Vec<Observation> =
        (0..50).map(|n| seen(pod(&format!("web-6f-{n:02}"), waiting(), Some(ended(1)), false))).collect();
    cluster.push(seen(pod("web-6f-x", waiting(), Some(ended(3)), false)));
    let scope = Scope::default();
    let reads = follow(&scope, &cluster, &BTreeSet::new());
    assert_eq!(reads.len(), 3, "{reads:#?}");
    cluster.reverse();
    assert_eq!(follow(&scope, &cluster, &BTreeSet::new()), reads, "the order of arrival does not show");
}

#[test]
fn a_namespace_is_listed_once_for_each_kind_and_never_its_secrets() {
    let scope = Scope { namespaces: vec!["shop".into()], subjects: Vec::new() };
    let reads = play(&scope, &[]);
    for wide in [first(&scope), first(&Scope::default()), reads] {
        let mut known = BTreeSet::new();
        for read in wide {
            assert!(!read.to_string().contains("secret"), "{read}");
            assert!(known.insert(read));
        }
    }
    let cluster = first(&Scope::default());
    assert!(cluster.iter().all(|read| matches!(read, Read::List { namespace: None, .. })));
}

#[test]
fn what_is_read_later_joins_what_was_read_before() {
    let pod = || seen(pod("a", waiting(), Some(ended(1)), false));
    let truth = Moment::api_second(1_795_403_560);
    let capture: Text = "capture".into();
    let clock =
        What::ClockPair(Box::new(ClockPair { shown: Moment::age(0, 0, &capture), truth: truth.clone() }));
    let clock = Observation { capture, sequence: 0, locator: Locator::default(), what: clock };
    let owner = || seen(picking(Kind::ReplicaSet, "web-6f", None));
    let at_once = Evidence::assemble(vec![pod(), owner(), clock.clone()], Vec::new());
    let (mut observations, gaps) = Evidence::assemble(vec![pod(), clock], Vec::new()).reopen();
    observations.push(owner());
    let later = Evidence::assemble(observations, gaps);
    assert_eq!(later, at_once);
    assert_eq!(later.captured(), Some(&truth));
}
