use super::{all_of, one, rewrite, rival, well, with};
use crate::world::{World, provider, switch};
use domain::{Check, CheckId, CheckState, Repair};
use http::Method;
use serde_json::{Value, json};

/// The one check about alice that fails or warns.
fn of_alice(doctor: &domain::Doctor, id: CheckId, state: CheckState) -> &Check {
    let found = one(doctor, id, state);
    assert_eq!(found.about, "worker:alice");
    found
}

fn gives_a_model(check: &Check) {
    assert_eq!(check.repair, Some(Repair::SetModel { target: "worker:alice".parse().unwrap() }), "{check:?}");
    assert!(check.fix.as_ref().unwrap().starts_with("agm model set worker:alice"), "{check:?}");
}

#[tokio::test]
async fn who_is_turned_away_gets_a_repair_that_lets_him_in() {
    let world = World::start().await;
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::AgentAllowed, CheckState::Failed);
    assert_eq!(told.about, "worker:dave");
    assert_eq!(
        told.fix.as_deref(),
        Some("agm route repair --route deepseek-ai-route --consumer worker-dave")
    );
    let Some(Repair::RouteAccess { route, consumer }) = told.repair.clone() else { panic!("{told:?}") };
    world.run(domain::Mutation::RepairRoutes { route: Some(route), consumer }).await.unwrap();
    well(&world.operations.doctor(false).await, &[CheckId::AgentAllowed]);
}

#[tokio::test]
async fn a_config_that_is_gone_or_broken_is_told() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::AgentConfig]);
    rewrite(&world, "alice", "\"agents\"", "agents");
    let bucket = crate::world::BUCKET;
    world.sandbox.s3().objects().delete(bucket, "agents/erin/openclaw.json").unwrap();
    let doctor = world.operations.doctor(false).await;
    let told = with(&doctor, CheckId::AgentConfig, CheckState::Failed);
    assert_eq!(
        told.iter().map(|check| check.about.as_str()).collect::<Vec<_>>(),
        ["worker:alice", "worker:erin"]
    );
    assert!(told[1].evidence.contains("agents/erin/openclaw.json"), "{told:?}");
}

#[tokio::test]
async fn a_config_without_a_model_of_the_gateway_is_told() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::AgentModel]);
    let primary = r#""primary": "hiclaw-gateway/deepseek-chat""#;
    rewrite(&world, "alice", primary, r#""primary": "openai/gpt-5""#);
    let doctor = world.operations.doctor(false).await;
    let told = of_alice(&doctor, CheckId::AgentModel, CheckState::Warning);
    assert!(told.evidence.contains("openai/gpt-5"), "{told:?}");
    gives_a_model(told);
    rewrite(&world, "alice", r#""primary": "openai/gpt-5""#, r#""fallbacks": []"#);
    let doctor = world.operations.doctor(false).await;
    of_alice(&doctor, CheckId::AgentModel, CheckState::Failed);
}

/// OpenClaw says nothing about it before the next message.
#[tokio::test]
async fn a_model_that_the_config_does_not_list_is_told_and_a_switch_mends_it() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::AgentModelEntry, CheckId::AgentRecord]);
    let primary = |model: &str| format!(r#""primary": "hiclaw-gateway/{model}""#);
    rewrite(&world, "alice", &primary("deepseek-chat"), &primary("deepseek-v9"));
    let doctor = world.operations.doctor(false).await;
    let told = of_alice(&doctor, CheckId::AgentModelEntry, CheckState::Failed);
    assert!(told.evidence.contains("does not list deepseek-v9"), "{told:?}");
    gives_a_model(told);
    let moved = of_alice(&doctor, CheckId::AgentRecord, CheckState::Warning);
    assert!(moved.evidence.contains("deepseek-v9") && moved.evidence.contains("deepseek-chat"), "{moved:?}");
    gives_a_model(moved);

    rewrite(&world, "alice", &primary("deepseek-v9"), &primary("deepseek-chat"));
    rewrite(&world, "alice", r#""hiclaw-gateway/deepseek-chat": {"#, r#""hiclaw-gateway/other": {"#);
    let doctor = world.operations.doctor(false).await;
    let told = of_alice(&doctor, CheckId::AgentModelEntry, CheckState::Failed);
    assert!(told.evidence.contains("does not allow hiclaw-gateway/deepseek-chat"), "{told:?}");

    world.run(switch("alice", "deepseek", "deepseek-reasoner")).await.unwrap();
    well(&world.operations.doctor(false).await, &[CheckId::AgentModelEntry, CheckId::AgentRecord]);
}

#[tokio::test]
async fn a_model_that_the_provider_does_not_list_is_told_once_it_was_asked() {
    let world = World::start().await;
    rewrite(&world, "alice", "deepseek-chat", "deepseek-v9");
    let doctor = world.operations.doctor(false).await;
    let told: Vec<_> = all_of(&doctor, CheckId::AgentModelListed)
        .into_iter()
        .map(|check| (check.about.as_str(), check.evidence.as_str()))
        .collect();
    let unseen = |name: &str| format!("{name} gave no list since agm started or since it was changed");
    let (deepseek, moonshot, qwen) = (unseen("deepseek"), unseen("moonshot"), unseen("qwen"));
    assert_eq!(
        told,
        [
            ("worker:alice, worker:dave", deepseek.as_str()),
            ("worker:bob", moonshot.as_str()),
            ("manager, worker:carol, worker:erin", qwen.as_str())
        ]
    );
    world.operations.provider_models(&provider("deepseek")).await.unwrap();
    let doctor = world.operations.doctor(false).await;
    let told = of_alice(&doctor, CheckId::AgentModelListed, CheckState::Warning);
    assert!(told.evidence.contains("deepseek does not list deepseek-v9"), "{told:?}");
    gives_a_model(told);
    assert_eq!(one(&doctor, CheckId::AgentModelListed, CheckState::Ok).about, "worker:dave");
}

#[tokio::test]
async fn an_agent_that_the_gateway_does_not_know_is_told() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::AgentKey]);
    let key = |agent: &str| {
        let text = world.object(&format!("agents/{agent}/openclaw.json")).unwrap();
        let tree: Value = serde_json::from_slice(&text).unwrap();
        tree["models"]["providers"]["hiclaw-gateway"]["apiKey"].as_str().unwrap().to_owned()
    };
    let (alices, bobs) = (key("alice"), key("bob"));
    for (old, new, said) in [
        (alices.as_str(), bobs.as_str(), "that of worker-bob"),
        (bobs.as_str(), "nobody's", "not the one of consumer worker-alice"),
        ("nobody's", "", "has no key"),
    ] {
        rewrite(&world, "alice", &format!("\"{old}\""), &format!("\"{new}\""));
        let doctor = world.operations.doctor(false).await;
        let told = of_alice(&doctor, CheckId::AgentKey, CheckState::Failed);
        assert!(told.evidence.contains(said), "{told:?}");
        assert!(!told.evidence.contains(&alices) && !told.evidence.contains(&bobs));
    }
}

#[tokio::test]
async fn a_consumer_that_is_gone_is_told() {
    let world = World::start().await;
    let console = world.console();
    for route in console.routes().await.unwrap() {
        let mut route = route.into_json();
        let allowed = route["authConfig"]["allowedConsumers"].as_array_mut().unwrap();
        allowed.retain(|consumer| consumer != "worker-alice");
        let path = format!("/v1/ai/routes/{}", route["name"].as_str().unwrap());
        assert!(rival(&world, Method::PUT, &path, &route).await.is_success());
    }
    assert!(rival(&world, Method::DELETE, "/v1/consumers/worker-alice", &json!(null)).await.is_success());
    let doctor = world.operations.doctor(false).await;
    let told = of_alice(&doctor, CheckId::AgentKey, CheckState::Failed);
    assert!(told.evidence.contains("there is no consumer worker-alice"), "{told:?}");
}

#[tokio::test]
async fn a_model_that_hiclaw_will_take_back_is_told() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::ManagerModelLasts]);
    world.run(switch("manager", "deepseek", "deepseek-chat")).await.unwrap();
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::ManagerModelLasts, CheckState::Warning);
    assert!(told.evidence.contains(sandbox::DEFAULT_MODEL), "{told:?}");
    assert!(told.fix.as_ref().unwrap().contains("HICLAW_DEFAULT_MODEL=deepseek-chat"), "{told:?}");
}

#[tokio::test]
async fn a_worker_that_keeps_its_model_while_it_runs_is_told() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::WorkerTakesUp]);
    let containers = world.sandbox.containers();
    let with_image = |tag: &str| {
        let mut container = containers.get("hiclaw-worker-alice").unwrap();
        container.image = format!("higress/hiclaw-worker:{tag}");
        containers.set("hiclaw-worker-alice", Some(container)).unwrap();
    };
    with_image("v1.1.1");
    let doctor = world.operations.doctor(false).await;
    let told = of_alice(&doctor, CheckId::WorkerTakesUp, CheckState::Warning);
    assert!(told.fix.as_ref().unwrap().ends_with("docker restart hiclaw-worker-alice"), "{told:?}");
    with_image("latest");
    let doctor = world.operations.doctor(false).await;
    of_alice(&doctor, CheckId::WorkerTakesUp, CheckState::Unknown);
}

#[tokio::test]
async fn a_note_that_cannot_be_read_is_unknown_and_one_of_a_lost_provider_a_warning() {
    let world = World::start().await;
    let note = |text: &str| {
        let (bucket, key) = (crate::world::BUCKET, "agents/alice/model.json");
        let object = sandbox::s3::Object::new(text.to_owned(), "application/json");
        world.sandbox.s3().objects().put(bucket, key, object, &Default::default()).unwrap();
    };
    note("{");
    let doctor = world.operations.doctor(false).await;
    of_alice(&doctor, CheckId::AgentRecord, CheckState::Unknown);
    note(r#"{"provider": "gone", "model": "deepseek-chat"}"#);
    let doctor = world.operations.doctor(false).await;
    let told = of_alice(&doctor, CheckId::AgentProvider, CheckState::Warning);
    assert!(told.evidence.contains("chose gone"), "{told:?}");
}
