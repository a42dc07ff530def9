//! Commands that a reader may paste into a POSIX shell.

use crate::Text;
use crate::finding::Remedy;
use unicode_width::UnicodeWidthStr;

/// What stands for a command that must not be printed.
pub(super) const REFUSED: &str = "no command: a name in it is not a Kubernetes name";

/// The options that our commands use, up to `=`. A name from the evidence that begins with `-` is none of these, and
/// could turn a harmless command into another.
const OPTIONS: &[&str] = &[
    "-A",
    "-c",
    "-l",
    "-n",
    "-o",
    "-p",
    "-w",
    "--all-containers",
    "--containers",
    "--context",
    "--docker-password",
    "--docker-server",
    "--docker-username",
    "--dry-run",
    "--field-selector",
    "--from",
    "--from-literal",
    "--ignore-daemonsets",
    "--limits",
    "--namespace",
    "--overwrite",
    "--previous",
    "--replicas",
    "--requests",
    "--selector",
    "--show-labels",
    "--since",
    "--sort-by",
    "--subresource",
    "--tail",
    "--timestamps",
    "--to-revision",
    "--type",
];

/// A `kubectl` command with its context and namespace; none where a word of it may not be printed.
pub(super) fn kubectl(
    args: &[String],
    context: Option<&Text>,
    namespace: Option<&Text>,
) -> Option<Vec<String>> {
    let mut words = vec!["kubectl".to_owned()];
    words.extend(place(context, namespace));
    words.extend(args.iter().cloned());
    words.iter().all(|word| is_allowed(word)).then_some(words)
}

/// The command of a remedy: none where it has none, or must not have.
pub(super) fn remedy(remedy: &Remedy, context: Option<&Text>) -> Option<Vec<String>> {
    kubectl(remedy.command.as_ref()?, context, remedy.namespace.as_ref())
}

/// A `coroner` command: the context is added, as its arguments name the namespace.
pub(super) fn coroner(args: &[String], context: Option<&Text>) -> Option<Vec<String>> {
    let mut words = vec!["coroner".to_owned()];
    // Behind what is diagnosed, before the options.
    let options = args.iter().position(|arg| arg.starts_with('-')).unwrap_or(args.len());
    let (what, options) = args.split_at(options);
    words.extend(what.iter().cloned());
    words.extend(place(context, None));
    words.extend(options.iter().cloned());
    words.iter().all(|word| is_allowed(word)).then_some(words)
}

fn place(context: Option<&Text>, namespace: Option<&Text>) -> Vec<String> {
    let mut words = vec!["--context".to_owned(), context.map_or("<context>", |c| c).to_owned()];
    if let Some(namespace) = namespace {
        words.extend(["-n".to_owned(), namespace.to_string()]);
    }
    words
}

/// Whether a word may stand in a command: one of our options, a word in the letters of Kubernetes names, references and
/// quantities, a JSON patch of such words, or a placeholder.
fn is_allowed(word: &str) -> bool {
    if word.len() > 2048 {
        return false;
    }
    if word.starts_with('{') {
        return serde_json::from_str(word).is_ok_and(|patch| is_allowed_patch(&patch));
    }
    if word.starts_with('-') {
        let (option, value) = word.split_once('=').map_or((word, None), |(o, v)| (o, Some(v)));
        return OPTIONS.contains(&option) && value.is_none_or(is_value);
    }
    is_value(word)
}

/// A value: letters of Kubernetes names and of what is built of them, `<placeholders>` among them. It begins with a
/// letter, digit or placeholder, or with one of the marks that a path or selector begins with.
fn is_value(value: &str) -> bool {
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('<') {
        let Some((placeholder, behind)) = after.split_once('>') else { return false };
        let is_word = |c: char| c.is_ascii_lowercase() || matches!(c, '-' | ' ' | '/');
        if placeholder.is_empty() || !placeholder.chars().all(is_word) || !before.chars().all(is_letter) {
            return false;
        }
        rest = behind;
    }
    let path = value.strip_prefix("jsonpath={").or_else(|| value.strip_prefix("custom-columns="));
    if let Some(path) = path {
        return path.chars().all(|c| is_letter(c) || matches!(c, '[' | ']' | '*' | '{' | '}'));
    }
    let first = value.chars().next();
    first.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '<' | '.' | '/' | '_'))
        && rest.chars().all(is_letter)
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._/:=,@+!%".contains(c)
}

fn is_allowed_patch(patch: &serde_json::Value) -> bool {
    use serde_json::Value;
    match patch {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => text.is_empty() || is_value(text),
        Value::Array(items) => items.iter().all(is_allowed_patch),
        Value::Object(fields) => fields.iter().all(|(key, value)| is_value(key) && is_allowed_patch(value)),
    }
}

/// A word as a POSIX shell must get it. A placeholder stays bare: it is there to be replaced, and pasted as it is it
/// makes the shell refuse the line.
pub(super) fn quote(word: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-._/:=,@+%".contains(c);
    let placeholder =
        !word.contains([' ', '{', '\'', '"']) && word.chars().all(|c| bare(c) || matches!(c, '<' | '>'));
    if !word.is_empty() && (placeholder || word.chars().all(bare)) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A command on one line.
pub(super) fn line(words: &[String]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

/// A command broken before words, with ` \` at the ends and an indent, so that each line fits `width` if its words do.
/// An option stays with its value where both fit.
pub(super) fn lines(words: &[String], width: usize) -> Vec<String> {
    let mut units: Vec<String> = Vec::new();
    let mut open = false;
    for word in words {
        let quoted = quote(word);
        match units.last_mut() {
            Some(option)
                if open && !word.starts_with('-') && option.width() + quoted.width() + 5 <= width =>
            {
                option.push(' ');
                option.push_str(&quoted);
                open = false;
            }
            _ => {
                units.push(quoted);
                open = word.starts_with('-') && !word.contains('=');
            }
        }
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    for (index, unit) in units.iter().enumerate() {
        // The last line needs no room for its continuation.
        let end = if index + 1 == units.len() { 0 } else { 2 };
        if !line.trim().is_empty() && line.width() + 1 + unit.width() + end > width {
            line.push_str(" \\");
            lines.push(std::mem::replace(&mut line, "  ".to_owned()));
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(unit);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Honesty;
    use crate::subject::{Kind, Subject};

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    #[test]
    fn a_command_names_context_and_namespace() {
        let pod = Subject::new(Kind::Pod, Some("shop"), "a-0");
        let logs = Remedy::kubectl("x", &pod, Honesty::Safe, &["logs", "a-0", "--tail=50"]);
        assert_eq!(
            line(&remedy(&logs, None).unwrap()),
            "kubectl --context <context> -n shop logs a-0 --tail=50"
        );
        let context: Text = "arn:aws:eks:eu-1:12:cluster/prod".into();
        assert_eq!(
            line(&remedy(&logs, Some(&context)).unwrap()),
            "kubectl --context arn:aws:eks:eu-1:12:cluster/prod -n shop logs a-0 --tail=50"
        );
        assert_eq!(
            line(
                &coroner(&words(&["diagnose", "deploy/a", "-n", "shop", "-w"]), Some(&"prod".into()))
                    .unwrap()
            ),
            "coroner diagnose deploy/a --context prod -n shop -w"
        );
    }

    #[test]
    fn what_is_no_name_makes_no_command() {
        for bad in [
            "$(curl x|sh)",
            "a;b",
            "a b",
            "a`b`",
            "--force",
            "--all-namespaces",
            "-R",
            "--tail=$(x)",
            "",
            "a\nb",
            "a'b",
            "é",
            "\u{202e}a",
            "<a",
            "a>b",
            "<$(x)>",
            "~/x",
            "&",
            "*",
            "!x",
            "{\"a\": \"$(x)\"}",
            "{\"a\": ",
            "--limits=-x",
        ] {
            let pod = Subject::new(Kind::Pod, Some("shop"), "a");
            let command = Remedy::kubectl("x", &pod, Honesty::Safe, &["logs", bad]);
            assert_eq!(remedy(&command, None), None, "{bad:?}");
            assert_eq!(kubectl(&words(&["get", "pods"]), None, Some(&bad.into())), None, "namespace {bad:?}");
        }
    }

    #[test]
    fn names_references_and_patches_make_commands() {
        for good in [
            "orders-7c9d8b6f4d-x2k4p",
            "deploy/a",
            "app=registry.example:5000/a/b:v1@sha256:0123",
            "KEY=http://a.b:80/c",
            "<image>",
            "app=<image>",
            "--limits=memory=<amount>",
            "{\"spec\":{\"parallelism\":4,\"suspend\":true}}",
            "jsonpath={.status.conditions[*].type}",
            "custom-columns=NAME:.metadata.name",
            "system:node:n1",
            "1500m",
        ] {
            assert!(kubectl(&words(&["x", good]), None, None).is_some(), "{good}");
        }
    }

    #[test]
    fn quotes_are_a_posix_shells() {
        assert_eq!(quote("a-b.c/d:1"), "a-b.c/d:1");
        assert_eq!(quote("{\"a\":1}"), "'{\"a\":1}'");
        assert_eq!(quote("it's"), "'it'\\''s'");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("app=<image>"), "app=<image>");
        assert_eq!(quote("<new name>"), "'<new name>'");
    }

    #[test]
    fn a_long_command_breaks_before_an_option_and_never_inside_quotes() {
        let patch =
            words(&["kubectl", "patch", "job", "a", "--type", "merge", "-p", "{\"spec\":{\"a\":\"b\"}}"]);
        assert_eq!(
            lines(&patch, 40),
            ["kubectl patch job a --type merge \\", "  -p '{\"spec\":{\"a\":\"b\"}}'"]
        );
        assert_eq!(lines(&patch, 1).len(), patch.len());
        assert_eq!(lines(&patch, 200), [line(&patch)]);
    }
}
