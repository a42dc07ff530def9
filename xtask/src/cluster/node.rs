//! One node of the test cluster: namespaces with folders of its own, and the daemons in them.

use super::build::IMAGES;
use super::process::{run, succeeds, wait_for};
use super::settings::{BRIDGE, HOST_IP, POD_NET, node_ip};
use super::{Cluster, config};
use crate::{Failure, Outcome, place};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// What a node has for itself; everything else it shares with the machine.
const BINDS: &[&str] = &[
    "var/lib/kubelet",
    "var/lib/containerd",
    "var/lib/cni",
    "var/log/pods",
    "var/log/containers",
    "var/log/journal",
    "etc/cni/net.d",
    "etc/hosts",
    "etc/machine-id",
    "etc/resolv.conf",
];

/// A node of a cluster.
pub struct Node<'c> {
    cluster: &'c Cluster,
    number: u8,
    /// Its name in the cluster.
    pub name: String,
    holder: String,
    folder: PathBuf,
}

impl<'c> Node<'c> {
    /// The node of that number, from 1.
    pub fn of(cluster: &'c Cluster, number: u8) -> Node<'c> {
        let (name, holder) = (format!("worker-{number}"), format!("node-{number}"));
        let folder = cluster.settings.at(&holder);
        Node { cluster, number, name, holder, folder }
    }

    /// Brings it up, as far as it is not.
    pub fn up(&self) -> Outcome {
        self.hold()?;
        self.configure()?;
        self.start("journald")?;
        self.start("containerd")?;
        for image in IMAGES {
            let mark = self.folder.join("var/lib/containerd").join(format!(".imported-{image}"));
            if !mark.exists() {
                let archive = self.cluster.images.join(format!("{image}.tar")).display().to_string();
                self.run(&["ctr", "-n", "k8s.io", "images", "import", &archive])?;
                fs::write(mark, "")?;
            }
        }
        self.start("kubelet")?;
        self.start("kube-proxy")
    }

    /// Ends everything on it.
    pub fn down(&self) -> Outcome {
        if self.cluster.processes.alive(&self.holder).is_none() {
            return Ok(());
        }
        self.stop("kube-proxy")?;
        self.stop("kubelet")?;
        // Containers outlive containerd. They are ended through it, and so by their own ids.
        self.signal("containerd", "CONT")?;
        self.start("containerd")?;
        let ctr = |words: &[&str]| self.run(&[&["ctr", "-n", "k8s.io"][..], words].concat());
        for task in ctr(&["tasks", "ls", "-q"])?.lines() {
            // Each may end by itself meanwhile.
            let _ = ctr(&["tasks", "kill", "-s", "KILL", task]);
        }
        for container in ctr(&["containers", "ls", "-q"])?.lines() {
            let _ = ctr(&["tasks", "rm", "-f", container]);
            let _ = ctr(&["containers", "rm", container]);
        }
        self.stop("containerd")?;
        self.stop("journald")?;
        self.cluster.processes.stop(&self.holder, Duration::from_secs(1))?;
        let _ = run(&["ip", "link", "del", &self.link()]);
        for bits in ["24", "28"] {
            let _ = run(&["ip", "route", "del", &self.pod_net(bits)]);
        }
        Ok(())
    }

    /// Starts a daemon.
    pub fn start(&self, unit: &str) -> Outcome {
        let cluster = self.cluster;
        let (settings, bin) = (&cluster.settings, &cluster.bin);
        let config = |name: &str| self.folder.join(name).display().to_string();
        match unit {
            "journald" => {
                let pid = self.pid()?;
                let daemon = "/lib/systemd/systemd-journald";
                let words = ["nsenter", "-t", &pid, "--mount", "--net", "--uts", "--", daemon];
                cluster.processes.start(&self.unit(unit), &words)?;
                let socket = ["test", "-S", "/run/systemd/journal/stdout"];
                wait_for(20, &format!("journal of {}", self.name), || self.run(&socket).is_ok())
            }
            "containerd" => {
                self.daemon(unit, &["containerd", "--config", &config("containerd.toml")])?;
                wait_for(60, &format!("containerd of {}", self.name), || {
                    self.run(&["ctr", "version"]).is_ok()
                })
            }
            "kubelet" => {
                if self.number > 1 {
                    make_cgroup(&self.name)?;
                }
                let program = bin.join("kubelet").display().to_string();
                let config = format!("--config={}", config("kubelet.yaml"));
                let access =
                    format!("--kubeconfig={}", settings.at(&format!("{}.conf", self.name)).display());
                let (name, ip) = (
                    format!("--hostname-override={}", self.name),
                    format!("--node-ip={}", node_ip(self.number)),
                );
                self.daemon(unit, &[&program, &config, &access, &name, &ip, "--v=2"])
            }
            "kube-proxy" => {
                let program = bin.join("kube-proxy").display().to_string();
                let config = format!("--config={}", config("kube-proxy.yaml"));
                self.daemon(unit, &[&program, &config, &format!("--hostname-override={}", self.name)])
            }
            _ => Err(format!("no daemon {unit}").into()),
        }
    }

    /// Stops a daemon.
    pub fn stop(&self, unit: &str) -> Outcome {
        self.cluster.processes.stop(&self.unit(unit), Duration::from_secs(10))
    }

    /// Sends a daemon a signal.
    pub fn signal(&self, unit: &str, signal: &str) -> Outcome {
        self.cluster.processes.signal(&self.unit(unit), signal)
    }

    /// Gives new pods addresses of another range; those that are there keep theirs.
    pub fn pod_bits(&self, bits: &str) -> Outcome {
        let kept = self.folder.join("var/lib/cni/networks").join(format!("lab-{bits}"));
        if kept.exists() && bits != self.cluster.settings.value("--pod-bits") {
            // Of an earlier run: the runtime gives addresses back to the range that is set when a pod ends.
            fs::remove_dir_all(kept)?;
        }
        self.network(bits)
    }

    /// Evicts when less than so much memory is left. The kubelet is started anew.
    pub fn evict_memory(&self, least: &str) -> Outcome {
        self.stop("kubelet")?;
        self.kubelet(least)?;
        self.start("kubelet")
    }

    /// Runs something inside the node, and gives what it printed.
    pub fn run(&self, words: &[&str]) -> Result<String, Failure> {
        let pid = self.pid()?;
        run(&[&["nsenter", "-t", &pid, "--mount", "--net", "--uts", "--"][..], words].concat())
    }

    fn pid(&self) -> Result<String, Failure> {
        let pid = self.cluster.processes.alive(&self.holder);
        Ok(pid.ok_or_else(|| format!("{} is not up", self.name))?.to_string())
    }

    fn unit(&self, unit: &str) -> String {
        format!("{}.{unit}", self.holder)
    }

    fn link(&self) -> String {
        format!("coroner{}", self.number)
    }

    /// The network of its pod ranges of that size: the full one, or one for all that are smaller.
    fn pod_net(&self, bits: &str) -> String {
        let number = if bits == "24" { self.number } else { self.number + 100 };
        format!("{POD_NET}.{number}.0/24")
    }

    /// The process that holds the namespaces, and their network.
    fn hold(&self) -> Outcome {
        let processes = &self.cluster.processes;
        if processes.alive(&self.holder).is_some() {
            return Ok(());
        }
        for path in
            BINDS.iter().filter(|path| !matches!(**path, "etc/hosts" | "etc/machine-id" | "etc/resolv.conf"))
        {
            fs::create_dir_all(self.folder.join(path))?;
            fs::create_dir_all(format!("/{path}"))?;
        }
        let ip = node_ip(self.number);
        let hosts = format!("127.0.0.1 localhost\n{HOST_IP} registry.lab\n{ip} {}\n", self.name);
        fs::write(self.folder.join("etc/hosts"), hosts)?;
        let id = fs::read_to_string("/proc/sys/kernel/random/uuid")?.replace('-', "");
        fs::write(self.folder.join("etc/machine-id"), id)?;
        fs::write(self.folder.join("etc/resolv.conf"), "")?;
        let ready = self.folder.join("ready");
        let _ = fs::remove_file(&ready);
        let script = place::at("tests/cluster/node.sh").display().to_string();
        let (number, folder, binds) =
            (self.number.to_string(), self.folder.display().to_string(), BINDS.join(" "));
        let unshare = ["unshare", "--mount", "--net", "--uts", "--propagation", "private"];
        processes.start(&self.holder, &[&unshare[..], &[&script, &number, &folder, &binds]].concat())?;
        wait_for(20, &format!("namespaces of {}", self.name), || ready.exists())?;
        let (link, pid) = (self.link(), self.pid()?);
        run(&["ip", "link", "add", &link, "type", "veth", "peer", "name", "eth0", "netns", &pid])?;
        run(&["ip", "link", "set", &link, "master", BRIDGE, "up"])?;
        self.run(&["ip", "addr", "add", &format!("{ip}/24"), "dev", "eth0"])?;
        self.run(&["ip", "link", "set", "eth0", "up"])?;
        self.run(&["ip", "route", "add", "default", "via", HOST_IP])?;
        self.run(&["sysctl", "-qw", "net.ipv4.ip_forward=1"])?;
        for bits in ["24", "28"] {
            run(&["ip", "route", "replace", &self.pod_net(bits), "via", &ip])?;
        }
        Ok(())
    }

    fn configure(&self) -> Outcome {
        let folder = self.cluster.settings.folder.display().to_string();
        let own = [("FOLDER", &*folder), ("POD_NET", POD_NET)];
        for name in ["containerd.toml", "kube-proxy.yaml"] {
            fs::write(self.folder.join(name), config(name, &own)?)?;
        }
        // A scenario may have changed these under a running node.
        if self.cluster.processes.alive(&self.unit("kubelet")).is_none() {
            self.network(self.cluster.settings.value("--pod-bits"))?;
            self.kubelet(self.cluster.settings.value("--evict-memory"))?;
        }
        Ok(())
    }

    fn network(&self, bits: &str) -> Outcome {
        let range = self.pod_net(bits).replace("/24", &format!("/{bits}"));
        let values = [("RANGE", &*range), ("POD_BITS", bits)];
        Ok(fs::write(
            self.folder.join("etc/cni/net.d/10-lab.conflist"),
            config("network.conflist", &values)?,
        )?)
    }

    fn kubelet(&self, evict_memory: &str) -> Outcome {
        let settings = &self.cluster.settings;
        let folder = settings.folder.display().to_string();
        let root = if self.number == 1 { "/".to_owned() } else { format!("/{}", self.name) };
        let values = [
            ("FOLDER", &*folder),
            ("CGROUP_ROOT", &*root),
            ("DNS_SERVICE", super::settings::DNS_SERVICE),
            ("BACK_OFF", settings.value("--back-off")),
            ("EVICT_MEMORY", evict_memory),
        ];
        Ok(fs::write(self.folder.join("kubelet.yaml"), config("kubelet.yaml", &values)?)?)
    }

    /// Starts a daemon as systemd would: in the control group of its unit, with its output in the node's journal.
    fn daemon(&self, unit: &str, words: &[&str]) -> Outcome {
        let (pid, group) = (self.pid()?, format!("{}.slice/{unit}.service", self.name));
        make_cgroup(&group)?;
        let script = place::at("tests/cluster/unit.sh").display().to_string();
        let before = [&script, &*group, &pid, "systemd-cat", "-t", unit];
        self.cluster.processes.start(&self.unit(unit), &[&before[..], words].concat())?;
        Ok(())
    }
}

/// The roots of every hierarchy of control groups: many in version 1, one in version 2.
pub fn cgroup_roots() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mut roots: Vec<PathBuf> = mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            let (path, kind) = (fields.next()?, fields.next()?);
            matches!(kind, "cgroup" | "cgroup2").then(|| PathBuf::from(path))
        })
        .collect();
    roots.sort();
    roots.dedup();
    roots
}

fn make_cgroup(path: &str) -> Outcome {
    for root in cgroup_roots() {
        fs::create_dir_all(root.join(path))?;
        // A cpuset takes no process until it has both.
        for file in ["cpuset.cpus", "cpuset.mems"] {
            if !root.join(file).exists() {
                continue;
            }
            let all = fs::read_to_string(root.join(file))?;
            let mut folder = root.clone();
            for part in path.split('/') {
                folder.push(part);
                if fs::read_to_string(folder.join(file))?.trim().is_empty() {
                    fs::write(folder.join(file), &all)?;
                }
            }
        }
    }
    Ok(())
}

/// Removes the control groups that nothing is in any more.
pub fn remove_cgroups(nodes: u8) {
    for root in cgroup_roots() {
        let mut groups = vec!["kubepods".to_owned()];
        groups.extend((1..=nodes).flat_map(|n| [format!("worker-{n}"), format!("worker-{n}.slice")]));
        for group in groups.iter().map(|group| root.join(group)).filter(|group| group.is_dir()) {
            let group = group.display().to_string();
            let _ = succeeds(&["find", &group, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]);
        }
    }
}
