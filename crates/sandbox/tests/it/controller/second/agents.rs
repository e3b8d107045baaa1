//! The Manager and workers, from their making on.
use super::*;

#[tokio::test]
pub async fn an_empty_console_and_an_empty_store_are_filled() {
    let world = World::settled(HERE).await;
    let names = ["service-sources", "ai/providers", "ai/routes", "consumers"];
    effect(0).is(&at_console(&world, &names).await);
    effect(1).is(&json!(world.keys("")));
    effect(2).is(&world.config("manager"));
    same_container(&world, "agentteams-manager", effect(3).after());
    let text = world.at_console(Method::GET, "/system/higress-config", None).await.1;
    let idle = format!("idleTimeout: {}", effect(84).after());
    assert!(text.as_str().expect("YAML").contains(&idle), "{text}");
}

#[tokio::test]
pub async fn another_provider_and_another_runtime_are_installed() {
    let world = World::started(HERE, script::plan(HERE, 2));
    let token = world.until(ms(60_000), |world| world.admin().is_some()).await;
    assert_eq!((token, effect(87).after()), (effect(87).took(), &json!("exists")));
    let appeared: Vec<String> = texts(&Value::Array(
        effect(88).after().as_array().expect("a list").iter().map(|entry| entry["name"].clone()).collect(),
    ));
    settle(&world).await;
    let names = ["service-sources", "ai/providers", "ai/routes", "consumers"];
    let found = at_console(&world, &names).await;
    for name in appeared {
        assert!(found.to_string().contains(&format!("\"name\":\"{name}\"")), "{name}");
    }
    let mut recorded = effect(89).after().clone();
    for name in recorded.as_object().expect("kinds").keys().cloned().collect::<Vec<_>>() {
        if !names.contains(&name.as_str()) {
            recorded.as_object_mut().expect("kinds").shift_remove(&name);
        }
    }
    same(&recorded, &found, "the console");
    effect(90).is(&world.config("manager"));
    same_container(&world, "agentteams-manager", effect(91).after());
}

#[tokio::test]
pub async fn a_worker_is_made() {
    let world = World::settled(HERE).await;
    let before = world.now();
    let alice =
        json!({"name": "alice", "model": "qwen3.6-plus", "runtime": "openclaw", "soul": "You are Alice."});
    world.created("/api/v1/workers", &alice).await;
    settle(&world).await;
    assert_eq!(world.told_words(before), effect(4).calls());
    assert_eq!(json!(world.consumers().await), effect(5).after()["consumers"]);
    assert_eq!(
        json!(world.allowed("default-ai-route").await),
        effect(5).after()["default-ai-route"]["allowedConsumers"]
    );
    effect(6).is(&json!(world.keys("agents/alice/")));
    effect(7).is(&world.config("alice"));
    same_container(&world, "agentteams-worker-alice", effect(8).after());

    world
        .created("/api/v1/workers", &json!({"name": "bob", "model": "qwen3.6-plus", "runtime": "qwenpaw"}))
        .await;
    settle(&world).await;
    effect(9).is(&json!(world.keys("agents/bob/")));
    yaml_is(&world, "bob", effect(10).after());
    same_container(&world, "agentteams-worker-bob", effect(11).after());
}

#[tokio::test]
pub async fn the_runtime_decides_about_image_and_objects() {
    let world = second_installation().await;
    for (name, number) in [("def", effect(96)), ("cop", effect(97)), ("her", effect(98))] {
        let mut worker = json!({"name": name, "model": "qwen3.6-plus"});
        match name {
            "cop" => worker["runtime"] = json!("copaw"),
            "her" => worker["runtime"] = json!("hermes"),
            _ => {}
        }
        world.created("/api/v1/workers", &worker).await;
        settle(&world).await;
        let container = world.containers.get(&format!("agentteams-worker-{name}")).expect("a container");
        number.is(&json!({"image": container.image, "objects": world.keys(&format!("agents/{name}/"))}));
    }
    for (name, number) in [("cop", effect(99)), ("her", effect(100))] {
        let before = world.now();
        world.put(&format!("/api/v1/workers/{name}"), &json!({"model": "kimi-k2.5"})).await;
        settle(&world).await;
        assert_eq!(number.after()["primary"], format!("agentteams-gateway/{}", world.model(name)));
        assert_eq!(world.told_words(before), calls(&number.after()["docker"]));
    }
    let before = world.now();
    world.put("/api/v1/workers/def", &json!({"runtime": "openclaw"})).await;
    settle(&world).await;
    assert_eq!(without_rest(world.told_words(before)), without_rest(calls(&effect(104).after()["docker"])));
    assert_eq!(json!(world.keys("agents/def/")), effect(104).after()["objects"]);
}

#[tokio::test]
pub async fn names_and_containers_can_be_others() {
    let world = second_installation().await;
    let zed = json!({"name": "zed", "workerName": "zed-biz", "model": "qwen3.6-plus", "runtime": "openclaw"});
    world.created("/api/v1/workers", &zed).await;
    settle(&world).await;
    let recorded = effect(101);
    assert!(world.containers.get("agentteams-worker-zed").is_some());
    assert_eq!(recorded.after()["containers"], json!(["/agentteams-worker-zed"]));
    assert!(
        world.keys("agents/").contains(&recorded.after()["objects"][0].as_str().expect("a key").to_owned())
    );
    assert!(
        world
            .consumers()
            .await
            .contains(&recorded.after()["consumers"][0].as_str().expect("a name").to_owned())
    );

    let remo =
        json!({"name": "remo", "model": "qwen3.6-plus", "runtime": "openclaw", "containerManaged": false});
    world.created("/api/v1/workers", &remo).await;
    settle(&world).await;
    assert!(world.containers.get("agentteams-worker-remo").is_none());
    assert_eq!(effect(102).after()["primary"], format!("agentteams-gateway/{}", world.model("remo")));

    world.put("/api/v1/workers/zed", &json!({"expose": [{"port": 3000}]})).await;
    settle(&world).await;
    let route = world.at_console(Method::GET, "/v1/routes/worker-zed-3000", None).await.1;
    effect(103).is(&json!([route]));
}

#[tokio::test]
pub async fn a_model_changes_the_config_and_no_container() {
    let world = alice_and_bob().await;
    let before = world.now();
    let config = world.config("alice");
    world.put(ALICE, &json!({"model": "kimi-k2.5"})).await;
    let took = world.until(ms(5000), |world| world.model("alice") == "kimi-k2.5").await;
    assert!(took <= effect(12).took() * 2, "{took:?}");
    let mut expected = config;
    expected["agents"]["defaults"]["model"]["primary"] =
        effect(12).after()["agents"]["defaults"]["model"]["primary"].clone();
    assert_eq!(world.config("alice"), expected);
    world.pass(ms(12_000)).await;
    assert_eq!(world.told_words(before), effect(13).calls());

    let before = world.now();
    world.put("/api/v1/workers/bob", &json!({"model": "kimi-k2.5"})).await;
    let took = world.until(ms(5000), |world| world.yaml_model("bob") == "kimi-k2.5").await;
    assert!(took <= effect(14).took() * 2, "{took:?}");
    yaml_is(&world, "bob", effect(14).after());
    world.pass(ms(8000)).await;
    assert_eq!(world.told_words(before), effect(15).calls());
}

#[tokio::test]
pub async fn any_model_is_taken_and_a_known_prefix_is_stripped() {
    let world = alice_and_bob().await;
    let set = async |model: &str| {
        world.put(ALICE, &json!({"model": model})).await;
        settle(&world).await;
        world.config("alice")
    };
    let config = set("no-such-model").await;
    let defaults = &config["agents"]["defaults"];
    let models =
        config["models"]["providers"]["agentteams-gateway"]["models"].as_array().expect("models").clone();
    let entry: Vec<&Value> = models.iter().filter(|model| model["id"] == "no-such-model").collect();
    effect(16).is(&json!({"primary": defaults["model"]["primary"], "model": entry,
        "alias": defaults["models"]["agentteams-gateway/no-such-model"]}));
    effect(17).is(&set("openai/gpt-4o").await["agents"]["defaults"]["model"]["primary"]);
    let config = set("agentteams-gateway/kimi-k2.5").await;
    let models =
        config["models"]["providers"]["agentteams-gateway"]["models"].as_array().expect("models").clone();
    let last: Vec<&Value> = models.iter().rev().take(2).rev().map(|model| &model["id"]).collect();
    let found = json!({"primary": config["agents"]["defaults"]["model"]["primary"], "lastModels": last});
    assert_eq!(found, *effect(18).after());
}

#[tokio::test]
pub async fn a_soul_replaces_the_container() {
    let world = alice_and_bob().await;
    let before = world.now();
    world.put(ALICE, &json!({"soul": "You are Alice, the second."})).await;
    settle(&world).await;
    effect(19).told(&world.told(before));
}

#[tokio::test]
pub async fn a_model_of_the_manager_replaces_its_container() {
    let world = World::settled(HERE).await;
    let (before, env) = (world.now(), world.env("agentteams-manager"));
    world.put(MANAGER, &json!({"model": "kimi-k2.5"})).await;
    let took = world.until(ms(5000), |world| world.model("manager") == "kimi-k2.5").await;
    assert!(took <= effect(20).took() * 2, "{took:?}");
    settle(&world).await;
    let on_host: Value =
        serde_json::from_slice(&fs::read(world.workspace("openclaw.json")).expect("a file")).expect("JSON");
    assert_eq!(json!({"same": on_host == world.config("manager")}), *effect(21).after());
    effect(22).told(&world.told(before));
    let changed = world.env("agentteams-manager");
    let line = effect(23).after()[0].clone();
    assert_eq!(line, format!("AGENTTEAMS_DEFAULT_MODEL={}", changed["AGENTTEAMS_DEFAULT_MODEL"]));
    assert_ne!(env["AGENTTEAMS_DEFAULT_MODEL"], changed["AGENTTEAMS_DEFAULT_MODEL"]);

    let before = world.now();
    world.put(MANAGER, &json!({"model": "kimi-k2.5"})).await;
    settle(&world).await;
    effect(24).told(&world.told(before));

    let base = |world: &World| {
        world.config("manager")["models"]["providers"]["agentteams-gateway"]["baseUrl"].clone()
    };
    assert_eq!(base(&world), *effect(25).before());
    world.put(MANAGER, &json!({"modelProvider": "qwen"})).await;
    settle(&world).await;
    assert_eq!(base(&world), *effect(25).after());
}

#[tokio::test]
pub async fn a_manager_sleeps_and_wakes_by_its_state() {
    let world = World::settled(HERE).await;
    let before = world.now();
    let state = |state: &str| json!({"state": state});
    world.put(MANAGER, &state("Sleeping")).await;
    world.pass(ms(5000)).await;
    world.put(MANAGER, &state("Running")).await;
    world.pass(ms(5000)).await;
    world.put(MANAGER, &state("Sleeping")).await;
    world.pass(ms(2500)).await;
    world.put(MANAGER, &json!({"model": "glm-5"})).await;
    world.pass(ms(4000)).await;
    world.put(MANAGER, &state("Running")).await;
    settle(&world).await;
    assert_eq!(world.told_words(before), effect(26).calls());
}

#[tokio::test]
pub async fn sleep_and_wake_keep_the_container() {
    let world = alice_and_bob().await;
    let before = world.now();
    world.post("/api/v1/workers/alice/sleep").await;
    settle(&world).await;
    world.post("/api/v1/workers/alice/sleep").await;
    settle(&world).await;
    assert_eq!(world.told_words(before), effect(27).calls());
    let before = world.now();
    world.post("/api/v1/workers/alice/wake").await;
    settle(&world).await;
    assert_eq!(world.told_words(before), effect(28).calls());
    let before = world.now();
    world.put(ALICE, &json!({"state": "Stopped"})).await;
    settle(&world).await;
    effect(29).told(&world.told(before));
}

#[tokio::test]
pub async fn nothing_is_left_of_a_deleted_worker() {
    let workers = [("alice", "openclaw"), ("bob", "qwenpaw"), ("dave", "openclaw")];
    let world = World::with_workers(HERE, &workers).await;
    assert_eq!(json!(world.consumers().await), *effect(32).before());
    assert_eq!(json!(world.keys("agents/dave/")), *effect(31).before());
    let before = world.now();
    world.delete("/api/v1/workers/dave").await;
    settle(&world).await;
    effect(30).told(&world.told(before));
    assert_eq!(json!(world.keys("agents/dave/")), *effect(31).after());
    assert_eq!(json!(world.consumers().await), effect(32).after()["consumers"]);
    let allowed = effect(32).after()["default-ai-route"]["allowedConsumers"].clone();
    assert_eq!(json!(world.allowed("default-ai-route").await), allowed);
}
