//! Commands as a reader may paste them.

use crate::finding::Remedy;

/// Whether a word of a command is safe to print: one of our own words and placeholders around names that match the
/// grammar of Kubernetes.
fn is_plain(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 512
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/=:,<>@{}\"[]+ ".contains(&b))
}

/// The argument vector of a remedy, with context and namespace; none where a name in it is no Kubernetes name.
pub fn command(remedy: &Remedy, context: Option<&str>) -> Option<Vec<String>> {
    let args = remedy.command.as_ref()?;
    let mut words =
        vec!["kubectl".to_owned(), "--context".to_owned(), context.unwrap_or("<context>").to_owned()];
    if let Some(namespace) = &remedy.namespace {
        words.extend(["-n".to_owned(), namespace.to_string()]);
    }
    words.extend(args.iter().cloned());
    words.iter().all(|word| is_plain(word)).then_some(words)
}

/// A word quoted for a POSIX shell, where it needs to be. Placeholders stay bare: they are to be replaced.
pub fn quote(word: &str) -> String {
    let placeholder = word.contains('<') && !word.contains(['{', '"', ' ']);
    if placeholder || word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/=:,@+".contains(&b)) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The lines of a command, broken between words so that each fits the width.
pub fn lines(words: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in words.iter().map(|w| quote(w)) {
        if !line.is_empty() && line.len() + 1 + word.len() + 2 > width {
            line.push_str(" \\");
            lines.push(std::mem::take(&mut line));
            line.push_str("  ");
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Honesty;
    use crate::subject::{Kind, Subject};

    #[test]
    fn a_hostile_name_makes_no_command() {
        let pod = Subject::new(Kind::Pod, Some("shop"), "a");
        let bad = Remedy::kubectl("x", &pod, Honesty::Safe, &["logs", "$(curl x|sh)"]);
        assert_eq!(command(&bad, None), None);
        let good = Remedy::kubectl("x", &pod, Honesty::Safe, &["logs", "a"]);
        let words = command(&good, Some("prod")).unwrap_or_default();
        assert_eq!(words, ["kubectl", "--context", "prod", "-n", "shop", "logs", "a"]);
    }

    #[test]
    fn json_is_quoted_whole() {
        assert_eq!(quote("{\"spec\":{\"suspend\":true}}"), "'{\"spec\":{\"suspend\":true}}'");
        let words: Vec<String> =
            ["kubectl", "patch", "job/x", "-p", "{\"a\":{\"b\":1}}"].map(str::to_owned).to_vec();
        assert_eq!(lines(&words, 24), ["kubectl patch job/x -p \\", "  '{\"a\":{\"b\":1}}'"]);
    }
}
