//! Servers that can be switched off while their port stays theirs.
use crate::listen::{Gauge, Listening};
use axum::body::Body;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt as _;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a service fails with to close the connection instead of answering.
#[derive(Debug, thiserror::Error)]
#[error("hung up on purpose")]
pub(crate) struct HangUp;

/// An answer that closes the connection: a body that fails before its head is sent takes the head with it.
pub(crate) fn dropped() -> Response<Body> {
    let fails = futures::stream::once(async { Err::<bytes::Bytes, _>(HangUp) });
    Response::new(Body::from_stream(fails))
}

/// Any free port on loopback.
pub(crate) fn free_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A running server with a switch. Dropping it closes its port and every connection.
pub(crate) struct Server {
    listening: Listening,
    offline: Arc<AtomicBool>,
    _ends: DropGuard,
}

impl Server {
    /// Serves `service` at `address`, or at a free port.
    pub(crate) async fn start<S>(address: Option<SocketAddr>, service: S) -> io::Result<Self>
    where
        S: tower::Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Into<BoxError>,
    {
        let offline = Arc::new(AtomicBool::new(false));
        let ends = CancellationToken::new();
        let service = Switched { offline: offline.clone(), ends: ends.clone(), service };
        let listening =
            Listening::start(address.unwrap_or_else(free_port), service, Gauge::default()).await?;
        Ok(Self { listening, offline, _ends: ends.drop_guard() })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.listening.addr()
    }

    /// `http://` and the address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// The switch itself, for those in this process who go past the socket.
    pub(crate) fn offline(&self) -> Arc<AtomicBool> {
        self.offline.clone()
    }

    /// While true, every call ends with a closed connection.
    pub(crate) fn set_offline(&self, offline: bool) {
        self.offline.store(offline, Ordering::Relaxed);
    }

    /// Closes the port and every connection, and waits until that is done.
    pub(crate) async fn stop(self) {
        self.listening.stop().await;
    }
}

/// A service behind its switch. What it has read whole it carries out, whether or not the client waits for the answer.
#[derive(Clone)]
struct Switched<S> {
    offline: Arc<AtomicBool>,
    /// With the server end the requests that it still works on.
    ends: CancellationToken,
    service: S,
}

impl<S> tower::Service<Request<Incoming>> for Switched<S>
where
    S: tower::Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        if self.offline.load(Ordering::Relaxed) {
            return Box::pin(async { Err(HangUp.into()) });
        }
        let (service, ends) = (self.service.clone(), self.ends.clone());
        Box::pin(async {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let request = Request::from_parts(parts, Body::from(body));
            let carried_out = async move {
                let answer = ends.run_until_cancelled(service.oneshot(request)).await;
                answer.ok_or(HangUp)?.map_err(Into::into)
            };
            tokio::spawn(carried_out).await?
        })
    }
}
