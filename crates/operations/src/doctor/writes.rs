//! Whether the console takes changes, by what came of the newest one. Some images of it refuse all of them, and nothing but
//! a change shows that.
use super::report::{failed, ok, unknown};
use domain::{Check, CheckId, Code, Failure, Operation, OperationState, StepName, StepState};
use std::sync::Arc;

/// The check of it. `log`: the newest operations, newest first.
pub fn check(log: &[Arc<Operation>]) -> Check {
    let (id, about) = (CheckId::ConsoleWrites, "console");
    let told = log.iter().find_map(|operation| {
        let refused = operation.failure.as_deref().filter(|why| is_refusal(why));
        match (operation.state, refused) {
            (OperationState::Committed, _) if wrote_to_console(operation) => Some(Ok(operation)),
            (OperationState::RolledBack | OperationState::NeedsOperator, Some(why)) => {
                Some(Err((operation, why)))
            }
            _ => None,
        }
    });
    match told {
        None => unknown(id, about, "nothing was changed there since this list of operations begins"),
        Some(Ok(operation)) => ok(id, about, format!("took what operation {} changed there", operation.id)),
        Some(Err((operation, why))) => {
            let evidence =
                format!("the newest change of it, operation {}, failed: {}", operation.id, why.message);
            failed(id, about, evidence).fix(
                "Try it again. If the console refuses every change with a conflict, it is the first image of 2.2.4: use the one that was published again since, or another release.",
            )
        }
    }
}

/// A console that does not answer in time is no news of this kind.
fn is_refusal(why: &Failure) -> bool {
    why.system.as_deref() == Some("higress") && why.code != Code::UpstreamTimeout
}

fn wrote_to_console(operation: &Operation) -> bool {
    let writes = |name| matches!(name, StepName::Provider | StepName::Route | StepName::Registration);
    operation.steps.iter().any(|step| writes(step.name) && step.state == StepState::Done)
}
