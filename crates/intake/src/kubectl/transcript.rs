//! A terminal transcript: commands and what each printed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::{memchr, memchr_iter, memchr2, memmem, memrchr};

use super::command::{self, Command};
use super::lines::Passage;

/// A command and what it printed, or text that stands before any command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section<'a> {
    /// The command, where its program is one whose output we know.
    pub command: Option<Command<'a>>,
    /// The line of any other command (`free -m`), without its prompt.
    pub other: Option<&'a str>,
    /// What it printed.
    pub body: Passage<'a>,
}

/// The text without terminal escapes (colours, titles, backspaces); its lines stay the lines that they were.
pub fn plain(text: &str) -> Cow<'_, str> {
    if memchr2(0x1b, 0x08, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.peek() {
                // CSI: parameters, then one final byte. A runtime may have cut the line inside of it: then it goes on in
                // the next record, and what stands there is no text either.
                Some('[') => {
                    chars.next();
                    let mut sequence = String::from("\u{1b}[");
                    while let Some(c) = chars.next_if(|c| matches!(c, ' '..='?')) {
                        sequence.push(c);
                    }
                    let ended = chars.next_if(|c| matches!(c, '@'..='~')).is_some();
                    if !ended && matches!(chars.peek(), None | Some('\n' | '\r')) {
                        out.push_str(&sequence);
                    }
                }
                None | Some('\n' | '\r') => out.push(c),
                // OSC: up to BEL or ESC \.
                Some(']') => {
                    while chars.next_if(|c| !matches!(c, '\u{7}' | '\u{1b}' | '\n')).is_some() {}
                    if chars.next_if_eq(&'\u{7}').is_none() && chars.next_if_eq(&'\u{1b}').is_some() {
                        chars.next_if_eq(&'\\');
                    }
                }
                _ => {
                    chars.next_if(|c| *c != '\n');
                }
            },
            '\u{8}' => {
                if !out.ends_with('\n') {
                    out.pop();
                }
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Longest prompt looked for, in bytes; what stands before a command on its line is no longer than this.
const PROMPT: usize = 200;

/// What a command line of ours contains.
const NEEDLES: &[&str] =
    &["kubectl", "systemctl ", "journalctl", "crictl ", "dmesg", "$ oc ", "$ k ", "$ cat ", "# cat "];

/// Cuts a transcript at its commands. Text before the first command, and text without any, is a section without one.
pub fn sections(text: &str) -> Vec<Section<'_>> {
    let starts: Vec<_> = command_lines(text).into_iter().collect();
    let mut sections = Vec::with_capacity(starts.len() + 1);
    let first = starts.first().map_or(text.len(), |(start, _)| *start);
    let before = Passage { text: &text[..first], first_line: 1 };
    if !before.text.trim_ascii().is_empty() {
        sections.push(Section { command: None, other: None, body: before });
    }
    let mut line = 1 + count_breaks(&text[..first]);
    for (i, (start, prompt)) in starts.iter().copied().enumerate() {
        let next = starts.get(i + 1).map_or(text.len(), |(start, _)| *start);
        let end = command_end(text, start).min(next);
        let typed = text[start + prompt..end].trim_end();
        let command = command::parse(typed, &text[start..start + prompt], line);
        let other = command.is_none().then_some(typed);
        let body = (end + 1).min(next);
        line += count_breaks(&text[start..body]);
        let passage = Passage { text: &text[body..next], first_line: line };
        line += count_breaks(passage.text);
        sections.push(Section { command, other, body: passage });
    }
    sections
}

fn count_breaks(text: &str) -> usize {
    memchr_iter(b'\n', text.as_bytes()).count()
}

/// Where the command lines begin, in order, and how long the prompt of each is.
fn command_lines(text: &str) -> BTreeMap<usize, usize> {
    let mut found = BTreeMap::new();
    let mut stems: Vec<&str> = Vec::new();
    for needle in NEEDLES {
        let inside = needle.bytes().position(|b| b == b' ').filter(|p| *p == 1).map_or(0, |p| p + 1);
        for hit in memmem::find_iter(text.as_bytes(), needle.as_bytes()) {
            let at = hit + inside;
            let Some(start) = line_start(text, at) else { continue };
            if found.contains_key(&start) {
                continue;
            }
            let Some(prompt) = text.get(start..at).and_then(prompt_of) else { continue };
            let end = line_end(text, at);
            if !is_command(&text[at..end], prompt) {
                continue;
            }
            found.insert(start, prompt.len());
            // A prompt that names user or host marks the lines of other programs, too.
            if let Some(stem) = stem_of(prompt)
                && stems.len() < 8
                && !stems.contains(&stem)
            {
                stems.push(stem);
            }
        }
    }
    // Where a prompt is shown, a line without one is output: a script in a ConfigMap, a comment.
    let shown =
        |start: &usize, length: &usize| !matches!(text[*start..start + length].trim(), "" | "#" | ">");
    if found.iter().any(|(start, length)| shown(start, length)) {
        found.retain(|start, length| shown(start, length));
    }
    for stem in stems {
        for at in memmem::find_iter(text.as_bytes(), stem.as_bytes()) {
            if at > 0 && text.as_bytes()[at - 1] != b'\n' {
                continue;
            }
            let line = &text[at..line_end(text, at)];
            let Some(sign) = line.bytes().take(PROMPT).position(|b| matches!(b, b'$' | b'#' | b'%' | b'>'))
            else {
                continue;
            };
            let prompt = line.get(..sign + 2).unwrap_or(line);
            if prompt[sign + 1..].trim().is_empty() && is_prompt(prompt) {
                found.entry(at).or_insert(prompt.trim_end_matches('\r').len());
            }
        }
    }
    found
}

fn line_start(text: &str, at: usize) -> Option<usize> {
    let from = at.saturating_sub(PROMPT);
    match memrchr(b'\n', &text.as_bytes()[from..at]) {
        Some(p) => Some(from + p + 1),
        None if from == 0 => Some(0),
        None => None,
    }
}

fn line_end(text: &str, at: usize) -> usize {
    memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |p| at + p)
}

/// The end of a command line, with the lines that a backslash joins to it.
fn command_end(text: &str, start: usize) -> usize {
    let mut end = line_end(text, start);
    for _ in 0..20 {
        if end >= text.len() || !text[start..end].trim_end_matches('\r').ends_with('\\') {
            break;
        }
        end = line_end(text, end + 1);
    }
    end
}

/// The prompt before a program, if what stands there is a prompt, with `sudo`, variables and the like after it.
fn prompt_of(before: &str) -> Option<&str> {
    let mut prompt = before;
    while let Some(rest) = prompt.strip_suffix(' ') {
        let word = rest.rsplit(' ').next().unwrap_or(rest);
        let wraps =
            matches!(word, "sudo" | "time" | "watch" | "-n1" | "-n2" | "minikube" | "microk8s" | "command")
                || word.split_once('=').is_some_and(|(name, _)| {
                    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                });
        if !wraps {
            break;
        }
        prompt = &rest[..rest.len() - word.len()];
    }
    // The program may be given with its directory.
    if let Some(blank) = prompt.rfind(' ')
        && prompt[blank + 1..].starts_with(['/', '.'])
        && prompt.ends_with('/')
    {
        prompt = &prompt[..blank + 1];
    }
    (prompt.is_empty() || is_prompt(prompt)).then_some(prompt)
}

/// Whether this is a shell's prompt: `$ `, `# `, `user@host:~$ `, `[root@n1 ~]# `, `➜  ~ `, `PS C:\> `, `sh-5.1# `.
fn is_prompt(prompt: &str) -> bool {
    let trimmed = prompt.trim_end();
    if prompt.len() > PROMPT || trimmed.contains(['\t', '"']) {
        return false;
    }
    let arrow = |c: char| matches!(c, '➜' | '❯' | '»' | 'λ');
    if let Some(rest) = trimmed.strip_prefix(arrow) {
        // Directory and branch follow the arrow.
        return rest.split_whitespace().count() <= 4;
    }
    let Some(sign) = trimmed.chars().next_back().filter(|c| matches!(c, '$' | '#' | '%' | '>') || arrow(*c))
    else {
        return false;
    };
    let body = trimmed[..trimmed.len() - sign.len_utf8()].trim();
    if body.is_empty() {
        return sign != '%';
    }
    if sign == '>' {
        return body.starts_with("PS ") || body.get(1..3) == Some(":\\");
    }
    let body = match body.strip_prefix('(').and_then(|b| b.split_once(')')) {
        Some((_, rest)) => rest.trim(),
        None => body,
    };
    let words = body.split_whitespace().count();
    (body.starts_with('[') && body.ends_with(']') && words <= 3)
        || (words <= 2 && body.split([':', ' ']).next().is_some_and(|w| w.contains('@')))
        || (words <= 1 && !body.contains(['=', ',', '{', '[']) && body.len() <= 60)
}

/// The part of a prompt that stays when the directory changes.
fn stem_of(prompt: &str) -> Option<&str> {
    let at = prompt.find('@')?;
    let end = prompt[at..].find([':', ' ', '$', '#'])?;
    Some(&prompt[..at + end])
}

const VERBS: &[&str] = &[
    "get",
    "describe",
    "logs",
    "log",
    "top",
    "events",
    "debug",
    "exec",
    "rollout",
    "apply",
    "create",
    "delete",
    "edit",
    "scale",
    "patch",
    "explain",
    "cluster-info",
    "version",
    "config",
    "auth",
    "api-resources",
    "cordon",
    "drain",
    "uncordon",
    "taint",
    "label",
    "annotate",
    "run",
    "expose",
    "port-forward",
    "wait",
    "set",
    "cp",
    "attach",
    "api-versions",
    "replace",
    "diff",
    "certificate",
    "autoscale",
    "adm",
    "project",
    "status",
    "projects",
];

/// Whether the text after a prompt is a command: without a prompt, or after `#` and `>`, which also open comments
/// and quotations, only what cannot be prose.
fn is_command(text: &str, prompt: &str) -> bool {
    let mut words = text.split_ascii_whitespace();
    let Some(program) = words.next() else { return false };
    let sure = !prompt.is_empty() && !matches!(prompt.trim(), "#" | ">");
    let Some(next) = words.next() else {
        return matches!(program, "dmesg" | "journalctl") || (program == "kubectl" && sure);
    };
    let option = next.starts_with('-') && next.len() > 1;
    match program {
        "kubectl" | "oc" | "k" => option || VERBS.contains(&next) || (sure && program == "kubectl"),
        "systemctl" => {
            option
                || matches!(
                    next,
                    "status" | "show" | "list-units" | "is-active" | "restart" | "start" | "stop" | "cat"
                )
        }
        "journalctl" | "dmesg" => option || next == "|" || next == ">",
        "crictl" => {
            option
                || matches!(
                    next,
                    "ps" | "pods" | "logs" | "inspect" | "inspectp" | "images" | "info" | "stats"
                )
        }
        "cat" => sure || next.contains(['/', '.']),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(text: &str) -> Vec<(usize, String, usize, &str)> {
        sections(text)
            .into_iter()
            .map(|s| {
                let (line, command) = match (&s.command, s.other) {
                    (Some(c), _) => (c.line, c.text.to_owned()),
                    (None, other) => (0, other.unwrap_or("").to_owned()),
                };
                (line, command, s.body.first_line, s.body.text)
            })
            .collect()
    }

    #[test]
    fn plain_dollar() {
        let text =
            "$ kubectl get pods\nNAME\n$ cost 3\n\n$ kubectl get jobs\n\n$ systemctl status kubelet\nx";
        assert_eq!(
            commands(text),
            [
                (1, "kubectl get pods".into(), 2, "NAME\n$ cost 3\n\n"),
                (5, "kubectl get jobs".into(), 6, "\n"),
                (7, "systemctl status kubelet".into(), 8, "x"),
            ]
        );
    }

    #[test]
    fn prompts() {
        for prompt in [
            "$ ",
            "# ",
            "> ",
            "",
            "user@host:~$ ",
            "user@host:~/a b$ ",
            "[root@n1 ~]# ",
            "➜  ~ ",
            "➜  dir git:(main) ✗ ",
            "PS C:\\Users\\x> ",
            "bash-5.1$ ",
            "sh-4.4# ",
            "/ # ",
            "~/work $ ",
            "(venv) user@host:/tmp$ ",
            "root@n1:~# sudo ",
        ] {
            let text = format!("before\n{prompt}kubectl get pods -n a\nNAME");
            let found = commands(&text);
            assert_eq!(found.len(), 2, "{prompt}");
            assert_eq!((found[1].0, found[1].3), (2, "NAME"), "{prompt}");
        }
    }

    #[test]
    fn prose_is_no_command() {
        for line in [
            "see kubectl get pods",
            "# use kubectl to look",
            "kubectl is not installed",
            "level=info msg=\"$ kubectl get pods\"",
            "  kubectl get pods",
            "error: kubectl get pods",
            "cat zoo",
        ] {
            assert_eq!(commands(line).iter().filter(|c| c.0 > 0).count(), 0, "{line}");
        }
    }

    #[test]
    fn scripts_in_output() {
        let text = "$ kubectl describe cm a\nx.sh:\n----\n# kubectl get pods\nkubectl label node n1 a=b\n\n$ kubectl get pods\n";
        assert_eq!(commands(text).iter().map(|c| c.0).collect::<Vec<_>>(), [1, 7]);
    }

    #[test]
    fn other_programs_at_a_known_prompt() {
        let text = "u@h:~$ kubectl get pods\nA\nu@h:~/x$ free -m\nMem: 1\nu@h:~$ ";
        let found = commands(text);
        assert_eq!(found[0].3, "A\n");
        assert_eq!((found[1].1.as_str(), found[1].3), ("free -m", "Mem: 1\n"));
        assert_eq!(found[2].3, "");
    }

    #[test]
    fn continued_lines() {
        let found = commands("$ kubectl get pods \\\n  -n shop\nNAME\n");
        assert_eq!((found[0].2, found[0].3), (3, "NAME\n"));
        assert_eq!(sections("$ kubectl get pods \\").len(), 1);
    }

    #[test]
    fn escapes() {
        assert_eq!(plain("\u{1b}[1;31mred\u{1b}[0m\n\u{1b}]0;t\u{7}x\u{1b}]0;t\u{1b}\\y"), "red\nxy");
        assert_eq!(plain("ab\u{8}c\n"), "ac\n");
    }

    #[test]
    fn escapes_that_a_line_cuts_stay() {
        for cut in ["ab\u{1b}\n[0mc", "ab\u{1b}[0\r\nmc", "ab\u{1b}[0"] {
            assert_eq!(plain(cut), cut);
        }
    }
}
