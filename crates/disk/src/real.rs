//! The disk of this machine.
use crate::{Attributes, Disk, Kind, Lock, Metadata, OpenFile};
use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn blocking(&self) -> bool {
        true
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let found = fs::metadata(path)?;
        let kind = match found.file_type() {
            kind if kind.is_file() => Kind::File,
            kind if kind.is_dir() => Kind::Dir,
            _ => Kind::Other,
        };
        let attributes = Attributes { mode: found.mode() & 0o7777, owner: Some((found.uid(), found.gid())) };
        Ok(Metadata { kind, len: found.len(), attributes })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
        let mut names = names.collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn read_at(&self, path: &Path, from: u64, most: usize) -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(u64::try_from(most).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn make_dir(&self, path: &Path, mode: u32) -> io::Result<()> {
        DirBuilder::new().mode(mode).create(path)
    }

    fn create(&self, path: &Path, attributes: Attributes) -> io::Result<Box<dyn OpenFile>> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        match give(&file, attributes) {
            Ok(()) => Ok(Box::new(Open(file))),
            Err(error) => {
                // What went wrong first is what counts.
                drop(fs::remove_file(path));
                Err(error)
            }
        }
    }

    fn append(&self, path: &Path, mode: u32) -> io::Result<Box<dyn OpenFile>> {
        Ok(Box::new(Open(OpenOptions::new().append(true).create(true).mode(mode).open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_dir(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Lock> {
        let writable =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        // A folder that became read-only has its lock file still, and who reads from it needs the lock too.
        let file = writable.or_else(|error| File::open(path).map_err(|_| error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _held: Box::new(file) }),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn give(file: &File, attributes: Attributes) -> io::Result<()> {
    let made = file.metadata()?;
    if let Some((user, group)) = attributes.owner
        && (made.uid(), made.gid()) != (user, group)
    {
        fchown(file, Some(user), Some(group))?;
    }
    if made.mode() & 0o7777 == attributes.mode {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(attributes.mode))
}

struct Open(File);

impl OpenFile for Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}
