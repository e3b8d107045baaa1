//! Switches that an agent takes up only when its container starts: restarted as asked, and told what became of it.
use crate::{
    cli::{agm, code, err, out},
    support::{ADMIN, Served, World},
};
use domain::{Operation, StepName, StepState};
use sandbox::controller::Generation;
use serde_json::{Value, json};
use server::http::Bounds;
use std::time::Duration;

const ALICE: &str = "/ni_status/assignment/workers/alice";
const SET: [&str; 7] = ["model", "set", "alice", "--provider", "qwen", "--model", "qwen-max"];

/// A HiClaw whose OpenClaw workers run a new model only once their container starts, and looks that follow fast.
async fn world() -> (World, Served, String) {
    let quick = |config: &mut operations::Config| config.timing.horizon = Duration::from_millis(6_400);
    let world = World::of_configured(Generation::V1_2, quick).await;
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let url = format!("http://{}", served.address);
    (world, served, url)
}

/// Gives alice a task, or takes it from her.
fn give_alice(world: &World, task: bool) {
    let file = world.sandbox.addresses().manager.config.with_file_name("state.json");
    let open = json!([{"task_id": "t1", "type": "finite", "assigned_to": "alice", "title": "Fix #214"}]);
    let state = json!({"active_tasks": if task { open } else { json!([]) }});
    std::fs::write(file, state.to_string()).unwrap();
}

fn restart_of(operation: &Operation) -> (StepState, String) {
    let step = operation.steps.iter().find(|step| step.name == StepName::Restart).unwrap();
    (step.state, step.evidence.clone().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_restarted_with_its_switch_as_the_plan_said() {
    let (world, _served, url) = world().await;
    let now = [&SET[..], &["--restart", "now"]].concat();
    let planned = agm(&url, &[&now[..], &["--dry-run"]].concat(), "").await;
    let said = out(&planned);
    assert!(said.contains("update\tcontroller:workers/alice\tkept by controller\n"), "{said}");
    assert!(said.contains("restart\talice\tat once"), "{said}");
    let set = agm(&url, &now, "").await;
    let said = out(&set);
    assert_eq!(code(&set), 0, "{said} {}", err(&set));
    assert!(said.contains("\n  restart alice: done: "), "{said}");
    assert!(said.contains("\n  HiClaw may yet undo it: `agm watch "), "{said}");
    let calls = world.sandbox.controller().unwrap().docker_calls();
    let restarts = calls.iter().filter(|call| call.call.contains("/restart")).count();
    assert_eq!(restarts, 1, "{:?}", calls.iter().map(|call| &call.call).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_that_did_not_come_is_told_and_is_exit_code_1_though_the_change_stands() {
    let (_world, _served, url) = world().await;
    assert_eq!(code(&agm(&url, &["worker", "sleep", "alice", "--yes"], "").await), 0);
    let set = agm(&url, &[&SET[..], &["--restart", "now"]].concat(), "").await;
    let (said, why) = (out(&set), err(&set));
    assert_eq!(code(&set), 1, "{said} {why}");
    assert!(said.contains("committed\tset_model"), "{said}");
    assert!(said.contains("\n  restart alice: skipped: not restarted: it does not run"), "{said}");
    assert!(why.contains("agm: the change stands; restart alice: skipped: "), "{why}");
    let many =
        ["model", "set", "alice", "bob", "--provider", "qwen", "--model", "qwen-turbo", "--restart", "now"];
    let both = agm(&url, &many, "").await;
    assert_eq!(code(&both), 1, "{}", out(&both));
    assert!(out(&both).contains("  restart alice: skipped: "), "{}", out(&both));

    let script =
        ["script", "set-model", "--target", "worker:alice", "--provider", "qwen", "--model", "qwen-plus"];
    let ended = agm(&url, &[&script[..], &["--restart", "now"]].concat(), "").await;
    let said = out(&ended);
    assert_eq!(code(&ended), 1, "{said}");
    assert!(said.contains("Worker model updated successfully\n") && !said.contains("Done!"), "{said}");
    assert!(said.contains("] WARNING: restart alice: skipped: "), "{said}");
    let wrong = agm(&url, &[&script[..], &["--restart", "later"]].concat(), "").await;
    assert_eq!(out(&wrong), "ERROR: --restart later: use no, now or when-idle\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_an_idle_agent_keeps_nobody_waiting() {
    let (world, _served, url) = world().await;
    give_alice(&world, true);
    let wish = r#"{"provider":"qwen","model":"qwen-max","restart":"when_idle"}"#;
    let plan = world.admin("PUT", &format!("{ALICE}?dry_run=true"), wish).await.json();
    let step =
        plan["steps"].as_array().unwrap().iter().find(|step| step["name"] == "restart").unwrap().clone();
    assert_eq!(step["evidence"], "once it has no open task", "{plan}");
    let done = world.admin("PUT", ALICE, wish).await;
    let told = done.json();
    assert_eq!((done.status.as_u16(), &told["success"]), (200, &true.into()), "{told}");
    let id = told["operation"].as_str().unwrap().to_owned();
    let mut watch = world.operations.operation(&id.parse().unwrap()).await.unwrap();
    let waits = |operation: &_| restart_of(operation).1.starts_with("waits until alice is idle");
    watch.wait_for(|operation| waits(operation)).await.unwrap();
    let watched = agm(&url, &["watch", &id], "").await;
    let said = out(&watched);
    assert_eq!(code(&watched), 0, "{said}");
    assert!(said.contains("\n  restart alice: waits until alice is idle; "), "{said}");
    assert!(said.contains(&format!("(agm watch {id} --settled)\n")), "{said}");
    let again = agm(&url, &["script", "get-assignment", "worker:alice"], "").await;
    assert!(out(&again).contains("qwen-max"), "{}", out(&again));

    give_alice(&world, false);
    let restarted = watch.wait_for(|operation| restart_of(operation).0 == StepState::Done).await.unwrap();
    assert!(restarted.has_ended());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manager_is_restarted_where_hiclaw_can() {
    let (world, _served, url) = world().await;
    let planned = agm(&url, &["manager", "restart", "--dry-run"], "").await;
    assert!(out(&planned).contains("restart\tmanager"), "{planned:?}");
    assert_eq!(code(&agm(&url, &["manager", "restart"], "").await), 2, "nobody was asked");
    let done = agm(&url, &["manager", "restart", "--yes"], "").await;
    assert_eq!(code(&done), 0, "{} {}", out(&done), err(&done));
    let calls = world.sandbox.controller().unwrap().docker_calls();
    assert!(calls.iter().any(|call| call.call.contains("agentteams-manager/restart")));

    let files = World::start().await;
    let served = Served::start(files.stack.clone(), None, Bounds::default()).await;
    let refused = agm(&format!("http://{}", served.address), &["manager", "restart", "--yes"], "").await;
    assert_eq!(code(&refused), 4, "{}", err(&refused));
}

/// The trail has who put a container to sleep, and by which way.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_with_a_container_is_on_record() {
    let (world, _served, url) = world().await;
    let slept = world.admin("POST", "/ni_status/workers/alice/sleep", "").await;
    assert_eq!(slept.status.as_u16(), 200, "{}", slept.text);
    assert_eq!(code(&agm(&url, &["worker", "wake", "alice", "--yes"], "").await), 0);
    let history = out(&agm(&url, &["history", "--target", "alice"], "").await);
    let lines: Vec<_> = history.lines().collect();
    assert_eq!(lines.len(), 2, "{history}");
    assert!(lines[0].contains("admin/cli") && lines[0].contains("wake worker:alice"), "{history}");
    assert!(lines[1].contains("admin/rest") && lines[1].contains("sleep worker:alice"), "{history}");
    let trail = std::fs::read_to_string(world.data.path().join(::operations::AUDIT_FILE)).unwrap();
    let entries: Vec<Value> = trail.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (kind, via) in [("sleep", "rest"), ("wake", "cli")] {
        let its = |entry: &&Value| entry["operation"]["kind"] == kind && entry["stage"] == "ended";
        let entry = entries.iter().find(its).unwrap_or_else(|| panic!("{trail}"));
        let operation = &entry["operation"];
        assert_eq!((&operation["actor"], &operation["via"]), (&"admin".into(), &via.into()), "{entry}");
        assert_eq!(operation["targets"], json!(["worker:alice"]), "{entry}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_exit_code_1_when_a_system_does_not_answer() {
    let (world, _served, url) = world().await;
    let well = agm(&url, &["health"], "").await;
    assert_eq!((code(&well), out(&well).lines().next()), (0, Some("healthy")), "{well:?}");
    let switches = sandbox::s3::Switches { offline: true, ..Default::default() };
    world.sandbox.s3().faults().set(switches);
    let ill = agm(&url, &["health"], "").await;
    assert_eq!((code(&ill), out(&ill).lines().next()), (1, Some("degraded")), "{ill:?}");
    let asked = world.call("GET", "/ni_status/health?deep=true", &[ADMIN], "").await;
    assert_eq!(asked.json()["status"], "degraded");
}
