use super::*;
use proptest::prelude::*;
use serde_json::Map;

const MANAGER: &str = r#"{
  "gateway": {"mode": "local", "port": 18799, "auth": {"token": "canary-token"}},
  "models": {
    "mode": "merge",
    "providers": {
      "hiclaw-gateway": {
        "baseUrl": "http://aigw-local.hiclaw.io:8080/v1",
        "apiKey": "canary-key",
        "models": [
          {"id": "qwen3.5-plus", "name": "Qwen", "reasoning": true, "contextWindow": 200000, "maxTokens": 64000, "input": ["text", "image"], "cost": {"input": 1.0}}
        ]
      }
    }
  },
  "agents": {
    "defaults": {
      "timeoutSeconds": 1.80e3,
      "model": {
        "primary": "hiclaw-gateway/qwen3.5-plus",
        "fallbacks": ["hiclaw-gateway/qwen3.5-plus"]
      },
      "models": {
        "hiclaw-gateway/qwen3.5-plus": {"alias": "qwen3.5-plus", "params": {}}
      },
      "big": 123456789012345678901234567890
    }
  },
  "meta": {
    "lastTouchedVersion": "2026.4.14",
    "lastTouchedAt": "2026-01-01T00:00:00Z"
  }
}
"#;

const NOW: &str = "2026-05-05T05:05:05Z";

fn limits() -> Limits {
    Limits { context_window: 256_000, max_tokens: 128_000, vision: false, reasoning: true }
}

fn switched(text: &str, model: &str) -> Result<String, EditError> {
    let config = Config::parse(text.as_bytes()).unwrap();
    switch_model(&config, &Switch { model: &model.parse().unwrap(), limits: limits(), now: NOW })
}

/// The lines that are in one text only.
fn changed_lines<'a>(a: &'a str, b: &str) -> Vec<&'a str> {
    a.lines().filter(|line| !b.lines().any(|other| other == *line)).map(str::trim).collect()
}

#[test]
fn a_switch_to_a_new_model_touches_its_own_lines_only() {
    let text = switched(MANAGER, "deepseek-chat").unwrap();
    let gone = changed_lines(MANAGER, &text);
    assert_eq!(
        gone[1..],
        [
            r#""primary": "hiclaw-gateway/qwen3.5-plus","#,
            r#""hiclaw-gateway/qwen3.5-plus": {"alias": "qwen3.5-plus", "params": {}}"#,
            r#""lastTouchedAt": "2026-01-01T00:00:00Z""#,
        ]
    );
    for kept in [
        "1.80e3",
        "123456789012345678901234567890",
        r#""cost": {"input": 1.0}"#,
        "canary-key",
        "canary-token",
    ] {
        assert!(text.contains(kept), "{kept}");
    }
    let tree: Value = serde_json::from_str(&text).unwrap();
    let entry = &tree["models"]["providers"]["hiclaw-gateway"]["models"][1];
    let wanted = json!({"id": "deepseek-chat", "name": "deepseek-chat", "reasoning": true, "contextWindow": 256_000,
        "maxTokens": 128_000, "input": ["text"]});
    assert_eq!(*entry, wanted);
    assert_eq!(tree["agents"]["defaults"]["model"]["primary"], "hiclaw-gateway/deepseek-chat");
    assert_eq!(tree["agents"]["defaults"]["model"]["fallbacks"][0], "hiclaw-gateway/qwen3.5-plus");
    assert_eq!(
        tree["agents"]["defaults"]["models"]["hiclaw-gateway/deepseek-chat"],
        json!({"alias": "deepseek-chat"})
    );
    assert_eq!(tree["meta"], json!({"lastTouchedVersion": "2026.4.14", "lastTouchedAt": NOW}));
}

#[test]
fn a_known_entry_keeps_what_is_not_a_figure() {
    let text = switched(MANAGER, "qwen3.5-plus").unwrap();
    let tree: Value = serde_json::from_str(&text).unwrap();
    let entry = &tree["models"]["providers"]["hiclaw-gateway"]["models"][0];
    assert_eq!(
        (&entry["name"], &entry["cost"], &entry["maxTokens"]),
        (&"Qwen".into(), &json!({"input": 1.0}), &128_000.into())
    );
    assert_eq!(tree["agents"]["defaults"]["models"]["hiclaw-gateway/qwen3.5-plus"]["params"], json!({}));
}

#[test]
fn new_members_are_laid_out_like_the_rest() {
    let tree: Value = serde_json::from_str(MANAGER).unwrap();
    let pretty = serde_json::to_string_pretty(&tree).unwrap();
    let compact = tree.to_string();
    for text in [pretty.clone(), pretty.replace("  ", "\t"), pretty.replace('\n', "\r\n"), compact.clone()] {
        let edited = switched(&text, "openai/gpt-4o").unwrap();
        let value: Value = serde_json::from_str(&edited).unwrap();
        let again =
            if text == compact { value.to_string() } else { serde_json::to_string_pretty(&value).unwrap() };
        let again = if text.contains('\t') { again.replace("  ", "\t") } else { again };
        let again = if text.contains('\r') { again.replace('\n', "\r\n") } else { again };
        assert_eq!(edited, again);
        assert_eq!(Config::parse(edited.as_bytes()).unwrap().model().unwrap().as_str(), "openai/gpt-4o");
    }
}

#[test]
fn a_bare_text_as_primary_stays_one_and_missing_parts_are_made() {
    let bare = r#"{"models":{"providers":{"agentteams-gateway":{"apiKey":"k"}}},"agents":{"defaults":{"model":"agentteams-gateway/a"}}}"#;
    let text = switched(bare, "b").unwrap();
    let tree: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(tree["agents"]["defaults"]["model"], "agentteams-gateway/b");
    assert_eq!(tree["models"]["providers"]["agentteams-gateway"]["models"][0]["id"], "b");
    assert_eq!(tree["meta"]["lastTouchedAt"], NOW);
    let empty = r#"{"models":{"providers":{"hiclaw-gateway":{}}}}"#;
    assert!(switched(empty, "b").unwrap().contains(r#""model":{"primary":"hiclaw-gateway/b"}"#));
}

#[test]
fn what_cannot_be_edited_is_refused() {
    assert_eq!(switched("{}", "b"), Err(EditError::NoGateway));
    let foreign = r#"{"models":{"providers":{"openai":{}}},"agents":{"defaults":{"model":"anthropic/x"}}}"#;
    assert_eq!(switched(foreign, "b"), Err(EditError::NoGateway));
    for (broken, part) in [
        (r#"{"models":{"providers":{"hiclaw-gateway":{"models":{}}}}}"#, "models.providers.*.models"),
        (r#"{"models":{"providers":{"hiclaw-gateway":{"models":[]}}},"agents":[]}"#, "agents.defaults.model"),
        (
            r#"{"models":{"providers":{"hiclaw-gateway":{}}},"agents":{"defaults":{"models":1}}}"#,
            "agents.defaults.models",
        ),
        (r#"{"models":{"providers":{"hiclaw-gateway":{}}},"meta":1}"#, "meta"),
    ] {
        assert_eq!(switched(broken, "b"), Err(EditError::Shape(part)), "{broken}");
    }
}

#[test]
fn neither_debug_nor_an_error_shows_a_key() {
    let config = Config::parse(MANAGER.as_bytes()).unwrap();
    assert!(!format!("{config:?} {:?}", config.gateway()).contains("canary"));
    let error = Config::parse(MANAGER.replace("\"canary-key\"", "\"canary-key").as_bytes()).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("canary"));
}

fn json_tree() -> impl Strategy<Value = Value> {
    let text = "[a-z\"\\\\/{}\\[\\],: \u{e9}\n]{0,6}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((text, inner), 0..4)
                .prop_map(|m| m.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// A config with foreign members in front of, between and behind the parts of a switch.
fn config_text() -> impl Strategy<Value = String> {
    (proptest::collection::vec(json_tree(), 6), 0..4u8, any::<bool>()).prop_map(|(foreign, style, bare)| {
        let [a, b, c, d, e, f] = <[Value; 6]>::try_from(foreign).unwrap();
        let model = if bare { json!("hiclaw-gateway/a") } else { json!({"x": b, "primary": "hiclaw-gateway/a"}) };
        let tree = json!({"0": a, "models": {"providers": {"1": c, "hiclaw-gateway": {"models": [{"id": "a", "2": d}], "3": e}}},
            "agents": {"defaults": {"model": model, "models": {"hiclaw-gateway/a": {"alias": "a"}}, "4": f}}});
        let pretty = serde_json::to_string_pretty(&tree).unwrap();
        match style {
            0 => pretty,
            1 => pretty + "\n",
            2 => tree.to_string(),
            _ => tree.to_string() + " \t\n",
        }
    })
}

proptest! {
    #[test]
    fn only_what_a_switch_may_touch_differs(text in config_text(), model in "[a-c](/[a-c])?") {
        let edited = switched(&text, &model).unwrap();
        let (before, after) = (Config::parse(text.as_bytes()).unwrap(), Config::parse(edited.as_bytes()).unwrap());
        let id = model.parse().unwrap();
        prop_assert_eq!(others(&before, "hiclaw-gateway", &id).to_string(), others(&after, "hiclaw-gateway", &id).to_string());
        prop_assert_eq!(after.primary().unwrap(), format!("hiclaw-gateway/{model}"));
        prop_assert_eq!(switched(&edited, &model).unwrap(), edited);
    }

    /// Setting a value to what it is, or to something else and back, gives the same bytes.
    #[test]
    fn a_round_trip_is_byte_identical(text in config_text()) {
        let path = [At::Key("agents"), At::Key("defaults"), At::Key("models"), At::Key("hiclaw-gateway/a"), At::Key("alias")];
        prop_assert_eq!(set(&text, &path, &"a".into()).unwrap(), text.clone());
        let there = set(&text, &path, &"b".into()).unwrap();
        prop_assert_ne!(&there, &text);
        prop_assert_eq!(set(&there, &path, &"a".into()).unwrap(), text);
    }
}
