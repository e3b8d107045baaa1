use super::{UNTESTED, one, rival, well, with};
use crate::world::{World, context, provider};
use domain::{CheckId, CheckState, EditProvider, Mutation, Repair, TestProvider};
use http::{Method, StatusCode};
use sandbox::upstreams::Behaviour;
use serde_json::json;

/// A provider as everybody asked it last.
async fn test(world: &World, name: &str) {
    let test = TestProvider { provider: provider(name), model: None };
    drop(world.operations.test_provider(test).await);
}

#[tokio::test]
async fn what_a_provider_said_last_counts_until_it_is_changed() {
    let world = World::start().await;
    world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::InvalidKey);
    for name in ["deepseek", "moonshot"] {
        test(&world, name).await;
    }
    let doctor = world.operations.doctor(false).await;
    let refused = one(&doctor, CheckId::ProviderKeyAccepted, CheckState::Failed);
    assert!(refused.about == "moonshot" && refused.evidence.contains("401"), "{refused:?}");
    assert_eq!(refused.repair, Some(Repair::EditProvider { provider: provider("moonshot") }));
    let reached = with(&doctor, CheckId::ProviderReachable, CheckState::Ok);
    assert_eq!(reached.len(), 2, "who refuses a key was reached: {reached:?}");
    assert_eq!(one(&doctor, CheckId::ProviderReachable, CheckState::Unknown).about, "qwen");

    let key = world.sandbox.upstreams().second_key_for("moonshot");
    let edit: EditProvider = serde_json::from_value(json!({"tokens": [key]})).unwrap();
    world.run(Mutation::EditProvider { name: provider("moonshot"), edit }).await.unwrap();
    let doctor = world.operations.doctor(false).await;
    assert_eq!(with(&doctor, CheckId::ProviderKeyAccepted, CheckState::Failed), Vec::<&domain::Check>::new());
    assert_eq!(with(&doctor, CheckId::ProviderKeyAccepted, CheckState::Unknown).len(), 2);
}

#[tokio::test]
async fn an_answer_that_is_none_is_no_word_about_the_key() {
    let world = World::start().await;
    for (behaviour, state) in [
        (Behaviour::Html, CheckState::Failed),
        (Behaviour::NoBalance, CheckState::Failed),
        (Behaviour::RateLimited { retry_after: 1 }, CheckState::Warning),
        (Behaviour::Failing(503), CheckState::Warning),
    ] {
        let name = format!("{behaviour:?}");
        world.sandbox.upstreams().set_behaviour("deepseek", behaviour);
        test(&world, "deepseek").await;
        let doctor = world.operations.doctor(false).await;
        assert_eq!(one(&doctor, CheckId::ProviderReachable, state).about, "deepseek", "{name}");
        let key = with(&doctor, CheckId::ProviderKeyAccepted, CheckState::Unknown);
        assert!(key.iter().any(|check| check.about == "deepseek"), "{name}: {key:?}");
    }
}

#[tokio::test]
async fn the_tests_are_made_when_they_are_asked_for() {
    let world = World::start().await;
    world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::InvalidKey);
    let calls = |world: &World| {
        ["qwen", "deepseek", "moonshot"].map(|name| world.sandbox.upstreams().calls(name).len())
    };
    world.operations.doctor(false).await;
    assert_eq!(calls(&world), [0, 0, 0], "nobody outside is asked");
    let doctor = world.operations.doctor(true).await;
    assert!(calls(&world).iter().all(|calls| *calls > 0));

    let failed = with(&doctor, CheckId::AgentAnswered, CheckState::Failed);
    assert_eq!(
        failed.iter().map(|check| check.about.as_str()).collect::<Vec<_>>(),
        ["worker:bob", "worker:dave"]
    );
    assert!(failed[0].evidence.contains("401"), "{failed:?}");
    assert_eq!(failed[0].repair, Some(Repair::EditProvider { provider: provider("moonshot") }));
    assert!(failed[1].evidence.contains("403"), "{failed:?}");
    let consumer = Some("worker-dave".parse().unwrap());
    assert_eq!(
        failed[1].repair,
        Some(Repair::RouteAccess { route: "deepseek-ai-route".parse().unwrap(), consumer })
    );
    assert_eq!(one(&doctor, CheckId::AgentAnswered, CheckState::Ok).about, "4 agents");
    assert_eq!(one(&doctor, CheckId::AgentModelListed, CheckState::Ok).about, "5 agents");
    assert_eq!(one(&doctor, CheckId::ProviderKeyAccepted, CheckState::Failed).about, "moonshot");

    world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::Healthy);
    one(&doctor, CheckId::ConsoleWrites, CheckState::Unknown);
    let mend = Mutation::RepairRoutes { route: None, consumer: None };
    world.run(mend).await.unwrap();
    well(&world.operations.doctor(true).await, UNTESTED);
}

/// The gateway may take no change of any provider then.
#[tokio::test]
async fn a_provider_without_the_key_that_it_needs_is_told() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::ProviderKey]);
    let bare = json!({"name": "zhipuai", "type": "zhipuai", "protocol": "openai/v1", "tokens": [],
        "tokenFailoverConfig": {"enabled": false}, "rawConfigs": {"zhipuCodePlanMode": false}});
    let status = rival(&world, Method::POST, "/v1/ai/providers", &bare).await;
    assert_eq!(status, StatusCode::CREATED);
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::ProviderKey, CheckState::Failed);
    assert_eq!(told.repair, Some(Repair::EditProvider { provider: provider("zhipuai") }));
}

#[tokio::test]
async fn what_hiclaw_will_reset_is_told_until_it_is_taken_back() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::ProviderLasts]);
    let edit: EditProvider = serde_json::from_value(json!({"settings": {"qwenEnableSearch": true}})).unwrap();
    let changed = world.run(Mutation::EditProvider { name: provider("qwen"), edit }).await.unwrap();
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::ProviderLasts, CheckState::Warning);
    assert!(told.about == "qwen" && told.evidence.contains(changed.id.as_str()), "{told:?}");
    let undone = world.operations.undo(changed.id.clone(), context(None)).await.unwrap();
    undone.finished().await.unwrap();
    well(&world.operations.doctor(false).await, &[CheckId::ProviderLasts]);
}
