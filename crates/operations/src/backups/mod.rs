//! The server's own backups: how the installation was before every change and when somebody asked, keys included, sealed
//! in the data directory.
//!
//! [`look`] reads, [`content`] is what a backup holds, [`envelope`] seals it, [`shelf`] keeps it in a [`file`]; [`take`],
//! [`carry`] and [`original`] are the ways onto the shelf, [`back`] finds the one to go back to, [`keys`] changes what
//! seals. [`portable`] files open elsewhere too, with a [`passphrase`].
mod back;
mod carry;
mod content;
mod envelope;
mod file;
mod keys;
mod look;
mod original;
pub(crate) mod passphrase;
mod portable;
mod shelf;
mod take;
#[cfg(test)]
mod tests;

use crate::{Clock, Exported, Operations, journal::JournalError, news::Board, reads::Together, seal::Seal};
pub(crate) use content::Content;
use content::Documents;
use domain::{
    Backup, BackupContent, BackupId, BackupName, Backups, Code, Failure, MissedBackup, Mutation, NameError,
    OperationId, Plan, Restore, SealedBackup, Topic,
};
pub use original::Original;
use shelf::Shelf;
use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::OnceCell;

pub use passphrase::is_encrypted;

/// How many backups are kept beside the pinned ones.
const KEPT: usize = 50;

/// What all backups of this process share.
pub struct Store {
    clock: Clock,
    data_dir: PathBuf,
    shelf: OnceCell<Shelf>,
    reads: Together<Result<Arc<Content>, Failure>>,
    missed: Mutex<VecDeque<MissedBackup>>,
    board: Board,
    bulks: take::Bulks,
}

/// How things are now, as a backup would keep it.
pub struct Present {
    pub exported: Arc<Exported>,
    /// That of every backup of the same state.
    pub hash: String,
    /// See [`Operations::last_other_backup`].
    pub last: Option<Backup>,
}

impl Store {
    /// Reads and writes nothing yet.
    pub fn new(clock: Clock, data_dir: PathBuf, board: Board) -> Self {
        Self {
            clock,
            data_dir,
            shelf: OnceCell::new(),
            reads: Together::default(),
            missed: Mutex::default(),
            board,
            bulks: take::Bulks::default(),
        }
    }

    fn missed(&self) -> MutexGuard<'_, VecDeque<MissedBackup>> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        self.board.tell(&[Topic::Backups]);
    }
}

impl Operations {
    /// All backups, and which could not be taken or cannot be read.
    ///
    /// # Errors
    /// `STORAGE_UNAVAILABLE` when the data directory cannot be used.
    pub async fn backups(&self) -> Result<Backups, Failure> {
        let shelf = self.shelf().await?;
        let (backups, damaged) = (shelf.list().await, shelf.damaged().await);
        Ok(Backups {
            backups,
            kept: u32::try_from(KEPT).unwrap_or(u32::MAX),
            missed: self.0.backups.missed().iter().rev().cloned().collect(),
            damaged,
        })
    }

    /// What a backup taken now would hold. Keeps nothing.
    ///
    /// # Errors
    /// Those of [`Operations::back_up`].
    pub async fn present(&self) -> Result<Present, Failure> {
        let content = self.look_together(|| {}).await?;
        let hash = content.hash()?;
        let last = self.leading_back_from(&content, &hash).await?;
        Ok(Present { exported: Arc::new(content.exported()), hash, last })
    }

    /// A backup with its content, without its keys.
    ///
    /// # Errors
    /// `NOT_FOUND`; `SEAL_BROKEN` and `SEAL_KEY_UNKNOWN` when it cannot be opened; `STORAGE_UNAVAILABLE` when its file
    /// cannot be read or is damaged.
    pub async fn backup(&self, id: &BackupId) -> Result<BackupContent, Failure> {
        let (backup, Content { file, left_out, originals, .. }) = self.open_backup(id).await?;
        let documents = originals.as_ref().map(Documents::shown).transpose()?;
        Ok(BackupContent { backup, file, left_out, documents })
    }

    /// What would change if the backup was restored now. Its warnings say what would not come back. Changes nothing.
    pub async fn compare_backup(&self, id: &BackupId) -> Result<Plan, Failure> {
        self.plan(&Mutation::Restore(Restore::whole(id.clone()))).await
    }

    /// Pins a backup, so that it is never removed to make place, or unpins it.
    pub async fn pin_backup(&self, id: &BackupId, pinned: bool) -> Result<Backup, Failure> {
        self.change_backup(id, |backup| backup.pinned = pinned).await
    }

    /// Gives a backup another name, or none.
    pub async fn rename_backup(&self, id: &BackupId, name: Option<BackupName>) -> Result<Backup, Failure> {
        self.change_backup(id, |backup| backup.name = name).await
    }

    /// Removes a backup.
    ///
    /// # Errors
    /// `CONFLICT` when it is pinned.
    pub async fn delete_backup(&self, id: &BackupId) -> Result<(), Failure> {
        self.shelf().await?.remove(id).await?;
        self.0.backups.tell();
        Ok(())
    }

    /// A restore with what its backup holds of the wanted things, keys included; anything else, and what is opened
    /// already, as it is.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when the backup does not hold a wanted item, and those of [`Operations::backup`].
    pub(crate) async fn opened(&self, mutation: Mutation) -> Result<Mutation, Failure> {
        let Mutation::Restore(wish @ Restore { opened: None, .. }) = mutation else {
            return Ok(mutation);
        };
        let (_, content) = self.open_backup(&wish.backup).await?;
        let originals = content.originals(&self.0.installation.gateway_host)?;
        wish.open(content.file, originals).map(Mutation::Restore)
    }

    /// A backup of the shelf with all that it holds.
    pub(crate) async fn open_backup(&self, id: &BackupId) -> Result<(Backup, Content), Failure> {
        let (backup, body) = self.shelf().await?.read(id).await?;
        let content = self.open_read(&backup, body).await?;
        Ok((backup, content))
    }

    /// What a backup holds whose file was read.
    async fn open_read(&self, backup: &Backup, body: Vec<u8>) -> Result<Content, Failure> {
        let (seal, told) = (self.seal().await?, backup.clone());
        self.off_the_runtime(move || match told.sealed_with {
            None => serde_json::from_slice(&body).map_err(envelope::not_understood),
            Some(_) => opened_as(&seal, &told, &body),
        })
        .await
    }

    async fn shelf(&self) -> Result<&Shelf, Failure> {
        let backups = &self.0.backups;
        let open = || async {
            // Nobody else may use the data directory meanwhile.
            self.0.engine.books().await?;
            let disk = self.0.clients.disk.clone();
            let shelf = Shelf::open(disk, &backups.data_dir, KEPT).await?;
            // The clock may have gone back since.
            if let Some(newest) = shelf.newest().await {
                backups.clock.go_beyond(&as_operation(&newest.id)?);
            }
            Ok::<_, Failure>(shelf)
        };
        backups.shelf.get_or_try_init(open).await
    }

    async fn seal(&self) -> Result<Arc<Seal>, Failure> {
        Ok(self.0.engine.books().await?.journal.seal().clone())
    }

    /// A look that several share; `begins` is called before it, unless it is another's.
    async fn look_together(&self, begins: impl FnOnce()) -> Result<Arc<Content>, Failure> {
        let look = async {
            begins();
            Box::pin(self.settled_look()).await.map(Arc::new)
        };
        self.0.backups.reads.read(look).await
    }

    async fn change_backup(
        &self,
        id: &BackupId,
        change: impl FnOnce(&mut Backup),
    ) -> Result<Backup, Failure> {
        let backup = self.shelf().await?.change(id, change).await?;
        self.0.backups.tell();
        Ok(backup)
    }

    /// Sealing and opening take their time where many agents are: not on the threads that answer.
    async fn off_the_runtime<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let done = disk::on(&self.0.clients.disk, move |_| work()).await;
        done.map_err(|error| JournalError::broken_off(&error))?
    }
}

/// Opens what a file holds, which must be what the file tells.
fn opened_as(seal: &Seal, told: &Backup, body: &[u8]) -> Result<Content, Failure> {
    let sealed: SealedBackup = serde_json::from_slice(body).map_err(envelope::not_understood)?;
    let content = envelope::open(seal, &sealed)?;
    let known = envelope::known(&sealed, body.len(), told.name.clone());
    if (Backup { pinned: told.pinned, ..known }) != *told {
        return Err(envelope::broken("what its file tells of it is not what was sealed".into()));
    }
    Ok(content)
}

/// Ids of both kinds are made by one clock.
fn as_operation(id: &BackupId) -> Result<OperationId, Failure> {
    id.as_str().parse().map_err(no_id)
}

fn no_id(error: NameError) -> Failure {
    Failure::new(Code::Internal, error.to_string())
}
