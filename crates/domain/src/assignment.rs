//! Which model an agent runs: what was recorded, and what is true.
use crate::{ConsumerName, ModelId, ProviderName, Reset, RouteName, Timestamp, WorkerName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A wish: run this model of this provider. Absent limits come from the known-model table, else 150000 / 128000 / true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetModel {
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
    /// Of an agent that takes its model up only when its container starts.
    #[serde(default, skip_serializing_if = "Restart::is_no")]
    pub restart: Restart,
    /// Write it also to the file from which HiClaw gives the agent its model when its container is made anew, where
    /// anything gives it one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lasting: bool,
}

/// Whether the container of a switched agent is started again, so that it runs its new model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Restart {
    /// It runs its former model until somebody does.
    #[default]
    No,
    /// At once: a busy agent loses its turn.
    Now,
    /// Once it has no open task; after 30 minutes without such a moment not at all.
    WhenIdle,
}

impl Restart {
    /// Whether nobody asked for one.
    pub fn is_no(&self) -> bool {
        *self == Self::No
    }
}

/// How an agent comes to run the model that it was switched to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TakeUp {
    /// It watches its config, or pulls it, and nothing is known that keeps it from that.
    #[default]
    ByItself,
    /// HiClaw makes its container anew at once: a busy agent loses its turn.
    Replaced,
    /// It runs its former model until its container starts again: nothing else is certain to give it the new one.
    Restart,
}

/// Where a model's figures come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LimitSource {
    /// HiClaw's table of known models.
    KnownModels,
    /// The provider's own list said so.
    Provider,
    /// An entry of the agent's openclaw.json.
    #[serde(rename = "openclaw.json")]
    Openclaw,
    /// The request named it.
    Request,
    /// HiClaw's figures for a model it does not know.
    Default,
}

/// What was recorded in `agents/<name>/model.json` by the last switch, and what was observed just now. The recorded
/// fields are absent where nothing was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assignment {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    pub observed: Observed,
    /// How it comes to run a model that it is switched to.
    #[serde(default)]
    pub takes_up: TakeUp,
    /// Who owns what the agent has of its model. None in answers of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Ownership>,
    /// Why its model cannot be changed from here, and where it can. None: it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<NotFromHere>,
    /// What gives the agent a model whenever its container starts; none: nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<Reset>,
}

/// Who owns what an agent has of its model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ownership {
    pub model: Owned,
    /// The model's figures in the agent's config: context, output, images.
    pub limits: Owned,
}

/// Who owns something, and what becomes of what others write there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Owned {
    /// Who sets it anew when it wants to: `manager`, `controller`, `hiclaw`.
    pub owner: String,
    /// Whether a switch writes it.
    pub ours: bool,
    /// How long stays what others than the owner wrote there: `until …`; none: nothing known sets it anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overwritten: Option<String>,
}

/// Why something cannot be done from here, and by which way it can. Two sentences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotFromHere {
    pub reason: String,
    pub way: String,
}

/// What the agent's own config and the routes say, so that nobody has to trust the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Observed {
    /// `agents.defaults.model.primary` of its openclaw.json: `hiclaw-gateway/qwen3.5-plus`.
    pub primary: Option<String>,
    /// The model part of `primary`.
    pub model: Option<ModelId>,
    /// The AI route that wins for this model.
    pub route: Option<RouteName>,
    /// The first upstream of that route.
    pub provider: Option<ProviderName>,
    /// Tokens, from its openclaw.json.
    pub context_window: Option<u64>,
    /// Tokens of one answer, from its openclaw.json.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// From its openclaw.json.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<bool>,
    /// The record, the config and the route agree, or nothing was recorded and the config has a route.
    pub in_sync: bool,
    /// What stands between the agent and its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    pub observed_at: Timestamp,
}

/// Why an agent cannot use the model that it is set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Problem {
    /// The route does not let this agent's consumer in: every call ends with 403.
    ConsumerNotAllowed { route: RouteName, consumer: ConsumerName },
    /// No AI route takes this model.
    NoRoute { model: ModelId },
    /// Its config could not be read; the text says why.
    ConfigUnreadable { message: String },
    /// Our record of the last switch could not be read, so nobody can say whether the config is what was wanted.
    RecordUnreadable { message: String },
    /// The record names another model than the config.
    RecordDiffers { recorded: ModelId },
}

/// `GET /assignment`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assignments {
    pub manager: Assignment,
    pub workers: BTreeMap<WorkerName, Assignment>,
}
