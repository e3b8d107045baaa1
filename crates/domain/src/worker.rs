//! Workers and how they are.
use crate::{ModelId, NotFromHere, Timestamp, WorkerName};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

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

/// What can be done with an agent's container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ContainerAct {
    Sleep,
    Wake,
    Restart,
}

impl ContainerAct {
    pub const ALL: [Self; 3] = [Self::Sleep, Self::Wake, Self::Restart];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sleep => "sleep",
            Self::Wake => "wake",
            Self::Restart => "restart",
        }
    }
}

/// What a worker is in its team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TeamRole {
    Leader,
    Member,
}

/// A worker's container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContainerSeen {
    /// In the words of who was asked: `running`, `exited`, `stopped`.
    pub state: String,
    /// When it was started last, where that was asked for: of a worker that takes its model when its container starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
}

impl ContainerSeen {
    /// Whether it runs, in the words of Docker and of Kubernetes.
    pub fn runs(&self) -> bool {
        matches!(self.state.as_str(), "running" | "ready")
    }
}

/// A worker that runs its former model until its container starts again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AwaitsRestart {
    /// When it was given the model that its config names.
    pub since: Timestamp,
    /// The model that it had before, and runs; none: nobody noted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<ModelId>,
}

/// One worker and its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Worker {
    pub name: WorkerName,
    pub status: WorkerStatus,
    /// The model that its own config names, where that could be read.
    pub model: Option<ModelId>,
    /// The model that HiClaw keeps for it, where its own config names another one: it follows in a moment, or HiClaw says
    /// why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<ModelId>,
    /// None: as far as it was observed, it runs what its config names.
    #[serde(default, rename = "awaitsRestart", skip_serializing_if = "Option::is_none")]
    pub awaits_restart: Option<AwaitsRestart>,
    /// Since when it is so, where something says it.
    pub since: Option<Timestamp>,
    /// What the status rests on: `container running; task t-214 open`.
    pub evidence: String,
    /// The image of its container, where there is one that can be seen. It stays in the server.
    #[serde(skip)]
    pub image: Option<String>,
    /// None: nobody could be asked for it, or it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerSeen>,
    /// The open task's title, when busy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// `openclaw`, `copaw`, …
    pub runtime: String,
    /// The team that HiClaw counts it to; none where it counts it to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// What it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<TeamRole>,
    /// What cannot be done with its container from here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, NotFromHere>))]
    pub cannot: BTreeMap<ContainerAct, NotFromHere>,
    /// When a config was written for it that it may not have pulled yet: nothing tells when it does, see
    /// [`PULLED_WITHIN`]. None: as far as it was observed, whatever was written has reached it. One that is not observed
    /// (unknown, remote) is taken to run; one that does not run, nobody says since when, is told of for a week only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpulled: Option<Timestamp>,
}

impl Worker {
    /// A worker of which nothing but this is known yet.
    pub fn unseen(name: WorkerName, runtime: String, status: WorkerStatus, evidence: String) -> Self {
        Self {
            name,
            status,
            model: None,
            desired: None,
            awaits_restart: None,
            since: None,
            evidence,
            image: None,
            container: None,
            task: None,
            runtime,
            team: None,
            role: None,
            cannot: BTreeMap::new(),
            unpulled: None,
        }
    }
}
