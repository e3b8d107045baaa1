//! An installation with a controller: its clock stands still unless a call is awaited.
use axum::{
    Router,
    body::to_bytes,
    extract::Request,
    http::Method,
    middleware::{self, Next},
    response::Response,
};
use domain::{Limits, ModelId, Target, Timestamp};
use hiclaw::{
    AgentConfig, Controller, ControllerParams, Edit, Error, FilesParams, Generation, ModelHolder, Pace, Part,
    Wish,
};
use sandbox::{
    console::{Console, ConsoleOptions},
    containers::Containers,
    controller::{self, Account, Flow, Plan, Surroundings},
    s3::{Keys, Objects, S3},
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use store::Store;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};

pub use sandbox::controller::Generation as Played;

/// Both generations with a controller.
pub const BOTH: [Played; 2] = [Played::V1_1, Played::V1_2];
const NOWHERE: &str = "/nowhere/openclaw.json";
/// What a controller that is none is told.
pub const TOKEN: &str = "a-token-that-is-nobody-elses";
/// So much of the controller's time passes for each look of ours.
const TICK: Duration = Duration::from_millis(100);

/// What the controller was asked to change.
type Writes = Arc<Mutex<Vec<String>>>;

/// The installation, and the adapter that is tried.
pub struct World {
    pub played: Played,
    pub controller: controller::Controller,
    pub console_offline: Arc<AtomicBool>,
    pub docker_offline: Arc<AtomicBool>,
    pub s3: S3,
    pub holder: Controller,
    pub token_file: PathBuf,
    address: SocketAddr,
    writes: Writes,
    server: JoinHandle<()>,
    /// The files go with it.
    _dir: TempDir,
}

/// Long enough for everything that comes.
pub fn patient() -> Pace {
    pace(Duration::from_secs(30))
}

/// For what does not come.
pub fn impatient() -> Pace {
    pace(Duration::from_millis(150))
}

fn pace(limit: Duration) -> Pace {
    Pace { poll: Duration::from_millis(2), shown: limit, carried_out: limit, container: limit, pass: limit }
}

impl World {
    /// A fresh installation with a Manager, alice (OpenClaw), bob (the generation's other runtime) and the team alpha:
    /// lead, dev1, dev2.
    pub async fn start(played: Played) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys { access: "root".into(), secret: "a-secret".into() };
        let s3 = S3::start(None, keys, Objects::open(None).unwrap()).await.unwrap();
        let console = Console::new(ConsoleOptions::default());
        let containers = Arc::new(Containers::open(dir.path().join("containers.json")).unwrap());
        let (console_offline, docker_offline) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let workspace = dir.path().join("workspace");
        std::fs::create_dir(&workspace).unwrap();
        let token_file = dir.path().join("cli-token");
        let surroundings = Surroundings {
            console: console.router(),
            console_offline: console_offline.clone(),
            containers,
            containers_offline: docker_offline.clone(),
            objects: s3.objects().clone(),
            faults: s3.faults().clone(),
            workspace,
            token_file: token_file.clone(),
        };
        let controller =
            controller::Controller::start(played, Flow::Held, Plan::of(played), surroundings).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let writes = Writes::default();
        let server = serve(listener, controller.router(), &writes);
        let holder = holder(address, &s3, played, &token_file, None, patient());
        let world = Self {
            played,
            controller,
            console_offline,
            docker_offline,
            s3,
            holder,
            token_file,
            address,
            writes,
            server,
            _dir: dir,
        };
        world.controller.timeline().advance(Duration::from_secs(30)).await;
        world.settle().await;
        world
    }

    async fn settle(&self) {
        let other = if self.played == Played::V1_1 { "copaw" } else { "qwenpaw" };
        self.create("workers", json!({"name": "alice", "model": "m1", "runtime": "openclaw"})).await;
        self.create("workers", json!({"name": "bob", "model": "m1", "runtime": other})).await;
        match self.played {
            Played::V1_1 => {
                let members = json!([{"name": "dev1", "model": "m1"}, {"name": "dev2", "model": "m1"}]);
                let leader = json!({"name": "lead", "model": "m1"});
                self.create("teams", json!({"name": "alpha", "leader": leader, "workers": members})).await;
            }
            _ => {
                for name in ["lead", "dev1", "dev2"] {
                    self.create("workers", json!({"name": name, "model": "m1", "runtime": "openclaw"})).await;
                }
                self.pass(20).await;
                let members = json!([{"name": "lead", "role": "team_leader"}, {"name": "dev1", "role": "worker"},
                    {"name": "dev2", "role": "worker"}]);
                self.create("teams", json!({"name": "alpha", "workerMembers": members})).await;
            }
        }
        self.pass(60).await;
    }

    /// Lets the controller's clock go on by so many seconds.
    pub async fn pass(&self, seconds: u64) {
        self.controller.timeline().advance(Duration::from_secs(seconds)).await;
    }

    /// Awaits a call of ours while the controller's clock goes on.
    pub async fn during<T>(&self, call: impl Future<Output = T>) -> T {
        let clock = async {
            loop {
                self.controller.timeline().advance(TICK).await;
                sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            done = call => done,
            () = clock => unreachable!("the clock does not end"),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Another adapter of the same installation.
    pub fn another(&self, forced: Option<Generation>, pace: Pace) -> Controller {
        holder(self.address, &self.s3, self.played, &self.token_file, forced, pace)
    }

    /// Ends the controller's server; its process lives on.
    pub async fn go_down(&mut self) {
        self.server.abort();
        (&mut self.server).await.ok();
    }

    /// The server is back at its address.
    pub async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.server = serve(listener, self.controller.router(), &self.writes);
    }

    /// Asks the controller past the adapter.
    pub async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let http = higress::http_client(Duration::from_secs(5)).unwrap();
        let token = self.controller.token(&Account::Admin).unwrap();
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = http.request(method, format!("{}{path}", self.url())).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn create(&self, kind: &str, body: Value) {
        let (status, answer) = self.ask("POST", &format!("/api/v1/{kind}"), Some(body)).await;
        assert_eq!(status, 201, "{answer}");
    }

    pub fn set_console_offline(&self, offline: bool) {
        self.console_offline.store(offline, Ordering::Relaxed);
    }

    pub fn set_docker_offline(&self, offline: bool) {
        self.docker_offline.store(offline, Ordering::Relaxed);
    }

    pub async fn config(&self, target: &Target) -> AgentConfig {
        self.holder.config(target).await.unwrap()
    }

    /// The edits of a switch.
    pub async fn edits(&self, target: &Target, to: &str) -> Result<Vec<Edit>, Error> {
        edits(&self.holder, target, to).await
    }

    /// A whole switch: written, and carried out.
    pub async fn switch(&self, target: &Target, to: &str) -> Result<(), Error> {
        self.during(switch(&self.holder, target, to)).await
    }

    /// What the controller was asked to change since it was forgotten: method, path and body each.
    pub fn writes(&self) -> Vec<String> {
        self.writes.lock().unwrap().clone()
    }

    pub fn forget_writes(&self) {
        self.writes.lock().unwrap().clear();
    }

    pub fn prefix(&self) -> &'static str {
        if self.played == Played::V1_1 { "hiclaw" } else { "agentteams" }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The edits of a switch.
pub async fn edits(holder: &Controller, target: &Target, to: &str) -> Result<Vec<Edit>, Error> {
    let (model, at): (ModelId, _) = (to.parse().unwrap(), now());
    let limits = Limits { context_window: 1, max_tokens: 1, reasoning: true, vision: false };
    let wish = Wish { model: &model, limits, lasting: false, at: &at };
    let config = holder.config(target).await?;
    holder.edits(target, &config, &wish).await
}

/// Makes them, and sees them carried out.
pub async fn switch(holder: &Controller, target: &Target, to: &str) -> Result<(), Error> {
    for edit in edits(holder, target, to).await? {
        holder.write(target, edit.part, &edit.after, &edit.before.version).await?;
    }
    holder.persist(target, Part::Spec).await
}

fn serve(listener: TcpListener, router: Router, writes: &Writes) -> JoinHandle<()> {
    let writes = writes.clone();
    let note = move |request: Request, next: Next| note(writes.clone(), request, next);
    let router = router.layer(middleware::from_fn(note));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
}

async fn note(writes: Writes, request: Request, next: Next) -> Response {
    if request.method() == Method::GET {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let said = format!("{} {} {}", parts.method, parts.uri.path(), String::from_utf8_lossy(&body));
    writes.lock().unwrap().push(said);
    next.run(Request::from_parts(parts, body.into())).await
}

fn holder(
    address: SocketAddr,
    s3: &S3,
    played: Played,
    token_file: &std::path::Path,
    forced: Option<Generation>,
    pace: Pace,
) -> Controller {
    let http = higress::http_client(Duration::from_secs(5)).unwrap();
    let bucket = if played == Played::V1_1 { "hiclaw-storage" } else { "agentteams-storage" };
    let params = store::Params {
        endpoint: s3.endpoint().parse().unwrap(),
        access_key: s3.keys().access.clone(),
        secret_key: s3.keys().secret.clone().into(),
        bucket: bucket.into(),
        call_timeout: Duration::from_secs(5),
    };
    let files = FilesParams {
        disk: Arc::new(disk::RealDisk),
        manager_config: NOWHERE.into(),
        manager_url: None,
        manager_key: None,
        store: Store::new(&params, http.clone()),
        containers: None,
        console: None,
        default_model: None,
        env_file: None,
        http,
        call: Duration::from_secs(5),
        pulled: domain::PULLED_WITHIN,
        now: Arc::new(now),
    };
    let url = format!("http://{address}").parse().unwrap();
    let token_file = Some(token_file.to_owned());
    Controller::new(files, ControllerParams { url, token: None, token_file, prefix: None, pace }, forced)
}

/// An adapter for what answers at an address, with no store behind it.
pub fn against(url: &str, call: Duration, pace: Pace) -> Controller {
    let http = higress::http_client(Duration::from_secs(1)).unwrap();
    let nowhere = store::Params {
        endpoint: "http://127.0.0.1:9".parse().unwrap(),
        access_key: "a".into(),
        secret_key: "b".to_owned().into(),
        bucket: "c".into(),
        call_timeout: call,
    };
    let files = FilesParams {
        disk: Arc::new(disk::RealDisk),
        manager_config: NOWHERE.into(),
        manager_url: None,
        manager_key: None,
        store: Store::new(&nowhere, http.clone()),
        containers: None,
        console: None,
        default_model: None,
        env_file: None,
        http,
        call,
        pulled: domain::PULLED_WITHIN,
        now: Arc::new(now),
    };
    let token = Some(TOKEN.to_owned().into());
    let params = ControllerParams { url: url.parse().unwrap(), token, token_file: None, prefix: None, pace };
    Controller::new(files, params, None)
}

pub fn now() -> Timestamp {
    Timestamp::from_rfc3339("2026-01-15T10:30:00Z".into())
}

pub fn target(name: &str) -> Target {
    name.parse().unwrap()
}
