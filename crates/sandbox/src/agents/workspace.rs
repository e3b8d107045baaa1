//! The Manager's workspace on disk: its openclaw.json and the files in which HiClaw v1.0 keeps its workers.
use crate::{
    clock::{now, rfc3339},
    files,
};
use serde_json::{Map, Value, json};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A folder with `openclaw.json`, `workers-registry.json`, `worker-lifecycle.json` and `state.json`. Changes of the
/// last two are one at a time; the registry is written by others too and only read here.
pub struct Workspace {
    folder: PathBuf,
    changing: Mutex<()>,
}

/// What the Manager notes of a worker's container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    Running {
        idle: bool,
    },
    /// Stopped by HiClaw itself after being idle.
    AutoStopped,
    Stopped,
    NotFound,
}

/// A finite task that was opened or closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub id: String,
    entry: Value,
    open: bool,
}

impl Task {
    fn new(entry: Value, open: bool) -> Self {
        Self { id: entry["task_id"].as_str().unwrap_or("task").to_owned(), entry, open }
    }

    /// What `shared/tasks/<id>/meta.json` says of it.
    pub fn meta(&self) -> Value {
        let mut meta = self.entry.clone();
        meta["status"] = json!(if self.open { "assigned" } else { "completed" });
        meta["updated_at"] = json!(rfc3339(now()));
        meta
    }
}

impl Workspace {
    /// Uses `folder`, which is made when missing.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, changing: Mutex::new(()) })
    }

    /// Where the files lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The Manager's config.
    pub fn config(&self) -> PathBuf {
        self.folder.join("openclaw.json")
    }

    /// Gives the Manager's config this model.
    pub(crate) fn reset_model(&self, model: &str) -> io::Result<()> {
        let _changing = self.one_at_a_time();
        let mut config = self.read("openclaw.json")?;
        config["agents"]["defaults"]["model"]["primary"] = json!(format!("hiclaw-gateway/{model}"));
        files::write_json(&self.config(), &config)
    }

    /// The names in the registry, sorted; none where there is no registry.
    pub fn workers(&self) -> io::Result<Vec<String>> {
        let registry = self.read("workers-registry.json")?;
        let workers = registry["workers"].as_object();
        let mut names: Vec<String> = workers.into_iter().flat_map(Map::keys).cloned().collect();
        names.sort();
        Ok(names)
    }

    /// The title of the worker's first open finite task.
    pub fn task(&self, worker: &str) -> io::Result<Option<String>> {
        let state = self.read("state.json")?;
        let mut tasks = state["active_tasks"].as_array().into_iter().flatten();
        let task = tasks.find(|task| is_finite(task, worker));
        Ok(task.map(|task| task["title"].as_str().unwrap_or_default().to_owned()))
    }

    /// Whether HiClaw itself put the worker to sleep.
    pub fn auto_stopped(&self, worker: &str) -> io::Result<bool> {
        Ok(self.read("worker-lifecycle.json")?["workers"][worker]["auto_stopped_at"].is_string())
    }

    /// Gives the worker this one finite task, or none. Returns those that this closed, and the one it opened.
    pub fn set_task(&self, worker: &str, title: Option<&str>) -> io::Result<Vec<Task>> {
        let _changing = self.one_at_a_time();
        let mut state = self.read("state.json")?;
        let old = state["active_tasks"].as_array().cloned().unwrap_or_default();
        let (closed, mut open): (Vec<Value>, Vec<Value>) =
            old.into_iter().partition(|task| is_finite(task, worker));
        let mut changed: Vec<Task> = closed.into_iter().map(|entry| Task::new(entry, false)).collect();
        if let Some(title) = title {
            let id = format!("task-{}", ulid::Ulid::new().to_string().to_lowercase());
            let room = self.read("workers-registry.json")?["workers"][worker]["room_id"].clone();
            let entry = json!({"task_id": id, "title": title, "type": "finite", "assigned_to": worker, "room_id": room});
            open.push(entry.clone());
            changed.push(Task::new(entry, true));
        }
        state["active_tasks"] = Value::Array(open);
        state["updated_at"] = json!(rfc3339(now()));
        files::write_json(&self.folder.join("state.json"), &state)?;
        Ok(changed)
    }

    /// Notes how the worker's container is.
    pub fn note(&self, worker: &str, note: Note) -> io::Result<()> {
        let _changing = self.one_at_a_time();
        let mut lifecycle = self.read("worker-lifecycle.json")?;
        let at = json!(rfc3339(now()));
        let old = lifecycle["workers"][worker].clone();
        let was_running = old["container_status"] == "running";
        let started = if was_running { old["last_started_at"].clone() } else { at.clone() };
        let idle_since = if old["idle_since"].is_string() { old["idle_since"].clone() } else { at.clone() };
        lifecycle["workers"][worker] = match note {
            Note::Running { idle } => json!({"container_status": "running",
                "idle_since": if idle { idle_since } else { Value::Null }, "auto_stopped_at": null, "last_started_at": started}),
            Note::AutoStopped => {
                json!({"container_status": "stopped", "idle_since": idle_since, "auto_stopped_at": at,
                "last_started_at": old["last_started_at"]})
            }
            Note::Stopped => {
                json!({"container_status": "stopped", "idle_since": null, "auto_stopped_at": null,
                "last_started_at": old["last_started_at"]})
            }
            Note::NotFound => {
                json!({"container_status": "not_found", "idle_since": null, "auto_stopped_at": null,
                "last_started_at": old["last_started_at"]})
            }
        };
        lifecycle["updated_at"] = at;
        files::write_json(&self.folder.join("worker-lifecycle.json"), &lifecycle)
    }

    fn read(&self, file: &str) -> io::Result<Value> {
        Ok(files::read_json(&self.folder.join(file))?.unwrap_or_else(|| json!({})))
    }

    fn one_at_a_time(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_finite(task: &Value, worker: &str) -> bool {
    task["type"] == "finite" && task["assigned_to"] == worker
}
