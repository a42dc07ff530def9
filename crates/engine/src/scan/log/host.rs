//! Claims about the program and its container: memory, files, settings, signals, the API server.

use super::claim::{Claim, Heap};
use super::patterns::{Claims, Family};
use super::target::{digits, until_not};
use crate::Text;
use crate::scan::message::text::{after, between, has, has_any, keep, until, word};

/// Sources of the wordings: libc `strerror`; HotSpot and `java.lang`, V8, Go's runtime, CPython, CoreCLR, CRuby, PHP,
/// Rust `std`; dash, bash, BusyBox ash; ld.so; Spring Boot, viper, envconfig, dotenv, Django, pydantic; client-go.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        read: heap,
        literals: &[
            "OutOfMemoryError",
            "heap out of memory",
            "runtime: out of memory",
            "runtime: cannot allocate memory",
            "MemoryError",
            "OutOfMemoryException",
            "NoMemoryError",
            "insufficient memory for the Java Runtime",
            "Allowed memory size of",
            "std::bad_alloc",
            "memory allocation of",
            "annot allocate memory",
            "ENOMEM",
            "Reached heap limit",
        ],
    },
    Family {
        read: threads,
        literals: &[
            "unable to create native thread",
            "unable to create new native thread",
            "can't start new thread",
            "pthread_create failed",
            "failed to create new OS thread",
            "newosproc",
            "esource temporarily unavailable",
        ],
    },
    Family { read: descriptors, literals: &["oo many open files", "EMFILE", "ENFILE"] },
    Family {
        read: space,
        literals: &[
            "o space left on device",
            "ENOSPC",
            "isk quota exceeded",
            "isk is full",
            "disk full",
            "errno: 28",
        ],
    },
    Family {
        read: denied,
        literals: &["ermission denied", "EACCES", "AccessDeniedException", "peration not permitted"],
    },
    Family { read: read_only, literals: &["ead-only file system", "EROFS"] },
    Family {
        read: config,
        literals: &[
            "nvironment variable",
            "env var",
            "onfiguration key",
            "onfiguration property",
            "onfig key",
            "Could not resolve placeholder",
            "KeyError: '",
            "required key ",
            "issing required",
            "must be set",
            "is not set",
            "not defined",
            "is required",
            "No value for key",
            "UndefinedValueError",
            "ImproperlyConfigured",
            "key not found: \"",
            "issing config",
            "nvalid configuration",
            "nvalid config",
            "Binding to target",
        ],
    },
    Family {
        read: file,
        literals: &[
            "o such file or directory",
            "ENOENT",
            "FileNotFoundException",
            "NoSuchFileException",
            "FileNotFoundError",
            "ould not find file",
        ],
    },
    Family {
        read: module,
        literals: &[
            "ClassNotFoundException",
            "NoClassDefFoundError",
            "Could not find or load main class",
            "Cannot find module",
            "ModuleNotFoundError",
            "No module named",
            "cannot open shared object file",
            "cannot load such file",
            "ERR_MODULE_NOT_FOUND",
            "Could not load file or assembly",
            "Unable to access jarfile",
            "ImportError: cannot import name",
        ],
    },
    Family {
        read: command,
        literals: &[": not found", ": command not found", "xec format error", "annot execute binary file"],
    },
    Family { read: killed, literals: &["Killed"] },
    Family {
        read: stop,
        literals: &[
            "SIGTERM",
            "SIGINT",
            "SIGQUIT",
            "SIGHUP",
            "signal 15",
            "got TERM",
            "got signal terminated",
            "signal=terminated",
            "ignal: terminated",
            "signal terminated",
            "Stopping because of signal",
        ],
    },
    Family {
        read: exiting,
        literals: &[
            "xiting with code",
            "xit code",
            "xited with code",
            "exit status",
            "xiting with status",
            "with exit code",
            "Exiting",
        ],
    },
    Family { read: forbidden, literals: &["is forbidden: User "] },
    Family {
        read: lease,
        literals: &[
            "eaderelection lost",
            "eader election lost",
            "failed to renew lease",
            "ost lease",
            "lost leader",
        ],
    },
];

fn heap(line: &str, claims: &mut Claims) {
    if has_any(
        line,
        &[
            "HeapDumpOnOutOfMemoryError",
            "ExitOnOutOfMemoryError",
            "CrashOnOutOfMemoryError",
            "-XX:OnOutOfMemoryError",
        ],
    ) && !has(line, "java.lang.OutOfMemoryError")
    {
        return;
    }
    if has(line, "unable to create") && has(line, "thread") {
        claims.add(Claim::TooManyThreads);
        return;
    }
    let heap = if has(line, "OutOfMemoryError") {
        match () {
            () if has_any(line, &["Metaspace", "PermGen", "Compressed class space"]) => Heap::JavaMetaspace,
            () if has(line, "irect buffer memory") => Heap::JavaDirect,
            () if has(line, "GC overhead") => Heap::JavaGc,
            () if has_any(line, &["Out of swap", "request", "native", "Map failed"]) => Heap::JavaNative,
            () => Heap::Java,
        }
    } else if has(line, "insufficient memory for the Java Runtime") {
        Heap::JavaNative
    } else if has_any(line, &["heap out of memory", "Reached heap limit"]) {
        Heap::Node
    } else if has_any(line, &["runtime: out of memory", "runtime: cannot allocate memory"]) {
        Heap::Go
    } else if has(line, "NoMemoryError") {
        Heap::Ruby
    } else if has(line, "OutOfMemoryException") {
        Heap::DotNet
    } else if has(line, "Allowed memory size of") {
        Heap::Php
    } else if has(line, "MemoryError") {
        // Only as the name of an exception.
        match after(line, "MemoryError").is_some_and(|rest| rest.is_empty() || rest.starts_with(':')) {
            true => Heap::Python,
            false => return,
        }
    } else if has(line, "memory allocation of") {
        match has(line, " failed") {
            true => Heap::Native,
            false => return,
        }
    } else {
        Heap::Native
    };
    claims.add(Claim::HeapExhausted { heap });
}

fn threads(line: &str, claims: &mut Claims) {
    // EAGAIN is also what a non-blocking read says.
    if !has(line, "esource temporarily unavailable")
        || has_any(line, &["fork", "thread", "clone", "spawn", "pthread"])
    {
        claims.add(Claim::TooManyThreads);
    }
}

fn descriptors(_: &str, claims: &mut Claims) {
    claims.add(Claim::TooManyOpenFiles);
}

fn space(line: &str, claims: &mut Claims) {
    // inotify's watches run out with the same words.
    if !has_any(line, &["inotify", "watcher", "System limit for number of file watchers"]) {
        claims.add(Claim::NoSpace);
    }
}

fn denied(line: &str, claims: &mut Claims) {
    if has_any(line, &["publickey", "Kubernetes", "rpc error"]) {
        return;
    }
    if has(line, "peration not permitted") && path(line).is_empty() {
        return;
    }
    claims.add(Claim::PermissionDenied { path: path(line) });
}

fn read_only(line: &str, claims: &mut Claims) {
    claims.add(Claim::ReadOnlyFs { path: path(line) });
}

/// The first absolute path of a line, as strerror's callers write it.
fn path(line: &str) -> Text {
    line.split(|c: char| c.is_whitespace() || "\"'`(),;=[]".contains(c))
        .map(|word| word.trim_end_matches([':', '.']))
        .find(|word| word.len() > 1 && word.starts_with('/') && !word.starts_with("//"))
        .map_or_else(|| "".into(), keep)
}

/// A name as environment variables and settings have them.
fn key(text: &str) -> Option<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "_.-".contains(c)))
        .map(|word| word.trim_matches(['.', '-']))
        .find(|word| is_variable(word))
}

fn is_variable(word: &str) -> bool {
    word.len() > 2
        && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && word.bytes().any(|b| b.is_ascii_uppercase())
        && (word.contains('_') || word.len() > 4)
        && !matches!(
            word,
            "ERROR" | "FATAL" | "CRITICAL" | "WARNING" | "NOTICE" | "DEBUG" | "TRACE" | "SEVERE" | "PANIC"
        )
}

fn config(line: &str, claims: &mut Claims) {
    // The key right behind a wording.
    if let Some(rest) = after(line, "Could not resolve placeholder '") {
        claims.add(Claim::ConfigMissing { key: keep(until(until(rest, "'"), ":")) });
        return;
    }
    // os.environ['X']: only a name in capitals is one of the environment.
    for literal in ["KeyError: '", "key not found: \"", "required key "] {
        if let Some(rest) = after(line, literal) {
            let name = rest.split(['\'', '"', ' ']).next().unwrap_or("");
            if is_variable(name) {
                claims.add(Claim::ConfigMissing { key: keep(name) });
            }
            return;
        }
    }
    const MISSING: &[&str] = &[
        "issing",
        "not set",
        "equired",
        "nvalid",
        "ndefined",
        "must be set",
        "not found",
        "not defined",
        "must be provided",
        "mpty",
        "unset",
        "not specified",
        "no value",
        "does not exist",
        "must be present",
        "not provided",
        "unable to",
        "Unable to",
        "annot be",
    ];
    if !has_any(line, MISSING) {
        return;
    }
    const ABOUT: &[&str] = &[
        "nvironment variable",
        "env var",
        "onfiguration key",
        "onfiguration property",
        "onfig key",
        "issing required",
        "required config",
        "issing config",
        "must be set",
        "is not set",
        "is required",
        "UndefinedValueError",
        "ImproperlyConfigured",
        "nvalid configuration",
        "nvalid config",
        "not defined",
    ];
    if !has_any(line, ABOUT) {
        return;
    }
    // A quoted key, else a name in capitals.
    for literal in
        ["onfiguration key ", "onfiguration property ", "onfig key ", "env var ", "nvironment variable "]
    {
        if let Some(rest) = after(line, literal) {
            let quoted = rest.trim_start_matches(['\'', '"', '`', '\\']);
            if quoted.len() < rest.len() {
                let name = quoted.split(['\'', '"', '`', '\\']).next().unwrap_or("");
                if (2..=128).contains(&name.len()) && !name.contains(' ') {
                    claims.add(Claim::ConfigMissing { key: keep(name) });
                    return;
                }
            }
        }
    }
    if let Some(name) = key(line) {
        claims.add(Claim::ConfigMissing { key: keep(name) });
    }
}

fn file(line: &str, claims: &mut Claims) {
    // A missing socket or program is told by others.
    if has_any(line, &["dial unix", "exec: ", "cannot open shared object"]) {
        return;
    }
    let named = ["FileNotFoundException: ", "NoSuchFileException: ", "open '", "open \""]
        .iter()
        .find_map(|literal| after(line, literal))
        .map(|rest| rest.split(['\'', '"', ' ', ';']).next().unwrap_or(""))
        .filter(|name| name.len() > 1);
    let path = named.map_or_else(|| path(line), keep);
    // `open config.yaml: no such file or directory`.
    let path = match path.is_empty() {
        true => until(line, ": no such file or directory")
            .rsplit([' ', '"', '\''])
            .next()
            .filter(|w| w.contains('.'))
            .map_or(path, keep),
        false => path,
    };
    claims.add(Claim::FileMissing { path });
}

fn module(line: &str, claims: &mut Claims) {
    const BEFORE: &[&str] = &[
        "ClassNotFoundException: ",
        "NoClassDefFoundError: ",
        "load main class ",
        "Cannot find module ",
        "No module named ",
        "error while loading shared libraries: ",
        "cannot load such file -- ",
        "Cannot find package ",
        "file or assembly ",
        "access jarfile ",
        "cannot import name ",
    ];
    let name = BEFORE.iter().find_map(|literal| after(line, literal)).map(|rest| {
        let rest = rest.trim_start_matches(['\'', '"']);
        rest.split(['\'', '"', ' ', ':', ',', ')']).next().unwrap_or("")
    });
    if let Some(name) = name {
        claims.add(Claim::ModuleMissing { name: keep(name) });
    }
}

fn command(line: &str, claims: &mut Claims) {
    if has_any(line, &["xec format error", "annot execute binary file"]) {
        claims.add(Claim::WrongFormat);
        return;
    }
    // dash: `sh: 1: foo: not found`; bash: `bash: line 1: foo: command not found`; ash: `/bin/sh: foo: not found`.
    let before = until(line, ": command not found");
    let before =
        if before.len() < line.len() { before } else { line.strip_suffix(": not found").unwrap_or("") };
    let shell = until(before, ":");
    let is_shell = shell.ends_with("sh") || shell.starts_with('/') || shell.ends_with(".sh");
    let mut parts = before.rsplit(": ");
    if let Some(name) =
        parts.next().filter(|name| is_shell && !name.is_empty() && !name.contains(' ') && *name != shell)
    {
        claims.add(Claim::CommandMissing { name: keep(name) });
    }
}

fn killed(line: &str, claims: &mut Claims) {
    // bash tells line and command: `run.sh: line 3:    12 Killed   ./worker`.
    let line = line.trim();
    let by_bash = line.ends_with("Killed") || between(line, ": line ", " Killed ").is_some();
    let shell = line == "Killed" || (by_bash && has(line, ": line "));
    if shell {
        claims.add(Claim::ChildKilled);
    }
}

fn stop(line: &str, claims: &mut Claims) {
    let told = has_any(
        line,
        &[
            "eceive",
            "aught",
            "got ",
            "Got ",
            "handling",
            "hutting down",
            "hutdown",
            "topping",
            "signal ",
            "signal=",
            "ignal:",
            "erminat",
            "xiting",
        ],
    );
    // What lists or installs handlers.
    if !told
        || has_any(line, &["ending", "egister", "will ", "trap ", "handler installed", "Use SIG"])
            && !has(line, "eceived")
    {
        return;
    }
    let signal = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"].into_iter().find(|name| has(line, name));
    claims.add(Claim::StopRequested { signal: keep(signal.unwrap_or("SIGTERM")) });
}

fn exiting(line: &str, claims: &mut Claims) {
    // `exit status 1` alone is what `go run` prints; with other words before it, it is of a child.
    let code = [
        "xiting with code ",
        "xiting with status ",
        "xit code: ",
        "xit code ",
        "xit status ",
        "xited with code ",
    ]
    .iter()
    .find_map(|literal| after(line, literal))
    .and_then(|rest| {
        let negative = rest.starts_with('-');
        let value: i32 = digits(rest.trim_start_matches(['-', '=', ':', ' '])).parse().ok()?;
        Some(if negative { -value } else { value })
    });
    let says = has_any(line, &["xiting with", "rocess exit", "rocess finished"])
        || line.starts_with("exit status ")
        || line.ends_with("Exiting.")
        || line.ends_with("Exiting");
    if says {
        claims.add(Claim::Exiting { code });
    }
}

fn forbidden(line: &str, claims: &mut Claims) {
    let Some(rest) = after(line, "is forbidden: User ") else { return };
    let rest = rest.replace('\\', "");
    let account = between(&rest, "\"", "\"").unwrap_or("");
    let verb = after(&rest, " cannot ").map(word).unwrap_or("");
    let resource = between(&rest, "resource \"", "\"").unwrap_or("");
    let verb = until_not(verb, |b| b.is_ascii_lowercase());
    claims.add(Claim::ApiForbidden { account: keep(account), verb: keep(verb), resource: keep(resource) });
}

fn lease(_: &str, claims: &mut Claims) {
    claims.add(Claim::LeaseLost);
}
