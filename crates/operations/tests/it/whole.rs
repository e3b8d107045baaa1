//! What happens after the end and between two lives of the server: settling, stuck undos, cancelling, restarts, and a
//! data directory that cannot be written.
use crate::world::{World, context, provider, switch};
use domain::{Code, Failure, Mutation, Operation, OperationState, StepName, StepState};
use http::{Method, StatusCode};
use operations::{Config, Running};
use sandbox::{
    console::{Canned, Effect, Fault, RequestMatch},
    s3::{Calls, Fault as S3Fault, Plan as S3Plan},
    upstreams::Behaviour,
};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

/// A console that gets 600 ms for a write, and a horizon of 4 s.
fn hurried(config: &mut Config) {
    config.timing.call = Duration::from_millis(300);
    config.timing.horizon = Duration::from_secs(4);
}

/// The end of a mutation, well or not, and what the watch after it saw.
async fn settled(world: &World, mutation: Mutation) -> (Result<Arc<Operation>, Failure>, Arc<Operation>) {
    let running = world.operations.submit(mutation, context(None)).await.unwrap();
    let mut watch = running.watch();
    let result = running.finished().await;
    let settled = watch.wait_for(|operation| operation.settled.is_some());
    let operation = timeout(PATIENCE, settled).await.unwrap().unwrap().clone();
    (result, operation)
}

fn evidence(operation: &Operation) -> &str {
    &operation.settled.as_ref().unwrap().evidence
}

fn console_fault(world: &World, method: Method, path: &str, times: u32, effect: Effect) {
    let requests = RequestMatch::new(method, path);
    world.sandbox.console().switches().inject(Fault { requests, times, effect });
}

#[tokio::test]
async fn a_switch_settles_and_the_books_tell_its_story() {
    let world = World::start_with(hurried).await;
    let (result, operation) = settled(&world, switch("dave", "deepseek", "deepseek-reasoner")).await;
    result.unwrap();
    assert!(evidence(&operation).contains("all as told; it lasts"), "{}", evidence(&operation));
    world.operations.drain(Duration::ZERO).await;
    let folder = &world.config.data_dir;
    let audit = std::fs::read(folder.join("audit.jsonl")).unwrap();
    let verified = operations::verify(&audit);
    assert!(verified.breaks.is_empty(), "{:?}", verified.breaks);
    let record = std::fs::read_to_string(folder.join(format!("journal/{}.json", operation.id))).unwrap();
    for text in [record, String::from_utf8(audit).unwrap()] {
        assert!(text.contains("deepseek-ai-route"));
        let key = world.sandbox.upstreams().key_for("deepseek");
        assert!(!text.contains(key), "a key stands in the books");
    }
}

#[tokio::test]
async fn a_write_that_comes_after_the_rollback_is_taken_back() {
    let world = World::start_with(hurried).await;
    let before = world.state().await;
    // The console gives no answer in time, nothing is to be seen of the write, and later it is done all the same.
    console_fault(&world, Method::PUT, "/v1/ai/routes/*", 1, Effect::Delay(Duration::from_millis(1500)));
    let (result, operation) = settled(&world, switch("dave", "deepseek", "deepseek-reasoner")).await;
    assert_eq!(result.unwrap_err().code, Code::RolledBack);
    assert_eq!(world.state().await, before, "{}", evidence(&operation));
}

#[tokio::test]
async fn nobody_relies_on_a_provider_that_came_late_and_is_about_to_go() {
    let world = World::start_with(|config| {
        hurried(config);
        // Its watch looks for the first time when the late write has long come.
        config.timing.horizon = Duration::from_secs(600);
    })
    .await;
    console_fault(&world, Method::POST, "/v1/ai/providers", 1, Effect::Delay(Duration::from_millis(1500)));
    let added = world.run(Mutation::AddProvider(world.new_provider("zhipuai"))).await;
    assert_eq!(added.unwrap_err().code, Code::RolledBack);
    let (name, wish) = (provider("zhipuai"), || switch("dave", "zhipuai", "glm-5"));
    let console = world.console();
    let comes = async { while console.provider(&name).await.unwrap().is_none() {} };
    timeout(PATIENCE, comes).await.unwrap();
    // It is only looked at: what the switch writes is the route.
    let failure = world.run(wish()).await.unwrap_err();
    assert_eq!(failure.code, Code::Busy, "{failure:?}");
    assert!(failure.message.starts_with("provider:zhipuai is not as"), "{}", failure.message);
    let goes = async { while console.provider(&name).await.unwrap().is_some() {} };
    timeout(PATIENCE, goes).await.unwrap();
    assert_eq!(world.run(wish()).await.unwrap_err().code, Code::ProviderNotFound);
}

#[tokio::test]
async fn a_late_write_to_the_store_finds_its_version_gone() {
    let world = World::start_with(hurried).await;
    let before = world.state().await;
    let late = S3Fault::Late(Duration::from_millis(1500));
    world.sandbox.s3().faults().plan(S3Plan::new(late).on(Calls::Writes).at("openclaw.json"));
    let (result, operation) = settled(&world, switch("dave", "deepseek", "deepseek-reasoner")).await;
    assert_eq!(result.unwrap_err().code, Code::RolledBack);
    assert_eq!(world.state().await, before, "{}", evidence(&operation));
}

#[tokio::test]
async fn an_undo_that_cannot_be_made_holds_its_target_until_it_can() {
    let world = World::start_with(hurried).await;
    let before = world.state().await;
    let no = || Effect::Answer(Canned::error(StatusCode::INTERNAL_SERVER_ERROR, "no"));
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::Holding);
    let wish = switch("dave", "deepseek", "deepseek-reasoner");
    let running = world.operations.submit(wish.clone(), context(None)).await.unwrap();
    reached(&running, StepName::Test).await;
    console_fault(&world, Method::PUT, "/v1/ai/routes/*", 1000, no());
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::NoBalance);
    let mut watch = running.watch();
    let id = running.id().clone();
    let failure = running.finished().await.unwrap_err();
    assert_eq!(failure.code, Code::NeedsOperator, "{failure:?}");
    assert!(failure.message.contains("not undone: route:deepseek-ai-route"), "{}", failure.message);
    let refused = world.operations.submit(wish, context(None)).await.err().unwrap();
    assert_eq!((refused.code, refused.operation), (Code::Busy, Some(id.clone())));
    // Another agent's switch would be built on a route that is about to be undone.
    let refused = world.run(switch("alice", "deepseek", "deepseek-chat")).await.unwrap_err();
    assert_eq!(refused.code, Code::Busy, "{refused:?}");
    assert!(refused.message.starts_with(&format!("operation {id} has not ended")), "{}", refused.message);
    world.sandbox.console().switches().clear();
    let undone = watch.wait_for(|operation| operation.state == OperationState::RolledBack);
    timeout(PATIENCE, undone).await.unwrap().unwrap();
    assert_eq!(world.state().await, before);
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::Healthy);
    world.run(switch("dave", "deepseek", "deepseek-reasoner")).await.unwrap();
}

#[tokio::test]
async fn a_person_can_take_over_what_cannot_be_undone() {
    let world = World::start_with(hurried).await;
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::Holding);
    let wish = switch("dave", "deepseek", "deepseek-reasoner");
    let running = world.operations.submit(wish.clone(), context(None)).await.unwrap();
    reached(&running, StepName::Test).await;
    let no = Effect::Answer(Canned::error(StatusCode::INTERNAL_SERVER_ERROR, "no"));
    console_fault(&world, Method::PUT, "/v1/ai/routes/*", 1000, no);
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::NoBalance);
    let (id, mut watch) = (running.id().clone(), running.watch());
    let too_early = world.operations.release(&id).unwrap_err();
    assert_eq!(too_early.code, Code::Conflict);
    assert_eq!(running.finished().await.unwrap_err().code, Code::NeedsOperator);
    world.operations.release(&id).unwrap();
    timeout(PATIENCE, watch.wait_for(|operation| operation.settled.is_some())).await.unwrap().unwrap();
    world.sandbox.console().switches().clear();
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::Healthy);
    world.run(wish).await.unwrap();
}

#[tokio::test]
async fn a_switch_that_is_cancelled_before_it_is_live_goes_back() {
    let world = World::start_with(hurried).await;
    let before = world.state().await;
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::Holding);
    let wish = switch("dave", "deepseek", "deepseek-reasoner");
    let running = world.operations.submit(wish, context(None)).await.unwrap();
    reached(&running, StepName::Test).await;
    let id = running.id().clone();
    world.operations.cancel(&id).unwrap();
    let failure = timeout(PATIENCE, running.finished()).await.unwrap().unwrap_err();
    assert_eq!(failure.code, Code::RolledBack);
    assert_eq!(failure.message, "somebody cancelled it; everything was undone");
    assert_eq!(world.state().await, before);
    assert_eq!(world.operations.cancel(&id).unwrap_err().code, Code::Conflict);
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::Healthy);
}

#[tokio::test]
async fn another_life_remembers_operations_and_requests_and_goes_on_watching() {
    let mut world = World::start_with(hurried).await;
    let wish = || switch("alice", "deepseek", "deepseek-chat");
    let running = world.operations.submit(wish(), context(Some("key-1"))).await.unwrap();
    let id = running.id().clone();
    running.finished().await.unwrap();
    world.start_again().await;
    let mut watch = world.operations.operation(&id).await.unwrap();
    timeout(PATIENCE, watch.wait_for(|operation| operation.settled.is_some())).await.unwrap().unwrap();
    let again = world.operations.submit(wish(), context(Some("key-1"))).await.unwrap();
    assert_eq!(again.id(), &id, "the same request begins nothing new after a restart");
    let other = switch("alice", "moonshot", "kimi-k2.5");
    let other = world.operations.submit(other, context(Some("key-1"))).await.err().unwrap();
    assert_eq!(other.code, Code::IdempotencyMismatch);
    let undone = world.operations.undo(id.clone(), context(None)).await.unwrap().finished().await.unwrap();
    assert_eq!(undone.undoes.as_ref(), Some(&id));
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_written_refuses_changes_and_reads_go_on() {
    let world = World::start_with(|config| {
        let file = config.data_dir.join("file");
        std::fs::write(&file, "in the way").unwrap();
        config.data_dir = file;
    })
    .await;
    let before = world.state().await;
    world.operations.recover().await.unwrap();
    let refused = world.operations.submit(switch("alice", "moonshot", "kimi-k2.5"), context(None)).await;
    assert_eq!(refused.err().unwrap().code, Code::StorageUnavailable);
    assert_eq!(world.operations.can_change().await.unwrap_err().code, Code::StorageUnavailable);
    assert!(!world.operations.providers().await.unwrap().value.is_empty());
    assert_eq!(world.state().await, before);
    // Somebody mends it: no restart is needed.
    std::fs::remove_file(&world.config.data_dir).unwrap();
    world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap();
}

#[tokio::test]
async fn two_servers_do_not_share_a_data_directory() {
    let world = World::start().await;
    world.operations.recover().await.unwrap();
    let second = operations::Operations::new(world.config.clone()).unwrap();
    assert_eq!(second.recover().await.unwrap_err().code, Code::StorageUnavailable);
    let refused = second.submit(switch("alice", "moonshot", "kimi-k2.5"), context(None)).await;
    assert_eq!(refused.err().unwrap().code, Code::StorageUnavailable);
}

#[tokio::test]
async fn an_edit_of_keys_that_is_undone_brings_the_old_keys_back() {
    let world = World::start_with(hurried).await;
    let name = provider("deepseek");
    let before = world.console().provider(&name).await.unwrap().unwrap();
    let edit = serde_json::from_value(serde_json::json!({"tokens": ["sk-other-key-0001"]})).unwrap();
    let done = world.run(Mutation::EditProvider { name: name.clone(), edit }).await.unwrap();
    assert_ne!(world.console().provider(&name).await.unwrap().unwrap(), before);
    world.operations.undo(done.id.clone(), context(None)).await.unwrap().finished().await.unwrap();
    assert_eq!(world.console().provider(&name).await.unwrap().unwrap(), before);
}

async fn reached(running: &Running, name: StepName) {
    let mut watch = running.watch();
    let runs = |operation: &Arc<Operation>| {
        operation.steps.iter().any(|step| step.name == name && step.state == StepState::Running)
    };
    timeout(PATIENCE, watch.wait_for(runs)).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_a_person_puts_back_after_a_switch_stays_his() {
    let mut world = World::start_with(hurried).await;
    let made = world.run(Mutation::AddProvider(world.new_provider("zhipuai"))).await.unwrap();
    let name = "zhipuai-ai-route".parse().unwrap();
    let switched = world.run(switch("alice", "zhipuai", "glm-5")).await.unwrap();
    // What changed while nobody looked was meant, however short ago it was written.
    world.operations.drain(Duration::ZERO).await;
    let gone = world.console().route(&name).await.unwrap().unwrap();
    world.console().remove_route(&gone).await.unwrap();
    world.start_again().await;
    let mut told = Vec::new();
    for operation in [made, switched] {
        let mut watch = world.operations.operation(&operation.id).await.unwrap();
        let settled = watch.wait_for(|operation| operation.settled.is_some());
        told.push(evidence(&timeout(PATIENCE, settled).await.unwrap().unwrap()).to_owned());
    }
    assert!(world.console().route(&name).await.unwrap().is_none(), "{told:?}");
    assert!(
        told.iter().any(|told| told.contains("somebody else changed route:zhipuai-ai-route")),
        "{told:?}"
    );
    assert!(told.iter().all(|told| !told.contains("swallowed")), "{told:?}");
}
