//! Routes of gateways and proxies in the text of their configuration: which path is sent to which host.

use crate::address;
use engine::Text;
use engine::evidence::Route;
use std::collections::BTreeMap;

/// The routes that a configuration file holds; none where it is of another kind.
pub(crate) fn within(text: &str) -> Vec<Route> {
    let mut routes = Vec::new();
    if text.contains("Path=") && text.contains("uri") {
        spring(text, &mut routes);
    }
    if text.contains("proxy_pass") {
        nginx(text, &mut routes);
    }
    routes
}

/// Spring Cloud Gateway's list `spring.cloud.gateway.routes` (2.x to 4.x): `id`, `uri`, and a predicate `Path=`.
fn spring(text: &str, routes: &mut Vec<Route>) {
    let (mut uri, mut paths) = (None, Vec::new());
    for line in text.lines() {
        let line = line.trim();
        let (item, field) = match line.strip_prefix("- ") {
            Some(rest) => (true, rest.trim_start()),
            None => (false, line),
        };
        let begins =
            item && ["id:", "uri:", "predicates:", "filters:"].iter().any(|key| field.starts_with(key));
        if begins {
            flush(&mut uri, &mut paths, routes);
        }
        if let Some(value) = field.strip_prefix("uri:") {
            uri = address::of(&resolved(unquoted(value)));
        } else if let Some(patterns) = unquoted(field).strip_prefix("Path=") {
            paths.extend(patterns.split(',').map(|p| p.trim().to_owned()).filter(|p| p.starts_with('/')));
        }
    }
    flush(&mut uri, &mut paths, routes);
}

fn flush(uri: &mut Option<engine::evidence::Address>, paths: &mut Vec<String>, routes: &mut Vec<Route>) {
    let paths = std::mem::take(paths);
    if let Some(to) = uri.take() {
        routes.extend(paths.into_iter().map(|path| Route {
            path: path.into(),
            host: to.host.clone(),
            port: to.port,
        }));
    }
}

fn unquoted(value: &str) -> &str {
    value.trim().trim_matches(['"', '\''])
}

/// A value with the defaults of its placeholders: `lb://${ORDERS_HOST:orders}` is `lb://orders`.
fn resolved(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once("${") {
        out.push_str(before);
        let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
        out.push_str(name.split_once(':').map_or("", |(_, default)| default));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// nginx: `location /path { proxy_pass http://host:port; }`, and `upstream` blocks that give names to hosts.
fn nginx(text: &str, routes: &mut Vec<Route>) {
    let (mut upstream, mut location) = (None, None);
    let mut servers: BTreeMap<&str, &str> = BTreeMap::new();
    let mut passes = Vec::new();
    for statement in text.split([';', '{', '\n']) {
        let mut words = statement.trim().trim_start_matches('}').split_whitespace();
        match words.next() {
            Some("upstream") => upstream = words.next(),
            Some("server") => {
                if let (Some(name), Some(host)) = (upstream, words.next()) {
                    servers.entry(name).or_insert(host);
                }
            }
            Some("location") => {
                upstream = None;
                location = words
                    .last()
                    .map(|path| path.trim_start_matches(['^', '~']))
                    .filter(|p| p.starts_with('/'));
            }
            Some("proxy_pass") => passes.extend(location.zip(words.next())),
            _ => {}
        }
    }
    for (path, target) in passes {
        let Some((scheme, rest)) = target.split_once("://") else { continue };
        let (host, tail) = rest.split_at(rest.find(['/', ':']).unwrap_or(rest.len()));
        let host = servers.get(host).copied().map_or_else(|| format!("{host}{tail}"), str::to_owned);
        if let Some(to) = address::of(&format!("{scheme}://{host}")) {
            routes.push(Route { path: Text::from(path), host: to.host, port: to.port });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        within(text)
            .into_iter()
            .map(|r| format!("{} {}{}", r.path, r.host, r.port.map_or_else(String::new, |p| format!(":{p}"))))
            .collect()
    }

    #[test]
    fn the_routes_of_a_spring_gateway() {
        let text = "spring:\n  cloud:\n    gateway:\n      routes:\n        - id: orders\n          uri: lb://${ORDERS_HOST:orders}\n          predicates:\n            - Path=/orders/**, /baskets/**\n        - uri: http://rates:8080\n          predicates:\n            - \"Path=/rates/**\"\n            - Method=GET\n        - id: open\n          uri: ${ELSEWHERE}\n          predicates:\n            - Path=/x\n";
        assert_eq!(told(text), ["/orders/** orders", "/baskets/** orders", "/rates/** rates:8080"]);
    }

    #[test]
    fn the_locations_of_nginx() {
        let text = "upstream back { server orders.shop:8080 weight=2; }\nserver {\n  listen 80;\n  location /orders/ {\n    proxy_pass http://back;\n  }\n  location ~ ^/rates/ { proxy_pass http://rates:9000/v1; }\n  location = /x { proxy_pass $somewhere; }\n}\n";
        assert_eq!(told(text), ["/orders/ orders.shop:8080", "/rates/ rates:9000"]);
    }

    #[test]
    fn other_texts_have_none() {
        for text in ["", "Path=/a\nuri", "proxy_pass", "location {proxy_pass", "${", "uri: ${a\n- Path=/x"] {
            assert_eq!(within(text), [], "{text}");
        }
    }
}
