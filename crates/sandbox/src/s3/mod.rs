//! An S3 store that decides conditional writes as a MinIO was measured to: `If-Match` has one winner, a stale tag is 412,
//! a missing object 404, `If-None-Match: *` on an existing object 412, and `If-Match` of a DELETE is ignored.
mod api;
mod faults;
mod objects;

pub use faults::{Calls, Fault, Faults, Plan, Switches, Tally};
pub use objects::{Condition, Listing, Object, ObjectError, Objects, Page, Tag};

use crate::switch::{HangUp, Server};
use api::Api;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response, StatusCode, header};
use s3s::{
    Body, S3Error, S3ErrorCode, S3Result,
    auth::{S3Auth, SecretKey},
    service::{S3Service, S3ServiceBuilder},
};
use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

/// The one account of the store.
#[derive(Clone, Debug)]
pub struct Keys {
    pub access: String,
    pub secret: String,
}

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == self.access {
            return Ok(self.secret.as_str().into());
        }
        let message = "The Access Key Id you provided does not exist in our records.";
        Err(S3Error::with_message(S3ErrorCode::InvalidAccessKeyId, message))
    }
}

/// The store without a socket, for calls in process.
#[derive(Clone)]
pub struct Service(S3Service);

impl Service {
    /// Serves `objects` to whoever signs with `keys`.
    pub fn new(keys: Keys, objects: Arc<Objects>) -> Self {
        Self(service(keys, objects, Arc::default()))
    }

    /// Answers one request; none: the store failed.
    pub async fn call(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        let answer = self.0.call(request.map(Body::from)).await.ok()?;
        let (parts, body) = answer.into_parts();
        let body = http_body_util::BodyExt::collect(body).await.ok()?;
        Some(Response::from_parts(parts, body.to_bytes()))
    }
}

fn service(keys: Keys, objects: Arc<Objects>, faults: Arc<Faults>) -> S3Service {
    let mut builder = S3ServiceBuilder::new(Api { objects, faults });
    builder.set_auth(keys);
    builder.build()
}

/// A running store.
pub struct S3 {
    server: Server,
    keys: Keys,
    objects: Arc<Objects>,
    faults: Arc<Faults>,
}

impl S3 {
    /// Serves `objects` at `address`, or at a free port, to whoever signs with `keys`.
    pub async fn start(address: Option<SocketAddr>, keys: Keys, objects: Objects) -> io::Result<Self> {
        let (objects, faults) = (Arc::new(objects), Arc::new(Faults::default()));
        let store = service(keys.clone(), objects.clone(), faults.clone());
        let service = Faulty { store, faults: faults.clone() };
        let server = Server::start(address, service).await?;
        Ok(Self { server, keys, objects, faults })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// Its URL.
    pub fn endpoint(&self) -> String {
        self.server.url()
    }

    /// Who may sign.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The buckets, past HTTP and past every fault.
    pub fn objects(&self) -> &Arc<Objects> {
        &self.objects
    }

    /// What goes wrong on the way to it.
    pub fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }

    /// Closes the port.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// The store behind its faults.
#[derive(Clone)]
struct Faulty {
    store: S3Service,
    faults: Arc<Faults>,
}

impl Faulty {
    async fn answer(self, request: Request<axum::body::Body>) -> Result<Response<axum::body::Body>, HangUp> {
        let (latency, fault) = self.faults.next(&request)?;
        tokio::time::sleep(latency).await;
        match fault {
            Some(Fault::Refused(status)) => return Ok(refusal(status)),
            Some(Fault::Late(delay)) => tokio::time::sleep(delay).await,
            _ => {}
        }
        let answer = self.store.call(request.map(Body::http_body_unsync)).await.map_err(|error| {
            tracing::error!(?error, "the sandbox's store failed");
            HangUp
        })?;
        match fault {
            Some(Fault::AppliedThen(status)) => Ok(refusal(status)),
            Some(Fault::AppliedUnanswered) => Err(HangUp),
            _ => Ok(answer.map(axum::body::Body::new)),
        }
    }
}

impl tower::Service<Request<axum::body::Body>> for Faulty {
    type Response = Response<axum::body::Body>;
    type Error = HangUp;
    type Future = BoxFuture<'static, Result<Response<axum::body::Body>, HangUp>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HangUp>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<axum::body::Body>) -> Self::Future {
        Box::pin(self.clone().answer(request))
    }
}

/// An S3 error document with the code that belongs to the status.
fn refusal(status: StatusCode) -> Response<axum::body::Body> {
    let code = match status.as_u16() {
        403 => "AccessDenied",
        404 => "NoSuchKey",
        412 => "PreconditionFailed",
        429 | 503 => "SlowDown",
        _ => "InternalError",
    };
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{status}</Message></Error>"
    );
    let mut response = Response::new(axum::body::Body::from(document));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/xml"));
    response
}
