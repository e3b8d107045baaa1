//! The backups that this browser keeps: sealed, each under a key of its own, the newest ones beside those that are pinned.
//! Nothing here touches a key of somebody else's, and nothing is kept before it was read back.
use super::{
    entry::{Entry, Key, backup_key, pin_key, removed_key},
    storage::{Refused, Texts},
};
use domain::BackupId;
use std::collections::BTreeSet;

/// How many are kept beside the pinned ones.
pub const RING: usize = 20;

/// A backup that lies here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub entry: Entry,
    pub pinned: bool,
    /// Bytes of its text.
    pub size: usize,
}

/// Something under a key like ours that is no backup. It is left alone until a person removes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    pub key: String,
    /// Bytes of its text.
    pub size: usize,
}

/// Everything that lies here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Newest first.
    pub held: Vec<Held>,
    pub odd: Vec<Odd>,
}

/// Why a backup was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// The browser keeps nothing for this site.
    Denied,
    /// There is no room, also without all those that may go.
    NoRoom,
    /// There is no room for this one, but newer ones are here.
    Fewer,
    /// What was read back is not what was written.
    NotReadBack,
    /// Something else lies at its place, which only a person may remove.
    Occupied,
}

impl From<Refused> for NotKept {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::NoRoom,
            Refused::Denied => Self::Denied,
        }
    }
}

/// Where the backups lie.
#[derive(Clone, Debug)]
pub struct Store<T>(pub T);

impl<T: Texts> Store<T> {
    /// All of it.
    pub fn contents(&self) -> Result<Contents, Refused> {
        let mut contents = Contents::default();
        let keys = self.keys()?;
        let pinned = pins(&keys);
        for (key, is) in keys {
            let Some(text) = self.0.get(&key)? else { continue };
            let size = text.len();
            match is {
                Key::Pin(_) | Key::Removed(_) => {}
                Key::Odd => contents.odd.push(Odd { key, size }),
                Key::Backup(id) => match Entry::parse(&id, &text) {
                    Some(entry) => {
                        contents.held.push(Held { entry, pinned: pinned.contains(&id), size });
                    }
                    None => contents.odd.push(Odd { key, size }),
                },
            }
        }
        contents.held.sort_by(|a, b| b.entry.id().cmp(a.entry.id()));
        contents.odd.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(contents)
    }

    /// One of them.
    pub fn get(&self, id: &BackupId) -> Result<Option<Entry>, Refused> {
        Ok(self.0.get(&backup_key(id))?.and_then(|text| Entry::parse(id, &text)))
    }

    /// Keeps a backup: lets the oldest ones go that are not pinned until there is room, reads back what was written, and
    /// then lets those go that are too many. It never lets go of the one that it has just kept.
    pub fn keep(&self, entry: &Entry) -> Result<(), NotKept> {
        let key = backup_key(entry.id());
        let lies_there = self.0.get(&key)?;
        if lies_there.is_some_and(|text| Entry::parse(entry.id(), &text).is_none()) {
            return Err(NotKept::Occupied);
        }
        let text = serde_json::to_string(entry).map_err(|_| NotKept::NotReadBack)?;
        self.place(entry, &key, &text)?;
        if self.0.get(&key) != Ok(Some(text)) {
            // What cannot be read back must not pass for a backup.
            self.0.remove(&key)?;
            return Err(NotKept::NotReadBack);
        }
        loop {
            let contents = self.contents()?;
            let too_many = contents.held.iter().filter(|held| !held.pinned).count() > RING;
            let Some(surplus) = oldest(&contents, entry).filter(|_| too_many) else { return Ok(()) };
            self.remove(&surplus)?;
        }
    }

    /// Keeps it until it is unpinned.
    pub fn pin(&self, id: &BackupId) -> Result<(), NotKept> {
        let key = pin_key(id);
        self.0.set(&key, "1")?;
        if self.0.get(&key)?.is_some() { Ok(()) } else { Err(NotKept::NotReadBack) }
    }

    /// Lets it go when newer ones need its place.
    pub fn unpin(&self, id: &BackupId) -> Result<(), Refused> {
        self.0.remove(&pin_key(id))
    }

    /// Removes a backup, with its pin.
    pub fn remove(&self, id: &BackupId) -> Result<(), Refused> {
        self.0.remove(&backup_key(id))?;
        self.unpin(id)
    }

    /// Removes it because a person wants it to be gone: it is not wanted again.
    pub fn remove_for_good(&self, id: &BackupId) -> Result<(), Refused> {
        self.remove(id)?;
        self.0.set(&removed_key(id), "1")
    }

    /// Those that a person removed.
    pub fn removals(&self) -> Result<BTreeSet<BackupId>, Refused> {
        let removed = |(_, key)| if let Key::Removed(id) = key { Some(id) } else { None };
        Ok(self.keys()?.into_iter().filter_map(removed).collect())
    }

    /// Forgets of those that a person removed all that nobody has any more.
    pub fn forget_removals(&self, known: &BTreeSet<BackupId>) -> Result<(), Refused> {
        self.removals()?.difference(known).try_for_each(|id| self.0.remove(&removed_key(id)))
    }

    /// Removes something that is no backup, if it is still none.
    pub fn remove_odd(&self, key: &str) -> Result<(), Refused> {
        let is_odd = self.contents()?.odd.iter().any(|odd| odd.key == key);
        if is_odd { self.0.remove(key) } else { Ok(()) }
    }

    /// Writes a backup in the place of older ones, as far as it needs theirs. When even that is not enough, they come back.
    fn place(&self, entry: &Entry, key: &str, text: &str) -> Result<(), NotKept> {
        let mut gone: Vec<(String, String)> = Vec::new();
        loop {
            let Err(refused) = self.0.set(key, text) else { return Ok(()) };
            let oldest = match refused {
                Refused::Full => first_to_go(&self.contents()?, entry),
                Refused::Denied => None,
            };
            let Some(oldest) = oldest.map(|id| backup_key(&id)) else {
                for (key, text) in &gone {
                    self.0.set(key, text)?;
                }
                return Err(refused.into());
            };
            let text = self.0.get(&oldest)?.unwrap_or_default();
            self.0.remove(&oldest)?;
            gone.push((oldest, text));
        }
    }

    /// The keys that are ours.
    fn keys(&self) -> Result<Vec<(String, Key)>, Refused> {
        let keys = self.0.keys()?.into_iter();
        Ok(keys.filter_map(|key| Key::parse(&key).map(|is| (key, is))).collect())
    }
}

impl Contents {
    /// Whether the ring has a place for a backup that is not here: those of the same installation that are not pinned
    /// leave one, or some of them are older.
    pub fn has_place_for(&self, id: &BackupId, installation: &str) -> bool {
        let ring: Vec<_> = self
            .held
            .iter()
            .filter(|held| !held.pinned && held.entry.backup.visible.installation == installation)
            .collect();
        ring.len() < RING || ring.iter().any(|held| held.entry.id() < id)
    }
}

fn pins(keys: &[(String, Key)]) -> BTreeSet<BackupId> {
    let pin = |(_, key): &(String, Key)| if let Key::Pin(id) = key { Some(id.clone()) } else { None };
    keys.iter().filter_map(pin).collect()
}

/// Backups of the same installation outrank those of others, which may be ahead of this one's clock; ids sort by time.
fn rank<'a>(entry: &'a Entry, placed: &Entry) -> (bool, &'a BackupId) {
    (entry.backup.visible.installation == placed.backup.visible.installation, entry.id())
}

/// The oldest other one that is not pinned.
fn oldest(contents: &Contents, placed: &Entry) -> Option<BackupId> {
    let others = contents.held.iter().filter(|held| !held.pinned).map(|held| &held.entry);
    let others = others.filter(|entry| entry.id() != placed.id());
    others.min_by_key(|entry| rank(entry, placed)).map(|entry| entry.id().clone())
}

/// The oldest one that is not pinned, if it is older than the one that needs its room.
fn first_to_go(contents: &Contents, placed: &Entry) -> Option<BackupId> {
    let oldest = oldest(contents, placed)?;
    let held = contents.held.iter().find(|held| *held.entry.id() == oldest)?;
    (rank(&held.entry, placed) < rank(placed, placed)).then_some(oldest)
}

#[cfg(test)]
mod tests;
