//! The program against a small API server on loopback: what it reads, what it writes, and how it fails.

// What a test cannot set up fails the test.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const STAMP: &str = "Mon, 23 Nov 2026 03:12:40 GMT";

/// Two pods of a Deployment, one of which is out of memory.
const POD: &str = r#"{"metadata":{"name":"cart-6f9c5d7b8-x2k4p","namespace":"shop","uid":"u1","creationTimestamp":"2026-11-23T02:00:00Z","labels":{"app":"cart"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"cart-6f9c5d7b8","uid":"u2","controller":true}]},"spec":{"nodeName":"n1","containers":[{"name":"app","image":"cart:1","resources":{"limits":{"memory":"64Mi"}},"env":[{"name":"DB_PASSWORD","value":"hunter2hunter2"}]}]},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"False","lastTransitionTime":"2026-11-23T03:00:00Z"}],"containerStatuses":[{"name":"app","ready":false,"restartCount":7,"state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 5m0s restarting failed container"}},"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled","startedAt":"2026-11-23T03:10:00Z","finishedAt":"2026-11-23T03:10:30Z"}}}]}}"#;
const OWNER: &str = r#"{"metadata":{"name":"cart-6f9c5d7b8","namespace":"shop","uid":"u2","creationTimestamp":"2026-11-23T02:00:00Z"},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"cart"}}},"status":{"replicas":1}}"#;
const NODE: &str = r#"{"metadata":{"name":"n1","uid":"u3","creationTimestamp":"2026-11-01T00:00:00Z"},"status":{"conditions":[{"type":"Ready","status":"True"}],"nodeInfo":{"kubeletVersion":"v1.34.4"}}}"#;

struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

/// Status, content type, body; none to be silent.
type Reply = Option<(u16, &'static str, String)>;

fn list(kind: &str, version: &str, items: &str) -> Reply {
    let body = format!(
        r#"{{"kind":"{kind}List","apiVersion":"{version}","metadata":{{"resourceVersion":"1"}},"items":[{items}]}}"#
    );
    Some((200, "application/json", body))
}

fn one(kind: &str, version: &str, object: &str) -> Reply {
    let body = object.replacen('{', &format!(r#"{{"kind":"{kind}","apiVersion":"{version}","#), 1);
    Some((200, "application/json", body))
}

/// A cluster in which `cart` is out of memory, to a user who may not read nodes' leases.
fn cluster(target: &str) -> Reply {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let last = path.rsplit('/').next().unwrap_or_default();
    match last {
        "pods" => list("Pod", "v1", POD),
        "replicasets" => list("ReplicaSet", "apps/v1", OWNER),
        "nodes" => list("Node", "v1", NODE),
        "n1" if path.contains("/leases/") => Some((403, "application/json", "{\"message\":\"no\"}".into())),
        "leases" => Some((403, "application/json", "{\"message\":\"no\"}".into())),
        "n1" => one("Node", "v1", NODE),
        "cart-6f9c5d7b8" => one("ReplicaSet", "apps/v1", OWNER),
        "cart-6f9c5d7b8-x2k4p" => one("Pod", "v1", POD),
        "log" => {
            Some((200, "text/plain", "2026-11-23T03:10:29.1Z INFO password=hunter2hunter2 started\n".into()))
        }
        _ if query.contains("limit=") => list("Thing", "v1", ""),
        _ => Some((404, "application/json", "{\"message\":\"not found\"}".into())),
    }
}

impl Server {
    fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (reply, log) = (Arc::new(reply), seen.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (reply, log) = (reply.clone(), log.clone());
                std::thread::spawn(move || serve(stream, &*reply, &log));
            }
        });
        Server { port, seen }
    }

    /// A kubeconfig in a folder of its own.
    fn kubeconfig(&self, name: &str) -> Place {
        let place = Place::new(name);
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: lab\nclusters: [{{name: lab, cluster: {{server: 'http://127.0.0.1:{}'}}}}]\nusers: [{{name: me, user: {{token: t}}}}]\ncontexts: [{{name: lab, context: {{cluster: lab, user: me, namespace: shop}}}}]\n",
            self.port
        );
        std::fs::write(place.0.join("config"), text).unwrap();
        place
    }
}

/// A folder that goes with the test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("coroner-live-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coroner"));
        command.args(args).env("KUBECONFIG", self.0.join("config")).env_remove("KUBERNETES_SERVICE_HOST");
        command.current_dir(&self.0).stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> (i32, String, String) {
        ended(self.command(args).output().unwrap())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn ended(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn serve(mut stream: TcpStream, reply: &dyn Fn(&str) -> Reply, log: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        log.lock().unwrap().push(line.trim().to_owned());
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        while lines.read_line(&mut line).is_ok_and(|read| read > 2) {}
        let Some((status, kind, body)) = reply(&target) else {
            std::thread::sleep(Duration::from_secs(30));
            return;
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\ndate: {STAMP}\r\ncontent-type: {kind}\r\nretry-after: 0\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Without what names the source, which differs.
fn told(text: &str) -> serde_json::Value {
    let mut report = json(text);
    report.as_object_mut().unwrap().remove("source");
    report
}

#[test]
fn a_namespace_is_diagnosed_and_what_is_forbidden_is_named() {
    let server = Server::start(cluster);
    let place = server.kubeconfig("namespace");
    let (code, out, err) = place.run(&["diagnose", "-o", "json"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let report = json(&out);
    assert_eq!(report["incidents"][0]["root"]["code"], "oom-killed", "{out}");
    assert_eq!(report["capturedAt"], "2026-11-23T03:12:40Z");
    let gaps = report["gaps"].to_string();
    assert!(gaps.contains("leases") && gaps.contains("list"), "{gaps}");
    let seen = server.seen.lock().unwrap();
    assert!(seen.iter().all(|line| line.starts_with("GET ") && !line.contains("secrets")), "{seen:#?}");
    let mut once: Vec<&String> = seen.iter().collect();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "nothing is asked for twice: {seen:#?}");
}

/// A pod whose image has a tag that the registry on a port of this machine lacks.
fn without_image(port: u16) -> String {
    let (before, rest) = POD.split_once(r#""status":"#).unwrap();
    let waiting = format!(
        r#""state":{{"waiting":{{"reason":"ImagePullBackOff","message":"Back-off pulling image \"localhost:{port}/team/app:3.0\": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image \"localhost:{port}/team/app:3.0\": failed to resolve reference \"localhost:{port}/team/app:3.0\": localhost:{port}/team/app:3.0: not found"}}}}"#
    );
    assert!(rest.contains("OOMKilled"));
    let image = format!("localhost:{port}/team/app:3.0");
    let status = format!(
        r#"{{"phase":"Pending","containerStatuses":[{{"name":"app","image":"{image}","ready":false,"restartCount":0,{waiting}}}]}}}}"#
    );
    format!(r#"{}"status":{status}"#, before.replace("cart:1", &image))
}

#[test]
fn a_registry_is_asked_for_its_tags_and_only_where_that_is_wanted() {
    let registry = Server::start(|target| match target.split_once('?').map_or(target, |(path, _)| path) {
        "/v2/team/app/tags/list" => {
            Some((200, "application/json", r#"{"name":"team/app","tags":["1.0","2.0","1.1"]}"#.into()))
        }
        _ => Some((404, "application/json", "{}".into())),
    });
    let pod = without_image(registry.port);
    let server = Server::start(move |target| {
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        if path.ends_with("/pods") { list("Pod", "v1", &pod) } else { cluster(target) }
    });
    let place = server.kubeconfig("registry");
    let (_, out, err) = place.run(&["diagnose"]);
    assert!(out.contains("image-not-found") && out.contains("--registry"), "{out}{err}");
    assert!(registry.seen.lock().unwrap().is_empty());
    let (code, out, err) = place.run(&["diagnose", "--registry"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("nearest: 2.0, 1.0"), "{out}");
    assert!(out.contains(&format!("app=localhost:{}/team/app:2.0", registry.port)), "{out}");
    assert_eq!(registry.seen.lock().unwrap().len(), 1);
    // What it answered is evidence like any other.
    let (code, _, err) = place.run(&["collect", "--registry", "-o", "b.tar.zst"]);
    assert_eq!(code, 0, "{err}");
    let (_, offline, _) = place.run(&["diagnose", "--from", "b.tar.zst"]);
    assert!(offline.contains("nearest: 2.0, 1.0"), "{offline}");
}

#[test]
fn one_pod_takes_twelve_requests_at_most() {
    let server = Server::start(cluster);
    let place = server.kubeconfig("pod");
    let (code, out, _) = place.run(&["diagnose", "pod/cart-6f9c5d7b8-x2k4p"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("oom-killed"), "{out}");
    assert!(
        out.lines().next().unwrap().starts_with("lab · Kubernetes v1.34.4 · pod/cart-6f9c5d7b8-x2k4p"),
        "{out}"
    );
    let seen = server.seen.lock().unwrap();
    assert!(seen.len() <= 12, "{seen:#?}");
}

#[test]
fn a_bundle_tells_what_the_cluster_told() {
    let server = Server::start(cluster);
    let place = server.kubeconfig("bundle");
    for scope in [&["-n", "shop"][..], &["pod/cart-6f9c5d7b8-x2k4p"], &["-A"]] {
        let file = "bundle.tar.zst";
        let (_, live, _) = place.run(&[&["diagnose", "-o", "json"], scope].concat());
        let (code, _, err) = place.run(&[&["collect", "-o", file], scope].concat());
        assert_eq!(code, 0, "{err}");
        let inside = if scope[0] == "-A" { &[][..] } else { &["-n", "shop"] };
        let subject = if scope[0].starts_with("pod/") { scope } else { &[] };
        let args =
            [&["diagnose", "-o", "json", "--context", "lab", "--from", file], inside, subject].concat();
        let (_, offline, _) = place.run(&args);
        assert_eq!(told(&live), told(&offline), "{scope:?}");
        let packed = std::fs::read(place.0.join(file)).unwrap();
        let unpacked = zstd::decode_all(&*packed).unwrap();
        let text = String::from_utf8_lossy(&unpacked);
        assert!(
            text.contains("cart-6f9c5d7b8-x2k4p") && !text.contains("hunter2"),
            "redacted before it is written"
        );
        // Nothing is written over.
        assert_eq!(place.run(&["collect", "-o", file]).0, 1);
        std::fs::remove_file(place.0.join(file)).unwrap();
    }
}

/// The cluster to somebody who may read these namespaces and what is in none, and may see which there are.
fn of_namespaces(target: &str, all: &[&str], open: &[&str]) -> Reply {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let parts: Vec<&str> = path.split('/').collect();
    let namespace = parts.iter().position(|part| *part == "namespaces").and_then(|at| parts.get(at + 1));
    let refused = Some((403, "application/json", "{\"message\":\"no\"}".into()));
    match (namespace, parts.last().copied().unwrap_or_default()) {
        (None, "namespaces") => {
            let items =
                all.iter().map(|name| format!(r#"{{"metadata":{{"name":"{name}","uid":"{name}"}}}}"#));
            list("Namespace", "v1", &items.collect::<Vec<_>>().join(","))
        }
        (None, "nodes" | "persistentvolumes" | "storageclasses") => cluster(target),
        (Some(namespace), _) if !open.contains(namespace) => refused,
        (Some(&"shop"), _) => cluster(target),
        (Some(_), _) => list("Thing", "v1", ""),
        (None, _) => refused,
    }
}

#[test]
fn a_namespace_that_may_not_be_read_costs_itself() {
    let all = ["audit", "kube-node-lease", "kube-system", "shop", "vault"];
    let server = Server::start(move |target| {
        of_namespaces(target, &all, &["audit", "kube-node-lease", "shop", "kube-system"])
    });
    let place = server.kubeconfig("closed");
    let (code, out, err) = place.run(&["diagnose", "-A", "-o", "json"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let report = json(&out);
    let root = &report["incidents"][0]["root"];
    assert_eq!((&root["code"], &root["certainty"]), (&"oom-killed".into(), &"certain".into()), "{out}");
    let gaps: Vec<String> = report["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| format!("{}: {} {}", gap["what"], gap["reason"], gap["detail"]).replace('"', ""))
        .collect();
    assert_eq!(gaps.len(), 17, "{gaps:#?}");
    assert!(gaps.contains(&"pods of vault: forbidden it needs list on pods".to_owned()), "{gaps:#?}");
    assert!(gaps.contains(&"deployments of vault: forbidden it needs list on deployments.apps".to_owned()));
    {
        let seen = server.seen.lock().unwrap();
        let mut once: Vec<&String> = seen.iter().collect();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), seen.len(), "nothing is asked for twice: {seen:#?}");
    }
    let (_, text, _) = place.run(&["diagnose", "-A"]);
    assert!(text.contains("namespace vault"), "{text}");
    assert!(text.contains("it needs list on pods, events,"), "{text}");
    // A bundle says the same.
    let (code, _, err) = place.run(&["collect", "-A", "-o", "b.tar.zst"]);
    assert_eq!(code, 0, "{err}");
    let (_, offline, _) = place.run(&["diagnose", "-o", "json", "--context", "lab", "--from", "b.tar.zst"]);
    assert_eq!(told(&out), told(&offline));
}

#[test]
fn a_tenant_is_not_refused_over_and_over() {
    let all = ["a", "b", "c", "d", "e", "f", "shop"];
    let server = Server::start(move |target| of_namespaces(target, &all, &["shop"]));
    let place = server.kubeconfig("tenant");
    let (code, out, _) = place.run(&["diagnose", "-A", "-o", "json"]);
    assert_eq!(code, 0, "{out}");
    assert_eq!(json(&out)["incidents"][0]["root"]["code"], "oom-killed", "{out}");
    let seen = server.seen.lock().unwrap();
    let closed = seen.iter().filter(|line| line.contains("/namespaces/a/")).count();
    assert_eq!(closed, 1, "{seen:#?}");
    let not_asked = json(&out)["gaps"].to_string().matches("not-collected").count();
    assert_eq!(not_asked, 6 * 16, "{out}");
}

#[test]
fn who_may_read_no_namespace_is_told_so() {
    let all = ["shop", "vault"];
    let none = move |target: &str| match target.contains("/nodes")
        || target.contains("storage")
        || target.contains("persistentvolumes")
    {
        true => Some((403, "application/json", "{}".into())),
        false => of_namespaces(target, &all, &[]),
    };
    let server = Server::start(none);
    let (code, out, err) = server.kubeconfig("nowhere").run(&["diagnose", "-A"]);
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(
        err.contains("nothing may be read in lab") && err.contains("-n asks about one namespace"),
        "{err}"
    );
    // Nodes alone are told of, and what is missing is said once.
    let server = Server::start(move |target| of_namespaces(target, &all, &[]));
    let (code, out, err) = server.kubeconfig("nodes").run(&["diagnose", "-A", "-o", "json"]);
    assert_eq!(code, 0, "{err}");
    let gaps = json(&out)["gaps"].to_string();
    assert!(gaps.contains("\"pods\"") && !gaps.contains("of vault"), "{gaps}");
}

#[test]
fn what_is_not_there_is_said_so() {
    let server = Server::start(cluster);
    let place = server.kubeconfig("missing");
    let (code, out, err) = place.run(&["diagnose", "pod/nobody"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.starts_with("error: there is no Pod shop/nobody in lab"), "{err}");
    let empty =
        |target: &str| if target.contains("limit=") { list("Thing", "v1", "") } else { cluster(target) };
    let server = Server::start(empty);
    let (code, _, err) = server.kubeconfig("typo").run(&["diagnose", "-n", "shpo"]);
    assert_eq!(code, 1);
    assert!(err.starts_with("error: there is no namespace shpo in lab"), "{err}");
}

#[test]
fn every_failure_has_its_sentence_and_leaves_no_bundle() {
    type Case = (&'static str, fn(&str) -> Reply, &'static str);
    let cases: [Case; 5] = [
        (
            "token",
            |_| Some((401, "application/json", "{\"message\":\"Unauthorized\"}".into())),
            "does not know you (401)",
        ),
        ("proxy", |_| Some((200, "text/html", "<html>Log in</html>".into())), "answers with a web page"),
        (
            "busy",
            |_| Some((429, "application/json", "{\"message\":\"slow down\"}".into())),
            "asks to be left alone (429)",
        ),
        (
            "refused",
            |_| Some((403, "application/json", "{\"message\":\"no\"}".into())),
            "nothing may be read in lab: list configmaps",
        ),
        ("slow", |_| None, "did not answer everything within 1 s"),
    ];
    for (name, reply, sentence) in cases {
        let server = Server::start(reply);
        let place = server.kubeconfig(name);
        let began = Instant::now();
        let (code, out, err) = place.run(&["diagnose", "--request-timeout", "1s"]);
        assert_eq!((code, out.as_str()), (1, ""), "{name}: {err}");
        assert!(err.contains(sentence) && err.contains("hint:"), "{name}: {err}");
        assert!(began.elapsed() < Duration::from_secs(10), "{name}: {:?}", began.elapsed());
        let (code, _, _) = place.run(&["collect", "-o", "b.tar.zst", "--request-timeout", "1s"]);
        assert_eq!((code, left(&place.0)), (1, vec!["config".to_owned()]), "{name}");
    }
}

#[test]
fn a_server_that_stops_answering_costs_the_bundle_and_not_the_report() {
    let broken = |target: &str| match target.contains("/replicasets") || target.contains("/services") {
        true => Some((503, "application/json", "{\"message\":\"shutting down\"}".into())),
        false => cluster(target),
    };
    let server = Server::start(broken);
    let place = server.kubeconfig("dies");
    let (code, out, err) = place.run(&["diagnose", "-n", "shop"]);
    assert_eq!(code, 1);
    assert!(out.contains("oom-killed"), "{out}");
    assert!(err.contains("(503): shutting down"), "{err}");
    let (code, _, err) = place.run(&["collect", "-n", "shop", "-o", "b.tar.zst"]);
    assert_eq!((code, left(&place.0)), (1, vec!["config".to_owned()]), "{err}");
    assert!(err.contains("no bundle was written"), "{err}");
}

#[test]
fn contexts_come_from_several_files() {
    let server = Server::start(cluster);
    let place = server.kubeconfig("files");
    std::fs::write(
        place.0.join("first"),
        "apiVersion: v1\nkind: Config\ncurrent-context: gone\nclusters: [{name: gone, cluster: {server: 'http://127.0.0.1:1'}}]\ncontexts: [{name: gone, context: {cluster: gone}}]\n",
    )
    .unwrap();
    let both = std::env::join_paths([place.0.join("first"), place.0.join("config")]).unwrap();
    let run = |args: &[&str]| ended(place.command(args).env("KUBECONFIG", &both).output().unwrap());
    let (code, _, err) = run(&["diagnose"]);
    assert_eq!(code, 1);
    assert!(err.contains("cannot reach the API server http://127.0.0.1:1"), "{err}");
    let (code, out, err) = run(&["diagnose", "--context", "lab"]);
    assert_eq!(code, 0, "{out}{err}");
    let (code, _, err) = run(&["diagnose", "--context", "staging"]);
    assert_eq!(code, 1);
    assert!(err.contains("no context staging") && err.contains("gone, lab"), "{err}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing_behind() {
    let server = Server::start(|_| None);
    let place = server.kubeconfig("interrupt");
    let mut child = place.command(&["collect", "-o", "b.tar.zst"]).stderr(Stdio::piped()).spawn().unwrap();
    let waited = Instant::now();
    while server.seen.lock().unwrap().is_empty() && waited.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(left(&place.0), ["config"]);
}

#[test]
fn a_watch_that_sees_nothing_change_ends_in_time() {
    let server = Server::start(cluster);
    let place = server.kubeconfig("watch");
    let (code, out, _) = place.run(&["diagnose", "-w", "--timeout", "1s"]);
    assert_eq!(code, 124);
    assert!(out.contains("oom-killed"), "{out}");
}

/// The names in a folder.
fn left(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<String> =
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
