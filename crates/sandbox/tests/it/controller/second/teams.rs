//! Teams, who is let in, and what passes undo.
use super::*;

#[tokio::test]
pub async fn a_team_is_made_of_workers() {
    let workers = [("lead", "openclaw"), ("dev1", "openclaw"), ("dev2", "qwenpaw")];
    let world = World::with_workers(HERE, &workers).await;
    let alone = world.config("lead");
    let before = world.now();
    let members = json!([{"name": "lead", "role": "team_leader"}, {"name": "dev1", "role": "worker"},
        {"name": "dev2", "role": "worker"}]);
    let team = json!({"name": "alpha", "workerMembers": members, "heartbeatEvery": "30m"});
    world.created("/api/v1/teams", &team).await;
    settle(&world).await;
    assert_eq!(world.told_words(before), effect(34).calls());
    let recorded = effect(33);
    let led = world.config("lead");
    for pointer in ["/agents/defaults/heartbeat", "/channels/matrix/groupAllowFrom"] {
        assert_eq!(led.pointer(pointer), recorded.after().pointer(pointer), "{pointer}");
        assert_eq!(alone.pointer(pointer), recorded.before().pointer(pointer), "{pointer}");
    }
}

#[tokio::test]
pub async fn a_member_keeps_its_own_model() {
    let world = team().await;
    settle(&world).await;
    world.put("/api/v1/workers/dev1", &json!({"model": "kimi-k2.5"})).await;
    settle(&world).await;
    assert_eq!(*effect(35).after(), format!("agentteams-gateway/{}", world.model("dev1")));
    world.put("/api/v1/workers/dev2", &json!({"model": "kimi-k2.5"})).await;
    let took = world.until(ms(10_000), |world| world.yaml_model("dev2") == "kimi-k2.5").await;
    assert!(took <= effect(36).took() * 2, "{took:?}");
    settle(&world).await;
    yaml_is(&world, "dev2", effect(36).after());
}

#[tokio::test]
pub async fn consumers_are_made_and_let_in_at_once() {
    let world = team().await;
    settle(&world).await;
    for (name, runtime) in [("alice", "openclaw"), ("bob", "qwenpaw")] {
        let worker = json!({"name": name, "model": "glm-5", "runtime": runtime});
        world.created("/api/v1/workers", &worker).await;
    }
    settle(&world).await;
    let credentials = async |name: &str| {
        let consumer = world.at_console(Method::GET, &format!("/v1/consumers/{name}"), None).await.1;
        consumer["credentials"].clone()
    };
    let make = async |body: Value| world.created("/api/v1/gateway/consumers", &body).await;
    make(json!({"name": "tester", "credential_key": "test-key-1"})).await;
    assert_eq!(credentials("tester").await, effect(37).after()["tester"]);
    make(json!({"name": "tester", "credential_key": "test-key-2"})).await;
    assert_eq!(credentials("tester").await, *effect(38).after());
    make(json!({"name": "nokey"})).await;
    assert_eq!(credentials("nokey").await, *effect(39).after());
    world.post("/api/v1/gateway/consumers/tester/bind").await;
    let_in(&world, effect(40).after()).await;
    world.post("/api/v1/gateway/consumers/nobody/bind").await;
    let_in(&world, effect(41).after()).await;
}

#[tokio::test]
pub async fn the_next_pass_undoes_what_was_edited_by_hand() {
    let world = alice_and_bob().await;
    let primary = |config: &mut Value| {
        config["agents"]["defaults"]["model"]["primary"] = json!("agentteams-gateway/hand-edited");
    };
    for (agent, number) in [("manager", effect(44)), ("alice", effect(48))] {
        let after = number.after().as_str().expect("a primary").to_owned();
        world.edit_config(agent, primary);
        assert_eq!(world.model(agent), "hand-edited");
        let first = world.until(PERIOD + ms(2000), |world| world.model(agent) != "hand-edited").await;
        assert!(first > Duration::ZERO);
        assert_eq!(format!("agentteams-gateway/{}", world.model(agent)), after);
    }
    // Edited right after a pass, it takes until the next one.
    for (agent, number) in [("manager", effect(49)), ("alice", effect(50))] {
        world.edit_config(agent, primary);
        world.until(PERIOD + ms(2000), |world| world.model(agent) != "hand-edited").await;
        world.edit_config(agent, primary);
        let took = world.until(PERIOD + ms(2000), |world| world.model(agent) != "hand-edited").await;
        assert!(took.abs_diff(number.took()) < ms(5000), "{agent}: {took:?}");
    }

    // The file on the host.
    let file = world.workspace("openclaw.json");
    let read = || -> Value { serde_json::from_slice(&fs::read(&file).expect("a file")).expect("JSON") };
    let mut edited = read();
    edited["agents"]["defaults"]["model"]["primary"] = effect(42).before().clone();
    fs::write(&file, edited.to_string()).expect("written");
    world.pass(PERIOD + ms(2000)).await;
    assert_eq!(read()["agents"]["defaults"]["model"]["primary"], *effect(42).after());

    let key = "agents/bob/runtime/runtime.yaml";
    let text = world.object(key).expect("a config").replace("model: qwen3.6-plus", "model: hand-edited");
    world.write(key, text);
    assert_eq!(world.yaml_model("bob"), *effect(45).before());
    world.until(PERIOD + ms(2000), |world| world.yaml_model("bob") != "hand-edited").await;
    assert_eq!(world.yaml_model("bob"), *effect(45).after());
}

#[tokio::test]
pub async fn unknown_keys_go_and_plugins_stay() {
    let world = second_installation().await;
    for worker in [
        json!({"name": "cop", "model": "kimi-k2.5", "runtime": "copaw"}),
        json!({"name": "zed", "workerName": "zed-biz", "model": "qwen3.6-plus", "runtime": "openclaw"}),
    ] {
        world.created("/api/v1/workers", &worker).await;
    }
    settle(&world).await;
    for (agent, number) in [("cop", effect(107)), ("zed-biz", effect(108))] {
        world.edit_config(agent, |config| {
            config["agents"]["defaults"]["model"]["primary"] = json!("agentteams-gateway/hand-edited");
            config["agents"]["defaults"]["extra"] = json!("kept?");
            config["plugins"]["entries"]["own"] = json!({"enabled": true});
        });
        let took = world.until(PERIOD + ms(2000), |world| world.model(agent) != "hand-edited").await;
        assert!(took <= PERIOD + ms(2000) && number.took() <= PERIOD);
        let config = world.config(agent);
        assert_eq!(config["agents"]["defaults"]["model"]["primary"], number.after()["primary"]);
        assert_eq!(config["agents"]["defaults"]["extra"], number.after()["extra"]);
        assert_eq!(config["plugins"]["entries"]["own"], json!({"enabled": true}));
    }

    // The same for the Manager's file, and for a route that lets nobody in.
    world.put(MANAGER, &json!({"model": "kimi-k2.5"})).await;
    settle(&world).await;
    let file = world.workspace("openclaw.json");
    let read = || -> Value { serde_json::from_slice(&fs::read(&file).expect("a file")).expect("JSON") };
    let mut edited = read();
    edited["agents"]["defaults"]["model"]["primary"] = effect(105).before().clone();
    fs::write(&file, edited.to_string()).expect("written");
    world.route_by_hand("late-ai-route", &[]).await;
    world.pass(PERIOD + ms(2000)).await;
    assert_eq!(read()["agents"]["defaults"]["model"]["primary"], *effect(105).after());
    assert_eq!(json!(world.allowed("late-ai-route").await), *effect(106).after());
}

#[tokio::test]
pub async fn passes_come_every_five_minutes_and_mend_containers_but_no_routes() {
    let world = team().await;
    for (name, runtime) in [("alice", "openclaw"), ("bob", "qwenpaw")] {
        let worker = json!({"name": name, "model": "qwen3.6-plus", "runtime": runtime});
        world.created("/api/v1/workers", &worker).await;
    }
    world.pass(ms(60_000)).await;
    world.route_by_hand("kimi-ai-route", &[]).await;
    world
        .edit_console("/v1/ai/routes/default-ai-route", |route| {
            let allowed = route["authConfig"]["allowedConsumers"].as_array_mut().expect("consumers");
            allowed.retain(|consumer| consumer != "worker-bob");
        })
        .await;
    let mut stopped = world.containers.get("agentteams-worker-dev1").expect("a container");
    stopped.turn(Status::Exited);
    world.containers.set("agentteams-worker-dev1", Some(stopped)).expect("stopped");
    world.containers.set("agentteams-worker-dev2", None).expect("removed");
    let before = world.now();
    world.pass(ms(690_000)).await;
    let told = world.told_words(before);
    for number in [effect(46), effect(47)] {
        assert!(told.contains(&number.after().as_str().expect("a call").to_owned()), "{told:?}");
    }
    assert_eq!(json!(world.allowed("kimi-ai-route").await), *effect(43).after());
    assert_eq!(json!(world.allowed("kimi-ai-route").await), *effect(51).after());
    assert_eq!(sorted(world.allowed("default-ai-route").await), sorted(texts(effect(52).after())));
    for (container, times) in effect(53).after().as_object().expect("times") {
        let looks: Vec<Duration> = world
            .controller
            .docker_calls()
            .into_iter()
            .filter(|call| call.at >= before && call.call == format!("GET /containers/{container}/json"))
            .map(|call| call.at)
            .collect();
        let often = times.as_array().expect("times").len();
        assert!((2..=often.max(3) + 3).contains(&looks.len()), "{container}: {looks:?}");
        let first = looks.first().copied().expect("a look");
        assert!(looks.iter().any(|at| at.abs_diff(first + PERIOD) < ms(5000)), "{container}: {looks:?}");
    }

    world.put(ALICE, &json!({"model": "kimi-k2.5"})).await;
    world.pass(ms(10_000)).await;
    let_in(&world, effect(54).after()).await;
    world.post("/api/v1/gateway/consumers/worker-alice/bind").await;
    let_in(&world, effect(55).after()).await;
}
