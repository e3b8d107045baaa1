//! `agm backup export|import`: backups as files.
use super::{Call, error::CliError, show::document, whole_file};
use crate::http::{AdoptBackup, BackupLabel, ExportBackup, ImportBackup};
use clap::Args;
use domain::{BackedUp, BackupId, BackupName, SealedBackup};
use serde::Serialize;
use std::{
    io::Write,
    path::{Path, PathBuf},
};

#[derive(Args)]
pub struct PassphraseArg {
    /// Read the passphrase from a file that only its owner may read [default: asks, or standard input].
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// Which backup went to which file.
#[derive(Serialize)]
struct Written {
    backup: BackupId,
    file: PathBuf,
}

/// Writes a backup to a file that opens with a passphrase.
pub async fn export(
    call: &Call,
    backup: BackupId,
    file: PathBuf,
    over: bool,
    passphrase: &PassphraseArg,
) -> Result<(), CliError> {
    let passphrase = call.client.passphrase(passphrase.passphrase_file.as_deref(), true)?;
    let path = ["backups", backup.as_str(), "export"];
    let text = call.client.post_for_text(&path, &ExportBackup { passphrase }).await?;
    whole_file::write(&file, over, |half| Ok(half.write_all(text.as_bytes())?))?;
    let written = Written { backup, file };
    document(call.json, &written, || vec![format!("{}\t{}", written.backup, written.file.display())])
}

/// Keeps a file as a backup, whichever of the three kinds it is of.
pub async fn import(
    call: &Call,
    file: &Path,
    name: Option<BackupName>,
    passphrase: &PassphraseArg,
) -> Result<BackedUp, CliError> {
    let text = call.client.document(file)?;
    if let Ok(sealed) = serde_json::from_str::<SealedBackup>(&text) {
        let BackedUp { mut backup, new } =
            call.client.post(&["backups", "adopt"], &AdoptBackup { sealed }).await?;
        if name.is_some() {
            let rename = ["backups", backup.id.as_str(), "rename"];
            backup = call.client.post(&rename, &BackupLabel { name }).await?;
        }
        return Ok(BackedUp { backup, new });
    }
    let given = passphrase.passphrase_file.as_deref();
    let passphrase = match operations::is_encrypted(&text) {
        true if given.is_none() && file == Path::new("-") => {
            let both = "standard input cannot hold both the file and the passphrase: use --passphrase-file";
            return Err(CliError::Usage(both.into()));
        }
        true => Some(call.client.passphrase(given, false)?),
        false => None,
    };
    call.client.post(&["backups", "import"], &ImportBackup { text, passphrase, name }).await
}
