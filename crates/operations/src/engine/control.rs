//! What a person may tell an operation that runs.
use domain::OperationId;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The ear of one operation.
#[derive(Default)]
pub struct Control {
    cancel: CancellationToken,
    give_up: Notify,
}

impl Control {
    /// Whether somebody wants it to stop.
    pub fn cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Waits until somebody wants it to stop.
    pub async fn cancellation(&self) {
        self.cancel.cancelled().await;
    }

    /// Waits until a person takes it over.
    pub async fn given_up(&self) {
        self.give_up.notified().await;
    }
}

/// The ears of all operations that run or are stuck.
#[derive(Default)]
pub struct Controls(Mutex<BTreeMap<OperationId, Arc<Control>>>);

impl Controls {
    /// The ear of an operation; made when it is not there.
    pub fn of(&self, id: &OperationId) -> Arc<Control> {
        self.locked().entry(id.clone()).or_default().clone()
    }

    /// It has ended.
    pub fn forget(&self, id: &OperationId) {
        self.locked().remove(id);
    }

    /// Asks it to stop. False: it has ended.
    pub fn cancel(&self, id: &OperationId) -> bool {
        self.locked().get(id).inspect(|control| control.cancel.cancel()).is_some()
    }

    /// Tells it that a person takes over. False: it has ended.
    pub fn give_up(&self, id: &OperationId) -> bool {
        self.locked().get(id).inspect(|control| control.give_up.notify_one()).is_some()
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<OperationId, Arc<Control>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
