//! What leads back and what does not.
use super::super::{back::leads_back, content::Content};
use serde_json::{Value, json};

fn content(json: &Value) -> Content {
    serde_json::from_value(json.clone()).unwrap()
}

/// An installation with one of each.
fn state() -> Value {
    json!({
        "file": {"version": 1, "providers": [{"name": "qwen", "type": "qwen"}], "routes": [{"name": "a"}],
            "assignments": {"workers": {"alice": {"provider": "qwen", "model": "m"}}}},
        "leftOut": [],
        "originals": {
            "providers": [{"name": "qwen", "type": "qwen", "protocol": "openai/v1", "tokens": ["sk-one"], "rawConfigs": {}}],
            "routes": [{"name": "a", "version": "1", "upstreams": [{"provider": "qwen", "weight": 100}],
                "authConfig": {"enabled": true, "allowedConsumers": ["worker-alice"]}}],
            "serviceSources": [], "consumers": ["worker-alice"],
            "agents": [{"agent": "worker:alice", "model": {"entry": {"id": "m", "input": ["text"]}, "alias": "m"}}],
        },
    })
}

/// Whether one leads from the state with this in its place back to the state as it was.
fn back_from(at: &str, now: Value) -> bool {
    let mut changed = state();
    *changed.pointer_mut(at).unwrap() = now;
    leads_back(&content(&state()), &content(&changed)).unwrap()
}

#[test]
fn what_a_restore_changes_leads_back() {
    for (at, now) in [
        ("/originals/providers", json!([])),
        ("/originals/providers/0/protocol", json!("original")),
        ("/originals/routes", json!([])),
        ("/originals/routes/0/upstreams/0/provider", json!("lab")),
        ("/originals/routes/0/authConfig/allowedConsumers", json!([])),
        ("/originals/routes/0/authConfig/enabled", json!(false)),
        ("/file/assignments/workers/alice/model", json!("n")),
        ("/file/assignments/workers", json!({})),
        ("/originals/agents/0/model/entry/input", json!(["text", "image"])),
    ] {
        assert!(back_from(at, now), "{at}");
    }
}

#[test]
fn what_a_restore_leaves_as_it_is_does_not_lead_back() {
    let qwen = &state()["originals"]["providers"][0];
    let lab = json!({"name": "lab", "type": "openai", "tokens": ["sk-lab"]});
    for (at, now) in [
        ("/originals/routes/0/version", json!("2")),
        ("/originals/providers/0/tokens", json!(["sk-other"])),
        ("/originals/providers", json!([qwen, lab])),
        ("/originals/routes/0/authConfig/allowedConsumers", json!(["worker-alice", "worker-erin"])),
        ("/originals/serviceSources", json!([{"name": "llm-lab"}])),
        ("/originals/agents/0/model/alias", json!("n")),
        ("/originals/agents", json!([])),
    ] {
        assert!(!back_from(at, now), "{at}");
    }
}

/// One of an older version.
#[test]
fn a_file_alone_leads_back_where_it_says_something_else() {
    let mut was = state();
    was.as_object_mut().unwrap().remove("originals");
    let leads = |was: &Value| leads_back(&content(was), &content(&state())).unwrap();
    assert!(!leads(&was));
    for at in ["/file/providers/0/type", "/file/routes/0/name", "/file/assignments/workers/alice/model"] {
        let mut other = was.clone();
        *other.pointer_mut(at).unwrap() = "other".into();
        assert!(leads(&other), "{at}");
    }
}
