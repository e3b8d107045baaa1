//! A Higress Console 2.2.4 (standalone, file storage) as its recordings show it.
//!
//! Requests come in through `dispatch`, the services behind them (`providers`, `ai_routes`, …) make one call after
//! another to the `apiserver`, and what these leave in the live documents is the data plane's configuration (`live`).
mod ai_route;
mod ai_routes;
mod apiserver;
mod auth;
mod consumers;
mod dispatch;
mod documents;
mod faults;
mod ingress;
mod ingress_route;
mod jackson;
mod java_uri;
mod live;
mod plugin_instances;
mod plugins;
mod provider_settings;
mod provider_types;
mod providers;
mod proxy_servers;
mod refusal;
mod reply;
mod resource;
mod route;
mod routes;
mod service_sources;
mod switches;
mod system;
mod yaml;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::Method;
use tokio::sync::watch;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use self::apiserver::{Api, ApiServer, State};
use self::documents::{Admin, Ingress, IngressPath, McpBridge, Registry};
pub use self::faults::{Canned, Effect, Fault, Release, RequestMatch, StoreCall, StoreVerb, Trouble};
use self::switches::Writer;
pub use self::switches::{Hold, Switches};
use crate::live::LiveConfig;

/// The size from which the console compresses, in bytes.
const COMPRESSED_FROM: u64 = 2048;

/// What every write takes at least, so that writers who come together find each other there.
const LEAST_WRITE: Duration = Duration::from_millis(1);

/// How a console starts.
#[derive(Clone, Debug, Default)]
pub struct ConsoleOptions {
    /// Which release it plays.
    pub release: Release,
    /// Whether the controller answers (see [`Switches::set_controller`]).
    pub controller: bool,
}

/// A console; clones share one state.
#[derive(Clone)]
pub struct Console {
    server: Arc<ApiServer>,
    switches: Arc<Switches>,
}

/// A saved state that this console cannot read.
#[derive(Debug, thiserror::Error)]
#[error("the saved state of the console is not readable: {0}")]
pub struct ImportError(#[from] serde_json::Error);

impl Console {
    /// A console that was never initialised.
    pub fn new(options: ConsoleOptions) -> Self {
        let switches = Switches::default();
        switches.set_release(options.release);
        switches.set_controller(options.controller);
        Self { server: Arc::new(ApiServer::new(fresh())), switches: Arc::new(switches) }
    }

    /// The HTTP surface; serve it on a loopback socket. Called in process, a request may carry the [`Effect`] that it is
    /// to suffer as an extension.
    pub fn router(&self) -> Router {
        let console = self.clone();
        let large = SizeAbove::new(COMPRESSED_FROM - 1);
        Router::new()
            .fallback(move |request: axum::extract::Request| async move { console.answer(request).await })
            .layer(CompressionLayer::new().compress_when(large))
    }

    /// What the data plane has, changing with each write to a live document.
    pub fn live(&self) -> watch::Receiver<Arc<LiveConfig>> {
        self.server.live()
    }

    /// The faults and quirks of this console.
    pub fn switches(&self) -> &Switches {
        &self.switches
    }

    /// Sets the one administrator, as `POST /system/init` does; replaces an earlier one.
    pub fn initialise(&self, user: &str, password: &str) {
        self.server.change(|state| state.admin = Some(Admin::new(user, "Admin", password)));
    }

    /// The whole stored and live state.
    pub fn export(&self) -> serde_json::Value {
        self.server.look(|state| serde_json::to_value(state)).unwrap_or_default()
    }

    /// Another console in the same state, which goes its own way from here on.
    pub fn fork(&self) -> Self {
        let switches = Switches::default();
        switches.set_release(self.switches.release());
        switches.set_controller(self.switches.controller());
        let state = self.server.look(State::clone);
        Self { server: Arc::new(ApiServer::new(state)), switches: Arc::new(switches) }
    }

    /// Takes over a state that [`Console::export`] gave.
    pub fn import(&self, state: serde_json::Value) -> Result<(), ImportError> {
        let imported: State = serde_json::from_value(state)?;
        self.server.change(|state| *state = imported);
        Ok(())
    }

    /// Counts writes, so that the state can be saved after each.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.server.changed()
    }

    async fn answer(&self, request: axum::extract::Request) -> Response {
        let (mut parts, body) = request.into_parts();
        let seen = faults::Request { method: parts.method.clone(), path: parts.uri.path().to_owned() };
        let latency = self.switches.latency();
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method);
        let writing = (!reads).then(|| Writer::enter(&self.switches));
        if !reads {
            tokio::time::sleep(LEAST_WRITE).await;
        }
        let own = parts.extensions.remove::<Effect>();
        let failing = match &own {
            Some(Effect::StoreFails(call, trouble)) => Some((call.clone(), *trouble)),
            _ => None,
        };
        let api = Api {
            server: self.server.clone(),
            switches: self.switches.clone(),
            request: seen,
            failing: Mutex::new(failing),
        };
        match own.or_else(|| self.switches.take(&api.request)) {
            None | Some(Effect::StoreFails(..)) => Box::pin(dispatch::answer(&api, parts, body)).await,
            Some(effect) => Box::pin(with_effect(effect, writing, &api, parts, body)).await,
        }
    }
}

async fn with_effect(
    effect: Effect,
    writing: Option<Writer>,
    api: &Api,
    parts: http::request::Parts,
    body: Body,
) -> Response {
    match effect {
        Effect::Answer(canned) => return reply::canned(canned),
        Effect::Drop => return crate::switch::dropped(),
        Effect::Hang => {
            drop(writing);
            return std::future::pending().await;
        }
        Effect::Delay(time) => tokio::time::sleep(time).await,
        _ => {}
    }
    let before = matches!(effect, Effect::Lose).then(|| api.server.look(State::clone));
    let response = Box::pin(dispatch::answer(api, parts, body)).await;
    drop(writing);
    if let Some(before) = before {
        api.server.overwrite_shared(&before);
    }
    match effect {
        Effect::AnswerAfter(canned) => reply::canned(canned),
        Effect::DropAfter => crate::switch::dropped(),
        Effect::HangAfter => std::future::pending().await,
        _ => response,
    }
}

/// What an installation has before anybody touched it: the console's own route.
fn fresh() -> State {
    let mut state = State::default();
    let registry = Registry {
        name: "higress-console".to_owned(),
        kind: "static".to_owned(),
        domain: "127.0.0.1:8001".to_owned(),
        port: Some(80),
        ..Registry::default()
    };
    state.seed(service_sources::BRIDGE, McpBridge { registries: vec![registry], proxies: Vec::new() });
    let annotations =
        [("higress.io/destination", "higress-console.static"), ("higress.io/ignore-path-case", "false")];
    let ingress = Ingress {
        hosts: vec![None],
        path: Some(IngressPath { value: "/".to_owned(), exact: false }),
        annotations: annotations.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        ..Ingress::default()
    };
    state.seed("higress-console", ingress);
    state
}
