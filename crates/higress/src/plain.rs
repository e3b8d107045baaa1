//! The plain objects of the console, which know nothing of models: service sources, domains, routes, and what a plugin is
//! set to on a route.
use crate::{
    Console, HigressError, Observation, WriteError, compare,
    console::{Stored, observation, with_version},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// Stands for what a plugin is set to, which may hold keys.
const SETTINGS: &str = "(settings)";

/// Which plain object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlainName {
    Source(String),
    Domain(String),
    Route(String),
    /// What a plugin is set to on a route.
    Plugin {
        route: String,
        plugin: String,
    },
}

/// As an object of a plan: `source:agm`, `domain:a.example.com`, `plain-route:agm-path`, `plugin:agm-path/key-auth`.
impl fmt::Display for PlainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(name) => write!(f, "source:{name}"),
            Self::Domain(name) => write!(f, "domain:{name}"),
            Self::Route(name) => write!(f, "plain-route:{name}"),
            Self::Plugin { route, plugin } => write!(f, "plugin:{route}/{plugin}"),
        }
    }
}

/// A plain object as the console stores it. Its `Debug` shows its name only: what a plugin is set to may hold keys.
#[derive(Clone)]
pub struct PlainDoc {
    name: PlainName,
    json: Value,
}

impl PlainDoc {
    /// A tree that is to be written, or was read, under this name.
    pub fn new(name: PlainName, json: Value) -> Self {
        Self { name, json }
    }

    /// Its name.
    pub fn name(&self) -> &PlainName {
        &self.name
    }

    /// The tree.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// What means something in it, fit to be shown.
    pub fn shown(&self) -> Value {
        let mut plain = self.plain();
        for settings in ["configurations", "rawConfigurations"] {
            if let Some(settings) = plain.get_mut(settings) {
                *settings = SETTINGS.into();
            }
        }
        plain
    }

    /// BLAKE3, in hex, of what the document means, whatever its `version`.
    pub fn content_hash(&self) -> String {
        compare::hash(&self.plain())
    }

    /// Where a route's calls go: the services, as `monitor.static`. Empty for anything else.
    pub fn services(&self) -> Vec<&str> {
        list(&self.json["services"]).filter_map(|service| service["name"].as_str()).collect()
    }

    /// Without what the console fills in or counts, and what stands for nothing.
    fn plain(&self) -> Value {
        let mut plain = compare::bare(&self.json);
        let Some(map) = plain.as_object_mut() else { return plain };
        map.remove("version");
        for switched in ["authN", "authConfig"] {
            if map.get(switched).is_some_and(|part| part["enabled"] != Value::Bool(true)) {
                map.remove(switched);
            }
        }
        if map.get("readonly") == Some(&Value::Bool(false)) {
            map.remove("readonly");
        }
        if matches!(self.name, PlainName::Plugin { .. }) {
            // The same settings twice, as a tree and as text.
            let settings =
                if map.contains_key("configurations") { "configurations" } else { "rawConfigurations" };
            map.retain(|key, _| ["pluginName", "enabled", settings].contains(&key.as_str()));
        }
        plain
    }
}

impl PartialEq for PlainDoc {
    fn eq(&self, other: &Self) -> bool {
        self.same(other)
    }
}

impl fmt::Debug for PlainDoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainDoc({})", self.name)
    }
}

impl Stored for PlainDoc {
    type Name = PlainName;
    const TWO_PHASE: bool = false;

    fn path(name: &PlainName) -> Vec<&str> {
        match name {
            PlainName::Source(name) => vec!["v1", "service-sources", name],
            PlainName::Domain(name) => vec!["v1", "domains", name],
            PlainName::Route(name) => vec!["v1", "routes", name],
            PlainName::Plugin { route, plugin } => vec!["v1", "routes", route, "plugin-instances", plugin],
        }
    }

    fn label(name: &PlainName) -> &'static str {
        match name {
            PlainName::Source(_) => "the service source",
            PlainName::Domain(_) => "the domain",
            PlainName::Route(_) => "the route",
            PlainName::Plugin { .. } => "the plugin",
        }
    }

    fn is_posted(name: &PlainName) -> bool {
        !matches!(name, PlainName::Plugin { .. })
    }

    /// A plugin that is not set on a route is answered as one that is switched off and has no settings.
    fn read(name: &PlainName, json: Value) -> Result<Option<Self>, HigressError> {
        let unset = json["configurations"].is_null() && json["rawConfigurations"].is_null();
        let named = match name {
            PlainName::Plugin { .. } if unset => return Ok(None),
            PlainName::Plugin { plugin, .. } => json["pluginName"] == *plugin,
            PlainName::Source(name) | PlainName::Domain(name) | PlainName::Route(name) => {
                json["name"] == *name
            }
        };
        match named {
            true => Ok(Some(Self::new(name.clone(), json))),
            false => Err(HigressError::Malformed { message: "an object of another name".into() }),
        }
    }

    /// A plugin cannot be set on a route that is not there.
    fn is_absence(name: &PlainName, error: &HigressError) -> bool {
        matches!((name, error), (PlainName::Plugin { .. }, HigressError::Invalid { message }) if message.starts_with("Unknown route"))
    }

    fn id(&self) -> &PlainName {
        &self.name
    }

    fn secrets(&self) -> Vec<SecretString> {
        Vec::new()
    }

    fn same(&self, other: &Self) -> bool {
        self.name == other.name && compare::equal(&self.plain(), &other.plain())
    }

    fn body(&self, current: Option<&Self>) -> Value {
        let versioned = matches!(self.name, PlainName::Domain(_) | PlainName::Route(_));
        let version = current.filter(|_| versioned).and_then(|current| current.json["version"].as_str());
        let mut body = with_version(self.plain(), version);
        if matches!(self.name, PlainName::Route(_)) && body["domains"].is_null() {
            body["domains"] = Value::Array(Vec::new());
        }
        body
    }
}

/// What a route of the gateway takes, be it plain or behind an AI route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainRoute {
    pub name: String,
    /// Empty: any host that no other route names.
    pub hosts: Vec<String>,
    /// The beginning of the paths; none: it looks at paths in another way.
    pub prefix: Option<String>,
    /// It looks at more than host and path.
    pub conditional: bool,
    pub services: Vec<String>,
}

impl PlainRoute {
    fn parse(json: &Value) -> Option<Self> {
        let texts = |value: &Value| list(value).filter_map(Value::as_str).map(str::to_owned).collect();
        let prefix = (json["path"]["matchType"] == "PRE").then(|| json["path"]["matchValue"].as_str());
        let services = list(&json["services"]).filter_map(|service| service["name"].as_str());
        Some(Self {
            name: json["name"].as_str()?.to_owned(),
            hosts: texts(&json["domains"]),
            prefix: prefix.flatten().map(str::to_owned),
            conditional: ["headers", "urlParams", "methods"]
                .iter()
                .any(|key| list(&json[*key]).next().is_some()),
            services: services.map(str::to_owned).collect(),
        })
    }
}

impl Console {
    /// One plain object; none: there is none of this name.
    pub async fn plain(&self, name: &PlainName) -> Result<Option<PlainDoc>, HigressError> {
        self.fetch(name).await
    }

    /// As [`Console::observe_provider`].
    pub async fn observe_plain(
        &self,
        name: &PlainName,
        before: Option<&PlainDoc>,
        wanted: Option<&PlainDoc>,
    ) -> Result<Observation, HigressError> {
        Ok(observation(self.plain(name).await?.as_ref(), before, wanted))
    }

    /// As [`Console::write_provider`]. The `version` inside the images does not matter: the fresh one is sent.
    pub async fn write_plain(&self, before: Option<&PlainDoc>, wanted: &PlainDoc) -> Result<(), WriteError> {
        self.write(before, wanted).await.map(drop)
    }

    /// As [`Console::remove_provider`]. What plugins are set to on a route goes with it.
    pub async fn remove_plain(&self, before: &PlainDoc) -> Result<(), WriteError> {
        self.remove(before).await
    }

    /// The plugins that a person has set to something on a route.
    pub async fn plugins_on(&self, route: &str) -> Result<Vec<String>, HigressError> {
        let all = self.list(&["v1", "routes", route, "plugin-instances"]).await?;
        let own = all.iter().filter(|instance| instance["internal"] != Value::Bool(true));
        Ok(own.filter_map(|instance| instance["pluginName"].as_str()).map(str::to_owned).collect())
    }

    /// All routes of the gateway, those behind AI routes too.
    pub async fn plain_routes(&self) -> Result<Vec<PlainRoute>, HigressError> {
        Ok(self.list(&["v1", "routes"]).await?.iter().filter_map(PlainRoute::parse).collect())
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_console_fills_in_means_nothing() {
        let name = PlainName::Route("r".into());
        let wrote = json!({"name": "r", "domains": [], "path": {"matchType": "PRE", "matchValue": "/agm"},
            "services": [{"name": "agm.static", "port": 80, "weight": 100}]});
        let read = json!({"name": "r", "version": "7", "domains": [], "path": {"matchType": "PRE", "matchValue": "/agm",
                "caseSensitive": null}, "methods": null, "cors": {"enabled": null, "maxAge": null},
            "services": [{"name": "agm.static", "port": 80, "version": null, "weight": 100}],
            "authConfig": {"enabled": false, "allowedConsumers": null}, "customConfigs": {}, "readonly": false});
        let (wrote, mut closed) = (PlainDoc::new(name.clone(), wrote), read.clone());
        let read = PlainDoc::new(name.clone(), read);
        assert_eq!(wrote, read);
        assert_eq!(wrote.content_hash(), read.content_hash());
        assert_eq!(wrote.body(Some(&read))["version"], "7");
        closed["authConfig"] = json!({"enabled": true, "allowedConsumers": []});
        assert_ne!(wrote, PlainDoc::new(name, closed));
    }

    #[test]
    fn a_plugin_shows_no_settings_and_is_absent_without_any() {
        let name = PlainName::Plugin { route: "r".into(), plugin: "key-auth".into() };
        let set = json!({"pluginName": "key-auth", "enabled": true, "version": "1", "targets": {"ROUTE": "r"},
            "rawConfigurations": "consumers:\n- canary", "configurations": {"consumers": ["canary"]}});
        let doc = PlainDoc::read(&name, set).unwrap().unwrap();
        assert!(!format!("{doc:?} {}", doc.shown()).contains("canary"));
        assert_eq!(doc.body(None)["configurations"], json!({"consumers": ["canary"]}));
        let unset = json!({"pluginName": "key-auth", "enabled": false, "rawConfigurations": null, "configurations": null});
        assert_eq!(PlainDoc::read(&name, unset).unwrap(), None);
    }
}
