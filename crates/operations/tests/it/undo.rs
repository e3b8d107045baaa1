//! Taking operations back.
use crate::world::{State, World, provider, switch, worker};
use domain::{Code, Failure, Mutation, Operation, OperationId, OperationState, StepName, StepState};
use http::Method;
use sandbox::{
    console::{Effect, Fault, RequestMatch},
    upstreams::Behaviour,
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

async fn undo(world: &World, id: &OperationId) -> Result<Arc<Operation>, Failure> {
    world.run(Mutation::Undo { operation: id.clone() }).await
}

async fn done(world: &World, mutation: Mutation) -> OperationId {
    world.run(mutation).await.unwrap().id.clone()
}

/// Does it, undoes it, undoes the undo; each time the whole installation is as it was.
async fn there_and_back(world: &World, mutation: Mutation) {
    let kind = mutation.kind();
    let before: State = world.state().await;
    let id = done(world, mutation).await;
    let after = world.state().await;
    assert_ne!(after, before, "{kind}");
    let undone = undo(world, &id).await.unwrap();
    assert_eq!((undone.state, undone.undoes.as_ref()), (OperationState::Committed, Some(&id)), "{kind}");
    assert!(undone.steps.iter().all(|step| step.name != StepName::Test), "no question to the old model");
    assert_eq!(world.state().await, before, "{kind}");
    undo(world, &undone.id).await.unwrap();
    assert_eq!(world.state().await, after, "{kind}");
}

#[tokio::test]
async fn a_switch_is_taken_back_whole_and_its_undo_too() {
    let world = World::start().await;
    // Dave is let into a route; Erin has no record before; the Manager's file is on disk.
    there_and_back(&world, switch("dave", "deepseek", "deepseek-reasoner")).await;
    there_and_back(&world, switch("erin", "moonshot", "kimi-k2.5")).await;
    there_and_back(&world, switch("manager", "moonshot", "kimi-k2.5")).await;
}

#[tokio::test]
async fn changes_of_providers_and_routes_are_taken_back() {
    let world = World::start().await;
    there_and_back(&world, Mutation::AddProvider(world.new_provider("zhipuai"))).await;
    there_and_back(&world, Mutation::RemoveProvider { name: provider("zhipuai") }).await;
    let edit = json!({"tokens": [world.sandbox.upstreams().second_key_for("deepseek")], "settings": {"firstByteTimeout": 9}});
    let edit = serde_json::from_value(edit).unwrap();
    there_and_back(&world, Mutation::EditProvider { name: provider("deepseek"), edit }).await;
    there_and_back(&world, Mutation::RepairRoutes { route: None, consumer: None }).await;
}

#[tokio::test]
async fn a_whole_file_is_taken_back() {
    let world = World::start().await;
    let upstreams = world.sandbox.upstreams();
    let model = upstreams.models("lab")[0];
    let file = json!({"version": 1,
        "providers": [{"name": "lab", "type": "openai", "baseUrl": format!("https://{}/v1", upstreams.host_for("lab")),
            "tokens": [upstreams.key_for("lab")]}],
        "routes": [{"name": "deepseek-ai-route", "fallback": ["qwen"]}],
        "assignments": {"workers": {"alice": {"provider": "lab", "model": model}, "carol": {"provider": "lab", "model": model}}}});
    there_and_back(&world, Mutation::Apply(serde_json::from_value(file).unwrap())).await;
}

#[tokio::test]
async fn a_person_may_want_back_to_something_that_does_not_answer() {
    let world = World::start().await;
    let id = done(&world, switch("alice", "moonshot", "kimi-k2.5")).await;
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::NoBalance);
    undo(&world, &id).await.unwrap();
    assert_eq!(world.stored_model(&worker("alice")), "deepseek-chat");
}

#[tokio::test]
async fn somebodys_later_work_is_left_and_shown() {
    let world = World::start().await;
    let first = done(&world, switch("alice", "moonshot", "kimi-k2.5")).await;
    done(&world, switch("alice", "qwen", "qwen-max")).await;
    let before = world.state().await;
    let failure = undo(&world, &first).await.unwrap_err();
    assert_eq!(failure.code, Code::Conflict);
    let moved = failure.diff.iter().find(|moved| moved.object == "s3:agents/alice/openclaw.json").unwrap();
    let line = moved.diff.iter().find(|line| line.path == "/agents/defaults/model/primary").unwrap();
    assert_eq!(line.before, Some("hiclaw-gateway/kimi-k2.5".into()));
    assert_eq!(line.after, Some("hiclaw-gateway/qwen-max".into()));
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn what_cannot_be_undone_is_refused_with_a_reason() {
    let world = World::start().await;
    let unknown = "01JD0000000000000000000000".parse().unwrap();
    assert_eq!(undo(&world, &unknown).await.unwrap_err().code, Code::OperationNotFound);

    let id = done(&world, switch("alice", "moonshot", "kimi-k2.5")).await;
    let undone = undo(&world, &id).await.unwrap();
    let failure = undo(&world, &id).await.unwrap_err();
    assert_eq!(failure.code, Code::Conflict);
    assert!(failure.message.contains(undone.id.as_str()), "{}", failure.message);

    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::NoBalance);
    let failed = world.run(switch("dave", "deepseek", "deepseek-reasoner")).await.unwrap_err();
    let failure = undo(&world, &failed.operation.unwrap()).await.unwrap_err();
    assert_eq!(failure.code, Code::Conflict);
    assert!(failure.message.contains("rolled back"), "{}", failure.message);
}

#[tokio::test]
async fn a_provider_that_others_came_to_use_is_not_taken_away() {
    let world = World::start().await;
    let id = done(&world, Mutation::AddProvider(world.new_provider("zhipuai"))).await;
    done(&world, switch("alice", "zhipuai", "glm-5")).await;
    let before = world.state().await;
    let failure = undo(&world, &id).await.unwrap_err();
    assert_eq!(failure.code, Code::ProviderInUse, "{failure:?}");
    assert_eq!(failure.used_by.unwrap().agents, ["worker:alice"]);
    assert_eq!(failure.provider, Some(provider("zhipuai")));
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_dry_run_of_an_undo_shows_what_would_come_back() {
    let world = World::start().await;
    let id = done(&world, switch("alice", "moonshot", "kimi-k2.5")).await;
    let before = world.state().await;
    let plan = world.operations.plan(&Mutation::Undo { operation: id }).await.unwrap();
    assert_eq!((plan.kind.as_str(), &plan.targets), ("undo", &vec!["worker:alice".to_owned()]));
    let config = plan.changes.iter().find(|change| change.object.ends_with("openclaw.json")).unwrap();
    assert!(config.diff.iter().any(|line| line.after == Some("hiclaw-gateway/deepseek-chat".into())));
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn an_operation_can_be_undone_after_a_restart_and_its_plan_is_gone() {
    let mut world = World::start().await;
    let before = world.state().await;
    let id = done(&world, switch("dave", "moonshot", "kimi-k2.5")).await;
    let plan = world.operations.plan_to_apply(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
    world.start_again().await;
    let failure = world.operations.apply(&plan.id, crate::world::context(None)).await.err().unwrap();
    assert_eq!(failure.code, Code::OperationNotFound);
    let undone = undo(&world, &id).await.unwrap();
    assert_eq!(world.state().await, before);
    world.start_again().await;
    let failure = undo(&world, &id).await.unwrap_err();
    assert!(failure.message.contains(undone.id.as_str()), "{}", failure.message);
}

/// An installation with a provider that nobody uses. Watches look for the first time after a 64th of the horizon.
async fn with_zhipuai(horizon: Duration) -> World {
    let world = World::start_with(|config| {
        config.timing.call = Duration::from_millis(300);
        config.timing.horizon = horizon;
    })
    .await;
    done(&world, Mutation::AddProvider(world.new_provider("zhipuai"))).await;
    world
}

fn removal() -> Mutation {
    Mutation::RemoveProvider { name: provider("zhipuai") }
}

/// The next removal of such an object gets no answer.
fn leave_unanswered(world: &World, objects: &str) {
    let requests = RequestMatch::new(Method::DELETE, &format!("/v1/ai/{objects}/*"));
    world.sandbox.console().switches().inject(Fault { requests, times: 1, effect: Effect::Hang });
}

/// What a removal that got no answer may still do, at a time of the test's choice.
async fn arrives_late(world: &World, objects: &str) {
    let console = world.console();
    if objects == "providers" {
        let stored = console.provider(&provider("zhipuai")).await.unwrap().unwrap();
        console.remove_provider(&stored).await.unwrap();
    } else {
        let stored = console.route(&provider("zhipuai").route()).await.unwrap().unwrap();
        console.remove_route(&stored).await.unwrap();
    }
}

/// Waits until the watch has put back the route.
async fn route_is_back(world: &World) {
    let (console, name) = (world.console(), provider("zhipuai").route());
    let comes = async { while console.route(&name).await.unwrap().is_none() {} };
    timeout(Duration::from_secs(30), comes).await.unwrap();
}

#[tokio::test]
async fn a_provider_is_not_removed_while_its_route_is_about_to_come_back() {
    let world = with_zhipuai(Duration::from_secs(600)).await;
    let before = world.state().await;
    leave_unanswered(&world, "routes");
    assert_eq!(world.run(removal()).await.unwrap_err().code, Code::RolledBack);
    arrives_late(&world, "routes").await;
    let failure = world.run(removal()).await.unwrap_err();
    assert_eq!(failure.code, Code::Busy, "{failure:?}");
    assert!(failure.message.starts_with("route:zhipuai-ai-route is not as"), "{}", failure.message);
    route_is_back(&world).await;
    assert_eq!(world.state().await, before);
    world.run(removal()).await.unwrap();
}

#[tokio::test]
async fn an_undo_puts_back_first_what_an_earlier_operation_took_late() {
    let world = with_zhipuai(Duration::from_secs(600)).await;
    let before = world.state().await;
    leave_unanswered(&world, "providers");
    assert_eq!(world.run(removal()).await.unwrap_err().code, Code::RolledBack);
    leave_unanswered(&world, "routes");
    let running = world.operations.submit(removal(), crate::world::context(None)).await.unwrap();
    let mut watch = running.watch();
    let removes_route = |operation: &Arc<Operation>| {
        operation.steps.iter().any(|s| s.name == StepName::Route && s.state == StepState::Running)
    };
    watch.wait_for(removes_route).await.unwrap();
    arrives_late(&world, "providers").await;
    // The route cannot come back without its provider, which this operation has not touched.
    let failure = running.finished().await.unwrap_err();
    assert_eq!(failure.code, Code::RolledBack, "{failure:?}");
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_watch_puts_back_a_provider_although_its_route_comes_first_and_is_refused() {
    let world = with_zhipuai(Duration::from_secs(60)).await;
    let before = world.state().await;
    for objects in ["providers", "routes"] {
        leave_unanswered(&world, objects);
        assert_eq!(world.run(removal()).await.unwrap_err().code, Code::RolledBack, "{objects}");
    }
    arrives_late(&world, "routes").await;
    arrives_late(&world, "providers").await;
    route_is_back(&world).await;
    assert_eq!(world.state().await, before);
}
