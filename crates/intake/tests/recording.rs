//! A command that ran again and again into one file is read sample by sample.

use engine::evidence::{Evidence, Object};
use engine::subject::{Kind, Subject};
use intake::{Intake, RawRecord, Unread};

fn read(files: &[(&str, &str)]) -> (Evidence, Unread) {
    let mut out = Intake::default();
    for (path, text) in files {
        intake::read(RawRecord { path, bytes: text.as_bytes() }, &mut out);
    }
    out.finish()
}

fn pod<'e>(evidence: &'e Evidence, name: &str) -> &'e Object {
    evidence.get(&Subject::new(Kind::Pod, Some("shop"), name)).expect("the pod was seen")
}

fn described(name: &str, status: &str, event: &str) -> String {
    format!(
        "Name:         {name}\nNamespace:    shop\nNode:         n1/10.0.0.1\nStart Time:   Mon, 23 Nov 2026 04:00:00 +0200\nLabels:       app=web\nStatus:       {status}\nContainers:\n  app:\n    Image:  shop/web:1\nQoS Class:    BestEffort\nEvents:\n  Type     Reason  Age  From     Message\n  ----     ------  ---- ----     -------\n  Warning  BackOff  {event}  kubelet  Back-off restarting failed container\n\n\n"
    )
}

/// Three samples, of which the last is cut.
fn recording() -> String {
    let [a, b] = ["web-0", "web-1"].map(|name| described(name, "Running", "5s"));
    let later = described("web-1", "Pending", "7s");
    let (cut, _) = later.split_once("QoS").expect("it has a class");
    format!(
        "n=0 2026-11-23T02:10:00,2026-11-23T04:10:00\n{a}{b}n=1 2026-11-23T02:10:10,2026-11-23T04:10:10\n{later}n=2 2026-11-23T02:10:20,2026-11-23T04:10:20\n{cut}"
    )
}

#[test]
fn the_last_sample_wins_and_what_it_lacks_is_gone() {
    for path in ["describe.log", "describe.txt"] {
        let (evidence, unread) = read(&[(path, &recording())]);
        assert_eq!(unread.lines, 0, "{:?}", unread.samples);
        let (first, last) = (pod(&evidence, "web-0"), pod(&evidence, "web-1"));
        assert!(first.views.is_past() && !last.views.is_past());
        assert_eq!(format!("{:?}", last.pod().unwrap().phase), "Some(Pending)");
    }
}

#[test]
fn ages_count_from_their_own_sample() {
    let (evidence, _) = read(&[("describe.txt", &recording())]);
    let of = |name: &str| evidence.events().iter().find(|e| &*e.about.name == name).unwrap();
    // The offset of the printed times tells which of the two columns is UTC. 2026-11-23T02:10:00Z.
    let start = 1_795_399_800_i64 * 1_000_000;
    let (first, last) = (of("web-0").last.as_ref().unwrap(), of("web-1").last.as_ref().unwrap());
    assert!(first.clock.is_absolute(), "{first:?}");
    assert!((start - 6_000_000..=start + 6_000_000).contains(&first.earliest), "{first:?}");
    assert!(last.latest <= start + 14_000_000, "{last:?}");
}

#[test]
fn lines_of_time_that_stand_still_tell_no_time() {
    let text = recording().replace("T02:10:10", "T02:10:00").replace("T04:10:10", "T04:10:00");
    let text = text.replace("T02:10:20", "T02:10:00").replace("T04:10:20", "T04:10:00");
    let (evidence, _) = read(&[("describe.txt", &text)]);
    assert!(evidence.events().iter().all(|e| e.last.as_ref().is_some_and(|at| !at.clock.is_absolute())));
}

#[test]
fn tables_parted_by_commas_and_samples_of_nothing() {
    let table = "Mon Nov 23 02:10:00 UTC 2026\nNAME,READY,STATUS,RESTARTS,AGE\nweb-0,1/1,Running,0,5m\nMon Nov 23 02:10:05 UTC 2026\nNAME,READY,STATUS,RESTARTS,AGE\nweb-0,0/1,Pending,0,1s\n";
    let empty = "=== 2026-11-23T02:10:00Z ===\n=== 2026-11-23T02:10:05Z ===\n";
    let (evidence, unread) = read(&[("pods.csv", table), ("hpa.csv", empty)]);
    assert_eq!((unread.files.len(), unread.lines), (0, 0));
    // It was made anew between them.
    let pods = evidence.of(&Kind::Pod);
    assert_eq!(pods.len(), 2);
    assert_eq!(pods[1].pod().unwrap().printed_status.as_deref(), Some("Pending"));
}

#[test]
fn objects_again_and_again() {
    let list = |names: &[&str]| {
        let pods: Vec<String> = names
            .iter()
            .map(|name| format!("    {{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {{\"name\": \"{name}\", \"namespace\": \"shop\", \"uid\": \"{name}\"}}, \"status\": {{\"phase\": \"Running\"}}}}"))
            .collect();
        format!(
            "{{\n  \"apiVersion\": \"v1\", \"kind\": \"List\",\n  \"items\": [\n{}\n  ]\n}}\n",
            pods.join(",\n")
        )
    };
    let text = format!(
        "0,2026-11-23T02:10:00Z\n{}1,2026-11-23T02:10:01Z\n{}2,2026-11-23T02:10:02Z\n{}",
        list(&["web-0", "web-1"]),
        list(&["web-1"]),
        list(&["web-1"])
    );
    let (evidence, _) = read(&[("pods.json", &text)]);
    assert!(pod(&evidence, "web-0").views.is_past() && pod(&evidence, "web-1").views.is_live());
}

#[test]
fn a_log_that_begins_with_a_time_stays_a_log() {
    let text =
        "2026-11-23T02:10:00Z INFO start\nconnection refused\n2026-11-23T02:10:01Z INFO start\nName: x\n";
    let (evidence, _) = read(&[("app.txt", text)]);
    assert_eq!((evidence.logs().len(), evidence.objects().len()), (1, 0));
    // What a container printed is its log, whatever it looks like.
    let (evidence, _) = read(&[("logs/shop/web-0/app.log", &recording())]);
    assert_eq!(evidence.logs().len(), 1);
}
