//! A server and its sandbox, and calls to it without a socket.
use axum::body::Body;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use operations::{Config, Operations};
use sandbox::{Sandbox, SandboxOptions, controller::Generation};
use serde_json::{Value, json};
use server::{
    auth::Limits,
    cli::sandbox_settings,
    config::{Lookup, Settings},
    http::{AppState, Bounds, Entrance, Hosts, Setup, Stack, serve, stack},
    log::Recent,
    site::Site,
};
use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// `Authorization` of admin / admin.
pub const ADMIN: (&str, &str) = ("authorization", "Basic YWRtaW46YWRtaW4=");
pub const JSON: (&str, &str) = ("content-type", "application/json");

pub struct World {
    pub stack: Stack,
    pub state: AppState,
    pub sandbox: Sandbox,
    pub operations: Operations,
    pub data: tempfile::TempDir,
}

/// A server on a socket of loopback.
pub struct Served {
    pub address: SocketAddr,
    pub stop: CancellationToken,
    pub ended: JoinHandle<()>,
}

impl Served {
    pub async fn start(stack: Stack, tls: Option<TlsAcceptor>, bounds: Bounds) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let ended = tokio::spawn(serve(Entrance { listener, tls, bounds }, stack, stop.clone()));
        Self { address, stop, ended }
    }
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }

    /// The first bad field that it names.
    pub fn field(&self) -> String {
        self.json()["fields"][0]["field"].as_str().unwrap_or_default().to_owned()
    }
}

impl World {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A world whose setup is changed before it starts.
    pub async fn with(change: impl FnOnce(&mut Setup)) -> Self {
        Self::made(SandboxOptions::default(), |_| {}, change).await
    }

    /// A world whose operations are configured in another way.
    pub async fn configured(configure: impl FnOnce(&mut Config)) -> Self {
        Self::made(SandboxOptions::default(), configure, |_| {}).await
    }

    /// A world with another HiClaw in it.
    pub async fn of(generation: Generation) -> Self {
        Self::of_configured(generation, |_| {}).await
    }

    /// The same, with operations that are configured in another way.
    pub async fn of_configured(generation: Generation, configure: impl FnOnce(&mut Config)) -> Self {
        let options = SandboxOptions { generation, ..SandboxOptions::default() };
        Self::made(options, configure, |_| {}).await
    }

    async fn made(
        options: SandboxOptions,
        configure: impl FnOnce(&mut Config),
        change: impl FnOnce(&mut Setup),
    ) -> Self {
        server::install_crypto();
        let sandbox = Sandbox::start(options).await.unwrap();
        let data = tempfile::tempdir().unwrap();
        let lookup = Lookup::new([].into(), |_| None, None).unwrap();
        let lookup = lookup.with_sandbox(sandbox_settings(sandbox.addresses(), data.path()));
        let mut settings = Settings::read(lookup).unwrap();
        settings.operations.upstream_map = sandbox.upstream_map();
        configure(&mut settings.operations);
        let operations = Operations::new(settings.operations).unwrap();
        operations.recover().await.unwrap();
        operations.start_sampling();
        let mut setup = Setup {
            operations: operations.clone(),
            user: "admin".into(),
            password: "admin".into(),
            metrics_token: None,
            hosts: Hosts::new([]),
            trusted_proxies: vec![],
            secure: false,
            sandbox: true,
            limits: Limits::default(),
            site: Site::Folder(data.path().join("site")),
            told: settings.told,
            log: Recent::default(),
        };
        change(&mut setup);
        let state = AppState::new(setup);
        Self { stack: stack(state.clone()), state, sandbox, operations, data }
    }

    /// A call from the outside, with exactly these headers and `Host: localhost`.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header(header::HOST, "localhost:18080");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(self.stack.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap()).await
    }

    /// A signed-in call with a JSON body; none when it is empty.
    pub async fn admin(&self, method: &str, path: &str, body: &str) -> Answer {
        if body.is_empty() {
            return self.call(method, path, &[ADMIN], Body::empty()).await;
        }
        let length = body.len().to_string();
        self.call(method, path, &[ADMIN, JSON, ("content-length", &length)], body.to_owned()).await
    }
}

async fn read(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

/// What HiClaw sets for a server, as this sandbox is: the program itself is started with it, and waits as `timing` says.
pub fn environment(sandbox: &Sandbox, timing: Value) -> Vec<(&'static str, String)> {
    let at = sandbox.addresses();
    let mut rehearsal = timing;
    rehearsal["upstreams"] = json!(sandbox.upstream_map());
    let controller = at.controller.iter().flat_map(|controller| {
        let file = controller.token_file.display().to_string();
        [("HICLAW_CONTROLLER_URL", controller.url.clone()), ("HICLAW_AUTH_TOKEN_FILE", file)]
    });
    let always = [
        ("HICLAW_ADMIN_USER", at.admin.user.clone()),
        ("HICLAW_ADMIN_PASSWORD", at.admin.password.clone()),
        ("HICLAW_AI_GATEWAY_ADMIN_URL", at.console.clone()),
        ("HICLAW_AI_GATEWAY_URL", at.gateway.clone()),
        ("HICLAW_FS_ENDPOINT", at.s3.endpoint.clone()),
        ("HICLAW_FS_ACCESS_KEY", at.s3.access_key.clone()),
        ("HICLAW_FS_SECRET_KEY", at.s3.secret_key.clone()),
        ("HICLAW_FS_BUCKET", at.s3.bucket.clone()),
        ("HICLAW_LLM_PROVIDER", "qwen".into()),
        ("HICLAW_CONTAINER_API", at.containers.clone()),
        ("AGM_MANAGER_URL", at.manager.url.clone()),
        ("AGM_REHEARSAL", rehearsal.to_string()),
        ("OPENCLAW_CONFIG_PATH", at.manager.config.display().to_string()),
    ];
    always.into_iter().chain(controller).collect()
}

/// A port that nobody has, and nobody gets who asks the system for any: it stays free until a server takes it, and between
/// two servers.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let turn = std::process::id().wrapping_mul(61).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + u16::try_from(turn % 20_000).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Ends the server of a data directory, whatever became of the test.
pub struct Ended(pub PathBuf);

impl Ended {
    /// Ends it at once, and waits until it is gone: one that is waiting for its disk is still seen for a while.
    pub fn kill(&self) {
        let Ok(pid) = fs::read_to_string(self.0.join("agm.pid")) else { return };
        let line = format!("/proc/{}/cmdline", pid.trim());
        let is_there = || fs::read_to_string(&line).is_ok_and(|line| line.contains("serve"));
        if is_there() {
            drop(Command::new("kill").args(["-KILL", pid.trim()]).output());
        }
        while is_there() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.kill();
    }
}
