//! openclaw.json as an agent reads it: what it refuses, what it takes from it, and how a worker merges the copy in the
//! store into its own.
use serde_json::{Map, Value};

/// Top-level keys of OpenClaw's schema. It is strict: one unknown key and the whole file is refused.
const DOCUMENT: &[&str] = &[
    "$schema",
    "acp",
    "agents",
    "approvals",
    "audio",
    "auth",
    "bindings",
    "broadcast",
    "browser",
    "canvasHost",
    "channels",
    "cli",
    "commands",
    "cron",
    "diagnostics",
    "discovery",
    "env",
    "gateway",
    "hooks",
    "logging",
    "mcp",
    "media",
    "memory",
    "messages",
    "meta",
    "models",
    "nodeHost",
    "plugins",
    "secrets",
    "session",
    "skills",
    "talk",
    "tools",
    "ui",
    "update",
    "web",
    "wizard",
];
const DEFAULTS: &[&str] = &[
    "blockStreamingBreak",
    "blockStreamingChunk",
    "blockStreamingCoalesce",
    "blockStreamingDefault",
    "bootstrapMaxChars",
    "cliBackends",
    "compaction",
    "contextPruning",
    "contextTokens",
    "elevatedDefault",
    "embeddedPi",
    "envelopeTimezone",
    "heartbeat",
    "humanDelay",
    "imageMaxDimensionPx",
    "imageModel",
    "maxConcurrent",
    "mediaMaxMb",
    "memorySearch",
    "model",
    "models",
    "pdfModel",
    "repoRoot",
    "sandbox",
    "skills",
    "skipBootstrap",
    "subagents",
    "thinkingDefault",
    "timeFormat",
    "timeoutSeconds",
    "typingIntervalSeconds",
    "typingMode",
    "userTimezone",
    "verboseDefault",
    "workspace",
];
/// Keys of `agents.defaults` that only QwenPaw takes.
const QWENPAW: &[&str] = &["supports_image", "supports_multimodal"];
const PROVIDER: &[&str] = &["api", "apiKey", "auth", "authHeader", "baseUrl", "headers", "models", "request"];
const MODEL: &[&str] = &[
    "api",
    "compat",
    "contextTokens",
    "contextWindow",
    "cost",
    "headers",
    "id",
    "input",
    "maxTokens",
    "name",
    "reasoning",
];

/// A config that OpenClaw accepts.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentConfig {
    tree: Value,
    primary: String,
}

/// Where and as whom an agent asks its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// With `/v1`.
    pub base_url: String,
    pub api_key: String,
    pub model: String,
}

impl AgentConfig {
    /// Reads a file's bytes. The error is the sentence that OpenClaw would log.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let tree = serde_json::from_slice(bytes).map_err(|error| format!("not JSON: {error}"))?;
        Self::from_tree(tree)
    }

    /// Reads the file of a Manager that runs QwenPaw: it has two words of its own beside OpenClaw's.
    pub fn parse_qwenpaw(bytes: &[u8]) -> Result<Self, String> {
        let mut tree: Value = serde_json::from_slice(bytes).map_err(|error| format!("not JSON: {error}"))?;
        if let Some(defaults) = tree.pointer_mut("/agents/defaults").and_then(Value::as_object_mut) {
            defaults.retain(|name, _| !QWENPAW.contains(&name.as_str()));
        }
        Self::from_tree(tree)
    }

    /// Checks a tree.
    pub fn from_tree(tree: Value) -> Result<Self, String> {
        known(&tree, DOCUMENT, "")?;
        if let Some(defaults) = tree.pointer("/agents/defaults") {
            known(defaults, DEFAULTS, "agents.defaults.")?;
        }
        for (name, provider) in object(tree.pointer("/models/providers"), "models.providers")? {
            let path = format!("models.providers.{name}.");
            known(provider, PROVIDER, &path)?;
            for model in provider["models"].as_array().ok_or(format!("{path}models: expected array"))? {
                known(model, MODEL, &format!("{path}models."))?;
                text(model.get("id"), &format!("{path}models.id"))?;
            }
        }
        let model = tree.pointer("/agents/defaults/model");
        let primary = model.map(|model| model.get("primary").unwrap_or(model));
        let primary = text(primary, "agents.defaults.model.primary")?.to_owned();
        Ok(Self { tree, primary })
    }

    /// `agents.defaults.model.primary`: `hiclaw-gateway/qwen3.5-plus`.
    pub fn primary(&self) -> &str {
        &self.primary
    }

    /// The model's id: what follows the first slash of the primary.
    pub fn model(&self) -> &str {
        self.primary.split_once('/').map_or(self.primary.as_str(), |(_, model)| model)
    }

    /// The whole document.
    pub fn tree(&self) -> &Value {
        &self.tree
    }

    /// How to ask the primary model. OpenClaw accepts a primary that nothing lists and fails only here.
    pub fn call(&self) -> Result<Call, String> {
        let unknown = || format!("Unknown model: {}", self.primary);
        let (provider, model) = self.primary.split_once('/').ok_or_else(unknown)?;
        let provider = self.tree["models"]["providers"].get(provider).ok_or_else(unknown)?;
        let listed = provider["models"].as_array().is_some_and(|all| all.iter().any(|m| m["id"] == model));
        let allowed = match self.tree.pointer("/agents/defaults/models").and_then(Value::as_object) {
            Some(allowed) if !allowed.is_empty() => allowed.contains_key(&self.primary),
            _ => true,
        };
        if !listed || !allowed {
            return Err(unknown());
        }
        Ok(Call {
            base_url: text(provider.get("baseUrl"), "baseUrl")?.trim_end_matches('/').to_owned(),
            api_key: text(provider.get("apiKey"), "apiKey")?.to_owned(),
            model: model.to_owned(),
        })
    }
}

fn object<'a>(value: Option<&'a Value>, path: &str) -> Result<&'a Map<String, Value>, String> {
    value.and_then(Value::as_object).ok_or_else(|| format!("{path}: expected object"))
}

fn text<'a>(value: Option<&'a Value>, path: &str) -> Result<&'a str, String> {
    value
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| format!("{path}: expected string"))
}

fn known(value: &Value, keys: &[&str], path: &str) -> Result<(), String> {
    let place = if path.is_empty() { "the document" } else { path.trim_end_matches('.') };
    match object(Some(value), place)?.keys().find(|key| !keys.contains(&key.as_str())) {
        Some(key) => Err(format!("{path}{key}: unrecognized key")),
        None => Ok(()),
    }
}

/// Which side of a worker's merge counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Merge {
    /// HiClaw v1.0.9 and v1.1.0: the store's copy is the base, so a new primary arrives.
    #[default]
    RemoteFirst,
    /// After v1.1.0: only `models`, `gateway`, `channels` and `plugins` come from the store; a new primary does not.
    LocalFirst,
}

/// What a running worker's own file becomes after a pull.
pub fn merged(local: &Value, remote: &Value, rule: Merge) -> Value {
    let mut result = match rule {
        Merge::RemoteFirst => remote.clone(),
        Merge::LocalFirst => local.clone(),
    };
    if rule == Merge::LocalFirst {
        for key in ["models", "gateway"] {
            if let Some(value) = remote.get(key) {
                result[key] = value.clone();
            }
        }
    }
    result["channels"] = deep(local.get("channels"), remote.get("channels"));
    // The worker signs in to Matrix afresh at each start, so its token is newer than the store's.
    if let Some(token) = local.pointer("/channels/matrix/accessToken") {
        result["channels"]["matrix"]["accessToken"] = token.clone();
    }
    result["plugins"] = plugins(local.get("plugins"), remote.get("plugins"));
    result
}

/// Objects are united, the right side wins.
fn deep(left: Option<&Value>, right: Option<&Value>) -> Value {
    match (left, right) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let mut both = left.clone();
            for (key, value) in right {
                both.insert(key.clone(), deep(left.get(key), Some(value)));
            }
            Value::Object(both)
        }
        (left, right) => right.or(left).cloned().unwrap_or_else(|| Value::Object(Map::new())),
    }
}

/// Entries are united and the worker's own win; load paths are united.
fn plugins(local: Option<&Value>, remote: Option<&Value>) -> Value {
    let mut result = deep(local, remote);
    let side = |side: Option<&Value>, path| side.and_then(|plugins| plugins.pointer(path)).cloned();
    let (mine, theirs) = (side(local, "/entries"), side(remote, "/entries"));
    if mine.is_some() || theirs.is_some() {
        result["entries"] = deep(theirs.as_ref(), mine.as_ref());
    }
    let list = |plugins| {
        side(plugins, "/load/paths").and_then(|paths| paths.as_array().cloned()).unwrap_or_default()
    };
    let mut paths = list(remote);
    for path in list(local) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    if !paths.is_empty() {
        result["load"]["paths"] = Value::Array(paths);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config(model: &str) -> Value {
        json!({
            "channels": {"matrix": {"enabled": true, "accessToken": format!("token of {model}")}},
            "models": {"mode": "merge", "providers": {"gw": {"baseUrl": "http://gw/v1/", "apiKey": "k", "models": [{"id": model}]}}},
            "agents": {"defaults": {"model": {"primary": format!("gw/{model}")}, "models": {format!("gw/{model}"): {}}}},
            "plugins": {"load": {"paths": ["/a"]}, "entries": {"matrix": {"enabled": true}}},
        })
    }

    #[test]
    fn a_good_config_says_whom_to_ask() {
        let config = AgentConfig::from_tree(config("openai/gpt-4o")).unwrap();
        assert_eq!(config.model(), "openai/gpt-4o");
        let call =
            Call { base_url: "http://gw/v1".into(), api_key: "k".into(), model: "openai/gpt-4o".into() };
        assert_eq!(config.call().unwrap(), call);
    }

    #[test]
    fn one_unknown_key_anywhere_refuses_the_file() {
        for (path, key) in [("", "bogus"), ("/agents/defaults", "bogus"), ("/models/providers/gw", "key")] {
            let mut tree = config("m");
            tree.pointer_mut(path).unwrap()[key] = json!(1);
            let error = AgentConfig::from_tree(tree).unwrap_err();
            assert!(error.ends_with("unrecognized key") && error.contains(key), "{error}");
        }
        let mut tree = config("m");
        tree["agents"]["defaults"]["model"] = json!({"primary": 1});
        assert!(AgentConfig::from_tree(tree).is_err());
        assert!(AgentConfig::parse(b"{").is_err());
    }

    #[test]
    fn a_primary_that_nothing_lists_fails_only_when_asked() {
        let mut tree = config("m");
        tree["agents"]["defaults"]["model"]["primary"] = json!("gw/other");
        let accepted = AgentConfig::from_tree(tree).unwrap();
        assert_eq!(accepted.call().unwrap_err(), "Unknown model: gw/other");
        let mut tree = config("m");
        tree["agents"]["defaults"]["models"] = json!({"gw/other": {}});
        assert!(AgentConfig::from_tree(tree).unwrap().call().is_err(), "the alias map is an allow-list");
    }

    #[test]
    fn a_pull_brings_the_primary_only_when_the_remote_side_is_the_base() {
        let (mut local, remote) = (config("old"), config("new"));
        local["tools"] = json!({"mine": true});
        local["plugins"] =
            json!({"load": {"paths": ["/b"]}, "entries": {"matrix": {"enabled": false}, "mine": {}}});

        let result = merged(&local, &remote, Merge::RemoteFirst);
        assert_eq!(result["agents"], remote["agents"]);
        assert_eq!(result["channels"]["matrix"]["accessToken"], "token of old");
        assert_eq!(result["plugins"]["load"]["paths"], json!(["/a", "/b"]));
        assert_eq!(result["plugins"]["entries"], json!({"matrix": {"enabled": false}, "mine": {}}));
        assert_eq!(result.get("tools"), None);

        let result = merged(&local, &remote, Merge::LocalFirst);
        assert_eq!(result["agents"], local["agents"]);
        assert_eq!(result["models"], remote["models"]);
        assert_eq!(result["tools"], local["tools"]);
    }
}
