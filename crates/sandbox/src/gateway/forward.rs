//! Calls of services, over plain HTTP on loopback.
use axum::body::Body;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, header,
    request::Parts,
    uri::{Authority, PathAndQuery, Scheme},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};
use url::{Host, Url};

/// Headers that belong to one connection (RFC 9110, 7.6.1).
const HOP_BY_HOP: &[HeaderName] = &[
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Why no service answered. All are 503 at the gateway; the texts are Envoy's.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// The controller knows no such service.
    #[error("")]
    NoCluster,
    /// A service without an address.
    #[error("no healthy upstream")]
    NoHost,
    #[error("upstream connect error or disconnect/reset before headers. reset reason: connection failure")]
    Refused,
    #[error(
        "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
    )]
    Broken,
}

impl NoAnswer {
    pub(super) fn response(&self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.to_string()));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        if !matches!(self, Self::NoCluster) {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        }
        response
    }
}

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) socket: SocketAddr,
    /// As in the configuration, with the port unless it is the scheme's own.
    pub(super) authority: String,
}

/// Sends calls, and knows which socket stands for which host.
pub(super) struct Forward {
    client: Client<HttpConnector, Body>,
    resolve: BTreeMap<String, SocketAddr>,
}

impl Forward {
    pub(super) fn new(resolve: BTreeMap<String, SocketAddr>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let resolve = resolve.into_iter().map(|(host, socket)| (host.to_ascii_lowercase(), socket)).collect();
        Self { client, resolve }
    }

    /// The target of a provider's endpoint, a URL.
    pub(super) fn endpoint(&self, endpoint: &str) -> Result<Target, NoAnswer> {
        let url = Url::parse(endpoint).map_err(|_| NoAnswer::NoHost)?;
        let port = url.port_or_known_default().ok_or(NoAnswer::NoHost)?;
        let socket = match url.host().ok_or(NoAnswer::NoHost)? {
            Host::Domain(name) => self.socket(name)?,
            Host::Ipv4(ip) => SocketAddr::from((ip, port)),
            Host::Ipv6(_) => return Err(NoAnswer::NoHost),
        };
        let host = url.host_str().unwrap_or_default();
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Target { socket, authority })
    }

    /// The target of `host:port`.
    pub(super) fn service(&self, address: &str) -> Result<Target, NoAnswer> {
        let (host, port) = address.rsplit_once(':').ok_or(NoAnswer::NoHost)?;
        let port = port.parse().map_err(|_| NoAnswer::NoHost)?;
        let socket = match (self.resolve.get(address), host.parse::<IpAddr>()) {
            (Some(socket), _) => *socket,
            (None, Ok(ip)) => SocketAddr::from((ip, port)),
            (None, Err(_)) => self.socket(host)?,
        };
        Ok(Target { socket, authority: address.to_owned() })
    }

    fn socket(&self, host: &str) -> Result<SocketAddr, NoAnswer> {
        self.resolve.get(&host.to_ascii_lowercase()).copied().ok_or(NoAnswer::NoHost)
    }

    /// Sends a request with these parts to `target`, at `path_and_query`. The answer's body is not yet read.
    pub(super) async fn send(
        &self,
        target: &Target,
        path_and_query: &str,
        parts: &Parts,
        body: Body,
    ) -> Result<Response<Body>, NoAnswer> {
        let mut request = Request::new(body);
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = uri(target.socket, path_and_query).ok_or(NoAnswer::NoHost)?;
        *request.headers_mut() = parts.headers.clone();
        strip(request.headers_mut());
        let response = self.client.request(request).await.map_err(|error| {
            tracing::debug!(%error, target = target.authority, "no answer");
            if error.is_connect() { NoAnswer::Refused } else { NoAnswer::Broken }
        })?;
        let mut response = response.map(Body::new);
        strip(response.headers_mut());
        Ok(response)
    }
}

fn uri(socket: SocketAddr, path_and_query: &str) -> Option<Uri> {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(Authority::try_from(socket.to_string()).ok()?);
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

/// Removes what must not pass a proxy, also what `Connection` names.
fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::try_from(name.trim()).ok())
        .collect();
    for name in named.iter().chain(HOP_BY_HOP) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward() -> Forward {
        Forward::new(BTreeMap::from([("API.example.com".to_owned(), SocketAddr::from(([127, 0, 0, 1], 9)))]))
    }

    #[tokio::test]
    async fn names_go_through_the_map_and_addresses_are_called_as_they_are() {
        let forward = forward();
        let target = |port, authority: &str| Target {
            socket: SocketAddr::from(([127, 0, 0, 1], port)),
            authority: authority.to_owned(),
        };
        assert_eq!(forward.endpoint("https://api.example.com/v1").unwrap(), target(9, "api.example.com"));
        assert_eq!(
            forward.endpoint("https://api.example.com:8443").unwrap(),
            target(9, "api.example.com:8443")
        );
        assert_eq!(forward.endpoint("http://127.0.0.1:11434/v1").unwrap(), target(11434, "127.0.0.1:11434"));
        assert_eq!(forward.service("api.example.com:80").unwrap(), target(9, "api.example.com:80"));
        assert_eq!(forward.service("127.0.0.1:18080").unwrap(), target(18080, "127.0.0.1:18080"));
        for unknown in ["https://other.example.com", "not a url", "http://[::1]/"] {
            assert!(matches!(forward.endpoint(unknown), Err(NoAnswer::NoHost)), "{unknown}");
        }
        assert!(matches!(forward.service("other.example.com:80"), Err(NoAnswer::NoHost)));
    }

    #[test]
    fn hop_by_hop_headers_are_removed() {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("connection", "x-once, close"), ("x-once", "1"), ("te", "trailers"), ("x-kept", "2")]
        {
            headers.insert(name, HeaderValue::from_static(value));
        }
        strip(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-kept"]);
    }
}
