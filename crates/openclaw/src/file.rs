//! Replacing a config file in one piece.
use disk::{Attributes, Disk, Draft, InstallError, Kind, Temporary};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// More than any config has; HiClaw's own are about 10 KB.
const LIMIT: usize = 4 * 1024 * 1024;
/// Half-written configs, beside the one whose place they shall take.
const TEMPORARY: Temporary = Temporary(".openclaw-");

/// The BLAKE3 hash of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHash(blake3::Hash);

/// Why a file was not read or not replaced. Unless it says otherwise the file is what it was.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{0} is not there")]
    Missing(PathBuf),
    /// A folder or a device.
    #[error("{0} is no regular file")]
    NotAFile(PathBuf),
    #[error("{0} is larger than a config can be")]
    TooLarge(PathBuf),
    /// It holds other bytes than those that the new ones were made from.
    #[error("{path} was changed by somebody else")]
    Changed { path: PathBuf, found: FileHash },
    /// No permission, or the file system is mounted read-only.
    #[error("{path} cannot be written: {source}")]
    ReadOnly { path: PathBuf, source: io::Error },
    #[error("no space left for {path}")]
    NoSpace { path: PathBuf, source: io::Error },
    /// The new file is in place, but the folder could not be synced, so a power cut may bring the old one back.
    #[error("{path} was replaced but may not outlast a power cut: {source}")]
    NotDurable { path: PathBuf, source: io::Error },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

/// A replaced file.
#[derive(Debug)]
pub struct Replaced {
    pub hash: FileHash,
    /// Whether `<file>.bak` was refreshed too. The file itself is replaced either way.
    pub backup: Result<(), FileError>,
}

impl FileHash {
    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes))
    }

    /// Lower-case hex.
    pub fn to_hex(self) -> String {
        self.0.to_hex().to_string()
    }

    /// A hash that was written as hex; none when it is no hash.
    pub fn from_hex(hex: &str) -> Option<Self> {
        blake3::Hash::from_hex(hex).ok().map(Self)
    }
}

/// Reads a config file whole.
pub async fn read_file(disk: &Arc<dyn Disk>, path: &Path) -> Result<(Vec<u8>, FileHash), FileError> {
    let owned = path.to_owned();
    let done = disk::on(disk, move |disk| read(disk, &owned).map(|(bytes, hash, _)| (bytes, hash))).await;
    done.map_err(|error| classified(path, error))?
}

/// Replaces the file when it still has the `expected` bytes: a temporary file beside it, synced, renamed over it, and
/// the folder synced. Mode and owner stay. A link is followed and stays a link. `<file>.bak` gets the new bytes too,
/// since OpenClaw restores from it when a file looks suspicious.
pub async fn replace_file(
    disk: &Arc<dyn Disk>,
    path: &Path,
    expected: FileHash,
    bytes: Vec<u8>,
) -> Result<Replaced, FileError> {
    let owned = path.to_owned();
    let done = disk::on(disk, move |disk| replace(disk, &owned, expected, &bytes)).await;
    done.map_err(|error| classified(path, error))?
}

/// The same for a file of somebody else: no second one is written beside it.
pub async fn replace_alone(
    disk: &Arc<dyn Disk>,
    path: &Path,
    expected: FileHash,
    bytes: Vec<u8>,
) -> Result<(), FileError> {
    let owned = path.to_owned();
    let done = disk::on(disk, move |disk| {
        let path = disk.canonical(&owned).map_err(|error| classified(&owned, error))?;
        put(disk, &path, expected, &bytes).map(drop)
    });
    done.await.map_err(|error| classified(path, error))?
}

/// Removes the temporary files of ours that a crash left beside a config file. Returns how many. Only for a start: a
/// replacement that is under way would lose its new file.
pub async fn sweep_beside(disk: &Arc<dyn Disk>, path: &Path) -> Result<usize, FileError> {
    let owned = path.to_owned();
    let sweep = move |disk: &dyn Disk| {
        // A link is followed when the file is replaced, so that is where they lie.
        let path = disk.canonical(&owned)?;
        disk::sweep(disk, disk::parent(&path), TEMPORARY)
    };
    let swept = disk::on(disk, sweep).await.and_then(|swept| swept);
    swept.map_err(|error| classified(path, error))
}

/// Makes an earlier replacement last, should it not have been sure of that itself.
pub async fn persist_file(disk: &Arc<dyn Disk>, path: &Path) -> Result<(), FileError> {
    let owned = path.to_owned();
    let sync = move |disk: &dyn Disk| disk.sync_dir(disk::parent(&disk.canonical(&owned)?));
    let synced = disk::on(disk, sync).await.and_then(|synced| synced);
    synced.map_err(|source| FileError::NotDurable { path: path.to_owned(), source })
}

fn read(disk: &dyn Disk, path: &Path) -> Result<(Vec<u8>, FileHash, Attributes), FileError> {
    // Asked before opening, since opening a pipe waits for a writer.
    let metadata = disk.metadata(path).map_err(|error| classified(path, error))?;
    if metadata.kind != Kind::File {
        return Err(FileError::NotAFile(path.to_owned()));
    }
    let bytes = disk::read(disk, path, LIMIT).map_err(|error| classified(path, error))?;
    let hash = FileHash::of(&bytes);
    Ok((bytes, hash, metadata.attributes))
}

fn replace(disk: &dyn Disk, path: &Path, expected: FileHash, bytes: &[u8]) -> Result<Replaced, FileError> {
    let path = &disk.canonical(path).map_err(|error| classified(path, error))?;
    let attributes = put(disk, path, expected, bytes)?;
    Ok(Replaced { hash: FileHash::of(bytes), backup: refresh_backup(disk, path, bytes, attributes) })
}

fn put(disk: &dyn Disk, path: &Path, expected: FileHash, bytes: &[u8]) -> Result<Attributes, FileError> {
    let attributes = expect(disk, path, expected)?;
    let draft = prepare(disk, path, bytes, attributes)?;
    // Writing took time; somebody may have been quicker.
    expect(disk, path, expected)?;
    install(draft, path)?;
    Ok(attributes)
}

fn expect(disk: &dyn Disk, path: &Path, expected: FileHash) -> Result<Attributes, FileError> {
    match read(disk, path)? {
        (_, found, attributes) if found == expected => Ok(attributes),
        (_, found, _) => Err(FileError::Changed { path: path.to_owned(), found }),
    }
}

fn prepare<'a>(
    disk: &'a dyn Disk,
    path: &'a Path,
    bytes: &[u8],
    attributes: Attributes,
) -> Result<Draft<'a>, FileError> {
    Draft::write(disk, path, bytes, attributes, TEMPORARY).map_err(|error| classified(path, error))
}

fn install(draft: Draft<'_>, path: &Path) -> Result<(), FileError> {
    draft.install().map_err(|error| match error {
        InstallError::NotReplaced(error) => classified(path, error),
        InstallError::NotDurable(source) => FileError::NotDurable { path: path.to_owned(), source },
    })
}

fn refresh_backup(
    disk: &dyn Disk,
    path: &Path,
    bytes: &[u8],
    attributes: Attributes,
) -> Result<(), FileError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".bak");
    let backup = PathBuf::from(name);
    install(prepare(disk, &backup, bytes, attributes)?, &backup)
}

fn classified(path: &Path, source: io::Error) -> FileError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => FileError::Missing(path),
        io::ErrorKind::FileTooLarge => FileError::TooLarge(path),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            FileError::ReadOnly { path, source }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FileError::NoSpace { path, source },
        _ => FileError::Io { path, source },
    }
}

#[cfg(test)]
mod tests;
