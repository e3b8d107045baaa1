//! HiClaw's controller in process: since v1.1 it keeps the agents, and its own workers come to those of the demo.
use super::{World, console::Peer};
use axum::{Router, body::Body};
use http::{Method, Request, header};
use sandbox::{
    console::Console,
    containers::Containers,
    controller::{Account, Controller, Flow, Generation, Plan, Surroundings},
    s3::{Faults, Objects},
};
use serde_json::{Value, json};
use std::{io, sync::Arc, time::Duration};
use tempfile::TempDir;
use tower::ServiceExt;

/// The worker that it keeps.
pub const WORKER: &str = "zoe";
/// Longer than a first boot takes, and longer than it takes until a worker runs.
const SETTLED: Duration = Duration::from_secs(60);

/// A controller that runs, by the clock of the run.
pub struct Controlled {
    pub generation: Generation,
    pub(super) router: Router,
    pub(super) token: String,
    /// Its tasks go with it.
    _controller: Controller,
    /// What it has on disk, which is none of the process under test.
    _files: TempDir,
}

impl Controlled {
    /// Starts it beside a console and a store, and makes a worker.
    pub(super) async fn start(
        generation: Generation,
        console: &Console,
        objects: &Arc<Objects>,
    ) -> io::Result<Self> {
        let files = tempfile::tempdir()?;
        let workspace = files.path().join("workspace");
        std::fs::create_dir(&workspace)?;
        let around = Surroundings {
            console: console.router(),
            console_offline: Arc::default(),
            containers: Arc::new(Containers::open(files.path().join("containers.json"))?),
            containers_offline: Arc::default(),
            objects: objects.clone(),
            faults: Arc::new(Faults::default()),
            workspace,
            token_file: files.path().join("token"),
        };
        let plan = Plan { manager_runtime: "openclaw".into(), ..Plan::of(generation) };
        objects.create_bucket(&generation.bucket());
        let none = || io::Error::other("this generation has no controller");
        let controller = Controller::start(generation, Flow::Held, plan, around).ok_or_else(none)?;
        controller.timeline().advance(SETTLED).await;
        let token = controller.token(&Account::Admin).ok_or_else(|| io::Error::other("it gave no token"))?;
        let router = controller.router();
        let worker = json!({"name": WORKER, "model": "qwen3.5-plus", "runtime": "openclaw"});
        create(&router, &token, &worker).await?;
        controller.timeline().advance(SETTLED).await;
        controller.timeline().let_go();
        Ok(Self { generation, router, token, _controller: controller, _files: files })
    }

    /// What its passages are named by.
    fn name(&self) -> &'static str {
        if self.generation == Generation::V1_1 { "controller-1.1" } else { "controller-1.2" }
    }
}

async fn create(router: &Router, token: &str, worker: &Value) -> io::Result<()> {
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/v1/workers")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::from(worker.to_string()))
        .map_err(io::Error::other)?;
    let Ok(response) = router.clone().oneshot(request).await;
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(io::Error::other(format!("the controller makes no worker: {status}"))),
    }
}

impl World {
    /// What the passages to somebody are named by.
    pub(super) fn name_of(&self, peer: Peer) -> &'static str {
        match (peer, &self.controlled) {
            (Peer::Controller, Some(controlled)) => controlled.name(),
            (Peer::Controller, None) => "controller",
            (Peer::Console, _) => "console",
        }
    }

    pub(super) fn router_of(&self, peer: Peer) -> &Router {
        match (peer, &self.controlled) {
            (Peer::Controller, Some(controlled)) => &controlled.router,
            _ => &self.router,
        }
    }
}
