//! An operation that was begun, for whoever waits for it.
use domain::{Code, Failure, Operation, OperationId, OperationState};
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// An operation that was begun. Dropping it does not stop the operation.
pub struct Running {
    pub(crate) id: OperationId,
    pub(crate) watch: watch::Receiver<Arc<Operation>>,
    /// Always none, but where a test plants the bug that an operation dies with the request that began it.
    pub(crate) _tied: Option<AbortOnDropHandle<()>>,
}

impl Running {
    pub(crate) fn follow((id, watch): (OperationId, watch::Receiver<Arc<Operation>>)) -> Self {
        Self { id, watch, _tied: None }
    }

    /// Its id.
    pub fn id(&self) -> &OperationId {
        &self.id
    }

    /// Its newest state; changes when a step does.
    pub fn watch(&self) -> watch::Receiver<Arc<Operation>> {
        self.watch.clone()
    }

    /// Waits for the end. `Err` carries the code of the failure, the steps and the operation's id.
    pub async fn finished(mut self) -> Result<Arc<Operation>, Failure> {
        let ended =
            self.watch.wait_for(|operation| operation.has_ended()).await.map(|operation| operation.clone());
        let broken = |_| Failure::new(Code::Internal, "the operation broke off without a word");
        let operation = ended.map_err(broken)?;
        match (&operation.failure, operation.state) {
            (None, OperationState::Committed) => Ok(operation),
            (Some(failure), _) => Err((**failure).clone()),
            (None, _) => Err(Failure::new(Code::Internal, "the operation failed without a reason")),
        }
    }
}
