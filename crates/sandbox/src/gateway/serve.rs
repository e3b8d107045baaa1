//! The way of a request through the gateway.
use super::{
    auth::Denied,
    balance::Balance,
    choose::{Asked, MODEL_HEADER},
    counters::{Counters, Listener},
    forward::{Forward, NoAnswer, Target},
    mapping,
    serving::Serving,
    usage::UntilSent,
};
use crate::live::{LiveBackend, LiveConfig, LiveRoute, Match};
use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header, request::Parts};
use hyper::body::Incoming;
use rand::seq::IndexedRandom as _;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Instant,
};
use tower::Service;

/// The largest body that plugins buffer (`defaultMaxBodyBytes` of model-router and ai-proxy).
pub(super) const BUFFER_LIMIT: usize = 100 << 20;

/// The largest request body that can be sent again to a fallback.
const FALLBACK_LIMIT: usize = 1_024_000;

/// On a request to a fallback, and on its answer: the Ingress that it comes from.
const FALLBACK_HEADER: HeaderName = HeaderName::from_static("x-higress-fallback-from");
const CONSUMER_HEADER: HeaderName = HeaderName::from_static("x-mse-consumer");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What all requests share.
pub(super) struct Shared {
    serving: RwLock<Arc<Serving>>,
    pub(super) counters: Arc<Counters>,
    pub(super) forward: Forward,
    balance: Balance,
    /// Whether key-auth could not be loaded, whatever the configuration.
    pub(super) lacks_key_auth: AtomicBool,
}

impl Shared {
    pub(super) fn new(resolve: BTreeMap<String, SocketAddr>, config: Arc<LiveConfig>) -> Self {
        Self {
            serving: RwLock::new(Arc::new(Serving::first(config))),
            counters: Arc::default(),
            forward: Forward::new(resolve),
            balance: Balance::default(),
            lacks_key_auth: AtomicBool::default(),
        }
    }

    pub(super) fn serving(&self) -> Arc<Serving> {
        self.serving.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on requests go by `config`.
    pub(super) fn follow(&self, config: Arc<LiveConfig>) {
        let next = Arc::new(self.serving().next(config));
        *self.serving.write().unwrap_or_else(PoisonError::into_inner) = next;
    }
}

/// The service of the traffic listener.
pub(super) fn traffic(
    shared: &Arc<Shared>,
) -> impl Service<
    Request<Incoming>,
    Response = Response,
    Error = Infallible,
    Future = impl Future<Output = Result<Response, Infallible>> + Send,
> + Clone
+ Send
+ 'static {
    let shared = shared.clone();
    tower::service_fn(move |request: Request<Incoming>| {
        let shared = shared.clone();
        async move {
            let active = shared.counters.traffic_started();
            let response = answer(&shared, request).await;
            shared.counters.answered(Listener::Traffic, response.status());
            Ok(response.map(|body| Body::new(UntilSent { body, _active: active })))
        }
    })
}

/// The service of the metrics listener.
pub(super) fn metrics(shared: &Arc<Shared>) -> axum::Router {
    let page = |State(shared): State<Arc<Shared>>| async move {
        shared.counters.stats_started();
        let page = shared.counters.page();
        shared.counters.answered(Listener::Stats, StatusCode::OK);
        ([(header::CONTENT_TYPE, "text/plain; charset=UTF-8")], page)
    };
    axum::Router::new().route("/stats/prometheus", get(page)).with_state(shared.clone())
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Response {
    let serving = shared.serving();
    let (mut parts, body) = request.into_parts();
    forwarded(&mut parts);
    let payload = match read_model(&serving, &mut parts, body).await {
        Ok(payload) => payload,
        Err(TooLarge) => return TooLarge.into_response(),
    };
    let Some(route) = choose(&serving, &parts) else { return StatusCode::NOT_FOUND.into_response() };
    let consumer = match authenticate(shared, &serving, &route, &parts) {
        Ok(consumer) => consumer,
        Err(denied) => return refuse(denied),
    };
    if let Some(value) = consumer.as_deref().and_then(|name| HeaderValue::from_bytes(name.as_bytes()).ok()) {
        parts.headers.insert(CONSUMER_HEADER, value);
    }
    add_headers(&route, &mut parts);
    Call { shared, serving: &serving, route: &route, consumer: consumer.as_deref() }.run(parts, payload).await
}

/// What Envoy says of the client.
fn forwarded(parts: &mut Parts) {
    if let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>()
        && let Ok(value) = HeaderValue::try_from(peer.ip().to_string())
    {
        parts.headers.append(X_FORWARDED_FOR, value);
    }
    parts.headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static("http"));
}

/// A body, read or not.
pub(super) enum Payload {
    Unread(Incoming),
    Read(Bytes),
}

/// A body above [`BUFFER_LIMIT`], or one that broke off.
#[derive(Debug)]
pub(super) struct TooLarge;

impl TooLarge {
    fn into_response(self) -> Response {
        (StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large").into_response()
    }
}

impl Payload {
    pub(super) async fn read(self) -> Result<Bytes, TooLarge> {
        match self {
            Self::Read(bytes) => Ok(bytes),
            Self::Unread(body) => {
                axum::body::to_bytes(Body::new(body), BUFFER_LIMIT).await.map_err(|_| TooLarge)
            }
        }
    }

    fn into_body(self) -> Body {
        match self {
            Self::Read(bytes) => Body::from(bytes),
            Self::Unread(body) => Body::new(body),
        }
    }
}

/// The model-router: on while any route looks at the model.
async fn read_model(serving: &Serving, parts: &mut Parts, body: Incoming) -> Result<Payload, TooLarge> {
    let reads = serving.routes().by_model()
        && parts.method == Method::POST
        && mapping::is_routed(parts.uri.path())
        && is_json(parts);
    if !reads {
        return Ok(Payload::Unread(body));
    }
    let bytes = Payload::Unread(body).read().await?;
    let json: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let model = json["model"].as_str().filter(|model| !model.is_empty());
    if let Some(model) = model.and_then(|model| HeaderValue::from_bytes(model.as_bytes()).ok()) {
        parts.headers.insert(HeaderName::from_static(MODEL_HEADER), model);
    }
    Ok(Payload::Read(bytes))
}

pub(super) fn is_json(parts: &Parts) -> bool {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.contains("application/json"))
}

fn choose(serving: &Serving, parts: &Parts) -> Option<Arc<LiveRoute>> {
    let host = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let asked = Asked {
        host: host.or_else(|| parts.uri.host()).unwrap_or_default(),
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
    };
    serving.routes().choose(&asked).cloned()
}

fn authenticate(
    shared: &Shared,
    serving: &Serving,
    route: &LiveRoute,
    parts: &Parts,
) -> Result<Option<String>, Denied> {
    let loaded = serving.key_auth().filter(|_| !shared.lacks_key_auth.load(Relaxed));
    let Some(key_auth) = loaded else { return Ok(None) };
    let query = parts.uri.query().unwrap_or_default();
    key_auth.check(&route.ingress, &parts.headers, query).map(|consumer| consumer.map(str::to_owned))
}

fn refuse(denied: Denied) -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, denied.challenge())];
    (denied.status(), challenge, denied.to_string()).into_response()
}

fn add_headers(route: &LiveRoute, parts: &mut Parts) {
    for (name, value) in &route.add_headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            parts.headers.append(name, value);
        }
    }
}

/// A request whose route is known and open to it.
pub(super) struct Call<'a> {
    pub(super) shared: &'a Shared,
    pub(super) serving: &'a Serving,
    pub(super) route: &'a LiveRoute,
    pub(super) consumer: Option<&'a str>,
}

impl Call<'_> {
    async fn run(self, mut parts: Parts, payload: Payload) -> Response {
        let weights: Vec<i64> = self.route.backends.iter().map(weight).collect();
        let chosen = self.shared.balance.next(&self.route.ingress, &weights);
        let backend = chosen.and_then(|index| self.route.backends.get(index));
        let Some(fallback) = &self.route.fallback else { return self.call(backend, &parts, payload).await };
        let bytes = match payload.read().await {
            Ok(bytes) => bytes,
            Err(too_large) => return too_large.into_response(),
        };
        let response = self.call(backend, &parts, Payload::Read(bytes.clone())).await;
        let fails = fallback.classes.contains(&(response.status().as_u16() / 100));
        if !fails || bytes.len() > FALLBACK_LIMIT {
            return response;
        }
        let second = match fallback.random {
            true => fallback.backends.choose(&mut rand::rng()),
            false => fallback.backends.first(),
        };
        let Ok(from) = HeaderValue::try_from(&self.route.ingress) else { return response };
        parts.headers.insert(FALLBACK_HEADER, from.clone());
        let mut response = self.call(second, &parts, Payload::Read(bytes)).await;
        response.headers_mut().insert(FALLBACK_HEADER, from);
        response
    }

    async fn call(&self, backend: Option<&LiveBackend>, parts: &Parts, payload: Payload) -> Response {
        let answered = match backend {
            Some(LiveBackend::Provider { name, mapping, .. }) => match payload.read().await {
                Ok(bytes) => self.provider(name, mapping, parts, bytes).await,
                Err(too_large) => return too_large.into_response(),
            },
            Some(LiveBackend::Service { address, .. }) => {
                self.service(address.as_deref(), parts, payload).await
            }
            None => Err(NoAnswer::NoCluster),
        };
        answered.unwrap_or_else(|none| none.response())
    }

    async fn service(
        &self,
        address: Option<&str>,
        parts: &Parts,
        payload: Payload,
    ) -> Result<Response, NoAnswer> {
        let address = address.ok_or(NoAnswer::NoCluster)?;
        let target = self.shared.forward.service(address)?;
        let path = match &self.route.rewrite_path {
            Some(rewrite) => rewritten(&self.route.path, rewrite, parts.uri.path()),
            None => parts.uri.path().to_owned(),
        };
        let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
        let cluster = format!("outbound|{port}||{host}");
        self.send(&cluster, &target, &path, parts, payload.into_body()).await
    }

    /// Sends the request to `target` at `path`, and counts it for `cluster`.
    pub(super) async fn send(
        &self,
        cluster: &str,
        target: &Target,
        path: &str,
        parts: &Parts,
        body: Body,
    ) -> Result<Response, NoAnswer> {
        let path = match parts.uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        let started = Instant::now();
        let sent = self.shared.forward.send(target, &path, parts, body).await;
        let status = sent.as_ref().map_or(StatusCode::SERVICE_UNAVAILABLE, Response::status);
        self.shared.counters.upstream(cluster, status, started.elapsed());
        sent
    }
}

fn weight(backend: &LiveBackend) -> i64 {
    match backend {
        LiveBackend::Provider { weight, .. } | LiveBackend::Service { weight, .. } => *weight,
    }
}

/// The path with the matched part replaced.
fn rewritten(matched: &Match, rewrite: &str, path: &str) -> String {
    let prefix = match matched {
        Match::Prefix(prefix) => prefix.trim_end_matches('/'),
        Match::Equal(_) | Match::Regex(_) => path,
    };
    let rest = path.get(prefix.len()..).unwrap_or_default();
    if rest.is_empty() {
        return rewrite.to_owned();
    }
    format!("{}{rest}", rewrite.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewrite_replaces_the_matched_prefix() {
        let agm = Match::Prefix("/agm".to_owned());
        for (rewrite, path, expected) in [
            ("/", "/agm", "/"),
            ("/", "/agm/", "/"),
            ("/", "/agm/x/y", "/x/y"),
            ("/base", "/agm/x", "/base/x"),
            ("/base/", "/agm", "/base/"),
        ] {
            assert_eq!(rewritten(&agm, rewrite, path), expected, "{path}");
        }
        assert_eq!(rewritten(&Match::Prefix("/".to_owned()), "/base", "/x"), "/base/x");
        assert_eq!(rewritten(&Match::Equal("/a".to_owned()), "/b", "/a"), "/b");
    }
}
