//! `/metrics` for Prometheus, `/healthz` and `/readyz`.
use super::state::AppState;
use axum::{extract::State, response::IntoResponse};
use domain::{OperationState, SystemState};
use http::{StatusCode, header};
use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// The text format of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Counters of this process and the gateway's figures.
pub async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    let shared = &state.shared;
    let mut text = String::from("# TYPE agm_http_answers_total counter\n");
    for (class, count) in shared.counters.answers() {
        line(&mut text, format_args!("agm_http_answers_total{{class=\"{class}xx\"}} {count}"));
    }
    line(&mut text, format_args!("# TYPE agm_sign_ins_refused_total counter"));
    let refused = shared.counters.refused_sign_ins.load(Relaxed);
    line(&mut text, format_args!("agm_sign_ins_refused_total {refused}"));
    line(
        &mut text,
        format_args!("# TYPE agm_sessions gauge\nagm_sessions {}", shared.sessions.count(Instant::now())),
    );
    let mut operations = BTreeMap::<&str, usize>::new();
    for operation in shared.operations.operations() {
        *operations.entry(word(operation.state)).or_default() += 1;
    }
    line(&mut text, format_args!("# TYPE agm_operations gauge"));
    for (state, count) in operations {
        line(&mut text, format_args!("agm_operations{{state=\"{state}\"}} {count}"));
    }
    let seen = shared.operations.metrics().await;
    let gauges = [
        ("agm_host_cpu_percent", seen.cpu.map(u64::from)),
        ("agm_host_memory_percent", seen.memory.map(u64::from)),
        ("agm_gateway_connections", seen.connections),
        ("agm_gateway_requests_last_minute", seen.rpm),
    ];
    for (name, value) in gauges.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        line(&mut text, format_args!("# TYPE {name} gauge\n{name} {value}"));
    }
    ([(header::CONTENT_TYPE, TEXT)], text)
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    writeln!(text, "{content}").unwrap_or_default();
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
