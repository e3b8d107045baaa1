//! Bodies and answers that are the API's own, beside the types of `domain`.
use crate::codec::{Body, bodies, take, whole};
use domain::{
    AiRoute, Bulk, BulkPlan, ConsumerName, Declared, Failure, ModelId, Operation, OperationId, Plan,
    Provider, ProviderModel, ProviderName, RouteName, SetModel, Step, Target, Timestamp, Warning,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `"success":true` beside the fields of the answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Success<T> {
    pub success: bool,
    #[serde(flatten)]
    pub answer: T,
    /// What the plan of a change that was done warned of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// Reads the answer and passes over the mark. Serde's own reading of a flattened field keeps a copy of everything
/// in between, which costs the browser about 100 KB of WebAssembly.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Success<T> {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        T::deserialize(input).map(Self::new)
    }
}

impl<T> Success<T> {
    /// Marks an answer as a success.
    pub fn new(answer: T) -> Self {
        Self { success: true, answer, warnings: Vec::new() }
    }

    /// Another answer to the same change.
    pub fn with<U>(self, answer: U) -> Success<U> {
        Success { success: true, answer, warnings: self.warnings }
    }
}

/// `GET /providers`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Providers {
    pub success: bool,
    pub providers: Vec<Provider>,
    pub observed_at: Timestamp,
}

/// `GET /route` and `GET /routes`, in the order in which routes win.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Routes {
    pub success: bool,
    pub routes: Vec<AiRoute>,
    pub observed_at: Timestamp,
}

/// `GET /providers/{name}/models`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Models {
    pub models: Vec<ProviderModel>,
}

/// `GET /operations`, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Operations {
    pub operations: Vec<Operation>,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Session {
    /// None on the sign-in page only.
    pub user: Option<String>,
    /// Whether this is the demo, whose account is `admin` / `admin`.
    pub sandbox: bool,
}

/// The body of `POST /login`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Account {
    #[serde(rename = "username")]
    pub user: String,
    pub password: domain::TypedKey,
}

/// The answer to a change: with `?dry_run=true` the plan, else what was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Outcome<T> {
    Planned(Box<Success<Plan>>),
    Done(Success<T>),
}

/// `POST /set-model`: a [`SetModel`] and whose it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Switch {
    pub target: Target,
    #[serde(flatten)]
    pub wish: SetModel,
}

impl Body for Switch {
    fn read(bytes: &[u8]) -> Result<Self, Failure> {
        let mut rest: Map<String, Value> = crate::codec::strict(bytes)?;
        Ok(Self { target: take(&mut rest, "target")?, wish: whole(rest)? })
    }
}

/// The answer to `POST /set-models`: with `?dry_run=true` the plans, else what became of each agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum BulkOutcome {
    Planned(BulkPlan),
    Done(Bulk),
}

/// `GET /export`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Exported {
    /// What `POST /plans` takes as it is.
    pub file: Declared,
    /// What the file does not say, because it does not work as it stands.
    pub left_out: Vec<Warning>,
}

/// A switch that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Switched {
    pub target: String,
    pub provider: ProviderName,
    pub model: ModelId,
    /// Whether a route was written.
    pub route_updated: bool,
    pub operation: OperationId,
    pub steps: Vec<Step>,
}

/// The answer to `POST /create-provider`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Created {
    pub provider: ProviderName,
    /// The route that carries the provider's models.
    pub route_name: Option<RouteName>,
    pub route_updated: bool,
    pub operation: OperationId,
}

/// `POST /reload`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Reload {
    pub target: Target,
}

/// How the agent takes up its config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Reloaded {
    /// Always `reloaded`.
    pub status: String,
    pub target: Target,
    /// `file-watcher` or `pull`.
    pub how: String,
}

/// `POST /routes/repair`: let missing agents in, everywhere or narrowed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Repair {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer: Option<ConsumerName>,
}

/// The seed's `POST /create-provider`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct CreateProvider {
    pub name: ProviderName,
    #[serde(rename = "type")]
    pub kind: domain::ProviderType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<domain::TypedKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
}

impl From<CreateProvider> for domain::NewProvider {
    fn from(seed: CreateProvider) -> Self {
        Self {
            name: seed.name,
            kind: seed.kind,
            protocol: domain::Protocol::default(),
            base_url: seed.base_url,
            tokens: seed.api_key.into_iter().collect(),
            failover: None,
            settings: domain::Settings::default(),
        }
    }
}

bodies!(Account, Reload, Repair, CreateProvider);
