//! Real objects, and what is kept of them.

use super::*;
use engine::evidence::{Action, Container, EnvSource, Event, Phase, Pod, Role, State, VolumeSource};
use engine::subject::Part;

fn intake(path: &str, text: &str) -> Intake {
    let mut out = Intake::default();
    assert!(read(text, &Place::file(path), &mut out), "not understood");
    out
}

fn objects(out: &Intake) -> Vec<&Object> {
    let object = |it: &'_ engine::evidence::Observation| matches!(it.what, What::Object(_));
    out.observations
        .iter()
        .filter(|it| object(it))
        .filter_map(|it| if let What::Object(object) = &it.what { Some(&**object) } else { None })
        .collect()
}

fn events(out: &Intake) -> Vec<&Event> {
    out.observations
        .iter()
        .filter_map(|it| if let What::Event(event) = &it.what { Some(&**event) } else { None })
        .collect()
}

fn pod(out: &Intake) -> &Pod {
    objects(out)[0].pod().expect("a pod")
}

fn gaps(out: &Intake) -> Vec<String> {
    let why = |gap: &Gap| match &gap.why {
        Why::Unparsable(why) | Why::Truncated(why) => why.to_string(),
        other => format!("{other:?}"),
    };
    out.gaps.iter().map(why).collect()
}

const POD: &str = r#"{
  "apiVersion": "v1",
  "kind": "Pod",
  "metadata": {
    "creationTimestamp": "2026-11-23T05:08:06Z",
    "labels": {"app": "orders"},
    "managedFields": [{"manager": "kubelet", "operation": "Update"}],
    "name": "orders-7c9d8b6f4d-x2k4p",
    "namespace": "shop",
    "ownerReferences": [{"apiVersion": "apps/v1", "controller": true, "kind": "ReplicaSet", "name": "orders-7c9d8b6f4d", "uid": "r-1"}],
    "uid": "c872e22b-144f-4fef-9736-1426e8e13b41"
  },
  "spec": {
    "containers": [{
      "args": ["--token", "hunter2hunter2", "--listen=:8080"],
      "command": ["/bin/orders"],
      "env": [
        {"name": "DB_HOST", "value": "db.shop"},
        {"name": "DB_PORT", "value": "5432"},
        {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"key": "password", "name": "db"}}},
        {"name": "CACHE", "value": "redis://:s3cret@cache:6379/0"},
        {"name": "MODE", "value": "fast"},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
      ],
      "envFrom": [{"configMapRef": {"name": "settings", "optional": true}}],
      "image": "shop/orders:1",
      "livenessProbe": {"httpGet": {"path": "/healthz", "port": "web", "scheme": "HTTP"}, "periodSeconds": 5},
      "name": "orders",
      "ports": [{"containerPort": 8080, "name": "web"}],
      "resources": {"limits": {"cpu": 1, "memory": "64Mi"}},
      "volumeMounts": [{"mountPath": "/data", "name": "data", "readOnly": true}]
    }],
    "ephemeralContainers": [{"name": "debug", "image": "busybox"}],
    "initContainers": [
      {"name": "proxy", "image": "proxy", "restartPolicy": "Always"},
      {"name": "migrate", "image": "shop/migrate"}
    ],
    "nodeName": "n1",
    "restartPolicy": "Always",
    "volumes": [
      {"name": "data", "persistentVolumeClaim": {"claimName": "orders-data"}},
      {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {}}},
      {"name": "api", "projected": {"sources": [{"serviceAccountToken": {}}, {"configMap": {"name": "kube-root-ca.crt"}}]}}
    ]
  },
  "status": {
    "containerStatuses": [{
      "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-23T05:09:00Z", "startedAt": "1970-01-01T00:00:00Z"}},
      "name": "orders", "ready": false, "restartCount": 3,
      "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}}
    }],
    "initContainerStatuses": [{"name": "proxy", "restartCount": 0, "state": {"running": {"startedAt": "2026-11-23T05:08:07Z"}}}],
    "phase": "Running"
  }
}"#;

#[test]
fn a_pod_is_read_whole() {
    let out = intake("pod.json", POD);
    assert_eq!(gaps(&out), Vec::<String>::new());
    let object = objects(&out)[0];
    assert_eq!(object.subject.to_string(), "Pod/shop/orders-7c9d8b6f4d-x2k4p");
    assert!(object.views.has(View::Whole) && object.managers.is_empty());
    assert_eq!(
        object.owners.as_ref().map(|o| o[0].subject.to_string()),
        Some("ReplicaSet/shop/orders-7c9d8b6f4d".into())
    );
    assert_eq!(object.created, Some(Moment::api_second(1_795_410_486)));

    let pod = pod(&out);
    assert_eq!((pod.phase, pod.node.as_deref()), (Some(Phase::Running), Some("n1")));
    let roles: Vec<(&str, Role)> = pod.containers.iter().map(|c| (&*c.name, c.role)).collect();
    assert_eq!(
        roles,
        [
            ("migrate", Role::Init),
            ("proxy", Role::Sidecar),
            ("orders", Role::App),
            ("debug", Role::Ephemeral)
        ]
    );
    assert!(matches!(pod.containers[1].state, Some(State::Running { .. })));

    let orders: &Container = &pod.containers[2];
    assert_eq!(orders.limits.as_ref().and_then(|l| l.get("memory")).map(|q| q.milli), Some(67_108_864_000));
    assert_eq!(orders.limits.as_ref().and_then(|l| l.get("cpu")).map(|q| q.milli), Some(1000));
    let probe = orders.liveness.as_ref().expect("a probe");
    assert!(matches!(&probe.action, Action::Http { port, .. } if &**port == "web"));
    assert_eq!((probe.period, probe.timeout, probe.failure, probe.delay), (5, 1, 3, 0));
    let Some(State::Terminated(ended)) = &orders.last else { panic!("no end") };
    assert_eq!(
        (ended.exit_code, ended.started.is_some(), ended.finished.is_some()),
        (Some(137), false, true)
    );
    assert_eq!(orders.restarts, Some(3));
    assert_eq!(
        pod.volumes.as_ref().expect("volumes")[1].source,
        VolumeSource::Claim { name: "orders-7c9d8b6f4d-x2k4p-scratch".into() }
    );
    assert!(
        pod.volumes.iter().flatten().any(
            |v| matches!(&v.source, VolumeSource::ConfigMap { name, .. } if &**name == "kube-root-ca.crt")
        )
    );
}

#[test]
fn no_literal_becomes_evidence() {
    let out = intake("pod.json", POD);
    let orders = &pod(&out).containers[2];
    let from: Vec<(&str, &EnvSource)> = orders.env.iter().flatten().map(|e| (&*e.name, &e.from)).collect();
    assert!(matches!(from[0].1, EnvSource::Address(a) if &*a.host == "db.shop" && a.port == Some(5432)));
    assert_eq!(*from[1].1, EnvSource::Literal);
    assert!(matches!(from[2].1, EnvSource::SecretKey { name, .. } if &**name == "db"));
    assert!(matches!(from[3].1, EnvSource::Address(a) if &*a.host == "cache" && a.has_user));
    assert_eq!((from[4].1, from[5].1), (&EnvSource::Literal, &EnvSource::Field));
    assert!(matches!(from[6].1, EnvSource::ConfigMap { name, optional: true } if &**name == "settings"));
    let args: Vec<&str> = orders.args.iter().flatten().map(|arg| &**arg).collect();
    assert_eq!(args, ["--token", crate::redact::HIDDEN, "--listen=:8080"]);
    let all = format!("{out:?}");
    assert!(!all.contains("hunter2") && !all.contains("s3cret") && !all.contains("fast"));
}

#[test]
fn secrets_keep_their_keys_alone() {
    let out = intake(
        "s.json",
        r#"{"apiVersion":"v1","kind":"List","items":[
        {"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"shop","uid":"u",
          "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"password\":\"aHVudGVyMg==\"}}"}},
          "type":"Opaque","data":{"password":"aHVudGVyMg==","user":"YWRtaW4="},"stringData":{"token":"hunter2"}},
        {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","uid":"v"},
          "data":{"app.yaml":"db: postgres://u:hunter2@db:5432/shop\n","plain":"hunter2"}}]}"#,
    );
    let Body::Config(secret) = &objects(&out)[0].body else { panic!("no secret") };
    assert_eq!(secret.keys.as_deref(), Some(&["password".into(), "token".into(), "user".into()][..]));
    let Body::Config(map) = &objects(&out)[1].body else { panic!("no map") };
    assert_eq!(
        map.addresses.iter().map(|(key, a)| (&**key, &*a.host, a.port)).collect::<Vec<_>>(),
        [("app.yaml", "db", Some(5432))]
    );
    let all = format!("{out:?}");
    assert!(!all.contains("hunter2") && !all.contains("aHVudGVyMg") && !all.contains("YWRtaW4"));
}

#[test]
fn events_of_both_apis_are_one_kind() {
    let out = intake(
        "e.json",
        r#"{"kind":"EventList","apiVersion":"v1","items":[
        {"metadata":{"name":"a","namespace":"shop","creationTimestamp":"2026-11-23T05:08:06Z"},
         "involvedObject":{"kind":"Pod","namespace":"shop","name":"p","uid":"c872e22b-144f-4fef-9736-1426e8e13b41","apiVersion":"v1","fieldPath":"spec.initContainers{web}"},
         "reason":"BackOff","message":"Back-off restarting failed container","source":{"component":"kubelet","host":"n1"},
         "firstTimestamp":"2026-11-23T05:08:07Z","lastTimestamp":"2026-11-23T05:10:07Z","count":5,"type":"Warning","eventTime":null},
        {"metadata":{"name":"b","namespace":"default","creationTimestamp":"2026-11-23T05:08:06Z"},
         "involvedObject":{"kind":"Node","name":"n1","uid":"n1"},"reason":"Starting","message":"","type":"Normal",
         "firstTimestamp":null,"lastTimestamp":null,"eventTime":"2026-11-23T05:08:06.856461Z","reportingComponent":"kubelet","reportingInstance":"n1"},
        {"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"c","namespace":"shop"},
         "regarding":{"kind":"Pod","namespace":"shop","name":"p","apiVersion":"v1"},"reason":"FailedScheduling","note":"0/3 nodes are available",
         "type":"Warning","reportingController":"default-scheduler","eventTime":"2026-11-23T05:08:06.000001Z",
         "series":{"count":7,"lastObservedTime":"2026-11-23T05:38:06.000002Z"},"deprecatedCount":2}]}"#,
    );
    assert_eq!(gaps(&out), Vec::<String>::new());
    let all = events(&out);
    assert_eq!(all[0].about.part, Some(Part::Container("web".into())));
    assert_eq!((all[0].count, all[0].warning, all[0].host.as_deref()), (5, true, Some("n1")));
    assert_eq!(all[0].last, Some(Moment::api_second(1_795_410_607)));
    assert_eq!((&all[1].about_uid, all[1].count, all[1].host.as_deref()), (&None, 1, Some("n1")));
    assert_eq!(all[1].first, Some(Moment::api(1_795_410_486_856_461)));
    assert_eq!((all[2].count, &*all[2].message), (7, "0/3 nodes are available"));
    assert_eq!(all[2].last, Some(Moment::api(1_795_412_286_000_002)));
    assert_eq!(all[2].component.as_deref(), Some("default-scheduler"));
}

#[test]
fn a_broken_item_costs_itself() {
    let out = intake(
        "p.json",
        r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","uid":"1"},"status":{"phase":7}},
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b","uid":oops}},
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c","uid":"3"}},
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"d"#,
    );
    let names: Vec<&str> = objects(&out).iter().map(|o| &*o.subject.name).collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!(gaps(&out)[0], "status.phase: not a text");
    assert_eq!(out.gaps[0].read, Read::Object(Subject::new(Kind::Pod, None, "a")));
    assert_eq!(out.gaps[1].locator.line, Some(2));
    assert!(matches!(out.gaps[2].why, Why::Truncated(_)));
    assert_eq!(out.gaps.len(), 3);
}

const LIST: &str = "apiVersion: v1
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    annotations:
      deployment.kubernetes.io/revision: \"3\"
    creationTimestamp: \"2026-11-23T05:08:06Z\"
    name: orders
    namespace: shop
    uid: d-1
  spec:
    replicas: 2
    template:
      spec:
        containers:
        - name: orders
          image: shop/orders:1
          args:
          - |
            kind: not this
            - nor this
  status:
    replicas: 2
    unavailableReplicas: 2
- apiVersion: v1
  kind: Service
  metadata:
    name: orders
    namespace: shop
    uid: s-1
  spec:
    selector:
      app: orders
    ports:
    - port: 80
      targetPort: 8080
kind: List
metadata:
  resourceVersion: \"\"
";

#[test]
fn yaml_lists_are_read_item_by_item() {
    let out = intake("all.yaml", LIST);
    assert_eq!(gaps(&out), Vec::<String>::new());
    let all = objects(&out);
    let workload = all[0].workload().expect("a workload");
    assert_eq!((workload.desired, workload.ready, workload.revision), (Some(2), Some(0), Some(3)));
    let Body::Service(service) = &all[1].body else { panic!("no service") };
    assert_eq!(service.ports.as_ref().map(|p| (p[0].port, p[0].target.as_deref())), Some((80, Some("8080"))));
    assert_eq!(out.observations[1].locator.line, Some(26));

    let broken = LIST.replace("replicas: 2\n    template", "replicas: [2\n    template");
    let out = intake("all.yaml", &broken);
    assert_eq!((objects(&out).len(), out.gaps.len()), (1, 1));
}

#[test]
fn documents_of_a_manifest_are_wishes() {
    let text = "# Source: chart\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: orders\n---\nkind: Deployment\napiVersion: apps/v1\nmetadata: {name: orders, creationTimestamp: null}\nspec: {replicas: 1, template: {spec: {containers: [{name: a, image: b}]}}}\nstatus: {}\n";
    let out = intake("orders.yaml", text);
    let all = objects(&out);
    assert_eq!(all.iter().map(|o| o.views.best()).collect::<Vec<_>>(), [View::Manifest, View::Manifest]);
    assert_eq!(all[1].workload().and_then(|w| w.desired), Some(1));
    assert_eq!(all[1].workload().and_then(|w| w.ready), None);
}

#[test]
fn a_list_without_kinds_gives_them() {
    let out = intake(
        "pods/shop.json",
        r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a","namespace":"shop","uid":"1"}}]}"#,
    );
    assert_eq!(objects(&out)[0].subject.kind, Kind::Pod);
    let listed = out
        .observations
        .iter()
        .any(|it| it.what == What::Listed { kind: Kind::Pod, namespace: Some("shop".into()) });
    assert!(listed);

    let part = intake(
        "pods.json",
        r#"{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"x"},"items":[{"metadata":{"name":"a","namespace":"shop","uid":"1"}}]}"#,
    );
    assert!(!part.observations.iter().any(|it| matches!(it.what, What::Listed { .. })));
}

#[test]
fn what_is_no_object_is_no_gap() {
    let resources = r#"[{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "v1", "resources": [{"name": "pods", "kind": "Pod"}]}]"#;
    let bundle =
        "apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\nspec:\n  versionNumber: v0.50.0\n";
    for text in [resources, bundle] {
        let out = intake("cluster-resources/resources.json", text);
        assert!(out.observations.is_empty() && out.gaps.is_empty(), "{:?}", out.gaps);
    }
    let nameless = intake("pod.json", r#"{"apiVersion": "v1", "kind": "Pod", "spec": {}}"#);
    assert_eq!(gaps(&nameless), ["an object without a name"]);
}

#[test]
fn lines_between_objects_are_counted_and_a_few_are_kept_without_secrets() {
    let object = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}\n";
    let unread =
        intake("all.json", &format!("{object}{}{object}", "DB_PASSWORD=hunter2\n".repeat(300))).unread;
    assert_eq!((unread.lines, unread.of, unread.samples.len()), (300, 300, 200));
    assert!(
        unread.samples.iter().all(|(_, line)| &**line == "DB_PASSWORD=REDACTED"),
        "{:?}",
        unread.samples[0]
    );
}

#[test]
fn other_text_is_left_to_others() {
    for text in [
        "{\"level\":\"info\",\"msg\":\"started\"}\n{\"level\":\"warn\"}\n",
        "NAME   READY   STATUS\norders 0/1 Pending\n",
        "Name:         orders\nNamespace:    shop\nAPI Version:  v1\nKind: Pod\n",
        "$ kubectl get pod orders -o yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: orders\n",
        "[GIN] 2026/11/23 started\n",
        "[1,2,3]",
        "key: value\nother: value\n",
        "---\n",
    ] {
        let mut out = Intake::default();
        assert!(!read(text, &Place::file("x"), &mut out), "{text}");
        assert!(out.observations.is_empty() && out.gaps.is_empty());
    }
}

#[test]
fn json_and_yaml_of_one_object_say_the_same() {
    let value: serde_json::Value = serde_json::from_str(POD).expect("JSON");
    let yaml = to_yaml(&value, 0);
    let (json, yaml) = (intake("pod", POD), intake("pod", yaml.trim_start()));
    assert_eq!(gaps(&yaml), Vec::<String>::new());
    assert_eq!(objects(&json), objects(&yaml));
}

fn to_yaml(value: &serde_json::Value, depth: usize) -> String {
    let pad = " ".repeat(depth);
    match value {
        serde_json::Value::Object(map) if !map.is_empty() => {
            map.iter().map(|(key, value)| format!("\n{pad}{key}:{}", to_yaml(value, depth + 2))).collect()
        }
        serde_json::Value::Array(items) if !items.is_empty() => {
            items.iter().map(|value| format!("\n{pad}-{}", to_yaml(value, depth + 2))).collect()
        }
        other => format!(" {other}"),
    }
}

#[test]
fn no_prefix_of_an_input_panics() {
    for text in [POD, LIST] {
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)).step_by(7) {
            read(&text[..end], &Place::file("x"), &mut Intake::default());
        }
    }
}

#[test]
fn replicas_are_read_as_if_each_stood_alone() {
    let list = |items: &[String], lines: usize| {
        let head = r#"{"kind":"PodList","apiVersion":"v1","items":["#;
        format!("{head}{}{}]}}", "\n".repeat(lines), items.join(",\n"))
    };
    let read = |text: &str| {
        let mut out = intake("all.json", text);
        out.observations.retain(|it| !matches!(it.what, What::Listed { .. }));
        (out.observations, out.gaps)
    };
    // One line, with what tells replicas apart in real pods.
    let plain = serde_json::from_str::<serde_json::Value>(POD).unwrap().to_string();
    let replicas: [fn(&str) -> String; 8] = [
        str::to_owned,
        |it| it.replace("x2k4p", "aaaaa").replace("\"n1\"", "\"n2\"").replace("/data", "/other"),
        |it| it.replace("Burstable", "Guaranteed"),
        |it| it.replace("\"spec\":{", r#""spec":{"affinity":{"podAntiAffinity":{}},"#),
        |it| it.replace("\"nodeName\":\"n1\",", ""),
        |it| it.replace("\"spec\":{", "\"sp\\u0065c\":{\"nodeName\":\"n9\"},\"spec\":{"),
        |it| it.replace("\"spec\":{", "\"spec\":{\"nodeName\":\"n9\"},\"spec\":{"),
        |it| it.replace("\"status\":{", "\"spec\":null,\"status\":{"),
    ];
    let words = [
        "\"nodeName\":7,",
        "\"node\\u004eame\":\"n3\",",
        "\"volumes\":null,",
        "\"containers\":[{\"name\":\"b\"}],",
        "\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/v\"}],",
        "\"name\":\"twin\",",
        ",",
        "{}",
        "\\",
        "7",
        "null",
        " ",
        "\"spec\":{},",
        "\"hostname\":{\"a\":[1]},",
        "\"qosClass\":\"BestEffort\",",
        "\"init\\u0043ontainers\":[],",
    ];
    let state = std::cell::Cell::new(7_u64);
    let next = |below: usize| {
        state
            .set(state.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        (state.get() >> 33) as usize % below
    };
    let break_up = |item: &mut String| {
        let behind = ["{", ",", ":", "["][next(4)];
        let spec = item.find("\"spec\"").unwrap_or(0);
        let places: Vec<usize> = item[spec..].match_indices(behind).map(|(at, _)| spec + at + 1).collect();
        item.insert_str(places[next(places.len())], words[next(words.len())]);
    };
    let mut compared = 0;
    for _ in 0..600 {
        let mut template = plain.clone();
        break_up(&mut template);
        let replica = |_| {
            let mut item = replicas[next(replicas.len())](&template);
            if next(12) == 0 {
                break_up(&mut item);
            }
            item
        };
        let items: Vec<String> = (0..4).map(replica).collect();
        let together = list(&items, 0);
        let (lists, _) = json::lists(&together).unwrap();
        if lists.len() != 1 || !lists[0].pieces.iter().map(|piece| piece.text).eq(&items) {
            continue;
        }
        compared += 1;
        let alone =
            items.iter().enumerate().map(|(line, item)| read(&list(std::slice::from_ref(item), line)));
        let (mut observations, mut gaps) = (Vec::new(), Vec::new());
        for (seen, missed) in alone {
            observations.extend(seen);
            gaps.extend(missed);
        }
        assert_eq!(read(&together), (observations, gaps), "{together}");
    }
    assert!(compared > 400, "{compared}");
}

#[test]
fn a_spec_is_known_by_what_replicas_have_alike() {
    let spec = |node: &str, mount: &str, image: &str| {
        format!(
            r#"{{"nodeName":"{node}","containers":[{{"name":"a","image":"{image}","volumeMounts":[{{"name":"{mount}","mountPath":"/v"}}]}}, {{"name":"b"}}],"volumes":[{{"name":"{mount}"}}]}}"#
        )
    };
    let mut specs = alike::Specs::default();
    let alike = || Rc::new(Make { pool: &Pool::default() }.alike(None, None));
    assert!(matches!(specs.of(&spec("n1", "token-1", "i")), Known::New));
    specs.remember(alike());
    assert!(matches!(specs.of(&spec("n2", "token-2", "i")), Known::Alike(_)));
    let own = r#"{"nodeName":"n2","containers":[{"volumeMounts":[{"name":"token-2","mountPath":"/v"}]},{}],"volumes":[{"name":"token-2"}]}"#;
    assert_eq!(specs.own(), own);
    assert!(matches!(specs.of(&spec("n2", "token-2", "other")), Known::New));
    let long = format!("{{\"nodeSelector\":{{\"a\":\"{}\"}}}}", "b".repeat(1 << 17));
    for odd in
        [&long, r#"{"node\u004eame":"n1"}"#, "{", "[]", r#"{"containers":[7]}"#, r#"{"containers":[{]}"#]
    {
        assert!(matches!(specs.of(odd), Known::Nothing), "{odd}");
    }
}
