//! Where the parts of a sandbox are, and how they are entered.
use crate::{
    agents::Agents,
    controlled::{Controlled, ControllerAddress},
    controller::Generation,
    demo,
    gateway::Gateway,
    s3::S3,
    switch::Server,
    upstreams::Upstreams,
};
use serde::Serialize;
use std::{collections::BTreeMap, path::PathBuf};

/// Everything that `agm serve` needs to be pointed at a sandbox from outside. Its JSON is the line that `agm sandbox`
/// prints; addresses are URLs without a trailing slash.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Addresses {
    pub console: String,
    /// Without `/v1`.
    pub gateway: String,
    /// The Prometheus page.
    pub gateway_metrics: String,
    pub s3: S3Address,
    pub manager: ManagerAddress,
    /// Provider name to the base URL of its upstream.
    pub upstreams: BTreeMap<String, String>,
    /// The Docker API, read only.
    pub containers: String,
    pub admin: Account,
    /// Where the agents can be asked and told: see [`crate::agents`].
    pub agents: String,
    /// The model that HiClaw gives to the Manager and to new workers.
    pub default_model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<ControllerAddress>,
}

/// How to reach the store.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct S3Address {
    pub endpoint: String,
    pub access_key: String,
    pub secret_key: String,
    pub bucket: String,
}

/// The Manager's openclaw.json on disk, and its HTTP server.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagerAddress {
    pub config: PathBuf,
    pub url: String,
    /// What the installer of HiClaw v1.0 makes the Manager's container from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env_file: Option<PathBuf>,
}

/// The console's admin.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    pub user: String,
    pub password: String,
}

/// The parts that have an address.
pub(crate) struct Parts<'a> {
    pub generation: Generation,
    pub console: &'a Server,
    pub gateway: &'a Gateway,
    pub s3: &'a S3,
    pub agents: &'a Agents,
    pub upstreams: &'a Upstreams,
    pub docker: &'a Server,
    pub controlled: Option<&'a Controlled>,
    pub env_file: Option<PathBuf>,
}

impl Parts<'_> {
    pub fn addresses(&self) -> Addresses {
        let Self { console, gateway, s3, agents, upstreams, docker, .. } = self;
        let upstreams = upstreams.addresses().into_iter();
        Addresses {
            console: console.url(),
            gateway: format!("http://{}", gateway.addr()),
            gateway_metrics: format!("http://{}/stats/prometheus", gateway.metrics_addr()),
            s3: S3Address {
                endpoint: s3.endpoint(),
                access_key: s3.keys().access.clone(),
                secret_key: s3.keys().secret.clone(),
                bucket: self.generation.bucket(),
            },
            manager: ManagerAddress {
                config: agents.workspace().config(),
                url: agents.url(),
                env_file: self.env_file.clone(),
            },
            upstreams: upstreams.map(|(name, addr)| (name, format!("http://{addr}"))).collect(),
            containers: docker.url(),
            admin: Account { user: demo::ADMIN.0.into(), password: demo::ADMIN.1.into() },
            agents: format!("{}/sandbox", agents.url()),
            default_model: self.generation.default_model().to_owned(),
            controller: self.controlled.map(|controlled| controlled.address.clone()),
        }
    }
}
