//! `cargo xtask bench bundles [PODS…]`: whole diagnoses of bundles of that many pods, by the release program: a support
//! bundle as a folder and as `.tar.gz`, and a must-gather in YAML.

use super::inputs::{block_yaml, pod};
use super::write;
use crate::{Failure, Outcome, place, run};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Pods of a namespace.
const TOGETHER: usize = 500;
/// Beyond so many pods no YAML is written: it is ten times slower than JSON, and that is known at this size.
const YAML: usize = 10_000;

pub(super) fn run(sizes: &[String]) -> Outcome {
    let sizes: Vec<usize> = match sizes {
        [] => vec![1_000, 10_000],
        sizes => sizes.iter().map(|size| size.parse()).collect::<Result<_, _>>()?,
    };
    run::shown(&mut run::cargo(&["build", "--quiet", "--release", "--package", "coroner"]))?;
    println!("{:<44}{:>9}{:>9}{:>10}", "bundle", "MB", "wall s", "peak MiB");
    for pods in sizes {
        let folder = place::target().join("bench").join(format!("bundles-{pods}"));
        let json = folder.join("support-bundle");
        let mut size = 0;
        for namespace in 0..pods.div_ceil(TOGETHER) {
            size += write(
                &json,
                &format!("cluster-resources/pods/team-{namespace}.json"),
                &list(namespace, pods),
            )?;
        }
        told(&format!("{pods} pods, support bundle, folder"), &json, size)?;
        let packed = folder.join("support-bundle.tar.gz");
        let mut tar = run::program("tar", &["czf"]);
        tar.arg(&packed).arg("-C").arg(&folder).arg("support-bundle");
        run::output(&mut tar)?;
        told(&format!("{pods} pods, support bundle, .tar.gz"), &packed, size)?;
        if pods <= YAML {
            let yaml = folder.join("must-gather");
            let mut size = 0;
            for namespace in 0..pods.div_ceil(TOGETHER) {
                let text = block_yaml(&together(namespace, pods));
                size += write(&yaml, &format!("q/namespaces/team-{namespace}/core/pods.yaml"), &text)?;
            }
            told(&format!("{pods} pods, must-gather in YAML, folder"), &yaml, size)?;
        }
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

/// The pods of a namespace.
fn together(namespace: usize, pods: usize) -> Vec<Value> {
    let numbers = namespace * TOGETHER..pods.min((namespace + 1) * TOGETHER);
    let mut pods: Vec<Value> = numbers.map(pod).collect();
    for pod in &mut pods {
        pod["metadata"]["namespace"] = json!(format!("team-{namespace}"));
    }
    pods
}

fn list(namespace: usize, pods: usize) -> String {
    json!({"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": together(namespace, pods)})
        .to_string()
}

/// Diagnoses it, and prints the best of a few runs.
fn told(what: &str, path: &Path, bytes: usize) -> Outcome {
    let mut best = (f64::INFINITY, 0);
    for _ in 0..3 {
        let (wall, peak) = once(path)?;
        best = (best.0.min(wall), best.1.max(peak));
    }
    println!("{what:<44}{:>9.0}{:>9.2}{:>10}", bytes as f64 / 1e6, best.0, best.1 >> 10);
    Ok(())
}

/// Seconds of one diagnosis, and the most memory that it was seen to hold, in KiB.
pub(super) fn once(path: &Path) -> Result<(f64, u64), Failure> {
    let start = Instant::now();
    let program = place::target().join("release/coroner");
    let mut command = std::process::Command::new(program);
    let mut child = command.args(["diagnose", "--from"]).arg(path).stdout(Stdio::null()).spawn()?;
    // Where Linux tells of a process.
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Some(done) = child.try_wait()? {
            let wall = start.elapsed().as_secs_f64();
            return if done.success() {
                Ok((wall, peak))
            } else {
                Err(format!("coroner ended with {done}").into())
            };
        }
        let told = std::fs::read_to_string(&status).unwrap_or_default();
        let held = told
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(held.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
}
