//! A route as the console's API has it.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::jackson;
use super::refusal::Refusal;

/// `RoutePredicate`: how a text is compared.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Predicate {
    #[serde(deserialize_with = "jackson::text")]
    pub(super) match_type: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    pub(super) match_value: Option<String>,
    #[serde(deserialize_with = "jackson::boolean")]
    pub(super) case_sensitive: Option<bool>,
}

/// `KeyedRoutePredicate`: how a header or a query parameter is compared.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct KeyedPredicate {
    #[serde(deserialize_with = "jackson::text")]
    pub(super) key: Option<String>,
    #[serde(flatten)]
    pub(super) predicate: Predicate,
}

/// The three ways to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MatchType {
    Equal,
    Pre,
    Regular,
}

impl MatchType {
    /// As validation reads a name: in any case.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::exactly(&name.to_uppercase())
    }

    /// As the conversion to an Ingress reads a name.
    pub(super) fn exactly(name: &str) -> Option<Self> {
        [Self::Equal, Self::Pre, Self::Regular].into_iter().find(|kind| kind.as_str() == name)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "EQUAL",
            Self::Pre => "PRE",
            Self::Regular => "REGULAR",
        }
    }
}

impl Predicate {
    /// Checks that both parts are there; gives the kind.
    pub(super) fn validate(&self) -> Result<MatchType, Refusal> {
        let Some(name) = &self.match_type else { return Err(Refusal::invalid("matchType is required")) };
        let kind =
            MatchType::of(name).ok_or_else(|| Refusal::invalid(format!("Unknown matchType: {name}")))?;
        if self.match_value.is_none() {
            return Err(Refusal::invalid("matchValue is required"));
        }
        Ok(kind)
    }
}

impl KeyedPredicate {
    /// Refuses what the API server would not take in an annotation.
    pub(super) fn check_ascii(&self) -> Result<(), Refusal> {
        let value = self.predicate.match_value.as_deref().unwrap_or_default();
        let key = self.key.as_deref().unwrap_or_default();
        if key.is_ascii() && value.is_ascii() {
            return Ok(());
        }
        let message = format!("Route predicate contains non-ASCII characters: key={key}, matchValue={value}");
        Err(Refusal::Invalid(message))
    }
}

/// `RouteAuthConfig`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Auth {
    #[serde(deserialize_with = "jackson::boolean")]
    pub(super) enabled: Option<bool>,
    #[serde(deserialize_with = "jackson::names")]
    pub(super) allowed_credential_types: Option<Vec<String>>,
    #[serde(deserialize_with = "jackson::names")]
    pub(super) allowed_consumers: Option<Vec<String>>,
}

/// `CorsConfig`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Cors {
    #[serde(deserialize_with = "jackson::boolean")]
    pub(super) enabled: Option<bool>,
    #[serde(deserialize_with = "jackson::names")]
    pub(super) allow_origins: Option<Vec<String>>,
    #[serde(deserialize_with = "jackson::names")]
    pub(super) allow_methods: Option<Vec<String>>,
    #[serde(deserialize_with = "jackson::names")]
    pub(super) allow_headers: Option<Vec<String>>,
    #[serde(deserialize_with = "jackson::names")]
    pub(super) expose_headers: Option<Vec<String>>,
    #[serde(deserialize_with = "jackson::integer")]
    pub(super) max_age: Option<i32>,
    #[serde(deserialize_with = "jackson::boolean")]
    pub(super) allow_credentials: Option<bool>,
}

/// A header with its value.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(super) struct Header {
    #[serde(deserialize_with = "jackson::text")]
    pub(super) key: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    pub(super) value: Option<String>,
}

/// `HeaderControlStageConfig`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(super) struct HeaderStage {
    #[serde(deserialize_with = "jackson::list")]
    pub(super) add: Option<Vec<Header>>,
    #[serde(deserialize_with = "jackson::list")]
    pub(super) set: Option<Vec<Header>>,
    #[serde(deserialize_with = "jackson::names")]
    pub(super) remove: Option<Vec<String>>,
}

/// `HeaderControlConfig`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(super) struct HeaderControl {
    #[serde(deserialize_with = "jackson::boolean")]
    pub(super) enabled: Option<bool>,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) request: Option<HeaderStage>,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) response: Option<HeaderStage>,
}

/// `ProxyNextUpstreamConfig`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(super) struct Retry {
    #[serde(deserialize_with = "jackson::boolean")]
    pub(super) enabled: Option<bool>,
    #[serde(deserialize_with = "jackson::integer")]
    pub(super) attempts: Option<i32>,
    /// Seconds.
    #[serde(deserialize_with = "jackson::integer")]
    pub(super) timeout: Option<i32>,
    #[serde(deserialize_with = "jackson::names")]
    pub(super) conditions: Option<Vec<String>>,
}

/// `RewriteConfig`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(super) struct Rewrite {
    #[serde(deserialize_with = "jackson::boolean")]
    pub(super) enabled: Option<bool>,
    #[serde(deserialize_with = "jackson::text")]
    pub(super) path: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    pub(super) host: Option<String>,
}

/// `UpstreamService`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(super) struct Upstream {
    #[serde(deserialize_with = "jackson::text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "jackson::integer")]
    pub(super) port: Option<i32>,
    #[serde(deserialize_with = "jackson::text")]
    pub(super) version: Option<String>,
    #[serde(deserialize_with = "jackson::integer")]
    pub(super) weight: Option<i32>,
}

/// `Route`. The console lists `mock`, `redirect`, `rateLimit` and `timeout` too, and does nothing with them.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Route {
    #[serde(deserialize_with = "jackson::text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    pub(super) version: Option<String>,
    #[serde(deserialize_with = "jackson::names")]
    pub(super) domains: Option<Vec<String>>,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) path: Option<Predicate>,
    #[serde(deserialize_with = "jackson::names")]
    pub(super) methods: Option<Vec<String>>,
    #[serde(deserialize_with = "jackson::list")]
    pub(super) headers: Option<Vec<KeyedPredicate>>,
    #[serde(deserialize_with = "jackson::list")]
    pub(super) url_params: Option<Vec<KeyedPredicate>>,
    #[serde(deserialize_with = "jackson::list")]
    pub(super) services: Option<Vec<Upstream>>,
    #[serde(skip_deserializing)]
    pub(super) mock: Value,
    #[serde(skip_deserializing)]
    pub(super) redirect: Value,
    #[serde(skip_deserializing)]
    pub(super) rate_limit: Value,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) rewrite: Option<Rewrite>,
    #[serde(skip_deserializing)]
    pub(super) timeout: Value,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) proxy_next_upstream: Option<Retry>,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) cors: Option<Cors>,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) header_control: Option<HeaderControl>,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) auth_config: Option<Auth>,
    #[serde(deserialize_with = "jackson::text_map")]
    pub(super) custom_configs: Option<Map<String, Value>>,
    #[serde(deserialize_with = "jackson::text_map")]
    pub(super) custom_labels: Option<Map<String, Value>>,
    #[serde(deserialize_with = "jackson::boolean")]
    pub(super) readonly: Option<bool>,
}

impl Route {
    pub(super) fn validate(&self) -> Result<(), Refusal> {
        if jackson::blank(self.name.as_deref()) {
            return Err(Refusal::invalid("name cannot be blank."));
        }
        if self.services.as_ref().is_none_or(Vec::is_empty) {
            return Err(Refusal::invalid("services cannot be empty."));
        }
        if let Some(path) = &self.path {
            path.validate()?;
        }
        let keyed = || self.headers.iter().flatten().chain(self.url_params.iter().flatten());
        keyed().try_for_each(|keyed| keyed.predicate.validate().map(|_| ()))?;
        keyed().try_for_each(KeyedPredicate::check_ascii)?;
        Ok(())
    }
}
