//! Other providers and Managers, restarts, and what is not there when it is needed.
use super::*;

#[tokio::test]
pub async fn a_provider_of_ones_own_moves_a_worker_to_its_routes() {
    let world = team().await;
    for (name, runtime) in [("alice", "openclaw"), ("bob", "qwenpaw")] {
        let worker = json!({"name": name, "model": "qwen3.6-plus", "runtime": runtime});
        world.created("/api/v1/workers", &worker).await;
    }
    settle(&world).await;
    world.route_by_hand("kimi-ai-route", &["manager", "worker-alice"]).await;
    world
        .edit_console("/v1/ai/routes/default-ai-route", |route| {
            let allowed = route["authConfig"]["allowedConsumers"].as_array_mut().expect("consumers");
            allowed.retain(|consumer| consumer != "worker-bob");
        })
        .await;
    let base =
        |world: &World| world.config("alice")["models"]["providers"]["agentteams-gateway"]["baseUrl"].clone();
    assert_eq!(base(&world), *effect(56).before());
    let before = world.now();
    world.put(ALICE, &json!({"modelProvider": "kimi"})).await;
    settle(&world).await;
    assert_eq!(base(&world), *effect(56).after());
    let_in(&world, effect(57).after()).await;
    assert_eq!(without_rest(world.told_words(before)), without_rest(effect(58).calls()));

    world.put(ALICE, &json!({"modelProvider": "qwen", "model": "glm-5"})).await;
    settle(&world).await;
    let_in(&world, effect(59).after()).await;
    world.put(ALICE, &json!({"modelProvider": "nope"})).await;
    settle(&world).await;
    world.put(ALICE, &json!({"model": "kimi-k2.5"})).await;
    settle(&world).await;
    assert_eq!(*effect(60).after(), format!("agentteams-gateway/{}", world.model("alice")));

    let before = world.now();
    world.put("/api/v1/workers/bob", &json!({"modelProvider": "kimi"})).await;
    settle(&world).await;
    let yaml = world.object("agents/bob/runtime/runtime.yaml").expect("a config");
    for line in
        effect(61).after().as_str().expect("a text").lines().filter(|line| line.contains("gatewayUrl"))
    {
        assert!(yaml.contains(line), "{yaml}");
    }
    assert_eq!(world.told_words(before), effect(62).calls());
    let_in(&world, effect(63).after()).await;
    let frank =
        json!({"name": "frank", "model": "kimi-k2.5", "modelProvider": "kimi", "runtime": "openclaw"});
    world.created("/api/v1/workers", &frank).await;
    settle(&world).await;
    let_in(&world, effect(64).after()).await;
}

#[tokio::test]
pub async fn a_manager_changes_its_runtime() {
    let world = World::settled(HERE).await;
    let keys = |world: &World| -> Value {
        let config = world.config("manager");
        let mut keys: Vec<String> =
            config["agents"]["defaults"].as_object().expect("a map").keys().cloned().collect();
        keys.sort();
        json!(keys)
    };
    assert_eq!(keys(&world), *effect(65).before());
    let before = world.now();
    let runtime = json!({"runtime": "openclaw", "image": "agentteams/agentteams-manager:v1.2.3"});
    world.put(MANAGER, &runtime).await;
    settle(&world).await;
    assert_eq!(keys(&world), *effect(65).after());
    let recorded = effect(66).calls().into_iter().filter(|call| !call.contains("frank"));
    assert_eq!(world.told_words(before), recorded.collect::<Vec<_>>());
}

#[tokio::test]
pub async fn a_second_manager_takes_the_first_ones_config_and_its_consumer() {
    let world = team().await;
    settle(&world).await;
    for (name, runtime) in [("alice", "openclaw"), ("bob", "qwenpaw")] {
        let worker = json!({"name": name, "model": "qwen3.6-plus", "runtime": runtime});
        world.created("/api/v1/workers", &worker).await;
    }
    world.created("/api/v1/gateway/consumers", &json!({"name": "a b/c", "credential_key": "k"})).await;
    settle(&world).await;
    world.route_by_hand("kimi-ai-route", &["manager", "worker-bob"]).await;
    let (before, keys) = (world.now(), world.keys(""));
    assert_eq!(*effect(67).before(), format!("agentteams-gateway/{}", world.model("manager")));
    let second = json!({"name": "second", "model": "glm-5", "runtime": "openclaw"});
    world.created("/api/v1/managers", &second).await;
    settle(&world).await;
    assert_eq!(*effect(67).after(), format!("agentteams-gateway/{}", world.model("manager")));
    effect(68).told(&world.told(before));
    let new: Vec<String> = world.keys("").into_iter().filter(|key| !keys.contains(key)).collect();
    assert_eq!(json!(new), *effect(69).after());

    let before = world.now();
    world.delete("/api/v1/managers/second").await;
    settle(&world).await;
    assert_eq!(world.told_words(before), calls(&effect(70).after()["docker"]));
    assert_eq!(json!(world.consumers().await), effect(70).after()["consumers"]);
    assert!(!world.allowed("default-ai-route").await.contains(&"manager".to_owned()));
    assert_eq!(
        json!(world.allowed("kimi-ai-route").await),
        effect(70).after()["allowedConsumers"]["kimi-ai-route"]
    );
    let still = http::Request::get("/api/v1/version")
        .header("authorization", format!("Bearer {}", world.account(&Account::Manager)))
        .body(axum::body::Body::empty())
        .expect("a request");
    assert_eq!(world.send(still).await.expect("an answer").status, 200, "the account stays");
}

#[tokio::test]
pub async fn without_the_console_workers_change_and_managers_do_not() {
    let world = alice_and_bob().await;
    world.console_down(true);
    world.put(ALICE, &json!({"model": "kimi-k2.5"})).await;
    world.put(MANAGER, &json!({"model": "kimi-k2.5"})).await;
    settle(&world).await;
    assert_eq!(*effect(71).after(), format!("agentteams-gateway/{}", world.model("alice")));
    assert_eq!(*effect(72).after(), format!("agentteams-gateway/{}", world.model("manager")));
    world.console_down(false);
    settle(&world).await;
    assert_eq!(*effect(73).after(), format!("agentteams-gateway/{}", world.model("manager")));
}

#[tokio::test]
pub async fn without_docker_what_has_to_be_made_waits_for_the_next_pass() {
    let world = alice_and_bob().await;
    world.docker_down(true);
    world.put(MANAGER, &json!({"model": "glm-5"})).await;
    world.created("/api/v1/workers", &json!({"name": "gina", "model": "glm-5", "runtime": "openclaw"})).await;
    settle(&world).await;
    assert_eq!(*effect(74).after(), format!("agentteams-gateway/{}", world.model("manager")));
    let before = world.now();
    world.docker_down(false);
    world.pass(PERIOD).await;
    let told = without_rest(world.told_words(before));
    let made: Vec<String> = told.into_iter().filter(|call| call.starts_with("POST")).collect();
    assert_eq!(sorted(made), sorted(effect(75).calls()));
}

#[tokio::test]
pub async fn a_restart_resets_the_provider_and_little_else() {
    let world = team().await;
    settle(&world).await;
    world.route_by_hand("own-ai-route", &["manager"]).await;
    let (old, worker) = (world.admin().expect("a token"), world.account(&Account::Worker("dev1".into())));
    let edit = |provider: &mut Value| {
        provider["tokens"] = json!(["sk-edited-by-hand"]);
        provider["rawConfigs"]["qwenEnableSearch"] = json!(true);
    };
    world.edit_console("/v1/ai/providers/qwen", edit).await;
    world
        .edit_console("/v1/ai/routes/default-ai-route", |route| {
            route["upstreams"] = json!([{"provider": "kimi", "weight": 100, "modelMapping": {}}]);
            route["headerControl"] = effect(81).before().clone();
        })
        .await;
    let plain = json!({"name": "default", "domains": [], "path": {"matchType": "PRE", "matchValue": "/"},
        "services": [{"name": "tuwunel.static", "port": 6167, "weight": 100}]});
    world.at_console(Method::POST, "/v1/routes", Some(&plain)).await;
    let kimi = world.at_console(Method::GET, "/v1/ai/providers/kimi", None).await.1;
    let route = world.at_console(Method::GET, "/v1/ai/routes/default-ai-route", None).await.1;
    let before = world.now();
    world.controller.restart().await;
    let health = http::Request::get("/healthz").body(axum::body::Body::empty()).expect("a request");
    assert!(world.send(health).await.is_none(), "the port is closed");
    assert_eq!(effect(76).after(), &Value::Null, "how long the old process needs to end is not played");
    let new_token = world.until(ms(10_000), |world| world.admin().as_deref() != Some(&old)).await;
    assert_eq!(new_token, effect(77).took());
    settle(&world).await;
    for token in [old, worker] {
        let request = http::Request::get("/api/v1/version")
            .header("authorization", format!("Bearer {token}"))
            .body(axum::body::Body::empty())
            .expect("a request");
        assert_eq!(world.send(request).await.expect("an answer").status, 200);
    }
    let provider = world.at_console(Method::GET, "/v1/ai/providers/qwen", None).await.1;
    assert_eq!(provider["tokens"], effect(78).after()["tokens"]);
    assert_eq!(
        provider["rawConfigs"]["qwenEnableSearch"],
        effect(78).after()["rawConfigs"]["qwenEnableSearch"]
    );
    assert_eq!(world.at_console(Method::GET, "/v1/ai/providers/kimi", None).await.1, kimi);
    assert_eq!(kimi["tokens"], effect(79).after()["tokens"]);
    let after = world.at_console(Method::GET, "/v1/ai/routes/default-ai-route", None).await.1;
    assert_eq!(after["upstreams"], effect(80).after()["default-ai-route"]["upstreams"]);
    assert_eq!(after["authConfig"], route["authConfig"]);
    assert_eq!(world.allowed("own-ai-route").await, ["manager"]);
    assert_eq!(after["headerControl"], *effect(81).after());
    let (status, _) = world.at_console(Method::GET, "/v1/routes/default", None).await;
    assert_eq!(status.as_u16(), 404);
    assert!(!texts(effect(82).after()).contains(&"default".to_owned()));
    let kinds = |calls: Vec<String>| -> Vec<String> {
        let of_dev2 = calls.into_iter().filter(|call| call.contains("dev2") || call.contains("<id>"));
        of_dev2.take(3).collect()
    };
    let told = world.told_words(before);
    let dev2 = told.iter().position(|call| call.contains("dev2")).expect("a new token for dev2");
    assert_eq!(told[dev2..dev2 + 3], kinds(effect(83).calls()));
}

#[tokio::test]
pub async fn a_restart_keeps_a_service_source_that_was_edited() {
    let world = second_installation().await;
    world
        .edit_console("/v1/service-sources/openai-compat", |source| {
            source["domain"] = effect(95).before()["domain"].clone()
        })
        .await;
    world
        .edit_console("/v1/ai/providers/openai-compat", |provider| {
            provider["tokens"] = json!(["sk-edited-by-hand"]);
        })
        .await;
    world.controller.restart().await;
    settle(&world).await;
    let provider = world.at_console(Method::GET, "/v1/ai/providers/openai-compat", None).await.1;
    assert_eq!(provider["tokens"], effect(94).after()["tokens"]);
    assert_eq!(
        provider["rawConfigs"]["openaiCustomUrl"],
        effect(94).after()["rawConfigs"]["openaiCustomUrl"]
    );
    let source = world.at_console(Method::GET, "/v1/service-sources/openai-compat", None).await.1;
    assert_eq!(source["domain"], effect(95).after()["domain"]);
}

#[tokio::test]
pub async fn writers_at_the_same_time_are_told_to_try_again() {
    let world = alice_and_bob().await;
    for (path, number) in [(ALICE, effect(85)), (MANAGER, effect(86))] {
        let answers = futures::future::join_all((0..12).map(|n| {
            let world = &world;
            async move { world.call(Method::PUT, path, Some(&json!({"model": format!("m{n}")}))).await }
        }))
        .await;
        let refused = &number.after()[1];
        let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert!(!good.is_empty() && !bad.is_empty(), "{} of 12", good.len());
        for answer in bad {
            assert_eq!(
                (json!(answer.status), &answer.json()["message"]),
                (refused["status"].clone(), &refused["message"])
            );
        }
    }
}

#[tokio::test]
pub async fn a_manager_of_openclaw_is_replaced_too() {
    let world = second_installation().await;
    let before = world.now();
    world.put(MANAGER, &json!({"model": "kimi-k2.5"})).await;
    settle(&world).await;
    effect(92).told(&world.told(before));
    let on_host: Value =
        serde_json::from_slice(&fs::read(world.workspace("openclaw.json")).expect("a file")).expect("JSON");
    let primary = |config: &Value| config["agents"]["defaults"]["model"]["primary"].clone();
    assert_eq!(json!([primary(&world.config("manager")), primary(&on_host)]), *effect(93).after());
}
