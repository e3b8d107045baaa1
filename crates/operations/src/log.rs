//! The newest operations, those of earlier lives of the server included, and which idempotency key began which.
use crate::{journal::RequestMark, news::Board};
use domain::{Code, Failure, Operation, OperationId, OperationState, Topic};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};
use tokio::sync::watch;

/// How many are kept. Running ones are never dropped.
pub const KEPT: usize = 200;

/// Follows one operation.
pub type Watch = watch::Receiver<Arc<Operation>>;

/// The log.
#[derive(Default)]
pub struct Log {
    entries: Mutex<VecDeque<Entry>>,
    /// Where it is told that operations change.
    board: OnceLock<Board>,
}

struct Entry {
    id: OperationId,
    request: Option<RequestMark>,
    watch: Watch,
}

impl Entry {
    /// One that a person was called for may still go on.
    fn has_ended(&self) -> bool {
        let operation = self.watch.borrow();
        let stuck = operation.state == OperationState::NeedsOperator && operation.settled.is_none();
        operation.state.is_final() && !stuck
    }
}

impl Log {
    /// A log that tells there whenever an operation begins or changes. Only the first such board counts.
    pub fn tell(&self, board: Board) {
        self.board.get_or_init(|| board);
    }

    /// The operation that this request has begun already, if any.
    pub fn begun_by(&self, request: &RequestMark) -> Result<Option<(OperationId, Watch)>, Failure> {
        let entries = self.entries();
        let same_key = |r: &RequestMark| r.actor == request.actor && r.key == request.key;
        let Some(entry) = entries.iter().find(|e| e.request.as_ref().is_some_and(same_key)) else {
            return Ok(None);
        };
        if entry.request.as_ref() == Some(request) {
            return Ok(Some((entry.id.clone(), entry.watch.clone())));
        }
        let mut failure =
            Failure::new(Code::IdempotencyMismatch, "this Idempotency-Key came with another request")
                .hint("Use a new key for a new request.");
        failure.operation = Some(entry.id.clone());
        Err(failure)
    }

    /// Operations of earlier lives, newest first.
    pub fn fill(&self, ended: Vec<Arc<Operation>>) {
        let mut entries = self.entries();
        for operation in ended {
            let (_, watch) = watch::channel(operation.clone());
            entries.push_front(Entry { id: operation.id.clone(), request: None, watch });
        }
    }

    /// Notes an operation that begins, or one of an earlier life that goes on. Must be called within a tokio runtime.
    pub fn add(&self, id: OperationId, request: Option<RequestMark>, watch: Watch) {
        let told = watch.clone();
        let mut entries = self.entries();
        match entries.iter_mut().find(|entry| entry.id == id) {
            Some(known) => *known = Entry { id, request, watch },
            None => entries.push_back(Entry { id, request, watch }),
        }
        while entries.len() > KEPT {
            let Some(oldest) = entries.iter().position(Entry::has_ended) else { break };
            entries.remove(oldest);
        }
        drop(entries);
        if let Some(board) = self.board.get() {
            board.tell(&[Topic::Operations]);
            tokio::spawn(tell_changes(told, board.clone()));
        }
    }

    /// Follows an operation.
    pub fn find(&self, id: &OperationId) -> Result<Watch, Failure> {
        let found = self.entries().iter().find(|e| e.id == *id).map(|e| e.watch.clone());
        found.ok_or_else(|| {
            Failure::new(Code::OperationNotFound, format!("there is no operation {id}"))
                .hint(format!("The last {KEPT} operations can be looked at; the audit log has them all."))
        })
    }

    /// Newest first.
    pub fn list(&self) -> Vec<Arc<Operation>> {
        self.entries().iter().rev().map(|e| e.watch.borrow().clone()).collect()
    }

    fn entries(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells each change of an operation, until nobody changes it any more.
async fn tell_changes(mut watch: Watch, board: Board) {
    while watch.changed().await.is_ok() {
        board.tell(&[Topic::Operations]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    fn operation(state: OperationState) -> Arc<Operation> {
        Arc::new(Operation {
            id: "01JD0000000000000000000000".parse().unwrap(),
            kind: "set_model".into(),
            state,
            actor: "admin".into(),
            via: "rest".into(),
            targets: vec![],
            plan: None,
            steps: vec![],
            started_at: Timestamp::from_rfc3339("2026-01-01T00:00:00Z".into()),
            finished_at: None,
            lasts: None,
            failure: None,
            settled: None,
            undoes: None,
            bulk: None,
            broke: vec![],
        })
    }

    #[tokio::test]
    async fn each_change_of_an_operation_is_told_up_to_the_last() {
        let (log, board) = (Log::default(), Board::default());
        log.tell(board.clone());
        let mut told = board.mark();
        let mut is_told = async || {
            while board.mark() == told {
                tokio::task::yield_now().await;
            }
            told = board.mark();
        };
        let operation_now = operation(OperationState::Planned);
        let (progress, watch) = watch::channel(operation_now.clone());
        log.add(operation_now.id.clone(), None, watch);
        is_told().await;
        progress.send_replace(operation(OperationState::Applying));
        is_told().await;
        progress.send_replace(operation(OperationState::Committed));
        drop(progress);
        is_told().await;
        tokio::task::yield_now().await;
        assert_eq!(board.mark(), told, "nothing happens to it any more");
    }
}
