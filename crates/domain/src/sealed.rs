//! A backup as it leaves the server: what anybody may see of it, and the sealed whole.
use crate::{
    Backup, BackupId, BackupReason, Code, ConsumerName, ModelId, ProviderName, RouteName, Target, Timestamp,
};
use serde::{Deserialize, Serialize};

/// A sealed backup. A browser keeps it and cannot open it; the server that sealed it can, and sees whether anything was
/// changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SealedBackup {
    /// The version of this form.
    pub agm_backup: u32,
    pub visible: Visible,
    /// Version, key id, nonce and ciphertext. `visible` is bound to it: it opens with no other.
    pub sealed: String,
}

/// What is to be seen of a sealed backup without its key. It holds no secret. Until the server has opened the backup
/// nothing here is to be trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Visible {
    pub id: BackupId,
    /// The installation that it was taken of, as a random id.
    pub installation: String,
    pub taken_at: Timestamp,
    pub actor: String,
    pub reason: BackupReason,
    /// See [`crate::Backup::hash`].
    pub hash: String,
    pub providers: Vec<VisibleProvider>,
    pub routes: Vec<RouteName>,
    pub agents: Vec<VisibleAgent>,
}

/// A provider in a sealed backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisibleProvider {
    pub name: ProviderName,
    #[serde(rename = "type")]
    pub kind: String,
    /// Where its calls went, where that is known: scheme, host and path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The fingerprints of its keys.
    pub keys: Vec<String>,
}

/// An agent's model in a sealed backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisibleAgent {
    pub agent: Target,
    pub provider: ProviderName,
    pub model: ModelId,
}

/// A backup that was opened, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerifiedBackup {
    pub backup: Backup,
    /// Always `true`: what does not open is a failure.
    pub opened: bool,
    /// See [`Backup::sealed_with`].
    pub sealed_with: Option<String>,
    pub providers: usize,
    pub routes: usize,
    pub agents: usize,
    /// How many keys it holds: of providers, credentials among their settings included, and those of consumers that the
    /// former plugin kept.
    pub keys: usize,
}

/// The ids of the keys that backups are sealed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SealKeys {
    /// It seals.
    pub key: String,
    /// They only open. The newest of them first.
    pub older: Vec<String>,
}

/// What became of sealing backups anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resealed {
    pub resealed: usize,
    /// They are sealed as before.
    pub failed: Vec<NotResealed>,
}

/// A backup that could not be sealed anew, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotResealed {
    pub id: BackupId,
    pub code: Code,
    pub message: String,
}

/// What became of the clear-text backup of the plugin that was there before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SealedOriginal {
    pub backup: Backup,
    /// False: it was sealed before, and opens.
    pub new: bool,
    /// The providers whose keys lay in clear, be they tokens or settings.
    pub providers: Vec<ProviderName>,
    /// The consumers whose keys did.
    pub consumers: Vec<ConsumerName>,
}

impl SealedBackup {
    /// The form that is written.
    pub const FORM: u32 = 2;
}
