//! What can be asked, and what is said when a system is down.
use crate::world::{BUCKET, World, model, provider, switch, worker};
use domain::{Code, ConsumerName, Simulate, SystemState, Target, TestProvider, WorkerStatus};
use http::StatusCode;
use sandbox::{
    agents::WorkerState,
    s3::{Calls, Condition, Fault, Object, Plan, Tally},
    upstreams::Behaviour,
};

#[tokio::test]
async fn providers_say_who_uses_them_and_show_no_key() {
    let world = World::start().await;
    let providers = world.operations.providers().await.unwrap();
    let deepseek = providers.value.iter().find(|p| p.name.as_str() == "deepseek").unwrap();
    assert_eq!(deepseek.used_by.agents, ["worker:alice", "worker:dave"]);
    assert_eq!((deepseek.managed_by.as_str(), deepseek.tokens.count), ("agm", 1));
    let qwen = providers.value.iter().find(|p| p.name.as_str() == "qwen").unwrap();
    assert_eq!(qwen.managed_by, "hiclaw");
    assert!(qwen.used_by.routes.contains(&"default-ai-route".to_owned()));
    let text = serde_json::to_string(&providers.value).unwrap();
    assert!(
        world.sandbox.secrets().iter().filter(|s| s.len() > 8).all(|secret| !text.contains(secret.as_str()))
    );
    assert_eq!(
        world.operations.provider(&provider("nobody")).await.unwrap_err().code,
        Code::ProviderNotFound
    );
}

#[tokio::test]
async fn a_providers_models_come_with_what_is_known() {
    let world = World::start().await;
    let models = world.operations.provider_models(&provider("moonshot")).await.unwrap();
    let kimi = models.iter().find(|m| m.id == model("kimi-k2.5")).unwrap();
    assert_eq!((kimi.context_window, kimi.vision), (256_000, true));
    world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::InvalidKey);
    let failure = world.operations.provider_models(&provider("moonshot")).await.unwrap_err();
    assert_eq!((failure.code, failure.reason), (Code::UpstreamUnavailable, Some(domain::Reason::Auth)));
}

#[tokio::test]
async fn a_test_of_a_provider_has_two_legs() {
    let world = World::start().await;
    let test =
        |model_id: Option<&str>| TestProvider { provider: provider("deepseek"), model: model_id.map(model) };
    let both = world.operations.test_provider(test(Some("deepseek-chat"))).await.unwrap();
    assert!(both.success, "{both:?}");
    assert_eq!((both.legs.len(), both.models), (2, Some(2)));
    let elsewhere = world.operations.test_provider(test(Some("qwen-max"))).await.unwrap_err();
    assert!(elsewhere.legs[0].ok && !elsewhere.legs[1].ok, "{elsewhere:?}");
    assert!(elsewhere.hint.is_some());
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::InvalidKey);
    let refused = world.operations.test_provider(test(None)).await.unwrap_err();
    assert_eq!((refused.code, refused.reason), (Code::ModelNotReachable, Some(domain::Reason::Auth)));
    assert_eq!(refused.legs[0].reason, refused.reason);
}

#[tokio::test]
async fn a_type_without_a_model_list_is_not_called_unreachable() {
    let world = World::start().await;
    let coze = serde_json::json!({"name": "coze", "type": "coze", "tokens": ["sk-coze-1234567890"]});
    world.run(domain::Mutation::AddProvider(serde_json::from_value(coze).unwrap())).await.unwrap();
    let test = TestProvider { provider: provider("coze"), model: None };
    let failure = world.operations.test_provider(test).await.unwrap_err();
    assert_eq!(failure.code, Code::InvalidRequest);
    assert_eq!(failure.fields[0].field, "model");
    assert_eq!(world.operations.provider(&provider("coze")).await.unwrap().last_test, None);
}

#[tokio::test]
async fn a_simulation_tells_the_route_and_whether_the_agent_is_let_in() {
    let world = World::start().await;
    let ask = |consumer: &str| Simulate {
        model: model("deepseek-chat"),
        consumer: Some(consumer.parse::<ConsumerName>().unwrap()),
        host: None,
        path: None,
    };
    let alice = world.operations.simulate(ask("worker-alice")).await.unwrap();
    assert_eq!(alice.provider, Some(provider("deepseek")));
    assert_eq!(alice.consumer_allowed, Some(true));
    let dave = world.operations.simulate(ask("worker-dave")).await.unwrap();
    assert_eq!((dave.winner, dave.consumer_allowed), (alice.winner, Some(false)));
}

#[tokio::test]
async fn workers_show_the_state_that_they_are_in() {
    let world = World::start().await;
    let status = |list: &[domain::Worker], name: &str| {
        list.iter().find(|w| w.name.as_str() == name).map(|w| (w.status, w.task.clone())).unwrap()
    };
    let workers = world.operations.workers().await.unwrap();
    assert_eq!(status(&workers.value, "alice"), (WorkerStatus::Idle, None));
    assert_eq!(status(&workers.value, "bob"), (WorkerStatus::Busy, Some("fix #214".into())));
    assert_eq!(status(&workers.value, "carol"), (WorkerStatus::Sleeping, None));
    assert_eq!(status(&workers.value, "erin"), (WorkerStatus::Offline, None));
    world.sandbox.agents().set_state("alice", &WorkerState::Stopped).unwrap();
    let workers = world.operations.workers().await.unwrap();
    assert_eq!(status(&workers.value, "alice").0, WorkerStatus::Stopped);
    world.sandbox.set_containers_offline(true);
    let workers = world.operations.workers().await.unwrap();
    assert!(workers.value.iter().all(|worker| worker.status == WorkerStatus::Unknown), "{:?}", workers.value);
}

#[tokio::test]
async fn a_task_list_that_cannot_be_read_claims_neither_idle_nor_busy() {
    let world = World::start().await;
    std::fs::write(world.manager_file().with_file_name("state.json"), "{").unwrap();
    let workers = world.operations.workers().await.unwrap();
    let alice = workers.value.iter().find(|worker| worker.name.as_str() == "alice").unwrap();
    assert_eq!(alice.status, WorkerStatus::Running);
    assert!(alice.evidence.contains("state.json"), "{}", alice.evidence);
}

#[tokio::test]
async fn health_names_the_system_that_is_down() {
    let world = World::start().await;
    let health = world.operations.health().await;
    assert_eq!(health.status, "healthy", "{health:?}");
    let version = health.systems.iter().find(|system| system.name == "higress").unwrap().version.as_deref();
    assert_eq!(version, Some("2.2.4"));
    world.sandbox.set_console_offline(true);
    world.sandbox.agents().set_offline(true);
    let health = world.operations.health().await;
    assert_eq!(health.status, "degraded");
    let down: Vec<_> =
        health.systems.iter().filter(|s| s.state == SystemState::Down).map(|s| s.name.as_str()).collect();
    assert_eq!(down, ["higress", "manager"]);
    assert!(health.systems.iter().filter(|s| s.state == SystemState::Down).all(|s| s.error.is_some()));
}

#[tokio::test]
async fn metrics_come_from_the_gateways_counters() {
    let world = World::start().await;
    let first = world.operations.metrics().await;
    assert!(first.rpm.is_some() || first.unavailable.contains_key("rpm"));
    let measured = async {
        loop {
            world.sandbox.agents().ask_worker("alice", "hi").await.unwrap();
            let metrics = world.operations.metrics().await;
            if metrics.rpm.is_some_and(|rpm| rpm > 0) {
                return metrics;
            }
        }
    };
    let metrics = tokio::time::timeout(std::time::Duration::from_secs(30), measured).await.unwrap();
    assert!(metrics.memory.is_some() && metrics.connections.is_some(), "{metrics:?}");
}

#[tokio::test]
async fn a_dead_console_or_store_is_said_with_its_name() {
    let world = World::start().await;
    world.sandbox.set_console_offline(true);
    let failure = world.operations.providers().await.err().unwrap();
    assert_eq!((failure.code, failure.system.as_deref()), (Code::UpstreamUnavailable, Some("higress")));
    world.sandbox.set_console_offline(false);
    world.sandbox.s3().faults().set(sandbox::s3::Switches { offline: true, ..Default::default() });
    let alice = world.operations.assignment(&worker("alice")).await.unwrap();
    assert!(matches!(alice.value.observed.problem, Some(domain::Problem::ConfigUnreadable { .. })));
    let manager = world.operations.assignment(&Target::Manager).await.unwrap();
    assert!(matches!(manager.value.observed.problem, Some(domain::Problem::RecordUnreadable { .. })));
    assert!(!manager.value.observed.in_sync, "nobody knows what was recorded");
    assert!(world.operations.routes().await.is_ok());
}

#[tokio::test]
async fn reload_tells_how_and_sees_the_manager_alive() {
    let world = World::start().await;
    assert_eq!(world.operations.reload(&Target::Manager).await.unwrap(), "file-watcher");
    assert_eq!(world.operations.reload(&worker("alice")).await.unwrap(), "pull");
    assert_eq!(world.operations.reload(&worker("zoe")).await.unwrap_err().code, Code::WorkerNotFound);
    world.sandbox.agents().set_offline(true);
    assert_eq!(
        world.operations.reload(&Target::Manager).await.unwrap_err().system.as_deref(),
        Some("manager")
    );
}

#[tokio::test]
async fn a_gateway_without_a_metrics_page_gives_null_and_the_reason() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let world = World::start_with(|config| {
        config.gateway_metrics = Some(format!("http://{nobody}/stats/prometheus").parse().unwrap());
    })
    .await;
    let measured = async {
        loop {
            let metrics = world.operations.metrics().await;
            if metrics.cpu.is_some() {
                return metrics;
            }
            tokio::task::yield_now().await;
        }
    };
    let metrics = tokio::time::timeout(std::time::Duration::from_secs(30), measured).await.unwrap();
    assert_eq!((metrics.rpm, metrics.connections), (None, None));
    for figure in ["rpm", "connections"] {
        let why = &metrics.unavailable[figure];
        assert!(why.contains("refused"), "{why}");
    }
    assert!(!metrics.unavailable.contains_key("memory"), "{metrics:?}");
}

#[tokio::test]
async fn many_readers_of_an_assignment_cost_one_look_at_each_system() {
    let world = World::start_with(|config| config.timing.cache = std::time::Duration::from_secs(2)).await;
    let reads: Vec<_> = (0..50).map(|_| world.operations.assignment(&Target::Manager)).collect();
    let seen: Vec<_> = futures::future::join_all(reads).await.into_iter().map(Result::unwrap).collect();
    assert!(seen.iter().all(|one| std::sync::Arc::ptr_eq(one, &seen[0])), "one value for all");
    world.run(switch("manager", "moonshot", "kimi-k2.5")).await.unwrap();
    let after = world.operations.assignment(&Target::Manager).await.unwrap();
    assert_eq!(
        after.value.observed.model.as_ref().unwrap().as_str(),
        "kimi-k2.5",
        "own writes drop the cache"
    );
}

impl World {
    /// Which calls the store gets while this is done.
    async fn store_calls<T>(&self, done: impl Future<Output = T>) -> (Tally, T) {
        let before = self.sandbox.s3().faults().tally();
        let value = done.await;
        let now = self.sandbox.s3().faults().tally();
        let (lists, reads) = (now.lists - before.lists, now.reads - before.reads);
        (Tally { lists, reads, writes: now.writes - before.writes }, value)
    }

    /// The model of a worker by its config, as it is told.
    async fn told_model(&self, name: &str) -> Option<String> {
        let seen = self.operations.assignment(&worker(name)).await.unwrap();
        seen.value.observed.model.as_ref().map(ToString::to_string)
    }
}

const LOOK: Tally = Tally { lists: 1, reads: 0, writes: 0 };

#[tokio::test]
async fn a_look_at_agents_reads_only_what_changed_since_the_last_one() {
    let world = World::start().await;
    let (first, all) = world.store_calls(world.operations.assignments()).await;
    let workers = all.unwrap().workers.len() as u64;
    assert_eq!((first.lists, first.writes), (1, 0));
    assert!(first.reads > workers, "each config and the notes that there are: {first:?}");
    assert_eq!(world.store_calls(world.operations.assignments()).await.0, LOOK, "nothing changed");
    assert_eq!(world.store_calls(world.operations.workers()).await.0, LOOK, "the same look serves both");
    let mutation = switch("manager", "moonshot", "kimi-k2.5");
    let planned = world.store_calls(world.operations.plan(&mutation)).await;
    assert_eq!(planned.0, Tally { reads: 1, ..LOOK }, "its own note is read");

    let key = "agents/alice/openclaw.json";
    let config = String::from_utf8(world.object(key).unwrap()).unwrap();
    let changed = Object::new(config.replace("deepseek-chat", "kimi-k2.5"), "application/json");
    world.sandbox.s3().objects().put(BUCKET, key, changed, &Condition::default()).unwrap();
    let (calls, told) = world.store_calls(world.told_model("alice")).await;
    assert_eq!((calls, told.as_deref()), (Tally { reads: 1, ..LOOK }, Some("kimi-k2.5")));
    let workers = world.operations.workers().await.unwrap();
    let alice = workers.value.iter().find(|worker| worker.name.as_str() == "alice").unwrap();
    assert_eq!(alice.model, Some(model("kimi-k2.5")));

    world.sandbox.s3().objects().delete(BUCKET, key).unwrap();
    let (calls, alice) = world.store_calls(world.operations.assignment(&worker("alice"))).await;
    let problem = alice.unwrap().value.observed.problem.clone();
    assert!(matches!(problem, Some(domain::Problem::ConfigUnreadable { .. })), "{problem:?}");
    assert_eq!(calls, LOOK);
}

#[tokio::test]
async fn a_store_that_lets_nobody_list_is_read_object_by_object_and_a_silent_one_not_at_all() {
    let world = World::start().await;
    let list_is_refused = |status| {
        world.sandbox.s3().faults().plan(Plan::new(Fault::Refused(status)).on(Calls::Reads));
    };
    list_is_refused(StatusCode::FORBIDDEN);
    let (calls, told) = world.store_calls(world.told_model("alice")).await;
    assert_eq!(told.as_deref(), Some("deepseek-chat"));
    assert!(calls.lists == 1 && calls.reads > 0, "{calls:?}");
    list_is_refused(StatusCode::SERVICE_UNAVAILABLE);
    let (calls, alice) = world.store_calls(world.operations.assignment(&worker("alice"))).await;
    let problem = alice.unwrap().value.observed.problem.clone();
    assert!(matches!(problem, Some(domain::Problem::ConfigUnreadable { .. })), "nothing old: {problem:?}");
    assert_eq!(calls, LOOK);
}

#[tokio::test]
async fn a_workers_switch_is_seen_at_once_by_all_reads() {
    let world = World::start_with(|config| config.timing.cache = std::time::Duration::from_secs(3600)).await;
    assert_eq!(world.told_model("alice").await.as_deref(), Some("deepseek-chat"));
    world.operations.workers().await.unwrap();
    world.run(switch("worker:alice", "moonshot", "kimi-k2.5")).await.unwrap();
    assert_eq!(world.told_model("alice").await.as_deref(), Some("kimi-k2.5"));
    let workers = world.operations.workers().await.unwrap();
    let alice = workers.value.iter().find(|worker| worker.name.as_str() == "alice").unwrap();
    assert_eq!(alice.model, Some(model("kimi-k2.5")));
}
