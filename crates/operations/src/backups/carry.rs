//! Backups that leave the server and that come to it.
use super::{
    content::{Content, unwritable},
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
        let content = self.open_read(&backup, body).await?;
        let seal = self.seal().await?;
        self.off_the_runtime(move || {
            let visible = content.visible_of(&backup, seal.installation())?;
            envelope::seal(&seal, visible, &content)
        })
        .await
    }

    /// Keeps a sealed backup that left this server before, pinned, so that it neither goes next nor pushes another one out.
    /// One that is here already stays as it is, name and all; where its file does not open any more, this one takes its
    /// place.
    ///
    /// # Errors
    /// `SEAL_BROKEN` and `SEAL_KEY_UNKNOWN` when it cannot be opened: nothing of it is believed then. `CONFLICT` when
    /// another backup has its id.
    pub async fn adopt_backup(
        &self,
        sealed: SealedBackup,
        name: Option<BackupName>,
    ) -> Result<BackedUp, Failure> {
        let seal = self.seal().await?;
        let opened = self.off_the_runtime(move || {
            envelope::open(&seal, &sealed)?;
            envelope::packed(&sealed, name)
        });
        let (backup, bytes) = opened.await?;
        let sealed = Backup { pinned: true, ..backup };
        let done = self.put(sealed.clone(), &bytes, |_| false).await?;
        if done.backup.hash != sealed.hash {
            let message = format!("there is another backup {}", sealed.id);
            return Err(Failure::new(Code::Conflict, message).hint(
                "Two copies of this installation took backups. Remove the one that is here, and give this one again.",
            ));
        }
        if done.new || self.open_backup(&sealed.id).await.is_ok() {
            return Ok(done);
        }
        let backup = self.shelf().await?.exchange(sealed, &bytes).await?;
        self.0.backups.tell();
        Ok(BackedUp { backup, new: true })
    }

    /// Keeps a declarative file as a backup, pinned.
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
