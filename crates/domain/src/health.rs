//! How the installation does.
use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The seed's metrics. Percent, percent, open gateway connections, gateway requests in the last minute. A figure that
/// could not be measured is `None`, and `unavailable` says why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Metrics {
    pub cpu: Option<u32>,
    pub memory: Option<u32>,
    pub connections: Option<u64>,
    pub rpm: Option<u64>,
    pub timestamp: Timestamp,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unavailable: BTreeMap<String, String>,
}

/// The figures of one moment, as in [`Metrics`]. None: that figure could not be had then, which is a gap and not a zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricsSample {
    pub at: Timestamp,
    pub cpu: Option<u32>,
    pub memory: Option<u32>,
    pub connections: Option<u64>,
    pub rpm: Option<u64>,
}

/// `GET /metrics/history`: the figures of at most the last hour, the oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricsHistory {
    /// How far samples lie apart when the server is not held up.
    pub every_seconds: u64,
    pub samples: Vec<MetricsSample>,
}

/// Whether a system that we depend on answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SystemState {
    Up,
    Down,
}

/// One system: `higress`, `gateway`, `store`, `controller` where HiClaw has one, `manager`, or `storage`, our own data
/// directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SystemHealth {
    pub name: String,
    pub state: SystemState,
    /// How long its answer took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Which HiClaw stands behind everything, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HiclawIdentity {
    /// `1.2`
    pub generation: String,
    /// One word for the way in which models are switched: `files`, `controller`.
    pub adapter: String,
    /// What speaks for it, in sentences.
    pub evidence: Vec<String>,
    /// What speaks against it; none: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

/// `GET /health?deep=true`: `healthy` when every system is up, else `degraded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeepHealth {
    pub status: String,
    pub systems: Vec<SystemHealth>,
    /// None: nobody could say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hiclaw: Option<HiclawIdentity>,
    /// Why nobody could say.
    #[serde(default, rename = "hiclawUnknown", skip_serializing_if = "Option::is_none")]
    pub hiclaw_unknown: Option<String>,
}
