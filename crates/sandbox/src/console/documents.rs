//! The documents that the console keeps in its API server. The shared ones hold everybody's entries: all providers stand
//! in one WasmPlugin, all consumers and allow-lists in another, all service sources in one McpBridge.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A route as the data plane gets it. Most of it is annotations.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Ingress {
    /// One per rule; none stands for any host.
    pub(super) hosts: Vec<Option<String>>,
    pub(super) path: Option<IngressPath>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) labels: BTreeMap<String, String>,
}

/// The one path of an Ingress.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct IngressPath {
    pub(super) value: String,
    pub(super) exact: bool,
}

/// An AI route or a domain, as the console stores it for itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct ConfigMap {
    pub(super) kind: ConfigKind,
    pub(super) data: Value,
}

/// What a ConfigMap holds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) enum ConfigKind {
    AiRoute,
    Domain,
}

/// The configuration of one plugin for the whole gateway and for single targets.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct WasmPlugin {
    pub(super) plugin: String,
    pub(super) version: String,
    pub(super) internal: bool,
    pub(super) config: Option<Map<String, Value>>,
    pub(super) disabled: bool,
    pub(super) rules: Vec<Rule>,
}

/// What a plugin's rule is bound to, in the console's words.
pub(super) type Targets = BTreeMap<Scope, String>;

/// Part of the traffic that a rule can be bound to.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Scope {
    Global,
    Domain,
    Route,
    Service,
}

impl Scope {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Global => "GLOBAL",
            Self::Domain => "DOMAIN",
            Self::Route => "ROUTE",
            Self::Service => "SERVICE",
        }
    }
}

/// A plugin's configuration for one target.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Rule {
    pub(super) targets: Targets,
    pub(super) config: Map<String, Value>,
    pub(super) disabled: bool,
}

/// Sends calls that fail on to the fallback Ingress of the same AI route.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct EnvoyFilter {
    /// `4xx`, `5xx`.
    pub(super) response_codes: Vec<String>,
}

/// All service sources and proxy servers.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct McpBridge {
    pub(super) registries: Vec<Registry>,
    pub(super) proxies: Vec<super::proxy_servers::ProxyServer>,
}

/// One service source.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Registry {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) domain: String,
    pub(super) port: Option<i32>,
    pub(super) protocol: Option<String>,
    pub(super) sni: Option<String>,
    pub(super) proxy: Option<String>,
    pub(super) vport: Option<Value>,
    /// The settings of registries that find services, as the console answers them.
    pub(super) properties: Map<String, Value>,
    /// Whether a secret for the registry is stored.
    pub(super) authenticated: bool,
}

/// The administrator and the key of its session cookies.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub(super) struct Admin {
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) password: String,
    pub(super) cookie_key: [u8; 32],
}
