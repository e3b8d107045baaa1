//! Replacing a config file in one piece.
use std::{
    fs::{self, File, Metadata},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, fchown},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// More than any config has; HiClaw's own are about 10 KB.
const LIMIT: u64 = 4 * 1024 * 1024;

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
}

/// Reads a config file whole.
pub async fn read_file(path: &Path) -> Result<(Vec<u8>, FileHash), FileError> {
    let path = path.to_owned();
    blocking(path.clone(), move || read(&path).map(|(bytes, hash, _)| (bytes, hash))).await
}

/// Replaces the file when it still has the `expected` bytes: a temporary file beside it, synced, renamed over it, and
/// the folder synced. Mode and owner stay. A link is followed and stays a link. `<file>.bak` gets the new bytes too,
/// since OpenClaw restores from it when a file looks suspicious.
pub async fn replace_file(path: &Path, expected: FileHash, bytes: Vec<u8>) -> Result<Replaced, FileError> {
    let path = path.to_owned();
    blocking(path.clone(), move || replace(&path, expected, &bytes)).await
}

async fn blocking<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.map_err(|e| FileError::Io { path, source: io::Error::other(e) })?
}

fn read(path: &Path) -> Result<(Vec<u8>, FileHash, Metadata), FileError> {
    let failed = |source| classified(path, source);
    // Asked before opening, since opening a pipe waits for a writer.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(FileError::NotAFile(path.to_owned()));
    }
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LIMIT {
        return Err(FileError::TooLarge(path.to_owned()));
    }
    let hash = FileHash::of(&bytes);
    Ok((bytes, hash, metadata))
}

fn replace(path: &Path, expected: FileHash, bytes: &[u8]) -> Result<Replaced, FileError> {
    let path = &fs::canonicalize(path).map_err(|e| classified(path, e))?;
    let (_, found, metadata) = read(path)?;
    if found != expected {
        return Err(FileError::Changed { path: path.clone(), found });
    }
    let new = prepare(path, &metadata, bytes)?;
    // Writing took time; somebody may have been quicker.
    let (_, found, _) = read(path)?;
    if found != expected {
        return Err(FileError::Changed { path: path.clone(), found });
    }
    install(new, path)?;
    Ok(Replaced { hash: FileHash::of(bytes), backup: refresh_backup(path, &metadata, bytes) })
}

/// A synced file beside `path` with this content and the owner and mode of the present one.
fn prepare(path: &Path, like: &Metadata, bytes: &[u8]) -> Result<NamedTempFile, FileError> {
    let write = || {
        let mut new =
            tempfile::Builder::new().prefix(".openclaw-").suffix(".tmp").tempfile_in(folder(path))?;
        let made = new.as_file().metadata()?;
        if (made.uid(), made.gid()) != (like.uid(), like.gid()) {
            fchown(new.as_file(), Some(like.uid()), Some(like.gid()))?;
        }
        new.as_file().set_permissions(like.permissions())?;
        new.write_all(bytes)?;
        new.as_file().sync_all()?;
        Ok(new)
    };
    write().map_err(|e| classified(path, e))
}

fn install(new: NamedTempFile, path: &Path) -> Result<(), FileError> {
    new.persist(path).map_err(|e| classified(path, e.error))?;
    let synced = File::open(folder(path)).and_then(|folder| folder.sync_all());
    synced.map_err(|source| FileError::NotDurable { path: path.to_owned(), source })
}

fn refresh_backup(path: &Path, like: &Metadata, bytes: &[u8]) -> Result<(), FileError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".bak");
    let backup = PathBuf::from(name);
    install(prepare(&backup, like, bytes)?, &backup)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn classified(path: &Path, source: io::Error) -> FileError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => FileError::Missing(path),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            FileError::ReadOnly { path, source }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FileError::NoSpace { path, source },
        _ => FileError::Io { path, source },
    }
}

#[cfg(test)]
mod tests;
