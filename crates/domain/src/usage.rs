//! Who used which model, as the gateway's ai-statistics plugin counts it.
use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// What was used. The gateway counts an answered call only when its answer reported its tokens, so calls that failed are
/// not in here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Used {
    pub requests: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// What one consumer used of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelUsage {
    /// As the gateway labels it, which is mostly what the provider answered: text of the outside, at most 256 bytes.
    pub model: String,
    /// The gateway's consumer: `manager`, `worker-alice`. None: the route asks for no key.
    pub consumer: Option<String>,
    /// Since the gateway started.
    pub since_start: Used,
    /// In the part of the last hour that [`Usage::measured_seconds`] tells.
    pub last_hour: Used,
}

/// `GET /usage`: the models that were used, the most tokens first. No rows and no reason: the gateway has counted none
/// since it started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Usage {
    pub rows: Vec<ModelUsage>,
    /// How many seconds of the last hour were measured: less than 3600 while this server is young or when the gateway
    /// did not show its figures.
    pub measured_seconds: u64,
    /// Pairs of a model and a consumer that were left out because there are too many.
    pub left_out: usize,
    /// When the figures were measured.
    pub observed_at: Timestamp,
    /// Why nothing is known now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<String>,
}
