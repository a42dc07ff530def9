//! Requests that were served or sent on, from access logs: counts, statuses and times for each target.

use super::fields::Fields;
use super::peer::general;
use crate::Text;
use crate::scan::message::text::{between, keep};
use std::collections::BTreeMap;

/// Upper bounds of the buckets of times, in milliseconds; the last bucket has none.
pub const BOUNDS: [u64; 11] = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

/// From this on a request is slow, in milliseconds.
pub const SLOW: u64 = 1000;

/// Which side of a request a log is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// It was served here; the target is the path.
    Served,
    /// It was sent to another; the target is a host, with its port where told.
    Sent,
}

/// All requests of one target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Traffic {
    /// Which side this is.
    pub side: Side,
    /// `host:port`, or a path with `*` in place of what differs.
    pub target: Text,
    /// Requests.
    pub count: u64,
    /// Answers of 500 and more, and requests that got none.
    pub failed: u64,
    /// Answers of 404.
    pub not_found: u64,
    /// Requests that took [`SLOW`] or longer.
    pub slow: u64,
    /// Requests by how long they took: one more than [`BOUNDS`].
    pub times: [u64; 12],
    /// Envoy's response flags (`UF`, `UH`, `URX`, …) and how often.
    pub flags: BTreeMap<Text, u64>,
}

impl Traffic {
    /// The time, in milliseconds, that `percent` of the requests did not exceed: the upper bound of their bucket. None if
    /// no line told a time; the greatest number for the bucket without bound.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let timed: u64 = self.times.iter().sum();
        let rank = timed.saturating_mul(percent).div_ceil(100).max(1);
        let mut sum = 0;
        (timed > 0).then(|| {
            let bucket = self.times.iter().position(|count| {
                sum += count;
                sum >= rank
            });
            bucket.and_then(|bucket| BOUNDS.get(bucket)).copied().unwrap_or(u64::MAX)
        })
    }
}

/// Targets kept of one log.
const TARGETS: usize = 64;
/// Flags kept of one target.
const FLAGS: usize = 16;

/// Gathers requests.
#[derive(Default)]
pub(super) struct Gather {
    seen: BTreeMap<(Side, Text), Traffic>,
}

struct Request<'t> {
    side: Side,
    target: &'t str,
    status: u16,
    micros: Option<u64>,
    flags: &'t str,
}

impl Gather {
    /// Reads a line; tells whether it was of an access log.
    pub fn line(&mut self, text: &str) -> bool {
        envoy(text, self).or_else(|| common(text, self)).is_some()
    }

    /// Reads a structured line.
    pub fn fields(&mut self, fields: &Fields) {
        let exchange = &fields.exchange;
        let Some(status) = exchange.status else { return };
        let path;
        let (side, target) = match (cluster_host(exchange.cluster.as_deref()), exchange.path.as_deref()) {
            (Some(host), _) => (Side::Sent, host),
            (None, Some(served)) => {
                path = general(served);
                (Side::Served, path.as_str())
            }
            (None, None) => return,
        };
        let flags = exchange.flags.as_deref().unwrap_or("");
        self.add(&Request { side, target, status, micros: exchange.micros, flags });
    }

    fn add(&mut self, request: &Request) {
        let full = self.seen.len() >= TARGETS;
        let mut key = (request.side, keep(request.target));
        if full && !self.seen.contains_key(&key) {
            key.1 = "".into();
        }
        let (side, target) = key.clone();
        let traffic = self.seen.entry(key).or_insert_with(|| Traffic {
            side,
            target,
            count: 0,
            failed: 0,
            not_found: 0,
            slow: 0,
            times: [0; 12],
            flags: BTreeMap::new(),
        });
        traffic.count += 1;
        traffic.failed += u64::from(request.status >= 500 || request.status == 0);
        traffic.not_found += u64::from(request.status == 404);
        if let Some(micros) = request.micros {
            let millis = micros / 1000;
            traffic.slow += u64::from(millis >= SLOW);
            let bucket = BOUNDS.iter().position(|bound| millis <= *bound).unwrap_or(BOUNDS.len());
            if let Some(count) = traffic.times.get_mut(bucket) {
                *count += 1;
            }
        }
        for flag in request.flags.split(',').filter(|flag| !matches!(*flag, "" | "-")) {
            let known = traffic.flags.len() < FLAGS || traffic.flags.contains_key(flag);
            if known && flag.len() <= 40 {
                *traffic.flags.entry(keep(flag)).or_insert(0) += 1;
            }
        }
    }

    pub fn finish(self) -> Vec<Traffic> {
        self.seen.into_values().collect()
    }
}

/// The host in the name of an Istio cluster: `outbound|80||orders.shop.svc.cluster.local`; with its port.
fn cluster_host(cluster: Option<&str>) -> Option<&str> {
    let mut parts = cluster?.strip_prefix("outbound|")?.split('|');
    parts.next()?;
    parts.next()?;
    parts.next().filter(|host| !host.is_empty())
}

/// Envoy's and Istio's default formats (envoy `substitution_format_utility`, istio `pilot/pkg/model/telemetry_logging.go`,
/// 1.5 to 1.28): `[time] "METHOD path PROTOCOL" status flags [details reason "failure"] received sent duration …`.
fn envoy(text: &str, gather: &mut Gather) -> Option<()> {
    if !text.starts_with('[') {
        return None;
    }
    let (_, rest) = text.split_once("] \"")?;
    let (request, rest) = rest.split_once("\" ")?;
    let mut words = rest.split(' ');
    let status: u16 = words.next()?.parse().ok()?;
    let flags = words.next()?;
    if !flags.bytes().all(|b| b.is_ascii_uppercase() || b == b',' || b == b'-' || b.is_ascii_alphabetic()) {
        return None;
    }
    // Istio has details and a quoted failure before the numbers; envoy goes on with numbers.
    let (behind, istio) = match rest.split_once(" \"") {
        Some((head, tail)) if head.split(' ').count() <= 5 => (tail.split_once("\" ")?.1, true),
        _ => (rest.splitn(3, ' ').nth(2)?, false),
    };
    let mut numbers = behind.split(' ');
    let duration: Option<u64> = numbers.nth(2)?.parse().ok();
    let cluster =
        behind.split(' ').find(|word| word.starts_with("outbound|") || word.starts_with("inbound|"));
    let path = general(request.split(' ').nth(1)?);
    let quoted: Vec<&str> = behind.split('"').skip(1).step_by(2).take(6).collect();
    let (side, target) = match (cluster_host(cluster), cluster.is_some_and(|c| c.starts_with("inbound|"))) {
        (Some(host), _) => (Side::Sent, host),
        (None, true) => (Side::Served, path.as_str()),
        // PassthroughCluster, BlackHoleCluster, or no cluster at all: the authority is what was asked for.
        (None, false) if istio || quoted.len() >= 5 => {
            (Side::Sent, quoted.get(3).copied().filter(|a| *a != "-")?)
        }
        (None, false) => (Side::Served, path.as_str()),
    };
    gather.add(&Request { side, target, status, micros: duration.map(|ms| ms.saturating_mul(1000)), flags });
    Some(())
}

/// The common and combined formats (Apache, nginx, Tomcat, gunicorn, Traefik), and ingress-nginx's.
fn common(text: &str, gather: &mut Gather) -> Option<()> {
    let (head, rest) = text.split_once(" \"")?;
    if !head.contains('[') && !head.contains(" - ") {
        return None;
    }
    let (request, rest) = rest.split_once("\" ")?;
    let mut parts = request.split(' ');
    let (method, path) = (parts.next()?, parts.next()?);
    if !parts.next().is_some_and(|protocol| protocol.starts_with("HTTP/"))
        || !method.bytes().all(|b| b.is_ascii_uppercase())
    {
        return None;
    }
    let status: u16 = rest.split(' ').next()?.parse().ok().filter(|status| (100..600).contains(status))?;
    // ingress-nginx: … "agent" length time [namespace-service-port] [] address …
    if let Some(service) = between(rest, " [", "] [") {
        let behind = rest.rsplit_once('"').map_or("", |(_, behind)| behind);
        let seconds: Option<f64> = behind.split_whitespace().nth(1).and_then(|word| word.parse().ok());
        let micros = seconds.filter(|s| *s >= 0.0).map(|s| (s * 1e6) as u64);
        gather.add(&Request { side: Side::Sent, target: service, status, micros, flags: "" });
        return Some(());
    }
    // Traefik: … "router" "http://address" 12ms
    let micros = rest
        .rsplit(' ')
        .next()
        .and_then(|word| word.strip_suffix("ms"))
        .and_then(|ms| ms.parse::<u64>().ok());
    let micros = micros.map(|ms| ms.saturating_mul(1000));
    gather.add(&Request { side: Side::Served, target: &general(path), status, micros, flags: "" });
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    fn read(lines: &[&str]) -> Vec<Traffic> {
        let mut gather = Gather::default();
        for line in lines {
            assert!(gather.line(line), "{line}");
        }
        gather.finish()
    }

    #[test]
    fn istio_tells_target_flags_and_time() {
        let line = r#"[2025-11-24T12:00:00.123Z] "GET /rates/42 HTTP/1.1" 503 UF upstream_reset_before_response_started{connection_failure} - "delayed connect error: 111" 0 152 1204 - "-" "curl/8" "5c9f-0a" "rates.shop:80" "10.0.0.7:8080" outbound|80||rates.shop.svc.cluster.local - 10.1.0.1:80 10.0.0.3:41000 - default"#;
        let traffic = read(&[line]);
        let [one] = traffic.as_slice() else { panic!("{traffic:?}") };
        assert_eq!((one.side, &*one.target), (Side::Sent, "rates.shop.svc.cluster.local"));
        assert_eq!((one.count, one.failed, one.slow), (1, 1, 1));
        assert_eq!(one.flags.get("UF"), Some(&1));
        assert_eq!(one.percentile(50), Some(2500));
    }

    #[test]
    fn inbound_requests_are_served() {
        let line = r#"[2025-11-24T12:00:00.123Z] "POST /api/v1/orders/9f31 HTTP/1.1" 200 - via_upstream - "-" 12 152 4 4 "-" "curl/8" "5c9f" "orders:80" "10.0.0.7:8080" inbound|8080|| 127.0.0.6:3 10.0.0.7:8080 10.0.0.3:4 - default"#;
        let traffic = read(&[line]);
        assert_eq!(traffic.first().map(|t| (t.side, &*t.target)), Some((Side::Served, "/api/v1/orders/*")));
        assert_eq!(traffic.first().and_then(|t| t.percentile(95)), Some(5));
    }

    #[test]
    fn plain_envoy_and_combined() {
        let traffic = read(&[
            r#"[2025-11-24T12:00:00.123Z] "GET / HTTP/2" 200 - 0 12 30 29 "-" "curl/8" "5c9f" "orders" "10.0.0.7:8080""#,
            r#"10.0.0.9 - - [24/Nov/2025:12:00:00 +0000] "GET /a?b=1 HTTP/1.1" 404 153 "-" "curl/8""#,
            r#"10.0.0.9 - - [24/Nov/2025:12:00:00 +0000] "GET /a HTTP/1.1" 502 153 "-" "curl/8" 83 5.002 [shop-orders-8080] [] 10.0.0.7:8080 0 5.000 502 1f"#,
        ]);
        let found: Vec<_> =
            traffic.iter().map(|t| (t.side, &*t.target, t.failed, t.not_found, t.slow)).collect();
        assert_eq!(
            found,
            [
                (Side::Served, "/a", 0, 1, 0),
                (Side::Sent, "orders", 0, 0, 0),
                (Side::Sent, "shop-orders-8080", 1, 0, 1)
            ]
        );
    }

    #[test]
    fn structured_access_logs() {
        let mut gather = Gather::default();
        let text = r#"{"response_code":503,"response_flags":"UH","duration":12,"upstream_cluster":"outbound|80||rates.shop.svc.cluster.local","path":"/x"}"#;
        gather.fields(&fields::json(text).expect("an object"));
        let text = r#"{"http.req.path":"/product/AB12","http.resp.status":200,"http.resp.took_ms":3100,"severity":"debug"}"#;
        gather.fields(&fields::json(text).expect("an object"));
        let found: Vec<_> =
            gather.finish().into_iter().map(|t| (t.target.to_string(), t.failed, t.slow)).collect();
        assert_eq!(
            found,
            [("/product/*".to_owned(), 0, 1), ("rates.shop.svc.cluster.local".to_owned(), 1, 0)]
        );
    }

    #[test]
    fn other_lines_are_none() {
        for line in
            ["[2025] \"x", "GET / HTTP/1.1", "", "[a] \"GET / HTTP/1.1\" x y", "say \"GET / HTTP/1.1\" 200"]
        {
            assert!(!Gather::default().line(line), "{line}");
        }
    }
}
