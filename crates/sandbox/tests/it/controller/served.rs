//! The whole sandbox of a generation with a controller, over real HTTP.
use super::ms;
use crate::call::{call, call_as};
use http::Method;
use sandbox::{
    Sandbox, SandboxOptions,
    controller::{Flow, Generation},
};
use serde_json::{Value, json};
use std::{fs, time::Duration};

async fn start(generation: Generation, controller_time: Flow) -> Sandbox {
    let options = SandboxOptions {
        generation,
        controller_time,
        effective_after: Duration::ZERO,
        worker_pull: Duration::from_secs(3600),
        manager_debounce: ms(5),
        ..SandboxOptions::default()
    };
    Sandbox::start(options).await.expect("a sandbox")
}

/// A call of the admin, with the token of the file.
async fn ask(sandbox: &Sandbox, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
    let controller = sandbox.addresses().controller.as_ref().expect("a controller");
    let token = fs::read_to_string(&controller.token_file).expect("a token");
    let url = format!("{}{path}", controller.url);
    let answer = call_as(method, &url, body, Some(&format!("Bearer {token}"))).await.expect("an answer");
    (answer.0.as_u16(), answer.1)
}

fn primary(sandbox: &Sandbox, agent: &str) -> Value {
    let bucket = &sandbox.addresses().s3.bucket;
    let object =
        sandbox.s3().objects().get(bucket, &format!("agents/{agent}/openclaw.json")).expect("a config");
    let config: Value = serde_json::from_slice(&object.body).expect("JSON");
    config["agents"]["defaults"]["model"]["primary"].clone()
}

#[tokio::test]
async fn a_switch_is_made_over_http_and_time_is_the_tests() {
    for (generation, bucket, gateway) in [
        (Generation::V1_1, "hiclaw-storage", "hiclaw-gateway"),
        (Generation::V1_2, "agentteams-storage", "agentteams-gateway"),
    ] {
        let sandbox = start(generation, Flow::Held).await;
        assert_eq!(sandbox.addresses().s3.bucket, bucket);
        let (status, teams) = ask(&sandbox, Method::GET, "/api/v1/teams", None).await;
        assert_eq!((status, &teams["teams"][0]["phase"]), (200, &json!("Active")), "{teams}");
        for (path, agent) in [("/api/v1/workers/alice", "alice"), ("/api/v1/managers/default", "manager")] {
            let (status, _) = ask(&sandbox, Method::PUT, path, Some(&json!({"model": "kimi-k2.5"}))).await;
            assert_eq!(status, 200);
            assert_ne!(primary(&sandbox, agent), format!("{gateway}/kimi-k2.5"), "no time has passed");
        }
        let mut live = sandbox.agents().watch_manager();
        let timeline = sandbox.controller().expect("a controller").timeline();
        timeline.advance(ms(3000)).await;
        for agent in ["alice", "manager"] {
            assert_eq!(primary(&sandbox, agent), format!("{gateway}/kimi-k2.5"));
        }
        // The Manager's file on the host is the same, so its process takes it up.
        let taken =
            live.wait_for(|live| live.config.as_ref().is_some_and(|config| config.model() == "kimi-k2.5"));
        tokio::time::timeout(Duration::from_secs(10), taken).await.expect("in time").expect("a Manager");
        sandbox.set_controller_offline(true);
        let url = format!("{}/healthz", sandbox.addresses().controller.as_ref().expect("a controller").url);
        assert!(call(Method::GET, &url, None).await.is_err());
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn left_to_itself_the_controller_goes_by_the_clock() {
    let sandbox = start(Generation::V1_2, Flow::Real).await;
    let (status, _) =
        ask(&sandbox, Method::PUT, "/api/v1/workers/alice", Some(&json!({"model": "glm-5"}))).await;
    assert_eq!(status, 200);
    let switched = async {
        while primary(&sandbox, "alice") != "agentteams-gateway/glm-5" {
            let timeline = sandbox.controller().expect("a controller").timeline();
            timeline.settled().await;
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), switched).await.expect("in time");
    sandbox.stop().await;
}

#[tokio::test]
async fn an_installation_without_a_controller_has_none() {
    let sandbox = start(Generation::V1_0, Flow::Held).await;
    assert!(sandbox.controller().is_none() && sandbox.addresses().controller.is_none());
    sandbox.stop().await;
}
