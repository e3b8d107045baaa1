//! What the second controller's writes did to the store, the console and the containers: every recorded effect.
mod agents;
mod teams;
mod trouble;

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
    all_looked_at(
        "controller",
        concat!(
            include_str!("second/agents.rs"),
            include_str!("second/teams.rs"),
            include_str!("second/trouble.rs")
        ),
    );
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

/// The making of a container, where only that was recorded.
fn without_rest(calls: Vec<String>) -> Vec<String> {
    calls.into_iter().filter(|call| call.contains("?name=") || call.contains("force")).collect()
}
