//! The declarative file: what an installation shall have. What it does not name is left alone.
use crate::{
    ConsumerName, FieldError, ModelPredicate, Protocol, ProviderName, RouteName, RouteUpstream, SetModel,
    Settings, Target, TypedKey, WorkerName,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The file. `GET /export` writes one, and planning that one again changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Declared {
    /// The version of this format: 1.
    pub version: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<DeclaredProvider>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<DeclaredRoute>,
    #[serde(default, skip_serializing_if = "DeclaredAssignments::is_empty")]
    pub assignments: DeclaredAssignments,
}

/// A provider that shall be there. On one that is there, what is absent is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeclaredProvider {
    pub name: ProviderName,
    /// The console's type id. A text, since an exported provider may be of a type that we do not know; a new one must be
    /// of a [`crate::ProviderType`].
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Where the keys are to be found. Only `agm` on somebody's own machine reads them and sends [`Self::tokens`]
    /// instead; the server refuses references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<KeyRef>>,
    /// The keys themselves. Absent: the present ones are kept; a new provider of a type that needs a key must have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Vec<TypedKey>>,
    /// The console's `tokenFailoverConfig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub failover: Option<Map<String, Value>>,
    /// The type's own `rawConfigs`, laid over the present ones; `null` removes one. An export holds no credentials.
    #[serde(default, skip_serializing_if = "Settings::is_empty")]
    pub settings: Settings,
}

/// Where a key is to be found on the machine of the one who applies the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "a key is named as {env: NAME} or as {file: PATH}, and never stands here itself"
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KeyRef {
    /// In an environment variable of this name.
    Env { env: String },
    /// In a file at this path, alone; white space around it does not count.
    File { file: String },
}

/// An AI route that shall be there. On one that is there, what is absent is kept; a new one takes host and path of the
/// default route where it names none, and lets all agents in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeclaredRoute {
    pub name: RouteName,
    /// Empty: any host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domains: Option<Vec<String>>,
    /// The path prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Empty: any model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicates: Option<Vec<ModelPredicate>>,
    /// A new route must name them. The weights make 100 together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstreams: Option<Vec<RouteUpstream>>,
    /// Providers that take over on an error. Empty: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Vec<ProviderName>>,
    /// Who is let in. An open route stays open unless this is given; none can be opened by a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumers: Option<Vec<ConsumerName>>,
}

/// Which model each agent shall run. Agents that are not named keep theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeclaredAssignments {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<SetModel>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub workers: BTreeMap<WorkerName, SetModel>,
}

impl DeclaredAssignments {
    /// True when it names no agent.
    pub fn is_empty(&self) -> bool {
        self.manager.is_none() && self.workers.is_empty()
    }

    /// Every agent that is named, the Manager first.
    pub fn all(&self) -> impl Iterator<Item = (Target, &SetModel)> {
        let workers = self.workers.iter().map(|(name, wish)| (Target::Worker(name.clone()), wish));
        self.manager.iter().map(|wish| (Target::Manager, wish)).chain(workers)
    }
}

impl Declared {
    /// The one version of the format.
    pub const VERSION: u32 = 1;

    /// What is wrong with the file itself, whatever the installation; `field` is a path: `routes[0].upstreams`.
    pub fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong =
            |field: String, message: &str| errors.push(FieldError { field, message: message.to_owned() });
        if self.version != Self::VERSION {
            wrong("version".into(), "only version 1 is known");
        }
        let mut names = BTreeSet::new();
        for (index, provider) in self.providers.iter().enumerate() {
            let at = |part: &str| format!("providers[{index}].{part}");
            if !names.insert(provider.name.as_str()) {
                wrong(at("name"), "this provider is named twice");
            }
            if provider.keys.is_some() {
                let message = "the server reads no environment and no files: `agm apply` replaces these references by the keys";
                wrong(at("keys"), message);
            }
            for (key, _) in provider.tokens.iter().flatten().enumerate().filter(|(_, key)| key.is_masked()) {
                wrong(at(&format!("tokens[{key}]")), "this is a masked key, not the key itself");
            }
        }
        let mut names = BTreeSet::new();
        for (index, route) in self.routes.iter().enumerate() {
            if !names.insert(route.name.as_str()) {
                wrong(format!("routes[{index}].name"), "this route is named twice");
            }
            for (part, message) in route.problems() {
                wrong(format!("routes[{index}].{part}"), message);
            }
        }
        errors
    }

    /// Replaces every reference to a key by the key.
    ///
    /// # Errors
    /// The first reference that cannot be followed, as a field and the reason that `find` gave; or keys that are given
    /// both ways.
    pub fn resolve_keys(
        mut self,
        find: impl Fn(&KeyRef) -> Result<TypedKey, String>,
    ) -> Result<Self, FieldError> {
        for (index, provider) in self.providers.iter_mut().enumerate() {
            let Some(keys) = provider.keys.take() else { continue };
            if provider.tokens.is_some() {
                let field = format!("providers[{index}].tokens");
                return Err(FieldError { field, message: "give either keys or tokens".into() });
            }
            let found = keys.iter().enumerate().map(|(at, key)| {
                find(key).map_err(|message| FieldError {
                    field: format!("providers[{index}].keys[{at}]"),
                    message,
                })
            });
            provider.tokens = Some(found.collect::<Result<_, _>>()?);
        }
        Ok(self)
    }
}

impl DeclaredRoute {
    /// What is wrong with the route itself, part by part.
    fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let mut problems = Vec::new();
        let mut must = |fine: bool, part, message| {
            if !fine {
                problems.push((part, message));
            }
        };
        must(self.path.as_ref().is_none_or(|path| path.starts_with('/')), "path", "a path begins with /");
        let named = |domain: &String| !domain.trim().is_empty() && !domain.contains(char::is_whitespace);
        must(
            self.domains.iter().flatten().all(named),
            "domains",
            "a host name is not empty and has no spaces",
        );
        let has_value = |predicate: &ModelPredicate| !predicate.value.trim().is_empty();
        must(self.predicates.iter().flatten().all(has_value), "predicates", "a predicate needs a value");
        if let Some(upstreams) = &self.upstreams {
            must(!upstreams.is_empty(), "upstreams", "a route leads somewhere");
            let sum: i64 = upstreams.iter().map(|upstream| upstream.weight).fold(0, i64::saturating_add);
            let fine = upstreams.iter().all(|upstream| (0..=100).contains(&upstream.weight)) && sum == 100;
            must(
                fine || upstreams.is_empty(),
                "upstreams",
                "the weights are whole percents and make 100 together",
            );
        }
        let twice = |list: &[&str]| list.iter().collect::<BTreeSet<_>>().len() < list.len();
        let consumers: Vec<_> = self.consumers.iter().flatten().map(ConsumerName::as_str).collect();
        must(!twice(&consumers), "consumers", "somebody is named twice");
        let fallback: Vec<_> = self.fallback.iter().flatten().map(ProviderName::as_str).collect();
        must(!twice(&fallback), "fallback", "a provider is named twice");
        let catches_all =
            self.name != RouteName::default_route() || self.predicates.iter().all(Vec::is_empty);
        must(
            catches_all,
            "predicates",
            "default-ai-route takes what no other route takes, so it has no predicates",
        );
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mutation;
    use serde_json::json;

    fn fields(file: Value) -> Vec<String> {
        let file: Declared = serde_json::from_value(file).unwrap();
        file.errors().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_file_is_a_mutation_and_knows_no_other_words() {
        let file = json!({"kind": "apply", "version": 1, "assignments": {"manager": {"provider": "qwen", "model": "qwen-max"}}});
        let Mutation::Apply(file) = serde_json::from_value(file).unwrap() else { panic!("another mutation") };
        assert_eq!(file.assignments.all().count(), 1);
        for odd in [
            json!({"version": 1, "more": 1}),
            json!({"version": 1, "providers": [{"name": "a", "type": "qwen", "apiKey": "x"}]}),
            json!({"version": 1, "routes": [{"name": "a", "upstream": []}]}),
            json!({"version": 1, "routes": [{"name": "a", "upstreams": [{"provider": "p", "wieght": 1}]}]}),
            json!({"version": 1, "routes": [{"name": "a", "predicates": [{"type": "PRE", "value": "x", "y": 1}]}]}),
            json!({"version": 1, "assignments": {"workers": {"a": {"provider": "p", "model": "m", "vision": true}}}}),
            json!({"version": 1, "providers": [{"name": "a", "type": "qwen", "keys": [{"env": "A", "file": "b"}]}]}),
            json!({}),
        ] {
            assert!(serde_json::from_value::<Declared>(odd.clone()).is_err(), "{odd}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_by_its_path() {
        assert_eq!(fields(json!({"version": 3})), ["version"]);
        let twice = json!({"name": "a", "type": "qwen"});
        assert_eq!(fields(json!({"version": 1, "providers": [twice, twice]})), ["providers[1].name"]);
        for (route, part) in [
            (json!({"path": "v1"}), "path"),
            (json!({"domains": ["a b"]}), "domains"),
            (json!({"predicates": [{"type": "EQUAL", "value": " "}]}), "predicates"),
            (json!({"upstreams": []}), "upstreams"),
            (
                json!({"upstreams": [{"provider": "p", "weight": 60}, {"provider": "q", "weight": 60}]}),
                "upstreams",
            ),
            (
                json!({"upstreams": [{"provider": "p", "weight": -1}, {"provider": "q", "weight": 101}]}),
                "upstreams",
            ),
            (json!({"consumers": ["manager", "manager"]}), "consumers"),
            (json!({"fallback": ["p", "p"]}), "fallback"),
        ] {
            let mut route = route;
            route["name"] = "r".into();
            assert_eq!(fields(json!({"version": 1, "routes": [route]})), [format!("routes[0].{part}")]);
        }
        let fine = json!({"name": "r", "upstreams": [{"provider": "p"}], "path": "/", "consumers": []});
        assert!(fields(json!({"version": 1, "routes": [fine]})).is_empty());
    }

    #[test]
    fn references_to_keys_become_keys_or_say_which_cannot() {
        let file = || -> Declared {
            let keys = json!([{"env": "A_KEY"}, {"file": "/run/secrets/b"}]);
            serde_json::from_value(
                json!({"version": 1, "providers": [{"name": "a", "type": "qwen", "keys": keys}]}),
            )
            .unwrap()
        };
        assert_eq!(file().errors()[0].field, "providers[0].keys");
        let find = |key: &KeyRef| match key {
            KeyRef::Env { env } => Ok(TypedKey::new(format!("key of {env}"))),
            KeyRef::File { file } => Ok(TypedKey::new(format!("key in {file}"))),
        };
        let resolved = file().resolve_keys(find).unwrap();
        assert!(resolved.errors().is_empty() && resolved.providers[0].tokens.as_ref().unwrap().len() == 2);
        let none = |key: &KeyRef| match key {
            KeyRef::Env { .. } => find(key),
            KeyRef::File { .. } => Err("it is not there".to_owned()),
        };
        let error = file().resolve_keys(none).unwrap_err();
        assert_eq!(
            (error.field.as_str(), error.message.as_str()),
            ("providers[0].keys[1]", "it is not there")
        );
        let mut both = file();
        both.providers[0].tokens = Some(Vec::new());
        assert_eq!(both.resolve_keys(find).unwrap_err().field, "providers[0].tokens");
    }
}
