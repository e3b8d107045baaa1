//! What is remembered of an examination, and for how long.
use super::{one, rewrite, rival, with};
use crate::world::{World, provider};
use domain::{CheckId, CheckState, EditProvider, Mutation};
use http::Method;
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

/// Calls of models and lists that the vendors got.
fn calls(world: &World) -> usize {
    ["qwen", "deepseek", "moonshot"].iter().map(|name| world.sandbox.upstreams().calls(name).len()).sum()
}

/// Whose answers do not hold any more.
fn outdated(doctor: &domain::Doctor) -> Vec<&str> {
    let unknown = with(doctor, CheckId::AgentAnswered, CheckState::Unknown);
    assert!(unknown.iter().all(|check| check.evidence.contains("changed since")), "{unknown:?}");
    unknown.iter().map(|check| check.about.as_str()).collect()
}

#[tokio::test]
async fn what_the_models_answered_is_told_with_its_time_and_asked_once() {
    let world = World::start().await;
    assert_eq!(world.operations.doctor(false).await.asked_at, None);
    let asked = world.operations.doctor(true).await;
    let paid = calls(&world);
    let at = asked.asked_at.clone().unwrap();
    let of_answers = |doctor: &domain::Doctor| {
        let is_one = |check: &&domain::Check| check.id == CheckId::AgentAnswered;
        doctor.checks.iter().filter(is_one).cloned().collect::<Vec<_>>()
    };
    for later in [world.operations.doctor(false).await, world.operations.doctor_lately().await] {
        assert_eq!((of_answers(&later), later.asked_at), (of_answers(&asked), Some(at.clone())));
    }
    assert_eq!(calls(&world), paid, "nobody is asked again");
    let answered = one(&asked, CheckId::AgentAnswered, CheckState::Ok);
    assert!(answered.about == "5 agents" && answered.evidence.contains(at.as_str()), "{answered:?}");
    let refused = one(&asked, CheckId::AgentAnswered, CheckState::Failed);
    assert!(refused.about == "worker:dave" && refused.evidence.contains(at.as_str()), "{refused:?}");
}

#[tokio::test]
async fn an_answer_holds_until_what_it_was_about_is_another() {
    let world = World::start().await;
    assert_eq!(outdated(&world.operations.doctor(true).await), <[&str; 0]>::default());
    // Bob's is the only model of moonshot.
    let key = world.sandbox.upstreams().second_key_for("moonshot");
    let edit: EditProvider = serde_json::from_value(json!({"tokens": [key]})).unwrap();
    world.run(Mutation::EditProvider { name: provider("moonshot"), edit }).await.unwrap();
    assert_eq!(outdated(&world.operations.doctor(false).await), ["worker:bob"]);
    // Somebody else changes an agent's config.
    rewrite(&world, "alice", "deepseek-chat", "deepseek-reasoner");
    assert_eq!(outdated(&world.operations.doctor(false).await), ["worker:alice, worker:bob"]);
    // Whether a route lets an agent in is part of the answer too.
    world.run(Mutation::RepairRoutes { route: None, consumer: None }).await.unwrap();
    assert_eq!(outdated(&world.operations.doctor(false).await), ["worker:alice, worker:bob, worker:dave"]);
    let doctor = world.operations.doctor(true).await;
    assert_eq!(one(&doctor, CheckId::AgentAnswered, CheckState::Ok).about, "6 agents");
}

#[tokio::test]
async fn who_asks_at_once_shares_the_answers() {
    let world = World::start().await;
    world.operations.doctor(true).await;
    let once = calls(&world);
    let (operations, before) = (&world.operations, calls(&world));
    let (first, second) = tokio::join!(operations.doctor(true), operations.doctor(true));
    assert_eq!(calls(&world) - before, once);
    assert_eq!(first.asked_at, second.asked_at);
}

/// A page that renews itself at each step of a change looks at everything once, when the change has ended.
#[tokio::test]
async fn a_late_look_is_shared_until_an_operation_ends() {
    let world = World::start().await;
    let operations = &world.operations;
    let lets_all_in =
        |doctor: &domain::Doctor| with(doctor, CheckId::RouteConsumers, CheckState::Warning).is_empty();
    let before = operations.doctor_lately().await;
    assert!(lets_all_in(&before));
    let mut route =
        world.console().route(&"moonshot-ai-route".parse().unwrap()).await.unwrap().unwrap().into_json();
    let allowed = route["authConfig"]["allowedConsumers"].as_array_mut().unwrap();
    allowed.retain(|consumer| consumer != "worker-erin");
    assert!(rival(&world, Method::PUT, "/v1/ai/routes/moonshot-ai-route", &route).await.is_success());
    assert_eq!(operations.doctor_lately().await, before, "nobody asked for a new one");
    assert!(!lets_all_in(&operations.doctor(false).await), "who asks gets what is");
    assert!(!lets_all_in(&operations.doctor_lately().await), "and all after him");
    world.run(Mutation::RepairRoutes { route: None, consumer: None }).await.unwrap();
    assert!(lets_all_in(&operations.doctor_lately().await));
}

/// The answers were paid for: who left before they came finds them when he comes back.
#[tokio::test]
async fn answers_that_nobody_waited_for_are_shown_by_the_next_late_look() {
    let world = World::start().await;
    let operations = &world.operations;
    assert_eq!(operations.doctor_lately().await.asked_at, None);
    let left = operations.doctor(true);
    assert!(timeout(Duration::ZERO, left).await.is_err());
    let told = async {
        while operations.doctor_lately().await.asked_at.is_none() {
            tokio::task::yield_now().await;
        }
    };
    // Sooner than an examination is too old to be shown.
    timeout(Duration::from_secs(20), told).await.unwrap();
}

#[tokio::test]
async fn an_answer_is_told_as_far_as_what_it_was_about_can_be_seen() {
    let world = World::start().await;
    world.operations.doctor(true).await;
    rewrite(&world, "alice", "\"agents\"", "agents");
    let doctor = world.operations.doctor(false).await;
    let unseen = one(&doctor, CheckId::AgentAnswered, CheckState::Unknown);
    assert!(unseen.about == "worker:alice" && unseen.evidence.contains("cannot be read now"), "{unseen:?}");

    world.sandbox.set_console_offline(true);
    let doctor = world.operations.doctor(false).await;
    let refused = one(&doctor, CheckId::AgentAnswered, CheckState::Failed);
    assert_eq!(
        (refused.about.as_str(), refused.fix.as_deref()),
        ("worker:dave", Some("The routes cannot be read now: mend that first, and look again."))
    );
}
