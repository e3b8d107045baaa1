//! `java.net.URI`, as far as the console's answers show it: which texts it refuses, and which it takes without finding a
//! host in them.

/// A parsed URI reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JavaUri {
    pub(super) scheme: Option<String>,
    /// None for opaque and relative references and for authorities that are no host names.
    pub(super) host: Option<String>,
    pub(super) port: Option<u32>,
    pub(super) path: String,
    pub(super) query: Option<String>,
}

impl JavaUri {
    /// None where Java throws `URISyntaxException`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if !legal(text) {
            return None;
        }
        let (scheme, rest) = match text.find([':', '/', '?', '#']) {
            Some(colon) if text.as_bytes()[colon] == b':' => {
                let scheme = &text[..colon];
                let mut characters = scheme.chars();
                let valid = characters.next()?.is_ascii_alphabetic()
                    && characters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
                (Some(scheme.to_owned()).filter(|_| valid), &text[colon + 1..])
            }
            _ => (None, text),
        };
        if scheme.is_none() && rest.len() != text.len() {
            return None;
        }
        if scheme.is_some() && (rest.is_empty() || rest.starts_with('#')) {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (hierarchy, query) =
            rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query.to_owned())));
        let Some(after) = hierarchy.strip_prefix("//") else {
            let path = if scheme.is_none() || hierarchy.starts_with('/') { hierarchy } else { "" };
            return Some(Self { scheme, host: None, port: None, path: path.to_owned(), query });
        };
        let (authority, path) = after.find('/').map_or((after, ""), |slash| after.split_at(slash));
        if authority.is_empty() && path.is_empty() {
            return None;
        }
        let (host, port) = server(authority)?;
        Some(Self { scheme, host, port, path: path.to_owned(), query })
    }

    /// `new URI(scheme, host, "/", null)`, which wants a host name.
    pub(super) fn https_host(host: &str) -> Option<Self> {
        if host.contains([':', '/', '?', '#', '@']) {
            return None;
        }
        Self::parse(&format!("https://{host}/")).filter(|uri| uri.host.is_some())
    }
}

fn legal(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.char_indices().all(|(at, c)| match c {
        '%' => bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
        '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' => false,
        c => !c.is_control() && !c.is_whitespace(),
    })
}

/// Host and port of an authority; no host where it is none, none at all where it is a broken IPv6 address.
fn server(authority: &str) -> Option<(Option<String>, Option<u32>)> {
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    if address.starts_with('[') {
        let end = address.find(']')?;
        address[1..end].parse::<std::net::Ipv6Addr>().ok()?;
        let port = match &address[end + 1..] {
            "" => None,
            rest => Some(rest.strip_prefix(':')?.parse().ok()?),
        };
        return Some((Some(address[..=end].to_owned()), port));
    }
    let (host, port) = match address.split_once(':') {
        None => (address, None),
        Some((host, "")) => (host, None),
        Some((host, port)) => match port.parse::<u32>() {
            Ok(port) => (host, Some(port)),
            Err(_) => return Some((None, None)),
        },
    };
    Some(if is_host(host) { (Some(host.to_owned()), port) } else { (None, None) })
}

fn is_host(host: &str) -> bool {
    if host.parse::<std::net::Ipv4Addr>().is_ok() {
        return true;
    }
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    let valid = |label: &&str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    labels.iter().all(valid)
        && labels.last().is_some_and(|top| top.starts_with(|c: char| c.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::JavaUri;

    #[test]
    fn a_reference_without_a_scheme_is_a_path() {
        let uri = JavaUri::parse("api.example.com/v1").expect("legal");
        assert_eq!((uri.scheme, uri.host, uri.path.as_str()), (None, None, "api.example.com/v1"));
    }

    #[test]
    fn host_and_port_are_told_apart() {
        let uri = JavaUri::parse("http://10.1.2.3:8000/v1?x=1#y").expect("legal");
        assert_eq!(uri.host.as_deref(), Some("10.1.2.3"));
        assert_eq!((uri.port, uri.path.as_str(), uri.query.as_deref()), (Some(8000), "/v1", Some("x=1")));
    }

    #[test]
    fn a_host_with_a_port_but_no_scheme_has_its_host_as_scheme() {
        assert_eq!(JavaUri::parse("localhost:8080/v1").expect("legal").scheme.as_deref(), Some("localhost"));
    }

    #[test]
    fn names_that_are_no_hosts_are_kept_without_one() {
        assert_eq!(JavaUri::parse("http://my_host/v1").expect("legal").host, None);
        assert_eq!(JavaUri::parse("http://h:port/v1").expect("legal").host, None);
    }

    #[test]
    fn what_java_refuses_is_refused() {
        for text in [
            "https://exa mple.com/v1",
            "http://",
            "http://a/{x}",
            "http://a/%zz",
            "http://[::1",
            "10.0.0.1:80/x",
        ] {
            assert_eq!(JavaUri::parse(text), None, "{text}");
        }
    }
}
