//! What is refused before anything is sent, and what a good wish becomes.
use domain::{EditProvider, NewProvider};
use higress::ProviderDoc;
use serde_json::{Value, json};

fn wish(mut given: Value) -> NewProvider {
    given["name"].is_null().then(|| given["name"] = json!("lab"));
    serde_json::from_value(given).unwrap()
}

fn create(given: Value) -> Result<Value, Vec<String>> {
    let made = ProviderDoc::create(&wish(given));
    made.map(|doc| doc.json().clone()).map_err(|errors| errors.into_iter().map(|error| error.field).collect())
}

fn edited(current: Value, edit: Value) -> Result<Value, Vec<String>> {
    let edit: EditProvider = serde_json::from_value(edit).unwrap();
    let edited = ProviderDoc::parse(current).unwrap().edited(&edit);
    edited
        .map(|doc| doc.json().clone())
        .map_err(|errors| errors.into_iter().map(|error| error.field).collect())
}

const KEY: &str = "sk-key";

#[test]
fn good_wishes_become_the_settings_of_their_type() {
    let vertex = r#"{"client_email":"a@b","private_key_id":"1","private_key":"k","token_uri":"https://t"}"#;
    let table = [
        (json!({ "type": "deepseek", "tokens": [KEY] }), json!({})),
        (json!({ "type": "deepseek", "tokens": [KEY], "baseUrl": "https://api.deepseek.com/v1" }), json!({})),
        (json!({ "type": "openai" }), json!({})),
        (
            json!({ "type": "openai", "baseUrl": "https://llm.example.com/v1/" }),
            json!({ "openaiCustomUrl": "https://llm.example.com/v1" }),
        ),
        (
            json!({ "type": "openai", "settings": { "openaiCustomUrl": "http://10.1.2.4:8000/v1",
                "openaiExtraCustomUrls": ["http://10.1.2.5:8000/v1"], "unknown": { "kept": 1 } } }),
            json!({ "openaiCustomUrl": "http://10.1.2.4:8000/v1",
                "openaiExtraCustomUrls": ["http://10.1.2.5:8000/v1"], "unknown": { "kept": 1 } }),
        ),
        (
            json!({ "type": "openai", "baseUrl": "https://mine.example.com/v1", "settings":
                { "openaiCustomServiceName": "mine.dns", "openaiCustomServicePort": 443 } }),
            json!({ "openaiCustomServiceName": "mine.dns", "openaiCustomServicePort": 443,
                "openaiCustomUrl": "https://mine.example.com/v1" }),
        ),
        (
            json!({ "type": "qwen", "tokens": [KEY], "baseUrl": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1" }),
            json!({ "qwenEnableCompatible": true, "qwenDomain": "dashscope-intl.aliyuncs.com" }),
        ),
        (json!({ "type": "zhipuai", "tokens": [KEY] }), json!({ "zhipuCodePlanMode": false })),
        (
            json!({ "type": "zhipuai", "tokens": [KEY], "baseUrl": "https://api.z.ai/api/coding/paas/v4" }),
            json!({ "zhipuCodePlanMode": true, "zhipuDomain": "api.z.ai" }),
        ),
        (
            json!({ "type": "ollama", "baseUrl": "http://10.0.0.7:11434" }),
            json!({ "ollamaServerHost": "10.0.0.7", "ollamaServerPort": 11434 }),
        ),
        (
            json!({ "type": "vllm", "baseUrl": "http://10.0.0.8:8000/v1" }),
            json!({ "vllmCustomUrl": "http://10.0.0.8:8000/v1" }),
        ),
        (
            json!({ "type": "claude", "tokens": [KEY], "baseUrl": "https://claude.example.com" }),
            json!({ "claudeCustomUrl": "https://claude.example.com" }),
        ),
        (
            json!({ "type": "azure", "tokens": [KEY], "baseUrl": "https://x.openai.azure.com/openai/d?api-version=2024-02-01" }),
            json!({ "azureServiceUrl": "https://x.openai.azure.com/openai/d?api-version=2024-02-01" }),
        ),
        (
            json!({ "type": "bedrock", "settings": { "awsRegion": "us-east-1", "awsAccessKey": "AK", "awsSecretKey": "SK" } }),
            json!({ "awsRegion": "us-east-1", "awsAccessKey": "AK", "awsSecretKey": "SK" }),
        ),
        (
            json!({ "type": "vertex", "settings": { "vertexRegion": "global", "vertexProjectId": "p", "vertexAuthKey": vertex } }),
            json!({ "vertexRegion": "global", "vertexProjectId": "p", "vertexAuthKey": vertex }),
        ),
    ];
    for (given, settings) in table {
        let made = create(given.clone()).unwrap_or_else(|fields| panic!("{given}: {fields:?}"));
        assert_eq!(made["rawConfigs"], settings, "{given}");
        assert_eq!(made["tokens"], given.get("tokens").cloned().unwrap_or(json!([])), "{given}");
    }
}

/// Each wish is refused, at its field.
fn refused(table: impl IntoIterator<Item = (Value, &'static str)>) {
    for (given, field) in table {
        let fields = create(given.clone()).expect_err(&given.to_string());
        assert!(fields.iter().any(|found| found == field), "{given}: {fields:?}, not {field}");
    }
}

fn with(kind: &str, settings: Value) -> Value {
    json!({ "type": kind, "tokens": [KEY], "settings": settings })
}

#[test]
fn bad_names_and_keys_are_refused_at_their_field() {
    refused([
        (json!({ "name": "Upper", "type": "openai" }), "name"),
        (json!({ "name": "a.b", "type": "openai" }), "name"),
        (json!({ "type": "deepseek" }), "tokens"),
        (json!({ "type": "deepseek", "tokens": [""] }), "tokens[0]"),
        (json!({ "type": "deepseek", "tokens": ["a", "a"] }), "tokens[1]"),
        (json!({ "type": "deepseek", "tokens": ["sk-***abcd"] }), "tokens[0]"),
        (json!({ "type": "deepseek", "tokens": ["sk-…abcd"] }), "tokens[0]"),
        (json!({ "type": "deepseek", "tokens": ["two words"] }), "tokens[0]"),
        (json!({ "type": "deepseek", "tokens": ["line\nbreak"] }), "tokens[0]"),
    ]);
}

#[test]
fn bad_addresses_are_refused_at_their_field() {
    let custom = |url: &str| (json!({ "type": "openai", "baseUrl": url }), "baseUrl");
    let extra = |main: &str, more: Value| json!({ "type": "openai", "settings": { "openaiCustomUrl": main, "openaiExtraCustomUrls": more } });
    refused([
        (
            json!({ "type": "deepseek", "tokens": [KEY], "baseUrl": "https://elsewhere.example.com/v1" }),
            "baseUrl",
        ),
        custom("llm.example.com/v1"),
        custom("ftp://llm.example.com/v1"),
        custom(""),
        custom("https://exa mple.com/v1"),
        custom("https://user:pw@llm.example.com/v1"),
        custom("https://llm.example.com\\@evil.example.com/v1"),
        custom("https://llm.example.com/v1?key=x"),
        custom("https://llm.example.com/v1#x"),
        custom("http://ollama:11434/v1"),
        custom("http://localhost:11434/v1"),
        custom("http://[::1]:8000/v1"),
        custom("http://llm.example.com.:8000/v1"),
        custom("https://llm.example.com:0/v1"),
        custom("https://llm.123/v1"),
        (
            extra("https://a.example.com/v1", json!(["https://b.example.com/v1"])),
            "settings.openaiExtraCustomUrls",
        ),
        (extra("http://10.1.2.6/v1", json!(["https://10.1.2.7/v1"])), "settings.openaiExtraCustomUrls"),
        (extra("http://10.1.2.6/v1", json!(["http://10.1.2.7/v2"])), "settings.openaiExtraCustomUrls"),
        (extra("http://10.1.2.6/v1", json!([""])), "settings.openaiExtraCustomUrls[0]"),
        (extra("http://10.1.2.6/v1", json!("x")), "settings.openaiExtraCustomUrls"),
    ]);
}

#[test]
fn bad_settings_of_openai_are_refused_at_their_field() {
    refused([
        (with("openai", json!({ "apiUrl": "https://llm.example.com/v1" })), "settings.apiUrl"),
        (with("openai", json!({ "hiclawMode": true })), "settings.hiclawMode"),
        (with("openai", json!({ "apiTokens": ["x"] })), "settings.apiTokens"),
        (
            json!({ "type": "openai", "baseUrl": "https://m.example.com", "settings":
                { "openaiCustomServiceName": "m.dns", "openaiCustomServicePort": "443" } }),
            "settings.openaiCustomServicePort",
        ),
        (
            json!({ "type": "openai", "baseUrl": "https://m.example.com", "settings":
                { "openaiCustomServiceName": "m", "openaiCustomServicePort": 443 } }),
            "settings.openaiCustomServiceName",
        ),
        (
            json!({ "type": "openai", "baseUrl": "https://m.example.com", "settings": { "openaiCustomUrl": "https://n.example.com" } }),
            "baseUrl",
        ),
    ]);
}

#[test]
fn bad_settings_of_other_types_are_refused_at_their_field() {
    refused([
        (with("qwen", json!({ "qwenDomain": "https://x.example.com" })), "settings.qwenDomain"),
        (with("qwen", json!({ "qwenFileIds": [1] })), "settings.qwenFileIds"),
        (with("qwen", json!({ "qwenEnableSearch": "yes" })), "settings.qwenEnableSearch"),
        (json!({ "type": "qwen", "tokens": [KEY], "baseUrl": "https://x.example.com/other" }), "baseUrl"),
        (json!({ "type": "qwen", "tokens": [KEY], "baseUrl": "http://x.example.com" }), "baseUrl"),
        (with("azure", json!({})), "baseUrl"),
        (
            with("azure", json!({ "azureServiceUrl": "https://x.openai.azure.com/" })),
            "settings.azureServiceUrl",
        ),
        (json!({ "type": "azure", "baseUrl": "https://x.openai.azure.com/?api-version=1" }), "tokens"),
        (with("ollama", json!({})), "baseUrl"),
        (
            with("ollama", json!({ "ollamaServerHost": "ollama", "ollamaServerPort": 1 })),
            "settings.ollamaServerHost",
        ),
        (
            with("ollama", json!({ "ollamaServerHost": "10.0.0.7", "ollamaServerPort": 70000 })),
            "settings.ollamaServerPort",
        ),
        (
            with("ollama", json!({ "ollamaServerHost": "10.0.0.7", "ollamaServerPort": "1" })),
            "settings.ollamaServerPort",
        ),
        (json!({ "type": "ollama", "baseUrl": "https://o.example.com" }), "baseUrl"),
        (with("vllm", json!({})), "baseUrl"),
        (with("bedrock", json!({ "awsRegion": "us-east-1", "awsAccessKey": "AK" })), "settings.awsSecretKey"),
        (
            with(
                "bedrock",
                json!({ "awsRegion": "x.evil.com/", "awsAccessKey": "AK", "awsSecretKey": "SK" }),
            ),
            "settings.awsRegion",
        ),
        (
            with(
                "vertex",
                json!({ "vertexRegion": "global", "vertexProjectId": "p", "vertexAuthKey": "{}" }),
            ),
            "settings.vertexAuthKey",
        ),
        (with("minimax", json!({ "minimaxApiType": "pro" })), "settings.minimaxGroupId"),
    ]);
}

#[test]
fn bad_failover_is_refused_at_its_field() {
    refused([
        (
            json!({ "type": "deepseek", "tokens": [KEY], "failover": { "enabled": true } }),
            "failover.healthCheckModel",
        ),
        (json!({ "type": "deepseek", "tokens": [KEY], "failover": {} }), "failover.enabled"),
        (
            json!({ "type": "deepseek", "tokens": [KEY], "failover": { "enabled": false, "failureThreshold": 0 } }),
            "failover.failureThreshold",
        ),
        (
            json!({ "type": "deepseek", "tokens": [KEY], "failover": { "enabled": false, "x": 1 } }),
            "failover.x",
        ),
    ]);
}

#[test]
fn failover_is_completed() {
    let given = json!({ "type": "deepseek", "tokens": ["a", "b"], "failover": { "enabled": true, "healthCheckModel": "deepseek-chat" } });
    let wanted = json!({ "enabled": true, "failureThreshold": 1, "successThreshold": 1, "healthCheckInterval": 5000,
        "healthCheckTimeout": 10000, "healthCheckModel": "deepseek-chat" });
    assert_eq!(create(given).unwrap()["tokenFailoverConfig"], wanted);
}

fn compat() -> Value {
    json!({ "name": "lab", "type": "openai", "protocol": "openai/v1", "proxyName": "px", "tokens": ["sk-1"],
        "rawConfigs": { "id": "lab", "type": "openai", "apiTokens": ["sk-1"], "protocol": "openai",
            "openaiCustomUrl": "https://llm.example.com/v1", "custom": true } })
}

#[test]
fn a_stored_key_is_never_sent_to_another_host() {
    for edit in [
        json!({ "baseUrl": "https://evil.example.com/v1" }),
        json!({ "baseUrl": "http://llm.example.com/v1" }),
        json!({ "baseUrl": "https://llm.example.com:8443/v1" }),
        json!({ "settings": { "openaiCustomUrl": "https://evil.example.com/v1" } }),
        json!({ "settings": { "openaiCustomUrl": null } }),
        json!({ "settings": { "providerDomain": "evil.example.com" } }),
        json!({ "settings": { "openaiCustomServiceName": "evil.dns", "openaiCustomServicePort": 443 } }),
    ] {
        let refused = edited(compat(), edit.clone());
        assert_eq!(refused, Err(vec!["tokens".into()]), "{edit}");
        let mut with_key = edit;
        with_key["tokens"] = json!(["sk-new"]);
        assert_eq!(edited(compat(), with_key).unwrap()["tokens"], json!(["sk-new"]));
    }
    let path_only = edited(compat(), json!({ "baseUrl": "https://llm.example.com/v2" })).unwrap();
    assert_eq!(
        path_only["rawConfigs"],
        json!({ "custom": true, "openaiCustomUrl": "https://llm.example.com/v2" })
    );
    assert_eq!((&path_only["tokens"], &path_only["proxyName"]), (&json!(["sk-1"]), &json!("px")));
}

#[test]
fn an_edit_obeys_the_rules_of_a_creation() {
    for (edit, field) in [
        (json!({ "type": "qwen" }), "type"),
        (json!({ "tokens": ["***"] }), "tokens[0]"),
        (json!({ "settings": { "apiTokens": ["x"] } }), "settings.apiTokens"),
        (json!({ "failover": { "enabled": true } }), "failover.healthCheckModel"),
        (json!({ "baseUrl": "http://localhost/v1", "tokens": ["a"] }), "baseUrl"),
    ] {
        let fields = edited(compat(), edit.clone()).expect_err(&edit.to_string());
        assert!(fields.iter().any(|found| found == field), "{edit}: {fields:?}");
    }
    let mut needy = compat();
    needy["type"] = json!("deepseek");
    assert_eq!(edited(needy, json!({ "tokens": [] })), Err(vec!["tokens".into()]));
    assert_eq!(edited(compat(), json!({ "type": "openai" })).unwrap()["tokens"], json!(["sk-1"]));
}
