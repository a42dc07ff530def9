//! Secrets of every kind in every form that is read: none stands in a record that is kept, nor in a report of any form,
//! and what is told is the same with and without them.

use crate::secrets::{inputs, pod};
use engine::report::{Options, Report, json, markdown, text, yaml};
use intake::redact::{Key, Mask, Masked, record};
use intake::{Intake, RawRecord};
use serde_json::Value;

/// What it is, the part that may not be left, and how it stands in a text.
pub(crate) const PLANTED: &[(&str, &str, &str)] = &[
    ("variable", "hunter2planted", "DB_PASSWORD=hunter2planted"),
    ("exported variable", "hun;ter2,planted", "export PGPASSWORD=hun;ter2,planted"),
    ("flag", "hunter2planted", "starting app --db-password=hunter2planted --port=8080"),
    ("flag and value", "hunter2planted", "starting app --password hunter2planted --port 8080"),
    ("mysql -p", "hunter2planted", "running mysqladmin -u root -phunter2planted ping"),
    ("sshpass -p", "hunter2planted", "running sshpass -p hunter2planted ssh app@10.0.0.7"),
    ("redis-cli -a", "hunter2planted", "running redis-cli -h cache -a hunter2planted ping"),
    ("curl -u", "hunter2planted", "running curl -u app:hunter2planted https://orders.shop/x"),
    ("docker login", "hunter2planted", "running docker login -u app -p hunter2planted registry.example"),
    (
        "URL",
        "hunter2planted",
        "cannot connect to postgres://app:hunter2planted@db-main.shop:5432/orders: refused",
    ),
    ("URL, not encoded", "hun/ter#2planted", "dial amqp://app:hun/ter#2planted@mq.shop:5672/: refused"),
    ("URL of many hosts", "hunter2planted", "mongodb+srv://app:hunter2planted@m-0.m,m-1.m/shop?w=1 is down"),
    ("URL without a user", "hunter2planted", "dial redis://:hunter2planted@cache.shop:6379/0: i/o timeout"),
    (
        "JDBC",
        "hunter2planted",
        "jdbc:postgresql://db.shop/orders?user=app&password=hunter2planted&ssl=true failed",
    ),
    ("JDBC of Oracle", "hunter2planted", "jdbc:oracle:thin:app/hunter2planted@//db.shop:1521/x failed"),
    ("data source name", "hunter2planted", "open app:hunter2planted@tcp(db.shop:3306)/orders: refused"),
    (
        "image's URL",
        "hunter2planted",
        "Failed to pull image: Get \"https://app:hunter2planted@registry.example/v2/\": EOF",
    ),
    ("Bearer", "planted0123456789abc", "request failed: Authorization: Bearer planted0123456789abc"),
    ("Basic", "YXBwOmh1bnRlcjJwbGFudGVk", "proxy said no to Authorization: Basic YXBwOmh1bnRlcjJwbGFudGVk"),
    ("header", "planted0123456789ABC", "sent with 'X-Api-Key: planted0123456789ABC' and refused"),
    ("cookie", "hunter2planted", "Cookie: theme=dark; session=hunter2planted"),
    ("JWT", "pl4nted", "token eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.pl4ntedc2ln is expired"),
    ("JSON", "hun\\\"ter2planted", r#"bad config {"user":"app","password":"hun\"ter2planted","port":5432}"#),
    (
        "JSON in JSON",
        "hunter2planted",
        r#"{"msg":"bad","config":"{\"user\":\"a\",\"clientSecret\":\"hunter2planted\"}"}"#,
    ),
    (
        "encoded JSON",
        "cGFzc3dvcmQiOiJodW50ZXIy",
        "config eyJ1c2VyIjoiYXBwIiwicGFzc3dvcmQiOiJodW50ZXIycGxhbnRlZCJ9 is wrong",
    ),
    ("AWS key", "AKIAPL4NTED234567890", "credentials AKIAPL4NTED234567890 were refused"),
    ("AWS secret", "planted/aws+key0123456789", "aws_secret_access_key=planted/aws+key0123456789 refused"),
    ("AWS session", "plantedFwoGZXIvYXdz", "AWS_SESSION_TOKEN=plantedFwoGZXIvYXdz== refused"),
    (
        "GCP key",
        "plantedkeymaterial",
        r#"{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nplantedkeymaterial\n-----END PRIVATE KEY-----\n"}"#,
    ),
    (
        "Google key",
        "AIzaPlanted89012345678901234567890123456",
        "key AIzaPlanted89012345678901234567890123456 not valid",
    ),
    (
        "Azure account",
        "planted/abc+def",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=planted/abc+def==;EndpointSuffix=x",
    ),
    ("Azure SAS", "planted%2Fabc", "GET https://blob.example/x?sv=1&sig=planted%2Fabc&se=1 failed"),
    (
        "GitHub",
        "ghp_plantedABCDEFGHIJKLMNOPQRSTUVWXYZ0123",
        "clone with ghp_plantedABCDEFGHIJKLMNOPQRSTUVWXYZ0123 failed",
    ),
    ("GitHub, fine", "plantedABCDEFGHIJKLMNOP", "clone with github_pat_11plantedABCDEFGHIJKLMNOP_x failed"),
    ("GitLab", "plantedABCDEFGHIJKLM", "clone with glpat-plantedABCDEFGHIJKLM failed"),
    ("Slack", "planted-0123456789", "post with xoxb-planted-0123456789 failed"),
    ("Slack hook", "T0planted/B0/abc", "post to https://hooks.slack.com/services/T0planted/B0/abc failed"),
    ("Stripe", "planted0123456789", "charge with sk_live_planted0123456789 failed"),
    (
        "npm",
        "plantedABCDEFGHIJKLMNOPQRSTUVWXYZ0123",
        "publish with npm_plantedABCDEFGHIJKLMNOPQRSTUVWXYZ0123 failed",
    ),
    (
        "registry's auth",
        "YXBwOmh1bnRlcjJwbGFudGVk",
        r#"{"auths":{"registry.example":{"auth":"YXBwOmh1bnRlcjJwbGFudGVk"}}}"#,
    ),
    (
        "bootstrap token",
        "plant3.0123456789abcdef",
        "running kubeadm join 10.0.0.1:6443 --token plant3.0123456789abcdef",
    ),
    (
        "kubeconfig",
        "plantedLS0tLS1",
        "users:\n- name: a\n  user:\n    client-key-data: plantedLS0tLS1CRUdJTg==\n    token: plantedLS0tLS1",
    ),
    (
        "private key",
        "plantedkeymaterial",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEplantedkeymaterialAAA\nAAAAplantedkeymaterial\n-----END RSA PRIVATE KEY-----",
    ),
    (
        "SSH key",
        "plantedkeymaterial",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blplantedkeymaterial\nAplantedkeymaterial==\n-----END OPENSSH PRIVATE KEY-----",
    ),
    ("htpasswd", "planted0123456789abcdef", "app:$apr1$planted0$planted0123456789abcdef is not allowed"),
    ("Vault", "plantedABCDEFGHIJKLMNOP", "login with hvs.plantedABCDEFGHIJKLMNOP failed"),
    (
        "SendGrid",
        "plantedABCDEFGHIJKLMN",
        "mail with SG.plantedABCDEFGHIJKLMN.0123456789012345678901234567890123456789012 failed",
    ),
    (
        "Telegram",
        "AAplanted0123456789012345678901234",
        "bot 123456789:AAplanted0123456789012345678901234 said no",
    ),
    ("key store", "hunter2planted", "KEYSTORE_PASSWORD=hunter2planted keystore was tampered with"),
    ("XML", "hunter2planted", "<user>app</user><password>hunter2planted</password>"),
    ("coloured", "hunter2planted", "\u{1b}[36mpassword\u{1b}[0m=hunter2planted"),
    ("SQL", "hunter2planted", "CREATE USER app IDENTIFIED BY 'hunter2planted' failed"),
];

/// Values in the style in which kubectl prints YAML.
fn block(value: &Value, column: usize, out: &mut String) {
    let pad = " ".repeat(column);
    match value {
        Value::Object(map) => {
            for (number, (key, value)) in map.iter().enumerate() {
                out.push_str(if number == 0 { "" } else { &pad });
                out.push_str(key);
                out.push(':');
                match value {
                    Value::Object(map) if !map.is_empty() => {
                        out.push_str(&format!("\n{pad}  "));
                        block(value, column + 2, out);
                    }
                    Value::Array(items) if !items.is_empty() => {
                        for item in items {
                            out.push_str(if out.ends_with('\n') { "" } else { "\n" });
                            out.push_str(&format!("{pad}- "));
                            block(item, column + 2, out);
                        }
                    }
                    _ => {
                        out.push(' ');
                        block(value, column + 2, out);
                    }
                }
            }
        }
        Value::String(text) if text.contains('\n') => {
            out.push_str("|-\n");
            text.lines().for_each(|line| out.push_str(&format!("{pad}{line}\n")));
        }
        Value::String(text) if text.contains('\u{1b}') => out.push_str(&format!("{value}\n")),
        Value::String(text) => {
            let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
                && !text.contains(": ")
                && !text.contains(" #");
            match plain {
                true => out.push_str(&format!("{text}\n")),
                false => out.push_str(&format!("'{}'\n", text.replace('\'', "''"))),
            }
        }
        other => out.push_str(&format!("{other}\n")),
    }
}

/// The forms of the other test, and those that only a record has.
pub(crate) fn forms(says: &str) -> Vec<(&'static str, String)> {
    let mut forms = inputs(says);
    let map = serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app", "namespace": "shop"}, "data": {"app.conf": says}});
    let list = serde_json::json!({"apiVersion": "v1", "items": [pod(says), map], "kind": "List"});
    let mut printed = String::new();
    block(&list, 0, &mut printed);
    forms.push(("kubectl's YAML", printed));
    let cut = says.len() / 2;
    if let (Some((begin, end)), false) = (says.split_at_checked(cut), says.contains('\n')) {
        let time = "2026-11-23T04:50:50.1Z";
        forms.push((
            "a line in parts",
            format!("{time} stderr P {begin}\n{time} stdout F between\n{time} stderr F {end}\n"),
        ));
    }
    let (message, length) = (says.as_bytes(), says.len() as u64);
    if let Ok(length) = String::from_utf8(length.to_le_bytes().to_vec()) {
        let message = String::from_utf8_lossy(message);
        forms.push((
            "a journal with lengths",
            format!("__CURSOR=a\n__REALTIME_TIMESTAMP=1795409450773000\n_HOSTNAME=n1\nMESSAGE\n{length}{message}\nPRIORITY=3\n\n"),
        ));
    }
    forms
}

fn diagnose(bytes: &[u8]) -> Report {
    let mut out = Intake::default();
    intake::read(RawRecord { path: "-", bytes }, &mut out);
    let (evidence, _) = out.finish();
    engine::diagnose(&evidence, &Options { all: true, ..Options::default() })
}

fn told(report: &Report) -> Vec<String> {
    let incident = |it: &engine::report::Incident| {
        format!("{} {} {}", it.root.code.as_str(), it.root.subject, it.root.certainty.as_str())
    };
    report.incidents.iter().map(incident).collect()
}

/// The keys and the kinds of values, without the values.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), shape(value))).collect(),
        Value::Array(items) => items.iter().map(shape).collect(),
        _ => Value::Null,
    }
}

#[test]
fn no_planted_secret_is_kept_or_told_in_any_form() {
    let mut faults = Vec::new();
    let mut masked = 0;
    for (kind, secret, says) in PLANTED {
        for (form, input) in forms(says) {
            let kept = record(input.as_bytes(), &Mask::Fixed).expect("it is text");
            let text = String::from_utf8_lossy(&kept.bytes).into_owned();
            masked += kept.masked.len();
            let mut shown = vec![("record", text.clone())];
            let report = diagnose(input.as_bytes());
            shown.push((
                "text",
                text::render(&report, &text::Style { width: 120, colour: false, verbose: true }),
            ));
            shown.push(("JSON", json::render(&report)));
            shown.push(("YAML", yaml::render(&report)));
            shown.push(("Markdown", markdown::render(&report)));
            let bare = secret.replace('\\', "");
            let tail = &bare[bare.len().saturating_sub(10)..];
            for (output, shown) in &shown {
                if [*secret, &bare, tail, "pl4nted-word"].iter().any(|it| shown.contains(it)) {
                    let line = shown.lines().find(|line| line.contains(tail)).unwrap_or("");
                    faults.push(format!("{kind} in {form} leaves by {output}: {line}"));
                }
            }
            if input.lines().count() != text.lines().count() {
                faults.push(format!("{kind} in {form}: other lines\n{text}"));
            }
            if let Ok(before) = serde_json::from_str::<Value>(&input) {
                let after = serde_json::from_str::<Value>(&text).unwrap_or_default();
                if shape(&before) != shape(&after) {
                    faults.push(format!("{kind} in {form}: no JSON of the same shape\n{text}"));
                }
            }
            let after = diagnose(text.as_bytes());
            if told(&after) != told(&report) {
                faults.push(format!("{kind} in {form}: {:?} became {:?}", told(&report), told(&after)));
            }
            let again = record(text.as_bytes(), &Mask::Fixed).expect("it is text");
            if again.bytes != kept.bytes {
                faults.push(format!("{kind} in {form}: redacted twice it is another"));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    assert!(masked > 2 * PLANTED.len());
}

#[test]
fn one_secret_has_one_pseudonym_in_every_form() {
    let says = "cannot connect to postgres://app:hunter2planted@db-main.shop:5432/orders, DB_PASSWORD=hunter2planted";
    let mask = Mask::Pseudonyms(Key::new([7; 16]));
    let other = Mask::Pseudonyms(Key::new([8; 16]));
    let name = |mask: &Mask| {
        let bytes = record(b"password=hunter2planted", mask).expect("text").bytes.into_owned();
        String::from_utf8_lossy(&bytes).replace("password=", "").replace(['<', '>'], "")
    };
    assert_ne!(name(&mask), name(&other));
    for (form, input) in forms(says) {
        let kept = record(input.as_bytes(), &mask).expect("text");
        let text = String::from_utf8_lossy(&kept.bytes);
        assert!(text.contains(&name(&mask)) && !text.contains("hunter2"), "{form}\n{text}");
        let lines: Vec<&str> = input.lines().collect();
        for Masked { line, .. } in &kept.masked {
            assert!(lines.len() >= *line as usize && *line > 0, "{form} {line}");
        }
        assert_eq!(told(&diagnose(text.as_bytes())), told(&diagnose(input.as_bytes())), "{form}");
        assert_eq!(record(text.as_bytes(), &mask).expect("text").bytes, kept.bytes, "{form}");
    }
}

#[test]
fn evidence_stays_in_every_form() {
    for says in [
        "Failed to pull image \"registry.example/team/token-service@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
        "MountVolume.SetUp failed for volume \"db-password\" : secret \"db-password\" not found",
        "configmap key \"password-file\" not found in shop/api-keys",
        "couldn't find key db-token in Secret shop/db-secret-7f9c8d6b5",
        "FATAL: password authentication failed for user \"app\"",
        "Access denied for user 'app'@'10.0.0.1' (using password: YES)",
        "x509: certificate signed by unknown authority",
        "containerd://5d41402abc4b2a76b9719d911017c592aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa exited, uid 0b1c2d3e-ac2f-4511-817d-67b84c15efe7",
        "at commit 5d41402abc4b2a76b9719d911017c592aaaaaaaa, port 5432, path /healthz/token",
        "service account token-reader cannot list secrets",
        "login to db-main.shop:5432 took 12 ms, keys=7 tokens: 4096",
    ] {
        for (form, input) in forms(says) {
            let plain = |word: &str| word.replace(['\\', '\''], "");
            let kept = record(input.as_bytes(), &Mask::Fixed).expect("text");
            let text = plain(&String::from_utf8_lossy(&kept.bytes));
            // Escapes aside: every place where it stood still has it, but for those that hold a password by their name.
            let count = |text: &str| text.matches(&plain(says)).count();
            let by_name = ["secrets", "YAML"].contains(&form);
            let (before, after) = (count(&plain(&input)), count(&text));
            assert!(after == before || by_name && after + 3 >= before, "{form}: {before} {after}\n{text}");
        }
    }
}

#[test]
fn a_redacted_capture_is_told_as_it_was() {
    let cases = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases");
    let mut archives: Vec<_> =
        std::fs::read_dir(&cases).expect("cases").flatten().map(|it| it.path()).collect();
    archives.sort();
    // All of them, or every eighth.
    let every = std::env::var("EVERY").ok().and_then(|it| it.parse().ok()).unwrap_or(8);
    let archives: Vec<_> =
        archives.iter().filter(|it| it.extension().is_some_and(|it| it == "zst")).collect();
    let mut compared = 0;
    for archive in archives.into_iter().step_by(every) {
        let (mut before, mut after) = (Intake::default(), Intake::default());
        bundle::each(archive, &mut |raw: RawRecord<'_>| {
            intake::read(raw, &mut before);
            let kept = record(raw.bytes, &Mask::Fixed).expect("text");
            intake::read(RawRecord { bytes: &kept.bytes, ..raw }, &mut after);
        })
        .expect("a bundle");
        let report = |intake: Intake| {
            let report = engine::diagnose(&intake.finish().0, &Options { all: true, ..Options::default() });
            json::render(&report)
        };
        let (before, after) = (report(before), report(after));
        assert_eq!(before, after, "{}", archive.display());
        compared += 1;
    }
    assert!(compared > 3);
}
