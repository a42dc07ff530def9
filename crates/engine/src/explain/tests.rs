//! Everything that `explain` promises, over all entries.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use unicode_width::UnicodeWidthStr;

use super::lookup::{Index, fold};
use super::store::blocks;
use super::*;

/// The function itself, with the index without pages made once: these tests ask for thousands of words.
fn explain<'a, S: AsRef<str>>(words: &[S], pages: &'a [Page<'a>]) -> Explanation<'a> {
    static INDEX: LazyLock<Index<'static>> = LazyLock::new(|| Index::new(&[]));
    if !pages.is_empty() {
        return super::explain(words, pages);
    }
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    Explanation { api_version: API_VERSION, kind: "Explanation", answers: INDEX.answer(&words) }
}

fn words_of(word: &str) -> Vec<String> {
    let explanation = explain(&[word], &[]);
    explanation
        .answers
        .iter()
        .flat_map(|answer| &answer.entries)
        .map(|entry| entry.word.to_string())
        .collect()
}

fn text(words: &[&str], width: usize) -> String {
    render(&explain(words, &[]), width, false)
}

fn near(word: &str) -> Vec<&'static str> {
    explain(&[word], &[]).answers[0].near.clone()
}

/// What components write today or wrote in versions that are still met.
const MUST_KNOW: &str = "\
ContainerCreating, PodInitializing, CrashLoopBackOff, ErrImagePull, ImagePullBackOff
ErrImageNeverPull, InvalidImageName, ImageInspectError, RegistryUnavailable, SignatureValidationFailed
CreateContainerConfigError, PreCreateHookError, CreateContainerError, PreStartHookError
RunContainerError, PostStartHookError, RestartingAllContainers, KillContainerError
CreatePodSandboxError, ConfigPodSandboxError, KillPodSandboxError, ResizePodInPlaceError
RemoveContainerError, ImageVolumeMountFailed
Completed, Error, OOMKilled, StartError, ContainerCannotRun, Unknown, seccomp killed
ContainerStatusUnknown
Evicted, DeadlineExceeded, Preempting, Terminated, Shutdown, NodeShutdown, NodeLost, OutOfcpu
OutOfmemory, OutOfpods, OutOfephemeral-storage, OutOfnvidia.com/gpu, NodeAffinity, NodeName, NodePorts
UnexpectedAdmissionError, TopologyAffinityError, SMTAlignmentError, EmptyPodSharedPoolError
SysctlForbidden, AppArmor, PodOSNotSupported, PodOSSelectorNodeLabelDoesNotMatch, InvalidNodeInfo
InitContainerRestartPolicyForbidden, SupplementalGroupsPolicyNotSupported
PodLevelResourcesNotSupported, PodFeatureUnsupported, UnknownReason, VolumeAttachmentLimitExceeded
Pending, Running, Succeeded, Failed, Terminating, NotReady, Init:0/1, Init:2/3, Init:CrashLoopBackOff
Init:Error, Init:ExitCode:1, Init:ExitCode:137, Init:Signal:9, Init:OOMKilled, Init:ImagePullBackOff
SchedulingGated, SchedulingDisabled
PodScheduled, Unschedulable, SchedulerError, PodReadyToStartContainers, Initialized
ContainersNotInitialized, ContainersReady, Ready, ContainersNotReady, ReadinessGatesNotReady
PodCompleted, PodFailed, PodResizePending, Deferred, Infeasible, PodResizeInProgress
AllContainersRestarting, DisruptionTarget, PreemptionByScheduler, DeletionByTaintManager
EvictionByEvictionAPI, DeletionByPodGC, TerminationByKubelet, DeletionByDeviceTaintManager
Pulling, Pulled, BackOff, InspectFailed, Created, Started, Killing, Unhealthy, ProbeWarning
FailedPostStartHook, FailedPreStopHook, ExceededGracePeriod, FailedKillPod, FailedCreatePodContainer
FailedSync, FailedCreatePodSandBox, FailedPodSandBoxStatus, SandboxChanged, NetworkNotReady
FailedMount, FailedMapVolume, FailedAttachVolume, SuccessfulAttachVolume
FailedMountOnFilesystemMismatch, AlreadyMountedVolume, VolumeResizeFailed, FileSystemResizeFailed
VolumePermissionChangeInProgress, VolumeConditionAbnormal, MultipleSELinuxLabels
FailedPrepareDynamicResources, FailedNodeDeclaredFeaturesCheck, ResizeStarted, ResizeCompleted
ResizeDeferred, ResizeInfeasible, ResizeError, EvictionThresholdMet, SystemOOM, NodeReady
NodeNotReady, NodeSchedulable, NodeNotSchedulable, NodeHasSufficientMemory, NodeHasInsufficientMemory
NodeHasNoDiskPressure, NodeHasDiskPressure, NodeHasSufficientPID, NodeHasInsufficientPID, Rebooted
Starting, InvalidDiskCapacity, FreeDiskSpaceFailed, ImageGCFailed, ContainerGCFailed
KubeletSetupFailed, FailedNodeAllocatableEnforcement, PossibleMemoryBackedVolumesOnDisk, CgroupV1
MissingClusterDNS, DNSConfigForming, CheckLimitsForResolvConf, InvalidImageID
FailedToRetrieveImagePullSecret, HostIPsIPFamilyMismatch, LifecycleHTTPFallback, FailedValidation
FailedScheduling, Scheduled, Preempted
RegisteredNode, RemovingNode, TaintManagerEviction, DeletingAllPods, NodeControllerEviction
FailedCreate, ScalingReplicaSet, ReplicaSetCreateError, ProgressDeadlineExceeded, BackoffLimitExceeded
PodFailurePolicy, FailedIndexes, MaxFailedIndexesExceeded, TooManySucceededPods, Suspended, Resumed
TooManyMissedTimes, MissSchedule, JobAlreadyActive, UnparseableSchedule, UnknownTimeZone
InvalidSchedule, UnexpectedJob, MissingJob, SawCompletedJob, FailedNeedsStart, FailedDaemonPod
SelectingAll, FailedPlacement, FailedGetResourceMetric, FailedGetContainerResourceMetric
FailedGetPodsMetric, FailedGetObjectMetric, FailedGetExternalMetric, FailedComputeMetricsReplicas
FailedGetScale, FailedRescale, SelectorRequired, InvalidSelector, AmbiguousSelector, SuccessfulRescale
NoPods, CalculateExpectedPodCountFailed, UnmanagedPods, MultiplePodDisruptionBudgets, NotDeleted
FailedToUpdateEndpoint, FailedToUpdateEndpointSlices, OwnerRefInvalidNamespace, FailedBinding
WaitForFirstConsumer, WaitForPodScheduled, ExternalProvisioning, ProvisioningFailed, Provisioning
ProvisioningSucceeded, VolumeMismatch, VolumeFailedDelete, VolumeDelete, ExternalExpanding
SyncLoadBalancerFailed, UpdateLoadBalancerFailed, DeleteLoadBalancerFailed, UnAvailableLoadBalancer
EnsuringLoadBalancer
Progressing, Available, ReplicaFailure, MinimumReplicasUnavailable, Complete, FailureTarget
SuccessCriteriaMet, ScalingActive, AbleToScale, ScalingLimited, DisruptionAllowed, Resizing
FileSystemResizePending, NamespaceDeletionDiscoveryFailure
NamespaceDeletionGroupVersionParsingFailure, NamespaceDeletionContentFailure
NamespaceContentRemaining, NamespaceFinalizersRemaining, Bound, Lost, Released
KubeletReady, KubeletNotReady, NodeStatusUnknown, NodeStatusNeverUpdated, MemoryPressure, DiskPressure
PIDPressure, NetworkUnavailable, KubeletHasInsufficientMemory, KubeletHasDiskPressure
KubeletHasInsufficientPID, NetworkPluginNotReady, KernelDeadlock, ReadonlyFilesystem
FrequentKubeletRestart, node.kubernetes.io/not-ready, node.kubernetes.io/unreachable
node.kubernetes.io/memory-pressure, node.kubernetes.io/disk-pressure, node.kubernetes.io/pid-pressure
node.kubernetes.io/network-unavailable, node.kubernetes.io/unschedulable
node.kubernetes.io/out-of-service, NoExecute, NoSchedule
Guaranteed, Burstable, BestEffort, OOMKilling, TaskHung, KernelOops, Multi-Attach
preStop, --previous, PLEG, Kdump, core_pattern, creationTimestamp, kubectl debug, distroless
heap dump, containerd.sock, exec format error, connection refused, finalizer, lease, cgroup
no IP addresses available, event-ttl, QoS, cordon, drain, node log query, head -c 500M, OOM, /sys/fs/cgroup/memory, SSH
";

#[test]
fn every_listed_word_is_known() {
    let listed = || MUST_KNOW.lines().flat_map(|line| line.split(", "));
    let unknown: Vec<_> = listed().filter(|word| words_of(word).is_empty()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(listed().count() > 300);
    for word in listed() {
        assert_eq!(words_of(&word.to_lowercase()), words_of(word));
    }
}

#[test]
fn names_are_unique() {
    let mut seen: BTreeMap<String, Vec<(&str, &str, bool)>> = BTreeMap::new();
    for block in blocks() {
        seen.entry(fold(block.word)).or_default().push((block.word, block.topic, true));
        for alias in block.aliases() {
            assert_eq!(alias, alias.trim(), "{}", block.word);
            seen.entry(fold(alias)).or_default().push((block.word, block.topic, false));
        }
    }
    for (name, uses) in seen {
        let words: Vec<_> = uses.iter().filter(|(_, _, is_word)| *is_word).collect();
        let aliases = uses.len() - words.len();
        assert!(aliases <= 1, "alias twice: {name} {uses:?}");
        assert!(aliases == 0 || words.is_empty(), "alias of one, word of another: {name} {uses:?}");
        let mut topics: Vec<_> = words.iter().map(|(_, topic, _)| topic).collect();
        topics.sort_unstable();
        topics.dedup();
        assert_eq!(topics.len(), words.len(), "twice in one topic: {name}");
        assert!(!name.is_empty(), "{uses:?}");
    }
}

#[test]
fn every_reference_resolves() {
    for block in blocks() {
        let entry = block.entry();
        assert!(!entry.see.is_empty(), "{} leads nowhere", entry.word);
        for see in &entry.see {
            assert!(!words_of(see).is_empty(), "{}: see {see}", entry.word);
            assert_ne!(*see, entry.word, "{} sees itself", entry.word);
        }
    }
}

#[test]
fn literals_lead_to_their_entry() {
    for block in blocks() {
        for text in block.texts() {
            let line = format!("Warning  X  3m  kubelet  {text} and more of it");
            assert!(words_of(&line).iter().any(|word| word == block.word), "{text}: {:?}", words_of(&line));
        }
    }
}

#[test]
fn every_exit_code_answers() {
    let asked: Vec<String> = (0..=255)
        .flat_map(|code| [code.to_string(), format!("exit {code}"), format!("Exit Code: {code}")])
        .collect();
    let explanation = explain(&asked, &[]);
    assert_eq!(explanation.answers.len(), asked.len());
    for (at, answer) in explanation.answers.iter().enumerate() {
        let code = i32::try_from(at / 3).unwrap();
        assert_eq!(answer.entries[0].exit_code, Some(code), "{}", asked[at]);
        assert_eq!(answer.entries[0].word, code.to_string());
        assert!(answer.entries[0].meaning.len() > 20);
    }
    for n in 1..=64 {
        assert!(!words_of(&format!("signal {n}")).is_empty(), "{n}");
    }
    assert_eq!(words_of("-1"), ["-1"]);
    assert_eq!(words_of("3221225477"), words_of("-1073741819"));
    assert!(text(&["0xC0000005"], 80).contains("access violation"));
    assert!(
        words_of("256").is_empty() && words_of("signal 65").is_empty() && words_of("signal 0").is_empty()
    );
}

#[test]
fn a_small_number_is_an_exit_code_first() {
    let explanation = explain(&["9"], &[]);
    let entry = &explanation.answers[0].entries[0];
    assert_eq!((entry.exit_code, entry.signal), (Some(9), None));
    assert!(entry.aside.as_deref().unwrap().contains("SIGKILL"));
    for asked in ["signal 9", "SIGKILL", "kill -9", "KILL", "sigkill"] {
        assert_eq!(words_of(asked), ["SIGKILL"], "{asked}");
    }
    assert!(explain(&["exit 9"], &[]).answers[0].entries[0].aside.is_none());
}

#[test]
fn one_answer_per_word_or_name() {
    let asked = |words: &[&str]| -> Vec<String> {
        explain(words, &[]).answers.into_iter().map(|answer| answer.asked).collect()
    };
    assert_eq!(asked(&["137", "FailedMount", "nonesuchword"]), ["137", "FailedMount", "nonesuchword"]);
    assert_eq!(asked(&["signal", "9", "exit", "1"]), ["signal 9", "exit 1"]);
    assert_eq!(asked(&["code", "137"]), ["code 137"]);
    assert_eq!(asked(&["heap", "dump", "OOMKilled"]), ["heap dump", "OOMKilled"]);
    assert_eq!(asked(&[]), Vec::<String>::new());
}

#[test]
fn a_pasted_line_leads_to_its_words() {
    let line = "Back-off restarting failed container app in pod web-0_default(6f1c)";
    assert_eq!(words_of(line), ["BackOff"]);
    let words: Vec<&str> = line.split(' ').collect();
    let explanation = explain(&words, &[]);
    assert_eq!(explanation.answers[0].entries[0].word, "BackOff");
    assert_eq!(
        words_of("0/3 nodes are available: 2 Insufficient cpu, 1 node(s) had untolerated taint(s)."),
        ["FailedScheduling", "untolerated taint", "Insufficient cpu"]
    );
    assert_eq!(words_of("ErrImagePull and then nothing"), ["ErrImagePull"]);
}

#[test]
fn one_word_may_mean_several_things() {
    let explanation = explain(&["Unknown"], &[]);
    let topics: Vec<_> = explanation.answers[0].entries.iter().map(|entry| entry.topic).collect();
    assert_eq!(topics, ["terminated reason", "phase or STATUS"]);
    assert_eq!(words_of("Init:OOMKilled"), ["Init:0/1", "OOMKilled"]);
    assert_eq!(words_of("Init:ExitCode:137"), ["Init:ExitCode:1", "137"]);
}

#[test]
fn unknown_words_get_the_nearest() {
    assert_eq!(near("OOMKiled")[0], "OOMKilled");
    assert_eq!(near("oom-klled")[0], "OOMKilled");
    assert_eq!(near("CrashLopBackof")[0], "CrashLoopBackOff");
    assert_eq!(near("FaildMount")[0], "FailedMount");
    assert!(near("Sandbox").contains(&"SandboxChanged"));
    assert!(near("BackOf").len() <= 5);
    assert!(near("xyzzyplugh").is_empty());
    assert!(near("").is_empty() && near("é").is_empty());
    assert!(text(&["OOMKiled"], 80).contains("near  OOMKilled"));
}

#[test]
fn our_codes_are_found_the_same_way() {
    let pages = [
        Page { code: "quota-exhausted", title: "A quota is used up", text: "" },
        Page { code: "oom-killed", title: "The kernel killed a container for memory", text: "" },
    ];
    let explanation = explain(&["quota-exhausted", "OOMKilled", "quota-exausted"], &pages);
    let answers = &explanation.answers;
    assert_eq!((answers[0].entries.len(), &answers[0].pages), (0, &vec![pages[0]]));
    assert_eq!((answers[1].entries.len(), &answers[1].pages), (1, &vec![pages[1]]));
    assert_eq!(answers[2].near[0], "quota-exhausted");
    assert!(words(&pages).topics.last().unwrap().words.contains(&"oom-killed"));
}

#[test]
fn the_lesson_is_corrected() {
    for word in [
        "137",
        "OOMKilled",
        "CrashLoopBackOff",
        "CreateContainerError",
        "--previous",
        "creationTimestamp",
        "VolumeMismatch",
        "NodeLost",
        "PLEG",
        "container runtime is down",
        "core_pattern",
        "Kdump",
        "preStop",
        "heap dump",
        "node log query",
        "FailedScheduling",
    ] {
        let explanation = explain(&[word], &[]);
        assert!(explanation.answers[0].entries.iter().any(|entry| entry.myth.is_some()), "{word}");
    }
    let ladder = &explain(&["137"], &[]).answers[0].entries[0].ladder.clone();
    let order = ["Synthetic", "Asked", "The kernel", "Only a child", "The runtime", "From inside", "Unknown"];
    assert_eq!(ladder.len(), order.len());
    assert!(ladder.iter().zip(order).all(|(rung, start)| rung.starts_with(start)));
}

#[test]
fn lines_keep_within_the_width() {
    let mut explanation = explain(&(0..256).map(|n| n.to_string()).collect::<Vec<_>>(), &[]);
    let all = explanation.answers.iter().flat_map(|answer| answer.entries.clone());
    explanation.answers[0].entries = all.chain(blocks().map(|block| block.entry())).collect();
    for width in [40, 60, 80, 120] {
        for line in render(&explanation, width, false).lines() {
            // What cannot be broken, a long word or a quoted argument, stands alone on its line.
            let lone = line.trim().trim_start_matches("SOURCE  ").trim_end_matches(" \\");
            let unbreakable = !lone.contains(' ') || (lone.contains("='") && !lone.starts_with("kubectl"));
            assert!(line.width() <= width || unbreakable, "{width}: {line}");
        }
        for line in render_words(&words(&[]), width, false).lines() {
            assert!(line.width() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn answers_are_short() {
    for block in blocks() {
        let lines = text(&[block.word], 80).lines().count();
        assert!(lines <= 60, "{}: {lines} lines", block.word);
    }
}

#[test]
fn nothing_hostile_passes() {
    let huge = "A".repeat(1 << 20);
    let spaces = " ".repeat(1 << 16);
    for word in [
        "\x1b[31mOOM\x1b[0m",
        "\x1b]0;title\x07x",
        "a\u{202e}b",
        "a\nb\tc",
        "\u{9b}2J",
        "\0",
        "",
        " ",
        "'",
        "%s%n",
        "Init:",
        "Init:/",
        "OutOf",
        "OutOf/",
        "0x",
        "-",
        "--",
        "$(reboot)",
        "\u{200b}",
        huge.as_str(),
        spaces.as_str(),
    ] {
        for colour in [false, true] {
            let text = render(&explain(&[word, "137"], &[]), 80, colour)
                .replace("\x1b[1m", "")
                .replace("\x1b[0m", "");
            let bad = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}');
            assert!(!text.contains(bad), "{word:?}: {text:?}");
            assert!(text.lines().all(|line| line.width() < 200), "{:?}", &word[..word.len().min(40)]);
        }
    }
    let many = vec!["x y"; 2_000];
    assert_eq!(explain(&many, &[]).answers.len(), 2_000);
}

#[test]
fn json_is_as_published() {
    let json = serde_json::to_value(explain(&["143", "nosuchreason"], &[])).unwrap();
    assert_eq!(json["apiVersion"], "coroner/v1alpha1");
    assert_eq!(json["kind"], "Explanation");
    let entry = &json["answers"][0]["entries"][0];
    assert_eq!(entry["exitCode"], 143);
    assert_eq!(entry["signal"], 15);
    assert_eq!(entry["arithmetic"], "143 = 128 + 15, SIGTERM");
    assert!(entry["confusedWith"].as_array().unwrap().len() > 1);
    assert!(entry["lookNext"][0]["command"].as_str().unwrap().starts_with("kubectl"));
    assert_eq!(json["answers"][1]["entries"].as_array().unwrap().len(), 0);
    let list = serde_json::to_value(words(&[])).unwrap();
    assert_eq!(list["kind"], "Words");
    assert!(list["topics"].as_array().unwrap().len() > 20);
}

#[test]
fn colour_marks_headings_only() {
    let plain = render(&explain(&["137"], &[]), 80, false);
    let colour = render(&explain(&["137"], &[]), 80, true);
    assert!(!plain.contains('\x1b'));
    assert_eq!(colour.replace("\x1b[1m", "").replace("\x1b[0m", ""), plain);
    assert!(colour.contains("\x1b[1mLOOK NEXT\x1b[0m"));
}
