//! An installation with a controller: its process on a port, and the workers of the demo, made through its API.
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::body::Body;
use http::{Method, Request, header};
use serde::Serialize;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    clock::{now, rfc3339},
    containers::Containers,
    controller::{Account, Controller, Flow, Generation, Kept, Plan, Surroundings},
    demo, files,
    s3::S3,
    switch::Server,
    world::{SandboxError, io},
};

/// Longer than a first boot takes, and longer than it takes until a worker runs.
const SETTLED: Duration = Duration::from_secs(60);
/// Until a worker is made.
const EACH: Duration = Duration::from_secs(5);
const LONGEST_ANSWER: usize = 1 << 20;

/// Where the controller is, and what it has.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ControllerAddress {
    pub url: String,
    /// The file with the admin's token, which is written anew at every start of the process.
    pub token_file: std::path::PathBuf,
}

/// A controller and its port.
pub(crate) struct Controlled {
    pub(crate) controller: Controller,
    pub(crate) server: Server,
    pub(crate) address: ControllerAddress,
}

/// What it is started with.
pub(crate) struct Start<'a> {
    pub(crate) generation: Generation,
    pub(crate) flow: Flow,
    pub(crate) address: Option<SocketAddr>,
    pub(crate) llm_key: &'a str,
    pub(crate) console: axum::Router,
    pub(crate) console_server: &'a Server,
    pub(crate) containers: &'a Arc<Containers>,
    pub(crate) docker: &'a Server,
    pub(crate) s3: &'a S3,
    pub(crate) workspace: &'a Path,
    pub(crate) token_file: &'a Path,
    /// What an earlier process of the sandbox kept.
    pub(crate) kept: Option<Kept>,
    /// Whether the demo's workers are made, where nothing was kept, and how many beside them.
    pub(crate) demo: bool,
    pub(crate) more_workers: usize,
    pub(crate) in_cluster: bool,
}

impl Controlled {
    /// Starts it and waits, on its own clock, until everything runs. None: the generation has no controller.
    pub(crate) async fn start(start: Start<'_>) -> Result<Option<Self>, SandboxError> {
        let mut plan = Plan { in_cluster: start.in_cluster, ..Plan::of(start.generation) };
        start.llm_key.clone_into(&mut plan.provider.key);
        plan.store_secret.clone_from(&start.s3.keys().secret);
        let around = Surroundings {
            console: start.console,
            console_offline: start.console_server.offline(),
            containers: start.containers.clone(),
            containers_offline: start.docker.offline(),
            objects: start.s3.objects().clone(),
            faults: start.s3.faults().clone(),
            workspace: start.workspace.to_owned(),
            token_file: start.token_file.to_owned(),
        };
        let first = start.kept.is_none();
        let controller = Controller::resume(start.generation, Flow::Held, plan, around, start.kept);
        let Some(controller) = controller else { return Ok(None) };
        controller.timeline().advance(SETTLED).await;
        if start.demo && first {
            install(&controller, start.generation).await?;
            let tasks = install_crowd(&controller, start.generation, start.more_workers).await?;
            note_tasks(start.workspace, &tasks).map_err(io("the Manager's workspace"))?;
        }
        if start.flow == Flow::Real {
            controller.timeline().let_go();
        }
        let server = Server::start(start.address, controller.router()).await;
        let server = server.map_err(io("the address of the controller"))?;
        let address = ControllerAddress { url: server.url(), token_file: start.token_file.to_owned() };
        Ok(Some(Self { controller, server, address }))
    }
}

/// A worker of each kind, and a team with a leader and two members.
async fn install(controller: &Controller, generation: Generation) -> Result<(), SandboxError> {
    let model = |name: &str, runtime: &str| json!({"name": name, "model": generation.default_model(), "runtime": runtime});
    let (lead, dev1, dev2) = (model("lead", "openclaw"), model("dev1", "openclaw"), model("dev2", "qwenpaw"));
    let team = match generation {
        Generation::V1_2 => {
            for worker in [model("alice", "openclaw"), model("bob", "qwenpaw"), lead, dev1, dev2] {
                create(controller, "/api/v1/workers", &worker).await?;
            }
            controller.timeline().advance(SETTLED).await;
            json!({"name": "alpha", "workerMembers": [{"name": "lead", "role": "team_leader"},
                {"name": "dev1", "role": "worker"}, {"name": "dev2", "role": "worker"}]})
        }
        _ => {
            for worker in [model("alice", "openclaw"), model("bob", "copaw"), model("hal", "hermes")] {
                create(controller, "/api/v1/workers", &worker).await?;
            }
            let member = |name: &str| model(name, "copaw");
            json!({"name": "alpha", "leader": lead, "workers": [member("dev1"), member("dev2")]})
        }
    };
    create(controller, "/api/v1/teams", &team).await?;
    controller.timeline().advance(SETTLED).await;
    Ok(())
}

/// More workers, and the tasks that some of them are at: of ten, six run, of whom two are at work, and four sleep.
async fn install_crowd(
    controller: &Controller,
    generation: Generation,
    count: usize,
) -> Result<Vec<Value>, SandboxError> {
    let other = if generation == Generation::V1_2 { "qwenpaw" } else { "copaw" };
    let mut tasks = Vec::new();
    for place in 0..count {
        let (name, runtime) = (demo::crowd_name(place), if place % 2 == 0 { "openclaw" } else { other });
        let worker = json!({"name": name, "model": generation.default_model(), "runtime": runtime});
        create(controller, "/api/v1/workers", &worker).await?;
        controller.timeline().advance(EACH).await;
        if matches!(place % 10, 4 | 5) {
            tasks.push(demo::crowd_task(place, &name));
        }
    }
    for name in (0..count).filter(|place| place % 10 > 5).map(demo::crowd_name) {
        create(controller, &format!("/api/v1/workers/{name}/sleep"), &Value::Null).await?;
    }
    controller.timeline().advance(SETTLED).await;
    Ok(tasks)
}

/// The Manager's list of tasks, which it keeps in every generation.
fn note_tasks(workspace: &Path, tasks: &[Value]) -> std::io::Result<()> {
    files::write_json(
        &workspace.join("state.json"),
        &json!({"active_tasks": tasks, "updated_at": rfc3339(now())}),
    )
}

async fn create(controller: &Controller, path: &str, body: &Value) -> Result<(), SandboxError> {
    let token = controller.token(&Account::Admin).unwrap_or_default();
    let refused = |status: u16, answer: String| SandboxError::Seed {
        step: format!("POST {path}"),
        status,
        body: answer,
    };
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::from(body.to_string()))
        .map_err(|error| refused(0, error.to_string()))?;
    let response = match controller.router().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status();
    let answer = axum::body::to_bytes(response.into_body(), LONGEST_ANSWER).await;
    let answer = answer.map_err(|error| refused(status.as_u16(), error.to_string()))?;
    if status.is_success() {
        return Ok(());
    }
    Err(refused(status.as_u16(), String::from_utf8_lossy(&answer).into_owned()))
}
