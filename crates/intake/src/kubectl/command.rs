//! A command line of a transcript.

use std::borrow::Cow;

use super::resources::Resource;
use super::shell;

/// The programs whose output has a known form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// kubectl, and `oc` and the alias `k`, which take the same words.
    Kubectl,
    /// systemctl.
    Systemctl,
    /// journalctl.
    Journalctl,
    /// crictl.
    Crictl,
    /// dmesg.
    Dmesg,
    /// cat, tail, head, less, zcat: the file's own form.
    File,
}

impl Program {
    /// The program of a name, without its directory.
    pub fn named(name: &str) -> Option<Program> {
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        Some(match name.strip_suffix(".exe").unwrap_or(name) {
            "kubectl" | "oc" | "k" => Program::Kubectl,
            "systemctl" => Program::Systemctl,
            "journalctl" => Program::Journalctl,
            "crictl" => Program::Crictl,
            "dmesg" => Program::Dmesg,
            "cat" | "tail" | "head" | "less" | "zcat" => Program::File,
            _ => return None,
        })
    }
}

/// How `-o` asked for the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<'a> {
    /// `-o wide`, or a `journalctl -o` or `systemctl -o` of this name otherwise.
    Wide,
    /// `-o yaml`.
    Yaml,
    /// `-o json`.
    Json,
    /// `-o name`.
    Name,
    /// `custom-columns=…`, `jsonpath=…`, `go-template=…`, or a format of another program (`short-iso`).
    Other(Cow<'a, str>),
}

/// A resource type as a command names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type<'a> {
    /// One that kubectl ships with.
    Known(&'static Resource),
    /// Any other: a custom resource, as it was written.
    Other(Cow<'a, str>),
}

impl Type<'_> {
    /// The known type.
    pub fn known(&self) -> Option<&'static Resource> {
        match self {
            Type::Known(resource) => Some(resource),
            Type::Other(_) => None,
        }
    }
}

/// What a command is about: a type, and one object of it if one is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The type.
    pub of: Type<'a>,
    /// The object's name.
    pub name: Option<Cow<'a, str>>,
}

/// What stood between a command and the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pipe {
    /// There was a pipe.
    pub any: bool,
    /// `head -n N`: only so many first lines are shown.
    pub head: Option<u64>,
    /// `tail -n N`: only so many last lines are shown, so the header may be missing.
    pub tail: Option<u64>,
    /// Lines were chosen or changed: `grep`, `awk`, `sed`, `cut`, `jq`, `sort`, …
    pub filtered: bool,
}

/// A command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// The number of its line in the input.
    pub line: usize,
    /// The prompt before it, blanks included; empty where there is none.
    pub prompt: &'a str,
    /// The command line as written, without the prompt.
    pub text: &'a str,
    /// The program.
    pub program: Program,
    /// The words of the first command, unquoted, the program first.
    pub argv: Vec<Cow<'a, str>>,
    /// `get`, `describe`, `logs`, `status`, …; empty where there is none.
    pub verb: Cow<'a, str>,
    /// The types and objects named.
    pub targets: Vec<Target<'a>>,
    /// The units of systemctl and journalctl, files of cat, the container of crictl: the other words.
    pub words: Vec<Cow<'a, str>>,
    /// `-n`.
    pub namespace: Option<Cow<'a, str>>,
    /// `-A`.
    pub all_namespaces: bool,
    /// `-o`.
    pub output: Option<Output<'a>>,
    /// `--show-labels`.
    pub show_labels: bool,
    /// `--no-headers`.
    pub no_headers: bool,
    /// `--show-kind`.
    pub show_kind: bool,
    /// `-L` label columns, in order.
    pub label_columns: Vec<Cow<'a, str>>,
    /// `-l`.
    pub selector: Option<Cow<'a, str>>,
    /// `-c`.
    pub container: Option<Cow<'a, str>>,
    /// `logs --previous`.
    pub previous: bool,
    /// `logs --timestamps`.
    pub timestamps: bool,
    /// `logs --prefix`.
    pub prefix: bool,
    /// `logs --all-containers`.
    pub all_containers: bool,
    /// `--tail`, or `-n` of journalctl and systemctl.
    pub tail: Option<Cow<'a, str>>,
    /// `--since`, or `-S` of journalctl.
    pub since: Option<Cow<'a, str>>,
    /// `--context`.
    pub context: Option<Cow<'a, str>>,
    /// `-w`.
    pub watch: bool,
    /// What the output went through.
    pub pipe: Pipe,
    /// What follows `;`, `&&` or `||`, as written.
    pub then: Option<&'a str>,
}

impl Command<'_> {
    /// Whether the first lines of the output, and with them its header, may be missing.
    pub fn may_lack_header(&self) -> bool {
        self.no_headers || self.pipe.tail.is_some() || self.pipe.filtered
    }
}

/// Reads a command line; `None` where its program is none of ours.
pub fn parse<'a>(text: &'a str, prompt: &'a str, line: usize) -> Option<Command<'a>> {
    let parts = shell::split(text);
    let mut argv = parts.first()?.argv.clone();
    // What stands before the program does not change what is printed.
    let start = argv.iter().position(|w| !is_wrapper(w))?;
    argv.drain(..start);
    let program = Program::named(argv.first()?)?;
    let mut pipe = Pipe::default();
    let mut then = None;
    for part in parts.iter().skip(1) {
        if part.after != Some(b'|') {
            then = Some(part.text);
            break;
        }
        pipe.any = true;
        let count = count_of(&part.argv);
        match part.argv.first().map(|w| w.as_ref()) {
            Some("tail") => pipe.tail = Some(count.unwrap_or(10)),
            Some("head") => pipe.head = Some(count.unwrap_or(10)),
            Some("cat" | "less" | "more" | "tee" | "column") => {}
            _ => pipe.filtered = true,
        }
    }
    let mut command = Command {
        line,
        prompt,
        text,
        program,
        argv,
        verb: Cow::Borrowed(""),
        targets: Vec::new(),
        words: Vec::new(),
        namespace: None,
        all_namespaces: false,
        output: None,
        show_labels: false,
        no_headers: false,
        show_kind: false,
        label_columns: Vec::new(),
        selector: None,
        container: None,
        previous: false,
        timestamps: false,
        prefix: false,
        all_containers: false,
        tail: None,
        since: None,
        context: None,
        watch: false,
        pipe,
        then,
    };
    command.read_words();
    Some(command)
}

fn is_wrapper(word: &str) -> bool {
    matches!(
        word,
        "sudo" | "time" | "watch" | "command" | "-E" | "-n1" | "-n2" | "-d" | "minikube" | "microk8s"
    ) || (word.contains('=') && !word.starts_with('-') && word.bytes().take_while(|b| *b != b'=').all(is_env))
}

fn is_env(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn count_of(argv: &[Cow<'_, str>]) -> Option<u64> {
    let mut words = argv.iter().skip(1);
    while let Some(word) = words.next() {
        let digits = match word.as_ref() {
            "-n" | "--lines" => words.next()?.as_ref(),
            w => w.trim_start_matches("--lines=").trim_start_matches("-n").trim_start_matches('-'),
        };
        if let Ok(n) = digits.trim_start_matches(['+', '-']).parse() {
            return Some(n);
        }
    }
    None
}

/// About how many targets are kept of one command: each type stands with each name.
const TARGETS: usize = 4096;

/// Options of kubectl that take a value as the next word.
const VALUED: &[&str] = &[
    "--namespace",
    "--output",
    "--selector",
    "--container",
    "--context",
    "--cluster",
    "--user",
    "--kubeconfig",
    "--sort-by",
    "--field-selector",
    "--label-columns",
    "--tail",
    "--since",
    "--since-time",
    "--chunk-size",
    "--template",
    "--limit-bytes",
    "--as",
    "--as-group",
    "--server",
    "--token",
    "--request-timeout",
    "--timeout",
    "--for",
    "--types",
    "--filename",
    "--kustomize",
    "--image",
    "--target",
    "--max-log-requests",
    "--subresource",
    "--unit",
    "--until",
    "--grep",
    "--identifier",
    "--priority",
    "--boot",
    "--lines",
    "--cert-dir",
    "--v",
    "--revision",
    "--profile",
    "--copy-to",
    "--runtime-endpoint",
    "--state",
    "--pod",
    "--name",
    "--raw",
    "--certificate-authority",
    "--client-certificate",
    "--client-key",
    "--level",
    "--directory",
    "--file",
];

impl<'a> Command<'a> {
    fn read_words(&mut self) {
        let argv = std::mem::take(&mut self.argv);
        let mut plain: Vec<Cow<'a, str>> = Vec::new();
        let mut words = argv.iter().skip(1).peekable();
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            if !word.starts_with('-') || word.len() < 2 {
                plain.push(word.clone());
                continue;
            }
            let (name, inline): (&str, Option<Cow<'a, str>>) = if word.starts_with("--") {
                match word.split_once('=') {
                    Some((name, _)) => (name, Some(tail_of(word, name.len() + 1))),
                    None => (word.as_ref(), None),
                }
            } else if word.len() > 2 && word.is_char_boundary(2) && self.takes_value(&word[..2], &plain) {
                let skip = if word.as_bytes().get(2) == Some(&b'=') { 3 } else { 2 };
                (&word[..2], Some(tail_of(word, skip)))
            } else {
                (word.as_ref(), None)
            };
            let valued = inline.is_some() || self.takes_value(name, &plain);
            let value = if inline.is_some() {
                inline
            } else if valued {
                words.next().cloned()
            } else {
                None
            };
            let name = name.to_owned();
            self.option(&name, value);
        }
        self.argv = argv;
        self.place(plain);
    }

    fn takes_value(&self, name: &str, plain: &[Cow<'a, str>]) -> bool {
        let verb = plain.first().map_or("", |w| w.as_ref());
        match (self.program, name) {
            (Program::Kubectl, "-n" | "-o" | "-l" | "-c" | "-L" | "-s" | "-k" | "-v") => true,
            (Program::Kubectl, "-f") => verb != "logs",
            (Program::Kubectl, "-p") => verb == "patch",
            (Program::Journalctl, "-u" | "-n" | "-o" | "-S" | "-U" | "-t" | "-p" | "-g" | "-D" | "-c") => {
                true
            }
            (Program::Systemctl, "-n" | "-o" | "-t" | "-p" | "-H" | "-M") => true,
            (Program::Dmesg, "-l" | "-f" | "-n" | "-s") => true,
            (Program::File, "-n" | "-c") => true,
            (Program::Crictl, "-r" | "-i" | "-n" | "-o" | "-s") => true,
            (Program::Kubectl, "--boot" | "--pod" | "--name" | "--state" | "--directory" | "--file") => false,
            (_, name) => VALUED.contains(&name),
        }
    }

    fn option(&mut self, name: &str, value: Option<Cow<'a, str>>) {
        let on = value.as_deref() != Some("false");
        match (self.program, name) {
            (Program::Journalctl, "-u" | "--unit" | "-t" | "--identifier") => self.words.extend(value),
            (Program::Journalctl | Program::Systemctl, "-n" | "--lines") | (Program::Kubectl, "--tail") => {
                self.tail = value;
            }
            (Program::Journalctl, "-S" | "--since") | (Program::Kubectl, "--since" | "--since-time") => {
                self.since = value;
            }
            (Program::Journalctl | Program::Systemctl | Program::Crictl, "-o" | "--output") => {
                self.output = value.map(|v| match v.as_ref() {
                    "json" => Output::Json,
                    "yaml" => Output::Yaml,
                    _ => Output::Other(v),
                });
            }
            (Program::Kubectl, "-o" | "--output") => {
                self.output = value.map(|v| match v.as_ref() {
                    "wide" => Output::Wide,
                    "yaml" => Output::Yaml,
                    "json" => Output::Json,
                    "name" => Output::Name,
                    _ => Output::Other(v),
                });
            }
            (Program::Kubectl, "-n" | "--namespace") => self.namespace = value,
            (Program::Kubectl, "-A" | "--all-namespaces") => self.all_namespaces = on,
            (Program::Kubectl, "-l" | "--selector") => self.selector = value,
            (Program::Kubectl, "-c" | "--container") => self.container = value,
            (Program::Kubectl, "-L" | "--label-columns") => {
                for label in value.iter().flat_map(|v| v.split(',')) {
                    self.label_columns.push(Cow::Owned(label.to_owned()));
                }
            }
            (Program::Kubectl, "--context") => self.context = value,
            (Program::Kubectl, "--show-labels") => self.show_labels = on,
            (Program::Kubectl, "--show-kind") => self.show_kind = on,
            (Program::Kubectl, "--no-headers") => self.no_headers = on,
            (Program::Kubectl, "-p" | "--previous") => self.previous = on,
            (Program::Kubectl, "--timestamps") => self.timestamps = on,
            (Program::Kubectl, "--prefix") => self.prefix = on,
            (Program::Kubectl, "--all-containers") => self.all_containers = on,
            (Program::Kubectl, "-w" | "--watch" | "--watch-only") => self.watch = on,
            _ => {}
        }
    }

    fn place(&mut self, plain: Vec<Cow<'a, str>>) {
        let mut plain = plain.into_iter();
        if !matches!(self.program, Program::Kubectl | Program::Systemctl | Program::Crictl) {
            self.words.extend(plain);
            return;
        }
        let Some(verb) = plain.next() else { return };
        self.verb = match (self.program, verb.as_ref()) {
            (Program::Kubectl, "log") => Cow::Borrowed("logs"),
            _ => verb,
        };
        if self.program != Program::Kubectl {
            self.words.extend(plain);
            return;
        }
        match self.verb.as_ref() {
            "get" | "describe" | "delete" | "edit" | "wait" | "label" | "annotate" | "scale" | "patch"
            | "top" | "events" | "rollout" => {
                if self.verb == "rollout" {
                    self.words.extend(plain.next());
                }
                self.typed(plain);
                if self.verb == "events" {
                    self.targets = Resource::named("events")
                        .map(|r| Target { of: Type::Known(r), name: None })
                        .into_iter()
                        .collect();
                }
            }
            "logs" | "exec" | "debug" | "attach" | "port-forward" | "cp" => {
                let Some(first) = plain.next() else { return };
                match first.split_once('/') {
                    Some((of, _)) => {
                        let name = tail_of(&first, of.len() + 1);
                        self.targets
                            .push(Target { of: type_of(Cow::Owned(of.to_owned())), name: Some(name) });
                    }
                    None => self.targets.extend(
                        Resource::named("pods").map(|r| Target { of: Type::Known(r), name: Some(first) }),
                    ),
                }
                if self.verb == "logs" && self.container.is_none() {
                    self.container = plain.next();
                }
                self.words.extend(plain);
            }
            _ => self.words.extend(plain),
        }
    }

    fn typed(&mut self, mut plain: impl Iterator<Item = Cow<'a, str>>) {
        let Some(first) = plain.next() else { return };
        if first.contains('/') {
            for word in std::iter::once(first).chain(plain) {
                if let Some((of, _)) = word.split_once('/') {
                    let name = tail_of(&word, of.len() + 1);
                    self.targets.push(Target { of: type_of(Cow::Owned(of.to_owned())), name: Some(name) });
                }
            }
            return;
        }
        let mut types = Vec::new();
        for name in first.split(',').filter(|n| !n.is_empty()) {
            let known = Resource::all_named(name);
            if known.is_empty() {
                types.push(Type::Other(Cow::Owned(name.to_owned())));
            }
            types.extend(known.into_iter().map(Type::Known));
        }
        let names: Vec<_> = plain.collect();
        if names.is_empty() {
            self.targets.extend(types.into_iter().map(|of| Target { of, name: None }));
            return;
        }
        for of in types.into_iter().take(TARGETS / names.len().max(1) + 1) {
            self.targets.extend(names.iter().map(|n| Target { of: of.clone(), name: Some(n.clone()) }));
        }
    }
}

fn type_of(name: Cow<'_, str>) -> Type<'_> {
    Resource::named(&name).map_or(Type::Other(name), Type::Known)
}

fn tail_of<'a>(word: &Cow<'a, str>, from: usize) -> Cow<'a, str> {
    match word {
        Cow::Borrowed(w) => Cow::Borrowed(w.get(from..).unwrap_or("")),
        Cow::Owned(w) => Cow::Owned(w.get(from..).unwrap_or("").to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Command<'_> {
        parse(text, "", 1).unwrap()
    }

    fn targets(text: &str) -> Vec<(String, Option<String>)> {
        command(text)
            .targets
            .into_iter()
            .map(|t| {
                let of = match t.of {
                    Type::Known(r) => r.kind.to_owned(),
                    Type::Other(name) => format!("?{name}"),
                };
                (of, t.name.map(|n| n.into_owned()))
            })
            .collect()
    }

    #[test]
    fn get() {
        let c = command("kubectl get events -n shop --sort-by='.metadata.creationTimestamp' | tail -n 50");
        assert_eq!((c.verb.as_ref(), c.namespace.as_deref()), ("get", Some("shop")));
        assert_eq!((c.pipe.any, c.pipe.tail, c.pipe.filtered), (true, Some(50), false));
        assert!(c.may_lack_header());
        assert!(c.argv.iter().any(|w| w == "--sort-by=.metadata.creationTimestamp"));
        assert_eq!(targets("kubectl get po,svc -A"), [("Pod".into(), None), ("Service".into(), None)]);
        let named = [("Pod".to_owned(), Some("a".to_owned())), ("Pod".into(), Some("b".into()))];
        assert_eq!(targets("kubectl -n x get pod a b -owide"), named);
        assert_eq!(targets("kubectl get po/a pods/b"), named);
        let many = format!("kubectl get {} {}", "po,".repeat(3000), "a ".repeat(3000));
        assert!(command(&many).targets.len() <= 2 * TARGETS);
        assert_eq!(targets("kubectl get widgets.example.com"), [("?widgets.example.com".into(), None)]);
        assert_eq!(command("kubectl get po -owide").output, Some(Output::Wide));
        assert_eq!(command("kubectl get po -o=yaml").output, Some(Output::Yaml));
        assert!(command("kubectl get po --all-namespaces --show-labels").show_labels);
        assert!(!command("kubectl get po --show-labels=false").show_labels);
    }

    #[test]
    fn logs() {
        let c = command("sudo kubectl logs -l app=a -n b -c istio-proxy --previous --timestamps 2>/dev/null");
        assert!(c.previous && c.timestamps && c.targets.is_empty());
        assert_eq!((c.selector.as_deref(), c.container.as_deref()), (Some("app=a"), Some("istio-proxy")));
        assert_eq!(c.argv.last().unwrap(), "--timestamps");
        assert_eq!(command("kubectl logs -f web-0 nginx").container.as_deref(), Some("nginx"));
        assert_eq!(targets("kubectl logs deploy/web"), [("Deployment".into(), Some("web".into()))]);
    }

    #[test]
    fn chains() {
        let c = command("KUBECONFIG=/x kubectl get po || cat file; echo done");
        assert_eq!((c.pipe.any, c.then), (false, Some("cat file; echo done")));
        assert!(command("kubectl get po | grep -v Running | tail").pipe.filtered);
        assert_eq!(command("kubectl get po \\\n  -n shop").namespace.as_deref(), Some("shop"));
        assert!(parse("free -m", "", 1).is_none());
        assert!(parse("", "", 1).is_none());
        assert_eq!(command("kubectl get po -l 'a in (b, c)'").selector.as_deref(), Some("a in (b, c)"));
        assert_eq!(command("kubectl get po -l a=\"b c\"").selector.as_deref(), Some("a=b c"));
        assert_eq!(command("kubectl get po 'unclosed").targets.len(), 1);
    }

    #[test]
    fn node_programs() {
        let c = command("journalctl -u kubelet -n 100 --no-pager -o short-iso");
        assert_eq!((c.words, c.tail.as_deref()), (vec![Cow::Borrowed("kubelet")], Some("100")));
        assert_eq!(c.output, Some(Output::Other("short-iso".into())));
        let c = command("systemctl status kubelet.service");
        assert_eq!((c.verb.as_ref(), c.words[0].as_ref()), ("status", "kubelet.service"));
    }
}
