//! What was written, so that what others changed is known.
use super::{PackagingError, files::Content};
use disk::{Attributes, RealDisk, Temporary};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

pub const NAME: &str = "autostart.json";
/// The folder of what was there before.
pub const BEFORE: &str = "autostart-before";

/// The record of what was written below a root. It lies in the data directory and is there before the first of them.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    version: u32,
    /// By path: the hashes of everything that was ever written there.
    pub files: BTreeMap<String, Entry>,
    /// Files that got a section.
    pub sections: BTreeSet<String>,
    /// Folders that were not there before.
    pub folders: BTreeSet<String>,
}

/// A path that was written.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    hashes: BTreeSet<String>,
    /// What was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
}

/// A file that was there before, kept in the data directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    kept_as: String,
    mode: u32,
}

impl Manifest {
    const VERSION: u32 = 1;

    /// The record in a data directory; an empty one when there is none.
    pub fn read(data: &Path) -> Result<Self, PackagingError> {
        let path = data.join(NAME);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { version: Self::VERSION, ..Self::default() });
            }
            Err(source) => return Err(PackagingError::Io { path, source }),
        };
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(manifest) if manifest.version == Self::VERSION => Ok(manifest),
            _ => Err(PackagingError::Manifest(path)),
        }
    }

    /// Writes it down durably; one of nothing is removed.
    pub fn save(&self, data: &Path) -> Result<(), PackagingError> {
        let path = data.join(NAME);
        if self.is_empty() {
            return remove(&path);
        }
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        make_private(data)?;
        replace(&path, &text, 0o600)
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.sections.is_empty() && self.folders.is_empty()
    }

    /// Whether a path was ever written from here.
    pub fn knows(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.sections.contains(path)
    }

    /// Whether what stands at a path was written from here.
    pub fn wrote(&self, path: &str, hash: &str) -> bool {
        self.files.get(path).is_some_and(|entry| entry.hashes.contains(hash))
    }

    /// Whether what stands at a path is what was there before, which is kept already.
    pub fn kept(&self, path: &str, hash: &str) -> bool {
        let before = self.files.get(path).and_then(|entry| entry.before.as_ref());
        before.is_some_and(|before| before.kept_as == hash)
    }

    /// Notes what is about to be written.
    pub fn note(&mut self, path: &str, content: &Content) {
        match content {
            Content::Section(_) => {
                self.sections.insert(path.to_owned());
            }
            Content::Text { .. } | Content::Link(_) => {
                self.files.entry(path.to_owned()).or_default().hashes.extend(hash(content));
            }
        }
    }

    /// Keeps the file that a path has now, to be put back once ours is removed.
    pub fn keep(&mut self, data: &Path, path: &str, text: &str, mode: u32) -> Result<(), PackagingError> {
        let kept_as = hash_of(text.as_bytes());
        let folder = data.join(BEFORE);
        make_private(data)?;
        make_private(&folder)?;
        replace(&folder.join(&kept_as), text.as_bytes(), 0o600)?;
        self.files.entry(path.to_owned()).or_default().before = Some(Before { kept_as, mode });
        Ok(())
    }
}

impl Before {
    /// Puts the file back.
    pub fn restore(&self, data: &Path, path: &Path) -> Result<(), PackagingError> {
        let kept = data.join(BEFORE).join(&self.kept_as);
        let text = fs::read(&kept).map_err(|source| PackagingError::io(&kept, source))?;
        replace(path, &text, self.mode)
    }
}

/// Forgets what was kept.
pub fn forget(data: &Path) -> Result<(), PackagingError> {
    match fs::remove_dir_all(data.join(BEFORE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(PackagingError::io(data, error)),
        _ => Ok(()),
    }
}

/// The hash of what is written as a whole.
pub fn hash(content: &Content) -> Option<String> {
    match content {
        Content::Text { text, .. } => Some(hash_of(text.as_bytes())),
        Content::Link(to) => Some(hash_of_link(to)),
        Content::Section(_) => None,
    }
}

/// The hash of a file.
pub fn hash_of(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The hash of a link.
pub fn hash_of_link(to: &str) -> String {
    hash_of(format!("link to {to}").as_bytes())
}

/// Makes a folder and those above it.
pub fn make_dirs(path: &Path) -> Result<(), PackagingError> {
    disk::make_dirs(&RealDisk, path, 0o755).map_err(|source| PackagingError::io(path, source))
}

/// Makes a folder that nobody else may look into.
fn make_private(path: &Path) -> Result<(), PackagingError> {
    make_dirs(disk::parent(path))?;
    disk::make_dirs(&RealDisk, path, 0o700).map_err(|source| PackagingError::io(path, source))
}

/// Replaces or makes a file durably.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), PackagingError> {
    let attributes = Attributes { mode, owner: None };
    let written = disk::replace(&RealDisk, path, bytes, attributes, Temporary(".agm-"));
    written.map_err(|error| PackagingError::io(path, error.into_io()))
}

/// Removes a file that may be gone.
pub fn remove(path: &PathBuf) -> Result<(), PackagingError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(PackagingError::io(path, error)),
        _ => Ok(()),
    }
}
