//! What the test cluster is made of: Debian's packages, Kubernetes built from Go modules, and images.

use super::process::{run, succeeds};
use super::settings::Settings;
use crate::run::shown;
use crate::{Failure, Outcome, place};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs and the Debian packages that bring them.
const PACKAGES: &[(&str, &str)] = &[
    ("/bin/busybox", "busybox-static"),
    ("/lib/systemd/systemd-journald", "systemd"),
    ("/usr/lib/cni/bridge", "containernetworking-plugins"),
    ("conntrack", "conntrack"),
    ("containerd", "containerd"),
    ("docker-registry", "docker-registry"),
    ("htpasswd", "apache2-utils"),
    ("ip", "iproute2"),
    ("iptables", "iptables"),
    ("kill", "procps"),
    ("modprobe", "kmod"),
    ("nsenter", "util-linux"),
    ("openssl", "openssl"),
    ("runc", "runc"),
];

/// The programs in the one binary; it is known by the name that it is called by.
const PROGRAMS: &[&str] = &[
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "kubectl",
];

/// The archives of images that are made.
pub const IMAGES: &[&str] = &["pause", "busybox", "alpine", "distroless", "decoder"];

/// Why no cluster can run on this machine, if so.
pub fn cannot_run_here() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return Some("a node needs Linux".to_owned());
    }
    let user = run(&["id", "-u"]).unwrap_or_default();
    if user.trim() != "0" {
        return Some("it makes namespaces and network devices, and for that it has to be root".to_owned());
    }
    if let Err(why) = run(&["unshare", "--mount", "--net", "--uts", "true"]) {
        return Some(format!("it may not make namespaces: {why}"));
    }
    if let Err(why) = run(&["go", "version"]) {
        return Some(format!("Kubernetes is built from Go modules, and there is no Go: {why}"));
    }
    let missing = missing_packages();
    if !missing.is_empty() && !succeeds(&["apt-get", "--version"]) {
        return Some(format!("it needs {}, and there is no apt-get to install them", missing.join(", ")));
    }
    None
}

fn missing_packages() -> Vec<&'static str> {
    let on_path = |name: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
    };
    let is_there = |name: &str| if name.starts_with('/') { Path::new(name).is_file() } else { on_path(name) };
    PACKAGES.iter().filter(|(program, _)| !is_there(program)).map(|(_, package)| *package).collect()
}

/// Installs what is missing.
pub fn packages() -> Outcome {
    let missing = missing_packages();
    if missing.is_empty() {
        return Ok(());
    }
    let apt = |words: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(["-q", "-o", "Dpkg::Use-Pty=0"]).args(words).env("DEBIAN_FRONTEND", "noninteractive");
        command.stdout(std::io::stderr());
        command
    };
    shown(&mut apt(&["update"]))?;
    shown(apt(&["install", "-y", "--no-install-recommends"]).args(&missing))?;
    match missing_packages() {
        missing if missing.is_empty() => Ok(()),
        missing => {
            Err(format!("cannot run here, because these are not there: {}", missing.join(", ")).into())
        }
    }
}

/// Where the programs of Kubernetes are. They are built where this version of them is not in the cache.
pub fn kubernetes(settings: &Settings) -> Result<PathBuf, Failure> {
    let source = place::at("tests/cluster/kubernetes");
    let version = version(&source)?;
    let folder = cached(settings, &source, &version)?;
    if !folder.join("kube-lab").exists() {
        eprintln!("building Kubernetes {version}: about ten minutes of CPU, once");
        let numbers: Vec<&str> = version.trim_start_matches('v').split('.').collect();
        let [major, minor, ..] = numbers[..] else { return Err(format!("odd version {version}").into()) };
        let stamps = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].map(|package| {
            [
                format!("-X {package}.gitVersion={version}"),
                format!("-X {package}.gitMajor={major} -X {package}.gitMinor={minor}"),
                format!("-X {package}.gitTreeState=clean -X {package}.buildDate=1970-01-01T00:00:00Z"),
            ]
            .join(" ")
        });
        let flags = format!("-s -w {}", stamps.join(" "));
        let built = folder.join("kube-lab.part");
        shown(
            go(&source)
                .args(["build", "-buildvcs=false", "-trimpath", "-ldflags", &flags, "-o"])
                .arg(&built)
                .arg("."),
        )?;
        for program in PROGRAMS {
            let link = folder.join(program);
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink("kube-lab", link)?;
        }
        fs::rename(built, folder.join("kube-lab"))?;
    }
    Ok(folder)
}

/// Where the programs of Kubernetes are, if they are built.
pub fn kubernetes_if_built(settings: &Settings) -> Option<PathBuf> {
    let source = place::at("tests/cluster/kubernetes");
    let folder = cached(settings, &source, &version(&source).ok()?).ok()?;
    folder.join("kube-lab").exists().then_some(folder)
}

fn cached(settings: &Settings, source: &Path, version: &str) -> Result<PathBuf, Failure> {
    Ok(settings.at("cache").join(format!("kubernetes-{version}-{}", hash_of(source)?)))
}

/// The version of Kubernetes that is built, as its module is required.
fn version(source: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(source.join("go.mod"))?;
    let version = text.lines().find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes "));
    Ok(version.ok_or("go.mod does not require Kubernetes")?.trim().to_owned())
}

/// Where the archives of images are.
pub fn images(settings: &Settings) -> Result<PathBuf, Failure> {
    let source = place::at("tests/cluster/images");
    let folder = settings.at("cache").join(format!("images-{}", hash_of(&source)?));
    if !folder.join("complete").exists() {
        shown(Command::new(source.join("build.sh")).arg(&folder).stdout(std::io::stderr()))?;
        fs::write(folder.join("complete"), "")?;
    }
    Ok(folder)
}

fn go(source: &Path) -> Command {
    let mut command = Command::new("go");
    command.current_dir(source).env("CGO_ENABLED", "0").stdout(std::io::stderr());
    command
}

/// A name for the content of a folder.
fn hash_of(folder: &Path) -> Result<String, Failure> {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in place::files(folder, "") {
        for byte in fs::read(file)? {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    Ok(format!("{hash:016x}"))
}
