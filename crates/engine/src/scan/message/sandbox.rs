//! Why a pod's sandbox, and with it its network, is not made.

use super::text::{after, between, has, has_any, keep, quoted_after, until, word};
use crate::Text;

/// Why there is no sandbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SandboxCause {
    /// No address is left.
    AddressesExhausted {
        /// The range, where named.
        range: Option<Text>,
    },
    /// A plugin's program is not on the node.
    PluginMissing {
        /// Its name.
        plugin: Option<Text>,
    },
    /// The network's configuration is not there.
    ConfigMissing,
    /// The plugin's agent on the node does not answer, or has not written its file yet.
    AgentDown {
        /// The plugin, where named.
        plugin: Option<Text>,
    },
    /// The plugin may not ask the API server.
    Unauthorized,
    /// The pause image cannot be had.
    PauseImage,
    /// An earlier attempt is still under way.
    NameReserved,
    /// The runtime does not answer.
    RuntimeDown,
    /// The kernel killed the first process for memory.
    OomDuringStart,
    /// No answer in time.
    Timeout,
    /// Anything else.
    Other(Text),
}

/// Reads the error of a sandbox (containernetworking/plugins 0.8 to 1.9, Calico, Cilium, flannel, AWS VPC CNI; containerd,
/// CRI-O, Docker).
pub fn read(text: &str) -> SandboxCause {
    use SandboxCause as C;
    if has_any(text, &["container init was OOM-killed", "memory limit too low"]) {
        return C::OomDuringStart;
    }
    if has(text, "no IP addresses available in range set") {
        return C::AddressesExhausted {
            range: after(text, "in range set: ").map(|t| keep(until(word(t), "\""))),
        };
    }
    if has_any(
        text,
        &[
            "range is full",
            "all CIDR ranges are exhausted",
            "no IPs currently available on the node",
            "IPAM allocated only 0",
            "cannot allocate new block due to per host block limit",
            "failed to assign an IP address to container",
            "no free IP addresses",
        ],
    ) {
        return C::AddressesExhausted { range: None };
    }
    if has(text, "failed to find plugin ") {
        return C::PluginMissing { plugin: quoted_after(text, "failed to find plugin ") };
    }
    if has_any(
        text,
        &[
            "cni plugin not initialized",
            "no network config found",
            "no CNI configuration file",
            "cni config uninitialized",
        ],
    ) {
        return C::ConfigMissing;
    }
    let plugin = || between(text, "plugin type=\"", "\"").map(keep);
    if has_any(
        text,
        &[
            "/var/lib/calico/nodename",
            "unable to connect to Cilium",
            "cilium.sock",
            "subnet.env: no such file",
            "failed to connect to backend server",
            "Error received from AddNetwork gRPC call",
            "calico/node container is running",
        ],
    ) {
        return C::AgentDown { plugin: plugin() };
    }
    if has(text, "connection is unauthorized") || has(text, "Unauthorized") && has(text, "network") {
        return C::Unauthorized;
    }
    if has_any(text, &["failed to get sandbox image", "failed pulling image", "pause image"]) {
        return C::PauseImage;
    }
    if has(text, "is reserved for") {
        return C::NameReserved;
    }
    if has_any(text, &["containerd.sock", "crio.sock", "dockershim.sock"])
        && has_any(text, &["dial unix", "connection"])
    {
        return C::RuntimeDown;
    }
    if has_any(text, &["context deadline exceeded", "DeadlineExceeded", "i/o timeout"]) {
        return C::Timeout;
    }
    C::Other(keep(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_range_is_named() {
        let text = "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox \"b9\": plugin type=\"bridge\" failed (add): failed to allocate for range 0: no IP addresses available in range set: 10.244.2.1-10.244.2.14";
        assert_eq!(
            read(text),
            SandboxCause::AddressesExhausted { range: Some("10.244.2.1-10.244.2.14".into()) }
        );
    }

    #[test]
    fn an_agent_that_has_not_started_is_told_from_a_missing_plugin() {
        let flannel = "plugin type=\"flannel\" failed (add): loadFlannelSubnetEnv failed: open /run/flannel/subnet.env: no such file or directory";
        assert_eq!(read(flannel), SandboxCause::AgentDown { plugin: Some("flannel".into()) });
        assert_eq!(
            read("failed to find plugin \"bridge\" in path [/opt/cni/bin]"),
            SandboxCause::PluginMissing { plugin: Some("bridge".into()) }
        );
    }
}
