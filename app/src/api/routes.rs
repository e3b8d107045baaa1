//! AI routes: listed, and asked which of them wins.
use super::{Routes, Success, UiClient};
use crate::{codec::StrictJson, error::ApiError};
use domain::{AiRoute, Simulate, Simulation};
use leptos::prelude::*;
use server_fn::codec::{GetUrl, Post};

#[cfg(feature = "ssr")]
use super::Caller;

/// All AI routes in the order in which they win.
pub async fn list_routes() -> Result<Vec<AiRoute>, ApiError> {
    Ok(routes().await?.routes)
}

/// Which route wins for a model, and why.
pub async fn simulate(question: Simulate) -> Result<Simulation, ApiError> {
    Ok(simulate_route(question).await?.answer)
}

/// The AI routes in the order in which they win.
#[server(name = RoutesCall, prefix = "/ni_status", endpoint = "routes", input = GetUrl, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    get, path = "/ni_status/routes", tag = "routes", responses((status = 200, body = Routes))
))]
pub async fn routes() -> Result<Routes, ApiError> {
    Caller::take()?.routes().await
}

/// The same as `/routes`, under its first name.
#[server(name = RouteCall, prefix = "/ni_status", endpoint = "route", input = GetUrl, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    get, path = "/ni_status/route", tag = "routes", responses((status = 200, body = Routes))
))]
pub async fn route() -> Result<Routes, ApiError> {
    Caller::take()?.routes().await
}

/// Which route wins for a model and a consumer, why, and what each other lacked.
#[server(name = SimulateRouteCall, prefix = "/ni_status", endpoint = "routes/simulate", input = Post<StrictJson>, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    post, path = "/ni_status/routes/simulate", tag = "routes", request_body = Simulate,
    responses((status = 200, body = Success<Simulation>))
))]
pub async fn simulate_route(question: Simulate) -> Result<Success<Simulation>, ApiError> {
    Ok(Success::new(Caller::take()?.operations.simulate(question).await?))
}
