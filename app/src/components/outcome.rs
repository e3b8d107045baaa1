//! How an operation ended, as people tell it apart at a glance.
use super::badge::Tone;
use crate::{sprite::maps, text::t};
use domain::{Operation, OperationState, StepState};

/// How far an operation is, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Running,
    Committed,
    /// It had changed something, and put it back.
    Undone,
    /// It was refused before it changed anything, or could not be put back.
    Failed,
}

impl Outcome {
    pub const ALL: [Self; 4] = [Self::Running, Self::Committed, Self::Undone, Self::Failed];

    pub fn of(operation: &Operation) -> Self {
        let undone = || operation.steps.iter().any(|step| step.state == StepState::Undone);
        match operation.state {
            OperationState::Committed => Self::Committed,
            OperationState::RolledBack if undone() => Self::Undone,
            OperationState::RolledBack | OperationState::NeedsOperator => Self::Failed,
            _ => Self::Running,
        }
    }

    /// Its name in an address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Committed => "committed",
            Self::Undone => "undone",
            Self::Failed => "failed",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Running => t().step_state(StepState::Running),
            Self::Committed => t().operation_state(OperationState::Committed),
            Self::Undone => t().operation_state(OperationState::RolledBack),
            Self::Failed => t().step_state(StepState::Failed),
        }
    }

    /// The pixels of its sign.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Running => maps::PLAY,
            Self::Committed => maps::CHECK,
            Self::Undone => maps::RETURN,
            Self::Failed => maps::CROSS,
        }
    }

    pub fn tone(self) -> Tone {
        match self {
            Self::Running => Tone::Info,
            Self::Committed => Tone::Ok,
            Self::Undone => Tone::Busy,
            Self::Failed => Tone::Danger,
        }
    }
}

/// The word for how far an operation is: more exact than its [`Outcome`] where a person has to know.
pub fn state_word(operation: &Operation) -> &'static str {
    match (operation.state, Outcome::of(operation)) {
        (OperationState::NeedsOperator, _) if operation.settled.is_some() => t().taken_over(),
        (OperationState::RolledBack, outcome) => outcome.word(),
        (state, _) => t().operation_state(state),
    }
}

/// Whether it could not be put back and waits for a person.
pub fn is_stuck(operation: &Operation) -> bool {
    operation.state == OperationState::NeedsOperator && operation.settled.is_none()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use crate::pages::activity::tests::operation;
    use serde_json::json;

    #[test]
    fn what_was_refused_before_it_wrote_is_not_called_rolled_back() {
        let step = |state: &str| json!([{"name": "route", "state": state}]);
        let of = |more| Outcome::of(&operation(more));
        assert_eq!(of(json!({"state": "rolled_back", "steps": step("failed")})), Outcome::Failed);
        assert_eq!(of(json!({"state": "rolled_back", "steps": step("undone")})), Outcome::Undone);
        assert_eq!(of(json!({"state": "needs_operator", "steps": step("undone")})), Outcome::Failed);
        assert_eq!(of(json!({"state": "compensating", "steps": step("undone")})), Outcome::Running);
        assert_eq!(of(json!({})), Outcome::Committed);
    }

    #[test]
    fn what_a_person_took_over_waits_for_nobody() {
        let stuck = operation(json!({"state": "needs_operator"}));
        assert!(is_stuck(&stuck));
        let settled = json!({"at": "2026-01-01T10:00:00Z", "evidence": "taken over"});
        let taken = operation(json!({"state": "needs_operator", "settled": settled}));
        assert!(!is_stuck(&taken));
        assert_ne!(state_word(&stuck), state_word(&taken));
    }
}
