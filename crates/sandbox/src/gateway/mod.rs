//! The data plane of Higress, as far as a client of the gateway can tell: route choice, key-auth, model routing and
//! mapping, weights, fallback, provider calls, and Envoy's counters.
//!
//! What is not modelled: TLS, upgraded connections, retries, CORS, other plugins, models in multipart forms, protocol
//! translation (every provider is called in OpenAI's format), a fallback from key-auth's own refusals, and the download
//! of plugins at their first use.
mod ai;
mod auth;
mod balance;
mod choose;
mod counters;
mod forward;
mod mapping;
mod provider;
mod serve;
mod serving;
mod usage;

pub use choose::{Asked, RouteTable};

use crate::{listen::Listening, live::LiveConfig};
use serve::Shared;
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// Where a gateway listens, and whom it knows.
#[derive(Clone, Debug)]
pub struct GatewayOptions {
    /// The traffic. Port 0: any free one.
    pub addr: SocketAddr,
    /// `/stats/prometheus`. Port 0: any free one.
    pub metrics_addr: SocketAddr,
    /// How long a change of the live configuration takes until traffic follows it.
    pub effective_after: Duration,
    /// Stands for DNS: host name to socket. Other names do not resolve; IP addresses are called as they are, unless the
    /// `address:port` of a service is named here. All calls go out as plain HTTP.
    pub resolve: BTreeMap<String, SocketAddr>,
}

impl Default for GatewayOptions {
    fn default() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { addr: any, metrics_addr: any, effective_after: Duration::ZERO, resolve: BTreeMap::new() }
    }
}

/// A running gateway. Dropping it closes its sockets and every connection.
pub struct Gateway {
    shared: Arc<Shared>,
    traffic: Listening,
    metrics: Listening,
    live: watch::Receiver<Arc<LiveConfig>>,
    delay: watch::Sender<Duration>,
    served: watch::Receiver<u64>,
    _follow: AbortOnDropHandle<()>,
}

impl Gateway {
    /// Serves by the configuration that `live` holds now, and follows it.
    ///
    /// # Errors
    /// When an address cannot be bound.
    pub async fn start(options: GatewayOptions, live: watch::Receiver<Arc<LiveConfig>>) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(options.resolve, live.borrow().clone()));
        let traffic =
            Listening::start(options.addr, serve::traffic(&shared), shared.counters.connections()).await?;
        let metrics = Listening::start(
            options.metrics_addr,
            serve::metrics(&shared),
            shared.counters.stats_connections(),
        )
        .await?;
        let (delay, wait) = watch::channel(options.effective_after);
        let (count, served) = watch::channel(0);
        let follow = tokio::spawn(follow(shared.clone(), live.clone(), wait, count));
        let _follow = AbortOnDropHandle::new(follow);
        Ok(Self { shared, traffic, metrics, live, delay, served, _follow })
    }

    /// Where traffic is taken.
    pub fn addr(&self) -> SocketAddr {
        self.traffic.addr()
    }

    /// Where `/stats/prometheus` is.
    pub fn metrics_addr(&self) -> SocketAddr {
        self.metrics.addr()
    }

    /// Changes the delay of every later change of the configuration. One that is being waited for keeps its own.
    pub fn set_delay(&self, effective_after: Duration) {
        self.delay.send_replace(effective_after);
    }

    /// How often the gateway has taken up a changed configuration.
    pub fn served(&self) -> watch::Receiver<u64> {
        self.served.clone()
    }

    /// Waits until traffic is served by the newest configuration.
    pub async fn settled(&self) {
        let mut served = self.served.clone();
        let newest = |_: &u64| Arc::ptr_eq(&self.live.borrow(), self.shared.serving().config());
        if served.wait_for(newest).await.is_err() {
            tracing::debug!("the configuration has no writer any more");
        }
    }

    /// Lets the plugin key-auth be missing, as in images that ask for a version of it that they do not have: every route is
    /// open then.
    pub fn set_key_auth(&self, loaded: bool) {
        self.shared.lacks_key_auth.store(!loaded, Ordering::Relaxed);
    }

    /// Counters start at zero again, as after a restart of the gateway. Gauges keep what is open.
    pub fn reset_counters(&self) {
        self.shared.counters.reset();
    }

    /// Closes both sockets and every connection, and waits until that is done.
    pub async fn stop(self) {
        self.traffic.stop().await;
        self.metrics.stop().await;
    }
}

/// Takes up the newest configuration, each time one delay after a change. Changes within the delay are taken up with the
/// first one, as the controller's debouncing does.
async fn follow(
    shared: Arc<Shared>,
    mut live: watch::Receiver<Arc<LiveConfig>>,
    delay: watch::Receiver<Duration>,
    count: watch::Sender<u64>,
) {
    while live.changed().await.is_ok() {
        let wait = *delay.borrow();
        tokio::time::sleep(wait).await;
        let newest = live.borrow_and_update().clone();
        shared.follow(newest);
        count.send_modify(|count| *count += 1);
    }
}
