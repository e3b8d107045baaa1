//! One operation: looked at, followed, taken back, stopped, taken over. And plans, applied.
use super::{
    events::{self, Until},
    rest::Named,
    state::AppState,
};
use app::{
    api::{Answered, Outcome, Success},
    error::ApiError,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{Code, Failure, Operation, OperationId, OperationState};
use http::{HeaderMap, StatusCode, Uri, header};
use operations::Operations;

/// One operation; with `Accept: text/event-stream` what happens to it as it happens: `step` and `state`, and `settled` once
/// nothing of it can come late any more, and it is known whether it lasts. The stream ends with the operation; with
/// `until=settled` it goes on until that event: two minutes later, five or six where HiClaw owns the agent's model, and longer
/// while an agent is to be idle before it is restarted. `Last-Event-ID` leaves out what was seen.
#[utoipa::path(get, path = "/ni_status/operations/{id}", tag = "changes",
    params(("id" = String, Path), ("until" = Option<String>, Query)),
    responses((status = 200, content((Success<Operation> = "application/json"), (String = "text/event-stream")))))]
pub async fn operation(
    Named { caller, name: id }: Named<OperationId>,
    State(state): State<AppState>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let until = until(uri.query())?;
    let watch = caller.operations.operation(&id).await?;
    let streamed = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if streamed.is_some_and(|accept| accept.contains("text/event-stream")) {
        return Ok(events::follow(watch, until, &headers, state.shared.closing.clone()));
    }
    let operation = Operation::clone(&watch.borrow());
    Ok(Json(Success::new(operation)).into_response())
}

fn until(query: Option<&str>) -> Result<Until, Failure> {
    let mut pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    match pairs.find(|(name, _)| name == "until").as_ref().map(|(_, value)| value.as_ref()) {
        None | Some("end") => Ok(Until::End),
        Some("settled") => Ok(Until::Settled),
        Some(_) => Err(Failure::field("until", "use end or settled")),
    }
}

/// Put back what the operation replaced, where that is still what is there, as an operation of its own. Waits for its
/// end; with `Prefer: respond-async` answers 202 at once.
#[utoipa::path(post, path = "/ni_status/operations/{id}/undo", tag = "changes",
    params(("id" = String, Path), ("dry_run" = Option<bool>, Query), ("Prefer" = Option<String>, Header)),
    responses((status = 200, body = Outcome<Operation>), (status = 202, body = Success<Operation>)))]
pub async fn undo(Named { caller, name: id }: Named<OperationId>) -> Result<Response, ApiError> {
    let operations = caller.operations.clone();
    let undone = match caller.undo(id.clone()).await {
        Ok(undone) => undone,
        Err(refused) => return Err(of_ended(&operations, &id, refused.into()).await),
    };
    Ok(match undone {
        Outcome::Planned(plan) => Json(plan).into_response(),
        Outcome::Done(done) => told(done.answer),
    })
}

/// Ask an operation that runs to stop and to go back, which it does unless the change is live already.
#[utoipa::path(post, path = "/ni_status/operations/{id}/cancel", tag = "changes", params(("id" = String, Path)),
    responses((status = 202, body = Success<Operation>)))]
pub async fn cancel(Named { caller, name: id }: Named<OperationId>) -> Result<Response, ApiError> {
    let operations = caller.operations.clone();
    match caller.cancel(&id).await {
        Ok(operation) => Ok(told(Answered::Begun(operation))),
        Err(refused) => Err(of_ended(&operations, &id, refused.into()).await),
    }
}

/// Take over an operation that needs an operator: what is where stays there, and its targets can be changed again.
#[utoipa::path(post, path = "/ni_status/operations/{id}/release", tag = "changes", params(("id" = String, Path)),
    responses((status = 202, body = Success<Operation>)))]
pub async fn release(Named { caller, name: id }: Named<OperationId>) -> Result<Response, ApiError> {
    let operations = caller.operations.clone();
    match caller.release(&id).await {
        Ok(operation) => Ok(told(Answered::Begun(operation))),
        Err(refused) => Err(of_ended(&operations, &id, refused.into()).await),
    }
}

/// Do exactly what a plan says, in an operation that has the plan's id; applying it twice gives the same operation. 409
/// `CONFLICT` when what the plan was made from has moved: `diff` shows what, and nothing is changed. Waits for the end;
/// with `Prefer: respond-async` answers 202 at once.
#[utoipa::path(post, path = "/ni_status/plans/{id}/apply", tag = "changes",
    params(("id" = String, Path), ("Prefer" = Option<String>, Header)),
    responses((status = 200, body = Success<Operation>), (status = 202, body = Success<Operation>)))]
pub async fn apply(Named { caller, name: id }: Named<OperationId>) -> Result<Response, ApiError> {
    caller.apply(&id).await.map(told)
}

/// Why an operation cannot be undone, stopped or taken over, when that is because it has ended and left nothing to undo.
async fn of_ended(operations: &Operations, id: &OperationId, refused: Failure) -> ApiError {
    if !matches!(refused.code, Code::Conflict | Code::OperationNotFound) || !refused.diff.is_empty() {
        return refused.into();
    }
    let Ok(watch) = operations.operation(id).await else { return refused.into() };
    let operation = watch.borrow().clone();
    let ended = match (operation.state, &operation.settled) {
        (OperationState::RolledBack, _) => "was rolled back: it changed nothing, so there is nothing to undo",
        (OperationState::NeedsOperator, Some(_)) => "was taken over by a person: what it left stays as it is",
        _ => return refused.into(),
    };
    Failure::new(Code::Conflict, format!("operation {id} {ended}"))
        .hint(format!("`agm watch {id}` shows its steps."))
        .into()
}

fn told(answered: Answered) -> Response {
    match answered {
        Answered::Ended(operation) => Json(Success::new(operation)).into_response(),
        Answered::Begun(operation) => (StatusCode::ACCEPTED, Json(Success::new(operation))).into_response(),
    }
}
