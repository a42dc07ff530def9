//! Paths behind names that promise a secret: `GOOGLE_APPLICATION_CREDENTIALS=/var/run/secrets/gcp.json` names the file in
//! which it is, and a file that is not there is what a crash comes of.

use super::Kind;
use super::value::is_reference;

/// The longest path that is believed to be one, in bytes.
const LONGEST: usize = 256;

/// The longest part of a path that may be no more than a name.
const LONGEST_PART: usize = 40;

/// What files of keys and credentials are called. No alphabet of base64 has a point.
const ENDS: &[&str] = &[
    ".json", ".pem", ".key", ".crt", ".cer", ".der", ".p12", ".pfx", ".jks", ".pub", ".yaml", ".yml",
    ".conf", ".ini", ".txt",
];

/// Where files of a container are kept.
const ROOTS: &[&str] = &["/var/run/", "/run/", "/etc/", "/mnt/", "/secrets/", "/opt/", "/home/", "/root/"];

/// Whether what stands behind the name of a secret of that kind is none: see [`is_reference`], or the path of a file.
pub(super) fn stays(kind: Kind, value: &str) -> bool {
    is_reference(value) || matches!(kind, Kind::Credential | Kind::Key | Kind::PrivateKey) && is_path(value)
}

/// Whether a value is plainly the path of a file. Base64 may begin with a slash and have more of them: what is taken for
/// a path is made of short names in small letters, and ends or begins as such files do.
fn is_path(value: &str) -> bool {
    let Some(rest) = value.strip_prefix('/').filter(|_| value.len() <= LONGEST) else { return false };
    let is_part = |part: &str| {
        let bare = part.trim_start_matches('.');
        (1..=LONGEST_PART).contains(&part.len())
            && bare.starts_with(|c: char| c.is_ascii_lowercase())
            && bare.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
            && bare.bytes().filter(u8::is_ascii_digit).count() <= 4
    };
    let known =
        ENDS.iter().any(|end| value.ends_with(end)) || ROOTS.iter().any(|root| value.starts_with(root));
    known && rest.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use crate::redact;

    #[test]
    fn the_path_of_a_file_stays_and_a_secret_that_begins_with_a_slash_goes() {
        for text in [
            "GOOGLE_APPLICATION_CREDENTIALS=/var/run/secrets/cloud.google.com/gcp-key.json",
            "GOOGLE_APPLICATION_CREDENTIALS: /secrets/gcp.json",
            "starting --tls-private-key=/etc/tls/tls.key --port=8080",
            "starting --client-key /etc/kubernetes/pki/client.key --port 8080",
            "- name: AWS_SHARED_CREDENTIALS\n  value: /root/.aws/credentials\n",
            r#"{"env":[{"name":"GOOGLE_APPLICATION_CREDENTIALS","value":"/etc/gcp/sa.json"}]}"#,
            r#"{"args":["--client-key=/etc/pki/client.key","--private-key","/run/keys/a.pem"]}"#,
        ] {
            assert_eq!(redact::text(text), text);
            let kept = redact::record(text.as_bytes(), &redact::Mask::Fixed).expect("text");
            assert_eq!(String::from_utf8_lossy(&kept.bytes), text);
        }
        for value in [
            "/planted/pass.json.",
            "/pl4nt3d0123/abcdefgh.json",
            "/bPxRfiCYEXAMPLEKEYplanted",
            "/K7MDENG/bPxRfiCYEXAMPLEKEY/planted",
            "/etc/K7MDENGbPxRfiCYEXAMPLEKEYplanted",
            "/etc/abcdefghijabcdefghijabcdefghijabcdefghijplanted",
            "/planted+abc/def==",
            "/planted",
            "//planted/a.json",
            "/etc/../planted.json?x",
            "/etc/planted;x.json",
        ] {
            for text in [
                format!("AWS_SECRET_ACCESS_KEY={value}"),
                format!("APP_CREDENTIALS={value}"),
                format!("run --api-key {value} --port 1"),
                format!(r#"{{"args":["--api-key={value}","--private-key","{value}"]}}"#),
            ] {
                let kept = redact::record(text.as_bytes(), &redact::Mask::Fixed).expect("text");
                let kept = String::from_utf8_lossy(&kept.bytes);
                assert!(!kept.contains(value.trim_end_matches(['?', 'x'])), "{text} stays {kept}");
            }
        }
        // A password may be anything.
        for text in
            ["DB_PASSWORD=/etc/planted.json", "CLIENT_SECRET=/etc/planted.json", "token: /etc/planted.json"]
        {
            assert!(!redact::text(text).contains("planted"), "{text}");
        }
    }
}
