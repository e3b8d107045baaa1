//! Every check, seen well and not well.
mod agents;
mod installation;
mod memory;
mod own;
mod providers;
mod routes;

use crate::world::World;
use domain::{Check, CheckGroup, CheckId, CheckState, Doctor};
use serde_json::Value;
use std::collections::BTreeSet;

/// The checks of an id that have this state.
pub fn with(doctor: &Doctor, id: CheckId, state: CheckState) -> Vec<&Check> {
    doctor.checks.iter().filter(|check| check.id == id && check.state == state).collect()
}

/// The only check of an id that has this state.
pub fn one(doctor: &Doctor, id: CheckId, state: CheckState) -> &Check {
    match with(doctor, id, state).as_slice() {
        [check] => check,
        other => panic!("{id:?} {state:?}: {other:#?} of {:#?}", all_of(doctor, id)),
    }
}

fn all_of(doctor: &Doctor, id: CheckId) -> Vec<&Check> {
    doctor.checks.iter().filter(|check| check.id == id).collect()
}

/// All checks of these ids are well.
pub fn well(doctor: &Doctor, ids: &[CheckId]) {
    for id in ids {
        let all = all_of(doctor, *id);
        assert!(!all.is_empty() && all.iter().all(|check| check.state == CheckState::Ok), "{all:#?}");
    }
}

/// Only these ids have a check of this state.
fn only(doctor: &Doctor, state: CheckState, ids: &[CheckId]) {
    let found: BTreeSet<_> =
        doctor.checks.iter().filter(|check| check.state == state).map(|check| check.id).collect();
    assert_eq!(found, ids.iter().copied().collect(), "{:#?}", doctor.checks);
}

/// A write of somebody else to the console; its status.
pub async fn rival(world: &World, method: http::Method, path: &str, body: &Value) -> http::StatusCode {
    let url = world.config.console.url.join(path).unwrap();
    let client = higress::http_client(std::time::Duration::from_secs(5)).unwrap();
    let call = client.request(method, url).basic_auth("admin", Some("admin")).json(body);
    call.send().await.unwrap().status()
}

/// Replaces a text of an agent's config, which must be there.
pub fn rewrite(world: &World, agent: &str, old: &str, new: &str) {
    let key = format!("agents/{agent}/openclaw.json");
    let text = String::from_utf8(world.object(&key).unwrap()).unwrap();
    assert!(text.contains(old), "{text}");
    let object = sandbox::s3::Object::new(text.replace(old, new), "application/json");
    world.sandbox.s3().objects().put(crate::world::BUCKET, &key, object, &Default::default()).unwrap();
}

/// What a healthy installation cannot show without a test that costs something, or without a change.
const UNTESTED: &[CheckId] = &[
    CheckId::ProviderReachable,
    CheckId::ProviderKeyAccepted,
    CheckId::ConsoleWrites,
    CheckId::AgentModelListed,
    CheckId::AgentAnswered,
];

#[tokio::test]
async fn the_demo_has_the_faults_that_it_is_meant_to_have_and_no_other() {
    let world = World::start().await;
    // The first figures take a moment.
    while !world.operations.metrics().await.unavailable.is_empty() {
        tokio::task::yield_now().await;
    }
    let mut doctor = world.operations.doctor(false).await;
    let ids: BTreeSet<_> = doctor.checks.iter().map(|check| check.id).collect();
    let missing: Vec<_> = CheckId::ALL.iter().filter(|id| !ids.contains(id)).collect();
    assert_eq!(missing, [&CheckId::OwnPassword], "the server makes that one");
    // What is left on the disk of this host is not the demo's.
    doctor.checks.retain(|check| check.id != CheckId::DataSpace);
    only(&doctor, CheckState::Failed, &[CheckId::AgentAllowed]);
    only(&doctor, CheckState::Warning, &[CheckId::ConsolePassword, CheckId::WorkerRuns]);
    only(&doctor, CheckState::Unknown, UNTESTED);
    assert_eq!(one(&doctor, CheckId::WorkerRuns, CheckState::Warning).about, "worker:erin");
    assert!(doctor.checks.is_sorted_by_key(|check| check.id));
    assert!(doctor.checks.iter().all(|check| check.group == check.id.group() && !check.evidence.is_empty()));
    for check in &doctor.checks {
        let bad = matches!(check.state, CheckState::Warning | CheckState::Failed);
        assert!(!bad || check.fix.as_ref().is_some_and(|fix| !fix.is_empty()), "{check:?}");
    }
    assert!(doctor.checks.iter().any(|check| check.group == CheckGroup::Server));
}

#[tokio::test]
async fn no_check_says_a_secret() {
    let world = World::start().await;
    let secrets: Vec<_> = world.sandbox.secrets().into_iter().filter(|secret| secret.len() > 8).collect();
    for probe in [false, true] {
        let text = serde_json::to_string(&world.operations.doctor(probe).await).unwrap();
        assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())), "{text}");
    }
}
