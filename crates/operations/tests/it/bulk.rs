//! One model for many agents.
use crate::world::{World, context, worker};
use domain::{Code, OperationState, SetModels, Target};
use sandbox::upstreams::Behaviour;
use serde_json::json;

fn all(targets: &[&str], provider: &str, model: &str) -> SetModels {
    serde_json::from_value(json!({"targets": targets, "provider": provider, "model": model})).unwrap()
}

#[tokio::test]
async fn every_agent_of_a_request_is_switched_by_an_operation_of_its_own() {
    let world = World::start().await;
    let agents = ["manager", "alice", "bob", "carol", "dave", "erin"];
    let wish = all(&agents, "deepseek", "deepseek-reasoner");
    let running = world.operations.set_models(wish.clone(), context(Some("once"))).unwrap();
    let id = running.id().clone();
    let bulk = running.finished().await.unwrap();
    assert!(bulk.success, "{bulk:#?}");
    for agent in agents {
        assert_eq!(world.stored_model(&agent.parse().unwrap()), "deepseek-reasoner", "{agent}");
    }
    assert!(bulk.results.iter().all(|operation| operation.bulk.as_ref() == Some(&id)));

    let again = world.operations.set_models(wish, context(Some("once"))).unwrap().finished().await.unwrap();
    let ids =
        |bulk: &domain::Bulk| bulk.results.iter().map(|operation| operation.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(&bulk), "the same key begins nothing again");
}

#[tokio::test]
async fn a_failing_canary_spares_the_others() {
    let world = World::start().await;
    let before = world.state().await;
    world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::NoBalance);
    let mut wish = all(&["alice", "carol", "manager"], "moonshot", "kimi-k2.5");
    wish.canary = true;
    let bulk = world.operations.set_models(wish, context(None)).unwrap().finished().await.unwrap();
    assert!(!bulk.success);
    assert_eq!(bulk.results.len(), 1);
    assert_eq!(bulk.results[0].state, OperationState::RolledBack);
    assert_eq!(bulk.results[0].failure.as_ref().unwrap().code, Code::ModelNotReachable);
    assert_eq!(bulk.not_begun, ["worker:carol", "manager"]);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn one_that_fails_leaves_the_others_switched() {
    let world = World::start().await;
    let bulk =
        world.operations.set_models(all(&["zoe", "alice"], "moonshot", "kimi-k2.5"), context(None)).unwrap();
    let bulk = bulk.finished().await.unwrap();
    assert!(!bulk.success);
    let states: Vec<_> = bulk.results.iter().map(|operation| operation.state).collect();
    assert_eq!(states, [OperationState::RolledBack, OperationState::Committed]);
    assert_eq!(world.stored_model(&worker("alice")), "kimi-k2.5");
}

#[tokio::test]
async fn a_dry_run_plans_each_target_and_changes_nothing() {
    let world = World::start().await;
    let before = world.state().await;
    let plans = world
        .operations
        .plan_models(&all(&["alice", "zoe", "dave"], "deepseek", "deepseek-chat"))
        .await
        .unwrap();
    assert!(!plans.success);
    let targets: Vec<_> = plans.plans.iter().flat_map(|plan| plan.targets.clone()).collect();
    assert_eq!(targets, ["worker:alice", "worker:dave"]);
    assert_eq!(
        (plans.refused[0].target.as_str(), plans.refused[0].failure.code),
        ("worker:zoe", Code::WorkerNotFound)
    );
    assert_eq!(world.state().await, before);
    let twice = world
        .operations
        .set_models(all(&["alice", "worker:alice"], "deepseek", "deepseek-chat"), context(None));
    assert_eq!(twice.err().unwrap().fields[0].field, "targets[1]");
    assert_eq!(world.stored_model(&Target::Manager), "qwen3.5-plus");
}
