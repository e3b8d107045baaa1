//! What the controller does at the Higress Console: consumers, their access to AI routes, and what an installation needs.
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, body::Body};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Where the controller finds the console in its own container.
const CONSOLE: &str = "http://127.0.0.1:8001";
const LARGEST_ANSWER: usize = 8 << 20;
/// How often a route is written against others.
const ATTEMPTS: usize = 5;

/// Why a call of the console failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ConsoleError {
    #[error("{verb} \"{CONSOLE}{path}\": dial tcp 127.0.0.1:8001: connect: connection refused")]
    Down { verb: &'static str, path: String },
    #[error("HTTP {0}")]
    Status(u16),
}

/// What a pass needs to know of a provider that a worker names.
pub(super) struct Provider {
    pub(super) name: String,
    /// The path of its route, which stands before `/v1` in what an agent calls.
    pub(super) path: String,
}

/// The console and its switch.
pub(super) struct Gateway {
    router: Router,
    offline: Arc<AtomicBool>,
    admin: String,
}

impl Gateway {
    pub(super) fn new(router: Router, offline: Arc<AtomicBool>, (user, password): (&str, &str)) -> Self {
        let admin = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        Self { router, offline, admin }
    }

    /// Makes a consumer, or gives it this key.
    pub(super) async fn ensure_consumer(&self, name: &str, key: &str) -> Result<(), String> {
        let body =
            json!({"name": name, "credentials": [{"type": "key-auth", "source": "BEARER", "values": [key]}]});
        let made = self.send(Method::POST, "/v1/consumers", Some(&body)).await;
        made.map(drop).map_err(|error| format!("ensure consumer {name}: {error}"))
    }

    /// Takes a consumer away; one that is not there is no error.
    pub(super) async fn delete_consumer(&self, name: &str) -> Result<(), String> {
        match self.send(Method::DELETE, &format!("/v1/consumers/{}", escaped(name)), None).await {
            Ok(_) | Err(ConsoleError::Status(404)) => Ok(()),
            Err(error) => Err(format!("delete consumer {name}: {error}")),
        }
    }

    /// Lets a consumer into every AI route, or into those of one provider and none else.
    pub(super) async fn authorize(&self, consumer: &str, provider: Option<&str>) -> Result<(), String> {
        for route in self.routes().await? {
            let wanted = provider.is_none_or(|provider| leads_to(&route, provider));
            self.admit(&route, consumer, wanted).await?;
        }
        Ok(())
    }

    /// Takes a consumer off every AI route.
    pub(super) async fn deauthorize(&self, consumer: &str) -> Result<(), String> {
        for route in self.routes().await? {
            self.admit(&route, consumer, false).await?;
        }
        Ok(())
    }

    /// A provider by name.
    pub(super) async fn provider(&self, name: &str) -> Result<Provider, String> {
        let providers = self.send(Method::GET, "/v1/ai/providers", None).await;
        let providers = providers.map_err(|error| format!("list AI providers: {error}"))?;
        let listed = providers["data"].as_array().into_iter().flatten();
        if !listed.into_iter().any(|provider| provider["name"] == name) {
            return Err(format!("higress: model provider {name:?} not found"));
        }
        let routes = self.routes().await?;
        let path = routes.iter().find(|route| leads_to(route, name));
        let path = path.and_then(|route| route["pathPredicate"]["matchValue"].as_str()).unwrap_or_default();
        Ok(Provider { name: name.to_owned(), path: path.trim_end_matches('/').to_owned() })
    }

    /// One call of the console.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, ConsoleError> {
        if self.offline.load(Ordering::Relaxed) {
            let verb = match method {
                Method::GET => "Get",
                Method::POST => "Post",
                Method::PUT => "Put",
                _ => "Delete",
            };
            return Err(ConsoleError::Down { verb, path: path.to_owned() });
        }
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, &self.admin)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.map(Value::to_string).unwrap_or_default()));
        let failed = |_| ConsoleError::Status(500);
        let request = request.map_err(|_| ConsoleError::Status(500))?;
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), LARGEST_ANSWER).await.map_err(failed)?;
        if status.is_success() {
            return Ok(serde_json::from_slice(&body).unwrap_or_default());
        }
        Err(ConsoleError::Status(status.as_u16()))
    }

    async fn routes(&self) -> Result<Vec<Value>, String> {
        let routes = self.send(Method::GET, "/v1/ai/routes", None).await;
        let mut routes = routes.map_err(|error| format!("list AI routes: {error}"))?;
        Ok(routes["data"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }

    /// Writes a route so that it lets the consumer in or not. Who is to be let in is written even if it is there already,
    /// so that the plugin hears of it again.
    async fn admit(&self, route: &Value, consumer: &str, wanted: bool) -> Result<(), String> {
        let name = route["name"].as_str().unwrap_or_default();
        let path = format!("/v1/ai/routes/{}", escaped(name));
        let failed = |error: ConsoleError| format!("authorize {consumer} on AI route {name}: {error}");
        for _ in 0..ATTEMPTS {
            let mut route = match self.send(Method::GET, &path, None).await {
                Ok(mut answer) => answer["data"].take(),
                Err(ConsoleError::Status(404)) => return Ok(()),
                Err(error) => return Err(failed(error)),
            };
            let mut allowed: Vec<Value> =
                route["authConfig"]["allowedConsumers"].as_array().cloned().unwrap_or_default();
            let there = allowed.iter().any(|allowed| allowed == consumer);
            match (wanted, there) {
                (false, false) => return Ok(()),
                (true, false) => allowed.push(json!(consumer)),
                (true, true) => {}
                (false, true) => allowed.retain(|allowed| allowed != consumer),
            }
            route["authConfig"]["enabled"] = json!(true);
            route["authConfig"]["allowedCredentialTypes"] = json!(["key-auth"]);
            route["authConfig"]["allowedConsumers"] = Value::Array(allowed);
            match self.send(Method::PUT, &path, Some(&route)).await {
                Ok(_) => return Ok(()),
                Err(ConsoleError::Status(409)) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failed(ConsoleError::Status(StatusCode::CONFLICT.as_u16())))
    }
}

fn leads_to(route: &Value, provider: &str) -> bool {
    let upstreams = route["upstreams"].as_array().into_iter().flatten();
    upstreams.into_iter().any(|upstream| upstream["provider"] == provider)
}

/// A path segment.
fn escaped(segment: &str) -> String {
    let mut escaped = String::new();
    for byte in segment.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte))
            }
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

impl Gateway {
    /// Makes a port of a worker reachable under a domain.
    pub(super) async fn expose(
        &self,
        worker: &str,
        port: u64,
        domain: &str,
        host: &str,
    ) -> Result<(), ConsoleError> {
        let name = format!("worker-{worker}-{port}");
        let source = json!({"type": "dns", "name": name, "domain": host, "port": port, "protocol": "http",
            "properties": {}, "authN": {"enabled": false}});
        let route = json!({"name": name, "domains": [domain],
            "path": {"matchType": "PRE", "matchValue": "/", "caseSensitive": false},
            "services": [{"name": format!("{name}.dns"), "port": port, "weight": 100}]});
        for (collection, body) in [
            ("/v1/domains", json!({"name": domain, "enableHttps": "off"})),
            ("/v1/service-sources", source),
            ("/v1/routes", route),
        ] {
            match self.send(Method::POST, collection, Some(&body)).await {
                Ok(_) | Err(ConsoleError::Status(409)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
