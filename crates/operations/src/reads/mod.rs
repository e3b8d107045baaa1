//! What can be asked. Reads are cached for a moment and dropped by own writes.
mod agents;
mod assignments;
mod console;
mod health;
pub mod looks;
mod metrics;
mod models;
mod prometheus;
mod providers;
mod routes;
mod test;
mod together;
mod usage;
mod ways;
mod workers;

pub use agents::{Agents, SeenAgent};
pub use assignments::{observed_assignments, runs};
pub use console::ConsoleState;
pub use health::health;
pub use metrics::{Instruments, NOT_YET, Sampler};
pub use models::{Listed, limits_of, list_models, provider_models};
pub use providers::{CHAT, provider_views};
pub use routes::{routing_view, view_for_routes};
pub use test::test_provider;
pub use together::{PlanReads, Together};
pub use ways::Ways;
pub use workers::all_workers;

use crate::{
    Seen,
    cache::{Cache, Derived},
    news::Board,
};
use domain::{AiRoute, Assignment, Failure, HiclawIdentity, Provider, Target, Topic, Worker};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Every agent's assignment; a worker list that could not be read leaves only the Manager.
pub struct AssignmentsSeen {
    pub by_target: BTreeMap<Target, Arc<Seen<Assignment>>>,
    pub workers_unknown: Option<Failure>,
}

/// A read that was worked out of others: its value, or why there is none.
type View<T> = Result<Arc<Seen<T>>, Failure>;

/// All cached reads.
pub struct Caches {
    pub console: Cache<ConsoleState>,
    pub agents: Cache<Agents>,
    /// How the workers are, as HiClaw tells it.
    pub states: Cache<Seen<Vec<Worker>>>,
    pub hiclaw: Cache<HiclawIdentity>,
    pub workers: Derived<Seen<Vec<Worker>>, Agents, Seen<Vec<Worker>>>,
    pub routes: Derived<ConsoleState, ConsoleState, View<Vec<AiRoute>>>,
    pub providers: Derived<ConsoleState, Agents, View<Vec<Provider>>>,
    pub assignments: Derived<ConsoleState, Agents, Result<AssignmentsSeen, Failure>>,
    /// Where own writes are told.
    pub board: Board,
}

impl Caches {
    /// Nothing is known yet; what is read is served for `ttl`, see [`Cache::new`].
    pub fn new(ttl: Duration) -> Self {
        Self {
            console: Cache::new(ttl),
            agents: Cache::new(ttl),
            states: Cache::new(ttl),
            hiclaw: Cache::new(ttl),
            workers: Derived::default(),
            routes: Derived::default(),
            providers: Derived::default(),
            assignments: Derived::default(),
            board: Board::default(),
        }
    }

    /// Something was written: nothing that was read before counts.
    pub fn clear(&self) {
        self.console.clear();
        self.agents.clear();
        self.states.clear();
        self.board.tell(&[Topic::Office, Topic::Providers, Topic::Routes]);
    }
}
