//! Restarts, and what is not there when it is needed.
use super::*;

#[tokio::test]
pub async fn a_restart_resets_the_provider_and_mends_the_routes() {
    let world = four().await;
    world.route_by_hand("own-ai-route", &["manager"]).await;
    world.route_by_hand("kimi-ai-route", &["worker-alice"]).await;
    assert_eq!(
        json!(world.allowed("own-ai-route").await),
        effect(85).before()["authConfig"]["allowedConsumers"]
    );
    let (old, worker) = (world.admin().expect("a token"), world.account(&Account::Worker("alice".into())));
    world
        .edit_console("/v1/ai/providers/qwen", |provider| {
            provider["tokens"] = json!(["sk-edited-by-hand"]);
            provider["rawConfigs"]["qwenEnableSearch"] = json!(true);
        })
        .await;
    let headers = json!({"enabled": true, "request": {"add": [{"key": "x-test", "value": "1"}], "set": [], "remove": []},
        "response": {"add": [], "set": [], "remove": []}});
    world
        .edit_console("/v1/ai/routes/default-ai-route", |route| {
            route["upstreams"] = json!([{"provider": "kimi", "weight": 100, "modelMapping": {}}]);
            route["headerControl"] = headers.clone();
        })
        .await;
    let plain = json!({"name": "default", "domains": [], "path": {"matchType": "PRE", "matchValue": "/"},
        "services": [{"name": "tuwunel.static", "port": 6167, "weight": 100}]});
    world.at_console(Method::POST, "/v1/routes", Some(&plain)).await;
    let kimi = world.at_console(Method::GET, "/v1/ai/providers/kimi", None).await.1;
    world.edit_config("quinn", |config| {
        config["agents"]["defaults"]["model"]["primary"] = json!("hiclaw-gateway/hand-edited");
    });
    let before = world.now();
    world.controller.restart().await;
    assert_eq!(effect(77).after(), &Value::Null, "how long the old process needs to end is not played");
    let times = effect(78);
    let recorded = |name: &str| ms(times.after()[name].as_u64().expect("a time"));
    let took = world.until(ms(10_000), |world| world.admin().as_deref() != Some(&old)).await;
    assert_eq!(took, recorded("token file"));
    assert_eq!(took, effect(79).took());
    world.until(ms(10_000), |world| world.model("quinn") != "hand-edited").await;
    let reverted = world.now() - before;
    assert!(
        reverted.abs_diff(recorded("agents/quinn/openclaw.json edited by hand is reverted")) < ms(3000),
        "{reverted:?}"
    );
    settle(&world).await;
    for token in [old, worker] {
        let request = http::Request::get("/api/v1/version")
            .header("authorization", format!("Bearer {token}"))
            .body(axum::body::Body::empty())
            .expect("a request");
        assert_eq!(world.send(request).await.expect("an answer").status, 200);
    }
    let provider = world.at_console(Method::GET, "/v1/ai/providers/qwen", None).await.1;
    assert_eq!(provider["tokens"], effect(80).after()["tokens"]);
    assert_eq!(
        provider["rawConfigs"]["qwenEnableSearch"],
        effect(80).after()["rawConfigs"]["qwenEnableSearch"]
    );
    assert_eq!(world.at_console(Method::GET, "/v1/ai/providers/kimi", None).await.1, kimi);
    assert_eq!(kimi["tokens"], effect(81).after()["tokens"]);
    assert_eq!(world.at_console(Method::GET, "/v1/routes/default", None).await.0.as_u16(), 404);
    assert!(!texts(effect(82).after()).contains(&"default".to_owned()));
    let route = world.at_console(Method::GET, "/v1/ai/routes/default-ai-route", None).await.1;
    assert_eq!(route["headerControl"], headers);
    for (name, number) in
        [("default-ai-route", effect(83)), ("kimi-ai-route", effect(84)), ("own-ai-route", effect(85))]
    {
        lets_in(&world, name, &number.after()["authConfig"]["allowedConsumers"]).await;
    }
    assert!(
        effect(86).calls().iter().all(|call| call.starts_with("DELETE")),
        "only what was being deleted is touched"
    );
    assert!(world.told_words(before).is_empty());
}

#[tokio::test]
pub async fn without_the_console_nothing_is_written() {
    let world = four().await;
    world.console_down(true);
    let before = world.now();
    world.put(ALICE, &json!({"model": "kimi-k2.5"})).await;
    world.put(MANAGER, &json!({"model": "kimi-k2.5"})).await;
    world.created("/api/v1/workers", &json!({"name": "erin", "model": "qwen3.5-plus"})).await;
    world.pass(ms(10_000)).await;
    let recorded = effect(87);
    assert_eq!(world.told_words(before), calls(&recorded.after()["docker"]));
    for agent in ["alice", "manager"] {
        assert_eq!(world.model(agent), "qwen3.5-plus", "{agent}");
    }
    world.console_down(false);
    let healed: [(&str, Is); 3] = [
        ("manager", |world| world.model("manager") == "kimi-k2.5"),
        ("alice", |world| world.model("alice") == "kimi-k2.5"),
        ("erin", |world| world.object("agents/erin/openclaw.json").is_some()),
    ];
    for (name, is_so) in healed {
        let recorded = ms(effect(88).after()[name].as_u64().expect("a time"));
        let took = world.until(ms(30_000), is_so).await;
        assert!(took < recorded * 4, "{name}: {took:?}");
    }
}

#[tokio::test]
pub async fn without_docker_a_change_counts_as_done() {
    let world = four().await;
    world.docker_down(true);
    world.put(ALICE, &json!({"model": "glm-5"})).await;
    world.put(MANAGER, &json!({"model": "glm-5"})).await;
    settle(&world).await;
    assert_eq!(primary(&world, "alice"), *effect(89).after());
    assert_eq!(primary(&world, "manager"), *effect(90).after());
    for action in ["sleep", "wake"] {
        world.post(&format!("/api/v1/workers/bob/{action}")).await;
    }
    let before = world.now();
    world.docker_down(false);
    world.pass(ms(12_000)).await;
    let told = world.told_words(before);
    let others: Vec<&String> =
        told.iter().filter(|call| call.contains("alice") || call.contains("hiclaw-manager")).collect();
    assert!(others.is_empty(), "{told:?}");
    assert!(effect(91).calls().iter().all(|call| call.contains("bob") || call.contains("<id>")));

    let before = world.now();
    world.put(ALICE, &json!({"model": "glm-5"})).await;
    settle(&world).await;
    effect(92).told(&world.told(before));
    let before = world.now();
    world.put(ALICE, &json!({"model": "qwen3.5-plus"})).await;
    settle(&world).await;
    assert_eq!(made(world.told_words(before)), effect(93).calls());
}

#[tokio::test]
pub async fn with_a_second_manager_goes_the_account_of_the_first() {
    let world = four().await;
    for route in ["kimi-ai-route", "own-ai-route"] {
        world.route_by_hand(route, &["manager", "worker-alice"]).await;
    }
    assert_eq!(*effect(94).before(), primary(&world, "manager"));
    let before = world.now();
    world.created("/api/v1/managers", &json!({"name": "second", "model": "glm-5"})).await;
    settle(&world).await;
    assert_eq!(primary(&world, "manager"), effect(94).after()["primary"]);
    assert_eq!(world.told_words(before), calls(&effect(94).after()["docker"]));

    let token = world.account(&Account::Manager);
    let before = world.now();
    world.delete("/api/v1/managers/second").await;
    settle(&world).await;
    let told = world.told_words(before);
    assert_eq!(told.first(), calls(&effect(95).after()["docker"]).first());
    assert!(!texts(&effect(95).after()["consumers"]).contains(&"manager".to_owned()));
    assert!(!world.consumers().await.contains(&"manager".to_owned()));
    for route in ["default-ai-route", "kimi-ai-route", "own-ai-route"] {
        assert!(!world.allowed(route).await.contains(&"manager".to_owned()), "{route}");
    }
    let asks = async |token: String| {
        let request = http::Request::get("/api/v1/version")
            .header("authorization", format!("Bearer {token}"))
            .body(axum::body::Body::empty())
            .expect("a request");
        world.send(request).await.expect("an answer").status
    };
    assert_eq!(asks(token).await, 401);

    world.put(MANAGER, &json!({"model": "kimi-k2.5"})).await;
    settle(&world).await;
    assert_eq!(primary(&world, "manager"), effect(96).after()["primary"]);
    for route in ["default-ai-route", "kimi-ai-route", "own-ai-route"] {
        assert!(world.allowed(route).await.contains(&"manager".to_owned()), "{route}");
    }
    assert_eq!(asks(world.account(&Account::Manager)).await, 200);
}
