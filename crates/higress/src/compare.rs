//! Whether two JSON trees of the console mean the same. The console fills in defaults, turns integers into doubles and
//! drops `null`s, so what is read back is rarely letter for letter what was written.
use serde_json::{Map, Value, json};

/// What is stored now, next to what was there before a write and what it wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// As it was wanted.
    AllNew,
    /// As it was before.
    AllOld,
    /// Neither: somebody else's work.
    Foreign,
}

/// Members of `rawConfigs` that the console derives from typed fields on every write.
pub(crate) const MANAGED: &[&str] = &["id", "type", "apiTokens", "protocol", "failover", "retryOnFailure"];

/// True when both trees are the same provider.
pub(crate) fn same_provider(a: &Value, b: &Value) -> bool {
    equal(&plain_provider(a), &plain_provider(b))
}

/// True when both trees are the same AI route, whatever their `version`.
pub(crate) fn same_route(a: &Value, b: &Value) -> bool {
    equal(&plain_route(a), &plain_route(b))
}

/// A hash that is equal for trees that are the same provider.
pub(crate) fn provider_hash(provider: &Value) -> String {
    hash(&plain_provider(provider))
}

/// A hash that is equal for trees that are the same AI route.
pub(crate) fn route_hash(route: &Value) -> String {
    hash(&plain_route(route))
}

/// A hash that is equal for trees that are equal.
pub(crate) fn hash(plain: &Value) -> String {
    let mut text = String::new();
    canonical(plain, &mut text);
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Writes the tree so that equal ones give equal texts: members sorted, numbers as doubles.
fn canonical(value: &Value, to: &mut String) {
    match value {
        Value::Object(map) => {
            let sorted: std::collections::BTreeMap<_, _> = map.iter().collect();
            to.push('{');
            for (key, value) in sorted {
                to.push_str(&Value::from(key.as_str()).to_string());
                to.push(':');
                canonical(value, to);
                to.push(',');
            }
            to.push('}');
        }
        Value::Array(items) => {
            to.push('[');
            for item in items {
                canonical(item, to);
                to.push(',');
            }
            to.push(']');
        }
        Value::Number(number) => to.push_str(&number.as_f64().map_or(number.to_string(), |n| n.to_string())),
        other => to.push_str(&other.to_string()),
    }
}

fn plain_route(route: &Value) -> Value {
    let mut route = bare(route);
    let Some(map) = route.as_object_mut() else { return route };
    map.remove("version");
    default_to(map, "pathPredicate", json!({ "matchType": "PRE", "matchValue": "/", "caseSensitive": true }));
    let retry = json!({ "enabled": true, "attempts": 3, "timeout": 120, "conditions": ["error", "timeout", "non_idempotent"] });
    default_to(map, "proxyNextUpstream", retry);
    full_weight(map);
    if let Some(fallback) = map.get_mut("fallbackConfig").and_then(Value::as_object_mut) {
        default_to(fallback, "fallbackStrategy", json!("RAND"));
        full_weight(fallback);
    }
    route
}

/// A single upstream gets everything.
fn full_weight(config: &mut Map<String, Value>) {
    let upstreams = config.get_mut("upstreams").and_then(Value::as_array_mut);
    if let Some([Value::Object(only)]) = upstreams.map(Vec::as_mut_slice) {
        default_to(only, "weight", json!(100));
    }
}

fn plain_provider(provider: &Value) -> Value {
    let mut provider = bare(provider);
    let Some(map) = provider.as_object_mut() else { return provider };
    default_to(map, "protocol", json!("openai/v1"));
    if map.get("proxyName") == Some(&json!("")) {
        map.remove("proxyName");
    }
    if map.get("tokenFailoverConfig") == Some(&json!({ "enabled": false })) {
        map.remove("tokenFailoverConfig");
    }
    let kind = map.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    default_to(map, "rawConfigs", json!({}));
    if let Some(raw) = map.get_mut("rawConfigs").and_then(Value::as_object_mut) {
        MANAGED.iter().for_each(|key| drop(raw.remove(*key)));
        fill_type_defaults(&kind, raw);
    }
    provider
}

/// What the console adds to the settings of a type by itself.
fn fill_type_defaults(kind: &str, raw: &mut Map<String, Value>) {
    match kind {
        "qwen" => {
            default_to(raw, "qwenEnableSearch", json!(false));
            default_to(raw, "qwenEnableCompatible", json!(true));
        }
        "zhipuai" => default_to(raw, "zhipuCodePlanMode", json!(true)),
        "claude" => ["claudeVersion", "providerDomain", "providerBasePath"]
            .iter()
            .for_each(|key| drop(raw.remove(*key))),
        "ollama" => {
            let port =
                raw.get("ollamaServerPort").and_then(Value::as_str).and_then(|p| p.parse::<u16>().ok());
            if let Some(port) = port {
                raw.insert("ollamaServerPort".into(), json!(port));
            }
        }
        "vertex" => {
            drop(raw.remove("vertexAuthServiceName"));
            if let Some(region) = raw.get("vertexRegion").and_then(Value::as_str).map(str::to_lowercase) {
                raw.insert("vertexRegion".into(), json!(region));
            }
        }
        _ => {}
    }
}

fn default_to(map: &mut Map<String, Value>, key: &str, value: Value) {
    map.entry(key).or_insert(value);
}

/// The tree without members that are null, empty lists or empty objects: the console treats them as absent.
pub(crate) fn bare(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let members = map.iter().map(|(key, value)| (key.clone(), bare(value)));
            Value::Object(members.filter(|(_, value)| !is_nothing(value)).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(bare).collect()),
        other => other.clone(),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// Equality that takes `1` and `1.0` for the same.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(a, b)| equal(a, b)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, a)| y.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_read_back_is_the_one_written() {
        let wrote = json!({ "name": "p", "type": "qwen", "tokens": ["sk"], "tokenFailoverConfig": { "enabled": false },
            "rawConfigs": { "firstByteTimeout": 1, "x": null } });
        let read = json!({ "name": "p", "type": "qwen", "protocol": "openai/v1", "proxyName": null, "tokens": ["sk"],
            "tokenFailoverConfig": { "enabled": false, "failureThreshold": null },
            "rawConfigs": { "id": "p", "type": "qwen", "apiTokens": ["sk"], "failover": { "enabled": false },
                "qwenEnableSearch": false, "qwenEnableCompatible": true, "firstByteTimeout": 1.0 } });
        assert!(same_provider(&wrote, &read));
    }

    #[test]
    fn what_matters_is_noticed() {
        let one = json!({ "name": "p", "type": "openai", "tokens": ["a"], "rawConfigs": { "openaiCustomUrl": "https://a.example.com" } });
        for (pointer, value) in [
            ("/tokens", json!(["b"])),
            ("/tokens", json!(null)),
            ("/protocol", json!("original")),
            ("/rawConfigs/openaiCustomUrl", json!("https://b.example.com")),
            ("/rawConfigs/hiclawMode", json!(true)),
            ("/tokenFailoverConfig", json!({ "enabled": true })),
        ] {
            let mut other = one.clone();
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            other.pointer_mut(parent).unwrap()[key] = value;
            assert!(!same_provider(&one, &other), "{pointer}");
        }
        let route = json!({ "name": "r", "version": "1", "authConfig": { "enabled": true, "allowedConsumers": ["a"] } });
        let open = json!({ "name": "r", "version": "1" });
        let newer = json!({ "name": "r", "version": "2", "authConfig": { "enabled": true, "allowedConsumers": ["a"] }, "cors": null });
        assert!(!same_route(&route, &open));
        assert!(same_route(&route, &newer));
    }

    #[test]
    fn hashes_are_equal_where_the_trees_are() {
        let wrote = json!({ "name": "r", "version": "1", "upstreams": [{ "provider": "p" }], "x": { "b": 1, "a": "\"" } });
        let read = json!({ "version": "2", "x": { "a": "\"", "b": 1.0 }, "upstreams": [{ "provider": "p", "weight": 100 }], "name": "r" });
        assert!(same_route(&wrote, &read));
        assert_eq!(route_hash(&wrote), route_hash(&read));
        let other = json!({ "name": "r", "version": "1", "upstreams": [{ "provider": "q" }], "x": { "b": 1, "a": "\"" } });
        assert_ne!(route_hash(&wrote), route_hash(&other));
        assert_ne!(provider_hash(&json!({ "tokens": ["a"] })), provider_hash(&json!({ "tokens": ["b"] })));
    }

    /// What a real console made of what was written to it.
    #[test]
    fn recorded_writes_read_back_as_written() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../sandbox/tests/recordings/higress");
        let mut compared = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let scenario: Value = serde_json::from_str(&text).unwrap();
            for step in scenario["steps"].as_array().unwrap() {
                let (request, response) = (&step["request"], &step["response"]);
                let path = request["path"].as_str().unwrap();
                let body = &request["json"];
                let stored = matches!(response["status"].as_u64(), Some(200 | 201));
                let created = request["method"] == "POST" && body["name"].is_string();
                if !stored || !created || body.get("$merge").is_some() {
                    continue;
                }
                // Not what we send: a weight as a text, which the console turns into a number.
                if body["upstreams"][0]["weight"].is_string() {
                    continue;
                }
                let same = match path {
                    "/v1/ai/providers" => same_provider(&known_members(body), &response["json"]),
                    "/v1/ai/routes" => same_route(body, &response["json"]),
                    _ => continue,
                };
                assert!(same, "{path} {body}\n{}", response["json"]);
                compared += 1;
            }
        }
        assert_eq!(compared, 54, "all successful creations of the recordings, but for one");
    }

    /// The console drops members that it does not know.
    fn known_members(provider: &Value) -> Value {
        let mut provider = provider.clone();
        let known = ["name", "type", "protocol", "proxyName", "tokens", "tokenFailoverConfig", "rawConfigs"];
        provider.as_object_mut().unwrap().retain(|key, _| known.contains(&key.as_str()));
        provider
    }
}
