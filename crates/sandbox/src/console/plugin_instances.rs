//! `/v1/{global|domains/{d}|routes/{r}|services/{s}}/plugin-instances`: the plugin settings that a person may make.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::apiserver::{Api, Stored};
use super::documents::{Scope, Targets, WasmPlugin};
use super::jackson::{self, empty};
use super::plugins::{Instance, is_built_in, target};
use super::refusal::Refusal;
use super::yaml;

/// The part of the traffic that a request is about.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) scope: Scope,
    /// None for the whole gateway.
    pub(super) name: Option<String>,
}

impl Bound {
    fn targets(&self) -> Targets {
        self.name.as_ref().map(|name| target(self.scope, name)).unwrap_or_default()
    }
}

/// `WasmPluginInstance` as it is sent; the targets come from the URL.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SentInstance {
    #[serde(deserialize_with = "jackson::text")]
    plugin_name: Option<String>,
    #[serde(deserialize_with = "jackson::boolean")]
    internal: Option<bool>,
    #[serde(deserialize_with = "jackson::boolean")]
    enabled: Option<bool>,
    #[serde(deserialize_with = "jackson::text")]
    raw_configurations: Option<String>,
    configurations: Option<Map<String, Value>>,
}

impl SentInstance {
    /// The settings: the map when both are there, else the YAML text.
    fn config(&self) -> Result<Map<String, Value>, Refusal> {
        if let Some(config) = &self.configurations {
            return Ok(config.clone());
        }
        let Some(text) = self.raw_configurations.as_deref().filter(|text| !empty(Some(text))) else {
            return Ok(Map::new());
        };
        yaml::parse_map(text)
            .ok_or_else(|| Refusal::invalid(format!("Error occurs when parsing raw configurations: {text}")))
    }
}

fn answer(stored: &Stored<WasmPlugin>, bound: &Bound, instance: &Instance) -> Value {
    let mut targets = Map::new();
    targets.insert(bound.scope.as_str().to_owned(), json!(bound.name));
    json!({
        "version": stored.version(), "scope": bound.scope.as_str(), "target": bound.name, "targets": targets,
        "pluginName": stored.body.plugin, "pluginVersion": stored.body.version, "internal": stored.body.internal,
        "enabled": instance.enabled, "rawConfigurations": yaml::write_map(&instance.config),
        "configurations": instance.config,
    })
}

fn find(stored: &Stored<WasmPlugin>, bound: &Bound) -> Option<Instance> {
    match bound.name {
        None => Instance::global(Some(stored)),
        Some(_) => Instance::bound(Some(stored), &bound.targets()),
    }
}

impl Api {
    /// Refuses targets that do not exist.
    async fn check_target(&self, bound: &Bound) -> Result<(), Refusal> {
        let Some(name) = bound.name.as_deref() else { return Ok(()) };
        let (known, what) = match bound.scope {
            Scope::Global => (true, "target"),
            Scope::Domain => (self.domain(name).await?.is_some(), "domain"),
            Scope::Route => (self.route(name).await?.is_some(), "route"),
            Scope::Service => {
                let services = self.services().await?;
                (services.iter().any(|service| service["name"] == name), "service")
            }
        };
        if known { Ok(()) } else { Err(Refusal::invalid(format!("Unknown {what}: {name}"))) }
    }

    pub(super) async fn instances(&self, bound: &Bound) -> Result<Vec<Value>, Refusal> {
        self.check_target(bound).await?;
        let plugins = self.list::<WasmPlugin>().await?;
        let own = plugins.iter().filter(|(_, stored)| !stored.body.internal);
        Ok(own.filter_map(|(_, stored)| Some(answer(stored, bound, &find(stored, bound)?))).collect())
    }

    /// One that is absent is answered as switched off.
    pub(super) async fn instance(&self, bound: &Bound, plugin: &str) -> Result<Value, Refusal> {
        self.check_target(bound).await?;
        let stored = self.plugin(plugin, false).await?;
        let found = stored.as_ref().and_then(|stored| Some(answer(stored, bound, &find(stored, bound)?)));
        let mut targets = Map::new();
        targets.insert(bound.scope.as_str().to_owned(), json!(bound.name));
        Ok(found.unwrap_or_else(|| {
            json!({
                "version": null, "scope": bound.scope.as_str(), "target": bound.name, "targets": targets,
                "pluginName": plugin, "pluginVersion": null, "internal": false, "enabled": false,
                "rawConfigurations": null, "configurations": null,
            })
        }))
    }

    pub(super) async fn put_instance(
        &self,
        bound: &Bound,
        plugin: &str,
        sent: SentInstance,
    ) -> Result<Value, Refusal> {
        self.check_target(bound).await?;
        if sent.plugin_name.as_deref().is_some_and(|name| !name.is_empty() && name != plugin) {
            return Err(Refusal::invalid("Plugin name in the URL doesn't match the one in the body."));
        }
        if sent.internal == Some(true) {
            return Err(Refusal::invalid("Updating an internal Wasm plugin instance is not allowed."));
        }
        if !is_built_in(plugin) {
            return Err(Refusal::invalid(format!("Unsupported plugin: {plugin}")));
        }
        let instance = Instance {
            targets: bound.targets(),
            config: sent.config()?,
            enabled: sent.enabled.unwrap_or_default(),
        };
        let stored = self.save_instances(plugin, false, vec![instance]).await?;
        Ok(find(&stored, bound).map(|instance| answer(&stored, bound, &instance)).unwrap_or_default())
    }

    pub(super) async fn remove_instance(&self, bound: &Bound, plugin: &str) -> Result<(), Refusal> {
        self.delete_instance(plugin, false, &bound.targets()).await
    }
}
