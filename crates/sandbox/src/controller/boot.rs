//! The start of the process: what it makes sure of before its reconcilers begin.
use std::{sync::LazyLock, time::Duration};

use http::Method;
use regex::Regex;
use serde_json::{Map, Value, json};

use super::{Core, accounts::Account, gateway::ConsoleError, resource::Spec};
use crate::files;

/// The Manager that every installation begins with.
const MANAGER: &str = "default";
/// The route that a fresh console has and the controller does not want.
const UNWANTED: &str = "/v1/routes/default";
/// For how long a stream of an answer may be silent, in seconds.
const IDLE_TIMEOUT: &str = "900";

/// Where the gateway's own settings begin.
const HIGRESS: &str = "  higress: |\n";

static IDLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^(\s*downstream:\n(?:\s+.*\n)*?\s+idleTimeout: )\d+").ok());

/// Runs through a start, the first one or a later one.
pub(super) async fn boot(core: &Core, first: bool) {
    let start = core.timeline.now();
    let at = |(fresh, again): (Duration, Duration)| start + if first { fresh } else { again };
    core.timeline.sleep_until(at(core.ways.boot.health)).await;
    core.process().open = true;
    core.timeline.sleep_until(at(core.ways.boot.provider)).await;
    core.seed_bucket();
    if let Err(error) = install(core).await {
        tracing::warn!(%error, "the sandbox's controller could not set up the console");
    }
    reconcile_all(core);
    core.timeline.sleep_until(at(core.ways.boot.token)).await;
    ensure_manager(core);
    write_token(core);
}

/// Gives out a token of the admin, and writes it to where the admin finds it.
pub(super) fn write_token(core: &Core) {
    let token = core.accounts.issue(&Account::Admin);
    if let Err(error) = files::replace(&core.token_file, token.as_bytes()) {
        tracing::error!(%error, "the sandbox's controller could not write its token");
    }
}

fn reconcile_all(core: &Core) {
    for manager in core.managers.all() {
        core.manager_queue.add(&manager.name);
    }
    // What was being deleted has its turn at the end.
    let mut workers = core.workers.all();
    workers.sort_by_key(|worker| worker.deleting);
    for worker in workers {
        core.worker_queue.add(&worker.name);
    }
    for team in core.teams.all() {
        core.team_queue.add(&team.name);
    }
}

fn ensure_manager(core: &Core) {
    let runtime = &core.plan.manager_runtime;
    let spec = json!({"model": core.ways.default_model, "runtime": runtime, "image": core.ways.manager_image(runtime)});
    let spec = Spec(spec.as_object().cloned().unwrap_or_else(Map::new));
    if core.managers.create(MANAGER, spec).is_ok() {
        core.manager_changed(MANAGER);
    }
}

/// What the controller wants of the console. Only the provider and the time for streams are set anew at every start.
async fn install(core: &Core) -> Result<(), ConsoleError> {
    let (user, password) = &core.plan.admin;
    let admin =
        json!({"adminUser": {"name": user, "displayName": "Admin", "password": password}, "configs": {}});
    tolerant(core.gateway.send(Method::POST, "/system/init", Some(&admin)).await)?;
    for (name, port, route) in core.ways.services {
        let source = json!({"type": "static", "name": name, "domain": format!("127.0.0.1:{port}"), "port": port,
            "protocol": "http", "properties": {}, "authN": {"enabled": false}});
        core.make("/v1/service-sources", name, &source).await?;
        let path = if *route == "matrix-homeserver" { "/_matrix" } else { "/" };
        let route_body = json!({"name": route, "domains": [],
            "path": {"matchType": "PRE", "matchValue": path, "caseSensitive": false},
            "services": [{"name": format!("{name}.static"), "port": port, "weight": 100}]});
        core.make("/v1/routes", route, &route_body).await?;
    }
    tolerant(core.gateway.send(Method::DELETE, UNWANTED, None).await)?;
    install_provider(core).await?;
    let name = &core.plan.provider.name;
    let route = json!({"name": "default-ai-route", "domains": [],
        "pathPredicate": {"matchType": "PRE", "matchValue": "/v1", "caseSensitive": false},
        "upstreams": [{"provider": name, "weight": 100, "modelMapping": {}}],
        "authConfig": {"enabled": true, "allowedCredentialTypes": ["key-auth"]}});
    core.make("/v1/ai/routes", "default-ai-route", &route).await?;
    if core.ways.dreams { set_idle_timeout(core).await } else { Ok(()) }
}

/// What was done before is refused, and that is well.
fn tolerant(answer: Result<Value, ConsoleError>) -> Result<(), ConsoleError> {
    match answer {
        Ok(_) | Err(ConsoleError::Status(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn install_provider(core: &Core) -> Result<(), ConsoleError> {
    let provider = &core.plan.provider;
    let mode = core.ways.mode;
    let (kind, raw) = match &provider.url {
        None => (
            provider.name.as_str(),
            json!({"qwenEnableSearch": false, "qwenEnableCompatible": true, "qwenFileIds": [], mode: true}),
        ),
        Some(url) => {
            let host = url.split("://").nth(1).unwrap_or(url).split('/').next().unwrap_or_default();
            let source = json!({"type": "dns", "name": provider.name, "domain": host, "port": 443,
                "protocol": "https", "properties": {}, "authN": {"enabled": false}});
            core.make("/v1/service-sources", &provider.name, &source).await?;
            let service = format!("{}.dns", provider.name);
            let raw = json!({"openaiCustomUrl": url, "openaiCustomServiceName": service, "openaiCustomServicePort": 443,
                mode: true});
            ("openai", raw)
        }
    };
    let body = json!({"type": kind, "name": provider.name, "tokens": [provider.key], "version": 0,
        "protocol": "openai/v1", "rawConfigs": raw});
    core.gateway.send(Method::POST, "/v1/ai/providers", Some(&body)).await.map(drop)
}

async fn set_idle_timeout(core: &Core) -> Result<(), ConsoleError> {
    let answer = core.gateway.send(Method::GET, "/system/higress-config", None).await?;
    let (Some(text), Some(idle)) = (answer["data"].as_str(), IDLE.as_ref()) else { return Ok(()) };
    let changed = if idle.is_match(text) {
        idle.replace(text, format!("${{1}}{IDLE_TIMEOUT}")).into_owned()
    } else {
        text.replacen(HIGRESS, &format!("{HIGRESS}    downstream:\n      idleTimeout: {IDLE_TIMEOUT}\n"), 1)
    };
    if changed == text {
        return Ok(());
    }
    let body = json!({"config": changed});
    core.gateway.send(Method::PUT, "/system/higress-config", Some(&body)).await.map(drop)
}

impl Core {
    /// Makes an object at the console if it has none of that name.
    async fn make(&self, collection: &str, name: &str, body: &Value) -> Result<(), ConsoleError> {
        match self.gateway.send(Method::GET, &format!("{collection}/{name}"), None).await {
            Err(ConsoleError::Status(404)) => {
                self.gateway.send(Method::POST, collection, Some(body)).await.map(drop)
            }
            other => other.map(drop),
        }
    }
}
