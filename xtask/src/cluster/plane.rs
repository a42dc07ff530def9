//! The control plane of the test cluster, its bridge and its registries.

use super::node::Node;
use super::process::{run, succeeds, wait_for};
use super::settings::{BRIDGE, HOST_IP, REGISTRY_LOGIN, SERVICE_NET};
use super::{Cluster, config};
use crate::Outcome;
use std::fs;

/// The tags that both registries have.
const TAGS: &[&str] = &["1.0", "1.1", "2.0"];
/// The open registry and the one that wants a login: name and port.
const REGISTRIES: [(&str, u16); 2] = [("registry", 5000), ("registry-auth", 5001)];

/// The bridge between the nodes and the control plane. It leads nowhere else.
pub fn bridge(cluster: &Cluster) -> Outcome {
    let folder = cluster.settings.folder.display().to_string();
    match fs::read_to_string(format!("/sys/class/net/{BRIDGE}/ifalias")) {
        Ok(owner) if owner.trim() != folder => {
            let owner = if owner.trim().is_empty() { "something else" } else { owner.trim() };
            return Err(format!(
                "cannot run here, because the network bridge {BRIDGE} belongs to {owner}: one machine runs one test cluster"
            )
            .into());
        }
        Ok(_) => {}
        Err(_) => {
            run(&["ip", "link", "add", BRIDGE, "type", "bridge"])?;
            run(&["ip", "link", "set", BRIDGE, "alias", &folder])?;
            run(&["ip", "addr", "add", &format!("{HOST_IP}/24"), "dev", BRIDGE])?;
        }
    }
    run(&["ip", "link", "set", BRIDGE, "up"])?;
    run(&["sysctl", "-qw", "net.ipv4.ip_forward=1"])?;
    Ok(())
}

/// Starts the control plane, as far as it does not run.
pub fn start(cluster: &Cluster) -> Outcome {
    let settings = &cluster.settings;
    let program = |name: &str| cluster.bin.join(name).display().to_string();
    let file = |path: &str| settings.at(path).display().to_string();
    let start = |name: &str, args: &[String]| {
        let program = program(name);
        let words: Vec<&str> = std::iter::once(&*program).chain(args.iter().map(String::as_str)).collect();
        cluster.processes.start(name, &words)
    };
    start(
        "etcd",
        &[
            // What a test wrote need not outlive a power cut.
            "--unsafe-no-fsync".to_owned(),
            format!("--data-dir={}", file("etcd")),
            "--listen-client-urls=http://127.0.0.1:2379".to_owned(),
            "--advertise-client-urls=http://127.0.0.1:2379".to_owned(),
            "--listen-peer-urls=http://127.0.0.1:2380".to_owned(),
        ],
    )?;
    fs::write(settings.at("audit-policy.yaml"), config("audit-policy.yaml", &[])?)?;
    let toleration = settings.value("--toleration");
    start(
        "kube-apiserver",
        &[
            format!("--advertise-address={HOST_IP}"),
            "--secure-port=6443".to_owned(),
            "--etcd-servers=http://127.0.0.1:2379".to_owned(),
            format!("--tls-cert-file={}", file("pki/apiserver.crt")),
            format!("--tls-private-key-file={}", file("pki/apiserver.key")),
            format!("--client-ca-file={}", file("pki/ca.crt")),
            "--authorization-mode=Node,RBAC".to_owned(),
            "--enable-admission-plugins=NodeRestriction".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
            format!("--service-account-key-file={}", file("pki/sa.pub")),
            format!("--service-account-signing-key-file={}", file("pki/sa.key")),
            // The machine does not resolve the names of the nodes.
            "--kubelet-preferred-address-types=InternalIP".to_owned(),
            format!("--kubelet-client-certificate={}", file("pki/apiserver-kubelet-client.crt")),
            format!("--kubelet-client-key={}", file("pki/apiserver-kubelet-client.key")),
            format!("--service-cluster-ip-range={SERVICE_NET}"),
            "--allow-privileged=true".to_owned(),
            format!("--default-not-ready-toleration-seconds={toleration}"),
            format!("--default-unreachable-toleration-seconds={toleration}"),
            format!("--audit-policy-file={}", file("audit-policy.yaml")),
            format!("--audit-log-path={}", settings.audit_log().display()),
            // Whoever reads what was asked since a moment needs it in one piece.
            "--audit-log-maxsize=4000".to_owned(),
        ],
    )?;
    wait_for(120, "API server", || cluster.kubectl(&["get", "--raw", "/readyz"]).is_ok())?;
    start(
        "kube-controller-manager",
        &[
            format!("--kubeconfig={}", file("controller-manager.conf")),
            format!("--service-account-private-key-file={}", file("pki/sa.key")),
            format!("--root-ca-file={}", file("pki/ca.crt")),
            format!("--cluster-signing-cert-file={}", file("pki/ca.crt")),
            format!("--cluster-signing-key-file={}", file("pki/ca.key")),
            "--use-service-account-credentials".to_owned(),
            "--allocate-node-cidrs=false".to_owned(),
            format!("--node-monitor-grace-period={}s", settings.value("--grace")),
            "--node-monitor-period=2s".to_owned(),
        ],
    )?;
    start("kube-scheduler", &[format!("--kubeconfig={}", file("scheduler.conf"))])?;
    for (name, port) in REGISTRIES {
        registry(cluster, name, port)?;
    }
    Ok(())
}

/// A registry: registry.lab:5000 is open, registry.lab:5001 wants a login.
fn registry(cluster: &Cluster, name: &str, port: u16) -> Outcome {
    let settings = &cluster.settings;
    let (folder, number) = (settings.folder.display().to_string(), port.to_string());
    let passwords = settings.at("htpasswd").display().to_string();
    let auth = if name == "registry-auth" {
        if !fs::exists(&passwords)? {
            let (user, password) = REGISTRY_LOGIN;
            run(&["htpasswd", "-Bbc", &passwords, user, password])?;
        }
        format!("auth: {{htpasswd: {{realm: lab, path: {passwords}}}}}")
    } else {
        String::new()
    };
    let values =
        [("FOLDER", &*folder), ("NAME", name), ("HOST_IP", HOST_IP), ("PORT", &*number), ("AUTH", &*auth)];
    let file = settings.at(&format!("{name}.yaml"));
    fs::write(&file, config("registry.yaml", &values)?)?;
    let hosts = settings.at(&format!("certs.d/registry.lab:{port}"));
    fs::create_dir_all(&hosts)?;
    let url = format!("http://registry.lab:{port}");
    let text = format!("server = \"{url}\"\n[host.\"{url}\"]\n  capabilities = [\"pull\", \"resolve\"]\n");
    fs::write(hosts.join("hosts.toml"), text)?;
    cluster.processes.start(name, &["docker-registry", "serve", &file.display().to_string()])?;
    Ok(())
}

/// Fills the registries, once.
pub fn fill_registries(cluster: &Cluster) -> Outcome {
    let mark = cluster.settings.at("registry/filled");
    if mark.exists() {
        return Ok(());
    }
    let node = Node::of(cluster, 1);
    let ctr = |words: &[&str]| node.run(&[&["ctr", "-n", "lab", "images"][..], words].concat());
    let archive = cluster.images.join("busybox.tar").display().to_string();
    let login = format!("{}:{}", REGISTRY_LOGIN.0, REGISTRY_LOGIN.1);
    ctr(&["import", &archive])?;
    for (_, port) in REGISTRIES {
        for tag in TAGS {
            let name = format!("registry.lab:{port}/team/app:{tag}");
            ctr(&["tag", "--force", "docker.io/library/busybox:1.36", &name])?;
            ctr(&["push", "--plain-http", "--user", &login, &name])?;
        }
    }
    fs::write(mark, "")?;
    Ok(())
}

/// Removes the bridge, if it is ours.
pub fn remove_bridge(cluster: &Cluster) {
    let owner = fs::read_to_string(format!("/sys/class/net/{BRIDGE}/ifalias")).unwrap_or_default();
    if owner.trim() == cluster.settings.folder.display().to_string() {
        let _ = succeeds(&["ip", "link", "del", BRIDGE]);
    }
}
