//! Runs mutations: one supervised task each, so that a closed browser tab stops nothing half way.
mod progress;
mod run;
#[cfg(test)]
mod tests;

pub use progress::pending;

use crate::{
    Timing,
    clients::Clients,
    clock,
    locks::Locks,
    log::{Log, Request, Watch},
    prepare::{self, Installation},
    reads::Caches,
};
use domain::{Code, Context, Failure, Mutation, OperationId};
use progress::Progress;
use run::Run;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use tokio_util::task::TaskTracker;

/// What all operations of this process share.
pub struct Engine {
    pub clients: Arc<Clients>,
    pub installation: Installation,
    pub caches: Arc<Caches>,
    pub log: Log,
    locks: Arc<Locks>,
    tasks: TaskTracker,
    written: Written,
    timing: Timing,
}

/// Our own writes to the console: plans made before one are old, and the gateway may not follow the newest yet.
#[derive(Default)]
struct Written {
    count: AtomicU64,
    last: Mutex<Option<Instant>>,
}

impl Engine {
    /// Runs nothing yet.
    pub fn new(
        clients: Arc<Clients>,
        installation: Installation,
        caches: Arc<Caches>,
        timing: Timing,
    ) -> Self {
        Self {
            clients,
            installation,
            caches,
            log: Log::default(),
            locks: Arc::default(),
            tasks: TaskTracker::new(),
            written: Written::default(),
            timing,
        }
    }

    /// Begins a mutation and returns at once. A request that was begun before under the same idempotency key is not
    /// begun again.
    pub fn submit(
        self: &Arc<Self>,
        mutation: Mutation,
        context: Context,
    ) -> Result<(OperationId, Watch), Failure> {
        prepare::check(&self.clients, &mutation)?;
        let request = Request::of(&mutation, &context)?;
        if let Some(begun) = request.as_ref().map(|r| self.log.begun_by(r)).transpose()?.flatten() {
            return Ok(begun);
        }
        if self.tasks.is_closed() {
            return Err(Failure::new(Code::UpstreamUnavailable, "the server is shutting down")
                .hint("Nothing was changed. Try again when it is back."));
        }
        let id = clock::new_id()?;
        let held = self.locks.hold(prepare::held_by(&mutation), &id)?;
        let progress = Arc::new(Progress::begin(id.clone(), &mutation, prepare::targets(&mutation), context));
        let watch = progress.watch();
        self.log.add(id.clone(), request, watch.clone());
        let engine = self.clone();
        self.tasks.spawn(async move {
            let run = Run::new(engine.clone(), progress.clone(), mutation);
            let end = tokio::spawn(run.drive()).await.unwrap_or_else(|error| {
                tracing::error!(operation = %progress.operation().id, %error, "an operation broke off");
                progress.broken_off()
            });
            engine.caches.clear();
            drop(held);
            progress.finish(end);
        });
        Ok((id, watch))
    }

    /// Refuses new operations and waits for those that run.
    pub async fn drain(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn note_console_write(&self) {
        self.written.count.fetch_add(1, Ordering::AcqRel);
        *self.written.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.caches.clear();
    }

    fn console_writes(&self) -> u64 {
        self.written.count.load(Ordering::Acquire)
    }

    /// Whether the gateway may not follow our newest change of the console yet.
    pub fn gateway_may_lag(&self) -> bool {
        let last = *self.written.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|at| at.elapsed() < self.timing.effective)
    }
}
