//! Reads in words: what was asked for, why it is missing, what would get it.

use super::shell;
use super::time;
use crate::Text;
use crate::evidence::{By, Gap, Read, Why, repository};
use crate::finding::Ref;
use crate::moment::{Moment, SECOND};
use crate::subject::{Kind, Subject};

/// How to get what a read asks for.
pub(super) struct Unlock {
    /// Where to run the command, if not at home.
    pub on: Option<Text>,
    /// The command; empty where there is only advice.
    pub command: Vec<String>,
    /// What to do, where no command does it.
    pub advice: String,
}

impl Unlock {
    fn kubectl(args: Vec<String>, context: Option<&Text>, namespace: Option<&Text>) -> Unlock {
        match shell::kubectl(&args, context, namespace) {
            Some(command) => Unlock { on: None, command, advice: String::new() },
            None => Unlock::advice(shell::REFUSED),
        }
    }

    fn advice(text: impl Into<String>) -> Unlock {
        Unlock { on: None, command: Vec::new(), advice: text.into() }
    }

    /// On one line.
    pub(super) fn line(&self) -> String {
        let command = shell::line(&self.command);
        match &self.on {
            Some(node) => format!("on {node}: {command}"),
            None if self.command.is_empty() => self.advice.clone(),
            None => command,
        }
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Other(name) => name.to_lowercase(),
        known => known.as_str().to_lowercase(),
    }
}

/// How to get what a read asks for.
pub(super) fn unlock(read: &Read, context: Option<&Text>) -> Unlock {
    match read {
        Read::Object(subject) => object(subject, context),
        Read::List { kind, namespace } => {
            let mut args = strings(&["get", &kind.plural()]);
            if namespace.is_none() && kind.is_namespaced() {
                args.push("-A".to_owned());
            }
            args.extend(strings(&["-o", "yaml"]));
            Unlock::kubectl(args, context, namespace.as_ref())
        }
        Read::Selected { kind, namespace, by } => {
            let mut args = strings(&["get", &kind.plural()]);
            if namespace.is_none() && kind.is_namespaced() {
                args.push("-A".to_owned());
            }
            match by {
                By::Labels(selector) => args.extend(["-l".to_owned(), selector.to_string()]),
                By::Node(node) => {
                    args.extend(strings(&["--field-selector", &format!("spec.nodeName={node}")]))
                }
                By::About(kind) => {
                    let of = format!("involvedObject.kind={}", kind.as_str());
                    args.extend(strings(&["--field-selector", &of]));
                }
            }
            args.extend(strings(&["-o", "yaml"]));
            Unlock::kubectl(args, context, namespace.as_ref())
        }
        Read::Events(subject) => events(subject, context),
        Read::Log { container, previous } => {
            let mut args = strings(&["logs", &container.name]);
            if let Some(part) = &container.part {
                args.extend(strings(&["-c", part.name()]));
            }
            if *previous {
                args.push("--previous".to_owned());
            }
            Unlock::kubectl(args, context, container.namespace.as_ref())
        }
        Read::Journal { node, unit, since } => journal(node, unit, since.as_ref()),
        Read::Tags { image } => {
            Unlock::advice(format!("coroner diagnose --registry asks for the tags of {}", repository(image)))
        }
        Read::File { path } => Unlock::advice(format!("{path} in a form that can be read")),
    }
}

fn object(subject: &Subject, context: Option<&Text>) -> Unlock {
    let args = strings(&["get", &kind(&subject.kind), &subject.name, "-o", "yaml"]);
    Unlock::kubectl(args, context, subject.namespace.as_ref())
}

fn events(subject: &Subject, context: Option<&Text>) -> Unlock {
    let of = format!("involvedObject.name={}", subject.name);
    let mut args = strings(&["get", "events", "--field-selector", &of]);
    // Events of what has no namespace are kept in `default`, and those of nodes may be anywhere.
    if subject.namespace.is_none() {
        args.push("-A".to_owned());
    }
    Unlock::kubectl(args, context, subject.namespace.as_ref())
}

/// From ten minutes before it began: causes come first.
const BEFORE: i64 = 600 * SECOND;

fn journal(node: &Text, unit: &Text, since: Option<&Moment>) -> Unlock {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '@'))
    };
    if !is_name(node) || !is_name(unit) || unit.starts_with('-') {
        return Unlock::advice(shell::REFUSED);
    }
    let mut command = strings(&["journalctl"]);
    match &**unit {
        "kernel" => command.push("-k".to_owned()),
        unit => command.extend(strings(&["-u", unit])),
    }
    if let Some(since) = since.filter(|m| m.clock.is_absolute()) {
        let from = time::full(since.earliest.saturating_sub(BEFORE));
        command.extend(["--since".to_owned(), format!("{from} UTC")]);
    }
    command.extend(strings(&["-o", "short-iso", "--no-pager"]));
    Unlock { on: Some(node.clone()), command, advice: String::new() }
}

/// How to see by hand what a record says; none for records that only the evidence has.
pub(super) fn by_hand(record: &Ref, context: Option<&Text>) -> Option<Unlock> {
    match record {
        Ref::Object(subject) => Some(object(subject, context)),
        Ref::Event(subject, ..) => Some(events(subject, context)),
        Ref::Unit(Some(node), unit) => Some(Unlock {
            on: Some(node.clone()),
            command: strings(&["systemctl", "status", unit]),
            advice: String::new(),
        }),
        Ref::Unit(None, _) | Ref::Log(_) | Ref::NodeLog(_) => None,
    }
    .filter(|unlock| !unlock.command.is_empty() && unlock.on.as_ref().is_none_or(|_| plain(&unlock.command)))
}

fn plain(words: &[String]) -> bool {
    words.iter().all(|word| shell::quote(word) == *word && !word.starts_with('-'))
}

/// What a read asks for, in words.
pub(super) fn what(read: &Read) -> String {
    match read {
        Read::Object(subject) => name(subject),
        Read::Events(subject) => format!("events of {}", name(subject)),
        Read::List { kind, namespace: Some(namespace) } => format!("{} of {namespace}", kind.plural()),
        Read::List { kind, namespace: None } => kind.plural(),
        Read::Selected { kind, namespace, by } => {
            let within = namespace.as_ref().map_or_else(String::new, |namespace| format!(" of {namespace}"));
            match by {
                By::Labels(selector) => format!("{}{within} with {selector}", kind.plural()),
                By::Node(node) => format!("{}{within} on {node}", kind.plural()),
                By::About(about) => format!("{} about {}", kind.plural(), about.plural()),
            }
        }
        Read::Log { container, previous } => {
            let of = container.part.as_ref().map_or_else(String::new, |part| format!(", {}", part.name()));
            format!("{}log of {}{of}", if *previous { "previous " } else { "" }, container.path())
        }
        Read::Journal { node, unit, .. } => format!("{unit} journal of {node}"),
        Read::Tags { image } => format!("tags of {image}"),
        Read::File { path } => path.to_string(),
    }
}

impl std::fmt::Display for Read {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&what(self))
    }
}

/// `Kind namespace/name`.
pub(super) fn name(subject: &Subject) -> String {
    format!("{} {}", subject.kind.as_str(), subject.path())
}

/// Why a read gave nothing: the reason in a word or two, and what else is known of it.
pub(super) fn why(why: &Why) -> (&'static str, String) {
    match why {
        Why::Forbidden { verb, resource } => ("forbidden", format!("it needs {verb} on {resource}")),
        Why::NotFound => ("not there", String::new()),
        Why::Unreachable(text) => ("not reached", text.to_string()),
        Why::Gone(text) => ("gone", text.to_string()),
        Why::Truncated(text) => ("cut off", text.to_string()),
        Why::Unparsable(text) => ("not understood", text.to_string()),
        Why::NotCollected => ("not collected", String::new()),
    }
}

/// The reason as machines read it.
pub(super) fn reason(why: &Why) -> &'static str {
    match why {
        Why::Forbidden { .. } => "forbidden",
        Why::NotFound => "not-found",
        Why::Unreachable(_) => "unreachable",
        Why::Gone(_) => "gone",
        Why::Truncated(_) => "truncated",
        Why::Unparsable(_) => "unparsable",
        Why::NotCollected => "not-collected",
    }
}

/// How many gaps there are for each reason, the most first.
pub(super) fn reasons(gaps: &[Gap]) -> Vec<(&'static str, usize)> {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for gap in gaps {
        let (reason, _) = why(&gap.why);
        match counts.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => counts.push((reason, 1)),
        }
    }
    counts.sort_by_key(|&(reason, count)| (std::cmp::Reverse(count), reason));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment::Clock;

    #[test]
    fn a_read_is_a_command() {
        let pod = Subject::new(Kind::Pod, Some("shop"), "cart-0").container("app");
        let of = |read: Read| unlock(&read, Some(&"prod".into())).line();
        assert_eq!(
            of(Read::Log { container: pod.clone(), previous: true }),
            "kubectl --context prod -n shop logs cart-0 -c app --previous"
        );
        assert_eq!(
            of(Read::List { kind: Kind::Service, namespace: None }),
            "kubectl --context prod get services -A -o yaml"
        );
        assert_eq!(of(Read::Object(Subject::node("n1"))), "kubectl --context prod get node n1 -o yaml");
        assert_eq!(
            of(Read::Events(pod)),
            "kubectl --context prod -n shop get events --field-selector involvedObject.name=cart-0"
        );
    }

    #[test]
    fn a_journal_is_asked_for_from_before_the_onset() {
        let since = Some(Moment::api(1_795_403_560 * SECOND));
        let journal = unlock(&Read::Journal { node: "n1".into(), unit: "kubelet".into(), since }, None);
        let line = "on n1: journalctl -u kubelet --since '2026-11-23 03:02:40 UTC' -o short-iso --no-pager";
        assert_eq!(journal.line(), line);
        let since = Some(Moment { earliest: -SECOND, latest: 0, clock: Clock::Capture("c".into()) });
        let kernel = unlock(&Read::Journal { node: "n1".into(), unit: "kernel".into(), since }, None);
        assert_eq!(kernel.line(), "on n1: journalctl -k -o short-iso --no-pager");
        let bad =
            unlock(&Read::Journal { node: "n1;reboot".into(), unit: "kernel".into(), since: None }, None);
        assert_eq!(bad.line(), shell::REFUSED);
    }

    #[test]
    fn a_hostile_name_is_in_no_command() {
        let pod = Subject::new(Kind::Pod, Some("shop"), "--all");
        assert_eq!(unlock(&Read::Object(Subject::new(Kind::Pod, None, "$(x)")), None).line(), shell::REFUSED);
        assert_eq!(unlock(&Read::Log { container: pod, previous: false }, None).line(), shell::REFUSED);
        assert!(by_hand(&Ref::Unit(Some("n1".into()), "x; reboot".into()), None).is_none());
        assert!(by_hand(&Ref::Unit(Some("n1".into()), "kubelet".into()), None).is_some());
    }

    #[test]
    fn gaps_are_counted_by_reason() {
        let gap = |why| Gap {
            read: Read::List { kind: Kind::Pod, namespace: None },
            why,
            locator: Default::default(),
        };
        let gaps = [gap(Why::NotFound), gap(Why::NotCollected), gap(Why::NotFound)];
        assert_eq!(reasons(&gaps), [("not there", 2), ("not collected", 1)]);
    }
}
