//! The reader against a small HTTP server on loopback: refusals, patience, pages, and answers that are none.

// What a test cannot set up fails the test.
#![allow(clippy::unwrap_used)]

use cluster::{Cluster, Connect, Error, Item};
use engine::evidence::{Gap, Read, Why};
use engine::subject::{Kind, Subject};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What the server does with a request.
enum Reply {
    /// Status, headers and body.
    Whole(u16, &'static [(&'static str, &'static str)], String),
    /// The head promises more than comes.
    Cut(String),
    /// Nothing comes for so long.
    Silence(Duration),
}

fn ok(body: &str) -> Reply {
    Reply::Whole(200, &[("content-type", "application/json")], body.to_owned())
}

struct Server {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves until the process ends; the function is given the count of earlier requests and the target.
    fn start(reply: impl Fn(usize, &str) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (reply, log) = (Arc::new(reply), seen.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (reply, log) = (reply.clone(), log.clone());
                std::thread::spawn(move || serve(stream, &*reply, &log));
            }
        });
        Server { address, seen }
    }

    fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn connect(&self, seconds: u64) -> Cluster {
        let options = Connect {
            kubeconfig: Some("/dev/null".into()),
            server: Some(self.address.clone()),
            deadline: Some(Duration::from_secs(seconds)),
            node_logs: true,
            ..Connect::default()
        };
        Cluster::connect(&options).unwrap()
    }
}

fn serve(stream: TcpStream, reply: &dyn Fn(usize, &str) -> Reply, log: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(line.starts_with("GET "), "{line}");
        while lines.read_line(&mut line).is_ok_and(|read| read > 2) {}
        let count = {
            let mut log = log.lock().unwrap();
            log.push(target.clone());
            log.len() - 1
        };
        let head = |status: u16, headers: &[(&str, &str)], length: usize| {
            let mut head = format!("HTTP/1.1 {status} X\r\ndate: Mon, 23 Nov 2026 03:12:40 GMT\r\n");
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head + &format!("content-length: {length}\r\n\r\n")
        };
        let sent = match reply(count, &target) {
            Reply::Whole(status, headers, body) => {
                stream.write_all((head(status, headers, body.len()) + &body).as_bytes())
            }
            Reply::Cut(body) => {
                let _ = stream.write_all((head(200, &[], body.len() + 1000) + &body).as_bytes());
                return;
            }
            Reply::Silence(time) => {
                std::thread::sleep(time);
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

fn list(kind: Kind) -> Read {
    Read::List { kind, namespace: Some("shop".into()) }
}

fn page(token: &str, name: &str) -> String {
    format!(
        r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"continue":"{token}"}},"items":[{{"metadata":{{"name":"{name}","namespace":"shop"}}}}]}}"#
    )
}

/// Records by path, gaps, and how it ended.
/// Records by path, gaps, and how the reading ended.
type Got = (Vec<(String, String)>, Vec<Gap>, Result<(), Error>);

fn read(cluster: &Cluster, reads: &[Read]) -> Got {
    let (mut records, mut gaps) = (Vec::new(), Vec::new());
    let done = cluster.read(reads, &mut |item| match item {
        Item::Record { path, bytes } => records.push((path, String::from_utf8(bytes).unwrap())),
        Item::Gap(gap) => gaps.push(gap),
    });
    records.sort();
    gaps.sort();
    (records, gaps, done)
}

#[test]
fn a_list_is_read_page_by_page() {
    let server = Server::start(|_, target| match target.contains("continue=next") {
        false => ok(&page("next", "a")),
        true => ok(&page("", "b")),
    });
    let cluster = server.connect(10);
    let (records, gaps, done) = read(&cluster, &[list(Kind::Pod)]);
    let paths: Vec<&str> = records.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["objects/pods/shop.1.json", "objects/pods/shop.json"]);
    assert_eq!((gaps.as_slice(), done), (&[][..], Ok(())));
    assert_eq!(cluster.captured(), Some(engine::moment::Moment::api_second(1_795_403_560)));
}

#[test]
fn what_is_forbidden_is_a_gap_and_the_rest_is_read() {
    let server = Server::start(|_, target| match target.contains("/nodes") {
        true => Reply::Whole(403, &[("content-type", "application/json")], "{\"message\":\"no\"}".into()),
        false => ok(&page("", "a")),
    });
    let nodes = Read::List { kind: Kind::Node, namespace: None };
    let (records, gaps, done) = read(&server.connect(10), &[nodes.clone(), list(Kind::Pod)]);
    assert_eq!((records.len(), done), (1, Ok(())));
    let why = Why::Forbidden { verb: "list".into(), resource: "nodes".into() };
    assert_eq!(gaps, [Gap { read: nodes, why, locator: Default::default() }]);
}

#[test]
fn a_busy_server_is_given_time_and_asked_again() {
    let server = Server::start(|count, _| match count {
        0 => Reply::Whole(429, &[("retry-after", "1")], String::new()),
        _ => ok(&page("", "a")),
    });
    let began = Instant::now();
    let (records, gaps, done) = read(&server.connect(10), &[list(Kind::Pod)]);
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!((records.len(), gaps.len(), done), (1, 0, Ok(())));
}

#[test]
fn the_third_refusal_of_a_busy_server_is_the_last() {
    let server = Server::start(|_, target| match target.contains("/pods") {
        true => ok(&page("", "a")),
        false => Reply::Whole(429, &[("retry-after", "0")], "{\"message\":\"slow down\"}".into()),
    });
    let reads = [Kind::Pod, Kind::Service, Kind::Job, Kind::CronJob, Kind::Deployment].map(list);
    let (records, gaps, done) = read(&server.connect(10), &reads);
    assert_eq!(records.len(), 1);
    assert_eq!(done, Err(Error::Overloaded { status: 429, why: "slow down".into() }));
    // What was not asked for any more is told, too.
    assert_eq!(gaps.len(), 4);
    let refused = server.requests().iter().filter(|target| !target.contains("/pods")).count();
    assert!(refused <= 4, "two may be in flight when the third comes: {refused}");
}

#[test]
fn an_expired_token_ends_it() {
    let server = Server::start(|_, _| Reply::Whole(401, &[], "{\"message\":\"Unauthorized\"}".into()));
    let (_, _, done) = read(&server.connect(10), &[list(Kind::Pod)]);
    assert_eq!(done, Err(Error::Unauthorized("Unauthorized".into())));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_web_page_is_no_answer() {
    let server = Server::start(|_, _| {
        Reply::Whole(200, &[("content-type", "text/html")], "<html><body>Please log in</body></html>".into())
    });
    let (records, _, done) = read(&server.connect(10), &[list(Kind::Pod)]);
    assert!(records.is_empty());
    assert_eq!(done, Err(Error::NotAnApi { server: server.address.clone() }));
}

#[test]
fn a_kubelet_without_log_query_is_a_gap_that_names_the_setting() {
    let server = Server::start(|_, _| {
        Reply::Whole(
            200,
            &[("content-type", "text/html; charset=utf-8")],
            "<pre><a href=\"pods/\"></pre>".into(),
        )
    });
    let journal = Read::Journal { node: "n1".into(), unit: "kubelet".into(), since: None };
    let (_, gaps, done) = read(&server.connect(10), &[journal]);
    assert_eq!(done, Ok(()));
    let Why::Unreachable(why) = &gaps[0].why else { panic!("{gaps:?}") };
    assert!(why.contains("enableSystemLogQuery"), "{why}");
}

#[test]
fn a_log_that_is_gone_is_a_gap_though_the_answer_is_a_success() {
    let server = Server::start(|_, _| {
        Reply::Whole(
            200,
            &[("content-type", "text/plain")],
            "unable to retrieve container logs for containerd://1".into(),
        )
    });
    let container = Subject::new(Kind::Pod, Some("shop"), "cart-0").container("app");
    let (records, gaps, done) = read(&server.connect(10), &[Read::Log { container, previous: true }]);
    assert_eq!((records.len(), gaps.len(), done), (0, 1, Ok(())));
    assert!(matches!(gaps[0].why, Why::Gone(_)), "{gaps:?}");
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_again() {
    let server = Server::start(|count, _| match count {
        0 => ok(&page("next", "a")),
        1 => Reply::Cut("{\"kind\":\"PodList\"".into()),
        _ => ok(&page("", "b")),
    });
    let (records, gaps, done) = read(&server.connect(10), &[list(Kind::Pod)]);
    assert_eq!((records.len(), gaps.len(), done), (2, 0, Ok(())));
}

#[test]
fn a_server_that_dies_in_the_middle_leaves_what_was_read() {
    let server = Server::start(|count, _| match count {
        0 => ok(&page("next", "a")),
        _ => Reply::Cut(String::new()),
    });
    let (records, gaps, done) = read(&server.connect(10), &[list(Kind::Pod)]);
    assert_eq!(records.len(), 1);
    assert!(matches!(done, Err(Error::Broken { .. })), "{done:?}");
    assert!(matches!(gaps[0].why, Why::Truncated(_)), "{gaps:?}");
}

#[test]
fn a_silent_server_is_waited_for_until_the_deadline() {
    let server = Server::start(|_, _| Reply::Silence(Duration::from_secs(20)));
    let began = Instant::now();
    let (_, gaps, done) = read(&server.connect(1), &[list(Kind::Pod), list(Kind::Service)]);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(done, Err(Error::Deadline { seconds: 1 }));
    assert_eq!(gaps.len(), 2);
}

#[test]
fn nobody_listening_is_told_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let options =
        Connect { kubeconfig: Some("/dev/null".into()), server: Some(address.clone()), ..Connect::default() };
    let cluster = Cluster::connect(&options).unwrap();
    let (_, _, done) = read(&cluster, &[list(Kind::Pod)]);
    let Err(Error::Unreachable { server, why }) = done else { panic!("{done:?}") };
    assert_eq!(server, address);
    assert!(why.contains("refused"), "{why}");
}

#[test]
fn never_more_than_two_requests_are_in_flight() {
    let flying = Arc::new(Mutex::new((0_usize, 0_usize)));
    let counted = flying.clone();
    let server = Server::start(move |_, _| {
        {
            let mut now = counted.lock().unwrap();
            now.0 += 1;
            now.1 = now.1.max(now.0);
        }
        std::thread::sleep(Duration::from_millis(50));
        counted.lock().unwrap().0 -= 1;
        ok(&page("", "a"))
    });
    let reads = [Kind::Pod, Kind::Service, Kind::Job, Kind::CronJob, Kind::Deployment].map(list);
    let (records, _, done) = read(&server.connect(10), &reads);
    assert_eq!((records.len(), done), (5, Ok(())));
    assert_eq!(flying.lock().unwrap().1, 2);
}

#[test]
fn a_name_that_leads_elsewhere_is_never_sent() {
    let server = Server::start(|_, _| ok("{}"));
    let reads = [
        Read::Object(Subject::new(Kind::Pod, Some("shop"), "../../secrets/x")),
        Read::Object(Subject::new(Kind::Secret, Some("shop"), "x")),
        list(Kind::Secret),
    ];
    let (records, gaps, done) = read(&server.connect(10), &reads);
    assert_eq!((records.len(), gaps.len(), done), (0, 3, Ok(())));
    assert!(server.requests().is_empty());
}
