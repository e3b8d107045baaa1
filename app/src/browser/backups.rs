//! The backups that this browser keeps: sealed, each under a key of its own, the newest ones beside those that are pinned.
//! Nothing here touches a key of somebody else's, and nothing is kept before it was read back.
use super::{
    entry::{Entry, Key, backup_key, pin_key, removed_key},
    storage::{Refused, Texts},
};
use domain::BackupId;
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

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

/// Backups of the same installation outrank those of others, which may be ahead of this one's clock; ids sort by time.
type Rank = (bool, BackupId);

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
    /// The room is used by newer ones.
    Outranked,
    /// There is no room, and an older one that had made room could not be put back.
    Lost,
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

/// Where the backups lie. Which one goes is decided by their keys.
#[derive(Debug)]
pub struct Store<T> {
    pub texts: T,
    /// Of which installation a backup is, once it was read: that never changes.
    known: RefCell<BTreeMap<BackupId, String>>,
}

impl<T: Texts> Store<T> {
    pub fn of(texts: T) -> Self {
        Self { texts, known: RefCell::default() }
    }

    /// All of it, to be shown.
    pub fn contents(&self) -> Result<Contents, Refused> {
        let mut contents = Contents::default();
        let keys = self.keys()?;
        let pinned = pins(&keys);
        for (key, is) in keys {
            let Some(text) = self.texts.get(&key)? else { continue };
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

    /// The ids under which something lies, in order.
    pub fn ids(&self) -> Result<BTreeSet<BackupId>, Refused> {
        let held = |(_, key)| if let Key::Backup(id) = key { Some(id) } else { None };
        Ok(self.keys()?.into_iter().filter_map(held).collect())
    }

    /// What lies at the place of a backup, whatever it is.
    pub fn text(&self, id: &BackupId) -> Result<Option<String>, Refused> {
        self.texts.get(&backup_key(id))
    }

    /// One of them.
    pub fn get(&self, id: &BackupId) -> Result<Option<Entry>, Refused> {
        Ok(self.text(id)?.and_then(|text| Entry::parse(id, &text)))
    }

    /// Keeps a backup: lets the oldest ones go that are not pinned until there is room, reads back what was written, and
    /// then lets those go that are too many. It never lets go of the one that it has just kept.
    pub fn keep(&self, entry: &Entry) -> Result<(), NotKept> {
        let key = backup_key(entry.id());
        let lies_there = self.texts.get(&key)?;
        if lies_there.is_some_and(|text| Entry::parse(entry.id(), &text).is_none()) {
            return Err(NotKept::Occupied);
        }
        let text = serde_json::to_string(entry).map_err(|_| NotKept::NotReadBack)?;
        self.place(entry, &key, &text)?;
        if self.texts.get(&key) != Ok(Some(text)) {
            // What cannot be read back must not pass for a backup.
            self.texts.remove(&key)?;
            return Err(NotKept::NotReadBack);
        }
        let is_pinned = self.texts.get(&pin_key(entry.id()))?.is_some();
        let others = self.others(entry)?;
        let too_many = (others.len() + usize::from(!is_pinned)).saturating_sub(RING);
        others.iter().take(too_many).try_for_each(|(_, surplus)| self.remove(surplus))?;
        Ok(())
    }

    /// Keeps it until it is unpinned.
    pub fn pin(&self, id: &BackupId) -> Result<(), NotKept> {
        let key = pin_key(id);
        self.texts.set(&key, "1")?;
        if self.texts.get(&key)?.is_some() { Ok(()) } else { Err(NotKept::NotReadBack) }
    }

    /// Lets it go when newer ones need its place.
    pub fn unpin(&self, id: &BackupId) -> Result<(), Refused> {
        self.texts.remove(&pin_key(id))
    }

    /// Removes a backup, with its pin.
    pub fn remove(&self, id: &BackupId) -> Result<(), Refused> {
        self.texts.remove(&backup_key(id))?;
        self.unpin(id)
    }

    /// Removes it because a person wants it to be gone: it is not wanted again.
    pub fn remove_for_good(&self, id: &BackupId) -> Result<(), Refused> {
        self.remove(id)?;
        self.texts.set(&removed_key(id), "1")
    }

    /// Whether a person removed it.
    pub fn is_removed(&self, id: &BackupId) -> Result<bool, Refused> {
        Ok(self.texts.get(&removed_key(id))?.is_some())
    }

    /// Those that a person removed.
    pub fn removals(&self) -> Result<BTreeSet<BackupId>, Refused> {
        let removed = |(_, key)| if let Key::Removed(id) = key { Some(id) } else { None };
        Ok(self.keys()?.into_iter().filter_map(removed).collect())
    }

    /// Forgets of those that a person removed all that nobody has any more.
    pub fn forget_removals(&self, known: &BTreeSet<BackupId>) -> Result<(), Refused> {
        self.removals()?.difference(known).try_for_each(|id| self.texts.remove(&removed_key(id)))
    }

    /// Removes something that is no backup, if it is still none.
    pub fn remove_odd(&self, key: &str) -> Result<(), Refused> {
        let is_odd = match (Key::parse(key), self.texts.get(key)?) {
            (Some(Key::Odd), _) => true,
            (Some(Key::Backup(id)), Some(text)) => Entry::parse(&id, &text).is_none(),
            _ => false,
        };
        if is_odd { self.texts.remove(key) } else { Ok(()) }
    }

    /// Whether the ring has a place for a backup that is not here: those of the same installation that are not pinned
    /// leave one, or some of them are older.
    pub fn has_place_for(&self, id: &BackupId, installation: &str) -> Result<bool, Refused> {
        let keys = self.keys()?;
        let ring = unpinned(&keys);
        if ring.len() < RING {
            return Ok(true);
        }
        let mut newer = 0;
        for held in ring {
            if self.installation(held)?.is_some_and(|of| of == installation) {
                if held < id {
                    return Ok(true);
                }
                newer += 1;
            }
        }
        Ok(newer < RING)
    }

    /// Of which installation a backup is. None: what lies there is none.
    pub fn installation(&self, id: &BackupId) -> Result<Option<String>, Refused> {
        if let Some(known) = self.known.borrow().get(id) {
            return Ok(Some(known.clone()));
        }
        let read = self.get(id)?.map(|entry| entry.installation().to_owned());
        if let Some(read) = &read {
            self.known.borrow_mut().insert(id.clone(), read.clone());
        }
        Ok(read)
    }

    /// The others that are not pinned, with the rank of each, the first to go first.
    fn others(&self, placed: &Entry) -> Result<Vec<Rank>, Refused> {
        let keys = self.keys()?;
        let mut others = Vec::new();
        for id in unpinned(&keys).into_iter().filter(|id| *id != placed.id()) {
            if let Some(of) = self.installation(id)? {
                others.push((of == placed.installation(), id.clone()));
            }
        }
        others.sort();
        Ok(others)
    }

    /// Writes a backup in the place of older ones, as far as it needs theirs. When even that is not enough, they come back.
    fn place(&self, entry: &Entry, key: &str, text: &str) -> Result<(), NotKept> {
        let Err(mut refused) = self.texts.set(key, text) else { return Ok(()) };
        let own = (true, entry.id().clone());
        let others = self.others(entry)?;
        let mut gone: Vec<(String, String)> = Vec::new();
        for (_, oldest) in others.iter().take_while(|other| **other < own) {
            if refused != Refused::Full {
                break;
            }
            // What became something else meanwhile is not ours to take away.
            let Some(text_of_oldest) = self.text(oldest)?.filter(|text| Entry::parse(oldest, text).is_some())
            else {
                continue;
            };
            let oldest = backup_key(oldest);
            self.texts.remove(&oldest)?;
            gone.push((oldest, text_of_oldest));
            match self.texts.set(key, text) {
                Ok(()) => return Ok(()),
                Err(again) => refused = again,
            }
        }
        // The newest first: they are worth most when not all of them fit any more.
        let lost = gone.iter().rev().filter(|(key, text)| self.texts.set(key, text).is_err()).count();
        Err(match refused {
            _ if lost > 0 => NotKept::Lost,
            Refused::Full if others.last().is_some_and(|newest| *newest > own) => NotKept::Outranked,
            refused => refused.into(),
        })
    }

    /// The keys that are ours.
    fn keys(&self) -> Result<Vec<(String, Key)>, Refused> {
        let keys = self.texts.keys()?.into_iter();
        Ok(keys.filter_map(|key| Key::parse(&key).map(|is| (key, is))).collect())
    }
}

fn pins(keys: &[(String, Key)]) -> BTreeSet<BackupId> {
    let pin = |(_, key): &(String, Key)| if let Key::Pin(id) = key { Some(id.clone()) } else { None };
    keys.iter().filter_map(pin).collect()
}

/// The keys of those that may go.
fn unpinned(keys: &[(String, Key)]) -> Vec<&BackupId> {
    let pinned = pins(keys);
    let held = keys.iter().filter_map(|(_, key)| if let Key::Backup(id) = key { Some(id) } else { None });
    held.filter(|id| !pinned.contains(*id)).collect()
}

#[cfg(test)]
mod tests;
