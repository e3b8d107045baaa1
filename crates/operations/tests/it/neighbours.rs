//! The question over routes beside a written one.
use crate::world::{World, step, switch};
use domain::{Mutation, OperationState, StepName, StepState};
use sandbox::upstreams::Behaviour;

#[tokio::test]
async fn routes_beside_a_written_one_are_asked_over() {
    let world = World::start().await;
    // Dave is let into deepseek's route; bob is on moonshot's, the Manager on the default one.
    let done = world.run(switch("dave", "deepseek", "deepseek-chat")).await.unwrap();
    let asked = step(&done.steps, StepName::Neighbours);
    assert_eq!(asked.state, StepState::Done);
    assert_eq!(asked.evidence.as_deref(), Some("2 neighbour routes answer as before"), "{asked:?}");
    assert!(done.broke.is_empty());
    // Where no route is written nobody is asked.
    let done = world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    assert!(done.steps.iter().all(|step| step.name != StepName::Neighbours));
}

#[tokio::test]
async fn a_neighbours_provider_that_fails_is_noted_and_stops_nothing() {
    let world = World::start().await;
    world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::RateLimited { retry_after: 1 });
    let done = world
        .run(Mutation::RepairRoutes { route: Some("deepseek-ai-route".parse().unwrap()), consumer: None });
    let done = done.await.unwrap();
    assert_eq!((done.state, done.broke.len()), (OperationState::Committed, 0));
    let evidence = step(&done.steps, StepName::Neighbours).evidence.clone().unwrap();
    assert!(
        evidence.starts_with("1 neighbour route answers as before; moonshot gave no answer"),
        "{evidence}"
    );
}

#[tokio::test]
async fn an_agent_that_is_turned_away_after_a_change_is_told() {
    let world = World::start().await;
    // The gateway forgets bob's route while another one is written: somebody else's doing, seen by the question.
    let live = world.console();
    let name = "moonshot-ai-route".parse().unwrap();
    let route = live.route(&name).await.unwrap().unwrap();
    let mut shut = route.json().clone();
    shut["authConfig"]["allowedConsumers"] = serde_json::json!(["manager"]);
    world
        .sandbox
        .upstreams()
        .set_behaviour("deepseek", Behaviour::Slow(std::time::Duration::from_millis(400)));
    let running =
        world.operations.submit(switch("dave", "deepseek", "deepseek-chat"), crate::world::context(None));
    let running = running.await.unwrap();
    let mut watch = running.watch();
    let testing = |operation: &std::sync::Arc<domain::Operation>| {
        operation.steps.iter().any(|step| step.name == StepName::Test && step.state == StepState::Running)
    };
    watch.wait_for(testing).await.unwrap();
    live.write_route(Some(&route), &higress::RouteDoc::parse(shut).unwrap()).await.unwrap();
    let done = running.finished().await.unwrap();
    assert_eq!(done.state, OperationState::Committed, "it never fails the operation");
    assert_eq!(done.broke.len(), 1, "{:?}", done.steps);
    assert_eq!(done.broke[0].agent, "bob");
    assert!(
        step(&done.steps, StepName::Neighbours).evidence.as_ref().unwrap().contains("bob is turned away")
    );
}
