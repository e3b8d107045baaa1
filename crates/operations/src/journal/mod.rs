//! What is under way, on disk: one file an operation, written before the first change and again at every turn, so that
//! a start after a crash knows what to look at.
mod error;
mod files;
mod images;
mod record;
#[cfg(test)]
mod tests;

pub use error::JournalError;
pub use files::LOCK;
pub use record::{Kept, Record, RequestMark};

use crate::seal::Seal;
use disk::{Disk, Lock};
use domain::OperationId;
use record::Sealed;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The journal of a data directory, which it holds against other processes.
pub struct Journal {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    seal: Arc<Seal>,
    /// The records that are there, and whether each has ended for good.
    ended: Mutex<BTreeMap<OperationId, bool>>,
    /// What was sealed last of each operation that has not ended for good.
    sealed: Mutex<BTreeMap<OperationId, Sealed>>,
    /// Intents whose writing failed: they may be on disk all the same. Locked while they are removed, so that none of them
    /// is written anew meanwhile.
    doubtful: tokio::sync::Mutex<Vec<PathBuf>>,
    _lock: Lock,
}

/// What a journal held when it was opened.
#[derive(Debug, Default)]
pub struct Found {
    /// Oldest first.
    pub records: Vec<Record>,
    /// Files that hold no record that can be understood, those set aside at earlier starts included.
    pub quarantined: Vec<Quarantined>,
}

/// A record that cannot be understood. It is kept for a person to look at, and its targets must not be written: what the
/// operation did to them is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Where it lies now.
    pub file: PathBuf,
    /// For people.
    pub why: String,
    /// From its header or, when that cannot be read, from its name.
    pub id: Option<OperationId>,
    /// The names of the locks that it held; empty when its header cannot be read.
    pub held: Vec<String>,
    /// The objects that it changes; empty when its header cannot be read.
    pub objects: Vec<String>,
}

impl Journal {
    /// Makes what is missing of the data directory (for this user alone), takes its lock, sweeps what a crash left
    /// half-written, reads all records, and sets those aside that hold no record.
    ///
    /// # Errors
    /// [`JournalError::InUse`] when another process has the directory; anything else means that the disk does not give
    /// a record or takes none now, so nothing may be changed; reads can go on, and opening can be tried again.
    pub async fn open(disk: Arc<dyn Disk>, data_dir: &Path) -> Result<(Self, Found), JournalError> {
        let data_dir = data_dir.to_owned();
        let opened = disk::on(&disk, move |disk| files::open(disk, &data_dir)).await;
        let files::Opened { folder, seal, lock, found } =
            opened.map_err(|error| JournalError::broken_off(&error))??;
        let ended = found.records.iter().map(|record| (record.operation.id.clone(), record.has_ended()));
        let ended = Mutex::new(ended.collect());
        let (sealed, doubtful) = (Mutex::default(), tokio::sync::Mutex::default());
        Ok((Self { disk, folder, seal: Arc::new(seal), ended, sealed, doubtful, _lock: lock }, found))
    }

    /// Writes a record, durably when this returns without an error. After an error the old one or the new one is there,
    /// whole.
    pub async fn save(&self, record: &Record) -> Result<(), JournalError> {
        let (id, has_ended) = (record.operation.id.clone(), record.has_ended());
        let path = files::path_of(&self.folder, &id);
        let before = locked(&self.sealed).remove(&id);
        let sealed = record.sealed(&self.seal, before)?;
        let bytes = record.to_bytes(&sealed)?;
        if !has_ended {
            locked(&self.sealed).insert(id.clone(), sealed);
        }
        let saved = disk::on(&self.disk, move |disk| files::save(disk, &path, &bytes)).await;
        saved.map_err(|error| JournalError::broken_off(&error))??;
        locked(&self.ended).insert(id, has_ended);
        Ok(())
    }

    /// Writes the first record of an operation. After an error the operation must not begin; should the record be on disk
    /// all the same, nothing else is begun until it is gone, or the next start would take it up and undo what others did
    /// since.
    pub async fn begin(&self, record: &Record) -> Result<(), JournalError> {
        self.clear_doubtful().await?;
        let begun = self.save(record).await;
        if begun.is_err() {
            let path = files::path_of(&self.folder, &record.operation.id);
            self.doubtful.lock().await.push(path);
            locked(&self.sealed).remove(&record.operation.id);
        }
        begun
    }

    /// Removes, durably, the intents whose writing failed.
    ///
    /// # Errors
    /// The disk does not let them be removed now.
    pub async fn clear_doubtful(&self) -> Result<(), JournalError> {
        let mut doubtful = self.doubtful.lock().await;
        if doubtful.is_empty() {
            return Ok(());
        }
        let (folder, gone) = (self.folder.clone(), doubtful.clone());
        let cleared = disk::on(&self.disk, move |disk| {
            for path in gone {
                match disk.remove(&path) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(JournalError::io(&path, error));
                    }
                    _ => {}
                }
            }
            disk.sync_dir(&folder).map_err(|error| JournalError::io(&folder, error))
        });
        cleared.await.map_err(|error| JournalError::broken_off(&error))??;
        doubtful.clear();
        Ok(())
    }

    /// Reads one record; none when there is none.
    pub async fn load(&self, id: &OperationId) -> Result<Option<Record>, JournalError> {
        let (path, seal, id) = (files::path_of(&self.folder, id), self.seal.clone(), id.clone());
        let loaded = disk::on(&self.disk, move |disk| files::load(disk, &path, &id, &seal)).await;
        loaded.map_err(|error| JournalError::broken_off(&error))?
    }

    /// Tries whether a record could be written now, and leaves nothing behind.
    pub async fn probe(&self) -> Result<(), JournalError> {
        let folder = self.folder.clone();
        let probed = disk::on(&self.disk, move |disk| files::probe(disk, &folder)).await;
        probed.map_err(|error| JournalError::broken_off(&error))?
    }

    /// The files that hold no record that can be understood, where they were set aside.
    pub async fn set_aside(&self) -> Result<Vec<PathBuf>, JournalError> {
        let folder = self.folder.clone();
        let listed = disk::on(&self.disk, move |disk| files::set_aside_in(disk, &folder)).await;
        listed.map_err(|error| JournalError::broken_off(&error))?
    }

    /// Removes the oldest records that have ended for good, but for the newest `keep` of them.
    pub async fn prune(&self, keep: usize) {
        let old: Vec<_> = {
            let ended = locked(&self.ended);
            let ended: Vec<_> = ended.iter().filter(|(_, ended)| **ended).map(|(id, _)| id.clone()).collect();
            ended.into_iter().rev().skip(keep).collect()
        };
        for id in old {
            let path = files::path_of(&self.folder, &id);
            match disk::on(&self.disk, move |disk| disk.remove(&path)).await.and_then(|removed| removed) {
                Ok(()) => drop(locked(&self.ended).remove(&id)),
                Err(error) => tracing::warn!(%id, %error, "an old record stays in the journal"),
            }
        }
    }

    /// What the images are sealed with.
    pub fn seal(&self) -> &Arc<Seal> {
        &self.seal
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
