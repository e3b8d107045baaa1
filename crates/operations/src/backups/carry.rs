//! Backups that leave the server and that come to it.
use super::{
    content::{Content, Taken, unwritable},
    envelope,
};
use crate::Operations;
use domain::{
    BackedUp, Backup, BackupId, BackupName, BackupReason, Code, Declared, Failure, SealedBackup,
    rules::redacted,
};
use std::sync::Arc;

impl Operations {
    /// A backup to be kept by somebody who cannot open it. One of an older version, which lies in clear, is sealed for
    /// this.
    ///
    /// # Errors
    /// Those of [`Operations::backup`].
    pub async fn sealed_backup(&self, id: &BackupId) -> Result<SealedBackup, Failure> {
        let (backup, body) = self.shelf().await?.read(id).await?;
        if backup.sealed_with.is_some() {
            return serde_json::from_slice(&body).map_err(envelope::not_understood);
        }
        let (_, content) = self.open_backup(id).await?;
        let seal = self.seal().await?;
        let sealed = self.off_the_runtime(move || {
            let Backup { id, taken_at: at, actor, reason, hash, .. } = backup;
            let visible = content.visible(Taken { id, at, actor, reason }, seal.installation(), hash)?;
            envelope::seal(&seal, visible, &content)
        });
        sealed.await?
    }

    /// Keeps a sealed backup that left this server before. One that is here already stays as it is.
    ///
    /// # Errors
    /// `SEAL_BROKEN` and `SEAL_KEY_UNKNOWN` when it cannot be opened: nothing of it is believed then. `CONFLICT` when
    /// another backup has its id.
    pub async fn adopt_backup(&self, sealed: SealedBackup) -> Result<BackedUp, Failure> {
        let seal = self.seal().await?;
        let opened = self.off_the_runtime(move || {
            envelope::open(&seal, &sealed)?;
            let bytes = serde_json::to_vec(&sealed).map_err(unwritable)?;
            Ok::<_, Failure>((envelope::known(&sealed, bytes.len(), None), bytes))
        });
        let (backup, bytes) = opened.await??;
        match self.shelf().await?.find(&backup.id).await {
            Some(known) if known.hash == backup.hash => return Ok(BackedUp { backup: known, new: false }),
            Some(known) => {
                let message = format!("there is another backup {}", known.id);
                return Err(Failure::new(Code::Conflict, message)
                    .hint("Two copies of this installation took backups. Import it as a file instead."));
            }
            None => {}
        }
        self.put(backup, &bytes, |_| false).await
    }

    /// Keeps a declarative file as a backup.
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
        self.keep(Arc::new(Content::of_file(file)), actor, BackupReason::Imported, name).await
    }
}

/// Who imports a file holds a copy of it in clear.
pub(super) fn refuse_keys(file: &Declared) -> Result<(), Failure> {
    if let Some(first) = file.errors().into_iter().next() {
        return Err(Failure::field(first.field, first.message));
    }
    for (index, provider) in file.providers.iter().enumerate() {
        let json = serde_json::to_value(provider).map_err(unwritable)?;
        if provider.tokens.is_some() || redacted(&json) != json {
            return Err(Failure::field(
                format!("providers[{index}]"),
                "a declarative file holds no keys: take them out",
            ));
        }
    }
    Ok(())
}
