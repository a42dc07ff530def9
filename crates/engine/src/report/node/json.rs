//! A node's history as JSON: `coroner/v1alpha1`, kind `NodeHistory`; described by
//! `docs/schema/nodehistory.v1alpha1.json`.

use super::{Heard, History, Options};
use crate::Text;
use crate::report::json::{Said, document};
use crate::report::time::rfc3339;
use crate::report::timeline::json as timeline;
use crate::report::unlock;
use serde::Serialize;

/// What a node went through, indented, with a line end.
pub fn render(told: &History, options: &Options, context: Option<&Text>) -> String {
    let node = told.object.and_then(|object| object.node());
    let wire = NodeWire {
        api_version: "coroner/v1alpha1",
        kind: "NodeHistory",
        captured_at: told.timeline.captured.as_ref().and_then(rfc3339),
        source: Said(&options.source),
        node: Said(&options.node),
        lost: told.lost,
        conditions: node
            .iter()
            .flat_map(|node| node.conditions.iter().flatten())
            .map(|condition| ConditionWire {
                kind: Said(&condition.kind),
                status: Said(&condition.status),
                reason: condition.reason.as_deref().map(Said),
                message: condition.message.as_deref().map(Said),
                since: condition.since.as_ref().and_then(rfc3339),
            })
            .collect(),
        taints: node
            .iter()
            .flat_map(|node| node.taints.iter().flatten())
            .map(|taint| TaintWire {
                key: Said(&taint.key),
                effect: Said(&taint.effect),
                since: taint.added.as_ref().and_then(rfc3339),
            })
            .collect(),
        lease_renewed: node.and_then(|node| node.lease_renewed.as_ref()).and_then(rfc3339),
        heard: told.heard.iter().map(heard).collect(),
        silences: told
            .silences
            .iter()
            .map(|silence| SilenceWire {
                of: silence.of.iter().map(|component| Said(component)).collect(),
                from: rfc3339(&silence.from),
                to: rfc3339(&silence.to),
                boot: silence.boot,
            })
            .collect(),
        console: told.console.iter().map(|read| unlock::unlock(read, context).line()).collect(),
        timeline: timeline::wire(&told.timeline),
    };
    document(&wire)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeWire<'a> {
    api_version: &'static str,
    kind: &'static str,
    captured_at: Option<String>,
    source: Said<'a>,
    node: Said<'a>,
    lost: bool,
    conditions: Vec<ConditionWire<'a>>,
    taints: Vec<TaintWire<'a>>,
    lease_renewed: Option<String>,
    heard: Vec<HeardWire<'a>>,
    silences: Vec<SilenceWire<'a>>,
    console: Vec<String>,
    timeline: timeline::TimelineWire<'a>,
}

#[derive(Serialize)]
struct ConditionWire<'a> {
    #[serde(rename = "type")]
    kind: Said<'a>,
    status: Said<'a>,
    reason: Option<Said<'a>>,
    message: Option<Said<'a>>,
    since: Option<String>,
}

#[derive(Serialize)]
struct TaintWire<'a> {
    key: Said<'a>,
    effect: Said<'a>,
    since: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HeardWire<'a> {
    component: Said<'a>,
    lines: u64,
    first: Option<String>,
    last: Option<String>,
    silent_seconds: Option<i64>,
}

#[derive(Serialize)]
struct SilenceWire<'a> {
    of: Vec<Said<'a>>,
    from: Option<String>,
    to: Option<String>,
    boot: bool,
}

fn heard(heard: &Heard) -> HeardWire<'_> {
    HeardWire {
        component: Said(&heard.component),
        lines: heard.lines,
        first: heard.first.as_ref().and_then(rfc3339),
        last: heard.last.as_ref().and_then(rfc3339),
        silent_seconds: heard.silent.map(|silent| silent / crate::moment::SECOND),
    }
}
