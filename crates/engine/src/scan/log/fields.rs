//! Structured lines: JSON objects and logfmt.

use super::level::Level;
use super::time::{self, Stamp};
use crate::scan::message::text::quoted;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// What is kept of a structured line. The names of the fields are those of logrus, zap, zerolog, slog, bunyan, pino,
/// winston, log4j, logback, Serilog, structlog, Stackdriver, ECS and OpenTelemetry.
#[derive(Default, Debug)]
pub(super) struct Fields<'t> {
    pub level: Option<Level>,
    pub at: Option<Stamp>,
    pub message: Option<Cow<'t, str>>,
    /// The text of an error, where it stands beside the message.
    pub error: Option<Cow<'t, str>>,
    /// The type of an exception.
    pub kind: Option<Cow<'t, str>>,
    /// A stack trace, line breaks and all.
    pub stack: Option<Cow<'t, str>>,
    /// Of a request that was served or sent.
    pub exchange: Exchange<'t>,
}

/// The fields of an access log.
#[derive(Default, Debug)]
pub(super) struct Exchange<'t> {
    pub status: Option<u16>,
    pub micros: Option<u64>,
    pub path: Option<Cow<'t, str>>,
    pub host: Option<Cow<'t, str>>,
    pub upstream: Option<Cow<'t, str>>,
    pub cluster: Option<Cow<'t, str>>,
    pub flags: Option<Cow<'t, str>>,
}

impl Fields<'_> {
    /// Message and error as one text.
    pub fn says(&self) -> Option<String> {
        let mut text = String::new();
        for part in [&self.message, &self.kind, &self.error].into_iter().flatten() {
            let part = part.trim();
            if part.is_empty() || text.contains(part) {
                continue;
            }
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(part);
        }
        if text.is_empty() { self.stack.as_deref().map(str::to_owned) } else { Some(text) }
    }
}

/// What a field is for.
#[derive(Clone, Copy)]
enum Use {
    Level,
    Time,
    Message,
    Error,
    Kind,
    Stack,
    Status,
    Millis,
    Seconds,
    Path,
    Host,
    Upstream,
    Cluster,
    Flags,
}

fn purpose(key: &str) -> Option<Use> {
    Some(match key {
        "level" | "severity" | "lvl" | "loglevel" | "log.level" | "levelname" | "log_level" | "@l"
        | "Level" | "LogLevel" | "severity_text" | "SeverityText" | "s" => Use::Level,
        "time" | "ts" | "timestamp" | "@timestamp" | "@t" | "Timestamp" | "datetime" | "asctime"
        | "start_time" | "t" => Use::Time,
        "msg" | "message" | "@m" | "@mt" | "Message" | "body" | "event" | "textPayload" => Use::Message,
        "error" | "err" | "error.message" | "exception" | "@x" | "Exception" | "exc" | "cause" | "reason"
        | "exception.message" | "errorMessage" => Use::Error,
        "error.type" | "exception.type" | "exception_class" | "type" => Use::Kind,
        "stack"
        | "stacktrace"
        | "stack_trace"
        | "exc_info"
        | "error.stack_trace"
        | "exception.stacktrace"
        | "traceback"
        | "error.stack"
        | "trace" => Use::Stack,
        "status"
        | "response_code"
        | "http.resp.status"
        | "http.status_code"
        | "http.response.status_code"
        | "status_code"
        | "statusCode"
        | "DownstreamStatus" => Use::Status,
        "http.resp.took_ms" | "duration_ms" | "latency_ms" | "took_ms" | "elapsed_ms" | "responseTime"
        | "duration" => Use::Millis,
        "request_time" | "duration_s" | "latency_seconds" | "duration_seconds" => Use::Seconds,
        "path" | "http.req.path" | "url.path" | "request_uri" | "uri" | "http.target" | "RequestPath" => {
            Use::Path
        }
        "authority" | "host" | "http_host" | "server.address" => Use::Host,
        "upstream_host" | "upstream_addr" | "ServiceAddr" => Use::Upstream,
        "upstream_cluster" | "proxy_upstream_name" | "ServiceName" => Use::Cluster,
        "response_flags" => Use::Flags,
        _ => return None,
    })
}

impl<'t> Fields<'t> {
    fn take(&mut self, key: &str, value: Value<'t>) {
        let Some(purpose) = purpose(key) else { return };
        match (purpose, value) {
            (Use::Level, Value::Text(text)) => self.level = self.level.or(Level::word(&text)),
            (Use::Level, Value::Number(number)) => self.level = self.level.or(Level::number(number)),
            (Use::Time, Value::Text(text)) => {
                self.at = self.at.or(time::leading(&text).map(|(stamp, _)| stamp));
            }
            (Use::Time, Value::Number(number)) => self.at = self.at.or(epoch(number)),
            (Use::Message, Value::Text(text)) if self.message.is_none() => self.message = Some(text),
            (Use::Error, Value::Text(text)) if self.error.is_none() => self.error = Some(text),
            (Use::Error | Use::Message, Value::Object(inner)) => {
                let inner = *inner;
                self.error = self.error.take().or(inner.message).or(inner.error);
                self.kind = self.kind.take().or(inner.kind);
                self.stack = self.stack.take().or(inner.stack);
            }
            (Use::Kind, Value::Text(text)) if self.kind.is_none() => self.kind = Some(text),
            (Use::Stack, Value::Text(text)) if self.stack.is_none() => self.stack = Some(text),
            (Use::Status, Value::Number(number)) if (100.0..600.0).contains(&number) => {
                self.exchange.status = Some(number as u16);
            }
            (Use::Status, Value::Text(text)) => {
                self.exchange.status = text.parse().ok().filter(|status| (100..600).contains(status));
            }
            // Only an envoy's `duration` is known to count milliseconds; go's loggers count seconds or nanoseconds.
            (Use::Millis, Value::Number(number)) => self.exchange.micros = micros(number, 1e3),
            (Use::Seconds, Value::Number(number)) => self.exchange.micros = micros(number, 1e6),
            (Use::Seconds, Value::Text(text)) => {
                self.exchange.micros = text.parse().ok().and_then(|number| micros(number, 1e6));
            }
            (Use::Path, Value::Text(text)) => self.exchange.path = Some(text),
            (Use::Host, Value::Text(text)) => self.exchange.host = Some(text),
            (Use::Upstream, Value::Text(text)) => self.exchange.upstream = Some(text),
            (Use::Cluster, Value::Text(text)) => self.exchange.cluster = Some(text),
            (Use::Flags, Value::Text(text)) => self.exchange.flags = Some(text),
            _ => {}
        }
    }
}

fn micros(number: f64, unit: f64) -> Option<u64> {
    // A float cast saturates.
    (number >= 0.0).then_some((number * unit) as u64)
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.
fn epoch(number: f64) -> Option<Stamp> {
    let micros = match number {
        n if n > 1e8 && n < 1e10 => n * 1e6,
        n if n > 1e11 && n < 1e13 => n * 1e3,
        n if n > 1e14 && n < 1e16 => n,
        n if n > 1e17 && n < 1e19 => n / 1e3,
        _ => return None,
    };
    Some(Stamp { at: micros as i64, utc: true })
}

/// Reads a line that is a JSON object; what was read of one that is cut or broken, too.
pub(super) fn json(text: &str) -> Option<Fields<'_>> {
    if !text.starts_with('{') {
        return None;
    }
    let mut fields = Fields::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    // An error ends the reading; what came before it stays.
    let _ = (&mut reader).deserialize_map(Into_ { fields: &mut fields, depth: 0 });
    Some(fields)
}

/// Fills fields from a JSON object.
struct Into_<'f, 't> {
    fields: &'f mut Fields<'t>,
    depth: u8,
}

impl<'t> Visitor<'t> for Into_<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'t>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(Key(key)) = map.next_key()? {
            if purpose(&key).is_some() {
                let value = map.next_value_seed(Depth(self.depth))?;
                self.fields.take(&key, value);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Key<'t>(Cow<'t, str>);

impl<'t> Deserialize<'t> for Key<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'t> Visitor<'t> for Reader {
            type Value = Key<'t>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, text: &'t str) -> Result<Key<'t>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'t>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

/// The value of a field that has a use.
enum Value<'t> {
    Text(Cow<'t, str>),
    Number(f64),
    Object(Box<Fields<'t>>),
    Other,
}

/// How deep a value stands: objects are read one level down.
struct Depth(u8);

impl<'t> serde::de::DeserializeSeed<'t> for Depth {
    type Value = Value<'t>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Value<'t>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Depth {
    type Value = Value<'t>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'t str) -> Result<Value<'t>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'t>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'t>, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'t>, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'t>, E> {
        Ok(Value::Number(number))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'t>, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E>(self) -> Result<Value<'t>, E> {
        Ok(Value::Other)
    }

    fn visit_seq<S: SeqAccess<'t>>(self, mut items: S) -> Result<Value<'t>, S::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<M: MapAccess<'t>>(self, map: M) -> Result<Value<'t>, M::Error> {
        if self.0 > 0 {
            let mut map = map;
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Other);
        }
        let mut fields = Fields::default();
        Into_ { fields: &mut fields, depth: self.0 + 1 }.visit_map(map)?;
        Ok(Value::Object(Box::new(fields)))
    }
}

/// Reads a line of `key=value` pairs (logrus, Go's slog, Heroku's logfmt). It must tell a level or a message.
pub(super) fn logfmt(text: &str) -> Option<Fields<'_>> {
    let mut fields = Fields::default();
    let mut rest = text.trim_start();
    while let Some((key, after)) = rest.split_once('=') {
        if key.is_empty() || key.contains([' ', '"', '\t']) {
            // Free text before a pair: only what stands before the first pair is allowed.
            let word = key.rsplit([' ', '\t']).next().unwrap_or("");
            if word.is_empty() || key.contains('"') || rest.len() != text.trim_start().len() {
                break;
            }
            rest = rest.get(key.len() - word.len()..)?;
            continue;
        }
        if let Some((value, next)) = quoted(after) {
            fields.take(key, Value::Text(value));
            rest = next.trim_start();
        } else {
            let (value, next) = after.split_once(' ').unwrap_or((after, ""));
            fields.take(key, Value::Text(Cow::Borrowed(value)));
            rest = next.trim_start();
        }
    }
    (fields.level.is_some() || fields.message.is_some()).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_many_loggers() {
        let zap = json(r#"{"level":"error","ts":1763985600.5,"msg":"query","error":"dial tcp: lookup db: no such host"}"#)
            .expect("an object");
        assert_eq!(zap.level, Some(Level::Error));
        assert_eq!(zap.at.map(|s| s.at), Some(1_763_985_600_500_000));
        assert_eq!(zap.says().as_deref(), Some("query: dial tcp: lookup db: no such host"));
        let pino = json(r#"{"level":60,"time":1763985600500,"err":{"type":"Error","message":"boom","stack":"Error: boom\n    at f (/a.js:1:2)"},"msg":"gone"}"#)
            .expect("an object");
        assert_eq!(pino.level, Some(Level::Fatal));
        assert_eq!(pino.says().as_deref(), Some("gone: Error: boom"));
        assert_eq!(pino.stack.as_deref(), Some("Error: boom\n    at f (/a.js:1:2)"));
        let gcp = json(r#"{"severity":"CRITICAL","message":"say \"no\"","other":[1,{"message":"x"}]}"#)
            .expect("an object");
        assert_eq!((gcp.level, gcp.message.as_deref()), (Some(Level::Fatal), Some("say \"no\"")));
    }

    #[test]
    fn a_cut_object_keeps_what_came_before() {
        let cut = json(r#"{"level":"error","msg":"first","error":"no su"#).expect("an object");
        assert_eq!((cut.level, cut.message.as_deref()), (Some(Level::Error), Some("first")));
    }

    #[test]
    fn logfmt_of_go() {
        let line = logfmt(r#"time="2025-11-24T12:00:00Z" level=fatal msg="cannot \"bind\"" error="listen tcp :80: bind: permission denied""#)
            .expect("pairs");
        assert_eq!(line.level, Some(Level::Fatal));
        assert_eq!(line.says().as_deref(), Some(r#"cannot "bind": listen tcp :80: bind: permission denied"#));
        assert!(line.at.is_some_and(|s| s.utc));
        assert!(logfmt("a = b").is_none());
        assert!(logfmt("GET /x?level=error HTTP/1.1").is_none_or(|f| f.message.is_none()));
    }
}
