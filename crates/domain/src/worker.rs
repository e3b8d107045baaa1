//! Workers and how they are.
use crate::{ModelId, Timestamp, WorkerName};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A worker that runs pulls its config from the store at least so often; one that starts pulls it then.
pub const PULLED_WITHIN: Duration = Duration::from_secs(300);

/// How a worker is, as far as it can honestly be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum WorkerStatus {
    /// Running, with no open task.
    Idle,
    /// Running, with an open finite task.
    Busy,
    /// Stopped by HiClaw after being idle; it wakes for its next task.
    Sleeping,
    /// Its container is stopped.
    Stopped,
    Starting,
    /// Alive, but the task list cannot be read, so neither idle nor busy can be claimed.
    Running,
    /// It has no container.
    Offline,
    /// HiClaw says that it failed.
    Failed,
    /// Deployed elsewhere: its health cannot be observed.
    Remote,
    /// Nobody could be asked.
    Unknown,
}

/// One worker and its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Worker {
    pub name: WorkerName,
    pub status: WorkerStatus,
    /// The model in its openclaw.json, where that could be read.
    pub model: Option<ModelId>,
    /// Since when it is so, where something says it.
    pub since: Option<Timestamp>,
    /// What the status rests on: `container running; task t-214 open`.
    pub evidence: String,
    /// The image of its container, where there is one that can be seen. It stays in the server.
    #[serde(skip)]
    pub image: Option<String>,
    /// The open task's title, when busy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// `openclaw`, `copaw`, …
    pub runtime: String,
    /// The team that HiClaw counts it to; none where it counts it to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// When a config was written for it that it may not have pulled yet: nothing tells when it does, see
    /// [`PULLED_WITHIN`]. None: as far as it was observed, whatever was written has reached it. One that is not observed
    /// (unknown, remote) is taken to run; one that does not run, nobody says since when, is told of for a week only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpulled: Option<Timestamp>,
}
