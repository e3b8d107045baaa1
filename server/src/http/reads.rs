//! The reads that pages and scripts repeat: axum handlers that answer with bytes made once for each observation. The
//! same paths are server functions; these stand before them because a server function makes a reactive context and
//! serialises anew for each call.
use super::state::AppState;
use app::error::ApiError;
use axum::{
    body::{Body, Bytes},
    extract::State,
    response::Response,
};
use domain::{AiRoute, Assignment, Code, Failure, Metrics, Provider, Target, Timestamp, Worker};
use http::{HeaderValue, header};
use operations::Seen;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};

/// The bytes of the newest observation of each read.
#[derive(Default)]
pub struct Reads {
    providers: Kept<Seen<Vec<Provider>>>,
    routes: Kept<Seen<Vec<AiRoute>>>,
    workers: Kept<Seen<Vec<Worker>>>,
    manager: Kept<Seen<Assignment>>,
    metrics: Kept<Metrics>,
}

/// One observation and its bytes. It holds the observation itself, so no other can have its address.
struct Kept<T>(Mutex<Option<(Arc<T>, Bytes)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Kept<T> {
    fn answer<'a, J: Serialize>(
        &self,
        seen: &'a Arc<T>,
        shape: impl FnOnce(&'a T) -> J,
    ) -> Result<Response, ApiError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, bytes)) = &*kept
            && Arc::ptr_eq(known, seen)
        {
            return Ok(json(bytes.clone()));
        }
        let bytes = serde_json::to_vec(&shape(seen)).map(Bytes::from);
        let bytes = bytes.map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
        *kept = Some((seen.clone(), bytes.clone()));
        Ok(json(bytes))
    }
}

fn json(bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Providers<'a> {
    success: bool,
    providers: &'a [Provider],
    observed_at: &'a Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Routes<'a> {
    success: bool,
    routes: &'a [AiRoute],
    observed_at: &'a Timestamp,
}

/// `GET /health` without questions; with one it is the server function's.
pub fn health() -> Response {
    json(Bytes::from_static(br#"{"status":"healthy"}"#))
}

pub async fn providers(State(state): State<AppState>) -> Result<Response, ApiError> {
    let seen = state.shared.operations.providers().await?;
    let shape = |seen| {
        let Seen { value, observed_at }: &Seen<Vec<Provider>> = seen;
        Providers { success: true, providers: value, observed_at }
    };
    state.shared.reads.providers.answer(&seen, shape)
}

pub async fn routes(State(state): State<AppState>) -> Result<Response, ApiError> {
    let seen = state.shared.operations.routes().await?;
    let shape = |seen| {
        let Seen { value, observed_at }: &Seen<Vec<AiRoute>> = seen;
        Routes { success: true, routes: value, observed_at }
    };
    state.shared.reads.routes.answer(&seen, shape)
}

pub async fn workers(State(state): State<AppState>) -> Result<Response, ApiError> {
    let seen = state.shared.operations.workers().await?;
    state.shared.reads.workers.answer(&seen, |seen| &seen.value)
}

pub async fn manager(State(state): State<AppState>) -> Result<Response, ApiError> {
    let seen = state.shared.operations.assignment(&Target::Manager).await?;
    state.shared.reads.manager.answer(&seen, |seen| &seen.value)
}

pub async fn metrics(State(state): State<AppState>) -> Result<Response, ApiError> {
    let seen = state.shared.operations.metrics().await;
    state.shared.reads.metrics.answer(&seen, |seen| seen)
}
