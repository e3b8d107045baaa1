//! What the console has made live: the data plane's view. The console publishes it, the gateway serves by it after its
//! own delay. Live is not the same as stored: a refused write may be live (see the console's two-phase store).
use std::collections::BTreeMap;

/// One state of the data plane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveConfig {
    /// Providers by name, as ai-proxy gets them: the stored entry's `rawConfigs` with `id`, `type`, `apiTokens`, ….
    pub providers: BTreeMap<String, LiveProvider>,
    /// All live routes (AI and plain), oldest first.
    pub routes: Vec<LiveRoute>,
    /// Keys by consumer, in the order of the console.
    pub consumers: Vec<LiveConsumer>,
}

/// A provider and the address that its generated or custom service stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveProvider {
    pub kind: String,
    pub tokens: Vec<String>,
    /// `openai` or `original`.
    pub protocol: String,
    /// Where calls go: scheme, host, port and base path. None: the controller dropped the service (single-label host), so
    /// calls end in 503.
    pub endpoint: Option<String>,
    /// The whole `rawConfigs`.
    pub raw: serde_json::Value,
}

/// A key-auth consumer.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveConsumer {
    pub name: String,
    /// `BEARER`, `HEADER` or `QUERY`.
    pub source: String,
    /// Header or query name; none for `BEARER`.
    pub key: Option<String>,
    pub values: Vec<String>,
}

/// How a route compares a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    Equal(String),
    Prefix(String),
    Regex(String),
}

/// One live Ingress.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveRoute {
    /// The Ingress: `ai-route-default-ai-route.internal` for an AI route, the plain name for a route.
    pub ingress: String,
    /// Empty: any host.
    pub hosts: Vec<String>,
    pub path: Match,
    pub path_case_sensitive: bool,
    /// Empty: any.
    pub methods: Vec<String>,
    /// Header name and match; model predicates are one match on `x-higress-llm-model`.
    pub headers: Vec<(String, Match)>,
    pub params: Vec<(String, Match)>,
    pub backends: Vec<LiveBackend>,
    pub fallback: Option<LiveFallback>,
    /// None: open. Some: only these consumers; an empty list lets nobody in.
    pub allow: Option<Vec<String>>,
    /// Rewrites the matched path prefix, for plain routes.
    pub rewrite_path: Option<String>,
    /// Request headers that the route adds.
    pub add_headers: Vec<(String, String)>,
}

/// Where a share of a route's calls goes.
#[derive(Clone, Debug, PartialEq)]
pub enum LiveBackend {
    /// Through ai-proxy to a provider, with the model mapping of this upstream.
    Provider { name: String, weight: i64, mapping: BTreeMap<String, String> },
    /// Straight to `host:port`; none when the service source is missing (503).
    Service { address: Option<String>, weight: i64 },
}

/// What takes over when the upstream answers with one of `classes` (4 or 5).
#[derive(Clone, Debug, PartialEq)]
pub struct LiveFallback {
    pub classes: Vec<u16>,
    /// True: any of the backends; false: the first one only.
    pub random: bool,
    pub backends: Vec<LiveBackend>,
}
