//! Changes: planned, begun, followed, and the seed's calls that wait for the end.
use super::{
    BulkOutcome, Operations, Outcome, Reload, Reloaded, Repair, Success, Switch, Switched, UiClient,
};
use crate::{codec::StrictJson, error::ApiError};
use domain::{Mutation, Operation, OperationId, Plan, SetModel, SetModels};
use leptos::prelude::*;
use server_fn::codec::{GetUrl, Post, Put};

#[cfg(feature = "ssr")]
use super::{Answered, Caller};

/// Asks an operation that runs to stop and to go back.
#[cfg(not(feature = "ssr"))]
pub async fn cancel(id: OperationId) -> Result<Operation, ApiError> {
    Ok(super::client::act::<Success<_>>("operations", id.as_str(), "/cancel").await?.answer)
}

/// Takes over an operation that could not be undone.
#[cfg(not(feature = "ssr"))]
pub async fn release(id: OperationId) -> Result<Operation, ApiError> {
    Ok(super::client::act::<Success<_>>("operations", id.as_str(), "/release").await?.answer)
}

/// What the switch of many agents would change, target by target.
#[cfg(not(feature = "ssr"))]
pub async fn plan_models(wish: &SetModels) -> Result<domain::BulkPlan, ApiError> {
    super::client::send("set-models?dry_run=true", wish).await
}

/// Switches many agents, and waits until each has ended.
#[cfg(not(feature = "ssr"))]
pub async fn switch_models(wish: &SetModels) -> Result<domain::Bulk, ApiError> {
    super::client::send("set-models", wish).await
}

/// What a mutation would change, kept so that [`apply`] does exactly that.
pub async fn plan(wish: Mutation) -> Result<Plan, ApiError> {
    Ok(make_plan(wish).await?.answer)
}

/// Begins to do what a kept plan says; follow it with [`operation`] or its event stream.
pub async fn apply(plan: OperationId) -> Result<Operation, ApiError> {
    #[cfg(feature = "ssr")]
    let (Answered::Ended(operation) | Answered::Begun(operation)) = Caller::take()?.apply(&plan).await?;
    #[cfg(not(feature = "ssr"))]
    let operation = super::client::act::<Success<_>>("plans", plan.as_str(), "/apply").await?.answer;
    Ok(operation)
}

/// The newest operations, newest first.
pub async fn operations(most: usize) -> Result<Vec<Operation>, ApiError> {
    Ok(list_operations(Some(most.to_string()), None).await?.answer.operations)
}

/// One operation as it is now.
pub async fn operation(id: OperationId) -> Result<Operation, ApiError> {
    #[cfg(feature = "ssr")]
    let answer = Caller::take()?.operation(&id).await?;
    #[cfg(not(feature = "ssr"))]
    let answer = super::client::read::<Success<_>>("operations", id.as_str(), "").await?.answer;
    Ok(answer)
}

/// Plan a change: a mutation as data or a declarative file, and what it would do to each object. Changes nothing. For an
/// hour `POST /plans/{id}/apply` does exactly that.
#[server(name = MakePlanCall, prefix = "/ni_status", endpoint = "plans", input = Post<StrictJson>, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    post, path = "/ni_status/plans", tag = "changes", request_body = Mutation,
    responses((status = 200, body = Success<Plan>))
))]
pub async fn make_plan(mutation: Mutation) -> Result<Success<Plan>, ApiError> {
    Ok(Success::new(Caller::take()?.plan(mutation).await?))
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

/// The newest 200 operations, newest first.
#[server(name = ListOperationsCall, prefix = "/ni_status", endpoint = "operations", input = GetUrl, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    get, path = "/ni_status/operations", tag = "changes",
    params(("limit" = Option<u32>, Query), ("target" = Option<domain::Target>, Query)),
    responses((status = 200, body = Success<Operations>))
))]
pub async fn list_operations(
    limit: Option<String>,
    target: Option<String>,
) -> Result<Success<Operations>, ApiError> {
    let wrong = |field, message: String| domain::Failure::field(field, message);
    let limit = limit.map(|limit| limit.parse::<usize>()).transpose();
    let limit = limit.map_err(|_| wrong("limit", "use a whole number".into()))?;
    let target = target.map(|target| target.parse::<domain::Target>()).transpose();
    let target = target.map_err(|error| wrong("target", error.to_string()))?;
    let operations = Caller::take()?.newest(limit, target.as_ref());
    Ok(Success::new(Operations { operations }))
}

/// Let an agent run a model, and wait until it was read back as written. With `restart` also until the agent was restarted,
/// unless that waits until it is idle: see the state and the evidence of the step `restart`, and `until=settled` of `GET
/// /operations/{id}` to follow it. The change stands, whatever became of the restart.
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

/// Let many agents run a model, and wait until each has ended: each commits or rolls back by itself, and the answer says
/// which. `success` is true when all were committed; what became of restarts is told by the steps `restart`.
#[server(name = SetModelsCall, prefix = "/ni_status", endpoint = "set-models", input = Post<StrictJson>, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    post, path = "/ni_status/set-models", tag = "changes", request_body = SetModels,
    params(("dry_run" = Option<bool>, Query)),
    responses((status = 200, body = BulkOutcome))
))]
pub async fn set_models(wish: SetModels) -> Result<BulkOutcome, ApiError> {
    Caller::take()?.switch_all(wish).await
}

/// Let the Manager run a model, and wait as `POST /set-model` does.
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
