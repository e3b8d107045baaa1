//! What a server function cannot be: paths with a parameter.
use super::state::AppState;
use app::{
    api::{Caller, Models, Outcome, Success, Switched},
    error::ApiError,
};
use axum::{
    Json,
    extract::{FromRequestParts, Path, Request},
};
use domain::{
    Assignment, Code, EditProvider, Failure, Mutation, Operation, OperationId, Provider, ProviderName,
    SetModel, Target, WorkerName,
};
use http::request::Parts;
use http_body_util::BodyExt;
use std::str::FromStr;

/// What a path can name.
pub trait InPath: FromStr<Err = domain::NameError> {
    /// The parameter's own name.
    const FIELD: &'static str;
}

impl InPath for ProviderName {
    const FIELD: &'static str = "name";
}

impl InPath for WorkerName {
    const FIELD: &'static str = "name";
}

impl InPath for OperationId {
    const FIELD: &'static str = "id";
}

/// The caller and the name in the path.
pub struct Named<N> {
    pub caller: Caller,
    pub name: N,
}

impl<N: InPath> FromRequestParts<AppState> for Named<N> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| Failure::field(N::FIELD, "the path is not UTF-8"))?;
        let name =
            text.parse().map_err(|error: domain::NameError| Failure::field(N::FIELD, error.to_string()))?;
        Ok(Self { caller: Caller::of(parts, state.shared.operations.clone())?, name })
    }
}

/// The body of a request.
pub async fn body<T: app::codec::Body>(request: Request) -> Result<T, Failure> {
    let whole = request.into_body().collect().await;
    let whole = whole.map_err(|_| Failure::new(Code::MalformedRequest, "the body did not arrive whole"))?;
    T::read(&whole.to_bytes())
}

/// One provider. Never a token.
#[utoipa::path(get, path = "/ni_status/providers/{name}", tag = "providers", params(("name" = String, Path)),
    responses((status = 200, body = ProviderAnswer)))]
pub async fn provider(Named { caller, name }: Named<ProviderName>) -> Result<Json<ProviderAnswer>, ApiError> {
    Ok(Json(ProviderAnswer { success: true, provider: caller.operations.provider(&name).await? }))
}

/// `GET /providers/{name}`.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct ProviderAnswer {
    success: bool,
    provider: Provider,
}

/// Change a provider. What is absent is kept; a new host needs the keys again.
#[utoipa::path(put, path = "/ni_status/providers/{name}", tag = "providers", request_body = EditProvider,
    params(("name" = String, Path), ("dry_run" = Option<bool>, Query)), responses((status = 200, body = Outcome<Provider>)))]
pub async fn edit_provider(
    Named { caller, name }: Named<ProviderName>,
    request: Request,
) -> Result<Json<Outcome<Provider>>, ApiError> {
    let edit = body::<EditProvider>(request).await?;
    let operations = caller.operations.clone();
    let outcome = caller.run(Mutation::EditProvider { name: name.clone(), edit }, |_| ()).await?;
    Ok(Json(match outcome {
        Outcome::Planned(plan) => Outcome::Planned(plan),
        Outcome::Done(done) => Outcome::Done(done.with(operations.provider(&name).await?)),
    }))
}

/// Remove a provider that nobody uses, and its own route.
#[utoipa::path(delete, path = "/ni_status/providers/{name}", tag = "providers",
    params(("name" = String, Path), ("dry_run" = Option<bool>, Query)), responses((status = 200, body = Outcome<Operation>)))]
pub async fn remove_provider(
    Named { caller, name }: Named<ProviderName>,
) -> Result<Json<Outcome<Operation>>, ApiError> {
    caller.run(Mutation::RemoveProvider { name }, Operation::clone).await.map(Json)
}

/// The provider's own model list, with what is known about each model.
#[utoipa::path(get, path = "/ni_status/providers/{name}/models", tag = "providers", params(("name" = String, Path)),
    responses((status = 200, body = Success<Models>)))]
pub async fn provider_models(
    Named { caller, name }: Named<ProviderName>,
) -> Result<Json<Success<Models>>, ApiError> {
    let models = caller.operations.provider_models(&name).await?;
    Ok(Json(Success::new(Models { models })))
}

/// A worker's model: recorded and observed.
#[utoipa::path(get, path = "/ni_status/assignment/workers/{name}", tag = "state", params(("name" = String, Path)),
    responses((status = 200, body = Assignment)))]
pub async fn worker(Named { caller, name }: Named<WorkerName>) -> Result<Json<Assignment>, ApiError> {
    let seen = caller.operations.assignment(&Target::Worker(name)).await?;
    Ok(Json(seen.value.clone()))
}

/// Let a worker run a model, and wait as `POST /set-model` does.
#[utoipa::path(put, path = "/ni_status/assignment/workers/{name}", tag = "changes", request_body = SetModel,
    params(("name" = String, Path), ("dry_run" = Option<bool>, Query)), responses((status = 200, body = Outcome<Switched>)))]
pub async fn set_worker(
    Named { caller, name }: Named<WorkerName>,
    request: Request,
) -> Result<Json<Outcome<Switched>>, ApiError> {
    let wish = body::<SetModel>(request).await?;
    caller.switch(Target::Worker(name), wish).await.map(Json)
}
