//! Several operations at once, and requests that go away.
use crate::world::{World, context, provider, switch, worker};
use domain::{Code, Mutation, OperationState};
use futures::future::join_all;
use sandbox::upstreams::Behaviour;

#[tokio::test]
async fn one_target_has_one_winner_and_the_others_are_told_who() {
    let world = World::start().await;
    let submit =
        |model: &'static str| world.operations.submit(switch("alice", "moonshot", model), context(None));
    let (first, second, third) =
        tokio::join!(submit("kimi-k2.5"), submit("moonshot-v1-8k"), submit("kimi-k2-thinking"));
    let first = first.unwrap();
    for refused in [second, third] {
        let failure = refused.err().expect("the target is held");
        assert_eq!((failure.code, failure.operation.as_ref()), (Code::Busy, Some(first.id())));
    }
    first.finished().await.unwrap();
    assert_eq!(world.stored_model(&worker("alice")), "kimi-k2.5");
    world.run(switch("alice", "moonshot", "moonshot-v1-8k")).await.unwrap();
}

#[tokio::test]
async fn a_request_that_goes_away_does_not_stop_the_operation() {
    let world = World::start().await;
    let running =
        world.operations.submit(switch("alice", "moonshot", "kimi-k2.5"), context(None)).await.unwrap();
    let id = running.id().clone();
    drop(running);
    let mut watch = world.operations.operation(&id).await.unwrap();
    let done = watch.wait_for(|operation| operation.state.is_final()).await.unwrap().clone();
    assert_eq!(done.state, OperationState::Committed, "{done:?}");
    assert_eq!(world.stored_model(&worker("alice")), "kimi-k2.5");
    assert_eq!(world.operations.operations()[0].id, id);
}

#[tokio::test]
async fn all_agents_at_once_end_where_they_were_sent() {
    let world = World::start().await;
    let wishes = [
        ("manager", "moonshot", "kimi-k2.5"),
        ("alice", "moonshot", "kimi-k2-thinking"),
        ("bob", "deepseek", "deepseek-chat"),
        ("carol", "deepseek", "deepseek-reasoner"),
        ("dave", "moonshot", "moonshot-v1-8k"),
        ("erin", "qwen", "qwen-max"),
    ];
    let done =
        join_all(wishes.map(|(agent, provider, model)| world.run(switch(agent, provider, model)))).await;
    for (result, (agent, _, model)) in done.iter().zip(wishes) {
        assert!(result.is_ok(), "{agent}: {result:?}");
        assert_eq!(world.stored_model(&agent.parse().unwrap()), model);
    }
    let all = world.operations.assignments().await.unwrap();
    assert!(all.workers.values().all(|assignment| assignment.observed.in_sync), "{all:?}");
}

#[tokio::test]
async fn providers_added_at_once_are_all_there() {
    let world = World::start().await;
    let kinds = ["zhipuai", "minimax"];
    let done = join_all(kinds.map(|kind| world.run(Mutation::AddProvider(world.new_provider(kind))))).await;
    for (kind, result) in kinds.iter().zip(done) {
        assert!(result.is_ok(), "{kind}: {result:?}");
        assert!(world.operations.provider(&provider(kind)).await.is_ok());
    }
}

#[tokio::test]
async fn the_same_key_gives_the_same_operation() {
    let world = World::start().await;
    let once =
        world.operations.submit(switch("alice", "moonshot", "kimi-k2.5"), context(Some("k"))).await.unwrap();
    let twice =
        world.operations.submit(switch("alice", "moonshot", "kimi-k2.5"), context(Some("k"))).await.unwrap();
    assert_eq!(once.id(), twice.id());
    let other =
        world.operations.submit(switch("alice", "moonshot", "moonshot-v1-8k"), context(Some("k"))).await;
    assert_eq!(other.err().unwrap().code, Code::IdempotencyMismatch);
    once.finished().await.unwrap();
    let later =
        world.operations.submit(switch("alice", "moonshot", "kimi-k2.5"), context(Some("k"))).await.unwrap();
    assert!(later.finished().await.is_ok());
    assert_eq!(world.operations.operations().len(), 1);
}

#[tokio::test]
async fn a_shutdown_waits_for_what_runs_and_refuses_what_is_new() {
    let world = World::start().await;
    world
        .sandbox
        .upstreams()
        .set_behaviour("moonshot", Behaviour::Slow(std::time::Duration::from_millis(300)));
    let running =
        world.operations.submit(switch("alice", "moonshot", "kimi-k2.5"), context(None)).await.unwrap();
    world.operations.drain(std::time::Duration::from_secs(60)).await;
    assert!(running.watch().borrow().state.is_final());
    let refused = world.operations.submit(switch("bob", "moonshot", "kimi-k2.5"), context(None)).await;
    assert_eq!(refused.err().unwrap().code, Code::UpstreamUnavailable);
}
