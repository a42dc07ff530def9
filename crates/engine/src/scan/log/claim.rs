//! What a line of a log says of the world.

use crate::Text;
use crate::scan::message::{DnsError, TlsError};

/// Something that a program says of what it met. A target is `host:port`, a host, a path of a URL that begins with `/`,
/// or empty where the line names none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// `connection refused`: nobody listens there.
    Refused {
        /// The target.
        target: Text,
    },
    /// No answer in time.
    TimedOut {
        /// The target.
        target: Text,
    },
    /// A connection that was open was cut.
    Reset {
        /// The target.
        target: Text,
    },
    /// No route to the host or its network.
    Unroutable {
        /// The target.
        target: Text,
    },
    /// A name does not resolve.
    NameUnresolved {
        /// The name.
        host: Text,
        /// Why.
        how: DnsError,
    },
    /// A balancer has nobody to send to (`no healthy upstream`, `No servers available for service`).
    NoInstances {
        /// The service, where named.
        service: Text,
    },
    /// The other side answered with an error: an HTTP status of 500 or more, or a gRPC code.
    Upstream {
        /// `503`, `Unavailable`.
        status: Text,
        /// The target.
        target: Text,
        /// What the program says that it was doing; empty where it says nothing.
        call: Text,
    },
    /// The other side does not know what was asked for (404, `Unimplemented`).
    NotFound {
        /// The target.
        target: Text,
    },
    /// The caller's own time ran out.
    DeadlineExceeded {
        /// The target.
        target: Text,
        /// What the program says that it was doing; empty where it says nothing.
        call: Text,
    },
    /// The other side allows no more calls for now (429).
    RateLimited {
        /// The target.
        target: Text,
    },
    /// A client's pool of connections gave none in time.
    PoolExhausted {
        /// What it connects to.
        target: Text,
    },
    /// The database has no connection left.
    TooManyConnections,
    /// The database accepts no writes.
    ReadOnly,
    /// User or password is refused.
    LoginRefused {
        /// The user, where named.
        user: Text,
        /// The client's host, where a server names it.
        host: Text,
        /// Whether no password was sent at all.
        no_password: bool,
    },
    /// A driver has no working connection to its database, and does not say more.
    LinkFailure {
        /// The target.
        target: Text,
    },
    /// A database or schema that is not there.
    UnknownDatabase {
        /// Its name.
        name: Text,
    },
    /// A table, column or relation that is not there.
    SchemaMissing {
        /// Its name.
        name: Text,
    },
    /// A migration of the schema failed.
    MigrationFailed,
    /// Transactions lock each other.
    Deadlock,
    /// A lock was not given in time.
    LockTimeout,
    /// A store refuses writes because its own memory is full.
    StoreFull,
    /// No more descriptors.
    TooManyOpenFiles,
    /// No more threads or processes.
    TooManyThreads,
    /// The disk is full.
    NoSpace,
    /// The operating system forbids it.
    PermissionDenied {
        /// The path, where named.
        path: Text,
    },
    /// The file system is read-only.
    ReadOnlyFs {
        /// The path, where named.
        path: Text,
    },
    /// The port is taken.
    AddressInUse {
        /// The port.
        port: Option<u16>,
    },
    /// Memory of the program's own is used up.
    HeapExhausted {
        /// Whose.
        heap: Heap,
    },
    /// A setting is missing or wrong.
    ConfigMissing {
        /// Its name.
        key: Text,
    },
    /// A file is missing.
    FileMissing {
        /// Its path.
        path: Text,
    },
    /// A class, module or library of the program's own is missing.
    ModuleMissing {
        /// Its name.
        name: Text,
    },
    /// A program that a shell was told to run is missing.
    CommandMissing {
        /// Its name.
        name: Text,
    },
    /// `exec format error`: the binary is for another machine, or is no binary.
    WrongFormat,
    /// TLS did not come about.
    Tls {
        /// How.
        how: TlsError,
        /// The target.
        target: Text,
    },
    /// The API server forbids it to the program's account.
    ApiForbidden {
        /// Who: `system:serviceaccount:shop:api`.
        account: Text,
        /// What it may not do.
        verb: Text,
        /// To what.
        resource: Text,
    },
    /// A leader lost its lease.
    LeaseLost,
    /// A shell tells that its child was killed.
    ChildKilled,
    /// The program says that it was asked to stop.
    StopRequested {
        /// `SIGTERM`.
        signal: Text,
    },
    /// The program says that it ends.
    Exiting {
        /// The exit code, where told.
        code: Option<i32>,
    },
    /// The program says that it serves.
    ListeningOn {
        /// The port.
        port: u16,
        /// `http`, `https`, `grpc`; empty where it does not say.
        protocol: Text,
        /// Whether only its own host can reach it.
        loopback: bool,
    },
}

impl Claim {
    /// What it was called on or about, where the claim has a target.
    pub fn target(&self) -> Option<&Text> {
        match self {
            Claim::Refused { target }
            | Claim::TimedOut { target }
            | Claim::Reset { target }
            | Claim::Unroutable { target }
            | Claim::Upstream { target, .. }
            | Claim::NotFound { target }
            | Claim::DeadlineExceeded { target, .. }
            | Claim::RateLimited { target }
            | Claim::PoolExhausted { target }
            | Claim::LinkFailure { target }
            | Claim::Tls { target, .. }
            | Claim::NameUnresolved { host: target, .. } => Some(target),
            _ => None,
        }
    }

    /// Whether it names no target though it could.
    pub(super) fn is_vague(&self) -> bool {
        self.target().is_some_and(|target| target.is_empty())
    }
}

/// Whose memory was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heap {
    /// `Java heap space`.
    Java,
    /// `GC overhead limit exceeded`.
    JavaGc,
    /// `Metaspace`, `Compressed class space`, `PermGen space`.
    JavaMetaspace,
    /// `Direct buffer memory`.
    JavaDirect,
    /// Memory that the JVM asked of the system.
    JavaNative,
    /// V8's.
    Node,
    /// Go's.
    Go,
    /// CPython's.
    Python,
    /// .NET's.
    DotNet,
    /// Ruby's.
    Ruby,
    /// PHP's `memory_limit`.
    Php,
    /// `malloc`, `operator new`, Rust's allocator.
    Native,
}
