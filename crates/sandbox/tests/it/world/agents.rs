//! The Manager and the workers: how they take up what is written, and the states they are put in.
use super::*;

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
