//! Calls to hosts that an administrator typed (providers), guarded against being turned on our own network.
mod address;
#[cfg(test)]
mod tests;

use address::Class;
use bytes::Bytes;
use futures::future::{BoxFuture, join_all};
use reqwest::{
    Client, RequestBuilder,
    header::{HOST, HeaderMap},
    redirect::Policy,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};
use url::{Host, Url};

/// The longest answer that is read. A provider's list of models is far below.
const LARGEST_BODY: usize = 4 << 20;

/// What may be called, and how long it may take.
#[derive(Clone, Debug)]
pub struct EgressParams {
    /// Private addresses (10/8, 192.168/16, fc00::/7, …) may be called.
    pub allow_private: bool,
    /// Our own systems: these are refused, whatever their address.
    pub own: Vec<Url>,
    /// Hosts that stand for a loopback address of this process, over plain HTTP. Only the sandbox fills it.
    pub map: BTreeMap<String, SocketAddr>,
    /// Until a name is resolved, and again until a connection stands.
    pub connect: Duration,
    /// From the first look at the name to the end of the answer.
    pub total: Duration,
}

/// Who turns names into addresses.
pub trait Resolver: Send + Sync {
    /// All addresses of `host`.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The operating system's resolver.
struct System;

impl Resolver for System {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|addr| addr.ip()).collect()) })
    }
}

/// The guarded client. Cheap to clone.
#[derive(Clone)]
pub struct Egress {
    params: Arc<EgressParams>,
    resolver: Arc<dyn Resolver>,
    /// For hosts of the map only; none: the map is empty.
    mapped: Option<Client>,
    /// Whose an address is. Always [`address::class`], except in a test that has loopback addresses only.
    class: fn(IpAddr) -> Class,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub latency: Duration,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The URL or its address is not one that we call. Nothing was sent.
    #[error("{0}")]
    Forbidden(String),
    #[error("the host name cannot be resolved: {0}")]
    Dns(String),
    #[error("no connection: {0}")]
    Connect(String),
    #[error("no answer in time")]
    Timeout,
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("the client cannot be built: {0}")]
    Setup(String),
}

impl Egress {
    /// A client that asks the system's resolver. Makes no call.
    ///
    /// # Errors
    /// [`EgressError::Setup`] when the TLS stack cannot be built.
    pub fn new(params: EgressParams) -> Result<Self, EgressError> {
        Self::with_resolver(params, Arc::new(System))
    }

    /// A client that asks `resolver`.
    ///
    /// # Errors
    /// As [`Egress::new`].
    pub fn with_resolver(params: EgressParams, resolver: Arc<dyn Resolver>) -> Result<Self, EgressError> {
        let client = || higress::http_client(params.connect).map_err(|e| EgressError::Setup(e.to_string()));
        let mapped = if params.map.is_empty() { None } else { Some(client()?) };
        Ok(Self { params: Arc::new(params), resolver, mapped, class: address::class })
    }

    /// Whether `url` may be a provider's address, as far as that can be said without asking a resolver.
    ///
    /// # Errors
    /// [`EgressError::Forbidden`] with the reason.
    pub fn check(&self, url: &Url) -> Result<(), EgressError> {
        let no = |why: &str| Err(EgressError::Forbidden(why.to_owned()));
        if !matches!(url.scheme(), "http" | "https") {
            return no("only http:// and https:// are called");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return no("a URL with a user name or password is not called");
        }
        if self.mapped_to(url).is_some() {
            return Ok(());
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let is_own = |own: &Url| own.host() == url.host() && own.port_or_known_default() == Some(port);
        if port == 0 || self.params.own.iter().any(is_own) {
            return no("this is an address of this installation itself");
        }
        match url.host() {
            None => no("a URL without a host is not called"),
            Some(Host::Domain(name)) => {
                address::check_name(name).map_err(|why| EgressError::Forbidden(why.into()))
            }
            Some(Host::Ipv4(ip)) => self.check_address(ip.into()),
            Some(Host::Ipv6(ip)) => self.check_address(ip.into()),
        }
    }

    /// GET, without following redirects.
    ///
    /// # Errors
    /// [`EgressError`]; any status is an answer.
    pub async fn get(&self, url: &Url, headers: HeaderMap) -> Result<Answer, EgressError> {
        let begun = Instant::now();
        let call = async {
            self.check(url)?;
            let request = match self.mapped_to(url) {
                Some(addr) => self.mapped_request(url, addr)?,
                None => self.pinned_request(url).await?,
            };
            read(request.headers(headers), begun).await
        };
        tokio::time::timeout(self.params.total, call).await.unwrap_or(Err(EgressError::Timeout))
    }

    fn mapped_to(&self, url: &Url) -> Option<SocketAddr> {
        self.params.map.get(url.host_str()?).copied()
    }

    fn mapped_request(&self, url: &Url, addr: SocketAddr) -> Result<RequestBuilder, EgressError> {
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let local =
            Url::parse(&format!("http://{addr}{path}")).map_err(|e| EgressError::Setup(e.to_string()))?;
        let client = self.mapped.as_ref().ok_or_else(|| EgressError::Setup("no host is mapped".into()))?;
        Ok(client.get(local).header(HOST, url.host_str().unwrap_or_default()))
    }

    /// Asks the resolver once, checks every address, and ties the connection to those that were checked: what the
    /// resolver says a moment later does not matter.
    async fn pinned_request(&self, url: &Url) -> Result<RequestBuilder, EgressError> {
        let port = url.port_or_known_default().unwrap_or_default();
        let builder =
            Client::builder().connect_timeout(self.params.connect).no_proxy().redirect(Policy::none());
        let builder = match url.host() {
            Some(Host::Domain(name)) => {
                let (addresses, own) = futures::join!(self.resolved(name), self.own_sockets());
                let addresses = addresses.map_err(|e| EgressError::Dns(e.to_string()))?;
                if addresses.is_empty() {
                    return Err(EgressError::Dns("the name has no address".into()));
                }
                for ip in &addresses {
                    self.check_address(*ip)?;
                    if own.contains(&(ip.to_canonical(), port)) {
                        return Err(EgressError::Forbidden(
                            "this is an address of this installation itself".into(),
                        ));
                    }
                }
                let pinned: Vec<SocketAddr> = addresses.into_iter().map(|ip| (ip, port).into()).collect();
                builder.resolve_to_addrs(name, &pinned)
            }
            Some(Host::Ipv4(ip)) => self.refuse_own(ip.into(), port).await.map(|()| builder)?,
            Some(Host::Ipv6(ip)) => self.refuse_own(ip.into(), port).await.map(|()| builder)?,
            None => return Err(EgressError::Forbidden("a URL without a host is not called".into())),
        };
        let client = builder.build().map_err(|e| EgressError::Setup(e.to_string()))?;
        Ok(client.get(url.clone()))
    }

    /// A resolver that does not answer must not cost more than a host that does not.
    async fn resolved(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let answer = tokio::time::timeout(self.params.connect, self.resolver.resolve(name)).await;
        answer.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time")))
    }

    fn check_address(&self, ip: IpAddr) -> Result<(), EgressError> {
        match (self.class)(ip) {
            Class::Public => Ok(()),
            Class::Private if self.params.allow_private => Ok(()),
            Class::Private => Err(EgressError::Forbidden(format!(
                "{ip} is a private address; AGM_ALLOW_PRIVATE_UPSTREAMS permits those"
            ))),
            Class::Never(what) => {
                Err(EgressError::Forbidden(format!("{ip} is {what}, which is never called")))
            }
        }
    }

    async fn refuse_own(&self, ip: IpAddr, port: u16) -> Result<(), EgressError> {
        if self.own_sockets().await.contains(&(ip.to_canonical(), port)) {
            return Err(EgressError::Forbidden("this is an address of this installation itself".into()));
        }
        Ok(())
    }

    /// Where our own systems are now. A name that does not resolve is nowhere.
    async fn own_sockets(&self) -> BTreeSet<(IpAddr, u16)> {
        let lookups = self.params.own.iter().map(|url| async move {
            let port = url.port_or_known_default().unwrap_or_default();
            let addresses = match url.host() {
                Some(Host::Domain(name)) => self.resolved(name).await.unwrap_or_default(),
                Some(Host::Ipv4(ip)) => vec![ip.into()],
                Some(Host::Ipv6(ip)) => vec![ip.into()],
                None => Vec::new(),
            };
            addresses.into_iter().map(move |ip| (ip.to_canonical(), port))
        });
        join_all(lookups).await.into_iter().flatten().collect()
    }
}

async fn read(request: RequestBuilder, begun: Instant) -> Result<Answer, EgressError> {
    let mut answer = request.send().await.map_err(|e| lost(&e))?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| lost(&e))? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(EgressError::TooLarge(LARGEST_BODY));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body: body.into(), latency: begun.elapsed() })
}

fn lost(error: &reqwest::Error) -> EgressError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let cause = higress::scrub(&cause.to_string(), [], 200);
    if error.is_timeout() {
        EgressError::Timeout
    } else if error.is_connect() {
        EgressError::Connect(cause)
    } else if error.is_builder() {
        EgressError::Setup(cause)
    } else {
        EgressError::Broken(cause)
    }
}
