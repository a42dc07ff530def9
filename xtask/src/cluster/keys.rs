//! Keys, certificates and kubeconfigs of the test cluster. Made once and kept, so that a kubeconfig stays good when the
//! cluster is made anew.

use super::process::run;
use super::settings::{API_SERVICE, HOST_IP, Settings};
use crate::Outcome;
use std::fs;

const CURVE: &str = "ec_paramgen_curve:P-256";

/// Makes what is not there yet.
pub fn make(settings: &Settings) -> Outcome {
    let pki = settings.at("pki");
    fs::create_dir_all(&pki)?;
    let path = |name: &str| pki.join(name).display().to_string();
    if !pki.join("ca.crt").exists() {
        let (key, crt) = (path("ca.key"), path("ca.crt"));
        let kind = ["-x509", "-newkey", "ec", "-pkeyopt", CURVE, "-nodes", "-days", "3650"];
        let names = ["-keyout", &key, "-out", &crt, "-subj", "/CN=kubernetes"];
        run(&[&["openssl", "req"][..], &kind, &names].concat())?;
    }
    if !pki.join("sa.pub").exists() {
        run(&["openssl", "genrsa", "-out", &path("sa.key"), "2048"])?;
        run(&["openssl", "rsa", "-in", &path("sa.key"), "-pubout", "-out", &path("sa.pub")])?;
    }
    let names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"]
        .map(|name| format!("DNS:{name}"))
        .join(",");
    let names = format!(
        "{names},DNS:kubernetes.default.svc.cluster.local,IP:127.0.0.1,IP:{HOST_IP},IP:{API_SERVICE}"
    );
    certificate(settings, "apiserver", "/CN=kube-apiserver", &names)?;
    certificate(
        settings,
        "apiserver-kubelet-client",
        "/O=system:masters/CN=kube-apiserver-kubelet-client",
        "",
    )?;
    for (name, subject) in [
        ("admin", "/O=system:masters/CN=kubernetes-admin"),
        ("controller-manager", "/CN=system:kube-controller-manager"),
        ("scheduler", "/CN=system:kube-scheduler"),
        ("kube-proxy", "/CN=system:kube-proxy"),
    ] {
        certificate(settings, name, subject, "")?;
        kubeconfig(settings, name)?;
    }
    for node in 1..=settings.nodes() {
        let name = format!("worker-{node}");
        certificate(settings, &name, &format!("/O=system:nodes/CN=system:node:{name}"), "")?;
        kubeconfig(settings, &name)?;
    }
    Ok(())
}

fn certificate(settings: &Settings, name: &str, subject: &str, names: &str) -> Outcome {
    let pki = settings.at("pki");
    let path = |ending: &str| pki.join(format!("{name}.{ending}")).display().to_string();
    let (key, request, extensions, crt) = (path("key"), path("csr"), path("ext"), path("crt"));
    if fs::exists(&crt)? {
        return Ok(());
    }
    let kind = ["-newkey", "ec", "-pkeyopt", CURVE, "-nodes"];
    run(&[&["openssl", "req", "-keyout", &key, "-subj", subject, "-out", &request][..], &kind].concat())?;
    let names = if names.is_empty() { String::new() } else { format!("subjectAltName={names}\n") };
    fs::write(
        &extensions,
        format!("keyUsage=digitalSignature\nextendedKeyUsage=clientAuth,serverAuth\n{names}"),
    )?;
    let (ca, ca_key) = (pki.join("ca.crt").display().to_string(), pki.join("ca.key").display().to_string());
    let signer = ["-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial", "-days", "3650"];
    let files = ["-in", &request, "-out", &crt, "-extfile", &extensions];
    run(&[&["openssl", "x509", "-req"][..], &signer, &files].concat())?;
    fs::remove_file(&request)?;
    fs::remove_file(&extensions)?;
    Ok(())
}

fn kubeconfig(settings: &Settings, name: &str) -> Outcome {
    let pki = settings.at("pki");
    let text = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": {
            "server": format!("https://{HOST_IP}:6443"),
            "certificate-authority": pki.join("ca.crt"),
        }}],
        "users": [{"name": name, "user": {
            "client-certificate": pki.join(format!("{name}.crt")),
            "client-key": pki.join(format!("{name}.key")),
        }}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": name}}],
    });
    Ok(fs::write(settings.at(&format!("{name}.conf")), format!("{text:#}\n"))?)
}
