//! The inner layers: size and kind of the body, time, and who calls.
use super::{
    access::{Access, access},
    front::{Answer, Peer, is_page},
    sign_in::{self, CookieName},
    state::Shared,
};
use crate::auth::basic_pair;
use app::{
    api::{Identity, RENEWAL},
    error::ApiError,
};
use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Redirect},
};
use domain::{Code, Failure};
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use secrecy::ExposeSecret;
use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use subtle::ConstantTimeEq;
use tower::Service;

/// The largest body that is read.
pub const BODY: usize = 256 * 1024;
/// The same where backups come in: one of a thousand agents has less.
pub const BACKUP: usize = 6 * 1024 * 1024;
/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);
/// How long an answer may take. A switch asks several systems and a model; the operation itself goes on after this.
const WAIT: Duration = Duration::from_secs(300);

/// A service behind the inner layers.
#[derive(Clone)]
pub struct Gate<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Gate<S> {
    pub fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }
}

impl<S> Service<Request<Body>> for Gate<S>
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

    fn call(&mut self, request: Request<Body>) -> Answer {
        let Self { mut inner, shared } = self.clone();
        Box::pin(async move {
            let request = match admit(&shared, request) {
                Ok(request) => request,
                Err(refusal) => return Ok(*refusal),
            };
            let request = match arrived(request).await {
                Ok(request) => request,
                Err(failure) => return Ok(ApiError::from(failure).into_response()),
            };
            match tokio::time::timeout(WAIT, inner.call(request)).await {
                Ok(answer) => answer,
                Err(_) => {
                    let failure = Failure::new(Code::UpstreamTimeout, "the answer took too long")
                        .hint("What was begun goes on: look under GET /ni_status/operations.");
                    Ok(ApiError::from(failure).into_response())
                }
            }
        })
    }
}

/// Everything that can be judged by the head of the request.
fn admit(shared: &Shared, mut request: Request<Body>) -> Result<Request<Body>, Box<Response<Body>>> {
    let wanted = access(request.uri().path(), request.uri().query());
    match identify(shared, &request, wanted) {
        Ok(Some(identity)) => {
            request.extensions_mut().insert(identity);
        }
        Ok(None) => {}
        Err(_) if wanted == Access::Page && matches!(*request.method(), Method::GET | Method::HEAD) => {
            return Err(Box::new(Redirect::to("/agm/login").into_response()));
        }
        Err(failure) => {
            let marked = request.headers().contains_key("x-agm-ui");
            return Err(Box::new(refuse(failure, marked || takes_events(request.headers()))));
        }
    }
    check_body(&request).map_err(|failure| Box::new(ApiError::from(failure).into_response()))?;
    Ok(request)
}

/// Who calls. Credentials that are shown must be right, also where none are needed.
fn identify(shared: &Shared, request: &Request<Body>, wanted: Access) -> Result<Option<Identity>, Failure> {
    let identity = || Identity { user: shared.account.user().clone() };
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let scrape = wanted == Access::Scrape && is_scraper(shared, value);
        return match scrape {
            true => Ok(None),
            false => by_password(shared, request, value).map(|()| Some(identity())),
        };
    }
    // A browser takes a stream of news up again by itself, and can mark no request for one.
    let renewal = request.headers().contains_key(RENEWAL) || request.uri().path() == "/ni_status/stream";
    let signed_in = sign_in::cookie(request.headers(), CookieName::of(shared.secure)).is_some_and(|token| {
        let (sessions, now) = (&shared.sessions, Instant::now());
        if renewal { sessions.lives(token, now) } else { sessions.check(token, now) }
    });
    match (signed_in, wanted) {
        (true, _) => Ok(Some(identity())),
        (false, Access::Open) => Ok(None),
        (false, _) => Err(Failure::new(Code::AuthRequired, "sign in first")
            .hint("Use HTTP Basic with the admin account, or the sign-in page.")),
    }
}

fn by_password(shared: &Shared, request: &Request<Body>, value: &HeaderValue) -> Result<(), Failure> {
    let pair = value.to_str().ok().and_then(basic_pair);
    let (user, password) =
        pair.ok_or_else(|| Failure::new(Code::AuthFailed, "the Authorization header is no HTTP Basic"))?;
    let address = sign_in::caller_address(shared, request.headers(), Peer::of(request));
    sign_in::verify(shared, address, &user, password.expose_secret())
}

fn is_scraper(shared: &Shared, value: &HeaderValue) -> bool {
    let Some(token) = &shared.metrics_token else { return false };
    let said = value.as_bytes().strip_prefix(b"Bearer ").unwrap_or_default();
    blake3::hash(said).as_bytes().ct_eq(blake3::hash(token.expose_secret().as_bytes()).as_bytes()).into()
}

/// A 401 without `WWW-Authenticate` for calls of our own page: with it, the browser opens its own password box.
fn refuse(failure: Failure, own_page: bool) -> Response<Body> {
    let challenge = failure.code.status() == 401 && !own_page;
    let mut response = ApiError::from(failure).into_response();
    if challenge {
        let value = HeaderValue::from_static("Basic realm=\"agm\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

fn takes_events(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/event-stream"))
}

/// Size and kind, as far as the head tells. The form of the sign-in page is the only body that is not JSON.
fn check_body(request: &Request<Body>) -> Result<(), Failure> {
    let headers = request.headers();
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let limit = largest(request.uri().path());
    if length.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let has_body = length.unwrap_or(0) > 0 || headers.contains_key(header::TRANSFER_ENCODING);
    if !has_body || is_page(request.uri().path()) {
        return Ok(());
    }
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let kind = kind.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    if kind.eq_ignore_ascii_case(b"application/json") {
        return Ok(());
    }
    Err(Failure::new(Code::UnsupportedMediaType, "the body has to be JSON")
        .hint("Send Content-Type: application/json."))
}

fn largest(path: &str) -> usize {
    match path.strip_prefix("/ni_status/backups/") {
        Some("import" | "adopt" | "verify" | "original") => BACKUP,
        _ => BODY,
    }
}

fn too_large(limit: usize) -> Failure {
    Failure::new(Code::PayloadTooLarge, format!("a body may have {limit} bytes"))
}

/// Reads the body before anybody works on it, so that every handler sees a whole one of bounded size.
async fn arrived(request: Request<Body>) -> Result<Request<Body>, Failure> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(request.map(|_| Body::empty()));
    }
    let limit = largest(request.uri().path());
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(ARRIVAL, Limited::new(body, limit).collect());
    let bytes: Bytes = match read.await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large(limit)),
        Ok(Err(_)) | Err(_) => {
            return Err(Failure::new(Code::MalformedRequest, "the body did not arrive whole"));
        }
    };
    Ok(Request::from_parts(parts, Body::from(bytes)))
}
