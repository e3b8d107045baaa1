//! The files of the journal, and what is done to them. All of it may wait for the disk.
use super::{
    Found, JournalError, Quarantined,
    record::{Header, Record},
};
use crate::{format, seal::Seal};
use disk::{Attributes, Disk, Draft, InstallError, Lock, Temporary};
use domain::OperationId;
use std::{
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
};

/// The folder of the records, in the data directory.
const FOLDER: &str = "journal";
/// The folder of those that cannot be read, in the folder of the records.
const QUARANTINE: &str = "quarantine";
/// Held by the one process that uses the data directory.
pub const LOCK: &str = "lock";
/// Half-written records.
const TEMPORARY: Temporary = Temporary(".journal-");
/// More than any record has.
const LIMIT: usize = 64 * 1024 * 1024;
/// How many records of one name can be set aside.
const SAME_NAME: usize = 1000;

/// An opened journal.
pub struct Opened {
    pub folder: PathBuf,
    pub seal: Seal,
    pub lock: Lock,
    pub found: Found,
}

/// Where the record of an operation lies.
pub fn path_of(folder: &Path, id: &OperationId) -> PathBuf {
    folder.join(format!("{id}.json"))
}

/// Opens the journal of a data directory.
pub fn open(disk: &dyn Disk, data_dir: &Path) -> Result<Opened, JournalError> {
    let folder = data_dir.join(FOLDER);
    let quarantine = folder.join(QUARANTINE);
    disk::make_dirs(disk, data_dir, 0o700).map_err(|error| JournalError::io(data_dir, error))?;
    let lock = disk.lock(&data_dir.join(LOCK)).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => JournalError::InUse(data_dir.to_owned()),
        _ => JournalError::io(&data_dir.join(LOCK), error),
    })?;
    format::check(disk, data_dir)?;
    let seal = Seal::open(disk, data_dir)?;
    for folder in [&folder, &quarantine] {
        disk::make_dirs(disk, folder, 0o700).map_err(|error| JournalError::io(folder, error))?;
    }
    if let Err(error) = disk::sweep(disk, &folder, TEMPORARY) {
        tracing::warn!(%error, "half-written records stay in the journal");
    }
    let found = read_all(disk, &folder, &quarantine, &seal)?;
    Ok(Opened { folder, seal, lock, found })
}

/// Writes a record durably.
pub fn save(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    disk::replace(disk, path, bytes, Attributes::PRIVATE, TEMPORARY)
        .map_err(InstallError::into_io)
        .map_err(|error| JournalError::io(path, error))
}

/// Writes something and takes it away again.
pub fn probe(disk: &dyn Disk, folder: &Path) -> Result<(), JournalError> {
    let never = folder.join("probe");
    let draft = Draft::write(disk, &never, b"can this be written?", Attributes::PRIVATE, TEMPORARY);
    draft.map(drop).map_err(|error| JournalError::io(folder, error))
}

/// What was set aside of the records of this folder.
pub fn set_aside_in(disk: &dyn Disk, folder: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let quarantine = folder.join(QUARANTINE);
    let names = disk.list(&quarantine).map_err(|error| JournalError::io(&quarantine, error))?;
    Ok(names.into_iter().map(|name| quarantine.join(name)).collect())
}

/// Reads the record of an operation.
pub fn load(
    disk: &dyn Disk,
    path: &Path,
    id: &OperationId,
    seal: &Seal,
) -> Result<Option<Record>, JournalError> {
    let bytes = match disk::read(disk, path, LIMIT) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(JournalError::io(path, error)),
    };
    let record = parse(&bytes, id, seal);
    record.map(Some).map_err(|why| JournalError::Unreadable { path: path.to_owned(), why })
}

fn parse(bytes: &[u8], id: &OperationId, seal: &Seal) -> Result<Record, String> {
    let record = Record::parse(bytes, seal)?;
    if record.operation.id == *id { Ok(record) } else { Err("its name is that of another operation".into()) }
}

fn read_all(disk: &dyn Disk, folder: &Path, quarantine: &Path, seal: &Seal) -> Result<Found, JournalError> {
    let list = |folder: &Path| disk.list(folder).map_err(|error| JournalError::io(folder, error));
    let mut found = Found::default();
    for name in list(quarantine)? {
        let file = quarantine.join(&name);
        let bytes = readable(disk, &file)?.unwrap_or_default();
        let why = "it was set aside at an earlier start".to_owned();
        found.quarantined.push(quarantined(file, &name, why, &bytes));
    }
    for name in list(folder)? {
        let Some(id) = id_in(&name).filter(|id| path_of(folder, id) == folder.join(&name)) else { continue };
        match read_one(disk, folder, quarantine, &id, seal)? {
            Ok(record) => found.records.push(record),
            Err(quarantined) => {
                let Quarantined { file, why, .. } = &quarantined;
                tracing::error!(file = %file.display(), why, "a record of the journal cannot be read");
                found.quarantined.push(quarantined);
            }
        }
    }
    Ok(found)
}

fn read_one(
    disk: &dyn Disk,
    folder: &Path,
    quarantine: &Path,
    id: &OperationId,
    seal: &Seal,
) -> Result<Result<Record, Quarantined>, JournalError> {
    let file = path_of(folder, id);
    let name = file.file_name().unwrap_or_default();
    let bytes = readable(disk, &file)?;
    let parsed = bytes.as_deref().ok_or_else(|| "it is no record".to_owned());
    Ok(parsed.and_then(|bytes| parse(bytes, id, seal)).map_err(|why| {
        let aside = set_aside(disk, folder, quarantine, name).unwrap_or_else(|error| {
            tracing::error!(file = %file.display(), %error, "a record could not be set aside");
            file.clone()
        });
        quarantined(aside, name, why, &bytes.unwrap_or_default())
    }))
}

/// None: something that is no record. What the disk does not give now may be whole: the journal is opened again later.
fn readable(disk: &dyn Disk, file: &Path) -> Result<Option<Vec<u8>>, JournalError> {
    match disk::read(disk, file, LIMIT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::FileTooLarge | io::ErrorKind::IsADirectory) => {
            Ok(None)
        }
        Err(error) => Err(JournalError::io(file, error)),
    }
}

fn quarantined(file: PathBuf, name: &OsStr, why: String, bytes: &[u8]) -> Quarantined {
    match Header::parse(bytes) {
        Some(Header { id, held, objects }) => Quarantined { file, why, id: Some(id), held, objects },
        None => Quarantined { file, why, id: id_in(name), held: Vec::new(), objects: Vec::new() },
    }
}

/// Moves a record to the quarantine. Nothing there is ever replaced.
fn set_aside(disk: &dyn Disk, folder: &Path, quarantine: &Path, name: &OsStr) -> io::Result<PathBuf> {
    let names = std::iter::once(name.to_owned()).chain((1..SAME_NAME).map(|again| {
        let mut other = OsString::from(name);
        other.push(format!(".{again}"));
        other
    }));
    for other in names {
        let to = quarantine.join(other);
        match disk.metadata(&to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                disk.rename(&folder.join(name), &to)?;
                // The new name first: a crash in between may leave both, but never none.
                disk.sync_dir(quarantine)?;
                disk.sync_dir(folder)?;
                return Ok(to);
            }
            Err(error) => return Err(error),
            Ok(_) => {}
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// The operation of a file of this name, `<id>.json`, with a number behind it in the quarantine.
fn id_in(name: &OsStr) -> Option<OperationId> {
    let (id, rest) = name.to_str()?.split_once('.')?;
    (rest == "json" || rest.starts_with("json.")).then(|| id.parse().ok())?
}
