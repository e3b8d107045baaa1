//! Teams, who is let into which route, and what goes with whom.
use super::*;

#[tokio::test]
pub async fn a_team_makes_its_members() {
    let world = four().await;
    let before = world.now();
    team(&world).await;
    assert_eq!(made(world.told_words(before)), effect(47).calls());
    for key in texts(effect(48).after()) {
        assert!(world.object(&key).is_some(), "{key}");
    }
    effect(49).is(&world.config("lead"));
    let images: BTreeMap<String, String> = ["lead", "dev1", "dev2"]
        .map(|name| format!("hiclaw-worker-{name}"))
        .map(|name| (name.clone(), world.containers.get(&name).expect("a container").image))
        .into();
    assert_eq!(json!(images), *effect(50).after());
    let registry: Value =
        serde_json::from_str(&world.object("agents/manager/teams-registry.json").expect("a registry"))
            .expect("JSON");
    effect(51).is(&registry);
}

#[tokio::test]
pub async fn a_team_decides_about_the_models_of_its_members() {
    let world = four().await;
    team(&world).await;
    let before = world.now();
    world.put(TEAM, &json!({"leader": {"name": "lead", "model": "kimi-k2.5"}})).await;
    let took = world.until(ms(15_000), |world| world.model("lead") == "kimi-k2.5").await;
    assert!(took <= effect(52).took() * 2 && primary(&world, "lead") == *effect(52).after(), "{took:?}");
    settle(&world).await;
    assert_eq!(made(world.told_words(before)), effect(53).calls());

    let member =
        |model: &str| json!({"name": "dev1", "model": model, "runtime": "openclaw", "soul": "You are dev1."});
    let dev2 = json!({"name": "dev2", "model": "qwen3.5-plus"});
    let before = world.now();
    world.put(TEAM, &json!({"leader": {"model": "glm-5"}})).await;
    world.put(TEAM, &json!({"workers": [member("kimi-k2.5"), dev2]})).await;
    let took = world.until(ms(15_000), |world| world.model("dev1") == "kimi-k2.5").await;
    assert!(took <= effect(56).took() * 2 && primary(&world, "dev1") == *effect(56).after(), "{took:?}");
    settle(&world).await;
    assert_eq!(made(world.told_words(before)), effect(57).calls());

    let shown = world.read("/api/v1/workers/dev1").await;
    let soul = world.object("agents/dev1/SOUL.md").expect("a soul");
    let before_it = effect(60);
    assert_eq!(shown["runtime"], before_it.before()["GET runtime"]);
    let before = world.now();
    world.put(TEAM, &json!({"workers": [{"name": "dev1", "model": "glm-5"}, dev2]})).await;
    world.until(ms(15_000), |world| world.model("dev1") == "glm-5").await;
    assert_eq!(primary(&world, "dev1"), *effect(58).after());
    settle(&world).await;
    assert_eq!(made(world.told_words(before)), effect(59).calls());
    assert_eq!(world.read("/api/v1/workers/dev1").await["runtime"], effect(60).after()["GET runtime"]);
    assert_eq!(world.object("agents/dev1/SOUL.md"), Some(soul));

    let before = world.now();
    world.put(TEAM, &json!({"workers": [{"name": "dev1", "model": "glm-5"}]})).await;
    settle(&world).await;
    assert_eq!(world.told_words(before), calls(&effect(61).after()["docker"]));
    assert_eq!(json!(world.keys("agents/dev2/")), effect(61).after()["objects"]);
    assert_eq!(json!(world.consumers().await), effect(61).after()["consumers"]);
    world.put(TEAM, &json!({"workers": []})).await;
    settle(&world).await;
    let before = world.now();
    world.delete(TEAM).await;
    settle(&world).await;
    effect(62).told(&world.told(before));
}

#[tokio::test]
pub async fn passes_let_everybody_into_new_routes() {
    let world = four().await;
    world.route_by_hand("kimi-ai-route", &[]).await;
    world
        .edit_console("/v1/ai/routes/default-ai-route", |route| {
            let allowed = route["authConfig"]["allowedConsumers"].as_array_mut().expect("consumers");
            allowed.retain(|consumer| consumer != "worker-hal");
        })
        .await;
    let mut stopped = world.containers.get("hiclaw-worker-hal").expect("a container");
    stopped.turn(Status::Exited);
    world.containers.set("hiclaw-worker-hal", Some(stopped)).expect("stopped");
    let before = world.now();
    world.pass(PERIOD + ms(5000)).await;
    let everybody = ["manager", "worker-alice", "worker-bob", "worker-hal", "worker-quinn"];
    for (route, number) in [("kimi-ai-route", effect(63)), ("default-ai-route", effect(64))] {
        let last = number.after().as_array().expect("changes").last().expect("a change").clone();
        let found = world.allowed(route).await;
        for name in texts(&last["allowedConsumers"]).iter().filter(|name| everybody.contains(&name.as_str()))
        {
            assert!(found.contains(name), "{route}: {found:?}");
        }
    }
    assert!(world.told_words(before).contains(&effect(54).after().as_str().expect("a call").to_owned()));
    for (container, times) in effect(65).after().as_object().expect("times") {
        let looks = world
            .controller
            .docker_calls()
            .into_iter()
            .filter(|call| call.at >= before && call.call == format!("GET /containers/{container}/json"));
        assert!(looks.count() >= times.as_array().expect("times").len().min(1), "{container}");
    }
}

#[tokio::test]
pub async fn consumers_are_made_and_let_in_at_once() {
    let world = four().await;
    world
        .route_by_hand(
            "kimi-ai-route",
            &["worker-alice", "worker-bob", "manager", "worker-hal", "worker-quinn"],
        )
        .await;
    assert_eq!(json!(world.consumers().await), *effect(66).before());
    let credentials = async || {
        let consumer = world.at_console(Method::GET, "/v1/consumers/tester", None).await.1;
        consumer["credentials"].clone()
    };
    let make = async |body: Value| world.created("/api/v1/gateway/consumers", &body).await;
    make(json!({"name": "tester", "credential_key": "test-key-1"})).await;
    assert_eq!(credentials().await, effect(66).after()["tester"]);
    make(json!({"name": "tester", "credential_key": "test-key-2"})).await;
    assert_eq!(credentials().await, *effect(67).after());
    make(json!({"name": "nokey"})).await;
    let nokey = world.at_console(Method::GET, "/v1/consumers/nokey", None).await.1;
    assert_eq!(nokey["credentials"], *effect(68).after());
    world.post("/api/v1/gateway/consumers/tester/bind").await;
    for route in ["default-ai-route", "kimi-ai-route"] {
        let recorded = effect(69).after()[route].clone();
        lets_in(&world, route, recorded.get("allowedConsumers").unwrap_or(&recorded)).await;
    }
    world.post("/api/v1/gateway/consumers/nobody/bind").await;
    lets_in(&world, "default-ai-route", effect(70).after()).await;
}

#[tokio::test]
pub async fn nothing_is_left_of_a_deleted_worker() {
    let world = four().await;
    world.created("/api/v1/workers", &json!({"name": "dave", "model": "qwen3.5-plus"})).await;
    settle(&world).await;
    world
        .route_by_hand(
            "kimi-ai-route",
            &["worker-alice", "worker-bob", "manager", "worker-hal", "worker-quinn", "worker-dave"],
        )
        .await;
    let friends = |world: &World| world.config("manager")["channels"]["matrix"]["groupAllowFrom"].clone();
    same(effect(74).before(), &friends(&world), "who may speak to the Manager");
    assert_eq!(json!(world.keys("agents/dave/")), *effect(72).before());
    assert_eq!(json!(world.consumers().await), *effect(73).before());
    let before = world.now();
    world.delete("/api/v1/workers/dave").await;
    settle(&world).await;
    effect(71).told(&world.told(before));
    assert_eq!(json!(world.keys("agents/dave/")), *effect(72).after());
    assert_eq!(json!(world.consumers().await), effect(73).after()["consumers"]);
    for (route, allowed) in effect(73).after()["routes"].as_object().expect("routes") {
        lets_in(&world, route, allowed).await;
    }
    same(effect(74).after(), &friends(&world), "who may speak to the Manager");
}

#[tokio::test]
pub async fn a_leader_keeps_its_name() {
    let world = World::settled(HERE).await;
    let beta = json!({"name": "beta", "leader": {"name": "boss", "model": "qwen3.5-plus"},
        "workers": [{"name": "m1", "model": "qwen3.5-plus", "runtime": "openclaw"}]});
    world.created("/api/v1/teams", &beta).await;
    world.pass(ms(60_000)).await;
    for (body, number) in [
        (json!({"leader": {"model": "glm-5"}}), effect(75)),
        (json!({"leader": {"name": "other", "model": "kimi-k2.5"}}), effect(76)),
    ] {
        let before = world.now();
        let answer = world.put("/api/v1/teams/beta", &body).await;
        assert_eq!(answer["leaderName"], number.after()["leaderName"]);
        settle(&world).await;
        assert_eq!(primary(&world, "boss"), number.after()["primary"]);
        assert_eq!(made(world.told_words(before)), calls(&number.after()["docker"]));
    }
}
