//! The server's own backups: the declarative file of the installation, taken before every change and on demand, kept in
//! the data directory. They hold no keys; a restore keeps the keys that are there.
mod file;
mod shelf;
#[cfg(test)]
mod tests;

use crate::{Clock, Exported, Operations, news::Board, reads::Together};
use domain::{
    BackedUp, Backup, BackupContent, BackupId, BackupName, BackupReason, Backups, Code, Context, Declared,
    Failure, MissedBackup, Mutation, NameError, OperationId, Plan, Restore, Topic, rules::redacted,
};
use file::Content;
use shelf::Shelf;
use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::OnceCell, task::JoinHandle, time::timeout};

/// How many backups are kept beside the pinned ones.
const KEPT: usize = 50;
/// How many missed ones are remembered.
const MISSED: usize = 20;
/// How long a change waits for the backup before it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What all backups of this process share.
pub struct Store {
    clock: Clock,
    data_dir: PathBuf,
    shelf: OnceCell<Shelf>,
    reads: Together<Result<Arc<Exported>, Failure>>,
    missed: Mutex<VecDeque<MissedBackup>>,
    board: Board,
    /// The newest request for many targets before which a backup was taken.
    bulk: tokio::sync::Mutex<Option<OperationId>>,
}

/// How things are now, as a backup would keep it.
pub struct Present {
    pub exported: Arc<Exported>,
    /// That of every backup of the same state.
    pub hash: String,
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
            bulk: tokio::sync::Mutex::default(),
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
        Ok(Backups {
            backups: shelf.list().await,
            kept: u32::try_from(KEPT).unwrap_or(u32::MAX),
            missed: self.0.backups.missed().iter().rev().cloned().collect(),
            damaged: shelf.damaged().to_vec(),
        })
    }

    /// Takes a backup. Without a name, when nothing has changed since the newest one, that one is the answer.
    ///
    /// # Errors
    /// Those of [`Operations::export`], and `STORAGE_UNAVAILABLE`.
    pub async fn back_up(&self, actor: &str, name: Option<BackupName>) -> Result<BackedUp, Failure> {
        let exported = self.read_all().await?;
        self.keep(&exported, actor, BackupReason::ByHand, name).await
    }

    /// What a backup taken now would hold. Keeps nothing.
    ///
    /// # Errors
    /// Those of [`Operations::export`].
    pub async fn present(&self) -> Result<Present, Failure> {
        let exported = self.read_all().await?;
        let hash = content_of(&exported).hash().map_err(unwritable)?;
        Ok(Present { exported, hash })
    }

    /// Keeps a file as a backup.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when the file is wrong or holds keys or references to them.
    pub async fn import_backup(
        &self,
        file: Declared,
        actor: &str,
        name: Option<BackupName>,
    ) -> Result<BackedUp, Failure> {
        refuse_keys(&file)?;
        let exported = Exported { file, left_out: Vec::new() };
        self.keep(&exported, actor, BackupReason::Imported, name).await
    }

    /// A backup with its content.
    ///
    /// # Errors
    /// `NOT_FOUND`; `STORAGE_UNAVAILABLE` when its file cannot be read or is damaged.
    pub async fn backup(&self, id: &BackupId) -> Result<BackupContent, Failure> {
        self.shelf().await?.read(id).await
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

    /// A restore with what its backup holds; anything else as it is.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when the backup does not hold a wanted item, and those of [`Operations::backup`].
    pub(crate) async fn opened(&self, mutation: Mutation) -> Result<Mutation, Failure> {
        let Mutation::Restore(wish) = mutation else { return Ok(mutation) };
        let file = self.backup(&wish.backup).await?.file;
        wish.open(file, None).map(Mutation::Restore)
    }

    /// Begins to take a backup before a change; nothing may be written before it has ended. One that cannot be taken is
    /// noted as missed and stops nothing. A request for many targets has one, before its first change.
    pub(crate) fn begin_backup(&self, change: &Mutation, context: &Context) -> JoinHandle<()> {
        let (operations, context) = (self.clone(), context.clone());
        let mut reason = BackupReason::before(change);
        if let (Some(_), BackupReason::Before { target, .. }) = (&context.bulk, &mut reason) {
            *target = None;
        }
        tokio::spawn(async move { operations.back_up_before(reason, &context).await })
    }

    async fn back_up_before(&self, reason: BackupReason, context: &Context) {
        let Some(bulk) = &context.bulk else { return self.back_up_or_note(reason, context).await };
        // Held meanwhile: no other target may be changed before the backup is taken.
        let mut newest = self.0.backups.bulk.lock().await;
        if newest.as_ref() != Some(bulk) {
            self.back_up_or_note(reason, context).await;
            *newest = Some(bulk.clone());
        }
    }

    async fn back_up_or_note(&self, reason: BackupReason, context: &Context) {
        let read = timeout(PATIENCE, self.read_all()).await;
        let read = read.unwrap_or_else(|_| {
            let message = format!("the installation could not be read within {PATIENCE:?}");
            Err(Failure::new(Code::UpstreamUnavailable, message))
        });
        let taken = match read {
            Ok(exported) => self.keep(&exported, &context.actor, reason.clone(), None).await.map(drop),
            Err(failure) => Err(failure),
        };
        let Err(failure) = taken else { return };
        tracing::warn!(%reason, error = %failure, "no backup was taken before a change");
        let backups = &self.0.backups;
        let (at, actor) = (backups.clock.now(), context.actor.clone());
        let mut missed = backups.missed();
        missed.push_back(MissedBackup { at, actor, reason, message: failure.message });
        let surplus = missed.len().saturating_sub(MISSED);
        missed.drain(..surplus);
        drop(missed);
        backups.tell();
    }

    async fn read_all(&self) -> Result<Arc<Exported>, Failure> {
        self.0.backups.reads.read(async { Box::pin(self.export()).await.map(Arc::new) }).await
    }

    async fn shelf(&self) -> Result<&Shelf, Failure> {
        let backups = &self.0.backups;
        let open = || async {
            // Nobody else may use the data directory meanwhile.
            self.0.engine.books().await?;
            let disk = self.0.clients.disk.clone();
            let shelf = Shelf::open(disk, &backups.data_dir, KEPT).await?;
            // The clock may have gone back since.
            if let Some(newest) = shelf.list().await.first() {
                backups.clock.go_beyond(&as_operation(&newest.id)?);
            }
            Ok::<_, Failure>(shelf)
        };
        backups.shelf.get_or_try_init(open).await
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

    async fn keep(
        &self,
        exported: &Exported,
        actor: &str,
        reason: BackupReason,
        name: Option<BackupName>,
    ) -> Result<BackedUp, Failure> {
        let backups = &self.0.backups;
        let shelf = self.shelf().await?;
        let content = content_of(exported);
        let bytes = serde_json::to_vec(&content).map_err(unwritable)?;
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let id = backups.clock.new_id()?.as_str().parse().map_err(no_id)?;
        let named = name.is_some();
        let backup = Backup {
            id,
            taken_at: backups.clock.now(),
            actor: actor.to_owned(),
            reason,
            name,
            pinned: false,
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            providers: count(content.file.providers.len()),
            routes: count(content.file.routes.len()),
            agents: count(content.file.assignments.all().count()),
            hash: content.hash().map_err(unwritable)?,
            sealed_with: None,
        };
        let (id, hash) = (backup.id.clone(), backup.hash.clone());
        let backup = shelf.add(backup, &bytes, |newest| !named && newest.hash == hash).await?;
        let new = backup.id == id;
        if new {
            backups.tell();
        }
        Ok(BackedUp { backup, new })
    }
}

fn content_of(exported: &Exported) -> Content {
    Content { file: exported.file.clone(), left_out: exported.left_out.clone() }
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::new(Code::Internal, error.to_string())
}

/// Ids of both kinds are made by one clock.
fn as_operation(id: &BackupId) -> Result<OperationId, Failure> {
    id.as_str().parse().map_err(no_id)
}

fn no_id(error: NameError) -> Failure {
    Failure::new(Code::Internal, error.to_string())
}

/// What lies in a backup lies in clear.
fn refuse_keys(file: &Declared) -> Result<(), Failure> {
    if let Some(first) = file.errors().into_iter().next() {
        return Err(Failure::field(first.field, first.message));
    }
    for (index, provider) in file.providers.iter().enumerate() {
        let json = serde_json::to_value(provider)
            .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
        if provider.tokens.is_some() || redacted(&json) != json {
            return Err(Failure::field(
                format!("providers[{index}]"),
                "a backup holds no keys: take them out",
            ));
        }
    }
    Ok(())
}
