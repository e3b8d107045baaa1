//! The whole outside world, assembled: every server on its own loopback port, seeded as an installation of one generation
//! of HiClaw or empty.
use crate::{
    addresses::{Addresses, Parts},
    agents::{AgentConfig, AgentError, Agents, Surroundings, Workspace},
    clock::now,
    console::{Console, ConsoleOptions},
    containers::{self, Containers},
    controlled::{Controlled, Start},
    controller::{Controller, Flow, Generation, Plan},
    demo,
    gateway::{Gateway, GatewayOptions},
    home::{Home, Saving},
    s3::{Keys, Objects, S3},
    switch::{Server, free_port},
    upstreams::{UpstreamOptions, Upstreams},
};
use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

/// The bucket of HiClaw v1.0.
pub(crate) const BUCKET: &str = "hiclaw-storage";
/// The store's one account.
pub(crate) const STORE_USER: &str = "hiclaw-admin";

/// Where the console and the store are inside HiClaw's all-in-one container, as its service sources name them: the gateway
/// must not take the real host's ports for these.
const CONSOLE_SERVICE: &str = "127.0.0.1:8001";
const STORE_SERVICE: &str = "127.0.0.1:9000";

/// How a sandbox is started. The default is the demo on free ports, in a temporary directory.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// A console that was never initialised, an empty bucket, no agents.
    pub empty: bool,
    /// The demo with what the former plugin registered at the gateway.
    pub leftovers: bool,
    /// How many workers the demo has beside its own, and in which states they begin is told by their place in a row.
    pub more_workers: usize,
    /// How many providers the demo has beside its own three.
    pub more_providers: usize,
    pub console_addr: Option<SocketAddr>,
    pub gateway_addr: Option<SocketAddr>,
    pub s3_addr: Option<SocketAddr>,
    /// Which HiClaw this is. Since 1.1 there are a controller and workers of its own instead of the demo.
    pub generation: Generation,
    pub controller_addr: Option<SocketAddr>,
    /// The controller is in a cluster, with no Docker to reach behind it.
    pub in_cluster: bool,
    /// How time passes for the controller.
    pub controller_time: Flow,
    /// Where state is kept from one start to the next. None: a temporary directory, removed at the end.
    pub dir: Option<PathBuf>,
    /// How long the gateway takes until a change of the console is effective.
    pub effective_after: Duration,
    /// How often a worker pulls its config from the store; HiClaw's own figure is 300 s.
    pub worker_pull: Duration,
    /// How long a config file must be quiet before the Manager takes it up; OpenClaw waits 200 ms for the write to end and
    /// 300 ms more.
    pub manager_debounce: Duration,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            empty: false,
            leftovers: false,
            more_workers: 0,
            more_providers: 0,
            console_addr: None,
            gateway_addr: None,
            s3_addr: None,
            generation: Generation::default(),
            controller_addr: None,
            in_cluster: false,
            controller_time: Flow::default(),
            dir: None,
            effective_after: Duration::from_millis(300),
            worker_pull: Duration::from_secs(2),
            manager_debounce: Duration::from_millis(500),
        }
    }
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// An address is taken, or a file cannot be read or written.
    #[error("the sandbox cannot use {what}: {source}")]
    Io { what: String, source: std::io::Error },
    /// A file that an earlier run left cannot be understood.
    #[error("{what} in the sandbox directory is not what a sandbox wrote: {reason}")]
    State { what: &'static str, reason: String },
    /// The sandbox's own console refused a step of the installation.
    #[error("the console answered {status} to {step}: {body}")]
    Seed { step: String, status: u16, body: String },
    /// What was asked for is there in a v1.0 installation only.
    #[error("leftovers are played for HiClaw v1.0 only")]
    NotPlayed,
    #[error("the agents did not start: {0}")]
    Agents(#[from] AgentError),
}

impl SandboxError {
    pub(crate) fn state(what: &'static str, reason: impl ToString) -> Self {
        Self::State { what, reason: reason.to_string() }
    }
}

/// Says what could not be used.
pub(crate) fn io(what: &str) -> impl FnOnce(std::io::Error) -> SandboxError {
    let what = what.to_owned();
    |source| SandboxError::Io { what, source }
}

/// A running sandbox. Dropping it stops every server and removes the temporary directory.
pub struct Sandbox {
    addresses: Addresses,
    saving: Vec<Saving>,
    controlled: Option<Controlled>,
    agents: Agents,
    containers: Arc<Containers>,
    docker: Server,
    gateway: Gateway,
    console_server: Server,
    console: Console,
    s3: S3,
    upstreams: Upstreams,
    /// Last, so that the files go when nobody writes them any more.
    _home: Home,
}

impl Sandbox {
    /// Starts every server. A directory that an earlier run left is taken up as it is; otherwise the demo is installed,
    /// unless `empty` is asked for.
    pub async fn start(options: SandboxOptions) -> Result<Self, SandboxError> {
        let plain = options.generation == Generation::V1_0;
        if !plain && options.leftovers {
            return Err(SandboxError::NotPlayed);
        }
        let home = Home::open(options.dir.clone())?;
        let new = !home.console().exists();
        let kept = if new { None } else { home.controller_kept(options.generation)? };
        let install = new && !options.empty && plain;
        let bucket = options.generation.bucket();

        let upstreams =
            Upstreams::start(UpstreamOptions::default()).await.map_err(io("a port for an upstream"))?;
        let console = Console::new(ConsoleOptions::default());
        let objects = Objects::open(home.bucket()).map_err(io("the bucket"))?;
        let workspace = Workspace::open(home.workspace()).map_err(io("the Manager's workspace"))?;
        let containers = Arc::new(Containers::open(home.containers()).map_err(io("the list of containers"))?);
        if install {
            demo::install_console(&console.router()).await?;
            if options.leftovers {
                demo::install_leftovers(&console.router()).await?;
            }
            demo::install_workspace(&workspace, now()).map_err(io("the Manager's workspace"))?;
            demo::install_store(&objects, BUCKET, now())
                .map_err(|error| SandboxError::state("the bucket", error))?;
            demo::install_manager(&containers).map_err(io("the list of containers"))?;
            demo::install_environment(&home.env_file()).map_err(io("the environment file"))?;
        } else if new {
            objects.create_bucket(&bucket);
        } else {
            home.restore(&console)?;
        }

        let keys = Keys { access: STORE_USER.into(), secret: demo::store_secret() };
        let s3 = S3::start(options.s3_addr, keys, objects).await.map_err(io("the address of the store"))?;
        let console_server = Server::start(options.console_addr, console.router()).await;
        let console_server = console_server.map_err(io("the address of the console"))?;
        let own = BTreeMap::from([
            (CONSOLE_SERVICE.to_owned(), console_server.addr()),
            (STORE_SERVICE.to_owned(), s3.addr()),
        ]);
        let docker = containers::serve(containers.clone()).await.map_err(io("a port for the containers"))?;
        let token_file = home.token();
        let controlled = Controlled::start(Start {
            generation: options.generation,
            flow: options.controller_time,
            address: options.controller_addr,
            llm_key: upstreams.key_for("qwen"),
            console: console.router(),
            console_server: &console_server,
            containers: &containers,
            docker: &docker,
            s3: &s3,
            workspace: workspace.folder(),
            token_file: &token_file,
            kept,
            demo: !options.empty,
            in_cluster: options.in_cluster,
            more_workers: options.more_workers,
        });
        let controlled = Box::pin(controlled).await?;
        // Last of those who listen to the console: it begins with all that the installation set up.
        let gateway = start_gateway(&options, &console, &upstreams, own).await?;
        let surroundings = Surroundings {
            workspace,
            containers: containers.clone(),
            objects: s3.objects().clone(),
            faults: s3.faults().clone(),
            bucket: bucket.clone(),
            manager_reads: match Plan::of(options.generation).manager_runtime.as_str() {
                "qwenpaw" => AgentConfig::parse_qwenpaw,
                _ => AgentConfig::parse,
            },
            gateway: gateway.addr(),
        };
        let agents = Agents::start(surroundings, options.worker_pull, options.manager_debounce).await?;
        if new && !options.empty {
            demo::install_providers(&console, options.more_providers).await?;
        }
        if install {
            demo::install_states(&agents)?;
            demo::install_crowd(
                &console,
                s3.objects(),
                agents.workspace(),
                &containers,
                options.more_workers,
            )
            .await?;
        }
        let addresses = Parts {
            generation: options.generation,
            console: &console_server,
            gateway: &gateway,
            s3: &s3,
            agents: &agents,
            upstreams: &upstreams,
            docker: &docker,
            controlled: controlled.as_ref(),
            env_file: Some(home.env_file()).filter(|file| file.exists()),
        }
        .addresses();
        let mut saving = Vec::new();
        // Without a directory of one's own nobody reads the state again.
        if options.dir.is_some() {
            let kept = console.clone();
            saving.push(Saving::start(console.changed(), home.console(), move || kept.export())?);
            if let Some(controlled) = &controlled {
                let kept = controlled.controller.keeping();
                saving.push(Saving::start(kept.changed(), home.controller(), move || kept.export())?);
            }
        }
        Ok(Self {
            addresses,
            saving,
            controlled,
            agents,
            containers,
            docker,
            gateway,
            console_server,
            console,
            s3,
            upstreams,
            _home: home,
        })
    }

    /// Where everything is.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Adds workers on the default model, without containers, and lets them into these AI routes.
    ///
    /// # Errors
    /// When a name is taken or a route does not exist.
    pub async fn hire(&self, workers: &[String], routes: &[&str]) -> Result<(), SandboxError> {
        let (objects, workspace) = (self.s3.objects(), self.agents.workspace());
        let workers: Vec<_> = workers.iter().map(|name| demo::Hired::plain(name)).collect();
        demo::hire(&self.console, objects, BUCKET, workspace, &workers, routes).await
    }

    /// Public provider hosts and the socket that stands for each: what `agm serve --sandbox` resolves instead of DNS.
    pub fn upstream_map(&self) -> BTreeMap<String, SocketAddr> {
        self.upstreams.resolve_map()
    }

    /// Every secret of the demo, for tests that look for leaks: keys of upstreams and consumers, tokens, passwords.
    pub fn secrets(&self) -> Vec<String> {
        let providers = self.addresses.upstreams.keys();
        let keys = providers.map(|provider| self.upstreams.key_for(provider).to_owned());
        demo::secrets().into_iter().chain(keys).filter(|secret| !secret.is_empty()).collect()
    }

    /// The console: its faults, and its state past HTTP.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// While true, the console closes every connection.
    pub fn set_console_offline(&self, offline: bool) {
        self.console_server.set_offline(offline);
    }

    /// The gateway: its delay, and a wait until it has settled.
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// The vendors: how they behave, and what they were asked.
    pub fn upstreams(&self) -> &Upstreams {
        &self.upstreams
    }

    /// The store: its faults, and its objects past HTTP.
    pub fn s3(&self) -> &S3 {
        &self.s3
    }

    /// The Manager and the workers.
    pub fn agents(&self) -> &Agents {
        &self.agents
    }

    /// The controller, past HTTP; none in a v1.0 installation.
    pub fn controller(&self) -> Option<&Controller> {
        self.controlled.as_ref().map(|controlled| &controlled.controller)
    }

    /// While true, the controller closes every connection. Its passes go on.
    pub fn set_controller_offline(&self, offline: bool) {
        if let Some(controlled) = &self.controlled {
            controlled.server.set_offline(offline);
        }
    }

    /// The containers, past HTTP and past the Manager's files: so those files can be made stale.
    pub fn containers(&self) -> &Containers {
        &self.containers
    }

    /// While true, the Docker API closes every connection.
    pub fn set_containers_offline(&self, offline: bool) {
        self.docker.set_offline(offline);
    }

    /// Stops every server, writes what is not yet on disk, and waits for the end.
    pub async fn stop(self) {
        if let Some(controlled) = self.controlled {
            controlled.server.stop().await;
        }
        self.agents.stop().await;
        self.docker.stop().await;
        self.console_server.stop().await;
        self.gateway.stop().await;
        self.s3.stop().await;
        self.upstreams.stop().await;
        for saving in self.saving {
            saving.stop().await;
        }
    }
}

async fn start_gateway(
    options: &SandboxOptions,
    console: &Console,
    upstreams: &Upstreams,
    own: BTreeMap<String, SocketAddr>,
) -> Result<Gateway, SandboxError> {
    let options = GatewayOptions {
        addr: options.gateway_addr.unwrap_or_else(free_port),
        effective_after: options.effective_after,
        resolve: upstreams.resolve_map().into_iter().chain(own).collect(),
        ..GatewayOptions::default()
    };
    Gateway::start(options, console.live()).await.map_err(io("the address of the gateway"))
}
