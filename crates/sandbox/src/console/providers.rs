//! `/v1/ai/providers`: every provider is an entry of one plugin document, a rule that binds its service to it, and a
//! service source.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::apiserver::{Api, Stored};
use super::documents::{McpBridge, Registry, Scope, Targets, WasmPlugin};
use super::faults::Release;
use super::jackson::{self, blank};
use super::plugins::{AI_PROXY, Instance, document_name, target};
use super::provider_settings::normalize;
use super::provider_types::{ProviderType, check_together};
use super::refusal::Refusal;
use super::route::Upstream;

/// The service source that all Vertex providers share.
pub(super) const VERTEX_AUTH: &str = "vertex-auth.internal";

/// `LlmProvider`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Provider {
    #[serde(deserialize_with = "jackson::text")]
    pub(super) name: Option<String>,
    #[serde(rename = "type", deserialize_with = "jackson::text")]
    pub(super) kind: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    pub(super) protocol: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    pub(super) proxy_name: Option<String>,
    #[serde(deserialize_with = "jackson::texts")]
    pub(super) tokens: Option<Vec<Option<String>>>,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) token_failover_config: Option<Failover>,
    pub(super) raw_configs: Option<Map<String, Value>>,
}

/// `TokenFailoverConfig`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Failover {
    #[serde(deserialize_with = "jackson::boolean")]
    enabled: Option<bool>,
    #[serde(deserialize_with = "jackson::integer")]
    failure_threshold: Option<i32>,
    #[serde(deserialize_with = "jackson::integer")]
    success_threshold: Option<i32>,
    #[serde(deserialize_with = "jackson::integer")]
    health_check_interval: Option<i32>,
    #[serde(deserialize_with = "jackson::integer")]
    health_check_timeout: Option<i32>,
    #[serde(deserialize_with = "jackson::text")]
    health_check_model: Option<String>,
}

/// Name of the service source that the console generates.
pub(super) fn source_name(provider: &str) -> String {
    format!("llm-{provider}.internal")
}

impl Provider {
    fn validate(&self) -> Result<(), Refusal> {
        let name = self.name.as_deref().unwrap_or_default();
        if blank(Some(name)) {
            return Err(Refusal::argument("name cannot be blank."));
        }
        if name.contains('/') {
            return Err(Refusal::argument("slashes (/) are not allowed in name."));
        }
        if blank(self.kind.as_deref()) {
            return Err(Refusal::argument("type cannot be blank."));
        }
        self.stored_protocol().map(|_| ())
    }

    fn stored_protocol(&self) -> Result<&'static str, Refusal> {
        match self.protocol.as_deref() {
            protocol if blank(protocol) => Ok("openai"),
            Some("openai/v1") => Ok("openai"),
            Some("original") => Ok("original"),
            other => Err(Refusal::argument(format!("Unknown protocol: {}", other.unwrap_or_default()))),
        }
    }

    /// The entry in the plugin's configuration: the free settings under the managed ones.
    fn entry(&self, mut settings: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
        settings.insert("id".to_owned(), json!(self.name));
        settings.insert("type".to_owned(), json!(self.kind));
        settings.insert("protocol".to_owned(), json!(self.stored_protocol()?));
        match self.tokens.as_ref().filter(|tokens| !tokens.is_empty()) {
            Some(tokens) => settings.insert("apiTokens".to_owned(), json!(tokens)),
            None => settings.remove("apiTokens"),
        };
        match &self.token_failover_config {
            Some(failover) => {
                settings.insert("failover".to_owned(), json!(failover));
                settings.insert("retryOnFailure".to_owned(), json!({"enabled": failover.enabled}));
            }
            None => {
                settings.remove("failover");
                settings.remove("retryOnFailure");
            }
        }
        Ok(jackson::stored(settings))
    }
}

/// A provider from its entry; none for entries of types that the console does not know.
fn from_entry(entry: &Map<String, Value>, release: Release) -> Option<Provider> {
    let kind = jackson::string_of(entry, "type").filter(|kind| ProviderType::of(kind, release).is_some())?;
    let name = jackson::string_of(entry, "id").filter(|name| !blank(Some(name)))?;
    let tokens = entry.get("apiTokens").and_then(Value::as_array);
    let tokens =
        tokens.map(|tokens| tokens.iter().filter_map(Value::as_str).map(|t| Some(t.to_owned())).collect());
    let failover = entry.get("failover").and_then(Value::as_object).filter(|failover| !failover.is_empty());
    let failover = failover
        .and_then(|failover| serde_json::from_value(Value::Object(failover.clone())).ok())
        .map(|failover: Failover| Failover { enabled: failover.enabled.or(Some(false)), ..failover });
    let protocol = match jackson::string_of(entry, "protocol").as_deref() {
        Some("original") => "original",
        _ => "openai/v1",
    };
    Some(Provider {
        name: Some(name),
        kind: Some(kind),
        protocol: Some(protocol.to_owned()),
        proxy_name: None,
        tokens,
        token_failover_config: failover,
        raw_configs: Some(entry.clone()),
    })
}

/// The entries of the ai-proxy document.
pub(super) fn entries_in(plugin: &WasmPlugin) -> impl Iterator<Item = &Map<String, Value>> {
    let entries = plugin.config.as_ref().and_then(|config| config.get("providers")).and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(Value::as_object)
}

/// The service behind a provider, as a route names it.
pub(super) fn upstream_of(
    provider: &str,
    kind: ProviderType,
    settings: &Map<String, Value>,
) -> Result<Upstream, Refusal> {
    let (name, port) = match kind.custom_service(settings) {
        Some((name, port)) => (name, i32::try_from(port).ok()),
        None => {
            let endpoints = kind.endpoints(settings)?;
            check_together(provider, &endpoints)?;
            match endpoints.first() {
                Some(first) if first.is_address() => (format!("{}.static", source_name(provider)), Some(80)),
                Some(first) => (format!("{}.dns", source_name(provider)), i32::try_from(first.port).ok()),
                None => return Err(Refusal::NullPointer),
            }
        }
    };
    Ok(Upstream { name: Some(name), port, version: None, weight: Some(100) })
}

/// The service source that a provider generates; none when it uses one that exists.
fn source_of(
    provider: &str,
    kind: ProviderType,
    settings: &Map<String, Value>,
) -> Result<Option<Registry>, Refusal> {
    if kind.custom_service(settings).is_some() {
        return Ok(None);
    }
    let endpoints = kind.endpoints(settings)?;
    check_together(provider, &endpoints)?;
    let Some(first) = endpoints.first() else { return Ok(None) };
    let addresses = || {
        let list: Vec<String> = endpoints.iter().map(|one| format!("{}:{}", one.host, one.port)).collect();
        list.join(",")
    };
    let (registry, domain, port) = if first.is_address() {
        ("static", addresses(), Some(80))
    } else {
        ("dns", first.host.clone(), i32::try_from(first.port).ok())
    };
    Ok(Some(Registry {
        name: source_name(provider),
        kind: registry.to_owned(),
        domain,
        port,
        protocol: Some(first.protocol.clone()),
        ..Registry::default()
    }))
}

fn vertex_auth() -> Registry {
    Registry {
        name: VERTEX_AUTH.to_owned(),
        kind: "dns".to_owned(),
        domain: "oauth2.googleapis.com".to_owned(),
        port: Some(443),
        protocol: Some("https".to_owned()),
        ..Registry::default()
    }
}

/// Puts an entry in the place of the one with its name, or at the end.
fn put_entry(config: &mut Map<String, Value>, name: &str, entry: Map<String, Value>) {
    let providers = config.entry("providers").or_insert_with(|| json!([]));
    if !providers.is_array() {
        *providers = json!([]);
    }
    let Some(providers) = providers.as_array_mut() else { return };
    match providers.iter_mut().find(|old| old.get("id").and_then(Value::as_str) == Some(name)) {
        Some(old) => *old = Value::Object(entry),
        None => providers.push(Value::Object(entry)),
    }
}

fn active_provider(instance: &Map<String, Value>) -> Option<&str> {
    instance.get("activeProviderId").and_then(Value::as_str)
}

impl Api {
    /// All providers by name.
    pub(super) async fn providers(&self) -> Result<BTreeMap<String, Provider>, Refusal> {
        let Some(plugin) = self.plugin(AI_PROXY, true).await? else { return Ok(BTreeMap::new()) };
        let release = self.switches.release();
        let found = entries_in(&plugin.body).filter_map(|entry| from_entry(entry, release));
        let mut providers: BTreeMap<String, Provider> =
            found.map(|provider| (provider.name.clone().unwrap_or_default(), provider)).collect();
        if providers.is_empty() {
            return Ok(providers);
        }
        let bridge = self.read::<McpBridge>(super::service_sources::BRIDGE).await?;
        for registry in bridge.iter().flat_map(|bridge| &bridge.body.registries) {
            let name = registry.name.strip_prefix("llm-").and_then(|name| name.strip_suffix(".internal"));
            if let Some(provider) = name.and_then(|name| providers.get_mut(name)) {
                provider.proxy_name.clone_from(&registry.proxy);
            }
        }
        Ok(providers)
    }

    /// The service behind a stored provider.
    pub(super) async fn provider_service(&self, name: &str) -> Result<Upstream, Refusal> {
        let provider = self.providers().await?.remove(name);
        let provider = provider.ok_or_else(|| Refusal::invalid(format!("Unknown provider: {name}")))?;
        let kind = provider.kind.as_deref().and_then(|kind| ProviderType::of(kind, self.switches.release()));
        let kind = kind.ok_or(Refusal::NullPointer)?;
        upstream_of(name, kind, &provider.raw_configs.unwrap_or_default())
    }

    /// `PUT`: the name in the URL wins, but the body must have one.
    pub(super) async fn put_provider(
        &self,
        name: &str,
        mut provider: Provider,
    ) -> Result<Option<Provider>, Refusal> {
        if jackson::empty(provider.name.as_deref()) {
            let message = "Provider name in the URL doesn't match the one in the body.";
            return Err(Refusal::NameMismatch(message.to_owned()));
        }
        provider.name = Some(name.to_owned());
        self.save_provider(provider).await
    }

    /// Stores a provider in five steps. A failure leaves the steps before it done.
    pub(super) async fn save_provider(&self, provider: Provider) -> Result<Option<Provider>, Refusal> {
        provider.validate()?;
        let release = self.switches.release();
        let name = provider.name.clone().unwrap_or_default();
        let type_name = provider.kind.clone().unwrap_or_default();
        let kind = ProviderType::of(&type_name, release)
            .ok_or_else(|| Refusal::invalid(format!("Provider type {type_name} is not supported")))?;
        let mut settings = provider.raw_configs.clone().unwrap_or_default();
        normalize(kind, &mut settings, release)?;
        let plugin = self.plugin(AI_PROXY, true).await?;
        let settings = provider.entry(settings)?;
        let source = source_of(&name, kind, &settings)?;
        let service = upstream_of(&name, kind, &settings)?.name.unwrap_or_default();
        let targets = target(Scope::Service, &service);
        check_binding(plugin.as_ref(), &targets, &name)?;

        for mut source in source.into_iter().chain((kind == ProviderType::Vertex).then(vertex_auth)) {
            source.proxy = provider.proxy_name.clone().filter(|proxy| !proxy.is_empty());
            self.upsert_source(source).await?;
        }
        let mut global = Instance::global(plugin.as_ref()).unwrap_or_else(|| Instance {
            targets: Targets::new(),
            config: Map::new(),
            enabled: true,
        });
        global.enabled = true;
        put_entry(&mut global.config, &name, settings);
        let mut config = Map::new();
        config.insert("activeProviderId".to_owned(), Value::String(name.clone()));
        let binding = Instance { targets, config, enabled: true };
        self.save_instances(AI_PROXY, true, vec![global, binding]).await?;
        if release == Release::V2_2_4 {
            self.delete_stale_bindings(&name, &service).await?;
        }
        if kind.syncs_routes() {
            self.save_routes_on(&name).await?;
        }
        Ok(self.providers().await?.remove(&name))
    }

    /// Rules that bind a service to a provider which has another service now.
    async fn delete_stale_bindings(&self, name: &str, service: &str) -> Result<(), Refusal> {
        let Some(plugin) = self.plugin(AI_PROXY, true).await? else { return Ok(()) };
        let stale = plugin.body.rules.iter().filter(|rule| {
            active_provider(&rule.config) == Some(name)
                && rule.targets.get(&Scope::Service).is_some_and(|s| s != service)
        });
        for rule in stale {
            self.delete_instance(AI_PROXY, true, &rule.targets).await?;
        }
        Ok(())
    }

    /// `DELETE`: nobody asks who uses the provider.
    pub(super) async fn delete_provider(&self, name: &str) -> Result<(), Refusal> {
        let release = self.switches.release();
        if release == Release::V2_2_1
            && self.read::<WasmPlugin>(&document_name(AI_PROXY, false)).await?.is_some()
        {
            return Ok(());
        }
        let plugin = self.plugin(AI_PROXY, true).await?;
        let Some(mut global) = Instance::global(plugin.as_ref()) else { return Ok(()) };
        let Some(providers) = global.config.get_mut("providers").and_then(Value::as_array_mut) else {
            return Ok(());
        };
        let is_it = |entry: &Value| entry.get("id").and_then(Value::as_str) == Some(name);
        let Some(position) = providers.iter().rposition(is_it) else { return Ok(()) };
        let Value::Object(deleted) = providers.remove(position) else { return Ok(()) };
        if providers.is_empty() && release == Release::V2_2_4 {
            global.enabled = false;
        }
        let kind = jackson::string_of(&deleted, "type").and_then(|kind| ProviderType::of(&kind, release));
        if let Some(kind) = kind {
            let service = upstream_of(name, kind, &deleted)?.name.unwrap_or_default();
            self.delete_instance(AI_PROXY, true, &target(Scope::Service, &service)).await?;
            if let Some(source) = source_of(name, kind, &deleted)? {
                self.delete_source(&source.name).await?;
            }
        }
        self.save_instances(AI_PROXY, true, vec![global]).await?;
        Ok(())
    }
}

/// A service belongs to one provider.
fn check_binding(plugin: Option<&Stored<WasmPlugin>>, targets: &Targets, name: &str) -> Result<(), Refusal> {
    let Some(bound) = Instance::bound(plugin, targets) else { return Ok(()) };
    match active_provider(&bound.config) {
        Some(owner) if owner == name => Ok(()),
        owner => Err(Refusal::Invalid(format!(
            "The service instance for provider {} is already existed. Cannot bind it to provider {name}",
            owner.unwrap_or("null")
        ))),
    }
}
