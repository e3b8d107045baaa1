//! What our own operations may be half done with.
use domain::{Operation, OperationState, Target, Timestamp};
use std::{collections::BTreeSet, sync::Arc};

/// What was being changed when somebody looked.
#[derive(Clone, Debug, Default)]
pub struct Underway {
    agents: BTreeSet<Target>,
    /// By their names in plans.
    objects: BTreeSet<String>,
}

impl Underway {
    /// The operations of the log that had not ended when the look began. One that waits for a person has: what it left is
    /// where it is.
    pub fn since(look: &Timestamp, log: &[Arc<Operation>]) -> Self {
        let goes_on = |operation: &&Arc<Operation>| operation.finished_at.as_ref().is_none_or(|at| at > look);
        let mut underway = Self::default();
        for operation in log.iter().filter(goes_on) {
            underway.agents.extend(operation.targets.iter().filter_map(|target| target.parse().ok()));
            underway.add_objects(operation);
        }
        underway
    }

    /// Adds what operations left half done that ended since and wait for a person: they tell of it themselves.
    pub fn add_stuck(&mut self, since: &Timestamp, log: &[Arc<Operation>]) {
        let stuck = |operation: &&Arc<Operation>| {
            operation.state == OperationState::NeedsOperator
                && operation.finished_at.as_ref().is_none_or(|at| at >= since)
        };
        log.iter().filter(stuck).for_each(|operation| self.add_objects(operation));
    }

    fn add_objects(&mut self, operation: &Operation) {
        let changes = operation.plan.iter().flat_map(|plan| &plan.changes);
        self.objects.extend(changes.map(|change| change.object.clone()));
    }

    /// Whether one of them is for this agent.
    pub fn is_for(&self, agent: &Target) -> bool {
        self.agents.contains(agent)
    }

    /// Whether one of them writes this object.
    pub fn writes(&self, object: &str) -> bool {
        self.objects.contains(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(second: u32) -> Timestamp {
        Timestamp::from_rfc3339(format!("2026-01-15T10:30:{second:02}Z"))
    }

    fn operation(state: &str, ended: Option<u32>) -> Arc<Operation> {
        let mut operation = json!({"id": "01JD0000000000000000000000", "kind": "set_model", "state": state, "actor": "admin",
            "via": "ui", "targets": ["worker:alice"], "steps": [], "startedAt": at(0),
            "plan": {"id": "01JD0000000000000000000000", "kind": "set_model", "targets": [], "createdAt": at(0), "reads": [],
                "changes": [{"object": "route:r", "action": "update", "diff": [], "owner": "agm"}],
                "affected": [], "warnings": [], "steps": []}});
        if let Some(ended) = ended {
            operation["finishedAt"] = json!(at(ended));
        }
        Arc::new(serde_json::from_value(operation).unwrap())
    }

    fn told(log: &[Arc<Operation>]) -> (bool, bool) {
        let underway = Underway::since(&at(10), log);
        (underway.is_for(&"worker:alice".parse().unwrap()), underway.writes("route:r"))
    }

    #[test]
    fn what_had_not_ended_when_somebody_looked_is_under_way() {
        assert_eq!(told(&[operation("applying", None)]), (true, true));
        assert_eq!(told(&[operation("committed", Some(11))]), (true, true));
        assert_eq!(told(&[operation("committed", Some(10))]), (false, false));
        assert_eq!(told(&[operation("needs_operator", Some(9))]), (false, false));
    }

    #[test]
    fn what_is_stuck_since_a_backup_is_told_by_its_operation() {
        let writes = |state: &str, ended: u32| {
            let mut underway = Underway::default();
            underway.add_stuck(&at(10), &[operation(state, Some(ended))]);
            underway.writes("route:r")
        };
        assert!(writes("needs_operator", 12));
        assert!(!writes("needs_operator", 9), "the backup has what it left");
        assert!(!writes("committed", 12));
    }
}
