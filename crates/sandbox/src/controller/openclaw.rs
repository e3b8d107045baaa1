//! `openclaw.json` as the controller generates it.
use domain::Limits;
use serde_json::{Map, Value, json};

use super::generation::Ways;

/// Known where it is the default.
const NEWEST: &str = "qwen3.6-plus";

/// Whose config it is, and what is in it.
pub(super) struct Agent<'a> {
    /// The Matrix user's name.
    pub(super) user: &'a str,
    pub(super) model: &'a str,
    pub(super) key: &'a str,
    pub(super) matrix_token: &'a str,
    /// What it calls, without `/v1`.
    pub(super) gateway: &'a str,
    /// The interval of a leader's heartbeat.
    pub(super) heartbeat: Option<&'a str>,
    /// Matrix users beside the Manager and the admin who may speak to it in groups.
    pub(super) friends: &'a [String],
    /// A Manager of the QwenPaw runtime, which reads two keys more.
    pub(super) qwenpaw: bool,
}

/// The whole config. `before`: what is stored, of which a little may stay.
pub(super) fn config(
    ways: &Ways,
    agent: &Agent<'_>,
    embedding: Option<&str>,
    before: Option<&Value>,
) -> Value {
    let key = agent.key;
    let base = format!("{}/v1", agent.gateway);
    let model = ways.bare(agent.model);
    let mut defaults = json!({
        "maxConcurrent": 4, "subagents": {"maxConcurrent": 8}, "timeoutSeconds": 1800, "workspace": "~",
        "model": {"primary": primary(ways, model)}, "models": aliases(ways, model),
    });
    if let Some(embedding) = embedding {
        defaults["memorySearch"] =
            json!({"provider": "openai", "model": embedding, "remote": {"baseUrl": base, "apiKey": key}});
    }
    if let Some(every) = agent.heartbeat {
        defaults["heartbeat"] = json!({"enabled": true, "every": every});
    }
    if agent.qwenpaw {
        defaults["supports_image"] = json!(true);
        defaults["supports_multimodal"] = json!(true);
    }
    let daily = json!({"mode": "daily", "atHour": 4});
    json!({
        "gateway": {"mode": "local", "port": 18799, "bind": "lan", "auth": {"token": key}, "remote": {"token": key},
            "controlUi": {"dangerouslyDisableDeviceAuth": true, "allowInsecureAuth": true, "allowedOrigins": ["*"]}},
        "channels": {"matrix": matrix(ways, agent)},
        "models": {"mode": "merge", "providers": {ways.provider(): {
            "baseUrl": base, "apiKey": key, "api": "openai-completions", "models": models(ways, model)}}},
        "agents": {"defaults": defaults},
        "session": {"resetByType": {"dm": daily, "group": daily}},
        "plugins": plugins(ways, before),
    })
}

fn matrix(ways: &Ways, agent: &Agent<'_>) -> Value {
    let trusted = [ways.matrix_user("manager"), ways.matrix_user("admin")];
    let mut groups: Vec<&String> = trusted.iter().collect();
    groups.extend(agent.friends);
    let mut matrix = json!({
        "enabled": true, "homeserver": format!("http://{}-controller:6167", ways.prefix),
        "userId": ways.matrix_user(agent.user), "accessToken": agent.matrix_token, "encryption": false,
        "network": {"dangerouslyAllowPrivateNetwork": true}, "autoJoin": "always",
        "dm": {"policy": "allowlist", "allowFrom": trusted},
        "groupPolicy": "allowlist", "groupAllowFrom": groups,
        "groups": {"*": {"allow": true, "requireMention": true}},
    });
    if ways.dreams {
        matrix["streaming"] = json!("partial");
        matrix["blockStreaming"] = json!(true);
    }
    matrix
}

fn plugins(ways: &Ways, before: Option<&Value>) -> Value {
    let mut entries = Map::from_iter([("matrix".to_owned(), json!({"enabled": true}))]);
    if ways.dreams {
        let dreaming = json!({"enabled": true, "config": {"dreaming": {"enabled": true}}});
        entries.insert("memory-core".to_owned(), dreaming);
    }
    if ways.keeps_plugins {
        let own = before.and_then(|before| before["plugins"]["entries"].as_object());
        for (name, entry) in own.into_iter().flatten() {
            entries.entry(name.clone()).or_insert_with(|| entry.clone());
        }
    }
    json!({"load": {"paths": ["/opt/openclaw/extensions/matrix"]}, "entries": entries})
}

fn primary(ways: &Ways, model: &str) -> String {
    format!("{}/{model}", ways.provider())
}

/// The models that the generator knows, in its order.
fn known(ways: &Ways) -> Vec<(&'static str, Limits)> {
    let (mut known, newest): (Vec<_>, Vec<_>) = domain::known_models().partition(|(id, _)| *id != NEWEST);
    // The generator has no entry of its own for this one.
    for (id, limits) in &mut known {
        if *id == "gpt-5.4" {
            *limits = Limits::UNKNOWN;
        }
    }
    if ways.default_model == NEWEST {
        let place = known.iter().position(|(id, _)| *id == "qwen3.5-plus").unwrap_or_default();
        known.splice(place..place, newest);
    }
    known
}

fn models(ways: &Ways, model: &str) -> Vec<Value> {
    let known = known(ways);
    let entry = |id: &str, limits: Limits| {
        let input = if limits.vision { json!(["text", "image"]) } else { json!(["text"]) };
        json!({"id": id, "name": id, "reasoning": limits.reasoning, "contextWindow": limits.context_window,
            "maxTokens": limits.max_tokens, "input": input})
    };
    let listed = known.iter().any(|(id, _)| *id == model);
    let mut models: Vec<Value> = known.into_iter().map(|(id, limits)| entry(id, limits)).collect();
    if !listed {
        models.push(entry(model, Limits::UNKNOWN));
    }
    models
}

fn aliases(ways: &Ways, model: &str) -> Map<String, Value> {
    let known = known(ways);
    let ids = known.iter().map(|(id, _)| *id).chain([model]);
    ids.map(|id| (primary(ways, id), json!({"alias": id}))).collect()
}
