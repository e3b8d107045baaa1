//! Changes: planned, begun, followed, and the seed's calls that wait for the end.
use super::{Operations, Outcome, Reload, Reloaded, Repair, Success, Switch, Switched, UiClient};
use crate::{codec::StrictJson, error::ApiError};
use domain::{Mutation, Operation, OperationId, Plan, SetModel};
use leptos::prelude::*;
use server_fn::codec::{GetUrl, Post, Put};

#[cfg(feature = "ssr")]
use super::Caller;

/// What a mutation would change.
pub async fn plan(wish: Mutation) -> Result<Plan, ApiError> {
    Ok(make_plan(wish).await?.answer)
}

/// Begins a mutation; follow it with [`operation`] or its event stream.
pub async fn submit(wish: Mutation) -> Result<Operation, ApiError> {
    Ok(begin(wish).await?.answer)
}

/// All operations, newest first.
pub async fn operations() -> Result<Vec<Operation>, ApiError> {
    Ok(list_operations().await?.answer.operations)
}

/// One operation as it is now.
pub async fn operation(id: OperationId) -> Result<Operation, ApiError> {
    #[cfg(feature = "ssr")]
    let answer = Operation::clone(&Caller::take()?.operations.operation(&id)?.borrow());
    #[cfg(not(feature = "ssr"))]
    let answer = super::client::read::<Success<_>>("operations", id.as_str(), "").await?.answer;
    Ok(answer)
}

/// Plan a change: a mutation as data, and what it would do to each object. Changes nothing.
#[server(name = MakePlanCall, prefix = "/ni_status", endpoint = "plans", input = Post<StrictJson>, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    post, path = "/ni_status/plans", tag = "changes", request_body = Mutation,
    responses((status = 200, body = Success<Plan>))
))]
pub async fn make_plan(mutation: Mutation) -> Result<Success<Plan>, ApiError> {
    Ok(Success::new(Caller::take()?.operations.plan(&mutation).await?))
}

/// Begin a change and return at once: 202 with the operation, which `GET /operations/{id}` follows.
#[server(name = BeginCall, prefix = "/ni_status", endpoint = "operations", input = Post<StrictJson>, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    post, path = "/ni_status/operations", tag = "changes", request_body = Mutation,
    responses((status = 202, body = Success<Operation>))
))]
pub async fn begin(mutation: Mutation) -> Result<Success<Operation>, ApiError> {
    let operation = Caller::take()?.begin(mutation).await?;
    super::answer_with(http::StatusCode::ACCEPTED);
    Ok(Success::new(operation))
}

/// The operations of this server since its start, newest first.
#[server(name = ListOperationsCall, prefix = "/ni_status", endpoint = "operations", input = GetUrl, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    get, path = "/ni_status/operations", tag = "changes", responses((status = 200, body = Success<Operations>))
))]
pub async fn list_operations() -> Result<Success<Operations>, ApiError> {
    let operations = Caller::take()?.operations.operations();
    let operations = operations.iter().map(|operation| Operation::clone(operation)).collect();
    Ok(Success::new(Operations { operations }))
}

/// Let an agent run a model, and wait until it was observed to.
#[server(name = SetModelCall, prefix = "/ni_status", endpoint = "set-model", input = Post<StrictJson>, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    post, path = "/ni_status/set-model", tag = "changes", request_body = Switch,
    params(("dry_run" = Option<bool>, Query)),
    responses((status = 200, body = Outcome<Switched>))
))]
pub async fn set_model(switch: Switch) -> Result<Outcome<Switched>, ApiError> {
    let Switch { target, wish } = switch;
    Caller::take()?.switch(target, wish).await
}

/// Let the Manager run a model, and wait until it was observed to.
#[server(name = SetManagerCall, prefix = "/ni_status", endpoint = "assignment/manager", input = Put<StrictJson>, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    put, path = "/ni_status/assignment/manager", tag = "changes", request_body = SetModel,
    params(("dry_run" = Option<bool>, Query)),
    responses((status = 200, body = Outcome<Switched>))
))]
pub async fn set_manager(wish: SetModel) -> Result<Outcome<Switched>, ApiError> {
    Caller::take()?.switch(domain::Target::Manager, wish).await
}

/// Let agents into the routes that lack them.
#[server(name = RepairRoutesCall, prefix = "/ni_status", endpoint = "routes/repair", input = Post<StrictJson>, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    post, path = "/ni_status/routes/repair", tag = "changes", request_body = Repair,
    params(("dry_run" = Option<bool>, Query)),
    responses((status = 200, body = Outcome<Operation>))
))]
pub async fn repair_routes(repair: Repair) -> Result<Outcome<Operation>, ApiError> {
    let Repair { route, consumer } = repair;
    Caller::take()?.run(Mutation::RepairRoutes { route, consumer }, Operation::clone).await
}

/// See an agent alive and tell how it takes up its config; OpenClaw does so by itself.
#[server(name = ReloadCall, prefix = "/ni_status", endpoint = "reload", input = Post<StrictJson>, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    post, path = "/ni_status/reload", tag = "changes", request_body = Reload,
    responses((status = 200, body = Reloaded))
))]
pub async fn reload(reload: Reload) -> Result<Reloaded, ApiError> {
    let how = Caller::take()?.operations.reload(&reload.target).await?.to_owned();
    Ok(Reloaded { status: "reloaded".into(), target: reload.target, how })
}
