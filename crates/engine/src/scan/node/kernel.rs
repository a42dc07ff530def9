//! Lines of the kernel.

use super::claim::NodeClaim;
use super::oom::cgroup;
use super::patterns::{Family, Said};
use super::record::Record;
use crate::Text;
use crate::scan::message::text::{after, has, has_any, keep, until};

/// Literals of the report of a kill for memory (`mm/oom_kill.c`, `mm/memcontrol.c`; 3.10 to 6.17).
pub(super) const OOM: &[&str] = &[
    "oom-kill:constraint=",
    "memory: usage ",
    "invoked oom-killer",
    " killed as a result of limit of ",
    "due to memory.oom.group set",
    "Killed process ",
];

/// Sources: `arch/*/mm/fault.c`, `arch/x86/kernel/traps.c`, `kernel/hung_task.c`, `kernel/watchdog.c`, `kernel/panic.c`,
/// `fs/ext4`, `fs/xfs`, `fs/buffer.c`, `block/blk-core.c`, `net/netfilter/nf_conntrack_core.c`, `kernel/cgroup/pids.c`,
/// `net/sched/sch_generic.c`, `net/ipv4/tcp.c`, `net/core/neighbour.c`, `net/core/dev.c` (3.10 to 6.17).
pub(super) const FAMILIES: &[Family] = &[
    Family {
        read: segfault,
        literals: &[
            " segfault at ",
            "trap invalid opcode",
            "general protection",
            "trap divide error",
            "trap int3",
        ],
    },
    Family { read: hung, literals: &[" blocked for more than "] },
    Family {
        read: |record, said| kernel(record, said, NodeClaim::SoftLockup),
        literals: &[
            "soft lockup - CPU",
            "hard LOCKUP",
            "rcu_sched self-detected stall",
            "detected stalls on CPUs",
        ],
    },
    Family {
        read: |record, said| kernel(record, said, NodeClaim::Panic),
        literals: &["Kernel panic - not syncing"],
    },
    Family {
        read: |record, said| kernel(record, said, NodeClaim::Oops),
        literals: &["BUG: unable to handle", "kernel BUG at ", "Oops: ", "BUG: kernel NULL pointer"],
    },
    Family {
        read: |record, said| kernel(record, said, NodeClaim::HardwareError),
        literals: &["[Hardware Error]", "Machine check events logged", "Uncorrected error", "EDAC MC"],
    },
    Family {
        read: disk,
        literals: &[
            "Remounting filesystem read-only",
            "EXT4-fs error",
            "Buffer I/O error",
            "I/O error, dev ",
            "Shutting down filesystem",
            "Corruption of in-memory data",
            "BTRFS error",
            "BTRFS critical",
            "EXT4-fs warning",
            "Medium Error",
            "DID_BAD_TARGET",
            "I/O Error Detected",
            "metadata I/O error",
            "log I/O error",
            "Aborting journal on device",
            "forced readonly",
        ],
    },
    Family {
        read: |record, said| kernel(record, said, NodeClaim::ConntrackFull),
        literals: &["conntrack: table full", "ip_conntrack: table full"],
    },
    Family { read: pids, literals: &["fork rejected by pids controller"] },
    Family {
        read: link,
        literals: &["Link is Down", "link is down", "Link is down", "link down", "NIC Link is Down"],
    },
    Family { read: transmit, literals: &["NETDEV WATCHDOG"] },
    Family {
        read: |record, said| kernel(record, said, NodeClaim::TcpMemory),
        literals: &["TCP: out of memory", "too many orphaned sockets"],
    },
    Family {
        read: |record, said| kernel(record, said, NodeClaim::NeighbourTableFull),
        literals: &["eighbour table overflow", "neighbor table overflow"],
    },
    Family { read: stuck, literals: &["unregister_netdevice: waiting for "] },
    Family {
        read: |record, said| {
            if matches!(record.component, "" | "kernel" | "systemd-shutdown" | "systemd-logind" | "systemd") {
                said.add(NodeClaim::Shutdown);
            }
        },
        literals: &[
            "reboot: Restarting system",
            "reboot: Power down",
            "System is rebooting",
            "System is powering down",
            "Reached target Shutdown",
            "Reached target shutdown.target",
        ],
    },
];

fn kernel(record: &Record, said: &mut Said, claim: NodeClaim) {
    if record.may_be("kernel") {
        said.add(claim);
    }
}

fn segfault(record: &Record, said: &mut Said) {
    // `name[123]: segfault at …`, `traps: name[123] trap invalid opcode …`, `traps: name[123] general protection …`.
    if !record.may_be("kernel") {
        return;
    }
    let literals = [" segfault at ", " trap ", " general protection"];
    let Some(before) = literals.iter().find_map(|l| record.text.split_once(l)).map(|(before, _)| before)
    else {
        return;
    };
    let before = before.trim_end_matches(':');
    let Some((name, _)) = before.rsplit_once('[') else { return };
    let name = name.strip_prefix("traps: ").unwrap_or(name);
    let name = name.rsplit("] ").next().unwrap_or(name);
    // A process has at most 15 letters, a thread of the kernel some more.
    if name.is_empty() || name.len() > 64 || name.contains(char::is_control) {
        return;
    }
    said.add(NodeClaim::Segfault { process: keep(name) });
}

fn hung(record: &Record, said: &mut Said) {
    // `INFO: task jbd2/vda1-8:123 blocked for more than 120 seconds.`
    if let Some(rest) = after(record.text, "INFO: task ") {
        let task = until(rest, " blocked for more than ");
        said.add(NodeClaim::HungTask { process: keep(task.rsplit_once(':').map_or(task, |(name, _)| name)) });
    }
}

fn disk(record: &Record, said: &mut Said) {
    let minor = has(record.text, "EXT4-fs warning") && !has(record.text, "error");
    // A drive without a medium, and a virtual one, say so at every look.
    if record.may_be("kernel") && !minor && !has_any(record.text, &["dev fd0", "dev sr0", "dev loop"]) {
        said.add(NodeClaim::DiskFailing);
    }
}

fn pids(record: &Record, said: &mut Said) {
    let path = after(record.text, "pids controller in ").unwrap_or("");
    said.add(NodeClaim::PidsLimit { pod_uid: cgroup(path.trim()).0 });
}

fn link(record: &Record, said: &mut Said) {
    if !record.may_be("kernel") {
        return;
    }
    let interface = interface(record.text);
    // The ends of containers go up and down with them.
    let of_pods = ["veth", "cali", "lxc", "cni", "docker", "br-", "tap", "eni"];
    if !of_pods.iter().any(|prefix| interface.starts_with(prefix)) {
        said.add(NodeClaim::LinkDown { interface });
    }
}

/// `ixgbe 0000:01:00.0 eth0: NIC Link is Down`, `e1000e: eth0 NIC Link is Down`, `bond0: link down`.
fn interface(text: &str) -> Text {
    let before = ["NIC Link", "Link is", "link is", "link down"].iter().find_map(|l| text.split_once(l));
    let before = before.map_or("", |(before, _)| before).trim_end_matches([':', ' ', ',']);
    keep(before.rsplit([' ', ':']).next().unwrap_or(""))
}

fn transmit(record: &Record, said: &mut Said) {
    // `NETDEV WATCHDOG: eth0 (ixgbe): transmit queue …`; since 6.8 `eth0: NETDEV WATCHDOG: CPU: 1: transmit queue …`.
    let name = match after(record.text, "NETDEV WATCHDOG: ") {
        Some(rest) if !rest.starts_with("CPU: ") => until(rest, " "),
        _ => until(record.text, ": NETDEV").rsplit(' ').next().unwrap_or(""),
    };
    said.add(NodeClaim::TransmitTimeout { interface: keep(name) });
}

fn stuck(record: &Record, said: &mut Said) {
    let name = after(record.text, "waiting for ").map_or("", |rest| until(rest, " "));
    said.add(NodeClaim::InterfaceStuck { interface: keep(name) });
}
