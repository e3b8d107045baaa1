//! One pass over a worker, or over a member of a team: its accounts, its config, its container.
use serde_json::Value;

use super::{
    Core,
    accounts::Account,
    engine::Recipe,
    gateway::Provider,
    resource::{Spec, WorkerStatus},
};
use crate::{containers::Status, demo::made_up};
use std::time::Duration;

/// The store's user names.
const NAME_LENGTHS: std::ops::RangeInclusive<usize> = 3..=20;

/// What somebody is in a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Standalone,
    Leader,
    Worker,
}

impl Role {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Standalone => "standalone",
            Self::Leader => "team_leader",
            Self::Worker => "worker",
        }
    }
}

/// What a pass knows of a member.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) spec: Spec,
    pub(super) generation: u64,
    pub(super) role: Role,
    /// The runtime whose image it runs; not always the one that its spec names.
    pub(super) runtime: String,
    /// The interval of its heartbeat.
    pub(super) heartbeat: Option<String>,
    /// Matrix users who may speak to it beside those that everybody listens to.
    pub(super) friends: Vec<String>,
    /// Its QwenPaw config is the team's to write.
    pub(super) led: bool,
    /// The container is not what the spec says.
    pub(super) changed: bool,
}

/// What a good pass found.
#[derive(Default)]
pub(super) struct Found {
    /// The container, where the pass looked at one.
    pub(super) container: Option<&'static str>,
    /// The pass ended early, so that nothing counts as applied.
    pub(super) early: bool,
}

impl Member {
    /// The name under which everybody but Docker knows it.
    pub(super) fn runtime_name(&self) -> &str {
        self.spec.text_or("workerName", &self.name)
    }

    pub(super) fn consumer(&self) -> String {
        format!("worker-{}", self.runtime_name())
    }

    fn key(&self) -> String {
        gateway_key(self.runtime_name())
    }
}

/// The gateway key of an agent.
pub(super) fn gateway_key(agent: &str) -> String {
    made_up("gateway-key", agent)
}

/// A Matrix access token, in the form that homeservers give.
pub(super) fn matrix_token(agent: &str) -> String {
    format!("syt_{}", made_up("matrix-token", agent))
}

/// The password of an agent's user at the store.
fn store_password(agent: &str) -> String {
    made_up("store-password", agent)
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The whole pass. The status is changed as far as the pass came, also by a failed one.
pub(super) async fn pass(core: &Core, member: &Member, status: &mut WorkerStatus) -> Result<Found, String> {
    let provider = match member.spec.text("modelProvider") {
        "" => None,
        name => {
            core.timeline.sleep(ms(30)).await;
            let found = core.gateway.provider(name).await;
            Some(found.map_err(|error| format!("resolve model provider {name:?}: {error}"))?)
        }
    };
    accounts(core, member, status).await?;
    if let Some(provider) = &provider {
        core.gateway.authorize(&member.consumer(), Some(&provider.name)).await?;
    }
    core.timeline.sleep(core.ways.worker_pace.config).await;
    core.deploy(member, status, provider.as_ref());
    core.timeline.sleep(core.ways.worker_pace.container).await;
    let mut found = Found::default();
    if member.spec.managed() && core.engine.up() {
        container(core, member, status, provider.as_ref(), &mut found).await;
    }
    if !found.early {
        expose(core, member, status).await;
    }
    core.timeline.sleep(core.ways.worker_pace.status).await;
    Ok(found)
}

/// The user at the store, the consumer at the gateway, the Matrix account and its room.
async fn accounts(core: &Core, member: &Member, status: &mut WorkerStatus) -> Result<(), String> {
    let name = member.runtime_name();
    let consumer = member.consumer();
    if !status.user.is_empty() {
        if !core.bucket.up() {
            core.timeline.sleep(ms(150)).await;
        }
        store_user(core, name)
            .map_err(|error| format!("refresh credentials: MinIO user refresh failed: {error}"))?;
        if core.ways.heals_routes {
            let healed = async {
                core.gateway
                    .ensure_consumer(&consumer, &member.key())
                    .await
                    .map_err(|error| format!("ensure consumer: {error}"))?;
                core.gateway.authorize(&consumer, None).await
            };
            healed.await.map_err(|error| format!("restore worker gateway auth: {error}"))?;
        }
        return Ok(());
    }
    core.timeline.sleep(ms(250)).await;
    store_user(core, name)
        .map_err(|error| format!("provision worker: MinIO user creation failed: {error}"))?;
    core.timeline.sleep(ms(450)).await;
    let made = core.gateway.ensure_consumer(&consumer, &member.key()).await;
    made.map_err(|error| format!("provision worker: gateway consumer creation failed: {error}"))?;
    if member.spec.text("modelProvider").is_empty() {
        let admitted = core.gateway.authorize(&consumer, None).await;
        admitted.map_err(|error| format!("provision worker: {error}"))?;
    }
    // Until the worker has joined its room.
    core.timeline.sleep(ms(1900)).await;
    status.user = core.ways.matrix_user(name);
    status.room = core.new_room();
    Ok(())
}

fn store_user(core: &Core, name: &str) -> Result<(), String> {
    let alias = core.ways.prefix;
    let reason = if !core.bucket.up() {
        format!(
            "Put \"http://127.0.0.1:9000/minio/admin/v3/add-user?accessKey={name}\": dial tcp 127.0.0.1:9000: connect: \
             connection refused."
        )
    } else if !NAME_LENGTHS.contains(&name.len()) {
        "The access key is invalid. (access key length should be between 3 and 20).".to_owned()
    } else {
        return Ok(());
    };
    let password = store_password(name);
    Err(format!(
        "ensure minio user {name}: mc admin user add {alias} {name} {password}: exit status 1 (stderr: mc: <ERROR> \
         Unable to add new user. {reason})"
    ))
}

async fn container(
    core: &Core,
    member: &Member,
    status: &mut WorkerStatus,
    provider: Option<&Provider>,
    found: &mut Found,
) {
    let name = core.ways.worker_container(&member.name);
    match member.spec.state() {
        "Running" => run(core, member, status, &name, provider, found).await,
        state => rest(core, &name, state == "Stopped", found),
    }
    if let Some(container) = found.container {
        container.clone_into(&mut status.container);
    }
}

async fn run(
    core: &Core,
    member: &Member,
    status: &WorkerStatus,
    name: &str,
    provider: Option<&Provider>,
    found: &mut Found,
) {
    let volume = core.ways.mounts_tokens.then_some(true);
    match core.engine.status(name) {
        Some(_) if member.changed && core.ways.shows_changes => {
            core.engine.remove(name, volume);
            found.container = Some("stopping");
            found.early = true;
        }
        Some(Status::Running) if !member.changed => {
            found.container = Some("running");
            if core.ways.mounts_tokens && core.first_look(&member.name) {
                core.engine.refresh_token(name, &core.escaped_token_folder());
            }
        }
        Some(Status::Running) => {
            found.container = Some("running");
            core.engine.remove(name, volume);
            core.timeline.sleep(ms(4)).await;
            core.engine.create(name, recipe(core, member, status, provider));
        }
        Some(_) if !member.changed => {
            found.container = Some("stopped");
            core.engine.start(name);
        }
        Some(_) => {
            found.container = Some("stopped");
            core.engine.remove(name, volume);
            core.timeline.sleep(ms(4)).await;
            core.engine.create(name, recipe(core, member, status, provider));
        }
        None => {
            core.first_look(&member.name);
            core.engine.create(name, recipe(core, member, status, provider));
            found.container = core.ways.shows_changes.then_some("starting");
        }
    }
}

/// Brings a container to rest, or away.
fn rest(core: &Core, name: &str, away: bool, found: &mut Found) {
    if !core.ways.shows_changes {
        if away {
            core.engine.remove(name, None);
        } else {
            core.engine.stop(name);
        }
        return;
    }
    found.container = Some(match (core.engine.status(name), away) {
        (None, _) => "not_found",
        (Some(_), true) => {
            core.engine.remove(name, core.ways.mounts_tokens.then_some(true));
            "stopping"
        }
        (Some(Status::Running), false) => {
            core.engine.stop(name);
            "stopping"
        }
        (Some(_), false) => "stopped",
    });
}

fn recipe(core: &Core, member: &Member, status: &WorkerStatus, provider: Option<&Provider>) -> Recipe {
    let ways = core.ways;
    let (env, prefix) = (ways.env, ways.prefix);
    let name = member.runtime_name();
    let token = core.accounts.issue(&Account::Worker(member.name.clone()));
    let gateway = provider.map_or_else(|| ways.gateway.to_owned(), |provider| core.gateway_of(provider));
    let mut lines = vec![
        format!("{env}_AI_GATEWAY_URL={gateway}"),
        format!("{env}_CONSOLE_PORT=8088"),
        format!("{env}_CONTROLLER_URL=http://{prefix}-controller:8090"),
        format!("{env}_FS_ACCESS_KEY={name}"),
        format!("{env}_FS_BUCKET={}", ways.bucket()),
        format!("{env}_FS_ENDPOINT=http://{prefix}-controller:9000"),
        format!("{env}_FS_SECRET_KEY={}", store_password(name)),
        format!("{env}_MATRIX_DOMAIN={}", ways.domain()),
        format!("{env}_MATRIX_URL=http://{prefix}-controller:6167"),
        format!("{env}_STORAGE_PREFIX={prefix}/{}", ways.bucket()),
        format!("{env}_WORKER_GATEWAY_KEY={}", member.key()),
        format!("{env}_WORKER_MATRIX_TOKEN={}", matrix_token(name)),
        format!("{env}_WORKER_NAME={name}"),
        format!("HOME=/root/{prefix}-fs/agents/{name}"),
        "OPENCLAW_DISABLE_BONJOUR=1".to_owned(),
        format!("OPENCLAW_MDNS_HOSTNAME={prefix}-w-{name}"),
    ];
    if ways.mounts_tokens {
        lines.extend([
            format!("{env}_AUTH_TOKEN_FILE={}/token", core.token_folder()),
            format!("{env}_STORAGE_PROVIDER=minio"),
            format!("{env}_WORKER_CR_NAME={}", member.name),
            format!("{env}_WORKER_ROLE=standalone"),
            format!("{env}_WORKER_ROOM_ID={}", status.room),
        ]);
    } else {
        lines.push(format!("{env}_AUTH_TOKEN={token}"));
    }
    lines.sort();
    let image = member.spec.text("image");
    let image = if image.is_empty() { ways.worker_image(&member.runtime) } else { image.to_owned() };
    let mounts = ways.mounts_tokens.then(|| core.escaped_token_folder());
    Recipe { image, env: lines, mounts }
}

/// The routes to the ports that a worker shows.
async fn expose(core: &Core, member: &Member, status: &mut WorkerStatus) {
    let wanted: Vec<(u64, String)> = member
        .spec
        .list("expose")
        .iter()
        .filter_map(|port| port["port"].as_u64())
        .map(|port| (port, format!("worker-{}-{port}-local.{}", member.name, core.ways.group)))
        .collect();
    if wanted == status.exposed {
        return;
    }
    for (port, domain) in &wanted {
        if let Err(error) = core.gateway.expose(&member.name, *port, domain, &core.worker_host(member)).await
        {
            tracing::warn!(%error, "the sandbox's controller could not expose a port");
        }
    }
    status.exposed = wanted;
}

/// The part of a spec that a container is made from.
pub(super) fn applied(spec: &Spec, runtime: &str) -> Spec {
    let keep = |name: &str| match runtime {
        "qwenpaw" => ["runtime", "image", "workerName", "containerManaged", "resources"].contains(&name),
        _ => !["model", "mcpServers", "state", "expose"].contains(&name),
    };
    Spec(
        spec.0
            .iter()
            .filter(|(name, _)| keep(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// The phase after a pass.
pub(super) fn phase(
    core: &Core,
    spec: &Spec,
    status: &WorkerStatus,
    outcome: &Result<Found, String>,
) -> String {
    let phase = match outcome {
        Err(_) if status.user.is_empty() => "Failed",
        Err(_) if status.phase.is_empty() => "Pending",
        Err(_) => return status.phase.clone(),
        Ok(found) => match (spec.state(), found.container) {
            ("Sleeping" | "Stopped", Some("stopping")) => "Stopping",
            ("Sleeping", _) => "Sleeping",
            ("Stopped", _) => "Stopped",
            _ if !core.ways.shows_changes => "Running",
            (_, Some("running")) => "Running",
            (_, Some("starting")) => "Starting",
            _ => "Pending",
        },
    };
    phase.to_owned()
}

/// Everything of a member goes: container, consumer, account, objects.
pub(super) async fn remove(core: &Core, name: &str, runtime_name: &str) {
    core.timeline.sleep(ms(690)).await;
    if core.engine.up() {
        core.engine.remove(&core.ways.worker_container(name), core.ways.mounts_tokens.then_some(true));
    }
    let consumer = format!("worker-{runtime_name}");
    let gone = async {
        core.gateway.deauthorize(&consumer).await?;
        core.gateway.delete_consumer(&consumer).await
    };
    if let Err(error) = gone.await {
        tracing::warn!(%error, "the sandbox's controller could not take a consumer away");
    }
    core.bucket.clear(&format!("agents/{runtime_name}/"));
    core.accounts.delete(&Account::Worker(name.to_owned()));
    core.forget_ready(name);
    core.timeline.sleep(ms(120)).await;
}

/// A spec from JSON fields.
pub(super) fn spec_of(fields: &Value) -> Spec {
    Spec(fields.as_object().cloned().unwrap_or_default())
}
