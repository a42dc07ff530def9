//! Executes reads: at most two requests in flight, patience where the server asks for it, and an end where it asks
//! for the third time.

use crate::answer::{self, Answer};
use crate::connect::Connect;
use crate::error::Error;
use crate::page;
use crate::registry::{self, Repository};
use crate::request::{self, Request, Verb};
use engine::evidence::{Gap, Locator, Read, Why};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, sleep, timeout_at};

/// Requests in flight.
const IN_FLIGHT: usize = 2;
/// Answers of 429, 5xx or none at all that a session bears; the last of them ends it.
const STRIKES: usize = 3;
/// How long a server may be silent inside an answer, and before one.
const SILENCE: Duration = Duration::from_secs(30);
/// How long to wait where the server asks for patience without saying how much.
const PATIENCE: u64 = 1;
/// The longest that a server may ask to wait for, in seconds.
const LONGEST_WAIT: u64 = 30;
/// The largest answer, in bytes; one page of 500 large objects is far below.
const LARGEST: usize = 256 << 20;
/// Answers that may wait for whoever decodes them.
const WAITING: usize = 2;

/// What came of a read.
#[derive(Debug)]
pub enum Item {
    /// A raw record.
    Record {
        /// Its path inside a bundle.
        path: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// What was asked for and not got.
    Gap(Gap),
}

/// What was asked so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Requests that were sent.
    pub requests: usize,
    /// Bytes of answers.
    pub bytes: u64,
    /// Answers that were records.
    pub records: usize,
}

/// A reading of one cluster.
pub struct Session {
    client: kube::Client,
    server: String,
    given: Option<Duration>,
    deadline: Option<Instant>,
    wanted: Wanted,
    state: Mutex<State>,
}

/// What is read only where the user asked for it.
#[derive(Clone, Copy)]
struct Wanted {
    node_logs: bool,
    registry: bool,
}

#[derive(Default)]
struct State {
    strikes: usize,
    /// Why nothing is asked any more.
    cut: Option<Error>,
    date: Option<i64>,
    progress: Progress,
}

impl Session {
    pub fn new(client: kube::Client, server: String, options: &Connect) -> Session {
        let wanted = Wanted { node_logs: options.node_logs, registry: options.registry };
        Session::of(client, server, options.deadline, wanted)
    }

    fn of(client: kube::Client, server: String, given: Option<Duration>, wanted: Wanted) -> Session {
        let deadline = given.map(|given| Instant::now() + given);
        Session { client, server, given, deadline, wanted, state: Mutex::default() }
    }

    /// The same, from the beginning.
    pub fn renewed(&self) -> Session {
        Session::of(self.client.clone(), self.server.clone(), self.given, self.wanted)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a read is one that the user wants; journals and tags are read only where they are asked for.
    pub fn wants(&self, read: &Read) -> bool {
        match read {
            Read::Journal { .. } => self.wanted.node_logs,
            Read::Tags { .. } => self.wanted.registry,
            _ => true,
        }
    }

    pub fn cut(&self) -> Option<Error> {
        self.state().cut.clone()
    }

    pub fn date(&self) -> Option<i64> {
        self.state().date
    }

    pub fn progress(&self) -> Progress {
        self.state().progress
    }

    /// Begins to execute reads; what comes of them arrives here.
    pub fn start(self: &Arc<Self>, reads: &[Read], runtime: &Runtime) -> Receiver<Item> {
        let (items, receiver) = channel(WAITING);
        let queue = Arc::new(Mutex::new(reads.iter().cloned().collect::<VecDeque<_>>()));
        for _ in 0..IN_FLIGHT {
            let (session, queue, items) = (self.clone(), queue.clone(), items.clone());
            runtime.spawn(async move {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some(read) = next else { return };
                    if session.read(read, &items).await.is_err() {
                        // Nobody listens any more.
                        return;
                    }
                }
            });
        }
        receiver
    }

    async fn read(&self, read: Read, items: &Sender<Item>) -> Result<(), Closed> {
        if !self.wants(&read) {
            return gap(items, read, Why::NotCollected).await;
        }
        if let Read::Tags { image } = &read {
            let Some(repository) = Repository::of(image) else {
                return gap(items, read, Why::Unparsable("it is no reference to an image".into())).await;
            };
            return match registry::tags(&repository).await {
                Ok(bytes) => {
                    let path = format!("registry/{:016x}.json", request::digest(&repository.named));
                    items.send(Item::Record { path, bytes }).await.map_err(|_| Closed)
                }
                Err(why) => gap(items, read, why).await,
            };
        }
        let Some(request) = request::render(&read) else {
            let why = Why::Unparsable("no cluster can be asked for this".into());
            return gap(items, read, why).await;
        };
        let mut token = String::new();
        let mut page = 0;
        loop {
            match self.ask(&request, &request.page(&token)).await {
                Outcome::Record(bytes) => {
                    token = match request.verb {
                        Verb::List => page::token(&bytes).unwrap_or_default(),
                        Verb::Get => String::new(),
                    };
                    let record = Item::Record { path: request.record(page), bytes };
                    items.send(record).await.map_err(|_| Closed)?;
                    page += 1;
                    if token.is_empty() {
                        return Ok(());
                    }
                }
                Outcome::Elsewhere(other) if other != token => token = other,
                Outcome::Elsewhere(_) => {
                    return gap(items, read, Why::Truncated("the list expired while it was read".into()))
                        .await;
                }
                Outcome::Gap(Why::Unreachable(why)) if page > 0 => {
                    let why = Why::Truncated(format!("{page} pages were read: {why}").into());
                    return gap(items, read, why).await;
                }
                Outcome::Gap(why) => return gap(items, read, why).await,
            }
        }
    }

    /// Asks until there is an answer, or none is to be had.
    async fn ask(&self, request: &Request, target: &str) -> Outcome {
        loop {
            if let Some(cut) = self.cut() {
                return Outcome::Gap(Why::Unreachable(cut.to_string().into()));
            }
            let answered = match self.send(target).await {
                Ok(answered) => answered,
                Err(error) => {
                    if self.fail(error) {
                        self.pause(Duration::from_secs(PATIENCE)).await;
                    }
                    continue;
                }
            };
            let Answered { status, headers, body } = answered;
            match answer::read(request, status, &headers, &body) {
                Answer::Record => {
                    self.state().progress.records += 1;
                    return Outcome::Record(body);
                }
                Answer::Gap(why) => return Outcome::Gap(why),
                Answer::Elsewhere(token) => return Outcome::Elsewhere(token),
                Answer::Unauthorized(why) => self.end(Error::Unauthorized(why)),
                Answer::Page => self.end(Error::NotAnApi { server: self.server.clone() }),
                Answer::Later(seconds, why) => {
                    if self.strike() {
                        self.end(Error::Overloaded { status: status.as_u16(), why });
                    } else {
                        let seconds = seconds.unwrap_or(PATIENCE).min(LONGEST_WAIT);
                        self.pause(Duration::from_secs(seconds)).await;
                    }
                }
            }
        }
    }

    /// Sends one request and takes its whole answer.
    async fn send(&self, target: &str) -> Result<Answered, Error> {
        self.state().progress.requests += 1;
        let request = http::Request::get(target)
            .header(http::header::ACCEPT, "application/json, */*")
            .body(Body::empty())
            .map_err(|error| Error::Own(error.to_string()))?;
        let response = self.within(self.client.send(request)).await?;
        let response = response.map_err(|error| Error::of(&error, &self.server))?;
        let (head, mut body) = response.into_parts();
        if let Some(date) = answer::date(&head.headers) {
            let mut state = self.state();
            state.date = state.date.max(Some(date));
        }
        let length = head.headers.get(http::header::CONTENT_LENGTH);
        let length = length.and_then(|it| it.to_str().ok()?.parse::<usize>().ok());
        let mut bytes = Vec::with_capacity(length.unwrap_or(0).min(LARGEST));
        while let Some(frame) = self.within(body.frame()).await? {
            let frame = frame.map_err(|error| Error::Broken {
                server: self.server.clone(),
                why: crate::error::chain(&error),
            })?;
            if let Ok(data) = frame.into_data() {
                if bytes.len() + data.len() > LARGEST {
                    let why = format!("an answer of more than {} MiB", LARGEST >> 20);
                    return Err(Error::Broken { server: self.server.clone(), why });
                }
                bytes.extend_from_slice(&data);
            }
        }
        self.state().progress.bytes += bytes.len() as u64;
        Ok(Answered { status: head.status, headers: head.headers, body: bytes })
    }

    /// Waits for the server, but not for ever.
    async fn within<T>(&self, what: impl Future<Output = T>) -> Result<T, Error> {
        let silence = Instant::now() + SILENCE;
        let until = self.deadline.map_or(silence, |deadline| deadline.min(silence));
        timeout_at(until, what).await.map_err(|_| match (self.deadline, self.given) {
            (Some(deadline), Some(given)) if deadline <= silence => {
                Error::Deadline { seconds: given.as_secs() }
            }
            _ => Error::Unreachable {
                server: self.server.clone(),
                why: format!("no answer for {} s", SILENCE.as_secs()),
            },
        })
    }

    /// Waits as the server asked, within the deadline.
    async fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        match self.deadline {
            Some(deadline) if until >= deadline => {
                self.end(Error::Deadline { seconds: self.given.unwrap_or_default().as_secs() })
            }
            _ => sleep(time).await,
        }
    }

    /// A request that got no answer; whether to try again. A broken connection may be an accident; what else stands in
    /// the way stays there.
    fn fail(&self, error: Error) -> bool {
        let may_pass = matches!(error, Error::Broken { .. } | Error::Unreachable { .. });
        if may_pass && self.progress().records > 0 && !self.strike() {
            return true;
        }
        self.end(error);
        false
    }

    /// Counts an answer of 429, 5xx or none; whether it was the last that is borne.
    fn strike(&self) -> bool {
        let mut state = self.state();
        state.strikes += 1;
        state.strikes >= STRIKES
    }

    fn end(&self, error: Error) {
        self.state().cut.get_or_insert(error);
    }
}

struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

enum Outcome {
    Record(Vec<u8>),
    Gap(Why),
    Elsewhere(String),
}

/// Whoever wanted the items is gone.
struct Closed;

async fn gap(items: &Sender<Item>, read: Read, why: Why) -> Result<(), Closed> {
    let gap = Gap { read, why, locator: Locator::default() };
    items.send(Item::Gap(gap)).await.map_err(|_| Closed)
}
