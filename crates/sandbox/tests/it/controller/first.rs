//! What the first controller's writes did to the store, the console and the containers: every recorded effect.
use super::{
    World,
    effects::{Effect, all_looked_at, at_console, calls, same, same_container},
    ms,
};
use http::Method;
use sandbox::{
    containers::Status,
    controller::{Account, Generation, Plan},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, time::Duration};

const HERE: Generation = Generation::V1_1;
const PERIOD: Duration = Duration::from_secs(300);
const ALICE: &str = "/api/v1/workers/alice";
const MANAGER: &str = "/api/v1/managers/default";
const TEAM: &str = "/api/v1/teams/alpha";
const FOUR: &[(&str, &str)] =
    &[("alice", "openclaw"), ("bob", "copaw"), ("hal", "hermes"), ("quinn", "openclaw")];

/// A condition of the world.
type Is = fn(&World) -> bool;

fn effect(number: usize) -> Effect {
    Effect::load("controller-v1.1", number)
}

#[test]
fn every_effect_is_looked_at() {
    all_looked_at("controller-v1.1", include_str!("first.rs"));
}

async fn settle(world: &World) {
    world.pass(ms(20_000)).await;
}

async fn four() -> World {
    World::with_workers(HERE, FOUR).await
}

/// The team `alpha`: a leader and two members, described in it.
async fn team(world: &World) {
    let team = json!({"name": "alpha", "description": "test team",
        "leader": {"name": "lead", "model": "qwen3.5-plus", "heartbeat": {"enabled": true, "every": "30m"},
            "workerIdleTimeout": "12h"},
        "workers": [{"name": "dev1", "model": "qwen3.5-plus", "runtime": "openclaw", "soul": "You are dev1."},
            {"name": "dev2", "model": "qwen3.5-plus"}]});
    world.created("/api/v1/teams", &team).await;
    world.pass(ms(60_000)).await;
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

async fn lets_in(world: &World, route: &str, recorded: &Value) {
    assert_eq!(sorted(world.allowed(route).await), sorted(texts(recorded)), "{route}");
}

/// The model of an agent's config as recorded: primary, entry and alias.
fn told_of(world: &World, agent: &str, model: &str) -> Value {
    let config = world.config(agent);
    let models =
        config["models"]["providers"]["hiclaw-gateway"]["models"].as_array().expect("models").clone();
    let entry: Vec<Value> = models.into_iter().filter(|entry| entry["id"] == model).collect();
    json!({"primary": config["agents"]["defaults"]["model"]["primary"], "model": entry,
        "alias": config["agents"]["defaults"]["models"][format!("hiclaw-gateway/{model}")]})
}

fn primary(world: &World, agent: &str) -> Value {
    json!(format!("hiclaw-gateway/{}", world.model(agent)))
}

/// Without the starts of containers, where only their making was recorded.
fn made(calls: Vec<String>) -> Vec<String> {
    calls.into_iter().filter(|call| !call.ends_with("/start -> 204") && !call.contains("/stop")).collect()
}

#[tokio::test]
async fn a_first_boot_takes_some_seconds() {
    let world = World::started(HERE, Plan::of(HERE));
    let recorded = effect(0);
    let ready: &[(&str, Is)] = &[
        ("token file", |world| world.admin().is_some()),
        ("agents/manager/openclaw.json", |world| world.object("agents/manager/openclaw.json").is_some()),
    ];
    for (name, is_so) in ready {
        world.until(ms(20_000), is_so).await;
        let recorded = ms(recorded.after()[*name].as_u64().expect("a time"));
        assert!(world.now().abs_diff(recorded) < ms(1500), "{name}: {:?}", world.now());
    }
}

#[tokio::test]
async fn an_empty_console_and_an_empty_store_are_filled() {
    let world = World::settled(HERE).await;
    let names = ["service-sources", "ai/providers", "ai/routes", "consumers", "routes"];
    let mut recorded = effect(1).after().clone();
    recorded.as_object_mut().expect("kinds").retain(|name, _| names.contains(&name.as_str()));
    same(&recorded, &at_console(&world, &names).await, "the console");
    effect(2).is(&json!(world.keys("")));
    effect(3).is(&world.config("manager"));
    same_container(&world, "hiclaw-manager", effect(4).after());
}

#[tokio::test]
async fn a_model_of_the_manager_replaces_its_container() {
    let world = World::settled(HERE).await;
    let before = world.now();
    let env = world.env("hiclaw-manager");
    assert_eq!(json!([format!("HICLAW_DEFAULT_MODEL={}", env["HICLAW_DEFAULT_MODEL"])]), *effect(8).before());
    world.put(MANAGER, &json!({"model": "kimi-k2.5"})).await;
    let took = world.until(ms(5000), |world| world.model("manager") == "kimi-k2.5").await;
    assert!(took <= effect(5).took() * 2, "{took:?}");
    settle(&world).await;
    let on_host: Value =
        serde_json::from_slice(&fs::read(world.workspace("openclaw.json")).expect("a file")).expect("JSON");
    assert_eq!(json!({"same": on_host == world.config("manager")}), *effect(6).after());
    effect(7).told(&world.told(before));
    let env = world.env("hiclaw-manager");
    assert_eq!(json!([format!("HICLAW_DEFAULT_MODEL={}", env["HICLAW_DEFAULT_MODEL"])]), *effect(8).after());
    effect(9).is(&json!(world.keys("agents/default/")));

    let before = world.now();
    world.put(MANAGER, &json!({"model": "kimi-k2.5"})).await;
    settle(&world).await;
    effect(10).told(&world.told(before));
    world.put(MANAGER, &json!({"model": "hiclaw-gateway/gpt-5.4"})).await;
    settle(&world).await;
    let found = told_of(&world, "manager", "gpt-5.4");
    assert_eq!(
        (&found["primary"], &found["model"]),
        (&effect(11).after()["primary"], &effect(11).after()["model"])
    );
}

#[tokio::test]
async fn workers_are_made() {
    let world = World::settled(HERE).await;
    assert_eq!(
        json!(world.allowed("default-ai-route").await),
        effect(24).before()["default-ai-route"]["allowedConsumers"]
    );
    for (name, runtime) in FOUR {
        let mut worker = json!({"name": name, "model": "qwen3.5-plus"});
        match *name {
            "quinn" => {}
            _ => worker["runtime"] = json!(runtime),
        }
        if *name == "alice" {
            worker["soul"] = json!("You are Alice.");
        }
        let before = world.now();
        world.created("/api/v1/workers", &worker).await;
        settle(&world).await;
        let recorded = match *name {
            // By chance a second pass began before the status of the first was seen, and made it again.
            "alice" => calls(effect(12).after()).into_iter().take(1).collect(),
            "bob" => effect(16).calls(),
            "hal" => effect(20).calls(),
            _ => effect(22).calls(),
        };
        assert_eq!(made(world.told_words(before)), recorded, "{name}");
    }
    for (name, number) in
        [("alice", effect(13)), ("bob", effect(17)), ("hal", effect(21)), ("quinn", effect(23))]
    {
        number.is(&json!(world.keys(&format!("agents/{name}/"))));
    }
    effect(14).is(&world.config("alice"));
    effect(18).is(&world.config("bob"));
    same_container(&world, "hiclaw-worker-alice", effect(15).after());
    same_container(&world, "hiclaw-worker-bob", effect(19).after());
    assert_eq!(json!(world.consumers().await), effect(24).after()["consumers"]);
    lets_in(&world, "default-ai-route", &effect(24).after()["default-ai-route"]["allowedConsumers"]).await;
    let registry: Value =
        serde_json::from_str(&world.object("agents/manager/workers-registry.json").expect("a registry"))
            .expect("JSON");
    effect(25).is(&registry);
    effect(26).is(&world.config("manager")["channels"]["matrix"]["groupAllowFrom"]);
}

#[tokio::test]
async fn a_model_replaces_the_container_and_gives_access_to_routes() {
    let world = four().await;
    world.route_by_hand("kimi-ai-route", &[]).await;
    assert_eq!(json!(world.allowed("kimi-ai-route").await), *effect(30).before());
    for (name, config, docker, env, route) in [
        ("alice", effect(27), effect(28), effect(29), effect(30)),
        ("bob", effect(31), effect(32), effect(33), effect(34)),
    ] {
        let (before, lines) = (world.now(), world.env(&format!("hiclaw-worker-{name}")));
        world.put(&format!("/api/v1/workers/{name}"), &json!({"model": "kimi-k2.5"})).await;
        let took = world.until(ms(5000), |world| world.model(name) == "kimi-k2.5").await;
        assert!(took <= config.took() * 2, "{took:?}");
        settle(&world).await;
        docker.told(&world.told(before));
        let changed: Vec<String> = world
            .env(&format!("hiclaw-worker-{name}"))
            .into_iter()
            .filter(|(key, value)| !key.ends_with("TOKEN") && lines.get(key) != Some(value))
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(json!(changed), *env.after());
        lets_in(&world, "kimi-ai-route", route.after()).await;
    }
    for (model, bare, number) in [
        ("no-such-model", "no-such-model", effect(35)),
        ("openai/gpt-4o", "openai/gpt-4o", effect(36)),
        ("hiclaw-gateway/kimi-k2.5", "kimi-k2.5", effect(37)),
    ] {
        world.put(ALICE, &json!({"model": model})).await;
        settle(&world).await;
        assert_eq!(told_of(&world, "alice", bare), *number.after(), "{model}");
    }
    let before = world.now();
    world.put(ALICE, &json!({"model": "hiclaw-gateway/kimi-k2.5"})).await;
    settle(&world).await;
    effect(38).told(&world.told(before));
}

#[tokio::test]
async fn writers_at_the_same_time_are_refused() {
    let world = four().await;
    let sends = (0..6).map(|n| {
        let world = &world;
        async move {
            world.call(Method::PUT, "/api/v1/workers/bob", Some(&json!({"model": format!("glm-{n}")}))).await
        }
    });
    let answers = futures::future::join_all(sends).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((good.len(), bad.len()), (1, 5));
    for answer in bad {
        assert_eq!(answer.status, 500);
        assert_eq!(answer.json()["message"], effect(39).after()[0]["message"]);
    }
    settle(&world).await;
    let recorded = effect(46);
    for (n, sent) in recorded.after().as_array().expect("answers").iter().enumerate() {
        let answer = world.call(Method::PUT, ALICE, Some(&json!({"model": format!("seq-{n}")}))).await;
        assert_eq!(json!(answer.status), sent["status"], "one after the other");
    }
}

#[tokio::test]
async fn the_next_pass_undoes_what_was_edited_by_hand() {
    let world = four().await;
    for (agent, number) in [("manager", effect(40)), ("quinn", effect(55))] {
        world.edit_config(agent, |config| {
            config["agents"]["defaults"]["model"]["primary"] = json!("hiclaw-gateway/hand-edited");
            config["agents"]["defaults"]["unknownKey"] = json!(1);
            config["plugins"]["entries"]["by-hand"] = json!({"enabled": true});
        });
        let took = world.until(PERIOD + ms(2000), |world| world.model(agent) != "hand-edited").await;
        assert!(took > Duration::ZERO && number.took() < PERIOD);
        let config = world.config(agent);
        assert_eq!(config["agents"]["defaults"]["model"]["primary"], number.after()["primary"]);
        assert_eq!(config["agents"]["defaults"]["unknownKey"], number.after()["unknownKey"]);
        assert_eq!(config["plugins"]["entries"]["by-hand"], number.after()["by-hand"]);
    }
    let file = world.workspace("openclaw.json");
    let read = || -> Value { serde_json::from_slice(&fs::read(&file).expect("a file")).expect("JSON") };
    let mut edited = read();
    edited["agents"]["defaults"]["model"]["primary"] = effect(41).before().clone();
    fs::write(&file, edited.to_string()).expect("written");
    // What is written in between does not put the pass off.
    let until = world.now() + PERIOD + ms(2000);
    while world.now() < until && read()["agents"]["defaults"]["model"]["primary"] == *effect(41).before() {
        world.pass(ms(20_000)).await;
    }
    assert_eq!(read()["agents"]["defaults"]["model"]["primary"], *effect(41).after());
}

#[tokio::test]
async fn a_worker_that_changed_in_its_sleep_is_made_again() {
    let world = four().await;
    let before = world.now();
    world.post("/api/v1/workers/alice/sleep").await;
    settle(&world).await;
    world.post("/api/v1/workers/alice/sleep").await;
    settle(&world).await;
    assert_eq!(world.told_words(before), effect(42).calls());
    let before = world.now();
    world.put(ALICE, &json!({"model": "glm-5"})).await;
    settle(&world).await;
    assert_eq!(primary(&world, "alice"), effect(43).after()["primary"]);
    assert_eq!(world.told_words(before), calls(&effect(43).after()["docker"]));
    let before = world.now();
    world.post("/api/v1/workers/alice/wake").await;
    settle(&world).await;
    let told = world.told_words(before);
    let without_starts = |calls: Vec<String>| -> Vec<String> {
        calls.into_iter().filter(|call| !call.contains("<id>")).collect()
    };
    assert_eq!(without_starts(told), effect(44).calls());
    let before = world.now();
    world.put(ALICE, &json!({"state": "Stopped"})).await;
    settle(&world).await;
    effect(45).told(&world.told(before));
}

#[tokio::test]
async fn a_team_makes_its_members() {
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
async fn a_team_decides_about_the_models_of_its_members() {
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
async fn passes_let_everybody_into_new_routes() {
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
async fn consumers_are_made_and_let_in_at_once() {
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
async fn nothing_is_left_of_a_deleted_worker() {
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
async fn a_leader_keeps_its_name() {
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

#[tokio::test]
async fn a_restart_resets_the_provider_and_mends_the_routes() {
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
async fn without_the_console_nothing_is_written() {
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
async fn without_docker_a_change_counts_as_done() {
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
async fn with_a_second_manager_goes_the_account_of_the_first() {
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
