//! What was done longer ago than the newest operations tell, and whether that is still as it was written down.
use crate::{Operations, Verified};
use domain::{Failure, Operation, OperationId};
use std::{collections::BTreeMap, sync::Arc};

impl Operations {
    /// All operations that are at hand, newest first: those of [`Operations::operations`], and what the audit trail keeps
    /// of those before them, 500 at most. Where the trail cannot be opened only the former; [`Operations::trail`] tells why.
    pub async fn past(&self) -> Vec<Arc<Operation>> {
        let audited = match self.0.engine.books().await {
            Ok(books) => books.audit.newest(usize::MAX),
            Err(error) => {
                tracing::warn!(%error, "the audit trail cannot be opened");
                Vec::new()
            }
        };
        merged(audited, self.operations())
    }

    /// Checks the audit trail, see [`crate::verify`]. None: it has more than `most` bytes.
    pub async fn trail(&self, most: u64) -> Result<Option<Verified>, Failure> {
        Ok(self.0.engine.books().await?.audit.verified(most).await?)
    }
}

/// Newest first; of an operation that both tell of, the log knows more.
fn merged(audited: Vec<Arc<Operation>>, log: Vec<Arc<Operation>>) -> Vec<Arc<Operation>> {
    let all = audited.into_iter().chain(log).map(|operation| (operation.id.clone(), operation));
    let mut all: Vec<_> = all.collect::<BTreeMap<OperationId, _>>().into_values().collect();
    // An operation that was planned first has the id of its plan, which may be older than it.
    all.sort_by(|a, b| (&b.started_at, &b.id).cmp(&(&a.started_at, &a.id)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::OperationState;

    fn operation(id: char, started: &str, state: &str) -> Arc<Operation> {
        let json = serde_json::json!({"id": format!("01JD000000000000000000000{id}"), "kind": "set_model", "state": state,
            "actor": "admin", "via": "cli", "targets": [], "steps": [], "startedAt": started});
        Arc::new(serde_json::from_value(json).unwrap())
    }

    #[test]
    fn the_newest_comes_first_and_the_log_knows_more_than_the_trail() {
        let audited = vec![
            operation('2', "2026-01-01T10:00:00Z", "committed"),
            operation('1', "2026-01-01T12:00:00Z", "committed"),
        ];
        let log = vec![
            operation('3', "2026-01-01T11:00:00Z", "applying"),
            operation('2', "2026-01-01T10:00:00Z", "rolled_back"),
        ];
        let all = merged(audited, log);
        let told: Vec<_> =
            all.iter().map(|one| (one.id.as_str().chars().last().unwrap(), one.state)).collect();
        assert_eq!(
            told,
            [
                ('1', OperationState::Committed),
                ('3', OperationState::Applying),
                ('2', OperationState::RolledBack)
            ]
        );
    }
}
