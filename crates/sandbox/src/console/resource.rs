//! The console's paths.
use http::Method;

use super::documents::Scope;
use super::plugin_instances::Bound;

/// What a path stands for.
#[derive(Clone, Debug)]
pub(super) enum Resource {
    Login,
    Logout,
    User,
    Password,
    Init,
    Info,
    Config,
    HigressConfig,
    Ready,
    Dashboard,
    Providers,
    Provider(String),
    AiRoutes,
    AiRoute(String),
    Consumers,
    Consumer(String),
    Sources,
    Source(String),
    Proxies,
    Proxy(String),
    Routes,
    Route(String),
    Domains,
    Domain(String),
    DomainRoutes(String),
    Services,
    Instances(Bound),
    Instance(Bound, String),
    /// Every other path outside `/v1/`.
    Page,
}

impl Resource {
    /// None: an unknown path of the API.
    pub(super) fn at(path: &str) -> Option<Self> {
        let segments: Vec<String> =
            path.split('/').map(without_parameters).filter(|part| !part.is_empty()).map(decoded).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        Some(match segments[..] {
            ["session", "login"] => Self::Login,
            ["session", "logout"] => Self::Logout,
            ["user", "info"] => Self::User,
            ["user", "changePassword"] => Self::Password,
            ["system", "init"] => Self::Init,
            ["system", "info"] => Self::Info,
            ["system", "config"] => Self::Config,
            ["system", "higress-config"] => Self::HigressConfig,
            ["healthz", "ready"] => Self::Ready,
            ["dashboard", "info"] => Self::Dashboard,
            ["v1", ref rest @ ..] if !rest.is_empty() || path.ends_with('/') => return Self::of_api(rest),
            _ => Self::Page,
        })
    }

    fn of_api(segments: &[&str]) -> Option<Self> {
        let bound = |scope, name: Option<&&str>| Bound { scope, name: name.map(|name| (*name).to_owned()) };
        Some(match segments {
            ["ai", "providers"] => Self::Providers,
            ["ai", "providers", name] => Self::Provider((*name).to_owned()),
            ["ai", "routes"] => Self::AiRoutes,
            ["ai", "routes", name] => Self::AiRoute((*name).to_owned()),
            ["consumers"] => Self::Consumers,
            ["consumers", name] => Self::Consumer((*name).to_owned()),
            ["service-sources"] => Self::Sources,
            ["service-sources", name] => Self::Source((*name).to_owned()),
            ["proxy-servers"] => Self::Proxies,
            ["proxy-servers", name] => Self::Proxy((*name).to_owned()),
            ["routes"] => Self::Routes,
            ["routes", name] => Self::Route((*name).to_owned()),
            ["domains"] => Self::Domains,
            ["domains", name] => Self::Domain((*name).to_owned()),
            ["domains", name, "routes"] => Self::DomainRoutes((*name).to_owned()),
            ["services"] => Self::Services,
            ["global", "plugin-instances", rest @ ..] => {
                return Self::instances(bound(Scope::Global, None), rest);
            }
            ["domains", name, "plugin-instances", rest @ ..] => {
                return Self::instances(bound(Scope::Domain, Some(name)), rest);
            }
            ["routes", name, "plugin-instances", rest @ ..] => {
                return Self::instances(bound(Scope::Route, Some(name)), rest);
            }
            ["services", name, "plugin-instances", rest @ ..] => {
                return Self::instances(bound(Scope::Service, Some(name)), rest);
            }
            _ => return None,
        })
    }

    fn instances(bound: Bound, rest: &[&str]) -> Option<Self> {
        match rest {
            [] => Some(Self::Instances(bound)),
            [plugin] => Some(Self::Instance(bound, (*plugin).to_owned())),
            _ => None,
        }
    }

    /// Whether the console looks at `pageNum` and `pageSize`.
    pub(super) fn is_paged(&self) -> bool {
        matches!(
            self,
            Self::AiRoutes
                | Self::Consumers
                | Self::Sources
                | Self::Proxies
                | Self::Routes
                | Self::Domains
                | Self::DomainRoutes(_)
                | Self::Services
        )
    }

    /// The methods that the console has for it, as its `Allow` header names them.
    pub(super) fn methods(&self) -> &'static [Method] {
        match self {
            Self::Login | Self::Password | Self::Init => &[Method::POST],
            Self::Logout | Self::User | Self::Info | Self::Config | Self::Ready => &[Method::GET],
            Self::DomainRoutes(_) | Self::Services | Self::Instances(_) => &[Method::GET],
            Self::HigressConfig | Self::Dashboard => &[Method::GET, Method::PUT],
            Self::Providers | Self::AiRoutes | Self::Consumers | Self::Sources => {
                &[Method::POST, Method::GET]
            }
            Self::Proxies | Self::Routes | Self::Domains => &[Method::POST, Method::GET],
            Self::Provider(_) | Self::AiRoute(_) | Self::Consumer(_) | Self::Source(_) | Self::Proxy(_) => {
                ITEM
            }
            Self::Route(_) | Self::Domain(_) | Self::Instance(..) => ITEM,
            Self::Page => &[Method::GET, Method::HEAD],
        }
    }
}

/// True for paths that the servlet container refuses before anybody sees them: escaped slashes, backslashes and NULs.
pub(super) fn is_suspicious(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ["%2f", "%5c", "%00", "\\"].iter().any(|sign| path.contains(sign))
}

/// A segment without its `;name=value`.
fn without_parameters(segment: &str) -> &str {
    segment.split(';').next().unwrap_or_default()
}

const ITEM: &[Method] = &[Method::DELETE, Method::GET, Method::PUT];

/// A path segment without its percent escapes.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
