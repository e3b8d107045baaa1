//! The Manager and the workers of a HiClaw v1.0 installation: how they take up their configs, how they answer, and the
//! files that tell how they are.
//!
//! The Manager's HTTP server has OpenClaw's `/healthz` and `/readyz` (and no `/api/reload`: that is 404), and under
//! `/sandbox` what a real agent has no address for: `GET /sandbox/state`,
//! `POST /sandbox/ask {"prompt"}`, `GET /sandbox/workers`, `GET /sandbox/workers/{name}`,
//! `POST /sandbox/workers/{name}/ask {"prompt"}`, `POST /sandbox/workers/{name}/state {"state","task"?}` and
//! `POST /sandbox/workers/{name}/sync`.
mod agent;
mod config;
mod http;
mod watcher;
mod workspace;

pub use agent::{Live, Reply};
pub use config::{AgentConfig, Call, Merge, merged};
pub use workspace::{Note, Task, Workspace};

use crate::{
    DEFAULT_MODEL,
    containers::{Container, Containers, Status},
    s3::{Condition, Faults, Object, Objects},
    switch::Server,
};
use agent::Agent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};
use tokio_util::task::AbortOnDropHandle;
use watcher::ConfigWatch;

/// The image of every worker's container.
const WORKER_IMAGE: &str = "higress/hiclaw-worker:v1.0.9";
/// The processor shares of a worker at work and at rest, in percent of one processor.
const LOAD: (f64, f64) = (38.0, 1.5);

/// How a worker is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum WorkerState {
    /// Running, without a task.
    Idle,
    /// Running, with this open task.
    Busy { task: String },
    /// Its container was made but has not run yet.
    Starting,
    /// Stopped by HiClaw after being idle.
    Sleeping,
    /// Stopped by somebody.
    Stopped,
    /// It has no container.
    Offline,
}

/// Why an agent did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    #[error("there is no worker {0}")]
    Unknown(String),
    /// Its process does not run, or has no config.
    #[error("{0} does not answer")]
    Silent(String),
    #[error("the store does not give the config of {worker}: {reason}")]
    Pull { worker: String, reason: String },
    #[error("the files of the installation cannot be used: {0}")]
    Files(#[from] io::Error),
}

/// How a process reads its config's bytes.
pub type ReadConfig = fn(&[u8]) -> Result<AgentConfig, String>;

/// What the agents need of the rest of the sandbox.
pub struct Surroundings {
    pub workspace: Workspace,
    pub containers: Arc<Containers>,
    pub objects: Arc<Objects>,
    /// Those of the store: while it is offline, nothing can be pulled.
    pub faults: Arc<Faults>,
    pub bucket: String,
    /// How the Manager reads its config, by its runtime.
    pub manager_reads: ReadConfig,
    /// What host names in the agents' configs stand for.
    pub gateway: SocketAddr,
}

/// One worker's process and its own copy of the config, as a container has it on its disk.
struct Worker {
    agent: Agent,
    local: Mutex<Option<Value>>,
}

/// All agents.
pub struct Agents {
    shared: Arc<Shared>,
    server: Server,
    _watch: ConfigWatch,
    _pulls: AbortOnDropHandle<()>,
}

/// What the HTTP handlers and the pull loop share.
struct Shared {
    around: Surroundings,
    manager: Arc<Agent>,
    workers: Mutex<BTreeMap<String, Arc<Worker>>>,
    merge: Mutex<Merge>,
}

impl Agents {
    /// Starts the Manager, and every worker whose container runs.
    pub async fn start(around: Surroundings, pull: Duration, debounce: Duration) -> Result<Self, AgentError> {
        let manager = Arc::new(Agent::new(around.gateway));
        let _watch =
            ConfigWatch::start(around.workspace.config(), manager.clone(), around.manager_reads, debounce)?;
        let shared = Shared { around, manager, workers: Mutex::default(), merge: Mutex::default() };
        let shared = Arc::new(shared);
        for name in shared.around.workspace.workers()? {
            if shared.runs(&name)
                && let Err(error) = shared.boot(&name)
            {
                tracing::warn!(%error, "a worker of the sandbox has no config");
            }
        }
        let server = Server::start(None, http::router(shared.clone())).await?;
        let _pulls = AbortOnDropHandle::new(tokio::spawn(pull_for_ever(shared.clone(), pull)));
        Ok(Self { shared, server, _watch, _pulls })
    }

    /// The Manager's own HTTP server.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// While true, the Manager's server closes every connection.
    pub fn set_offline(&self, offline: bool) {
        self.server.set_offline(offline);
    }

    /// The files of the installation.
    pub fn workspace(&self) -> &Workspace {
        &self.shared.around.workspace
    }

    /// What the Manager runs on; changes with every config it takes up or refuses.
    pub fn watch_manager(&self) -> watch::Receiver<Live> {
        self.shared.manager.watch()
    }

    /// What a worker runs on.
    pub fn watch_worker(&self, worker: &str) -> Result<watch::Receiver<Live>, AgentError> {
        self.shared.known(worker)?;
        Ok(self.shared.worker(worker).agent.watch())
    }

    /// Lets the Manager answer a prompt through the gateway.
    pub async fn ask_manager(&self, prompt: &str) -> Result<Reply, AgentError> {
        self.shared.ask(None, prompt).await
    }

    /// Lets a worker answer a prompt through the gateway.
    pub async fn ask_worker(&self, worker: &str, prompt: &str) -> Result<Reply, AgentError> {
        self.shared.ask(Some(worker), prompt).await
    }

    /// How a worker is, by its container, the lifecycle file and the task list.
    pub fn state(&self, worker: &str) -> Result<WorkerState, AgentError> {
        self.shared.state(worker)
    }

    /// Brings a worker into a state: its container, its task and what the Manager's files say. Waking is a boot: the
    /// store's copy of the config replaces the worker's own.
    pub fn set_state(&self, worker: &str, state: &WorkerState) -> Result<(), AgentError> {
        self.shared.set_state(worker, state)
    }

    /// The start of the Manager's container: its model is the one that HiClaw's environment names.
    pub fn restart_manager(&self) -> io::Result<()> {
        self.shared.around.workspace.reset_model(DEFAULT_MODEL)
    }

    /// Pulls and merges a worker's config now, as its file-sync skill does.
    pub fn sync(&self, worker: &str) -> Result<(), AgentError> {
        self.shared.sync(worker)
    }

    /// The merge rule of all workers from now on.
    pub fn set_merge(&self, merge: Merge) {
        *lock(&self.shared.merge) = merge;
    }

    /// Closes the Manager's server and ends all processes.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn pull_for_ever(shared: Arc<Shared>, every: Duration) {
    let every = every.max(Duration::from_millis(1));
    let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
    loop {
        ticks.tick().await;
        let names = shared.around.workspace.workers().unwrap_or_else(|error| {
            tracing::warn!(%error, "the sandbox's registry of workers is unreadable");
            Vec::new()
        });
        for name in names {
            if shared.runs(&name)
                && let Err(error) = shared.pull_in(&name)
            {
                tracing::debug!(%error, "a worker of the sandbox pulled nothing");
            }
        }
    }
}

/// The name of a worker's container.
pub(crate) fn container(worker: &str) -> String {
    format!("hiclaw-worker-{worker}")
}

impl Shared {
    fn known(&self, worker: &str) -> Result<(), AgentError> {
        match self.around.workspace.workers()?.iter().any(|name| name == worker) {
            true => Ok(()),
            false => Err(AgentError::Unknown(worker.to_owned())),
        }
    }

    fn worker(&self, name: &str) -> Arc<Worker> {
        let new = || Arc::new(Worker { agent: Agent::new(self.around.gateway), local: Mutex::default() });
        lock(&self.workers).entry(name.to_owned()).or_insert_with(new).clone()
    }

    fn runs(&self, worker: &str) -> bool {
        self.around.containers.get(&container(worker)).is_some_and(|found| found.status == Status::Running)
    }

    async fn ask(&self, worker: Option<&str>, prompt: &str) -> Result<Reply, AgentError> {
        let Some(name) = worker else {
            return self.manager.ask(prompt).await.ok_or_else(|| AgentError::Silent("the Manager".into()));
        };
        self.known(name)?;
        let silent = || AgentError::Silent(name.to_owned());
        if !self.runs(name) {
            return Err(silent());
        }
        self.worker(name).agent.ask(prompt).await.ok_or_else(silent)
    }

    fn state(&self, worker: &str) -> Result<WorkerState, AgentError> {
        self.known(worker)?;
        let workspace = &self.around.workspace;
        Ok(match self.around.containers.get(&container(worker)).map(|found| found.status) {
            None => WorkerState::Offline,
            Some(Status::Created) => WorkerState::Starting,
            Some(Status::Exited) if workspace.auto_stopped(worker)? => WorkerState::Sleeping,
            Some(Status::Exited) => WorkerState::Stopped,
            Some(Status::Running) => match workspace.task(worker)? {
                Some(task) => WorkerState::Busy { task },
                None => WorkerState::Idle,
            },
        })
    }

    fn set_state(&self, worker: &str, state: &WorkerState) -> Result<(), AgentError> {
        self.known(worker)?;
        let was_running = self.runs(worker);
        let (status, note, task) = match state {
            WorkerState::Idle => (Some(Status::Running), Note::Running { idle: true }, None),
            WorkerState::Busy { task } => {
                (Some(Status::Running), Note::Running { idle: false }, Some(task.as_str()))
            }
            WorkerState::Starting => (Some(Status::Created), Note::Stopped, None),
            WorkerState::Sleeping => (Some(Status::Exited), Note::AutoStopped, None),
            WorkerState::Stopped => (Some(Status::Exited), Note::Stopped, None),
            WorkerState::Offline => (None, Note::NotFound, None),
        };
        let name = container(worker);
        let changed = status.map(|status| {
            let mut found = self.around.containers.get(&name).unwrap_or_else(|| Container::new(WORKER_IMAGE));
            found.turn(status);
            found.load = if task.is_some() { LOAD.0 } else { LOAD.1 };
            found
        });
        for task in self.around.workspace.set_task(worker, task)? {
            self.publish(&task)?;
        }
        self.around.workspace.note(worker, note)?;
        self.around.containers.set(&name, changed)?;
        match (was_running, self.runs(worker)) {
            (false, true) => self.boot(worker),
            (true, false) => {
                self.worker(worker).agent.halt();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The start of a worker's container: the store wins completely, and a new Matrix session begins.
    fn boot(&self, name: &str) -> Result<(), AgentError> {
        let mut config = self.pull(name)?;
        if let Some(matrix) = config.pointer_mut("/channels/matrix") {
            matrix["accessToken"] = Value::from(format!("syt_{}", ulid::Ulid::new()));
        }
        let worker = self.worker(name);
        *lock(&worker.local) = Some(config.clone());
        worker.agent.take_up(AgentConfig::from_tree(config));
        Ok(())
    }

    fn sync(&self, name: &str) -> Result<(), AgentError> {
        self.known(name)?;
        self.pull_in(name)
    }

    /// Pulls and merges the config of a worker that the registry names.
    fn pull_in(&self, name: &str) -> Result<(), AgentError> {
        if !self.runs(name) {
            return Err(AgentError::Silent(name.to_owned()));
        }
        let worker = self.worker(name);
        let remote = self.pull(name)?;
        let mut local = lock(&worker.local);
        let config = match &*local {
            Some(local) => merged(local, &remote, *lock(&self.merge)),
            None => remote,
        };
        *local = Some(config.clone());
        worker.agent.take_up(AgentConfig::from_tree(config));
        Ok(())
    }

    /// Writes a task to where all agents find it.
    fn publish(&self, task: &Task) -> Result<(), AgentError> {
        let json = |tree: &Value| Object::new(format!("{tree:#}\n"), "application/json");
        let key = format!("shared/tasks/{}/meta.json", task.id);
        let put =
            self.around.objects.put(&self.around.bucket, &key, json(&task.meta()), &Condition::default());
        put.map_err(|error| AgentError::Files(io::Error::other(error)))
    }

    /// The store's copy of a worker's config.
    fn pull(&self, worker: &str) -> Result<Value, AgentError> {
        let fail = |reason: String| AgentError::Pull { worker: worker.to_owned(), reason };
        if self.around.faults.switches().offline {
            return Err(fail("the store is offline".into()));
        }
        let key = format!("agents/{worker}/openclaw.json");
        let object = self.around.objects.get(&self.around.bucket, &key);
        let object = object.map_err(|error| fail(error.to_string()))?;
        serde_json::from_slice(&object.body).map_err(|error| fail(error.to_string()))
    }
}
