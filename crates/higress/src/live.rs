//! What the gateway was given of an AI route. The console writes that before it stores the route, so a write that fails
//! at its last step is live and not stored.
use crate::RouteDoc;
use domain::{ConsumerName, MatchType, ModelPredicate, RouteName};
use serde_json::Value;
use std::collections::BTreeSet;

/// The header into which the gateway copies the model of a call.
const MODEL: &str = "x-higress-llm-model";

/// The plain route behind an AI route.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveRoute {
    /// Of the AI route.
    pub name: RouteName,
    json: Value,
}

impl LiveRoute {
    /// None: a route that stands for no AI route, or for the fallback of one.
    pub(crate) fn parse(json: Value) -> Option<Self> {
        let name = json["name"].as_str()?.strip_prefix("ai-route-")?.strip_suffix(".internal")?;
        if name.ends_with(".fallback") {
            return None;
        }
        Some(Self { name: name.parse().ok()?, json })
    }

    /// In what the stored route is not this one; empty: the gateway got what is stored.
    pub fn differences(&self, stored: &RouteDoc) -> Vec<String> {
        let live_domains = list(&self.json["domains"]).filter_map(Value::as_str).map(str::to_owned);
        let stored_services = stored.upstreams().into_iter().map(|u| (u.provider.to_string(), u.weight));
        let compared = [
            ("domains", named(stored.domains()), named(live_domains)),
            (
                "path",
                stored.path().to_owned(),
                self.json["path"]["matchValue"].as_str().unwrap_or("/").to_owned(),
            ),
            ("models", model_condition(&stored.predicates()), self.model_condition()),
            ("providers", weighed(stored_services), weighed(self.services())),
            ("consumers", let_in(stored.consumers()), let_in(self.consumers())),
        ];
        let differs = |(what, stored, live): (&str, String, String)| {
            (stored != live).then(|| format!("{what}: stored {stored}, live {live}"))
        };
        compared.into_iter().filter_map(differs).collect()
    }

    /// The condition on the model's header, its pattern without the marks that make signs plain.
    fn model_condition(&self) -> String {
        let model = list(&self.json["headers"]).find(|header| header["key"] == MODEL);
        model.map_or_else(any, |model| {
            let text = |key: &str| model[key].as_str().unwrap_or_default();
            format!("{} {}", text("matchType"), text("matchValue").replace('\\', ""))
        })
    }

    /// The providers behind the services, `llm-deepseek.internal.dns`, with their weights.
    fn services(&self) -> impl Iterator<Item = (String, i64)> {
        list(&self.json["services"]).filter_map(|json| {
            let name = json["name"].as_str()?;
            let provider = name.strip_prefix("llm-").and_then(|rest| rest.split_once(".internal"));
            let provider = provider.map_or(name, |(provider, _)| provider);
            Some((provider.to_owned(), json["weight"].as_i64().unwrap_or(100)))
        })
    }

    fn consumers(&self) -> Option<Vec<ConsumerName>> {
        let auth = &self.json["authConfig"];
        let names = list(&auth["allowedConsumers"]).filter_map(|name| name.as_str()?.parse().ok()).collect();
        (auth["enabled"] == Value::Bool(true)).then_some(names)
    }
}

/// The one condition that the console makes of all predicates.
fn model_condition(predicates: &[ModelPredicate]) -> String {
    let one = |predicate: &ModelPredicate| match predicate.kind {
        MatchType::Equal => predicate.value.clone(),
        MatchType::Pre => format!("{}.*", predicate.value),
    };
    match predicates {
        [] => any(),
        [ModelPredicate { kind: MatchType::Equal, value }] => format!("EQUAL {value}"),
        [ModelPredicate { kind: MatchType::Pre, value }] => format!("PRE {value}"),
        several => format!("REGULAR ^({})", several.iter().map(one).collect::<Vec<_>>().join("|")),
    }
}

/// Sorted names, or that none is said.
fn named(names: impl IntoIterator<Item = String>) -> String {
    let names: BTreeSet<_> = names.into_iter().collect();
    if names.is_empty() { any() } else { names.into_iter().collect::<Vec<_>>().join(", ") }
}

fn weighed(services: impl Iterator<Item = (String, i64)>) -> String {
    named(services.map(|(provider, weight)| format!("{provider} {weight} %")))
}

fn let_in(consumers: Option<Vec<ConsumerName>>) -> String {
    match consumers {
        None => any(),
        Some(nobody) if nobody.is_empty() => "none".to_owned(),
        Some(consumers) => named(consumers.iter().map(ToString::to_string)),
    }
}

fn any() -> String {
    "any".to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
