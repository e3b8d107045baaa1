//! What can be done with a worker's container.
use super::rest::Named;
use app::{api::Outcome, error::ApiError};
use axum::Json;
use domain::{ContainerAct, Mutation, Operation, Target, WorkerName};

/// Put a worker's container to sleep, and wait until it was seen stopped. A busy worker loses the turn that it is in: the
/// plan of a dry run warns of that with `TURN_LOST`. 409 `READ_ONLY_TARGET` where HiClaw cannot, with the way that works.
#[utoipa::path(post, path = "/ni_status/workers/{name}/sleep", tag = "changes",
    params(("name" = String, Path), ("dry_run" = Option<bool>, Query)), responses((status = 200, body = Outcome<Operation>)))]
pub async fn sleep(named: Named<WorkerName>) -> Result<Json<Outcome<Operation>>, ApiError> {
    act(named, ContainerAct::Sleep).await
}

/// Wake a worker's container, and wait until it was seen to run. 409 `READ_ONLY_TARGET` where HiClaw cannot, with the way
/// that works.
#[utoipa::path(post, path = "/ni_status/workers/{name}/wake", tag = "changes",
    params(("name" = String, Path), ("dry_run" = Option<bool>, Query)), responses((status = 200, body = Outcome<Operation>)))]
pub async fn wake(named: Named<WorkerName>) -> Result<Json<Outcome<Operation>>, ApiError> {
    act(named, ContainerAct::Wake).await
}

/// Restart a worker's container, and wait until it was seen to run: it takes up the model that its config names. A busy
/// worker loses the turn that it is in: the plan of a dry run warns of that with `TURN_LOST`. 409 `READ_ONLY_TARGET` where
/// HiClaw cannot, with the way that works. The Manager is restarted by `POST /plans` with
/// `{"kind":"restart","target":"manager"}` and the plan's `apply`, or by `POST /operations` at once.
#[utoipa::path(post, path = "/ni_status/workers/{name}/restart", tag = "changes",
    params(("name" = String, Path), ("dry_run" = Option<bool>, Query)), responses((status = 200, body = Outcome<Operation>)))]
pub async fn restart(named: Named<WorkerName>) -> Result<Json<Outcome<Operation>>, ApiError> {
    act(named, ContainerAct::Restart).await
}

async fn act(
    Named { caller, name }: Named<WorkerName>,
    act: ContainerAct,
) -> Result<Json<Outcome<Operation>>, ApiError> {
    let mutation = Mutation::of_container(act, Target::Worker(name));
    caller.run(mutation, Operation::clone).await.map(Json)
}
