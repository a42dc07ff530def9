//! Lines of real journals, and what is read in them.

use super::*;
use crate::scan::message::{ProbeKind, SandboxCause, sandbox_cause};

fn read(lines: &[&str]) -> NodeSummary {
    NodeSummary::read(lines.iter().copied(), |line| line.get(13..15).and_then(|seconds| seconds.parse().ok()))
}

/// What one line says, every cut of which is read, too.
fn claims(line: &str) -> Vec<NodeClaim> {
    for (at, _) in line.char_indices() {
        read(&[&line[..at]]);
        read(&[&line[at..]]);
    }
    read(&[line]).sightings.into_iter().map(|s| s.claim).collect()
}

fn text(text: &str) -> Text {
    text.into()
}

const UID: &str = "22c6b609-694a-4ad9-99ae-87cc599d8ca1";
const ID: &str = "d1c1e073213359f112ea9be05afac96468dd011924360565eb6937d2cdfc13e4";

/// A report of kernel 6.1 on a node whose cgroups begin at `/worker-2`.
const REPORT: &[&str] = &[
    "Nov 23 04:50:50.772826 worker-2 kernel: head invoked oom-killer: gfp_mask=0x500cc2(GFP_HIGHUSER|__GFP_ACCOUNT), order=0, oom_score_adj=998",
    "Nov 23 04:50:50.773428 worker-2 kernel: memory: usage 65536kB, limit 65536kB, failcnt 199",
    "Nov 23 04:50:50.773428 worker-2 kernel: memory+swap: usage 65536kB, limit 9007199254740988kB, failcnt 0",
    "Nov 23 04:50:50.774040 worker-2 kernel: oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=d1c1,mems_allowed=0,oom_memcg=/worker-2/kubepods/burstable/pod22c6b609-694a-4ad9-99ae-87cc599d8ca1,task_memcg=/worker-2/kubepods/burstable/pod22c6b609-694a-4ad9-99ae-87cc599d8ca1/d1c1e073213359f112ea9be05afac96468dd011924360565eb6937d2cdfc13e4,task=tail,pid=12267,uid=0",
    "Nov 23 04:50:50.774046 worker-2 kernel: Memory cgroup out of memory: Killed process 12267 (tail) total-vm:65568kB, anon-rss:63104kB, file-rss:1212kB, shmem-rss:0kB, UID:0 pgtables:168kB oom_score_adj:998",
    "Nov 23 04:50:52.782998 worker-2 kernel: oom_reaper: reaped process 12267 (tail), now anon-rss:0kB, file-rss:68kB, shmem-rss:0kB",
];

#[test]
fn a_report_is_one_kill() {
    let read = read(REPORT);
    let [kill] = read.oom_kills.as_slice() else { panic!("{read:#?}") };
    assert_eq!((kill.pod_uid.as_deref(), kill.container_id.as_deref()), (Some(UID), Some(ID)));
    assert!(kill.pod_limit && !kill.global);
    assert_eq!((&*kill.process, kill.pid, kill.at, kill.line), ("tail", Some(12267), Some(50), 3));
    assert_eq!((kill.rss, kill.limit, kill.others), (Some(64_316), Some(65_536), 0));
}

#[test]
fn both_cgroup_drivers_and_both_scopes_are_read() {
    let id = "0c".repeat(32);
    let systemd = format!(
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{}.slice/cri-containerd-{id}.scope",
        UID.replace('-', "_")
    );
    let line = format!(
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg={systemd},task_memcg={systemd},task=a, b,pid=7,uid=0"
    );
    let kill = read(&[&line]).oom_kills.remove(0);
    assert_eq!((kill.pod_uid.as_deref(), kill.container_id.as_deref()), (Some(UID), Some(&*id)));
    assert_eq!((kill.pod_limit, kill.global, &*kill.process, kill.pid), (false, false, "a, b", Some(7)));
    let line = format!(
        "[ 99.1] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg={systemd},task=java,pid=7,uid=0"
    );
    let kill = read(&[&line, "[ 99.1] Out of memory: Killed process 7 (java) total-vm:9kB, anon-rss:4kB, file-rss:1kB, shmem-rss:1kB, UID:0 pgtables:1kB oom_score_adj:0"]).oom_kills.remove(0);
    assert!(kill.global && !kill.pod_limit);
    assert_eq!((kill.container_id.as_deref(), kill.rss), (Some(&*id), Some(6)));
}

#[test]
fn old_kernels_and_groups() {
    let old = read(&[
        &format!(
            "Task in /kubepods/burstable/pod{UID}/{ID} killed as a result of limit of /kubepods/burstable/pod{UID}/{ID}"
        ),
        "memory: usage 65536kB, limit 65536kB, failcnt 24",
        "Memory cgroup out of memory: Kill process 5678 (sh) score 1998 or sacrifice child",
        "Killed process 5678 (sh) total-vm:65568kB, anon-rss:63104kB, file-rss:0kB",
    ]);
    let [kill] = old.oom_kills.as_slice() else { panic!("{old:#?}") };
    assert_eq!(
        (&*kill.process, kill.pid, kill.rss, kill.global, kill.pod_limit),
        ("sh", Some(5678), Some(63_104), false, false)
    );
    let mut lines = REPORT.to_vec();
    lines.truncate(5);
    lines.push("Nov 23 04:50:50.8 worker-2 kernel: Tasks in /worker-2/kubepods/burstable/pod22 are going to be killed due to memory.oom.group set");
    lines.push("Nov 23 04:50:50.8 worker-2 kernel: Memory cgroup out of memory: Killed process 12268 (sh) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0");
    let group = read(&lines);
    assert_eq!(group.oom_kills.iter().map(|k| k.others).collect::<Vec<_>>(), [1]);
    // The report before it is cut off.
    let alone = read(&[
        "kernel: Out of memory: Killed process 9 (java) total-vm:1kB, anon-rss:2kB, file-rss:0kB, shmem-rss:0kB",
    ]);
    assert_eq!(alone.oom_kills.iter().map(|k| (k.global, k.pid)).collect::<Vec<_>>(), [(true, Some(9))]);
    assert!(read(&["restarted: Killed process 9 (java) by hand"]).oom_kills.is_empty());
}

#[test]
fn other_runtimes_that_are_not_there_are_no_failure() {
    let line = r#"Nov 25 13:40:13.478927 worker-2 kubelet[25897]: I1125 13:40:13.466633   25897 factory.go:221] Registration of the crio container factory failed: Get "http://%2Fvar%2Frun%2Fcrio%2Fcrio.sock/info": dial unix /var/run/crio/crio.sock: connect: no such file or directory"#;
    assert_eq!(read(&[line]).seen(|c| matches!(c, NodeClaim::RuntimeUnreachable { .. })), None);
}

const KUBELET: &[(&str, NodeClaimOf)] = &[
    (
        r#"Nov 23 04:40:55.452800 w kubelet[1]: E1123 04:40:55.452417   23992 generic.go:238] "GenericPLEG: Unable to retrieve pods" err="rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: no such file or directory\"""#,
        || NodeClaim::RuntimeUnreachable { how: "missing" },
    ),
    (
        r#"Nov 23 04:40:55.452800 w kubelet[1]: E1123 04:40:55.452417   23992 generic.go:238] "GenericPLEG: Unable to retrieve pods" err="rpc error: code = DeadlineExceeded desc = context deadline exceeded""#,
        || NodeClaim::RuntimeUnreachable { how: "timeout" },
    ),
    (
        r#"E1123 04:40:55.452417 1 log.go:32] "Version from runtime service failed" err="rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing dial unix /run/crio/crio.sock: connect: connection refused\"""#,
        || NodeClaim::RuntimeUnreachable { how: "refused" },
    ),
    (
        r#"E1123 04:40:55.452417 1 kubelet.go:2] "Skipping pod synchronization" err="PLEG is not healthy: pleg was last seen active 3m8s ago; threshold is 3m0s""#,
        || NodeClaim::SyncSkipped,
    ),
    (
        "E0101 04:40:55.452417 1 kubelet.go:2] skipping pod synchronization - [container runtime is down PLEG is not healthy: pleg was last seen active 3m8s ago]",
        || NodeClaim::PlegUnhealthy,
    ),
    (
        r#"E1123 04:40:55.452417 1 kubelet.go:2] "Container runtime network not ready" networkReady="NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized""#,
        || NodeClaim::NetworkNotReady,
    ),
    (
        r#"I1123 04:40:55.452417 1 setters.go:602] "Node became not ready" node="w" condition={"type":"Ready","status":"False","lastHeartbeatTime":"2026-11-23T04:41:05Z","reason":"KubeletNotReady","message":"container runtime is down"}"#,
        || NodeClaim::NotReady { reason: "KubeletNotReady".into() },
    ),
    (
        r#"E1123 04:40:55.452417 1 pod_workers.go:1301] "Error syncing pod, skipping" err="failed to \"StartContainer\" for \"web\" with CrashLoopBackOff: \"back-off 40s restarting failed container=web pod=web-1_shop(22c6b609)\"" pod="shop/web-1" podUID="22c6b609""#,
        || NodeClaim::PodSyncFailed {
            pod: "shop/web-1".into(),
            step: "StartContainer".into(),
            container: Some("web".into()),
            reason: "CrashLoopBackOff".into(),
        },
    ),
    (
        r#"E1123 04:40:55.452417 1 kuberuntime_manager.go:1] "CreatePodSandbox for pod failed" err="rpc error: code = Unknown desc = failed to setup network for sandbox \"4ec7\": plugin type=\"bridge\" failed (add): failed to allocate for range 0: no IP addresses available in range set: 10.244.1.1-10.244.1.14" pod="shop/web-1""#,
        || NodeClaim::SandboxFailed { pod: "shop/web-1".into() },
    ),
    (
        r#"E1123 04:40:55.452417 1 kubelet_node_status.go:549] "Error updating node status, will retry" err="error getting node \"w\": Get \"https://10.0.0.4:6443/api/v1/nodes/w?timeout=10s\": dial tcp 10.0.0.4:6443: connect: connection refused""#,
        || NodeClaim::ApiUnreachable { call: ApiCall::NodeStatus, why: ApiTrouble::Refused },
    ),
    (
        r#"E1123 04:40:55.452417 1 controller.go:145] "Failed to ensure lease exists, will retry" err="Get \"https://api:6443/x\": dial tcp: lookup api on 10.0.0.2:53: no such host" interval="7s""#,
        || NodeClaim::ApiUnreachable { call: ApiCall::Lease, why: ApiTrouble::Unresolved },
    ),
    (
        r#"E1123 04:40:55.452417 1 controller.go:195] "Failed to update lease" err="Put \"https://10.0.0.4:6443/x\": net/http: request canceled (Client.Timeout exceeded while awaiting headers)""#,
        || NodeClaim::ApiUnreachable { call: ApiCall::Lease, why: ApiTrouble::Timeout },
    ),
    (
        r#"E1123 04:40:55.452417 1 kubelet_node_status.go:92] "Unable to register node with API server" err="Unauthorized" node="w""#,
        || NodeClaim::ApiUnreachable { call: ApiCall::Registration, why: ApiTrouble::Unauthorized },
    ),
    (
        r#"E1123 04:40:55.452417 1 run.go:74] "command failed" err="failed to run Kubelet: running with swap on is not supported, please disable swap! or set --fail-swap-on flag to false""#,
        || NodeClaim::KubeletFailed { why: KubeletFailure::SwapOn },
    ),
    (
        r#"E1123 04:40:55.452417 1 run.go:74] "command failed" err="failed to load kubelet config file, path: /var/lib/kubelet/config.yaml, error: no such file""#,
        || NodeClaim::KubeletFailed { why: KubeletFailure::Config },
    ),
    (
        r#"E1123 04:40:55.452417 1 run.go:74] "command failed" err="failed to run Kubelet: validate service connection: validate CRI v1 runtime API for endpoint \"unix:///run/containerd/containerd.sock\": rpc error: code = Unimplemented desc = unknown service runtime.v1.RuntimeService""#,
        || NodeClaim::KubeletFailed { why: KubeletFailure::RuntimeApi },
    ),
    (
        "E1123 04:40:55.452417 1 transport.go:1] The currently active client certificate has expired and the server is not responsive. A restart may be necessary to retrieve new initial credentials.",
        || NodeClaim::CertificateInvalid,
    ),
    (
        r#"I1123 04:40:55.452417 1 eviction_manager.go:1] "Eviction manager: attempting to reclaim" resourceName="ephemeral-storage""#,
        || NodeClaim::Evicting { resource: "ephemeral-storage".into() },
    ),
    ("W0101 04:40:55.452417 1 eviction_manager.go:1] eviction manager: attempting to reclaim memory", || {
        NodeClaim::Evicting { resource: "memory".into() }
    }),
    (
        r#"I1123 04:40:55.452417 1 eviction_manager.go:1] "Eviction manager: pod is evicted successfully" pod="shop/web-1""#,
        || NodeClaim::Evicted { pod: "shop/web-1".into() },
    ),
    (
        r#"I1123 04:40:55.452417 1 kuberuntime_container.go:1] "Killing container with a grace period" pod="shop/web-1" podUID="1" containerName="web" containerID="containerd://adce" gracePeriod=30"#,
        || NodeClaim::Killing { pod: "shop/web-1".into(), container: "web".into(), grace: Some(30) },
    ),
    (
        r#"I1123 04:40:55.452417 1 kubelet.go:1] "System OOM encountered, victim process: java, pid: 7""#,
        || NodeClaim::SystemOom { process: "java".into() },
    ),
    (
        r#"I1123 04:40:55.452417 1 image_gc_manager.go:1] "Disk usage on image filesystem is over the high threshold, trying to free bytes down to the low threshold" usage=91 highThreshold=85 amountToFree=1 lowThreshold=80"#,
        || NodeClaim::DiskOverThreshold,
    ),
    (
        r#"{"ts":1763985600500.1,"caller":"kubelet/kubelet.go:1","msg":"Skipping pod synchronization","v":0,"err":"container runtime is down"}"#,
        || NodeClaim::SyncSkipped,
    ),
];

type NodeClaimOf = fn() -> NodeClaim;

#[test]
fn the_kubelet_s_lines() {
    for (line, want) in KUBELET {
        let found = claims(line);
        assert!(found.contains(&want()), "{line}: {found:?}");
        assert!(read(&[line]).sightings.iter().all(|s| !s.unusual), "{line}");
    }
}

#[test]
fn a_sandbox_s_error_is_for_the_message_scanner() {
    let sandbox = KUBELET.iter().find(|(line, _)| line.contains("CreatePodSandbox")).expect("a line").0;
    let found = read(&[sandbox]);
    let sighting = found.seen(|c| matches!(c, NodeClaim::SandboxFailed { .. })).expect("a sighting");
    let cause = sandbox_cause(sighting.detail.as_deref().expect("an error"));
    assert!(matches!(cause, SandboxCause::AddressesExhausted { .. }), "{cause:?}");
    assert!(found.seen(|c| *c == NodeClaim::AddressesExhausted).is_some());
}

#[test]
fn an_output_of_several_lines_belongs_to_its_record() {
    let read = read(&[
        r#"Nov 23 05:08:09.2 w kubelet[1]: I1123 05:08:09.236859   11556 prober.go:120] "Probe failed" probeType="Liveness" pod="shop/web-1" podUID="3c" containerName="web" probeResult="failure" output=<"#,
        "Nov 23 05:08:09.2 w kubelet[1]:         /bin/cat: /tmp/healthy: No such file or directory",
        "Nov 23 05:08:09.2 w kubelet[1]:  >",
        r#"Nov 23 05:08:11.2 w kubelet[1]: I1123 05:08:11.236859   11556 prober.go:120] "Probe failed" probeType="Readiness" pod="shop/web-1" podUID="3c" containerName="web" probeResult="failure" output="HTTP probe failed with statuscode: 500""#,
    ]);
    let told: Vec<_> =
        read.sightings.iter().map(|s| (s.claim.clone(), s.detail.as_deref(), s.line, s.first)).collect();
    let probe = |kind| NodeClaim::ProbeFailed { kind, pod: text("shop/web-1"), container: text("web") };
    assert_eq!(
        told,
        [
            (
                probe(ProbeKind::Liveness),
                Some("/bin/cat: /tmp/healthy: No such file or directory"),
                0,
                Some(9)
            ),
            (probe(ProbeKind::Readiness), Some("HTTP probe failed with statuscode: 500"), 3, Some(11)),
        ]
    );
    assert_eq!(read.lines, 4);
}

#[test]
fn wordings_that_no_version_has_are_read_and_marked() {
    let read = read(&[
        r#"Jun 28 12:01:15 n kubelet[1234]: E0628 12:01:15.123456 1234 kubelet.go:2456] "Error updating node status" err="node not found in cloud provider API""#,
        r#"Jun 28 12:01:18 n kubelet[1234]: E0628 12:01:18.654321 1234 pleg.go:345] "PLEG: container runtime is down, connection to containerd.sock timed out""#,
        r#"Jun 28 12:01:20 n kubelet[1234]: F0628 12:01:20.987654 1234 server.go:150] "Fatal error: Container runtime socket completely unresponsive. Exiting.""#,
        r#"Jun 28 12:05:00 n kubelet[1234]: W0628 12:05:00.123456 1234 oom_watcher.go:56] "System OOM encountered, evicting Pod failing-memory-pod""#,
    ]);
    let told: Vec<_> = read.sightings.iter().map(|s| (s.claim.clone(), s.count, s.unusual)).collect();
    assert_eq!(
        told,
        [
            (NodeClaim::RuntimeUnreachable { how: "timeout" }, 2, true),
            (NodeClaim::PlegUnhealthy, 1, true),
            (NodeClaim::ApiUnreachable { call: ApiCall::NodeStatus, why: ApiTrouble::NotFound }, 1, false),
            (NodeClaim::KubeletFailed { why: KubeletFailure::Runtime }, 1, true),
            (NodeClaim::SystemOom { process: text("") }, 1, true),
        ]
    );
}

#[test]
fn runtime_kernel_systemd_and_control_plane() {
    let unit = |unit: &str| text(unit);
    for (line, want) in [
        (
            r#"Nov 23 04:50:50.7 w containerd[1]: time="2026-11-23T04:50:50.769336015Z" level=info msg="TaskOOM event &TaskOOM{ContainerID:9a1dbc52209e,XXX_unrecognized:[],}""#,
            NodeClaim::TaskOom { container: text("9a1dbc52209e") },
        ),
        (
            r#"Nov 23 04:50:50.7 w containerd[1]: time="2026-11-23T04:50:50Z" level=info msg="Stop CRI service""#,
            NodeClaim::RuntimeStopping,
        ),
        (
            r#"w containerd: time="2026-11-23T04:50:50Z" level=error msg="RunPodSandbox for &PodSandboxMetadata{Name:web-1,Uid:8d,Namespace:shop,Attempt:0,} failed, error" error="failed to get sandbox image""#,
            NodeClaim::SandboxFailed { pod: text("shop/web-1") },
        ),
        ("Nov 23 04:50:50 w containerd[1]: panic: runtime error: index out of range", NodeClaim::DaemonPanic),
        (
            "Nov 23 04:50:50 w kernel: java[4242]: segfault at 0 ip 00007f sp 00007ffc error 4 in libjvm.so",
            NodeClaim::Segfault { process: text("java") },
        ),
        (
            "[ 99.1] traps: web[77] trap invalid opcode ip:55 sp:7f error:0 in web[55+1]",
            NodeClaim::Segfault { process: text("web") },
        ),
        (
            "[ 99.1] INFO: task jbd2/vda1-8:321 blocked for more than 120 seconds.",
            NodeClaim::HungTask { process: text("jbd2/vda1-8") },
        ),
        ("[ 99.1] watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:99]", NodeClaim::SoftLockup),
        ("[ 99.1] Kernel panic - not syncing: Fatal exception", NodeClaim::Panic),
        ("[ 99.1] EXT4-fs (vda1): Remounting filesystem read-only", NodeClaim::DiskFailing),
        ("[ 99.1] blk_update_request: I/O error, dev sda, sector 123", NodeClaim::DiskFailing),
        ("[ 99.1] nf_conntrack: nf_conntrack: table full, dropping packet", NodeClaim::ConntrackFull),
        (
            "[ 99.1] cgroup: fork rejected by pids controller in /kubepods/pod22c6b609-694a-4ad9-99ae-87cc599d8ca1/x",
            NodeClaim::PidsLimit { pod_uid: Some(text(UID)) },
        ),
        (
            "[ 99.1] ixgbe 0000:01:00.0 eth0: NIC Link is Down",
            NodeClaim::LinkDown { interface: text("eth0") },
        ),
        (
            "[ 99.1] NETDEV WATCHDOG: eth0 (ixgbe): transmit queue 3 timed out",
            NodeClaim::TransmitTimeout { interface: text("eth0") },
        ),
        (
            "[ 99.1] ixgbe 0000:01:00.0 eth1: NETDEV WATCHDOG: CPU: 1: transmit queue 3 timed out 5376 ms",
            NodeClaim::TransmitTimeout { interface: text("eth1") },
        ),
        ("[ 99.1] TCP: out of memory -- consider tuning tcp_mem", NodeClaim::TcpMemory),
        ("[ 99.1] neighbour: arp_cache: neighbor table overflow!", NodeClaim::NeighbourTableFull),
        (
            "[ 99.1] unregister_netdevice: waiting for eth0 to become free. Usage count = 2",
            NodeClaim::InterfaceStuck { interface: text("eth0") },
        ),
        (
            "Nov 23 04:50:50 w systemd[1]: kubelet.service: Main process exited, code=exited, status=1/FAILURE",
            NodeClaim::UnitExited { unit: unit("kubelet"), code: text("exited"), status: text("1/FAILURE") },
        ),
        (
            "Nov 23 04:50:50 w systemd[1]: kubelet.service: main process exited, code=killed, status=9/KILL",
            NodeClaim::UnitExited { unit: unit("kubelet"), code: text("killed"), status: text("9/KILL") },
        ),
        (
            "Nov 23 04:50:50 w systemd[1]: kubelet.service: Failed with result 'exit-code'.",
            NodeClaim::UnitFailed { unit: unit("kubelet"), result: text("exit-code") },
        ),
        (
            "Nov 23 04:50:50 w systemd[1]: Unit kubelet.service entered failed state.",
            NodeClaim::UnitFailed { unit: unit("kubelet"), result: text("") },
        ),
        (
            "Nov 23 04:50:50 w systemd[1]: kubelet.service: Start request repeated too quickly.",
            NodeClaim::UnitFailed { unit: unit("kubelet"), result: text("start-limit-hit") },
        ),
        (
            "Nov 23 04:50:50 w systemd[1]: kubelet.service: Scheduled restart job, restart counter is at 7.",
            NodeClaim::UnitRestarts { unit: unit("kubelet") },
        ),
        (
            "Nov 23 04:50:50 w systemd[1]: Stopped Kubernetes Kubelet.",
            NodeClaim::UnitStopped { unit: unit("kubelet") },
        ),
        (
            "Nov 23 04:50:50 w systemd[1]: Stopping containerd container runtime...",
            NodeClaim::UnitStopped { unit: unit("containerd") },
        ),
        (
            "Nov 23 04:50:50 w systemd[1]: Started kubelet.service - kubelet: The Kubernetes Node Agent.",
            NodeClaim::UnitStarted { unit: unit("kubelet") },
        ),
        (
            "Nov 23 04:50:50 w systemd[1]: containerd.service: A process of this unit has been killed by the OOM killer.",
            NodeClaim::UnitOom { unit: unit("containerd") },
        ),
        (
            r#"Nov 23 04:50:50 m kube-scheduler[1]: I1123 04:50:50.1 1 schedule_one.go:1] "Unable to schedule pod; no fit; waiting" pod="shop/web-1" err="0/4 nodes are available: 4 Insufficient cpu.""#,
            NodeClaim::Unschedulable { pod: text("shop/web-1") },
        ),
        (
            "Nov 23 04:50:50 m kube-controller-manager[1]: E1123 04:50:50.1 1 controllermanager.go:1] \"leaderelection lost\"",
            NodeClaim::LeaderLost { component: text("kube-controller-manager") },
        ),
        (
            r#"{"level":"warn","msg":"slow fdatasync","took":"2.1s","expected-duration":"1s"}"#,
            NodeClaim::EtcdSlow,
        ),
    ] {
        let found = claims(line);
        assert!(found.contains(&want), "{line}: {found:?}");
    }
}

#[test]
fn harmless_lines_say_nothing() {
    for line in [
        "Nov 23 04:50:50 w systemd[1]: containerd.service: Unit process 1 (containerd-shim) remains running after unit stopped.",
        "Nov 23 04:50:50 w systemd[1]: Started Session 4 of user root.",
        "Nov 23 04:50:50 w systemd[1]: Started cri-containerd-0c1d.scope - libcontainer container 0c1d.",
        "Nov 23 04:50:50 w systemd[1]: kubelet.service: Main process exited, code=exited, status=0/SUCCESS",
        "Nov 23 04:50:50 w kernel: cni0: port 1(veth1) entered disabled state",
        "Nov 23 04:50:50 w kernel: veth12ab: link is down",
        r#"I1123 04:50:50.1 1 ???:1] "http: TLS handshake error from 10.0.0.9:1: remote error: tls: bad certificate""#,
        r#"E1123 04:50:50.1 1 kubelet_node_status.go:1] "Error updating node status, will retry" err="Operation cannot be fulfilled on nodes \"w\": the object has been modified; please apply your changes to the latest version and try again""#,
        r#"E1123 04:50:50.1 1 kubelet.go:1] "Image garbage collection failed once. Stats initialization may not have completed yet" err="x""#,
        r#"time="2026-11-23T04:50:50Z" level=info msg="shim disconnected" id=9a1d"#,
        r#"I1123 04:50:50.1 1 flags.go:64] FLAG: --container-runtime-endpoint="unix:///run/containerd/containerd.sock""#,
        r#"Nov 23 04:50:50 m kube-proxy[1]: I1123 04:50:50.1 1 config.go:1] "Starting node config controller""#,
        "-- No entries --",
        "",
    ] {
        let read = read(&[line]);
        assert!(read.sightings.is_empty() && read.oom_kills.is_empty(), "{line}: {read:#?}");
    }
}

#[test]
fn who_was_heard_and_until_when() {
    let read = read(&[
        "Nov 23 04:50:10 w kubelet[1]: a",
        "Nov 23 04:50:20 w kubelet[1]: b",
        "Nov 23 04:50:30 w containerd[2]: c",
    ]);
    let heard: Vec<_> = read.heard.iter().map(|h| (&*h.component, h.lines, h.first, h.last)).collect();
    assert_eq!(heard, [("containerd", 1, Some(30), Some(30)), ("kubelet", 2, Some(10), Some(20))]);
    let mut scan = NodeScan::new();
    scan.push_message("kubelet", "a", Some(5));
    scan.push_message("kubelet", r#"E1123 x] "Skipping pod synchronization" err="x""#, Some(9));
    let structured = scan.finish(|_| None);
    assert_eq!(structured.heard.first().map(|h| (h.first, h.last)), Some((Some(5), Some(9))));
    assert_eq!(structured.seen(|c| *c == NodeClaim::SyncSkipped).and_then(|s| s.first), Some(9));
}

#[test]
fn memory_stays_bounded() {
    let mut scan = NodeScan::new();
    for at in 0..5000 {
        scan.push_message(
            "kubelet",
            &format!(r#""Eviction manager: pod is evicted successfully" pod="shop/web-{at}""#),
            None,
        );
        scan.push(&format!("Nov 23 04:50:50 w c{at}[1]: output=<"), |_| None);
        scan.push(&format!("Nov 23 04:50:50 w c{at}[1]:  {}", "x".repeat(900)), |_| None);
    }
    let read = scan.finish(|_| None);
    assert_eq!((read.sightings.len(), read.dropped), (SIGHTINGS, 5000 - SIGHTINGS as u64));
    assert_eq!(read.heard.len(), COMPONENTS);
}

/// Lines of which each says something of a pod of its own.
fn flood(pods: usize) -> impl Iterator<Item = String> {
    (0..pods).map(|at| format!(r#""Eviction manager: pod is evicted successfully" pod="shop/web-{at}""#))
}

#[test]
fn no_flood_of_one_kind_hides_another() {
    let mut scan = NodeScan::new();
    flood(5000).for_each(|line| scan.push(&line, |_| None));
    scan.push("kernel: Kernel panic - not syncing: Fatal exception", |_| None);
    let read = scan.finish(|_| None);
    assert_eq!((read.sightings.len(), read.dropped), (SIGHTINGS + 1, 5000 - SIGHTINGS as u64));
    assert!(read.seen(|claim| *claim == NodeClaim::Panic).is_some());
}

#[test]
fn parts_are_joined_to_the_whole_or_tell_that_they_are_not_sure() {
    let lines: Vec<String> = flood(900)
        .chain(flood(30))
        .chain((0..COMPONENTS + 8).map(|at| format!("Nov 23 04:50:50 w c{at}[1]: a")))
        .chain(flood(900))
        .collect();
    let whole = NodeSummary::read(lines.iter().map(String::as_str), |_| None);
    for size in [1, 7, 100, 700] {
        let mut scan = NodeScan::new();
        let mut sure = 0;
        // Of three at a time none knows what the others hold.
        for (round, three) in lines.chunks(size * 3).enumerate() {
            let parts: Vec<NodeScan> = three.iter().map(|_| scan.part()).collect();
            for ((at, lines), mut part) in three.chunks(size).enumerate().zip(parts) {
                lines.iter().for_each(|line| part.push(line, |_| None));
                let before = ((round * 3 + at) * size) as u32;
                if part.is_sure() {
                    sure += 1;
                    scan.join(part, before, |_| None);
                } else {
                    scan.seek(before);
                    lines.iter().for_each(|line| scan.push(line, |_| None));
                }
            }
        }
        assert_eq!(scan.finish(|_| None), whole, "{size}");
        assert!(sure > 0, "{size}");
    }
}

#[test]
fn every_cut_of_a_line_is_read() {
    let lines: Vec<&str> = KUBELET.iter().map(|(line, _)| *line).chain(REPORT.iter().copied()).collect();
    for line in &lines {
        let line = format!("{line}é=<");
        for (at, _) in line.char_indices() {
            read(&[&line[..at]]);
            read(&[&line[at..], " x", " >"]);
        }
    }
}

#[test]
fn a_journal_tells_where_it_holds_nothing() {
    let minute =
        |line: &str| line.get(..2)?.parse::<i64>().ok().map(|minute| minute * 60 * crate::moment::SECOND);
    let mut scan = NodeScan::new();
    for second in 0..40 {
        scan.push(&format!("01:{second} n1 kubelet[7]: a"), minute);
    }
    scan.push("no time at all: b", minute);
    scan.push("30:00 n1 kubelet[7]: c", minute);
    scan.push("31:00 n1 kubelet[7]: d", minute);
    scan.boot();
    scan.push("32:00 n1 kubelet[7]: e", minute);
    let found: Vec<_> = scan.finish(minute).breaks.into_iter().map(|b| (b.from, b.to, b.boot)).collect();
    let at = |minute: i64| minute * 60 * crate::moment::SECOND;
    assert_eq!(found, [(at(1), at(30), false), (at(31), at(32), true)]);
}
