//! A backup as it leaves this crate: what anybody may see of it, and the whole of it, compressed and sealed. What is seen
//! is bound to what is sealed: neither can be changed or exchanged.
use super::content::{Content, unwritable};
use crate::{
    journal::JournalError,
    seal::{self, Seal, SealError},
};
use domain::{Backup, BackupName, Code, Failure, SealedBackup, Visible};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// What the visible part of a backup is bound with.
const BOUND: &str = "agm backup";
/// More bytes than any content has: what inflates to more is none.
pub const INFLATED: u64 = 64 * 1024 * 1024;

/// Seals a backup.
///
/// # Errors
/// `STORAGE_UNAVAILABLE` when it is larger than what is opened again; `INTERNAL` when there are no random numbers or it
/// cannot be written as JSON.
pub fn seal(seal: &Seal, visible: Visible, content: &Content) -> Result<SealedBackup, Failure> {
    let json = Zeroizing::new(serde_json::to_vec(content).map_err(unwritable)?);
    refuse_beyond(INFLATED, json.len())?;
    let deflated = deflate(&json).map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    let sealed = seal.seal(&bound_to(SealedBackup::FORM, &visible)?, &deflated).map_err(unopened)?;
    Ok(SealedBackup { agm_backup: SealedBackup::FORM, visible, sealed })
}

/// Opens a backup, which proves that it is whole and from here.
///
/// # Errors
/// `SEAL_KEY_UNKNOWN` when another installation sealed it or its key is lost; `SEAL_BROKEN` when it was changed, or is
/// none that this version knows.
pub fn open(seal: &Seal, backup: &SealedBackup) -> Result<Content, Failure> {
    let SealedBackup { agm_backup: form, visible, sealed } = backup;
    if *form != SealedBackup::FORM {
        let known = SealedBackup::FORM;
        return Err(broken(format!("it has the form {form} of another agm, this one knows {known}")));
    }
    let deflated = seal.unseal(&bound_to(*form, visible)?, sealed).map_err(unopened)?;
    let json = inflate(&deflated, INFLATED).map_err(|error| broken(format!("its content: {error}")))?;
    serde_json::from_slice(&json).map_err(not_understood)
}

/// Nothing is sealed that would not open.
pub fn refuse_beyond(limit: u64, bytes: usize) -> Result<(), JournalError> {
    if bytes as u64 > limit {
        return Err(JournalError::Unwritable(format!("what a backup holds may have {limit} bytes")));
    }
    Ok(())
}

/// A sealed backup as the body of a file, and what is known of it.
pub fn packed(backup: &SealedBackup, name: Option<BackupName>) -> Result<(Backup, Vec<u8>), Failure> {
    let bytes = serde_json::to_vec(backup).map_err(unwritable)?;
    Ok((known(backup, bytes.len(), name), bytes))
}

/// What is known of a sealed backup that has so many bytes.
pub fn known(backup: &SealedBackup, bytes: usize, name: Option<BackupName>) -> Backup {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let Visible { id, taken_at, actor, reason, hash, providers, routes, agents, .. } = backup.visible.clone();
    Backup {
        id,
        taken_at,
        actor,
        reason,
        name,
        pinned: false,
        bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
        providers: count(providers.len()),
        routes: count(routes.len()),
        agents: count(agents.len()),
        hash,
        sealed_with: seal::key_of(&backup.sealed).map(str::to_owned),
    }
}

/// Why something was not sealed or not opened, as the one error of the API.
pub fn unopened(error: SealError) -> Failure {
    match error {
        SealError::OtherKey(_) => Failure::new(Code::SealKeyUnknown, error.to_string()).hint(
            "Another installation sealed it, or its key is lost. What it shows without its key must not be trusted.",
        ),
        SealError::Malformed | SealError::Broken => broken(error.to_string()),
        SealError::DamagedKey(_) | SealError::Full | SealError::Io(_) | SealError::NoRandomness(_) => {
            JournalError::Seal(error).into()
        }
    }
}

/// It is no backup of this installation, or not any more.
pub fn broken(why: String) -> Failure {
    Failure::new(Code::SealBroken, why)
        .hint("It was changed, or is damaged or put together from several. Use another copy of it, or another backup.")
}

/// What should be a backup, or its content, is another JSON.
pub fn not_understood(error: serde_json::Error) -> Failure {
    broken(format!("its content cannot be understood: {error}"))
}

fn bound_to(form: u32, visible: &Visible) -> Result<Vec<u8>, Failure> {
    let mut bound = format!("{BOUND} {form} ").into_bytes();
    serde_json::to_writer(&mut bound, visible).map_err(unwritable)?;
    Ok(bound)
}

/// Compresses bytes.
pub fn deflate(bytes: &[u8]) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish().map(Zeroizing::new)
}

/// What was compressed, unless it is more than so many bytes.
pub fn inflate(bytes: &[u8], limit: u64) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut inflated = Zeroizing::new(Vec::new());
    DeflateDecoder::new(bytes).take(limit + 1).read_to_end(&mut inflated)?;
    if inflated.len() as u64 > limit { Err(std::io::ErrorKind::FileTooLarge.into()) } else { Ok(inflated) }
}
