//! Exit codes of containers, decoded.

use std::fmt;

/// A signal of Linux on x86 and Arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal {
    /// 1 to 31.
    pub number: u8,
    /// With its prefix: `SIGKILL`.
    pub name: &'static str,
}

/// What an exit code says by itself, without the reason beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decoded {
    /// As the container status has it; negative from CRI-O without an exit file (-1), and from Windows.
    pub code: i32,
    /// The signal of a code from 129 to 159.
    pub signal: Option<Signal>,
}

/// signal(7), numbers 1 to 31 in order.
const SIGNALS: [&str; 31] = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];

/// sysexits(3), 64 to 78 in order.
const SYSEXITS: [&str; 15] = [
    "EX_USAGE, wrong usage",
    "EX_DATAERR, bad input",
    "EX_NOINPUT, no input file",
    "EX_NOUSER, unknown user",
    "EX_NOHOST, unknown host",
    "EX_UNAVAILABLE, a service is missing",
    "EX_SOFTWARE, an internal error",
    "EX_OSERR, an error of the system",
    "EX_OSFILE, a system file is missing",
    "EX_CANTCREAT, an output file cannot be made",
    "EX_IOERR, an input or output error",
    "EX_TEMPFAIL, try again later",
    "EX_PROTOCOL, an error of the other side",
    "EX_NOPERM, no permission",
    "EX_CONFIG, a configuration error",
];

/// NTSTATUS values (and one of .NET) that containers on Windows end with.
const WINDOWS: [(u32, &str); 7] = [
    (0x8000_0003, "a break point"),
    (0xc000_0005, "an access violation"),
    (0xc000_00fd, "a stack overflow"),
    (0xc000_0135, "a DLL that is missing"),
    (0xc000_013a, "ended by Ctrl-C or a stop"),
    (0xc000_0409, "a fail-fast by the program"),
    (0xe043_4352, "an unhandled .NET exception"),
];

/// The signal with this number, 1 to 31; real-time signals have no name of their own.
pub fn signal(number: i64) -> Option<Signal> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    let name = SIGNALS.get(index)?;
    Some(Signal { number: u8::try_from(number).ok()?, name })
}

/// What an exit code says. The signal is a reading of the number: a program may return 137 by itself, and
/// the kubelet writes it where nothing was killed.
pub fn decode_exit(code: i32) -> Decoded {
    Decoded { code, signal: signal(i64::from(code) - 128) }
}

impl Decoded {
    /// `137 = 128 + 9, SIGKILL`, or for Windows `-1073741819 = 0xC0000005, an access violation`.
    pub fn arithmetic(self) -> Option<String> {
        if let Some(Signal { number, name }) = self.signal {
            return Some(format!("{} = 128 + {number}, {name}", self.code));
        }
        if self.code >= -1 {
            return None;
        }
        let status = self.code.cast_unsigned();
        let name = WINDOWS.iter().find(|&&(known, _)| known == status).map(|&(_, name)| name);
        Some(match name {
            Some(name) => format!("{} = 0x{status:08X}, {name}", self.code),
            None => format!("{} = 0x{status:08X}", self.code),
        })
    }

    /// What programs mean by the code where no signal is meant: `EX_CONFIG, a configuration error`.
    pub fn convention(self) -> Option<&'static str> {
        match self.code {
            0 => Some("success"),
            2 => Some("wrong usage, or a Go program that panicked"),
            64..=78 => SYSEXITS.get(usize::try_from(self.code - 64).ok()?).copied(),
            101 => Some("a Rust program that panicked"),
            124 => Some("timeout(1): the command took longer than it was given"),
            126 => Some("command found, not executable"),
            127 => Some("command not found"),
            _ => None,
        }
    }
}

/// Short, for a line of a report: `137 (SIGKILL)`, `1`.
impl fmt::Display for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.signal {
            Some(signal) => write!(f, "{} ({})", self.code, signal.name),
            None => write!(f, "{}", self.code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_128_and_more() {
        for (code, name) in [
            (129, "SIGHUP"),
            (134, "SIGABRT"),
            (137, "SIGKILL"),
            (139, "SIGSEGV"),
            (143, "SIGTERM"),
            (159, "SIGSYS"),
        ] {
            assert_eq!(decode_exit(code).signal.map(|s| s.name), Some(name));
        }
        for code in [i32::MIN, -1, 0, 1, 9, 127, 128, 160, 255, 256, i32::MAX] {
            assert_eq!(decode_exit(code).signal, None, "{code}");
        }
        assert_eq!(decode_exit(137).arithmetic().as_deref(), Some("137 = 128 + 9, SIGKILL"));
        assert_eq!(decode_exit(137).to_string(), "137 (SIGKILL)");
        assert_eq!(decode_exit(3).arithmetic(), None);
        assert_eq!(decode_exit(-1).arithmetic(), None);
    }

    #[test]
    fn conventions() {
        assert_eq!(decode_exit(64).convention(), Some("EX_USAGE, wrong usage"));
        assert_eq!(decode_exit(78).convention(), Some("EX_CONFIG, a configuration error"));
        assert_eq!(decode_exit(79).convention(), None);
    }

    #[test]
    fn windows_codes_are_hexadecimal() {
        assert_eq!(
            decode_exit(-1_073_741_819).arithmetic().as_deref(),
            Some("-1073741819 = 0xC0000005, an access violation")
        );
        assert_eq!(decode_exit(i32::MIN).arithmetic().as_deref(), Some("-2147483648 = 0x80000000"));
    }
}
