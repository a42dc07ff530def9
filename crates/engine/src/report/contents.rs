//! What a bundle holds, before anybody asks what it means: who wrote it, which time it covers, what is missing.

use super::json::{self, Said};
use super::layout::{Ink, Page};
use super::text::{self, Style, thousands};
use super::time::{Now, rfc3339};
use super::{Options, Report, tell};
use crate::evidence::Evidence;
use serde::Serialize;

/// A record, and what was found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its path.
    pub path: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// What is in it, in words; empty where nothing is known of it.
    pub holds: String,
}

/// What is told of a bundle.
#[derive(Clone, Debug)]
pub struct Contents {
    /// Who wrote it: `must-gather`, `bundle of coroner`, …
    pub collector: String,
    /// Its records, in the order of their paths.
    pub records: Vec<Record>,
    /// What they cover, without any incident.
    report: Report,
}

impl Contents {
    /// Tells of evidence that was read of these records.
    pub fn of(evidence: &Evidence, collector: &str, records: Vec<Record>, options: &Options) -> Contents {
        Contents { collector: collector.to_owned(), records, report: tell::contents(evidence, options) }
    }

    /// As text; with `verbose` every record.
    pub fn text(&self, style: &Style) -> String {
        let mut page = Page::new(style.width.clamp(40, 160), style.colour);
        let now = Now(text::reference(&self.report));
        let named =
            Report { source: format!("{} · {}", self.report.source, self.collector), ..self.report.clone() };
        text::head(&mut page, &named, now, None);
        page.blank();
        let bytes: u64 = self.records.iter().map(|record| record.bytes).sum();
        let count = text::plural(self.records.len(), "record");
        page.line(&[(Ink::Heading, "HOLDS".to_owned()), (Ink::Plain, format!("  {count}, {}", size(bytes)))]);
        let rows = text::coverage_rows(&self.report, now);
        page.columns(&rows, Ink::Plain);
        text::foot(&mut page, &self.report, style);
        if style.verbose {
            page.blank();
            page.line(&[(Ink::Heading, "RECORDS".to_owned())]);
            for record in &self.records {
                let known =
                    if record.holds.is_empty() { "nothing that coroner knows" } else { &record.holds };
                let path = crate::clean::clean(&record.path);
                page.line(&[
                    (Ink::Plain, format!("  {:>9}  {path}", size(record.bytes))),
                    (Ink::Quiet, format!("  {known}")),
                ]);
            }
        }
        page.finish()
    }

    /// As JSON: `coroner/v1alpha1`, kind `Contents`; described by `docs/schema/contents.v1alpha1.json`.
    pub fn json(&self) -> String {
        let report = &self.report;
        let wire = ContentsWire {
            api_version: "coroner/v1alpha1",
            kind: "Contents",
            captured_at: report.captured.as_ref().and_then(rfc3339),
            source: Said(&report.source),
            collector: Said(&self.collector),
            version: report.version.as_deref().map(Said),
            coverage: json::coverage(report),
            gaps: json::gaps(&report.gaps, report.context.as_ref()),
            records: self
                .records
                .iter()
                .map(|record| RecordWire {
                    path: Said(&record.path),
                    bytes: record.bytes,
                    holds: Some(record.holds.as_str()).filter(|holds| !holds.is_empty()).map(Said),
                })
                .collect(),
        };
        json::document(&wire)
    }
}

/// A size in its largest unit, rounded down.
fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{} bytes", thousands(bytes)),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ContentsWire<'a> {
    api_version: &'static str,
    kind: &'static str,
    captured_at: Option<String>,
    source: Said<'a>,
    collector: Said<'a>,
    version: Option<Said<'a>>,
    coverage: Vec<json::CoverageWire<'a>>,
    gaps: Vec<json::GapWire>,
    records: Vec<RecordWire<'a>>,
}

#[derive(Serialize)]
struct RecordWire<'a> {
    path: Said<'a>,
    bytes: u64,
    holds: Option<Said<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Gap, Locator, Read, Why};
    use crate::report::schema::against;

    #[test]
    fn what_is_there_and_what_is_not_is_told() {
        let gap = Gap {
            read: Read::File { path: "pods/x.log".into() },
            why: Why::Truncated("it breaks off".into()),
            locator: Locator::default(),
        };
        let evidence = Evidence::assemble(Vec::new(), vec![gap]);
        let record =
            |path: &str, holds: &str| Record { path: path.into(), bytes: 1_250_000, holds: holds.into() };
        let records = vec![record("pods/\u{1b}[2Jshop.json", "40 × Pod"), record("image.png", "")];
        let options = Options { source: "ticket.tgz".into(), ..Options::default() };
        let contents = Contents::of(&evidence, "must-gather", records, &options);
        let text = contents.text(&Style { width: 100, colour: false, verbose: true });
        for want in [
            "ticket.tgz · must-gather",
            "HOLDS  2 records, 2.5 MB",
            "GAPS   1 cut off",
            "1.2 MB  pods/shop.json  40 × Pod",
            "1.2 MB  image.png  nothing that coroner knows",
        ] {
            assert!(text.contains(want), "{want}: {text}");
        }
        let document = serde_json::from_str(&contents.json()).unwrap();
        let schema = include_str!("../../../../docs/schema/contents.v1alpha1.json");
        assert_eq!(against(&document, schema), Vec::<String>::new());
    }
}
