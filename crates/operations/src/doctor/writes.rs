//! Whether the console takes changes, by what came of the newest one. Some images of it refuse all of them, and nothing but
//! a change shows that.
use super::report::{failed, ok, unknown};
use domain::{Check, CheckId, Operation, OperationState, Step, StepName, StepState};
use higress::HigressError;
use std::sync::Arc;

/// The check of it. `log`: the newest operations, newest first.
pub fn check(log: &[Arc<Operation>]) -> Check {
    let (id, about) = (CheckId::ConsoleWrites, "console");
    let told = log.iter().find_map(|operation| match of_console(operation).find_map(conflict) {
        Some(why) => Some(Err((operation, why))),
        None => was_taken(operation).then_some(Ok(operation)),
    });
    match told {
        None => unknown(id, about, "nothing was changed there since this list of operations begins"),
        Some(Ok(operation)) => ok(id, about, format!("took what operation {} changed there", operation.id)),
        Some(Err((operation, why))) => {
            let evidence = format!("the newest change of it, operation {}, failed: {why}", operation.id);
            failed(id, about, evidence).fix(
                "Try it again. If the console refuses every change with a conflict, it is the first image of 2.2.4: use the one that was published again since, or another release.",
            )
        }
    }
}

/// The steps that write there.
fn of_console(operation: &Operation) -> impl Iterator<Item = &Step> {
    let writes = |name| matches!(name, StepName::Provider | StepName::Route | StepName::Registration);
    operation.steps.iter().filter(move |step| writes(step.name))
}

/// The conflict that the console reported. What it did not answer, or did not take as it was, is no news of this kind.
fn conflict(step: &Step) -> Option<&str> {
    step.evidence.as_deref().filter(|seen| HigressError::is_conflict(seen))
}

fn was_taken(operation: &Operation) -> bool {
    let is_done = |step: &Step| step.state == StepState::Done;
    operation.state == OperationState::Committed && of_console(operation).any(is_done)
}
