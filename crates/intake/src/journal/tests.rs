//! One journal in every form that journalctl prints: what is seen in it does not depend on the form.

use super::*;
use engine::evidence::Observation;
use engine::scan::node::NodeSummary;

/// Messages of one node: identifier, unit, microseconds behind the first, message.
const SAID: &[(&str, &str, i64, &str)] = &[
    (
        "kernel",
        "",
        0,
        "oom_reaper: reaped process 4711 (java), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
    ),
    (
        "kubelet",
        "kubelet.service",
        1_500_000,
        r#"E1123 04:50:52.273000   11556 kubelet.go:2515] "Container runtime network not ready" networkReady="NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized""#,
    ),
    (
        "systemd",
        "init.scope",
        2_000_000,
        "containerd.service: Main process exited, code=killed, status=9/KILL",
    ),
    ("systemd", "init.scope", 2_500_000, "containerd.service: Failed with result 'signal'."),
];

/// 2026-11-23 04:50:50.773 UTC, and as long after the start of the machine.
const START: i64 = 1_795_409_450_773_000;
const BOOT: i64 = 3_395_010_505;

fn read(text: &[u8]) -> Vec<NodeLog> {
    let mut out = Intake::default();
    crate::read(crate::RawRecord { path: "-", bytes: text }, &mut out);
    assert_eq!(out.unread.lines, 0, "{:?}", out.unread.samples);
    let logs = out.observations.into_iter().filter_map(|o| match o.what {
        What::NodeLog(log) => Some(*log),
        _ => None,
    });
    logs.collect()
}

fn short(stamp: impl Fn(i64) -> String) -> String {
    let line = |(ident, _, at, message): &(&str, &str, i64, &str)| {
        let pid = if *ident == "kernel" { String::new() } else { "[115]".to_owned() };
        format!("{} w-1 {ident}{pid}: {message}\n", stamp(*at))
    };
    SAID.iter().map(line).collect()
}

fn entry(at: i64, ident: &str, unit: &str, fields: impl Fn(&str, &str) -> String) -> String {
    let mut text = fields("__CURSOR", "s=1;i=2");
    text += &fields("__REALTIME_TIMESTAMP", &(START + at).to_string());
    text += &fields("__MONOTONIC_TIMESTAMP", &(BOOT + at).to_string());
    text += &fields("_BOOT_ID", "b00");
    text += &fields("PRIORITY", "3");
    text += &fields("_HOSTNAME", "w-1");
    text += &fields("SYSLOG_IDENTIFIER", ident);
    if !unit.is_empty() {
        text += &fields("_SYSTEMD_UNIT", unit);
    }
    text
}

/// `odd` is a binary value beside those that are read.
fn export(odd: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, (ident, unit, at, message)) in SAID.iter().enumerate() {
        bytes.extend(entry(*at, ident, unit, |key, value| format!("{key}={value}\n")).bytes());
        bytes.extend(b"COREDUMP\n");
        bytes.extend((odd.len() as u64).to_le_bytes());
        bytes.extend(odd);
        bytes.extend(b"\n");
        if number % 2 == 0 {
            bytes.extend(format!("MESSAGE={message}\n\n").bytes());
        } else {
            bytes.extend(b"MESSAGE\n");
            bytes.extend((message.len() as u64).to_le_bytes());
            bytes.extend(message.bytes());
            bytes.extend(b"\n\n");
        }
    }
    bytes
}

fn json(pretty: bool) -> String {
    let mut text = String::new();
    let (open, between, close) = if pretty { ("{\n\t", ",\n\t", "\n}\n") } else { ("{", ",", "}\n") };
    for (number, (ident, unit, at, message)) in SAID.iter().enumerate() {
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let fields =
            entry(*at, ident, unit, |key, value| format!("{} : {}{between}", quoted(key), quoted(value)));
        let message = match number {
            0 => quoted(message),
            1 => serde_json::to_string(message.as_bytes()).unwrap(),
            _ => format!("[{},\"again\"]", quoted(message)),
        };
        text += &format!("{open}{fields}\"BIG\" : null{between}\"MESSAGE\" : {message}{close}");
    }
    text
}

/// What is seen, without excerpts, places and times; and the times apart.
fn seen(log: &NodeLog) -> (Vec<String>, Vec<String>) {
    let NodeSummary { sightings, oom_kills, heard, .. } = &log.summary;
    let mut all: Vec<String> =
        sightings.iter().map(|s| format!("{:?} {} {:?}", s.claim, s.count, s.detail)).collect();
    all.push(format!("{} kills", oom_kills.len()));
    (all, heard.iter().map(|h| format!("{} {}", h.component, h.lines)).collect())
}

#[test]
fn one_journal_in_every_form() {
    let precise = read(
        short(|at| format!("Nov 23 04:50:5{}.{:06}", (773_000 + at) / 1_000_000, (773_000 + at) % 1_000_000))
            .as_bytes(),
    );
    let [precise] = precise.as_slice() else { panic!("{precise:?}") };
    assert!(precise.summary.sightings.len() >= 2, "{:?}", precise.summary);
    let second = |at: i64| 50 + (773_000 + at) / 1_000_000;
    let forms: Vec<(&str, Vec<u8>, Clock)> = vec![
        ("export", export(b"\n\n_HOSTNAME=evil\n\xff\xfe"), Clock::Node("w-1".into())),
        ("json", json(false).into_bytes(), Clock::Node("w-1".into())),
        ("json-pretty", json(true).into_bytes(), Clock::Node("w-1".into())),
        (
            "short-iso",
            short(|at| format!("2026-11-23T04:50:{}+0000", second(at))).into_bytes(),
            Clock::Node("w-1".into()),
        ),
        (
            "short-full",
            short(|at| format!("Mon 2026-11-23 04:50:{} UTC", second(at))).into_bytes(),
            Clock::Node("w-1".into()),
        ),
        (
            "short-full elsewhere",
            short(|at| format!("Mon 2026-11-23 04:50:{} CST", second(at))).into_bytes(),
            Clock::Yearless("w-1".into()),
        ),
        (
            "short",
            short(|at| format!("Nov 23 04:50:{}", second(at))).into_bytes(),
            Clock::Yearless("w-1".into()),
        ),
        (
            "short-monotonic",
            short(|at| format!("[{:5}.{:06}]", (BOOT + at) / 1_000_000, (BOOT + at) % 1_000_000))
                .into_bytes(),
            Clock::Boot("w-1".into()),
        ),
    ];
    for (name, text, clock) in forms {
        // A terminal replaces what is no text.
        let pasted = if name == "export" { export(b"\xff\xfe") } else { text.clone() };
        for shown in [text, [b"u@w-1:~$ journalctl --no-pager\n", &pasted[..]].concat()] {
            let logs = read(&shown);
            let [log] = logs.as_slice() else { panic!("{name}: {logs:?}") };
            assert_eq!(seen(log), seen(precise), "{name}");
            assert_eq!((&log.clock, log.node.as_deref()), (&clock, Some("w-1")), "{name}");
            let first = log.summary.sightings.iter().filter_map(|s| s.first).min().unwrap();
            match clock {
                Clock::Node(_) => assert_eq!(first / 1_000_000, START / 1_000_000 + 2, "{name}"),
                Clock::Boot(_) => assert_eq!(first / 1_000_000, BOOT / 1_000_000 + 1, "{name}"),
                _ => assert_eq!(first / 1_000_000, (327 * 24 + 4) * 3600 + 50 * 60 + 52, "{name}"),
            }
        }
    }
}

#[test]
fn a_structured_journal_ties_the_start_of_its_machine_to_the_calendar() {
    let mut out = Intake::default();
    crate::read(crate::RawRecord { path: "a", bytes: json(false).as_bytes() }, &mut out);
    let dmesg = format!("[ 3396.000000] {}\n", SAID[0].3);
    crate::read(crate::RawRecord { path: "nodes/w-1.dmesg.txt", bytes: dmesg.as_bytes() }, &mut out);
    let (evidence, _) = out.finish();
    assert_eq!(evidence.node_logs().len(), 2);
    assert!(evidence.node_logs().iter().all(|log| log.clock == Clock::Node("w-1".into())), "{evidence:?}");
}

#[test]
fn several_hosts_are_told_apart_and_lines_keep_their_numbers() {
    let kill = SAID[2].3;
    let text = format!(
        "Nov 23 04:50:50 a systemd[1]: x\n\nNov 23 04:50:51 bb systemd[1]: {kill}\n  more\nNov 23 04:50:52 a systemd[1]: {kill}\n"
    );
    let logs = read(text.as_bytes());
    let told: Vec<_> = logs
        .iter()
        .map(|log| {
            let line = log.locator.line.unwrap() + log.summary.sightings[0].line;
            (log.node.as_deref().unwrap(), line, log.summary.lines)
        })
        .collect();
    assert_eq!(told, [("a", 5, 2), ("bb", 3, 2)]);
}

#[test]
fn klog_without_a_journal_around_it() {
    let text = format!("{}\n", SAID[1].3);
    for (path, node, heard) in [
        ("journals/n1/kubelet.log", Some("n1"), 1),
        ("kubelet.log", None, 0),
        ("nodes/n1.kubelet.log", Some("n1"), 1),
    ] {
        let mut out = Intake::default();
        crate::read(crate::RawRecord { path, bytes: text.as_bytes() }, &mut out);
        let [Observation { what: What::NodeLog(log), .. }] = out.observations.as_slice() else {
            panic!("{path}")
        };
        assert_eq!((log.node.as_deref(), log.summary.sightings.len()), (node, 1), "{path}");
        assert_eq!(log.summary.heard.len(), heard, "{path}");
    }
    let out = read(format!("$ journalctl -u kubelet -o cat\n{text}").as_bytes());
    assert_eq!(&*out[0].summary.heard[0].component, "kubelet");
}

#[test]
fn broken_entries_cost_themselves() {
    for text in [
        "__CURSOR=a\n__REALTIME_TIMESTAMP=x\nMESSAGE\n\u{1}\u{0}",
        "__CURSOR=a\nMESSAGE\n12345678902",
        "__CURSOR=\n\n\n=\nA\n",
        "{\"__CURSOR\":1}\n{\"__CURSOR\":\n}\n{\"MESSAGE\":[1,300,-5,\"x\",[[]],{}],\"__CURSOR\":{}}",
        "{\n\t\"__CURSOR\" : \"x\"",
    ] {
        let mut out = Intake::default();
        crate::read(crate::RawRecord { path: "-", bytes: text.as_bytes() }, &mut out);
    }
    let native = [NATIVE, b"\0\0\0"].concat();
    let mut out = Intake::default();
    crate::read(crate::RawRecord { path: "system.journal", bytes: &native }, &mut out);
    assert_eq!((out.observations.len(), out.gaps.len()), (0, 1));
}

#[test]
fn what_a_runtime_says_of_the_time_ties_a_journal_to_the_calendar() {
    let read = |stamp: &str| {
        let text = format!(
            "Nov 25 {stamp} w-1 kubelet[1]: I1125 13:40:14.396016 1 server.go:529] \"Kubelet version\" kubeletVersion=\"v1.34.4\"\n\
             Nov 25 {stamp} w-1 containerd[2]: time=\"2026-11-25T12:40:14.500000123Z\" level=info msg=\"containerd successfully booted in 0.1s\"\n"
        );
        let mut out = Intake::default();
        crate::read(crate::RawRecord { path: "journals/w-1/all.log", bytes: text.as_bytes() }, &mut out);
        let pairs: Vec<_> = out
            .observations
            .iter()
            .filter_map(|o| match &o.what {
                What::ClockPair(pair) if pair.shown.clock == Clock::Yearless("w-1".into()) => {
                    Some((pair.shown.latest - pair.shown.earliest, pair.truth.clone()))
                }
                _ => None,
            })
            .collect();
        let evidence = out.finish().0;
        let [log] = evidence.node_logs() else { panic!("{:?}", evidence.node_logs()) };
        (pairs, log.clock.clone())
    };
    let at = 1_795_610_414_500_000;
    let truth = Moment { earliest: at, latest: at, clock: Clock::Node("w-1".into()) };
    assert_eq!(read("13:40:14.501000"), (vec![(0, truth.clone())], Clock::Node("w-1".into())));
    assert_eq!(read("13:40:14"), (vec![(999_999, truth)], Clock::Node("w-1".into())));
}

#[test]
fn a_time_in_the_message_of_any_other_program_ties_nothing() {
    let text = "Nov 25 13:40:14 w-1 kubelet[1]: I1125 13:40:14.396016 1 server.go:529] \"Kubelet version\" kubeletVersion=\"v1.34.4\"\n\
                Nov 25 13:40:14 w-1 replay[2]: time=\"2020-01-01T00:00:00Z\" level=info msg=\"as it was then\"\n";
    let mut out = Intake::default();
    crate::read(crate::RawRecord { path: "journals/w-1/all.log", bytes: text.as_bytes() }, &mut out);
    let pairs = out.observations.iter().filter(|o| matches!(&o.what, What::ClockPair(_)));
    assert_eq!(pairs.count(), 0, "{:?}", out.observations);
}

#[test]
fn starts_of_the_machine_are_told() {
    let text = |boot: &str| {
        format!(
            "2026-11-23T03:00:00+0000 w-1 kubelet[1]: I1123 03:00:00.396016 1 server.go:529] \"Kubelet version\" kubeletVersion=\"v1.34.4\"\n\
             {boot}\n\
             2026-11-23T03:00:40+0000 w-1 kubelet[1]: I1123 03:00:40.396016 1 server.go:529] \"Kubelet version\" kubeletVersion=\"v1.34.4\"\n"
        )
    };
    for boot in ["-- Boot 0f5c6f1c8f0e4c0b9d3a1b2c3d4e5f60 --", "-- Reboot --"] {
        let [log] = &read(text(boot).as_bytes())[..] else { panic!("{boot}") };
        let breaks: Vec<_> = log.summary.breaks.iter().map(|b| (b.to - b.from, b.boot)).collect();
        assert_eq!(breaks, [(40_000_000, true)], "{boot}");
    }
}
