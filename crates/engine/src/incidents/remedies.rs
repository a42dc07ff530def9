//! What to do about a problem where its detector, which knows the case at hand, has nothing more particular to say.

use crate::facts::Facts;
use crate::finding::{Code, Finding, Honesty, Remedy};
use crate::subject::{Kind, Subject};

/// The usual remedies, best first. The match names every code, so that none can be added without an answer.
pub(super) fn usual(finding: &Finding, facts: &Facts) -> Vec<Remedy> {
    let on = Target { finding, facts };
    match finding.code {
        Code::OomKilled => vec![on.advice(
            "Raise the memory limit if the process needs that much; a leak will fill any limit",
        )],
        Code::KilledUnattributed | Code::StoppedBySigterm => vec![
            on.look("See what the kubelet did to the pod, and when"),
            on.advice("Read the kernel's and the kubelet's journal of that minute on its node, and ask who may exec into the pod"),
        ],
        Code::LivenessProbeFailing | Code::StartupProbeFailing | Code::ReadinessProbeFailing => vec![
            on.advice("Compare what the probe asks for with what the container serves, and how long that takes"),
            on.look("See the probe and what it was answered"),
        ],
        Code::CrashedBySignal => vec![
            on.log("Read what it said before it crashed"),
            on.advice("Let it leave a core file on a volume that survives, and open that with the program of the same build"),
        ],
        Code::ApplicationError => {
            vec![on.log("Read what it said before it ended, and mend what its last lines name"), on.undo()]
        }
        Code::CompletedRestartLoop => {
            vec![on.advice("Let the command stay in the foreground, or make it a Job if it has an end")]
        }
        Code::CommandNotFound => vec![
            on.advice("Correct command and args in the pod template, or take an image that has the program; a shell form needs a shell in the image"),
            on.undo(),
        ],
        Code::CommandNotExecutable => vec![on.advice(
            "Set the execute bit when the image is built, and start the script by its interpreter; a file from a ConfigMap needs defaultMode 0755",
        )],
        Code::WrongArchitecture => vec![
            on.advice("Build the image for the node's architecture too, or keep the pod on nodes that fit: nodeSelector kubernetes.io/arch"),
            on.nodes("See the architectures of the nodes"),
        ],
        Code::ConfigReferenceMissing => {
            vec![on.advice("Create the object or key that is missing, or mark the reference optional")]
        }
        Code::RunsAsRootRefused => vec![on.advice(
            "Name a numeric user in the image (USER 10001) or in securityContext.runAsUser; runAsNonRoot cannot check a name",
        )],
        Code::ContainerStartFailed => vec![on.look("Read the whole error in the events of the pod"), on.undo()],
        Code::HookFailed => vec![
            on.log("Read what the container said while the hook ran"),
            on.advice("Let the hook end with success, or move its work into the start of the process"),
        ],
        Code::ImageNotFound | Code::ImageNameInvalid => vec![on.advice("Name an image that the registry has"), on.undo()],
        Code::ImagePullDenied => vec![on.advice(
            "Name a pull secret that the registry accepts in imagePullSecrets of the pod template or of its service account",
        )],
        Code::RegistryNameUnresolved => vec![
            on.advice("Correct the registry's host name in the image, or let the node's resolver know it: the node pulls, so cluster DNS plays no part"),
            on.undo(),
        ],
        Code::RegistryUnreachable => vec![on.advice(
            "From the node, try the registry's address and port: firewall, proxy settings of the runtime, or the registry itself; the pull is retried by itself, at most five minutes apart",
        )],
        Code::RegistryTlsFailed => vec![on.advice(
            "Give the runtime of the nodes the registry's CA (containerd: certs.d/<host>/hosts.toml), renew the certificate, or correct http and https",
        )],
        Code::RegistryRateLimited => vec![on.advice(
            "Pull with credentials, or through a mirror of your own; the limit passes by itself, and the pull is retried",
        )],
        Code::ImageDiskFull => vec![
            on.advice("Free the disk of the runtime on the node: crictl rmi --prune removes images that no container uses"),
            on.cordon("Send no more pods there until it is done"),
        ],
        Code::ImageNeverPulled => vec![on.advice(
            "Load the image onto the node, or set imagePullPolicy to IfNotPresent",
        )],
        Code::ImagePlatformMissing => vec![
            on.advice("Push the image for the node's platform too, or keep the pod on nodes that fit: nodeSelector kubernetes.io/arch"),
            on.nodes("See the architectures of the nodes"),
        ],
        Code::ImagePullFailed => vec![on.look("Read the whole error in the events of the pod")],
        Code::PodAddressesExhausted => vec![on.advice(
            "End pods on that node that can be spared, then widen its address range or lower its maxPods",
        )],
        Code::PodSlotsExceedAddresses => vec![on.advice(
            "Lower the node's maxPods to its addresses, or widen their range",
        )],
        Code::NetworkPluginMissing => vec![
            on.advice("See that the network's DaemonSet runs on that node: it writes /etc/cni/net.d and /opt/cni/bin there"),
            on.cordon("Send no more pods there until it is done"),
        ],
        Code::NetworkAgentDown => vec![
            on.agents("See the network's own pod on that node"),
            on.cordon("Send no more pods there until it is back"),
        ],
        Code::SandboxFailed => vec![on.look("Read the runtime's whole error in the events of the pod")],
        Code::InsufficientResources => vec![
            on.advice("Lower the requests, end what can be spared, or add a node"),
            on.nodes("See what the nodes have"),
        ],
        Code::NodesCordoned => vec![Remedy::kubectl(
            "Let the scheduler use a node again, if its maintenance is over",
            &Subject::node(""),
            Honesty::NeedsJudgement,
            &["uncordon", "<node>"],
        )],
        Code::TaintNotTolerated => vec![on.advice(
            "Take the taint off the node if it is over, or let the pod tolerate it if it may run there",
        )],
        Code::NodeAffinityMismatch
        | Code::PodAffinityUnsatisfied
        | Code::PodAntiAffinityConflict
        | Code::TopologySpreadUnsatisfied
        | Code::HostPortConflict
        | Code::VolumeNodeMismatch
        | Code::Unschedulable => vec![
            on.read("Compare what the pod asks for with what the nodes have, and correct the one that is wrong"),
            on.nodes("See what the nodes have"),
        ],
        Code::SchedulingGated => {
            vec![on.read("See which gates it waits for, and the controller that has to take them away")]
        }
        Code::ClaimUnbound => vec![on.read("See what the claim asks for, and what its events say")],
        Code::ClaimMissing => {
            vec![on.advice("Create the claim in the pod's namespace, or correct its name in the pod template")]
        }
        Code::VolumeMountFailed | Code::VolumeAttachFailed => {
            vec![on.look("Read the whole error in the events of the pod")]
        }
        Code::PodEvicted | Code::NodePressure => {
            vec![on.advice("Give the pods requests that fit what they use, and find what fills the node")]
        }
        Code::KubeletStopped | Code::KubeletCutOff => vec![on.daemon("kubelet")],
        Code::RuntimeDown | Code::RuntimeUnresponsive => vec![on.daemon("containerd")],
        Code::KubeProxyDown => vec![on.daemon("kube-proxy")],
        Code::NodeNetworkNotReady => vec![on.agents("See the network's own pod on that node")],
        Code::NodeCertificateExpired => vec![on.advice(
            "Renew the certificate and restart what uses it; a kubelet renews its own while it still has a valid one",
        )],
        Code::NodeDiskFailing | Code::NodeHardwareFailing | Code::KernelPanic => vec![
            on.cordon("Send no more pods there"),
            on.advice("Keep the kernel's journal, then repair or replace the node"),
        ],
        Code::NodeRebooted => vec![on.advice("Find out who or what rebooted the node: journalctl --list-boots, and the end of the boot before")],
        Code::NodeNotReady => vec![
            on.see_node("See the node's conditions and its last words"),
            on.advice("On the node: systemctl status kubelet containerd, and journalctl -u kubelet -n 100 --no-pager"),
        ],
        Code::ControlPlaneStale => vec![on.control_plane("See whether the control plane's own pods run")],
        Code::QuotaExceeded => vec![on.quota("See what the quota allows and what uses it, then free some or raise it")],
        Code::AdmissionDenied => {
            vec![on.advice("Change the pod template so that the policy admits it, or speak to whoever owns the policy")]
        }
        Code::WebhookUnreachable => vec![
            on.webhooks("See which Service the webhook calls, and bring that back"),
            on.advice("If it blocks the pods that it needs itself, exempt their namespace by its namespaceSelector"),
        ],
        Code::ServiceAccountMissing => {
            vec![on.advice("Create the service account, or correct serviceAccountName in the pod template")]
        }
        Code::PriorityClassMissing => {
            vec![on.advice("Create the priority class, or correct priorityClassName in the pod template")]
        }
        Code::ServiceSelectsNothing | Code::ServicePortMismatch | Code::ServiceProtocolMismatch => {
            vec![on.read("Compare the Service with the labels and ports of the pods, and correct the one that is wrong")]
        }
        Code::ServiceWithoutEndpoints | Code::ServiceShort => {
            vec![on.advice("Bring its pods back: a pod that is not ready is no endpoint")]
        }
        Code::DependencyAddressWrong => {
            vec![on.advice("Correct the address in the workload's environment, or create the Service that it names")]
        }
        Code::DependencyScaledToZero => vec![on.advice("Run it again, if it was not meant to be off")],
        Code::DependencyUnreachable => vec![
            on.log("Read what it says of the dependency"),
            on.advice("Ask the dependency at that address from a pod beside it: its Service, endpoints and network policies decide whether it answers"),
        ],
        Code::ConnectionPoolExhausted => vec![
            on.advice("Look at the other end first: slow answers fill a pool of any size"),
            on.log("Read which calls wait, and how long"),
        ],
        Code::DatabaseConnectionsExhausted => vec![on.advice(
            "End sessions that nobody uses, then make the clients' pools together smaller than the database's limit",
        )],
        Code::DatabaseReadOnly => vec![on.advice(
            "Find out why it accepts no writes (a replica, a failover, a full disk, read_only set by hand), then allow them",
        )],
        Code::DatabaseLoginRefused => {
            vec![on.advice("Correct user and password where the workload reads them, and start its pods again")]
        }
        Code::DatabasePortWrong => {
            vec![on.advice("Correct the port where the workload reads it, and start its pods again")]
        }
        Code::NameResolutionFailing => vec![
            on.advice("See that the cluster's DNS pods run and are ready, and that the name is right for the pod's namespace"),
            Remedy::kubectl(
                "See the cluster's DNS",
                &Subject::new(Kind::Pod, Some("kube-system"), ""),
                Honesty::Safe,
                &["get", "pods", "-l", "k8s-app=kube-dns", "-o", "wide"],
            ),
        ],
        Code::PortConflict => vec![on.advice("Give one of the two processes another port: containers of a pod share one network")],
        Code::RouteBackendMissing | Code::RouteMisdirected => {
            vec![on.advice("Let the route lead to the Service that serves its path; restart what reads its configuration only at start")]
        }
        Code::PodRejected => vec![on.advice(
            "Let the scheduler choose the node (no spec.nodeName), or make room there; the pod itself stays Failed and can be deleted",
        )],
        Code::TaintEviction => vec![on.advice(
            "Let the scheduler place the pods (no nodeName in the template), or let them tolerate the taint",
        )],
        Code::NodeNetworkSaturated => vec![
            on.cordon("Send no more pods there"),
            on.advice("Find who opens so many connections, then raise the table's limit by sysctl"),
        ],
        Code::ProcessLimitReached => {
            vec![on.advice("Find what starts processes or threads without end; the limit is the kubelet's podPidsLimit")]
        }
        Code::AutoscalerBlind => {
            vec![on.advice("Set requests for every container of the pods, and look whether the metrics API answers")]
        }
        Code::DeletionStuck => vec![on.look("See its finalizers and its events before anything is forced")],
        Code::InitContainerStuck => vec![on.log("Read what it waits for")],
        Code::ReadinessGateUnmet => vec![on.look("See which condition is missing, and ask the controller that sets it")],
        Code::JobFailed => vec![on.log("Read what its last pod said, before the pod is removed")],
        Code::WorkloadUnavailable | Code::PodNotReady => vec![on.look("See what its pods wait for")],
    }
}

/// What the commands act on.
struct Target<'a, 'e> {
    finding: &'a Finding,
    facts: &'a Facts<'e>,
}

impl Target<'_, '_> {
    fn advice(&self, text: &str) -> Remedy {
        Remedy::advice(text)
    }

    /// A pod that shows the trouble, one whose kubelet answers before others; the subject where no pod was seen.
    fn pod(&self) -> Subject {
        let pods = || self.finding.members.iter().filter(|m| m.kind == Kind::Pod).map(Subject::whole);
        let within_reach =
            |pod: &Subject| self.facts.pod(pod).is_some_and(|pod| self.facts.is_within_reach(pod));
        pods().find(within_reach).or_else(|| pods().next()).unwrap_or_else(|| self.finding.subject.whole())
    }

    fn look(&self, text: &str) -> Remedy {
        let pod = self.pod();
        Remedy::kubectl(text, &pod, Honesty::Safe, &["describe", &named(&pod)])
    }

    fn read(&self, text: &str) -> Remedy {
        let subject = self.finding.subject.whole();
        Remedy::kubectl(text, &subject, Honesty::Safe, &["get", &named(&subject), "-o", "yaml"])
    }

    fn log(&self, text: &str) -> Remedy {
        let pod = self.pod();
        let part = |s: &Subject| s.part.as_ref().map(|part| part.name().to_string());
        let container = self.finding.members.iter().find_map(part).or_else(|| part(&self.finding.subject));
        let named = named(&pod);
        let mut args = vec!["logs", &named];
        if let Some(container) = &container {
            args.extend(["-c", container]);
        }
        // A container that runs again has its dead instance behind `--previous`; one that waits shows it plainly.
        let running = self.facts.pod(&pod).is_some_and(|pod| {
            pod.pod.containers.iter().any(|c| {
                container.as_deref().is_none_or(|name| *c.name == *name)
                    && matches!(c.state, Some(crate::evidence::State::Running { .. }))
                    && c.restarts.is_some_and(|n| n > 0)
            })
        });
        if running {
            args.push("--previous");
        }
        args.push("--tail=50");
        Remedy::kubectl(text, &pod, Honesty::Safe, &args)
    }

    fn undo(&self) -> Remedy {
        let top = self.facts.top(&self.finding.subject);
        match top.kind {
            // The first revision has none before it.
            Kind::Deployment if self.facts.workload(&top).is_some_and(|w| w.workload.revision == Some(1)) => {
                self.advice("Correct the manifest that it is made from, and apply it again")
            }
            Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => Remedy::kubectl(
                "Or go back to the revision before, if that one ran",
                &top,
                Honesty::NeedsJudgement,
                &["rollout", "undo", &named(&top)],
            ),
            _ => self.advice("Correct the manifest that it is made from, and apply it again"),
        }
    }

    /// The node that is meant: the subject itself, or where the pod is.
    fn node(&self) -> Option<String> {
        if self.finding.subject.kind == Kind::Node {
            return Some(self.finding.subject.name.to_string());
        }
        self.facts.pod(&self.pod())?.pod.node.as_ref().map(ToString::to_string)
    }

    fn cordon(&self, text: &str) -> Remedy {
        let node = self.node().unwrap_or_else(|| "<node>".to_owned());
        Remedy::kubectl(text, &Subject::node(&node), Honesty::NeedsJudgement, &["cordon", &node])
    }

    fn see_node(&self, text: &str) -> Remedy {
        let node = self.node().unwrap_or_else(|| "<node>".to_owned());
        Remedy::kubectl(text, &Subject::node(&node), Honesty::Safe, &["describe", "node", &node])
    }

    fn nodes(&self, text: &str) -> Remedy {
        let arguments = ["get", "nodes", "--show-labels"];
        Remedy::kubectl(text, &Subject::node(""), Honesty::Safe, &arguments)
    }

    fn daemon(&self, unit: &str) -> Remedy {
        let node = self.node().unwrap_or_else(|| "the node".to_owned());
        self.advice(&format!(
            "On {node}: journalctl -u {unit} -n 50 --no-pager, then systemctl restart {unit}"
        ))
    }

    fn agents(&self, text: &str) -> Remedy {
        let node = self.node().unwrap_or_else(|| "<node>".to_owned());
        let selector = format!("spec.nodeName={node}");
        let args = ["get", "pods", "-A", "-o", "wide", "--field-selector", &selector];
        Remedy::kubectl(text, &Subject::node(""), Honesty::Safe, &args)
    }

    fn control_plane(&self, text: &str) -> Remedy {
        let on = Subject::new(Kind::Pod, Some("kube-system"), "");
        Remedy::kubectl(text, &on, Honesty::Safe, &["get", "pods", "-l", "tier=control-plane", "-o", "wide"])
    }

    fn quota(&self, text: &str) -> Remedy {
        Remedy::kubectl(text, &self.finding.subject, Honesty::Safe, &["describe", "resourcequota"])
    }

    fn webhooks(&self, text: &str) -> Remedy {
        let kinds = "validatingwebhookconfigurations,mutatingwebhookconfigurations";
        Remedy::kubectl(text, &Subject::node(""), Honesty::Safe, &["get", kinds, "-o", "yaml"])
    }
}

/// `deployment/orders`, as kubectl takes it.
fn named(subject: &Subject) -> String {
    format!("{}/{}", subject.kind.as_str().to_lowercase(), subject.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;

    #[test]
    fn every_problem_has_something_to_do() {
        let evidence = Evidence::assemble(Vec::new(), Vec::new());
        let facts = crate::facts::read(&evidence);
        for code in Code::ALL {
            let pod = Subject::new(Kind::Pod, Some("shop"), "orders-0");
            let remedies = usual(&Finding::new(*code, pod, "x"), &facts);
            assert!(!remedies.is_empty(), "{}", code.as_str());
            assert!(remedies.iter().all(|r| !r.summary.ends_with('.')), "{}", code.as_str());
        }
    }
}
