//! The containers of the installation, and the read-only part of the Docker API that shows them.
use crate::{
    clock::{now, rfc3339},
    files,
    switch::Server,
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The processors that Docker reports for this host.
const PROCESSORS: u64 = 4;
/// The memory of this host, in bytes.
const HOST_MEMORY: u64 = 8 << 30;

/// How a container is, in Docker's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Created,
    Running,
    Exited,
}

/// One container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Another one for each that is made, as long as Docker's.
    #[serde(default = "new_id")]
    pub id: String,
    pub image: String,
    pub status: Status,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds; 0: never.
    pub started: i64,
    /// How often it was started. Docker tells two starts in one second apart.
    #[serde(default)]
    pub starts: u32,
    /// Unix seconds; 0: never.
    pub finished: i64,
    /// The share of one processor that it uses while it runs, in percent.
    pub load: f64,
    /// What it holds while it runs, in bytes.
    pub memory: u64,
    /// Its environment, `NAME=value` each.
    #[serde(default)]
    pub env: Vec<String>,
    /// The network that it is in.
    #[serde(default = "first_network")]
    pub network: String,
}

fn new_id() -> String {
    hex(&format!("container {}", ulid::Ulid::new()))
}

fn hex(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// The network of HiClaw before it was renamed.
fn first_network() -> String {
    "hiclaw-net".to_owned()
}

impl Container {
    /// A container that was made now and has not run.
    pub fn new(image: &str) -> Self {
        let created = now().unix_timestamp();
        Self {
            id: new_id(),
            image: image.to_owned(),
            status: Status::Created,
            created,
            started: 0,
            starts: 0,
            finished: 0,
            load: 1.5,
            memory: 210 << 20,
            env: Vec::new(),
            network: first_network(),
        }
    }

    /// Moves it to another status and notes when.
    pub fn turn(&mut self, status: Status) {
        match (self.status, status) {
            (before, after) if before == after => {}
            (_, Status::Running) => {
                self.started = now().unix_timestamp();
                self.starts += 1;
            }
            _ => self.finished = now().unix_timestamp(),
        }
        self.status = status;
    }
}

type Named = BTreeMap<String, Container>;

/// All containers of the host.
pub struct Containers {
    named: Mutex<Named>,
    file: PathBuf,
}

impl Containers {
    /// Reads what an earlier run left in `file`, if there is one.
    pub fn open(file: PathBuf) -> io::Result<Self> {
        let named = match files::read_json(&file)? {
            Some(json) => serde_json::from_value(json)?,
            None => Named::new(),
        };
        Ok(Self { named: Mutex::new(named), file })
    }

    /// One container.
    pub fn get(&self, name: &str) -> Option<Container> {
        self.lock().get(name).cloned()
    }

    /// Adds, replaces or (with none) removes a container.
    pub fn set(&self, name: &str, container: Option<Container>) -> io::Result<()> {
        let mut named = self.lock();
        match container {
            Some(container) => named.insert(name.to_owned(), container),
            None => named.remove(name),
        };
        files::write_json(&self.file, &serde_json::to_value(&*named)?)
    }

    /// Adds or replaces many containers.
    pub(crate) fn add(&self, containers: impl IntoIterator<Item = (String, Container)>) -> io::Result<()> {
        let mut named = self.lock();
        named.extend(containers);
        files::write_json(&self.file, &serde_json::to_value(&*named)?)
    }

    fn lock(&self) -> MutexGuard<'_, Named> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the Docker API at a free port.
pub(crate) async fn serve(containers: Arc<Containers>) -> io::Result<Server> {
    let api = Router::new()
        .route("/_ping", get(|| async { "OK" }))
        .route("/version", get(version))
        .route("/containers/json", get(list))
        .route("/containers/{name}/json", get(inspect))
        .route("/containers/{name}/stats", get(stats));
    // Clients put the API version in front of every path.
    let api = Router::new().nest("/{version}", api.clone()).merge(api);
    let api = api.fallback(absent).method_not_allowed_fallback(refused).with_state(containers);
    Server::start(None, api).await
}

type Shared = State<Arc<Containers>>;

/// What the read-only proxy in front of Docker says to every write.
async fn refused() -> Response {
    (StatusCode::FORBIDDEN, Json(json!({"message": "this proxy only lets reads through"}))).into_response()
}

async fn absent(method: http::Method) -> Response {
    if method != http::Method::GET && method != http::Method::HEAD {
        return refused().await;
    }
    (StatusCode::NOT_FOUND, Json(json!({"message": "page not found"}))).into_response()
}

async fn version() -> Json<Value> {
    Json(version_body("27.3.1"))
}

/// What Docker of this version says of itself.
pub(crate) fn version_body(version: &str) -> Value {
    json!({"Version": version, "ApiVersion": "1.47", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64"})
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(default)]
    all: String,
    #[serde(default)]
    filters: Option<String>,
}

async fn list(State(containers): Shared, Query(query): Query<ListQuery>) -> Response {
    let all = matches!(query.all.as_str(), "1" | "true" | "True");
    match containers.listed(all, query.filters.as_deref()) {
        Ok(listed) => Json(listed).into_response(),
        Err(message) => (StatusCode::BAD_REQUEST, Json(json!({"message": message}))).into_response(),
    }
}

/// Docker's `filters={"name":["…"]}`; other filters are not offered here.
fn name_filter(filters: &str) -> Result<Vec<String>, String> {
    let filters: BTreeMap<String, Vec<String>> =
        serde_json::from_str(filters).map_err(|error| error.to_string())?;
    match filters.keys().find(|key| *key != "name") {
        Some(key) => Err(format!("invalid filter '{key}'")),
        None => Ok(filters.into_values().flatten().collect()),
    }
}

async fn inspect(State(containers): Shared, Path(path): Path<BTreeMap<String, String>>) -> Response {
    let name = path.get("name").map_or("", String::as_str);
    shown(containers.inspected(name), name)
}

async fn stats(State(containers): Shared, Path(path): Path<BTreeMap<String, String>>) -> Response {
    let name = path.get("name").map_or("", String::as_str);
    shown(containers.used(name), name)
}

fn shown(found: Option<Value>, name: &str) -> Response {
    found.map_or_else(
        || {
            let message = format!("No such container: {name}");
            (StatusCode::NOT_FOUND, Json(json!({"message": message}))).into_response()
        },
        |found| Json(found).into_response(),
    )
}

impl Containers {
    /// Docker's list, of those that run or of all, filtered as its query says.
    pub(crate) fn listed(&self, all: bool, filters: Option<&str>) -> Result<Value, String> {
        let names = filters.map(name_filter).transpose()?;
        let named = self.lock();
        let listed = named.iter().filter(|(name, container)| {
            let fits = names
                .as_ref()
                .is_none_or(|names| names.iter().any(|part| name.contains(part.trim_matches('/'))));
            fits && (all || container.status == Status::Running)
        });
        Ok(listed.map(|(name, container)| row(name, container)).collect())
    }

    /// Everything that Docker says of one container, by name or id.
    pub(crate) fn inspected(&self, wanted: &str) -> Option<Value> {
        self.found(wanted, |name, container| {
            let running = container.status == Status::Running;
            json!({
                "Id": container.id, "Name": format!("/{name}"), "Image": image_id(container), "RestartCount": 0,
                "Created": moment(container.created),
                "State": {
                    "Status": container.status, "Running": running, "Paused": false, "Restarting": false,
                    "OOMKilled": false, "Dead": false, "Pid": if running { pid(name) } else { 0 }, "ExitCode": 0,
                    "Error": "", "StartedAt": started(container), "FinishedAt": moment(container.finished),
                },
                "Config": {"Image": container.image, "Hostname": container.id.get(..12), "Labels": {}, "Env": container.env},
                "HostConfig": {"NetworkMode": container.network, "Memory": 0},
            })
        })
    }

    /// What a container uses.
    pub(crate) fn used(&self, wanted: &str) -> Option<Value> {
        self.found(wanted, |name, container| usage(name, container, now()))
    }

    /// The id of the container of this name, or one that none has.
    pub(crate) fn id_of(&self, name: &str) -> String {
        self.get(name).map_or_else(|| hex(name), |container| container.id)
    }

    fn found(&self, wanted: &str, show: impl Fn(&str, &Container) -> Value) -> Option<Value> {
        let named = self.lock();
        let found = named.iter().find(|(name, container)| name.as_str() == wanted || container.id == wanted);
        found.map(|(name, container)| show(name, container))
    }
}

fn row(name: &str, container: &Container) -> Value {
    let ago = |seconds: i64| span(now().unix_timestamp() - seconds);
    let status = match container.status {
        Status::Created => "Created".to_owned(),
        Status::Running => format!("Up {}", ago(container.started)),
        Status::Exited => format!("Exited (0) {} ago", ago(container.finished)),
    };
    json!({
        "Id": container.id, "Names": [format!("/{name}")], "Image": container.image, "ImageID": image_id(container),
        "Created": container.created, "State": container.status, "Status": status, "Ports": [], "Labels": {},
        "HostConfig": {"NetworkMode": container.network}, "Mounts": [],
    })
}

/// Docker's way to say a duration.
fn span(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{} seconds", seconds.max(1)),
        60..3600 => format!("{} minutes", seconds / 60),
        3600..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Docker's figures as they would be if the container had used its load ever since it started; the difference of two
/// answers, or of `cpu_stats` and `precpu_stats`, gives that load.
fn usage(name: &str, container: &Container, at: OffsetDateTime) -> Value {
    if container.status != Status::Running {
        return json!({"id": container.id, "name": format!("/{name}"), "read": moment(0), "preread": moment(0),
            "cpu_stats": {"cpu_usage": {"total_usage": 0}}, "precpu_stats": {"cpu_usage": {"total_usage": 0}},
            "memory_stats": {}, "pids_stats": {}});
    }
    let millis = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    let up = millis.saturating_sub(u64::try_from(container.started).unwrap_or_default() * 1000);
    let cpu = |up: u64, host: u64| {
        let used = (up as f64 * container.load * 10_000.0) as u64;
        json!({"cpu_usage": {"total_usage": used, "usage_in_kernelmode": used / 4, "usage_in_usermode": used - used / 4},
            "system_cpu_usage": host * PROCESSORS * 1_000_000, "online_cpus": PROCESSORS})
    };
    json!({
        "id": container.id, "name": format!("/{name}"),
        "read": rfc3339(at), "preread": rfc3339(at - time::Duration::SECOND),
        "cpu_stats": cpu(up, millis), "precpu_stats": cpu(up.saturating_sub(1000), millis.saturating_sub(1000)),
        "memory_stats": {"usage": container.memory, "limit": HOST_MEMORY,
            "stats": {"inactive_file": container.memory / 8}},
        "pids_stats": {"current": 23},
    })
}

fn image_id(container: &Container) -> String {
    format!("sha256:{}", hex(&container.image))
}

fn pid(name: &str) -> u64 {
    1000 + u64::from(blake3::hash(name.as_bytes()).as_bytes()[0])
}

/// To the nanosecond, as Docker has it: so no two starts of a container have one time.
fn started(container: &Container) -> String {
    let at = OffsetDateTime::from_unix_timestamp(container.started).ok();
    let at = at.and_then(|at| at.replace_nanosecond(container.starts % 1_000_000_000).ok());
    match at.and_then(|at| at.format(&Rfc3339).ok()) {
        Some(at) if container.started > 0 => at,
        _ => moment(0),
    }
}

/// Docker's zero time stands for never.
fn moment(seconds: i64) -> String {
    match OffsetDateTime::from_unix_timestamp(seconds) {
        Ok(at) if seconds > 0 => rfc3339(at),
        _ => "0001-01-01T00:00:00Z".to_owned(),
    }
}
