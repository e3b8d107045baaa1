//! One state of the gateway: the routes and services of the newest configuration, with what each plugin could load of it.
use super::{
    auth::KeyAuth,
    choose::RouteTable,
    provider::{self, Providers},
};
use crate::live::{LiveConfig, LiveProvider};
use std::sync::Arc;

/// A plugin's configuration: the last one that it accepted.
#[derive(Debug)]
struct Plugin<T> {
    loaded: Option<Arc<T>>,
}

impl<T> Plugin<T> {
    /// Takes a good configuration; a bad one leaves the last good one in place, and later good ones do work again.
    fn take<E: std::fmt::Display>(&self, name: &str, new: Result<T, E>) -> Self {
        let loaded = match new {
            Ok(new) => Some(Arc::new(new)),
            Err(error) => {
                tracing::warn!(plugin = name, %error, "configuration rejected, the last good one stays");
                self.loaded.clone()
            }
        };
        Self { loaded }
    }
}

/// What traffic is served by.
#[derive(Debug)]
pub(super) struct Serving {
    config: Arc<LiveConfig>,
    routes: RouteTable,
    key_auth: Plugin<KeyAuth>,
    ai_proxy: Plugin<Providers>,
}

impl Serving {
    /// A gateway that starts with this configuration. A plugin whose part is bad is not loaded at all.
    pub(super) fn first(config: Arc<LiveConfig>) -> Self {
        Self::load(config, &Plugin { loaded: None }, &Plugin { loaded: None })
    }

    /// A running gateway that gets this configuration.
    pub(super) fn next(&self, config: Arc<LiveConfig>) -> Self {
        Self::load(config, &self.key_auth, &self.ai_proxy)
    }

    fn load(config: Arc<LiveConfig>, key_auth: &Plugin<KeyAuth>, ai_proxy: &Plugin<Providers>) -> Self {
        Self {
            routes: RouteTable::new(&config.routes),
            key_auth: key_auth.take("key-auth", KeyAuth::load(&config)),
            ai_proxy: ai_proxy.take("ai-proxy", provider::load(&config)),
            config,
        }
    }

    pub(super) fn config(&self) -> &Arc<LiveConfig> {
        &self.config
    }

    pub(super) fn routes(&self) -> &RouteTable {
        &self.routes
    }

    /// None: not loaded, so every route is open.
    pub(super) fn key_auth(&self) -> Option<&KeyAuth> {
        self.key_auth.loaded.as_deref()
    }

    /// The provider's settings in ai-proxy. None: ai-proxy leaves calls to its service as they are.
    pub(super) fn ai_proxy(&self, provider: &str) -> Option<&LiveProvider> {
        self.ai_proxy.loaded.as_ref()?.get(provider)
    }
}
