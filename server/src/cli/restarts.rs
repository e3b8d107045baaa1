//! What became of the restarts that a change was asked for. The change itself stands, whatever became of them.
use super::{error::CliError, show::word};
use domain::{Operation, OperationState, Step, StepName, StepState};

/// The restarts of a change that is live.
fn of(operation: &Operation) -> impl Iterator<Item = &Step> {
    let live = operation.state == OperationState::Committed;
    operation.steps.iter().filter(move |step| live && step.name == StepName::Restart)
}

/// The restarts that will not come any more, each with the reason.
pub fn missing(operation: &Operation) -> impl Iterator<Item = String> {
    let gone =
        |step: &&Step| !matches!(step.state, StepState::Done | StepState::Running | StepState::Pending);
    of(operation)
        .filter(gone)
        .map(|step| format!("restart{}: {}: {}", agent(step), word(&step.state), why(step)))
}

/// The restarts that wait until their agents are idle, each with what it waits for.
pub fn waiting(operation: &Operation) -> impl Iterator<Item = String> {
    let waits = of(operation).filter(|step| step.state == StepState::Pending);
    waits.map(|step| format!("restart{}: {} (agm watch {} --settled)", agent(step), why(step), operation.id))
}

/// `  restart alice: skipped: not restarted: alice was never idle`
pub fn lines(operation: &Operation) -> impl Iterator<Item = String> {
    let done = of(operation).filter(|step| step.state == StepState::Done);
    let done = done.map(|step| format!("restart{}: done: {}", agent(step), why(step)));
    done.chain(waiting(operation)).chain(missing(operation)).map(|line| format!("  {line}"))
}

/// # Errors
/// When an agent was not started again for whom that was asked.
pub fn all_came(operation: &Operation) -> Result<(), CliError> {
    match missing(operation).next() {
        None => Ok(()),
        Some(first) => Err(CliError::NotRestarted(first)),
    }
}

fn agent(step: &Step) -> String {
    step.object.as_ref().map(|agent| format!(" {agent}")).unwrap_or_default()
}

fn why(step: &Step) -> &str {
    step.evidence.as_deref().unwrap_or("nobody says why")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(state: &str, step: &str) -> (Vec<String>, bool) {
        let steps = json!([{"name": "restart", "object": "alice", "state": step, "evidence": "as it was"}]);
        let operation = json!({"id": "01JD0000000000000000000000", "kind": "set_model", "state": state,
            "actor": "a", "via": "cli", "targets": ["worker:alice"], "steps": steps,
            "startedAt": "2026-01-01T00:00:00Z"});
        let operation: Operation = serde_json::from_value(operation).unwrap();
        (lines(&operation).collect(), all_came(&operation).is_ok())
    }

    #[test]
    fn a_restart_that_did_not_come_is_told_and_is_no_success() {
        for state in ["skipped", "failed"] {
            assert_eq!(
                told("committed", state),
                (vec![format!("  restart alice: {state}: as it was")], false)
            );
        }
        assert_eq!(told("committed", "done"), (vec!["  restart alice: done: as it was".into()], true));
    }

    #[test]
    fn a_restart_that_waits_says_how_it_is_followed() {
        let (lines, well) = told("committed", "pending");
        assert!(well && lines[0].ends_with("(agm watch 01JD0000000000000000000000 --settled)"), "{lines:?}");
    }

    #[test]
    fn what_was_taken_back_has_no_restarts() {
        assert_eq!(told("rolled_back", "skipped"), (vec![], true));
    }
}
