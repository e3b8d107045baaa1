//! An AI route as the console stores it.
use crate::{HigressError, compare};
use domain::{ConsumerName, MatchType, ModelPredicate, ProviderName, RouteName, RouteUpstream};
use serde_json::Value;

/// An AI route: a tree with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteDoc {
    name: RouteName,
    json: Value,
}

impl RouteDoc {
    /// Reads what the console sent, or a tree that is to be written.
    ///
    /// # Errors
    /// [`HigressError::Malformed`] when it has no usable name.
    pub fn parse(json: Value) -> Result<Self, HigressError> {
        let name = crate::console::name_of(&json)?;
        Ok(Self { name, json })
    }

    /// Its name.
    pub fn name(&self) -> &RouteName {
        &self.name
    }

    /// Empty on a route that was not stored yet.
    pub fn version(&self) -> &str {
        self.json["version"].as_str().unwrap_or_default()
    }

    /// Host names; empty: any host.
    pub fn domains(&self) -> Vec<String> {
        list(&self.json["domains"]).filter_map(Value::as_str).map(Into::into).collect()
    }

    /// The path prefix.
    pub fn path(&self) -> &str {
        self.json["pathPredicate"]["matchValue"].as_str().unwrap_or("/")
    }

    /// Its model predicates; empty: any model.
    pub fn predicates(&self) -> Vec<ModelPredicate> {
        let predicate = |json: &Value| {
            let kind = match json["matchType"].as_str()? {
                "EQUAL" => MatchType::Equal,
                "PRE" => MatchType::Pre,
                _ => return None,
            };
            Some(ModelPredicate { kind, value: json["matchValue"].as_str()?.into() })
        };
        list(&self.json["modelPredicates"]).filter_map(predicate).collect()
    }

    /// Where it sends its calls.
    pub fn upstreams(&self) -> Vec<RouteUpstream> {
        let upstream = |json: &Value| {
            let pairs = json["modelMapping"].as_object().into_iter().flatten();
            let mapping =
                pairs.filter_map(|(from, to)| Some((from.clone(), to.as_str()?.to_owned()))).collect();
            let weight = json["weight"].as_i64().unwrap_or(100);
            Some(RouteUpstream { provider: provider(json)?, weight, mapping })
        };
        list(&self.json["upstreams"]).filter_map(upstream).collect()
    }

    /// Providers of the fallback, when it is on.
    pub fn fallback(&self) -> Vec<ProviderName> {
        let config = &self.json["fallbackConfig"];
        let on = config["enabled"] == Value::Bool(true);
        list(&config["upstreams"]).filter(|_| on).filter_map(provider).collect()
    }

    /// Who is let in; none: everybody, because the route asks for no key.
    pub fn consumers(&self) -> Option<Vec<ConsumerName>> {
        let auth = &self.json["authConfig"];
        let names =
            || list(&auth["allowedConsumers"]).filter_map(|name| name.as_str()?.parse().ok()).collect();
        (auth["enabled"] == Value::Bool(true)).then(names)
    }

    /// How long the gateway goes on trying after an error, in seconds; none: it does not, or the route does not say.
    pub fn retry_seconds(&self) -> Option<i64> {
        let retry = &self.json["proxyNextUpstream"];
        retry["timeout"].as_i64().filter(|_| retry["enabled"] == Value::Bool(true))
    }

    /// True when an upstream names the provider, or the fallback does, be it on or off.
    pub fn uses(&self, name: &ProviderName) -> bool {
        let fallback = list(&self.json["fallbackConfig"]["upstreams"]);
        list(&self.json["upstreams"]).chain(fallback).filter_map(provider).any(|used| used == *name)
    }

    /// The tree.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// BLAKE3, in hex, of what the document means: equal for documents that are the same AI route, whatever their `version`.
    pub fn content_hash(&self) -> String {
        compare::route_hash(&self.json)
    }

    /// The same of all that it means but for the agents that it lets in.
    pub fn body_hash(&self) -> String {
        let is_agent = |name: &Value| {
            name.as_str().is_some_and(|name| name.parse().is_ok_and(|name: ConsumerName| name.is_agent()))
        };
        let mut json = self.json.clone();
        if let Some(Value::Array(names)) = json.pointer_mut("/authConfig/allowedConsumers") {
            names.retain(|name| !is_agent(name));
        }
        compare::route_hash(&json)
    }

    /// The agents that it lets in beside those of an earlier one. None: something else is another, or there are no more.
    pub fn lets_in_beside(&self, earlier: &Self) -> Option<Vec<ConsumerName>> {
        let (known, mut more) = (earlier.consumers()?, self.consumers()?);
        let has_all = known.iter().all(|name| more.contains(name));
        more.retain(|name| !known.contains(name));
        (has_all && !more.is_empty() && self.body_hash() == earlier.body_hash()).then_some(more)
    }

    /// The tree, to be changed and parsed again.
    pub fn into_json(self) -> Value {
        self.json
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn provider(upstream: &Value) -> Option<ProviderName> {
    upstream["provider"].as_str()?.parse().ok()
}
