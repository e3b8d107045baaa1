//! Sealing what must not lie in clear on a disk: the keys and tokens in a journal, and later whole snapshots.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use disk::{Attributes, Disk, InstallError, Temporary};
use std::{io, path::Path};
use zeroize::Zeroizing;

/// The file with the key, in the data directory.
pub const KEY_FILE: &str = "seal.key";
/// What a sealed text begins with.
const SEALED: &str = "agm1";
/// What the key file begins with.
const FILE: &str = "agm-seal 1";
/// A key on its way to its file.
const TEMPORARY: Temporary = Temporary(".seal-");
/// Bytes of the key.
const KEY: usize = 32;
/// Bytes of a nonce.
const NONCE: usize = 24;
/// More than the key file has.
const LIMIT: usize = 4096;

/// Why something was not sealed or not opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key file holds no key that fits its id. It is left as it is: without the key nothing that was sealed with it
    /// can ever be read.
    #[error("the seal key is damaged: {0}")]
    DamagedKey(&'static str),
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

/// Seals with the key of this installation. Its `Debug` shows the id of the key only.
pub struct Seal {
    /// Of the key: 16 hex digits that say nothing about it.
    id: String,
    key: Zeroizing<[u8; KEY]>,
}

impl Seal {
    /// Reads the key of a data directory, or makes one there durably when there is none. Nobody else may use the
    /// directory meanwhile: a key that a crash left half made is removed.
    pub fn open(disk: &dyn Disk, data_dir: &Path) -> Result<Self, SealError> {
        if let Err(error) = disk::sweep(disk, data_dir, TEMPORARY) {
            tracing::warn!(%error, "a half-made key stays in the data directory");
        }
        let path = data_dir.join(KEY_FILE);
        match disk::read(disk, &path, LIMIT) {
            Ok(text) => Self::parse(&Zeroizing::new(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(disk, &path),
            Err(error) => Err(error.into()),
        }
    }

    fn make(disk: &dyn Disk, path: &Path) -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0; KEY]);
        getrandom::fill(key.as_mut())?;
        let seal = Self { id: id_of(&key), key };
        let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(seal.key.as_ref()));
        let text = Zeroizing::new(format!("{FILE} {} {}\n", seal.id, *encoded));
        disk::replace(disk, path, text.as_bytes(), Attributes::PRIVATE, TEMPORARY)
            .map_err(InstallError::into_io)?;
        Ok(seal)
    }

    fn parse(text: &[u8]) -> Result<Self, SealError> {
        let fields = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.strip_prefix(FILE)?.strip_prefix(' ')?.strip_suffix('\n')?.split_once(' '));
        let (id, encoded) = fields.ok_or(SealError::DamagedKey("its file has another form"))?;
        let mut key = Zeroizing::new([0; KEY]);
        let decoded = URL_SAFE_NO_PAD.decode_slice(encoded, key.as_mut());
        if decoded != Ok(KEY) || id_of(&key) != id {
            return Err(SealError::DamagedKey("the key does not fit its id"));
        }
        Ok(Self { id: id.to_owned(), key })
    }

    /// The id of the key that seals.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Seals bytes as a text: version, key id, nonce and ciphertext. Only who gives the same `aad` can open it.
    pub fn seal(&self, aad: &[u8], bytes: &[u8]) -> Result<String, SealError> {
        // Not from the generator of pauses and ids: that one is made to repeat, and a repeated nonce gives both texts away.
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), Payload { msg: bytes, aad });
        let sealed = sealed.map_err(|_| SealError::Malformed)?;
        let (nonce, sealed) = (URL_SAFE_NO_PAD.encode(nonce), URL_SAFE_NO_PAD.encode(sealed));
        Ok(format!("{SEALED}.{}.{nonce}.{sealed}", self.id))
    }

    /// Opens a sealed text.
    pub fn unseal(&self, aad: &[u8], text: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let mut fields = text.split('.');
        let (Some(SEALED), Some(id), Some(nonce), Some(sealed), None) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(SealError::Malformed);
        };
        if id != self.id {
            return Err(SealError::OtherKey(id.to_owned()));
        }
        let nonce = URL_SAFE_NO_PAD.decode(nonce).ok().and_then(|nonce| <[u8; NONCE]>::try_from(nonce).ok());
        let nonce = nonce.ok_or(SealError::Malformed)?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError::Malformed)?;
        let opened = self.cipher().decrypt(&XNonce::from(nonce), Payload { msg: &sealed, aad });
        opened.map(Zeroizing::new).map_err(|_| SealError::Broken)
    }

    /// A hash that nobody without the key can compute or check; 64 hex digits. `purpose` sets hashes of one use apart
    /// from those of another.
    pub fn keyed_hash(&self, purpose: &str, bytes: &[u8]) -> String {
        let key = Zeroizing::new(blake3::derive_key(purpose, self.key.as_ref()));
        blake3::keyed_hash(&key, bytes).to_hex().to_string()
    }

    /// The id of the installation: 16 hex digits.
    pub fn installation(&self) -> String {
        hex(&blake3::derive_key("agm 2026-11 id of an installation", self.key.as_ref()))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.key).into())
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Seal({})", self.id)
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
