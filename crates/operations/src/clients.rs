//! The clients of all systems, built from the configuration.
use crate::{
    Config,
    egress::{Egress, EgressParams},
    probe::{Probe, ProbeParams},
};
use domain::{Code, Failure};
use hiclaw::{ContainerApi, Files, FilesParams, ModelHolder, Records};
use higress::{Console, ConsoleParams};
use store::Store;

/// Everything that talks to somebody else.
pub struct Clients {
    pub console: Console,
    pub store: Store,
    pub holder: Box<dyn ModelHolder>,
    pub records: Records,
    pub probe: Probe,
    pub egress: Egress,
    /// For systems of our own.
    pub http: reqwest::Client,
}

impl Clients {
    /// Makes no call.
    pub fn new(config: &Config) -> Result<Self, Failure> {
        let timing = &config.timing;
        let http = higress::http_client(timing.connect)?;
        let console = Console::new(ConsoleParams {
            url: config.console.url.clone(),
            user: config.console.user.clone(),
            password: config.console.password.clone(),
            connect: timing.connect,
            call: timing.call,
            write: timing.call * 2,
        })?;
        let egress = Egress::new(EgressParams {
            allow_private: config.allow_private_upstreams,
            own: own_systems(config),
            map: config.upstream_map.clone(),
            connect: timing.connect,
            total: timing.list,
        })
        .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
        let probe = Probe::new(
            ProbeParams {
                gateway: config.gateway.clone(),
                gateway_host: config.gateway_host.clone(),
                connect: timing.connect,
                question: timing.question,
                effective: timing.effective,
            },
            egress.clone(),
        )
        .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
        let store = Store::new(&store::Params {
            endpoint: config.store.endpoint.clone(),
            access_key: config.store.access_key.clone(),
            secret_key: config.store.secret_key.clone(),
            bucket: config.store.bucket.clone(),
            connect_timeout: timing.connect,
            call_timeout: timing.call,
        });
        let containers =
            config.containers.clone().map(|url| ContainerApi::new(http.clone(), url, timing.call));
        let holder = Files::new(FilesParams {
            manager_config: config.manager.config_path.clone(),
            manager_url: config.manager.url.clone(),
            manager_key: config.manager.gateway_key.clone(),
            store: store.clone(),
            containers,
            http: http.clone(),
            call: timing.call,
        });
        let records = Records::new(store.clone());
        Ok(Self { console, store, holder: Box::new(holder), records, probe, egress, http })
    }
}

/// Addresses that no provider may have: a provider there would make us ask our own systems, with a stranger's path.
fn own_systems(config: &Config) -> Vec<url::Url> {
    let optional = [&config.gateway_metrics, &config.containers, &config.manager.url];
    let fixed = [&config.console.url, &config.gateway, &config.store.endpoint];
    fixed.into_iter().chain(optional.into_iter().flatten()).cloned().collect()
}
