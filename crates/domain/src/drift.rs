//! Drift: where an agent's model is not what was recorded, and what others changed since the newest backup.
use crate::{
    Backup, BackupItem, ChangeAction, ConsumerName, DiffLine, ModelId, Mutation, Observed, OperationId,
    ProviderName, RouteName, SetModel, Target, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One look at all of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Drift {
    /// Agents first, the Manager before the workers; then what others changed: providers, routes, agents.
    pub items: Vec<DriftItem>,
    /// What could not be looked at.
    pub unseen: Vec<Unseen>,
    /// Workers that may still run what they ran before: nothing tells when they pull what lies in the store.
    pub unpulled: Vec<Unpulled>,
    /// The backup by which the work of others is told. None: there is none, so nothing is known of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Backup>,
    pub observed_at: Timestamp,
}

/// What a look at drift comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriftVerdict {
    /// So many things are not as they were.
    Drifted(usize),
    /// Nothing was found, but something could not be looked at, or there is no backup to tell the work of others by.
    NotAllSeen,
    /// All was looked at, and is as it was.
    InOrder,
}

/// What an agent's openclaw.json says of the model that it runs. A route may lead that model anywhere: where it leads is
/// told of the route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Runs {
    /// None: no model of the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    /// Tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    /// Tokens of one answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<bool>,
}

/// Something that is not as it was recorded, and the ways out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DriftItem {
    #[serde(flatten)]
    pub what: Drifted,
    /// Let it count as it is now.
    pub accept: WayOut,
    /// Make it what it was.
    pub repair: WayOut,
}

/// What drifted, and what each side says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Drifted {
    /// Our note of an agent, its openclaw.json and the route that takes its model do not say the same.
    Model {
        agent: Target,
        /// What our note says.
        recorded: SetModel,
        /// `agents.defaults.model.primary` of its openclaw.json.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        primary: Option<String>,
        /// The model part of that, and its limits.
        #[serde(flatten)]
        runs: Runs,
        /// The route that wins for this model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        route: Option<RouteName>,
        /// Where that one leads first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<ProviderName>,
    },
    /// The route of an agent's model does not let it in.
    Access { agent: Target, route: RouteName, consumer: ConsumerName },
    /// Something is not as the newest backup has it, and none of our own operations since made it so.
    Outside {
        item: BackupItem,
        change: ChangeAction,
        /// From the backup to now. Secrets are never in it.
        diff: Vec<DiffLine>,
        /// Our own operation since the backup that wrote it too; what that one wrote is no longer what is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ours: Option<OperationId>,
    },
}

/// A change that ends a drift, or why there is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum WayOut {
    Change(Mutation),
    WhyNot(WhyNot),
}

/// Why there is no change that ends a drift in this way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum WhyNot {
    /// The agent's model cannot be changed from here; `way` says where it can.
    ReadOnly { reason: String, way: String },
    /// The agent runs no model of the gateway, which no note can tell.
    NotOverGateway,
    /// No route takes the model that the agent runs, so it has no provider.
    NoRoute { model: ModelId },
    /// The provider that was recorded is gone.
    ProviderGone { provider: ProviderName },
    /// HiClaw no longer knows the worker.
    WorkerGone,
    /// An agent that is not let in cannot use its model: only letting it in ends that.
    ShutOut,
    /// A new backup has it as it is now.
    TakeBackup,
    /// It came after the backup, and a restore takes nothing away.
    NotInBackup,
}

/// Something that could not be looked at, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Unseen {
    /// An agent's openclaw.json or our note of it.
    Agent { agent: Target, message: String },
    /// The list of workers.
    Workers { message: String },
    /// The newest backup, so that nothing is known of what others changed.
    Backup { message: String },
}

/// A worker that may not have pulled its config yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unpulled {
    pub agent: Target,
    /// When it was written.
    pub written_at: Timestamp,
}

impl Drift {
    /// What it comes to.
    pub fn verdict(&self) -> DriftVerdict {
        match self.items.len() {
            0 if self.unseen.is_empty() && self.since.is_some() => DriftVerdict::InOrder,
            0 => DriftVerdict::NotAllSeen,
            count => DriftVerdict::Drifted(count),
        }
    }

    /// How many agents do not run what was recorded for them.
    pub fn models(&self) -> usize {
        self.items.iter().filter(|item| matches!(item.what, Drifted::Model { .. })).count()
    }

    /// How many things others changed.
    pub fn outside(&self) -> usize {
        self.items.iter().filter(|item| matches!(item.what, Drifted::Outside { .. })).count()
    }
}

impl Runs {
    /// Whether this is the wanted model within the wanted limits. A limit that the wish does not name may be any.
    pub fn fulfils(&self, wish: &SetModel) -> bool {
        self.model.as_ref() == Some(&wish.model)
            && wish.context_window.is_none_or(|wanted| self.context_window == Some(wanted))
            && wish.max_tokens.is_none_or(|wanted| self.max_tokens == Some(wanted))
            && wish.reasoning.is_none_or(|wanted| self.reasoning == Some(wanted))
    }
}

impl From<&Observed> for Runs {
    fn from(observed: &Observed) -> Self {
        let Observed { model, context_window, max_tokens, reasoning, .. } = observed;
        Self {
            model: model.clone(),
            context_window: *context_window,
            max_tokens: *max_tokens,
            reasoning: *reasoning,
        }
    }
}

impl Drifted {
    /// What it is about, by a name that no other item has.
    pub fn about(&self) -> BackupItem {
        match self {
            Self::Model { agent, .. } | Self::Access { agent, .. } => BackupItem::Agent(agent.clone()),
            Self::Outside { item, .. } => item.clone(),
        }
    }
}

impl WayOut {
    /// The change, where there is one.
    pub fn change(&self) -> Option<&Mutation> {
        match self {
            Self::Change(mutation) => Some(mutation),
            Self::WhyNot(_) => None,
        }
    }
}

impl Unseen {
    /// Why it could not be looked at.
    pub fn message(&self) -> &str {
        match self {
            Self::Agent { message, .. } | Self::Workers { message } | Self::Backup { message } => message,
        }
    }
}

/// For people.
impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly { reason, way } => write!(f, "{reason}. {way}"),
            Self::NotOverGateway => f.write_str("it runs no model of the gateway"),
            Self::NoRoute { model } => write!(f, "no AI route takes {model}"),
            Self::ProviderGone { provider } => write!(f, "{provider} is gone"),
            Self::WorkerGone => f.write_str("HiClaw no longer knows this worker"),
            Self::ShutOut => f.write_str("as it is, every call of it ends with 403"),
            Self::TakeBackup => f.write_str("a new backup has it as it is now"),
            Self::NotInBackup => f.write_str("it came after the backup, and a restore takes nothing away"),
        }
    }
}
