//! AI routes as the outside sees them, and which of them wins.
use crate::{ConsumerName, ModelId, ProviderName, RouteName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a predicate compares. The console knows no others for models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MatchType {
    /// The whole id.
    Equal,
    /// The beginning of the id.
    Pre,
}

/// One model predicate of a route.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelPredicate {
    #[serde(rename = "type")]
    pub kind: MatchType,
    pub value: String,
}

/// Where a route sends a share of its calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RouteUpstream {
    pub provider: ProviderName,
    /// Percent; unsaid, all.
    #[serde(default = "all")]
    pub weight: i64,
    /// Model ids that are renamed on the way.
    #[serde(default)]
    pub mapping: BTreeMap<String, String>,
}

fn all() -> i64 {
    100
}

/// Who made a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ManagedBy {
    /// `default-ai-route`: parts of it are reset when HiClaw starts.
    Hiclaw,
    /// `{provider}-ai-route`, the name that we give.
    Agm,
    Other,
}

/// An AI route in the order in which routes win.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AiRoute {
    pub name: RouteName,
    pub managed_by: ManagedBy,
    /// 1 is asked first.
    pub order: usize,
    /// Empty: any host.
    pub domains: Vec<String>,
    /// The path prefix.
    pub path: String,
    pub predicates: Vec<ModelPredicate>,
    pub upstreams: Vec<RouteUpstream>,
    /// Providers that take over on an error.
    pub fallback: Vec<ProviderName>,
    /// Who is let in. None: everybody, the route asks for no key.
    pub consumers: Option<Vec<ConsumerName>>,
    /// Agents' consumers that are not let in.
    pub missing: Vec<ConsumerName>,
    /// An older route with the same conditions, which makes the gateway drop this one.
    pub shadowed_by: Option<RouteName>,
    pub version: String,
}

/// Ask which route wins.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Simulate {
    pub model: ModelId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer: Option<ConsumerName>,
    /// Default: the gateway's own host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Default: `/v1/chat/completions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// A route that did not win, and what it lacked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LostRoute {
    pub route: RouteName,
    pub lost: String,
}

/// Which route wins for a model and a consumer, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Simulation {
    /// None: the gateway answers 404.
    pub winner: Option<RouteName>,
    /// The first upstream; several share by weight.
    pub provider: Option<ProviderName>,
    /// The model id that the provider is asked for, after mapping.
    pub model: Option<String>,
    pub reason: String,
    /// Whether the consumer is let in. None when no consumer was named.
    pub consumer_allowed: Option<bool>,
    pub others: Vec<LostRoute>,
}
