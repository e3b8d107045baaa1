//! The whole sandbox as one of the generations with a controller.
#![expect(clippy::unwrap_used, reason = "a test fails where its set-up does")]
use sandbox::{
    Sandbox, SandboxError, SandboxOptions,
    controller::{Flow, Generation},
};
use serde_json::{Value, json};
use std::{fs, path::Path, time::Duration};

const BOTH: [Generation; 2] = [Generation::V1_1, Generation::V1_2];

fn options(generation: Generation, dir: Option<&Path>) -> SandboxOptions {
    SandboxOptions {
        generation,
        controller_time: Flow::Held,
        effective_after: Duration::ZERO,
        dir: dir.map(Path::to_owned),
        ..SandboxOptions::default()
    }
}

/// Asks the controller with the token that it wrote down.
async fn ask(sandbox: &Sandbox, method: http::Method, path: &str, body: Option<&Value>) -> Value {
    let controller = sandbox.addresses().controller.as_ref().unwrap();
    let bearer = format!("Bearer {}", fs::read_to_string(&controller.token_file).unwrap());
    let url = format!("{}{path}", controller.url);
    let (status, answer) = crate::call::call_as(method, &url, body, Some(&bearer)).await.unwrap();
    assert!(status.is_success(), "{path}: {status} {answer}");
    answer
}

async fn workers(sandbox: &Sandbox) -> Vec<Value> {
    let all = ask(sandbox, http::Method::GET, "/api/v1/workers", None).await;
    all["workers"].as_array().unwrap().clone()
}

async fn pass(sandbox: &Sandbox) {
    sandbox.controller().unwrap().timeline().advance(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn the_manager_answers_whatever_it_runs() {
    for generation in BOTH {
        let sandbox = Sandbox::start(options(generation, None)).await.unwrap();
        let model = sandbox.addresses().default_model.clone();
        let reply = sandbox.agents().ask_manager("hi").await.unwrap();
        assert_eq!((reply.status, reply.model.as_str()), (Some(200), model.as_str()), "{reply:?}");
        let managers = ask(&sandbox, http::Method::GET, "/api/v1/managers", None).await;
        let wanted = if generation == Generation::V1_1 { "openclaw" } else { "qwenpaw" };
        assert_eq!(managers["managers"][0]["runtime"], wanted);
    }
}

#[tokio::test]
async fn a_directory_keeps_what_the_controller_keeps() {
    for generation in BOTH {
        let dir = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(options(generation, Some(dir.path()))).await.unwrap();
        let put = Some(json!({"model": "qwen-max"}));
        ask(&sandbox, http::Method::PUT, "/api/v1/workers/alice", put.as_ref()).await;
        pass(&sandbox).await;
        let workers = ask(&sandbox, http::Method::GET, "/api/v1/workers", None).await;
        let teams = ask(&sandbox, http::Method::GET, "/api/v1/teams", None).await;
        let container = |sandbox: &Sandbox| {
            let prefix = if generation == Generation::V1_1 { "hiclaw" } else { "agentteams" };
            sandbox.containers().get(&format!("{prefix}-worker-alice")).unwrap()
        };
        let before = container(&sandbox);
        sandbox.stop().await;

        let sandbox = Sandbox::start(options(generation, Some(dir.path()))).await.unwrap();
        assert_eq!(ask(&sandbox, http::Method::GET, "/api/v1/workers", None).await, workers);
        assert_eq!(ask(&sandbox, http::Method::GET, "/api/v1/teams", None).await, teams);
        let alice = ask(&sandbox, http::Method::GET, "/api/v1/workers/alice", None).await;
        assert_eq!((&alice["model"], &alice["phase"]), (&json!("qwen-max"), &json!("Running")));
        assert_eq!(container(&sandbox), before, "it is not made anew");
        sandbox.stop().await;
        for other in [Generation::V1_0, Generation::V1_1, Generation::V1_2] {
            let started = Sandbox::start(options(other, Some(dir.path()))).await;
            assert_eq!(started.is_ok(), other == generation, "{generation:?} {other:?}");
        }
    }
}

#[tokio::test]
async fn a_directory_of_the_first_generation_is_not_taken_for_another() {
    let dir = tempfile::tempdir().unwrap();
    Sandbox::start(options(Generation::V1_0, Some(dir.path()))).await.unwrap().stop().await;
    for generation in BOTH {
        let refused = Sandbox::start(options(generation, Some(dir.path()))).await.err();
        assert!(matches!(refused, Some(SandboxError::State { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn what_is_played_for_the_first_generation_only_is_refused_for_others() {
    for generation in BOTH {
        let wanted = SandboxOptions { leftovers: true, ..options(generation, None) };
        assert!(matches!(Sandbox::start(wanted).await.err(), Some(SandboxError::NotPlayed)));
    }
}

#[tokio::test]
async fn more_workers_run_or_sleep_and_some_are_at_work() {
    for generation in BOTH {
        let plain = Sandbox::start(options(generation, None)).await.unwrap();
        let demo = workers(&plain).await.len();
        let many = SandboxOptions { more_workers: 20, ..options(generation, None) };
        let sandbox = Sandbox::start(many).await.unwrap();
        let workers = workers(&sandbox).await;
        let in_phase = |phase: &str| workers.iter().filter(|worker| worker["phase"] == phase).count();
        assert_eq!((workers.len(), in_phase("Sleeping")), (demo + 20, 8), "{workers:?}");
        assert_eq!(in_phase("Running"), demo + 12, "{workers:?}");
        let tasks = sandbox.addresses().manager.config.with_file_name("state.json");
        let tasks: Value = serde_json::from_slice(&fs::read(tasks).unwrap()).unwrap();
        assert_eq!(tasks["active_tasks"].as_array().unwrap().len(), 4);
    }
}

#[tokio::test]
async fn in_a_cluster_nobody_is_let_through_to_docker_and_workers_sleep_and_wake_all_the_same() {
    for generation in BOTH {
        let here = SandboxOptions { in_cluster: true, ..options(generation, None) };
        let sandbox = Sandbox::start(here).await.unwrap();
        let version = ask(&sandbox, http::Method::GET, "/api/v1/version", None).await;
        assert_eq!(version["kubeMode"], "incluster");
        let controller = sandbox.addresses().controller.as_ref().unwrap();
        let bearer = format!("Bearer {}", fs::read_to_string(&controller.token_file).unwrap());
        let docker = format!("{}/docker/containers/json", controller.url);
        let refused = crate::call::call_as(http::Method::GET, &docker, None, Some(&bearer)).await.unwrap();
        assert_eq!(refused.0, http::StatusCode::NOT_FOUND);
        for (turn, wanted) in [("sleep", "stopped"), ("wake", "running")] {
            ask(&sandbox, http::Method::POST, &format!("/api/v1/workers/alice/{turn}"), None).await;
            pass(&sandbox).await;
            let status = ask(&sandbox, http::Method::GET, "/api/v1/workers/alice/status", None).await;
            assert_eq!(status["containerState"], wanted, "{status}");
        }
    }
}

#[tokio::test]
async fn a_container_that_is_made_anew_has_another_id_and_one_that_is_restarted_has_not() {
    let sandbox = Sandbox::start(options(Generation::V1_1, None)).await.unwrap();
    let id = || sandbox.containers().get("hiclaw-worker-alice").unwrap().id;
    let before = id();
    let controller = sandbox.controller().unwrap();
    ask(&sandbox, http::Method::POST, "/docker/containers/hiclaw-worker-alice/restart", None).await;
    pass(&sandbox).await;
    assert_eq!(id(), before);
    let restarted = |call: &sandbox::controller::DockerCall| call.call.contains("alice/restart");
    assert!(controller.docker_calls().iter().any(restarted));
    ask(&sandbox, http::Method::PUT, "/api/v1/workers/alice", Some(&json!({"model": "qwen-max"}))).await;
    pass(&sandbox).await;
    assert_ne!(id(), before);
}
