//! An agent that is to be started again, so that it runs what it was switched to.
use domain::Target;
use serde::{Deserialize, Serialize};

/// One such agent. A restart that was begun is made again when nobody saw its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restarting {
    pub target: Target,
    /// Not before it has no open task.
    pub when_idle: bool,
}
