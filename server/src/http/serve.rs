//! The accept loop. Plain `axum::serve` has no limit on connections and none on the time that a head takes.
use super::{front::Peer, routes::Stack};
use axum::body::Body;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use std::{collections::HashMap, io, net::IpAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Connections at once, and from one address.
const CONNECTIONS: usize = 4096;
const PER_ADDRESS: usize = 512;
/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(10);
/// The largest head.
const HEAD_BYTES: usize = 32 * 1024;
/// How long open calls may take to end once the server stops.
const GRACE: Duration = Duration::from_secs(20);

/// How many connections each address has open.
type Open = Arc<std::sync::Mutex<HashMap<IpAddr, usize>>>;

/// One connection's place in the count; gives it back when dropped.
struct Place {
    open: Open,
    address: IpAddr,
}

impl Place {
    fn take(open: &Open, address: IpAddr) -> Option<Self> {
        let mut counts = open.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= PER_ADDRESS {
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
pub async fn serve(listener: TcpListener, stack: Stack, stop: CancellationToken) -> io::Result<()> {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
    let (graceful, places, open) =
        (GracefulShutdown::new(), Arc::new(Semaphore::new(CONNECTIONS)), Open::default());
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let (stream, remote) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, or the caller is gone already: the next one may fare better.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = stop.cancelled() => break,
        };
        let Some(own) = Place::take(&open, remote.ip().to_canonical()) else { continue };
        let peer = Peer { remote: remote.ip(), local: stream.local_addr()?.ip() };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was refused");
        }
        let service = stack.clone().map_request(move |request: http::Request<hyper::body::Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            request
        });
        let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop((place, own));
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some calls did not end in time");
    }
    Ok(())
}
