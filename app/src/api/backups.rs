//! Sealed backups as a person in the browser asks for them.
use super::{
    Success,
    client::{read, send},
};
use crate::error::ApiError;
use domain::{BackedUp, Backup, BackupId, BackupName, SealedBackup, SealedOriginal, VerifiedBackup};
use serde::Serialize;
use serde_json::Value;

/// A sealed backup that is sent to the server.
#[derive(Serialize)]
struct Sent<'a> {
    sealed: &'a SealedBackup,
}

/// A backup of the server, as it may leave it.
pub async fn sealed_backup(id: &BackupId) -> Result<SealedBackup, ApiError> {
    read("backups", id.as_str(), "/sealed").await
}

/// What a backup is to be called.
#[derive(Serialize)]
struct Label<'a> {
    name: &'a BackupName,
}

/// Lets the server keep a sealed backup that it no longer has, under its name.
pub async fn adopt(sealed: &SealedBackup, name: Option<&BackupName>) -> Result<(), ApiError> {
    let BackedUp { backup, new } = send::<Success<_>>("backups/adopt", &Sent { sealed }).await?.answer;
    if let (Some(name), true) = (name, new) {
        send::<Success<Backup>>(&format!("backups/{}/rename", backup.id), &Label { name }).await?;
    }
    Ok(())
}

/// Lets the server open a sealed backup, and say what is in it.
pub async fn open_backup(sealed: &SealedBackup) -> Result<VerifiedBackup, ApiError> {
    Ok(send::<Success<_>>("backups/verify", &Sent { sealed }).await?.answer)
}

/// Lets the server seal the clear-text backup of the plugin that was there before.
pub async fn seal_original(original: &Value) -> Result<SealedOriginal, ApiError> {
    Ok(send::<Success<_>>("backups/original", original).await?.answer)
}
