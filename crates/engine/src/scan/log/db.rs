//! Claims about stores: databases, caches, brokers, and the pools that lead to them.

use super::claim::Claim;
use super::patterns::{Claims, Family};
use super::target::target;
use crate::Text;
use crate::scan::message::text::{after, between, has, has_any, keep, word};

/// Sources of the wordings: MySQL and MariaDB `errmsg` (5.5 to 9), Connector/J, PostgreSQL `ereport` texts (9 to 17), pgx,
/// libpq, MongoDB, Redis, RabbitMQ, SQL Server; HikariCP, DBCP, Tomcat JDBC, c3p0, Druid, SQLAlchemy, Go `database/sql`,
/// Knex, Sequelize, ActiveRecord, Npgsql; Flyway, Liquibase, Alembic.
pub(super) const FAMILIES: &[Family] = &[
    Family {
        read: pool,
        literals: &[
            "Connection is not available, request timed out",
            "onnection pool exhausted",
            "ool exhausted",
            "QueuePool limit",
            "Cannot get a connection, pool error",
            "PoolExhaustedException",
            "Timeout: Pool empty",
            "ResourceRequest timed out",
            "Timeout acquiring a connection",
            "ould not obtain a database connection",
            "could not obtain a connection from the pool",
            "ConnectionPoolTimeoutException",
            "onnection pool is full",
            "The connection pool has been exhausted",
            "obtaining a connection from the pool",
            "ConnectionPool: Timeout",
            "GetConnectionTimeoutException",
            "PoolTimeout",
            "WaitQueueTimeout",
            "imed out while checking out a connection",
            "Operation was not possible because pool is",
            "Could not get a resource from the pool",
            "connection pool timeout",
            "ResourcePool: timed out",
        ],
    },
    Family {
        read: too_many,
        literals: &[
            "oo many connections",
            "too many clients already",
            "emaining connection slots are reserved",
            "max_user_connections",
            "ax number of clients reached",
            "no more connections allowed",
            "too many open connections",
            "ER_CON_COUNT_ERROR",
            "connection limit exceeded",
            "node connection limit",
        ],
    },
    Family {
        read: read_only,
        literals: &[
            "read-only option so it cannot",
            "in a read-only transaction",
            "READONLY You can't write",
            "NotWritablePrimary",
            "NotPrimaryNoSecondaryOk",
            "not master",
            "not primary",
            "Running in read-only mode",
            "unning in read-only mode",
            "ER_OPTION_PREVENTS_STATEMENT",
            "atabase is read-only",
            "READ_ONLY",
            "readonly database",
            "index read-only",
            "read_only_allow_delete",
        ],
    },
    Family {
        read: login,
        literals: &[
            "Access denied for user",
            "password authentication failed for user",
            "WRONGPASS",
            "NOAUTH ",
            "Authentication failed.",
            "uthentication failed",
            "AuthenticationFailed",
            "ACCESS_REFUSED",
            "ER_ACCESS_DENIED_ERROR",
            "Login failed for user",
            "bad auth",
            "no pg_hba.conf entry",
            "invalid password",
            "Access refused for user",
            "login refused",
            "role \"",
            "User was denied access",
            "28P01",
            "HTTP error 401 for ",
            "unable to authenticate user",
            "SASL authentication failed",
            "ERR AUTH",
            "invalid username-password pair",
        ],
    },
    Family {
        read: link,
        literals: &[
            "Communications link failure",
            "Can't connect to MySQL server",
            "Lost connection to MySQL server",
            "MySQL server has gone away",
            "ould not connect to server",
            "connection to server at \"",
            "server closed the connection unexpectedly",
            "No working brokers",
            "NoBrokersAvailable",
            "no available brokers",
            "o alive nodes",
            "NoNodeAvailableException",
            "run out of available brokers",
            "Could not connect to Redis",
            "Unable to connect to Redis",
            "Error connecting to node",
        ],
    },
    Family {
        read: schema,
        literals: &[
            "Unknown database",
            "\" does not exist",
            "doesn't exist",
            "no such table",
            "Unknown column",
            "Invalid object name",
        ],
    },
    Family {
        read: migration,
        literals: &[
            "FlywayException",
            "Migration failed",
            "migration failed",
            "MigrationFailed",
            "LiquibaseException",
            "irty database version",
            "ValidationFailedException",
            "FlywayValidateException",
            "FlywayMigrate",
            "alembic.util.exc",
            "Detected failed migration",
            "Validate failed: Migrations",
            "P3009",
            "P3018",
            "failed to run migrations",
            "Failed to run migrations",
            "waiting for changelog lock",
        ],
    },
    Family {
        read: locks,
        literals: &[
            "eadlock found when trying to get lock",
            "deadlock detected",
            "was deadlocked on",
            "ock wait timeout exceeded",
            "canceling statement due to lock timeout",
            "LockAcquisitionException",
            "WriteConflict",
            "atabase is locked",
            "DeadlockLoserDataAccess",
        ],
    },
    Family {
        read: full,
        literals: &[
            "OOM command not allowed",
            "MISCONF Redis",
            "is full and cannot",
            "memory resource limit alarm set",
        ],
    },
];

fn pool(line: &str, claims: &mut Claims) {
    claims.add(Claim::PoolExhausted { target: target(line) });
}

fn too_many(line: &str, claims: &mut Claims) {
    // Go's `database/sql` has no limit of its own; HTTP servers have, and call it otherwise.
    if !has(line, "max_user_connections=") {
        claims.add(Claim::TooManyConnections);
    }
}

fn read_only(line: &str, claims: &mut Claims) {
    let known = [
        "read-only option so it cannot",
        "in a read-only transaction",
        "READONLY You can't write",
        "NotWritablePrimary",
        "NotPrimaryNoSecondaryOk",
        "not master and",
        "not primary",
        "unning in read-only mode",
        "ER_OPTION_PREVENTS",
        "atabase is read-only",
        "readonly database",
        "index read-only",
        "read_only_allow_delete",
    ];
    if has_any(line, &known) {
        claims.add(Claim::ReadOnly);
    }
}

fn login(line: &str, claims: &mut Claims) {
    let empty: Text = "".into();
    // MySQL: `Access denied for user 'u'@'h' (using password: YES)`; without a quoted host it speaks of a grant.
    for literal in ["Access denied for user ", "Access refused for user "] {
        if let Some(rest) = after(line, literal) {
            let rest = rest.trim_start_matches(['\'', '"', '\\']);
            let user = rest.split(['\'', '"', '@', '\\', ' ']).next().unwrap_or("");
            let host = between(rest, "@'", "'").or_else(|| between(rest, "@\"", "\"")).unwrap_or("");
            // `to database 'x'` is a missing right, not a wrong password, but no less a refusal.
            let no_password = has(rest, "using password: NO");
            claims.add(Claim::LoginRefused { user: keep(user), host: keep(host), no_password });
            return;
        }
    }
    for literal in [
        "authentication failed for user \"",
        "Login failed for user '",
        "pg_hba.conf entry for host \"",
        "Login failed for user \"",
    ] {
        if let Some(rest) = after(line, literal) {
            let first = rest.split(['"', '\'']).next().unwrap_or("");
            let (user, host) = match literal.starts_with("pg_hba") {
                true => (between(rest, "user \"", "\"").unwrap_or(""), first),
                false => (first, ""),
            };
            claims.add(Claim::LoginRefused { user: keep(user), host: keep(host), no_password: false });
            return;
        }
    }
    if let Some(role) = between(line, "role \"", "\" does not exist") {
        claims.add(Claim::LoginRefused { user: keep(role), host: empty, no_password: false });
        return;
    }
    if has(line, "NOAUTH Authentication required") {
        claims.add(Claim::LoginRefused { user: empty.clone(), host: empty, no_password: true });
        return;
    }
    const KNOWN: &[&str] = &[
        "WRONGPASS",
        "ACCESS_REFUSED",
        "MongoError: Authentication failed",
        "MongoServerError: Authentication failed",
        "AuthenticationFailed",
        "bad auth : ",
        "SASL authentication failed",
        "ERR AUTH",
        "invalid username-password pair",
        "ERR invalid password",
        "(AuthenticationFailed)",
        "User was denied access",
        "unable to authenticate user",
        "login refused",
        "PLAIN login refused",
        "28P01",
    ];
    if has_any(line, KNOWN) {
        // RabbitMQ: `PLAIN login refused: user 'u' - invalid credentials`.
        let user = between(line, "user '", "'").unwrap_or("");
        claims.add(Claim::LoginRefused { user: keep(user), host: empty, no_password: false });
    }
}

fn link(line: &str, claims: &mut Claims) {
    // These say their own cause on the same line.
    if has_any(
        line,
        &["oo many connections", "Access denied", "authentication failed", "already in use", "refused"],
    ) && !has(line, "Communications link failure")
    {
        return;
    }
    if has(line, "connection to server at \"") && !has(line, "failed") {
        return;
    }
    claims.add(Claim::LinkFailure { target: target(line) });
}

fn schema(line: &str, claims: &mut Claims) {
    if let Some(rest) = after(line, "Unknown database ") {
        claims.add(Claim::UnknownDatabase { name: keep(word(rest.trim_start_matches(['\'', '"']))) });
        return;
    }
    if let Some(name) = between(line, "database \"", "\" does not exist") {
        claims.add(Claim::UnknownDatabase { name: keep(name) });
        return;
    }
    for (start, end) in [
        ("relation \"", "\" does not exist"),
        ("column \"", "\" does not exist"),
        ("Table '", "' doesn't exist"),
        ("Unknown column '", "'"),
        ("Invalid object name '", "'"),
        ("schema \"", "\" does not exist"),
    ] {
        if let Some(name) = between(line, start, end) {
            claims.add(Claim::SchemaMissing { name: keep(name) });
            return;
        }
    }
    if let Some(rest) = after(line, "no such table: ") {
        claims.add(Claim::SchemaMissing { name: keep(word(rest)) });
    }
}

fn migration(line: &str, claims: &mut Claims) {
    if has(line, "ValidationFailedException") && !has(line, "liquibase") {
        return;
    }
    claims.add(Claim::MigrationFailed);
}

fn locks(line: &str, claims: &mut Claims) {
    let timeout = has_any(line, &["timeout", "is locked"]);
    claims.add(if timeout { Claim::LockTimeout } else { Claim::Deadlock });
}

fn full(_: &str, claims: &mut Claims) {
    claims.add(Claim::StoreFull);
}
