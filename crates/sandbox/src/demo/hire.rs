//! More workers than the demo has, made as HiClaw makes them: a consumer that routes let in, a config in the store, and a
//! line in the registry. They have no container.
use super::{DEFAULT_MODEL, console, openclaw, registered};
use crate::{
    SandboxError,
    agents::Workspace,
    clock::{now, rfc3339},
    console::Console,
    files,
    s3::{Condition, Object, Objects},
    world::io,
};
use serde_json::{Value, json};

/// Somebody who begins to work here.
pub(crate) struct Hired {
    pub name: String,
    pub model: &'static str,
    pub team: Option<&'static str>,
}

impl Hired {
    /// On the model that HiClaw gives to new workers, in no team.
    pub(crate) fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), model: DEFAULT_MODEL, team: None }
    }
}

/// Adds them.
pub(crate) async fn hire(
    console: &Console,
    objects: &Objects,
    bucket: &str,
    workspace: &Workspace,
    workers: &[Hired],
    routes: &[&str],
) -> Result<(), SandboxError> {
    let names: Vec<_> = workers.iter().map(|worker| worker.name.clone()).collect();
    console::let_in(&console.router(), &names, routes).await?;
    for Hired { name, model, .. } in workers {
        let config = Object::new(format!("{:#}\n", openclaw::worker(name, model)), "application/json");
        let key = format!("agents/{name}/openclaw.json");
        let put = objects.put(bucket, &key, config, &Condition::default());
        put.map_err(|error| SandboxError::state("the bucket", error))?;
    }
    let file = workspace.folder().join("workers-registry.json");
    let text = std::fs::read(&file).map_err(io("the registry"))?;
    let mut registry: Value =
        serde_json::from_slice(&text).map_err(|error| SandboxError::state("the registry", error))?;
    let at = rfc3339(now());
    for worker in workers {
        let entry = registered(&worker.name, &["file-sync"], worker.team, &at);
        registry["workers"][&worker.name] = entry;
    }
    registry["updated_at"] = json!(at);
    files::write_json(&file, &registry).map_err(io("the registry"))
}
