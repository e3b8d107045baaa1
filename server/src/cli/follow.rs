//! A change from the command line: planned or begun, and followed to its end.
use super::{Call, error::CliError, restarts, show};
use domain::{Failure, Mutation, Operation, OperationState, Plan, Step, StepState};
use futures::StreamExt;
use std::collections::HashMap;

/// How long an operation is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Until its outcome is known.
    End,
    /// Until it is known whether what it changed lasts.
    Settled,
}

/// `agm watch OPERATION`: also an operation that somebody else began. One that waits for a person does not settle.
pub async fn watch(call: &Call, id: &str, until: Until) -> Result<(), CliError> {
    let mut shown = Shown::new(|step: &Step| eprintln!("{}", show::step(step)));
    let mut operation = followed(call, id, Until::End, &mut shown).await;
    let waits = |operation: &Operation| operation.state == OperationState::NeedsOperator;
    if until == Until::Settled && operation.as_ref().is_ok_and(|operation| !waits(operation)) {
        operation = followed(call, id, until, &mut shown).await;
    }
    finish(call, operation.map_err(|error| error.midway(Some(id)))?)
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
    let id = begun.id.as_str();
    followed(call, id, Until::End, &mut Shown::new(say)).await.map_err(|error| error.midway(Some(id)))
}

/// Follows an operation that was begun and shows how it ended.
pub async fn begun_to_the_end(call: &Call, begun: Operation) -> Result<(), CliError> {
    let operation = to_the_end(call, begun.id.as_str()).await?;
    finish(call, operation)
}

/// The operation as it ended; a failed one becomes the error that it is, and so does a restart that did not come.
fn finish(call: &Call, operation: Operation) -> Result<(), CliError> {
    show::document(call.json, &operation, || show::operation(&operation))?;
    committed(operation).and_then(|operation| restarts::all_came(&operation))
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
    let mut shown = Shown::new(|step: &Step| eprintln!("{}", show::step(step)));
    followed(call, id, Until::End, &mut shown).await.map_err(|error| error.midway(Some(id)))
}

/// Says each step when it changes. When the stream breaks, the operation itself is asked again.
async fn followed<S: FnMut(&Step) + Send>(
    call: &Call,
    id: &str,
    until: Until,
    shown: &mut Shown<S>,
) -> Result<Operation, CliError> {
    loop {
        let mut events = call.client.events(id, until == Until::Settled).await?.bytes_stream();
        let mut unread = Vec::new();
        while let Some(Ok(bytes)) = events.next().await {
            unread.extend_from_slice(&bytes);
            while let Some(end) = unread.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<_> = unread.drain(..end + 2).collect();
                shown.tell(&String::from_utf8_lossy(&event));
            }
        }
        let operation: Operation = call.client.get(&["operations", id]).await?;
        if operation.has_ended() && (until == Until::End || operation.settled.is_some()) {
            return Ok(operation);
        }
    }
}

/// What was said of each step.
struct Shown<S> {
    steps: HashMap<String, Step>,
    say: S,
}

impl<S: FnMut(&Step)> Shown<S> {
    fn new(say: S) -> Self {
        Self { steps: HashMap::new(), say }
    }

    /// Says a step that has changed. One that has not begun is said when what it waits for changes.
    fn tell(&mut self, event: &str) {
        if !event.lines().any(|line| line == "event: step") {
            return;
        }
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_default();
        if let Ok(step) = serde_json::from_str::<Step>(data) {
            let key = format!("{:?} {:?}", step.name, step.object);
            let known = self.steps.get(&key);
            if known.map_or(step.state != StepState::Pending, |known| *known != step) {
                (self.say)(&step);
            }
            self.steps.insert(key, step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_said_when_it_changes_and_one_that_waits_when_its_reason_does() {
        let mut said = Vec::new();
        let mut shown = Shown::new(|step: &Step| said.push(show::step(step)));
        for (state, evidence) in [
            ("pending", "once it has no open task"),
            ("pending", "once it has no open task"),
            ("pending", "waits until alice is idle"),
            ("running", "now"),
            ("running", "now"),
        ] {
            let step = serde_json::json!({"name": "restart", "object": "alice", "state": state, "evidence": evidence});
            shown.tell(&format!("event: step\ndata: {step}\n\n"));
        }
        let expected =
            ["restart alice\tpending\t\twaits until alice is idle", "restart alice\trunning\t\tnow"];
        assert_eq!(said, expected);
    }
}
