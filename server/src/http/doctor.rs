//! `GET /doctor`: each setting with its source, every system, and what stands between an agent and its model.
use super::state::AppState;
use crate::config::Told;
use app::{api::Caller, error::ApiError};
use axum::{Json, extract::State};
use domain::{AiRoute, Assignments, ConsumerName, Failure, Problem, SystemHealth, SystemState, Target};
use http::request::Parts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What was looked at, and what is wrong with it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Doctor {
    pub success: bool,
    pub settings: Vec<Told>,
    pub systems: Vec<SystemHealth>,
    /// Empty: nothing is wrong.
    pub findings: Vec<Finding>,
}

/// One thing that is wrong.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// A target, a route or a system.
    pub about: String,
    /// A sentence with what was observed.
    pub problem: String,
    /// A command, or what to look at.
    pub fix: Option<String>,
}

/// Each setting with its source, every system, and what is wrong, with its fix.
#[utoipa::path(get, path = "/ni_status/doctor", tag = "state", responses((status = 200, body = Doctor)))]
pub async fn doctor(State(state): State<AppState>, parts: Parts) -> Result<Json<Doctor>, ApiError> {
    let operations = Caller::of(&parts, state.shared.operations.clone())?.operations;
    let (health, agents, routes) =
        futures::join!(operations.health(), operations.assignments(), operations.routes());
    let routes = routes.as_ref().map(|routes| routes.value.as_slice());
    let mut findings: Vec<_> = health.systems.iter().filter_map(down).collect();
    findings.extend(operations.store_is_safe().err().map(|failure| unsafe_store(&failure)));
    findings.extend(of_agents(agents.as_ref()));
    findings.extend(of_routes(routes, agents.as_ref().ok()));
    let settings = state.shared.told.clone();
    Ok(Json(Doctor { success: true, settings, systems: health.systems, findings }))
}

fn down(system: &SystemHealth) -> Option<Finding> {
    let setting = match system.name.as_str() {
        "higress" => "HICLAW_AI_GATEWAY_ADMIN_URL",
        "gateway" => "HICLAW_AI_GATEWAY_URL",
        "store" => "HICLAW_FS_ENDPOINT and the store's keys",
        "manager" => "OPENCLAW_CONFIG_PATH",
        "storage" => return (system.state == SystemState::Down).then(|| no_storage(system)),
        _ => "HICLAW_CONTAINER_API",
    };
    (system.state == SystemState::Down).then(|| Finding {
        about: system.name.clone(),
        problem: format!("is down: {}", system.error.as_deref().unwrap_or("no reason is known")),
        fix: Some(format!("Start it, or correct {setting}.")),
    })
}

fn no_storage(system: &SystemHealth) -> Finding {
    let why = system.error.as_deref().unwrap_or("no reason is known");
    Finding {
        about: system.name.clone(),
        problem: format!("nothing can be changed, since it could not be written down first: {why}"),
        fix: Some("Make the data directory (AGM_DATA_DIR) writable, with space left.".into()),
    }
}

fn unsafe_store(failure: &Failure) -> Finding {
    Finding { about: "store".into(), problem: failure.message.clone(), fix: failure.hint.clone() }
}

fn unread(about: &str, failure: &Failure) -> Finding {
    Finding { about: about.into(), problem: format!("cannot be read: {failure}"), fix: failure.hint.clone() }
}

fn of_agents(agents: Result<&Assignments, &Failure>) -> Vec<Finding> {
    let agents = match agents {
        Ok(agents) => agents,
        Err(failure) => return vec![unread("agents", failure)],
    };
    let workers = agents.workers.iter().map(|(name, found)| (Target::Worker(name.clone()), found));
    let all = std::iter::once((Target::Manager, &agents.manager)).chain(workers);
    all.filter_map(|(target, found)| {
        let (problem, fix) = described(&target, found.observed.problem.as_ref()?);
        Some(Finding { about: target.to_string(), problem, fix: Some(fix) })
    })
    .collect()
}

/// A problem in words, and what mends it.
fn described(target: &Target, problem: &Problem) -> (String, String) {
    match problem {
        Problem::ConsumerNotAllowed { route, consumer } => (
            format!("cannot use its model: {route} does not let {consumer} in"),
            format!("agm route repair --route {route} --consumer {consumer}"),
        ),
        Problem::NoRoute { model } => (
            format!("cannot use its model: no AI route takes {model}"),
            format!("agm model set {target} --provider PROVIDER --model {model}"),
        ),
        Problem::ConfigUnreadable { message } => (
            format!("its openclaw.json cannot be read: {message}"),
            "See that its store answers. If the file itself is broken, HiClaw makes it anew from its template."
                .into(),
        ),
        Problem::RecordUnreadable { message } => (
            format!("its model.json cannot be read: {message}"),
            "See that its store answers. If the file itself is broken, `agm model set` writes it anew.".into(),
        ),
        Problem::RecordDiffers { recorded } => (
            format!("runs another model than {recorded}, which its model.json names"),
            format!("agm model set {target} --provider PROVIDER --model {recorded}"),
        ),
    }
}

/// What is wrong with a route beside what its agents' findings say already.
fn of_routes(routes: Result<&[AiRoute], &Failure>, agents: Option<&Assignments>) -> Vec<Finding> {
    let routes = match routes {
        Ok(routes) => routes,
        Err(failure) => return vec![unread("routes", failure)],
    };
    let said: BTreeSet<&ConsumerName> = agents.iter().flat_map(|agents| shut_out(agents)).collect();
    let mut found = Vec::new();
    for route in routes {
        found.extend(route.shadowed_by.as_ref().map(|other| Finding {
            about: route.name.to_string(),
            problem: format!("is never used: {other} is older and has the same conditions"),
            fix: Some(format!("Give it other conditions in the Higress Console, or remove {}.", route.name)),
        }));
        let missing = route.missing.iter().filter(|consumer| !said.contains(consumer));
        let missing: Vec<_> = missing.map(ConsumerName::as_str).collect();
        found.extend((!missing.is_empty()).then(|| Finding {
            about: route.name.to_string(),
            problem: format!("does not let {} in", missing.join(", ")),
            fix: Some(format!("agm route repair --route {}", route.name)),
        }));
    }
    found
}

/// The consumers that an agent's finding names.
fn shut_out(agents: &Assignments) -> impl Iterator<Item = &ConsumerName> {
    let all = std::iter::once(&agents.manager).chain(agents.workers.values());
    all.filter_map(|found| match &found.observed.problem {
        Some(Problem::ConsumerNotAllowed { consumer, .. }) => Some(consumer),
        _ => None,
    })
}
