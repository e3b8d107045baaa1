//! What the second controller's writes did to the store, the console and the containers: every recorded effect.
use super::{
    World,
    effects::{Effect, all_looked_at, at_console, calls, same, same_container},
    ms, script,
};
use http::Method;
use sandbox::{
    containers::Status,
    controller::{Account, Generation},
};
use serde_json::{Value, json};
use std::{fs, time::Duration};

const HERE: Generation = Generation::V1_2;
const PERIOD: Duration = Duration::from_secs(300);
const ALICE: &str = "/api/v1/workers/alice";
const MANAGER: &str = "/api/v1/managers/default";

fn effect(number: usize) -> Effect {
    Effect::load("controller", number)
}

#[test]
fn every_effect_is_looked_at() {
    all_looked_at("controller", include_str!("second.rs"));
}

async fn alice_and_bob() -> World {
    World::with_workers(HERE, &[("alice", "openclaw"), ("bob", "qwenpaw")]).await
}

async fn second_installation() -> World {
    let world = World::started(HERE, script::plan(HERE, 2));
    world.pass(ms(40_000)).await;
    world
}

/// The team `alpha` with its leader and two members.
async fn team() -> World {
    let workers = [("lead", "openclaw"), ("dev1", "openclaw"), ("dev2", "qwenpaw")];
    let world = World::with_workers(HERE, &workers).await;
    let members = json!([{"name": "lead", "role": "team_leader"}, {"name": "dev1", "role": "worker"},
        {"name": "dev2", "role": "worker"}]);
    let team = json!({"name": "alpha", "workerMembers": members, "heartbeatEvery": "30m"});
    world.created("/api/v1/teams", &team).await;
    world
}

async fn settle(world: &World) {
    world.pass(ms(20_000)).await;
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whom the routes let in, as recorded.
async fn let_in(world: &World, recorded: &Value) {
    for (route, allowed) in recorded.as_object().expect("routes") {
        let allowed = allowed.get("allowedConsumers").unwrap_or(allowed);
        assert_eq!(sorted(world.allowed(route).await), sorted(texts(allowed)), "{route}");
    }
}

/// A text with other rooms and times.
fn plain(yaml: &str) -> String {
    let rooms = regex::Regex::new(r"!room\d+").expect("an expression");
    let stamp = regex::Regex::new(r#"updatedAt: "[^"]+""#).expect("an expression");
    stamp.replace(&rooms.replace_all(yaml, "!room"), "updatedAt").into_owned()
}

fn yaml_is(world: &World, worker: &str, recorded: &Value) {
    let found = world.object(&format!("agents/{worker}/runtime/runtime.yaml")).expect("a config");
    assert_eq!(plain(&found), plain(recorded.as_str().expect("a text")));
}

#[tokio::test]
async fn an_empty_console_and_an_empty_store_are_filled() {
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
async fn another_provider_and_another_runtime_are_installed() {
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
async fn a_worker_is_made() {
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
async fn the_runtime_decides_about_image_and_objects() {
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

/// The making of a container, where only that was recorded.
fn without_rest(calls: Vec<String>) -> Vec<String> {
    calls.into_iter().filter(|call| call.contains("?name=") || call.contains("force")).collect()
}

#[tokio::test]
async fn names_and_containers_can_be_others() {
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
async fn a_model_changes_the_config_and_no_container() {
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
async fn any_model_is_taken_and_a_known_prefix_is_stripped() {
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
async fn a_soul_replaces_the_container() {
    let world = alice_and_bob().await;
    let before = world.now();
    world.put(ALICE, &json!({"soul": "You are Alice, the second."})).await;
    settle(&world).await;
    effect(19).told(&world.told(before));
}

#[tokio::test]
async fn a_model_of_the_manager_replaces_its_container() {
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
async fn a_manager_sleeps_and_wakes_by_its_state() {
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
async fn sleep_and_wake_keep_the_container() {
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
async fn nothing_is_left_of_a_deleted_worker() {
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

#[tokio::test]
async fn a_team_is_made_of_workers() {
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
async fn a_member_keeps_its_own_model() {
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
async fn consumers_are_made_and_let_in_at_once() {
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
async fn the_next_pass_undoes_what_was_edited_by_hand() {
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
async fn unknown_keys_go_and_plugins_stay() {
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
async fn passes_come_every_five_minutes_and_mend_containers_but_no_routes() {
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

#[tokio::test]
async fn a_provider_of_ones_own_moves_a_worker_to_its_routes() {
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
async fn a_manager_changes_its_runtime() {
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
async fn a_second_manager_takes_the_first_ones_config_and_its_consumer() {
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
async fn without_the_console_workers_change_and_managers_do_not() {
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
async fn without_docker_what_has_to_be_made_waits_for_the_next_pass() {
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
async fn a_restart_resets_the_provider_and_little_else() {
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
async fn a_restart_keeps_a_service_source_that_was_edited() {
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
async fn writers_at_the_same_time_are_told_to_try_again() {
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
async fn a_manager_of_openclaw_is_replaced_too() {
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
