//! The reconciler of Managers. All of them share one config, one consumer and one account.
use std::time::Duration;

use super::{
    Core, Done,
    accounts::Account,
    engine::Recipe,
    gateway::Provider,
    member::{gateway_key, matrix_token},
    queue::Item,
    resource::{ManagerStatus, Spec},
};
use crate::{containers::Status, demo::made_up};

const CONSUMER: &str = "manager";

/// What a pass knows of a Manager.
pub(super) struct Manager {
    pub(super) name: String,
    pub(super) spec: Spec,
    pub(super) runtime: String,
    /// The container is not what the spec says.
    changed: bool,
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// One pass over a Manager.
pub(super) async fn reconcile(core: &Core, item: &Item) -> Done {
    let Some(found) = core.managers.get(&item.name) else { return Done::gone() };
    if found.deleting {
        remove(core, &item.name).await;
        return Done::gone();
    }
    let before = found.status;
    let runtime = found.spec.text_or("runtime", &core.plan.manager_runtime).to_owned();
    let wanted = applied(&found.spec);
    let changed = before.applied.as_ref().is_some_and(|applied| *applied != wanted);
    let manager = Manager { name: found.name, spec: found.spec, runtime, changed };
    let mut status = before.clone();
    let outcome = pass(core, &manager, &mut status).await;
    let failed = match outcome {
        Ok(looked) => {
            status.message.clear();
            status.phase = manager.spec.state().to_owned();
            status.version = manager.spec.text("image").to_owned();
            status.observed = found.generation;
            if looked || core.ways.replaces_for_all {
                status.applied = Some(wanted);
            }
            false
        }
        Err(message) => {
            if status.user.is_empty() {
                "Failed".clone_into(&mut status.phase);
            }
            status.message = message;
            true
        }
    };
    Done::of(failed, core.managers.patch_status(&item.name, &before, &status))
}

/// The whole pass. True: it could look at the container.
async fn pass(core: &Core, manager: &Manager, status: &mut ManagerStatus) -> Result<bool, String> {
    let provider = match manager.spec.text("modelProvider") {
        "" => None,
        name => {
            core.timeline.sleep(ms(30)).await;
            let found = core.gateway.provider(name).await;
            Some(found.map_err(|error| format!("resolve model provider {name:?}: {error}"))?)
        }
    };
    let early = core.ways.manager_pace.config.mul_f64(0.7);
    if status.user.is_empty() {
        core.timeline.sleep(ms(2300)).await;
        let made = restore(core, provider.as_ref()).await;
        made.map_err(|error| format!("provision manager: gateway consumer creation failed: {error}"))?;
        status.user = core.ways.matrix_user(CONSUMER);
        status.room = core.new_room();
    } else {
        core.timeline.sleep(early).await;
        let restored = restore(core, provider.as_ref()).await;
        restored.map_err(|error| format!("restore manager gateway auth: ensure consumer: {error}"))?;
    }
    core.timeline.sleep(core.ways.manager_pace.config - early).await;
    core.deploy_manager(manager, provider.as_ref());
    core.timeline.sleep(core.ways.manager_pace.container).await;
    let looked = core.engine.up();
    if looked {
        container(core, manager, status, provider.as_ref());
    }
    core.timeline.sleep(core.ways.manager_pace.status).await;
    Ok(looked)
}

async fn restore(core: &Core, provider: Option<&Provider>) -> Result<(), String> {
    core.gateway.ensure_consumer(CONSUMER, &gateway_key(CONSUMER)).await?;
    core.gateway.authorize(CONSUMER, provider.map(|provider| provider.name.as_str())).await
}

fn container(core: &Core, manager: &Manager, status: &mut ManagerStatus, provider: Option<&Provider>) {
    let name = core.ways.manager_container(&manager.name);
    let volume = core.ways.mounts_tokens.then_some(false);
    match manager.spec.state() {
        "Stopped" => {
            core.engine.remove(&name, volume);
        }
        "Sleeping" => {
            core.engine.stop(&name);
        }
        _ => match core.engine.status(&name) {
            Some(_) if manager.changed => {
                core.engine.remove(&name, volume);
                core.engine.create(&name, recipe(core, manager, provider));
            }
            Some(Status::Running) => status.welcomed = true,
            Some(_) => {
                core.engine.start(&name);
            }
            None => core.engine.create(&name, recipe(core, manager, provider)),
        },
    }
}

fn recipe(core: &Core, manager: &Manager, provider: Option<&Provider>) -> Recipe {
    let ways = core.ways;
    let (env, prefix) = (ways.env, ways.prefix);
    let token = core.accounts.issue(&Account::Manager);
    let gateway = provider.map_or_else(|| ways.gateway.to_owned(), |provider| core.gateway_of(provider));
    let mut lines = vec![
        format!("{env}_ADMIN_PASSWORD={}", core.plan.admin.1),
        format!("{env}_ADMIN_USER={}", core.plan.admin.0),
        format!("{env}_AI_GATEWAY_ADMIN_URL=http://127.0.0.1:8001"),
        format!("{env}_AI_GATEWAY_URL={gateway}"),
        format!("{env}_AUTH_TOKEN={token}"),
        format!("{env}_CMS_SERVICE_NAME={prefix}-manager"),
        format!("{env}_CONTROLLER_URL=http://{prefix}-controller:8090"),
        format!("{env}_DEFAULT_MODEL={}", manager.spec.text("model")),
        format!("{env}_FS_ACCESS_KEY={}", manager.name),
        format!("{env}_FS_BUCKET={}", ways.bucket()),
        format!("{env}_FS_ENDPOINT=http://{prefix}-controller:9000"),
        format!("{env}_FS_SECRET_KEY={}", made_up("store-password", "manager")),
        format!("{env}_LLM_API_KEY={}", core.plan.provider.key),
        format!("{env}_LLM_PROVIDER={}", core.plan.provider.name),
        format!("{env}_MANAGER_GATEWAY_KEY={}", gateway_key(CONSUMER)),
        format!("{env}_MANAGER_NAME={}", manager.name),
        format!("{env}_MANAGER_PASSWORD={}", made_up("matrix-password", "manager")),
        format!("{env}_MANAGER_RUNTIME={}", manager.runtime),
        format!("{env}_MATRIX_DOMAIN={}", ways.domain()),
        format!("{env}_MATRIX_URL=http://{prefix}-controller:6167"),
        format!("{env}_MINIO_PASSWORD={}", core.plan.store_secret),
        format!("{env}_MINIO_USER=admin"),
        format!("{env}_REGISTRATION_TOKEN={}", made_up("registration-token", "matrix")),
        format!("{env}_RUNTIME=k8s"),
        format!("{env}_STORAGE_PREFIX={prefix}/{}", ways.bucket()),
        "HOME=/root/manager-workspace".to_owned(),
        "OPENCLAW_DISABLE_BONJOUR=1".to_owned(),
        format!("OPENCLAW_MDNS_HOSTNAME={prefix}-manager"),
    ];
    if let Some(embedding) = &core.plan.embedding {
        lines.push(format!("{env}_EMBEDDING_MODEL={embedding}"));
    }
    if ways.mounts_tokens {
        lines.extend([
            format!("{env}_AI_STREAM_IDLE_TIMEOUT_SECONDS=900"),
            format!("{env}_DEFAULT_WORKER_RUNTIME={}", core.plan.worker_runtime),
            format!("{env}_MANAGER_MATRIX_TOKEN={}", matrix_token("manager")),
            format!("{env}_STORAGE_PROVIDER=minio"),
        ]);
    } else {
        lines.push(format!("{env}_ELEMENT_WEB_URL=http://127.0.0.1:8088"));
    }
    lines.sort();
    // A Manager that names no image gets that of a worker.
    let image = manager.spec.text("image");
    let image = if image.is_empty() { ways.worker_image(&manager.runtime) } else { image.to_owned() };
    Recipe { image, env: lines, mounts: None }
}

/// The part of a spec that a container is made from.
fn applied(spec: &Spec) -> Spec {
    Spec(spec.0.iter().filter(|(name, _)| *name != "state").map(|(n, v)| (n.clone(), v.clone())).collect())
}

/// With any Manager goes the consumer that all share.
async fn remove(core: &Core, name: &str) {
    core.timeline.sleep(ms(600)).await;
    let gone = async {
        core.gateway.deauthorize(CONSUMER).await?;
        core.gateway.delete_consumer(CONSUMER).await
    };
    if let Err(error) = gone.await {
        tracing::warn!(%error, "the sandbox's controller could not take the Manager's consumer away");
    }
    core.timeline.sleep(ms(720)).await;
    if core.engine.up() {
        core.engine.remove(&core.ways.manager_container(name), core.ways.mounts_tokens.then_some(false));
    }
    if core.ways.shares_account {
        core.accounts.delete(&Account::Manager);
    }
    core.timeline.sleep(ms(60)).await;
    core.managers.remove(name);
}
