//! The clients of all systems, built from the configuration.
use crate::{
    Ask, Clock, Config, EntryConfig, Front, Outside,
    conditional::Conditional,
    doctor::Lists,
    egress::{Egress, EgressParams},
    meter::{Meter, Metered},
    probe::{Probe, ProbeParams},
    reads::PlanReads,
    registration::RegistrationFile,
};
use disk::Disk;
use domain::{Code, Failure};
use hiclaw::{ContainerApi, FilesParams, ModelHolder, Records};
use higress::{Console, ConsoleParams, HttpWire, Wire};
use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};
use store::Store;
use url::Url;

/// Everything that talks to somebody else.
pub struct Clients {
    pub console: Console,
    pub store: Store,
    pub holder: Box<dyn ModelHolder>,
    pub records: Records,
    pub probe: Arc<dyn Ask>,
    pub egress: Egress,
    pub disk: Arc<dyn Disk>,
    pub clock: Clock,
    /// For systems of our own.
    pub http: reqwest::Client,
    /// What is known of the store.
    pub conditional: Conditional,
    /// Reads that plans share.
    pub together: PlanReads,
    /// Which models providers listed when they were asked last.
    pub lists: Lists,
    pub meter: Arc<Meter>,
    /// What is registered at the gateway.
    pub registration: RegistrationFile,
    /// The AI gateway, without `/v1`.
    pub gateway: Url,
    /// Where the Manager's openclaw.json would be.
    pub manager_config: PathBuf,
    /// The host of the console's URL.
    pub console_host: Option<String>,
    /// What the settings say of being reached.
    pub entry: EntryConfig,
    /// Where HiClaw's controller is, if there is one.
    pub controller: Option<Url>,
    front: OnceLock<Arc<dyn Front>>,
}

impl Clients {
    /// Makes no call.
    pub fn new(config: &Config, outside: &Outside) -> Result<Self, Failure> {
        let timing = &config.timing;
        let meter = Arc::<Meter>::default();
        let http = match &outside.http {
            Some(http) => http.clone(),
            None => higress::http_client(timing.connect)?,
        };
        let console = ConsoleParams {
            url: config.console.url.clone(),
            user: config.console.user.clone(),
            password: config.console.password.clone(),
            connect: timing.connect,
            call: timing.bounded_call(),
            write: timing.write(),
        };
        let wire: Arc<dyn Wire> = match &outside.wire {
            Some(wire) => wire.clone(),
            None => Arc::new(HttpWire::new(timing.connect)?),
        };
        let console = Console::over(console, Arc::new(Metered::new(wire, meter.clone())))?;
        let egress = Egress::new(EgressParams {
            allow_private: config.allow_private_upstreams,
            own: own_systems(config),
            map: config.upstream_map.clone(),
            connect: timing.connect,
            total: timing.list,
        })
        .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
        let probe: Arc<dyn Ask> = match &outside.ask {
            Some(ask) => ask.clone(),
            None => Arc::new(probe(config, egress.clone())?),
        };
        let probe = Arc::new(Metered::new(probe, meter.clone()));
        let store = store::Params {
            endpoint: config.store.endpoint.clone(),
            access_key: config.store.access_key.clone(),
            secret_key: config.store.secret_key.clone(),
            bucket: config.store.bucket.clone(),
            call_timeout: timing.bounded_call(),
        };
        let store = match &outside.store_http {
            Some(http) => Store::over(&store, http.clone()),
            None => Store::new(&store, http.clone()),
        };
        let store = store.told_to(meter.of_store());
        let containers =
            config.containers.clone().map(|url| ContainerApi::new(http.clone(), url, timing.call));
        let files = FilesParams {
            disk: outside.disk.clone(),
            manager_config: config.manager.config_path.clone(),
            manager_url: config.manager.url.clone(),
            manager_key: config.manager.gateway_key.clone(),
            store: store.clone(),
            containers,
            console: Some(config.console.url.clone()),
            default_model: config.hiclaw_model.clone(),
            env_file: config.hiclaw_env_file.clone(),
            http: http.clone(),
            call: timing.call,
            pulled: timing.pulled,
            now: {
                let clock = outside.clock.clone();
                Arc::new(move || clock.now())
            },
        };
        let holder =
            hiclaw::holder(files, config.controller.clone(), config.generation, outside.controller.clone())?;
        let records = Records::new(store.clone());
        let (disk, clock) = (outside.disk.clone(), outside.clock.clone());
        Ok(Self {
            console,
            store,
            holder,
            records,
            probe,
            egress,
            disk,
            clock,
            http,
            conditional: Conditional::default(),
            together: PlanReads::default(),
            lists: Lists::default(),
            meter,
            registration: RegistrationFile::new(outside.disk.clone(), &config.data_dir),
            gateway: config.gateway.clone(),
            manager_config: config.manager.config_path.clone(),
            console_host: config.console.url.host_str().map(str::to_owned),
            entry: config.entry.clone(),
            controller: config.controller.as_ref().map(|controller| controller.url.clone()),
            front: OnceLock::new(),
        })
    }

    /// Tells which server these clients work for. The first one counts.
    pub fn work_for(&self, front: Arc<dyn Front>) {
        drop(self.front.set(front));
    }

    /// The server that these clients work for.
    ///
    /// # Errors
    /// `UPSTREAM_UNAVAILABLE` before it listens.
    pub fn front(&self) -> Result<&dyn Front, Failure> {
        self.front.get().map(AsRef::as_ref).ok_or_else(|| {
            Failure::new(Code::UpstreamUnavailable, "agm does not listen yet").hint("Try again in a moment.")
        })
    }
}

fn probe(config: &Config, egress: Egress) -> Result<Probe, Failure> {
    let params = ProbeParams {
        gateway: config.gateway.clone(),
        gateway_host: config.gateway_host.clone(),
        connect: config.timing.connect,
        question: config.timing.question,
        effective: config.timing.effective,
    };
    Probe::new(params, egress).map_err(|error| Failure::new(Code::Internal, error.to_string()))
}

/// Addresses that no provider may have: a provider there would make us ask our own systems, with a stranger's path.
fn own_systems(config: &Config) -> Vec<Url> {
    let optional = [&config.gateway_metrics, &config.containers, &config.manager.url];
    let controller = config.controller.iter().map(|controller| &controller.url);
    let fixed = [&config.console.url, &config.gateway, &config.store.endpoint];
    fixed.into_iter().chain(optional.into_iter().flatten()).chain(controller).cloned().collect()
}
