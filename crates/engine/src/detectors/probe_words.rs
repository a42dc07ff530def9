//! Wordings and remedies that the probes' detectors share.

use crate::evidence::Container;
use crate::facts::{Mismatch, PodFact, ProbeTrouble, asks};
use crate::finding::{Finding, Honesty, Remedy};

/// What the probe asks, what it gets, and what does not fit: the middle of a sentence.
pub(super) fn explain_mismatch(trouble: &ProbeTrouble) -> String {
    let asked = trouble.probe.map(asks).map_or_else(String::new, |asked| format!(": it asks for {asked}"));
    let gets = if trouble.says.is_empty() || asked.is_empty() {
        if trouble.says.is_empty() { String::new() } else { format!(": {}", trouble.says) }
    } else {
        format!(", and {}", trouble.says)
    };
    let why = match &trouble.mismatch {
        Mismatch::Port { declared, .. } if !declared.is_empty() => {
            let ports: Vec<String> = declared.iter().map(u16::to_string).collect();
            format!("; the container declares port {}", ports.join(", "))
        }
        Mismatch::Port { .. } => "; its other probe asks another port".to_owned(),
        Mismatch::Protocol { answers: Some(answers), .. } => format!("; what answers there speaks {answers}"),
        Mismatch::Timing { budget } => format!("; it gives up {budget} s after the start"),
        _ => String::new(),
    };
    format!("{asked}{gets}{why}")
}

/// What to do about a probe that does not fit.
pub(super) fn remedies(
    finding: Finding,
    pod: &PodFact,
    container: &Container,
    trouble: &ProbeTrouble,
) -> Finding {
    let top = pod.top();
    let target = format!("{}/{}", top.kind.as_str().to_lowercase(), top.name);
    let advice = match &trouble.mismatch {
        Mismatch::Port { .. } => "Let the probe ask the port that the container serves",
        Mismatch::Protocol { .. } => {
            "Let the probe speak the protocol that the container serves on that port"
        }
        Mismatch::Timing { .. } => {
            "Give the start its own time with a startupProbe, or raise initialDelaySeconds and failureThreshold"
        }
        Mismatch::Unhealthy => {
            "Find out why the application says that it is not well: its log tells, not the probe"
        }
        Mismatch::None => {
            "Ask the probe's address from inside the pod, and compare with what the application serves"
        }
    };
    finding
        .remedy(Remedy::advice(advice))
        .remedy(Remedy::kubectl(
            "See the probe as it is set",
            top,
            Honesty::Safe,
            &["get", &target, "-o", "yaml"],
        ))
        .remedy(Remedy::kubectl(
            "See what the application says",
            pod.subject(),
            Honesty::Safe,
            &["logs", &pod.subject().name, "-c", &container.name, "--tail=50"],
        ))
}
