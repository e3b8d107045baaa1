//! Rules beside the recorded requests.
use super::{Served, chat, openai};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const PROVIDERS: &str = "/v1/ai/providers";

fn provider(kind: &str, settings: Value) -> Value {
    json!({"name": "p", "type": kind, "tokens": ["t"], "rawConfigs": settings})
}

#[tokio::test]
async fn providers_are_refused_with_the_reason() {
    let served = Served::initialised().await;
    let invalid =
        |reason: &str| (400, format!("com.alibaba.higress.sdk.exception.ValidationException: {reason}"));
    let argument = |reason: &str| (500, format!("java.lang.IllegalArgumentException: {reason}"));
    let url = |url: &str| json!({"openaiCustomUrl": url});
    let cases = [
        (
            "openai",
            url("localhost:80/v1"),
            invalid("Custom service URL must have a valid scheme: localhost:80/v1"),
        ),
        ("openai", url("http://my_host/v1"), argument("Address cannot be null or empty.")),
        ("openai", url("http://h.example.com:70000/"), argument("Port must be a positive integer.")),
        ("qwen", json!({"qwenFileIds": "x"}), invalid("Invalid configuration: qwenFileIds")),
        (
            "qwen",
            json!({"qwenDomain": "https://x"}),
            invalid("qwenDomain contains an invalid domain name: https://x"),
        ),
        ("azure", json!({"azureServiceUrl": 1}), invalid("azureServiceUrl must be a string.")),
        ("azure", json!({"azureServiceUrl": ""}), invalid("azureServiceUrl cannot be empty.")),
        ("ollama", json!({"ollamaServerPort": 1}), invalid("ollamaServerHost must be a string.")),
        ("ollama", json!({"ollamaServerHost": "h"}), invalid("ollamaServerPort must be a number.")),
        (
            "ollama",
            json!({"ollamaServerHost": "h", "ollamaServerPort": 99_999_999_999_i64}),
            invalid("ollamaServerPort must be a number."),
        ),
        ("bedrock", json!({"awsRegion": "r"}), invalid("awsAccessKey cannot be empty.")),
        ("vertex", json!({"x": 1}), invalid("vertexRegion cannot be empty.")),
        ("vllm", json!({"vllmCustomUrl": ""}), invalid("vllmCustomUrl cannot be empty.")),
        ("claude", json!({"claudeCustomUrl": ""}), invalid("claudeCustomUrl cannot be empty.")),
    ];
    for (kind, settings, expected) in cases {
        let body = provider(kind, settings);
        assert_eq!(served.refused(Method::POST, PROVIDERS, &body).await, expected, "{body}");
    }
    assert_eq!(served.data(PROVIDERS).await, json!([]));
}

#[tokio::test]
async fn settings_are_normalised_by_type() {
    let served = Served::initialised().await;
    let settings = json!({"zhipuCodePlanMode": "no", "zhipuDomain": "api.z.ai"});
    let stored = served.created(PROVIDERS, &provider("zhipuai", settings)).await;
    assert_eq!(stored["rawConfigs"]["zhipuCodePlanMode"], false);
    assert_eq!(served.data("/v1/service-sources/llm-p.internal").await["domain"], "api.z.ai");
    let stored = served.created(PROVIDERS, &provider("claude", json!({"claudeCodeMode": "true"}))).await;
    assert_eq!(stored["rawConfigs"]["claudeVersion"], "2023-06-01");
    assert_eq!(stored["rawConfigs"]["claudeCodeMode"], true);
    let settings = json!({"providerDomain": "claude.example.com", "providerBasePath": "anthropic "});
    let stored = served.created(PROVIDERS, &provider("claude", settings)).await;
    assert_eq!(stored["rawConfigs"]["providerBasePath"], "/anthropic");
    let settings = json!({"a": null, "b": {"c": null, "d": 2}, "e": [1, null]});
    let stored = served.created(PROVIDERS, &provider("yi", settings)).await;
    let raw = &stored["rawConfigs"];
    assert!(raw.get("a").is_none());
    assert_eq!((&raw["b"], raw["e"].to_string()), (&json!({"d": 2}), "[1.0,null]".to_owned()));
}

#[tokio::test]
async fn a_proxy_is_read_back_from_the_service_source() {
    let served = Served::initialised().await;
    let mut body = openai("one");
    body["proxyName"] = json!("exit");
    body["tokens"] = json!(["a", null, ""]);
    let stored = served.created(PROVIDERS, &body).await;
    assert_eq!((&stored["proxyName"], &stored["tokens"]), (&json!("exit"), &json!(["a", ""])));
    assert_eq!(served.data("/v1/service-sources/llm-one.internal").await["proxyName"], "exit");
}

#[tokio::test]
async fn ai_routes_are_refused_in_order() {
    let served = Served::with_route().await;
    let refused = async |changes: Value| {
        let mut body = chat("one");
        body.as_object_mut().expect("a map").extend(changes.as_object().expect("a map").clone());
        let (status, message) = served.refused(Method::POST, "/v1/ai/routes", &body).await;
        (status, message.split_once(": ").map(|(_, reason)| reason.to_owned()).unwrap_or(message))
    };
    let header =
        |kind: &str| json!({"headerPredicates": [{"key": "k", "matchType": kind, "matchValue": "v"}]});
    assert_eq!(refused(header("EXACT")).await, (400, "Unknown matchType: EXACT".to_owned()));
    assert_eq!(refused(header("equal")).await.0, 500);
    assert_eq!(refused(json!({"pathPredicate": {}})).await, (400, "matchType is required".to_owned()));
    let both = json!({"pathPredicate": {"matchType": "EQUAL", "matchValue": "/"}, "upstreams": [{"provider": "one"}]});
    assert_eq!(refused(both).await, (400, "pathPredicate must be of type PRE.".to_owned()));
    let weights = |a: i32, b: i32| json!({"upstreams": [{"provider": "one", "weight": a}, {"provider": "two", "weight": b}]});
    assert_eq!(refused(weights(50, 51)).await.0, 400);
    let custom = json!({"customConfigs": {"higress.io/destination": "x"}});
    assert!(refused(custom).await.1.starts_with("Annotation [higress.io/destination] is already supported"));
    assert_eq!(
        refused(json!({"upstreams": [{"provider": "gone", "weight": 100}]})).await,
        (400, "Unknown provider: gone".to_owned())
    );
    // All of these were refused before anything was written.
    assert_eq!(served.data("/v1/ai/routes/chat").await["version"], "1");
    assert_eq!(served.data("/v1/routes/ai-route-chat.internal").await["version"], "1");
    assert_eq!(
        served
            .send(Method::PUT, "/v1/ai/routes/chat", &{
                let mut b = chat("one");
                b["upstreams"] = weights(170, -70)["upstreams"].clone();
                b
            })
            .await
            .status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_route_can_be_rewritten_and_keeps_what_an_ingress_carries() {
    let served = Served::initialised().await;
    let route = json!({
        "name": "r", "domains": ["a.example.com"], "methods": ["GET", "POST"],
        "path": {"matchType": "REGULAR", "matchValue": "/a.*", "caseSensitive": true},
        "headers": [{"matchType": "PRE", "key": "h", "matchValue": "1"}, {"matchType": "PRE", "key": "h", "matchValue": "2"}],
        "services": [{"name": "s.dns", "port": 80, "weight": 60}, {"name": "t.static", "port": 81, "weight": 40, "version": "v1"}],
        "rewrite": {"enabled": false, "path": "/x", "host": ""}, "customConfigs": {"higress.io/load-balance": "least_conn"},
    });
    served.created("/v1/routes", &route).await;
    let read = served.data("/v1/routes/r").await;
    assert_eq!(
        read["headers"],
        json!([{"matchType": "PRE", "matchValue": "2", "caseSensitive": null, "key": "h"}])
    );
    assert_eq!(read["services"][1], json!({"name": "t.static", "port": 81, "version": "v1", "weight": 40}));
    assert_eq!(read["rewrite"], json!({"enabled": false, "path": "/x", "host": null}));
    assert_eq!((&read["methods"], &read["path"]["matchType"]), (&json!(["GET", "POST"]), &json!("REGULAR")));
    assert_eq!(read["customConfigs"], json!({"higress.io/load-balance": "least_conn"}));
    assert_eq!(served.send(Method::PUT, "/v1/routes/r", &read).await.status(), StatusCode::OK);
    assert_eq!(served.refused(Method::PUT, "/v1/routes/r", &read).await.0, 409, "the version moved");
    assert_eq!(served.refused(Method::POST, "/v1/routes", &route).await.0, 409);
    assert_eq!(served.refused(Method::DELETE, "/v1/domains/a.example.com", &Value::Null).await.0, 500);
}

#[tokio::test]
async fn plugin_instances_are_off_until_they_are_set() {
    let served = Served::with_route().await;
    let path = "/v1/routes/ai-route-chat.internal/plugin-instances/basic-auth";
    assert_eq!(served.data(path).await["enabled"], false);
    let sent = json!({"enabled": true, "rawConfigurations": "a: 1\nb:\n- x\n"});
    let answer: Value = served.send(Method::PUT, path, &sent).await.json().await.expect("JSON");
    assert_eq!(answer["configurations"], json!({"a": 1, "b": ["x"]}));
    assert_eq!(served.data(path).await["enabled"], true);
    let refused = async |path: &str, body: Value| served.refused(Method::PUT, path, &body).await.1;
    assert!(
        refused(path, json!({"rawConfigurations": "a: {"})).await.contains("Error occurs when parsing raw")
    );
    assert!(
        refused(path, json!({"pluginName": "cors"})).await.ends_with("doesn't match the one in the body.")
    );
    assert!(
        refused("/v1/routes/none/plugin-instances/cors", json!({})).await.ends_with("Unknown route: none")
    );
    assert!(
        refused("/v1/global/plugin-instances/none", json!({})).await.ends_with("Unsupported plugin: none")
    );
    served.request(Method::DELETE, path).send().await.expect("an answer");
    assert_eq!(served.data(path).await["enabled"], false);
}

#[tokio::test]
async fn large_answers_are_compressed_when_asked() {
    let served = Served::initialised().await;
    let encoding = async |path: &str| {
        let client = reqwest::Client::builder().no_gzip().build().expect("a client");
        let url = format!("{}{path}", served.base);
        let plain = client.get(url).basic_auth("admin", Some("admin")).header("accept-encoding", "gzip");
        plain.send().await.expect("an answer").headers().get("content-encoding").cloned()
    };
    assert_eq!(encoding(PROVIDERS).await, None);
    for number in 0..10 {
        served.created(PROVIDERS, &openai(&format!("p{number}"))).await;
    }
    assert_eq!(encoding(PROVIDERS).await.expect("compressed"), "gzip");
}

#[tokio::test]
async fn basic_credentials_follow_java() {
    let served = Served::initialised().await;
    let status = async |header: &str| {
        let request = served.client.get(format!("{}/user/info", served.base)).header("authorization", header);
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(status("Basic YWRtaW46YWRtaW4=").await, 200);
    assert_eq!(status("Basic  YWRtaW46YWRtaW4=").await, 401, "two spaces");
    assert_eq!(status("Basic YWRtaW46YWRtaW46").await, 200, "split drops an empty last part");
    assert_eq!(status("Basic %%%%").await, 500, "not Base64");
}
