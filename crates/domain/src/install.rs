//! Being reached through the gateway: the wish, and how it stands.
use crate::{DomainName, OperationId, Reach, SystemHealth, Timestamp};
use serde::{Deserialize, Serialize};

/// A wish to be reached through the gateway: under a domain, and below `/agm` and `/ni_status` of any address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Install {
    /// Where the gateway reaches agm. None: as the settings say, or as it was registered, or where agm listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// None: as the settings say, or as it was registered, or [`DomainName::usual`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainName>,
}

/// What agm stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Surroundings {
    /// HiClaw v1.0: one container with the gateway, the console and the Manager.
    HiclawManager,
    /// HiClaw v1.1 or AgentTeams: a controller owns the agents.
    Controller,
    /// A Higress without HiClaw.
    Higress,
}

/// What is found under the name of an object that agm is reached by, or that a former plugin left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RegisteredAs {
    /// As it was registered.
    Wanted,
    Missing,
    /// Somebody changed it since.
    Changed,
    /// It is not registered, and something stands there.
    Present,
}

/// An object that agm is reached by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisteredObject {
    /// As in a plan: `plain-route:agm-path`.
    pub object: String,
    pub state: RegisteredAs,
}

/// What is registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Registered {
    pub domain: DomainName,
    pub reach: Reach,
}

/// That the way through the gateway was seen to work: when, in which operation, and who asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Proved {
    pub at: Timestamp,
    pub by: String,
    pub operation: OperationId,
    pub evidence: String,
}

/// How agm is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstallationState {
    pub surroundings: Surroundings,
    /// What tells these surroundings.
    pub evidence: String,
    /// Whether each system answers.
    pub systems: Vec<SystemHealth>,
    /// None: not installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<Registered>,
    pub objects: Vec<RegisteredObject>,
    /// The newest proof among the operations that are remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proved: Option<Proved>,
    /// Where people find the console, once it is installed.
    pub addresses: Vec<String>,
}
