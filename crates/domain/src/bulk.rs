//! One model for many agents: each is an operation of its own.
use crate::{Failure, ModelId, Operation, OperationId, Plan, ProviderName, Restart, SetModel, Target};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// Let these agents run a model, each whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetModels {
    /// `manager`, `worker:alice`; a bare worker name is accepted. The first is the canary.
    pub targets: Vec<Target>,
    pub provider: ProviderName,
    pub model: ModelId,
    /// Tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    /// Tokens of one answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<bool>,
    /// Of agents that take their model up only when their containers start.
    #[serde(default, skip_serializing_if = "Restart::is_no")]
    pub restart: Restart,
    /// As of one agent, for those to whom HiClaw gives a model when they start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lasting: bool,
    /// Begin no more once so many have failed; those that run are not stopped. Absent: begin all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>, minimum = 1))]
    pub stop_after_failures: Option<NonZeroU32>,
    /// The first target alone, before all others; if it fails, nothing else is begun.
    #[serde(default)]
    pub canary: bool,
    /// How many at the same time, 1 to 8. Absent: 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 8))]
    pub concurrency: Option<u8>,
}

impl SetModels {
    /// The wish for one agent, and no word about failures.
    pub fn of(wish: &SetModel, target: Target) -> Self {
        let SetModel { provider, model, context_window, max_tokens, reasoning, restart, lasting } =
            wish.clone();
        Self {
            targets: vec![target],
            provider,
            model,
            context_window,
            max_tokens,
            reasoning,
            restart,
            lasting,
            stop_after_failures: None,
            canary: false,
            concurrency: None,
        }
    }

    /// What each target is to run.
    pub fn wish(&self) -> SetModel {
        SetModel {
            provider: self.provider.clone(),
            model: self.model.clone(),
            context_window: self.context_window,
            max_tokens: self.max_tokens,
            reasoning: self.reasoning,
            restart: self.restart,
            lasting: self.lasting,
        }
    }
}

/// A target whose operation could not even be begun, or whose plan could not be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Refused {
    pub target: String,
    pub failure: Failure,
}

/// How far a request for many targets is, or how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bulk {
    /// Every operation of the request carries it as `bulk`.
    pub id: OperationId,
    /// Every target was committed. `false` while some are under way.
    pub success: bool,
    /// True when nothing more happens.
    pub finished: bool,
    /// The operations that were begun, in the order of the targets.
    pub results: Vec<Operation>,
    /// Targets that were refused before an operation was begun: `BUSY`, for example.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
    /// Targets that were not begun, because others failed or because it is not their turn yet.
    pub not_begun: Vec<String>,
}

/// What a request for many targets would change, target by target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkPlan {
    /// Every target can be planned.
    pub success: bool,
    /// In the order of the targets. Each is made as if the others were not asked for.
    pub plans: Vec<Plan>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
}
