//! Kubernetes objects in JSON and YAML.

mod alike;
mod block;
mod config;
mod container;
mod event;
mod json;
mod meta;
mod node;
mod pod;
mod policy;
mod reduce;
mod service;
mod storage;
mod wire;
mod workload;
mod yaml;

use crate::pool::{self, Pool};
use crate::{Intake, Place};
use alike::{Known, Specs};
use engine::evidence::{Body, Gap, Locator, Node, Object, Read, View, What, Why};
use engine::moment::Moment;
use engine::subject::{Kind, Subject};
use memchr::memchr_iter;
use meta::{Make, Metadata, kind_of};
pub use reduce::reduced;
use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;
use wire::{Notes, Wire};

/// Reads objects; false where the text is neither JSON nor YAML of objects.
pub fn read(text: &str, place: &Place, out: &mut Intake) -> bool {
    let (lists, between) = if text.trim_start().starts_with(['{', '[']) {
        let Some(found) = json::lists(text) else { return false };
        found
    } else {
        if !yaml::is_of_objects(text) {
            return false;
        }
        (yaml::lists(text), Vec::new())
    };
    pool::with(|pool| {
        match jobs(text, &lists).as_slice() {
            jobs @ [_, _, ..] => read_jobs(jobs, text, place, pool, out),
            _ => {
                let mut reader = Reader::new(place, pool, out, text);
                lists.iter().for_each(|list| reader.list(list));
            }
        }
        let mut reader = Reader::new(place, pool, out, text);
        for (start, line) in between {
            let locator = reader.locator(start);
            reader.out.unread.of += 1;
            reader.out.unread.lines += 1;
            crate::sample(reader.out, locator, line);
        }
    });
    true
}

/// Whether a text begins as objects do, in JSON or YAML.
pub(crate) fn begin(text: &str) -> bool {
    match text.trim_start().starts_with(['{', '[']) {
        true => json::lists(text).is_some(),
        false => yaml::is_of_objects(text),
    }
}

/// What each of the two readers of YAML makes of a text: nothing of the first where it leaves the text to the other. Where
/// both read, they have to agree; this lets it be tested from outside.
#[doc(hidden)]
pub fn by_both_readers(text: &str) -> [Option<serde_json::Value>; 2] {
    let block = block::read(text, std::marker::PhantomData).ok();
    [block, serde_saphyr::from_str_with_options(text, yaml::options()).ok()]
}

/// Bytes of objects that one job reads, at least.
const JOB: usize = 1 << 20;

/// A part of a text that is read by itself.
struct Job<'l, 'a> {
    lists: &'l [List<'a>],
    /// Of a single long list: these pieces, and whether they are its first and last.
    part: Option<(&'l [Piece<'a>], bool, bool)>,
    /// Where it begins, and the line ends before.
    start: usize,
    lines: usize,
}

/// Cuts a text into jobs: short lists together, a long one into runs of its pieces.
fn jobs<'l, 'a>(text: &str, lists: &'l [List<'a>]) -> Vec<Job<'l, 'a>> {
    let size = |list: &List<'_>| list.pieces.iter().map(|piece| piece.text.len()).sum::<usize>();
    let mut jobs: Vec<Job<'l, 'a>> = Vec::new();
    for run in crate::work::runs(lists, JOB, size) {
        let run = &lists[run];
        let [short @ .., last] = run else { continue };
        if size(last) < 2 * JOB {
            jobs.push(Job { lists: run, part: None, start: 0, lines: 0 });
            continue;
        }
        if !short.is_empty() {
            jobs.push(Job { lists: short, part: None, start: 0, lines: 0 });
        }
        let parts = crate::work::runs(&last.pieces, JOB, |piece| piece.text.len());
        let count = parts.len();
        for (at, part) in parts.into_iter().enumerate() {
            let part = Some((&last.pieces[part], at == 0, at + 1 == count));
            jobs.push(Job { lists: std::slice::from_ref(last), part, start: 0, lines: 0 });
        }
    }
    let (mut at, mut lines) = (0, 0);
    for job in &mut jobs {
        let pieces = job.part.map_or(&*job.lists[0].pieces, |(pieces, ..)| pieces);
        let start = pieces.first().map_or(at, |piece| piece.start);
        lines += memchr_iter(b'\n', &text.as_bytes()[at..start.max(at)]).count();
        at = start.max(at);
        (job.start, job.lines) = (at, lines);
    }
    jobs
}

fn read_jobs(jobs: &[Job<'_, '_>], text: &str, place: &Place, pool: &Pool, out: &mut Intake) {
    let parts = crate::work::each(jobs, crate::work::WORKERS, |job| {
        let mut read = Intake::default();
        pool::with(|pool| {
            let mut reader = Reader::new(place, pool, &mut read, text).at(job);
            match job.part {
                Some((pieces, ..)) => {
                    let of = job.lists[0].of();
                    pieces.iter().for_each(|piece| reader.piece_of(of, piece));
                }
                None => job.lists.iter().for_each(|list| reader.list(list)),
            }
        });
        read
    });
    let mut before = out.observations.len();
    for (job, part) in jobs.iter().zip(parts) {
        if job.part.is_none_or(|(_, first, _)| first) {
            before = out.observations.len();
        }
        out.absorb(part);
        if let Some((_, _, true)) = job.part {
            let mut reader = Reader::new(place, pool, out, text).at(job);
            reader.read_before = before;
            reader.end_of(&job.lists[0]);
        }
    }
}

/// Whether a path leads through a folder of manifests.
fn wishes(path: &str) -> bool {
    path.split('/').rev().skip(1).any(|folder| folder == "manifests")
}

/// What a path of our own bundles says of a list: `objects/<plural>[.<group>]/<namespace or _cluster>[.<page>].json`
/// holds all objects of the kind there, once the last page was read. `Some(None)` for a path below, of an object alone
/// or of what a selector picked; none for a path of another layout.
fn collected(path: &str) -> Option<Option<(Kind, Option<engine::Text>)>> {
    let parts: Vec<&str> = path.split('/').collect();
    let at = parts.iter().rposition(|part| *part == "objects")?;
    let [folder, rest @ ..] = &parts[at + 1..] else { return None };
    if rest.is_empty() {
        return None;
    }
    let plural = folder.split('.').next().unwrap_or(folder);
    let kind = Kind::ALL.iter().find(|kind| kind.plural() == plural)?;
    let [file] = rest else { return Some(None) };
    let name = file.split('.').next().unwrap_or(file);
    let namespace = (name != "_cluster").then(|| name.into());
    Some(Some((kind.clone(), namespace)))
}

/// Whether of such an object the managers are not kept: there are many, and controllers alone write them.
fn is_brief(kind: &str) -> bool {
    matches!(kind, "Pod" | "Event" | "Lease" | "EndpointSlice")
}

/// In which of the two a piece is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Yaml,
    /// YAML behind the dash of a list's item.
    YamlItem,
}

/// An object, not parsed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece<'a> {
    form: Form,
    text: &'a str,
    /// Where it begins, in bytes from the start of the whole text.
    start: usize,
    /// `kind`, as written.
    kind: Option<&'a str>,
    /// `apiVersion`, as written.
    version: Option<&'a str>,
    /// Where in the text `metadata.managedFields` stands, of an item of a list in JSON.
    managed: Option<Range<usize>>,
    /// Where in the text the last `spec` stands, likewise.
    spec: Option<Range<usize>>,
}

/// A list of objects, or one object alone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct List<'a> {
    /// The list's kind and version, where it has them.
    head: Option<(&'a str, &'a str)>,
    pieces: Vec<Piece<'a>>,
    /// More was there than is shown: `metadata.continue` is set.
    partial: bool,
    /// The text ends before the list does, at this byte.
    cut: Option<usize>,
}

impl<'a> List<'a> {
    /// The kind and version of its items, where it tells.
    fn of(&self) -> Option<(&'a str, &'a str)> {
        let of = self.head.and_then(|(kind, version)| Some((kind.strip_suffix("List")?, version)));
        of.filter(|(kind, _)| !kind.is_empty())
    }
}

struct Reader<'r, 'o> {
    place: &'r Place,
    make: Make<'r>,
    out: &'o mut Intake,
    text: &'r str,
    /// Bytes in which line ends have been counted, and how many there were.
    counted: usize,
    lines: usize,
    /// A place for an object without what need not be parsed.
    brief: String,
    /// What is known of the specs of pods.
    specs: Specs,
    /// Whether what is read are wishes.
    wishes: bool,
    /// Observations that were there before the list at hand.
    read_before: usize,
}

/// What all kinds have, and what is particular to one.
type Parts<'a> = (Option<Metadata<'a>>, bool, Body);

impl<'r, 'o> Reader<'r, 'o> {
    fn new(place: &'r Place, pool: &'r Pool, out: &'o mut Intake, text: &'r str) -> Self {
        let read_before = out.observations.len();
        let wishes = wishes(&place.file);
        let (brief, specs, make) = (String::new(), Specs::default(), Make { pool });
        Reader { place, make, read_before, out, text, counted: 0, lines: 0, brief, specs, wishes }
    }

    /// The same, at the beginning of a job.
    fn at(mut self, job: &Job<'_, '_>) -> Self {
        (self.counted, self.lines) = (job.start, job.lines);
        self
    }
}

impl Reader<'_, '_> {
    fn list(&mut self, list: &List<'_>) {
        self.read_before = self.out.observations.len();
        let of = list.of();
        list.pieces.iter().for_each(|piece| self.piece_of(of, piece));
        self.end_of(list);
    }

    fn piece_of(&mut self, of: Option<(&str, &str)>, piece: &Piece<'_>) {
        let kind = piece.kind.or(of.map(|(kind, _)| kind));
        let version = piece.version.or(of.map(|(_, version)| version));
        match kind {
            Some(kind) => self.piece(piece, kind, version),
            None => {
                let locator = self.locator(piece.start);
                self.gap(None, "an object without a kind", locator);
            }
        }
    }

    fn end_of(&mut self, list: &List<'_>) {
        self.listed(list, list.of().map(|(kind, version)| kind_of(kind, Some(version))));
        if let Some(end) = list.cut {
            let locator = self.locator(end);
            let read = Read::File { path: self.place.file.clone() };
            let why = Why::Truncated("the text ends inside an object or a list".into());
            self.out.gaps.push(Gap { read, why, locator });
        }
    }

    /// A whole list in a file that is named for its kind (`pods.json`) shows all objects of the kind in the namespaces
    /// that it shows any of, or in that which the file is named for (`pods/shop.json`).
    fn listed(&mut self, list: &List<'_>, of: Option<Kind>) {
        if let Some(collected) = collected(&self.place.file) {
            let is_last_page = list.head.is_some() && !list.partial && list.cut.is_none();
            if let Some((kind, namespace)) = collected.filter(|_| is_last_page) {
                let locator = self.locator(self.counted);
                self.observe(locator, What::Listed { kind, namespace });
            }
            return;
        }
        let (folder, stem) =
            self.place.file.rsplit_once('/').map_or(("", &*self.place.file), |(folder, name)| (folder, name));
        let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
        let folder = folder.rsplit('/').next().unwrap_or(folder);
        let named = |kind: &Kind| [stem, folder].contains(&kind.plural().as_str());
        let Some(kind) = of.filter(|kind| !matches!(kind, Kind::Other(_))).or_else(|| {
            let mut kinds = Kind::ALL.iter().filter(|kind| named(kind));
            kinds.next().cloned()
        }) else {
            return;
        };
        let uniform = list.pieces.iter().all(|piece| piece.kind.is_none_or(|it| it == kind.as_str()));
        if self.wishes
            || list.head.is_none()
            || list.partial
            || list.cut.is_some()
            || !uniform
            || !named(&kind)
        {
            return;
        }
        let mut namespaces: BTreeSet<Option<engine::Text>> = BTreeSet::new();
        if !kind.is_namespaced() {
            namespaces.insert(None);
        } else {
            let read = &self.out.observations[self.read_before..];
            namespaces.extend(read.iter().filter_map(|it| match &it.what {
                What::Object(object) if object.subject.kind == kind => {
                    object.subject.namespace.clone().map(Some)
                }
                _ => None,
            }));
            if namespaces.is_empty() && kind.plural() == folder {
                namespaces.insert(Some(stem.into()));
            }
        }
        for namespace in namespaces {
            let locator = self.locator(self.counted);
            self.observe(locator, What::Listed { kind: kind.clone(), namespace });
        }
    }

    /// The line of a byte. Bytes are asked for in ascending order.
    fn locator(&mut self, at: usize) -> Locator {
        let bytes = self.text.as_bytes();
        if let Some(passed) = bytes.get(self.counted..at.min(bytes.len())) {
            self.lines += memchr_iter(b'\n', passed).count();
            self.counted = at.min(bytes.len());
        }
        let before = usize::try_from(self.place.lines_before).unwrap_or(0);
        self.place.line(before + self.lines + 1)
    }

    fn gap(&mut self, subject: Option<Subject>, why: &str, locator: Locator) {
        let read = subject.map_or_else(|| Read::File { path: self.place.file.clone() }, Read::Object);
        self.out.gaps.push(Gap { read, why: Why::Unparsable(crate::clip(why, 400).into()), locator });
    }

    fn piece(&mut self, piece: &Piece<'_>, kind: &str, version: Option<&str>) {
        // Half of a pod is what nobody wants, and most of the rest is known of its replicas: it need not pass the parser.
        let spec = piece.spec.as_ref().filter(|_| kind == "Pod");
        let known = spec.map_or(Known::Nothing, |spec| self.specs.of(&piece.text[spec.clone()]));
        let spec = spec.filter(|_| matches!(known, Known::Alike(_)));
        let managed = piece.managed.as_ref().filter(|_| is_brief(kind));
        let mut cuts = [managed.map(|at| (at, "null")), spec.map(|at| (at, self.specs.own()))];
        cuts.sort_by_key(|cut| cut.map(|(at, _)| at.start));
        let mut brief = std::mem::take(&mut self.brief);
        brief.clear();
        let mut done = 0;
        for (at, instead) in cuts.into_iter().flatten() {
            brief.extend([&piece.text[done..at.start], instead]);
            done = at.end;
        }
        let mut is_read = false;
        if done > 0 {
            brief.push_str(&piece.text[done..]);
            is_read = self.read(&Piece { text: &brief, ..piece.clone() }, kind, version, &known).is_ok();
        }
        // Where a cut text cannot be parsed, the parser is to name the place where it stands.
        if !is_read && let Err(error) = self.read(piece, kind, version, &known) {
            let locator = self.locator(piece.start);
            self.gap(None, &error, locator);
        }
        self.brief = brief;
    }

    /// Reads an object; nothing of one that cannot be parsed.
    fn read(
        &mut self,
        piece: &Piece<'_>,
        kind: &str,
        version: Option<&str>,
        known: &Known,
    ) -> Result<(), String> {
        let locator = self.locator(piece.start);
        let group = version.and_then(|version| version.split_once('/')).map_or("", |(group, _)| group);
        let notes = Notes::new(is_brief(kind));
        if kind == "Event" && matches!(group, "" | "events.k8s.io") {
            let wire = parse::<event::EventObject<'_>>(piece, &notes)?;
            let event = wire.as_ref().and_then(|wire| self.make.event(wire));
            let about = event.as_ref().map(|event| event.about.whole());
            self.faults(&notes, about, &locator);
            match event {
                Some(event) => self.observe(locator, What::Event(Box::new(event))),
                None => self.gap(None, "an event without an object or a reason", locator),
            }
            return Ok(());
        }
        let kind = kind_of(kind, version);
        let parts = self.parts(&kind, piece, &notes, known)?;
        self.object(kind, parts, &notes, locator);
        Ok(())
    }

    fn faults(&mut self, notes: &Notes, subject: Option<Subject>, locator: &Locator) {
        for fault in notes.take() {
            self.gap(subject.clone(), &fault, locator.clone());
        }
    }

    fn observe(&mut self, locator: Locator, what: What) {
        let place = self.place;
        self.out.observations.push(engine::evidence::Observation {
            capture: place.capture.clone(),
            sequence: place.sequence,
            locator,
            what,
        });
    }

    fn object(&mut self, kind: Kind, parts: Parts<'_>, notes: &Notes, locator: Locator) {
        let (metadata, has_status, body) = parts;
        // What the API server tells of itself (`APIResourceList`) and files of configuration have a kind and no metadata.
        if metadata.is_none() && matches!(kind, Kind::Other(_)) {
            return;
        }
        let metadata = metadata.unwrap_or_default();
        let name = metadata.name.as_deref().filter(|name| !name.is_empty());
        let Some(name) = name else {
            // A manifest may leave the name to the API server; then there is nothing to know it by.
            self.faults(notes, None, &locator);
            if metadata.generate_name.is_none() {
                self.gap(None, "an object without a name", locator);
            }
            return;
        };
        let make = &self.make;
        let namespace = metadata.namespace.as_deref();
        let subject = make.subject(kind, namespace, name);
        let created = make.time(&metadata.created);
        let seen = metadata.uid.is_some() || !self.wishes && (created.is_some() || has_status);
        let mut object = Object::new(subject.clone(), if seen { View::Whole } else { View::Manifest });
        object.uid = make.some(&metadata.uid);
        object.created = created;
        object.deleting = make.time(&metadata.deleting).map(Box::new);
        object.is_deleting = Some(metadata.deleting.is_some());
        object.labels = Some(make.pool.labels.share(make.map(&metadata.labels).unwrap_or_default()));
        object.annotations = Some(make.annotations(&metadata.annotations).unwrap_or_default());
        object.owners = seen.then(|| {
            let owners = metadata.owners.as_deref().map(|owners| make.owners(owners, namespace));
            make.pool.owners.share(owners.unwrap_or_default())
        });
        object.managers = make.managers(&metadata.managed);
        object.body = body;
        let renewed = lease_of_node(&object);
        self.faults(notes, Some(subject), &locator);
        if let Some((node, renewed)) = renewed {
            let mut object = Object::new(Subject::node(&node), View::Mention);
            object.body = Body::Node(Box::new(Node { lease_renewed: Some(renewed), ..Node::default() }));
            self.observe(locator.clone(), What::Object(Box::new(object)));
        }
        self.observe(locator, What::Object(Box::new(object)));
    }

    fn parts<'a>(
        &mut self,
        kind: &Kind,
        piece: &Piece<'a>,
        notes: &Notes,
        known: &Known,
    ) -> Result<Parts<'a>, String> {
        let make = &self.make;
        macro_rules! read {
            ($wire:ty, $body:expr) => {
                read!($wire, $body, |_| false)
            };
            ($wire:ty, $body:expr, $status:expr) => {{
                let wire = parse::<$wire>(piece, notes)?.unwrap_or_default();
                let has_status: fn(&$wire) -> bool = $status;
                let (body, has_status) = ($body(&wire), has_status(&wire));
                (wire.metadata, has_status, body)
            }};
        }
        Ok(match kind {
            Kind::Pod => read!(
                pod::PodObject<'a>,
                |wire: &pod::PodObject<'a>| {
                    let name = wire.metadata.as_ref().and_then(|metadata| metadata.name.as_deref());
                    let (spec, status) = (wire.spec.as_ref(), wire.status.as_ref());
                    let alike = match known {
                        // A spec that is given twice is none.
                        Known::Alike(alike) if spec.is_some() => alike.clone(),
                        _ => Rc::new(make.alike(spec, status)),
                    };
                    if matches!(known, Known::New) && notes.is_empty() {
                        self.specs.remember(alike.clone());
                    }
                    Body::Pod(make.pod(&alike, spec, status, name))
                },
                |wire| wire.status.as_ref().is_some_and(|status| status.phase.is_some())
            ),
            Kind::Node => {
                read!(node::NodeObject<'a>, |wire| Body::Node(Box::new(make.node(wire))), |wire| wire
                    .status
                    .as_ref()
                    .is_some_and(|status| status.conditions.is_some()))
            }
            _ if kind.is_workload() => read!(
                workload::WorkloadObject<'a>,
                |wire| Body::Workload(make.workload(kind, wire)),
                |wire| wire.status.as_ref().is_some_and(workload::WorkloadStatus::says_something)
            ),
            Kind::Service => read!(service::ServiceObject<'a>, |wire| Body::Service(make.service(wire))),
            Kind::Endpoints => {
                read!(service::EndpointsObject<'a>, |wire| Body::Endpoints(make.endpoints(wire)))
            }
            Kind::EndpointSlice => read!(service::SliceObject<'a>, |wire| Body::Endpoints(make.slice(wire))),
            Kind::Ingress => read!(service::IngressObject<'a>, |wire| Body::Ingress(make.ingress(wire))),
            Kind::NetworkPolicy => {
                read!(service::PolicyObject<'a>, |wire| Body::NetworkPolicy(make.network_policy(wire)))
            }
            Kind::PersistentVolumeClaim => {
                read!(storage::ClaimObject<'a>, |wire| Body::Claim(make.claim(wire)), |wire| wire
                    .status
                    .as_ref()
                    .is_some_and(|status| status.phase.is_some()))
            }
            Kind::PersistentVolume => read!(
                storage::VolumeObject<'a>,
                |wire| Body::PersistentVolume(make.volume_object(wire)),
                |wire| wire.status.as_ref().is_some_and(|status| status.phase.is_some())
            ),
            Kind::StorageClass => {
                read!(storage::ClassObject<'a>, |wire| Body::StorageClass(make.storage_class(wire)))
            }
            Kind::ResourceQuota => {
                read!(policy::QuotaObject<'a>, |wire| Body::Quota(make.quota(wire)), |wire| wire
                    .status
                    .as_ref()
                    .is_some_and(|status| status.hard.is_some()))
            }
            Kind::HorizontalPodAutoscaler => read!(
                policy::ScalerObject<'a>,
                |wire: &policy::ScalerObject<'a>| {
                    let namespace = wire.metadata.as_ref().and_then(|metadata| metadata.namespace.as_deref());
                    Body::Autoscaler(make.autoscaler(wire, namespace))
                },
                |wire| wire.status.as_ref().is_some_and(|status| status.conditions.is_some())
            ),
            Kind::PodDisruptionBudget => {
                read!(policy::BudgetObject<'a>, |wire| Body::Budget(make.budget(wire)), |wire| wire
                    .status
                    .as_ref()
                    .is_some_and(|status| status.allowed.is_some()))
            }
            Kind::ConfigMap => read!(config::MapObject<'a>, |wire| Body::Config(make.config_map(wire))),
            Kind::Secret => read!(config::SecretObject<'a>, |wire| Body::Config(make.secret_object(wire))),
            Kind::ServiceAccount => {
                read!(config::AccountObject<'a>, |wire| Body::ServiceAccount(make.account(wire)))
            }
            Kind::Lease => read!(node::LeaseObject<'a>, |wire| Body::Lease(make.lease(wire))),
            _ => read!(policy::NamedObject<'a>, |_: &policy::NamedObject<'a>| Body::Name),
        })
    }
}

fn parse<'a, T: Wire<'a>>(piece: &Piece<'a>, notes: &Notes) -> Result<Option<T>, String> {
    match piece.form {
        Form::Json => wire::from_json(piece.text, notes),
        Form::Yaml => yaml::parse(piece.text, false, notes),
        Form::YamlItem => yaml::parse(piece.text, true, notes),
    }
}

/// The node that a lease is of, and its last renewal (pkg/kubelet/nodelease: the namespace is fixed, the name is the
/// node's).
fn lease_of_node(object: &Object) -> Option<(engine::Text, Moment)> {
    match &object.body {
        Body::Lease(lease) if object.subject.namespace() == "kube-node-lease" => {
            Some((object.subject.name.clone(), lease.renewed.clone()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
