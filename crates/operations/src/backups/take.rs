//! Taking backups: when somebody asks, and before every change.
use super::{
    content::{Content, Taken, unwritable},
    envelope, no_id,
};
use crate::Operations;
use domain::{
    BackedUp, Backup, BackupName, BackupReason, Code, Context, Failure, MissedBackup, Mutation, OperationId,
};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{task::JoinHandle, time::timeout};

/// How many missed backups are remembered.
const MISSED: usize = 20;
/// How long a change waits for the backup before it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many requests for many targets are remembered; more are hardly under way at once.
const BULKS: usize = 16;

/// The backups before requests for many targets, newest last: each has one, and all its changes wait for it.
#[derive(Default)]
pub struct Bulks(Mutex<VecDeque<(OperationId, Shared<BoxFuture<'static, ()>>)>>);

impl Bulks {
    /// The backup before a request, which is the first one that was given for it.
    fn of(&self, bulk: &OperationId, backup: BoxFuture<'static, ()>) -> Shared<BoxFuture<'static, ()>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, begun)) = all.iter().find(|(known, _)| known == bulk) {
            return begun.clone();
        }
        let shared = backup.shared();
        all.push_back((bulk.clone(), shared.clone()));
        let surplus = all.len().saturating_sub(BULKS);
        all.drain(..surplus);
        shared
    }
}

impl Operations {
    /// Takes a backup. Without a name, when nothing has changed since the newest one, that one is the answer.
    ///
    /// # Errors
    /// Those of [`Operations::export`]; `CONFLICT` when the installation is being changed all the while; and
    /// `STORAGE_UNAVAILABLE`.
    pub async fn back_up(&self, actor: &str, name: Option<BackupName>) -> Result<BackedUp, Failure> {
        let content = self.look_together().await?;
        self.keep(content, actor, BackupReason::ByHand, name).await
    }

    /// Begins to take a backup before a change; nothing may be written before it has ended. One that cannot be taken is
    /// noted as missed and stops nothing. A request for many targets has one, before its first change.
    pub(crate) fn begin_backup(&self, change: &Mutation, context: &Context) -> JoinHandle<()> {
        let mut reason = BackupReason::before(change);
        if let (Some(_), BackupReason::Before { target, .. }) = (&context.bulk, &mut reason) {
            *target = None;
        }
        let (operations, actor) = (self.clone(), context.actor.clone());
        let backup = async move { operations.back_up_or_note(reason, actor).await };
        match &context.bulk {
            None => tokio::spawn(backup),
            Some(bulk) => tokio::spawn(self.0.backups.bulks.of(bulk, backup.boxed())),
        }
    }

    async fn back_up_or_note(&self, reason: BackupReason, actor: String) {
        let read = timeout(PATIENCE, self.look_together()).await;
        let read = read.unwrap_or_else(|_| {
            let message = format!("the installation could not be read within {PATIENCE:?}");
            Err(Failure::new(Code::UpstreamUnavailable, message))
        });
        let taken = match read {
            Ok(content) => self.keep(content, &actor, reason.clone(), None).await.map(drop),
            Err(failure) => Err(failure),
        };
        let Err(failure) = taken else { return };
        tracing::warn!(%reason, error = %failure, "no backup was taken before a change");
        let backups = &self.0.backups;
        let at = backups.clock.now();
        let mut missed = backups.missed();
        missed.push_back(MissedBackup { at, actor, reason, message: failure.message });
        let surplus = missed.len().saturating_sub(MISSED);
        missed.drain(..surplus);
        drop(missed);
        backups.tell();
    }

    /// Seals a content and keeps it, unless it has no name and is that of the newest backup.
    pub(super) async fn keep(
        &self,
        content: Arc<Content>,
        actor: &str,
        reason: BackupReason,
        name: Option<BackupName>,
    ) -> Result<BackedUp, Failure> {
        let backups = &self.0.backups;
        let seal = self.seal().await?;
        let id = backups.clock.new_id()?.as_str().parse().map_err(no_id)?;
        let taken = Taken { id, at: backups.clock.now(), actor: actor.to_owned(), reason };
        let (hash, newest) = (content.hash()?, self.shelf().await?.newest().await);
        let (named, told) = (name.is_some(), hash.clone());
        if let Some(newest) = newest.filter(|newest| !named && newest.hash == hash) {
            return Ok(BackedUp { backup: newest, new: false });
        }
        let sealed = self.off_the_runtime(move || {
            let visible = content.visible(taken, seal.installation(), told)?;
            let sealed = envelope::seal(&seal, visible, &content)?;
            let bytes = serde_json::to_vec(&sealed).map_err(unwritable)?;
            Ok::<_, Failure>((envelope::known(&sealed, bytes.len(), name), bytes))
        });
        let (backup, bytes) = sealed.await??;
        self.put(backup, &bytes, |newest| !named && newest.hash == hash).await
    }

    /// Puts a sealed backup on the shelf.
    pub(super) async fn put(
        &self,
        backup: Backup,
        bytes: &[u8],
        unless: impl FnOnce(&Backup) -> bool,
    ) -> Result<BackedUp, Failure> {
        let id = backup.id.clone();
        let backup = self.shelf().await?.add(backup, bytes, unless).await?;
        let new = backup.id == id;
        if new {
            self.0.backups.tell();
        }
        Ok(BackedUp { backup, new })
    }
}
