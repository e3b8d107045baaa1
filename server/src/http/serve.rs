//! The accept loop. Plain `axum::serve` has no limit on connections and none on the time that a head takes.
use super::{front::Peer, routes::Stack};
use axum::body::Body;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The largest head.
const HEAD_BYTES: usize = 32 * 1024;
/// How long open calls may take to end once the server stops.
const GRACE: Duration = Duration::from_secs(20);

/// How much a server takes on.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at once; more wait in the system's queue.
    pub connections: usize,
    /// Connections at once from one address; more are closed.
    pub per_address: usize,
    /// How long the TLS handshake may take, and then the head of each request.
    pub head: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections: 4096, per_address: 512, head: Duration::from_secs(10) }
    }
}

/// Where calls come in.
pub struct Entrance {
    pub listener: TcpListener,
    /// None: plain HTTP.
    pub tls: Option<TlsAcceptor>,
    pub bounds: Bounds,
}

/// How many connections each address has open.
type Open = Arc<std::sync::Mutex<HashMap<IpAddr, usize>>>;

/// One connection's place in the count; gives it back when dropped.
struct Place {
    open: Open,
    address: IpAddr,
}

impl Place {
    fn take(open: &Open, address: IpAddr, most: usize) -> Option<Self> {
        let mut counts = open.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Self { open: open.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.open.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// Serves until `stop`, then lets open calls end.
pub async fn serve(entrance: Entrance, stack: Stack, stop: CancellationToken) {
    let Entrance { listener, tls, bounds } = entrance;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.head).max_buf_size(HEAD_BYTES);
    let (graceful, open) = (GracefulShutdown::new(), Open::default());
    let places = Arc::new(Semaphore::new(bounds.connections));
    loop {
        let (place, stream, remote) = tokio::select! {
            () = stop.cancelled() => break,
            next = next(&listener, &places) => match next {
                Ok(next) => next,
                Err(error) => {
                    // Out of file descriptors, or the caller is gone already: the next one may fare better.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let Some(own) = Place::take(&open, remote.ip().to_canonical(), bounds.per_address) else { continue };
        let Ok(local) = stream.local_addr() else { continue };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was refused");
        }
        let peer = Peer { remote: remote.ip(), local: local.ip() };
        let connection =
            Connection { http: http.clone(), stack: stack.clone(), peer, watch: graceful.watcher() };
        let tls = tls.clone();
        tokio::spawn(async move {
            connection.run(stream, tls, bounds.head).await;
            drop((place, own));
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some calls did not end in time");
    }
}

async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, remote) = listener.accept().await?;
    Ok((place, stream, remote))
}

/// What one connection needs.
struct Connection {
    http: http1::Builder,
    stack: Stack,
    peer: Peer,
    watch: Watcher,
}

impl Connection {
    async fn run(self, stream: TcpStream, tls: Option<TlsAcceptor>, handshake: Duration) {
        let Some(tls) = tls else { return self.talk(stream).await };
        match tokio::time::timeout(handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.talk(stream).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn talk(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let Self { http, stack, peer, watch } = self;
        let service = stack.map_request(move |request: http::Request<hyper::body::Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            request
        });
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        if let Err(error) = watch.watch(connection).await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
