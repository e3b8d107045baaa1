//! A change from the command line: planned or begun, and followed to its end.
use super::{Call, error::CliError, show};
use domain::{Failure, Mutation, Operation, OperationState, Plan, Step};
use futures::StreamExt;
use std::collections::HashMap;

/// `agm watch OPERATION`: also an operation that somebody else began.
pub async fn watch(call: &Call, id: &str) -> Result<(), CliError> {
    let operation = to_the_end(call, id).await?;
    finish(call, operation)
}

/// Shows the plan of a mutation, or does it and shows its steps on the way.
pub async fn change(call: &Call, mutation: &Mutation, dry_run: bool) -> Result<(), CliError> {
    if dry_run {
        let plan: Plan = call.client.post(&["plans"], mutation).await?;
        return show::document(call.json, &plan, || show::plan(&plan));
    }
    let begun = call.client.post(&["operations"], mutation).await.map_err(|error| error.midway(None))?;
    begun_to_the_end(call, begun).await
}

/// Does a mutation and says each step when it changes. Answers with the operation as it ended, well or not.
pub async fn carried_out(
    call: &Call,
    mutation: &Mutation,
    say: impl FnMut(&Step) + Send,
) -> Result<Operation, CliError> {
    let begun: Operation =
        call.client.post(&["operations"], mutation).await.map_err(|error| error.midway(None))?;
    followed(call, begun.id.as_str(), say).await.map_err(|error| error.midway(Some(begun.id.as_str())))
}

/// Follows an operation that was begun and shows how it ended.
pub async fn begun_to_the_end(call: &Call, begun: Operation) -> Result<(), CliError> {
    let operation = to_the_end(call, begun.id.as_str()).await?;
    finish(call, operation)
}

/// The operation as it ended; a failed one becomes the error that it is.
fn finish(call: &Call, operation: Operation) -> Result<(), CliError> {
    show::document(call.json, &operation, || show::operation(&operation))?;
    committed(operation).map(drop)
}

/// The operation when it was committed, else the error that it is.
pub fn committed(operation: Operation) -> Result<Operation, CliError> {
    match (operation.state, operation.failure) {
        (OperationState::Committed, failure) => Ok(Operation { failure, ..operation }),
        (_, Some(failure)) => Err(CliError::Failed(failure)),
        (_, None) => {
            Err(Failure::new(domain::Code::Internal, "the operation failed and does not say why").into())
        }
    }
}

/// Follows an operation to its end and writes each step to standard error when it changes. Who is cut off on the way is
/// told how to find it again.
pub async fn to_the_end(call: &Call, id: &str) -> Result<Operation, CliError> {
    let say = |step: &Step| eprintln!("{}", show::step(step));
    followed(call, id, say).await.map_err(|error| error.midway(Some(id)))
}

/// Says each step when it changes. When the stream breaks, the operation itself is asked again.
async fn followed(call: &Call, id: &str, mut say: impl FnMut(&Step) + Send) -> Result<Operation, CliError> {
    let mut shown = HashMap::new();
    loop {
        let mut events = call.client.events(id).await?.bytes_stream();
        let mut unread = Vec::new();
        while let Some(Ok(bytes)) = events.next().await {
            unread.extend_from_slice(&bytes);
            while let Some(end) = unread.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<_> = unread.drain(..end + 2).collect();
                told(&String::from_utf8_lossy(&event), &mut shown, &mut say);
            }
        }
        let operation: Operation = call.client.get(&["operations", id]).await?;
        if operation.state.is_final() {
            return Ok(operation);
        }
    }
}

fn told(event: &str, shown: &mut HashMap<String, Step>, say: &mut impl FnMut(&Step)) {
    let mut lines = event.lines();
    if !lines.any(|line| line == "event: step") {
        return;
    }
    let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_default();
    if let Ok(step) = serde_json::from_str::<Step>(data) {
        let key = format!("{:?} {:?}", step.name, step.object);
        if shown.get(&key) != Some(&step) && step.state != domain::StepState::Pending {
            say(&step);
        }
        shown.insert(key, step);
    }
}
