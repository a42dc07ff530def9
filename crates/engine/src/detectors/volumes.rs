//! See `volumes.md` for what this means and the cases it must pass.

use crate::facts::{Facts, Stage};
use crate::finding::{Certainty, Code, Finding, Honesty, Remedy};
use crate::scan::message::{MountCause, Saying, Storage};

pub(super) fn detect(facts: &Facts, found: &mut Vec<Finding>) {
    for pod in
        facts.unwell().filter(|pod| !pod.is_finished() && !pod.is_deleting() && pod.stage() == Stage::Setup)
    {
        for statement in facts.about(pod.subject()).filter(|s| !s.overtaken) {
            let top = pod.top();
            let who = format!("{} {}", top.kind.as_str(), top.path());
            let finding = match &statement.saying {
                Saying::Storage(Storage::MountFailed { volume, cause }) => {
                    let Some((aspect, why, certainty)) = told(cause) else { continue };
                    let volume = named(volume.as_deref());
                    Finding::new(
                        Code::VolumeMountFailed,
                        top.clone(),
                        format!("{volume} of {who} cannot be mounted: {why}."),
                    )
                    .aspect("cause", aspect)
                    .at_most(certainty)
                }
                Saying::Storage(Storage::AttachFailed { volume, multi, .. }) => {
                    let volume = named(volume.as_deref());
                    let why = if *multi { "another node still has it" } else { "the attach fails" };
                    Finding::new(
                        Code::VolumeAttachFailed,
                        top.clone(),
                        format!("{volume} of {who} cannot be attached to the pod's node: {why}."),
                    )
                    .aspect("cause", if *multi { "multi-attach" } else { "attach" })
                }
                _ => continue,
            };
            found.push(
                finding
                    .hits([pod.subject().clone()])
                    .since(statement.first.clone())
                    .shown_by(statement.proof())
                    .ruled_out("the image", "it is pulled only after the volumes are there")
                    .remedy(Remedy::kubectl(
                        "See the pod's volumes and what the kubelet says of them",
                        pod.subject(),
                        Honesty::Safe,
                        &["describe", "pod", &pod.subject().name],
                    )),
            );
        }
    }
}

fn named(volume: Option<&str>) -> String {
    volume.map_or_else(|| "A volume".to_owned(), |name| format!("Volume {name}"))
}

fn told(cause: &MountCause) -> Option<(&'static str, &'static str, Certainty)> {
    Some(match cause {
        // Told by the detector of configuration references, or passing by itself.
        MountCause::ObjectMissing { .. } | MountCause::Transient => return None,
        MountCause::KeyMissing { .. } => {
            ("key-missing", "a key that it projects does not exist", Certainty::Certain)
        }
        MountCause::DriverMissing { .. } => {
            ("driver-missing", "its CSI driver is not registered on the node", Certainty::Certain)
        }
        MountCause::HostPath => {
            ("host-path", "the path on the host is missing or of another type", Certainty::Certain)
        }
        MountCause::Denied => ("denied", "permission is denied", Certainty::Likely),
        MountCause::Timeout => ("timeout", "it is not there in time", Certainty::Possible),
        MountCause::NetworkFileSystem => ("network", "its file server does not answer", Certainty::Likely),
        MountCause::Claim { .. } => {
            ("claim", "its claim is missing, not bound or being deleted", Certainty::Certain)
        }
        MountCause::Token { .. } => ("token", "the kubelet gets no token for it", Certainty::Likely),
        MountCause::DriverDown => {
            ("driver-down", "its CSI driver does not answer on the node", Certainty::Likely)
        }
        MountCause::NotAttached => ("not-attached", "its device is not on the node", Certainty::Likely),
        MountCause::NodeAffinity => ("node-affinity", "it may not be used on this node", Certainty::Certain),
        MountCause::PathMissing => ("path-missing", "its server has no such path", Certainty::Certain),
        MountCause::HelperMissing => {
            ("helper-missing", "the node lacks the program that mounts it", Certainty::Certain)
        }
        MountCause::ReadOnly => ("read-only", "the file system there is read-only", Certainty::Certain),
        MountCause::Busy => ("busy", "its device or mount point is in use", Certainty::Likely),
        MountCause::NoSpace => ("no-space", "the node has no space left", Certainty::Certain),
        MountCause::FileSystem => {
            ("file-system", "its file system is damaged or of the wrong type", Certainty::Certain)
        }
        MountCause::Other(_) => ("other", "the kubelet says why below", Certainty::Likely),
    })
}
