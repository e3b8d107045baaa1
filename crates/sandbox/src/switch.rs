//! Servers that can be switched off while their port stays theirs.
use crate::listen::{Gauge, Listening};
use axum::body::Body;
use futures::future::BoxFuture;
use http::{Request, Response};
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

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a service fails with to close the connection instead of answering.
#[derive(Debug, thiserror::Error)]
#[error("hung up on purpose")]
pub(crate) struct HangUp;

/// Any free port on loopback.
pub(crate) fn free_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A running server with a switch. Dropping it closes its port and every connection.
pub(crate) struct Server {
    listening: Listening,
    offline: Arc<AtomicBool>,
}

impl Server {
    /// Serves `service` at `address`, or at a free port.
    pub(crate) async fn start<S>(address: Option<SocketAddr>, service: S) -> io::Result<Self>
    where
        S: tower::Service<Request<Incoming>, Response = Response<Body>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Into<BoxError>,
    {
        let offline = Arc::new(AtomicBool::new(false));
        let service = Switched { offline: offline.clone(), service };
        let listening =
            Listening::start(address.unwrap_or_else(free_port), service, Gauge::default()).await?;
        Ok(Self { listening, offline })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.listening.addr()
    }

    /// `http://` and the address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr())
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

/// A service behind its switch.
#[derive(Clone)]
struct Switched<S> {
    offline: Arc<AtomicBool>,
    service: S,
}

impl<S, R> tower::Service<R> for Switched<S>
where
    S: tower::Service<R>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    S::Response: 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.service.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: R) -> Self::Future {
        if self.offline.load(Ordering::Relaxed) {
            return Box::pin(async { Err(HangUp.into()) });
        }
        let answer = self.service.call(request);
        Box::pin(async { answer.await.map_err(Into::into) })
    }
}
