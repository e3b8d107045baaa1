//! What a mutation would change, before it does.
use crate::{OperationId, Step, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An object that the plan read, with the version it had. Objects are named `route:<name>`, `provider:<name>`,
/// `consumer:<name>`, `s3:<key>`, `file:<name>`.
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
    /// `manager`, `hiclaw`, `agm`.
    pub owner: String,
    /// `until the Manager restarts`; none: nothing known undoes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<String>,
}

/// Another agent that the change reaches, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Affected {
    pub agent: String,
    pub how: String,
}

/// Something to know before saying yes. Codes: `VISION_LOST`, `CONTEXT_SHRINKS`, `LIMITS_ARE_DEFAULTS`,
/// `DEFAULT_ROUTE_CHANGES`, `DEFAULT_ROUTE_MISSING`, `RESET_BY_HICLAW`, `MODEL_LIST_UNREADABLE`, `PREDICATE_TAKEN`,
/// `CONSUMER_MISSING`, `AGENT_UNREADABLE`, `ACCESS_LOST`, `SHADOWED`, `NOT_RESTORED`, `STAYS`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Warning {
    pub code: String,
    pub message: String,
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
}
