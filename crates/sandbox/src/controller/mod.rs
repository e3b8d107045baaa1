//! The controller of HiClaw since v1.1, as its recordings show it: custom resources behind a REST API, reconcilers that
//! bring the store, the gateway and the containers to what these say, and that undo what others change there.
//!
//! Two generations are played; what differs between them is data (`generation`). All waiting is done on a [`Timeline`],
//! so that a test decides when a pass is due.
mod accounts;
mod boot;
mod bucket;
mod deploy;
mod engine;
mod gateway;
mod generation;
mod go_json;
mod kept;
mod manager;
mod member;
mod openclaw;
mod queue;
mod resource;
mod rest;
mod runtime_yaml;
mod shared;
mod team;
mod timeline;
mod worker;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64},
    },
    time::Duration,
};

use axum::Router;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

pub use self::accounts::Account;
pub use self::engine::DockerCall;
pub use self::generation::{Generation, UnknownGeneration};
pub(crate) use self::kept::Keeping;
pub use self::kept::Kept;
pub use self::resource::Spec;
pub use self::timeline::{Flow, Timeline};
use self::{
    accounts::Accounts,
    bucket::Bucket,
    engine::Engine,
    gateway::Gateway,
    generation::Ways,
    queue::{Outcome, Queue},
    resource::{ManagerStatus, Resources, TeamStatus, WorkerStatus},
    timeline::Shift,
};
use crate::{
    containers::Containers,
    s3::{Faults, Objects},
};

/// How long it takes until a reconciler hears of a new object.
const NOTICED: Duration = Duration::from_millis(10);

/// The LLM provider that an installation is made with.
#[derive(Clone, Debug)]
pub struct LlmProvider {
    /// `qwen`, or any name with a URL.
    pub name: String,
    pub key: String,
    /// The base URL of an OpenAI-compatible endpoint.
    pub url: Option<String>,
}

/// What an installation was told by its installer.
#[derive(Clone, Debug)]
pub struct Plan {
    pub provider: LlmProvider,
    pub manager_runtime: String,
    pub worker_runtime: String,
    /// None: agents search their memory without one.
    pub embedding: Option<String>,
    /// The admin of the console.
    pub admin: (String, String),
    pub store_secret: String,
    /// It is in a cluster: nobody is let through to Docker, and containers come and go all the same.
    pub in_cluster: bool,
}

impl Plan {
    /// What the installer of a generation chooses by itself, with OpenClaw for everybody in the first and QwenPaw in the
    /// second.
    pub fn of(generation: Generation) -> Self {
        let runtime = if generation == Generation::V1_2 { "qwenpaw" } else { "openclaw" };
        Self {
            provider: LlmProvider { name: "qwen".into(), key: "sk-test-upstream-qwen".into(), url: None },
            manager_runtime: runtime.into(),
            worker_runtime: runtime.into(),
            embedding: Some("text-embedding-v4".into()),
            admin: ("admin".into(), "admin".into()),
            store_secret: crate::demo::store_secret(),
            in_cluster: false,
        }
    }
}

/// What the controller works on. The flags take the console and Docker away from it while they are true.
pub struct Surroundings {
    pub console: Router,
    pub console_offline: Arc<AtomicBool>,
    pub containers: Arc<Containers>,
    pub containers_offline: Arc<AtomicBool>,
    pub objects: Arc<Objects>,
    pub faults: Arc<Faults>,
    /// The Manager's workspace on the host.
    pub workspace: PathBuf,
    /// Where the admin's token is written.
    pub token_file: PathBuf,
}

/// The custom resources and everything that is done about them.
struct Core {
    ways: &'static Ways,
    plan: Plan,
    timeline: Arc<Timeline>,
    workers: Resources<WorkerStatus>,
    managers: Resources<ManagerStatus>,
    teams: Resources<TeamStatus>,
    worker_queue: Queue,
    manager_queue: Queue,
    team_queue: Queue,
    gateway: Gateway,
    engine: Engine,
    bucket: Bucket,
    workspace: PathBuf,
    token_file: PathBuf,
    accounts: Accounts,
    rooms: AtomicU64,
    /// Counts the changes of what is kept.
    changed: watch::Sender<u64>,
    /// How often each resource was gone over, by its name.
    passes: Mutex<BTreeMap<String, u64>>,
    process: Mutex<Process>,
}

/// What goes with the process.
#[derive(Default)]
struct Process {
    /// Whether it answers.
    open: bool,
    /// Workers that reported ready.
    ready: BTreeSet<String>,
    /// Workers whose container was looked at.
    looked_at: BTreeSet<String>,
    /// Statuses as they were before the last pass wrote them.
    former: BTreeMap<String, WorkerStatus>,
    /// What befalls it once it has taken the next write in.
    mishap: Option<Mishap>,
}

/// What befalls a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The admin's account is made anew: its tokens so far are good no more, and the file has another one.
    TokenRenewed,
    /// The process answers nobody any more, until another one is started.
    Down,
}

/// A running controller.
pub struct Controller {
    core: Arc<Core>,
    /// The tasks of the process.
    tasks: Mutex<Vec<AbortOnDropHandle<()>>>,
}

impl Controller {
    /// Starts its first process, on what an earlier installation may have left in its surroundings. None: this generation
    /// has none.
    pub fn start(generation: Generation, flow: Flow, plan: Plan, around: Surroundings) -> Option<Self> {
        Self::resume(generation, flow, plan, around, None)
    }

    /// The same with what an earlier process kept.
    pub fn resume(
        generation: Generation,
        flow: Flow,
        plan: Plan,
        around: Surroundings,
        kept: Option<Kept>,
    ) -> Option<Self> {
        let ways = generation.ways()?;
        let first = kept.is_none();
        let kept = kept.unwrap_or_default();
        let changed = watch::Sender::new(0);
        let timeline = Arc::new(Timeline::new(flow));
        let network = format!("{}-net", ways.prefix);
        let (user, password) = (plan.admin.0.clone(), plan.admin.1.clone());
        let core = Arc::new(Core {
            ways,
            workers: Resources::new(timeline.clone(), kept.workers, changed.clone()),
            managers: Resources::new(timeline.clone(), kept.managers, changed.clone()),
            teams: Resources::new(timeline.clone(), kept.teams, changed.clone()),
            worker_queue: Queue::new(timeline.clone()),
            manager_queue: Queue::new(timeline.clone()),
            team_queue: Queue::new(timeline.clone()),
            gateway: Gateway::new(around.console, around.console_offline, (&user, &password)),
            engine: Engine::new(around.containers, around.containers_offline, timeline.clone(), network),
            bucket: Bucket::new(around.objects, around.faults, ways.bucket()),
            workspace: around.workspace,
            token_file: around.token_file,
            plan,
            timeline,
            accounts: kept.accounts,
            rooms: AtomicU64::new(kept.rooms),
            changed,
            passes: Mutex::default(),
            process: Mutex::default(),
        });
        let controller = Self { core, tasks: Mutex::default() };
        controller.boot(first);
        Some(controller)
    }

    /// The HTTP surface; serve it on a loopback socket.
    pub fn router(&self) -> Router {
        let core = self.core.clone();
        Router::new().fallback(move |request: axum::extract::Request| {
            let core = core.clone();
            async move { rest::answer(&core, request).await }
        })
    }

    /// Its clock.
    pub fn timeline(&self) -> &Timeline {
        &self.core.timeline
    }

    /// Ends the process, in the middle of whatever it does, and starts another one.
    pub async fn restart(&self) {
        let tasks = std::mem::take(&mut *self.tasks());
        self.core.process().open = false;
        for task in tasks {
            task.abort();
            task.await.ok();
        }
        for kind in KINDS {
            self.core.queue(kind).clear();
        }
        self.boot(false);
    }

    /// What is to be kept of it.
    pub(crate) fn keeping(&self) -> Keeping {
        Keeping(self.core.clone())
    }

    /// The token that an account was given last.
    pub fn token(&self, account: &Account) -> Option<String> {
        self.core.accounts.latest(account)
    }

    /// Makes the admin's account anew: its tokens so far are good no more, and the file has another one.
    pub fn renew_token(&self) {
        self.core.befalls(Mishap::TokenRenewed);
    }

    /// Lets this befall it between the next write that it takes in and whatever is asked next.
    pub fn after_next_write(&self, mishap: Mishap) {
        self.core.process().mishap = Some(mishap);
    }

    /// How often it has gone over the resource of this name.
    pub fn passes(&self, name: &str) -> u64 {
        let passes = self.core.passes.lock().unwrap_or_else(PoisonError::into_inner);
        passes.get(name).copied().unwrap_or_default()
    }

    /// Every call of the Docker API that it has made, for itself or for others.
    pub fn docker_calls(&self) -> Vec<DockerCall> {
        self.core.engine.calls()
    }

    /// By how much reads through the API trail writes.
    pub fn set_lag(&self, lag: Duration) {
        self.core.workers.set_lag(lag);
        self.core.managers.set_lag(lag);
        self.core.teams.set_lag(lag);
    }

    /// Changes a worker past the REST API, as `kubectl edit` does.
    pub fn edit_worker(&self, name: &str, edit: impl FnOnce(&mut Spec)) {
        if let Some(mut worker) = self.core.workers.get(name) {
            edit(&mut worker.spec);
            if self.core.workers.replace(name, worker.version, worker.spec).is_ok() {
                self.core.worker_changed(name);
            }
        }
    }

    /// Changes a Manager past the REST API.
    pub fn edit_manager(&self, name: &str, edit: impl FnOnce(&mut Spec)) {
        if let Some(mut manager) = self.core.managers.get(name) {
            edit(&mut manager.spec);
            if self.core.managers.replace(name, manager.version, manager.spec).is_ok() {
                self.core.manager_changed(name);
            }
        }
    }

    fn boot(&self, first: bool) {
        *self.core.process() = Process::default();
        let (core, shift) = (self.core.clone(), Shift::begin(&self.core.timeline));
        let mut tasks = vec![AbortOnDropHandle::new(tokio::spawn(async move {
            let _shift = shift;
            boot::boot(&core, first).await;
        }))];
        tasks.extend(KINDS.map(|kind| {
            let (core, shift) = (self.core.clone(), Shift::begin(&self.core.timeline));
            AbortOnDropHandle::new(tokio::spawn(async move {
                let _shift = shift;
                reconcile_for_ever(&core, kind).await;
            }))
        }));
        *self.tasks() = tasks;
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<AbortOnDropHandle<()>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pass that has ended.
struct Done {
    outcome: Outcome,
    /// It changed the status.
    wrote: bool,
}

impl Done {
    /// Nothing is left of the object.
    fn gone() -> Self {
        Self { outcome: Outcome::Gone, wrote: false }
    }

    fn of(failed: bool, wrote: bool) -> Self {
        Self { outcome: if failed { Outcome::Failed } else { Outcome::Again(worker::PERIOD) }, wrote }
    }
}

/// What there is a reconciler for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Worker,
    Manager,
    Team,
}

const KINDS: [Kind; 3] = [Kind::Manager, Kind::Worker, Kind::Team];

async fn reconcile_for_ever(core: &Core, kind: Kind) {
    let queue = core.queue(kind);
    loop {
        let item = queue.next().await;
        core.notice(kind, &item.name).await;
        let done = match kind {
            Kind::Worker => worker::reconcile(core, &item).await,
            Kind::Manager => manager::reconcile(core, &item).await,
            Kind::Team => team::reconcile(core, &item).await,
        };
        queue.done(&item.name, &done.outcome);
        core.passed(&item.name);
        // The pass hears of its own write when it is over.
        if done.wrote {
            match kind {
                Kind::Worker => core.worker_changed(&item.name),
                Kind::Manager => core.manager_changed(&item.name),
                Kind::Team => core.team_changed(&item.name),
            }
        }
    }
}

impl Core {
    fn passed(&self, name: &str) {
        let mut passes = self.passes.lock().unwrap_or_else(PoisonError::into_inner);
        *passes.entry(name.to_owned()).or_default() += 1;
    }

    fn befalls(&self, mishap: Mishap) {
        match mishap {
            Mishap::TokenRenewed => {
                self.accounts.delete(&Account::Admin);
                boot::write_token(self);
            }
            Mishap::Down => self.process().open = false,
        }
    }
}
