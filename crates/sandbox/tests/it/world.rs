//! The whole sandbox: what the demo promises, and what survives.
#![expect(clippy::unwrap_used, reason = "a test fails where its set-up does")]
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

#[tokio::test]
async fn the_demo_is_as_it_says() {
    let sandbox = start(quick()).await;
    let agents = sandbox.agents();
    let manager = agents.ask_manager("hi").await.unwrap();
    assert!(answered(&manager, "qwen3.5-plus"), "{manager:?}");
    for (worker, model, state) in [
        ("alice", "deepseek-chat", WorkerState::Idle),
        ("bob", "kimi-k2.5", WorkerState::Busy { task: "fix #214".into() }),
    ] {
        let reply = agents.ask_worker(worker, "hi").await.unwrap();
        assert!(answered(&reply, model), "{worker}: {reply:?}");
        assert_eq!(agents.state(worker).unwrap(), state);
    }
    let dave = agents.ask_worker("dave", "hi").await.unwrap();
    assert_eq!((dave.model.as_str(), dave.status, dave.answer), ("deepseek-chat", Some(403), None));
    assert!(matches!(agents.state("dave").unwrap(), WorkerState::Busy { .. }));
    for (worker, state) in [("carol", WorkerState::Sleeping), ("erin", WorkerState::Offline)] {
        assert_eq!(agents.state(worker).unwrap(), state);
        assert!(matches!(agents.ask_worker(worker, "hi").await, Err(AgentError::Silent(_))));
    }
    let providers = console(&sandbox, Method::GET, "/v1/ai/providers", None).await.1;
    let names: Vec<&str> =
        providers["data"].as_array().unwrap().iter().filter_map(|p| p["name"].as_str()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let consumers = console(&sandbox, Method::GET, "/v1/consumers", None).await.1;
    assert_eq!(consumers["data"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn the_record_of_a_switch_says_what_is_true() {
    let sandbox = start(quick()).await;
    for (agent, live) in [
        ("manager", sandbox.agents().watch_manager()),
        ("alice", sandbox.agents().watch_worker("alice").unwrap()),
    ] {
        let object = sandbox.s3().objects().get(BUCKET, &format!("agents/{agent}/model.json")).unwrap();
        let record: Value = serde_json::from_slice(&object.body).unwrap();
        let config = live.borrow().config.clone().unwrap();
        assert_eq!(record["model"], config.model());
        let models =
            config.tree()["models"]["providers"]["hiclaw-gateway"]["models"].as_array().unwrap().clone();
        let listed = models.into_iter().find(|model| model["id"] == record["model"]).unwrap();
        assert_eq!(listed["contextWindow"], record["contextWindow"]);
        assert_eq!(listed["maxTokens"], record["maxTokens"]);
    }
    let manager = sandbox.s3().objects().get(BUCKET, "agents/manager/openclaw.json");
    assert!(manager.is_err(), "the Manager's config is on its local disk only");
}

#[tokio::test]
async fn a_worker_pulls_by_itself() {
    let sandbox = start(SandboxOptions { worker_pull: Duration::from_millis(10), ..quick() }).await;
    let mut live = sandbox.agents().watch_worker("alice").unwrap();
    switch_worker(&sandbox, "alice", "qwen3.5-plus");
    until(&mut live, |live| live.config.as_ref().is_some_and(|config| config.model() == "qwen3.5-plus"))
        .await;
    let reply = sandbox.agents().ask_worker("alice", "who are you?").await.unwrap();
    assert!(answered(&reply, "qwen3.5-plus") && reply.model == "qwen3.5-plus", "{reply:?}");
}

#[tokio::test]
async fn a_worker_pulls_when_told_and_the_merge_decides_about_the_primary() {
    let sandbox = start(quick()).await;
    let workers = format!("{}/workers", sandbox.addresses().agents);
    switch_worker(&sandbox, "alice", "kimi-k2.5");
    let token = |sandbox: &Sandbox| {
        let config = sandbox.agents().watch_worker("alice").unwrap().borrow().config.clone().unwrap();
        config.tree()["channels"]["matrix"]["accessToken"].clone()
    };
    let before = token(&sandbox);

    sandbox.agents().set_merge(Merge::LocalFirst);
    let (status, alice) = post(&format!("{workers}/alice/sync"), &json!({})).await;
    assert_eq!((status, &alice["model"]), (StatusCode::OK, &json!("deepseek-chat")));

    sandbox.agents().set_merge(Merge::RemoteFirst);
    let (_, alice) = post(&format!("{workers}/alice/sync"), &json!({})).await;
    assert_eq!(alice["primary"], "hiclaw-gateway/kimi-k2.5");
    let (_, reply) = post(&format!("{workers}/alice/ask"), &json!({"prompt": "hi"})).await;
    assert_eq!((&reply["model"], &reply["status"]), (&json!("kimi-k2.5"), &json!(200)));
    assert_eq!(token(&sandbox), before, "the worker keeps its own session");

    let (status, _) = post(&format!("{workers}/nobody/sync"), &json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = post(&format!("{workers}/carol/ask"), &json!({"prompt": "hi"})).await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn an_unreachable_or_broken_config_leaves_a_worker_as_it_is() {
    let sandbox = start(quick()).await;
    switch_worker(&sandbox, "alice", "qwen3.5-plus");
    sandbox.s3().faults().set(Switches { offline: true, ..Switches::default() });
    assert!(matches!(sandbox.agents().sync("alice"), Err(AgentError::Pull { .. })));
    sandbox.s3().faults().clear();
    let key = "agents/alice/openclaw.json";
    let broken = Object::new("{", "application/json");
    sandbox.s3().objects().put(BUCKET, key, broken, &Condition::default()).unwrap();
    assert!(matches!(sandbox.agents().sync("alice"), Err(AgentError::Pull { .. })));
    let reply = sandbox.agents().ask_worker("alice", "hi").await.unwrap();
    assert!(answered(&reply, "deepseek-chat"), "{reply:?}");
}

#[tokio::test]
async fn the_manager_takes_up_its_file_when_it_changes() {
    let sandbox = start(quick()).await;
    let mut live = sandbox.agents().watch_manager();
    edit_manager(&sandbox, |tree| {
        tree["agents"]["defaults"]["model"]["primary"] = json!("hiclaw-gateway/kimi-k2.5");
    });
    until(&mut live, |live| live.config.as_ref().is_some_and(|config| config.model() == "kimi-k2.5")).await;
    let (_, state) = get(&format!("{}/state", sandbox.addresses().agents)).await;
    assert_eq!((&state["primary"], &state["loads"]), (&json!("hiclaw-gateway/kimi-k2.5"), &json!(2)));
    let reply = sandbox.agents().ask_manager("hi").await.unwrap();
    assert!(answered(&reply, "kimi-k2.5"), "{reply:?}");

    edit_manager(&sandbox, |tree| tree["agents"]["defaults"]["bogus"] = json!(true));
    let refused = until(&mut live, |live| live.rejected.is_some()).await;
    assert_eq!(refused.config.unwrap().model(), "kimi-k2.5");
    edit_manager(&sandbox, |tree| {
        tree["agents"]["defaults"].as_object_mut().unwrap().remove("bogus");
        tree["agents"]["defaults"]["model"]["primary"] = json!("hiclaw-gateway/no-such-model");
    });
    until(&mut live, |live| live.rejected.is_none()).await;
    let reply = sandbox.agents().ask_manager("hi").await.unwrap();
    assert_eq!(reply.status, None, "OpenClaw accepts an unknown model and fails at the next message");
    assert!(reply.error.unwrap().contains("no-such-model"));
}

#[tokio::test]
async fn the_manager_answers_as_openclaw_does() {
    let sandbox = start(quick()).await;
    let url = &sandbox.addresses().manager.url;
    assert_eq!(get(&format!("{url}/healthz")).await, (StatusCode::OK, json!({"ok": true, "status": "live"})));
    assert_eq!(get(&format!("{url}/readyz")).await, (StatusCode::OK, json!({"ready": true})));
    for method in [Method::GET, Method::POST] {
        let (status, _) = call(method, &format!("{url}/api/reload"), None).await.unwrap();
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    sandbox.agents().set_offline(true);
    assert!(call(Method::GET, &format!("{url}/healthz"), None).await.is_err());
    sandbox.agents().set_offline(false);
    assert_eq!(get(&format!("{url}/healthz")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_state_on_command_shows_in_every_place() {
    let sandbox = start(quick()).await;
    let url = format!("{}/workers/alice/state", sandbox.addresses().agents);
    let docker = &sandbox.addresses().containers;
    for (body, container, lifecycle, tasks) in [
        (json!({"state": "busy", "task": "sort the issues"}), Some("running"), "running", 1),
        (json!({"state": "idle"}), Some("running"), "running", 0),
        (json!({"state": "sleeping"}), Some("exited"), "stopped", 0),
        (json!({"state": "stopped"}), Some("exited"), "stopped", 0),
        (json!({"state": "starting"}), Some("created"), "stopped", 0),
        (json!({"state": "offline"}), None, "not_found", 0),
    ] {
        let (status, shown) = post(&url, &body).await;
        assert_eq!(
            (status, &shown["state"], &shown["task"]),
            (StatusCode::OK, &body["state"], &body["task"])
        );
        let (status, inspected) = get(&format!("{docker}/containers/hiclaw-worker-alice/json")).await;
        assert_eq!(inspected["State"]["Status"].as_str(), container, "{body}");
        assert_eq!(status == StatusCode::NOT_FOUND, container.is_none());
        let noted = &file(&sandbox, "worker-lifecycle.json")["workers"]["alice"];
        assert_eq!(noted["container_status"], lifecycle, "{body}");
        assert_eq!(noted["auto_stopped_at"].is_string(), body["state"] == "sleeping", "{body}");
        let state = file(&sandbox, "state.json");
        let open =
            state["active_tasks"].as_array().unwrap().iter().filter(|task| task["assigned_to"] == "alice");
        assert_eq!(open.count(), tasks, "{body}");
        for task in state["active_tasks"].as_array().unwrap() {
            let key = format!("shared/tasks/{}/meta.json", task["task_id"].as_str().unwrap());
            let meta: Value =
                serde_json::from_slice(&sandbox.s3().objects().get(BUCKET, &key).unwrap().body).unwrap();
            assert_eq!((&meta["status"], &meta["assigned_to"]), (&json!("assigned"), &task["assigned_to"]));
        }
        let answers = sandbox.agents().ask_worker("alice", "hi").await.is_ok();
        assert_eq!(answers, container == Some("running"), "{body}");
    }
    switch_worker(&sandbox, "alice", "kimi-k2.5");
    let (_, woken) = post(&url, &json!({"state": "idle"})).await;
    assert_eq!(woken["model"], "kimi-k2.5", "a boot takes the store's config whole");
    let (status, _) = post(&url, &json!({"state": "dancing"})).await;
    assert!(status.is_client_error());
}

#[tokio::test]
async fn containers_are_shown_and_cannot_be_changed() {
    let sandbox = start(quick()).await;
    let docker = &sandbox.addresses().containers;
    let names = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|row| row["Names"][0].as_str().unwrap().to_owned()).collect()
    };
    let (_, all) = get(&format!("{docker}/containers/json?all=1")).await;
    let everybody = [
        "/hiclaw-manager",
        "/hiclaw-worker-alice",
        "/hiclaw-worker-bob",
        "/hiclaw-worker-carol",
        "/hiclaw-worker-dave",
    ];
    assert_eq!(names(&all), everybody);
    let (_, running) = get(&format!("{docker}/v1.43/containers/json")).await;
    assert_eq!(names(&running).len(), 4, "carol sleeps");
    let (_, some) =
        get(&format!("{docker}/containers/json?all=true&filters=%7B%22name%22%3A%5B%22bob%22%5D%7D")).await;
    assert_eq!(names(&some), ["/hiclaw-worker-bob"]);

    let (_, stats) = get(&format!("{docker}/containers/hiclaw-worker-bob/stats?stream=false")).await;
    let delta = |path: &str| {
        let figure = |side: &str| stats.pointer(&format!("/{side}{path}")).and_then(Value::as_f64).unwrap();
        figure("cpu_stats") - figure("precpu_stats")
    };
    let used = delta("/cpu_usage/total_usage") / delta("/system_cpu_usage");
    let percent = used * stats["cpu_stats"]["online_cpus"].as_f64().unwrap() * 100.0;
    assert!((0.0..=100.0).contains(&percent), "{percent} of one processor");
    assert!(
        stats["memory_stats"]["usage"].as_u64().unwrap() < stats["memory_stats"]["limit"].as_u64().unwrap()
    );

    let (status, error) = get(&format!("{docker}/containers/hiclaw-worker-erin/json")).await;
    assert_eq!(
        (status, error),
        (StatusCode::NOT_FOUND, json!({"message": "No such container: hiclaw-worker-erin"}))
    );
    for path in
        ["/containers/hiclaw-worker-bob/stop", "/containers/create", "/v1.43/containers/hiclaw-manager/kill"]
    {
        assert_eq!(post(&format!("{docker}{path}"), &json!({})).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    let (status, _) =
        call(Method::DELETE, &format!("{docker}/containers/hiclaw-worker-bob/json"), None).await.unwrap();
    assert_eq!(status, StatusCode::FORBIDDEN);
    sandbox.set_containers_offline(true);
    assert!(call(Method::GET, &format!("{docker}/_ping"), None).await.is_err());
}

#[tokio::test]
async fn a_directory_keeps_everything_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let options = SandboxOptions { dir: Some(dir.path().to_owned()), ..quick() };
    let sandbox = start(options.clone()).await;
    let ports = sandbox.addresses().clone();
    assert!(
        matches!(Sandbox::start(options.clone()).await.err(), Some(SandboxError::Io { .. })),
        "it is in use"
    );
    let consumer = json!({"name": "visitor", "credentials": [{"type": "key-auth", "source": "BEARER", "values": ["k"]}]});
    assert!(console(&sandbox, Method::POST, "/v1/consumers", Some(&consumer)).await.0.is_success());
    switch_worker(&sandbox, "alice", "kimi-k2.5");
    let mut live = sandbox.agents().watch_manager();
    edit_manager(&sandbox, |tree| {
        tree["agents"]["defaults"]["model"]["primary"] = json!("hiclaw-gateway/deepseek-chat");
    });
    until(&mut live, |live| live.config.as_ref().is_some_and(|config| config.model() == "deepseek-chat"))
        .await;
    sandbox.agents().set_state("bob", &WorkerState::Sleeping).unwrap();
    sandbox.stop().await;

    let port = |url: &str| Some(url.strip_prefix("http://").unwrap().parse().unwrap());
    let again = SandboxOptions {
        console_addr: port(&ports.console),
        gateway_addr: port(&ports.gateway),
        s3_addr: port(&ports.s3.endpoint),
        ..options
    };
    let sandbox = start(again).await;
    assert_eq!(sandbox.addresses().console, ports.console);
    assert_eq!(sandbox.addresses().s3.endpoint, ports.s3.endpoint);
    let consumers = console(&sandbox, Method::GET, "/v1/consumers", None).await.1;
    assert_eq!(consumers["data"].as_array().unwrap().len(), 7);
    let agents = sandbox.agents();
    assert!(answered(&agents.ask_manager("hi").await.unwrap(), "deepseek-chat"));
    assert!(answered(&agents.ask_worker("alice", "hi").await.unwrap(), "kimi-k2.5"));
    assert_eq!(agents.state("bob").unwrap(), WorkerState::Sleeping);
    assert_eq!(agents.ask_worker("dave", "hi").await.unwrap().status, Some(403));
}

#[tokio::test]
async fn a_directory_that_holds_something_else_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("console.json"), "[]").unwrap();
    let options = SandboxOptions { dir: Some(dir.path().to_owned()), ..quick() };
    assert!(matches!(Sandbox::start(options).await.err(), Some(SandboxError::State { .. })));
}

#[tokio::test]
async fn an_empty_sandbox_has_no_admin_no_objects_and_no_agents() {
    let sandbox = start(SandboxOptions { empty: true, ..quick() }).await;
    let addresses = sandbox.addresses();
    let (_, system) = get(&format!("{}/system/config", addresses.console)).await;
    assert_eq!(system["data"]["system.initialized"], false);
    assert_eq!(sandbox.s3().objects().buckets(), [BUCKET]);
    let listing = Listing { max: 1, ..Listing::default() };
    assert!(sandbox.s3().objects().list(BUCKET, &listing).unwrap().objects.is_empty());
    assert_eq!(fs::read_dir(addresses.manager.config.parent().unwrap()).unwrap().count(), 0);
    assert_eq!(get(&format!("{}/workers", addresses.agents)).await.1, json!([]));
    let chat = format!("{}/v1/chat/completions", addresses.gateway);
    assert_eq!(post(&chat, &json!({"model": "qwen3.5-plus", "messages": []})).await.0, StatusCode::NOT_FOUND);
    assert!(matches!(sandbox.agents().ask_manager("hi").await, Err(AgentError::Silent(_))));
    assert_eq!(get(&format!("{}/containers/json?all=1", addresses.containers)).await.1, json!([]));
}

#[tokio::test]
async fn the_line_of_addresses_has_the_promised_keys() {
    let sandbox = start(SandboxOptions { empty: true, ..quick() }).await;
    let line = serde_json::to_value(sandbox.addresses()).unwrap();
    let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    let promised = [
        "console",
        "gateway",
        "gatewayMetrics",
        "s3",
        "manager",
        "upstreams",
        "containers",
        "admin",
        "agents",
        "defaultModel",
    ];
    assert_eq!(keys, promised);
    for (object, keys) in [
        ("s3", &["endpoint", "accessKey", "secretKey", "bucket"][..]),
        ("manager", &["config", "url"][..]),
        ("admin", &["user", "password"][..]),
    ] {
        assert!(keys.iter().all(|key| line[object][key].is_string()), "{object}");
    }
    assert!(line["upstreams"]["qwen"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert!(sandbox.upstream_map().contains_key("api.deepseek.com"));
}

#[tokio::test]
async fn no_secret_of_the_demo_is_like_another_and_the_temporary_directory_goes() {
    let sandbox = start(quick()).await;
    let secrets = sandbox.secrets();
    let mut unique = secrets.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), secrets.len());
    let config = sandbox.addresses().manager.config.clone();
    let manager = fs::read_to_string(&config).unwrap();
    assert!(secrets.iter().filter(|secret| manager.contains(secret.as_str())).count() >= 2);
    sandbox.stop().await;
    assert!(!Path::exists(&config));
}
