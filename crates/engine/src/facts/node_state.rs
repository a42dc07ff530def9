//! What is known of a node's daemons, from every source.

use super::{Facts, NodeFact};
use crate::Text;
use crate::evidence::{Condition, NodeLog, Unit};
use crate::finding::{Proof, Ref};
use crate::moment::{Moment, SECOND};
use crate::scan::message::{self, NodeIssue, Saying};
use crate::scan::node::{NodeClaim, NodeSighting};

/// What was last said so long before an onset belongs to something else: in microseconds. The kubelet takes up to three
/// minutes to notice that its runtime hangs, and complains every second while a socket is gone.
const ANOTHER_OUTAGE: i64 = 5 * 60 * SECOND;

/// Whether a daemon runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daemon {
    /// It does.
    Runs,
    /// It was stopped, or ended with success.
    Stopped,
    /// It ended with an error, or is being restarted after one.
    Failed,
}

/// Whether a unit's state says that its daemon runs (systemd's `ActiveState`, all versions).
pub fn daemon(unit: &Unit) -> Daemon {
    match &*unit.active {
        "active" | "reloading" => Daemon::Runs,
        "failed" => Daemon::Failed,
        "activating" if unit.sub.as_deref() == Some("auto-restart") => Daemon::Failed,
        "activating" => Daemon::Runs,
        _ => Daemon::Stopped,
    }
}

impl<'e> NodeFact<'e> {
    /// The condition Ready, when it is not `True`.
    pub fn not_ready(&self) -> Option<&'e Condition> {
        self.condition("Ready").filter(|c| &*c.status != "True")
    }

    /// What the kubelet or the node controller says is wrong with the node.
    pub fn issues(&self) -> Vec<NodeIssue> {
        let Some(ready) = self.not_ready() else { return Vec::new() };
        let (reason, text) = (ready.reason.as_deref().unwrap_or(""), ready.message.as_deref().unwrap_or(""));
        match message::condition("Node", "Ready", &ready.status, reason, text) {
            Saying::NodeNotReady { issues } => issues,
            _ => Vec::new(),
        }
    }

    /// The runtime's unit: the one that runs or ran there.
    pub fn runtime_unit(&self) -> Option<&'e Unit> {
        ["containerd", "crio", "cri-o", "docker", "cri-docker"].into_iter().find_map(|name| self.unit(name))
    }

    /// The runtime's name, as its node or a unit tells.
    pub fn runtime_named(&self) -> Option<Text> {
        match self.node.and_then(|n| n.runtime.as_deref()) {
            Some(version) => Some(version.split(':').next().unwrap_or(version).into()),
            None => self.runtime_unit().map(|unit| unit.name.clone()),
        }
    }

    /// The same; `container runtime` where nothing tells.
    pub fn runtime_name(&self) -> Text {
        self.runtime_named().unwrap_or_else(|| "container runtime".into())
    }

    /// The Ready condition as proof.
    pub fn ready_proof(&self) -> Option<Proof> {
        let (object, ready) = (self.object?, self.condition("Ready")?);
        let (reason, text) = (ready.reason.as_deref().unwrap_or(""), ready.message.as_deref().unwrap_or(""));
        let text = format!("node {} Ready={} {reason}: {text}", self.name, ready.status);
        Some(Proof { at: ready.since.clone(), ..Proof::object(object, text) })
    }
}

impl NodeLog {
    /// A line of it as proof, with how often.
    pub fn line_proof(&self, sighting: &NodeSighting) -> Proof {
        let mut locator = self.locator.clone();
        locator.line = locator.line.map(|first| first.saturating_add(sighting.line));
        let times = if sighting.count > 1 { format!(" ({} times)", sighting.count) } else { String::new() };
        Proof {
            record: Ref::NodeLog(self.locator.clone()),
            text: format!("journal: {}{times}", sighting.text),
            at: sighting.first.map(|at| self.moment(at)),
            locator,
        }
    }
}

impl Facts<'_> {
    /// The first sighting of a kind in the journals of a node, with its proof.
    pub fn journal_says(
        &self,
        node: &str,
        wanted: impl Fn(&NodeClaim) -> bool,
    ) -> Option<(NodeClaim, Proof)> {
        self.journal_says_near(node, None, wanted)
    }

    /// The same, without what was last said so long before an onset that it belongs to another outage.
    pub fn journal_says_near(
        &self,
        node: &str,
        onset: Option<&Moment>,
        wanted: impl Fn(&NodeClaim) -> bool,
    ) -> Option<(NodeClaim, Proof)> {
        self.evidence.node_logs().iter().filter(|log| log.node.as_deref() == Some(node)).find_map(|log| {
            let is_near = |sighting: &NodeSighting| {
                let last = sighting.last.map(|at| log.moment(at));
                let before = last.zip(onset).and_then(|(last, onset)| last.until(onset));
                before.is_none_or(|(least, _)| least <= ANOTHER_OUTAGE)
            };
            let sighting = log.summary.sightings.iter().find(|s| wanted(&s.claim) && is_near(s))?;
            Some((sighting.claim.clone(), log.line_proof(sighting)))
        })
    }
}

/// A unit's state as proof.
pub fn unit_proof(unit: &Unit) -> Proof {
    let sub = unit.sub.as_ref().map_or_else(String::new, |sub| format!(" ({sub})"));
    let exit = unit.exit.as_ref().map_or_else(String::new, |exit| format!("; {exit}"));
    let result = unit.result.as_ref().map_or_else(String::new, |result| format!("; result {result}"));
    Proof {
        record: Ref::Unit(unit.node.clone(), unit.name.clone()),
        text: format!("systemctl status {}: {}{sub}{result}{exit}", unit.name, unit.active),
        at: unit.since.clone(),
        locator: unit.locator.clone(),
    }
}

impl Facts<'_> {
    /// Pods on a node that may be hit when it fails, finished ones left out.
    pub fn victims_on(&self, node: &str) -> Vec<crate::subject::Subject> {
        self.pods_on(node).filter(|pod| !pod.is_finished()).map(|pod| pod.subject().clone()).collect()
    }
}
