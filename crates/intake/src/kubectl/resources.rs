//! The resource types that kubectl knows by name, with their short names and table columns.

/// A resource type.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    /// API group, empty for core.
    pub group: &'static str,
    /// Kind, as in `kind:`.
    pub kind: &'static str,
    /// Plural name, as kubectl takes it.
    pub plural: &'static str,
    /// Singular name.
    pub singular: &'static str,
    /// Short names, as `kubectl api-resources` lists them.
    pub short: &'static [&'static str],
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Column names of `kubectl get`, one list for each version that printed other columns, newest first; those
    /// that only `-o wide` shows come after `|` (k8s.io/kubernetes pkg/printers/internalversion/printers.go).
    pub columns: &'static [&'static str],
}

impl Resource {
    /// Finds a type by plural, singular, short or dotted name (`deployments.apps`, `deploy.v1.apps`), in any case.
    pub fn named(name: &str) -> Option<&'static Resource> {
        let lower = name.to_ascii_lowercase();
        let (base, group) = match lower.split_once('.') {
            Some((base, rest)) => (base, Some(rest)),
            None => (lower.as_str(), None),
        };
        RESOURCES.iter().filter(|r| r.plural == base || r.singular == base || r.short.contains(&base)).find(
            |r| match group {
                None => true,
                Some(rest) => {
                    rest == r.group
                        || rest
                            .split_once('.')
                            .is_some_and(|(version, group)| group == r.group && version.starts_with('v'))
                        || (r.group.is_empty() && rest.starts_with('v') && !rest.contains('.'))
                }
            },
        )
    }

    /// Finds a type by its kind (`Pod`).
    pub fn of_kind(kind: &str) -> Option<&'static Resource> {
        RESOURCES.iter().find(|r| r.kind == kind)
    }

    /// The types that a name given to kubectl stands for: `all` stands for several.
    pub fn all_named(name: &str) -> Vec<&'static Resource> {
        if name == "all" {
            return ALL.iter().filter_map(|n| Resource::named(n)).collect();
        }
        Resource::named(name).into_iter().collect()
    }

    /// The type whose table has these columns, if only one has.
    pub fn with_columns<'c>(header: impl Iterator<Item = &'c str> + Clone) -> Option<&'static Resource> {
        let plain = |c: &&str| !matches!(*c, "NAMESPACE" | "LABELS");
        let mut found: Option<&'static Resource> = None;
        for resource in RESOURCES {
            let fits = resource.columns.iter().any(|columns| {
                let (narrow, wide) = columns.split_once('|').unwrap_or((columns, ""));
                let mut left = header.clone().filter(plain);
                if !narrow.split(',').all(|c| left.next() == Some(c)) {
                    return false;
                }
                let mut wide = wide.split(',').filter(|c| !c.is_empty());
                left.all(|c| wide.next() == Some(c))
            });
            if fits {
                if found.is_some() {
                    return None;
                }
                found = Some(resource);
            }
        }
        found
    }
}

/// What `kubectl get all` lists.
const ALL: &[&str] = &[
    "pods",
    "replicationcontrollers",
    "services",
    "daemonsets",
    "deployments",
    "replicasets",
    "statefulsets",
    "horizontalpodautoscalers",
    "jobs",
    "cronjobs",
];

macro_rules! resources {
    ($($group:literal $kind:literal $plural:literal $singular:literal [$($short:literal),*] $ns:literal [$($columns:literal),*];)*) => {
        /// Every type, core first.
        pub static RESOURCES: &[Resource] = &[$(Resource {
            group: $group, kind: $kind, plural: $plural, singular: $singular, short: &[$($short),*], namespaced: $ns,
            columns: &[$($columns),*],
        }),*];
    };
}

resources! {
    "" "Pod" "pods" "pod" ["po"] true
        ["NAME,READY,STATUS,RESTARTS,AGE|IP,NODE,NOMINATED NODE,READINESS GATES"];
    "" "Service" "services" "service" ["svc"] true
        ["NAME,TYPE,CLUSTER-IP,EXTERNAL-IP,PORT(S),AGE|SELECTOR", "NAME,CLUSTER-IP,EXTERNAL-IP,PORT(S),AGE|SELECTOR"];
    "" "Node" "nodes" "node" ["no"] false
        ["NAME,STATUS,ROLES,AGE,VERSION|INTERNAL-IP,EXTERNAL-IP,OS-IMAGE,KERNEL-VERSION,CONTAINER-RUNTIME"];
    "" "Namespace" "namespaces" "namespace" ["ns"] false ["NAME,STATUS,AGE"];
    "" "Event" "events" "event" ["ev"] true
        ["LAST SEEN,TYPE,REASON,OBJECT,MESSAGE",
         "LAST SEEN,TYPE,REASON,OBJECT,SUBOBJECT,SOURCE,MESSAGE,FIRST SEEN,COUNT,NAME",
         "LAST SEEN,TYPE,REASON,KIND,MESSAGE",
         "LAST SEEN,FIRST SEEN,COUNT,NAME,KIND,SUBOBJECT,TYPE,REASON,SOURCE,MESSAGE"];
    "" "Endpoints" "endpoints" "endpoints" ["ep"] true ["NAME,ENDPOINTS,AGE"];
    "" "ConfigMap" "configmaps" "configmap" ["cm"] true ["NAME,DATA,AGE"];
    "" "Secret" "secrets" "secret" [] true ["NAME,TYPE,DATA,AGE"];
    "" "ServiceAccount" "serviceaccounts" "serviceaccount" ["sa"] true ["NAME,SECRETS,AGE"];
    "" "PersistentVolumeClaim" "persistentvolumeclaims" "persistentvolumeclaim" ["pvc"] true
        ["NAME,STATUS,VOLUME,CAPACITY,ACCESS MODES,STORAGECLASS,VOLUMEATTRIBUTESCLASS,AGE|VOLUMEMODE",
         "NAME,STATUS,VOLUME,CAPACITY,ACCESS MODES,STORAGECLASS,AGE|VOLUMEMODE"];
    "" "PersistentVolume" "persistentvolumes" "persistentvolume" ["pv"] false
        ["NAME,CAPACITY,ACCESS MODES,RECLAIM POLICY,STATUS,CLAIM,STORAGECLASS,VOLUMEATTRIBUTESCLASS,REASON,AGE|VOLUMEMODE",
         "NAME,CAPACITY,ACCESS MODES,RECLAIM POLICY,STATUS,CLAIM,STORAGECLASS,REASON,AGE|VOLUMEMODE"];
    "" "ResourceQuota" "resourcequotas" "resourcequota" ["quota"] true
        ["NAME,REQUEST,LIMIT,AGE", "NAME,AGE,REQUEST,LIMIT"];
    "" "LimitRange" "limitranges" "limitrange" ["limits"] true ["NAME,CREATED AT"];
    "" "ReplicationController" "replicationcontrollers" "replicationcontroller" ["rc"] true
        ["NAME,DESIRED,CURRENT,READY,AGE|CONTAINERS,IMAGES,SELECTOR"];
    "" "ComponentStatus" "componentstatuses" "componentstatus" ["cs"] false ["NAME,STATUS,MESSAGE,ERROR"];
    "" "PodTemplate" "podtemplates" "podtemplate" [] true ["NAME,CONTAINERS,IMAGES,POD LABELS"];
    "apps" "Deployment" "deployments" "deployment" ["deploy"] true
        ["NAME,READY,UP-TO-DATE,AVAILABLE,AGE|CONTAINERS,IMAGES,SELECTOR",
         "NAME,DESIRED,CURRENT,UP-TO-DATE,AVAILABLE,AGE|CONTAINERS,IMAGES,SELECTOR"];
    "apps" "ReplicaSet" "replicasets" "replicaset" ["rs"] true
        ["NAME,DESIRED,CURRENT,READY,AGE|CONTAINERS,IMAGES,SELECTOR"];
    "apps" "StatefulSet" "statefulsets" "statefulset" ["sts"] true
        ["NAME,READY,AGE|CONTAINERS,IMAGES", "NAME,DESIRED,CURRENT,AGE|CONTAINERS,IMAGES"];
    "apps" "DaemonSet" "daemonsets" "daemonset" ["ds"] true
        ["NAME,DESIRED,CURRENT,READY,UP-TO-DATE,AVAILABLE,NODE SELECTOR,AGE|CONTAINERS,IMAGES,SELECTOR"];
    "apps" "ControllerRevision" "controllerrevisions" "controllerrevision" [] true
        ["NAME,CONTROLLER,REVISION,AGE"];
    "batch" "Job" "jobs" "job" [] true
        ["NAME,STATUS,COMPLETIONS,DURATION,AGE|CONTAINERS,IMAGES,SELECTOR",
         "NAME,COMPLETIONS,DURATION,AGE|CONTAINERS,IMAGES,SELECTOR",
         "NAME,DESIRED,SUCCESSFUL,AGE|CONTAINERS,IMAGES,SELECTOR"];
    "batch" "CronJob" "cronjobs" "cronjob" ["cj"] true
        ["NAME,SCHEDULE,TIMEZONE,SUSPEND,ACTIVE,LAST SCHEDULE,AGE|CONTAINERS,IMAGES,SELECTOR",
         "NAME,SCHEDULE,SUSPEND,ACTIVE,LAST SCHEDULE,AGE|CONTAINERS,IMAGES,SELECTOR"];
    "autoscaling" "HorizontalPodAutoscaler" "horizontalpodautoscalers" "horizontalpodautoscaler" ["hpa"] true
        ["NAME,REFERENCE,TARGETS,MINPODS,MAXPODS,REPLICAS,AGE"];
    "policy" "PodDisruptionBudget" "poddisruptionbudgets" "poddisruptionbudget" ["pdb"] true
        ["NAME,MIN AVAILABLE,MAX UNAVAILABLE,ALLOWED DISRUPTIONS,AGE"];
    "networking.k8s.io" "Ingress" "ingresses" "ingress" ["ing"] true
        ["NAME,CLASS,HOSTS,ADDRESS,PORTS,AGE", "NAME,HOSTS,ADDRESS,PORTS,AGE"];
    "networking.k8s.io" "IngressClass" "ingressclasses" "ingressclass" [] false ["NAME,CONTROLLER,PARAMETERS,AGE"];
    "networking.k8s.io" "NetworkPolicy" "networkpolicies" "networkpolicy" ["netpol"] true ["NAME,POD-SELECTOR,AGE"];
    "discovery.k8s.io" "EndpointSlice" "endpointslices" "endpointslice" [] true
        ["NAME,ADDRESSTYPE,PORTS,ENDPOINTS,AGE"];
    "storage.k8s.io" "StorageClass" "storageclasses" "storageclass" ["sc"] false
        ["NAME,PROVISIONER,RECLAIMPOLICY,VOLUMEBINDINGMODE,ALLOWVOLUMEEXPANSION,AGE", "NAME,PROVISIONER,AGE"];
    "storage.k8s.io" "VolumeAttachment" "volumeattachments" "volumeattachment" [] false
        ["NAME,ATTACHER,PV,NODE,ATTACHED,AGE"];
    "storage.k8s.io" "CSIDriver" "csidrivers" "csidriver" [] false
        ["NAME,ATTACHREQUIRED,PODINFOONMOUNT,STORAGECAPACITY,TOKENREQUESTS,REQUIRESREPUBLISH,MODES,AGE"];
    "storage.k8s.io" "CSINode" "csinodes" "csinode" [] false ["NAME,DRIVERS,AGE"];
    "rbac.authorization.k8s.io" "Role" "roles" "role" [] true ["NAME,CREATED AT"];
    "rbac.authorization.k8s.io" "ClusterRole" "clusterroles" "clusterrole" [] false ["NAME,CREATED AT"];
    "rbac.authorization.k8s.io" "RoleBinding" "rolebindings" "rolebinding" [] true
        ["NAME,ROLE,AGE|USERS,GROUPS,SERVICEACCOUNTS", "NAME,AGE|ROLE,USERS,GROUPS,SERVICEACCOUNTS"];
    "rbac.authorization.k8s.io" "ClusterRoleBinding" "clusterrolebindings" "clusterrolebinding" [] false
        ["NAME,ROLE,AGE|USERS,GROUPS,SERVICEACCOUNTS", "NAME,AGE|ROLE,USERS,GROUPS,SERVICEACCOUNTS"];
    "coordination.k8s.io" "Lease" "leases" "lease" [] true ["NAME,HOLDER,AGE"];
    "scheduling.k8s.io" "PriorityClass" "priorityclasses" "priorityclass" ["pc"] false
        ["NAME,VALUE,GLOBAL-DEFAULT,AGE,PREEMPTIONPOLICY", "NAME,VALUE,GLOBAL-DEFAULT,AGE"];
    "certificates.k8s.io" "CertificateSigningRequest" "certificatesigningrequests" "certificatesigningrequest" ["csr"] false
        ["NAME,AGE,SIGNERNAME,REQUESTOR,REQUESTEDDURATION,CONDITION", "NAME,AGE,SIGNERNAME,REQUESTOR,CONDITION",
         "NAME,AGE,REQUESTOR,CONDITION"];
    "admissionregistration.k8s.io" "ValidatingWebhookConfiguration" "validatingwebhookconfigurations"
        "validatingwebhookconfiguration" [] false ["NAME,WEBHOOKS,AGE"];
    "admissionregistration.k8s.io" "MutatingWebhookConfiguration" "mutatingwebhookconfigurations"
        "mutatingwebhookconfiguration" [] false ["NAME,WEBHOOKS,AGE"];
    "apiextensions.k8s.io" "CustomResourceDefinition" "customresourcedefinitions" "customresourcedefinition"
        ["crd", "crds"] false ["NAME,CREATED AT"];
    "apiregistration.k8s.io" "APIService" "apiservices" "apiservice" [] false ["NAME,SERVICE,AVAILABLE,AGE"];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, kind) in [
            ("po", "Pod"),
            ("Pod", "Pod"),
            ("deploy", "Deployment"),
            ("deployments.apps", "Deployment"),
            ("deployment.v1.apps", "Deployment"),
            ("pods.v1", "Pod"),
            ("quota", "ResourceQuota"),
            ("ev", "Event"),
            ("pc", "PriorityClass"),
        ] {
            assert_eq!(Resource::named(name).map(|r| r.kind), Some(kind), "{name}");
        }
        assert!(Resource::named("deployments.example.com").is_none());
        assert!(Resource::named("widgets").is_none());
        assert_eq!(Resource::all_named("all").len(), 10);
    }

    #[test]
    fn columns_tell_the_type() {
        let kind = |header: &str| Resource::with_columns(header.split(',')).map(|r| r.kind);
        assert_eq!(kind("NAMESPACE,NAME,READY,STATUS,RESTARTS,AGE"), Some("Pod"));
        assert_eq!(kind("NAME,READY,STATUS,RESTARTS,AGE,IP,NODE,NOMINATED NODE"), Some("Pod"));
        assert_eq!(kind("NAME,READY,STATUS,RESTARTS,AGE,COLOUR"), None);
        assert_eq!(kind("NAME,DESIRED,CURRENT,READY,AGE"), None, "replica sets and replication controllers");
        assert_eq!(kind("LAST SEEN,TYPE,REASON,OBJECT,MESSAGE"), Some("Event"));
    }
}
