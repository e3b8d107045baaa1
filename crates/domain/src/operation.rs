//! A mutation that runs or ran, and the steps it took.
use crate::{Affected, ContainerAct, Failure, OperationId, Plan, Timestamp};
use serde::{Deserialize, Serialize};

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum StepName {
    /// Read everything that matters and work out the exact changes.
    Plan,
    /// Write or remove a provider.
    Provider,
    /// Write or remove an AI route.
    Route,
    /// Ask the new model through the gateway, as the agent.
    Test,
    /// Ask over other routes that share a host or a provider with a changed one. Its answers never fail an operation.
    Neighbours,
    /// Record the assignment in `model.json`.
    Record,
    /// Write the agent's openclaw.json: from here on it runs the new model.
    Config,
    /// See the agent take it up, where that can be seen.
    Reload,
    /// Put the agent's container to sleep, and see it stopped.
    Sleep,
    /// Wake it, and see it run.
    Wake,
    /// Restart it, and see it run.
    Restart,
    /// Write or remove what agm is reached by: a service source, a domain, a route, what a plugin is set to on one, or our
    /// own note of these.
    Registration,
    /// Call agm through the gateway, by its domain and by its path, with and without a sign-in.
    Proof,
    /// Read everything back.
    Verify,
}

impl StepName {
    /// Whether it does something that nothing takes back.
    pub fn is_lasting(self) -> bool {
        matches!(self, Self::Sleep | Self::Wake | Self::Restart)
    }
}

impl From<ContainerAct> for StepName {
    fn from(act: ContainerAct) -> Self {
        match act {
            ContainerAct::Sleep => Self::Sleep,
            ContainerAct::Wake => Self::Wake,
            ContainerAct::Restart => Self::Restart,
        }
    }
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum StepState {
    Pending,
    Running,
    Done,
    Failed,
    Undone,
    Skipped,
}

/// One step, how long it took and what was observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Step {
    pub name: StepName,
    /// What the step works on, for people: `deepseek-ai-route`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    pub state: StepState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// How far an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OperationState {
    Planned,
    Applying,
    Verifying,
    Compensating,
    Committed,
    RolledBack,
    NeedsOperator,
}

impl OperationState {
    /// True when nothing more happens.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Committed | Self::RolledBack | Self::NeedsOperator)
    }
}

/// What the watch over the touched objects saw until no late request could come any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Settled {
    pub at: Timestamp,
    pub evidence: String,
}

impl Settled {
    const NOTHING_WRITTEN: &str = "nothing was written";

    /// Settled at once: nothing of it can come late.
    pub fn nothing_written(at: Timestamp) -> Self {
        Self { at, evidence: Self::NOTHING_WRITTEN.to_owned() }
    }

    /// Whether it is a [`Settled::nothing_written`].
    pub fn wrote_nothing(&self) -> bool {
        self.evidence == Self::NOTHING_WRITTEN
    }
}

impl Operation {
    /// Whether nothing more is about to happen: its outcome is known, and no agent is being started again. One that waits
    /// until an agent is idle keeps nobody waiting.
    pub fn has_ended(&self) -> bool {
        let restarts = |step: &Step| step.name == StepName::Restart && step.state == StepState::Running;
        self.state.is_final() && !self.steps.iter().any(restarts)
    }
}

/// An operation: what was asked, by whom, what was planned, and what was observed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Operation {
    pub id: OperationId,
    pub kind: String,
    pub state: OperationState,
    pub actor: String,
    /// `ui`, `rest` or `cli`.
    pub via: String,
    pub targets: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    pub steps: Vec<Step>,
    pub started_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// What could undo the change later; none: nothing known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Box<Failure>>,
    /// None: the touched objects are still watched for late requests and for writes that others swallowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
    /// The operation that this one takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<OperationId>,
    /// The request for many targets that this one is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulk: Option<OperationId>,
    /// Agents over other routes that were served before this operation wrote, and were turned away after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broke: Vec<Affected>,
}
