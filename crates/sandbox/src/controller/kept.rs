//! What a controller keeps on disk, so that it outlives the sandbox's process.
use std::sync::{Arc, atomic::Ordering};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    Core,
    accounts::Accounts,
    resource::{ManagerStatus, Resource, TeamStatus, WorkerStatus},
};

/// Its state as an earlier process left it.
#[derive(Default, Serialize, Deserialize)]
pub struct Kept {
    /// Of the controller.
    pub(crate) version: String,
    pub(super) workers: Vec<Resource<WorkerStatus>>,
    pub(super) managers: Vec<Resource<ManagerStatus>>,
    pub(super) teams: Vec<Resource<TeamStatus>>,
    pub(super) accounts: Accounts,
    pub(super) rooms: u64,
}

/// Tells when the state changes, and what it is.
pub(crate) struct Keeping(pub(super) Arc<Core>);

impl Keeping {
    /// Changes whenever a resource does.
    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    /// The state as JSON, to be read as [`Kept`].
    pub(crate) fn export(&self) -> Value {
        let core = &self.0;
        json!({"version": core.ways.version, "workers": core.workers.all(), "managers": core.managers.all(),
            "teams": core.teams.all(), "accounts": core.accounts, "rooms": core.rooms.load(Ordering::Relaxed)})
    }
}
