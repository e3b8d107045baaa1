//! The processes that are measured: a sandbox, and agm pointed at it.
use crate::{Outcome, load};
use serde::Deserialize;
use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use url::Url;

/// Basic `admin:admin`.
pub const BASIC: &str = "Basic YWRtaW46YWRtaW4=";

/// What `agm sandbox` prints: where everything is.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Installation {
    pub console: Url,
    pub gateway: Url,
    pub gateway_metrics: Url,
    pub s3: Bucket,
    pub manager: Manager,
    pub containers: Url,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    pub endpoint: Url,
    pub access_key: String,
    pub secret_key: String,
    pub bucket: String,
}

#[derive(Clone, Deserialize)]
pub struct Manager {
    pub config: PathBuf,
}

/// A sandbox in a process of its own; ends when dropped.
pub struct SandboxProcess {
    pub installation: Installation,
    _process: Child,
}

impl SandboxProcess {
    pub async fn start() -> Outcome<Self> {
        let mut process =
            Command::new(Agm::program()).arg("sandbox").stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let out = process.stdout.take().ok_or("no output")?;
        let line = BufReader::new(out).lines().next_line().await?.ok_or("the sandbox did not start")?;
        Ok(Self { installation: serde_json::from_str(&line)?, _process: process })
    }
}

/// A running `agm serve`; ends when dropped.
pub struct Agm {
    pub addr: SocketAddr,
    /// From the start of the process to the first 200.
    pub started_in: Duration,
    process: Child,
    _data: tempfile::TempDir,
}

impl Agm {
    pub async fn start(at: &Installation) -> Outcome<Self> {
        Self::start_in(at, &std::env::temp_dir()).await
    }

    /// The program that is measured: the one that `AGM_BINARY` names, else the one that was built with the figures.
    pub fn program() -> PathBuf {
        std::env::var_os("AGM_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_agm").into(), PathBuf::from)
    }

    /// With its data directory somewhere below `parent`.
    pub async fn start_in(at: &Installation, parent: &Path) -> Outcome<Self> {
        Self::start_with(at, parent, None).await
    }

    /// The same with the site that this setting names.
    pub async fn start_with(at: &Installation, parent: &Path, site: Option<&str>) -> Outcome<Self> {
        let addr = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let data = tempfile::tempdir_in(parent)?;
        let began = Instant::now();
        let process = Command::new(Self::program())
            .args(["serve", "--addr", &addr.to_string()])
            .args(site.map(|site| format!("--site={site}")))
            .env("AGM_DATA_DIR", data.path())
            .env("HICLAW_ADMIN_PASSWORD", "admin")
            .env("HICLAW_AI_GATEWAY_ADMIN_URL", at.console.as_str())
            .env("HICLAW_AI_GATEWAY_URL", at.gateway.as_str())
            .env("AGM_GATEWAY_METRICS_URL", at.gateway_metrics.as_str())
            .env("HICLAW_FS_ENDPOINT", at.s3.endpoint.as_str())
            .env("HICLAW_FS_ACCESS_KEY", &at.s3.access_key)
            .env("HICLAW_FS_SECRET_KEY", &at.s3.secret_key)
            .env("HICLAW_FS_BUCKET", &at.s3.bucket)
            .env("HICLAW_CONTAINER_API", at.containers.as_str())
            .env("OPENCLAW_CONFIG_PATH", &at.manager.config)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let deadline = began + Duration::from_secs(10);
        while load::once(addr, "/ni_status/health").await.is_err() {
            if Instant::now() > deadline {
                return Err("agm did not answer within 10 s".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(Self { addr, started_in: began.elapsed(), process, _data: data })
    }

    /// Resident memory.
    pub fn rss_megabytes(&self) -> Outcome<f64> {
        let id = self.process.id().ok_or("agm has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// Switches an agent and tells how long that took. A switch that fails is an error.
    pub async fn set_model(&self, target: &str, provider: &str, model: &str) -> Outcome<Duration> {
        let began = Instant::now();
        let reply = reqwest::Client::new()
            .post(format!("http://{}/ni_status/set-model", self.addr))
            .header("authorization", BASIC)
            .json(&serde_json::json!({"target": target, "provider": provider, "model": model}))
            .send()
            .await?;
        let status = reply.status();
        let took = began.elapsed();
        if !status.is_success() {
            return Err(format!("set-model answered {status}: {}", reply.text().await?).into());
        }
        Ok(took)
    }
}
