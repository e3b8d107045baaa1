//! Backups: what the installation was like at a time, to look at and to get back to.
use crate::{
    BackupId, BackupName, ConsumerName, Declared, ModelId, Mutation, RouteName, Target, Timestamp, Warning,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// What is known of a backup without opening it. It holds no key and no token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Backup {
    pub id: BackupId,
    pub taken_at: Timestamp,
    /// Who took it, or whose change it was taken before.
    pub actor: String,
    pub reason: BackupReason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<BackupName>,
    /// A pinned one is kept until a person unpins it. What was imported or came back from elsewhere is pinned at first.
    pub pinned: bool,
    /// As it is kept: compressed and sealed.
    pub bytes: u64,
    /// How many providers it holds.
    pub providers: u32,
    /// How many AI routes.
    pub routes: u32,
    /// How many agents' models, the Manager's included.
    pub agents: u32,
    /// Of the whole state, in hex: two backups of the same state have the same, and one with another key has another.
    pub hash: String,
    /// The id of the key that it is sealed with. None: it was taken by an older version, holds no keys and lies in clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_with: Option<String>,
}

/// Why a backup was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BackupReason {
    /// A person asked for it.
    ByHand,
    /// A change was about to be made.
    Before {
        /// Its kind: `set_model`, …
        change: String,
        /// What it was for: an agent, a provider, a route, an operation, a backup. None: several things.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<String>,
        /// The model that agents were about to get.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<ModelId>,
    },
    /// It came as a file.
    Imported,
}

/// A backup with its content.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BackupContent {
    pub backup: Backup,
    pub file: Declared,
    /// What the file does not say, because it did not work when the backup was taken.
    pub left_out: Vec<Warning>,
    /// What it holds beside providers, routes and models. None: it is of an older version, or came as a declarative file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<BackupDocuments>,
}

/// What a backup holds to look things up in; a restore puts none of it back. Secrets are told as `(secret)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BackupDocuments {
    /// The console's service sources: where the providers' addresses are.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub service_sources: Vec<Value>,
    pub consumers: Vec<BackupConsumer>,
    pub agents: Vec<AgentDocuments>,
}

/// A consumer in a backup, and the routes that let it in; those that let everybody in do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BackupConsumer {
    pub name: ConsumerName,
    pub routes: Vec<RouteName>,
}

/// What concerns the model of an agent. It holds no key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentDocuments {
    pub agent: Target,
    /// Our note, its model.json. None: there was none, or it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub record: Option<Value>,
    /// The model part of its openclaw.json: provider, primary model, its entry and its alias. None: it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub model: Option<Value>,
}

/// What became of a wish for a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BackedUp {
    pub backup: Backup,
    /// False: nothing was kept, because this one is here already.
    pub new: bool,
}

/// All backups of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Backups {
    /// Newest first.
    pub backups: Vec<Backup>,
    /// How many are kept beside the pinned ones.
    pub kept: u32,
    /// Changes since the server's start before which none could be taken, newest first.
    pub missed: Vec<MissedBackup>,
    /// Files among the backups that hold none that can be read. They are left as they are.
    pub damaged: Vec<DamagedBackup>,
}

/// A backup that could not be taken. The change was made all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MissedBackup {
    pub at: Timestamp,
    /// Whose change it was.
    pub actor: String,
    pub reason: BackupReason,
    /// Why there is none.
    pub message: String,
}

/// A file that should hold a backup and does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DamagedBackup {
    /// Its name in the folder of the backups.
    pub file: String,
    pub message: String,
}

impl Backup {
    /// Whether it was taken of this installation by this server. What was imported is no state that there was here.
    pub fn is_own(&self) -> bool {
        self.reason != BackupReason::Imported
    }
}

impl BackupReason {
    /// A change is about to be made.
    pub fn before(change: &Mutation) -> Self {
        let target = match change {
            Mutation::SetModel { target, .. }
            | Mutation::AcceptModel { target }
            | Mutation::Sleep { target }
            | Mutation::Wake { target }
            | Mutation::Restart { target } => Some(target.to_string()),
            Mutation::AddProvider(new) => Some(new.name.to_string()),
            Mutation::EditProvider { name, .. } | Mutation::RemoveProvider { name } => Some(name.to_string()),
            Mutation::RepairRoutes { route, .. } => route.as_ref().map(ToString::to_string),
            Mutation::Undo { operation } => Some(operation.to_string()),
            Mutation::Restore(wish) => Some(wish.backup.to_string()),
            Mutation::Apply(_) | Mutation::Install(_) | Mutation::Uninstall => None,
        };
        let model = match change {
            Mutation::SetModel { wish, .. } => Some(wish.model.clone()),
            _ => None,
        };
        Self::Before { change: change.kind().to_owned(), target, model }
    }
}

/// For people: `by hand`, `before set_model worker:alice`, `imported`.
impl fmt::Display for BackupReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByHand => f.write_str("by hand"),
            Self::Before { change, target: Some(target), .. } => write!(f, "before {change} {target}"),
            Self::Before { change, target: None, .. } => write!(f, "before {change}"),
            Self::Imported => f.write_str("imported"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reason_tells_the_change_and_what_it_is_for() {
        let wish = json!({"kind": "set_model", "target": "alice", "provider": "qwen", "model": "m"});
        let reason = BackupReason::before(&serde_json::from_value(wish).unwrap());
        assert_eq!(reason.to_string(), "before set_model worker:alice");
        assert_eq!(
            serde_json::to_value(&reason).unwrap(),
            json!({"why": "before", "change": "set_model", "target": "worker:alice", "model": "m"})
        );
        let apply = serde_json::from_value(json!({"kind": "apply", "version": 1})).unwrap();
        assert_eq!(BackupReason::before(&apply).to_string(), "before apply");
    }
}
