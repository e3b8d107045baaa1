//! Backups as files that a passphrase opens: they survive the loss of the data directory, and another installation reads
//! them.
use super::{
    carry::refuse_keys,
    content::{Content, unwritable},
    envelope, passphrase,
};
use crate::{Operations, seal::Seal};
use domain::{
    BackedUp, Backup, BackupId, BackupName, BackupReason, Failure, Passphrase, SealedBackup, Visible,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

/// What a file begins with when it is decrypted. A proof and the JSON of [`Carried`] follow.
const MAGIC: &str = "agm-export 1 ";
/// What a file is proved with to be of this installation.
const PROOF: &str = "agm 2026-11 exported backup";
/// Each takes much memory, so one is made or opened at a time.
static TURN: Mutex<()> = Mutex::const_new(());

/// What such a file holds.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Carried {
    visible: Visible,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<BackupName>,
    content: Content,
}

/// A file that was opened.
struct Brought {
    name: Option<BackupName>,
    what: What,
}

/// Whose backup it is.
enum What {
    /// It left this installation: it is what it was.
    Own(SealedBackup),
    /// What it tells of its origin cannot be proved.
    Foreign(Content),
}

impl Operations {
    /// A backup as a text that opens with a passphrase, keys included.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when the passphrase is too short, and those of [`Operations::backup`].
    pub async fn export_backup(&self, id: &BackupId, passphrase: Passphrase) -> Result<String, Failure> {
        let (backup, content) = self.open_backup(id).await?;
        let seal = self.seal().await?;
        self.in_turn(move || write(&seal, &passphrase, backup, content)).await
    }

    /// Keeps such a text as a backup. One of this installation comes back as it was, and stays as it is when it is here;
    /// any other is imported, and sealed with the key of this installation. `name` goes before the one in the text.
    ///
    /// # Errors
    /// `INVALID_REQUEST` when the passphrase is missing or wrong; `SEAL_BROKEN` when the text is no whole backup.
    pub async fn import_encrypted(
        &self,
        text: String,
        passphrase: Option<Passphrase>,
        actor: &str,
        name: Option<BackupName>,
    ) -> Result<BackedUp, Failure> {
        let needed = || passphrase::wrong("the file is encrypted: it needs the passphrase".into());
        let given = passphrase.ok_or_else(needed)?;
        let seal = self.seal().await?;
        let Brought { name: own, what } = self.in_turn(move || read(&seal, given, &text)).await?;
        let name = name.or(own);
        match what {
            What::Foreign(content) => {
                refuse_keys(&content.file)?;
                self.keep(Arc::new(content), actor, BackupReason::Imported, name).await
            }
            What::Own(sealed) => self.adopt_backup(sealed, name).await,
        }
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let turn = TURN.lock().await;
        self.off_the_runtime(move || {
            // Held to the end of the work, even when nobody waits for it any more.
            let _turn = turn;
            work()
        })
        .await
    }
}

fn write(seal: &Seal, passphrase: &Passphrase, backup: Backup, content: Content) -> Result<String, Failure> {
    let visible = content.visible_of(&backup, seal.installation())?;
    let name = backup.name;
    let json = Zeroizing::new(serde_json::to_vec(&Carried { visible, name, content }).map_err(unwritable)?);
    let begin = format!("{MAGIC}{}\n", seal.keyed_hash(PROOF, &json));
    let whole = Zeroizing::new([begin.as_bytes(), &json].concat());
    let deflated = envelope::deflate(&whole).map_err(|error| envelope::broken(error.to_string()))?;
    passphrase::encrypt(passphrase, &deflated)
}

fn read(seal: &Seal, passphrase: Passphrase, text: &str) -> Result<Brought, Failure> {
    let deflated = passphrase::decrypt(passphrase, text)?;
    let none = || envelope::broken("what is encrypted is no backup of this version".into());
    let whole = envelope::inflate(&deflated, envelope::INFLATED).map_err(|_| none())?;
    let rest = whole.strip_prefix(MAGIC.as_bytes()).ok_or_else(none)?;
    let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(none)?;
    let (proof, json) = (rest.get(..end).unwrap_or_default(), rest.get(end + 1..).unwrap_or_default());
    let Carried { visible, name, content } =
        serde_json::from_slice(json).map_err(envelope::not_understood)?;
    let what = match seal.keyed_hash(PROOF, json).as_bytes() == proof {
        true => What::Own(envelope::seal(seal, visible, &content)?),
        false => What::Foreign(content),
    };
    Ok(Brought { name, what })
}
