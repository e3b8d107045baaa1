//! An agent that is to be started again, so that it runs what it was switched to.
use domain::Target;
use serde::{Deserialize, Serialize};

/// One such agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restarting {
    pub target: Target,
    /// Not before it has no open task.
    pub when_idle: bool,
    /// Its container was stopped, or was about to be, and nobody saw it run since: it is not left at rest.
    #[serde(default)]
    pub begun: bool,
}

impl Restarting {
    /// One that nothing was done for yet.
    pub fn new(target: Target, when_idle: bool) -> Self {
        Self { target, when_idle, begun: false }
    }
}
