//! Lines of real logs, and what is found in them.

use super::*;
fn text(lines: &[&str]) -> String {
    lines.join("\n")
}

fn unit(lines: &[&str]) -> Unit {
    let read = LogSummary::read(&text(lines));
    assert_eq!(read.errors, 1, "{read:#?}");
    read.ending().expect("an error").0.clone()
}

fn told(exception: &Option<Exception>) -> (&str, &str) {
    exception.as_ref().map_or(("", ""), |e| (&*e.kind, &*e.message))
}

/// The claims of one line, every cut of which is read, too.
fn claims(line: &str) -> Vec<Claim> {
    for (at, _) in line.char_indices() {
        LogSummary::read(&line[..at]);
        LogSummary::read(&line[at..]);
    }
    LogSummary::read(line).sightings.into_iter().map(|s| s.claim).collect()
}

const JAVA: &[&str] = &[
    "2025-11-24 12:00:00.123 ERROR 1 --- [           main] o.s.boot.SpringApplication               : Application run failed",
    "",
    "org.springframework.beans.factory.BeanCreationException: Error creating bean with name 'entityManagerFactory'; nested exception is javax.persistence.PersistenceException: no",
    "\tat org.springframework.beans.factory.support.AbstractBeanFactory.doGetBean(AbstractBeanFactory.java:333) ~[spring-beans-5.3.jar!/:5.3]",
    "\tat org.springframework.boot.loader.JarLauncher.main(JarLauncher.java:88) [app.jar:0.1]",
    "Caused by: com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure",
    "",
    "The last packet sent successfully to the server was 0 milliseconds ago. The driver has not received any packets from the server.",
    "\tat com.mysql.cj.jdbc.exceptions.SQLError.createCommunicationsException(SQLError.java:174) ~[mysql.jar!/:8.0]",
    "\t... 30 common frames omitted",
    "Caused by: java.net.ConnectException: Connection refused (Connection refused)",
    "\tat java.net.PlainSocketImpl.socketConnect(Native Method) ~[na:1.8.0]",
    "\t... 33 common frames omitted",
];

#[test]
fn a_java_exception_is_one_unit_with_its_root() {
    let unit = unit(JAVA);
    assert_eq!((unit.level, unit.language, unit.lines), (Level::Fatal, Some(Language::Java), 13));
    assert_eq!(told(&unit.exception).0, "org.springframework.beans.factory.BeanCreationException");
    assert_eq!(told(&unit.root), ("java.net.ConnectException", "Connection refused (Connection refused)"));
    assert_eq!(unit.at, Some(Stamp { at: 1_763_985_600_123_000, utc: false }));
    let read = LogSummary::read(&text(JAVA));
    assert_eq!(
        read.sightings.iter().map(|s| (s.claim.clone(), s.count, s.error)).collect::<Vec<_>>(),
        [
            (Claim::Refused { target: "".into() }, 1, true),
            (Claim::LinkFailure { target: "".into() }, 1, true)
        ]
    );
}

const GO: &[&str] = &[
    "2025/11/24 12:00:00 listening on :8080",
    "panic: runtime error: invalid memory address or nil pointer dereference",
    "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x47b8c6]",
    "",
    "goroutine 1 [running]:",
    "main.(*Server).handle(0x0, {0x1, 0x2})",
    "\t/app/main.go:12 +0x1d",
    "created by net/http.(*Server).Serve in goroutine 1",
    "\t/usr/local/go/src/net/http/server.go:3285 +0x4b4",
    "exit status 2",
];

#[test]
fn a_go_panic_is_one_unit_with_its_goroutines() {
    let unit = unit(GO);
    assert_eq!((unit.level, unit.language, unit.lines), (Level::Fatal, Some(Language::Go), 9));
    assert_eq!(told(&unit.exception), ("runtime error", "invalid memory address or nil pointer dereference"));
    assert_eq!(unit.head.line, 1);
    assert!(claims(GO[0]).contains(&Claim::ListeningOn { port: 8080, protocol: "".into(), loopback: false }));
}

const PYTHON: &[&str] = &[
    "Traceback (most recent call last):",
    "  File \"/usr/lib/python3.12/socket.py\", line 850, in create_connection",
    "    sock.connect(sa)",
    "ConnectionRefusedError: [Errno 111] Connection refused",
    "",
    "During handling of the above exception, another exception occurred:",
    "",
    "Traceback (most recent call last):",
    "  File \"/app/server.py\", line 191, in <module>",
    "    initDatabase()",
    "    ^^^^^^^^^^^^^^",
    "pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on 'db' ([Errno 111] Connection refused)\")",
];

#[test]
fn the_last_line_of_a_traceback_is_its_essence() {
    let unit = unit(PYTHON);
    assert_eq!((unit.level, unit.language, unit.lines), (Level::Fatal, Some(Language::Python), 12));
    assert_eq!(told(&unit.exception).0, "pymysql.err.OperationalError");
    assert_eq!(told(&unit.root), ("ConnectionRefusedError", "[Errno 111] Connection refused"));
    assert_eq!(
        &*unit.says,
        "pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on 'db' ([Errno 111] Connection refused)\")"
    );
}

#[test]
fn a_logged_traceback_belongs_to_its_line() {
    let unit = unit(&[
        "2025-11-24 12:00:00,001 ERROR worker: job failed",
        "Traceback (most recent call last):",
        "  File \"/app/w.py\", line 3, in run",
        "    raise KeyError('X')",
        "KeyError: 'X'",
    ]);
    assert_eq!((unit.level, unit.head.line, unit.lines), (Level::Error, 0, 5));
    assert_eq!(told(&unit.exception), ("KeyError", "'X'"));
}

#[test]
fn a_group_of_exceptions_is_one_unit() {
    let unit = unit(&[
        "ERROR:    Exception in ASGI application",
        "  + Exception Group Traceback (most recent call last):",
        "  |   File \"/app/main.py\", line 9, in app",
        "  |     raise ExceptionGroup('two', errors)",
        "  | ExceptionGroup: two (2 sub-exceptions)",
        "  +-+---------------- 1 ----------------",
        "    | ValueError: bad",
        "    +------------------------------------",
    ]);
    assert_eq!((unit.level, unit.language, unit.lines), (Level::Error, Some(Language::Python), 8));
}

const NODE: &[&str] = &[
    "node:events:497",
    "      throw er; // Unhandled 'error' event",
    "      ^",
    "",
    "Error: listen EADDRINUSE: address already in use :::8080",
    "    at Server.setupListenHandle [as _listen2] (node:net:1897:16)",
    "    at listenInCluster (node:net:1945:12)",
    "Emitted 'error' event on Server instance at:",
    "    at emitErrorNT (node:net:1924:8) {",
    "  code: 'EADDRINUSE',",
    "  port: 8080",
    "}",
    "",
    "Node.js v20.11.0",
];

#[test]
fn node_s_version_at_the_end_tells_that_nobody_caught_it() {
    let read = LogSummary::read(&text(NODE));
    let (unit, choice) = read.ending().expect("an error");
    assert_eq!((unit.level, unit.language, choice), (Level::Fatal, Some(Language::Node), Choice::Fatal));
    assert_eq!(told(&unit.exception), ("Error", "listen EADDRINUSE: address already in use :::8080"));
    assert!(read.seen(|c| *c == Claim::AddressInUse { port: Some(8080) }).next().is_some());
}

const RUST: &[&str] = &[
    "thread 'main' panicked at src/main.rs:4:43:",
    "called `Result::unwrap()` on an `Err` value: Os { code: 111, kind: ConnectionRefused, message: \"Connection refused\" }",
    "stack backtrace:",
    "   0: rust_begin_unwind",
    "             at /rustc/90c5/library/std/src/panicking.rs:645:5",
    "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
];

#[test]
fn rust_panics_old_and_new() {
    let new = unit(RUST);
    assert_eq!((new.level, new.language, new.lines), (Level::Fatal, Some(Language::Rust), 6));
    assert!(told(&new.exception).1.starts_with("called `Result::unwrap()`"));
    let old = unit(&["thread 'tokio-runtime-worker' panicked at 'index out of bounds', src/a.rs:1:2"]);
    assert_eq!((old.level, told(&old.exception)), (Level::Error, ("panic", "index out of bounds")));
}

const CPP: &[&str] = &[
    "terminate called after throwing an instance of 'std::runtime_error'",
    "  what():  no shard",
    "Aborted (core dumped)",
];

const DOT_NET: &[&str] = &[
    "Unhandled exception. System.InvalidOperationException: no queue",
    " ---> System.Net.Sockets.SocketException (111): Connection refused",
    "   at System.Net.Sockets.Socket.Connect(EndPoint remoteEP) in /src/s.cs:line 12",
    "   --- End of inner exception stack trace ---",
    "   at Program.<Main>$(String[] args) in /src/Program.cs:line 4",
];

const RUBY: &[&str] = &[
    "/app/lib/job.rb:7:in `fetch': key not found: \"REDIS_URL\" (KeyError)",
    "\tfrom /app/lib/job.rb:7:in `<main>'",
];

const PHP: &[&str] = &[
    "PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /app/db.php:3",
    "Stack trace:",
    "#0 /app/db.php(3): PDO->__construct()",
    "#1 {main}",
    "  thrown in /app/db.php on line 3",
];

#[test]
fn traces_of_other_languages() {
    for (lines, language, kind, message, root) in [
        (CPP, Language::Cpp, "std::runtime_error", "no shard", ""),
        (
            DOT_NET,
            Language::DotNet,
            "System.InvalidOperationException",
            "no queue",
            "System.Net.Sockets.SocketException",
        ),
        (RUBY, Language::Ruby, "KeyError", "key not found: \"REDIS_URL\"", ""),
        (
            PHP,
            Language::Php,
            "PDOException",
            "SQLSTATE[HY000] [2002] Connection refused in /app/db.php:3",
            "",
        ),
    ] {
        let unit = unit(lines);
        assert_eq!((unit.level, unit.language), (Level::Fatal, Some(language)));
        assert_eq!(told(&unit.exception), (kind, message));
        assert_eq!(told(&unit.root).0, root);
        assert_eq!(unit.lines as usize, lines.len());
    }
}

const SPRING: &[&str] = &[
    "***************************",
    "APPLICATION FAILED TO START",
    "***************************",
    "",
    "Description:",
    "",
    "Web server failed to start. Port 8080 was already in use.",
    "",
    "Action:",
    "",
    "Identify and stop the process that's listening on port 8080 or configure this application to listen on another port.",
];

#[test]
fn spring_s_analysis_is_the_fatal_unit() {
    let unit = unit(SPRING);
    assert_eq!((unit.level, &*unit.says), (Level::Fatal, SPRING[6]));
    let read = LogSummary::read(&text(SPRING));
    let all: Vec<Claim> = read.sightings.into_iter().map(|s| s.claim).collect();
    assert_eq!(all, [Claim::AddressInUse { port: Some(8080) }]);
}

#[test]
fn a_stack_inside_json_is_read() {
    let line = r#"{"level":50,"time":1763985600500,"err":{"type":"Error","message":"connect ECONNREFUSED 10.0.0.1:6379","stack":"Error: connect ECONNREFUSED 10.0.0.1:6379\n    at TCPConnectWrap.afterConnect (node:net:1595:16)"},"msg":"no cache"}"#;
    let unit = unit(&[line]);
    assert_eq!((unit.level, unit.language), (Level::Error, Some(Language::Node)));
    assert_eq!(&*unit.says, "no cache: Error: connect ECONNREFUSED 10.0.0.1:6379");
    assert_eq!(unit.at, Some(Stamp { at: 1_763_985_600_500_000, utc: true }));
    assert_eq!(claims(line), [Claim::Refused { target: "10.0.0.1:6379".into() }]);
}

#[test]
fn an_error_before_the_exit_tells_the_end() {
    let log = "2026-06-28T12:04:55Z INFO: up\n2026-06-28T12:04:59Z ERROR: Invalid configuration key 'DATABASE_URL'\n2026-06-28T12:05:00Z FATAL: Process exiting with code 1.\n";
    let read = LogSummary::read(log);
    assert_eq!((read.lines, read.errors), (3, 2));
    let (unit, choice) = read.ending().expect("an error");
    assert_eq!((&*unit.says, choice), ("Invalid configuration key 'DATABASE_URL'", Choice::BeforeExit));
    assert_eq!(
        read.sightings.iter().map(|s| s.claim.clone()).collect::<Vec<_>>(),
        [Claim::ConfigMissing { key: "DATABASE_URL".into() }, Claim::Exiting { code: Some(1) }]
    );
    assert_eq!(read.first, Some(Stamp { at: 1_782_648_295_000_000, utc: true }));
    assert_eq!(read.last, Some(Stamp { at: 1_782_648_300_000_000, utc: true }));
    // With nothing else to tell it, the exit is all there is.
    let alone = LogSummary::read("FATAL: Process exiting with code 1.\n");
    assert_eq!(alone.essence().map(|line| &*line.text), Some("FATAL: Process exiting with code 1."));
}

#[test]
fn an_old_fatal_line_yields_to_a_later_error() {
    let mut log = String::from("FATAL once upon a time\n");
    log.push_str(&"fine\n".repeat(600));
    log.push_str("ERROR now\n");
    let read = LogSummary::read(&log);
    assert_eq!(read.ending().map(|(unit, choice)| (&*unit.says, choice)), Some(("now", Choice::LastError)));
    assert_eq!(read.first_error.map(|unit| unit.head.line), Some(0));
}

#[test]
fn kubectl_s_own_words_are_no_log() {
    let read = LogSummary::read(
        "Error from server (BadRequest): previous terminated container \"a\" in pod \"b\" not found\n",
    );
    assert_eq!(read.notes, vec![Note::NoPrevious { container: "a".into(), pod: "b".into() }]);
    assert_eq!((read.errors, read.lines, read.tail.len()), (0, 0, 0));
}

#[test]
fn names_are_found_in_every_language() {
    use crate::scan::message::DnsError::{NoSuchHost, ServerFailed, Unanswered};
    for (line, host, how) in [
        ("dial tcp: lookup session-cache on 10.68.0.2:53: no such host", "session-cache", NoSuchHost),
        ("dial tcp: lookup db.shop on 10.68.0.2:53: server misbehaving", "db.shop", ServerFailed),
        (
            "dial tcp: lookup db on 10.96.0.10:53: read udp 10.0.0.9:41000->10.96.0.10:53: i/o timeout",
            "db",
            Unanswered,
        ),
        (
            "Caused by: java.net.UnknownHostException: db: Temporary failure in name resolution",
            "db",
            Unanswered,
        ),
        ("java.net.UnknownHostException: db.shop", "db.shop", NoSuchHost),
        ("Error: getaddrinfo ENOTFOUND orders.shop", "orders.shop", NoSuchHost),
        ("Error: getaddrinfo EAI_AGAIN orders", "orders", Unanswered),
        (
            "psycopg2.OperationalError: could not translate host name \"pg.shop\" to address: Name or service not known",
            "pg.shop",
            NoSuchHost,
        ),
        ("socket.gaierror: [Errno -2] Name or service not known", "", NoSuchHost),
        ("curl: (6) Could not resolve host: orders", "orders", NoSuchHost),
        ("wget: bad address 'orders:8080'", "orders", NoSuchHost),
        (
            "nginx: [emerg] host not found in upstream \"gateway\" in /etc/nginx/nginx.conf:38",
            "gateway",
            NoSuchHost,
        ),
        (
            "urllib3.exceptions.NameResolutionError: <x>: Failed to resolve 'orders' ([Errno -3] Temporary failure in name resolution)",
            "orders",
            Unanswered,
        ),
        (
            "DNS resolution failed for orders:50051: C-ares status is not ARES_SUCCESS qtype=A name=orders: Domain name not found",
            "orders",
            NoSuchHost,
        ),
        ("Name resolution failed for target dns:orders:50051", "orders", NoSuchHost),
        ("System.Net.Http.HttpRequestException: Name or service not known (orders:80)", "orders", NoSuchHost),
    ] {
        let found = claims(line);
        assert!(found.contains(&Claim::NameUnresolved { host: host.into(), how }), "{line}: {found:?}");
        assert!(
            !found.iter().any(|c| matches!(c, Claim::TimedOut { .. } | Claim::Refused { .. })),
            "{line}: {found:?}"
        );
    }
}

#[test]
fn connections_name_their_targets() {
    let target = |t: &str| -> Text { t.into() };
    for (line, want) in [
        (
            "dial tcp 10.0.0.1:6379: connect: connection refused",
            Claim::Refused { target: target("10.0.0.1:6379") },
        ),
        (
            "redis.exceptions.ConnectionError: Error 111 connecting to cache:6379. Connection refused.",
            Claim::Refused { target: target("cache:6379") },
        ),
        (
            "StackExchange.Redis.RedisConnectionException: UnableToConnect on cache:6379/Interactive, last: NONE",
            Claim::Refused { target: target("cache:6379") },
        ),
        (
            "Get \"http://api:80/x\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
            Claim::TimedOut { target: target("api:80") },
        ),
        (
            "java.net.SocketTimeoutException: connect timed out executing GET http://api:80/x",
            Claim::TimedOut { target: target("api:80") },
        ),
        (
            "read tcp 10.0.0.1:3->10.0.0.7:80: read: connection reset by peer",
            Claim::Reset { target: target("10.0.0.7:80") },
        ),
        ("Error: connect EHOSTUNREACH 10.0.0.7:80", Claim::Unroutable { target: target("10.0.0.7:80") }),
        (
            "o.s.c.l.core.RoundRobinLoadBalancer : No servers available for service: orders",
            Claim::NoInstances { service: target("orders") },
        ),
        (
            "2025/11/24 12:00:00 [error] 7#7: *1 no live upstreams while connecting to upstream",
            Claim::NoInstances { service: target("") },
        ),
        (
            "requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: http://orders:8080/x",
            Claim::Upstream { status: target("503"), target: target("orders:8080"), call: target("") },
        ),
        (
            r#"org.springframework.web.client.HttpServerErrorException$InternalServerError: 500 : "{"status":500,"path":"/api/v1/pay/7f3a"}""#,
            Claim::Upstream { status: target("500"), target: target("/api/v1/pay/*"), call: target("") },
        ),
        ("AxiosError: Request failed with status code 404", Claim::NotFound { target: target("") }),
        (
            "failed to get quotes: rpc error: code = DeadlineExceeded desc = context deadline exceeded",
            Claim::DeadlineExceeded { target: target(""), call: target("failed to get quotes") },
        ),
        (
            "io.grpc.StatusRuntimeException: UNAVAILABLE: io exception",
            Claim::Upstream { status: target("Unavailable"), target: target(""), call: target("") },
        ),
        (
            "rpc error: code = Unimplemented desc = unknown service shop.Rates",
            Claim::NotFound { target: target("") },
        ),
        (
            "x509: certificate has expired or is not yet valid: current time 2025-11-24T12:00:00Z is after 2025-11-23T00:00:00Z",
            Claim::Tls { how: crate::scan::message::TlsError::Expired, target: target("") },
        ),
        (
            "javax.net.ssl.SSLHandshakeException: PKIX path building failed: unable to find valid certification path",
            Claim::Tls { how: crate::scan::message::TlsError::UnknownAuthority, target: target("") },
        ),
        (
            "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)",
            Claim::Tls { how: crate::scan::message::TlsError::Expired, target: target("") },
        ),
    ] {
        let found = claims(line);
        assert!(found.contains(&want), "{line}: {found:?}");
    }
}

#[test]
fn a_quoted_error_is_of_the_server_that_met_it() {
    let line = r#"failed to pay: rpc error: code = Internal desc = no rate: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 10.0.0.1:50051: connect: connection refused""#;
    let read = LogSummary::read(line);
    assert!(read.sightings.iter().all(|s| s.relayed), "{read:?}");
    let own = LogSummary::read(
        "rpc error: code = Unavailable desc = dial tcp 10.0.0.1:50051: connect: connection refused",
    );
    assert!(own.seen(|c| matches!(c, Claim::Refused { .. })).all(|s| !s.relayed));
}

#[test]
fn stores_say_what_is_wrong() {
    let login = |user: &str, host: &str, no_password| Claim::LoginRefused {
        user: user.into(),
        host: host.into(),
        no_password,
    };
    for (line, want) in [
        ("Access denied for user 'app'@'10.0.0.9' (using password: YES)", login("app", "10.0.0.9", false)),
        ("[Note] Access denied for user 'root'@'::1' (using password: NO)", login("root", "::1", true)),
        ("FATAL:  password authentication failed for user \"app\"", login("app", "", false)),
        ("ReplyError: WRONGPASS invalid username-password pair or user is disabled.", login("", "", false)),
        ("(error) NOAUTH Authentication required.", login("", "", true)),
        ("MongoServerError: Authentication failed.", login("", "", false)),
        ("PLAIN login refused: user 'app' - invalid credentials", login("app", "", false)),
        ("java.sql.SQLNonTransientConnectionException: Too many connections", Claim::TooManyConnections),
        ("FATAL:  sorry, too many clients already", Claim::TooManyConnections),
        (
            "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
            Claim::TooManyConnections,
        ),
        (
            "The MySQL server is running with the --read-only option so it cannot execute this statement",
            Claim::ReadOnly,
        ),
        (
            "The MySQL server is running with the --super-read-only option so it cannot execute this statement",
            Claim::ReadOnly,
        ),
        ("ERROR:  cannot execute INSERT in a read-only transaction", Claim::ReadOnly),
        ("ReplyError: READONLY You can't write against a read only replica.", Claim::ReadOnly),
        ("MongoServerError: not primary", Claim::ReadOnly),
        (
            "HikariPool-1 - Connection is not available, request timed out after 30000ms.",
            Claim::PoolExhausted { target: "".into() },
        ),
        (
            "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00",
            Claim::PoolExhausted { target: "".into() },
        ),
        ("Error 1049 (42000): Unknown database 'shop'", Claim::UnknownDatabase { name: "shop".into() }),
        (
            "ERROR:  relation \"orders\" does not exist at character 15",
            Claim::SchemaMissing { name: "orders".into() },
        ),
        ("Deadlock found when trying to get lock; try restarting transaction", Claim::Deadlock),
        ("Lock wait timeout exceeded; try restarting transaction", Claim::LockTimeout),
        ("OOM command not allowed when used memory > 'maxmemory'.", Claim::StoreFull),
        (
            "Caused by: org.flywaydb.core.api.FlywayException: Validate failed: Migrations have failed validation",
            Claim::MigrationFailed,
        ),
    ] {
        let found = claims(line);
        assert!(found.contains(&want), "{line}: {found:?}");
    }
}

#[test]
fn the_program_and_its_container() {
    let path = |p: &str| -> Text { p.into() };
    for (line, want) in [
        ("java.lang.OutOfMemoryError: Java heap space", Claim::HeapExhausted { heap: Heap::Java }),
        ("java.lang.OutOfMemoryError: Metaspace", Claim::HeapExhausted { heap: Heap::JavaMetaspace }),
        (
            "java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory",
            Claim::TooManyThreads,
        ),
        (
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
            Claim::HeapExhausted { heap: Heap::Node },
        ),
        ("fatal error: runtime: out of memory", Claim::HeapExhausted { heap: Heap::Go }),
        ("MemoryError", Claim::HeapExhausted { heap: Heap::Python }),
        ("accept tcp [::]:8080: accept4: too many open files", Claim::TooManyOpenFiles),
        ("write /data/x: no space left on device", Claim::NoSpace),
        (
            "open /etc/app/key.pem: permission denied",
            Claim::PermissionDenied { path: path("/etc/app/key.pem") },
        ),
        (
            "mkdir: can't create directory '/data/x': Read-only file system",
            Claim::ReadOnlyFs { path: path("/data/x") },
        ),
        ("listen tcp :8080: bind: address already in use", Claim::AddressInUse { port: Some(8080) }),
        (
            "Error: listen EADDRINUSE: address already in use 0.0.0.0:3000",
            Claim::AddressInUse { port: Some(3000) },
        ),
        ("java.net.BindException: Address already in use", Claim::AddressInUse { port: None }),
        ("KeyError: 'DATABASE_URL'", Claim::ConfigMissing { key: path("DATABASE_URL") }),
        (
            "required environment variable REDIS_ADDR not set",
            Claim::ConfigMissing { key: path("REDIS_ADDR") },
        ),
        (
            "panic: environment variable \"QUOTE_ADDR\" not set",
            Claim::ConfigMissing { key: path("QUOTE_ADDR") },
        ),
        (
            "Could not resolve placeholder 'db.password' in value \"${db.password}\"",
            Claim::ConfigMissing { key: path("db.password") },
        ),
        (
            "open /etc/app/config.yaml: no such file or directory",
            Claim::FileMissing { path: path("/etc/app/config.yaml") },
        ),
        ("Error: Cannot find module '/app/server.js'", Claim::ModuleMissing { name: path("/app/server.js") }),
        ("ModuleNotFoundError: No module named 'flask'", Claim::ModuleMissing { name: path("flask") }),
        ("exec /app/run: exec format error", Claim::WrongFormat),
        ("/entrypoint.sh: line 3: nc: command not found", Claim::CommandMissing { name: path("nc") }),
        ("Killed", Claim::ChildKilled),
        ("received SIGTERM, shutting down", Claim::StopRequested { signal: path("SIGTERM") }),
        ("exiting with code 3", Claim::Exiting { code: Some(3) }),
        (
            r#"configmaps is forbidden: User "system:serviceaccount:shop:api" cannot list resource "configmaps" in API group """#,
            Claim::ApiForbidden {
                account: path("system:serviceaccount:shop:api"),
                verb: path("list"),
                resource: path("configmaps"),
            },
        ),
        ("leaderelection lost", Claim::LeaseLost),
    ] {
        let found = claims(line);
        assert!(found.contains(&want), "{line}: {found:?}");
    }
}

#[test]
fn ports_that_are_listened_on() {
    for (line, port, protocol, loopback) in [
        ("Tomcat started on port(s): 8080 (http) with context path ''", 8080, "http", false),
        ("Tomcat started on port 8443 (https)", 8443, "https", false),
        (
            "[2025-11-24 12:00:00 +0000] [1] [INFO] Listening at: http://0.0.0.0:17001 (1)",
            17001,
            "http",
            false,
        ),
        ("Now listening on: http://[::]:8080", 8080, "http", false),
        ("server started on port 50051", 50051, "", false),
        ("LOG:  listening on IPv4 address \"0.0.0.0\", port 5432", 5432, "", false),
        (" * Running on http://127.0.0.1:5000", 5000, "http", true),
        ("INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)", 8000, "http", false),
        ("Example app listening at http://localhost:3000", 3000, "http", true),
        ("[info] <0.802.0> started TCP listener on [::]:5672", 5672, "", false),
        ("Starting development server at http://0.0.0.0:8000/", 8000, "http", false),
        ("Quote service started, listening on 9090", 9090, "", false),
        (
            "mysqld: ready for connections. Version: '8.0.36'  socket: '/tmp/s'  port: 3306  MySQL",
            3306,
            "",
            false,
        ),
        ("1:M 24 Nov 2025 12:00:00.000 * Running mode=standalone, port=6379.", 6379, "", false),
        (r#"{"message":"starting to listen on tcp: \"[::]:5050\"","severity":"info"}"#, 5050, "", false),
        ("[GIN-debug] Listening and serving HTTP on :8080", 8080, "http", false),
    ] {
        assert_eq!(
            claims(line),
            [Claim::ListeningOn { port, protocol: protocol.into(), loopback }],
            "{line}"
        );
    }
    for line in [
        "listen tcp :8080: bind: permission denied",
        "failed to start server on port 8080",
        "connection on port 8080 closed",
        "http: Server closed",
        "listening for events",
    ] {
        assert!(!claims(line).iter().any(|c| matches!(c, Claim::ListeningOn { .. })), "{line}");
    }
}

#[test]
fn harmless_lines_claim_nothing() {
    for line in [
        "GET /api/v1/orders 200 12ms",
        "No bean named 'errorChannel' has been explicitly defined.",
        "+ JAVA_OPT=' -server -XX:+HeapDumpOnOutOfMemoryError -XX:HeapDumpPath=/home/x.hprof'",
        "InnoDB: FTS optimize thread exiting.",
        "HikariPool-1 - Shutdown initiated...",
        "Compiled 12 files, 0 errors",
        "page not found: /x",
        "certificate expires in 30 days, NotAfter: 2026-01-01",
        "registering SIGTERM handler",
        "read the environment variable PORT",
        "Killed 3 stale sessions",
        "user looked up db",
    ] {
        let read = LogSummary::read(line);
        assert_eq!((read.sightings.len(), read.errors), (0, 0), "{line}: {read:?}");
    }
}

#[test]
fn memory_stays_bounded() {
    let mut scan = LogScan::new();
    for at in 0..20_000u32 {
        let line = format!(
            "ERROR dial tcp 10.{}.{}.1:{}: connect: connection refused",
            at / 250,
            at % 250,
            1000 + at % 60_000
        );
        scan.push(&line, Some(i64::from(at)));
        scan.push(&"x".repeat(50), None);
    }
    scan.push(&"ERROR long ".repeat(100_000), None);
    let read = scan.finish();
    assert_eq!((read.errors, read.lines), (20_001, 40_001));
    assert_eq!(read.sightings.len(), SIGHTINGS);
    assert_eq!(read.dropped, 20_000 - SIGHTINGS as u64);
    assert_eq!(read.tail.len(), TAIL);
    assert!(read.tail.iter().all(|line| line.text.len() <= CLIP));
    assert_eq!(read.first, Some(Stamp { at: 0, utc: true }));
}

#[test]
fn times_of_kubectl_are_taken_off() {
    let read = LogSummary::read(
        "2025-11-24T20:00:00.5+08:00 2025-11-24 12:00:00.123 ERROR 1 --- [main] a.B : no\n2025-11-24T20:00:01.5+08:00 \tat a.B.c(B.java:1)\n",
    );
    assert_eq!(
        (read.errors, read.first, read.last),
        (
            1,
            Some(Stamp { at: 1_763_985_600_500_000, utc: true }),
            Some(Stamp { at: 1_763_985_601_500_000, utc: true })
        )
    );
    let unit = read.error.expect("an error");
    assert_eq!((unit.lines, unit.language, &*unit.says), (2, Some(Language::Java), "no"));
    assert!(unit.head.text.starts_with("2025-11-24 12:00:00.123 ERROR"));
}

/// Every cut of every sample, and each sample behind an open unit of every other.
#[test]
fn every_cut_of_a_log_is_read() {
    let samples = [JAVA, GO, PYTHON, NODE, RUST, CPP, DOT_NET, RUBY, PHP, SPRING];
    for sample in samples {
        let log = text(sample) + " é{\"level\":\"error\",\"msg\":\"ü";
        for (at, _) in log.char_indices() {
            LogSummary::read(&log[..at]);
            LogSummary::read(&log[at..]);
        }
        for other in samples {
            let both = LogSummary::read(&(text(sample) + "\n2025-11-24 12:00:00 INFO ok\n" + &text(other)));
            assert_eq!(both.lines as usize, sample.len() + other.len() + 1);
        }
    }
}
