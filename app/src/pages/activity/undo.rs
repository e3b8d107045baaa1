//! Whether an operation can be taken back, as far as its history tells.
use domain::{Operation, OperationId, OperationState};
use operations::undone_by;
use std::{collections::BTreeSet, sync::Arc};

/// What is known of all operations.
pub struct Past {
    /// Newest first.
    pub all: Vec<Arc<Operation>>,
    /// Those whose images are kept.
    pub kept: BTreeSet<OperationId>,
}

/// Why there is nothing to take back, or no way to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoUndo {
    Running,
    /// It changed nothing, or has put everything back.
    Nothing,
    /// It could not be put back as a whole.
    Stuck,
    Undone(OperationId),
    TooOld,
}

impl Past {
    /// Why an operation cannot be undone; none: its undo can be planned, which looks at what is there now.
    pub fn no_undo(&self, operation: &Operation) -> Option<NoUndo> {
        let changed = operation.plan.as_ref().is_some_and(|plan| !plan.changes.is_empty());
        match operation.state {
            OperationState::NeedsOperator => Some(NoUndo::Stuck),
            OperationState::RolledBack => Some(NoUndo::Nothing),
            OperationState::Committed if !changed => Some(NoUndo::Nothing),
            OperationState::Committed => match undone_by(&operation.id, &self.all) {
                Some(by) => Some(NoUndo::Undone(by)),
                None => (!self.kept.contains(&operation.id)).then_some(NoUndo::TooOld),
            },
            _ => Some(NoUndo::Running),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::activity::tests::{id, operation, plan};
    use serde_json::json;

    #[test]
    fn only_what_changed_something_and_still_stands_can_be_undone() {
        let done = operation(json!({"id": id(1), "plan": plan("route:a")}));
        let undo = operation(json!({"id": id(2), "kind": "undo", "undoes": id(1), "plan": plan("route:a")}));
        let past = |all: &[&Operation]| Past {
            all: all.iter().map(|one| Arc::new((*one).clone())).collect(),
            kept: all.iter().map(|one| one.id.clone()).collect(),
        };
        assert_eq!(past(&[&done]).no_undo(&done), None);
        assert_eq!(past(&[&undo, &done]).no_undo(&done), Some(NoUndo::Undone(undo.id.clone())));
        assert_eq!(past(&[&undo, &done]).no_undo(&undo), None);
        assert_eq!(Past { kept: BTreeSet::new(), ..past(&[&done]) }.no_undo(&done), Some(NoUndo::TooOld));
        for (more, why) in [
            (json!({}), NoUndo::Nothing),
            (json!({"state": "rolled_back", "plan": plan("route:a")}), NoUndo::Nothing),
            (json!({"state": "needs_operator", "plan": plan("route:a")}), NoUndo::Stuck),
            (json!({"state": "applying", "plan": plan("route:a")}), NoUndo::Running),
        ] {
            let other = operation(more);
            assert_eq!(past(&[&other]).no_undo(&other), Some(why));
        }
    }
}
