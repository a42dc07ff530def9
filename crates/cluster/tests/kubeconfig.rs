//! Kubeconfigs: contexts, several files, flags that win over them, and what is wrong with them in words.

// What a test cannot set up fails the test.
#![allow(clippy::unwrap_used)]

use cluster::{Cluster, Connect, Error};
use std::path::{Path, PathBuf};

const ONE: &str = "apiVersion: v1
kind: Config
current-context: dev
clusters:
- {name: dev, cluster: {server: 'https://dev.example:6443'}}
- {name: prod, cluster: {server: 'https://user:pass@prod.example:6443', insecure-skip-tls-verify: true}}
users:
- {name: me, user: {token: abc}}
contexts:
- {name: dev, context: {cluster: dev, user: me, namespace: shop}}
- {name: prod, context: {cluster: prod, user: me}}
";

fn file(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("coroner-kubeconfig-{}-{name}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

fn connect(path: &Path, change: impl FnOnce(&mut Connect)) -> Result<cluster::Identity, Error> {
    let mut options = Connect { kubeconfig: Some(path.to_owned()), ..Connect::default() };
    change(&mut options);
    Cluster::connect(&options).map(|cluster| cluster.identity().clone())
}

#[test]
fn the_context_tells_namespace_and_server() {
    let path = file("one", ONE);
    let dev = connect(&path, |_| {}).unwrap();
    assert_eq!((dev.context.as_deref(), &*dev.namespace), (Some("dev"), "shop"));
    let prod = connect(&path, |it| it.context = Some("prod".into())).unwrap();
    // Name and password of an address are nobody's business.
    assert_eq!((&*prod.namespace, &*prod.server), ("default", "https://prod.example:6443"));
    let other = connect(&path, |it| it.server = Some("http://127.0.0.1:1".into())).unwrap();
    assert_eq!(&*other.server, "http://127.0.0.1:1");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_wrong_name_is_answered_with_the_right_ones() {
    let path = file("names", ONE);
    let error = connect(&path, |it| it.context = Some("staging".into())).unwrap_err();
    assert_eq!(error.to_string(), "the kubeconfig has no context staging");
    assert_eq!(error.hint().unwrap(), "the kubeconfig has the contexts dev, prod");
    let error = connect(&path, |it| it.user = Some("root".into())).unwrap_err();
    assert_eq!(error.to_string(), "the kubeconfig has no user root");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn what_cannot_be_used_says_why() {
    let broken = file("broken", "apiVersion: [");
    assert!(matches!(connect(&broken, |_| {}), Err(Error::Config(_))));
    std::fs::remove_file(broken).unwrap();
    let missing = PathBuf::from("/nowhere/kubeconfig");
    assert!(matches!(connect(&missing, |_| {}), Err(Error::Config(_))));
    let bare = file("bare", "apiVersion: v1\nkind: Config\n");
    let error = connect(&bare, |_| {}).unwrap_err();
    assert!(error.to_string().contains("--context"), "{error}");
    std::fs::remove_file(bare).unwrap();
}

#[test]
fn a_credential_plugin_that_fails_is_told_as_such() {
    let text = ONE.replace(
        "{token: abc}",
        "{exec: {apiVersion: client.authentication.k8s.io/v1, command: /nowhere/plugin, interactiveMode: Never}}",
    );
    let path = file("exec", &text);
    let error = connect(&path, |_| {}).unwrap_err();
    assert!(matches!(error, Error::Plugin(_)), "{error:?}");
    std::fs::remove_file(path).unwrap();
}
