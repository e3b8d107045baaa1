//! Sealing what must not lie in clear: the keys and tokens in a journal, and backups. The keys form a ring: the newest
//! seals, all open.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use disk::{Attributes, Disk, InstallError, Temporary};
use std::{
    collections::BTreeSet,
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock},
};
use zeroize::Zeroizing;

/// The file with the keys, in the data directory, a line each, the newest first.
pub const KEY_FILE: &str = "seal.key";
/// What a sealed text begins with.
const SEALED: &str = "agm1";
/// What a line of the key file begins with.
const LINE: &str = "agm-seal 1";
/// A key on its way to its file.
const TEMPORARY: Temporary = Temporary(".seal-");
/// Bytes of the key.
const KEY: usize = 32;
/// Bytes of a nonce.
const NONCE: usize = 24;
/// The most bytes that the key file may have: hundreds of keys.
const LIMIT: usize = 64 * 1024;

/// Why something was not sealed or not opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key file holds no key that fits its id. It is left as it is: without the key nothing that was sealed with it
    /// can ever be read.
    #[error("the seal key is damaged: {0}")]
    DamagedKey(&'static str),
    /// The key file takes no other key.
    #[error("the seal key was changed too often: its file is full")]
    Full,
    /// The key file could not be read or made.
    #[error("the seal key: {0}")]
    Io(#[from] io::Error),
    /// The system gave no random bytes.
    #[error("the system gives no random numbers: {0}")]
    NoRandomness(#[from] getrandom::Error),
    /// It is no sealed text of this version.
    #[error("this is no sealed text")]
    Malformed,
    /// It was sealed with another key; its id.
    #[error("it was sealed with the key {0}, which this installation does not have")]
    OtherKey(String),
    /// It was changed, or belongs somewhere else.
    #[error("the seal is broken")]
    Broken,
}

/// Seals with the keys of this installation. Its `Debug` shows the id of the newest key only.
pub struct Seal {
    ring: RwLock<Ring>,
    /// One change of the ring at a time.
    changing: Mutex<()>,
}

#[derive(Clone)]
struct Ring {
    /// It seals.
    newest: Arc<Key>,
    /// They open what was sealed before. The newest of them first.
    older: Vec<Arc<Key>>,
}

struct Key {
    /// 16 hex digits that say nothing about it.
    id: String,
    key: Zeroizing<[u8; KEY]>,
}

impl Seal {
    /// Reads the keys of a data directory, or makes one there durably when there is none. Nobody else may use the
    /// directory meanwhile: a key that a crash left half made is removed.
    pub fn open(disk: &dyn Disk, data_dir: &Path) -> Result<Self, SealError> {
        if let Err(error) = disk::sweep(disk, data_dir, TEMPORARY) {
            tracing::warn!(%error, "a half-made key stays in the data directory");
        }
        let path = data_dir.join(KEY_FILE);
        let ring = match disk::read(disk, &path, LIMIT) {
            Ok(text) => Ring::parse(&Zeroizing::new(text))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let ring = Ring { newest: Arc::new(Key::make()?), older: Vec::new() };
                ring.write(disk, &path)?;
                ring
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self { ring: RwLock::new(ring), changing: Mutex::default() })
    }

    /// Makes another key the newest, durably. What was sealed before opens as before. After an error the ring is as it
    /// was, as far as this process goes; the new key may be in the file all the same, where it does no harm.
    pub fn rotate(&self, disk: &dyn Disk, data_dir: &Path) -> Result<(), SealError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let Ring { newest, older } = self.ring();
        let older = std::iter::once(newest).chain(older).collect();
        let ring = Ring { newest: Arc::new(Key::make()?), older };
        ring.write(disk, &data_dir.join(KEY_FILE))?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    /// The id of the key that seals.
    pub fn id(&self) -> String {
        self.ring().newest.id.clone()
    }

    /// The ids of the other keys, the newest first.
    pub fn older(&self) -> Vec<String> {
        self.ring().older.iter().map(|key| key.id.clone()).collect()
    }

    /// The id of the installation, 16 hex digits. It stays when the key is changed.
    pub fn installation(&self) -> String {
        hex(&blake3::derive_key("agm 2026-11 id of an installation", self.ring().oldest().key.as_ref()))
    }

    /// Seals bytes as a text: version, key id, nonce and ciphertext. Only who gives the same `aad` can open it.
    pub fn seal(&self, aad: &[u8], bytes: &[u8]) -> Result<String, SealError> {
        let key = self.ring().newest;
        // Not from the generator of pauses and ids: that one is made to repeat, and a repeated nonce gives both texts away.
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        let sealed = key.cipher().encrypt(&XNonce::from(nonce), Payload { msg: bytes, aad });
        let sealed = sealed.map_err(|_| SealError::Malformed)?;
        let (nonce, sealed) = (URL_SAFE_NO_PAD.encode(nonce), URL_SAFE_NO_PAD.encode(sealed));
        Ok(format!("{SEALED}.{}.{nonce}.{sealed}", key.id))
    }

    /// Opens a sealed text, whichever of the keys it was sealed with.
    pub fn unseal(&self, aad: &[u8], text: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let mut fields = text.split('.');
        let (Some(SEALED), Some(id), Some(nonce), Some(sealed), None) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(SealError::Malformed);
        };
        let key = self.ring().key(id).ok_or_else(|| SealError::OtherKey(id.to_owned()))?;
        let nonce = URL_SAFE_NO_PAD.decode(nonce).ok().and_then(|nonce| <[u8; NONCE]>::try_from(nonce).ok());
        let nonce = nonce.ok_or(SealError::Malformed)?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError::Malformed)?;
        let opened = key.cipher().decrypt(&XNonce::from(nonce), Payload { msg: &sealed, aad });
        opened.map(Zeroizing::new).map_err(|_| SealError::Broken)
    }

    /// A hash that nobody without the keys can compute or check; 64 hex digits. `purpose` sets hashes of one use apart
    /// from those of another. It stays when the key is changed, since it is compared with those that were kept.
    pub fn keyed_hash(&self, purpose: &str, bytes: &[u8]) -> String {
        let key = Zeroizing::new(blake3::derive_key(purpose, self.ring().oldest().key.as_ref()));
        blake3::keyed_hash(&key, bytes).to_hex().to_string()
    }

    fn ring(&self) -> Ring {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Ring {
    fn parse(text: &[u8]) -> Result<Self, SealError> {
        let lines = std::str::from_utf8(text).ok().and_then(|text| text.strip_suffix('\n'));
        let lines = lines.ok_or(SealError::DamagedKey("its file has another form"))?;
        let keys = lines.split('\n').map(|line| Key::parse(line).map(Arc::new));
        let mut keys = keys.collect::<Result<Vec<_>, _>>()?.into_iter();
        let ids: BTreeSet<_> = keys.as_slice().iter().map(|key| key.id.as_str()).collect();
        if ids.len() != keys.len() {
            return Err(SealError::DamagedKey("its file has a key twice"));
        }
        let newest = keys.next().ok_or(SealError::DamagedKey("its file is empty"))?;
        Ok(Self { newest, older: keys.collect() })
    }

    fn write(&self, disk: &dyn Disk, path: &Path) -> Result<(), SealError> {
        let mut text = Zeroizing::new(String::with_capacity(LIMIT));
        for Key { id, key } in self.all().map(Arc::as_ref) {
            let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.as_ref()));
            for part in [LINE, " ", id, " ", &encoded, "\n"] {
                text.push_str(part);
            }
        }
        if text.len() > LIMIT {
            return Err(SealError::Full);
        }
        disk::replace(disk, path, text.as_bytes(), Attributes::PRIVATE, TEMPORARY)
            .map_err(InstallError::into_io)?;
        Ok(())
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Key>> {
        std::iter::once(&self.newest).chain(&self.older)
    }

    fn key(&self, id: &str) -> Option<Arc<Key>> {
        self.all().find(|key| key.id == id).cloned()
    }

    fn oldest(&self) -> &Key {
        self.older.last().unwrap_or(&self.newest)
    }
}

impl Key {
    fn make() -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0; KEY]);
        getrandom::fill(key.as_mut())?;
        Ok(Self { id: id_of(&key), key })
    }

    fn parse(line: &str) -> Result<Self, SealError> {
        let fields = line.strip_prefix(LINE).and_then(|line| line.strip_prefix(' ')?.split_once(' '));
        let (id, encoded) = fields.ok_or(SealError::DamagedKey("its file has another form"))?;
        let mut key = Zeroizing::new([0; KEY]);
        let decoded = URL_SAFE_NO_PAD.decode_slice(encoded, key.as_mut());
        if decoded != Ok(KEY) || id_of(&key) != id {
            return Err(SealError::DamagedKey("the key does not fit its id"));
        }
        Ok(Self { id: id.to_owned(), key })
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.key).into())
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seal({})", self.id())
    }
}

/// The id of the key that a text was sealed with. None: it is no sealed text.
pub fn key_of(sealed: &str) -> Option<&str> {
    sealed.strip_prefix(SEALED)?.strip_prefix('.')?.split('.').next()
}

fn id_of(key: &[u8; KEY]) -> String {
    hex(&blake3::derive_key("agm 2026-11 id of a seal key", key))
}

/// The first bytes, enough to tell keys apart.
fn hex(hash: &[u8; 32]) -> String {
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
