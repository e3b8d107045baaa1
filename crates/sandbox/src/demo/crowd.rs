//! A large installation: more workers, in teams and in every state, and more providers.
use super::{
    DEFAULT_MODEL,
    console::add_providers,
    hire::{Hired, hire},
};
use crate::{
    SandboxError,
    agents::{Workspace, container},
    clock::{now, rfc3339},
    console::Console,
    containers::{Container, Containers, Status},
    files,
    s3::Objects,
    world::{BUCKET, io},
};
use serde_json::{Value, json};

/// First names; a number tells those of the same name apart.
const NAMES: [&str; 20] = [
    "ada", "boris", "chen", "diana", "emil", "fatima", "george", "hana", "ivan", "june", "kofi", "lena",
    "miguel", "nora", "omar", "petra", "quinn", "rosa", "sven", "tara",
];
const TEAMS: [&str; 8] =
    ["backend", "data", "design", "docs", "frontend", "operations", "quality", "support"];
const MODELS: [&str; 4] = [DEFAULT_MODEL, "deepseek-chat", DEFAULT_MODEL, "kimi-k2.5"];
const ROUTES: [&str; 3] = ["default-ai-route", "deepseek-ai-route", "moonshot-ai-route"];
const IMAGE: &str = "higress/hiclaw-worker:v1.0.9";

/// Who stands at a place in the row.
pub(crate) fn name(place: usize) -> String {
    format!("{}-{:03}", NAMES[place % NAMES.len()], place / NAMES.len())
}

/// What somebody is at.
pub(crate) fn task(place: usize, name: &str) -> Value {
    json!({"task_id": format!("crowd-{place}"), "title": format!("fix #{}", 300 + place), "type": "finite",
        "assigned_to": name, "room_id": null})
}

/// Adds providers without a route.
pub(crate) async fn install_providers(console: &Console, count: usize) -> Result<(), SandboxError> {
    let names: Vec<_> = (0..count).map(|place| format!("lab-{place:03}")).collect();
    add_providers(&console.router(), &names).await
}

/// Adds workers. Who is where and how follows from the place in the row: of ten, four idle, two are at work, two sleep, one
/// is stopped and one has no container.
pub(crate) async fn install(
    console: &Console,
    objects: &Objects,
    workspace: &Workspace,
    containers: &Containers,
    count: usize,
) -> Result<(), SandboxError> {
    if count == 0 {
        return Ok(());
    }
    let team = count.div_ceil(TEAMS.len());
    let hired: Vec<_> = (0..count)
        .map(|place| Hired {
            name: name(place),
            model: MODELS[place % MODELS.len()],
            team: TEAMS.get(place / team).copied(),
        })
        .collect();
    hire(console, objects, BUCKET, workspace, &hired, &ROUTES).await?;
    let at = rfc3339(now());
    let (mut tasks, mut sleepers, mut running) = (Vec::new(), Vec::new(), Vec::new());
    for (place, Hired { name, .. }) in hired.iter().enumerate() {
        let status = match place % 10 {
            0..=3 => Status::Running,
            4 | 5 => {
                tasks.push(task(place, name));
                Status::Running
            }
            6 | 7 => {
                sleepers.push((
                    name.clone(),
                    json!({"container_status": "stopped", "idle_since": at,
                    "auto_stopped_at": at, "last_started_at": at}),
                ));
                Status::Exited
            }
            8 => Status::Exited,
            _ => continue,
        };
        let mut made = Container::new(IMAGE);
        made.turn(status);
        running.push((container(name), made));
    }
    containers.add(running).map_err(io("the list of containers"))?;
    edit(workspace, "state.json", |state| {
        if let Some(open) = state["active_tasks"].as_array_mut() {
            open.extend(tasks);
        }
    })?;
    edit(workspace, "worker-lifecycle.json", |lifecycle| {
        for (name, note) in sleepers {
            lifecycle["workers"][name] = note;
        }
    })
}

fn edit(workspace: &Workspace, file: &str, change: impl FnOnce(&mut Value)) -> Result<(), SandboxError> {
    let path = workspace.folder().join(file);
    let mut tree = files::read_json(&path).map_err(io(file))?.unwrap_or_else(|| json!({}));
    change(&mut tree);
    files::write_json(&path, &tree).map_err(io(file))
}
