//! Asks a registry for the tags of a repository, when the user wants that: anonymously, as anybody may, and never at an
//! address that leads back into the machine's own network services.

use engine::evidence::{Why, repository};
use http::header::{ACCEPT, AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use kube::config::Config;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The longest answer: some ten thousand tags.
const LARGEST: usize = 4 << 20;
/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// What rustls says of an answer that is no TLS (`rustls::InvalidMessage`, 0.23).
const NO_TLS: &str = "InvalidContentType";
/// The host behind the names that name none.
const DOCKER: &str = "registry-1.docker.io";

/// A repository and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// As an image names it, without tag and digest.
    pub named: String,
    /// The registry, with its port where that is told.
    host: String,
    /// The name that the registry knows it by.
    path: String,
}

/// What a registry answers (OCI distribution specification 1.1, "Listing Tags").
#[derive(Deserialize)]
struct Listing {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

/// The record of an answer.
#[derive(Serialize)]
struct Record<'a> {
    repository: &'a str,
    tags: Vec<String>,
}

impl Repository {
    /// The repository of an image; none where its name is no reference.
    pub fn of(image: &str) -> Option<Repository> {
        let named = repository(image);
        let is_host = |part: &str| part.contains(['.', ':']) || part == "localhost";
        let (host, path) = match named.split_once('/') {
            Some((host, path)) if is_host(host) => (host, path.to_owned()),
            Some(_) => (DOCKER, named.to_owned()),
            None => (DOCKER, format!("library/{named}")),
        };
        let host = if matches!(host, "docker.io" | "index.docker.io") { DOCKER } else { host };
        let path = if host == DOCKER && !path.contains('/') { format!("library/{path}") } else { path };
        // distribution/reference: names are of lower-case letters, digits and separators between them.
        let is_name = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-/".contains(&b))
        };
        let bare = host.rsplit_once(':').map_or(host, |(bare, _)| bare);
        let is_address = bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        (is_name(&path) && is_address && !path.contains("..") && path.len() <= 255).then(|| Repository {
            named: named.to_owned(),
            host: host.to_owned(),
            path,
        })
    }
}

/// The tags of a repository, as a record.
pub async fn tags(of: &Repository) -> Result<Vec<u8>, Why> {
    let unreachable = |why: String| Why::Unreachable(format!("{}: {why}", of.host).into());
    let of_scheme = |scheme: &str| format!("{scheme}://{}/v2/{}/tags/list?n=10000", of.host, of.path);
    let mut target = of_scheme(if is_local(&of.host) { "http" } else { "https" });
    let mut first = get(&target, None).await;
    // A registry of one's own, at a port of its own, often speaks without TLS, and its nodes are told so (containerd:
    // hosts.toml). Nothing but names of tags goes over it, no token either.
    let is_plain = of.host.contains(':') && first.as_ref().is_err_and(|why| why.contains(NO_TLS));
    if is_plain {
        target = of_scheme("http");
        first = get(&target, None).await;
    }
    let mut answer = first.map_err(unreachable)?;
    if answer.status == StatusCode::UNAUTHORIZED && !is_plain {
        let Some(place) = challenge(&answer.headers) else {
            return Err(unreachable("it wants to know who asks".to_owned()));
        };
        let token = get(&place, None).await.map_err(unreachable)?;
        let token =
            token_of(&token.body).ok_or_else(|| unreachable("it gives no token to strangers".to_owned()))?;
        answer = get(&target, Some(&token)).await.map_err(unreachable)?;
    }
    match answer.status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Err(Why::NotFound),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return Err(unreachable("it wants to know who asks".to_owned()));
        }
        status => return Err(unreachable(format!("it answers {status}"))),
    }
    let listing: Listing = serde_json::from_slice(&answer.body)
        .map_err(|_| unreachable("it does not answer as a registry".to_owned()))?;
    let record = Record { repository: &of.named, tags: listing.tags.unwrap_or_default() };
    serde_json::to_vec(&record).map_err(|error| unreachable(error.to_string()))
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Sends one request, to the very address that was found to be allowed.
async fn get(target: &str, token: Option<&str>) -> Result<Answer, String> {
    tokio::time::timeout(PATIENCE, send(target, token))
        .await
        .unwrap_or_else(|_| Err(format!("no answer for {} s", PATIENCE.as_secs())))
}

async fn send(target: &str, token: Option<&str>) -> Result<Answer, String> {
    let uri: Uri = target.parse().map_err(|_| "its address is none".to_owned())?;
    let authority = uri.authority().ok_or("its address is none")?.clone();
    let scheme = uri.scheme_str().unwrap_or("https");
    let port = authority.port_u16().unwrap_or(if scheme == "http" { 80 } else { 443 });
    let found = tokio::net::lookup_host((authority.host(), port)).await;
    let found: Vec<SocketAddr> = found.map_err(|_| "its name does not resolve".to_owned())?.collect();
    if found.iter().any(|address| is_link_local(address.ip())) {
        return Err("its name leads to a link-local address, which is never asked".to_owned());
    }
    let address = found.first().ok_or("its name does not resolve")?;
    let root: Uri = format!("{scheme}://{address}").parse().map_err(|_| "its address is none".to_owned())?;
    let mut config = Config::new(root);
    config.tls_server_name = (scheme == "https").then(|| authority.host().to_owned());
    config.default_retry = false;
    config.connect_timeout = Some(PATIENCE);
    // A proxy would resolve the name by itself.
    config.proxy_url = None;
    let client = kube::Client::try_from(config).map_err(|error| crate::error::chain(&error))?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request =
        http::Request::get(path).header(HOST, authority.as_str()).header(ACCEPT, "application/json");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Body::empty()).map_err(|error| error.to_string())?;
    let response = client.send(request).await.map_err(|error| crate::error::chain(&error))?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, LARGEST).collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes().to_vec();
    Ok(Answer { status: head.status, headers: head.headers, body })
}

/// Where a token is to be had (OCI distribution, token authentication): `Bearer realm="…",service="…",scope="…"`.
fn challenge(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(WWW_AUTHENTICATE)?.to_str().ok()?;
    let fields = text.strip_prefix("Bearer ").or_else(|| text.strip_prefix("bearer "))?;
    let field = |name: &str| {
        let (_, rest) = fields.split_once(&format!("{name}=\""))?;
        rest.split_once('"').map(|(value, _)| value)
    };
    let realm = field("realm")?;
    let uri: Uri = realm.parse().ok()?;
    let host = uri.host()?;
    if uri.scheme_str() != Some("https") && !is_local(host) {
        return None;
    }
    let rest = ["service", "scope"]
        .into_iter()
        .filter_map(|name| Some(format!("{name}={}", crate::request::encode(field(name)?))));
    let separator = if realm.contains('?') { '&' } else { '?' };
    Some(format!("{realm}{separator}{}", rest.collect::<Vec<_>>().join("&")))
}

fn token_of(body: &[u8]) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let token = answer.get("token").or_else(|| answer.get("access_token"))?.as_str()?;
    Some(token.to_owned())
}

/// Registries on this machine speak without TLS, as for Docker and containerd.
fn is_local(host: &str) -> bool {
    let bare = host.rsplit_once(':').map_or(host, |(bare, _)| bare);
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Where clouds keep the credentials of their machines, among others.
fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_unspecified() || address.is_multicast(),
        IpAddr::V6(address) => {
            address.to_ipv4_mapped().is_some_and(|mapped| is_link_local(IpAddr::V4(mapped)))
                || address.is_unicast_link_local()
                || address.is_unspecified()
                || address.is_multicast()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_lead_to_their_registries() {
        for (image, host, path) in [
            ("busybox:1.36", DOCKER, "library/busybox"),
            ("team/app", DOCKER, "team/app"),
            ("docker.io/nginx@sha256:00", DOCKER, "library/nginx"),
            ("registry.lab:5000/team/app:3.0", "registry.lab:5000", "team/app"),
            ("localhost/app:1@sha256:00", "localhost", "app"),
        ] {
            let found = Repository::of(image).unwrap();
            assert_eq!((found.host.as_str(), found.path.as_str()), (host, path), "{image}");
        }
        for bad in ["", "a b", "registry.lab/../x", "reg.lab/A", "u@h.x/p q", "reg.lab:80:90/x"] {
            assert!(Repository::of(bad).is_none_or(|r| r.path != "x"), "{bad}");
        }
    }

    #[test]
    fn link_local_addresses_are_never_asked() {
        for address in ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "0.0.0.0", "224.0.0.1"] {
            assert!(is_link_local(address.parse().unwrap()), "{address}");
        }
        for address in ["127.0.0.1", "10.0.0.1", "::1", "2001:db8::1"] {
            assert!(!is_link_local(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_challenge_names_its_place() {
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(WWW_AUTHENTICATE, http::HeaderValue::from_static(text));
            challenge(&headers)
        };
        assert_eq!(
            of("Bearer realm=\"https://auth.example/token\",service=\"reg\",scope=\"repository:a/b:pull\"")
                .as_deref(),
            Some("https://auth.example/token?service=reg&scope=repository%3Aa%2Fb%3Apull")
        );
        assert_eq!(of("Basic realm=\"x\""), None);
        assert_eq!(of("Bearer realm=\"http://evil.example/token\""), None);
    }
}
