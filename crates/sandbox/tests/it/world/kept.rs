//! Containers, and what a directory keeps.
use super::*;

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
