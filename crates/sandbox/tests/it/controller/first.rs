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
        &[
            agents::a_first_boot_takes_some_seconds,
            agents::an_empty_console_and_an_empty_store_are_filled,
            agents::a_model_of_the_manager_replaces_its_container,
            agents::workers_are_made,
            agents::a_model_replaces_the_container_and_gives_access_to_routes,
            agents::writers_at_the_same_time_are_refused,
            agents::the_next_pass_undoes_what_was_edited_by_hand,
            agents::a_worker_that_changed_in_its_sleep_is_made_again,
            teams::a_team_makes_its_members,
            teams::a_team_decides_about_the_models_of_its_members,
            teams::passes_let_everybody_into_new_routes,
            teams::consumers_are_made_and_let_in_at_once,
            teams::nothing_is_left_of_a_deleted_worker,
            teams::a_leader_keeps_its_name,
            trouble::a_restart_resets_the_provider_and_mends_the_routes,
            trouble::without_the_console_nothing_is_written,
            trouble::without_docker_a_change_counts_as_done,
            trouble::with_a_second_manager_goes_the_account_of_the_first,
        ],
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
