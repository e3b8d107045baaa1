//! One backup as this browser keeps it: a key of its own, and what lies there.
use domain::{BackupId, BackupName, SealedBackup};
use serde::{Deserialize, Serialize};

/// What the key of every backup begins with. There is no list of them beside the keys, so tabs cannot lose each other's.
const BACKUP: &str = "agm-backup:";
/// What the key begins with that pins one.
const PIN: &str = "agm-backup-pin:";

/// What the key begins with that says that a person removed one, so that it is not fetched again.
const REMOVED: &str = "agm-backup-removed:";

/// A sealed backup with what it was called on the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<BackupName>,
    pub backup: SealedBackup,
}

impl Entry {
    pub fn id(&self) -> &BackupId {
        &self.backup.visible.id
    }

    /// The id of the installation that it is of.
    pub fn installation(&self) -> &str {
        &self.backup.visible.installation
    }

    /// What lies at a key. None: something else than that very backup.
    pub fn parse(id: &BackupId, text: &str) -> Option<Self> {
        let entry: Self = serde_json::from_slice(text.as_bytes()).ok()?;
        (entry.id() == id && entry.backup.agm_backup == SealedBackup::FORM).then_some(entry)
    }
}

/// What of a kept backup may differ from that of the server, read without all the rest of it.
#[derive(Deserialize)]
pub struct Label {
    #[serde(default)]
    pub name: Option<BackupName>,
    backup: SealedText,
}

#[derive(Deserialize)]
struct SealedText {
    sealed: String,
}

impl Label {
    /// None: what lies there is no backup.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_slice(text.as_bytes()).ok()
    }

    /// The id of the key that it is sealed with.
    pub fn sealed_with(&self) -> Option<&str> {
        self.backup.sealed.split('.').nth(1)
    }
}

/// What a key is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    Backup(BackupId),
    Pin(BackupId),
    Removed(BackupId),
    /// It begins as those of backups do, and names none.
    Odd,
}

impl Key {
    /// None: it is none of ours.
    pub fn parse(key: &str) -> Option<Self> {
        let named = |id: &str, what: fn(BackupId) -> Self| id.parse().map_or(Self::Odd, what);
        let begins = |with: &str, what: fn(BackupId) -> Self| Some(named(key.strip_prefix(with)?, what));
        begins(BACKUP, Self::Backup)
            .or_else(|| begins(PIN, Self::Pin))
            .or_else(|| begins(REMOVED, Self::Removed))
    }
}

pub fn backup_key(id: &BackupId) -> String {
    format!("{BACKUP}{id}")
}

pub fn pin_key(id: &BackupId) -> String {
    format!("{PIN}{id}")
}

pub fn removed_key(id: &BackupId) -> String {
    format!("{REMOVED}{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ID: &str = "01JD0000000000000000000000";

    fn lies_there(change: impl FnOnce(&mut Value)) -> Option<Entry> {
        let visible = json!({"id": ID, "installation": "i", "takenAt": "2026-01-15T10:30:00Z", "actor": "admin",
            "reason": {"why": "by_hand"}, "hash": "ab", "providers": [], "routes": [], "agents": []});
        let mut entry =
            json!({"name": "good", "backup": {"agmBackup": 2, "visible": visible, "sealed": "agm1.x.y.z"}});
        change(&mut entry);
        Entry::parse(&ID.parse().unwrap(), &entry.to_string())
    }

    #[test]
    fn an_entry_is_the_backup_that_its_key_names_or_it_is_none() {
        assert_eq!(lies_there(|_| ()).unwrap().name.unwrap().as_str(), "good");
        assert!(lies_there(|entry| drop(entry.as_object_mut().unwrap().remove("name"))).is_some());
        let odd: [fn(&mut Value); 5] = [
            |entry| entry["backup"]["visible"]["id"] = "01JD0000000000000000000001".into(),
            |entry| entry["backup"]["agmBackup"] = 3.into(),
            |entry| entry["more"] = 1.into(),
            |entry| entry["backup"] = Value::Null,
            |entry| *entry = json!("torn"),
        ];
        for change in odd {
            assert_eq!(lies_there(change), None);
        }
        assert_eq!(Entry::parse(&ID.parse().unwrap(), "{\"backup\": {"), None);
    }

    #[test]
    fn a_label_is_read_of_what_may_be_a_backup() {
        let text = r#"{"name":"good","backup":{"agmBackup":2,"visible":{},"sealed":"agm1.old.y.z"}}"#;
        let label = Label::parse(text).unwrap();
        assert_eq!((label.name.as_ref().unwrap().as_str(), label.sealed_with()), ("good", Some("old")));
        assert!(Label::parse(r#"{"name":"good","backup":{}}"#).is_none());
    }

    #[test]
    fn a_key_is_ours_by_its_beginning_and_names_a_backup_or_is_odd() {
        let id: BackupId = ID.parse().unwrap();
        assert_eq!(Key::parse(&backup_key(&id)), Some(Key::Backup(id.clone())));
        assert_eq!(Key::parse(&pin_key(&id)), Some(Key::Pin(id.clone())));
        assert_eq!(Key::parse(&removed_key(&id)), Some(Key::Removed(id)));
        for odd in ["agm-backup:", "agm-backup:hello", "agm-backup-pin:x"] {
            assert_eq!(Key::parse(odd), Some(Key::Odd), "{odd}");
        }
        for foreign in ["agm-theme", "ai-gateway-backup", "agm-backup", "x-agm-backup:", ""] {
            assert_eq!(Key::parse(foreign), None, "{foreign}");
        }
    }
}
