//! Takes secrets out of what was read from text, before it becomes evidence.

use super::{command_line, text};
use engine::Text;
use engine::evidence::{
    Action, Body, Condition, Container, ContainerSpec, Object, Observation, Pairs, State, What,
};
use std::borrow::Cow;

/// Hides what stands in sentences, command lines and annotations. What only names something is left as it is.
pub(crate) fn observation(observation: &mut Observation) {
    match &mut observation.what {
        What::Object(seen) => object(seen),
        What::Event(event) => hide(&mut event.message),
        What::Unit(unit) => maybe(&mut unit.exit),
        // Logs and journals are hidden line by line while they are read.
        What::Log(_) | What::NodeLog(_) | What::Tags(_) | What::Listed { .. } | What::ClockPair(_) => {}
    }
}

fn hide(kept: &mut Text) {
    if let Cow::Owned(hidden) = text(kept) {
        *kept = hidden.into();
    }
}

fn maybe(kept: &mut Option<Text>) {
    kept.iter_mut().for_each(hide);
}

fn object(object: &mut Object) {
    for value in object.annotations.iter_mut().flat_map(Pairs::values_mut) {
        hide(value);
    }
    match &mut object.body {
        Body::Pod(pod) => {
            maybe(&mut pod.message);
            conditions(&mut pod.conditions);
            pod.containers.iter_mut().for_each(container);
        }
        Body::Node(node) => conditions(&mut node.conditions),
        Body::Workload(workload) => {
            conditions(&mut workload.conditions);
            workload.template.iter_mut().flat_map(|t| &mut t.pod.containers).for_each(container);
        }
        Body::Autoscaler(autoscaler) => conditions(&mut autoscaler.conditions),
        _ => {}
    }
}

fn conditions(conditions: &mut Option<Vec<Condition>>) {
    // What is shared is written only where there is something to hide.
    for condition in conditions.iter_mut().flatten().filter(|condition| condition.message.is_some()) {
        maybe(&mut condition.message);
    }
}

fn container(container: &mut Container) {
    for state in [&mut container.state, &mut container.last].into_iter().flatten() {
        match state {
            State::Waiting { message, .. } => maybe(message),
            State::Terminated(ended) => maybe(&mut ended.message),
            State::Running { .. } => {}
        }
    }
    // Replicas share their spec: it is written only where something had to go.
    let mut clean = ContainerSpec::clone(&container.spec);
    spec(&mut clean);
    if clean != *container.spec {
        container.spec = clean.into();
    }
}

fn spec(spec: &mut ContainerSpec) {
    let program = spec.command.iter().flatten().next().cloned();
    for (words, before) in [(&mut spec.command, None), (&mut spec.args, program)] {
        let Some(words) = words else { continue };
        let shown: Vec<&str> = words.iter().map(|word| &**word).collect();
        let hidden = command_line(&shown, before.as_deref()).into_iter().map(|word| match word {
            Cow::Owned(word) => Some(Text::from(word)),
            Cow::Borrowed(_) => None,
        });
        let hidden: Vec<Option<Text>> = hidden.collect();
        for (word, hidden) in words.iter_mut().zip(hidden) {
            *word = hidden.unwrap_or_else(|| word.clone());
        }
    }
    let probes = [&mut spec.liveness, &mut spec.readiness, &mut spec.startup];
    for probe in probes.into_iter().flatten() {
        match &mut probe.action {
            Action::Http { path, .. } => hide(path),
            Action::Exec { command } => hide(command),
            Action::Tcp { .. } | Action::Grpc { .. } => {}
        }
    }
}
