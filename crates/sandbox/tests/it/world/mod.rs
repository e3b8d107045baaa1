//! The whole sandbox: what the demo promises, and what survives.
#![expect(clippy::unwrap_used, reason = "a test fails where its set-up does")]
mod agents;
mod demo;
mod kept;

use crate::call::{call, call_as, get, post};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use sandbox::{
    Sandbox, SandboxError, SandboxOptions,
    agents::{AgentError, Live, Merge, Reply, WorkerState},
    s3::{Condition, Listing, Object, Switches},
};
use serde_json::{Value, json};
use std::{fs, path::Path, time::Duration};
use tokio::sync::watch;

const BUCKET: &str = "hiclaw-storage";

/// A demo in which nothing happens by itself within a test, and changes are effective at once.
fn quick() -> SandboxOptions {
    SandboxOptions {
        effective_after: Duration::ZERO,
        worker_pull: Duration::from_secs(3600),
        manager_debounce: Duration::from_millis(5),
        ..SandboxOptions::default()
    }
}

async fn start(options: SandboxOptions) -> Sandbox {
    Sandbox::start(options).await.unwrap()
}

async fn until(live: &mut watch::Receiver<Live>, done: impl FnMut(&Live) -> bool) -> Live {
    tokio::time::timeout(Duration::from_secs(10), live.wait_for(done)).await.unwrap().unwrap().clone()
}

/// Gives the worker's config in the store another primary, as a switch does.
fn switch_worker(sandbox: &Sandbox, worker: &str, model: &str) {
    let key = format!("agents/{worker}/openclaw.json");
    let object = sandbox.s3().objects().get(BUCKET, &key).unwrap();
    let mut tree: Value = serde_json::from_slice(&object.body).unwrap();
    tree["agents"]["defaults"]["model"]["primary"] = json!(format!("hiclaw-gateway/{model}"));
    let object = Object::new(tree.to_string(), "application/json");
    sandbox.s3().objects().put(BUCKET, &key, object, &Condition::default()).unwrap();
}

/// Replaces the Manager's file by rename, as everybody should.
fn edit_manager(sandbox: &Sandbox, edit: impl FnOnce(&mut Value)) {
    let config = &sandbox.addresses().manager.config;
    let mut tree: Value = serde_json::from_slice(&fs::read(config).unwrap()).unwrap();
    edit(&mut tree);
    let temporary = config.with_extension("new");
    fs::write(&temporary, tree.to_string()).unwrap();
    fs::rename(&temporary, config).unwrap();
}

async fn console(sandbox: &Sandbox, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
    let basic = format!("Basic {}", STANDARD.encode("admin:admin"));
    let url = format!("{}{path}", sandbox.addresses().console);
    call_as(method, &url, body, Some(&basic)).await.unwrap()
}

fn answered(reply: &Reply, model: &str) -> bool {
    reply.status == Some(200) && reply.answer.as_ref().is_some_and(|answer| answer.contains(model))
}

fn file(sandbox: &Sandbox, name: &str) -> Value {
    let folder = sandbox.addresses().manager.config.parent().unwrap().to_owned();
    serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
}
