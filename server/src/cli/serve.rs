//! `agm serve` and `agm sandbox`.
use super::{error::CliError, said::Said, show::print};
use crate::{
    auth::Limits,
    config::{Settings, rehearse},
    http::{AppState, Bounds, Entrance, Hosts, Setup, acceptor, serve as serve_http, stack},
    log::{self, LogError, LogFormat, Recent},
    pid::PidFile,
};
use clap::Args;
use operations::Operations;
use sandbox::{Addresses, Sandbox, SandboxError, SandboxOptions, controller::Generation};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};

/// How long running operations may take to end once the server stops. What is not done then is taken up by the next start.
const DRAIN: Duration = Duration::from_secs(30);

#[derive(Args)]
pub struct Serve {
    /// Run with an outside world of its own: admin / admin, and nothing real is touched.
    #[arg(long)]
    sandbox: bool,
    /// Keep the sandbox's state here [default: a temporary directory].
    #[arg(long, value_name = "DIR", requires = "sandbox")]
    sandbox_dir: Option<PathBuf>,
    /// Which HiClaw the sandbox is: 1.0, or 1.1 or 1.2 with their controller.
    #[arg(long, value_name = "VERSION", default_value = "1.0", requires = "sandbox")]
    generation: Generation,
    /// How many workers the sandbox has beside its own.
    #[arg(long, value_name = "COUNT", default_value_t = 0, requires = "sandbox")]
    more_workers: usize,
    /// How many providers the sandbox has beside its three.
    #[arg(long, value_name = "COUNT", default_value_t = 0, requires = "sandbox")]
    more_providers: usize,
    /// What to log: error, warn, info, debug, trace, or a filter of the tracing library.
    #[arg(long, env = "AGM_LOG", default_value = "info")]
    log: String,
    /// In which form to log.
    #[arg(long, env = "AGM_LOG_FORMAT", value_enum, default_value = "auto")]
    log_format: LogFormat,
    /// Log to this file instead of standard error: at most 60 MB in six files.
    #[arg(long, env = "AGM_LOG_FILE", value_name = "FILE")]
    log_file: Option<PathBuf>,
    #[command(flatten)]
    settings: Said,
}

#[derive(Args)]
pub struct SandboxArgs {
    /// A console that was never initialised, and an empty bucket.
    #[arg(long)]
    empty: bool,
    /// With what the former plugin registered at the gateway; HiClaw 1.0 only.
    #[arg(long)]
    leftovers: bool,
    /// Where the console listens [default: any free port of loopback].
    #[arg(long)]
    console_addr: Option<SocketAddr>,
    /// Where the gateway listens [default: any free port of loopback].
    #[arg(long)]
    gateway_addr: Option<SocketAddr>,
    /// Where the object store listens [default: any free port of loopback].
    #[arg(long)]
    s3_addr: Option<SocketAddr>,
    /// Which HiClaw it is: 1.0, or 1.1 or 1.2 with their controller.
    #[arg(long, value_name = "VERSION", default_value = "1.0")]
    generation: Generation,
    /// Where the controller of HiClaw 1.1 or 1.2 listens [default: any free port of loopback].
    #[arg(long)]
    controller_addr: Option<SocketAddr>,
    /// Keep the state here [default: a temporary directory].
    #[arg(long)]
    dir: Option<PathBuf>,
}

pub fn start(error: impl std::fmt::Display) -> CliError {
    CliError::Start(error.to_string())
}

/// Why a sandbox did not start: what it cannot play should not have been asked for.
fn not_played(error: SandboxError) -> CliError {
    match error {
        SandboxError::NotPlayed => CliError::Usage(error.to_string()),
        error => start(error),
    }
}

/// Runs the server until it is told to stop.
pub async fn serve(options: Serve) -> Result<(), CliError> {
    let recent = log::begin(&options.log, options.log_format, options.log_file.as_deref()).map_err(
        |error| match error {
            LogError::Filter(_) => CliError::Usage(error.to_string()),
            LogError::File { .. } | LogError::Begun => start(error),
        },
    )?;
    let has_file = options.log_file.is_some();
    // Whoever starts a server with a log of its own may keep nothing else that it says.
    let told = |error: &CliError| {
        if has_file {
            tracing::error!(%error, "agm ends")
        }
    };
    run(options, recent).await.inspect_err(told)
}

async fn run(options: Serve, recent: Recent) -> Result<(), CliError> {
    let stop = Stop::listen()?;
    let sandbox = match options.sandbox {
        true => Some(
            Sandbox::start(SandboxOptions {
                dir: options.sandbox_dir.clone(),
                generation: options.generation,
                more_workers: options.more_workers,
                more_providers: options.more_providers,
                ..SandboxOptions::default()
            })
            .await
            .map_err(not_played)?,
        ),
        false => None,
    };
    let own_state = match &sandbox {
        Some(_) => Some(OwnState::new(options.sandbox_dir.as_deref())?),
        None => None,
    };
    let mut lookup = options.settings.lookup()?;
    if let (Some(sandbox), Some(state)) = (&sandbox, &own_state) {
        lookup = lookup.with_sandbox(sandbox_settings(sandbox.addresses(), state.path()));
    }
    let mut settings = Settings::read(lookup).map_err(start)?;
    rehearse(&mut settings.operations);
    if let Some(sandbox) = &sandbox {
        settings.operations.upstream_map = sandbox.upstream_map();
        print(&serde_json::to_string(sandbox.addresses()).map_err(start)?)?;
    }
    let outcome = listen(settings, sandbox.is_some(), recent, stop).await;
    if let Some(sandbox) = sandbox {
        sandbox.stop().await;
    }
    outcome
}

async fn listen(settings: Settings, sandbox: bool, log: Recent, mut stop: Stop) -> Result<(), CliError> {
    let addr = settings.addr;
    let tls = settings.tls.map(|files| acceptor(&files.cert, &files.key)).transpose().map_err(start)?;
    let data_dir = settings.operations.data_dir.clone();
    let operations = Operations::new(settings.operations).map_err(start)?;
    // A disk that is full or read-only is no reason not to look at things.
    let _pid = PidFile::write(&data_dir)
        .inspect_err(|error| tracing::warn!(%error, "which process this is could not be written down"));
    operations.recover().await?;
    operations.start_sampling();
    operations.start_probing();
    let state = AppState::new(Setup {
        operations: operations.clone(),
        user: settings.admin_user,
        password: settings.admin_password,
        metrics_token: settings.metrics_token,
        hosts: Hosts::new(settings.allowed_hosts),
        trusted_proxies: settings.trusted_proxies,
        secure: tls.is_some(),
        sandbox,
        limits: Limits::default(),
        site: settings.site,
        told: settings.told,
        log,
    });
    let closing = state.shared.closing.clone();
    let listener = TcpListener::bind(addr).await.map_err(|error| start(format!("{addr}: {error}")))?;
    let bound = listener.local_addr().map_err(start)?;
    state.listens(bound);
    let account = if sandbox { " (sandbox: sign in as admin / admin)" } else { "" };
    tracing::info!(%bound, version = env!("CARGO_PKG_VERSION"), "agm listens");
    let scheme = if tls.is_some() { "https" } else { "http" };
    print(&format!("AI Gateway Management: {scheme}://{bound}/agm/{account}"))?;
    // The first look at a thousand agents takes seconds, which the first visitor should not wait for.
    let looking = operations.clone();
    tokio::spawn(async move {
        // Which HiClaw it is: plans warn of what speaks against that.
        let (agents, hiclaw) = tokio::join!(looking.assignments(), looking.hiclaw());
        if let Err(error) = agents.map(drop).and(hiclaw.map(drop)) {
            tracing::debug!(%error, "the first look at the agents failed");
        }
    });
    let entrance = Entrance { listener, tls, bounds: Bounds::default() };
    let orderly = async {
        let drained = async {
            closing.cancelled().await;
            operations.drain(DRAIN).await;
        };
        tokio::join!(serve_http(entrance, stack(state), closing.clone()), drained);
    };
    let told = async {
        stop.told().await;
        tracing::info!("stopping");
        closing.cancel();
        stop.told().await;
    };
    tokio::select! {
        () = orderly => Ok(()),
        () = told => Err(start("stopped at once: the next start takes up what was under way")),
    }
}

/// SIGTERM and SIGINT. From `listen` on they no longer end the process by themselves.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn listen() -> Result<Self, CliError> {
        let terminate = signal(SignalKind::terminate()).map_err(start)?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt()).map_err(start)? })
    }

    async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Runs the outside world alone.
pub async fn sandbox(args: SandboxArgs) -> Result<(), CliError> {
    if args.controller_addr.is_some() && args.generation == Generation::V1_0 {
        return Err(CliError::Usage("HiClaw 1.0 has no controller: name another --generation".into()));
    }
    let mut stop = Stop::listen()?;
    let sandbox = Sandbox::start(SandboxOptions {
        empty: args.empty,
        leftovers: args.leftovers,
        console_addr: args.console_addr,
        gateway_addr: args.gateway_addr,
        s3_addr: args.s3_addr,
        generation: args.generation,
        controller_addr: args.controller_addr,
        dir: args.dir,
        ..SandboxOptions::default()
    });
    let sandbox = sandbox.await.map_err(not_played)?;
    print(&serde_json::to_string(sandbox.addresses()).map_err(start)?)?;
    stop.told().await;
    sandbox.stop().await;
    Ok(())
}

/// What a sandbox says of itself, as settings.
pub fn sandbox_settings(addresses: &Addresses, data_dir: &Path) -> BTreeMap<&'static str, String> {
    let env_file = addresses.manager.env_file.iter();
    let env_file = env_file.map(|file| ("hiclaw-env-file", file.display().to_string()));
    let controller = addresses.controller.iter().flat_map(|controller| {
        let token_file = controller.token_file.display().to_string();
        [("controller-url", controller.url.clone()), ("controller-token-file", token_file)]
    });
    let settings = [
        ("admin-user", addresses.admin.user.clone()),
        ("admin-password", addresses.admin.password.clone()),
        ("console-url", addresses.console.clone()),
        ("gateway-url", addresses.gateway.clone()),
        ("gateway-metrics-url", addresses.gateway_metrics.clone()),
        ("store-endpoint", addresses.s3.endpoint.clone()),
        ("store-access-key", addresses.s3.access_key.clone()),
        ("store-secret-key", addresses.s3.secret_key.clone()),
        ("store-bucket", addresses.s3.bucket.clone()),
        ("openclaw-config", addresses.manager.config.display().to_string()),
        ("manager-url", addresses.manager.url.clone()),
        ("container-api", addresses.containers.clone()),
        ("default-model", addresses.default_model.clone()),
        ("data-dir", data_dir.display().to_string()),
    ];
    settings.into_iter().chain(controller).chain(env_file).collect()
}

/// Where a sandboxed server keeps its own state: beside the sandbox's, or in a directory that goes with the process.
enum OwnState {
    Kept(PathBuf),
    Temporary(tempfile::TempDir),
}

impl OwnState {
    fn new(sandbox_dir: Option<&Path>) -> Result<Self, CliError> {
        match sandbox_dir {
            Some(dir) => Ok(Self::Kept(dir.join("agm"))),
            None => tempfile::tempdir().map(Self::Temporary).map_err(start),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(dir) => dir.path(),
        }
    }
}
