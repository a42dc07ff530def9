//! What one detector says.

pub use crate::codes::{Code, Severity};

use crate::Text;
use crate::evidence::{Event, Locator, Read};
use crate::moment::Moment;
use crate::subject::{Kind, Subject};

/// How sure a statement is. The order is that of strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// What would decide it was not seen; it is listed.
    Undetermined,
    /// The mechanism fits, and something that could refute it was not visible.
    Possible,
    /// Mechanism, order and scope agree, and no rival is left.
    Likely,
    /// A component states it about this very instance, and nothing contradicts it.
    Certain,
}

impl Certainty {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Certainty::Undetermined => "undetermined",
            Certainty::Possible => "possible",
            Certainty::Likely => "likely",
            Certainty::Certain => "certain",
        }
    }
}

/// Whether it still goes on at the time of capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Course {
    /// It does.
    Ongoing,
    /// The cause is gone, and its effects pass.
    Recovering,
    /// It is over.
    Over,
}

impl Course {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Course::Ongoing => "ongoing",
            Course::Recovering => "recovering",
            Course::Over => "over",
        }
    }
}

/// Names a record of the evidence by its content, wherever it stood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ref {
    /// An object.
    Object(Subject),
    /// An event: what it is about, its reason, its message.
    Event(Subject, Text, Text),
    /// A log, by its place.
    Log(Locator),
    /// A node's journal, by its place.
    NodeLog(Locator),
    /// A unit's state on a node.
    Unit(Option<Text>, Text),
}

/// One piece of evidence behind a statement, in words that a reader can check.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proof {
    /// The record.
    pub record: Ref,
    /// What it says, as short as it can be told.
    pub text: String,
    /// When it says so.
    pub at: Option<Moment>,
    /// Where it stands.
    pub locator: Locator,
}

impl Proof {
    /// An event as proof: its reason and message, how often.
    pub fn event(event: &Event) -> Proof {
        let times = if event.count > 1 { format!(" ({} times)", event.count) } else { String::new() };
        Proof {
            record: Ref::Event(event.about.whole(), event.reason.clone(), event.message.clone()),
            text: format!(
                "event {} {}: {}{times}",
                event.reason,
                event.about.whole().path(),
                essence(&event.message)
            ),
            at: event.last.clone().or_else(|| event.first.clone()),
            locator: event.locator.clone(),
        }
    }

    /// A field of an object as proof.
    pub fn object(object: &crate::evidence::Object, text: impl Into<String>) -> Proof {
        Proof {
            record: Ref::Object(object.subject.clone()),
            text: text.into(),
            at: None,
            locator: object.locator.clone(),
        }
    }
}

/// What wraps the errors of the kubelet and the runtimes, and says nothing by itself.
const WRAPPERS: &[&str] = &[
    "(combined from similar events): ",
    "Error: ",
    "Error creating: ",
    "Failed to create pod sandbox: ",
    "failed to create containerd task: ",
    "failed to create shim task: ",
    "OCI runtime create failed: ",
    "runc create failed: ",
];

/// A message without the wrappers in front of what it says.
pub(crate) fn essence(message: &str) -> &str {
    let mut text = message;
    loop {
        let before = text;
        for wrapper in WRAPPERS {
            text = text.strip_prefix(wrapper).unwrap_or(text);
        }
        // `rpc error: code = Unknown desc = `, and what names the object that the event is about anyway.
        if let Some(rest) = text.strip_prefix("rpc error: code = ") {
            text = rest.split_once(" desc = ").map_or(text, |(_, rest)| rest);
        }
        for opening in [
            "failed to setup network for sandbox \"",
            "failed to pull and unpack image \"",
            "failed to resolve reference \"",
        ] {
            if let Some(rest) = text.strip_prefix(opening) {
                text = rest.split_once("\": ").map_or(text, |(_, rest)| rest);
            }
        }
        if text == before {
            return text;
        }
    }
}

/// One of several things that happened, in order, within one finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Act {
    /// When.
    pub at: Option<Moment>,
    /// What happened, in a sentence or two.
    pub summary: String,
    /// What shows it.
    pub proofs: Vec<Proof>,
}

impl Act {
    /// Something that happened then.
    pub fn new(at: Option<Moment>, summary: impl Into<String>) -> Act {
        Act { at, summary: summary.into(), proofs: Vec::new() }
    }

    /// Shown by that.
    #[must_use]
    pub fn shown_by(mut self, proof: Proof) -> Act {
        self.proofs.push(proof);
        self
    }
}

/// A rival cause, and what refutes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuledOut {
    /// The rival in a few words.
    pub what: String,
    /// The fact that refutes it.
    pub because: String,
}

impl RuledOut {
    /// The rival as a word that machines compare: `leaked-addresses`.
    pub fn code(&self) -> String {
        let words = self.what.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
        let words: Vec<String> =
            words.filter(|word| !matches!(word.as_str(), "" | "a" | "an" | "the" | "of")).collect();
        words.join("-")
    }
}

/// Something that could not be seen and would have helped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotSeen {
    /// What.
    pub what: String,
    /// How to get it.
    pub read: Option<Read>,
}

/// How a remedy has to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Honesty {
    /// Loses nothing.
    Safe,
    /// May be wrong here: somebody has to decide.
    NeedsJudgement,
    /// Destroys evidence; what to keep first is in the effect.
    DestroysEvidence,
    /// Cannot be undone.
    Irreversible,
    /// Not a command.
    NoCommand,
}

impl Honesty {
    /// The words in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Honesty::Safe => "safe",
            Honesty::NeedsJudgement => "needs judgement",
            Honesty::DestroysEvidence => "destroys evidence",
            Honesty::Irreversible => "irreversible",
            Honesty::NoCommand => "no command",
        }
    }
}

/// Something to do. The command is an argument vector without `--context` and `-n`, which the report adds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remedy {
    /// What it does, in an imperative sentence.
    pub summary: String,
    /// The arguments after `kubectl`; `<word>` stands for what the reader must fill in.
    pub command: Option<Vec<String>>,
    /// The namespace it acts in, if any.
    pub namespace: Option<Text>,
    /// How it has to be taken.
    pub honesty: Honesty,
    /// What it does beside, and what it costs.
    pub effect: Option<String>,
}

impl Remedy {
    /// Something to do that no single command does.
    pub fn advice(summary: impl Into<String>) -> Remedy {
        Remedy {
            summary: summary.into(),
            command: None,
            namespace: None,
            honesty: Honesty::NoCommand,
            effect: None,
        }
    }

    /// A kubectl command on an object's namespace.
    pub fn kubectl(summary: impl Into<String>, on: &Subject, honesty: Honesty, args: &[&str]) -> Remedy {
        Remedy {
            summary: summary.into(),
            command: Some(args.iter().map(|a| (*a).to_owned()).collect()),
            namespace: on.namespace.clone(),
            honesty,
            effect: None,
        }
    }

    /// A change of a pod template by `kubectl set`; `what` is the word after it. Where the template is fixed once the
    /// object is made (a Job's, and all of a pod but its image), or is kept by something else, it is advice.
    pub fn set(summary: impl Into<String>, on: &Subject, what: &str, args: &[&str]) -> Remedy {
        let target = format!("{}/{}", on.kind.as_str().to_lowercase(), on.name);
        match on.kind {
            Kind::Deployment
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::CronJob => {}
            Kind::Pod if what == "image" => {}
            Kind::Pod | Kind::Job => {
                let (summary, kind) = (summary.into(), on.kind.as_str());
                return Remedy::advice(format!(
                    "{summary}. A {kind} cannot be changed in that: delete it, and apply its corrected manifest"
                ));
            }
            _ => return Remedy::advice(summary),
        }
        Remedy::kubectl(summary, on, Honesty::NeedsJudgement, &[&["set", what, &target], args].concat())
    }

    /// What it does beside, and what it costs.
    #[must_use]
    pub fn effect(mut self, effect: impl Into<String>) -> Remedy {
        self.effect = Some(effect.into());
        self
    }
}

/// What one detector says: a problem, its subject, how sure, what shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The problem.
    pub code: Code,
    /// What the detector tells apart within the code: published names and values, in order of name.
    pub aspect: Vec<(&'static str, Text)>,
    /// What is at fault: as high up its owners as the fault is.
    pub subject: Subject,
    /// What it hits directly: pods or containers as a rule.
    pub members: Vec<Subject>,
    /// How sure.
    pub certainty: Certainty,
    /// Whether it goes on.
    pub course: Course,
    /// Its first sign.
    pub since: Option<Moment>,
    /// What is wrong, in one or two sentences with the numbers.
    pub summary: String,
    /// What shows it.
    pub proofs: Vec<Proof>,
    /// How it came about, in order, where that is more than one thing or happened at another time than its first sign.
    pub acts: Vec<Act>,
    /// Rival causes that were refuted.
    pub ruled_out: Vec<RuledOut>,
    /// What was not seen and would decide.
    pub not_seen: Vec<NotSeen>,
    /// What to do, best first.
    pub remedies: Vec<Remedy>,
    /// Services that its members need, as the evidence of this finding tells.
    pub depends_on: Vec<Subject>,
    /// Remarks on the evidence itself.
    pub remarks: Vec<String>,
}

impl Finding {
    /// An ongoing, certain finding about a subject that is its own member.
    pub fn new(code: Code, subject: Subject, summary: impl Into<String>) -> Finding {
        Finding {
            code,
            aspect: Vec::new(),
            members: vec![subject.clone()],
            subject,
            certainty: Certainty::Certain,
            course: Course::Ongoing,
            since: None,
            summary: summary.into(),
            proofs: Vec::new(),
            acts: Vec::new(),
            ruled_out: Vec::new(),
            not_seen: Vec::new(),
            remedies: Vec::new(),
            depends_on: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Tells it apart within its code.
    #[must_use]
    pub fn aspect(mut self, name: &'static str, value: impl Into<Text>) -> Finding {
        self.aspect.push((name, value.into()));
        self.aspect.sort();
        self
    }

    /// At most this sure.
    #[must_use]
    pub fn at_most(mut self, certainty: Certainty) -> Finding {
        self.certainty = self.certainty.min(certainty);
        self
    }

    /// What it hits, instead of the subject itself.
    #[must_use]
    pub fn hits(mut self, members: impl IntoIterator<Item = Subject>) -> Finding {
        self.members = members.into_iter().collect();
        self.members.sort();
        self.members.dedup();
        self
    }

    /// First seen then.
    #[must_use]
    pub fn since(mut self, moment: Option<Moment>) -> Finding {
        self.since = Moment::first(self.since.take(), moment);
        self
    }

    /// Whether it goes on.
    #[must_use]
    pub fn course(mut self, course: Course) -> Finding {
        self.course = course;
        self
    }

    /// Shown by that.
    #[must_use]
    pub fn shown_by(mut self, proof: Proof) -> Finding {
        self.proofs.push(proof);
        self
    }

    /// Shown by that event.
    #[must_use]
    pub fn shown_by_event(self, event: &Event) -> Finding {
        self.shown_by(Proof::event(event))
    }

    /// Then that happened.
    #[must_use]
    pub fn act(mut self, act: Act) -> Finding {
        self.acts.push(act);
        self
    }

    /// A rival that was refuted.
    #[must_use]
    pub fn ruled_out(mut self, what: impl Into<String>, because: impl Into<String>) -> Finding {
        self.ruled_out.push(RuledOut { what: what.into(), because: because.into() });
        self
    }

    /// Something that was not seen and would help.
    #[must_use]
    pub fn not_seen(mut self, what: impl Into<String>, read: Option<Read>) -> Finding {
        self.not_seen.push(NotSeen { what: what.into(), read });
        self
    }

    /// Something to do.
    #[must_use]
    pub fn remedy(mut self, remedy: Remedy) -> Finding {
        self.remedies.push(remedy);
        self
    }

    /// Needs that Service.
    #[must_use]
    pub fn depends_on(mut self, service: Subject) -> Finding {
        self.depends_on.push(service);
        self
    }

    /// A remark on the evidence.
    #[must_use]
    pub fn remark(mut self, remark: impl Into<String>) -> Finding {
        self.remarks.push(remark.into());
        self
    }

    /// The value of an aspect.
    pub fn aspect_of(&self, name: &str) -> Option<&str> {
        self.aspect.iter().find(|(n, _)| *n == name).map(|(_, value)| &**value)
    }
}
