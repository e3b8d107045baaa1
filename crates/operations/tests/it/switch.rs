//! Setting a model, and what a test of it decides.
use crate::world::{World, model, step, switch, worker};
use domain::{Code, OperationState, Reason, StepName, StepState, Target};
use sandbox::upstreams::Behaviour;
use serde_json::Value;

#[tokio::test]
async fn a_worker_answers_with_its_new_model_after_a_switch() {
    let world = World::start().await;
    let done = world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    assert_eq!(done.state, OperationState::Committed);
    let open: Vec<_> = done.steps.iter().filter(|step| step.state != StepState::Done).collect();
    assert_eq!(open.iter().map(|step| step.name).collect::<Vec<_>>(), [StepName::Reload], "{open:#?}");
    assert!(open[0].evidence.as_ref().unwrap().contains("not seen yet: alice pulls"), "{open:#?}");
    let reply = world.ask_worker("alice", "kimi-k2.5").await;
    assert_eq!((reply.status, reply.model.as_str()), (Some(200), "kimi-k2.5"), "{reply:?}");

    let record: Value = serde_json::from_slice(&world.object("agents/alice/model.json").unwrap()).unwrap();
    assert_eq!((&record["provider"], &record["model"]), (&"moonshot".into(), &"kimi-k2.5".into()));
    assert_eq!(record["contextWindow"], 256_000);
    let registry = std::fs::read(world.manager_file().with_file_name("workers-registry.json")).unwrap();
    let registry: Value = serde_json::from_slice(&registry).unwrap();
    assert_eq!(registry["workers"]["alice"]["model"], "kimi-k2.5");

    let seen = world.operations.assignment(&worker("alice")).await.unwrap();
    assert_eq!(seen.value.model, Some(model("kimi-k2.5")));
    assert!(seen.value.observed.in_sync, "{:?}", seen.value);
}

#[tokio::test]
async fn the_manager_is_switched_in_its_file_and_told_how_long_it_lasts() {
    let world = World::start().await;
    let done = world.run(switch("manager", "deepseek", "deepseek-chat")).await.unwrap();
    assert_eq!(world.stored_model(&Target::Manager), "deepseek-chat");
    assert!(done.lasts.as_deref().unwrap().contains("HICLAW_DEFAULT_MODEL"));
    assert!(done.plan.as_ref().unwrap().warnings.iter().any(|w| w.code.as_str() == "RESET_AT_START"));
    assert!(world.object("agents/manager/model.json").is_some());
    let mut live = world.sandbox.agents().watch_manager();
    let takes = |live: &sandbox::agents::Live| {
        live.config
            .as_ref()
            .is_some_and(|config| config.call().is_ok_and(|call| call.model == "deepseek-chat"))
    };
    live.wait_for(takes).await.unwrap();
    let reply = world.sandbox.agents().ask_manager("hello").await.unwrap();
    assert_eq!((reply.status, reply.model.as_str()), (Some(200), "deepseek-chat"));
}

#[tokio::test]
async fn a_missing_consumer_is_let_in_by_the_switch() {
    let world = World::start().await;
    let before = world.operations.assignment(&worker("dave")).await.unwrap();
    assert!(matches!(before.value.observed.problem, Some(domain::Problem::ConsumerNotAllowed { .. })));
    let done = world.run(switch("dave", "deepseek", "deepseek-chat")).await.unwrap();
    assert_eq!(step(&done.steps, StepName::Route).state, StepState::Done);
    let after = world.operations.assignment(&worker("dave")).await.unwrap();
    assert_eq!(after.value.observed.problem, None);
    assert_eq!(world.ask_worker("dave", "deepseek-chat").await.status, Some(200));
}

#[tokio::test]
async fn two_agents_run_models_of_two_providers() {
    let world = World::start().await;
    let (alice, carol) = tokio::join!(
        world.run(switch("alice", "moonshot", "kimi-k2.5")),
        world.run(switch("bob", "deepseek", "deepseek-reasoner")),
    );
    assert!(alice.is_ok() && carol.is_ok(), "{alice:?} {carol:?}");
    assert_eq!(world.ask_worker("alice", "kimi-k2.5").await.status, Some(200));
    assert_eq!(world.ask_worker("bob", "deepseek-reasoner").await.status, Some(200));
}

#[tokio::test]
async fn a_dry_run_shows_every_change_and_changes_nothing() {
    let world = World::start().await;
    let before = world.state().await;
    let plan = world.operations.plan(&switch("dave", "moonshot", "kimi-k2.5")).await.unwrap();
    let objects: Vec<_> = plan.changes.iter().map(|change| change.object.as_str()).collect();
    assert!(objects.contains(&"s3:agents/dave/openclaw.json"), "{objects:?}");
    assert!(objects.contains(&"s3:agents/dave/model.json"), "{objects:?}");
    let config = plan.changes.iter().find(|change| change.object.ends_with("openclaw.json")).unwrap();
    let primary = config.diff.iter().find(|line| line.path == "/agents/defaults/model/primary").unwrap();
    assert_eq!(primary.after, Some("hiclaw-gateway/kimi-k2.5".into()));
    assert_eq!(plan.steps.last().unwrap().name, StepName::Verify);
    let text = serde_json::to_string(&plan).unwrap();
    for secret in world.sandbox.secrets().iter().filter(|secret| secret.len() > 8) {
        assert!(!text.contains(secret.as_str()), "the plan shows a secret");
    }
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_failing_test_leaves_no_trace_and_says_why() {
    let world = World::start().await;
    for (behaviour, reason) in [
        (Behaviour::NoBalance, Reason::Billing),
        (Behaviour::RateLimited { retry_after: 1 }, Reason::RateLimit),
        (Behaviour::Html, Reason::Format),
    ] {
        let before = world.state().await;
        world.sandbox.upstreams().set_behaviour("deepseek", behaviour.clone());
        let failure = world.run(switch("dave", "deepseek", "deepseek-reasoner")).await.unwrap_err();
        assert_eq!(
            (failure.code, failure.reason),
            (Code::ModelNotReachable, Some(reason)),
            "{behaviour:?}: {failure:?}"
        );
        assert!(failure.operation.is_some() && failure.hint.is_some());
        assert_eq!(
            step(&failure.steps, StepName::Route).state,
            StepState::Undone,
            "dave was let in, and out again"
        );
        assert_eq!(step(&failure.steps, StepName::Config).state, StepState::Skipped);
        assert_eq!(world.state().await, before, "{behaviour:?}");
    }
}

#[tokio::test]
async fn a_model_that_the_provider_does_not_list_is_refused() {
    let world = World::start().await;
    let before = world.state().await;
    let failure = world.run(switch("alice", "deepseek", "deepseek-nonsense")).await.unwrap_err();
    assert_eq!(failure.code, Code::InvalidModel);
    assert!(failure.hint.unwrap().contains("deepseek-chat"));
    let failure = world.run(switch("alice", "nowhere", "deepseek-chat")).await.unwrap_err();
    assert_eq!(failure.code, Code::ProviderNotFound);
    let failure = world.run(switch("zoe", "deepseek", "deepseek-chat")).await.unwrap_err();
    assert_eq!(failure.code, Code::WorkerNotFound);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn an_unreadable_model_list_is_a_warning_and_the_question_decides() {
    let world = World::start().await;
    world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::Failing(500));
    let plan = world.operations.plan(&switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    assert!(
        plan.warnings.iter().any(|warning| warning.code.as_str() == "MODEL_LIST_UNREADABLE"),
        "{:?}",
        plan.warnings
    );
    let failure = world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap_err();
    assert_eq!(failure.code, Code::ModelNotReachable);
}

#[tokio::test]
async fn warnings_tell_what_the_agent_loses() {
    let world = World::start().await;
    let plan = world.operations.plan(&switch("manager", "deepseek", "deepseek-chat")).await.unwrap();
    assert!(
        plan.warnings.iter().any(|warning| warning.code.as_str() == "VISION_LOST"),
        "{:?}",
        plan.warnings
    );
    let plan = world.operations.plan(&switch("bob", "qwen", "qwen3.5-plus")).await.unwrap();
    assert!(
        plan.warnings.iter().any(|warning| warning.code.as_str() == "CONTEXT_SHRINKS"),
        "{:?}",
        plan.warnings
    );
}

#[tokio::test]
async fn another_runtime_is_read_only() {
    let world = World::start().await;
    let registry = world.manager_file().with_file_name("workers-registry.json");
    let text = std::fs::read_to_string(&registry).unwrap();
    let mut tree: Value = serde_json::from_str(&text).unwrap();
    tree["workers"]["erin"]["runtime"] = "copaw".into();
    std::fs::write(&registry, tree.to_string()).unwrap();
    let failure = world.run(switch("erin", "qwen", "qwen-max")).await.unwrap_err();
    assert_eq!(failure.code, Code::ReadOnlyTarget);
    assert!(failure.hint.is_some());
}

#[tokio::test]
async fn a_switch_to_the_same_model_is_tested_and_changes_only_our_record() {
    let world = World::start().await;
    let config = world.object("agents/alice/openclaw.json");
    world.run(switch("alice", "deepseek", "deepseek-chat")).await.unwrap();
    assert_eq!(world.object("agents/alice/openclaw.json"), config);
    assert!(world.object("agents/alice/model.json").is_some());
}

#[tokio::test]
async fn the_console_that_hiclaw_ships_is_served_too() {
    let world = World::start().await;
    world.sandbox.console().switches().set_release(sandbox::console::Release::V2_2_1);
    world.run(domain::Mutation::AddProvider(world.new_provider("zhipuai"))).await.unwrap();
    world.run(switch("dave", "deepseek", "deepseek-reasoner")).await.unwrap();
    world.run(switch("alice", "zhipuai", "glm-5")).await.unwrap();
    assert_eq!(world.ask_worker("alice", "glm-5").await.status, Some(200));
    assert_eq!(world.ask_worker("dave", "deepseek-reasoner").await.status, Some(200));
    let route = world.console().route(&"zhipuai-ai-route".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(
        route.json()["proxyNextUpstream"]["timeout"],
        120,
        "seconds; that console's own default is 120000"
    );
}
