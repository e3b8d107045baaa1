//! Secrets in what is backed up and restored.
use crate::support::{JSON, World};
use serde_json::{Value, json};

/// A token, a setting and a consumer's key of the former plugin, a word of its own, a part of it that cannot be read, and a
/// key that is typed for a restore.
pub const SECRETS: [&str; 6] = [
    "sk-canary-former+6/&=\"",
    "canary-aws-secret+7/&=\"",
    "canary-of-a-consumer+8/&=\"",
    "canary-of-the-plugin+9/&=\"",
    "sk-canary-not-read+10/&=\"",
    "sk-canary-restored+11/&=\"",
];

/// Calls with a body, and what was answered.
struct Calls<'a> {
    world: &'a World,
    signed: (&'a str, &'a str),
    surfaces: Vec<(String, String)>,
}

impl Calls<'_> {
    async fn send(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let (path, body) = (format!("/ni_status{path}"), body.to_string());
        let length = body.len().to_string();
        let headers = [self.signed, JSON, ("content-length", &length)];
        let answer = self.world.call(method, &path, &headers, body).await;
        self.surfaces.push((format!("{method} {path}"), format!("{:?}{}", answer.headers, answer.text)));
        (answer.status.as_u16(), serde_json::from_str(&answer.text).unwrap_or_default())
    }
}

/// The former plugin's clear text, backups that leave and come back, and restores with keys.
pub async fn tour(world: &World, signed: (&str, &str)) -> Vec<(String, String)> {
    let [token, setting, consumer, word, unread, typed] = SECRETS;
    let original = json!({"timestamp": "2025-11-02T08:00:00Z", "note": word, "routes": [],
        "providers": {"data": [{"name": "grok", "type": "grok", "tokens": [token]},
            {"name": "aws", "type": "bedrock", "rawConfigs": {"awsAccessKey": "a", "awsSecretKey": setting}},
            {"name": "a/b", "tokens": [unread]}]},
        "consumers": [{"name": "manager", "credentials": [{"type": "key-auth", "values": [consumer]}]}]});
    let mut calls = Calls { world, signed, surfaces: Vec::new() };
    for malformed in [json!({"providers": {"data": token}, "routes": setting}), json!([original])] {
        let (status, _) = calls.send("POST", "/backups/original", malformed).await;
        assert!((400..500).contains(&status), "{status}");
    }
    let (status, former) = calls.send("POST", "/backups/original", original.clone()).await;
    assert_eq!((status, &former["consumers"]), (201, &json!(["manager"])), "{former}");
    assert_eq!(calls.send("POST", "/backups/original", original).await.0, 200);
    let (_, taken) = calls.send("POST", "/backups", json!({"name": "with keys"})).await;
    let ids = [&former, &taken].map(|done| done["backup"]["id"].as_str().unwrap().to_owned());
    for id in &ids {
        let sealed =
            world.call("GET", &format!("/ni_status/backups/{id}/sealed"), &[signed], "").await.json();
        for path in [format!("/backups/{id}/verify"), "/backups/verify".into()] {
            let (status, opened) = calls.send("POST", &path, json!({"sealed": sealed})).await;
            assert!(status == 200 && opened["keys"].as_u64().unwrap() >= 3, "{path}: {opened}");
        }
        for path in ["unpin", "delete"] {
            calls.send("POST", &format!("/backups/{id}/{path}"), Value::Null).await;
        }
        let mut changed = sealed.clone();
        changed["visible"]["actor"] = "eve".into();
        assert_eq!(calls.send("POST", "/backups/adopt", json!({"sealed": changed})).await.0, 422);
        assert_eq!(calls.send("POST", "/backups/adopt", json!({"sealed": sealed})).await.0, 201);
        for part in ["", "/file", "/sealed", "/compare"] {
            calls.send("GET", &format!("/backups/{id}{part}"), Value::Null).await;
        }
    }
    let [_, taken] = ids;
    for (chosen, expected) in
        [(json!({"new": [typed]}), 200), (json!("sealed"), 200), (json!({"new": typed}), 422)]
    {
        let wish = json!({"kind": "restore", "backup": taken, "keys": {"moonshot": chosen}});
        let (status, plan) = calls.send("POST", "/plans", wish).await;
        assert_eq!(status, expected, "{plan}");
        if let Some(id) = plan["id"].as_str() {
            calls.send("POST", &format!("/plans/{id}/apply"), Value::Null).await;
        }
    }
    calls.surfaces
}
