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

/// Adds them.
pub(crate) async fn hire(
    console: &Console,
    objects: &Objects,
    bucket: &str,
    workspace: &Workspace,
    workers: &[String],
    routes: &[&str],
) -> Result<(), SandboxError> {
    console::let_in(&console.router(), workers, routes).await?;
    for worker in workers {
        let config =
            Object::new(format!("{:#}\n", openclaw::worker(worker, DEFAULT_MODEL)), "application/json");
        let key = format!("agents/{worker}/openclaw.json");
        let put = objects.put(bucket, &key, config, &Condition::default());
        put.map_err(|error| SandboxError::state("the bucket", error))?;
    }
    let file = workspace.folder().join("workers-registry.json");
    let text = std::fs::read(&file).map_err(io("the registry"))?;
    let mut registry: Value =
        serde_json::from_slice(&text).map_err(|error| SandboxError::state("the registry", error))?;
    let at = rfc3339(now());
    for worker in workers {
        registry["workers"][worker] = registered(worker, &["file-sync"], &at);
    }
    registry["updated_at"] = json!(at);
    files::write_json(&file, &registry).map_err(io("the registry"))
}
