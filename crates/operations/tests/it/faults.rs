//! Something fails on the way: afterwards everything is as before or as wanted, and the report says which.
use crate::world::{State, World, context, step, switch, without_version};
use domain::{Code, Failure, Mutation, Operation, StepName, StepState};
use http::{Method, StatusCode};
use operations::Running;
use sandbox::{
    console::{Canned, Effect, Fault, RequestMatch, StoreCall, StoreVerb, Trouble},
    s3::{Calls, Fault as S3Fault, Plan as S3Plan},
    upstreams::Behaviour,
};
use std::{sync::Arc, time::Duration};

/// What a mutation came to: with a success something must have changed, with a failure nothing may have.
fn judge(name: &str, before: &State, after: &State, result: &Result<Arc<Operation>, Failure>) {
    match result {
        Ok(_) => assert_ne!(before, after, "{name}: success, and nothing changed"),
        Err(failure) => {
            let told = matches!(
                failure.code,
                Code::RolledBack
                    | Code::ModelNotReachable
                    | Code::UpstreamUnavailable
                    | Code::UpstreamTimeout
                    | Code::Conflict
            );
            assert!(told, "{name}: {failure:?}");
            assert_eq!(before, after, "{name}: {failure:?}");
        }
    }
}

/// All ways in which the console can fail a write of an AI route or a provider.
fn troubles() -> Vec<(&'static str, Effect)> {
    let error = |status| Canned::error(status, "no");
    vec![
        ("closed before", Effect::Drop),
        ("closed after", Effect::DropAfter),
        ("no answer, not done", Effect::Hang),
        ("no answer, done", Effect::HangAfter),
        ("401", Effect::Answer(error(StatusCode::UNAUTHORIZED))),
        ("409", Effect::Answer(error(StatusCode::CONFLICT))),
        ("409, done", Effect::AnswerAfter(error(StatusCode::CONFLICT))),
        ("500", Effect::Answer(error(StatusCode::INTERNAL_SERVER_ERROR))),
        ("500, done", Effect::AnswerAfter(error(StatusCode::INTERNAL_SERVER_ERROR))),
        ("a web page", Effect::Answer(Canned::page(StatusCode::OK))),
        ("a web page, done", Effect::AnswerAfter(Canned::page(StatusCode::OK))),
        ("acknowledged, lost", Effect::Lose),
    ]
}

async fn with_console_fault(requests: RequestMatch, times: u32, mutation: impl Fn(&World) -> Mutation) {
    for (name, effect) in troubles() {
        let world = World::start().await;
        let before = world.state().await;
        let switches = world.sandbox.console().switches();
        switches.inject(Fault { requests: requests.clone(), times, effect });
        let result = world.run(mutation(&world)).await;
        switches.clear();
        judge(name, &before, &world.state().await, &result);
    }
}

#[tokio::test]
async fn a_route_write_that_fails_once_ends_all_new_or_all_old() {
    with_console_fault(RequestMatch::new(Method::PUT, "/v1/ai/routes/*"), 1, |_| {
        switch("dave", "deepseek", "deepseek-reasoner")
    })
    .await;
}

#[tokio::test]
async fn a_route_that_cannot_be_made_takes_its_provider_with_it() {
    with_console_fault(RequestMatch::new(Method::POST, "/v1/ai/routes"), 100, |world| {
        Mutation::AddProvider(world.new_provider("minimax"))
    })
    .await;
}

#[tokio::test]
async fn a_provider_write_that_fails_once_ends_all_new_or_all_old() {
    with_console_fault(RequestMatch::new(Method::POST, "/v1/ai/providers"), 1, |world| {
        Mutation::AddProvider(world.new_provider("minimax"))
    })
    .await;
}

#[tokio::test]
async fn half_a_route_write_ends_all_new_or_all_old() {
    for trouble in [Trouble::Conflict, Trouble::Broken] {
        for document in ["ingresses", "configmaps", "wasmplugins"] {
            let world = World::start().await;
            let before = world.state().await;
            let call = StoreCall { verb: StoreVerb::Replace, plural: document, name: None, skip: 0 };
            let switches = world.sandbox.console().switches();
            let requests = RequestMatch::new(Method::PUT, "/v1/ai/routes/*");
            switches.inject(Fault { requests, times: 1, effect: Effect::StoreFails(call, trouble) });
            let result = world.run(switch("dave", "deepseek", "deepseek-chat")).await;
            switches.clear();
            judge(&format!("{trouble:?} at {document}"), &before, &world.state().await, &result);
        }
    }
}

#[tokio::test]
async fn a_store_that_fails_a_write_leaves_all_new_or_all_old() {
    for object in ["model.json", "openclaw.json"] {
        for (name, fault) in [
            ("refused", S3Fault::Refused(StatusCode::FORBIDDEN)),
            ("412", S3Fault::Refused(StatusCode::PRECONDITION_FAILED)),
            ("500", S3Fault::Refused(StatusCode::INTERNAL_SERVER_ERROR)),
            ("500, done", S3Fault::AppliedThen(StatusCode::INTERNAL_SERVER_ERROR)),
            ("412, done", S3Fault::AppliedThen(StatusCode::PRECONDITION_FAILED)),
            ("closed, done", S3Fault::AppliedUnanswered),
            ("closed", S3Fault::HungUp),
            ("late", S3Fault::Late(Duration::from_secs(3))),
        ] {
            let world = World::start().await;
            let before = world.state().await;
            world.sandbox.s3().faults().plan(S3Plan::new(fault).on(Calls::Writes).at(object));
            let result = world.run(switch("dave", "deepseek", "deepseek-reasoner")).await;
            world.sandbox.s3().faults().clear();
            judge(&format!("{name} at {object}"), &before, &world.state().await, &result);
        }
    }
}

#[tokio::test]
async fn a_store_that_goes_down_after_the_test_undoes_the_route() {
    let world = World::start().await;
    let before = world.state().await;
    world.sandbox.s3().faults().plan(S3Plan::new(S3Fault::HungUp).on(Calls::Writes).times(1000));
    let failure = world.run(switch("dave", "deepseek", "deepseek-reasoner")).await.unwrap_err();
    world.sandbox.s3().faults().clear();
    assert_eq!((failure.code, failure.system.as_deref()), (Code::RolledBack, Some("store")));
    assert_eq!(step(&failure.steps, StepName::Route).state, StepState::Undone, "{:#?}", failure.steps);
    assert_eq!(world.state().await, before);
}

/// Begins a switch to kimi-k2.5 and waits until the model is being asked, which then takes until moonshot is healthy.
async fn held_at_the_question(world: &World, agent: &str) -> Running {
    held(world, agent, "moonshot", "kimi-k2.5").await
}

async fn held(world: &World, agent: &str, provider: &str, model: &str) -> Running {
    world.sandbox.upstreams().set_behaviour(provider, Behaviour::Holding);
    let wish = switch(agent, provider, model);
    let running = world.operations.submit(wish, context(None)).await.unwrap();
    let mut watch = running.watch();
    let asks = |operation: &Arc<Operation>| {
        operation.steps.iter().any(|s| s.name == StepName::Test && s.state == StepState::Running)
    };
    tokio::time::timeout(Duration::from_secs(20), watch.wait_for(asks)).await.unwrap().unwrap();
    running
}

#[tokio::test]
async fn a_file_that_cannot_be_replaced_undoes_what_was_done_before() {
    let world = World::start().await;
    let before = world.state().await;
    let running = held_at_the_question(&world, "manager").await;
    // A permission would not stop root; a folder in its place stops everybody.
    let (file, aside) = (world.manager_file(), world.manager_file().with_extension("aside"));
    std::fs::rename(&file, &aside).unwrap();
    std::fs::create_dir(&file).unwrap();
    world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::Healthy);
    let failure = running.finished().await.unwrap_err();
    std::fs::remove_dir(&file).unwrap();
    std::fs::rename(&aside, &file).unwrap();
    assert_eq!((failure.code, failure.system.as_deref()), (Code::RolledBack, Some("manager")), "{failure:?}");
    assert_eq!(step(&failure.steps, StepName::Record).state, StepState::Undone);
    assert_eq!(step(&failure.steps, StepName::Config).state, StepState::Failed);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn somebody_elses_edit_during_a_switch_is_not_overwritten() {
    let world = World::start().await;
    let key = "agents/alice/openclaw.json";
    let text = String::from_utf8(world.object(key).unwrap()).unwrap();
    let record = || world.object("agents/alice/model.json").map(|bytes| bytes.trim_ascii_end().to_vec());
    let our_record = record();
    let theirs = text.replacen("\"maxConcurrent\"", "\"timeoutSeconds\": 77, \"maxConcurrent\"", 1);
    assert_ne!(theirs, text);
    let running = held_at_the_question(&world, "alice").await;
    let object = sandbox::s3::Object::new(theirs.clone(), "application/json");
    world.sandbox.s3().objects().put(crate::world::BUCKET, key, object, &Default::default()).unwrap();
    world.sandbox.upstreams().set_behaviour("moonshot", Behaviour::Healthy);
    let failure = running.finished().await.unwrap_err();
    assert_eq!(failure.code, Code::RolledBack, "{failure:?}");
    assert_eq!(String::from_utf8(world.object(key).unwrap()).unwrap(), theirs);
    assert_eq!(record(), our_record);
}

/// A switch of dave that cannot be undone, since somebody else changed its route meanwhile: how it failed, and what that
/// somebody wrote.
pub async fn left_foreign(world: &World) -> (domain::Failure, higress::RouteDoc) {
    let running = held(world, "dave", "deepseek", "deepseek-reasoner").await;
    let (console, name) = (world.console(), "deepseek-ai-route".parse().unwrap());
    let ours = console.route(&name).await.unwrap().unwrap();
    let mut theirs = ours.json().clone();
    theirs["authConfig"]["allowedConsumers"].as_array_mut().unwrap().retain(|name| name != "worker-erin");
    let theirs = higress::RouteDoc::parse(theirs).unwrap();
    let theirs = console.write_route(Some(&ours), &theirs).await.unwrap().after;
    world.sandbox.upstreams().set_behaviour("deepseek", Behaviour::NoBalance);
    (running.finished().await.unwrap_err(), theirs)
}

#[tokio::test]
async fn somebody_elses_edit_of_our_route_stays_and_a_person_is_told() {
    let world = World::start().await;
    let (failure, theirs) = left_foreign(&world).await;
    assert_eq!(failure.code, Code::NeedsOperator, "{failure:?}");
    assert!(failure.message.contains("not undone: route:deepseek-ai-route"), "{}", failure.message);
    assert!(failure.hint.is_some());
    let route = step(&failure.steps, StepName::Route);
    assert_eq!(route.state, StepState::Done, "{route:?}");
    assert!(route.evidence.as_deref().unwrap().contains("somebody else changed it"), "{route:?}");
    let told = world.operations.operation(&failure.operation.unwrap()).await.unwrap();
    assert_eq!(told.borrow().state, domain::OperationState::NeedsOperator);
    let now = world.console().route(theirs.name()).await.unwrap().unwrap();
    assert_eq!(without_version(now.json()), without_version(theirs.json()));
}

#[tokio::test]
async fn an_operation_that_takes_too_long_is_undone() {
    let patience = |config: &mut operations::Config| {
        config.timing.operation = Duration::from_secs(3);
        config.timing.question = Duration::from_secs(30);
    };
    let world = World::start_with(patience).await;
    let before = world.state().await;
    let running = held(&world, "dave", "deepseek", "deepseek-reasoner").await;
    let failure = running.finished().await.unwrap_err();
    assert_eq!(failure.code, Code::RolledBack, "{failure:?}");
    assert!(failure.message.contains("longer than 3 s"), "{}", failure.message);
    assert_eq!(step(&failure.steps, StepName::Route).state, StepState::Undone);
    assert_eq!(step(&failure.steps, StepName::Test).state, StepState::Failed);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_console_that_restarts_in_the_middle_of_a_write_is_survived() {
    let world = World::start().await;
    let before = world.state().await;
    let switches = world.sandbox.console().switches();
    let requests = RequestMatch::new(Method::PUT, "/v1/ai/routes/*");
    let call = StoreCall { verb: StoreVerb::Replace, plural: "ingresses", name: None, skip: 0 };
    let mut hold = switches.hold(requests, call);
    let wish = switch("dave", "deepseek", "deepseek-reasoner");
    let running = world.operations.submit(wish, context(None)).await.unwrap();
    hold.reached().await;
    world.sandbox.set_console_offline(true);
    drop(hold);
    let mut watch = running.watch();
    let undoing = |operation: &Arc<Operation>| operation.state == domain::OperationState::Compensating;
    watch.wait_for(undoing).await.unwrap();
    world.sandbox.set_console_offline(false);
    let failure = running.finished().await.unwrap_err();
    judge("restart", &before, &world.state().await, &Err(failure));
}

#[tokio::test]
async fn a_console_that_is_down_changes_nothing() {
    let world = World::start().await;
    let before = world.state().await;
    world.sandbox.set_console_offline(true);
    let failure = world.run(switch("alice", "moonshot", "kimi-k2.5")).await.unwrap_err();
    world.sandbox.set_console_offline(false);
    assert_eq!((failure.code, failure.system.as_deref()), (Code::UpstreamUnavailable, Some("higress")));
    assert_eq!(world.state().await, before);
}

/// Right after a change the gateway still answers by the old route, which proves nothing of the new one.
#[tokio::test]
async fn an_answer_of_the_route_before_does_not_count() {
    let world = World::start_with(|config| config.timing.effective = Duration::from_secs(3)).await;
    world.sandbox.gateway().set_delay(Duration::from_millis(300));
    let new = serde_json::from_value(serde_json::json!({
        "name": "elsewhere", "type": "openai", "tokens": ["sk-that-nobody-knows"]
    }));
    world.run(Mutation::AddProvider(new.unwrap())).await.unwrap();
    // Until now the default route takes qwen-max, and lets Carol in.
    let failure = world.run(switch("carol", "elsewhere", "qwen-max")).await.unwrap_err();
    assert_eq!(failure.code, Code::ModelNotReachable, "{failure:?}");
}
