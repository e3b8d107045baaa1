//! The demo: a HiClaw v1.0.9 installation with a Manager and five workers, one in each state, and one broken on purpose.
mod console;
mod crowd;
mod hire;
mod openclaw;
mod secret;
mod still;

pub use still::Still;

pub(crate) use console::{ADMIN, install as install_console, install_leftovers};
pub(crate) use crowd::{install as install_crowd, install_providers, name as crowd_name, task as crowd_task};
pub(crate) use hire::{Hired, hire};
pub(crate) use secret::{all as secrets, secret as made_up, store_secret};

use crate::{
    agents::{AgentError, Agents, WorkerState, Workspace},
    clock::rfc3339,
    containers::{Container, Containers, Status},
    files,
    s3::{Condition, Object, ObjectError, Objects},
};
use secret::secret;
use serde_json::{Value, json};
use std::{io, path::Path};
use time::OffsetDateTime;

/// The model that HiClaw gives to the Manager and to new workers.
pub const DEFAULT_MODEL: &str = "qwen3.5-plus";

/// A worker of the demo.
pub(crate) struct DemoWorker {
    name: &'static str,
    model: &'static str,
    skills: &'static [&'static str],
    soul: &'static str,
    /// True: its model was chosen by a switch, so the registry names it.
    switched: bool,
    begins: Begins,
}

/// How a worker is when the demo begins.
enum Begins {
    Idle,
    /// At work on this.
    Busy(&'static str),
    Asleep,
    /// It has no container.
    Gone,
}

/// Alice is well. Dave's consumer is missing on the route of his model, so all his calls end with 403.
pub(crate) const WORKERS: &[DemoWorker] = &[
    DemoWorker {
        name: "alice",
        model: "deepseek-chat",
        skills: &["github-operations", "file-sync"],
        soul: "You keep the issue tracker in order: you label, you ask for what is missing, you close what is done.",
        switched: true,
        begins: Begins::Idle,
    },
    DemoWorker {
        name: "bob",
        model: "kimi-k2.5",
        skills: &["github-operations", "git-delegation", "file-sync"],
        soul: "You write backend code in small steps, each with a test that fails before it and passes after it.",
        switched: true,
        begins: Begins::Busy("fix #214"),
    },
    DemoWorker {
        name: "carol",
        model: DEFAULT_MODEL,
        skills: &["file-sync"],
        soul: "You write the documentation. You try every command before you print it.",
        switched: false,
        begins: Begins::Asleep,
    },
    DemoWorker {
        name: "dave",
        model: "deepseek-chat",
        skills: &["github-operations", "file-sync"],
        soul: "You review pull requests: first what could break, then what could be simpler.",
        switched: true,
        begins: Begins::Busy("review #219"),
    },
    DemoWorker {
        name: "erin",
        model: DEFAULT_MODEL,
        skills: &["file-sync"],
        soul: "You watch the builds and say who should look at a red one.",
        switched: false,
        begins: Begins::Gone,
    },
];

impl DemoWorker {
    /// The state that the demo begins with.
    pub(crate) fn state(&self) -> WorkerState {
        match self.begins {
            Begins::Idle => WorkerState::Idle,
            Begins::Busy(task) => WorkerState::Busy { task: task.into() },
            Begins::Asleep => WorkerState::Sleeping,
            Begins::Gone => WorkerState::Offline,
        }
    }

    /// Its key-auth consumer at the gateway.
    fn consumer(&self) -> String {
        consumer_of(self.name)
    }
}

fn consumer_of(worker: &str) -> String {
    format!("worker-{worker}")
}

/// Writes the Manager's workspace as it is on its local disk: openclaw.json is nowhere else in this generation.
pub(crate) fn install_workspace(workspace: &Workspace, at: OffsetDateTime) -> io::Result<()> {
    let write = |file: &str, json: &Value| files::write_json(&workspace.folder().join(file), json);
    let at = rfc3339(at);
    write("openclaw.json", &openclaw::manager(DEFAULT_MODEL))?;
    let workers = WORKERS.iter().map(|worker| {
        let mut entry = registered(worker.name, worker.skills, None, &at);
        if worker.switched {
            entry["model"] = json!(worker.model);
        }
        (worker.name.to_owned(), entry)
    });
    let workers: Value = Value::Object(workers.collect());
    write("workers-registry.json", &json!({"version": 1, "updated_at": at, "workers": workers}))?;
    write(
        "worker-lifecycle.json",
        &json!({"version": 1, "idle_timeout_minutes": 720, "updated_at": at, "workers": {}}),
    )?;
    let room = format!("!{}:{}", &secret("room", "admin")[..18], openclaw::MATRIX_DOMAIN);
    write("state.json", &json!({"admin_dm_room_id": room, "active_tasks": [], "updated_at": at}))?;
    files::replace(
        &workspace.folder().join("SOUL.md"),
        b"# Manager\n\nYou lead five workers. You hand out tasks, you follow them up, and you tell the admin what is done.\n",
    )
}

/// A worker's entry in the registry, as HiClaw makes it: without a model.
fn registered(worker: &str, skills: &[&str], team: Option<&str>, at: &str) -> Value {
    json!({
        "matrix_user_id": format!("@{worker}:{}", openclaw::MATRIX_DOMAIN),
        "room_id": format!("!{}:{}", &secret("room", worker)[..18], openclaw::MATRIX_DOMAIN),
        "runtime": "openclaw", "deployment": "local", "skills": skills, "role": "worker", "team_id": team,
        "image": null, "created_at": at, "skills_updated_at": at,
    })
}

/// Fills the bucket: what each worker pulls, and what they share.
pub(crate) fn install_store(objects: &Objects, bucket: &str, at: OffsetDateTime) -> Result<(), ObjectError> {
    objects.create_bucket(bucket);
    let put = |key: String, body: String, content_type: &str| {
        objects.put(bucket, &key, Object::new(body, content_type), &Condition::default())
    };
    let json = |key: String, tree: Value| put(key, format!("{tree:#}\n"), "application/json");
    put("agents/.gitkeep".into(), String::new(), "binary/octet-stream")?;
    put(
        "shared/knowledge/house-rules.md".into(),
        "# House rules\n\nOne branch a task. Say what you tested.\n".into(),
        "text/markdown",
    )?;
    for worker in WORKERS {
        let folder = format!("agents/{}", worker.name);
        json(format!("{folder}/openclaw.json"), openclaw::worker(worker.name, worker.model))?;
        put(format!("{folder}/SOUL.md"), format!("# {}\n\n{}\n", worker.name, worker.soul), "text/markdown")?;
        put(
            format!("{folder}/AGENTS.md"),
            "# Agents\n\nTasks come from @manager. Report in the room they came from.\n".into(),
            "text/markdown",
        )?;
        put(
            format!("{folder}/credentials/matrix/password"),
            secret("matrix-password", worker.name),
            "text/plain",
        )?;
    }
    // The record that agm itself keeps of a switch; only these two were switched with it, long enough ago to run it.
    let at = at - time::Duration::HOUR;
    json("agents/manager/model.json".into(), record("qwen", DEFAULT_MODEL, 200_000, 64_000, at))?;
    json("agents/alice/model.json".into(), record("deepseek", "deepseek-chat", 256_000, 128_000, at))
}

/// How HiClaw is told the Manager's model.
fn default_model_line() -> String {
    format!("HICLAW_DEFAULT_MODEL={DEFAULT_MODEL}")
}

/// Writes the file from which the installer made the Manager's container.
pub(crate) fn install_environment(file: &Path) -> io::Result<()> {
    let lines = format!(
        "# HiClaw Manager Configuration\n\n# LLM\nHICLAW_LLM_PROVIDER=qwen\n{}\n\n# Admin\nHICLAW_ADMIN_USER={}\n",
        default_model_line(),
        ADMIN.0
    );
    std::fs::write(file, lines)
}

/// The Manager's container, running.
pub(crate) fn install_manager(containers: &Containers) -> io::Result<()> {
    let mut manager = Container::new("higress/hiclaw-manager:v1.0.9");
    manager.turn(Status::Running);
    manager.memory = 780 << 20;
    manager.load = 4.0;
    manager.env = vec![default_model_line()];
    containers.set("hiclaw-manager", Some(manager))
}

/// Starts every worker that has a container, and brings it into the state that the demo begins with.
pub(crate) fn install_states(agents: &Agents) -> Result<(), AgentError> {
    for worker in WORKERS {
        let state = worker.state();
        if state != WorkerState::Offline {
            agents.set_state(worker.name, &WorkerState::Idle)?;
        }
        agents.set_state(worker.name, &state)?;
    }
    Ok(())
}

fn record(provider: &str, model: &str, context: u64, output: u64, at: OffsetDateTime) -> Value {
    json!({"provider": provider, "model": model, "contextWindow": context, "maxTokens": output, "reasoning": true,
        "updatedAt": rfc3339(at)})
}
