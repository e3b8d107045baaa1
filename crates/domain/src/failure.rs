//! The one error that crosses the wire.
use crate::{Affected, Moved, OperationId, ProviderName, Step, TestLeg};
use serde::{Deserialize, Serialize};

/// What went wrong, as a word that programs can rely on. Each has one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Code {
    /// A field is missing, unknown, of the wrong type or breaks its rule; `fields` names it.
    InvalidRequest,
    /// The body is no JSON at all. On the wire `INVALID_REQUEST` too, with status 400.
    #[serde(rename = "INVALID_REQUEST", skip_deserializing)]
    MalformedRequest,
    /// Nobody is signed in.
    AuthRequired,
    /// Wrong name or password.
    AuthFailed,
    /// A cross-site request or a foreign Host.
    Forbidden,
    ProviderNotFound,
    WorkerNotFound,
    RouteNotFound,
    OperationNotFound,
    /// Create on a used name; the console itself would overwrite it without a word.
    ProviderExists,
    /// Delete while a route or an agent uses it; `usedBy` lists them.
    ProviderInUse,
    /// The world changed since the plan was made.
    Conflict,
    /// Another operation holds the target; `operation` names it.
    Busy,
    /// The model id is malformed, or the provider lists its models and it is not among them.
    InvalidModel,
    /// The connectivity test failed; `reason` says how.
    ModelNotReachable,
    /// Higress, the object store or OpenClaw could not be reached; `system` says which.
    UpstreamUnavailable,
    /// As before, but it took the call and did not answer in time. On the wire `UPSTREAM_UNAVAILABLE` too, with status 504.
    #[serde(rename = "UPSTREAM_UNAVAILABLE", skip_deserializing)]
    UpstreamTimeout,
    /// This agent's model cannot be changed from here.
    ReadOnlyTarget,
    /// Our own data directory is full or read-only.
    StorageUnavailable,
    /// A sealed backup was changed, or is damaged or none.
    SealBroken,
    /// A backup was sealed with a key that this installation does not have.
    SealKeyUnknown,
    /// The same idempotency key came with another request.
    IdempotencyMismatch,
    NotFound,
    MethodNotAllowed,
    UnsupportedMediaType,
    PayloadTooLarge,
    RateLimited,
    /// A step failed and everything was undone.
    RolledBack,
    /// Undo met somebody else's change, or could not be confirmed; `steps` tells what is where.
    NeedsOperator,
    /// A defect of ours.
    Internal,
}

impl Code {
    /// The HTTP status that says the truth about this code.
    pub fn status(self) -> u16 {
        match self {
            Self::MalformedRequest => 400,
            Self::AuthRequired | Self::AuthFailed => 401,
            Self::Forbidden => 403,
            Self::ProviderNotFound
            | Self::WorkerNotFound
            | Self::RouteNotFound
            | Self::OperationNotFound
            | Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::ProviderExists
            | Self::ProviderInUse
            | Self::Conflict
            | Self::Busy
            | Self::ReadOnlyTarget => 409,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::InvalidRequest
            | Self::InvalidModel
            | Self::ModelNotReachable
            | Self::SealBroken
            | Self::SealKeyUnknown
            | Self::IdempotencyMismatch => 422,
            Self::RateLimited => 429,
            Self::Internal | Self::NeedsOperator => 500,
            Self::UpstreamUnavailable | Self::RolledBack => 502,
            Self::UpstreamTimeout => 504,
            Self::StorageUnavailable => 507,
        }
    }
}

/// Why a connectivity test failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Reason {
    /// The provider refused the key.
    Auth,
    /// The gateway itself turns the agent's key away: it does not know it (401), or the route does not let it in (403).
    ConsumerNotAllowed,
    RouteNotFound,
    ModelNotFound,
    RateLimit,
    Billing,
    Timeout,
    DnsTls,
    /// The answer is no chat completion.
    Format,
    /// The gateway does not serve the change yet.
    GatewayNotReady,
    Unknown,
}

/// One field of a request and what is wrong with it. `field` is a path: `tokens[0]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

/// Who uses a provider: AI routes by name, agents as targets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsedBy {
    pub routes: Vec<String>,
    pub agents: Vec<String>,
}

/// Every failed answer: a code, a sentence, and what to do next. It holds no secret: what an upstream said is
/// scrubbed and cut before it gets here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    /// Always `false`.
    pub success: bool,
    pub code: Code,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// `higress`, `gateway`, `store`, `manager` or `containers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(default, rename = "used_by", skip_serializing_if = "Option::is_none")]
    pub used_by: Option<UsedBy>,
    /// With `used_by`: the provider that is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderName>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affected: Vec<Affected>,
    /// With `CONFLICT`: what is not as it was planned or as it was left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diff: Vec<Moved>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// What a test of a provider observed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<TestLeg>,
    /// The id of the request, for the log; set on `INTERNAL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Seconds to wait, with `RATE_LIMITED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

impl Failure {
    /// A failure with a sentence and nothing else.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            success: false,
            code,
            message: message.into(),
            hint: None,
            fields: Vec::new(),
            reason: None,
            system: None,
            used_by: None,
            provider: None,
            affected: Vec::new(),
            diff: Vec::new(),
            operation: None,
            steps: Vec::new(),
            legs: Vec::new(),
            request: None,
            retry_after: None,
        }
    }

    /// `INVALID_REQUEST` for one field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        let mut failure = Self::new(Code::InvalidRequest, format!("{field}: {message}"));
        failure.fields.push(FieldError { field, message });
        failure
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
