//! The folder of the backups: a file each, the newest ones beside those that are pinned.
use super::file;
use crate::journal::JournalError;
use disk::{Attributes, Disk, InstallError, Temporary};
use domain::{BackedUp, Backup, BackupId, Code, DamagedBackup, Failure};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Mutex;

/// The folder, in the data directory.
const FOLDER: &str = "backups";
/// Half-written backups.
const TEMPORARY: Temporary = Temporary(".backup-");
/// The most bytes that a backup may have.
const LIMIT: usize = 16 * 1024 * 1024;

/// The backups of a data directory, which this process alone uses.
pub struct Shelf {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    /// How many are kept beside the pinned ones.
    kept: usize,
    found: Mutex<Found>,
}

/// What is in the folder.
struct Found {
    known: BTreeMap<BackupId, Backup>,
    damaged: Vec<DamagedBackup>,
}

impl Shelf {
    /// Makes the folder when it is missing, sweeps what a crash left half-written, and reads what is known of each
    /// backup.
    pub async fn open(disk: Arc<dyn Disk>, data_dir: &Path, kept: usize) -> Result<Self, JournalError> {
        let folder = data_dir.join(FOLDER);
        let path = folder.clone();
        let found = work(&disk, move |disk| read_all(disk, &path)).await?;
        for damaged in &found.damaged {
            tracing::error!(file = damaged.file, why = damaged.message, "a backup cannot be read");
        }
        Ok(Self { disk, folder, kept, found: Mutex::new(found) })
    }

    /// Newest first.
    pub async fn list(&self) -> Vec<Backup> {
        self.found.lock().await.known.values().rev().cloned().collect()
    }

    /// Files that hold no backup that can be read.
    pub async fn damaged(&self) -> Vec<DamagedBackup> {
        self.found.lock().await.damaged.clone()
    }

    /// The one with the greatest id.
    pub async fn newest(&self) -> Option<Backup> {
        self.found.lock().await.known.last_key_value().map(|(_, newest)| newest.clone())
    }

    /// What is known of a backup. None: it is not there.
    pub async fn find(&self, id: &BackupId) -> Option<Backup> {
        self.found.lock().await.known.get(id).cloned()
    }

    /// Writes a backup durably, and lets go of the oldest that are not pinned, but never of this one, whatever its id
    /// says of its age. None is written when there is one with its id, or when `unless` says that the newest one will do:
    /// that one is returned then.
    pub async fn add(
        &self,
        backup: Backup,
        body: &[u8],
        unless: impl FnOnce(&Backup) -> bool,
    ) -> Result<BackedUp, Failure> {
        let mut found = self.found.lock().await;
        let Found { known, damaged } = &mut *found;
        let newest = known.last_key_value().map(|(_, newest)| newest).filter(|newest| unless(newest));
        if let Some(there) = known.get(&backup.id).or(newest) {
            return Ok(BackedUp { backup: there.clone(), new: false });
        }
        self.write(&backup, body).await?;
        known.insert(backup.id.clone(), backup.clone());
        damaged.retain(|damaged| damaged.file != file_name(&backup.id));
        let loose = known.values().rev().filter(|other| !other.pinned && other.id != backup.id);
        // Beside the one just added.
        let kept = self.kept.saturating_sub(usize::from(!backup.pinned));
        let surplus: Vec<_> = loose.skip(kept).map(|old| old.id.clone()).collect();
        for old in surplus {
            match self.erase(&old).await {
                Ok(()) => drop(known.remove(&old)),
                Err(error) => tracing::warn!(%old, %error, "an old backup stays"),
            }
        }
        Ok(BackedUp { backup, new: true })
    }

    /// What a backup's file says of it, and its body.
    pub async fn read(&self, id: &BackupId) -> Result<(Backup, Vec<u8>), Failure> {
        if self.find(id).await.is_none() {
            return Err(no_backup(id));
        }
        match self.load(id).await {
            // Somebody removed it meanwhile.
            Err(_) if self.find(id).await.is_none() => Err(no_backup(id)),
            read => Ok(read?),
        }
    }

    /// Changes what is known of a backup.
    pub async fn change(&self, id: &BackupId, change: impl FnOnce(&mut Backup)) -> Result<Backup, Failure> {
        let known = &mut self.found.lock().await.known;
        let mut backup = known.get(id).ok_or_else(|| no_backup(id))?.clone();
        change(&mut backup);
        let (_, body) = self.load(id).await?;
        self.write(&backup, &body).await?;
        known.insert(id.clone(), backup.clone());
        Ok(backup)
    }

    /// Puts another copy of a backup in its place. Its name and whether it is pinned stay.
    pub async fn exchange(&self, sealed: Backup, body: &[u8]) -> Result<Backup, Failure> {
        let known = &mut self.found.lock().await.known;
        let present = known.get(&sealed.id).ok_or_else(|| no_backup(&sealed.id))?;
        let backup = Backup { name: present.name.clone(), pinned: present.pinned, ..sealed };
        self.write(&backup, body).await?;
        known.insert(backup.id.clone(), backup.clone());
        Ok(backup)
    }

    /// Removes a backup that is not pinned.
    pub async fn remove(&self, id: &BackupId) -> Result<(), Failure> {
        let known = &mut self.found.lock().await.known;
        if known.get(id).ok_or_else(|| no_backup(id))?.pinned {
            return Err(
                Failure::new(Code::Conflict, format!("backup {id} is pinned")).hint("Unpin it first.")
            );
        }
        self.erase(id).await?;
        known.remove(id);
        Ok(())
    }

    async fn load(&self, id: &BackupId) -> Result<(Backup, Vec<u8>), JournalError> {
        let (path, own) = (path_of(&self.folder, id), id.clone());
        let read = work(&self.disk, move |disk| {
            let bytes = disk::read(disk, &path, LIMIT).map_err(|error| JournalError::io(&path, error))?;
            Ok(file::parse(&bytes, &own).map(|(known, body)| (known, body.to_vec())))
        });
        read.await?.map_err(|why| self.unreadable(id, why))
    }

    async fn write(&self, backup: &Backup, body: &[u8]) -> Result<(), JournalError> {
        let bytes =
            file::to_bytes(backup, body).map_err(|error| JournalError::Unwritable(error.to_string()))?;
        if bytes.len() > LIMIT {
            return Err(JournalError::Unwritable(format!("a backup may have {LIMIT} bytes")));
        }
        let path = path_of(&self.folder, &backup.id);
        let write = move |disk: &dyn Disk| {
            disk::replace(disk, &path, &bytes, Attributes::PRIVATE, TEMPORARY)
                .map_err(|error| JournalError::io(&path, InstallError::into_io(error)))
        };
        work(&self.disk, write).await
    }

    async fn erase(&self, id: &BackupId) -> Result<(), JournalError> {
        let (path, folder) = (path_of(&self.folder, id), self.folder.clone());
        let erase = move |disk: &dyn Disk| match disk.remove(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(JournalError::io(&path, error)),
            _ => disk.sync_dir(&folder).map_err(|error| JournalError::io(&folder, error)),
        };
        work(&self.disk, erase).await
    }

    /// A file of a backup that cannot be understood.
    pub fn unreadable(&self, id: &BackupId, why: String) -> JournalError {
        JournalError::Unreadable { path: path_of(&self.folder, id), why }
    }
}

async fn work<T: Send + 'static>(
    disk: &Arc<dyn Disk>,
    work: impl FnOnce(&dyn Disk) -> Result<T, JournalError> + Send + 'static,
) -> Result<T, JournalError> {
    disk::on(disk, work).await.map_err(|error| JournalError::broken_off(&error))?
}

fn read_all(disk: &dyn Disk, folder: &Path) -> Result<Found, JournalError> {
    let failed = |error| JournalError::io(folder, error);
    disk::make_dirs(disk, folder, 0o700).map_err(failed)?;
    if let Err(error) = disk::sweep(disk, folder, TEMPORARY) {
        tracing::warn!(%error, "half-written backups stay in their folder");
    }
    let (mut known, mut damaged) = (BTreeMap::new(), Vec::new());
    for name in disk.list(folder).map_err(failed)? {
        let Some(id) = id_in(&name) else { continue };
        match read_one(disk, &path_of(folder, &id), &id) {
            Ok(backup) => drop(known.insert(id, backup)),
            Err(message) => {
                damaged.push(DamagedBackup { file: name.to_string_lossy().into_owned(), message });
            }
        }
    }
    Ok(Found { known, damaged })
}

fn read_one(disk: &dyn Disk, path: &Path, id: &BackupId) -> Result<Backup, String> {
    let bytes = disk::read(disk, path, LIMIT).map_err(|error| error.to_string())?;
    file::parse(&bytes, id).map(|(known, _)| known)
}

fn path_of(folder: &Path, id: &BackupId) -> PathBuf {
    folder.join(file_name(id))
}

fn file_name(id: &BackupId) -> String {
    format!("{id}.json")
}

fn id_in(name: &OsStr) -> Option<BackupId> {
    name.to_str()?.strip_suffix(".json")?.parse().ok()
}

fn no_backup(id: &BackupId) -> Failure {
    Failure::new(Code::NotFound, format!("there is no backup {id}"))
        .hint("The oldest ones go when new ones are taken, unless they are pinned.")
}
