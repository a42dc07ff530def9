//! Containers of pods: what they should be, and what became of them.

use super::meta::{Make, Requirements, count, exact, port};
use super::wire::{Present, Scalar, Str, wire};
use crate::{address, redact};
use engine::Text;
use engine::evidence::{
    Action, Container, ContainerSpec, Ended, EnvSource, EnvVar, Mount, Port, Probe, Role, Shared, State,
};

wire! {
    /// `v1.Container` and `v1.EphemeralContainer`.
    struct WireContainer {
        name: Str<'a> = "name",
        image: Str<'a> = "image",
        pull_policy: Str<'a> = "imagePullPolicy",
        command: Vec<Str<'a>> = "command",
        args: Vec<Str<'a>> = "args",
        ports: Vec<WirePort<'a>> = "ports",
        resources: Requirements<'a> = "resources",
        env: Vec<WireEnv<'a>> = "env",
        env_from: Vec<EnvFrom<'a>> = "envFrom",
        mounts: Vec<WireMount<'a>> = "volumeMounts",
        liveness: WireProbe<'a> = "livenessProbe",
        readiness: WireProbe<'a> = "readinessProbe",
        startup: WireProbe<'a> = "startupProbe",
        lifecycle: Lifecycle<'a> = "lifecycle",
        restart_policy: Str<'a> = "restartPolicy",
    }
    /// `v1.ContainerPort`.
    struct WirePort {
        name: Str<'a> = "name",
        port: i64 = "containerPort",
        host_port: i64 = "hostPort",
        protocol: Str<'a> = "protocol",
    }
    /// `v1.EnvVar`.
    struct WireEnv {
        name: Str<'a> = "name",
        value: Scalar<'a> = "value",
        from: ValueFrom<'a> = "valueFrom",
    }
    /// `v1.EnvVarSource`.
    struct ValueFrom {
        config_map: KeyRef<'a> = "configMapKeyRef",
        secret: KeyRef<'a> = "secretKeyRef",
    }
    /// `v1.ConfigMapKeySelector`, `v1.SecretKeySelector` and the sources of `envFrom`.
    struct KeyRef {
        name: Str<'a> = "name",
        key: Str<'a> = "key",
        optional: bool = "optional",
    }
    /// `v1.EnvFromSource`.
    struct EnvFrom {
        prefix: Str<'a> = "prefix",
        config_map: KeyRef<'a> = "configMapRef",
        secret: KeyRef<'a> = "secretRef",
    }
    /// `v1.VolumeMount`.
    struct WireMount {
        name: Str<'a> = "name",
        path: Str<'a> = "mountPath",
        sub_path: Str<'a> = "subPath",
        sub_path_expr: Str<'a> = "subPathExpr",
        read_only: bool = "readOnly",
    }
    /// `v1.Probe`.
    struct WireProbe {
        http: HttpGet<'a> = "httpGet",
        tcp: TcpSocket<'a> = "tcpSocket",
        grpc: GrpcAction<'a> = "grpc",
        exec: ExecAction<'a> = "exec",
        delay: i64 = "initialDelaySeconds",
        timeout: i64 = "timeoutSeconds",
        period: i64 = "periodSeconds",
        success: i64 = "successThreshold",
        failure: i64 = "failureThreshold",
    }
    /// `v1.HTTPGetAction`.
    struct HttpGet {
        path: Str<'a> = "path",
        port: Scalar<'a> = "port",
        scheme: Str<'a> = "scheme",
    }
    /// `v1.TCPSocketAction`.
    struct TcpSocket {
        port: Scalar<'a> = "port",
    }
    /// `v1.GRPCAction`.
    struct GrpcAction {
        port: Scalar<'a> = "port",
        service: Str<'a> = "service",
    }
    /// `v1.ExecAction`.
    struct ExecAction {
        command: Vec<Str<'a>> = "command",
    }
    /// `v1.Lifecycle`.
    struct Lifecycle {
        pre_stop: Present = "preStop",
    }
    /// `v1.ContainerStatus`.
    struct ContainerStatus {
        name: Str<'a> = "name",
        id: Str<'a> = "containerID",
        state: WireState<'a> = "state",
        last: WireState<'a> = "lastState",
        ready: bool = "ready",
        restarts: i64 = "restartCount",
    }
    /// `v1.ContainerState`.
    struct WireState {
        waiting: Waiting<'a> = "waiting",
        running: Running<'a> = "running",
        terminated: Terminated<'a> = "terminated",
    }
    /// `v1.ContainerStateWaiting`.
    struct Waiting {
        reason: Str<'a> = "reason",
        message: Str<'a> = "message",
    }
    /// `v1.ContainerStateRunning`.
    struct Running {
        started: Str<'a> = "startedAt",
    }
    /// `v1.ContainerStateTerminated`.
    struct Terminated {
        exit_code: i64 = "exitCode",
        signal: i64 = "signal",
        reason: Str<'a> = "reason",
        message: Str<'a> = "message",
        started: Str<'a> = "startedAt",
        finished: Str<'a> = "finishedAt",
        id: Str<'a> = "containerID",
    }
}

/// Longest word of a command line that is kept, in bytes.
const LONGEST_WORD: usize = 256;

/// Most words of a command line that are kept.
const MOST_WORDS: usize = 64;

impl Make<'_> {
    /// A container without its mounts.
    pub(super) fn container(&self, wire: &WireContainer<'_>, role: Role) -> Option<Container> {
        let role = match role {
            Role::Init if wire.restart_policy.as_deref() == Some("Always") => Role::Sidecar,
            role => role,
        };
        let mut container = Container::new(self.some(&wire.name)?, role);
        container.spec = self.pool.containers.share(self.container_spec(wire));
        Some(container)
    }

    fn container_spec(&self, wire: &WireContainer<'_>) -> ContainerSpec {
        let resources = wire.resources.as_ref();
        let program = wire.command.as_deref().and_then(|words| words.first()).map(|word| &**word);
        ContainerSpec {
            image: self.some(&wire.image),
            pull_policy: self.some(&wire.pull_policy),
            command: wire.command.as_deref().map(|words| self.words(words, None)),
            args: wire.args.as_deref().map(|words| self.words(words, program)),
            ports: wire.ports.as_ref().map(|all| exact(all.iter().filter_map(|it| self.port(it)))),
            limits: resources.and_then(|resources| self.resources(&resources.limits)),
            requests: resources.and_then(|resources| self.resources(&resources.requests)),
            env: (wire.env.is_some() || wire.env_from.is_some()).then(|| self.env(wire)),
            liveness: self.shared_probe(&wire.liveness),
            readiness: self.shared_probe(&wire.readiness),
            startup: self.shared_probe(&wire.startup),
            pre_stop: Some(wire.lifecycle.as_ref().is_some_and(|lifecycle| lifecycle.pre_stop.is_some())),
        }
    }

    /// The words of a command line; `before` is its first word where these are only its arguments.
    fn words(&self, words: &[Str<'_>], before: Option<&str>) -> Vec<Text> {
        let words: Vec<&str> = words.iter().take(MOST_WORDS).map(|word| &**word).collect();
        let hidden = redact::command_line(&words, before);
        hidden.iter().map(|word| self.text(crate::clip(word, LONGEST_WORD))).collect()
    }

    fn port(&self, wire: &WirePort<'_>) -> Option<Port> {
        Some(Port {
            name: self.some(&wire.name),
            port: port(wire.port)?,
            protocol: self.some(&wire.protocol).unwrap_or_else(|| self.text("TCP")),
            host_port: port(wire.host_port),
        })
    }

    pub(super) fn mounts(&self, wire: &WireContainer<'_>) -> Option<Vec<Mount>> {
        wire.mounts.as_ref().map(|all| exact(all.iter().filter_map(|it| self.mount(it))))
    }

    fn mount(&self, wire: &WireMount<'_>) -> Option<Mount> {
        Some(Mount {
            volume: self.some(&wire.name)?,
            path: self.opt(&wire.path)?,
            sub_path: self.some(&wire.sub_path).or_else(|| self.some(&wire.sub_path_expr)),
            read_only: wire.read_only.unwrap_or(false),
        })
    }

    fn env(&self, wire: &WireContainer<'_>) -> Vec<EnvVar> {
        let literals: Vec<(&str, &str)> = wire
            .env
            .iter()
            .flatten()
            .filter_map(|it| Some((it.name.as_deref()?, &*it.value.as_ref()?.0)))
            .collect();
        let variable = |it: &WireEnv<'_>| {
            let name = it.name.as_deref()?;
            let from = match (&it.from, &it.value) {
                (Some(from), _) => self.value_from(from),
                (None, Some(value)) => match address::of_variable(name, &value.0, &literals) {
                    Some(address) => EnvSource::Address(address),
                    None => EnvSource::Literal,
                },
                (None, None) => EnvSource::Literal,
            };
            Some(EnvVar { name: self.text(name), from })
        };
        let whole = |it: &EnvFrom<'_>| {
            let optional = |reference: &KeyRef<'_>| reference.optional.unwrap_or(false);
            let from = match (&it.config_map, &it.secret) {
                (Some(map), _) => {
                    EnvSource::ConfigMap { name: self.some(&map.name)?, optional: optional(map) }
                }
                (_, Some(secret)) => {
                    EnvSource::Secret { name: self.some(&secret.name)?, optional: optional(secret) }
                }
                _ => return None,
            };
            Some(EnvVar { name: self.opt(&it.prefix).unwrap_or_default(), from })
        };
        let variables = wire.env.iter().flatten().filter_map(variable);
        exact(variables.chain(wire.env_from.iter().flatten().filter_map(whole)))
    }

    fn value_from(&self, from: &ValueFrom<'_>) -> EnvSource {
        let key = |reference: &KeyRef<'_>| {
            let optional = reference.optional.unwrap_or(false);
            Some((self.some(&reference.name)?, self.some(&reference.key)?, optional))
        };
        let map = from.config_map.as_ref().and_then(key);
        let secret = from.secret.as_ref().and_then(key);
        match (map, secret) {
            (Some((name, key, optional)), _) => EnvSource::ConfigMapKey { name, key, optional },
            (_, Some((name, key, optional))) => EnvSource::SecretKey { name, key, optional },
            _ => EnvSource::Field,
        }
    }

    fn shared_probe(&self, wire: &Option<WireProbe<'_>>) -> Option<Shared<Probe>> {
        Some(self.pool.probes.share(self.probe(wire.as_ref()?)?))
    }

    /// Where a field is left out, the API server's default (pkg/apis/core/v1/defaults.go, 1.36).
    fn probe(&self, wire: &WireProbe<'_>) -> Option<Probe> {
        let number = |port: &Option<Scalar<'_>>| Some(self.text(&port.as_ref()?.0));
        let action = if let Some(http) = &wire.http {
            let https = http.scheme.as_deref().is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
            Action::Http {
                scheme: self.text(if https { "https" } else { "http" }),
                port: number(&http.port)?,
                path: self
                    .text(&redact::text(http.path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/"))),
            }
        } else if let Some(tcp) = &wire.tcp {
            Action::Tcp { port: number(&tcp.port)? }
        } else if let Some(grpc) = &wire.grpc {
            Action::Grpc { port: number(&grpc.port)?, service: self.opt(&grpc.service).unwrap_or_default() }
        } else {
            let command = wire.exec.as_ref()?.command.as_deref().unwrap_or_default();
            Action::Exec { command: self.text(&self.words(command, None).join(" ")) }
        };
        Some(Probe {
            action,
            delay: wire.delay.unwrap_or(0),
            timeout: wire.timeout.unwrap_or(1),
            period: wire.period.unwrap_or(10),
            success: wire.success.unwrap_or(1),
            failure: wire.failure.unwrap_or(3),
        })
    }

    pub(super) fn container_status(&self, container: &mut Container, wire: &ContainerStatus<'_>) {
        container.id = self.some(&wire.id);
        container.state = wire.state.as_ref().and_then(|state| self.state(state));
        container.last = wire.last.as_ref().and_then(|state| self.state(state));
        container.ready = wire.ready;
        container.restarts = count(wire.restarts);
    }

    fn state(&self, wire: &WireState<'_>) -> Option<State> {
        if let Some(ended) = &wire.terminated {
            // A container that was never started has the zero time of the runtime here.
            let time = |text| self.time(text).filter(|moment| moment.latest > 1_000_000);
            let signal = ended.signal.filter(|signal| *signal > 0).map(|signal| signal.saturating_add(128));
            return Some(State::Terminated(Box::new(Ended {
                exit_code: ended.exit_code.or(signal).and_then(|code| i32::try_from(code).ok()),
                reason: self.some(&ended.reason),
                message: self.message(&ended.message),
                started: time(&ended.started),
                finished: time(&ended.finished),
                id: self.some(&ended.id),
            })));
        }
        if let Some(running) = &wire.running {
            return Some(State::Running { started: self.time(&running.started) });
        }
        let waiting = wire.waiting.as_ref()?;
        Some(State::Waiting { reason: self.some(&waiting.reason), message: self.message(&waiting.message) })
    }
}
