//! The restarts behind a switch that stands: what is under way, what is yet to come, and what did not come.
use super::said::Told;
use crate::text::t;
use domain::{Operation, OperationState, Step, StepName, StepState};

/// A line for each agent whose restart is not done.
pub fn open_restarts(operation: &Operation) -> Vec<Told> {
    let stands = operation.state == OperationState::Committed;
    operation.steps.iter().filter(|step| stands && step.name == StepName::Restart).filter_map(told).collect()
}

fn told(step: &Step) -> Option<Told> {
    let agent = step.object.as_deref().unwrap_or_default();
    match step.state {
        StepState::Running => Some(t().being_restarted(agent).into()),
        StepState::Pending => Some(t().restarts_when_idle(agent).into()),
        StepState::Skipped | StepState::Failed => Some(Told::said(step.evidence.as_deref())),
        StepState::Done | StepState::Undone => None,
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::pages::activity::tests::operation;
    use serde_json::json;

    #[test]
    fn what_became_of_a_restart_is_told_unless_it_is_done() {
        let of = |operation_state: &str, state: &str| {
            let step = json!([{"name": "restart", "object": "alice", "state": state, "evidence": "said"}]);
            let lines = open_restarts(&operation(json!({"state": operation_state, "steps": step})));
            lines.iter().map(Told::text).collect::<Vec<_>>()
        };
        assert_eq!(of("committed", "running"), [t().being_restarted("alice")]);
        assert_eq!(of("committed", "pending"), [t().restarts_when_idle("alice")]);
        assert_eq!(of("committed", "failed"), ["said"]);
        assert!(of("committed", "done").is_empty() && of("applying", "pending").is_empty());
    }
}
