//! What the demo has at its start, and what the line of addresses says.
use super::*;

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
