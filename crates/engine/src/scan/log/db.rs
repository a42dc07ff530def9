//! Claims about stores: databases, caches, brokers, and the pools that lead to them.

use super::claim::Claim;
use super::patterns::{Claims, Family};
use super::target::target;
use crate::Text;
use crate::scan::message::text::{after, between, has, has_any, keep, word};

/// Sources of the wordings: MySQL and MariaDB `errmsg` (5.5 to 9), Connector/J, PostgreSQL `ereport` texts (9 to 17), pgx,
/// libpq, PgJDBC, tokio-postgres, MongoDB, Redis, RabbitMQ, SQL Server, Oracle (ORA numbers); HikariCP, DBCP, Tomcat JDBC, c3p0, Druid, SQLAlchemy, Go `database/sql`,
/// Knex, Sequelize, Prisma, ActiveRecord, Npgsql, sqlx, deadpool, Vert.x; Flyway, Liquibase, Alembic.
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
            "imed out while waiting for an open connection",
            "imed out waiting for a slot to become available",
            "ConnectionAcquireTimeout",
            "imed out fetching a new connection from the connection pool",
            "onnection pool reached max wait queue size",
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
            "ORA-00020",
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
            "ORA-01017",
            "is not allowed to connect to this M",
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
            "network-related or instance-specific error",
            "ORA-12541",
            "ORA-12514",
            "driver: bad connection",
            "PSQLException: The connection attempt failed",
            "an't reach database server at",
            "error connecting to server: ",
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
        "ORA-01017",
        "is not allowed to connect to this MySQL server",
        "is not allowed to connect to this MariaDB server",
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
    ) && !has_any(line, &["Communications link failure", "ORA-125"])
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

#[cfg(test)]
mod tests {
    use crate::scan::log::LogSummary;

    /// What the claims of a line are of, by their variants.
    fn told(line: &str) -> Vec<String> {
        let read = LogSummary::read(line);
        let names = read.sightings.iter().map(|s| format!("{:?}", s.claim));
        names.map(|text| text.split([' ', '{']).next().unwrap_or("").to_owned()).collect()
    }

    #[test]
    fn clients_of_every_language_are_understood() {
        let mut wrong = Vec::new();
        for (line, claim) in [
            // Java: PgJDBC 42, Connector/J 8, ojdbc, HikariCP 5
            (
                "org.postgresql.util.PSQLException: Connection to db:5432 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.",
                "Refused",
            ),
            ("org.postgresql.util.PSQLException: The connection attempt failed.", "LinkFailure"),
            ("java.sql.SQLException: ORA-01017: invalid username/password; logon denied", "LoginRefused"),
            (
                "java.sql.SQLRecoverableException: Listener refused the connection with the following error: ORA-12514, TNS:listener does not currently know of service",
                "LinkFailure",
            ),
            ("HikariPool-1 - Connection is not available, request timed out after 30000ms.", "PoolExhausted"),
            (
                "java.sql.SQLException: null, message from server: \"Host '10.0.0.9' is not allowed to connect to this MySQL server\"",
                "LoginRefused",
            ),
            // Go: go-sql-driver/mysql, pgx 5, lib/pq, go-redis 9
            (
                "Error 1045 (28000): Access denied for user 'shop'@'10.0.0.9' (using password: YES)",
                "LoginRefused",
            ),
            (
                "Error 1290 (HY000): The MySQL server is running with the --super-read-only option so it cannot execute this statement",
                "ReadOnly",
            ),
            ("[mysql] 2026/11/23 03:05:03 packets.go:122: driver: bad connection", "LinkFailure"),
            (
                "failed to connect to `host=db user=shop database=shop`: server error (FATAL: sorry, too many clients already (SQLSTATE 53300))",
                "TooManyConnections",
            ),
            ("redis: connection pool timeout", "PoolExhausted"),
            // Python: psycopg 3, PyMySQL 1.1, SQLAlchemy 2
            (
                "psycopg.OperationalError: connection failed: FATAL:  password authentication failed for user \"shop\"",
                "LoginRefused",
            ),
            ("pymysql.err.OperationalError: (1040, 'Too many connections')", "TooManyConnections"),
            (
                "psycopg2.errors.ReadOnlySqlTransaction: cannot execute INSERT in a read-only transaction",
                "ReadOnly",
            ),
            (
                "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00",
                "PoolExhausted",
            ),
            // Node: mysql2 3, pg 8, ioredis 5, Prisma 5, Sequelize 6
            ("Error: Access denied for user 'shop'@'10.0.0.9' (using password: YES)", "LoginRefused"),
            ("ReplyError: READONLY You can't write against a read only replica.", "ReadOnly"),
            ("Error: P1001: Can't reach database server at `db`:`5432`", "LinkFailure"),
            (
                "SequelizeConnectionAcquireTimeoutError [SequelizeConnectionAcquireTimeoutError]: Operation timeout",
                "PoolExhausted",
            ),
            // Rust: sqlx 0.8, tokio-postgres 0.7, deadpool 0.12
            ("Error: pool timed out while waiting for an open connection", "PoolExhausted"),
            ("Error: error connecting to server: Connection refused (os error 111)", "Refused"),
            ("Error: Timeout occurred: timed out waiting for a slot to become available", "PoolExhausted"),
            // .NET: Microsoft.Data.SqlClient 5, Npgsql 8
            (
                "Microsoft.Data.SqlClient.SqlException (0x80131904): A network-related or instance-specific error occurred while establishing a connection to SQL Server.",
                "LinkFailure",
            ),
            (
                "Microsoft.Data.SqlClient.SqlException (0x80131904): Login failed for user 'shop'.",
                "LoginRefused",
            ),
            (
                "Npgsql.PostgresException (0x80004005): 28P01: password authentication failed for user \"shop\"",
                "LoginRefused",
            ),
            // Ruby: mysql2 0.5, pg 1.5, redis-client
            (
                "Mysql2::Error::ConnectionError: Can't connect to MySQL server on 'db:3306' (115)",
                "LinkFailure",
            ),
            (
                "PG::ConnectionBad: connection to server at \"10.0.0.1\", port 5432 failed: FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
                "TooManyConnections",
            ),
            ("Errno::ECONNREFUSED: Connection refused - connect(2) for \"redis\" port 6379", "Refused"),
        ] {
            if !told(line).iter().any(|told| told == claim) {
                wrong.push(format!("{:?} and not {claim}: {line}", told(line)));
            }
        }
        assert_eq!(wrong, [""; 0]);
    }

    #[test]
    fn words_about_stores_are_no_trouble_by_themselves() {
        for line in [
            "pool size is 10, 3 connections in use",
            "max_user_connections=100",
            "opened a read-only transaction",
            "role \"reader\" was granted",
            "database is ready to accept connections",
        ] {
            assert_eq!(told(line), [""; 0], "{line}");
        }
    }
}
