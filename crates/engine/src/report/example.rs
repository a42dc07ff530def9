//! A report as it should read, and what holds of every report in every form.

use super::text::{Style, render};
use super::*;
use crate::evidence::{Locator, Read, Why};
use crate::finding::{Honesty, Ref};
use crate::moment::{Clock, SECOND};
use crate::subject::Kind;
use unicode_width::UnicodeWidthStr;

/// 2026-11-23 00:00:00 UTC, in seconds.
const MIDNIGHT: i64 = 20_780 * 86_400;

fn at(hour: i64, minute: i64, second: i64) -> Option<Moment> {
    Some(Moment::api_second(MIDNIGHT + hour * 3600 + minute * 60 + second))
}

fn object(kind: Kind, namespace: &str, name: &str) -> Subject {
    Subject::new(kind, Some(namespace), name)
}

fn proof(record: Ref, text: &str) -> Proof {
    Proof {
        record,
        text: text.into(),
        at: None,
        locator: Locator { file: "evidence.json".into(), line: Some(7) },
    }
}

fn log(text: &str) -> Proof {
    proof(Ref::Log(Locator { file: "a.log".into(), line: Some(3) }), text)
}

#[allow(clippy::too_many_arguments)]
fn step(
    id: usize,
    time: Option<Moment>,
    code: Code,
    subject: Subject,
    summary: &str,
    certainty: Certainty,
    proof: Proof,
) -> Step {
    Step {
        id,
        caused_by: (id > 1).then(|| id - 1).into_iter().collect(),
        at: time,
        code,
        subject,
        summary: summary.into(),
        mechanism: None,
        certainty,
        evidence: vec![proof],
    }
}

/// The incident of `example.txt`.
fn incident() -> Incident {
    let job = object(Kind::Job, "batch", "rogue-indexer-29923378");
    let cron = object(Kind::CronJob, "batch", "rogue-indexer");
    let orders = object(Kind::Deployment, "shop", "orders");
    let checkout = object(Kind::Deployment, "shop", "checkout");
    let service = object(Kind::Service, "shop", "orders");
    let pod = object(Kind::Pod, "shop", "orders-7c9d8b6f4d-x2k4p");
    let slice = object(Kind::EndpointSlice, "shop", "orders-k2v9x");
    use Certainty::{Certain, Likely};
    Incident {
        id: "5d2c9a0b7e3f1846".into(),
        severity: Severity::Critical,
        course: Course::Ongoing,
        since: at(2, 58, 3),
        title: "shop/checkout gets no connections: shop/orders has 2 of 4 replicas".into(),
        impact: Impact {
            pods: 34,
            workloads: vec![
                (checkout.clone(), Some(3), Some(3)),
                (job.clone(), None, None),
                (orders.clone(), Some(2), Some(4)),
            ],
            services: Vec::new(),
            nodes: vec![Subject::node("worker-2")],
        },
        certainty: Likely,
        root: Root {
            code: Code::PodAddressesExhausted,
            aspect: vec![("node", "worker-2".into())],
            subject: job.clone(),
            owner: Some(cron.clone()),
            certainty: Certain,
            summary: "Job batch/rogue-indexer-29923378 holds 11 of the 13 pod addresses of node worker-2. None is free, so no new pod can get its network there.".into(),
        },
        contributing: Vec::new(),
        changes: vec![Change {
            at: at(2, 41, 7),
            subject: cron.clone(),
            field: "parallelism".into(),
            from: Some("4 in the last three runs".into()),
            to: Some("40".into()),
            by: Some("kubectl-edit".into()),
        }],
        loops: Vec::new(),
        because: vec![
            step(1, at(2, 58, 0), Code::PodAddressesExhausted, job.clone(), "The Job starts 40 pods. The scheduler puts all on worker-2: it counts 110 pod slots there and knows nothing of 13 addresses.", Certain, proof(Ref::Object(Subject::node("worker-2")), "40 × Scheduled; node allocatable pods=110")),
            step(2, at(2, 58, 3), Code::PodAddressesExhausted, Subject::node("worker-2"), "worker-2 gives away its last address; 29 of the Job's pods wait.", Certain, proof(Ref::NodeLog(Locator::default()), "kubelet: no IP addresses available in range set: 10.244.2.1-10.244.2.14 (2,034 times; events show 27 per pod)")),
            step(3, at(2, 59, 33), Code::SandboxFailed, orders, "A rollout stops 2 of 4 orders pods. Both successors land on worker-2 and stay in ContainerCreating.", Certain, proof(Ref::Event(pod, "FailedCreatePodSandBox".into(), "no IP addresses available".into()), "FailedCreatePodSandBox shop/orders-7c9d8b6f4d-x2k4p, -m8w1q")),
            step(4, at(2, 59, 36), Code::ServiceShort, service, "Service shop/orders is left with 2 ready endpoints.", Certain, proof(Ref::Object(slice), "EndpointSlice orders-k2v9x")),
            step(5, at(3, 1, 7), Code::DependencyUnreachable, checkout, "checkout's calls queue until its pool is empty, 3 of 3 pods.", Likely, log("log: ERROR pool exhausted: 100 of 100 to orders:8080 in use")),
        ],
        members: vec![job, object(Kind::Pod, "shop", "orders-7c9d8b6f4d-x2k4p")],
        ruled_out: [
            ("orders rollout", "none of its new containers ever started, and pods of another image failed the same way 90 s earlier"),
            ("leaked addresses", "13 are taken, and 13 live pods have them"),
            ("CNI, containerd", "both answer each request; worker-2 was Ready throughout"),
            ("quota, scheduling", "all 31 waiting pods were created and have a node"),
        ]
        .map(|(what, because)| RuledOut { what: what.into(), because: because.into() })
        .to_vec(),
        not_seen: vec![
            NotSeen { what: "who used kubectl-edit: the audit log tells".into(), read: None },
            NotSeen {
                what: "orders' own load: no log line of orders tells its request times".into(),
                read: Some(Read::Log { container: object(Kind::Pod, "shop", "orders-7c9d8b6f4d-k7x2m"), previous: false }),
            },
        ],
        remedies: vec![
            Remedy::kubectl("Cut the running Job to 4 pods, as before. Ends 36 pods, waiting ones first, 7 with work in progress; frees 7 addresses", &cron, Honesty::NeedsJudgement, &["patch", "job", "rogue-indexer-29923378", "--type", "merge", "-p", "{\"spec\":{\"parallelism\":4}}"]),
            Remedy::kubectl("The same in the CronJob, before its next run at 02:58", &cron, Honesty::NeedsJudgement, &["patch", "cronjob", "rogue-indexer", "--type", "merge", "-p", "{\"spec\":{\"jobTemplate\":{\"spec\":{\"parallelism\":4}}}}"]),
            Remedy::advice("Later: worker-2 admits 110 pods on 13 addresses. Any 13 pods can do this again. Lower its maxPods or widen its range"),
        ],
        check: Some(Check {
            text: "orders back to 4 of 4 in about a minute (grace 30 s, kubelet retry 15 s)".into(),
            command: ["diagnose", "deploy/checkout", "-n", "shop", "-w"].map(str::to_owned).to_vec(),
        }),
        remarks: Vec::new(),
    }
}

/// The report of `example.txt`.
pub(super) fn report() -> Report {
    Report {
        source: "prod-eu1, with worker-2.journal".into(),
        scope: Scope::default(),
        context: Some("prod-eu1".into()),
        captured: at(3, 12, 40),
        version: Some("v1.34.4".into()),
        coverage: vec![
            Coverage { source: "pods".into(), count: 1034, from: None, to: None },
            Coverage { source: "events".into(), count: 2711, from: at(2, 12, 9), to: at(3, 12, 38) },
        ],
        incidents: vec![incident()],
        folded: 2,
        gaps: Vec::new(),
        remarks: Vec::new(),
        unread: Unread::default(),
    }
}

/// Everything that a report can hold, with texts and names of the worst kind.
pub(super) fn hostile() -> Report {
    const TEXT: &str = "a\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7} b\r\nc\u{202e}d\u{2066}\u{200b} `x` | *y* <b> # @all \u{9b}2J \u{7f} \
        世界世界世界世界世界世界世界世界世界世界世界世界世界世界 registry.example/team/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@sha256:0123456789";
    let text = || TEXT.to_owned();
    let name: Text = "$(reboot)\u{1b}[2J;\n`x`".into();
    let subject =
        Subject::new(Kind::Other("Wid\u{202e}get.example.com".into()), Some(&name), &name).container(&name);
    let mut report = report();
    let Some(mut incident) = report.incidents.pop() else { unreachable!() };
    let ages = [
        Moment::age(877 * SECOND, 878 * SECOND, &name),
        Moment { earliest: i64::MIN, latest: i64::MAX, clock: Clock::Api },
        Moment { earliest: 5, latest: 5, clock: Clock::Yearless(name.clone()) },
        Moment::api(i64::MAX),
    ];
    incident.title = text();
    incident.id = text();
    incident.root.summary = text();
    incident.root.subject = subject.clone();
    incident.root.aspect = vec![("host", TEXT.into())];
    incident.contributing = vec![incident.root.clone()];
    for (step, at) in incident.because.iter_mut().zip(ages.iter().cycle()) {
        step.summary = text();
        step.at = Some(at.clone());
        step.subject = subject.clone();
        step.evidence = vec![
            proof(Ref::Event(subject.clone(), TEXT.into(), TEXT.into()), TEXT),
            proof(Ref::Unit(Some(name.clone()), name.clone()), &format!("second {TEXT}")),
            proof(Ref::Object(subject.clone()), &format!("third {TEXT}")),
        ];
        for proof in &mut step.evidence {
            proof.at = Some(at.clone());
            proof.locator.file = TEXT.into();
        }
    }
    for change in &mut incident.changes {
        *change = Change {
            at: Some(ages[0].clone()),
            subject: subject.clone(),
            field: text(),
            from: Some(text()),
            to: Some(text()),
            by: Some(TEXT.into()),
        };
    }
    incident.members = vec![subject.clone()];
    incident.impact.workloads = vec![(subject.clone(), None, Some(1))];
    incident.ruled_out = vec![
        RuledOut { what: text(), because: text() },
        RuledOut { what: "x\u{202e}".into(), because: text() },
    ];
    let reads = [
        Read::Object(subject.clone()),
        Read::List { kind: subject.kind.clone(), namespace: Some(name.clone()) },
        Read::Events(subject.clone()),
        Read::Log { container: subject.clone(), previous: true },
        Read::Journal { node: name.clone(), unit: name.clone(), since: Some(ages[0].clone()) },
        Read::Tags { image: TEXT.into() },
        Read::File { path: TEXT.into() },
    ];
    incident.not_seen = reads.iter().map(|read| NotSeen { what: text(), read: Some(read.clone()) }).collect();
    incident.remedies = vec![
        Remedy::kubectl(TEXT, &subject, Honesty::DestroysEvidence, &["delete", "pod", &name]),
        Remedy::advice(TEXT),
    ];
    incident.check = Some(Check { text: text(), command: vec!["diagnose".into(), name.to_string()] });
    incident.remarks = vec![text(); 5];
    let whys = [
        Why::Forbidden { verb: TEXT.into(), resource: TEXT.into() },
        Why::Unreachable(TEXT.into()),
        Why::Gone(TEXT.into()),
        Why::Truncated(TEXT.into()),
        Why::Unparsable(TEXT.into()),
        Why::NotFound,
        Why::NotCollected,
    ];
    Report {
        source: text(),
        scope: Scope { namespaces: vec![name.clone()], subjects: vec![subject] },
        context: Some(name.clone()),
        version: Some(TEXT.into()),
        coverage: vec![Coverage {
            source: text(),
            count: 1,
            from: Some(ages[0].clone()),
            to: Some(ages[1].clone()),
        }],
        incidents: vec![incident.clone(), incident.clone(), incident.clone(), incident],
        gaps: reads
            .into_iter()
            .zip(whys)
            .map(|(read, why)| Gap { read, why, locator: Locator { file: TEXT.into(), line: None } })
            .collect(),
        remarks: vec![text()],
        unread: Unread { files: vec![TEXT.into()], lines: 3 },
        ..report
    }
}

/// No incident, and nearly nothing seen.
pub(super) fn empty() -> Report {
    Report { incidents: Vec::new(), folded: 0, context: None, ..report() }
}

fn plain(width: usize) -> Style {
    Style { width, colour: false, verbose: false }
}

#[test]
fn the_example_reads_as_it_should() {
    let got = render(&report(), &plain(80));
    assert!(got == include_str!("example.txt"), "example.txt should be:\n{got}");
}

#[test]
fn the_example_as_markdown_reads_as_it_should() {
    let got = markdown::render(&report());
    assert!(got == include_str!("example.md"), "example.md should be:\n{got}");
}

#[test]
fn one_incident_is_told_in_sixty_lines() {
    let mut long = report();
    let Some(incident) = long.incidents.first_mut() else { unreachable!() };
    for id in 6..60 {
        let mut step = incident.because.get(3).cloned().unwrap();
        step.id = id;
        step.caused_by = vec![id - 1];
        incident.because.push(step);
    }
    for _ in 0..5 {
        incident.ruled_out.extend(incident.ruled_out.clone());
        incident.not_seen.extend(incident.not_seen.clone());
        incident.remedies.extend(incident.remedies.clone());
    }
    for width in [72, 80, 100, 120] {
        assert!(render(&report(), &plain(width)).lines().count() <= 60, "{width}");
        let text = render(&long, &plain(width));
        assert!(text.lines().count() <= 60, "{width}:\n{text}");
        assert!(text.contains("more: -v"), "what is left out shows");
        assert!(text.contains("\nCHECK"), "the last part is told");
    }
    let all = render(&long, &Style { verbose: true, ..plain(80) });
    assert!(!all.contains("more: -v") && all.lines().count() > 300);
}

#[test]
fn no_line_is_wider_than_asked_but_for_what_cannot_be_broken() {
    for report in [report(), hostile(), empty()] {
        for verbose in [false, true] {
            for width in [40, 47, 60, 61, 72, 80, 99, 120, 130] {
                for line in render(&report, &Style { width, colour: false, verbose }).lines() {
                    // One word of a command, quoted or not.
                    let word = line.trim().trim_end_matches(" \\");
                    let single = word.split('\'').step_by(2).all(|bare| !bare.contains(' '));
                    assert!(line.width() <= width || single, "{width}: {line}");
                }
            }
        }
    }
    for line in render(&report(), &plain(80)).lines() {
        assert!(line.width() <= 80, "{line}");
    }
}

#[test]
fn nothing_steers_or_reorders() {
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || "\u{61c}\u{200b}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}".contains(c)
    };
    for verbose in [false, true] {
        let style = Style { verbose, ..plain(80) };
        let report = hostile();
        for text in
            [render(&report, &style), json::render(&report), yaml::render(&report), markdown::render(&report)]
        {
            assert!(!text.contains(hidden), "{text}");
            assert!(!text.contains("kubectl --context $(reboot)"));
            assert!(text.len() > 1000);
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    for report in [report(), hostile(), empty()] {
        for verbose in [false, true] {
            let style = Style { verbose, ..plain(80) };
            let coloured = render(&report, &Style { colour: true, ..style });
            let mut bare = String::new();
            let mut rest = coloured.as_str();
            while let Some((before, after)) = rest.split_once("\u{1b}[") {
                bare.push_str(before);
                rest = after.split_once('m').unwrap().1;
            }
            bare.push_str(rest);
            assert_eq!(bare, render(&report, &style));
            assert!(coloured.contains("\u{1b}[1m") || report.incidents.is_empty());
        }
    }
}

#[test]
fn without_incident_it_says_what_was_looked_at() {
    let text = render(&empty(), &plain(80));
    assert!(text.contains("NO INCIDENT\n"), "{text}");
    assert!(text.contains("  looked at  1,034 pods, 2,711 events (02:12 to 03:12)\n"), "{text}");
    assert!(text.contains("  not seen   nodes, logs, journals\n"), "{text}");
    let nothing = Report { coverage: Vec::new(), captured: None, ..empty() };
    assert!(render(&nothing, &plain(80)).contains("nothing: no record that coroner knows"));
}

#[test]
fn relative_times_stay_relative() {
    let mut report = Report { captured: None, coverage: Vec::new(), context: None, ..report() };
    let Some(incident) = report.incidents.first_mut() else { unreachable!() };
    let age = |seconds: i64| Some(Moment::age(seconds * SECOND, (seconds + 1) * SECOND, &"paste".into()));
    incident.since = age(877);
    incident.changes.clear();
    for step in &mut incident.because {
        step.at = age(877);
    }
    let text = render(&report, &plain(80));
    assert!(text.contains("ongoing · for 14m37s · 1 node"), "{text}");
    assert!(text.contains("\n  14m37s ago  The Job starts"), "{text}");
    assert!(text.contains("kubectl --context <context> -n batch patch job"), "{text}");
    assert!(!text.contains("UTC"), "{text}");
}

#[test]
fn like_effects_are_told_once() {
    let mut report = report();
    let Some(incident) = report.incidents.first_mut() else { unreachable!() };
    for id in 6..9 {
        let mut like = incident.because.get(4).cloned().unwrap();
        like.id = id;
        like.subject.name = format!("other-{id}").into();
        incident.because.push(like);
    }
    let text = render(&report, &plain(80));
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("The same: shop/other-6 and 2 more. likely"), "{text}");
    assert_eq!(text.matches("checkout's calls queue").count(), 1);
}

#[test]
fn like_proofs_are_told_once_and_their_count_is_never_cut() {
    let mut report = report();
    let Some(incident) = report.incidents.first_mut() else { unreachable!() };
    let of = |name: &str| {
        let pod = object(Kind::Pod, "shop", name);
        let long = "no IP addresses available in range set ".repeat(9);
        let text = format!("event FailedCreatePodSandBox {}: {long} (27 times)", pod.path());
        proof(Ref::Event(pod, "FailedCreatePodSandBox".into(), long.into()), &text)
    };
    if let Some(step) = incident.because.get_mut(2) {
        step.evidence = vec![of("orders-a"), of("orders-b"), of("orders-c")];
    }
    let text = render(&report, &plain(80));
    assert!(text.contains("… (27 times, and 2 more like it)\n"), "{text}");
    assert_eq!(text.matches("› event FailedCreatePodSandBox").count(), 1);
    let all = render(&report, &Style { verbose: true, ..plain(80) });
    assert_eq!(all.matches("› event FailedCreatePodSandBox").count(), 3);
}

#[test]
fn the_root_is_not_said_twice() {
    let mut report = report();
    let Some(incident) = report.incidents.first_mut() else { unreachable!() };
    incident.because.truncate(1);
    for step in &mut incident.because {
        step.summary = incident.root.summary.clone();
    }
    let text = render(&report, &plain(80));
    assert!(text.contains("BECAUSE\n  02:58:00  › 40 × Scheduled"), "{text}");
}

#[test]
fn gaps_and_later_incidents_are_told_in_short() {
    let text = render(&hostile(), &plain(100));
    assert!(text.contains("1 incident is told in short: -v tells all"), "{text}");
    assert!(text.contains("GAPS   1 cut off, 1 forbidden"), "{text}");
    assert!(text.contains("1 file held nothing that coroner knows"), "{text}");
    assert!(text.contains("no command: a name in it is not a Kubernetes name"), "{text}");
    let all = render(&hostile(), &Style { verbose: true, ..plain(100) });
    assert!(!all.contains("told in short"));
}

#[test]
fn many_incidents_are_counted_by_cause() {
    let mut report = report();
    let Some(first) = report.incidents.first().cloned() else { unreachable!() };
    report.incidents = vec![first; 18];
    for incident in report.incidents.iter_mut().skip(16) {
        incident.root.code = Code::OomKilled;
    }
    let text = render(&report, &plain(80));
    assert!(text.contains("\n8 MORE\nCRITICAL  6 × pod-addresses-exhausted: "), "{text}");
    assert!(
        text.contains("\nCRITICAL  2 × oom-killed: The kernel killed a container for memory\n"),
        "{text}"
    );
    assert!(text.contains("15 incidents are told in short: -v tells all"), "{text}");
    let all = render(&report, &Style { verbose: true, ..plain(80) });
    assert!(!all.contains("MORE") && all.matches("ROOT CAUSE").count() == 18);
}

#[test]
fn reads_that_failed_alike_are_one_row() {
    let mut report = report();
    for pod in ["a", "b", "c"] {
        report.gaps.push(Gap {
            read: Read::File { path: format!("logs/{pod}.err").as_str().into() },
            why: Why::Gone(format!("container \"app\" in pod \"{pod}\" is waiting to start").as_str().into()),
            locator: Locator { file: "logs".into(), line: None },
        });
    }
    let text = render(&report, &plain(80));
    assert!(text.contains("GAPS   3 gone\n  logs/a.err, and 2 more  gone: container"), "{text}");
    let all = render(&report, &Style { verbose: true, ..plain(80) });
    assert!(all.contains("logs/b.err") && all.contains("logs/c.err"), "{all}");
}
