//! Where the test cluster lives, its addresses, and what may be set about it.

use crate::run::Options;
use crate::{Failure, place};
use std::path::PathBuf;

/// The address of the API server and of the registries, on a bridge that leads nowhere.
pub const HOST_IP: &str = "10.200.0.1";
/// The bridge; one machine has one.
pub const BRIDGE: &str = "coroner0";
/// The network of the pods; node N has 10.244.N.0.
pub const POD_NET: &str = "10.244";
/// The addresses of Services.
pub const SERVICE_NET: &str = "10.96.0.0/16";
/// The address of the Service of the API server.
pub const API_SERVICE: &str = "10.96.0.1";
/// The address of the Service of the cluster's DNS.
pub const DNS_SERVICE: &str = "10.96.0.10";
/// The login of the registry that wants one.
pub const REGISTRY_LOGIN: (&str, &str) = ("lab", "lab-secret");

/// What may be set: the option, its default, what it does. A cluster keeps what it was brought up with.
pub const SETTINGS: &[(&str, &str, &str)] = &[
    ("--nodes", "2", "how many nodes"),
    ("--pod-bits", "24", "prefix of each node's range of pod addresses; 28 leaves 13"),
    ("--toleration", "10", "seconds until pods leave a lost node (Kubernetes: 300)"),
    ("--grace", "16", "seconds of silence until a node counts as lost (Kubernetes: 50)"),
    ("--back-off", "10", "longest wait between restarts of a container, in seconds (Kubernetes: 300)"),
    ("--evict-memory", "100Mi", "the kubelets evict when less memory is left"),
];

/// The folder and the settings of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Everything of the cluster lies below it.
    pub folder: PathBuf,
    values: Vec<String>,
}

impl Settings {
    /// The defaults, but for what the command line says.
    pub fn of(options: &Options) -> Result<Settings, Failure> {
        let values = SETTINGS
            .iter()
            .map(|(name, default, _)| options.value(name).unwrap_or(default).to_owned())
            .collect();
        let settings = Settings { folder: place::target().join("cluster"), values };
        let numbers =
            SETTINGS.iter().zip(&settings.values).filter(|((name, ..), _)| *name != "--evict-memory");
        for ((name, ..), value) in numbers {
            value.parse::<u8>().map_err(|_| format!("{name} takes a small number, not {value}"))?;
        }
        if !(1..=9).contains(&settings.nodes()) {
            return Err("--nodes takes 1 to 9".into());
        }
        Ok(settings)
    }

    /// The settings of the cluster that is there, or the defaults.
    pub fn kept() -> Result<Settings, Failure> {
        let mut settings = Settings::of(&Options::parse(&[], &[], &[])?)?;
        if let Ok(text) = std::fs::read_to_string(settings.file()) {
            let values: Vec<String> = text.lines().map(str::to_owned).collect();
            if values.len() == SETTINGS.len() {
                settings.values = values;
            }
        }
        Ok(settings)
    }

    /// Keeps them for the commands that come later.
    pub fn keep(&self) -> Result<(), Failure> {
        Ok(std::fs::write(self.file(), self.values.join("\n") + "\n")?)
    }

    fn file(&self) -> PathBuf {
        self.folder.join("settings")
    }

    /// The value of a setting.
    pub fn value(&self, name: &str) -> &str {
        let at = SETTINGS.iter().position(|(n, ..)| *n == name);
        at.and_then(|at| self.values.get(at)).map_or("", String::as_str)
    }

    /// How many nodes.
    pub fn nodes(&self) -> u8 {
        self.value("--nodes").parse().unwrap_or(0)
    }

    /// A path below the cluster's folder.
    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// The kubeconfig of the administrator.
    pub fn kubeconfig(&self) -> PathBuf {
        self.at("admin.conf")
    }

    /// Where every request to the API server is written down.
    pub fn audit_log(&self) -> PathBuf {
        self.at("log/audit.log")
    }
}

/// The address of a node.
pub fn node_ip(node: u8) -> String {
    format!("10.200.0.{}", 10 + u32::from(node))
}
