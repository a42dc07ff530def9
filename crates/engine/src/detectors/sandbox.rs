//! See `sandbox.md` for what this means and the cases it must pass.

use super::address_pool::exhausted;
use crate::Text;
use crate::facts::{Facts, PodFact, Stage, Statement};
use crate::finding::{Certainty, Code, Finding};
use crate::scan::message::{SandboxCause as C, Saying};
use crate::subject::Subject;
use std::collections::BTreeMap;

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    let mut waiting: BTreeMap<Text, Vec<(&PodFact, &Statement)>> = BTreeMap::new();
    for pod in facts.unwell().filter(|pod| !pod.is_finished() && pod.stage() == Stage::Setup) {
        let failed = facts
            .about(pod.subject())
            .filter(|s| !s.overtaken && matches!(s.saying, Saying::SandboxFailed { .. }));
        let Some(statement) = failed.max_by_key(|s| (s.last.as_ref().map(|m| m.latest), s.count)) else {
            continue;
        };
        let Saying::SandboxFailed { cause } = &statement.saying else { continue };
        let node = pod.pod.node.clone().unwrap_or_else(|| "".into());
        match cause {
            C::AddressesExhausted { .. } => waiting.entry(node).or_default().push((pod, statement)),
            // Told with the container's start.
            C::OomDuringStart => {}
            _ => found.push(other(pod, statement, cause, &node)),
        }
    }
    for (node, pods) in waiting {
        exhausted(facts, &node, &pods, found);
    }
}

fn other(pod: &PodFact, statement: &Statement, cause: &C, node: &Text) -> Finding {
    let place = if node.is_empty() { "a node".to_owned() } else { format!("node {node}") };
    let subject = if node.is_empty() { pod.top().clone() } else { Subject::node(node) };
    let (code, what, certainty) = match cause {
        C::PluginMissing { plugin } => (
            Code::NetworkPluginMissing,
            format!("CNI plugin {} is not on {place}", plugin.as_deref().unwrap_or("")),
            Certainty::Certain,
        ),
        C::ConfigMissing => {
            (Code::NetworkPluginMissing, format!("{place} has no CNI configuration"), Certainty::Certain)
        }
        C::Unauthorized => (
            Code::NetworkAgentDown,
            format!("the API server refuses the network agent on {place}"),
            Certainty::Likely,
        ),
        C::AgentDown { .. } => (
            Code::NetworkAgentDown,
            format!("the network agent on {place} does not run or does not answer"),
            Certainty::Likely,
        ),
        C::PauseImage { .. } => {
            (Code::SandboxFailed, format!("{place} cannot get the pause image"), Certainty::Certain)
        }
        C::RuntimeDown => {
            (Code::SandboxFailed, format!("the runtime of {place} does not answer"), Certainty::Likely)
        }
        C::HandlerMissing { handler } => (
            Code::SandboxFailed,
            format!("the runtime of {place} has no handler {handler}"),
            Certainty::Certain,
        ),
        C::CgroupDriver => (
            Code::SandboxFailed,
            format!("kubelet and runtime of {place} use different cgroup drivers"),
            Certainty::Certain,
        ),
        C::NoSpace => (Code::SandboxFailed, format!("{place} has no space left"), Certainty::Certain),
        C::Timeout => (Code::SandboxFailed, format!("{place} does not make it in time"), Certainty::Possible),
        _ => (Code::SandboxFailed, format!("the runtime of {place} cannot make it"), Certainty::Likely),
    };
    Finding::new(code, subject, format!("No sandbox for {}: {what}.", pod.subject().path()))
        .at_most(certainty)
        .hits([pod.subject().clone()])
        .since(statement.first.clone())
        .shown_by(statement.proof())
}
