//! `/metrics` for Prometheus, `/healthz` and `/readyz`.
use super::{
    exposition::{Labels, Page, TEXT},
    process,
    state::{AppState, Shared},
};
use axum::{extract::State, response::IntoResponse};
use domain::{Operation, OperationState, SystemState};
use http::{StatusCode, header};
use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Everything that is measured: of this process, of what it did, and of the gateway.
pub async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, TEXT)], page(&state.shared).await)
}

/// The text of the page.
pub async fn page(shared: &Shared) -> String {
    let mut page = Page::default();
    process::tell(&mut page, shared.counters.started);
    answers(&mut page, shared);
    operations(&mut page, shared);
    kept(&mut page, shared).await;
    seen(&mut page, shared).await;
    page.into_text()
}

fn answers(page: &mut Page, shared: &Shared) {
    let answers = shared.counters.answers.read().into_iter().map(|((method, route, status), took)| {
        let labels = vec![("method", method.to_owned()), ("route", route), ("status", status.to_string())];
        (labels, took)
    });
    page.durations("agm_http_request_duration_seconds", "Time to the head of the answer.", answers);
    let refused = shared.counters.refused_sign_ins.load(Relaxed) as f64;
    page.counter("agm_sign_ins_refused_total", "Wrong names and passwords.", [(Labels::new(), refused)]);
    let sessions = shared.sessions.count(Instant::now()) as f64;
    page.figure("agm_sessions", "Browsers that are signed in.", sessions);
}

fn operations(page: &mut Page, shared: &Shared) {
    let ended = shared
        .operations
        .operation_times()
        .into_iter()
        .map(|((kind, state), took)| (vec![("kind", kind), ("outcome", word(state).to_owned())], took));
    page.durations(
        "agm_operation_duration_seconds",
        "Time from the beginning of a change to its end.",
        ended,
    );
    let log = shared.operations.operations();
    let count = |fits: fn(&Operation) -> bool| log.iter().filter(|operation| fits(operation)).count() as f64;
    let running = count(|operation| !operation.state.is_final());
    page.figure("agm_operations_in_progress", "Changes that have not ended.", running);
    let waits =
        count(|operation| operation.state == OperationState::NeedsOperator && operation.settled.is_none());
    page.figure("agm_operations_needing_operator", "Changes that wait for a person.", waits);
    let calls = shared.operations.call_times().into_iter().map(|((system, came), took)| {
        (vec![("system", system.as_str().to_owned()), ("outcome", came.as_str().to_owned())], took)
    });
    page.durations("agm_upstream_call_duration_seconds", "Time that calls to other systems took.", calls);
}

async fn kept(page: &mut Page, shared: &Shared) {
    if let Ok(backups) = shared.operations.backups().await {
        page.figure("agm_backups", "Backups on the server.", backups.backups.len() as f64);
        let bytes: u64 = backups.backups.iter().map(|backup| backup.bytes).sum();
        page.figure("agm_backups_bytes", "What they hold, sealed.", bytes as f64);
        page.figure(
            "agm_backups_damaged",
            "Files that hold no backup any more.",
            backups.damaged.len() as f64,
        );
        page.figure(
            "agm_backups_missed",
            "Changes before which none could be taken.",
            backups.missed.len() as f64,
        );
    }
    if let Some(room) = shared.operations.room().await {
        page.figure("agm_data_directory_bytes", "What the data directory holds.", room.used as f64);
        page.figure("agm_data_directory_free_bytes", "What can still be written there.", room.free as f64);
    }
}

async fn seen(page: &mut Page, shared: &Shared) {
    let seen = shared.operations.metrics().await;
    let ratio = |percent: Option<u32>| percent.map(|percent| f64::from(percent) / 100.0);
    page.figure("agm_host_cpu_ratio", "How busy the host's processors are.", ratio(seen.cpu));
    page.figure("agm_host_memory_ratio", "How full the host's memory is.", ratio(seen.memory));
    let of_gateway = |figure: Option<u64>| figure.map(|figure| figure as f64);
    page.figure(
        "agm_gateway_connections",
        "Open connections of the AI gateway.",
        of_gateway(seen.connections),
    );
    let name = "agm_gateway_requests_per_minute";
    page.figure(name, "Requests that the AI gateway took in the last minute.", of_gateway(seen.rpm));
}

fn word(state: OperationState) -> &'static str {
    match state {
        OperationState::Planned => "planned",
        OperationState::Applying => "applying",
        OperationState::Verifying => "verifying",
        OperationState::Compensating => "compensating",
        OperationState::Committed => "committed",
        OperationState::RolledBack => "rolled_back",
        OperationState::NeedsOperator => "needs_operator",
    }
}

/// How long an answer about readiness holds. The path is open, so it must not be a way to make us call others.
const READY_HOLDS: Duration = Duration::from_secs(2);

/// The last look at the systems, made by one caller at a time.
#[derive(Default)]
pub struct Readiness(Mutex<Option<(Instant, bool)>>);

/// Whether every system answers: a status and no names.
pub async fn ready(State(state): State<AppState>) -> StatusCode {
    let mut last = state.shared.readiness.0.lock().await;
    let up = match *last {
        Some((at, up)) if at.elapsed() < READY_HOLDS => up,
        _ => {
            let health = state.shared.operations.health().await;
            let up = health.systems.iter().all(|system| system.state == SystemState::Up);
            *last = Some((Instant::now(), up));
            up
        }
    };
    if up { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
