//! The outer layers: request id, panics, the log line, security headers, and the Host allow-list.
use super::{counters::Route, state::Shared};
use app::{api::Identity, error::ApiError};
use axum::{body::Body, response::IntoResponse};
use domain::{Code, Failure};
use futures::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use leptos::nonce::Nonce;
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Instant,
};
use tower::Service;
use tracing::Instrument;

/// The two ends of a connection. The accept loop puts it into each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub remote: IpAddr,
    pub local: IpAddr,
}

impl Peer {
    /// Of a request; loopback where nobody said otherwise, as in tests without a socket.
    pub fn of<B>(request: &Request<B>) -> Self {
        let loopback = Self { remote: Ipv4Addr::LOCALHOST.into(), local: Ipv4Addr::LOCALHOST.into() };
        request.extensions().get().copied().unwrap_or(loopback)
    }
}

/// Where a request's id stands, in the request and in its answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A longer id is none.
const LONGEST_ID: usize = 64;

/// The nonce of a page's inline scripts and styles.
#[derive(Clone)]
pub struct PageNonce(pub Nonce);

/// A service behind the outer layers.
#[derive(Clone)]
pub struct Front<S> {
    inner: S,
    shared: Arc<Shared>,
    ids: Arc<Ids>,
}

/// Request ids: a word of the process and a number.
struct Ids {
    process: u32,
    next: AtomicU64,
}

impl Ids {
    fn next(&self) -> String {
        format!("{:08x}-{}", self.process, self.next.fetch_add(1, Relaxed))
    }
}

impl<S> Front<S> {
    pub fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared, ids: Arc::new(Ids { process: rand::random(), next: AtomicU64::new(1) }) }
    }
}

/// A boxed answer.
pub type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Service<Request<Body>> for Front<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Answer {
        let Self { mut inner, shared, ids } = self.clone();
        Box::pin(async move {
            let id = said(request.headers()).unwrap_or_else(|| ids.next());
            // Down to the errors, a line names its request.
            let span = tracing::error_span!("request", request = %id);
            let begun = Instant::now();
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let nonce = is_page(&path).then(Nonce::new);
            if let Some(nonce) = &nonce {
                request.extensions_mut().insert(PageNonce(nonce.clone()));
            }
            // Only the gate may say who calls.
            request.extensions_mut().remove::<Identity>();
            let registration = shared.operations.registration();
            let registered = registration.as_deref().map(|known| &known.domain);
            let local = Peer::of(&request).local;
            let mut response = if shared.hosts.allow(request.uri(), request.headers(), local, registered) {
                caught(async { inner.call(request).await }, &id).instrument(span.clone()).await?
            } else {
                foreign_host()
            };
            harden(response.headers_mut(), nonce.as_ref(), &path);
            if let Ok(id) = HeaderValue::try_from(&id) {
                response.headers_mut().insert(REQUEST_ID, id);
            }
            let (route, took) = (response.extensions_mut().remove::<Route>(), begun.elapsed());
            shared.counters.answered(&method, route, response.status(), took);
            // Neither query nor headers nor bodies: they may hold secrets.
            let (status, ms, _in_request) =
                (response.status().as_u16(), took.as_millis() as u64, span.enter());
            if response.status().is_server_error() {
                tracing::warn!(%method, %path, status, ms, "answered");
            } else {
                tracing::debug!(%method, %path, status, ms, "answered");
            }
            Ok(response)
        })
    }
}

/// The id that a caller or a proxy gave to a request already, when it is fit for a line of the log.
fn said(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(&REQUEST_ID)?.to_str().ok()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    ((1..=LONGEST_ID).contains(&id.len()) && id.chars().all(is_plain)).then(|| id.to_owned())
}

fn foreign_host() -> Response<Body> {
    let failure = Failure::new(Code::Forbidden, "this server does not answer to that host name").hint(
        "Use its own address, or add the name to AGM_ALLOWED_HOSTS. `agm install` adds what it registers.",
    );
    ApiError::from(failure).into_response()
}

/// What a call is answered, also when it panics: that is logged where it happens.
async fn caught(
    call: impl Future<Output = Result<Response<Body>, Infallible>>,
    id: &str,
) -> Result<Response<Body>, Infallible> {
    AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(|_| Ok(defect(id)))
}

fn defect(id: &str) -> Response<Body> {
    let mut failure = Failure::new(Code::Internal, "something is wrong with this server")
        .hint("Look for the request id in its log and report it.");
    failure.request = Some(id.to_owned());
    ApiError::from(failure).into_response()
}

/// Paths that answer with HTML.
pub fn is_page(path: &str) -> bool {
    let file = path.starts_with("/agm/pkg/") || path.starts_with("/agm/fonts/") || path == "/agm/icon.svg";
    path == "/docs" || (path.starts_with("/agm") && !file)
}

fn harden(headers: &mut HeaderMap, nonce: Option<&Nonce>, path: &str) {
    let policy = match nonce {
        Some(nonce) => HeaderValue::try_from(format!(
            "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' \
             'nonce-{nonce}'; font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action \
             'self'; frame-ancestors 'none'"
        ))
        .ok(),
        None => Some(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    };
    if let Some(policy) = policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    let asset = nonce.is_none() && path.starts_with("/agm/");
    if !asset {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Recent, log_panics};
    use std::panic;
    use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

    #[test]
    fn a_page_is_no_file() {
        for (path, page) in [
            ("/agm", true),
            ("/agm/", true),
            ("/agm/login", true),
            ("/agm/pkg/agm.js", false),
            ("/agm/fonts/a.woff2", false),
            ("/agm/icon.svg", false),
            ("/ni_status/health", false),
            ("/docs", true),
        ] {
            assert_eq!(is_page(path), page, "{path}");
        }
    }

    #[test]
    fn an_id_that_does_not_fit_into_a_line_is_none() {
        let of = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(id.as_bytes()).unwrap());
            said(&headers)
        };
        for id in ["7", "a1b2c3d4-0000-4000-8000-0123456789ab", "x_y.z", &"x".repeat(64)] {
            assert_eq!(of(id).as_deref(), Some(id));
        }
        for id in ["", " ", "a b", "a\"b", "é", "a{b}", &"x".repeat(65)] {
            assert_eq!(of(id), None, "{id}");
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_line_of_its_request_and_its_own_text_stays_out() {
        let recent = Recent::default();
        let _logging = tracing_subscriber::registry().with(recent.layer()).set_default();
        let before = panic::take_hook();
        log_panics();
        let mut statuses = Vec::new();
        for call in [
            async { panic!("a text of the code") }.boxed(),
            async { panic!("with {}", "sk-planted".to_owned()) }.boxed(),
        ] {
            let span = tracing::error_span!("request", request = "1-2");
            let Ok(answer) = caught(call, "1-2").instrument(span).await;
            statuses.push(answer.status().as_u16());
        }
        // What else panics in this process is told on standard error again.
        panic::set_hook(before);
        assert_eq!(statuses, [500, 500]);
        let lines = recent.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        for (line, said) in lines.iter().zip(["a text of the code", "left out: it may hold a secret"]) {
            assert!(!line.contains("sk-planted"), "{line}");
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!((&line["message"], &line["said"]), (&"something panicked".into(), &said.into()));
            assert_eq!(line["spans"][0]["request"], "1-2", "{line}");
            assert!(line["at"].as_str().unwrap().contains("front.rs:"), "{line}");
        }
    }
}
