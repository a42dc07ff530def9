//! What `kubectl rollout` and `kubectl auth can-i` print.

use super::Context;
use crate::kubectl::lines::{Line, Passage};
use crate::kubectl::resources::Resource;
use engine::Text;
use engine::evidence::{Body, Condition, Gap, Object, Read, Said, View, Why};
use engine::subject::{Kind, Subject};

impl<'a> Context<'_, 'a, '_> {
    /// `rollout status` and `rollout history`.
    pub(super) fn rollout(&mut self, body: Passage<'a>) {
        let history = self.command.is_some_and(|c| c.words.iter().any(|w| w == "history"));
        for line in body.lines().filter(|line| !line.is_blank()) {
            let text = line.text.trim();
            let claimed = if history {
                is_history(text) || self.message(&line)
            } else {
                self.progress(&line) || self.message(&line)
            };
            if !claimed {
                self.unclaimed(std::iter::once(line));
            }
        }
    }

    /// A line of `rollout status` (k8s.io/kubectl pkg/polymorphichelpers/rollout_status.go, all versions).
    fn progress(&mut self, line: &Line<'a>) -> bool {
        let text = line.text.trim();
        let late = text.ends_with("exceeded its progress deadline");
        let names = ["deployment", "daemon set", "statefulset"];
        let told = text.trim_start_matches("error: ").trim_start_matches("Waiting for ");
        let named = names.iter().find_map(|kind| {
            let name = told.strip_prefix(kind)?.trim_start().strip_prefix('"')?.split('"').next()?;
            Some((Kind::parse(&kind.replace(' ', "")), name))
        });
        let subject = match named {
            Some((kind, name)) => Subject::new(kind, self.namespace().as_deref(), name),
            None => match self.named() {
                Some(subject) => subject,
                None => return false,
            },
        };
        let is_status = late
            || text.starts_with("Waiting for ")
            || text.ends_with("successfully rolled out")
            || text.starts_with("partitioned roll out complete")
            || text.starts_with("statefulset rolling update complete")
            || text.contains("spec update to be observed");
        if !is_status {
            return false;
        }
        let mut object = Object::new(subject, View::Fragment);
        let Body::Workload(workload) = &mut object.body else { return true };
        if let Some((counts, what)) =
            told.split_once("rollout to finish: ").and_then(|(_, rest)| counts(rest))
        {
            let (some, all) = counts;
            workload.desired = Some(all);
            match what {
                What::Updated => workload.updated = Some(some),
                What::Available => workload.available = Some(some),
            }
        }
        if late {
            let reason: Text = "ProgressDeadlineExceeded".into();
            let said = Said {
                kind: "Progressing".into(),
                status: "False".into(),
                reason: Some(reason),
                message: Some(text.trim_start_matches("error: ").into()),
            };
            workload.conditions = Some(vec![Condition { said: said.into(), since: None, heartbeat: None }]);
        }
        self.push_object(line.number, object);
        true
    }

    /// `auth can-i`: no is a right that is missing.
    pub(super) fn rights(&mut self, body: Passage<'a>) {
        let Some(command) = self.command else { return };
        let words: Vec<&str> =
            command.words.iter().map(|w| w.as_ref()).filter(|w| *w != "can-i" && *w != "auth").collect();
        for line in body.lines().filter(|line| !line.is_blank()) {
            let answer = line.text.trim().split([' ', '-']).next().unwrap_or("");
            match (answer, words.as_slice()) {
                ("no", [verb, resource, ..]) => {
                    let (resource, name) =
                        resource.split_once('/').map_or((*resource, None), |(r, n)| (r, Some(n)));
                    let kind = Resource::named(resource).map(|r| Kind::parse(r.kind));
                    let kind = kind.unwrap_or_else(|| Kind::parse(resource));
                    let namespace =
                        self.namespace().filter(|_| kind.is_namespaced()).map(|n| Text::from(n.as_ref()));
                    let read = match name {
                        Some(name) => Read::Object(Subject::new(kind, namespace.as_deref(), name)),
                        None => Read::List { kind, namespace },
                    };
                    let word = |text: &str| -> Text {
                        text.chars()
                            .filter(|c| c.is_ascii_alphanumeric() || "-./*".contains(*c))
                            .collect::<String>()
                            .into()
                    };
                    let why = Why::Forbidden { verb: word(verb), resource: word(resource) };
                    self.out.gaps.push(Gap { read, why, locator: self.place.line(line.number) });
                }
                ("yes", _) => {}
                // `--list` prints a table of all rights.
                _ if command.text.contains("--list") => {}
                _ if self.message(&line) => {}
                _ => self.unclaimed(std::iter::once(line)),
            }
        }
    }
}

/// What a count of `rollout status` counts.
enum What {
    Updated,
    Available,
}

/// `1 out of 3 new replicas have been updated...`, `1 of 3 updated replicas are available...`.
fn counts(text: &str) -> Option<((u32, u32), What)> {
    let mut words = text.split(' ');
    let some = words.next()?.parse().ok()?;
    let mut rest = words.skip_while(|word| matches!(*word, "of" | "out"));
    let all = rest.next()?.parse().ok()?;
    let what = if text.contains("have been updated") { What::Updated } else { What::Available };
    Some(((some, all), what))
}

fn is_history(text: &str) -> bool {
    text.starts_with("REVISION")
        || text.split_whitespace().next().is_some_and(|word| word.bytes().all(|b| b.is_ascii_digit()))
        || text.split(' ').next().is_some_and(|word| word.contains('/') && word.contains('.'))
        || text == "<none>"
}

#[cfg(test)]
mod tests {
    use crate::{Intake, Place};
    use engine::evidence::{Body, Read, What, Why};
    use engine::subject::Kind;

    fn read(text: &str) -> Intake {
        let mut out = Intake::default();
        crate::kubectl::observe::text(text, &Place::file("-"), &mut out);
        assert_eq!(out.unread.lines, 0, "{:?}", out.unread.samples);
        out
    }

    #[test]
    fn a_rollout_that_hangs() {
        let out = read(
            "$ kubectl rollout status deploy/web -n shop\nWaiting for deployment \"web\" rollout to finish: 1 out of 3 new replicas have been updated...\nWaiting for deployment \"web\" rollout to finish: 1 of 3 updated replicas are available...\nWaiting for deployment \"web\" rollout to finish: 1 old replicas are pending termination...\nerror: deployment \"web\" exceeded its progress deadline\n$ kubectl rollout history deploy/web -n shop\ndeployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         kubectl set image\n",
        );
        let workloads: Vec<_> = out
            .observations
            .iter()
            .filter_map(|o| match &o.what {
                What::Object(object) => match &object.body {
                    Body::Workload(w) => Some((
                        &*object.subject.name,
                        w.desired,
                        w.updated,
                        w.available,
                        w.conditions.is_some(),
                    )),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        assert_eq!(
            workloads,
            [
                ("web", Some(3), Some(1), None, false),
                ("web", Some(3), None, Some(1), false),
                ("web", None, None, None, false),
                ("web", None, None, None, true)
            ]
        );
        assert!(out.gaps.is_empty(), "{:?}", out.gaps);
    }

    #[test]
    fn a_right_that_is_missing_is_a_gap() {
        let out = read(
            "$ kubectl auth can-i list nodes\nWarning: resource 'nodes' is not namespace scoped\n\nno\n$ kubectl auth can-i get pods/log -n shop\nyes\n",
        );
        let [gap] = out.gaps.as_slice() else { panic!("{:?}", out.gaps) };
        assert_eq!(gap.read, Read::List { kind: Kind::Node, namespace: None });
        assert_eq!(gap.why, Why::Forbidden { verb: "list".into(), resource: "nodes".into() });
    }
}
