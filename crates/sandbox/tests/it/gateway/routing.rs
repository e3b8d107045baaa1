//! Which route and which provider answer.
use super::*;

#[tokio::test]
async fn the_model_decides_who_answers() {
    let world = World::new(two_providers).await;
    let qwen = world.ask("qwen3.5-plus").await;
    assert_eq!(
        (qwen.status, qwen.said()),
        (StatusCode::OK, "qwen3.5-plus on qwen: you said \"hi\".".to_owned())
    );
    assert_eq!(world.ask("kimi-k2.5").await.said(), "kimi-k2.5 on moonshot: you said \"hi\".");
    let call = world.upstreams.calls("qwen").pop().unwrap();
    assert_eq!(call.path, "/compatible-mode/v1/chat/completions");
    assert_eq!(call.host.as_deref(), Some("dashscope.aliyuncs.com"));
    assert_eq!(call.key.as_deref(), Some(world.upstreams.key_for("qwen")));
    assert_eq!(call.consumer.as_deref(), Some("worker-alice"));
    assert_eq!((call.model.as_deref(), call.status), (Some("qwen3.5-plus"), 200));
    let unknown = world.ask("glm-5").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown.json()["error"]["code"], "model_not_found", "the default route's provider says so");
}

#[tokio::test]
async fn without_a_body_there_is_no_model_to_route_by() {
    let world = World::new(two_providers).await;
    let list = world.request("GET", "/v1/models").header(header::AUTHORIZATION, format!("Bearer {KEY}"));
    let list = world.send(list, "").await;
    assert!(list.text().contains("qwen3.5-plus") && !list.text().contains("kimi"), "{}", list.text());
    let body = question("kimi-k2.5");
    let untyped = world.request("POST", CHAT).header(header::AUTHORIZATION, format!("Bearer {KEY}"));
    world.send(untyped, body.to_string()).await;
    assert!(world.upstreams.calls("moonshot").is_empty(), "only JSON bodies are looked into");
}

#[tokio::test]
async fn no_route_is_404_and_a_named_host_hides_the_others() {
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        config.routes[1].hosts = vec!["aigw-local.hiclaw.io".to_owned()];
        config
    })
    .await;
    let other = world.send(world.request("GET", "/other"), "").await;
    assert_eq!((other.status, other.body.len()), (StatusCode::NOT_FOUND, 0));
    let body = question("qwen3.5-plus");
    let named = || {
        let request = world.post(CHAT).header(header::AUTHORIZATION, format!("Bearer {KEY}"));
        request.header(header::HOST, "aigw-local.hiclaw.io:8080")
    };
    assert_eq!(world.send(named(), body.to_string()).await.status, StatusCode::NOT_FOUND);
    let kimi = question("kimi-k2.5").to_string();
    assert!(world.send(named(), kimi).await.said().starts_with("kimi-k2.5 on moonshot"));
    assert_eq!(world.ask("qwen3.5-plus").await.status, StatusCode::OK);
}

#[tokio::test]
async fn weights_share_out_and_mapping_changes_the_model() {
    let mapping = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    };
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        let backend =
            |name: &str, weight, mapping| LiveBackend::Provider { name: name.to_owned(), weight, mapping };
        config.routes[0].backends = vec![
            backend("deepseek", 70, mapping(&[("gpt-4*", "deepseek-chat"), ("*", "")])),
            backend("qwen", 30, mapping(&[("*", "qwen-max")])),
        ];
        config.providers.get_mut("qwen").unwrap().raw = json!({"modelMapping": {"qwen-max": "qwen-turbo"}});
        config
    })
    .await;
    let mut said = Vec::new();
    for _ in 0..10 {
        said.push(world.ask("gpt-4o").await.said());
    }
    let share = |start: &str| said.iter().filter(|text| text.starts_with(start)).count();
    assert_eq!(share("deepseek-chat on deepseek"), 7, "{said:?}");
    assert_eq!(share("qwen-turbo on qwen"), 3, "the route maps first, then the provider: {said:?}");
}

#[tokio::test]
async fn a_fallback_takes_over_the_classes_it_names() {
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        let mapping = BTreeMap::from([("*".to_owned(), "deepseek-chat".to_owned())]);
        let deepseek = LiveBackend::Provider { name: "deepseek".to_owned(), weight: 1, mapping };
        config.routes[0].fallback = Some(LiveFallback {
            classes: vec![5],
            random: false,
            backends: vec![deepseek, to("moonshot", 1)],
        });
        config
    })
    .await;
    assert!(world.ask("qwen-max").await.headers.get("x-higress-fallback-from").is_none());
    world.upstreams.set_behaviour("qwen", Behaviour::Failing(503));
    for _ in 0..3 {
        let answer = world.ask("qwen-max").await;
        assert!(answer.said().starts_with("deepseek-chat on deepseek"), "sequential: only the first");
        assert_eq!(answer.headers["x-higress-fallback-from"], "ai-route-default-ai-route.internal");
    }
    world.upstreams.set_behaviour("qwen", Behaviour::InvalidKey);
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::UNAUTHORIZED, "4xx is not named");
    world.change(|config| config.routes[0].fallback.as_mut().unwrap().classes = vec![4]).await;
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::OK);
    world.change(|config| drop(config.providers.remove("qwen"))).await;
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::SERVICE_UNAVAILABLE, "4xx only");
    world.change(|config| config.routes[0].fallback.as_mut().unwrap().classes = vec![5]).await;
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::OK, "the gateway's own 503 falls back too");
}

#[tokio::test]
async fn a_large_body_cannot_fall_back() {
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        config.routes[0].fallback =
            Some(LiveFallback { classes: vec![5], random: true, backends: vec![to("deepseek", 1)] });
        config
    })
    .await;
    world.upstreams.set_behaviour("qwen", Behaviour::Failing(500));
    let mut body = question("deepseek-chat");
    let small = world.post(CHAT).header(header::AUTHORIZATION, format!("Bearer {KEY}"));
    assert_eq!(world.send(small, body.to_string()).await.status, StatusCode::OK);
    body["messages"][0]["content"] = json!("x".repeat(1_024_000));
    let large = world.post(CHAT).header(header::AUTHORIZATION, format!("Bearer {KEY}"));
    assert_eq!(world.send(large, body.to_string()).await.status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn what_has_no_service_is_503() {
    let world = World::new(two_providers).await;
    let endpoint = |config: &mut LiveConfig, endpoint: Option<&str>| {
        config.providers.get_mut("qwen").unwrap().endpoint = endpoint.map(str::to_owned);
    };
    world.change(|config| endpoint(config, None)).await;
    assert_eq!(
        world.ask("qwen-max").await.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "dropped by the controller"
    );
    world.change(|config| endpoint(config, Some("https://no.such.example.com"))).await;
    let unresolved = world.ask("qwen-max").await;
    assert_eq!(
        (unresolved.status, unresolved.text()),
        (StatusCode::SERVICE_UNAVAILABLE, "no healthy upstream")
    );
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    world.change(|config| endpoint(config, Some(&format!("http://{closed}/v1")))).await;
    let refused = world.ask("qwen-max").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.text().contains("connection failure"), "{}", refused.text());
    world.change(|config| drop(config.providers.remove("qwen"))).await;
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::SERVICE_UNAVAILABLE, "deleted");
    assert_eq!(world.ask("kimi-k2.5").await.status, StatusCode::OK, "the others go on");
}

#[tokio::test]
async fn a_plain_route_forwards_any_request_as_it_is() {
    let echo = axum::Router::new().fallback(|request: axum::extract::Request| async move {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let header = |name: &str| parts.headers.get(name).map(|v| v.to_str().unwrap().to_owned());
        axum::Json(json!({
            "method": parts.method.as_str(), "uri": parts.uri.to_string(), "body": String::from_utf8_lossy(&body),
            "host": header("host"), "added": header("x-added"), "auth": header("authorization"),
            "for": header("x-forwarded-for"), "connection": header("connection"),
        }))
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, echo).await });
    let world = World::new(|_| {
        let plain = LiveRoute {
            ingress: "agm".to_owned(),
            path: Match::Prefix("/agm".to_owned()),
            allow: None,
            add_headers: vec![("x-added".to_owned(), "yes".to_owned())],
            ..route("", vec![LiveBackend::Service { address: Some(address.to_string()), weight: 100 }])
        };
        let rewritten = LiveRoute {
            ingress: "console".to_owned(),
            path: Match::Prefix("/console".to_owned()),
            rewrite_path: Some("/".to_owned()),
            ..plain.clone()
        };
        let missing = LiveRoute {
            path: Match::Equal("/missing".to_owned()),
            backends: vec![LiveBackend::Service { address: None, weight: 100 }],
            ..plain.clone()
        };
        LiveConfig { routes: vec![plain, rewritten, missing], ..LiveConfig::default() }
    })
    .await;
    let request = world
        .request("PUT", "/agm/a%20b?x=1&y=%2F")
        .header(header::HOST, "gw.example.com:18080")
        .header(header::AUTHORIZATION, "Basic abc")
        .header(header::CONNECTION, "x-once");
    assert_eq!(
        world.send(request, "payload").await.json(),
        json!({
            "method": "PUT", "uri": "/agm/a%20b?x=1&y=%2F", "body": "payload", "host": "gw.example.com:18080",
            "added": "yes", "auth": "Basic abc", "for": "127.0.0.1", "connection": null,
        })
    );
    let rewritten = world.send(world.request("DELETE", "/console/v1/x?q"), "").await.json();
    assert_eq!((&rewritten["method"], &rewritten["uri"]), (&json!("DELETE"), &json!("/v1/x?q")));
    let missing = world.send(world.request("GET", "/missing"), "").await;
    assert_eq!((missing.status, missing.body.len()), (StatusCode::SERVICE_UNAVAILABLE, 0));
    server.abort();
}
