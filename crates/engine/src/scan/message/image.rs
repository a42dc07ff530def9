//! What the kubelet and the runtimes say of images.

use super::network::{self, NetworkError, TlsError};
use super::text::{after, between, grpc, has, has_any, keep, list, quoted, quoted_after, some};
use crate::Text;

/// What is said of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Image {
    /// `Pulling image "<image>"`.
    Pulling(Text),
    /// The image was pulled.
    Pulled(Text),
    /// The image was there already.
    AlreadyPresent(Text),
    /// A pull, or the look-up before it, failed.
    PullFailed {
        /// The image as the pod names it, or as the runtime does.
        image: Option<Text>,
        /// Why.
        cause: PullCause,
    },
    /// The next pull is being delayed.
    BackOffPull {
        /// The image as the pod names it.
        image: Option<Text>,
        /// Why the last one failed: only since 1.32.
        cause: Option<PullCause>,
    },
    /// `imagePullSecrets` that do not exist: harmless unless a pull fails.
    PullSecretsMissing(Vec<Text>),
}

/// Why an image was not pulled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PullCause {
    /// The registry has no such manifest: the tag or digest is missing, or, where the registry does not tell the two
    /// apart (containerd reports only the 404), the repository.
    TagMissing,
    /// The registry says that it has no such repository.
    RepositoryMissing,
    /// The registry does not tell a missing repository from missing rights.
    RepositoryMissingOrDenied,
    /// The registry wants other credentials.
    Unauthorized {
        /// 401 or 403, where given.
        status: Option<u16>,
        /// Whether none were sent: an anonymous token was asked for, or `no basic auth credentials`.
        anonymous: bool,
    },
    /// The registry's rate limit.
    RateLimited,
    /// The registry answered with another error.
    RegistryError {
        /// The HTTP status.
        status: Option<u16>,
    },
    /// The name of the registry is not resolved.
    Dns {
        /// The name.
        host: Text,
        /// Why.
        how: network::DnsError,
    },
    /// The registry, or the proxy before it, is not reached.
    Unreachable {
        /// What was tried: `address:port`, or the host of the URL.
        host: Option<Text>,
        /// Why.
        how: NetworkError,
        /// Whether it is the proxy that is not reached.
        proxy: bool,
    },
    /// TLS with the registry does not come about.
    Tls {
        /// The registry.
        host: Option<Text>,
        /// Why.
        how: TlsError,
    },
    /// The registry speaks HTTP, and the runtime HTTPS.
    HttpToHttps,
    /// The image has no variant for the node's architecture or operating system.
    NoPlatform,
    /// The node's disk is full.
    NoSpace,
    /// The kubelet's own limit (`registryPullQPS`), not the registry's.
    QpsExceeded,
    /// The reference does not parse.
    InvalidName,
    /// A short name that the runtime does not complete (CRI-O).
    ShortName,
    /// The policy is `Never`, and the image is absent or the pod's right to it not proven.
    NeverPull,
    /// A signature policy refused the image.
    SignatureRejected,
    /// The image's format is no longer supported (Docker schema 1).
    Unsupported,
    /// What came is not what was promised: a digest, a size, or an archive is wrong.
    Corrupt,
    /// The pull was canceled.
    Canceled,
    /// No answer or no progress in time.
    Timeout,
    /// The runtime itself is not reached.
    RuntimeDown,
    /// Anything else.
    Other(Text),
}

/// Reads an event about an image. `Failed` and `BackOff` are shared with containers, so they are told by their text.
pub(super) fn event(reason: &str, text: &str) -> Option<Image> {
    match reason {
        // pkg/kubelet/images/image_manager.go, all versions
        "Pulling" => Some(Image::Pulling(quoted_after(text, "image ")?)),
        "Pulled" => {
            let image = quoted_after(text, "image ")?;
            Some(match has(text, "already present on machine") {
                true => Image::AlreadyPresent(image),
                false => Image::Pulled(image),
            })
        }
        "Failed" => {
            let rest = text.strip_prefix("Failed to pull image ")?;
            let (image, error) = quoted(rest)?;
            Some(Image::PullFailed {
                image: some(&image),
                cause: cause(error.trim_start_matches([':', ' '])),
            })
        }
        "BackOff" => back_off(text),
        "InspectFailed" | "ErrImageNeverPull" => Some(failed(reason, text)),
        // pkg/kubelet/kubelet_pods.go, 1.28+
        "FailedToRetrieveImagePullSecret" => {
            Some(Image::PullSecretsMissing(list(between(text, "(", ")").unwrap_or(""))))
        }
        _ => None,
    }
}

/// Reads the waiting state of a container whose image is missing.
pub(super) fn waiting(reason: &str, text: &str) -> Option<Image> {
    match reason {
        "ImagePullBackOff" => Some(back_off(text).unwrap_or(Image::BackOffPull { image: None, cause: None })),
        "ErrImagePull"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "ImageInspectError"
        | "RegistryUnavailable"
        | "SignatureValidationFailed"
        | "ErrImagePullBackOff" => Some(failed(reason, text)),
        _ => None,
    }
}

/// `Back-off pulling image "<image>"[: <reason>: <error>]`; the part in brackets since 1.32.
fn back_off(text: &str) -> Option<Image> {
    let (image, rest) = quoted(after(text, "ack-off pulling image ")?)?;
    let (reason, error) = rest.trim_start_matches([':', ' ']).split_once(": ").unwrap_or(("", ""));
    let cause = (!error.is_empty()).then(|| cause_with(reason, error));
    Some(Image::BackOffPull { image: some(&image), cause })
}

fn failed(reason: &str, text: &str) -> Image {
    Image::PullFailed { image: named(text), cause: cause_with(reason, text) }
}

/// The image that a runtime's error names.
fn named(text: &str) -> Option<Text> {
    for literal in [
        "unpack image ",
        "pull image ",
        "inspect image ",
        "image tag ",
        "ontainer image ",
        "image reference ",
    ] {
        if let Some(image) = quoted_after(text, literal) {
            return Some(image);
        }
    }
    // image_manager.go: `image pull failed for <image> because …`
    if let Some(image) = between(text, "image pull failed for ", " because") {
        return some(image);
    }
    // docker: `manifest for <image> not found`
    between(text, "manifest for ", " not found").and_then(some)
}

/// Why, with the reason that the kubelet gave where that decides.
fn cause_with(reason: &str, text: &str) -> PullCause {
    match reason {
        "ErrImageNeverPull" => PullCause::NeverPull,
        "InvalidImageName" => PullCause::InvalidName,
        "SignatureValidationFailed" => PullCause::SignatureRejected,
        "RegistryUnavailable" => match cause(text) {
            PullCause::Other(_) => PullCause::RegistryError { status: None },
            known => known,
        },
        _ => cause(text),
    }
}

/// Why, from the text of a runtime: containerd, CRI-O (containers/image), docker (cri-dockerd, dockershim).
pub fn cause(text: &str) -> PullCause {
    use PullCause as C;
    let (code, text) = grpc(text.trim());
    // What names its cause in words of its own. Sources: pkg/kubelet/images (QPS, names, policy); containerd
    // core/remotes/docker, core/images/archive; containers/image docker/errors.go, manifest/*.go; docker distribution.
    const TABLE: &[(&str, PullCause)] = &[
        ("pull QPS exceeded", C::QpsExceeded),
        ("with pull policy of Never", C::NeverPull),
        ("couldn't parse image reference", C::InvalidName),
        ("couldn't parse image name", C::InvalidName),
        ("invalid reference format", C::InvalidName),
        ("repository name must be lowercase", C::InvalidName),
        ("did not resolve to an alias", C::ShortName),
        ("no match for platform in manifest", C::NoPlatform),
        ("no matching manifest for", C::NoPlatform),
        ("no image found in manifest list for architecture", C::NoPlatform),
        ("no image found in image index for architecture", C::NoPlatform),
        ("cannot be used on this platform", C::NoPlatform),
        ("does not match the specified platform", C::NoPlatform),
        ("no space left on device", C::NoSpace),
        ("ignature validation failed", C::SignatureRejected),
        ("Source image rejected", C::SignatureRejected),
        ("is rejected by policy", C::SignatureRejected),
        ("toomanyrequests", C::RateLimited),
        ("Too Many Requests", C::RateLimited),
        ("pull rate limit", C::RateLimited),
        ("manifest.v1+prettyjws", C::Unsupported),
        ("schema 1 ", C::Unsupported),
        ("unsupported media type", C::Unsupported),
        ("unexpected commit digest", C::Corrupt),
        ("unexpected commit size", C::Corrupt),
        ("failed to get reader from content store", C::Corrupt),
        ("mismatched image rootfs and manifest layers", C::Corrupt),
        ("filesystem layer verification failed", C::Corrupt),
        ("invalid tar header", C::Corrupt),
        ("image config verification failed", C::Corrupt),
    ];
    if let Some((_, cause)) = TABLE.iter().find(|(literal, _)| has(text, literal)) {
        return cause.clone();
    }
    access(text)
        .or_else(|| unreached(text))
        .or_else(|| unauthorized(text))
        .or_else(|| missing(code, text))
        .unwrap_or_else(|| ended(code, text))
}

/// What the registry says of rights.
fn access(text: &str) -> Option<PullCause> {
    use PullCause as C;
    // Docker Hub through containerd and docker; quay; Artifact Registry
    if has_any(
        text,
        &[
            "repository does not exist or may require",
            "insufficient_scope: authorization failed",
            "(or it may not exist)",
            "requested access to the resource is denied",
            "access to the requested resource is not authorized",
        ],
    ) {
        return Some(C::RepositoryMissingOrDenied);
    }
    // ECR, or a repository that was never made: `name unknown: …`, `NAME_UNKNOWN`
    if has_any(text, &["name unknown", "NAME_UNKNOWN", "repository name not known"]) {
        return Some(C::RepositoryMissing);
    }
    let status = network::status(text).or_else(|| {
        [(401, "401 Unauthorized"), (403, "403 Forbidden"), (401, "status 401"), (403, "status 403")]
            .into_iter()
            .find_map(|(status, literal)| has(text, literal).then_some(status))
    });
    match status? {
        401 | 403 => Some(C::Unauthorized { status, anonymous: has(text, "anonymous token") }),
        429 => Some(C::RateLimited),
        500.. => Some(C::RegistryError { status }),
        _ => None,
    }
}

/// What the registry says of rights without a status.
fn unauthorized(text: &str) -> Option<PullCause> {
    // ECR without a login; docker and containers/image
    let anonymous = has(text, "no basic auth credentials");
    let known = anonymous
        || has_any(
            text,
            &[
                "authentication required",
                "unauthorized: ",
                "username or password",
                "authorization failed",
                "denied: ",
                "not authorized to perform",
                "authorization token has expired",
            ],
        );
    known.then_some(PullCause::Unauthorized { status: None, anonymous })
}

/// What the network says.
fn unreached(text: &str) -> Option<PullCause> {
    use PullCause as C;
    let network::Unreached { how, address, proxy, .. } = network::read(text)?;
    let host = match network::url(text) {
        Some(url) if !proxy => some(url.host),
        _ => address.clone(),
    };
    if has(text, "dial unix") {
        return Some(C::RuntimeDown);
    }
    Some(match how {
        NetworkError::Dns { host, how } => C::Dns { host, how },
        NetworkError::Tls(how) => C::Tls { host, how },
        NetworkError::PlainHttp => C::HttpToHttps,
        // without an address it is the pull as a whole that took too long
        NetworkError::Timeout if host.is_none() => C::Timeout,
        how => C::Unreachable { host, how, proxy },
    })
}

/// What is not there.
fn missing(code: Option<&str>, text: &str) -> Option<PullCause> {
    // docker and containers/image: `manifest unknown`; Harbor and others: `MANIFEST_UNKNOWN`
    if has_any(text, &["manifest unknown", "MANIFEST_UNKNOWN"]) {
        return Some(PullCause::TagMissing);
    }
    // a layer that the registry lost: `failed to copy: httpReadSeeker: failed open: … not found`
    if has(text, "httpReadSeeker") {
        return Some(PullCause::Corrupt);
    }
    let gone = code == Some("NotFound") || text.ends_with("not found") || text.ends_with("404 Not Found");
    (gone && has_any(text, &["resolve reference", "manifest", "Error response from daemon", "not found"]))
        .then_some(PullCause::TagMissing)
}

fn ended(code: Option<&str>, text: &str) -> PullCause {
    match code {
        Some("DeadlineExceeded") => PullCause::Timeout,
        Some("Canceled") => PullCause::Canceled,
        Some("Unavailable") => PullCause::RuntimeDown,
        _ if has(text, "context canceled") => PullCause::Canceled,
        _ => PullCause::Other(keep(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::{PullCause as C, *};

    fn pull(error: &str) -> C {
        match event("Failed", &format!(r#"Failed to pull image "r.io/a:v9": {error}"#)) {
            Some(Image::PullFailed { image, cause }) => {
                assert_eq!(image.as_deref(), Some("r.io/a:v9"));
                cause
            }
            other => panic!("{other:?}"),
        }
    }

    fn denied(status: u16, anonymous: bool) -> C {
        C::Unauthorized { status: Some(status), anonymous }
    }

    #[test]
    fn containerd() {
        for (error, expected) in [
            (
                r#"rpc error: code = NotFound desc = failed to pull and unpack image "r.io/a:v9": failed to resolve reference "r.io/a:v9": r.io/a:v9: not found"#,
                C::TagMissing,
            ),
            (
                r#"failed to pull and unpack image "docker.io/me/a:v9": failed to resolve reference "docker.io/me/a:v9": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"#,
                C::RepositoryMissingOrDenied,
            ),
            (
                r#"failed to pull and unpack image "ghcr.io/me/a:v9": failed to resolve reference "ghcr.io/me/a:v9": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3Ame%2Fa%3Apull&service=ghcr.io: 403 Forbidden"#,
                denied(403, true),
            ),
            (
                r#"failed to resolve reference "r.io/a:v9": unexpected status from HEAD request to https://r.io/v2/a/manifests/v9: 401 Unauthorized"#,
                denied(401, false),
            ),
            (
                r#"failed to resolve reference "docker.io/library/a:v9": unexpected status code https://registry-1.docker.io/v2/library/a/manifests/v9: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit."#,
                C::RateLimited,
            ),
            (
                r#"failed to resolve reference "r.io/a:v9": unexpected status from HEAD request to https://r.io/v2/a/manifests/v9: 503 Service Unavailable"#,
                C::RegistryError { status: Some(503) },
            ),
            (
                r#"failed to resolve reference "r.io/a:v9": failed to do request: Head "https://r.io/v2/a/manifests/v9": dial tcp: lookup r.io on 10.0.0.2:53: no such host"#,
                C::Dns { host: "r.io".into(), how: network::DnsError::NoSuchHost },
            ),
            (
                r#"failed to do request: Head "https://r.io/v2/a/manifests/v9": dial tcp 192.0.2.1:443: i/o timeout"#,
                C::Unreachable { host: Some("r.io".into()), how: NetworkError::Timeout, proxy: false },
            ),
            (
                r#"failed to do request: Head "https://r.io/v2/a/manifests/v9": proxyconnect tcp: dial tcp 10.1.1.1:3128: connect: connection refused"#,
                C::Unreachable {
                    host: Some("10.1.1.1:3128".into()),
                    how: NetworkError::Refused,
                    proxy: true,
                },
            ),
            (
                r#"failed to do request: Head "https://r.io/v2/a/manifests/v9": tls: failed to verify certificate: x509: certificate signed by unknown authority"#,
                C::Tls { host: Some("r.io".into()), how: TlsError::UnknownAuthority },
            ),
            (
                r#"failed to do request: Head "https://r.io:5000/v2/a/manifests/v9": http: server gave HTTP response to HTTPS client"#,
                C::HttpToHttps,
            ),
            (
                r#"rpc error: code = NotFound desc = failed to pull and unpack image "r.io/a:v9": no match for platform in manifest: not found"#,
                C::NoPlatform,
            ),
            (
                r#"failed to pull and unpack image "r.io/a:v9": failed to copy: write /var/lib/containerd/io.containerd.content.v1.content/ingest/x/data: no space left on device"#,
                C::NoSpace,
            ),
            (
                r#"failed to pull and unpack image "r.io/a:v9": failed commit on ref "layer-sha256:aa": unexpected commit digest sha256:bb, expected sha256:aa: failed precondition"#,
                C::Corrupt,
            ),
            (
                r#"rpc error: code = NotFound desc = failed to copy: httpReadSeeker: failed open: content at https://r.io/v2/a/blobs/sha256:aa not found: not found"#,
                C::Corrupt,
            ),
            (
                r#"media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer supported since containerd v2.1"#,
                C::Unsupported,
            ),
            (
                r#"rpc error: code = NotFound desc = failed to unpack image on snapshotter overlayfs: failed to extract layer sha256:aa: failed to get reader from content store: content digest sha256:bb: not found"#,
                C::Corrupt,
            ),
            (
                "failed to resolve image: unexpected status from HEAD request: 403 Forbidden",
                denied(403, false),
            ),
            ("rpc error: code = DeadlineExceeded desc = context deadline exceeded", C::Timeout),
            ("rpc error: code = Canceled desc = context canceled", C::Canceled),
            ("context canceled", C::Canceled),
            (
                r#"rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused""#,
                C::RuntimeDown,
            ),
            ("pull QPS exceeded", C::QpsExceeded),
            (
                r#"failed to authorize: failed to fetch anonymous token: Get "https://auth.docker.io/token?scope=a": dial tcp: lookup auth.docker.io: i/o timeout"#,
                C::Dns { host: "auth.docker.io".into(), how: network::DnsError::Unanswered },
            ),
            ("a horse ate it", C::Other("a horse ate it".into())),
        ] {
            assert_eq!(pull(error), expected, "{error}");
        }
    }

    #[test]
    fn docker_crio_and_registries() {
        for (error, expected) in [
            (
                "rpc error: code = Unknown desc = Error response from daemon: manifest for a:v9 not found: manifest unknown: manifest unknown",
                C::TagMissing,
            ),
            (
                "rpc error: code = Unknown desc = Error response from daemon: pull access denied for a, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
                C::RepositoryMissingOrDenied,
            ),
            (
                r#"rpc error: code = Unknown desc = Error response from daemon: Head "https://1.dkr.ecr.us-east-1.amazonaws.com/v2/a/manifests/v9": no basic auth credentials"#,
                C::Unauthorized { status: None, anonymous: true },
            ),
            (
                r#"rpc error: code = Unknown desc = Error response from daemon: Get "https://noimage.com/v2/": x509: certificate is not valid for any names, but wanted to match noimage.com"#,
                C::Tls { host: Some("noimage.com".into()), how: TlsError::WrongName },
            ),
            (
                "rpc error: code = Unknown desc = no matching manifest for linux/arm64/v8 in the manifest list entries",
                C::NoPlatform,
            ),
            (
                "rpc error: code = Unknown desc = reading manifest v9 in quay.io/me/a: manifest unknown",
                C::TagMissing,
            ),
            (
                "rpc error: code = Unknown desc = reading manifest v9 in quay.io/me/a: unauthorized: access to the requested resource is not authorized",
                C::RepositoryMissingOrDenied,
            ),
            (
                "rpc error: code = Unknown desc = unable to retrieve auth token: invalid username/password: unauthorized: incorrect username or password",
                C::Unauthorized { status: None, anonymous: false },
            ),
            (
                "rpc error: code = Unknown desc = name unknown: The repository with name 'a' does not exist in the registry with id '1'",
                C::RepositoryMissing,
            ),
            (
                r#"rpc error: code = Unknown desc = denied: Permission "artifactregistry.repositories.downloadArtifacts" denied on resource "projects/p/locations/l/repositories/r" (or it may not exist)"#,
                C::RepositoryMissingOrDenied,
            ),
            (
                "choosing image instance: no image found in manifest list for architecture arm64, variant \"v8\", OS linux",
                C::NoPlatform,
            ),
            (
                "SignatureValidationFailed: Source image rejected: A signature was required, but no signature exists",
                C::SignatureRejected,
            ),
            (
                r#"short-name "a:v9" did not resolve to an alias and no unqualified-search registries are defined in "/etc/containers/registries.conf""#,
                C::ShortName,
            ),
        ] {
            assert_eq!(pull(error), expected, "{error}");
        }
    }

    #[test]
    fn waits() {
        assert_eq!(
            waiting("ImagePullBackOff", r#"Back-off pulling image "a:v9""#),
            Some(Image::BackOffPull { image: Some("a:v9".into()), cause: None })
        );
        assert_eq!(
            waiting(
                "ImagePullBackOff",
                r#"Back-off pulling image "a:v9": ErrImagePull: rpc error: code = NotFound desc = failed to resolve reference "docker.io/library/a:v9": docker.io/library/a:v9: not found"#
            ),
            Some(Image::BackOffPull { image: Some("a:v9".into()), cause: Some(C::TagMissing) })
        );
        assert_eq!(
            waiting(
                "InvalidImageName",
                r#"Failed to apply default image tag "A:v9": couldn't parse image name "A:v9": invalid reference format"#
            ),
            Some(Image::PullFailed { image: Some("A:v9".into()), cause: C::InvalidName })
        );
        assert_eq!(
            waiting(
                "ErrImageNeverPull",
                r#"Container image "a:v9" is not present with pull policy of Never"#
            ),
            Some(Image::PullFailed { image: Some("a:v9".into()), cause: C::NeverPull })
        );
        assert_eq!(
            waiting("RegistryUnavailable", "image pull failed for a:v9 because the registry is unavailable."),
            Some(Image::PullFailed { image: Some("a:v9".into()), cause: C::RegistryError { status: None } })
        );
        assert_eq!(waiting("CrashLoopBackOff", "x"), None);
    }

    #[test]
    fn benign_events() {
        assert_eq!(event("Pulling", r#"pulling image "a""#), Some(Image::Pulling("a".into())));
        assert_eq!(
            event(
                "Pulled",
                r#"Successfully pulled image "a" in 2s (3s including waiting). Image size: 9 bytes."#
            ),
            Some(Image::Pulled("a".into()))
        );
        assert_eq!(
            event(
                "Pulled",
                r#"Container image "a" already present on machine and can be accessed by the pod"#
            ),
            Some(Image::AlreadyPresent("a".into()))
        );
        assert_eq!(
            event(
                "FailedToRetrieveImagePullSecret",
                "Unable to retrieve some image pull secrets (a, b); attempting to pull the image may not succeed."
            ),
            Some(Image::PullSecretsMissing(vec!["a".into(), "b".into()]))
        );
        assert_eq!(event("Failed", "Error: ErrImagePull"), None);
    }
}
