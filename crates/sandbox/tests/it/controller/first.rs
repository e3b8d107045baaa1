//! What the first controller's writes did to the store, the console and the containers: every recorded effect.
mod agents;
mod teams;
mod trouble;

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
    all_looked_at(
        "controller-v1.1",
        concat!(
            include_str!("first/agents.rs"),
            include_str!("first/teams.rs"),
            include_str!("first/trouble.rs")
        ),
    );
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
