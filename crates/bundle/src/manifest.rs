//! What a bundle says of itself.
//!
//! ```text
//! manifest.json      {"apiVersion": "coroner.dev/bundle/v1alpha1", "capturedAt": …, "gaps": […], "records": […]}
//! records/<path>     the record, redacted, under the path that it was collected as
//! ```

use crate::wire::GapWire;
use engine::evidence::{Gap, What};
use engine::moment::{Moment, SECOND};
use intake::Intake;
use serde::{Deserialize, Serialize};

/// The format that this version writes. A reader takes the same major version.
pub const FORMAT: &str = "coroner.dev/bundle/v1alpha1";
/// The manifest's name.
pub const MANIFEST: &str = "manifest.json";
/// The folder of the records.
pub const RECORDS: &str = "records";

/// What a bundle holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`FORMAT`].
    pub api_version: String,
    /// When it was taken, by the clock of the API server; RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_at: Option<String>,
    /// The newest version that a node of the cluster runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The kubeconfig context that it was taken with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// What was asked for, as options of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What was asked for and not got.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) gaps: Vec<GapWire>,
    /// The records, in the order of their paths.
    pub records: Vec<Record>,
}

/// One record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Its path below the folder of the records, with `/` between the parts.
    pub path: String,
    /// Its size as written, in bytes.
    pub bytes: u64,
    /// FNV-1a of it as written, 64 bit, in hexadecimal digits.
    pub hash: String,
}

/// What is told of the capture beside its records.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// When it was taken, by the clock of the API server.
    pub captured: Option<Moment>,
    /// The newest version that a node of the cluster runs.
    pub version: Option<String>,
    /// The kubeconfig context that it was taken with.
    pub context: Option<String>,
    /// What was asked for, as options of the command.
    pub scope: Option<String>,
    /// What was asked for and not got.
    pub gaps: Vec<Gap>,
}

impl Manifest {
    pub(crate) fn new(about: &About, mut records: Vec<Record>) -> Manifest {
        records.sort_by(|a, b| a.path.cmp(&b.path));
        let captured =
            about.captured.as_ref().and_then(|at| jiff::Timestamp::from_microsecond(at.earliest).ok());
        Manifest {
            api_version: FORMAT.to_owned(),
            captured_at: captured.map(|at| at.to_string()),
            version: about.version.clone(),
            context: about.context.clone(),
            scope: about.scope.clone(),
            gaps: about.gaps.iter().map(GapWire::of).collect(),
            records,
        }
    }

    /// Reads a manifest, if it is one of ours.
    pub(crate) fn parse(text: &[u8]) -> Option<Manifest> {
        let manifest: Manifest = serde_json::from_slice(text).ok()?;
        (manifest.api_version == FORMAT).then_some(manifest)
    }

    /// The manifest that stands in a file of that path.
    pub(crate) fn at(path: &str, bytes: &[u8]) -> Option<Manifest> {
        (path.rsplit('/').next() == Some(MANIFEST)).then(|| Manifest::parse(bytes)).flatten()
    }

    /// What it tells beside the records, to be written again.
    pub fn about(&self) -> About {
        let mut told = Intake::default();
        self.tell(&mut told);
        let captured = told.observations.into_iter().find_map(|seen| match seen.what {
            What::ClockPair(pair) => Some(pair.truth),
            _ => None,
        });
        let (version, context, scope) = (self.version.clone(), self.context.clone(), self.scope.clone());
        About { captured, version, context, scope, gaps: told.gaps }
    }

    /// Tells what it knows beside the records.
    pub fn tell(&self, out: &mut Intake) {
        let captured = self.captured_at.as_deref().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        if let Some(at) = captured {
            // The API server tells the time in whole seconds.
            out.captured(Moment::api_second(at.as_microsecond().div_euclid(SECOND)));
        }
        out.gaps.extend(self.gaps.iter().filter_map(GapWire::gap));
    }
}
