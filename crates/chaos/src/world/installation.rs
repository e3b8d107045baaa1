//! The installation that every run begins with, and what the process under test is told about it.
use super::{DATA, GATEWAY_HOST, WORKSPACE, World};
use operations::{Config, ConsoleConfig, ControllerParams, ManagerConfig, Pace, StoreConfig, Timing};
use sandbox::Still;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use time::OffsetDateTime;

/// Seconds since 1970 at which every run begins.
pub(super) const BEGINS: u64 = 1_780_000_000;

/// What every run begins with.
pub struct Base {
    pub still: Still,
    pub(super) http: reqwest::Client,
}

impl Base {
    /// Installs the demo.
    ///
    /// # Errors
    /// The sandbox cannot be installed, or no client can be made.
    pub async fn install() -> Result<Self, String> {
        let begins = i64::try_from(BEGINS).unwrap_or_default();
        let at = OffsetDateTime::from_unix_timestamp(begins).map_err(|error| error.to_string())?;
        let still = Still::install(at).await.map_err(|error| error.to_string())?;
        let http = higress::http_client(Duration::from_secs(5)).map_err(|error| error.to_string())?;
        Ok(Self { still, http })
    }
}

impl World {
    /// What the process under test is told about the installation.
    pub fn config(&self) -> Config {
        Config {
            console: ConsoleConfig {
                url: url("http://console.hiclaw.io:8001"),
                user: "admin".into(),
                password: "admin".into(),
            },
            gateway: url("http://gateway.hiclaw.io:8080"),
            gateway_host: Some(GATEWAY_HOST.into()),
            gateway_metrics: None,
            store: StoreConfig {
                endpoint: url("http://store.hiclaw.io:9000"),
                access_key: self.keys.access.clone(),
                secret_key: self.keys.secret.clone().into(),
                bucket: self.bucket.clone(),
            },
            manager: ManagerConfig {
                config_path: Path::new(WORKSPACE).join("openclaw.json"),
                url: None,
                gateway_key: None,
            },
            containers: None,
            controller: self.controlled.as_ref().map(|controlled| ControllerParams {
                url: url("http://controller.hiclaw.io:8090"),
                token: Some(controlled.token.clone().into()),
                token_file: None,
                prefix: None,
                pace: Pace::default(),
            }),
            generation: None,
            hiclaw_provider: Some("qwen".into()),
            hiclaw_model: None,
            hiclaw_env_file: None,
            allow_private_upstreams: false,
            upstream_map: Default::default(),
            entry: Default::default(),
            data_dir: PathBuf::from(DATA),
            timing: Timing { cache: Duration::ZERO, ..Timing::default() },
        }
    }
}

#[expect(clippy::expect_used, reason = "constants of this module")]
fn url(text: &str) -> url::Url {
    text.parse().expect("a URL")
}
