//! Containers over HTTP and from the command line, and which HiClaw it is.
use crate::{
    cli::{agm, code, err, out},
    support::{Served, World},
};
use sandbox::controller::Generation;
use serde_json::Value;
use server::http::Bounds;

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_put_to_sleep_and_woken_over_http_and_from_the_command_line() {
    let world = World::of(Generation::V1_2).await;
    let plan = world.admin("POST", "/ni_status/workers/alice/sleep?dry_run=true", "").await.json();
    assert_eq!((plan["kind"].as_str(), plan["steps"][0]["name"].as_str()), (Some("sleep"), Some("sleep")));
    let slept = world.admin("POST", "/ni_status/workers/alice/sleep", "").await;
    assert_eq!((slept.status.as_u16(), slept.json()["state"].as_str()), (200, Some("committed")));
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let url = format!("http://{}", served.address);
    let told: Value = serde_json::from_str(&out(&agm(&url, &["workers", "--json"], "").await)).unwrap();
    let alice = told.as_array().unwrap().iter().find(|worker| worker["name"] == "alice").unwrap();
    assert_eq!((alice["status"].as_str(), alice["runtime"].as_str()), (Some("sleeping"), Some("openclaw")));
    assert_ne!(alice["container"]["state"], "running");

    let asked = agm(&url, &["worker", "wake", "alice"], "").await;
    assert_eq!((code(&asked), err(&asked).contains("say --yes")), (2, true), "{asked:?}");
    let woken = agm(&url, &["worker", "wake", "alice", "--yes"], "").await;
    assert_eq!(code(&woken), 0, "{}", err(&woken));
    assert!(out(&woken).contains("committed\twake\tworker:alice"), "{}", out(&woken));
    let planned = agm(&url, &["worker", "restart", "alice", "--dry-run"], "").await;
    assert!(out(&planned).contains("restart\talice"), "{}", out(&planned));
}

#[tokio::test(flavor = "multi_thread")]
async fn which_hiclaw_it_is_is_told_to_who_is_signed_in() {
    let world = World::of(Generation::V1_1).await;
    let told = world.admin("GET", "/ni_status/health?deep=true", "").await.json();
    let hiclaw = &told["hiclaw"];
    assert_eq!(
        (hiclaw["generation"].as_str(), hiclaw["adapter"].as_str()),
        (Some("1.1"), Some("controller"))
    );
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    let said = out(&agm(&format!("http://{}", served.address), &["health"], "").await);
    assert!(said.contains("hiclaw\t1.1\tcontroller\n  the controller at "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_can_be_asked_the_way_that_works_is_told() {
    let world = World::start().await;
    let refused = world.admin("POST", "/ni_status/workers/alice/restart", "").await;
    assert_eq!(refused.status.as_u16(), 409);
    assert_eq!(refused.json()["code"], "READ_ONLY_TARGET");
    assert!(refused.json()["hint"].as_str().unwrap().contains("Docker"), "{}", refused.text);
    let unknown = world.admin("POST", "/ni_status/workers/nobody/wake", "").await;
    assert_eq!(unknown.json()["code"], "WORKER_NOT_FOUND");
}
