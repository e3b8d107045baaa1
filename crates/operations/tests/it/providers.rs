//! Adding, changing and removing providers, and letting agents in.
use crate::world::{World, provider, switch};
use domain::{Code, Mutation, OperationState};
use sandbox::console::{Effect, Fault, RequestMatch};
use serde_json::json;

fn edit(name: &str, edit: serde_json::Value) -> Mutation {
    Mutation::EditProvider { name: provider(name), edit: serde_json::from_value(edit).unwrap() }
}

#[tokio::test]
async fn a_new_provider_gets_its_route_at_once_and_serves_a_worker() {
    let world = World::start().await;
    let done = world.run(Mutation::AddProvider(world.new_provider("zhipuai"))).await.unwrap();
    assert_eq!(done.state, OperationState::Committed);
    let routes = world.operations.routes().await.unwrap();
    let route =
        routes.value.iter().find(|route| route.name.as_str() == "zhipuai-ai-route").expect("the route");
    assert_eq!(route.missing, []);
    world.run(switch("alice", "zhipuai", "glm-5")).await.unwrap();
    assert_eq!(world.ask_worker("alice", "glm-5").await.status, Some(200));
}

#[tokio::test]
async fn a_used_name_is_refused() {
    let world = World::start().await;
    let before = world.state().await;
    let failure = world.run(Mutation::AddProvider(world.new_provider("deepseek"))).await.unwrap_err();
    assert_eq!(failure.code, Code::ProviderExists);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn bad_input_is_refused_before_anything_is_asked() {
    let world = World::start().await;
    for (new, field) in [
        (json!({"name": "lab", "type": "openai", "tokens": ["sk-…abcd"]}), "tokens[0]"),
        (json!({"name": "Lab!", "type": "openai", "tokens": ["sk-1234567890"]}), "name"),
        (
            json!({"name": "lab", "type": "openai", "baseUrl": "http://169.254.169.254/v1", "tokens": ["sk-1234567890"]}),
            "baseUrl",
        ),
        (json!({"name": "lab", "type": "deepseek"}), "tokens"),
    ] {
        let new = Mutation::AddProvider(serde_json::from_value(new.clone()).unwrap());
        let failure = world.operations.submit(new, crate::world::context(None)).await.err().expect(field);
        assert_eq!(failure.code, Code::InvalidRequest, "{failure:?}");
        assert_eq!(failure.fields[0].field, field, "{failure:?}");
    }
    assert!(world.operations.operations().is_empty());
}

#[tokio::test]
async fn an_edit_keeps_the_keys_unless_they_are_named() {
    let world = World::start().await;
    let fingerprints = |world: &World| {
        let operations = world.operations.clone();
        async move { operations.provider(&provider("deepseek")).await.unwrap().tokens.fingerprints }
    };
    let before = fingerprints(&world).await;
    world.run(edit("deepseek", json!({"settings": {"firstByteTimeout": 30}}))).await.unwrap();
    assert_eq!(fingerprints(&world).await, before);
    let second = world.sandbox.upstreams().second_key_for("deepseek");
    world.run(edit("deepseek", json!({"tokens": [second]}))).await.unwrap();
    assert_ne!(fingerprints(&world).await, before);
    assert_eq!(world.sandbox.agents().ask_worker("alice", "hi").await.unwrap().status, Some(200));
}

#[tokio::test]
async fn a_provider_in_use_stays_and_an_unused_one_goes_with_its_route() {
    let world = World::start().await;
    let remove = |name: &str| Mutation::RemoveProvider { name: provider(name) };
    let failure = world.run(remove("deepseek")).await.unwrap_err();
    assert_eq!(failure.code, Code::ProviderInUse);
    assert!(failure.used_by.unwrap().agents.iter().any(|agent| agent.contains("alice")));

    let before = world.state().await;
    world.run(Mutation::AddProvider(world.new_provider("minimax"))).await.unwrap();
    assert_ne!(world.state().await, before);
    world.run(remove("minimax")).await.unwrap();
    let after = world.state().await;
    assert_eq!(after, before);
    assert_eq!(world.run(remove("minimax")).await.unwrap_err().code, Code::ProviderNotFound);
}

#[tokio::test]
async fn repair_lets_in_who_is_missing_and_then_finds_nothing() {
    let world = World::start().await;
    let repair = || Mutation::RepairRoutes { route: None, consumer: None };
    world.run(repair()).await.unwrap();
    let routes = world.operations.routes().await.unwrap();
    assert!(routes.value.iter().all(|route| route.missing.is_empty()), "{:?}", routes.value);
    let plan = world.operations.plan(&repair()).await.unwrap();
    assert_eq!(plan.changes, []);
}

#[tokio::test]
async fn a_swallowed_provider_write_is_noticed_and_written_again() {
    let world = World::start().await;
    let requests = RequestMatch::new(http::Method::POST, "/v1/ai/providers");
    world.sandbox.console().switches().inject(Fault { requests, times: 1, effect: Effect::Lose });
    let done = world.run(Mutation::AddProvider(world.new_provider("minimax"))).await;
    world.sandbox.console().switches().clear();
    assert!(done.is_ok(), "{done:?}");
    assert!(world.operations.provider(&provider("minimax")).await.is_ok());
}
