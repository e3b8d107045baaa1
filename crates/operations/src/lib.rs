//! The use cases of AI Gateway Management, and the engine that runs changes. The only thing that the doors (page,
//! REST, CLI) call.
mod audit;
mod backups;
mod bulk;
mod cache;
mod clients;
mod clock;
mod conditional;
mod config;
mod declared;
mod doctor;
mod edits;
mod egress;
mod engine;
mod failure;
#[cfg(test)]
mod fake;
mod history;
mod journal;
mod last_seen;
mod locks;
mod log;
mod neighbours;
mod news;
mod outside;
mod past;
mod plans;
mod prepare;
mod probe;
mod reads;
mod scrub;
mod seal;

pub use audit::{AUDIT_FILE, Break, Verified, verify};
pub use backups::Present;
pub use bulk::BulkRunning;
pub use clock::Clock;
pub use config::{Config, ConsoleConfig, ManagerConfig, StoreConfig, Timing};
pub use declared::Exported;
pub use news::{Mark, News};
pub use outside::Outside;
pub use prepare::undone_by;
pub use probe::{Answered, Ask, ListedModel, Listing, MayPass, ProbeFailure};

use clients::Clients;
use domain::{
    AiRoute, Assignment, Assignments, Code, Context, DeepHealth, Failure, LastTest, Metrics, MetricsHistory,
    Mutation, Operation, OperationId, OperationState, Plan, Provider, ProviderModel, ProviderName,
    ProviderTest, Simulate, Simulation, Target, TestProvider, Topic, Usage, Worker, rules,
};
use engine::{Asked, Engine};
use futures::Stream;
use journal::JournalError;
use last_seen::LastSeen;
use news::Looker;
use plans::Plans;
use prepare::{Installation, Prepared};
use reads::{Agents, AssignmentsSeen, Caches, ConsoleState, Instruments, Sampler, looks};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

/// Everything that can be asked or done. Cheap to clone.
#[derive(Clone)]
pub struct Operations(Arc<Inner>);

struct Inner {
    clients: Arc<Clients>,
    caches: Arc<Caches>,
    engine: Arc<Engine>,
    sampler: Sampler,
    looker: Looker,
    last_tests: LastSeen<LastTest>,
    plans: Plans,
    backups: backups::Store,
    installation: Installation,
    gateway: Url,
    gateway_metrics: Option<Url>,
    known: doctor::Known,
    doctor: doctor::Memory,
}

/// What a read observed, and when; how old reads may be is said at [`Timing::cache`]. They are dropped by own writes.
#[derive(Clone, Debug)]
pub struct Seen<T> {
    pub value: T,
    pub observed_at: domain::Timestamp,
}

/// An operation that was begun. Dropping it does not stop the operation.
pub struct Running {
    id: OperationId,
    watch: watch::Receiver<Arc<Operation>>,
    /// Always none, but where a test plants the bug that an operation dies with the request that began it.
    _tied: Option<AbortOnDropHandle<()>>,
}

impl Running {
    fn follow((id, watch): (OperationId, watch::Receiver<Arc<Operation>>)) -> Self {
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
        let ended = self
            .watch
            .wait_for(|operation| operation.state.is_final())
            .await
            .map(|operation| operation.clone());
        let broken = |_| Failure::new(Code::Internal, "the operation broke off without a word");
        let operation = ended.map_err(broken)?;
        match (&operation.failure, operation.state) {
            (None, OperationState::Committed) => Ok(operation),
            (Some(failure), _) => Err((**failure).clone()),
            (None, _) => Err(Failure::new(Code::Internal, "the operation failed without a reason")),
        }
    }
}

impl Operations {
    /// Operations on the real world, see [`Operations::with`].
    pub fn new(config: Config) -> Result<Self, Failure> {
        Self::with(config, Outside::default())
    }

    /// Builds the clients. Makes no call before it returns: an installation that is down shows in reads and in health.
    /// Must be called within a tokio runtime.
    pub fn with(config: Config, outside: Outside) -> Result<Self, Failure> {
        let clients = Arc::new(Clients::new(&config, &outside)?);
        let known = doctor::Known::of(&config);
        let caches = Arc::new(Caches::new(config.timing.cache));
        let host = config.gateway_host.clone().or_else(|| host_of(&config.gateway)).unwrap_or_default();
        let installation = Installation { gateway_host: host, hiclaw_provider: config.hiclaw_provider };
        let backups =
            backups::Store::new(clients.clock.clone(), config.data_dir.clone(), caches.board.clone());
        let looker = Looker::new(config.timing.look, caches.board.clone());
        let engine = Engine::new(
            clients.clone(),
            installation.clone(),
            caches.clone(),
            config.data_dir,
            config.timing,
        );
        engine.log.tell(caches.board.clone());
        let sampler = Sampler::new(&clients.clock);
        let gateway = config.gateway;
        Ok(Self(Arc::new(Inner {
            clients,
            caches,
            engine: Arc::new(engine),
            sampler,
            looker,
            last_tests: LastSeen::default(),
            plans: Plans::default(),
            backups,
            installation,
            gateway,
            gateway_metrics: config.gateway_metrics,
            known,
            doctor: doctor::Memory::default(),
        })))
    }

    /// Opens the data directory and takes up what an earlier life of the server left. When the directory cannot be read
    /// or written now, reads go on, and each change tries again and is refused until it can.
    ///
    /// # Errors
    /// `STORAGE_UNAVAILABLE` when another process has the directory.
    pub async fn recover(&self) -> Result<(), Failure> {
        match self.0.engine.books().await {
            Ok(_) => Ok(()),
            Err(error @ JournalError::InUse(_)) => Err(error.into()),
            Err(error) => {
                tracing::error!(%error, "nothing can be changed until the data directory can be written");
                tokio::spawn(engine::open_later(Arc::downgrade(&self.0.engine)));
                Ok(())
            }
        }
    }

    /// Whether changes can be written down, which they must be before they are made.
    pub async fn can_change(&self) -> Result<(), Failure> {
        self.0.engine.books().await?.journal.probe().await?;
        Ok(())
    }

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

    /// All providers, with who uses each.
    pub async fn providers(&self) -> Result<Arc<Seen<Vec<Provider>>>, Failure> {
        let (console, agents) = self.seen().await?;
        let make = |console: &ConsoleState, agents: &Agents| {
            let value = reads::provider_views(console, agents, &self.0.installation, &self.0.last_tests)?;
            Ok(Arc::new(Seen { value, observed_at: console.at.clone() }))
        };
        (*self.0.caches.providers.of(&console, &agents, make)).clone()
    }

    /// One provider.
    pub async fn provider(&self, name: &ProviderName) -> Result<Provider, Failure> {
        let (providers, console) = futures::try_join!(self.providers(), self.console())?;
        let found = providers.value.iter().find(|provider| provider.name == *name).cloned();
        found.map_or_else(|| Err(console.provider(name).err().unwrap_or_else(changed_meanwhile)), Ok)
    }

    /// The provider's own list, with what is known about each model.
    pub async fn provider_models(&self, name: &ProviderName) -> Result<Vec<ProviderModel>, Failure> {
        reads::provider_models(&self.0.clients, self.console().await?.provider(name)?).await
    }

    /// Asks the provider itself, and with a model also through the gateway. What the test saw is shown with the provider
    /// until the next test or until the provider is changed.
    pub async fn test_provider(&self, test: TestProvider) -> Result<ProviderTest, Failure> {
        let Inner { clients, installation, engine, caches, last_tests, .. } = &*self.0;
        let console = self.console().await?;
        let (name, model, lag) = (&test.provider, test.model.as_ref(), engine.gateway_may_lag());
        let outcome = reads::test_provider(clients, installation, &console, name, model, lag).await;
        let seen = outcome.as_ref().map_or_else(ProviderTest::of_failure, |test| Some(test.clone()));
        if let Some(test) = seen {
            last_tests.keep(console.provider(name)?, LastTest { at: clients.clock.now(), test });
            caches.providers.clear();
            caches.board.tell(&[Topic::Providers]);
        }
        outcome
    }

    /// All AI routes, in the order in which the gateway asks them.
    pub async fn routes(&self) -> Result<Arc<Seen<Vec<AiRoute>>>, Failure> {
        let console = self.console().await?;
        let make = |console: &ConsoleState, _: &ConsoleState| {
            let value = rules::ai_routes(&reads::view_for_routes(console, &self.0.installation)?);
            Ok(Arc::new(Seen { value, observed_at: console.at.clone() }))
        };
        (*self.0.caches.routes.of(&console, &console, make)).clone()
    }

    /// Which route wins for a model, and why.
    pub async fn simulate(&self, question: Simulate) -> Result<Simulation, Failure> {
        let console = self.console().await?;
        Ok(rules::simulate(&reads::view_for_routes(&console, &self.0.installation)?, &question))
    }

    /// One agent's model: recorded, and as its config and the routes say.
    pub async fn assignment(&self, target: &Target) -> Result<Arc<Seen<Assignment>>, Failure> {
        let seen = self.all_assignments().await?;
        let all = (*seen).as_ref().map_err(Clone::clone)?;
        match (all.by_target.get(target), target, &all.workers_unknown) {
            (Some(assignment), ..) => Ok(assignment.clone()),
            (None, Target::Worker(_), Some(why)) => Err(why.clone()),
            (None, Target::Worker(name), None) => Err(hiclaw::Error::NoWorker(name.clone()).into()),
            (None, Target::Manager, _) => Err(changed_meanwhile()),
        }
    }

    /// Every agent's model.
    pub async fn assignments(&self) -> Result<Assignments, Failure> {
        let seen = self.all_assignments().await?;
        let all = (*seen).as_ref().map_err(Clone::clone)?;
        if let Some(why) = &all.workers_unknown {
            return Err(why.clone());
        }
        let workers = all.by_target.iter().filter_map(|(target, seen)| match target {
            Target::Manager => None,
            Target::Worker(name) => Some((name.clone(), seen.value.clone())),
        });
        let manager = all.by_target.get(&Target::Manager).ok_or_else(changed_meanwhile)?.value.clone();
        Ok(Assignments { manager, workers: workers.collect() })
    }

    /// All workers and how they are.
    pub async fn workers(&self) -> Result<Arc<Seen<Vec<Worker>>>, Failure> {
        let (states, agents) = futures::try_join!(self.states(), self.agents())?;
        let log = self.operations();
        Ok(self
            .0
            .caches
            .workers
            .of(&states, &agents, |states, agents| reads::all_workers(states, agents, &log)))
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

    /// Where the news are now. A page that is made after this can ask for what came since.
    pub fn news_mark(&self) -> Mark {
        self.0.caches.board.mark()
    }

    /// What is no longer as pages show it: from now on, or since the text of a [`Mark`]; since one of another life of the
    /// server, or a text that is none, everything is old. While such a stream lives, the installation is looked at for changes of others; those of our own
    /// are told at once. The stream does not end before these operations do. Must be called within a tokio runtime.
    pub fn news(&self, since: Option<&str>) -> impl Stream<Item = News> + use<> {
        let weak = Arc::downgrade(&self.0);
        let looking = self.0.looker.join(move || weak.upgrade().map(Operations));
        self.0.caches.board.listen(since, looking)
    }

    /// Asks every system at once, and tries whether a change could be written down.
    pub async fn health(&self) -> DeepHealth {
        Box::pin(reads::health(&self.0.clients, &self.0.gateway, self.can_change())).await
    }

    /// OpenClaw reloads by itself when its file changes, so this only tells how, after seeing the agent alive.
    pub async fn reload(&self, target: &Target) -> Result<&'static str, Failure> {
        if let Target::Worker(_) = target {
            self.agents().await?.get(target)?;
        }
        Ok(self.0.clients.holder.reload(target).await?.how)
    }

    /// What the mutation would change. Changes nothing.
    pub async fn plan(&self, mutation: &Mutation) -> Result<Plan, Failure> {
        let mutation = self.opened(mutation.clone()).await?;
        Ok(self.prepare(&mutation).await?.plan)
    }

    async fn prepare(&self, mutation: &Mutation) -> Result<Prepared, Failure> {
        let Inner { clients, engine, .. } = &*self.0;
        prepare::check(clients, mutation)?;
        // Boxed: what lies below is deeper than the compiler follows from the page that asks for a plan.
        Box::pin(engine.prepare(mutation, clients.clock.new_id()?)).await
    }

    /// Begins a mutation in a task of its own, after a backup. Fails at once when the request is bad, the target is held,
    /// or nothing can be written down.
    pub async fn submit(&self, mutation: Mutation, context: Context) -> Result<Running, Failure> {
        self.begin(Asked { mutation, context, kept: None }).await
    }

    async fn begin(&self, asked: Asked) -> Result<Running, Failure> {
        let asked = Asked { mutation: self.opened(asked.mutation).await?, ..asked };
        prepare::check(&self.0.clients, &asked.mutation)?;
        let backup = self.begin_backup(&asked.mutation, &asked.context);
        self.0.engine.submit(asked, backup).await
    }

    /// Puts back what an operation replaced, as an operation of its own.
    pub async fn undo(&self, operation: OperationId, context: Context) -> Result<Running, Failure> {
        self.submit(Mutation::Undo { operation }, context).await
    }

    /// Asks an operation that runs to stop and to go back, which it does unless the change is live already.
    pub fn cancel(&self, id: &OperationId) -> Result<(), Failure> {
        self.0.engine.cancel(id)
    }

    /// Takes over an operation that cannot be undone: what is where stays there, and its targets are free again.
    pub fn release(&self, id: &OperationId) -> Result<(), Failure> {
        self.0.engine.give_up(id)
    }

    /// The newest 200, newest first.
    pub fn operations(&self) -> Vec<Arc<Operation>> {
        self.0.engine.log.list()
    }

    /// Follows one operation; one that is long over is read from the audit log.
    pub async fn operation(&self, id: &OperationId) -> Result<watch::Receiver<Arc<Operation>>, Failure> {
        let unknown = match self.0.engine.log.find(id) {
            Ok(watch) => return Ok(watch),
            Err(failure) => failure,
        };
        match self.0.engine.books().await?.audit.find(id).await? {
            Some(operation) => Ok(watch::channel(Arc::new(operation)).1),
            None => Err(unknown),
        }
    }

    /// Refuses new operations and waits for those that run, at most so long; the next start takes up the rest. For
    /// shutdown.
    pub async fn drain(&self, limit: Duration) {
        self.0.engine.drain(limit).await;
    }

    async fn console(&self) -> Result<Arc<ConsoleState>, Failure> {
        self.0.caches.console.get(looks::console(&self.0.clients)).await
    }

    async fn agents(&self) -> Result<Arc<Agents>, Failure> {
        self.0.caches.agents.get(looks::agents(&self.0.clients)).await
    }

    async fn states(&self) -> Result<Arc<Seen<Vec<Worker>>>, Failure> {
        self.0.caches.states.get(looks::states(&self.0.clients)).await
    }

    /// Looks at everything that the cached reads are made of, and waits until that is done: reads that follow are young.
    /// What could not be seen is told by them.
    async fn look(&self) {
        let Inner { caches, clients, .. } = &*self.0;
        drop(futures::join!(
            caches.console.fresh(looks::console(clients)),
            caches.agents.fresh(looks::agents(clients)),
            caches.states.fresh(looks::states(clients)),
        ));
    }

    async fn seen(&self) -> Result<(Arc<ConsoleState>, Arc<Agents>), Failure> {
        futures::try_join!(self.console(), self.agents())
    }

    async fn all_assignments(&self) -> Result<Arc<Result<AssignmentsSeen, Failure>>, Failure> {
        let (console, agents) = self.seen().await?;
        let make = |console: &ConsoleState, agents: &Agents| {
            reads::observed_assignments(console, agents, &self.0.installation)
        };
        Ok(self.0.caches.assignments.of(&console, &agents, make))
    }
}

fn host_of(url: &Url) -> Option<String> {
    url.host_str().map(str::to_owned)
}

/// Two reads of one moment disagree: somebody changed the installation between them.
fn changed_meanwhile() -> Failure {
    Failure::new(Code::Conflict, "the installation changed during the read").hint("Ask again.")
}
