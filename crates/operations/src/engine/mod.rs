//! Runs mutations: one supervised task each, so that a closed browser tab stops nothing half way.
//!
//! `submit` begins one, [`supervise`] carries it over panics, `plan` works it out while holding what it needs, [`course`]
//! leads it through the state machine, [`perform`] touches the world, [`conclude`] ends it, [`settle`] watches what comes
//! late. [`recover`] takes up what a crash left of it.
mod books;
mod conclude;
mod control;
mod course;
mod ends;
mod pauses;
mod perform;
mod plan;
mod progress;
mod recover;
mod settle;
mod supervise;
#[cfg(test)]
mod tests;
mod undo;
mod watches;

pub use books::Books;
pub use progress::pending;
pub use recover::open_later;

use crate::{
    Running, Timing,
    clients::Clients,
    clock::Clock,
    journal::{JournalError, Record, RequestMark},
    locks::{HeldTargets, Locks},
    log::Log,
    plans::KeptPlan,
    prepare::{self, Installation},
    reads::Caches,
};
use control::Controls;
use domain::{Code, Context, Failure, Mutation, OperationId};
use progress::Progress;
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::OnceCell, task::JoinHandle, time::Instant};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};
use tracing::{Instrument, Span};
use watches::Watches;

/// What all operations of this process share.
pub struct Engine {
    pub clients: Arc<Clients>,
    pub installation: Installation,
    pub caches: Arc<Caches>,
    pub log: Log,
    clock: Clock,
    data_dir: PathBuf,
    books: OnceCell<Arc<Books>>,
    locks: Arc<Locks>,
    watches: Watches,
    controls: Controls,
    /// Operations that write.
    tasks: TaskTracker,
    /// The server stops.
    stop: CancellationToken,
    /// Between the look whether a request was begun and its beginning nobody else may begin.
    begin: Mutex<()>,
    written: Written,
    timing: Timing,
}

/// A mutation that somebody asks for.
pub struct Asked {
    pub mutation: Mutation,
    pub context: Context,
    /// The plan that was shown: nothing else may be done.
    pub kept: Option<Arc<KeptPlan>>,
}

/// Our own writes to the console: plans made before one are old, and the gateway may not follow the newest yet.
#[derive(Default)]
struct Written {
    count: AtomicU64,
    last: Mutex<Option<Instant>>,
}

/// An operation that has its locks and no plan yet.
pub struct Begun {
    books: Arc<Books>,
    asked: Asked,
    backup: JoinHandle<()>,
    progress: Arc<Progress>,
    request: Option<RequestMark>,
    held: Arc<HeldTargets>,
}

impl Engine {
    /// Runs nothing yet.
    pub fn new(
        clients: Arc<Clients>,
        installation: Installation,
        caches: Arc<Caches>,
        data_dir: PathBuf,
        timing: Timing,
    ) -> Self {
        Self {
            clock: clients.clock.clone(),
            clients,
            installation,
            caches,
            log: Log::default(),
            data_dir,
            books: OnceCell::new(),
            locks: Arc::default(),
            watches: Watches::default(),
            controls: Controls::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            begin: Mutex::default(),
            written: Written::default(),
            timing,
        }
    }

    /// The journal and the audit log. The first call that can open them takes up what an earlier life left, before it
    /// returns to anybody who wants to change something. They are opened in a task: half opened and left by whoever
    /// asked, the data directory would still be in use when the next one asks.
    pub async fn books(self: &Arc<Self>) -> Result<&Arc<Books>, JournalError> {
        if self.books.get().is_none() {
            let engine = self.clone();
            let opened =
                tokio::spawn(
                    async move { engine.books.get_or_try_init(|| engine.open_books()).await.cloned() },
                );
            drop(opened.await.map_err(|error| JournalError::broken_off(&error.into()))??);
        }
        self.books.get().ok_or_else(|| JournalError::Unwritable("the journal is not open".into()))
    }

    async fn open_books(self: &Arc<Self>) -> Result<Arc<Books>, JournalError> {
        let (books, found) = Books::open(&self.clients.disk, &self.data_dir).await?;
        let books = Arc::new(books);
        if let Err(error) = self.clients.registration.open(books.journal.seal().clone()).await {
            tracing::error!(%error, "nothing can be installed or uninstalled");
        }
        if let Err(error) = self.clients.holder.sweep().await {
            tracing::warn!(%error, "what an earlier life left half-written beside the Manager's config stays");
        }
        let known = books.audit.newest(crate::log::KEPT);
        // The clock may have gone back meanwhile.
        known.iter().for_each(|operation| self.clock.go_beyond(&operation.id));
        found.records.iter().for_each(|record| self.clock.go_beyond(&record.operation.id));
        self.log.fill(known);
        self.take_up(&books, found);
        Ok(books)
    }

    /// Begins a mutation and returns at once. A request that was begun before under the same idempotency key, or for
    /// the same plan, is not begun again. What is begun is backed up by `back_up`: nothing is written before that has
    /// ended.
    pub async fn submit(
        self: &Arc<Self>,
        asked: Asked,
        back_up: impl FnOnce(&Asked) -> JoinHandle<()>,
    ) -> Result<Running, Failure> {
        prepare::check(&self.clients, &asked.mutation)?;
        let books = self.books().await?.clone();
        let (held, targets) = self.reach(&asked.mutation).await?;
        let request = mark(&books, &asked)?;
        let _one_at_a_time = self.begin.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(begun) = request.as_ref().map(|r| self.log.begun_by(r)).transpose()?.flatten() {
            return Ok(Running::follow(begun));
        }
        let id = match &asked.kept {
            Some(kept) => kept.plan.id.clone(),
            None => self.clock.new_id()?,
        };
        if let Ok(watch) = self.log.find(&id) {
            return Ok(Running::follow((id, watch)));
        }
        if self.tasks.is_closed() {
            return Err(Failure::new(Code::UpstreamUnavailable, "the server is shutting down")
                .hint("Nothing was changed. Try again when it is back."));
        }
        let held = Arc::new(self.locks.hold(held, &id)?);
        let backup = back_up(&asked);
        let context = asked.context.clone();
        let progress = Progress::begin(id.clone(), &asked.mutation, targets, context, self.clock.now());
        let progress = Arc::new(progress);
        let watch = progress.watch();
        self.log.add(id.clone(), request.clone(), watch.clone());
        drop(self.controls.of(&id));
        let begun = Begun { books, asked, backup, progress, request, held };
        let task = self.tasks.spawn(self.clone().supervise(begun).instrument(span_of(&id)));
        let tied = planted::is(planted::Bug::InlineExecution).then(|| AbortOnDropHandle::new(task));
        Ok(Running { id, watch, _tied: tied })
    }

    /// What a mutation holds, and the agents that it is for. An undo is for those of what it takes back.
    async fn reach(self: &Arc<Self>, mutation: &Mutation) -> Result<(Vec<String>, Vec<String>), Failure> {
        let Mutation::Undo { operation } = mutation else {
            return Ok((prepare::held_by(mutation), prepare::targets(mutation)));
        };
        let record = self.record(operation).await?;
        Ok((record.held, record.operation.targets))
    }

    /// What the journal keeps of an operation.
    async fn record(self: &Arc<Self>, operation: &OperationId) -> Result<Record, Failure> {
        let books = self.books().await?;
        books.journal.load(operation).await?.ok_or_else(|| prepare::no_record(operation))
    }

    /// Asks an operation that runs to stop. It goes back, unless the change is live already.
    pub fn cancel(&self, id: &OperationId) -> Result<(), Failure> {
        let found = self.controls.cancel(id);
        if found { Ok(()) } else { Err(self.has_ended(id)) }
    }

    /// A person takes over an operation that cannot be undone: what is where stays there, and its targets are free.
    pub fn give_up(&self, id: &OperationId) -> Result<(), Failure> {
        // Told an end and not let go: it is stuck, also while another try is made.
        let stuck = self.log.find(id)?.borrow().finished_at.is_some();
        if stuck && self.controls.give_up(id) { Ok(()) } else { Err(self.has_ended(id)) }
    }

    fn has_ended(&self, id: &OperationId) -> Failure {
        match self.log.find(id) {
            Ok(_) => Failure::new(Code::Conflict, format!("operation {id} is not under way any more"))
                .hint("What it did can be taken back with an undo."),
            Err(failure) => failure,
        }
    }

    /// Refuses new operations and waits for those that run, at most so long. What is not done then is taken up by the
    /// next start.
    pub async fn drain(&self, limit: Duration) {
        self.tasks.close();
        // Whoever only waits, for a better time to undo or for the horizon, ends at once.
        self.stop.cancel();
        if tokio::time::timeout(limit, self.tasks.wait()).await.is_err() {
            tracing::warn!("operations are still under way; the next start takes them up");
        }
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
        self.since_write().is_some_and(|since| since < self.timing.effective)
    }

    /// How long until the gateway surely follows the last write.
    pub fn follows_in(&self) -> Duration {
        self.since_write().map(|since| self.timing.follows().saturating_sub(since)).unwrap_or_default()
    }

    fn since_write(&self) -> Option<Duration> {
        let last = *self.written.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|at| at.elapsed())
    }
}

/// What every line of the log that is about an operation belongs to, down to the errors.
fn span_of(id: &OperationId) -> Span {
    tracing::error_span!("operation", operation = %id)
}

fn mark(books: &Books, asked: &Asked) -> Result<Option<RequestMark>, Failure> {
    let Some(key) = &asked.context.idempotency_key else { return Ok(None) };
    Ok(Some(RequestMark::of(books.journal.seal(), &asked.context.actor, key, &asked.mutation)?))
}
