//! Replacing a file durably: who reads it, also after a crash, finds the old one or the new one, whole.
use crate::{Attributes, Disk, parent};
use planted::Bug;
use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

/// How often another name is tried because the first one is taken.
const NAMES: usize = 8;

/// What the temporary files of one use are called: `<prefix><letters and digits>.tmp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Temporary(pub &'static str);

/// A new content that is durable beside the file whose place it shall take. Dropped, it is removed.
pub struct Draft<'a> {
    disk: &'a dyn Disk,
    temporary: PathBuf,
    path: &'a Path,
    installed: bool,
}

/// Why a file was not replaced.
#[derive(Debug)]
pub enum InstallError {
    /// It is what it was.
    NotReplaced(io::Error),
    /// The new one is in place, but a power cut may bring the old one back.
    NotDurable(io::Error),
}

impl InstallError {
    /// What the disk said.
    pub fn into_io(self) -> io::Error {
        match self {
            Self::NotReplaced(error) | Self::NotDurable(error) => error,
        }
    }
}

impl Temporary {
    fn name(self) -> String {
        format!("{}{:016x}.tmp", self.0, fastrand::u64(..))
    }

    /// Whether a file of this name is one of ours that a crash left behind.
    pub fn made(self, name: &OsStr) -> bool {
        let middle = name
            .to_str()
            .and_then(|name| name.strip_prefix(self.0))
            .and_then(|name| name.strip_suffix(".tmp"));
        middle.is_some_and(|middle| {
            (6..=16).contains(&middle.len()) && middle.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    }
}

impl<'a> Draft<'a> {
    /// Writes what shall take the place of `path` and syncs it.
    pub fn write(
        disk: &'a dyn Disk,
        path: &'a Path,
        bytes: &[u8],
        attributes: Attributes,
        temporary: Temporary,
    ) -> io::Result<Self> {
        let mut tries = 0..NAMES;
        let (temporary, mut file) = loop {
            let name = parent(path).join(temporary.name());
            match disk.create(&name, attributes) {
                Ok(file) => break (name, file),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries.next().is_some() => {}
                Err(error) => return Err(error),
            }
        };
        let draft = Self { disk, temporary, path, installed: false };
        file.write(bytes)?;
        file.sync()?;
        Ok(draft)
    }

    /// Puts the draft in its place.
    pub fn install(mut self) -> Result<(), InstallError> {
        planted::crash_point("rename.before");
        self.disk.rename(&self.temporary, self.path).map_err(InstallError::NotReplaced)?;
        planted::crash_point("rename.after");
        self.installed = true;
        if planted::is(Bug::DirectoryFsyncMissing) {
            return Ok(());
        }
        self.disk.sync_dir(parent(self.path)).map_err(InstallError::NotDurable)
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.installed {
            // A leftover does no harm and is swept at the next start.
            drop(self.disk.remove(&self.temporary));
        }
    }
}

/// Replaces or makes a file. When this returns without an error the new content outlasts a power cut.
pub fn replace(
    disk: &dyn Disk,
    path: &Path,
    bytes: &[u8],
    attributes: Attributes,
    temporary: Temporary,
) -> Result<(), InstallError> {
    let draft = Draft::write(disk, path, bytes, attributes, temporary).map_err(InstallError::NotReplaced)?;
    draft.install()
}

/// Removes the temporary files that a crash left in a folder. Returns how many.
pub fn sweep(disk: &dyn Disk, folder: &Path, temporary: Temporary) -> io::Result<usize> {
    let mut swept = 0;
    for name in disk.list(folder)?.iter().filter(|name| temporary.made(name)) {
        disk.remove(&folder.join(name))?;
        swept += 1;
    }
    Ok(swept)
}
