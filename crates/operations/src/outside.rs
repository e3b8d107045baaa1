//! What lies outside of this process, so that a simulation can stand in for it.
use crate::{Ask, Clock};
use disk::{Disk, RealDisk};
use higress::Wire;
use std::sync::Arc;
use store::SharedHttpClient;

/// The ways out of this process. The default is the real world.
#[derive(Clone)]
pub struct Outside {
    /// To the console; none: HTTP.
    pub wire: Option<Arc<dyn Wire>>,
    /// To HiClaw's controller; none: HTTP.
    pub controller: Option<Arc<dyn Wire>>,
    /// To the object store; none: HTTP.
    pub store_http: Option<SharedHttpClient>,
    /// To the gateway and the providers; none: HTTP.
    pub ask: Option<Arc<dyn Ask>>,
    /// To the Manager and to a container API; none: a client of its own.
    pub http: Option<reqwest::Client>,
    pub disk: Arc<dyn Disk>,
    pub clock: Clock,
}

impl Default for Outside {
    fn default() -> Self {
        Self {
            wire: None,
            controller: None,
            store_http: None,
            ask: None,
            http: None,
            disk: Arc::new(RealDisk),
            clock: Clock::default(),
        }
    }
}
