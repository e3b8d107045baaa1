//! What is registered at the gateway, and what stood there before: `installed.json` in the data directory, which outlives
//! the journal.
use crate::{
    journal::JournalError,
    seal::{Seal, SealError},
};
use disk::{Attributes, Disk, InstallError, Temporary};
use domain::{Code, DomainName, Failure, Reach};
use higress::{PlainDoc, PlainName};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

/// Its name in the data directory.
pub const FILE: &str = "installed.json";
/// As an object of a plan.
pub const OBJECT: &str = "file:installed.json";
/// A half-written file.
const TEMPORARY: Temporary = Temporary(".installed-");
/// More than any registration has.
const LIMIT: usize = 4 * 1024 * 1024;
/// What the sealed text belongs to.
const BOUND_TO: &[u8] = b"agm installed.json";

/// What agm registered at the gateway. Its `Debug` shows no images: what a plugin was set to may hold keys.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    pub domain: DomainName,
    pub reach: Reach,
    /// In the order in which they were written.
    pub objects: Vec<Replaced>,
}

/// An object that was written, and what stood there before agm did.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    pub name: PlainName,
    /// None: nothing.
    pub before: Option<Value>,
}

impl Replaced {
    /// What stood there before.
    pub fn doc(&self) -> Option<PlainDoc> {
        self.before.clone().map(|json| PlainDoc::new(self.name.clone(), json))
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registration({} at {})", self.domain, self.reach)
    }
}

impl Registration {
    /// What stood under this name before, as far as it is known.
    pub fn replaced(&self, name: &PlainName) -> Option<&Replaced> {
        self.objects.iter().find(|replaced| replaced.name == *name)
    }

    /// Fit to be shown.
    pub fn shown(&self) -> Value {
        let objects: Vec<_> = self.objects.iter().map(|replaced| replaced.name.to_string()).collect();
        json!({"domain": self.domain, "reach": self.reach, "objects": objects})
    }

    /// BLAKE3, in hex.
    pub fn content_hash(&self) -> String {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        blake3::hash(&bytes).to_hex().to_string()
    }
}

/// The file as it lies on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    /// A [`Registration`].
    sealed: String,
}

/// The one registration of a data directory.
pub struct RegistrationFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    seal: OnceLock<Arc<Seal>>,
    /// As it was read or written last.
    now: RwLock<Option<Arc<Registration>>>,
}

impl RegistrationFile {
    /// Reads nothing yet.
    pub fn new(disk: Arc<dyn Disk>, data_dir: &Path) -> Self {
        Self { disk, path: data_dir.join(FILE), seal: OnceLock::new(), now: RwLock::default() }
    }

    /// Reads what an earlier life left. The data directory must be held by this process.
    ///
    /// # Errors
    /// `STORAGE_UNAVAILABLE` when it cannot be read; nothing can be installed or uninstalled then.
    pub async fn open(&self, seal: Arc<Seal>) -> Result<(), Failure> {
        let folder = disk::parent(&self.path).to_owned();
        let swept = disk::on(&self.disk, move |disk| disk::sweep(disk, &folder, TEMPORARY)).await;
        if let Err(error) = swept.and_then(|swept| swept) {
            tracing::warn!(%error, "a half-written installed.json stays in the data directory");
        }
        drop(self.seal.set(seal));
        self.read().await.map(drop)
    }

    /// As it was read or written last. None: nothing is registered, as far as this data directory tells.
    pub fn known(&self) -> Option<Arc<Registration>> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads it.
    ///
    /// # Errors
    /// `STORAGE_UNAVAILABLE` when it cannot be read, or the data directory is not open yet.
    pub async fn read(&self) -> Result<Option<Arc<Registration>>, Failure> {
        let path = self.path.clone();
        let read = disk::on(&self.disk, move |disk| disk::read(disk, &path, LIMIT)).await;
        let registration = match read.and_then(|read| read) {
            Ok(bytes) => Some(Arc::new(self.opened(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(JournalError::io(&self.path, error).into()),
        };
        self.remember(registration.clone());
        Ok(registration)
    }

    /// Makes it this, durably; none: removes it.
    pub async fn write(&self, registration: Option<&Registration>) -> Result<(), Failure> {
        let path = self.path.clone();
        let bytes = registration.map(|registration| self.sealed(registration)).transpose()?;
        let written = disk::on(&self.disk, move |disk| match bytes {
            Some(bytes) => disk::replace(disk, &path, &bytes, Attributes::PRIVATE, TEMPORARY)
                .map_err(InstallError::into_io),
            None => match disk.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => disk.sync_dir(disk::parent(&path)),
            },
        });
        let written = written.await.and_then(|written| written);
        written.map_err(|error| JournalError::io(&self.path, error))?;
        self.remember(registration.cloned().map(Arc::new));
        Ok(())
    }

    fn remember(&self, registration: Option<Arc<Registration>>) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = registration;
    }

    fn sealed(&self, registration: &Registration) -> Result<Vec<u8>, Failure> {
        let unwritable = |error: serde_json::Error| JournalError::Unwritable(error.to_string());
        let json = serde_json::to_vec(registration).map(zeroize::Zeroizing::new).map_err(unwritable)?;
        let sealed = self.seal()?.seal(BOUND_TO, &json).map_err(JournalError::from)?;
        Ok(serde_json::to_vec(&Written { version: 1, sealed }).map_err(unwritable)?)
    }

    fn opened(&self, bytes: &[u8]) -> Result<Registration, Failure> {
        let unreadable = |why: String| JournalError::Unreadable { path: self.path.clone(), why };
        let written: Written =
            serde_json::from_slice(bytes).map_err(|error| unreadable(error.to_string()))?;
        if written.version != 1 {
            return Err(unreadable(format!("it has the form {} of another agm", written.version)).into());
        }
        let opened = self.seal()?.unseal(BOUND_TO, &written.sealed);
        let opened = opened.map_err(|error: SealError| unreadable(error.to_string()))?;
        Ok(serde_json::from_slice(&opened).map_err(|error| unreadable(error.to_string()))?)
    }

    fn seal(&self) -> Result<&Arc<Seal>, Failure> {
        self.seal.get().ok_or_else(|| {
            Failure::new(Code::StorageUnavailable, "the data directory is not open yet")
                .hint("The data directory (AGM_DATA_DIR) must be writable for agm.")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use disk::MemDisk;

    #[tokio::test]
    async fn a_registration_comes_back_sealed_and_goes() {
        let (disk, folder) = (MemDisk::new(), Path::new("/data"));
        disk::make_dirs(&disk, folder, 0o700).unwrap();
        let seal = Arc::new(Seal::open(&disk, folder).unwrap());
        let file = || RegistrationFile::new(Arc::new(disk.clone()), folder);
        let first = file();
        first.open(seal.clone()).await.unwrap();
        let plugin = PlainName::Plugin { route: "r".into(), plugin: "key-auth".into() };
        let objects = vec![Replaced { name: plugin, before: Some(json!({"configurations": "canary"})) }];
        let registration =
            Registration { domain: DomainName::usual(), reach: "127.0.0.1:18080".parse().unwrap(), objects };
        let unopened = file().write(Some(&registration)).await.unwrap_err();
        assert_eq!(unopened.code, Code::StorageUnavailable);
        first.write(Some(&registration)).await.unwrap();
        let lying = String::from_utf8(disk.get(&folder.join(FILE)).unwrap()).unwrap();
        assert!(!format!("{lying}{registration:?}{}", registration.shown()).contains("canary"));
        let second = file();
        second.open(seal.clone()).await.unwrap();
        assert_eq!(second.known().as_deref(), Some(&registration));
        second.write(None).await.unwrap();
        assert_eq!(second.known(), None);
        assert_eq!(first.read().await.unwrap(), None);
    }
}
