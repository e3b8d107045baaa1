//! What a mutation would change, before it does.
use crate::{BackupItem, ModelId, OperationId, PlannedKeys, ProviderName, RouteName, Step, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// An object that the plan read, with the version it had. Objects are named `route:<name>`, `provider:<name>`,
/// `consumer:<name>`, `s3:<key>`, `file:<name>`, `source:<name>`, `domain:<name>`, `plain-route:<name>`,
/// `plugin:<route>/<plugin>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Read {
    pub object: String,
    /// Opaque: a route's version, an ETag, a hash. Empty: the object was not there.
    pub version: String,
}

/// An object that is not as a plan saw it, or that the plan would now change in another way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Moved {
    pub object: String,
    /// The version that the plan saw. Empty: it was not there, or the plan did not look at it.
    pub planned: String,
    /// The version now.
    pub now: String,
    /// From what the plan saw to what is there now; where that is the same, what would be changed now.
    pub diff: Vec<DiffLine>,
}

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ChangeAction {
    Create,
    Update,
    Delete,
}

/// One changed place. `path` is a JSON pointer; a secret only shows that it is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffLine {
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub before: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub after: Option<Value>,
}

/// What changes on one object, who owns it, and what could undo the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    pub object: String,
    pub action: ChangeAction,
    pub diff: Vec<DiffLine>,
    /// Who sets the object anew when it wants to: `manager`, `controller`, `hiclaw`; `agm` for what is ours.
    pub owner: String,
    /// `until the Manager restarts`; none: nothing known undoes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<String>,
}

impl Change {
    /// The `owner` of what nobody else sets.
    pub const OURS: &str = "agm";
}

/// Another agent that the change reaches, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Affected {
    pub agent: String,
    /// A sentence.
    pub how: String,
    /// The same for programs. None in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
}

/// What becomes of an agent's calls. A provider or a route that is none: nobody takes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Way {
    /// Its model goes to another provider.
    Provider { model: ModelId, from: Option<ProviderName>, to: Option<ProviderName> },
    /// Its model takes another route to the same provider.
    Route { model: ModelId, from: Option<RouteName>, to: Option<RouteName> },
    /// The route no longer lets it in.
    ShutOut { route: RouteName },
    /// The route lets it in, which it did not.
    LetIn { route: RouteName },
    /// It was asked after the change, and turned away.
    TurnedAway { model: ModelId, route: RouteName },
}

macro_rules! warning_codes {
    ($($(#[$doc:meta])* $variant:ident $code:tt)*) => {
        /// What a warning is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum WarningCode { $($(#[$doc])* #[serde(rename = $code)] $variant,)* }

        impl WarningCode {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }
        }
    };
}

warning_codes! {
    /// The present model sees images, the new one (named) does not.
    VisionLost "VISION_LOST"
    /// From so many tokens to so many (both named).
    ContextShrinks "CONTEXT_SHRINKS"
    /// Nobody knows the limits of the model: named are it, its context and its longest answer.
    LimitsAreDefaults "LIMITS_ARE_DEFAULTS"
    /// Figures were given for the model, and they are the owner's (named): a switch does not write them.
    LimitsNotOurs "LIMITS_NOT_OURS"
    /// The default route leads elsewhere, and with it all that no other route takes.
    DefaultRouteChanges "DEFAULT_ROUTE_CHANGES"
    DefaultRouteMissing "DEFAULT_ROUTE_MISSING"
    /// HiClaw or the Manager sets it anew at a restart; named is what, where that is not the whole change.
    ResetByHiclaw "RESET_BY_HICLAW"
    /// A variable (named) is a model (named) in a place (named), which the agent gets when it starts; the line (named) ends
    /// that, in a file (named last) that a switch can write, where there is one.
    ResetAtStart "RESET_AT_START"
    /// The agent keeps its model once its container is made anew. Named is a variable, and the model that it is in a place,
    /// which a restart brings back; nothing is named where that cannot be seen.
    KeptOnceRemade "KEPT_ONCE_REMADE"
    /// The provider (named) does not tell its models.
    ModelListUnreadable "MODEL_LIST_UNREADABLE"
    /// The provider (named) gets no route yet.
    PredicateTaken "PREDICATE_TAKEN"
    /// The gateway lacks the named consumers.
    ConsumerMissing "CONSUMER_MISSING"
    /// The models of the named agents could not be read.
    AgentUnreadable "AGENT_UNREADABLE"
    /// The route (named first) no longer lets in the consumers that follow.
    AccessLost "ACCESS_LOST"
    /// The route (named first) has the conditions of an older one (named second).
    Shadowed "SHADOWED"
    /// Not in the file of what is there now.
    LeftOut "LEFT_OUT"
    /// Not possible to restore.
    NotRestored "NOT_RESTORED"
    /// Came after the backup; named are all.
    Stays "STAYS"
    /// The provider (named) is gone and gets the keys of the backup.
    SealedKeys "SEALED_KEYS"
    /// The provider (named) is called elsewhere in the backup than now and gets the keys of the backup.
    OtherHost "OTHER_HOST"
    /// The route (named) asked for no key.
    OpenRoute "OPEN_ROUTE"
    /// The object (named first) is not removed: why (named second).
    NotRemoved "NOT_REMOVED"
    /// The object (named first) was changed by somebody (where: named second), and is made again what agm wants.
    SetBack "SET_BACK"
    /// The container of the agent (named first) is made anew or started again: a busy agent loses its turn. Named second is
    /// what it is at work on, where that is seen.
    TurnLost "TURN_LOST"
    /// The agent (named) runs its former model until its container starts again.
    FormerModelRuns "FORMER_MODEL_RUNS"
    /// Something shows (named) that the installation is another one than agm takes it for, which may undo a switch.
    AnotherHolder "ANOTHER_HOLDER"
}

impl fmt::Display for WarningCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something to know before saying yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Warning {
    pub code: WarningCode,
    /// A sentence.
    pub message: String,
    /// The names and figures of the sentence, as its code says. Empty in records of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
}

impl Warning {
    /// A warning that names nothing.
    pub fn new(code: WarningCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), about: Vec::new() }
    }

    /// Adds what its sentence names.
    #[must_use]
    pub fn about<T: ToString>(mut self, named: impl IntoIterator<Item = T>) -> Self {
        self.about.extend(named.into_iter().map(|name| name.to_string()));
        self
    }
}

impl Plan {
    /// Whether it would change nothing and do nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.steps.iter().any(|step| step.name.is_lasting())
    }
}

/// What a mutation would do. The same object in the page, REST and the CLI.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    pub id: OperationId,
    /// The mutation's kind: `set_model`, …
    pub kind: String,
    /// The agents it is for: `worker:alice`.
    pub targets: Vec<String>,
    pub created_at: Timestamp,
    pub reads: Vec<Read>,
    pub changes: Vec<Change>,
    pub affected: Vec<Affected>,
    pub warnings: Vec<Warning>,
    /// What will be done, in order; all pending.
    pub steps: Vec<Step>,
    /// Of a restore: the providers whose keys are a matter of choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<PlannedKeys>,
    /// Of a restore of everything: what single things could not come back without, because it is not there now.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, Vec<String>>))]
    pub needs: BTreeMap<BackupItem, Vec<BackupItem>>,
}
