//! Addresses in values: the typed reference is kept, the value is not.

use engine::Text;
use engine::evidence::Address;

/// The address that a value is, if it is one: `host:port`, or a URL. Credentials and paths are dropped.
pub(crate) fn of(value: &str) -> Option<Address> {
    let value = value.trim();
    let (scheme, rest) = match value.split_once("://") {
        Some((scheme, rest))
            if scheme.len() <= 40
                && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.:".contains(&b)) =>
        {
            (Some(scheme.rsplit(':').next().unwrap_or(scheme)), rest)
        }
        Some(_) => return None,
        None => (None, value),
    };
    let (authority, path) = rest.split_once(['/', '?']).map_or((rest, ""), |(a, p)| (a, p));
    let (user, host_port) = authority.rsplit_once('@').map_or((None, authority), |(u, h)| (Some(u), h));
    // Of several hosts the first stands for all.
    let host_port =
        if scheme.is_some() { host_port.split(',').next().unwrap_or(host_port) } else { host_port };
    let (host, port) = match host_port.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse::<u16>().ok()?)),
        None => (host_port, None),
    };
    // A word without scheme and port is no address.
    if scheme.is_none() && (port.is_none() || !path.is_empty() && value.starts_with('/')) {
        return None;
    }
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if !is_host(host) {
        return None;
    }
    let database = match scheme {
        Some("http" | "https" | "ws" | "wss" | "grpc" | "tcp") | None => None,
        Some(_) => path.split(['?', '/', '&']).next().filter(|p| !p.is_empty()).map(Text::from),
    };
    Some(Address {
        scheme: scheme.map(Text::from),
        host: host.into(),
        port,
        database,
        has_user: user.is_some(),
    })
}

fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= 253
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        && host.bytes().any(|b| b.is_ascii_alphabetic() || b == b'.')
}

/// The address that a variable holds. A bare name is one where the variable's name ends in `HOST` or the like; its
/// port may stand in the sibling that ends in `PORT` instead.
pub(crate) fn of_variable(name: &str, value: &str, siblings: &[(&str, &str)]) -> Option<Address> {
    if let Some(address) = of(value) {
        return Some(address);
    }
    let stem =
        ["HOSTNAME", "HOST", "ADDRESS", "ADDR", "ENDPOINT", "SERVER"].into_iter().find_map(|suffix| {
            let at = name.len().checked_sub(suffix.len())?;
            let (stem, end) = name.split_at_checked(at)?;
            (end.eq_ignore_ascii_case(suffix) && (stem.is_empty() || stem.ends_with(['_', '-', '.'])))
                .then_some(stem)
        })?;
    let value = value.trim();
    if !is_host(value) || matches!(value, "true" | "false") {
        return None;
    }
    let port = siblings.iter().find_map(|(other, port)| {
        let (begin, end) = other.split_at_checked(stem.len())?;
        (begin == stem && end.eq_ignore_ascii_case("PORT")).then(|| port.trim().parse::<u16>().ok())?
    });
    Some(Address { scheme: None, host: value.into(), port, database: None, has_user: false })
}

/// Longest word of a text that is looked at, in bytes.
const LONGEST: usize = 2048;

/// The addresses that stand in a text, such as a configuration file.
pub(crate) fn within(text: &str) -> Vec<Address> {
    let ends = |c: char| c.is_whitespace() || "\"'`,;=()[]{}<>|\\".contains(c);
    text.split(ends)
        .map(|word| word.trim_matches(['.', ':', '-', '!', '*']))
        .filter(|word| word.len() <= LONGEST && word.contains(':'))
        .filter_map(|word| of(word).filter(|address| address.scheme.is_some() || address.port.is_some()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(host: &str, port: Option<u16>) -> Option<Address> {
        Some(Address { scheme: None, host: host.into(), port, database: None, has_user: false })
    }

    #[test]
    fn a_bare_host_is_one_where_its_variable_says_so() {
        let siblings = [("DB_HOST", "db"), ("DB_PORT", "5433"), ("CACHE_PORT", "6379")];
        assert_eq!(of_variable("DB_HOST", "db", &siblings), plain("db", Some(5433)));
        assert_eq!(of_variable("CACHE_ADDR", "cache:6380", &siblings), plain("cache", Some(6380)));
        assert_eq!(of_variable("SMTP_SERVER", "mail.shop.svc", &siblings), plain("mail.shop.svc", None));
        assert_eq!(of_variable("MODE", "db", &siblings), None);
        assert_eq!(of_variable("LOCALHOST", "db", &siblings), None);
    }

    #[test]
    fn several_hosts_are_told_by_the_first() {
        let found = of("mongodb://u:p@m-0.m:27017,m-1.m:27017/shop?replicaSet=rs").expect("an address");
        assert_eq!(
            (&*found.host, found.port, found.database.as_deref()),
            ("m-0.m", Some(27017), Some("shop"))
        );
    }

    #[test]
    fn a_configuration_file_names_what_it_needs() {
        let text = "server:\n  upstream: \"http://orders.shop:8080/v1\"\n  cache: redis:6379\n  at: 12:30\n  level: 3\n";
        let found: Vec<_> = within(text).into_iter().map(|a| (a.host.to_string(), a.port)).collect();
        assert_eq!(found, [("orders.shop".to_owned(), Some(8080)), ("redis".to_owned(), Some(6379))]);
    }
}
