//! The three files that HiClaw keeps beside the Manager's openclaw.json. They are read leniently, entry by entry: one
//! odd entry must not hide the others.
use crate::Error;
use domain::{ModelId, Timestamp, WorkerName};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// `workers-registry.json`: the one list of workers that counts (folders of deleted workers stay in the store).
pub const REGISTRY: &str = "workers-registry.json";
/// `worker-lifecycle.json`: refreshed by the Manager's hourly heartbeat only.
pub const LIFECYCLE: &str = "worker-lifecycle.json";
/// `state.json`: the open tasks.
pub const STATE: &str = "state.json";

/// Where a worker runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deployment {
    /// Somewhere else.
    Remote,
    /// A container beside the Manager.
    #[default]
    #[serde(other)]
    Local,
}

/// One worker of the registry.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    /// `openclaw`, `copaw`, …; HiClaw before it had runtimes wrote none.
    #[serde(default = "openclaw")]
    pub runtime: String,
    #[serde(default)]
    pub deployment: Deployment,
    #[serde(default, rename = "team_id")]
    pub team: Option<String>,
}

fn openclaw() -> String {
    "openclaw".into()
}

/// One worker's line in the lifecycle file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Lifecycle {
    /// The container's state when HiClaw last looked.
    pub container_status: Option<String>,
    pub idle_since: Option<Timestamp>,
    /// Set when HiClaw stopped the container because it was idle.
    pub auto_stopped_at: Option<Timestamp>,
    pub last_started_at: Option<Timestamp>,
}

/// An open finite task.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Task {
    #[serde(alias = "task_id")]
    pub id: String,
    pub title: Option<String>,
    pub assigned_to: String,
}

/// The lifecycle file.
#[derive(Clone, Debug, Default)]
pub struct LifecycleFile {
    pub written: Option<Timestamp>,
    pub workers: BTreeMap<WorkerName, Lifecycle>,
}

/// The workers of a registry. Names that are no worker names are left out: no object key can be built from them.
pub fn workers(text: &str) -> Result<BTreeMap<WorkerName, Entry>, Error> {
    Ok(entries(REGISTRY, &tree(REGISTRY, text)?))
}

/// The notes of a lifecycle file.
pub fn lifecycle(text: &str) -> Result<LifecycleFile, Error> {
    let tree = tree(LIFECYCLE, text)?;
    let written =
        tree.get("updated_at").and_then(Value::as_str).map(|t| Timestamp::from_rfc3339(t.to_owned()));
    Ok(LifecycleFile { written, workers: entries(LIFECYCLE, &tree) })
}

/// The open finite tasks of a state file. Endless tasks (watching, reporting) keep nobody busy.
pub fn open_tasks(text: &str) -> Result<Vec<Task>, Error> {
    let tree = tree(STATE, text)?;
    let tasks = match tree.get("active_tasks") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(tasks)) => tasks,
        Some(_) => return Err(malformed(STATE, "active_tasks is no list")),
    };
    tasks
        .iter()
        .filter(|task| task.get("type").and_then(Value::as_str).is_none_or(|kind| kind == "finite"))
        .map(|task| Task::deserialize(task).map_err(|e| malformed(STATE, &e.to_string())))
        .collect()
}

/// What HiClaw notes about an agent's model; in the registry nothing before the first switch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ModelNote {
    pub model: Option<String>,
}

impl ModelNote {
    /// The note of a switch.
    pub fn of(model: &ModelId) -> Self {
        Self { model: Some(model.to_string()) }
    }

    /// The note as a text of its own.
    pub fn to_json(&self) -> String {
        serde_json::json!({"model": self.model}).to_string()
    }

    /// Reads what [`ModelNote::to_json`] wrote.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|e| malformed("the note of a model", &e.to_string()))
    }
}

/// The note of one worker; none when the registry lacks the worker.
pub fn model_note(text: &str, worker: &WorkerName) -> Result<Option<ModelNote>, Error> {
    let tree = tree(REGISTRY, text)?;
    let entry = tree.get("workers").and_then(|workers| workers.get(worker.as_str()));
    let model = |entry: &Value| entry.get("model").and_then(Value::as_str).map(str::to_owned);
    Ok(entry.map(|entry| ModelNote { model: model(entry) }))
}

/// The registry with another note for one worker and the time of this writing, as HiClaw's own script leaves it; all
/// else stays as it is. Two spaces of indent, as `jq` writes it.
pub fn with_model_note(
    text: &str,
    worker: &WorkerName,
    note: &ModelNote,
    now: &str,
) -> Result<String, Error> {
    let mut tree = tree(REGISTRY, text)?;
    let entry = tree
        .get_mut("workers")
        .and_then(|workers| workers.get_mut(worker.as_str()))
        .and_then(Value::as_object_mut)
        .ok_or_else(|| Error::NoWorker(worker.clone()))?;
    match &note.model {
        Some(model) => {
            entry.insert("model".to_owned(), Value::from(model.as_str()));
        }
        None => {
            entry.shift_remove("model");
        }
    }
    if let Some(root) = tree.as_object_mut() {
        root.insert("updated_at".to_owned(), Value::from(now));
    }
    serde_json::to_string_pretty(&tree)
        .map(|text| text + "\n")
        .map_err(|e| malformed(REGISTRY, &e.to_string()))
}

fn tree(file: &str, text: &str) -> Result<Value, Error> {
    match serde_json::from_str(text) {
        Ok(tree @ Value::Object(_)) => Ok(tree),
        Ok(_) => Err(malformed(file, "it holds no object")),
        Err(error) => Err(malformed(file, &error.to_string())),
    }
}

fn entries<T: for<'de> Deserialize<'de>>(file: &str, tree: &Value) -> BTreeMap<WorkerName, T> {
    let Some(workers) = tree.get("workers").and_then(Value::as_object) else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    for (name, entry) in workers {
        match (name.parse(), T::deserialize(entry)) {
            (Ok(name), Ok(entry)) => {
                found.insert(name, entry);
            }
            (Err(error), _) => tracing::warn!(file, name, %error, "left out: no worker name"),
            (_, Err(error)) => tracing::warn!(file, name, %error, "left out: cannot be understood"),
        }
    }
    found
}

fn malformed(file: &str, message: &str) -> Error {
    Error::Malformed { file: file.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"version":1,"workers":{"alice":{"matrix_user_id":"@alice:x","runtime":"openclaw","deployment":"local","skills":["a"]},
        "bob":{"runtime":"copaw","deployment":"remote"},"carol":{},"../evil":{},"dan":{"runtime":7}}}"#;

    fn alice() -> WorkerName {
        "alice".parse().unwrap()
    }

    #[test]
    fn odd_entries_do_not_hide_the_others() {
        let found = workers(TEXT).unwrap();
        assert_eq!(found.keys().map(WorkerName::as_str).collect::<Vec<_>>(), ["alice", "bob", "carol"]);
        assert_eq!(found[&"bob".parse().unwrap()].deployment, Deployment::Remote);
        assert_eq!(found[&"carol".parse().unwrap()].runtime, "openclaw");
    }

    #[test]
    fn a_note_changes_the_model_and_the_time_and_can_be_taken_back() {
        let before = model_note(TEXT, &alice()).unwrap().unwrap();
        assert_eq!(before, ModelNote::default());
        let note = ModelNote::of(&"qwen3.5-plus".parse().unwrap());
        let after = with_model_note(TEXT, &alice(), &note, "2026-01-01T00:00:00Z").unwrap();
        assert_eq!(model_note(&after, &alice()).unwrap(), Some(note));
        let back = with_model_note(&after, &alice(), &before, "2026-01-01T00:00:01Z").unwrap();
        let tree = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let mut wanted = tree(TEXT);
        wanted["updated_at"] = "2026-01-01T00:00:01Z".into();
        assert_eq!(tree(&back), wanted);
        assert_eq!(tree(&after)["workers"]["alice"]["skills"], tree(TEXT)["workers"]["alice"]["skills"]);
    }

    #[test]
    fn only_finite_tasks_count_and_both_spellings_of_the_id_are_read() {
        let text = r#"{"active_tasks":[{"task_id":"t1","type":"finite","assigned_to":"alice"},
            {"id":"t2","type":"infinite","assigned_to":"alice"},{"id":"t3","assigned_to":"bob","title":"x"}]}"#;
        let ids: Vec<_> = open_tasks(text).unwrap().into_iter().map(|task| task.id).collect();
        assert_eq!(ids, ["t1", "t3"]);
        assert!(open_tasks(r#"{"active_tasks":{}}"#).is_err());
        assert!(open_tasks("{}").unwrap().is_empty());
    }

    #[test]
    fn a_missing_worker_is_said() {
        let eve: WorkerName = "eve".parse().unwrap();
        assert_eq!(model_note(TEXT, &eve).unwrap(), None);
        assert!(matches!(with_model_note(TEXT, &eve, &ModelNote::default(), ""), Err(Error::NoWorker(_))));
        assert!(workers("[]").is_err());
    }
}
