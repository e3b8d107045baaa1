//! The local disk behind a trait, so that everything that must outlast a crash can be tested against a disk that
//! crashes. Real work leaves the async runtime, work in memory stays in it and is deterministic.
#[cfg(feature = "memory")]
mod memory;
mod real;
mod replace;

#[cfg(feature = "memory")]
pub use memory::{Call, Fault, Loss, MemDisk, Primitive};
pub use real::RealDisk;
pub use replace::{Draft, InstallError, Temporary, replace, sweep};

use std::{
    any::Any,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What is done to a disk, one primitive at a time. Nothing is durable before a sync: of a file for its bytes, of a
/// folder for the names in it.
pub trait Disk: Send + Sync + 'static {
    /// Whether its calls may wait, so that they must leave the async runtime.
    fn blocking(&self) -> bool;
    /// The path without links.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;
    /// Follows links.
    fn metadata(&self, path: &Path) -> io::Result<Metadata>;
    /// The names in a folder, sorted.
    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>>;
    /// Up to `most` bytes; fewer only where the file ends.
    fn read_at(&self, path: &Path, from: u64, most: usize) -> io::Result<Vec<u8>>;
    /// Makes one folder; [`io::ErrorKind::AlreadyExists`] when something is there.
    fn make_dir(&self, path: &Path, mode: u32) -> io::Result<()>;
    /// Makes a file; [`io::ErrorKind::AlreadyExists`] when something is there, a link included.
    fn create(&self, path: &Path, attributes: Attributes) -> io::Result<Box<dyn OpenFile>>;
    /// Opens a file for writing at its end and makes it when it is not there.
    fn append(&self, path: &Path, mode: u32) -> io::Result<Box<dyn OpenFile>>;
    /// Puts a file in the place of another one.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_dir(&self, folder: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Locks a file, which is made when it is not there, against all other processes until the answer is dropped;
    /// [`io::ErrorKind::WouldBlock`] when another one has it.
    fn lock(&self, path: &Path) -> io::Result<Lock>;
}

/// A file that is open for writing.
pub trait OpenFile: Send {
    /// Writes all of the bytes at the end. After a failure some of them may be there.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Cuts the file off.
    fn truncate(&mut self, len: u64) -> io::Result<()>;
    /// Makes the bytes durable. After a failure it is unknown which of them are.
    fn sync(&mut self) -> io::Result<()>;
}

/// A held lock; free again when it is dropped or the process ends.
pub struct Lock {
    _held: Box<dyn Any + Send + Sync>,
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Dir,
    /// A pipe, a device, a socket.
    Other,
}

/// What is known of a path without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    pub kind: Kind,
    /// Bytes.
    pub len: u64,
    pub attributes: Attributes,
}

/// Who may do what with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// The permission bits.
    pub mode: u32,
    /// User and group; none: those of this process.
    pub owner: Option<(u32, u32)>,
}

impl Attributes {
    /// For files that nobody else may read.
    pub const PRIVATE: Self = Self { mode: 0o600, owner: None };
}

/// Does work on a disk, outside of the async runtime when the work may wait; what it logs stays in the caller's spans.
///
/// # Errors
/// The work panicked or the runtime shuts down.
pub async fn on<T: Send + 'static>(
    disk: &Arc<dyn Disk>,
    work: impl FnOnce(&dyn Disk) -> T + Send + 'static,
) -> io::Result<T> {
    if !disk.blocking() {
        return Ok(work(disk.as_ref()));
    }
    let (disk, span) = (disk.clone(), tracing::Span::current());
    let done = tokio::task::spawn_blocking(move || span.in_scope(|| work(disk.as_ref()))).await;
    // The text of a panic may hold anything.
    done.map_err(|error| io::Error::other(if error.is_panic() { "it panicked" } else { "the runtime stops" }))
}

/// The whole file; [`io::ErrorKind::FileTooLarge`] when it has more than `limit` bytes.
pub fn read(disk: &dyn Disk, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let bytes = disk.read_at(path, 0, limit.saturating_add(1))?;
    if bytes.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Makes a folder and those above it that are not there, durably; also one that is there already, because whoever made it
/// may have been stopped before it lasted.
pub fn make_dirs(disk: &dyn Disk, path: &Path, mode: u32) -> io::Result<()> {
    match disk.make_dir(path, mode) {
        Ok(()) => disk.sync_dir(parent(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.parent().is_some() => {
            make_dirs(disk, parent(path), mode)?;
            make_dirs(disk, path, mode)
        }
        // A read-only file system may say so although the folder is there.
        Err(error) => match disk.metadata(path) {
            Ok(Metadata { kind: Kind::Dir, .. }) => match disk.sync_dir(parent(path)) {
                // A folder that may be passed but not read, or one in which nothing waits to be written.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                    ) =>
                {
                    Ok(())
                }
                synced => synced,
            },
            Ok(_) | Err(_) => Err(error),
        },
    }
}

/// The folder that a path lies in.
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
