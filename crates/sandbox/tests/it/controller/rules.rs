//! What holds in both generations, and what a first look at the recordings does not show.
use super::{World, ms};
use sandbox::controller::{Account, Generation};
use serde_json::json;
use std::time::Duration;

const BOTH: [Generation; 2] = [Generation::V1_1, Generation::V1_2];

#[tokio::test]
async fn a_read_can_trail_a_write() {
    let world = World::settled(Generation::V1_2).await;
    world.controller.set_lag(ms(5));
    world.created("/api/v1/workers", &json!({"name": "alice", "model": "glm-5"})).await;
    assert_eq!(world.read("/api/v1/workers/alice").await["message"], "get worker: not found");
    world.pass(ms(5)).await;
    assert_eq!(world.read("/api/v1/workers/alice").await["phase"], "Pending");
}

#[tokio::test]
async fn a_switch_outlives_two_passes_and_a_restart() {
    for generation in BOTH {
        let world = World::with_workers(generation, &[("alice", "openclaw")]).await;
        for path in ["/api/v1/workers/alice", "/api/v1/managers/default"] {
            world.put(path, &json!({"model": "kimi-k2.5"})).await;
        }
        world.pass(Duration::from_secs(700)).await;
        world.controller.restart().await;
        world.pass(Duration::from_secs(400)).await;
        for agent in ["alice", "manager"] {
            assert_eq!(world.model(agent), "kimi-k2.5", "{generation:?} {agent}");
        }
    }
}

#[tokio::test]
async fn a_token_is_good_for_its_own_account_only() {
    for generation in BOTH {
        let world = World::with_workers(generation, &[("alice", "openclaw"), ("bob", "openclaw")]).await;
        let asks = async |account: Account, path: &str| {
            let request = http::Request::get(path)
                .header("authorization", format!("Bearer {}", world.account(&account)))
                .body(axum::body::Body::empty())
                .expect("a request");
            world.send(request).await.expect("an answer").status
        };
        let alice = || Account::Worker("alice".into());
        assert_eq!(asks(alice(), "/api/v1/workers/alice").await, 200);
        assert_eq!(asks(alice(), "/api/v1/workers/bob").await, 403);
        assert_eq!(asks(Account::Manager, "/api/v1/workers/bob").await, 200);
        let token = world.account(&alice());
        world.delete("/api/v1/workers/alice").await;
        world.pass(ms(20_000)).await;
        let request = http::Request::get("/api/v1/version")
            .header("authorization", format!("Bearer {token}"))
            .body(axum::body::Body::empty())
            .expect("a request");
        assert_eq!(world.send(request).await.expect("an answer").status, 401, "{generation:?}");
    }
}

#[tokio::test]
async fn several_faults_of_an_object_are_told_together() {
    let world = World::settled(Generation::V1_2).await;
    let worker = json!({"name": "Bad", "model": "m", "runtime": "nonsense", "state": "Dancing"});
    let answer = world.call(http::Method::POST, "/api/v1/workers", Some(&worker)).await;
    let message = answer.json()["message"].as_str().expect("a message").to_owned();
    assert_eq!(answer.status, 500);
    assert!(
        message.starts_with("create worker: Worker.agentteams.io \"Bad\" is invalid: [metadata.name:"),
        "{message}"
    );
    assert!(message.contains(", spec.runtime: ") && message.ends_with("\"Stopped\"]"), "{message}");
}
