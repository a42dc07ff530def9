//! One incident for a terminal.

use super::layout::{Ink, Page, Piece, limit, wrap, wrap_with_end};
use super::text::Style;
use super::time::Now;
use super::told::{
    change_text, distinct, facts_line, fold, loop_text, main_steps, place, proof_text, remedy_text, sentence,
    split, step_text,
};
use super::unlock::{self, Unlock};
use super::{Incident, Report, Root, Step, shell};
use crate::finding::{Certainty, Honesty, NotSeen, Proof, Severity};
use unicode_width::UnicodeWidthStr;

/// The most lines of one incident; with head and foot a report of one stays within 60.
const LINES: usize = 55;

/// How much of each part is told.
#[derive(Clone, Copy)]
struct Limits {
    steps: usize,
    proofs: usize,
    proof_lines: usize,
    summary_lines: usize,
    changes: usize,
    ruled_out: usize,
    not_seen: usize,
    remedies: usize,
    remarks: usize,
}

/// Everything.
const ALL: Limits = Limits {
    steps: usize::MAX,
    proofs: usize::MAX,
    proof_lines: 12,
    summary_lines: 24,
    changes: usize::MAX,
    ruled_out: usize::MAX,
    not_seen: usize::MAX,
    remedies: usize::MAX,
    remarks: usize::MAX,
};

/// From what an incident should have to what it must have; the first that fits in [`LINES`] is taken.
const LEVELS: [Limits; 5] = [
    Limits {
        steps: 8,
        proofs: 2,
        proof_lines: 4,
        summary_lines: 6,
        changes: 3,
        ruled_out: 5,
        not_seen: 4,
        remedies: 4,
        remarks: 3,
    },
    Limits {
        steps: 8,
        proofs: 1,
        proof_lines: 1,
        summary_lines: 4,
        changes: 3,
        ruled_out: 4,
        not_seen: 2,
        remedies: 4,
        remarks: 2,
    },
    Limits {
        steps: 6,
        proofs: 2,
        proof_lines: 2,
        summary_lines: 4,
        changes: 2,
        ruled_out: 3,
        not_seen: 3,
        remedies: 3,
        remarks: 2,
    },
    Limits {
        steps: 4,
        proofs: 1,
        proof_lines: 1,
        summary_lines: 3,
        changes: 1,
        ruled_out: 2,
        not_seen: 2,
        remedies: 3,
        remarks: 1,
    },
    Limits {
        steps: 3,
        proofs: 1,
        proof_lines: 1,
        summary_lines: 2,
        changes: 1,
        ruled_out: 1,
        not_seen: 1,
        remedies: 2,
        remarks: 1,
    },
];

/// Tells an incident in full, or in short: what is broken, why, and the first thing to do.
pub(super) fn tell(incident: &Incident, report: &Report, now: Now, style: &Style, short: bool) -> Page {
    let page = |limits: Limits| {
        let page = Page::new(style.width, style.colour);
        let mut teller = Teller { page, incident, report, now, verbose: style.verbose, limits };
        teller.head();
        teller.root("ROOT CAUSE", &incident.root);
        if short {
            teller.limits.remedies = 1;
            teller.actions();
        } else {
            teller.rest();
        }
        teller.page
    };
    if style.verbose {
        return page(ALL);
    }
    let [first, rest @ ..] = LEVELS;
    rest.into_iter().fold(page(first), |told, limits| if told.len() > LINES { page(limits) } else { told })
}

/// How a severity looks.
pub(super) fn ink(severity: Severity) -> Ink {
    match severity {
        Severity::Critical => Ink::Critical,
        Severity::Error => Ink::Error,
        Severity::Warning => Ink::Warning,
        Severity::Info => Ink::Info,
    }
}

fn blanks(count: usize) -> Piece {
    (Ink::Plain, " ".repeat(count))
}

struct Teller<'r> {
    page: Page,
    incident: &'r Incident,
    report: &'r Report,
    now: Now,
    verbose: bool,
    limits: Limits,
}

impl Teller<'_> {
    fn head(&mut self) {
        let severity = self.incident.severity;
        let word = severity.as_str().to_uppercase();
        let lead = [(ink(severity), format!("{word:<10}"))];
        self.page.text_within(&lead, Ink::Title, &self.incident.title, 3);
        let facts = facts_line(self.incident, self.now);
        self.page.text(&[blanks(10)], Ink::Plain, &facts);
    }

    fn root(&mut self, heading: &str, root: &Root) {
        self.page.blank();
        let left = [
            (Ink::Heading, heading.to_owned()),
            blanks(2),
            (certainty_ink(root.certainty), root.certainty.as_str().to_owned()),
        ];
        self.page.tagged(&left, Ink::Plain, "", Some((Ink::Plain, root.code.as_str().to_owned())));
        self.page.text_within(&[blanks(2)], Ink::Plain, &root.summary, self.limits.summary_lines);
        if self.verbose && !root.aspect.is_empty() {
            let aspect: Vec<String> =
                root.aspect.iter().map(|(name, value)| format!("{name}={value}")).collect();
            self.page.text_within(&[blanks(2)], Ink::Quiet, &aspect.join(", "), 4);
        }
    }

    fn rest(&mut self) {
        // A root that came about in several steps tells in them what had to come together.
        let of_root = self.incident.because.iter().filter(|step| step.code == self.incident.root.code);
        if self.verbose || of_root.count() < 2 {
            for root in &self.incident.contributing {
                self.root("TOGETHER WITH", root);
            }
        }
        self.changes();
        self.because();
        self.loops();
        let ruled_out: Vec<_> =
            self.incident.ruled_out.iter().map(|r| (r.what.clone(), r.because.clone())).collect();
        if !ruled_out.is_empty() {
            self.section("RULED OUT");
            let shown = ruled_out.len().min(self.limits.ruled_out);
            self.page.columns(ruled_out.get(..shown).unwrap_or_default(), Ink::Plain);
            self.more(ruled_out.len() - shown);
        }
        self.not_seen();
        self.actions();
        self.check();
        for remark in self.incident.remarks.iter().take(self.limits.remarks) {
            self.page.blank();
            let lead = [(Ink::Heading, "NOTE".to_owned()), blanks(3)];
            self.page.text_within(&lead, Ink::Plain, remark, self.limits.summary_lines);
        }
    }

    fn section(&mut self, heading: &str) {
        self.page.blank();
        self.page.line(&[(Ink::Heading, heading.to_owned())]);
    }

    /// Says that some are left out.
    fn more(&mut self, count: usize) {
        if count > 0 {
            self.page.line(&[(Ink::Quiet, format!("  and {count} more: -v"))]);
        }
    }

    fn changes(&mut self) {
        let changes = &self.incident.changes;
        if changes.is_empty() {
            return;
        }
        self.section("CHANGED BEFORE");
        let shown = changes.len().min(self.limits.changes);
        let told = changes.get(..shown).unwrap_or_default();
        let column = told.iter().map(|c| self.stamp_width(c.at.as_ref())).max().unwrap_or(0);
        for change in told {
            let lead = self.time_lead(change.at.as_ref(), column);
            self.page.text_within(&[lead], Ink::Plain, &change_text(change), self.limits.summary_lines);
        }
        self.more(changes.len() - shown);
    }

    fn stamp_width(&self, at: Option<&crate::moment::Moment>) -> usize {
        at.map_or(0, |at| self.now.stamp(at).width())
    }

    /// The time in a column of that width; no column where no time is known.
    fn time_lead(&self, at: Option<&crate::moment::Moment>, column: usize) -> Piece {
        match column {
            0 => blanks(2),
            column => {
                let stamp = at.map_or_else(String::new, |at| self.now.stamp(at));
                (Ink::Plain, format!("  {stamp:<column$}  "))
            }
        }
    }

    fn because(&mut self) {
        // What came together with the root is told in its own place.
        let told = fold(&main_steps(self.incident), self.verbose);
        if told.is_empty() {
            return;
        }
        self.section("BECAUSE");
        let shown = told.len().min(self.limits.steps);
        let column = told.iter().take(shown).map(|(step, _)| self.stamp_width(step.at.as_ref())).max();
        let column = column.unwrap_or(0);
        for (step, like) in told.iter().take(shown) {
            self.step(step, like, column);
        }
        self.more(told.len() - shown);
    }

    fn loops(&mut self) {
        for told in &self.incident.loops {
            self.page.blank();
            let lead = [(Ink::Heading, "LOOP".to_owned()), blanks(3)];
            let limit = self.limits.summary_lines.saturating_add(2);
            self.page.text_within(&lead, Ink::Plain, &loop_text(told), limit);
            let lead = [blanks(7), (Ink::Heading, "Break it at ".to_owned())];
            self.page.text_within(&lead, Ink::Plain, &sentence(&told.break_at), self.limits.summary_lines);
        }
    }

    fn step(&mut self, step: &Step, like: &[&Step], column: usize) {
        let lead = self.time_lead(step.at.as_ref(), column);
        let indent = lead.1.width();
        // What the root cause says already is not said again: its evidence stands in its place.
        let said = step.summary == self.incident.root.summary && !step.evidence.is_empty();
        let mut first = said.then_some(lead.clone());
        if !said {
            let tag = (step.certainty < Certainty::Certain)
                .then(|| (certainty_ink(step.certainty), step.certainty.as_str().to_owned()));
            let room = self.page.width.saturating_sub(indent).max(16);
            let text = limit(wrap(&step_text(step, like), room), self.limits.summary_lines).join(" ");
            self.page.tagged(&[lead], Ink::Plain, &text, tag);
        }
        let proofs = distinct(&step.evidence, self.verbose);
        let own = if column == 0 { 4 } else { indent };
        for (proof, like) in proofs.iter().take(self.limits.proofs) {
            let lead = [first.take().unwrap_or_else(|| blanks(own)), (Ink::Quiet, "› ".to_owned())];
            let (text, end) = proof_text(proof, *like);
            let lines = wrap_with_end(&text, &end, self.page.room(&lead), self.limits.proof_lines);
            self.page.put(&lead, Ink::Quiet, &lines, None);
            if self.verbose {
                self.place(proof, own + 2);
            }
        }
        if self.verbose
            && let Some(by_hand) =
                step.evidence.iter().find_map(|p| unlock::by_hand(&p.record, self.context()))
        {
            self.unlock(&by_hand, own);
        }
    }

    /// Where a proof stands, and when it says so.
    fn place(&mut self, proof: &Proof, indent: usize) {
        let at = proof.at.as_ref().map_or_else(String::new, |at| format!(", {}", self.now.stamp(at)));
        if let Some(place) = place(&proof.locator) {
            self.page.text_within(&[blanks(indent)], Ink::Quiet, &format!("{place}{at}"), 3);
        }
    }

    fn context(&self) -> Option<&crate::Text> {
        self.report.context.as_ref()
    }

    /// How to get something, at that indent, or further left where a command would have to be broken there.
    fn unlock(&mut self, unlock: &Unlock, indent: usize) {
        let on = unlock.on.as_ref().map_or_else(String::new, |node| format!("on {node}: "));
        let line = shell::line(&unlock.command);
        let fits = |indent: usize| on.width() + line.width() + indent <= self.page.width;
        let indent = if fits(indent) { indent } else { indent.min(4) };
        if unlock.command.is_empty() {
            self.page.text_within(&[blanks(indent)], Ink::Quiet, &unlock.advice, 3);
        } else if fits(indent) {
            self.page.line(&[blanks(indent), (Ink::Quiet, on), (Ink::Command, line)]);
        } else {
            if !on.is_empty() {
                self.page.text(&[blanks(indent)], Ink::Quiet, on.trim_end());
            }
            self.command(&unlock.command, indent);
        }
    }

    fn command(&mut self, words: &[String], indent: usize) {
        for line in shell::lines(words, self.page.width.saturating_sub(indent)) {
            self.page.line(&[blanks(indent), (Ink::Command, line)]);
        }
    }

    fn not_seen(&mut self) {
        let all = &self.incident.not_seen;
        if all.is_empty() {
            return;
        }
        self.section("NOT SEEN");
        let shown = all.len().min(self.limits.not_seen);
        let rows: Vec<((String, String), &NotSeen)> =
            all.iter().take(shown).map(|item| (split(&item.what), item)).collect();
        let most = self.page.width * 3 / 8;
        let widest = rows.iter().map(|((left, _), _)| left.width()).filter(|&w| w <= most).max();
        let column = widest.unwrap_or(2) + 2;
        for ((left, right), item) in rows {
            let indent = if left.width() + 2 <= column {
                let lead = format!("  {left}{}", " ".repeat(column - left.width()));
                if right.is_empty() {
                    self.page.line(&[(Ink::Plain, lead)]);
                } else {
                    self.page.text_within(&[(Ink::Plain, lead)], Ink::Plain, &right, 3);
                }
                column + 2
            } else {
                self.page.text_within(&[blanks(2)], Ink::Plain, &item.what, 3);
                4
            };
            if let Some(read) = &item.read {
                self.unlock(&unlock::unlock(read, self.context()), indent);
            }
        }
        self.more(all.len() - shown);
    }

    fn actions(&mut self) {
        let remedies = &self.incident.remedies;
        if remedies.is_empty() {
            return;
        }
        self.section("DO");
        let shown = remedies.len().min(self.limits.remedies);
        for (index, remedy) in remedies.iter().take(shown).enumerate() {
            let lead = [(Ink::Plain, format!("  {:<3}", index + 1))];
            let ink = match remedy.honesty {
                Honesty::Safe => Ink::Good,
                Honesty::NeedsJudgement => Ink::Warning,
                Honesty::DestroysEvidence | Honesty::Irreversible => Ink::Critical,
                Honesty::NoCommand => Ink::Quiet,
            };
            let summary = limit(wrap(&remedy_text(remedy), self.page.width - 5), self.limits.summary_lines);
            let tag = Some((ink, remedy.honesty.as_str().to_owned()));
            self.page.tagged(&lead, Ink::Plain, &summary.join(" "), tag);
            if remedy.command.is_some() {
                match shell::remedy(remedy, self.context()) {
                    Some(words) => self.command(&words, 7),
                    None => self.page.text(&[blanks(7)], Ink::Quiet, shell::REFUSED),
                }
            }
        }
        self.more(remedies.len() - shown);
    }

    fn check(&mut self) {
        let Some(check) = &self.incident.check else { return };
        self.page.blank();
        let lead = [(Ink::Heading, "CHECK".to_owned()), blanks(2)];
        self.page.text_within(&lead, Ink::Plain, &check.text, self.limits.summary_lines);
        if !check.command.is_empty()
            && let Some(words) = shell::coroner(&check.command, self.context())
        {
            self.command(&words, 7);
        }
    }
}

fn certainty_ink(certainty: Certainty) -> Ink {
    match certainty {
        Certainty::Certain => Ink::Good,
        Certainty::Likely => Ink::Warning,
        Certainty::Possible | Certainty::Undetermined => Ink::Doubt,
    }
}
