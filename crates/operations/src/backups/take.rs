//! Taking backups: when somebody asks, and before every change.
use super::{
    as_operation,
    content::{Content, Taken},
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
use tokio::{sync::oneshot, task::JoinHandle, time::sleep};
use tracing::Instrument;

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
        let content = self.look_together(|| {}).await?;
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
        let backup = async move { operations.back_up_or_note(reason, actor).await }.in_current_span();
        match &context.bulk {
            None => tokio::spawn(backup),
            Some(bulk) => tokio::spawn(self.0.backups.bulks.of(bulk, backup.boxed())),
        }
    }

    async fn back_up_or_note(&self, reason: BackupReason, actor: String) {
        let taken = match self.look_in_time().await {
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

    /// A look that may take so long. It waits longer for one that others began before, and takes theirs when they began it
    /// later.
    async fn look_in_time(&self) -> Result<Arc<Content>, Failure> {
        let (begins, begun) = oneshot::channel();
        let patience = async {
            // One of others ends by itself: none of its requests waits for ever.
            let _ = begun.await;
            sleep(PATIENCE).await;
        };
        tokio::select! {
            biased;
            read = self.look_together(|| begins.send(()).unwrap_or_default()) => read,
            () = patience => {
                let message = format!("the installation could not be read within {PATIENCE:?}");
                Err(Failure::new(Code::UpstreamUnavailable, message))
            }
        }
    }

    /// Seals a content and keeps it, unless it has no name and is that of the newest backup, and that one opens. What was
    /// imported is pinned.
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
        let (named, told, pinned) = (name.is_some(), hash.clone(), taken.reason == BackupReason::Imported);
        let same = newest.filter(|newest| !named && newest.hash == hash);
        if let Some(same) = &same {
            match self.open_backup(&same.id).await {
                Ok((backup, _)) => return Ok(BackedUp { backup, new: false }),
                Err(error) => tracing::warn!(id = %same.id, %error, "the newest backup does not open"),
            }
        }
        let useless = same.map(|same| same.id);
        let sealed = self.off_the_runtime(move || {
            let visible = content.visible(taken, seal.installation(), told)?;
            envelope::packed(&envelope::seal(&seal, visible, &content)?, name)
        });
        let (backup, bytes) = sealed.await?;
        let will_do = |newest: &Backup| !named && newest.hash == hash && Some(&newest.id) != useless.as_ref();
        self.put(Backup { pinned, ..backup }, &bytes, will_do).await
    }

    /// Puts a sealed backup on the shelf.
    pub(super) async fn put(
        &self,
        backup: Backup,
        bytes: &[u8],
        unless: impl FnOnce(&Backup) -> bool,
    ) -> Result<BackedUp, Failure> {
        let done = self.shelf().await?.add(backup, bytes, unless).await?;
        if done.new {
            // It may come from a time when the clock was ahead.
            self.0.backups.clock.go_beyond(&as_operation(&done.backup.id)?);
            self.0.backups.tell();
        }
        Ok(done)
    }
}
