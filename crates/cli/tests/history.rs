//! The commands that tell a history, as a user runs them.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// A pod as the lesson describes it: its container waits, and its last instance ended with 1.
const POD: &str = r#"{"apiVersion": "v1", "kind": "Pod",
 "metadata": {"name": "failing-pod", "namespace": "default", "uid": "6f1c9b1e-0d6c-4c39-8a36-8c1d4a1f0001",
  "creationTimestamp": "2026-06-28T12:00:00Z"},
 "spec": {"nodeName": "worker-1", "containers": [{"name": "app", "image": "shop/app:1"}]},
 "status": {"phase": "Running", "containerStatuses": [{"name": "app", "restartCount": 12, "ready": false,
  "state": STATE,
  "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": "2026-06-28T12:04:58Z",
   "finishedAt": "2026-06-28T12:05:00Z", "containerID": "containerd://0123456789abcdef"}}}]}}
"#;
const WAITING: &str = r#"{"waiting": {"reason": "CrashLoopBackOff"}}"#;
const RUNNING: &str = r#"{"running": {"startedAt": "2026-06-28T12:06:00Z"}}"#;

fn coroner(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_coroner"))
        .args(args)
        .env("COLUMNS", "80")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A command line that is refused reads nothing.
    let _ = child.stdin.take().expect("a pipe was asked for").write_all(input.as_bytes());
    child.wait_with_output().expect("the program ends")
}

fn told(args: &[&str], input: &str) -> String {
    let out = coroner(args, input);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("text is UTF-8")
}

fn demo() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/demo/cascade").to_owned()
}

#[test]
fn the_storm_of_the_demo_is_two_rows_and_the_lessons_order_is_explained_once() {
    let out = coroner(
        &["events", "--from", &demo(), "--types", "Warning", "--sort-by=.metadata.creationTimestamp"],
        "",
    );
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.contains("×1,538 on 29 pods of cronjob"), "{text}");
    assert!(text.contains("by onset"), "{text}");
    assert_eq!(text.matches("FailedCreatePodSandBox").count(), 2, "{text}");
    let note = String::from_utf8(out.stderr).unwrap();
    assert_eq!(note.lines().filter(|line| line.starts_with("note: creationTimestamp is when")).count(), 1);
    assert_eq!(coroner(&["events", "--from", &demo(), "--sort-by", ".spec.x"], "").status.code(), Some(2));
}

#[test]
fn events_of_both_apis_stand_in_one_order() {
    let events = r#"{"apiVersion": "v1", "kind": "List", "items": [
     {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "a", "namespace": "shop",
      "creationTimestamp": "2026-11-23T03:00:00Z"}, "involvedObject": {"kind": "Pod", "name": "web-0",
      "namespace": "shop"}, "reason": "BackOff", "type": "Warning", "message": "Back-off", "count": 40,
      "firstTimestamp": "2026-11-23T03:00:00Z", "lastTimestamp": "2026-11-23T03:10:00Z"},
     {"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "b", "namespace": "shop",
      "creationTimestamp": "2026-11-23T03:05:00Z"}, "regarding": {"kind": "Pod", "name": "web-1",
      "namespace": "shop"}, "reason": "FailedScheduling", "type": "Warning", "note": "0/3 nodes are available",
      "eventTime": "2026-11-23T03:05:00.000000Z"}]}"#;
    let last = told(&["events", "--from", "-"], events);
    assert!(last.find("FailedScheduling") < last.find("BackOff"), "{last}");
    let onset = told(&["events", "--from", "-", "--by", "onset"], events);
    assert!(onset.find("BackOff") < onset.find("FailedScheduling"), "{onset}");
    let json = told(&["events", "--from", "-", "-o", "json"], events);
    assert!(json.contains(r#""kind": "Events""#) && json.contains(r#""ratePerMinute": 3.9"#), "{json}");
    let one = told(&["events", "--from", "-", "--for", "pod/web-1"], events);
    assert!(!one.contains("BackOff"), "{one}");
}

#[test]
fn the_lessons_question_why_the_log_is_blank() {
    let ask = |state: &str, plain: &str, previous: &str| {
        format!(
            "$ kubectl get pod failing-pod -o json\n{}$ kubectl logs failing-pod -c app\n{plain}$ kubectl logs failing-pod -c app --previous\n{previous}",
            POD.replace("STATE", state)
        )
    };
    // Running: plain shows the new instance, and only --previous shows the one that died.
    let input = ask(RUNNING, "starting\n", "starting\nFATAL DATABASE_URL is not set\n");
    let text = told(&["logs", "failing-pod", "--from", "-"], &input);
    assert!(text.contains("previous instance, the one that died"), "{text}");
    assert!(text.contains("DATABASE_URL is not set"), "{text}");
    // Waiting: plain shows the dead instance already.
    let input = ask(WAITING, "starting\nFATAL DATABASE_URL is not set\n", "starting\n");
    let text = told(&["logs", "failing-pod", "--from", "-"], &input);
    assert!(text.contains("newest instance, the one that died"), "{text}");
    assert!(text.contains("with --previous or without"), "{text}");
    // Success without a log is no log.
    let input =
        ask(RUNNING, "starting\n", "unable to retrieve container logs for containerd://0123456789abcdef\n");
    let text = told(&["logs", "failing-pod", "--from", "-"], &input);
    assert!(text.contains("BLANK") && text.contains("has removed that instance's log"), "{text}");
    let raw =
        told(&["logs", "failing-pod", "--from", "-", "--previous", "--raw"], &ask(RUNNING, "", "a\nb\n"));
    assert_eq!(raw, "a\nb\n");
}

#[test]
fn an_empty_log_file_is_blank_and_a_full_one_shows_no_secret() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("logs-of-files");
    let logs = folder.join("logs/default/failing-pod");
    std::fs::create_dir_all(&logs).unwrap();
    std::fs::write(folder.join("pod.json"), POD.replace("STATE", WAITING)).unwrap();
    let from = folder.display().to_string();
    let ask = |log: &str| {
        std::fs::write(logs.join("app.log"), log).unwrap();
        told(&["logs", "failing-pod", "-n", "default", "--from", &from], "")
    };
    let blank = ask("");
    assert!(blank.contains("BLANK"), "{blank}");
    let full = ask("2026-06-28T12:04:59Z FATAL login failed with password=hunter2hunter2\n");
    assert!(full.contains("login failed") && !full.contains("hunter2hunter2"), "{full}");
}

#[test]
fn a_timeline_ends_in_the_crash_and_a_node_in_its_console() {
    let input = format!(
        "$ kubectl get pod failing-pod -o json\n{}$ kubectl logs failing-pod -c app --previous\n2026-06-28T12:04:59Z FATAL DATABASE_URL is not set\n",
        POD.replace("STATE", RUNNING)
    );
    let text = told(&["timeline", "pod/failing-pod", "--from", "-"], &input);
    assert!(text.contains("0 is 2026-06-28 12:05") || text.contains("0 is 12:05:00"), "{text}");
    assert!(text.contains("ends: exit 1 Error") && text.contains("DATABASE_URL"), "{text}");
    let node = told(&["node", "worker-2", "--from", &demo()], "");
    assert!(node.contains("HEARD") && node.contains("kubelet"), "{node}");
    let none = coroner(&["node", "worker-9", "--from", &demo()], "");
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&none.stderr).contains("worker-2"));
}

#[test]
fn as_a_plugin_it_goes_by_kubectls_name() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, args, want) in [
        ("kubectl-coroner", &["--help"][..], "Usage: kubectl coroner <COMMAND>"),
        ("kubectl_complete-coroner", &["timel"][..], "timeline\n:4\n"),
    ] {
        let link = folder.join(name);
        let _ = std::fs::remove_file(&link);
        std::fs::hard_link(env!("CARGO_BIN_EXE_coroner"), &link)
            .or_else(|_| std::fs::copy(env!("CARGO_BIN_EXE_coroner"), &link).map(drop))
            .unwrap();
        let out = Command::new(&link).args(args).output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success() && text.contains(want), "{text}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(told(&["completion", shell], "").contains("coroner"));
    }
}
