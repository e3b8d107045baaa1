//! What the installer of HiClaw v1.0.9 creates in the console, made through the console's own HTTP API.
use super::{DemoWorker, WORKERS, secret::gateway_key};
use crate::{SandboxError, upstreams::keys_of};
use axum::{Router, body::Body};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

/// The console's admin in the demo.
pub(crate) const ADMIN: (&str, &str) = ("admin", "admin");

const GATEWAY_DOMAIN: &str = "aigw-local.hiclaw.io";
const FILES_DOMAIN: &str = "fs-local.hiclaw.io";
/// The largest answer that the seed reads, in bytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// The worker who is left out of [`LEFT_OUT_OF`]: the demo's one fault.
const LEFT_OUT: &str = "dave";
const LEFT_OUT_OF: &str = "deepseek-ai-route";

/// Sets up a console that was never initialised.
pub(crate) async fn install(console: &Router) -> Result<(), SandboxError> {
    let init =
        json!({"adminUser": {"name": ADMIN.0, "displayName": "Admin", "password": ADMIN.1}, "configs": {}});
    let api = Api(console);
    api.send(Method::POST, "/system/init", &init).await?;
    install_services(&api).await?;
    install_consumers(&api).await?;
    install_providers(&api).await?;
    install_routes(&api).await
}

/// The other services of the all-in-one container, with the routes that lead to them.
async fn install_services(api: &Api<'_>) -> Result<(), SandboxError> {
    for (name, port) in
        [("tuwunel", 6167), ("element-web", 8088), ("minio", 9000), ("openclaw-console", 18888)]
    {
        let source = json!({"name": name, "type": "static", "domain": format!("127.0.0.1:{port}"), "port": port,
            "properties": {}, "authN": {"enabled": false}});
        api.send(Method::POST, "/v1/service-sources", &source).await?;
    }
    for domain in [GATEWAY_DOMAIN, FILES_DOMAIN] {
        api.send(Method::POST, "/v1/domains", &json!({"name": domain, "enableHttps": "off"})).await?;
    }
    let to = |service: &str, port: u16| json!([{"name": format!("{service}.static"), "port": port, "weight": 100}]);
    for route in [
        json!({"name": "matrix-homeserver", "domains": [], "path": {"matchType": "PRE", "matchValue": "/_matrix"},
            "services": to("tuwunel", 6167)}),
        json!({"name": "http-filesystem", "domains": [FILES_DOMAIN], "path": {"matchType": "PRE", "matchValue": "/"},
            "services": to("minio", 9000)}),
    ] {
        api.send(Method::POST, "/v1/routes", &route).await?;
    }
    Ok(())
}

/// What the installer of the former plugin registers: a service source, a route, and settings of key-auth that the plugin
/// cannot load, so that the route is open.
pub(crate) async fn install_leftovers(console: &Router) -> Result<(), SandboxError> {
    let api = Api(console);
    let source = json!({"name": "monitor", "type": "static", "domain": "127.0.0.1:18080", "port": 18080});
    let route = json!({"name": "ai-gateway-monitor", "domains": [], "path": {"matchType": "PRE", "matchValue": "/ni_status"},
        "services": [{"name": "monitor.static", "port": 18080, "weight": 100}]});
    let settings =
        json!({"pluginName": "key-auth", "enabled": true, "rawConfigurations": "consumers:\n - key"});
    api.send(Method::POST, "/v1/service-sources", &source).await?;
    api.send(Method::POST, "/v1/routes", &route).await?;
    let instance = "/v1/routes/ai-gateway-monitor/plugin-instances/key-auth";
    api.send(Method::PUT, instance, &settings).await.map(drop)
}

async fn install_consumers(api: &Api<'_>) -> Result<(), SandboxError> {
    let workers = WORKERS.iter().map(|worker| (worker.consumer(), worker.name));
    for (consumer, agent) in std::iter::once(("manager".to_owned(), "manager")).chain(workers) {
        install_consumer(api, &consumer, agent).await?;
    }
    Ok(())
}

async fn install_consumer(api: &Api<'_>, consumer: &str, agent: &str) -> Result<(), SandboxError> {
    let credential = json!({"type": "key-auth", "source": "BEARER", "values": [gateway_key(agent)]});
    let consumer = json!({"name": consumer, "credentials": [credential]});
    api.send(Method::POST, "/v1/consumers", &consumer).await.map(drop)
}

/// Makes the consumers of new workers, and lets them into these routes.
pub(super) async fn let_in(
    console: &Router,
    workers: &[String],
    routes: &[&str],
) -> Result<(), SandboxError> {
    let api = Api(console);
    for worker in workers {
        install_consumer(&api, &super::consumer_of(worker), worker).await?;
    }
    for route in routes {
        let path = format!("/v1/ai/routes/{route}");
        let mut stored = api.send(Method::GET, &path, &Value::Null).await?["data"].take();
        if let Some(allowed) = stored["authConfig"]["allowedConsumers"].as_array_mut() {
            allowed.extend(workers.iter().map(|worker| json!(super::consumer_of(worker))));
        }
        api.send(Method::PUT, &path, &stored).await?;
    }
    Ok(())
}

/// HiClaw's own provider, and two that somebody added.
async fn install_providers(api: &Api<'_>) -> Result<(), SandboxError> {
    let hiclaw = json!({"qwenEnableSearch": false, "qwenEnableCompatible": true, "qwenFileIds": [], "hiclawMode": true});
    for (name, raw) in [("qwen", hiclaw), ("deepseek", json!({})), ("moonshot", json!({}))] {
        let provider = json!({"type": name, "name": name, "tokens": [keys_of(name)[0]], "protocol": "openai/v1",
            "tokenFailoverConfig": {"enabled": false}, "rawConfigs": raw});
        api.send(Method::POST, "/v1/ai/providers", &provider).await?;
    }
    Ok(())
}

/// More providers, each with an API of its own and no route.
pub(super) async fn add_providers(console: &Router, names: &[String]) -> Result<(), SandboxError> {
    for name in names {
        let provider = json!({"type": "openai", "name": name, "tokens": [gateway_key(name)], "protocol": "openai/v1",
            "tokenFailoverConfig": {"enabled": false},
            "rawConfigs": {"openaiCustomUrl": format!("https://{name}.example.com/v1")}});
        Api(console).send(Method::POST, "/v1/ai/providers", &provider).await?;
    }
    Ok(())
}

/// The default route, first for the Manager alone and then, as HiClaw does when it creates workers, for everybody; and
/// one route for each provider that was added.
async fn install_routes(api: &Api<'_>) -> Result<(), SandboxError> {
    let default = ai_route("default-ai-route", "qwen", &[], vec!["manager".into()]);
    let mut stored = api.send(Method::POST, "/v1/ai/routes", &default).await?;
    stored["authConfig"]["allowedConsumers"] = json!(allowed("default-ai-route"));
    api.send(Method::PUT, "/v1/ai/routes/default-ai-route", &stored).await?;
    for (name, provider, prefixes) in [
        (LEFT_OUT_OF, "deepseek", &["deepseek-"][..]),
        ("moonshot-ai-route", "moonshot", &["kimi-", "moonshot-"][..]),
    ] {
        api.send(Method::POST, "/v1/ai/routes", &ai_route(name, provider, prefixes, allowed(name))).await?;
    }
    Ok(())
}

/// Everybody, but for the demo's fault.
fn allowed(route: &str) -> Vec<String> {
    let in_reach = |worker: &&DemoWorker| (worker.name, route) != (LEFT_OUT, LEFT_OUT_OF);
    let workers = WORKERS.iter().filter(in_reach).map(DemoWorker::consumer);
    std::iter::once("manager".to_owned()).chain(workers).collect()
}

fn ai_route(name: &str, provider: &str, prefixes: &[&str], consumers: Vec<String>) -> Value {
    let empty = json!({"add": [], "set": [], "remove": []});
    let mut route = json!({
        "name": name, "domains": [GATEWAY_DOMAIN],
        "pathPredicate": {"matchType": "PRE", "matchValue": "/", "caseSensitive": false},
        "upstreams": [{"provider": provider, "weight": 100, "modelMapping": {}}],
        "authConfig": {"enabled": true, "allowedCredentialTypes": ["key-auth"], "allowedConsumers": consumers},
        "headerControl": {"enabled": true, "response": empty, "request": {
            "add": [{"key": "user-agent", "value": "HiClaw/1.0.9"}], "set": [], "remove": []}},
    });
    if !prefixes.is_empty() {
        let predicate = |prefix| json!({"matchType": "PRE", "matchValue": prefix, "caseSensitive": true});
        route["modelPredicates"] = prefixes.iter().map(predicate).collect();
    }
    route
}

/// The console, called without a socket.
struct Api<'a>(&'a Router);

impl Api<'_> {
    /// Sends one request as the admin; anything but a 2xx is an error.
    async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Value, SandboxError> {
        let step = format!("{method} {path}");
        let fail = |status: StatusCode, body: String| SandboxError::Seed {
            step: step.clone(),
            status: status.as_u16(),
            body,
        };
        let basic = STANDARD.encode(format!("{}:{}", ADMIN.0, ADMIN.1));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Basic {basic}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .map_err(|error| fail(StatusCode::BAD_REQUEST, error.to_string()))?;
        let response = match self.0.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), LONGEST_ANSWER).await;
        let bytes = bytes.map_err(|error| fail(status, error.to_string()))?;
        if !status.is_success() {
            return Err(fail(status, String::from_utf8_lossy(&bytes).into_owned()));
        }
        serde_json::from_slice(&bytes).map_err(|error| fail(status, error.to_string()))
    }
}
