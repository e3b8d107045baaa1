//! LLM vendors as their customers see them: OpenAI-compatible servers, each with its own host name, key and models, that
//! can be made to fail. An answer names its model and provider, so that a switch can be seen.
mod answer;
mod catalog;
mod failure;
mod respond;

pub use failure::Behaviour;

use crate::listen::{Gauge, Listening};
use catalog::{VENDORS, Vendor};
use std::{
    collections::{BTreeMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::watch;

/// How many calls are remembered of each upstream.
const REMEMBERED: usize = 1000;

/// Where upstreams listen.
#[derive(Clone, Debug, Default)]
pub struct UpstreamOptions {
    /// Addresses by provider. The others get a free loopback port.
    pub addrs: BTreeMap<String, SocketAddr>,
}

/// The keys that the provider accepts. Empty for an unknown provider.
pub fn keys_of(provider: &str) -> [&'static str; 2] {
    catalog::vendor(provider).map_or_else(Default::default, |vendor| vendor.keys)
}

/// What the vendor at this host lists to the holder of this key, without any server: none for a host or a key that is
/// not known.
pub fn listed(host: &str, key: &str) -> Option<Vec<&'static str>> {
    let vendor = VENDORS.iter().find(|vendor| vendor.host == host && vendor.keys.contains(&key))?;
    Some(vendor.models().collect())
}

/// A request as an upstream saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub method: String,
    pub path: String,
    /// The `Host` header.
    pub host: Option<String>,
    /// The bearer token.
    pub key: Option<String>,
    /// `model` of the body.
    pub model: Option<String>,
    /// `stream` of the body.
    pub stream: bool,
    /// `x-mse-consumer`, which the gateway adds.
    pub consumer: Option<String>,
    /// `user-agent`.
    pub user_agent: Option<String>,
    /// The status that was answered.
    pub status: u16,
}

/// One vendor's state, shared with its server.
pub(crate) struct Upstream {
    vendor: &'static Vendor,
    behaviour: watch::Sender<Behaviour>,
    calls: Mutex<VecDeque<Call>>,
}

impl Upstream {
    fn record(&self, call: Call) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() == REMEMBERED {
            calls.pop_front();
        }
        calls.push_back(call);
    }
}

/// All vendors, running. Dropping it closes their sockets and connections.
pub struct Upstreams {
    running: BTreeMap<&'static str, (Arc<Upstream>, Listening)>,
}

impl Upstreams {
    /// Starts `qwen`, `deepseek`, `moonshot`, `zhipuai`, `minimax`, `openai` and `lab`, a server of one's own.
    ///
    /// # Errors
    /// When an address cannot be bound.
    pub async fn start(options: UpstreamOptions) -> io::Result<Self> {
        let mut running = BTreeMap::new();
        for vendor in VENDORS {
            let upstream = Arc::new(Upstream {
                vendor,
                behaviour: watch::Sender::new(Behaviour::Healthy),
                calls: Mutex::default(),
            });
            let addr = options.addrs.get(vendor.provider).copied();
            let addr = addr.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
            let router = respond::router(upstream.clone());
            let listening = Listening::start(addr, router, Gauge::default()).await?;
            running.insert(vendor.provider, (upstream, listening));
        }
        Ok(Self { running })
    }

    /// The socket of each provider.
    pub fn addresses(&self) -> BTreeMap<String, SocketAddr> {
        self.running.iter().map(|(name, (_, listening))| ((*name).to_owned(), listening.addr())).collect()
    }

    /// The socket that stands for each public host name.
    pub fn resolve_map(&self) -> BTreeMap<String, SocketAddr> {
        self.running.values().map(|(upstream, l)| (upstream.vendor.host.to_owned(), l.addr())).collect()
    }

    /// A key that the provider accepts. Empty for an unknown provider.
    pub fn key_for(&self, provider: &str) -> &'static str {
        keys_of(provider)[0]
    }

    /// Another key that the provider accepts. Empty for an unknown provider.
    pub fn second_key_for(&self, provider: &str) -> &'static str {
        keys_of(provider)[1]
    }

    /// The public host name. Empty for an unknown provider.
    pub fn host_for(&self, provider: &str) -> &'static str {
        catalog::vendor(provider).map_or("", |vendor| vendor.host)
    }

    /// The models that the provider lists.
    pub fn models(&self, provider: &str) -> Vec<&'static str> {
        catalog::vendor(provider).map_or_else(Vec::new, |vendor| vendor.models().collect())
    }

    /// From now on the provider answers so. An unknown provider is ignored.
    pub fn set_behaviour(&self, provider: &str, behaviour: Behaviour) {
        if let Some((upstream, _)) = self.running.get(provider) {
            upstream.behaviour.send_replace(behaviour);
        }
    }

    /// The provider's last calls (at most 1000), oldest first.
    pub fn calls(&self, provider: &str) -> Vec<Call> {
        let Some((upstream, _)) = self.running.get(provider) else { return Vec::new() };
        upstream.calls.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Closes all sockets and connections, and waits until that is done.
    pub async fn stop(self) {
        for (_, listening) in self.running.into_values() {
            listening.stop().await;
        }
    }
}
