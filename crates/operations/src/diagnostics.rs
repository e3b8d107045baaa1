//! How the installation and this server are.
use crate::{
    Inner, Operations, conditional,
    reads::{self, Instruments},
};
use domain::{DeepHealth, Failure, HiclawIdentity, Metrics, MetricsHistory, Usage};
use std::{sync::Arc, time::Duration};

/// So long a page waits for what only stands at its edge.
const SOON: Duration = Duration::from_secs(1);

impl Operations {
    /// Begins to measure how busy the host and the gateway are, for as long as these operations live. Until then
    /// [`Operations::metrics`] has no figures. Must be called within a tokio runtime.
    pub fn start_sampling(&self) {
        let Inner { clients, caches, sampler, gateway_metrics, .. } = &*self.0;
        sampler.start(Instruments {
            http: clients.http.clone(),
            page: gateway_metrics.clone(),
            clock: clients.clock.clone(),
            board: caches.board.clone(),
        });
    }

    /// Begins to ask the object store whether it honours conditional writes, until it has said so or these operations are
    /// gone. Until then it is taken to. Must be called within a tokio runtime.
    pub fn start_probing(&self) {
        tokio::spawn(conditional::find_out(Arc::downgrade(&self.0.clients)));
    }

    /// # Errors
    /// `UPSTREAM_UNAVAILABLE` when the object store was seen to ignore conditional writes: no agent can be changed then.
    pub fn store_is_safe(&self) -> Result<(), Failure> {
        self.0.clients.conditional.check()
    }

    /// The newest figures of the background sampler; never waits.
    pub async fn metrics(&self) -> Arc<Metrics> {
        self.0.sampler.latest()
    }

    /// The figures of the last time, at most an hour; never waits. Empty until [`Operations::start_sampling`].
    pub fn metrics_history(&self, last: Duration) -> MetricsHistory {
        self.0.sampler.history(last)
    }

    /// Who used which model, as the gateway counts it; never waits.
    pub fn usage(&self) -> Usage {
        self.0.sampler.usage()
    }

    /// Asks every system at once, and tries whether a change could be written down.
    pub async fn health(&self) -> DeepHealth {
        Box::pin(reads::health(&self.0.clients, &self.0.gateway, self.can_change(), self.hiclaw())).await
    }

    /// The same for a page, which does not wait for it long. None: nobody could say yet.
    pub async fn hiclaw_soon(&self) -> Option<Arc<HiclawIdentity>> {
        tokio::time::timeout(SOON, self.hiclaw()).await.ok()?.ok()
    }

    /// Which HiClaw stands behind everything, as it was seen a moment ago.
    pub async fn hiclaw(&self) -> Result<Arc<HiclawIdentity>, Failure> {
        self.0.caches.hiclaw.get(reads::looks::hiclaw(&self.0.clients)).await
    }
}
