//! `agm backup export|import`: backups as files.
use super::{Call, error::CliError, show::document};
use crate::http::{AdoptBackup, BackupLabel, ExportBackup, ImportBackup};
use clap::Args;
use domain::{BackedUp, BackupId, BackupName, SealedBackup};
use serde::Serialize;
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

#[derive(Args)]
pub struct PassphraseArg {
    /// Read the passphrase from a file that only its owner may read [default: asks, or standard input].
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
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
    write(&file, &text, over).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            CliError::Usage(format!("{} is there already: --force writes over it", file.display()))
        }
        _ => CliError::Usage(format!("{}: {error}", file.display())),
    })?;
    let written = Written { backup, file };
    document(call.json, &written, || vec![format!("{}\t{}", written.backup, written.file.display())])
}

/// The whole file or nothing of it, for its owner alone.
fn write(file: &Path, text: &str, over: bool) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut half = NamedTempFile::new_in(folder)?;
    half.write_all(text.as_bytes())?;
    half.as_file().sync_all()?;
    if over {
        half.persist(file)?
    } else {
        half.persist_noclobber(file)?
    };
    Ok(())
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
