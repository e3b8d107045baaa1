//! Going back to a backup: which of its things, under which names, with which keys.
mod needs;
mod rename;

use crate::{
    BackupId, ConsumerName, Declared, DeclaredAssignments, Failure, NameError, ProviderName, RouteName,
    Target, TypedKey,
};
pub use needs::Needs;
pub use rename::NewName;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

/// A wish to go back to a backup. What the backup does not name stays as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Restore {
    pub backup: BackupId,
    /// Only these; each must be in the backup and be restored. Absent: all that can be; the plan warns of what cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<BackupItem>>,
    /// Providers and routes that shall come back under another name, beside what is there now: what is restored with
    /// them follows. The name is that of something new.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, String>))]
    pub rename: BTreeMap<BackupItem, String>,
    /// Which keys a provider shall have. One that is not named keeps its present ones; where it has none, or where they
    /// would go to another host than now, it gets the sealed ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, KeyChoice>))]
    pub keys: BTreeMap<ProviderName, KeyChoice>,
    /// What the server found in the backup: the wanted items. It never crosses the wire.
    #[serde(skip)]
    pub opened: Option<Box<Opened>>,
}

/// Which keys a restored provider gets.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KeyChoice {
    /// Those that it has now. Refused where they would go to another host.
    Current,
    /// Those of the backup.
    Sealed,
    /// These.
    New(Vec<TypedKey>),
}

/// The keys of a provider that a plan would restore: which it gets, and which there are. Fingerprints only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlannedKeys {
    /// Its name in the backup.
    pub provider: ProviderName,
    /// The name that it gets. None: the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed: Option<ProviderName>,
    pub takes: KeySource,
    /// Of its present keys. None: they cannot be kept, because it is gone or has none, or because its host changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Vec<String>>,
    /// Of its keys in the backup. None: the backup holds no keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Vec<String>>,
}

/// Where a restored provider's keys come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KeySource {
    Current,
    Sealed,
    New,
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

/// What a restore puts back. `Debug` shows names only.
#[derive(Clone)]
pub struct Opened {
    /// The wanted items.
    pub file: Declared,
    /// The documents as the systems had them, keys included. None: the backup is of an older version and has the file
    /// alone.
    pub originals: Option<Originals>,
    /// What comes back under another name.
    pub names: Vec<NewName>,
}

/// What a backup holds beside its file.
#[derive(Clone, Default)]
pub struct Originals {
    /// The console's documents, as they were read.
    pub providers: BTreeMap<ProviderName, Value>,
    pub routes: BTreeMap<RouteName, Value>,
    /// Of all consumers that there were.
    pub consumers: BTreeSet<ConsumerName>,
    /// Whether the agents' models took images, of those whose config said so.
    pub vision: BTreeMap<Target, bool>,
    /// By the names in the backup.
    pub needs: Needs,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.file.items().map(|item| item.to_string()).collect();
        write!(f, "Opened({}, originals: {})", names.join(" "), self.originals.is_some())
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
    /// Everything that the file names: providers, routes, agents.
    pub fn items(&self) -> impl Iterator<Item = BackupItem> {
        let providers = self.providers.iter().map(|one| BackupItem::Provider(one.name.clone()));
        let routes = self.routes.iter().map(|one| BackupItem::Route(one.name.clone()));
        providers.chain(routes).chain(self.assignments.all().map(|(target, _)| BackupItem::Agent(target)))
    }

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

impl Restore {
    /// All of a backup, with the keys that are there.
    pub fn whole(backup: BackupId) -> Self {
        Self { backup, items: None, rename: BTreeMap::new(), keys: BTreeMap::new(), opened: None }
    }

    /// The wish with what its backup holds of it, under the wanted names.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when the backup does not hold a wanted item, keys are chosen for something else, or a new name
    /// cannot be.
    pub fn open(mut self, file: Declared, originals: Option<Originals>) -> Result<Self, Failure> {
        let file = match &self.items {
            Some(items) if items.is_empty() => {
                return Err(Failure::field("items", "name at least one, or leave it out for all"));
            }
            Some(items) => file.only(items).map_err(|place| {
                let item = items.get(place).map(ToString::to_string).unwrap_or_default();
                Failure::field(format!("items[{place}]"), format!("{item} is not in this backup"))
            })?,
            None => file,
        };
        let restored = |name: &ProviderName| file.providers.iter().any(|provider| provider.name == *name);
        if let Some(other) = self.keys.keys().find(|name| !restored(name)) {
            return Err(Failure::field(format!("keys.{other}"), "it is not among what is restored"));
        }
        let originals = originals.map(|mut originals| {
            originals.providers.retain(|name, _| restored(name));
            originals.routes.retain(|name, _| file.routes.iter().any(|route| route.name == *name));
            originals
        });
        self.opened = Some(Box::new(Opened { file, originals, names: Vec::new() }.renamed(&self.rename)?));
        Ok(self)
    }

    /// The name in the backup of a provider that is restored under this one.
    pub fn in_backup<'a>(&'a self, name: &'a ProviderName) -> &'a ProviderName {
        let renamed = self.rename.iter().find_map(|(item, new)| match item {
            BackupItem::Provider(old) if new == name.as_str() => Some(old),
            _ => None,
        });
        renamed.unwrap_or(name)
    }

    /// The same name, where that in the backup is another.
    pub fn new_name(&self, name: &ProviderName) -> Option<ProviderName> {
        (self.in_backup(name) != name).then(|| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mutation;
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
        let smuggled = json!({"backup": id, "opened": {"version": 1}});
        assert!(serde_json::from_value::<Restore>(smuggled).is_err());
        let mut opened = Restore::whole(id.parse().unwrap());
        opened.opened = Some(Box::new(Opened { file: file(), originals: None, names: Vec::new() }));
        assert_eq!(serde_json::to_value(&opened).unwrap(), json!({"backup": id}));
    }
}
