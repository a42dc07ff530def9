//! What is hidden in text of no form, and what is not.

use super::*;

#[test]
fn planted_secrets_go() {
    for (text, want) in [
        ("DB_PASSWORD=hunter2", "DB_PASSWORD=REDACTED"),
        ("export API_KEY='abc def'; run", "export API_KEY='REDACTED'; run"),
        ("--db-password=hunter2 --port=80", "--db-password=REDACTED --port=80"),
        ("mysql --password hunter2 -h db", "mysql --password REDACTED -h db"),
        ("-Dspring.datasource.password=hunter2", "-Dspring.datasource.password=REDACTED"),
        (r#"{"user":"a","password":"hun\"ter2","port":1}"#, r#"{"user":"a","password":"REDACTED","port":1}"#),
        (r#"{\"clientSecret\": \"hunter2\", \"x\": 1}"#, r#"{\"clientSecret\": \"REDACTED\", \"x\": 1}"#),
        (
            r#"{"name":"DB_PASSWORD","value":"hun\"ter2"},{"name":"A","value":"b"}"#,
            r#"{"name":"DB_PASSWORD","value":"REDACTED"},{"name":"A","value":"b"}"#,
        ),
        (
            r#"{\"name\":\"DB_PASSWORD\",\"value\":\"hun\\\"ter2\"},{\"name\":\"A\",\"value\":\"b\"}"#,
            r#"{\"name\":\"DB_PASSWORD\",\"value\":\"REDACTED\"},{\"name\":\"A\",\"value\":\"b\"}"#,
        ),
        (
            "- name: DB_PASSWORD\n  value: hun ter2\n- name: A",
            "- name: DB_PASSWORD\n  value: REDACTED\n- name: A",
        ),
        (
            "  - name: \"API_TOKEN\"\n    value: 'hunter2'\n",
            "  - name: \"API_TOKEN\"\n    value: 'REDACTED'\n",
        ),
        ("[{name: API_TOKEN, value: hunter2}]", "[{name: API_TOKEN, value: REDACTED}]"),
        (
            "- name: SSH_PRIVATE_KEY\n  value: |-\n    one\n\n    two\n- name: A",
            "- name: SSH_PRIVATE_KEY\n  value: |-\n    REDACTED\n\n    REDACTED\n- name: A",
        ),
        ("  password: hunter2 and more\n  user: a", "  password: REDACTED\n  user: a"),
        ("postgres://app:s3cret@db:5432/orders", "postgres://app:REDACTED@db:5432/orders"),
        ("cloning https://s3cret@git.example/x", "cloning https://REDACTED@git.example/x"),
        ("app:s3cret@tcp(db:3306)/orders", "app:REDACTED@tcp(db:3306)/orders"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer REDACTED"),
        ("authorization: Token abc", "authorization: Token REDACTED"),
        ("curl -H 'Authorization: Basic dXNlcjpwYXNz' x", "curl -H 'Authorization: Basic REDACTED' x"),
        ("got bearer 0123456789abcdef here", "got bearer REDACTED here"),
        ("id AKIAIOSFODNN7EXAMPLE used", "id REDACTED used"),
        ("AccountKey=abc/def+==;Endpoint=x", "AccountKey=REDACTED;Endpoint=x"),
        ("https://a.blob/x?sv=1&sig=abc%2F&se=2", "https://a.blob/x?sv=1&sig=REDACTED&se=2"),
        ("Set-Cookie: session=abc; path=/", "Set-Cookie: REDACTED"),
        (
            "post https://hooks.slack.com/services/T0/B0/abc now",
            "post https://hooks.slack.com/services/REDACTED now",
        ),
        ("password = \"hunter2\"", "password = \"REDACTED\""),
        ("SECRET_KEY_BASE=abc", "SECRET_KEY_BASE=REDACTED"),
        ("AWS_SECRET_ACCESS_KEY=abc", "AWS_SECRET_ACCESS_KEY=REDACTED"),
        ("awsSecretAccessKey=abc", "awsSecretAccessKey=REDACTED"),
        ("login with password:hunter2 failed", "login with password:REDACTED failed"),
    ] {
        assert_eq!(super::text(text), want, "{text}");
    }
    let token = format!("clone with ghp_{}!", "a1".repeat(18));
    assert_eq!(super::text(&token), "clone with REDACTED!");
    let jwt = "t=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl end";
    assert_eq!(super::text(jwt), "t=REDACTED end");
    let pem = "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b";
    assert_eq!(super::text(pem), "a REDACTED\nREDACTED\nREDACTED b");
    assert_eq!(super::text("x -----BEGIN PRIVATE KEY-----\\nMIIE"), "x REDACTED");
}

#[test]
fn evidence_stays() {
    for text in [
        "MountVolume.SetUp failed for volume \"tls-secret\" : secret \"tls\" not found",
        "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.",
        "couldn't find key password in Secret shop/db",
        "references non-existent secret key: tls.crt",
        "Access denied for user 'app'@'10.0.0.1' (using password: YES)",
        "FATAL: password authentication failed for user \"app\"",
        "invalid token: unexpected end of input",
        "Unable to attach or mount volumes: unmounted volumes=[api-token], unattached volumes=[api-token data]",
        "max_tokens=4096 token_type=bearer passed=3 bypass=1",
        "secretName: orders-tls\nprivateKeySecretRef: x\npasswordFile: /run/db",
        "DB_PASSWORD=$(PASSWORD) TOKEN=${TOKEN} SECRET=",
        "MYSQL_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false",
        "{\"token\":null,\"secret\":{\"secretName\":\"x\"},\"automountServiceAccountToken\":false}",
        "Get \"https://10.0.0.1:6443/api/v1/secrets\": x509: certificate signed by unknown authority",
        "pulling docker.io/library/busybox@sha256:0123456789abcdef",
        "http://orders:8080/a@b",
        "keyboard: us\nmonkey: see",
        "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {key: password, name: db}",
        "- name: API_TOKEN\n  value: $(TOKEN)\n",
        "- name: db-secret\n- value: seen",
        "basic authentication failed, bearer token missing",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "duplicate key value violates unique constraint \"orders_pkey\"",
        "Key: 'Config.Port' Error: required",
        "key=value primary_key=7 cache-key: orders",
    ] {
        assert!(
            matches!(super::text(text), Cow::Borrowed(same) if same == text),
            "{} ← {text}",
            super::text(text)
        );
    }
}

#[test]
fn lines_stay_as_many_as_they_were() {
    let key = "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\npassword=hunter2";
    assert_eq!(super::lines(key), "a\nREDACTED\nREDACTED\nREDACTED\npassword=REDACTED\n");
}

#[test]
fn what_runs_into_the_end_of_a_key_is_the_keys() {
    let key = "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nit took 3 MIIE=-----END RSA PRIVATE KEY-----\n";
    assert_eq!(super::text(key), "a\nREDACTED\nREDACTED\nit took 3 REDACTED\n");
}

#[test]
fn what_follows_a_key_that_was_cut_off_is_looked_at() {
    let cut = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nit is up\nit has password=hunter2\neyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijk\n";
    assert_eq!(super::text(cut), "REDACTED\nREDACTED\nit is up\nit has password=REDACTED\nREDACTED\n");
}

#[test]
fn what_is_redacted_stays_as_it_is() {
    for text in [
        "DB_PASSWORD=hunter2 postgres://a:b@c/d Authorization: Bearer abcdefgh12345678",
        "{\"password\":\"x y\"} AKIAIOSFODNN7EXAMPLE",
        "a -----BEGIN PRIVATE KEY-----\nMIIE\nb -----BEGIN RSA PRIVATE KEY-----: c\nd\n",
        "Authorization: Bearer abcde2026\n-----BEGIN PRIVATE KEY-----x\nBearer abcde2026-----END PRIVATE KEY-----04:50\n",
        "Authorization: Bearer REDACTED\n",
        "apiVersion: v1\nkind: Pod\nAuthorization: bearer REDACTED\n",
        "-----BEGIN KEK\n-----BEGIN KEY--IIE\n---)-END RSA PRIVATE KEY-----\n",
    ] {
        let once = super::text(text).into_owned();
        assert_eq!(super::text(&once), once);
    }
}

#[test]
fn hostile_text_takes_linear_time_and_does_not_panic() {
    for unit in [
        "password",
        "password=",
        "password=\"",
        "://",
        "@tcp(",
        "bearer ",
        "eyJ",
        "-----BEGIN PRIVATE KEY-----",
        "\"token\":",
        "://a:ä@",
        "tokenä=ö",
        "secret\\\":\\\"",
        "a.b_",
        "key",
        "x:@tcp(",
        "x\n{ x\n",
        "[pod/a/b] password\n",
        "[",
        "{\"a\":",
        "{\"args\":[\"mysql\",\"-p\"]}",
        "apiVersion: v1\n- - a: 'b\n",
        "a: \"b\n",
        "curl -u ",
        "Args:\n",
        "\"eyJ",
        "-----BEGIN PRIVATE KEY-----\n",
    ] {
        super::text(&unit.repeat(20_000));
    }
}

#[test]
fn a_sample_is_cut_after_its_secrets_are_gone() {
    let line = format!("{} postgres://app:hunter2hunter2{}@db/shop", "x".repeat(170), "y".repeat(40));
    let mut out = crate::Intake::default();
    crate::sample(&mut out, engine::evidence::Locator::default(), &line);
    let (_, kept) = &out.unread.samples[0];
    assert!(kept.len() <= 200 && kept.contains("postgres://app:") && !kept.contains("hunter2"), "{kept}");
}
