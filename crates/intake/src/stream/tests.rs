//! What is read in pieces is what is read as a whole, wherever the pieces are cut.

use super::*;
use engine::evidence::What;

/// Reads in pieces of so many bytes; none where the input is not read so.
fn in_pieces(path: &str, bytes: &[u8], piece: usize, threads: usize) -> Option<Intake> {
    let mut out = Intake::default();
    let place = Place::file(path);
    let sizes = Sizes { piece, ..SIZES };
    let pieces = Pieces::open(bytes, &place, &mut out)?;
    let mut from = bytes;
    let mut input =
        Input { from: &mut from, sizes, held: Vec::new(), spare: Vec::new(), ended: false, failed: None };
    match pieces {
        Pieces::Export(reader) => input.export(reader, &place, &mut out),
        Pieces::Lines(reader) => input.lines(reader, threads, &mut out),
    }
    Some(out)
}

/// Tells whether it is read in pieces, and that nothing shows of where they were cut.
fn alike(path: &str, bytes: &[u8], pieces: &[usize]) -> bool {
    let mut whole = Intake::default();
    crate::read_whole(RawRecord { path, bytes }, &mut whole);
    for &piece in pieces {
        for threads in [1, 2, 7] {
            let Some(parts) = in_pieces(path, bytes, piece, threads) else { return false };
            let [parts, whole] = [&parts, &whole]
                .map(|read| format!("{:#?}\n{:#?}\n{:#?}", read.observations, read.gaps, read.unread));
            let differs = whole.lines().zip(parts.lines()).position(|(a, b)| a != b);
            let about = |text: &str| {
                let from = differs.unwrap_or(0).saturating_sub(30);
                text.lines().skip(from).take(40).collect::<Vec<_>>().join("\n")
            };
            assert!(
                parts == whole,
                "{path} by {piece}, {threads} threads:\n{}\n--- as a whole:\n{}",
                about(parts.as_str()),
                about(whole.as_str())
            );
        }
    }
    true
}

const KEY: &str =
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEsecretsecret\nMIIEsecretsecret\n-----END RSA PRIVATE KEY-----";

fn plain() -> String {
    format!(
        "ready\n{KEY}\n2026-11-23T04:50:50Z ERROR cannot reach db:5432: connection refused\njava.net.ConnectException: refused\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: no\n\tat a.B.d(B.java:2)\n\nTraceback (most recent call last):\n  File \"x.py\", line 1, in <module>\nKeyError: 'a'\n\u{1b}[31mFATAL\u{1b}[0m gone\r\nGET /a HTTP/1.1 200\n世界\n\npanic: no route\n\ngoroutine 1 [running]:\nmain.main()\n\t/x.go:1 +0x1\nlast"
    )
}

/// One log, as each of its keepers writes it.
fn logs() -> Vec<(&'static str, String)> {
    let time = "2026-11-23T04:50:50.773428000Z";
    let (mut cri, mut docker, mut mixed) = (String::new(), String::new(), String::new());
    for (number, line) in plain().lines().enumerate() {
        let stream = if number % 3 == 0 { "stderr" } else { "stdout" };
        let half = line.floor_char_boundary(line.len() / 2);
        let json = |text: &str| serde_json::to_string(text).unwrap();
        if number % 2 == 0 {
            cri += &format!("{time} {stream} P {}\n{time} stdout F between\n", &line[..half]);
            cri += &format!("{time} {stream} F {}\n", &line[half..]);
            docker +=
                &format!("{{\"log\":{},\"stream\":\"{stream}\",\"time\":\"{time}\"}}\n", json(&line[..half]));
        } else {
            cri += &format!("{time} {stream} F {line}\n");
        }
        let rest = if number % 2 == 0 { &line[half..] } else { line };
        let log = json(&format!("{rest}\n"));
        docker += &format!("{{\"log\":{log},\"stream\":\"{stream}\",\"time\":\"{time}\"}}\n");
        mixed += &format!("[pod/web-{}/app] {line}\n", number / 4 % 2);
    }
    vec![
        ("logs/shop/web-0/app.log", plain()),
        ("app.log", plain()),
        ("-", format!("\u{feff}{}", plain())),
        ("-", cri),
        ("pods/a/0.log", docker),
        ("-", mixed),
        ("-", "{\"level\":\"fatal\",\"ts\":\"2026-11-23T04:50:50Z\",\"msg\":\"cannot bind\"}\n".repeat(9)),
    ]
}

const SAID: &[&str] = &[
    "kubelet[115]: E1123 04:50:52.273000   11556 kubelet.go:2515] \"Container runtime network not ready\" networkReady=\"NetworkReady=false reason:NetworkPluginNotReady message:x\"",
    "kubelet[115]: I1123 04:50:52.273000   11556 prober.go:107] \"Probe failed\" probeType=\"Liveness\" pod=\"shop/web-0\" containerName=\"app\" output=<",
    "kubelet[115]:         no file",
    "kubelet[115]:         nor directory",
    "kubelet[115]:  >",
    "kernel: memory: usage 262144kB, limit 262144kB, failcnt 12",
    "kernel: oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task=java,pid=4711,uid=0",
    "kernel: Memory cgroup out of memory: Killed process 4711 (java) total-vm:1kB, anon-rss:2kB, file-rss:3kB, shmem-rss:4kB",
    "kernel: Memory cgroup out of memory: Killed process 4712 (sh) total-vm:1kB, anon-rss:2kB, file-rss:3kB, shmem-rss:4kB",
    "containerd[2]: time=\"2026-11-23T04:50:53.500000123Z\" level=info msg=\"containerd successfully booted in 0.1s\"",
    "systemd[1]: containerd.service: Main process exited, code=killed, status=9/KILL",
    "app[7]: password=hunter2 connection refused",
];

/// Lines of three hosts with starts and silences between them.
fn journal(stamp: impl Fn(usize) -> String, boot: &str) -> String {
    let mut text = String::from("-- Logs begin at Mon --\n");
    for n in 0..60 {
        let host = ["w-1", "w-1", "w-1", "w-1", "worker-2", "w-1", "w-3"][n / 5 % 7];
        text += &format!("{} {host} {}\n", stamp(n), SAID[n % SAID.len()]);
        match n {
            7 | 30 => text += "  lines that name nobody\n\nmore of them\n",
            20 | 45 | 46 => text += &format!("{boot}\n"),
            _ => {}
        }
    }
    text
}

/// Seconds of the n-th line: most follow each other, some hours later.
fn second(n: usize) -> usize {
    n + n / 13 * 900
}

fn journals() -> Vec<(&'static str, Vec<u8>)> {
    let clock =
        |n: usize| format!("{:02}:{:02}:{:02}", second(n) / 3600, second(n) / 60 % 60, second(n) % 60);
    let iso = journal(|n| format!("2026-11-23T{}+0000", clock(n)), "-- Reboot --");
    let short = journal(|n| format!("Nov 23 {}", clock(n)), "-- Boot 0f5c6f1c8f0e4c0b9d3a1b2c3d4e5f60 --");
    let monotonic = journal(|n| format!("[{:5}.000001]", 100 + second(n)), "-- Reboot --");
    let klog: String =
        SAID.iter().filter_map(|s| s.strip_prefix("kubelet[115]: ")).map(|s| format!("{s}\n")).collect();
    let dmesg: String = SAID
        .iter()
        .filter_map(|s| s.strip_prefix("kernel: "))
        .map(|s| format!("[  12.000000] {s}\n"))
        .collect();
    let (mut json, mut pretty, mut export) = (String::new(), String::new(), Vec::new());
    for (n, said) in SAID.iter().enumerate() {
        let (ident, message) = said.split_once(": ").unwrap();
        let ident = ident.split('[').next().unwrap();
        let at = 1_795_409_450_773_000 + n * 1_000_000;
        let fields = [
            ("__CURSOR", "a".to_owned()),
            ("__REALTIME_TIMESTAMP", at.to_string()),
            ("__MONOTONIC_TIMESTAMP", (n * 1_000_000).to_string()),
            ("_BOOT_ID", format!("b{}", n / 8)),
            ("_HOSTNAME", format!("w-{}", n % 2)),
            ("SYSLOG_IDENTIFIER", ident.to_owned()),
            ("MESSAGE", message.to_owned()),
        ];
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let rows: Vec<String> =
            fields.iter().map(|(k, v)| format!("{} : {}", quoted(k), quoted(v))).collect();
        json += &format!("{{{}}}\n", rows.join(","));
        pretty += &format!("{{\n\t{}\n}}\n", rows.join(",\n\t"));
        for (key, value) in &fields {
            match n % 2 {
                0 => export.extend(format!("{key}={value}\n").bytes()),
                _ => {
                    export.extend(format!("{key}\n").bytes());
                    export.extend((value.len() as u64).to_le_bytes());
                    export.extend(format!("{value}\n").bytes());
                }
            }
        }
        export.extend(b"COREDUMP\n\x08\0\0\0\0\0\0\0\n\n_A=\xff\xfe\n\n");
    }
    vec![
        ("-", iso.clone().into_bytes()),
        ("nodes/w-1.log", iso.replace('\n', "\r\n").into_bytes()),
        ("journals/w-1/kubelet.log", short.clone().into_bytes()),
        ("-", short.into_bytes()),
        ("-", monotonic.into_bytes()),
        ("journals/n1/kubelet.log", klog.clone().into_bytes()),
        ("kubelet.log", klog.into_bytes()),
        ("nodes/dmesg.txt", dmesg.into_bytes()),
        ("-", json.into_bytes()),
        ("-", pretty.into_bytes()),
        ("-", export),
    ]
}

#[test]
fn logs_and_journals_in_pieces_of_any_size() {
    let texts = logs().into_iter().map(|(path, text)| (path, text.into_bytes()));
    for (path, bytes) in texts.chain(journals()) {
        let read = alike(path, &bytes, &[1, 17, 64, 100, 255, 1000, 4096]);
        assert!(read, "{path} is read as a whole: {}", String::from_utf8_lossy(&bytes[..80]));
    }
    let key = in_pieces("app.log", plain().as_bytes(), 40, 2).map(|out| format!("{:?}", out.observations));
    assert!(key.is_some_and(|kept| !kept.contains("MIIEsecret")));
}

#[test]
fn more_than_is_kept_in_pieces() {
    let mut text = String::new();
    for n in 0..2700 {
        let host = ["w-1", "worker-2"][n / 400 % 2];
        let said = match n % 3 {
            0 => format!(
                "kubelet[1]: E1123 04:50:50.1 1 pod_workers.go:1] \"Error syncing pod, skipping\" err=\"failed to \\\"StartContainer\\\" for \\\"a\\\" with CrashLoopBackOff\" pod=\"shop/web-{}\"",
                n * 7 % 1300
            ),
            1 => format!("unit-{}[7]: a", n % 90),
            _ => {
                format!("kubelet[1]: \"Eviction manager: pod is evicted successfully\" pod=\"shop/web-{n}\"")
            }
        };
        text += &format!("Nov 23 04:{:02}:{:02} {host} {said}\n", n / 60, n % 60);
    }
    text += "Nov 23 05:00:00 w-1 kernel: Kernel panic - not syncing: Fatal exception\n";
    assert!(alike("-", text.as_bytes(), &[2000, 30_000, 90_000]), "it is read as a whole");
    let seen = in_pieces("-", text.as_bytes(), 30_000, 2).map(|out| format!("{:?}", out.observations));
    assert!(seen.is_some_and(|seen| seen.contains("claim: Panic")));
}

#[test]
fn a_real_journal_in_pieces() {
    let bytes = include_bytes!("../../../cli/demo/cascade/nodes/worker-2.kubelet.log");
    let name = "nodes/worker-2.kubelet.log";
    assert!(alike(name, bytes, &[bytes.len() / 5 + 1, 1009]), "it is read as a whole");
}

#[test]
fn what_shows_no_log_and_no_journal_is_held_as_a_whole() {
    for (path, text) in [
        ("pods.json", "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[]}\n"),
        ("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n"),
        ("-", "$ kubectl get pods\nNAME READY STATUS RESTARTS AGE\nweb-0 0/1 Pending 0 1m\n"),
        ("-", "NAME READY STATUS RESTARTS AGE\nweb-0 0/1 Pending 0 1m\n"),
        ("-", "==> logs/shop/web-0/app.log <==\na\n==> journals/n1/kubelet.log <==\nb\n"),
        ("-", "==== START logs for container app of pod shop/web-0 ====\na\n"),
        ("a.journal", "LPKSHHRH"),
        ("-", "\n\n"),
    ] {
        assert!(in_pieces(path, text.as_bytes(), 8, 1).is_none(), "{text}");
    }
}

/// Bytes, and then an error.
struct Broken<'b>(&'b [u8]);

impl io::Read for Broken<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self.0.read(to)? {
            0 => Err(io::Error::other("gone")),
            read => Ok(read),
        }
    }
}

#[test]
fn what_breaks_off_is_read_so_far_and_is_a_gap() {
    let long = plain().repeat(PIECE / 400);
    for text in [plain(), long] {
        let mut out = Intake::default();
        read_from("app.log", &mut Broken(text.as_bytes()), 2, &mut out).unwrap();
        assert_eq!(out.observations.len(), 1);
        let [gap] = out.gaps.as_slice() else { panic!("{:?}", out.gaps) };
        assert_eq!(gap.why, Why::Truncated("it breaks off: gone".into()));
    }
    assert!(read_from("app.log", &mut Broken(b""), 2, &mut Intake::default()).is_err());
}

#[test]
fn a_line_of_any_length_is_passed_over() {
    let line = "x".repeat(PIECE * 2 + 77);
    let text = format!("ready\n{line}\nFATAL gone\n");
    let mut out = Intake::default();
    read_from("app.log", &mut text.as_bytes(), 2, &mut out).unwrap();
    let What::Log(log) = &out.observations[0].what else { panic!() };
    let fatal = log.summary.fatal.as_ref().map(|unit| (&*unit.head.text, unit.head.line));
    assert_eq!(
        (log.summary.bytes, log.summary.lines, fatal),
        (text.len() as u64, 3, Some(("FATAL gone", 2)))
    );
}

#[test]
fn what_is_larger_than_what_is_held_is_a_gap() {
    let pods = "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\",\"namespace\":\"b\"}}\n"
        .repeat(100);
    let place = Place::file("pods.json");
    let (mut bytes, mut out) = (pods.as_bytes(), Intake::default());
    let sizes = Sizes { whole: 3000, ..SIZES };
    let mut input =
        Input { from: &mut bytes, sizes, held: Vec::new(), spare: Vec::new(), ended: false, failed: None };
    input.fill(100);
    input.whole(&place, &mut out);
    assert!(out.observations.len() > 30, "{}", out.observations.len());
    assert!(
        out.gaps
            .iter()
            .any(|gap| matches!(&gap.why, Why::Truncated(why) if why.starts_with("only the first")))
    );
}
