//! A node's history for a terminal.

use super::{Heard, History, Options, Silence, of_node};
use crate::Text;
use crate::evidence::Read;
use crate::report::layout::{Ink, Page};
use crate::report::text::{Style, thousands};
use crate::report::time::{Now, span};
use crate::report::timeline::text as timeline;
use crate::report::unlock;

/// A silence that is told, in microseconds: idle components write seldom.
const SILENCE: i64 = 30 * crate::moment::SECOND;

/// Prints what a node went through.
pub fn render(told: &History, options: &Options, context: Option<&Text>, style: &Style) -> String {
    let style = Style { width: style.width.clamp(40, 160), ..*style };
    let mut page = Page::new(style.width, style.colour);
    let now = Now::of(told.timeline.captured.as_ref());
    head(&mut page, told, options, now);
    heard(&mut page, &told.heard, now);
    silences(&mut page, &told.silences, now);
    let mut timeline = told.timeline.clone();
    if !style.verbose {
        timeline.entries.retain(of_node);
        timeline.gaps.clear();
    }
    page.blank();
    page.append(timeline::page(&timeline, now, &style));
    console(&mut page, told, options, context);
    page.finish()
}

fn head(page: &mut Page, told: &History, options: &Options, now: Now) {
    let mut parts = vec![format!("node {}", options.node)];
    let node = told.object.and_then(|object| object.node());
    if let Some(node) = node {
        parts.extend(node.kubelet.as_ref().map(|version| format!("kubelet {version}")));
        parts.extend(node.runtime.as_ref().map(|runtime| runtime.replace("://", " ")));
    }
    page.parts(Ink::Title, &parts);
    let mut parts = vec![options.source.clone()];
    parts.extend(now.0.map(|at| format!("captured {} UTC", crate::report::time::full(at))));
    page.parts(Ink::Quiet, &parts);
    page.blank();
    let mut rows = Vec::new();
    if let Some(node) = node {
        for condition in node.conditions.iter().flatten() {
            let good = if &*condition.kind == "Ready" { "True" } else { "False" };
            if &*condition.kind != "Ready" && &*condition.status == good {
                continue;
            }
            let since =
                condition.since.as_ref().map_or_else(String::new, |at| format!(" since {}", now.stamp(at)));
            let why = match (&condition.reason, &condition.message) {
                (Some(reason), Some(message)) if &*condition.status != good => {
                    format!(", {reason}: {message}")
                }
                (Some(reason), _) => format!(", {reason}"),
                _ => String::new(),
            };
            rows.push((condition.kind.to_string(), format!("{}{since}{why}", condition.status)));
        }
        if node.unschedulable == Some(true) {
            rows.push(("cordoned".to_owned(), "no new pod is placed here".to_owned()));
        }
        for taint in node.taints.iter().flatten() {
            let since =
                taint.added.as_ref().map_or_else(String::new, |at| format!(" since {}", now.stamp(at)));
            rows.push(("taint".to_owned(), format!("{}:{}{since}", taint.key, taint.effect)));
        }
        if let Some(at) = &node.lease_renewed {
            let age = told
                .lease_age
                .map_or_else(String::new, |age| format!(", {} before the capture", span(age, 0)));
            let word = if told.lost { ": its kubelet does not answer" } else { "" };
            rows.push(("lease".to_owned(), format!("last renewed {}{age}{word}", now.stamp(at))));
        }
    } else {
        rows.push(("object".to_owned(), "not seen: conditions, taints and lease are not known".to_owned()));
    }
    page.columns(&rows, Ink::Quiet);
}

fn heard(page: &mut Page, heard: &[Heard], now: Now) {
    page.blank();
    if heard.is_empty() {
        let text =
            "No journal of this node was seen: what its kubelet, runtime and kernel wrote is not known.";
        page.text(&[(Ink::Heading, "HEARD  ".to_owned())], Ink::Warning, text);
        return;
    }
    page.line(&[(Ink::Heading, "HEARD".to_owned())]);
    let rows: Vec<(String, String)> = heard
        .iter()
        .map(|voice| {
            let mut text = format!("{} lines", thousands(voice.lines));
            if let (Some(first), Some(last)) = (&voice.first, &voice.last) {
                text.push_str(&format!(", {} to {}", now.stamp(first), now.stamp(last)));
            }
            if let Some(silent) = voice.silent.filter(|silent| *silent >= SILENCE) {
                text.push_str(&format!("; silent for the last {}, while others write", span(silent, 0)));
            }
            (voice.component.to_string(), text)
        })
        .collect();
    page.columns(&rows, Ink::Quiet);
}

fn silences(page: &mut Page, silences: &[Silence], now: Now) {
    if silences.is_empty() {
        return;
    }
    page.blank();
    page.line(&[(Ink::Heading, "NOT HEARD".to_owned())]);
    for silence in silences {
        let Silence { of, from, to, boot } = silence;
        let long = from.until(to).map_or_else(String::new, |(least, _)| format!(", {}", span(least, 0)));
        let why = if *boot { "the machine started" } else { "no line" };
        let text = format!("{} to {}{long}: {why} ({})", now.stamp(from), now.stamp(to), of.join(", "));
        page.text(&[(Ink::Plain, "  ".to_owned())], Ink::Plain, &text);
    }
}

fn console(page: &mut Page, told: &History, options: &Options, context: Option<&Text>) {
    if told.console.is_empty() {
        return;
    }
    page.blank();
    page.line(&[(Ink::Heading, "ON ITS CONSOLE".to_owned())]);
    let text = match told.lost {
        true => {
            "Its kubelet does not answer, so that no request to the API server reaches its journals. On the machine itself:"
        }
        false => "Not seen so far; on the machine itself, or by anybody who may read node logs:",
    };
    page.text(&[(Ink::Plain, "  ".to_owned())], Ink::Plain, text);
    let mut files = Vec::new();
    for read in &told.console {
        let unlock = unlock::unlock(read, context);
        let Read::Journal { node, unit, .. } = read else { continue };
        if unlock.command.is_empty() {
            page.text(&[(Ink::Plain, "    ".to_owned())], Ink::Plain, &unlock.advice);
            continue;
        }
        let file = format!("{node}.{unit}.log");
        let line = format!("{} > {file}", crate::report::shell::line(&unlock.command));
        page.text(&[(Ink::Plain, "    ".to_owned())], Ink::Command, &line);
        files.push(file);
    }
    if let Some(file) = files.first() {
        let (from, node) = (&options.source, &options.node);
        let text = format!(
            "Lay the files beside the rest, whatever their names: coroner diagnose --from {from} reads {file} with it, and coroner node {node} --from FILE reads one alone."
        );
        page.text(&[(Ink::Plain, "  ".to_owned())], Ink::Plain, &text);
    }
}
