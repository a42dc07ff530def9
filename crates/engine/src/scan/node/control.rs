//! Lines of scheduler, controllers, API server and etcd.

use super::claim::NodeClaim;
use super::patterns::{Family, Said};
use super::record::Record;
use crate::scan::message::text::{has_any, keep, quoted_after};

/// Sources: client-go `tools/leaderelection`; pkg/scheduler (1.19 to 1.36); etcd `server/etcdserver`, `wal` (3.3 to 3.6).
pub(super) const FAMILIES: &[Family] = &[
    Family {
        read: leader,
        literals: &[
            "eaderelection lost",
            "eader election lost",
            "failed to renew lease",
            "lost leader election",
        ],
    },
    Family {
        read: unschedulable,
        literals: &["Unable to schedule pod; no fit", "Unable to schedule pod; no nodes"],
    },
    Family {
        read: |_, said| said.add(NodeClaim::EtcdSlow),
        literals: &[
            "slow fdatasync",
            "took too long",
            "failed to send out heartbeat on time",
            "sync duration of ",
            "overloaded likely from slow disk",
        ],
    },
    Family {
        read: |_, said| said.add(NodeClaim::EtcdFailing),
        literals: &[
            "etcdserver: no leader",
            "etcdserver: request timed out",
            "database space exceeded",
            "etcdserver: leader changed",
            "lost leader",
            "etcd cluster is unavailable",
        ],
    },
];

fn leader(record: &Record, said: &mut Said) {
    said.detail(NodeClaim::LeaderLost { component: keep(record.component) }, &record.error());
}

fn unschedulable(record: &Record, said: &mut Said) {
    // Before structured logging: `Unable to schedule pod "ns/name"; no fit`.
    let pod = record.get("pod").map(|pod| keep(&pod)).or_else(|| quoted_after(record.text, "schedule pod "));
    let known = has_any(record.text, &["no fit", "no nodes"]);
    if let Some(pod) = pod.filter(|_| known) {
        said.detail(NodeClaim::Unschedulable { pod }, &record.error());
    }
}
