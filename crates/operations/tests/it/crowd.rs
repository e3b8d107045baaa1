//! Crowds: 2, 8, 32 and 128 switches at the same moment on one target, on as many targets, and on two shared routes.
use crate::world::{World, context, switch, worker};
use domain::{Code, Failure, Mutation, Operation, OperationState, Target};
use futures::future::join_all;
use operations::Running;
use sandbox::upstreams::Behaviour;
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;

const CROWDS: [usize; 4] = [2, 8, 32, 128];
/// A crowd that has not come to its end by then never will.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long changed objects are watched. A call may take half of it, and with 128 at once some take long.
const HORIZON: Duration = Duration::from_secs(16);

/// Someone's wish: agent, provider, model.
type Wish = (String, &'static str, &'static str);

async fn submit_at_once(world: &World, wishes: &[Wish]) -> Vec<Result<Running, Failure>> {
    let submit = |(agent, provider, model): &Wish| {
        let (operations, wish) = (world.operations.clone(), switch(agent, provider, model));
        tokio::spawn(async move { operations.submit(wish, context(None)).await })
    };
    join_all(wishes.iter().map(submit)).await.into_iter().map(Result::unwrap).collect()
}

/// Waits until nothing of them can happen any more.
async fn settled(running: impl IntoIterator<Item = Running>) -> Vec<Arc<Operation>> {
    let wait = running.into_iter().map(|running| async move {
        let mut watch = running.watch();
        watch.wait_for(|operation| operation.settled.is_some()).await.unwrap().clone()
    });
    timeout(PATIENCE, join_all(wait)).await.expect("no operation waits for ever")
}

async fn crowd(size: usize, routes: &[&str]) -> (World, Vec<String>) {
    let timing =
        operations::Timing { cache: Duration::ZERO, horizon: HORIZON, pulled: HORIZON, ..Default::default() };
    let world = World::start_with(|config| config.timing = timing).await;
    let names: Vec<String> = (0..size).map(|number| format!("worker-{number:03}")).collect();
    world.sandbox.hire(&names, routes).await.unwrap();
    world.sandbox.gateway().settled().await;
    (world, names)
}

/// Everything that a switch says it did is there: the config, both notes, and a route that lets the agent in.
async fn assert_all_there(world: &World, wishes: &[Wish]) {
    let file = std::fs::read(world.manager_file().with_file_name("workers-registry.json")).unwrap();
    let registry: Value = serde_json::from_slice(&file).unwrap();
    let all = world.operations.assignments().await.unwrap();
    for (agent, provider, model) in wishes {
        let target = worker(agent);
        assert_eq!(world.stored_model(&target), *model, "{agent}");
        assert_eq!(registry["workers"][agent]["model"], *model, "the note of {agent} was lost");
        let record = world.object(&format!("agents/{agent}/model.json")).unwrap();
        let record: Value = serde_json::from_slice(&record).unwrap();
        assert_eq!((&record["provider"], &record["model"]), (&(*provider).into(), &(*model).into()));
        let Target::Worker(name) = &target else { unreachable!() };
        let observed = &all.workers[name].observed;
        assert!(observed.in_sync, "{agent}: {observed:?}");
    }
}

async fn all_commit_and_settle(kind: &str, world: World, wishes: Vec<Wish>) {
    let began = Instant::now();
    let running: Vec<Running> =
        submit_at_once(&world, &wishes).await.into_iter().map(Result::unwrap).collect();
    let mut watches: Vec<_> = running.iter().map(Running::watch).collect();
    let finals = watches.iter_mut().map(|watch| watch.wait_for(|operation| operation.state.is_final()));
    timeout(PATIENCE, join_all(finals)).await.expect("no operation waits for ever");
    println!("{} {kind}: all ended after {} ms", wishes.len(), began.elapsed().as_millis());
    for (operation, (agent, ..)) in settled(running).await.iter().zip(&wishes) {
        assert_eq!(operation.state, OperationState::Committed, "{agent}: {:?}", operation.failure);
        let seen = &operation.settled.as_ref().unwrap().evidence;
        let told = seen.contains("all as told") || seen.contains("somebody else changed route:");
        assert!(told, "{agent}: {seen}");
    }
    assert_all_there(&world, &wishes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_crowd_on_one_target_one_wins_and_the_others_hear_of_it() {
    let world = World::start().await;
    let models = ["kimi-k2.5", "moonshot-v1-8k", "kimi-k2-thinking"];
    for size in CROWDS {
        // The winner gets no answer before everybody has asked.
        world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::Holding);
        let present = world.stored_model(&worker("alice"));
        let others = models.into_iter().filter(|model| *model != present).cycle();
        let wishes: Vec<Wish> = others.take(size).map(|model| ("alice".into(), "moonshot", model)).collect();
        let results = submit_at_once(&world, &wishes).await.into_iter().zip(&wishes);
        let (won, lost): (Vec<_>, Vec<_>) = results.partition(|(result, _)| result.is_ok());
        world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::Healthy);
        assert_eq!(won.len(), 1);
        let Some((Ok(winner), (_, _, model))) = won.into_iter().next() else { unreachable!() };
        let id = winner.id().clone();
        assert_eq!(lost.len(), size - 1);
        for failure in lost.into_iter().filter_map(|(result, _)| result.err()) {
            assert_eq!((failure.code, failure.operation.as_ref()), (Code::Busy, Some(&id)));
        }
        timeout(PATIENCE, winner.finished()).await.unwrap().unwrap();
        assert_eq!(world.stored_model(&worker("alice")), *model);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_on_as_many_targets_all_end_where_they_were_sent() {
    for size in [2, 8, 32] {
        on_as_many_targets(size).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes in a debug build"]
async fn a_crowd_of_128_on_as_many_targets() {
    on_as_many_targets(128).await;
}

async fn on_as_many_targets(size: usize) {
    let (world, names) = crowd(size, &["default-ai-route", "moonshot-ai-route"]).await;
    let model = |number: usize| if number.is_multiple_of(2) { "kimi-k2.5" } else { "moonshot-v1-8k" };
    let wishes = names.into_iter().enumerate().map(|(n, name)| (name, "moonshot", model(n))).collect();
    all_commit_and_settle("disjoint", world, wishes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_on_two_shared_routes_queues_and_loses_nothing() {
    for size in [2, 8, 32] {
        on_two_shared_routes(size).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes in a debug build"]
async fn a_crowd_of_128_on_two_shared_routes() {
    on_two_shared_routes(128).await;
}

/// Each must be let into a route, and there are two: half of them write one, half the other.
async fn on_two_shared_routes(size: usize) {
    let (world, names) = crowd(size, &["default-ai-route"]).await;
    let wish = |(number, name): (usize, String)| match number % 2 {
        0 => (name, "deepseek", "deepseek-chat"),
        _ => (name, "moonshot", "kimi-k2.5"),
    };
    let wishes = names.into_iter().enumerate().map(wish).collect();
    all_commit_and_settle("overlapping", world, wishes).await;
}

/// Every agent is moved by two people at once: one of them wins, and the routes of both keep all that was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pairs_on_shared_routes_have_one_winner_each() {
    let (world, names) = crowd(8, &["default-ai-route"]).await;
    world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::Holding);
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::Holding);
    let both = |name: &String| {
        [(name.clone(), "deepseek", "deepseek-chat"), (name.clone(), "moonshot", "kimi-k2.5")]
    };
    let wishes: Vec<Wish> = names.iter().flat_map(both).collect();
    let results = submit_at_once(&world, &wishes).await;
    world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::Healthy);
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::Healthy);
    let mut won = Vec::new();
    let mut running = Vec::new();
    for (result, wish) in results.into_iter().zip(wishes) {
        match result {
            Ok(begun) => {
                won.push(wish);
                running.push(begun);
            }
            Err(failure) => assert_eq!(failure.code, Code::Busy),
        }
    }
    assert_eq!(won.len(), names.len());
    let ended = settled(running).await;
    assert!(ended.iter().all(|operation| operation.state == OperationState::Committed), "{ended:?}");
    assert_all_there(&world, &won).await;
}

/// Providers and routes at once: adding, removing and switching, in every order of locks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_all_kinds_at_once_do_not_wait_for_each_other_for_ever() {
    let (world, names) = crowd(8, &["default-ai-route"]).await;
    let wishes = names.iter().map(|name| switch(name, "deepseek", "deepseek-chat"));
    let kinds = ["zhipuai", "minimax"];
    let adds = kinds.map(|kind| Mutation::AddProvider(world.new_provider(kind)));
    let repair = [Mutation::RepairRoutes { route: None, consumer: None }];
    let all: Vec<Mutation> = wishes.chain(adds).chain(repair).collect();
    let done = timeout(PATIENCE, join_all(all.into_iter().map(|wish| world.run(wish)))).await.unwrap();
    for result in done {
        assert!(result.is_ok(), "{result:?}");
    }
    let wishes: Vec<Wish> = names.into_iter().map(|name| (name, "deepseek", "deepseek-chat")).collect();
    assert_all_there(&world, &wishes).await;
    for kind in kinds {
        assert!(world.operations.provider(&kind.parse().unwrap()).await.is_ok());
    }
}
