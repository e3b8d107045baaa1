//! What the operations need to know about the installation. The server's configuration is turned into this.
use domain::{DomainName, Reach};
use hiclaw::{ControllerParams, Generation};
use secrecy::SecretString;
use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};
use url::Url;

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Config {
    pub console: ConsoleConfig,
    /// The AI gateway, without `/v1`.
    pub gateway: Url,
    /// The host name that agents use for the gateway, sent as `Host`; none: the gateway URL's own.
    pub gateway_host: Option<String>,
    /// The gateway's Prometheus page.
    pub gateway_metrics: Option<Url>,
    pub store: StoreConfig,
    pub manager: ManagerConfig,
    /// Docker API, read only (HiClaw v1.0).
    pub containers: Option<Url>,
    /// HiClaw's controller (v1.1 and later); none: there is none.
    pub controller: Option<ControllerParams>,
    /// The generation of HiClaw; none: it is found out.
    pub generation: Option<Generation>,
    /// The provider that HiClaw owns and resets (`HICLAW_LLM_PROVIDER`), beside those with its marker.
    pub hiclaw_provider: Option<String>,
    /// The model that HiClaw gives the Manager whenever its container starts (`HICLAW_DEFAULT_MODEL`).
    pub hiclaw_model: Option<String>,
    /// The file from which HiClaw's installer makes the Manager's container.
    pub hiclaw_env_file: Option<PathBuf>,
    /// Private addresses may be provider hosts (a local Ollama or vLLM).
    pub allow_private_upstreams: bool,
    /// Provider hosts that stand for an address in this process. Only `--sandbox` fills it; no setting reaches it.
    pub upstream_map: BTreeMap<String, SocketAddr>,
    pub entry: EntryConfig,
    /// Own state.
    pub data_dir: PathBuf,
    pub timing: Timing,
}

/// The Higress Console and its admin.
#[derive(Clone, Debug)]
pub struct ConsoleConfig {
    pub url: Url,
    pub user: String,
    pub password: SecretString,
}

/// The object store.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    pub endpoint: Url,
    pub access_key: String,
    pub secret_key: SecretString,
    pub bucket: String,
}

/// The Manager's OpenClaw.
#[derive(Clone, Debug)]
pub struct ManagerConfig {
    /// Its openclaw.json; the registries lie beside it.
    pub config_path: PathBuf,
    /// Its own HTTP server, for `/healthz`; none: not asked.
    pub url: Option<Url>,
    /// Its gateway key; none: the one in openclaw.json.
    pub gateway_key: Option<SecretString>,
}

/// How agm is to be reached through the gateway, where a wish to install it does not say so.
#[derive(Clone, Debug, Default)]
pub struct EntryConfig {
    pub domain: Option<DomainName>,
    pub reach: Option<Reach>,
}

/// How long things may take. The defaults are for people; tests shorten them.
#[derive(Clone, Debug)]
pub struct Timing {
    pub connect: Duration,
    /// One call to the console, the store or a container API.
    pub call: Duration,
    /// One question to a model.
    pub question: Duration,
    /// One question to a provider for its models. A plan waits for it, and can do without.
    pub list: Duration,
    /// How long the gateway may need to take up a change before a 401, 403 or 404 counts.
    pub effective: Duration,
    /// How long a read is served again after it ended. Later it is made anew; the one before is served while that takes
    /// long, until it began five times as long ago.
    pub cache: Duration,
    /// How long it is at least between two looks for what others changed, while somebody listens to the news.
    pub look: Duration,
    /// How long an operation may take to apply its changes. What is not done then is undone.
    pub operation: Duration,
    /// How late a request that was given up may still be carried out. What was touched is watched that long.
    pub horizon: Duration,
    /// Until a worker that runs has surely pulled its config, where workers do.
    pub pulled: Duration,
    /// How long an agent that is to be restarted when it is idle may be busy. Then it is not.
    pub idle: Duration,
}

impl Timing {
    /// One write to the console, which needs long for AI routes. At most half the horizon, so that a write that was
    /// given up is carried out, if ever, while it is still watched for.
    pub fn write(&self) -> Duration {
        (self.call * 2).min(self.horizon / 2)
    }

    /// When the gateway follows a change, unless something is wrong: it mostly takes 1 to 3 s.
    pub fn follows(&self) -> Duration {
        self.effective / 3
    }

    /// One call to the console or the store: [`Timing::call`], at most half the horizon.
    pub fn bounded_call(&self) -> Duration {
        self.call.min(self.horizon / 2)
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(30),
            question: Duration::from_secs(30),
            list: Duration::from_secs(10),
            effective: Duration::from_secs(15),
            cache: Duration::from_secs(2),
            look: Duration::from_secs(3),
            operation: Duration::from_secs(180),
            horizon: Duration::from_secs(120),
            pulled: domain::PULLED_WITHIN,
            idle: Duration::from_secs(1_800),
        }
    }
}
