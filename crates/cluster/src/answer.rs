//! What an answer means: a record, a gap and why, or the end of the session.

use crate::request::{Request, Verb};
use engine::evidence::Why;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What was asked for.
    Record,
    /// Not what was asked for, and why.
    Gap(Why),
    /// The list has to be continued elsewhere: its token has expired, and here is another.
    Elsewhere(String),
    /// The server wants to be left alone for so many seconds (429, 5xx), and what it says.
    Later(Option<u64>, String),
    /// The server does not accept who we are.
    Unauthorized(String),
    /// A web page.
    Page,
}

/// The Kubernetes object that tells of an error.
#[derive(Deserialize, Default)]
struct Status {
    #[serde(default)]
    message: String,
    #[serde(default)]
    metadata: StatusMetadata,
}

#[derive(Deserialize, Default)]
struct StatusMetadata {
    #[serde(default, rename = "continue")]
    token: String,
}

/// The longest that a server's own words are kept, in bytes.
const WORDS: usize = 300;

/// How the kubelet answers with success when the log of an instance is gone (kubelet `GetContainerLogs`, 1.36).
const LOG_GONE: &str = "unable to retrieve container logs for ";

/// Reads an answer to a request.
pub fn read(request: &Request, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Answer {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_page = kind.starts_with("text/html");
    if is_page && request.resource == "nodes/proxy" {
        return Answer::Gap(Why::Unreachable(
            "the kubelet has its log query off: set enableSystemLogQuery, and the feature NodeLogQuery before 1.36"
                .into(),
        ));
    }
    if status.is_success() {
        if is_page {
            return Answer::Page;
        }
        return success(request, body);
    }
    let said = said(body);
    match status {
        StatusCode::UNAUTHORIZED => Answer::Unauthorized(said),
        StatusCode::FORBIDDEN if is_page => Answer::Page,
        StatusCode::FORBIDDEN => Answer::Gap(Why::Forbidden {
            verb: request.verb.as_str().into(),
            resource: request.resource.as_str().into(),
        }),
        StatusCode::NOT_FOUND => Answer::Gap(Why::NotFound),
        // An expired continue token: what is left can be had from another, later state.
        StatusCode::GONE if request.verb == Verb::List => {
            let token = serde_json::from_slice::<Status>(body).unwrap_or_default().metadata.token;
            if token.is_empty() { Answer::Gap(Why::Truncated(said.into())) } else { Answer::Elsewhere(token) }
        }
        StatusCode::GONE => Answer::Gap(Why::Gone(said.into())),
        // The API server speaks for the kubelet here, and is well itself.
        status if status.is_server_error() && request.asks_kubelet => {
            Answer::Gap(Why::Unreachable(said.into()))
        }
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Answer::Later(retry_after(headers), said)
        }
        // Of a container that never ran there is no log: `previous terminated container "app" … not found`.
        StatusCode::BAD_REQUEST if request.resource == "pods/log" => Answer::Gap(Why::Gone(said.into())),
        status => Answer::Gap(Why::Unparsable(format!("status {}: {said}", status.as_u16()).into())),
    }
}

fn success(request: &Request, body: &[u8]) -> Answer {
    if request.resource == "pods/log" && body.len() < 2 * WORDS {
        let text = String::from_utf8_lossy(body);
        // With timestamps asked for, none stands before it: the kubelet writes it, and no container.
        if text.lines().all(|line| line.starts_with(LOG_GONE)) && !text.trim().is_empty() {
            return Answer::Gap(Why::Gone(text.trim().into()));
        }
    }
    Answer::Record
}

/// What the server says, short.
fn said(body: &[u8]) -> String {
    let text = match serde_json::from_slice::<Status>(body) {
        Ok(status) if !status.message.is_empty() => status.message,
        _ => String::from_utf8_lossy(body).trim().to_owned(),
    };
    let text = text.lines().next().unwrap_or_default();
    let mut end = text.len().min(WORDS);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    match text.get(..end) {
        None | Some("") => "it gives no reason".to_owned(),
        Some(text) => text.to_owned(),
    }
}

/// `Retry-After` in seconds; a date there is taken as no word at all.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// The server's clock, in seconds since 1970.
pub fn date(headers: &HeaderMap) -> Option<i64> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request;
    use engine::evidence::Read;
    use engine::subject::{Kind, Subject};

    fn pods() -> Request {
        request::render(&Read::List { kind: Kind::Pod, namespace: Some("shop".into()) }).unwrap()
    }

    fn log() -> Request {
        let container = Subject::new(Kind::Pod, Some("shop"), "cart-0").container("app");
        request::render(&Read::Log { container, previous: true }).unwrap()
    }

    fn answer(request: &Request, status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        read(request, StatusCode::from_u16(status).unwrap(), &map, body.as_bytes())
    }

    #[test]
    fn a_refusal_names_verb_and_resource() {
        let forbidden = |verb: &str, resource: &str| {
            Answer::Gap(Why::Forbidden { verb: verb.into(), resource: resource.into() })
        };
        let said = r#"{"kind":"Status","message":"pods is forbidden: User \"x\" cannot list","reason":"Forbidden","code":403}"#;
        assert_eq!(answer(&pods(), 403, &[], said), forbidden("list", "pods"));
        assert_eq!(answer(&log(), 403, &[], said), forbidden("get", "pods/log"));
    }

    #[test]
    fn a_busy_server_says_when_to_come_back() {
        let said = r#"{"message":"too many requests"}"#;
        assert_eq!(
            answer(&pods(), 429, &[("retry-after", "7")], said),
            Answer::Later(Some(7), "too many requests".into())
        );
        assert_eq!(answer(&pods(), 503, &[], ""), Answer::Later(None, "it gives no reason".into()));
        // Of a log, the kubelet is what is not there, and the API server is well.
        let dial =
            r#"{"message":"Get \"https://10.0.0.2:10250/containerLogs\": dial tcp: connection refused"}"#;
        assert!(matches!(answer(&log(), 500, &[], dial), Answer::Gap(Why::Unreachable(_))));
    }

    #[test]
    fn success_may_be_none() {
        let gone = "unable to retrieve container logs for containerd://4f1b";
        assert_eq!(answer(&log(), 200, &[], gone), Answer::Gap(Why::Gone(gone.into())));
        assert_eq!(answer(&log(), 200, &[], ""), Answer::Record);
        assert_eq!(
            answer(&log(), 200, &[], "2026-11-23T03:12:40Z unable to retrieve container logs for x"),
            Answer::Record
        );
        assert_eq!(answer(&pods(), 200, &[("content-type", "text/html")], "<html>"), Answer::Page);
    }

    #[test]
    fn a_kubelet_without_log_query_answers_with_its_index() {
        let read = Read::Journal { node: "n1".into(), unit: "kubelet".into(), since: None };
        let journal = request::render(&read).unwrap();
        let html = [("content-type", "text/html; charset=utf-8")];
        let Answer::Gap(Why::Unreachable(why)) = answer(&journal, 200, &html, "<pre>") else { panic!() };
        assert!(why.contains("enableSystemLogQuery"), "{why}");
    }

    #[test]
    fn an_expired_list_goes_on_from_another_state() {
        let said = r#"{"message":"The provided continue parameter is too old","metadata":{"continue":"next"},"code":410}"#;
        assert_eq!(answer(&pods(), 410, &[], said), Answer::Elsewhere("next".into()));
    }

    #[test]
    fn the_clock_is_the_servers() {
        let mut headers = HeaderMap::new();
        headers.insert(header::DATE, "Mon, 23 Nov 2026 03:12:40 GMT".parse().unwrap());
        assert_eq!(date(&headers), Some(1_795_403_560));
    }
}
