//! HiClaw's controller in process: since v1.1 it keeps the agents, and its own workers come to those of the demo.
use super::{World, console::Peer};
use axum::{Router, body::Body};
use http::{Method, Request, header};
use sandbox::{
    console::Console,
    containers::Containers,
    controller::{Account, Controller, Flow, Generation, Plan, Surroundings},
    s3::{Faults, Objects},
    upstreams::keys_of,
};
use serde_json::{Value, json};
use std::{io, sync::Arc, time::Duration};
use tempfile::TempDir;
use tower::ServiceExt;

/// The worker that it keeps.
pub const WORKER: &str = "zoe";
/// The model of everybody at first.
pub const FIRST_MODEL: &str = "qwen3.5-plus";
/// Longer than a first boot takes, and longer than it takes until a worker runs.
const SETTLED: Duration = Duration::from_secs(60);

/// An agent that it keeps.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// `manager`, or the worker's name.
    pub agent: &'static str,
    /// The resource that its model is written to, without the host: `workers/zoe`.
    written: &'static str,
    /// The one that it is read from.
    read: &'static str,
}

const MANAGER: Kept = Kept { agent: "manager", written: "managers/default", read: "managers/default" };
const ZOE: Kept = Kept { agent: WORKER, written: "workers/zoe", read: "workers/zoe" };
const LEAD: Kept = Kept { agent: "lead", written: "workers/lead", read: "workers/lead" };
/// Its model is a part of the team that it leads.
const LEAD_IN_TEAM: Kept = Kept { written: "teams/alpha", ..LEAD };

impl Kept {
    /// What the book has it by: `controller:workers/zoe`.
    pub fn object(&self) -> String {
        format!("controller:{}", self.written)
    }

    /// Where the agent is read.
    pub fn path(&self) -> String {
        format!("/api/v1/{}", self.read)
    }

    /// Where its model is written, and with what.
    pub fn write(&self, model: &str) -> (String, Value) {
        let wish = json!({"model": model});
        let wish = if self.written == self.read { wish } else { json!({"leader": wish}) };
        (format!("/api/v1/{}", self.written), wish)
    }

    /// The model that a write of it gave.
    pub fn given(body: &Value) -> Option<&str> {
        body["model"].as_str().or(body["leader"]["model"].as_str())
    }
}

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
        let mut plan = Plan { manager_runtime: "openclaw".into(), ..Plan::of(generation) };
        plan.provider.key = keys_of("qwen")[0].to_owned();
        objects.create_bucket(&generation.bucket());
        let none = || io::Error::other("this generation has no controller");
        let controller = Controller::start(generation, Flow::Held, plan, around).ok_or_else(none)?;
        controller.timeline().advance(SETTLED).await;
        let token = controller.token(&Account::Admin).ok_or_else(|| io::Error::other("it gave no token"))?;
        let router = controller.router();
        let member = |name: &str| json!({"name": name, "model": FIRST_MODEL, "runtime": "openclaw"});
        create(&router, &token, "workers", &member(WORKER)).await?;
        let team = if generation == Generation::V1_1 {
            json!({"name": "alpha", "leader": member("lead"), "workers": []})
        } else {
            create(&router, &token, "workers", &member("lead")).await?;
            controller.timeline().advance(SETTLED).await;
            json!({"name": "alpha", "workerMembers": [{"name": "lead", "role": "team_leader"}]})
        };
        create(&router, &token, "teams", &team).await?;
        controller.timeline().advance(SETTLED).await;
        controller.timeline().let_go();
        Ok(Self { generation, router, token, _controller: controller, _files: files })
    }

    /// What its passages are named by.
    fn name(&self) -> &'static str {
        if self.generation == Generation::V1_1 { "controller-1.1" } else { "controller-1.2" }
    }
}

async fn create(router: &Router, token: &str, kind: &str, one: &Value) -> io::Result<()> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/api/v1/{kind}"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::from(one.to_string()))
        .map_err(io::Error::other)?;
    let Ok(response) = router.clone().oneshot(request).await;
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(io::Error::other(format!("the controller makes none of {kind}: {status}"))),
    }
}

impl World {
    /// Whether a controller keeps the agents.
    pub fn is_controlled(&self) -> bool {
        self.controlled.is_some()
    }

    /// The agents that the controller keeps.
    pub fn kept(&self) -> &'static [Kept] {
        match self.controlled.as_ref().map(|controlled| controlled.generation) {
            None => &[],
            Some(Generation::V1_1) => &[MANAGER, ZOE, LEAD_IN_TEAM],
            Some(_) => &[MANAGER, ZOE, LEAD],
        }
    }

    /// The agent that is read, or written, at this resource, `workers/zoe`.
    pub(super) fn kept_at(&self, resource: &str, writes: bool) -> Option<Kept> {
        let is_at = |kept: &&Kept| resource == if writes { kept.written } else { kept.read };
        self.kept().iter().find(is_at).copied()
    }

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
