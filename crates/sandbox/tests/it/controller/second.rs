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
        &[
            agents::an_empty_console_and_an_empty_store_are_filled,
            agents::another_provider_and_another_runtime_are_installed,
            agents::a_worker_is_made,
            agents::the_runtime_decides_about_image_and_objects,
            agents::names_and_containers_can_be_others,
            agents::a_model_changes_the_config_and_no_container,
            agents::any_model_is_taken_and_a_known_prefix_is_stripped,
            agents::a_soul_replaces_the_container,
            agents::a_model_of_the_manager_replaces_its_container,
            agents::a_manager_sleeps_and_wakes_by_its_state,
            agents::sleep_and_wake_keep_the_container,
            agents::nothing_is_left_of_a_deleted_worker,
            teams::a_team_is_made_of_workers,
            teams::a_member_keeps_its_own_model,
            teams::consumers_are_made_and_let_in_at_once,
            teams::the_next_pass_undoes_what_was_edited_by_hand,
            teams::unknown_keys_go_and_plugins_stay,
            teams::passes_come_every_five_minutes_and_mend_containers_but_no_routes,
            trouble::a_provider_of_ones_own_moves_a_worker_to_its_routes,
            trouble::a_manager_changes_its_runtime,
            trouble::a_second_manager_takes_the_first_ones_config_and_its_consumer,
            trouble::without_the_console_workers_change_and_managers_do_not,
            trouble::without_docker_what_has_to_be_made_waits_for_the_next_pass,
            trouble::a_restart_resets_the_provider_and_little_else,
            trouble::a_restart_keeps_a_service_source_that_was_edited,
            trouble::writers_at_the_same_time_are_told_to_try_again,
            trouble::a_manager_of_openclaw_is_replaced_too,
        ],
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
