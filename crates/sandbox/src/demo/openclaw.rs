//! openclaw.json as HiClaw v1.0.9 generates it from its two templates.
use super::secret::{gateway_key, matrix_token, secret};
use serde_json::{Map, Value, json};

/// The Matrix domain that the installer chooses.
pub(super) const MATRIX_DOMAIN: &str = "matrix-local.hiclaw.io:18080";
/// What agents call; the sandbox's agents know that it stands for its gateway.
const GATEWAY: &str = "http://aigw-local.hiclaw.io:8080/v1";
/// Known to HiClaw only since AgentTeams 1.2.
const TOO_NEW: &str = "qwen3.6-plus";

/// The Manager's file, from `manager-openclaw.json.tmpl`.
pub(super) fn manager(model: &str) -> Value {
    let key = gateway_key("manager");
    json!({
        "gateway": {"mode": "local", "port": 18799, "bind": "lan", "auth": {"token": key}, "remote": {"token": key},
            "controlUi": {"dangerouslyDisableDeviceAuth": true, "allowInsecureAuth": true, "allowedOrigins": ["*"]}},
        "channels": {"matrix": {
            "enabled": true, "homeserver": "http://127.0.0.1:6167", "userId": user("manager"),
            "accessToken": matrix_token("manager"), "encryption": false,
            "network": {"dangerouslyAllowPrivateNetwork": true}, "autoJoin": "always",
            "dm": {"policy": "allowlist", "allowFrom": [user("admin")]},
            "groupPolicy": "allowlist", "groupAllowFrom": [user("admin")],
            "groups": {"*": {"allow": true, "requireMention": true}}, "streaming": "partial", "blockStreaming": true}},
        "models": models(&key),
        "agents": {"defaults": {
            "timeoutSeconds": 1800, "workspace": "~", "model": {"primary": primary(model)}, "models": aliases(),
            "maxConcurrent": 8, "subagents": {"maxConcurrent": 16}, "elevatedDefault": "full",
            "heartbeat": {"every": "1h", "prompt": "Read ~/HEARTBEAT.md and do what it says is due."}}},
        "tools": tools(),
        "session": {"dmScope": "per-channel-peer", "resetByType": resets()},
        "plugins": {"load": {"paths": ["/opt/openclaw/extensions/matrix"]}, "entries": {"matrix": {"enabled": true}}},
        "commands": {"restart": true},
        "meta": meta(),
    })
}

/// A worker's file in the store, from `worker-openclaw.json.tmpl`.
pub(super) fn worker(name: &str, model: &str) -> Value {
    let token = secret("openclaw-token", name);
    json!({
        "gateway": {"mode": "local", "port": 18799, "auth": {"token": token}, "remote": {"token": token}},
        "channels": {"matrix": {
            "enabled": true, "homeserver": "http://matrix-local.hiclaw.io:8080", "accessToken": matrix_token(name),
            "encryption": false,
            "dm": {"policy": "allowlist", "allowFrom": [user("manager"), user("admin")]},
            "groupPolicy": "allowlist", "groupAllowFrom": [user("manager"), user("admin")],
            "groups": {"*": {"allow": true, "requireMention": true}}, "streaming": "partial", "blockStreaming": true}},
        "models": models(&gateway_key(name)),
        "agents": {"defaults": {
            "timeoutSeconds": 1800, "workspace": "~", "model": {"primary": primary(model)}, "models": aliases(),
            "maxConcurrent": 4, "subagents": {"maxConcurrent": 8}, "elevatedDefault": "full"}},
        "tools": tools(),
        "session": {"resetByType": resets()},
        "plugins": {"load": {"paths": ["/opt/openclaw/extensions/matrix"]}, "entries": {
            "matrix": {"enabled": true},
            "memory-core": {"enabled": true, "config": {"dreaming": {"enabled": true}}}}},
    })
}

fn user(name: &str) -> String {
    format!("@{name}:{MATRIX_DOMAIN}")
}

fn primary(model: &str) -> String {
    format!("hiclaw-gateway/{model}")
}

fn known() -> impl Iterator<Item = (&'static str, domain::Limits)> {
    domain::known_models().filter(|(id, _)| *id != TOO_NEW)
}

fn models(key: &str) -> Value {
    let entry = |(id, limits): (&str, domain::Limits)| {
        let input = if limits.vision { json!(["text", "image"]) } else { json!(["text"]) };
        json!({"id": id, "name": id, "reasoning": limits.reasoning, "contextWindow": limits.context_window,
            "maxTokens": limits.max_tokens, "input": input})
    };
    let listed: Vec<Value> = known().map(entry).collect();
    json!({"mode": "merge", "providers": {"hiclaw-gateway": {
        "baseUrl": GATEWAY, "apiKey": key, "api": "openai-completions", "models": listed}}})
}

fn aliases() -> Map<String, Value> {
    known().map(|(id, _)| (primary(id), json!({"alias": id}))).collect()
}

fn tools() -> Value {
    json!({"exec": {"host": "gateway", "security": "full", "ask": "off"},
        "elevated": {"enabled": true, "allowFrom": {"matrix": ["*"]}}})
}

fn resets() -> Value {
    let daily = json!({"mode": "daily", "atHour": 4});
    json!({"dm": daily, "group": daily})
}

/// What a running OpenClaw stamps into its own file; the templates have none.
fn meta() -> Value {
    json!({"lastTouchedVersion": "2026.3.8", "lastTouchedAt": "2026-01-15T08:00:00.000Z"})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::AgentConfig;

    #[test]
    fn both_templates_are_configs_that_openclaw_accepts() {
        for (tree, model, agent) in [
            (manager("qwen3.5-plus"), "qwen3.5-plus", "manager"),
            (worker("bob", "kimi-k2.5"), "kimi-k2.5", "bob"),
        ] {
            let call = AgentConfig::from_tree(tree).unwrap().call().unwrap();
            assert_eq!((call.model.as_str(), call.api_key), (model, gateway_key(agent)));
        }
    }
}
