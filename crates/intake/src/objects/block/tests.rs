//! What this reader reads is what serde-saphyr reads; all else it leaves alone.

use super::*;
use serde_json::Value;
use std::marker::PhantomData;

fn ours(text: &str) -> Option<Value> {
    read(text, PhantomData::<Value>).ok()
}

fn theirs(text: &str) -> Option<Value> {
    serde_saphyr::from_str_with_options::<Value>(text, crate::objects::yaml::options()).ok()
}

/// What is read is what a reader of all of YAML reads. Whether it was read.
fn agrees(text: &str) -> bool {
    let Some(value) = ours(text) else { return false };
    assert_eq!(Some(value), theirs(text), "{text}");
    true
}

/// An object as kubectl prints it.
const POD: &str = r#"apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"v1","kind":"Pod"}
    note: ""
  creationTimestamp: "2026-11-23T05:08:06Z"
  labels: {}
  managedFields:
  - apiVersion: v1
    fieldsV1:
      f:metadata:
        f:labels:
          .: {}
          f:app: {}
        f:ownerReferences:
          k:{"uid":"d4bfdc93-ac2f-4511-817d-67b84c15efe7"}: {}
  name: web-0
spec:
  containers:
  - args:
    - --port=80
    - -v
    - :8080
    - |
      set -e
        echo "a: b" # no comment

      exec app
    - 'it''s'
    - "tab\there \u00fc"
    env: []
    image: registry.example:5000/team/app:1.2
    ports:
    - containerPort: 80
      protocol: TCP
    resources:
      limits:
        cpu: 100m
        memory: 512Mi
  priority: -5
  hostNetwork: true
  nodeName: null
  restartPolicy:
status:
  conditions:
  - message: '0/4 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane:
      }, 3 Insufficient memory. preemption: 0/4 nodes are available'
    status: "False"
  - message: containers with unready status
      [app]
  - message: "a long one with \"quotes\" \
      that goes on"
  hostIP: 10.0.0.7
  podIPs:
  - ip: 10.244.0.1
  - ip: 2001:db8::1
"#;

#[test]
fn an_object_as_kubectl_prints_it() {
    assert!(agrees(POD));
    let value = ours(POD).unwrap();
    assert_eq!(
        value["spec"]["containers"][0]["args"][3],
        "set -e\n  echo \"a: b\" # no comment\n\nexec app\n"
    );
    assert_eq!(value["spec"]["priority"], -5);
}

#[test]
fn what_is_passed_over_ends_where_it_ends() {
    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Ends {
        kind: String,
        last: Vec<String>,
    }
    let text = "apiVersion: v1\nkind: A\nskip:\n- a: |\n    last: x\n\n  b: 'x\n    last: y'\n- c\nmore: {}\nlast:\n- one\n- two\n";
    let ends = read(text, PhantomData::<Ends>).unwrap();
    assert_eq!(ends, Ends { kind: "A".into(), last: vec!["one".into(), "two".into()] });
}

#[test]
fn texts_of_many_kinds() {
    let texts = [
        "a:\n- b\n- c\nd: e\n",
        "a:\n  - b\n  -   c: 1\n      d: 2\n  - - x\n    - y\n",
        "a: b\n c\n\n d\ne: 'x\n\n  y'\n",
        "a: |-\n  x\n   y\n\n\nb: |2\n    z\n",
        "- a: 1\n  b:\n  - 2\n- c\n-\n  d: 3\n-\n",
        "# note\na:\n  # note\n  b: c\n",
        "\"quoted key\": 1\n'other': 2\n",
        "a: \"x\\n  y\\\n   z\"\n",
        "a: ''\nb: \"\"\nc: -\n",
        "a: 1\na: 2\n",
    ];
    let read = texts.iter().filter(|text| agrees(text)).count();
    assert!(read >= 8, "{read}");
}

#[test]
fn what_is_not_for_this_reader_is_left() {
    let texts = [
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n",
        "a: {b: c}\n",
        "a: [b]\n",
        "a: >\n  folded\n",
        "a: b # note\n",
        "? a\n: b\n",
        "a: yes\n",
        "a: 0x1f\n",
        "a: 1e3\n",
        "a: 007\n",
        "a: ~\n",
        "a:\tb\n",
        "a: b: c\n",
        "a: 'open\n",
        "a: \"open\n",
        "a\n",
        "<<: b\n",
        "a:\n    b: 1\n  c: 2\n",
        "a: |\n  x\n y\n",
        "  a: 1\n",
        "a: |+\n  x\n\n",
    ];
    for text in texts {
        assert!(ours(text).is_none(), "{text}");
    }
    assert!(ours(&"- ".repeat(5_000)).is_none());
    assert!(ours(&(0..5_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>()).is_none());
}

/// Texts made of lines that may fit, or not.
#[test]
fn generated_texts() {
    const LINES: &[&str] = &[
        "a:",
        "b: x",
        "- c",
        "- d: 1",
        "  e",
        "f: 'g",
        "  h'",
        "i: |",
        "j: |-",
        "",
        "   ",
        "k: \"l \\",
        "m\"",
        "n: {}",
        "- - o",
        "p: q r",
        "# s",
        "t: \"u\"",
        "v: '''w'",
        "x: 12",
        "y: -3",
        "z: 1.2.3.4",
        "aa: 5d",
        "bb: .",
        "- []",
        "cc: tr:ue",
        "dd: a #b",
        "ee: a# b",
        "-",
        "- |",
        "ff: \"\\u00e4\"",
        "gg: |2",
        "\"hh\": ii",
        "jj: -kk",
        "ll: --mm",
        "nn:  oo  ",
        "pp: null",
        "- true",
        "- 'qq: rr'",
        "ss: \"\\",
        "tt",
        "uu: 7c9d8b6f4d",
        "vv: 1_0",
        "ww: ü",
        "- xx:",
        "  - yy",
        "zz: +1",
        "ab: 2026-11-23T05:08:06Z",
        "ac: a'b\"c",
        "ad: \\n",
        "ae: \"\\n \\t\"",
        "- -1",
        "- -",
        "af: a\tb",
        "ag: 9e",
        "ah: 0b1",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut chance = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((state >> 33) % below as u64).unwrap()
    };
    let mut read = 0;
    for _ in 0..20_000 {
        let mut text = String::new();
        let mut depth = 0;
        for _ in 0..1 + chance(6) {
            text.push_str(&" ".repeat(depth));
            text.push_str(LINES[chance(LINES.len())]);
            text.push('\n');
            depth = match chance(4) {
                0 => depth + 2,
                1 => depth.saturating_sub(2),
                2 => chance(5),
                _ => depth,
            };
        }
        read += usize::from(agrees(&text));
    }
    assert!(read > 1_500, "{read}");
}

/// Every cut of an object.
#[test]
fn cut_texts() {
    for end in 0..POD.len() {
        agrees(&POD[..end]);
    }
}
