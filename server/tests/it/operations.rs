//! Plans that are applied by their id, operations that are taken back, and what is told of both.
use crate::support::{ADMIN, JSON, World};
use domain::{OperationState, Step, StepName, StepState};
use sandbox::{s3::Switches, upstreams::Behaviour};
use serde_json::{Value, json};
use std::time::Duration;

const ALICE: &str = "/ni_status/assignment/workers/alice";
const WISH: &str =
    r#"{"kind":"set_model","target":"worker:alice","provider":"moonshot","model":"kimi-k2.5"}"#;

async fn model_of_alice(world: &World) -> Value {
    world.admin("GET", ALICE, "").await.json()["observed"]["model"].clone()
}

async fn planned(world: &World, wish: &str) -> String {
    let plan = world.admin("POST", "/ni_status/plans", wish).await;
    assert_eq!(plan.status.as_u16(), 200, "{}", plan.text);
    plan.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_plan_is_applied_by_its_id_once() {
    let world = World::start().await;
    let id = planned(&world, WISH).await;
    assert!(world.operations.operations().is_empty(), "a plan began an operation");
    let path = format!("/ni_status/plans/{id}/apply");
    for _ in 0..2 {
        let done = world.admin("POST", &path, "").await;
        let json = done.json();
        assert_eq!((done.status.as_u16(), &json["success"]), (200, &true.into()), "{json}");
        assert_eq!((&json["id"], &json["state"]), (&id.as_str().into(), &"committed".into()), "{json}");
    }
    assert_eq!(world.operations.operations().len(), 1);
    assert_eq!(model_of_alice(&world).await, "kimi-k2.5");
}

#[tokio::test]
async fn a_rehearsal_is_a_plan_that_can_be_applied() {
    let world = World::start().await;
    let wish = r#"{"provider":"moonshot","model":"kimi-k2.5"}"#;
    let plan = world.admin("PUT", &format!("{ALICE}?dry_run=true"), wish).await.json();
    let path = format!("/ni_status/plans/{}/apply", plan["id"].as_str().unwrap());
    let headers = [ADMIN, ("prefer", "respond-async")];
    let begun = world.call("POST", &path, &headers, "").await;
    assert_eq!((begun.status.as_u16(), &begun.json()["id"]), (202, &plan["id"]), "{}", begun.text);
    assert_eq!(world.admin("POST", &path, "").await.json()["state"], "committed");
}

#[tokio::test]
async fn a_plan_that_is_old_changes_nothing_and_says_what_moved() {
    let world = World::start().await;
    let id = planned(&world, WISH).await;
    let other = world.admin("PUT", ALICE, r#"{"provider":"deepseek","model":"deepseek-reasoner"}"#).await;
    assert_eq!(other.status.as_u16(), 200, "{}", other.text);
    let stale = world.admin("POST", &format!("/ni_status/plans/{id}/apply"), "").await;
    let json = stale.json();
    assert_eq!((stale.status.as_u16(), &json["code"]), (409, &"CONFLICT".into()), "{json}");
    let moved = json["diff"].as_array().unwrap();
    let config = moved.iter().find(|moved| moved["object"] == "s3:agents/alice/openclaw.json");
    let lines = config.unwrap_or_else(|| panic!("{json}"))["diff"].as_array().unwrap().clone();
    let primary =
        lines.iter().find(|line| line["path"].as_str().unwrap().ends_with("/model/primary")).unwrap();
    assert_eq!(primary["after"], "hiclaw-gateway/deepseek-reasoner", "{json}");
    assert_eq!(model_of_alice(&world).await, "deepseek-reasoner");
}

#[tokio::test]
async fn what_was_done_is_taken_back() {
    let world = World::start().await;
    let before = model_of_alice(&world).await;
    let id = planned(&world, WISH).await;
    assert_eq!(world.admin("POST", &format!("/ni_status/plans/{id}/apply"), "").await.status.as_u16(), 200);
    let path = format!("/ni_status/operations/{id}/undo");
    let plan = world.admin("POST", &format!("{path}?dry_run=true"), "").await.json();
    assert_eq!(
        (&plan["kind"], plan["changes"].as_array().unwrap().is_empty()),
        (&"undo".into(), false),
        "{plan}"
    );
    assert_eq!(model_of_alice(&world).await, "kimi-k2.5", "a rehearsal changed something");
    let key = [ADMIN, ("idempotency-key", "undo-1")];
    let undone = world.call("POST", &path, &key, "").await;
    let json = undone.json();
    assert_eq!((undone.status.as_u16(), &json["state"]), (200, &"committed".into()), "{json}");
    assert_eq!((&json["undoes"], &json["targets"][0]), (&id.as_str().into(), &"worker:alice".into()));
    assert_eq!(model_of_alice(&world).await, before);
    assert_eq!(world.call("POST", &path, &key, "").await.json()["id"], json["id"], "the same request again");

    let all = world.admin("GET", "/ni_status/operations", "").await.json();
    let ids: Vec<_> = all["operations"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids, [json["id"].clone(), id.as_str().into()], "newest first");
    for (query, count) in [("limit=1", 1), ("limit=0", 0), ("target=alice", 2), ("target=manager", 0)] {
        let found = world.admin("GET", &format!("/ni_status/operations?{query}"), "").await.json();
        assert_eq!(found["operations"].as_array().unwrap().len(), count, "{query}");
    }
}

#[tokio::test]
async fn what_has_ended_is_neither_stopped_nor_taken_over() {
    let world = World::start().await;
    let id = planned(&world, WISH).await;
    assert_eq!(world.admin("POST", &format!("/ni_status/plans/{id}/apply"), "").await.status.as_u16(), 200);
    for deed in ["cancel", "release"] {
        let refused = world.admin("POST", &format!("/ni_status/operations/{id}/{deed}"), "").await;
        assert_eq!(
            (refused.status.as_u16(), refused.json_code().as_str()),
            (409, "CONFLICT"),
            "{deed} {}",
            refused.text
        );
    }
}

#[tokio::test]
async fn what_runs_is_stopped_and_goes_back() {
    let world = World::configured(|config| config.timing.list = Duration::from_millis(200)).await;
    let before = model_of_alice(&world).await;
    world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::Holding);
    let id = planned(&world, WISH).await;
    let path = format!("/ni_status/plans/{id}/apply");
    let begun = world.call("POST", &path, &[ADMIN, ("prefer", "wait=1, respond-async")], "").await;
    assert_eq!(begun.status.as_u16(), 202, "{}", begun.text);
    let mut watch = world.operations.operation(&id.parse().unwrap()).await.unwrap();
    let asked = |step: &Step| step.name == StepName::Test && step.state == StepState::Running;
    watch.wait_for(|operation| operation.steps.iter().any(asked)).await.unwrap();
    let other = world.admin("PUT", ALICE, r#"{"provider":"deepseek","model":"deepseek-chat"}"#).await;
    assert_eq!(
        (other.status.as_u16(), &other.json()["operation"]),
        (409, &id.as_str().into()),
        "{}",
        other.text
    );
    let stopped = world.admin("POST", &format!("/ni_status/operations/{id}/cancel"), "").await;
    assert_eq!(
        (stopped.status.as_u16(), &stopped.json()["id"]),
        (202, &id.as_str().into()),
        "{}",
        stopped.text
    );
    world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::Healthy);
    let ended = watch.wait_for(|operation| operation.state.is_final()).await.unwrap().clone();
    assert_eq!(ended.state, OperationState::RolledBack, "{ended:?}");
    assert_eq!(model_of_alice(&world).await, before);
    assert_eq!(world.admin("POST", &path, "").await.status.as_u16(), 502, "the same operation: undone");
    for deed in ["undo", "undo?dry_run=true", "cancel", "release"] {
        let refused = world.admin("POST", &format!("/ni_status/operations/{id}/{deed}"), "").await;
        let said = refused.json()["message"].as_str().unwrap().to_owned();
        assert_eq!((refused.status.as_u16(), said.contains("changed nothing")), (409, true), "{deed} {said}");
    }
}

#[tokio::test]
async fn what_cannot_be_put_back_is_taken_over_by_a_person() {
    let world = World::configured(|config| {
        config.timing.list = Duration::from_millis(200);
        config.timing.operation = Duration::from_secs(3);
    })
    .await;
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::Holding);
    // Dave's route does not let him in, so it is written before the test.
    let wish = r#"{"kind":"set_model","target":"dave","provider":"deepseek","model":"deepseek-reasoner"}"#;
    let begun = world.admin("POST", "/ni_status/operations", wish).await;
    assert_eq!(begun.status.as_u16(), 202, "{}", begun.text);
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    let mut watch = world.operations.operation(&id.parse().unwrap()).await.unwrap();
    let asked = |step: &Step| step.name == StepName::Test && step.state == StepState::Running;
    watch.wait_for(|operation| operation.steps.iter().any(asked)).await.unwrap();
    world.sandbox.set_console_offline(true);
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::InvalidKey);
    let stuck = watch.wait_for(|operation| operation.state.is_final()).await.unwrap().clone();
    assert_eq!(stuck.state, OperationState::NeedsOperator, "{stuck:?}");
    let dave = "/ni_status/assignment/workers/dave";
    let wish = r#"{"provider":"qwen","model":"qwen-max"}"#;
    assert_eq!(world.admin("PUT", dave, wish).await.json_code(), "BUSY", "what is stuck holds its target");
    let path = format!("/ni_status/operations/{id}");
    let released = world.admin("POST", &format!("{path}/release"), "").await;
    assert_eq!(
        (released.status.as_u16(), &released.json()["id"]),
        (202, &id.as_str().into()),
        "{}",
        released.text
    );
    world.sandbox.set_console_offline(false);
    while world.admin("PUT", dave, wish).await.json_code() == "BUSY" {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        world.admin("GET", &path, "").await.json()["state"],
        "needs_operator",
        "it is not undone by that"
    );
    assert_eq!(world.admin("POST", &format!("{path}/release"), "").await.status.as_u16(), 409, "only once");
}

#[tokio::test]
async fn each_of_many_agents_is_switched_by_itself() {
    let world = World::start().await;
    let path = "/ni_status/set-models";
    let wish =
        json!({"targets": ["alice", "nobody", "worker:bob"], "provider": "moonshot", "model": "kimi-k2.5"});
    let plan = world.admin("POST", &format!("{path}?dry_run=true"), &wish.to_string()).await.json();
    assert_eq!((plan["plans"].as_array().unwrap().len(), &plan["success"]), (2, &false.into()), "{plan}");
    assert!(world.operations.operations().is_empty());
    let done = world.admin("POST", path, &wish.to_string()).await;
    let json = done.json();
    assert_eq!(
        (done.status.as_u16(), &json["success"], &json["finished"]),
        (200, &false.into(), &true.into())
    );
    let of = |target: &str| {
        let results = json["results"].as_array().unwrap().iter();
        results.filter(|one| one["targets"][0] == target).map(|one| one["state"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        (of("worker:alice"), of("worker:bob")),
        (vec!["committed".into()], vec!["committed".into()]),
        "{json}"
    );
    assert!(of("worker:nobody") != ["committed"], "{json}");
    assert_eq!(model_of_alice(&world).await, "kimi-k2.5");
}

#[tokio::test]
async fn one_key_is_for_one_request_also_of_many_agents() {
    let world = World::start().await;
    let wish = |targets: &[&str], model: &str| {
        json!({"targets": targets, "provider": "moonshot", "model": model}).to_string()
    };
    let ask = async |key: &str, body: String| {
        let length = body.len().to_string();
        let headers = [ADMIN, JSON, ("content-length", &length), ("idempotency-key", key)];
        world.call("POST", "/ni_status/set-models", &headers, body).await
    };
    let first = ask("many", wish(&["alice"], "kimi-k2.5")).await.json();
    assert_eq!(first["success"], true, "{first}");
    let again = ask("many", wish(&["alice"], "kimi-k2.5")).await.json();
    assert_eq!((&again["id"], &again["results"][0]["id"]), (&first["id"], &first["results"][0]["id"]));
    let operation: Value = first["results"][0]["id"].clone();
    let path = format!("/ni_status/operations/{}", operation.as_str().unwrap());
    assert_eq!(world.admin("GET", &path, "").await.json()["bulk"], first["id"]);
    for other in [wish(&["bob"], "kimi-k2.5"), wish(&["alice", "bob"], "kimi-k2.5"), wish(&["alice"], "x")] {
        let refused = ask("many", other).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json_code().as_str()),
            (422, "IDEMPOTENCY_MISMATCH"),
            "{}",
            refused.text
        );
    }
    let headers = [ADMIN, ("idempotency-key", "undo")];
    let undone = world.call("POST", &format!("{path}/undo"), &headers, "").await;
    assert_eq!(undone.status.as_u16(), 200, "{}", undone.text);
    assert_eq!(ask("undo", wish(&["bob"], "kimi-k2.5")).await.json_code(), "IDEMPOTENCY_MISMATCH");
    assert_eq!(world.operations.operations().len(), 2, "a refused request began something");
}

#[tokio::test]
async fn what_is_exported_is_what_is_there() {
    let world = World::start().await;
    let export = world.admin("GET", "/ni_status/export", "").await.json();
    assert_eq!((&export["success"], &export["file"]["version"]), (&true.into(), &1.into()), "{export}");
    let plan = world.admin("POST", "/ni_status/plans", &export["file"].to_string()).await.json();
    assert_eq!((&plan["kind"], &plan["changes"]), (&"apply".into(), &json!([])), "{plan}");
    let yaml = world.call("GET", "/ni_status/export", &[ADMIN, ("accept", "application/yaml")], "").await;
    assert_eq!(yaml.headers["content-type"], "application/yaml");
    assert!(yaml.text.contains("version: 1") && yaml.text.contains("name: qwen"), "{}", yaml.text);

    let file = json!({"version": 1, "assignments": {"workers": {"alice": {"provider": "moonshot", "model": "kimi-k2.5"}}}});
    let id = planned(&world, &file.to_string()).await;
    let done = world.admin("POST", &format!("/ni_status/plans/{id}/apply"), "").await;
    assert_eq!(done.status.as_u16(), 200, "{}", done.text);
    assert_eq!(model_of_alice(&world).await, "kimi-k2.5");
}

#[tokio::test]
async fn the_events_go_on_until_it_has_settled_for_who_wants_that() {
    let world = World::configured(|config| {
        config.timing.horizon = Duration::from_secs(4);
        config.timing.pulled = Duration::from_secs(1);
    })
    .await;
    let id = planned(&world, WISH).await;
    let done = world.admin("POST", &format!("/ni_status/plans/{id}/apply"), "").await;
    assert_eq!(done.status.as_u16(), 200, "{}", done.text);
    let path = format!("/ni_status/operations/{id}");
    let headers = [ADMIN, ("accept", "text/event-stream")];
    let settled = world.call("GET", &format!("{path}?until=settled"), &headers, "").await.text;
    let (state, last) = (settled.find("event: state").unwrap(), settled.find("event: settled").unwrap());
    assert!(state < last && settled.contains("\"evidence\""), "{settled}");
    let now = world.admin("GET", &path, "").await.json();
    assert!(now["settled"]["at"].is_string(), "{now}");
    let id = settled.lines().rev().find_map(|line| line.strip_prefix("id: ")).unwrap();
    let again = [ADMIN, ("accept", "text/event-stream"), ("last-event-id", id)];
    let nothing = world.call("GET", &format!("{path}?until=settled"), &again, "").await;
    assert_eq!(nothing.status.as_u16(), 204);
}

#[tokio::test]
async fn without_a_place_to_write_it_down_nothing_is_changed_and_all_can_be_read() {
    let blocked = tempfile::NamedTempFile::new().unwrap();
    let world = World::configured(|config| config.data_dir = blocked.path().join("data")).await;
    let before = model_of_alice(&world).await;
    for (method, path, body) in [
        ("PUT", ALICE, r#"{"provider":"moonshot","model":"kimi-k2.5"}"#),
        ("POST", "/ni_status/providers", r#"{"name":"zhipuai","type":"zhipuai","tokens":["k"]}"#),
        ("POST", "/ni_status/routes/repair", "{}"),
    ] {
        let refused = world.admin(method, path, body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json_code().as_str()),
            (507, "STORAGE_UNAVAILABLE"),
            "{path} {}",
            refused.text
        );
    }
    assert_eq!(model_of_alice(&world).await, before);
    let plan = world.admin("POST", "/ni_status/plans", WISH).await;
    assert_eq!(plan.status.as_u16(), 200, "a plan is a read: {}", plan.text);
    let health = world.admin("GET", "/ni_status/health?deep=true", "").await.json();
    let storage =
        health["systems"].as_array().unwrap().iter().find(|one| one["name"] == "storage").unwrap().clone();
    assert_eq!((&health["status"], &storage["state"]), (&"degraded".into(), &"down".into()), "{health}");
    let doctor = world.admin("GET", "/ni_status/doctor", "").await.json();
    let checks = doctor["checks"].as_array().unwrap();
    let check = checks.iter().find(|one| one["id"] == "data_writable").unwrap();
    assert_eq!((&check["group"], &check["state"]), (&"server".into(), &"failed".into()), "{check}");
    assert!(check["fix"].as_str().unwrap().contains("AGM_DATA_DIR"), "{check}");
    // When the place is there again, so are the changes.
    std::fs::remove_file(blocked.path()).unwrap();
    let done = world.admin("PUT", ALICE, r#"{"provider":"moonshot","model":"kimi-k2.5"}"#).await;
    assert_eq!(done.status.as_u16(), 200, "{}", done.text);
    std::fs::remove_dir_all(blocked.path()).unwrap();
}

#[tokio::test]
async fn on_a_store_without_conditional_writes_no_agent_is_changed() {
    let world = World::start().await;
    world.sandbox.s3().faults().set(Switches { ignore_conditions: true, ..Switches::default() });
    world.operations.start_probing();
    while world.operations.store_is_safe().is_ok() {
        tokio::task::yield_now().await;
    }
    let wish = r#"{"provider":"moonshot","model":"kimi-k2.5"}"#;
    let refused = world.admin("PUT", ALICE, wish).await;
    let json = refused.json();
    assert_eq!((refused.status.as_u16(), &json["system"]), (502, &"store".into()), "{json}");
    assert!(json["message"].as_str().unwrap().contains("conditional writes"), "{json}");
    let doctor = world.admin("GET", "/ni_status/doctor", "").await.json();
    let checks = doctor["checks"].as_array().unwrap();
    let check = checks.iter().find(|one| one["id"] == "store_conditional_writes").unwrap();
    assert!(check["evidence"].as_str().unwrap().contains("does not honour conditional writes"), "{check}");
    // A provider lives in the console, not in the store.
    let added = world
        .admin("POST", "/ni_status/providers", r#"{"name":"zhipuai","type":"zhipuai","tokens":["k"]}"#)
        .await;
    assert_eq!(added.status.as_u16(), 201, "{}", added.text);
}

/// A GET can come from any page that a signed-in person looks at.
#[tokio::test]
async fn a_get_of_the_doctor_asks_nobody_and_writes_nothing() {
    let world = World::start().await;
    let vendors = ["qwen", "deepseek", "moonshot"];
    let cost = || {
        let calls = |vendor: &&str| world.sandbox.upstreams().calls(vendor).len();
        (vendors.iter().map(calls).sum::<usize>(), world.sandbox.s3().faults().tally().writes)
    };
    // What a store honours is found out once, as each start does by itself.
    assert_eq!(world.admin("GET", "/ni_status/doctor", "").await.status.as_u16(), 200);
    let before = cost();
    assert_eq!(before.0, 0);
    for query in ["probe=true", "probe=perhaps", "prob=1"] {
        let refused = world.admin("GET", &format!("/ni_status/doctor?{query}"), "").await;
        assert_eq!(
            (refused.status.as_u16(), refused.json_code().as_str()),
            (422, "INVALID_REQUEST"),
            "{query}"
        );
        let hint = refused.json()["hint"].as_str().unwrap().to_owned();
        assert!(refused.field() == "probe" && hint.contains("POST /ni_status/doctor/probe"), "{hint}");
    }
    for path in ["/ni_status/doctor", "/ni_status/doctor?probe=false"] {
        assert_eq!(world.admin("GET", path, "").await.status.as_u16(), 200, "{path}");
    }
    assert_eq!(cost(), before);
    assert_eq!(world.admin("POST", "/ni_status/doctor/probe", "").await.status.as_u16(), 200);
    let after = cost();
    assert!(after.0 > before.0 && after.1 > before.1, "what is counted is what asking costs: {after:?}");
}
