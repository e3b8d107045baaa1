//! The Manager's HTTP server, and the sandbox's own way to ask agents and to tell them how to be.
use super::{AgentError, Live, Shared, WorkerState};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

type World = State<Arc<Shared>>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let health =
        || get(|State(shared): World| async move { alive(&shared, json!({"ok": true, "status": "live"})) });
    let ready = || get(|State(shared): World| async move { alive(&shared, json!({"ready": true})) });
    Router::new()
        .route("/healthz", health())
        .route("/health", health())
        .route("/readyz", ready())
        .route("/ready", ready())
        .route("/sandbox/state", get(manager))
        .route("/sandbox/ask", post(ask_manager))
        .route("/sandbox/workers", get(workers))
        .route("/sandbox/workers/{name}", get(worker))
        .route("/sandbox/workers/{name}/ask", post(ask_worker))
        .route("/sandbox/workers/{name}/state", post(set_state))
        .route("/sandbox/workers/{name}/sync", post(sync))
        .with_state(shared)
}

/// OpenClaw answers as soon as it runs, and it does not run without a config.
fn alive(shared: &Shared, yes: Value) -> Response {
    match shared.manager.live().config {
        Some(_) => Json(yes).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"ok": false}))).into_response(),
    }
}

/// One agent as it reports itself.
#[derive(Serialize)]
struct Report {
    name: String,
    #[serde(flatten)]
    state: Option<WorkerState>,
    /// `hiclaw-gateway/qwen3.5-plus`; none while its process does not run.
    primary: Option<String>,
    model: Option<String>,
    /// How many configs it has taken up.
    loads: u64,
    /// Why it refused the newest file.
    rejected: Option<String>,
}

impl Report {
    fn new(name: &str, state: Option<WorkerState>, live: &Live) -> Self {
        Self {
            name: name.to_owned(),
            state,
            primary: live.config.as_ref().map(|config| config.primary().to_owned()),
            model: live.config.as_ref().map(|config| config.model().to_owned()),
            loads: live.loads,
            rejected: live.rejected.clone(),
        }
    }

    fn of(shared: &Shared, worker: &str) -> Result<Self, AgentError> {
        let state = shared.state(worker)?;
        Ok(Self::new(worker, Some(state), &shared.worker(worker).agent.live()))
    }
}

impl IntoResponse for AgentError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Unknown(_) => StatusCode::NOT_FOUND,
            Self::Silent(_) => StatusCode::CONFLICT,
            Self::Pull { .. } => StatusCode::BAD_GATEWAY,
            Self::Files(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(json!({"message": self.to_string()}))).into_response()
    }
}

#[derive(Deserialize)]
struct Prompt {
    prompt: String,
}

async fn manager(State(shared): World) -> Json<Report> {
    Json(Report::new("manager", None, &shared.manager.live()))
}

async fn ask_manager(State(shared): World, Json(ask): Json<Prompt>) -> Result<Response, AgentError> {
    Ok(Json(shared.ask(None, &ask.prompt).await?).into_response())
}

async fn workers(State(shared): World) -> Result<Response, AgentError> {
    let names = shared.around.workspace.workers()?;
    let reports: Result<Vec<Report>, AgentError> =
        names.iter().map(|name| Report::of(&shared, name)).collect();
    Ok(Json(reports?).into_response())
}

async fn worker(State(shared): World, Path(name): Path<String>) -> Result<Response, AgentError> {
    Ok(Json(Report::of(&shared, &name)?).into_response())
}

async fn ask_worker(
    State(shared): World,
    Path(name): Path<String>,
    Json(ask): Json<Prompt>,
) -> Result<Response, AgentError> {
    Ok(Json(shared.ask(Some(&name), &ask.prompt).await?).into_response())
}

async fn set_state(
    State(shared): World,
    Path(name): Path<String>,
    Json(state): Json<WorkerState>,
) -> Result<Response, AgentError> {
    shared.set_state(&name, &state)?;
    worker(State(shared), Path(name)).await
}

async fn sync(State(shared): World, Path(name): Path<String>) -> Result<Response, AgentError> {
    shared.sync(&name)?;
    worker(State(shared), Path(name)).await
}
