//! Plugin configurations: one document per plugin, of which a write reads the whole, changes one entry and writes the
//! whole back.
use serde_json::{Map, Value};

use super::apiserver::{Api, Stored};
use super::documents::{Rule, Scope, Targets, WasmPlugin};
use super::jackson;
use super::refusal::Refusal;

pub(super) const AI_PROXY: &str = "ai-proxy";
pub(super) const KEY_AUTH: &str = "key-auth";
pub(super) const MODEL_MAPPER: &str = "model-mapper";
pub(super) const MODEL_ROUTER: &str = "model-router";
pub(super) const AI_STATISTICS: &str = "ai-statistics";

/// The plugins that the console comes with.
const BUILT_IN: [&str; 51] = [
    "ai-agent",
    "ai-cache",
    "ai-data-masking",
    "ai-endpoint-picker",
    "ai-history",
    "ai-intent",
    "ai-json-resp",
    "ai-load-balancer",
    "ai-prompt-decorator",
    "ai-prompt-template",
    "ai-proxy",
    "ai-quota",
    "ai-rag",
    "ai-search",
    "ai-security-guard",
    "ai-statistics",
    "ai-token-ratelimit",
    "ai-transformer",
    "basic-auth",
    "bot-detect",
    "cache-control",
    "cluster-key-rate-limit",
    "cors",
    "csp",
    "custom-response",
    "de-graphql",
    "ext-auth",
    "frontend-gray",
    "geo-ip",
    "gw-error-format",
    "hmac-auth",
    "hmac-auth-apisix",
    "http-call",
    "ip-restriction",
    "json-converter",
    "jwt-auth",
    "key-auth",
    "key-rate-limit",
    "log-request-response",
    "mcp-router",
    "mcp-server",
    "model-mapper",
    "model-router",
    "oauth",
    "oidc",
    "opa",
    "replay-protection",
    "request-block",
    "request-validation",
    "traffic-tag",
    "transformer",
];

pub(super) fn is_built_in(plugin: &str) -> bool {
    BUILT_IN.contains(&plugin)
}

fn is_ai(plugin: &str) -> bool {
    plugin.starts_with("ai-") || plugin.starts_with("model-")
}

/// The version that the console of this release sets for a plugin.
fn version_of(plugin: &str) -> &'static str {
    if is_ai(plugin) { "2.0.1" } else { "1.0.0" }
}

pub(super) fn document_name(plugin: &str, internal: bool) -> String {
    if internal { format!("{plugin}.internal") } else { format!("{plugin}-{}", version_of(plugin)) }
}

pub(super) fn target(scope: Scope, name: &str) -> Targets {
    Targets::from([(scope, name.to_owned())])
}

/// An entry of a plugin's document.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    /// Empty: the whole gateway.
    pub(super) targets: Targets,
    pub(super) config: Map<String, Value>,
    pub(super) enabled: bool,
}

impl Instance {
    /// The entry for the whole gateway, from a document or new.
    pub(super) fn global(plugin: Option<&Stored<WasmPlugin>>) -> Option<Self> {
        let plugin = &plugin?.body;
        let config = plugin.config.clone()?;
        Some(Self { targets: Targets::new(), config, enabled: !plugin.disabled })
    }

    /// The entry for a target.
    pub(super) fn bound(plugin: Option<&Stored<WasmPlugin>>, targets: &Targets) -> Option<Self> {
        let rule = plugin?.body.rules.iter().find(|rule| rule.targets == *targets)?;
        Some(Self { targets: targets.clone(), config: rule.config.clone(), enabled: !rule.disabled })
    }

    fn put_into(self, plugin: &mut WasmPlugin) {
        let config = jackson::stored(self.config);
        if self.targets.is_empty() {
            plugin.config = Some(config);
            plugin.disabled = !self.enabled;
            return;
        }
        let rule = Rule { targets: self.targets, config, disabled: !self.enabled };
        match plugin.rules.iter_mut().find(|old| old.targets == rule.targets) {
            Some(old) => *old = rule,
            None => plugin.rules.push(rule),
        }
    }
}

impl Api {
    /// A plugin's document as it is now.
    pub(super) async fn plugin(
        &self,
        plugin: &str,
        internal: bool,
    ) -> Result<Option<Stored<WasmPlugin>>, Refusal> {
        Ok(self.read(&document_name(plugin, internal)).await?)
    }

    /// Writes entries into a plugin's document, which is read for it once more: whatever the entries were made from may
    /// have changed since.
    pub(super) async fn save_instances(
        &self,
        plugin: &str,
        internal: bool,
        instances: Vec<Instance>,
    ) -> Result<Stored<WasmPlugin>, Refusal> {
        let name = document_name(plugin, internal);
        let stored = self.read::<WasmPlugin>(&name).await?;
        if self.switches.image_conflict() && is_ai(plugin) {
            return Err(Refusal::Conflict);
        }
        let version = stored.as_ref().map(Stored::version);
        let mut body = stored.map_or_else(
            || WasmPlugin {
                plugin: plugin.to_owned(),
                version: version_of(plugin).to_owned(),
                internal,
                config: None,
                disabled: true,
                rules: Vec::new(),
            },
            |stored| stored.body,
        );
        for instance in instances {
            instance.put_into(&mut body);
        }
        let written = match version {
            None => self.create(&name, body).await,
            Some(version) => self.replace(&name, Some(&version), body).await,
        };
        written.map_err(super::refusal::ApiError::on_write)
    }

    /// Deletes the entry for exactly these targets (empty: the whole gateway).
    pub(super) async fn delete_instance(
        &self,
        plugin: &str,
        internal: bool,
        targets: &Targets,
    ) -> Result<(), Refusal> {
        let name = document_name(plugin, internal);
        let Some(stored) = self.read::<WasmPlugin>(&name).await? else { return Ok(()) };
        let mut body = stored.body.clone();
        if targets.is_empty() {
            body.config = None;
            body.disabled = true;
        } else {
            body.rules.retain(|rule| rule.targets != *targets);
        }
        if body != stored.body {
            self.replace(&name, Some(&stored.version()), body).await?;
        }
        Ok(())
    }

    /// Deletes every plugin's entries that name this target.
    pub(super) async fn delete_instances_of(&self, scope: Scope, target: &str) -> Result<(), Refusal> {
        for (name, stored) in self.list::<WasmPlugin>().await? {
            let mut body = stored.body.clone();
            body.rules.retain(|rule| rule.targets.get(&scope).is_none_or(|name| name != target));
            if body != stored.body {
                self.replace(&name, Some(&stored.version()), body).await?;
            }
        }
        Ok(())
    }
}
