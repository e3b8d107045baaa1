//! How things are: health, figures, assignments, workers, and who is signed in.
use super::UiClient;
use crate::error::ApiError;
use domain::{Assignment, Assignments, DeepHealth, Metrics, Worker, WorkerName};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use std::collections::BTreeMap;

#[cfg(feature = "ssr")]
use super::Caller;

/// `GET /health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Health {
    /// `?deep=true`: every system.
    Deep(DeepHealth),
    /// This server answers.
    Alive { status: String },
}

/// Whether this server answers; with `deep=true`, and signed in, also each system that it depends on.
#[server(name = HealthCall, prefix = "/ni_status", endpoint = "health", input = GetUrl, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    get, path = "/ni_status/health", tag = "state", params(("deep" = Option<bool>, Query)),
    responses((status = 200, body = Health))
))]
pub async fn health(deep: Option<bool>) -> Result<Health, ApiError> {
    if deep == Some(true) {
        return Ok(Health::Deep(Caller::take()?.operations.health().await));
    }
    Ok(Health::Alive { status: "healthy".into() })
}

/// CPU and memory in percent, open gateway connections, gateway requests of the last minute.
#[server(name = MetricsCall, prefix = "/ni_status", endpoint = "metrics", input = GetUrl, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    get, path = "/ni_status/metrics", tag = "state", responses((status = 200, body = Metrics))
))]
pub async fn metrics() -> Result<Metrics, ApiError> {
    Ok(Metrics::clone(&*Caller::take()?.operations.metrics().await))
}

/// The Manager's model: recorded and observed.
#[server(name = ManagerCall, prefix = "/ni_status", endpoint = "assignment/manager", input = GetUrl, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    get, path = "/ni_status/assignment/manager", tag = "state", responses((status = 200, body = Assignment))
))]
pub async fn manager() -> Result<Assignment, ApiError> {
    Ok(Caller::take()?.operations.assignment(&domain::Target::Manager).await?.value.clone())
}

/// One agent's model: recorded and observed.
#[cfg(not(feature = "ssr"))]
pub async fn assignment(target: domain::Target) -> Result<Assignment, ApiError> {
    match target {
        domain::Target::Manager => manager().await,
        domain::Target::Worker(name) => super::client::read("assignment/workers", name.as_str(), "").await,
    }
}

/// Every agent's model.
#[server(name = AssignmentsCall, prefix = "/ni_status", endpoint = "assignment", input = GetUrl, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    get, path = "/ni_status/assignment", tag = "state", responses((status = 200, body = Assignments))
))]
pub async fn assignments() -> Result<Assignments, ApiError> {
    Ok(Caller::take()?.operations.assignments().await?)
}

/// Every worker's model.
#[server(name = WorkerAssignmentsCall, prefix = "/ni_status", endpoint = "assignment/workers", input = GetUrl, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    get, path = "/ni_status/assignment/workers", tag = "state",
    responses((status = 200, body = BTreeMap<String, Assignment>))
))]
pub async fn worker_assignments() -> Result<BTreeMap<WorkerName, Assignment>, ApiError> {
    Ok(Caller::take()?.operations.assignments().await?.workers)
}

/// The workers, what they do, and what that rests on.
#[server(name = WorkersCall, prefix = "/ni_status", endpoint = "workers", input = GetUrl, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    get, path = "/ni_status/workers", tag = "state", responses((status = 200, body = Vec<Worker>))
))]
pub async fn workers() -> Result<Vec<Worker>, ApiError> {
    Ok(Caller::take()?.operations.workers().await?.value.clone())
}

/// Every system that this server depends on.
pub async fn deep_health() -> Result<DeepHealth, ApiError> {
    match health(Some(true)).await? {
        Health::Deep(health) => Ok(health),
        Health::Alive { status } => {
            Ok(DeepHealth { status, systems: Vec::new(), hiclaw: None, hiclaw_unknown: None })
        }
    }
}
