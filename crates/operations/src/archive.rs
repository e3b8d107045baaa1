//! The data directory as one file that a passphrase opens: a tar archive, compressed, in the format
//! age-encryption.org/v1. It holds the keys that seal, so it is never written in clear. Both ways work on a directory that
//! no server uses, and on the disk of this machine.
use crate::{
    backups::passphrase,
    format::{self, IMPORTING},
    journal::{JournalError, LOCK},
};
use age::{Decryptor, Encryptor};
use disk::{Attributes, Disk, RealDisk};
use domain::{Code, Failure, Passphrase};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Read, Write},
    iter,
    path::{Component, Path, PathBuf},
};
use tar::{Archive, Builder, EntryType, Header};

/// The first entry: what the others are.
const MANIFEST: &str = "manifest.json";
/// The form that is written and known.
const FORM: u32 = 1;
/// More bytes than the manifest of any directory has.
const LARGEST_MANIFEST: u64 = 16 * 1024 * 1024;
/// What is no state, belongs to this machine alone, or was put into the data directory by others.
pub const NO_STATE: [&str; 6] = [LOCK, "agm.pid", "autostart.json", "autostart-before", "log", "lost+found"];

/// What an archive holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    /// The form of the archive.
    agm_data: u32,
    /// Of the agm that wrote it.
    version: String,
    /// By their paths below the data directory.
    files: BTreeMap<PathBuf, Summed>,
}

/// How a file must be.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Summed {
    bytes: u64,
    /// BLAKE3, 64 hex digits.
    blake3: String,
}

/// How much was written or brought in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Archived {
    pub files: usize,
    pub bytes: u64,
}

/// Why nothing was exported.
#[derive(Debug)]
pub enum NotExported {
    Failed(Box<Failure>),
    /// The file cannot be written.
    Unwritten(io::Error),
}

impl From<Failure> for NotExported {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl From<JournalError> for NotExported {
    fn from(error: JournalError) -> Self {
        Failure::from(error).into()
    }
}

impl Manifest {
    fn told(&self) -> Archived {
        Archived { files: self.files.len(), bytes: self.files.values().map(|file| file.bytes).sum() }
    }
}

/// Writes the data directory to `to`, from which nothing can be read before it is whole.
///
/// # Errors
/// `STORAGE_UNAVAILABLE` when a server uses the directory, or it cannot be read; `INVALID_REQUEST` when the passphrase is
/// too short; [`NotExported::Unwritten`] when `to` cannot be written.
pub fn export_data(
    data_dir: &Path,
    passphrase: &Passphrase,
    to: impl Write,
) -> Result<Archived, NotExported> {
    let recipient = passphrase::recipient(passphrase)?;
    let of_dir = |error| Failure::from(JournalError::io(data_dir, error));
    if !data_dir.is_dir() {
        return Err(of_dir(io::ErrorKind::NotFound.into()).into());
    }
    let _lock = lock(data_dir)?;
    format::check(&RealDisk, data_dir)?;
    let mut files = BTreeMap::new();
    sum_all(data_dir, Path::new(""), &mut files).map_err(of_dir)?;
    let manifest = Manifest { agm_data: FORM, version: env!("CARGO_PKG_VERSION").into(), files };
    let encryptor = Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient));
    let encryptor = encryptor.map_err(passphrase::not_encrypted)?;
    let write = || {
        let gzip = GzEncoder::new(encryptor.wrap_output(to)?, Compression::default());
        let mut archive = Builder::new(gzip);
        let text = serde_json::to_vec(&manifest)?;
        archive.append_data(&mut header(text.len() as u64), MANIFEST, text.as_slice())?;
        for (path, file) in &manifest.files {
            archive.append_data(&mut header(file.bytes), path, Source::open(&data_dir.join(path))?)?;
        }
        archive.into_inner()?.finish()?.finish()?.flush()
    };
    write().map_err(|error| match Source::<File>::is_of(&error) {
        true => of_dir(error).into(),
        false => NotExported::Unwritten(error),
    })?;
    Ok(manifest.told())
}

/// Brings what was exported into a data directory that is empty or not there. All of it is looked at before any of it is
/// in its place; an agm does not open a directory that this left half done.
///
/// # Errors
/// `CONFLICT` when there is something already; `INVALID_REQUEST` when the passphrase is wrong; `SEAL_BROKEN` when the file
/// is not whole or of a newer form; `STORAGE_UNAVAILABLE` when the directory cannot be written.
pub fn import_data(data_dir: &Path, passphrase: Passphrase, from: impl Read) -> Result<Archived, Failure> {
    let of_dir = |error| Failure::from(JournalError::io(data_dir, error));
    disk::make_dirs(&RealDisk, data_dir, 0o700).map_err(of_dir)?;
    let _lock = lock(data_dir)?;
    if names(data_dir).map_err(of_dir)?.iter().any(|name| !NO_STATE.contains(&name.as_str())) {
        let there = format!("there is something in the data directory {} already", data_dir.display());
        return Err(Failure::new(Code::Conflict, there)
            .hint("Nothing is written over: name an empty directory, or empty this one."));
    }
    let identity = passphrase::identity(passphrase);
    let decryptor = Decryptor::new_buffered(io::BufReader::new(from)).map_err(passphrase::not_decrypted)?;
    let opened = decryptor.decrypt(iter::once(&identity as &dyn age::Identity));
    let opened = opened.map_err(passphrase::not_decrypted)?;
    let folder = data_dir.join(IMPORTING);
    RealDisk.make_dir(&folder, 0o700).map_err(of_dir)?;
    let brought = unpack(&RealDisk, &folder, opened).and_then(|manifest| {
        format::check(&RealDisk, &folder)?;
        Ok(manifest)
    });
    let manifest = match brought {
        Ok(manifest) => manifest,
        Err(failure) => {
            // Nothing of it is in its place yet. What cannot be removed keeps the directory from being opened.
            drop(fs::remove_dir_all(&folder));
            return Err(failure);
        }
    };
    put_in_place(&folder, data_dir).map_err(of_dir)?;
    Ok(manifest.told())
}

fn lock(data_dir: &Path) -> Result<disk::Lock, JournalError> {
    let path = data_dir.join(LOCK);
    RealDisk.lock(&path).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => JournalError::InUse(data_dir.to_owned()),
        _ => JournalError::io(&path, error),
    })
}

/// The names in a folder that are text; ours all are.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    Ok(RealDisk.list(folder)?.into_iter().filter_map(|name| name.into_string().ok()).collect())
}

/// The sums of all files below a folder but for what is half-written, which begins with a point, and what is no state.
fn sum_all(data_dir: &Path, below: &Path, files: &mut BTreeMap<PathBuf, Summed>) -> io::Result<()> {
    for name in names(&data_dir.join(below))? {
        let is_top = below.as_os_str().is_empty();
        if name.starts_with('.') || (is_top && NO_STATE.contains(&name.as_str())) {
            continue;
        }
        let path = below.join(name);
        let kind = fs::symlink_metadata(data_dir.join(&path))?.file_type();
        if kind.is_dir() {
            sum_all(data_dir, &path, files)?;
        } else if kind.is_file() {
            let summed = copy_summed(File::open(data_dir.join(&path))?, |_| Ok(()))?;
            files.insert(path, summed);
        }
    }
    Ok(())
}

/// What is read from. Its errors are told by their kind from those of what is written to.
struct Source<R>(R);

impl Source<File> {
    fn open(path: &Path) -> io::Result<Self> {
        File::open(path).map(Self).map_err(Self::error)
    }
}

impl<R> Source<R> {
    fn error(error: io::Error) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }

    fn is_of(error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::InvalidData
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(Self::error)
    }
}

fn copy_summed(mut from: impl Read, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Summed> {
    let (mut hasher, mut bytes, mut buffer) = (blake3::Hasher::new(), 0, vec![0; 64 * 1024]);
    loop {
        let read = from.read(&mut buffer)?;
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
        hasher.update(chunk);
        write(chunk)?;
        bytes += read as u64;
    }
    Ok(Summed { bytes, blake3: hasher.finalize().to_hex().to_string() })
}

fn header(bytes: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_size(bytes);
    header
}

/// Unpacks an archive into a folder that is empty, durably, and sees that it is what its manifest says.
fn unpack(disk: &dyn Disk, folder: &Path, opened: impl Read) -> Result<Manifest, Failure> {
    let mut archive = Archive::new(GzDecoder::new(opened));
    let mut entries = archive.entries().map_err(not_whole)?;
    let first = entries.next().transpose().map_err(not_whole)?;
    let mut manifest = manifest_of(first.ok_or_else(|| broken("the archive is empty".into()))?)?;
    let expected = std::mem::take(&mut manifest.files);
    for entry in entries {
        let mut entry = entry.map_err(not_whole)?;
        let path = entry.path().map_err(not_whole)?.into_owned();
        let known = expected.get(&path).filter(|_| is_plain(&path) && !manifest.files.contains_key(&path));
        let Some(known) = known else {
            return Err(broken(format!("the archive holds {}, which its manifest does not", path.display())));
        };
        let summed = write_new(disk, &folder.join(&path), &mut entry)?;
        if summed != *known {
            return Err(broken(format!("{} is not what was exported", path.display())));
        }
        manifest.files.insert(path, summed);
    }
    if let Some(missing) = expected.keys().find(|path| !manifest.files.contains_key(*path)) {
        return Err(broken(format!("{} is missing in the archive", missing.display())));
    }
    let folders: BTreeSet<_> = manifest.files.keys().filter_map(|path| path.parent()).collect();
    for within in folders.into_iter().map(|below| folder.join(below)) {
        disk.sync_dir(&within).map_err(|error| JournalError::io(&within, error))?;
    }
    Ok(manifest)
}

fn manifest_of(entry: impl Read) -> Result<Manifest, Failure> {
    let mut text = Vec::new();
    let read = entry.take(LARGEST_MANIFEST).read_to_end(&mut text);
    let manifest = read.ok().and_then(|_| serde_json::from_slice::<Manifest>(&text).ok());
    let manifest = manifest.ok_or_else(|| broken("what is encrypted is no data directory".into()))?;
    if manifest.agm_data != FORM {
        let form = manifest.agm_data;
        return Err(broken(format!("the archive has the form {form} of another agm, this one knows {FORM}")));
    }
    Ok(manifest)
}

/// Whether it only leads down.
fn is_plain(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

fn write_new(disk: &dyn Disk, path: &Path, from: impl Read) -> Result<Summed, Failure> {
    let of_file = |error| Failure::from(JournalError::io(path, error));
    disk::make_dirs(disk, disk::parent(path), 0o700).map_err(of_file)?;
    let mut file = disk.create(path, Attributes::PRIVATE).map_err(of_file)?;
    let summed = copy_summed(Source(from), |chunk| file.write(chunk));
    let summed = summed.map_err(|error| match Source::<File>::is_of(&error) {
        true => not_whole(error),
        false => of_file(error),
    })?;
    file.sync().map_err(of_file)?;
    Ok(summed)
}

/// Moves what a folder holds into the one above, durably. The folder goes last: until then the directory is not opened.
fn put_in_place(folder: &Path, data_dir: &Path) -> io::Result<()> {
    for name in RealDisk.list(folder)? {
        fs::rename(folder.join(&name), data_dir.join(&name))?;
    }
    RealDisk.sync_dir(data_dir)?;
    fs::remove_dir(folder)?;
    RealDisk.sync_dir(data_dir)
}

fn not_whole(error: io::Error) -> Failure {
    broken(format!("the archive is not whole: {error}"))
}

fn broken(why: String) -> Failure {
    Failure::new(Code::SealBroken, why).hint("Use another copy of the file.")
}

#[cfg(test)]
mod tests;
