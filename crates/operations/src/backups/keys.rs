//! Whether backups open, and the keys that they are sealed with.
use super::{Content, envelope, opened_as};
use crate::{Operations, seal::Seal};
use domain::{
    Backup, BackupId, Code, Failure, NotResealed, Resealed, SealKeys, SealedBackup, VerifiedBackup,
};

impl Operations {
    /// Opens a backup, and tells what is in it.
    ///
    /// # Errors
    /// Those of [`Operations::backup`].
    pub async fn verify_backup(&self, id: &BackupId) -> Result<VerifiedBackup, Failure> {
        let (backup, content) = self.open_backup(id).await?;
        verified(backup, &content)
    }

    /// Opens a sealed backup that somebody else kept, and tells what is in it. Keeps nothing of it.
    ///
    /// # Errors
    /// `SEAL_BROKEN` and `SEAL_KEY_UNKNOWN` when it cannot be opened.
    pub async fn verify_sealed(&self, sealed: SealedBackup) -> Result<VerifiedBackup, Failure> {
        let seal = self.seal().await?;
        self.off_the_runtime(move || {
            let content = envelope::open(&seal, &sealed)?;
            verified(envelope::packed(&sealed, None)?.0, &content)
        })
        .await
    }

    /// Makes another key, with which everything is sealed from now on. What was sealed before opens as before.
    ///
    /// # Errors
    /// `STORAGE_UNAVAILABLE` when the key cannot be kept.
    pub async fn rotate_seal_key(&self) -> Result<SealKeys, Failure> {
        let (seal, data_dir) = (self.seal().await?, self.0.backups.data_dir.clone());
        let rotated = disk::on(&self.0.clients.disk, move |disk| {
            seal.rotate(disk, &data_dir)?;
            Ok(SealKeys { key: seal.id(), older: seal.older() })
        });
        let keys = rotated.await.map_err(|error| crate::journal::JournalError::broken_off(&error))?;
        let keys = keys.map_err(envelope::unopened)?;
        tracing::info!(key = keys.key, "the seal key was changed");
        Ok(keys)
    }

    /// Seals every backup with the newest key that is sealed with an older one. Those of older versions, which lie in
    /// clear and hold no keys, stay as they are.
    ///
    /// # Errors
    /// `STORAGE_UNAVAILABLE` when the data directory cannot be used; of single backups the answer tells.
    pub async fn reseal_backups(&self) -> Result<Resealed, Failure> {
        let (seal, shelf) = (self.seal().await?, self.shelf().await?);
        let newest = Some(seal.id());
        let mut done = Resealed { resealed: 0, failed: Vec::new() };
        for backup in shelf.list().await {
            if backup.sealed_with.is_none() || backup.sealed_with == newest {
                continue;
            }
            match self.reseal(&backup.id).await {
                Ok(()) => done.resealed += 1,
                // Somebody removed it meanwhile.
                Err(gone) if gone.code == Code::NotFound => {}
                Err(why) => {
                    done.failed.push(NotResealed { id: backup.id, code: why.code, message: why.message })
                }
            }
        }
        self.0.backups.tell();
        Ok(done)
    }

    async fn reseal(&self, id: &BackupId) -> Result<(), Failure> {
        let shelf = self.shelf().await?;
        let (told, body) = shelf.read(id).await?;
        let seal = self.seal().await?;
        let sealed = self.off_the_runtime(move || sealed_anew(&seal, &told, &body));
        let (backup, bytes) = sealed.await?;
        shelf.exchange(backup, &bytes).await.map(drop)
    }
}

fn verified(backup: Backup, content: &Content) -> Result<VerifiedBackup, Failure> {
    let (providers, routes) = match &content.originals {
        Some(originals) => (originals.providers.len(), originals.routes.len()),
        None => (content.file.providers.len(), content.file.routes.len()),
    };
    let (agents, keys) = (content.file.assignments.all().count(), content.keys()?);
    let sealed_with = backup.sealed_with.clone();
    Ok(VerifiedBackup { backup, opened: true, sealed_with, providers, routes, agents, keys })
}

fn sealed_anew(seal: &Seal, told: &Backup, body: &[u8]) -> Result<(Backup, Vec<u8>), Failure> {
    let content: Content = opened_as(seal, told, body)?;
    let SealedBackup { visible, .. } = serde_json::from_slice(body).map_err(envelope::not_understood)?;
    envelope::packed(&envelope::seal(seal, visible, &content)?, None)
}
