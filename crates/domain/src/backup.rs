//! Backups: what the installation was like at a time, to look at and to get back to.
use crate::{
    BackupId, BackupName, Declared, DeclaredAssignments, ModelId, Mutation, NameError, ProviderName,
    RouteName, Target, Timestamp, Warning,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

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
    /// A pinned one is kept until a person unpins it.
    pub pinned: bool,
    /// Of its content.
    pub bytes: u64,
    /// How many providers it holds.
    pub providers: u32,
    /// How many AI routes.
    pub routes: u32,
    /// How many agents' models, the Manager's included.
    pub agents: u32,
    /// Of the content, in hex: two backups of the same state have the same.
    pub hash: String,
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
}

/// What became of a wish for a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BackedUp {
    pub backup: Backup,
    /// False: nothing has changed since the newest backup, which is this one.
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

/// A wish to go back to a backup. What the backup does not name stays as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Restore {
    pub backup: BackupId,
    /// Only these; each must be in the backup and be restored. Absent: all that can be; the plan warns of what cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<BackupItem>>,
    /// What the server found in the backup: the wanted items. It never crosses the wire.
    #[serde(skip)]
    pub file: Option<Box<Declared>>,
}

/// One thing in a backup: `provider:qwen`, `route:default-ai-route`, `manager` or `worker:alice`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum BackupItem {
    Provider(ProviderName),
    Route(RouteName),
    /// The model of an agent.
    Agent(Target),
}

impl BackupReason {
    /// A change is about to be made.
    pub fn before(change: &Mutation) -> Self {
        let target = match change {
            Mutation::SetModel { target, .. } => Some(target.to_string()),
            Mutation::AddProvider(new) => Some(new.name.to_string()),
            Mutation::EditProvider { name, .. } | Mutation::RemoveProvider { name } => Some(name.to_string()),
            Mutation::RepairRoutes { route, .. } => route.as_ref().map(ToString::to_string),
            Mutation::Undo { operation } => Some(operation.to_string()),
            Mutation::Restore(wish) => Some(wish.backup.to_string()),
            Mutation::Apply(_) => None,
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

impl FromStr for BackupItem {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split_once(':') {
            Some(("provider", name)) => name.parse().map(Self::Provider),
            Some(("route", name)) => name.parse().map(Self::Route),
            _ => text.parse().map(Self::Agent),
        }
    }
}

impl TryFrom<String> for BackupItem {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<BackupItem> for String {
    fn from(item: BackupItem) -> String {
        item.to_string()
    }
}

impl fmt::Display for BackupItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider(name) => write!(f, "provider:{name}"),
            Self::Route(name) => write!(f, "route:{name}"),
            Self::Agent(target) => target.fmt(f),
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for BackupItem {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <String as utoipa::PartialSchema>::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for BackupItem {}

impl Declared {
    /// The file with these things alone.
    ///
    /// # Errors
    /// The place in `items` of the first one that the file does not name.
    pub fn only(&self, items: &[BackupItem]) -> Result<Self, usize> {
        let mut picked = Self {
            version: self.version,
            providers: Vec::new(),
            routes: Vec::new(),
            assignments: DeclaredAssignments::default(),
        };
        for (place, item) in items.iter().enumerate() {
            picked.take_over(self, item).ok_or(place)?;
        }
        Ok(picked)
    }

    /// None: `from` does not name it.
    fn take_over(&mut self, from: &Self, item: &BackupItem) -> Option<()> {
        match item {
            BackupItem::Provider(name) => {
                let found = from.providers.iter().find(|provider| provider.name == *name)?;
                if self.providers.iter().all(|provider| provider.name != *name) {
                    self.providers.push(found.clone());
                }
            }
            BackupItem::Route(name) => {
                let found = from.routes.iter().find(|route| route.name == *name)?;
                if self.routes.iter().all(|route| route.name != *name) {
                    self.routes.push(found.clone());
                }
            }
            BackupItem::Agent(Target::Manager) => {
                self.assignments.manager = Some(from.assignments.manager.clone()?);
            }
            BackupItem::Agent(Target::Worker(name)) => {
                let found = from.assignments.workers.get(name)?;
                self.assignments.workers.insert(name.clone(), found.clone());
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn file() -> Declared {
        serde_json::from_value(json!({"version": 1,
            "providers": [{"name": "qwen", "type": "qwen"}, {"name": "lab:x", "type": "openai"}],
            "routes": [{"name": "default-ai-route"}],
            "assignments": {"manager": {"provider": "qwen", "model": "m"},
                "workers": {"alice": {"provider": "qwen", "model": "m"}, "bob": {"provider": "qwen", "model": "n"}}}}))
        .unwrap()
    }

    #[test]
    fn an_item_is_written_as_it_is_read() {
        for text in ["provider:lab:x", "route:default-ai-route", "manager", "worker:alice"] {
            assert_eq!(text.parse::<BackupItem>().unwrap().to_string(), text);
        }
        for bad in ["", "provider:", "route:a/b", "agent:alice", "worker:A"] {
            assert!(bad.parse::<BackupItem>().is_err(), "{bad}");
        }
    }

    #[test]
    fn single_items_are_picked_once_and_what_is_not_there_is_told_by_its_place() {
        let items = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
        let picked = file().only(&items(&["provider:lab:x", "worker:bob", "provider:lab:x"])).unwrap();
        let expected = json!({"version": 1, "providers": [{"name": "lab:x", "type": "openai"}],
            "assignments": {"workers": {"bob": {"provider": "qwen", "model": "n"}}}});
        assert_eq!(serde_json::to_value(&picked).unwrap(), expected);
        for absent in ["provider:moonshot", "route:other", "worker:carol"] {
            assert_eq!(file().only(&items(&["manager", absent])).err(), Some(1), "{absent}");
        }
    }

    #[test]
    fn nobody_sends_the_content_of_a_backup_with_a_restore() {
        let id = "01JD0000000000000000000000";
        let wish: Mutation = serde_json::from_value(json!({"kind": "restore", "backup": id})).unwrap();
        assert!(wish.kind() == "restore" && wish.declared().is_none());
        let smuggled = json!({"backup": id, "file": {"version": 1}});
        assert!(serde_json::from_value::<Restore>(smuggled).is_err());
        let mut opened = Restore { backup: id.parse().unwrap(), items: None, file: None };
        opened.file = Some(Box::new(file()));
        assert_eq!(serde_json::to_value(&opened).unwrap(), json!({"backup": id}));
    }

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
