//! The names that this server answers to. A page of somebody else whose name was made to point at this address (DNS
//! rebinding) sends its own name as Host and is refused.
use domain::DomainName;
use http::{HeaderMap, Uri, header};
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv6Addr},
};

/// Names beside loopback and the address that the call came in on.
#[derive(Clone, Debug)]
pub struct Hosts(BTreeSet<String>);

impl Hosts {
    /// `manager-local.hiclaw.io` and the configured names.
    pub fn new(configured: impl IntoIterator<Item = String>) -> Self {
        let fixed = ["localhost".to_owned(), "manager-local.hiclaw.io".to_owned()];
        Self(fixed.into_iter().chain(configured).filter_map(|name| normal(&name)).collect())
    }

    /// Whether a request, which came in on `local`, is meant for us. Once agm is `registered` at the gateway, it is reached
    /// under that domain and, by its path, under any address that the gateway has: a name can be made to point here, an
    /// address cannot.
    pub fn allow(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        local: IpAddr,
        registered: Option<&DomainName>,
    ) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        let named = match (uri.authority(), hosts.next(), hosts.next()) {
            (_, _, Some(_)) => return false,
            (Some(authority), _, _) => authority.as_str(),
            (None, Some(host), None) => match host.to_str() {
                Ok(host) => host,
                Err(_) => return false,
            },
            (None, None, None) => return false,
        };
        let Some(name) = without_port(named).and_then(normal) else { return false };
        match name.parse::<IpAddr>() {
            Ok(address) => address.is_loopback() || address == local.to_canonical() || registered.is_some(),
            Err(_) => self.0.contains(&name) || registered.is_some_and(|domain| domain.as_str() == name),
        }
    }
}

/// The host of `host`, `host:port` or `[v6]:port`. None for anything else, such as user information.
fn without_port(text: &str) -> Option<&str> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            (address, port.strip_prefix(':').or(port.is_empty().then_some(""))?)
        }
        None => match text.split_once(':') {
            Some((host, port)) if !port.is_empty() => (host, port),
            Some(_) => return None,
            None => (text, ""),
        },
    };
    (port.is_empty() || port.parse::<u16>().is_ok()).then_some(host)
}

/// Lower case, without the dot of the root.
fn normal(name: &str) -> Option<String> {
    let name = name.trim().to_ascii_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    let fine = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    (!name.is_empty() && name.chars().all(fine)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn allowed(host: &'static str) -> bool {
        let hosts = Hosts::new(["agm.example.org".to_owned()]);
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
        hosts.allow(&Uri::from_static("/"), &headers, [192, 0, 2, 7].into(), None)
    }

    #[test]
    fn twelve_hosts() {
        for host in [
            "localhost:18080",
            "127.0.0.1",
            "[::1]:18080",
            "192.0.2.7:80",
            "AGM.example.org",
            "manager-local.hiclaw.io.",
        ] {
            assert!(allowed(host), "{host}");
        }
        for host in [
            "evil.example",
            "192.0.2.8",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "admin@localhost",
            "localhost:80:80",
        ] {
            assert!(!allowed(host), "{host}");
        }
    }

    #[test]
    fn once_registered_the_domain_and_any_address_are_ours_and_no_other_name() {
        let (hosts, domain) = (Hosts::new([]), "agm.example.net".parse().unwrap());
        let allowed = |host: &'static str, registered| {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            hosts.allow(&Uri::from_static("/"), &headers, [127, 0, 0, 1].into(), registered)
        };
        for host in ["agm.example.net:8080", "198.51.100.7:8080", "[2001:db8::7]"] {
            assert!(allowed(host, Some(&domain)) && !allowed(host, None), "{host}");
        }
        for host in ["evil.example", "x.agm.example.net", "198.51.100.7.evil.example", "0x7f.1"] {
            assert!(!allowed(host, Some(&domain)), "{host}");
        }
    }

    #[test]
    fn no_host_and_two_hosts_are_refused() {
        let hosts = Hosts::new([]);
        let mut headers = HeaderMap::new();
        assert!(!hosts.allow(&Uri::from_static("/"), &headers, [127, 0, 0, 1].into(), None));
        headers.append(header::HOST, HeaderValue::from_static("127.0.0.1"));
        assert!(hosts.allow(&Uri::from_static("/"), &headers, [127, 0, 0, 1].into(), None));
        headers.append(header::HOST, HeaderValue::from_static("127.0.0.1"));
        assert!(!hosts.allow(&Uri::from_static("/"), &headers, [127, 0, 0, 1].into(), None));
    }
}
