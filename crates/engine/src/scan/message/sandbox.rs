//! Why a pod's sandbox, and with it its network, is not made.

use super::image::PullCause;
use super::network::{self, NetworkError, Unreached};
use super::text::{after, between, grpc, has, has_any, keep, quoted_after, some, until, word};
use super::{image, start};
use crate::Text;

/// Why there is no sandbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SandboxCause {
    /// No address is left.
    AddressesExhausted {
        /// The range, where named.
        range: Option<Text>,
    },
    /// The plugin gave an address out that is taken.
    DuplicateAllocation {
        /// The address.
        address: Option<Text>,
    },
    /// A plugin's program is not on the node.
    PluginMissing {
        /// Its name.
        plugin: Option<Text>,
    },
    /// A plugin and its configuration are of versions that do not fit.
    PluginIncompatible {
        /// The plugin, where named.
        plugin: Option<Text>,
    },
    /// The node's bridge still has the address of another range.
    BridgeConflict {
        /// The bridge.
        bridge: Option<Text>,
    },
    /// A plugin's program was ended, or could not be run.
    PluginDied {
        /// Its name, where given.
        plugin: Option<Text>,
    },
    /// The network's configuration is not there.
    ConfigMissing,
    /// The plugin's agent on the node does not answer, or has not written its file yet.
    AgentDown {
        /// The plugin, where named.
        plugin: Option<Text>,
    },
    /// The plugin's agent takes no more requests for now (Cilium, 429).
    AgentBusy,
    /// The plugin may not ask the API server.
    Unauthorized,
    /// The plugin does not reach the API server, or another service.
    ApiUnreached(Unreached),
    /// The pause image cannot be had.
    PauseImage {
        /// Why.
        cause: PullCause,
    },
    /// An earlier attempt is still under way.
    NameReserved,
    /// The runtime does not answer.
    RuntimeDown,
    /// The runtime has no handler of the pod's RuntimeClass.
    HandlerMissing {
        /// The handler.
        handler: Text,
    },
    /// Kubelet and runtime use different cgroup drivers.
    CgroupDriver,
    /// The pod's cgroup cannot be made or set.
    Cgroup,
    /// The node's `resolv.conf`, from which that of pods is made, is not there.
    ResolvConfMissing,
    /// A port of the host is taken, or cannot be forwarded.
    HostPort,
    /// The kernel killed the first process for memory.
    OomDuringStart,
    /// A security profile is missing or refused.
    SecurityProfile,
    /// The node has no space left.
    NoSpace,
    /// The node has no processes, files or other kernel objects left.
    NodeLimit,
    /// No answer in time.
    Timeout,
    /// Anything else.
    Other(Text),
}

/// Reads the error of a sandbox (containernetworking/plugins 0.8 to 1.9, Calico, Cilium, flannel, AWS VPC CNI; containerd,
/// CRI-O, Docker).
pub fn read(text: &str) -> SandboxCause {
    let (code, body) = grpc(after(text, "sandbox: ").unwrap_or(text).trim());
    addresses(body)
        .or_else(|| plugin(body))
        .or_else(|| runtime(body))
        .or_else(|| agent(body))
        .unwrap_or_else(|| rest(code, body))
}

/// Pools of addresses.
fn addresses(text: &str) -> Option<SandboxCause> {
    use SandboxCause as C;
    // plugins/ipam/host-local/backend/allocator
    if let Some(rest) = after(text, "no IP addresses available in range set: ") {
        return Some(C::AddressesExhausted { range: some(word(rest)) });
    }
    if has(text, "duplicate allocation is not allowed") {
        let address = until(text, " has been allocated to").rsplit(' ').next().unwrap_or("");
        return Some(C::DuplicateAllocation { address: some(address) });
    }
    let exhausted = has_any(
        text,
        &[
            // host-local
            "failed to allocate all requested IPs",
            // Cilium pkg/ipam
            "range is full",
            "all CIDR ranges are exhausted",
            "No more IPs available",
            "no IPs currently available on the node",
            // Calico cni-plugin/pkg/ipamplugin
            "IPAM allocated only 0",
            "assigned 0 IPs",
            "cannot allocate new block due to per host block limit",
            "no configured Calico pools",
            // amazon-vpc-cni-k8s cmd/routed-eni-cni-plugin
            "failed to assign an IP address to container",
            // Azure, GKE, OVN-Kubernetes, whereabouts
            "No available IPs",
            "no available IPs",
            "Failed to allocate address",
            "failed to allocate pod ip",
            "Could not allocate IP in range",
            "no free IP addresses",
        ],
    );
    exhausted.then_some(C::AddressesExhausted { range: None })
}

/// Programs and configuration: containernetworking/cni/libcni, pkg/invoke.
fn plugin(text: &str) -> Option<SandboxCause> {
    use SandboxCause as C;
    if has(text, "failed to find plugin ") {
        return Some(C::PluginMissing { plugin: quoted_after(text, "failed to find plugin ") });
    }
    // libcni `incompatible CNI versions; config is "<v>", plugin supports […]`
    if has_any(text, &["incompatible CNI versions", "unsupported CNI result version"]) {
        return Some(C::PluginIncompatible { plugin: named(text) });
    }
    // plugins/main/bridge: `failed to set bridge addr: "cni0" already has an IP address different from <address>`
    if has(text, "already has an IP address different from") {
        return Some(C::BridgeConflict { bridge: quoted_after(text, "set bridge addr: ") });
    }
    let missing = has_any(
        text,
        &[
            "cni plugin not initialized",
            "no network config found",
            "no networks found in",
            "no valid networks found",
            "no CNI configuration file",
            "No CNI configuration file",
            "cni config uninitialized",
            "cni config load failed",
        ],
    );
    if missing {
        return Some(C::ConfigMissing);
    }
    let died = has_any(
        text,
        &["netplugin failed with no error message", "netplugin failed but error parsing", "signal: killed"],
    ) || (has(text, "fork/exec /opt/cni/bin/")
        && has_any(text, &["exec format error", "permission denied"]));
    died.then(|| C::PluginDied { plugin: named(text) })
}

/// `plugin type="<type>" name="<network>" failed (add): …` (libcni 1.0+).
fn named(text: &str) -> Option<Text> {
    quoted_after(text, "plugin type=").or_else(|| {
        let path = after(text, "/opt/cni/bin/")?;
        some(word(path))
    })
}

/// What the runtime itself says: containerd `internal/cri/server/sandbox_run.go`, CRI-O, docker.
fn runtime(text: &str) -> Option<SandboxCause> {
    use SandboxCause as C;
    // containerd: `failed to get sandbox image "<image>": failed to pull image …`; docker: `failed pulling image "<pause>"`;
    // CRI-O: `… pause image …`
    if has_any(
        text,
        &[
            "get sandbox image",
            "failed pulling image",
            "unable to pull pause image",
            "error unpacking image",
            "sandbox image",
        ],
    ) {
        return Some(C::PauseImage { cause: image::cause(text) });
    }
    if has_any(text, &["failed to reserve sandbox name", " is reserved for "]) {
        return Some(C::NameReserved);
    }
    // containerd `no runtime for "<handler>" is configured`; CRI-O `failed to find runtime handler <handler> from …`;
    // kubelet `RuntimeClass "<name>" not found`
    if let Some(handler) = quoted_after(text, "no runtime for ")
        .or_else(|| between(text, "find runtime handler ", " from").and_then(some))
        .or_else(|| quoted_after(text, "RuntimeClass "))
    {
        return Some(C::HandlerMissing { handler });
    }
    if has_any(text, &["expected cgroupsPath to be of format", "is different from docker cgroup driver"]) {
        return Some(C::CgroupDriver);
    }
    // pkg/kubelet/network/dns
    if has(text, "resolv.conf: no such file") {
        return Some(C::ResolvConfMissing);
    }
    // plugins/meta/portmap, dockershim hostport
    if has_any(text, &["cannot open hostport", "hostport", "host port", "address already in use"]) {
        return Some(C::HostPort);
    }
    if has_any(
        text,
        &[
            "Resource temporarily unavailable",
            "resource temporarily unavailable",
            "too many open files",
            "cannot allocate memory",
            "can't set nofile limits",
            "exchange full",
        ],
    ) {
        return Some(C::NodeLimit);
    }
    if has(text, "subnet.env") {
        return None;
    }
    // the CRI socket, not that of an agent
    if has(text, "dial unix") && !has_any(text, &["cilium", "calico", "multus", "aws-node", "plugin type="]) {
        return Some(C::RuntimeDown);
    }
    if has(text, "Cannot connect to the Docker daemon") {
        return Some(C::RuntimeDown);
    }
    // the rest of what an OCI runtime says of a container holds for the pause container, too
    Some(match start::read(text)? {
        start::Start::OomDuringStart => C::OomDuringStart,
        start::Start::NameReserved => C::NameReserved,
        start::Start::NoSpace => C::NoSpace,
        start::Start::SecurityProfile => C::SecurityProfile,
        start::Start::Cgroup => C::Cgroup,
        _ => return None,
    })
}

/// What stands behind a plugin.
fn agent(text: &str) -> Option<SandboxCause> {
    use SandboxCause as C;
    let down = has_any(
        text,
        &[
            // Calico cni-plugin/internal/pkg/utils
            "/var/lib/calico/nodename",
            "calico/node container is running",
            // Cilium plugins/cilium-cni
            "onnect to Cilium",
            "cilium.sock",
            "Cilium API client timeout",
            // flannel: plugins/meta/flannel
            "subnet.env: no such file",
            "loadFlannelSubnetEnv failed",
            // amazon-vpc-cni-k8s
            "failed to connect to backend server",
            "Error received from AddNetwork gRPC call",
            "127.0.0.1:50051",
            // Weave: plugins/net, plugins/ipam
            "127.0.0.1:6784",
            // Multus thick, OVN-Kubernetes, Antrea
            "multus.sock",
            "Multus: [",
            "ovn-cni-server.sock",
            "ovn-kubernetes",
            "antrea/cni.sock",
        ],
    );
    if has_any(text, &["putEndpointIdTooManyRequests", "[429]"]) {
        return Some(C::AgentBusy);
    }
    if has_any(text, &["is unauthorized", ": Unauthorized", "is forbidden: User"]) {
        return Some(C::Unauthorized);
    }
    if down {
        return Some(C::AgentDown { plugin: named(text) });
    }
    let cni = has_any(text, &["etup network", "networkPlugin cni", "CNI network", "plugin type="]);
    match network::read(text) {
        Some(_) if cni && has(text, "dial unix") => Some(C::AgentDown { plugin: named(text) }),
        // a bare deadline does not say whose
        Some(unreached) if cni && (unreached.address.is_some() || unreached.how != NetworkError::Timeout) => {
            Some(C::ApiUnreached(unreached))
        }
        _ => None,
    }
}

fn rest(code: Option<&str>, text: &str) -> SandboxCause {
    match code {
        Some("DeadlineExceeded") => SandboxCause::Timeout,
        Some("Unavailable") => SandboxCause::RuntimeDown,
        _ if has_any(
            text,
            &["context deadline exceeded", "i/o timeout", "operation timeout", "timed out"],
        ) =>
        {
            SandboxCause::Timeout
        }
        _ => SandboxCause::Other(keep(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::{SandboxCause as C, *};

    #[test]
    fn addresses_run_out() {
        let full = |range: Option<&str>| C::AddressesExhausted { range: range.map(Text::from) };
        for (text, expected) in [
            (
                r#"Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "b9": plugin type="bridge" failed (add): failed to allocate for range 0: no IP addresses available in range set: 10.244.2.1-10.244.2.14"#,
                full(Some("10.244.2.1-10.244.2.14")),
            ),
            (
                r#"plugin type="calico" failed (add): failed to request 1 IPv4 addresses. IPAM allocated only 0"#,
                full(None),
            ),
            (
                r#"plugin type="cilium-cni" failed (add): unable to allocate IP via local cilium agent: [POST /ipam][502] postIpamFailure "range is full""#,
                full(None),
            ),
            (
                r#"plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to container"#,
                full(None),
            ),
            (
                "failed to allocate for range 0: 10.244.1.7 has been allocated to 9f, duplicate allocation is not allowed",
                C::DuplicateAllocation { address: Some("10.244.1.7".into()) },
            ),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn plugins_and_agents() {
        let down = |plugin: Option<&str>| C::AgentDown { plugin: plugin.map(Text::from) };
        for (text, expected) in [
            (
                r#"failed to find plugin "bridge" in path [/opt/cni/bin]"#,
                C::PluginMissing { plugin: Some("bridge".into()) },
            ),
            (
                r#"plugin type="loopback" failed (add): incompatible CNI versions; config is "1.0.0", plugin supports ["0.1.0" "0.4.0"]"#,
                C::PluginIncompatible { plugin: Some("loopback".into()) },
            ),
            (
                r#"plugin type="flannel" failed (add): failed to delegate add: failed to set bridge addr: "cni0" already has an IP address different from 10.244.0.1/24"#,
                C::BridgeConflict { bridge: Some("cni0".into()) },
            ),
            (
                "Failed to create pod sandbox: open /run/systemd/resolve/resolv.conf: no such file or directory",
                C::ResolvConfMissing,
            ),
            ("no network config found in /etc/cni/net.d: cni plugin not initialized", C::ConfigMissing),
            (
                "network is not ready: container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: No CNI configuration file in /etc/kubernetes/cni/net.d/. Has your network provider started?",
                C::ConfigMissing,
            ),
            (
                r#"plugin type="calico" failed (add): netplugin failed with no error message: signal: killed"#,
                C::PluginDied { plugin: Some("calico".into()) },
            ),
            (
                r#"plugin type="flannel" failed (add): loadFlannelSubnetEnv failed: open /run/flannel/subnet.env: no such file or directory"#,
                down(Some("flannel")),
            ),
            (
                r#"plugin type="calico" failed (add): stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container is running and has mounted /var/lib/calico/"#,
                down(Some("calico")),
            ),
            (
                r#"plugin type="cilium-cni" failed (add): unable to connect to Cilium agent: failed to create cilium agent client after 30.000000 seconds timeout: Get "http://localhost/v1/config": dial unix /var/run/cilium/cilium.sock: connect: no such file or directory"#,
                down(Some("cilium-cni")),
            ),
            (
                r#"plugin type="cilium-cni" failed (add): unable to create endpoint: [PUT /endpoint/{id}][429] putEndpointIdTooManyRequests"#,
                C::AgentBusy,
            ),
            (
                r#"plugin type="calico" failed (add): error getting ClusterInformation: connection is unauthorized: Unauthorized"#,
                C::Unauthorized,
            ),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        let bare = read(
            r#"plugin type="calico" failed (add): error getting ClusterInformation: connection refused"#,
        );
        assert!(matches!(bare, C::ApiUnreached(Unreached { how: NetworkError::Refused, .. })), "{bare:?}");
        let late = read(r#"plugin type="calico" failed (add): context deadline exceeded"#);
        assert_eq!(late, C::Timeout);
        let api = read(
            r#"failed to setup network for sandbox "9f": plugin type="calico" failed (add): error getting ClusterInformation: Get "https://10.96.0.1:443/apis/crd.projectcalico.org/v1/clusterinformations/default": dial tcp 10.96.0.1:443: i/o timeout"#,
        );
        assert!(matches!(api, C::ApiUnreached(Unreached { how: NetworkError::Timeout, .. })), "{api:?}");
    }

    #[test]
    fn runtimes() {
        for (text, expected) in [
            (
                r#"Failed to create pod sandbox: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: no such file or directory""#,
                C::RuntimeDown,
            ),
            (
                "Failed create pod sandbox: rpc error: code = DeadlineExceeded desc = context deadline exceeded",
                C::Timeout,
            ),
            (
                r#"failed to reserve sandbox name "a_b_c_0": name "a_b_c_0" is reserved for "9f""#,
                C::NameReserved,
            ),
            (
                r#"failed to get sandbox image "registry.k8s.io/pause:3.9": failed to pull image "registry.k8s.io/pause:3.9": failed to do request: Head "https://registry.k8s.io/v2/pause/manifests/3.9": dial tcp: lookup registry.k8s.io: no such host"#,
                C::PauseImage {
                    cause: PullCause::Dns {
                        host: "registry.k8s.io".into(),
                        how: network::DnsError::NoSuchHost,
                    },
                },
            ),
            (
                "rpc error: code = NotFound desc = failed to create containerd container: error unpacking image: failed to extract layer sha256:e3: failed to get reader from content store: content digest sha256:61: not found",
                C::PauseImage { cause: PullCause::Corrupt },
            ),
            (
                r#"failed to get sandbox runtime: no runtime for "gvisor" is configured"#,
                C::HandlerMissing { handler: "gvisor".into() },
            ),
            (
                r#"runc create failed: expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "/kubepods/x" instead: unknown"#,
                C::CgroupDriver,
            ),
            (
                r#"plugin type="portmap" failed (add): cannot open hostport 8080 for pod web_shop_: listen tcp4 :8080: bind: address already in use"#,
                C::HostPort,
            ),
            (
                "OCI runtime create failed: runc create failed: unable to start container process: container init was OOM-killed (memory limit too low?): unknown",
                C::OomDuringStart,
            ),
            ("failed to create shim: mkdir /run/containerd/x: no space left on device", C::NoSpace),
            (
                "failed to start shim: fork/exec /usr/bin/containerd-shim-runc-v2: resource temporarily unavailable",
                C::NodeLimit,
            ),
            (
                "OCI runtime create failed: unable to apply cgroup configuration: mkdir /sys/fs/cgroup/x: read-only file system",
                C::Cgroup,
            ),
            ("cannot load seccomp profile \"a.json\": open a.json: no such file", C::SecurityProfile),
            ("a horse", C::Other("a horse".into())),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
