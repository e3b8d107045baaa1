use super::*;
use disk::{Fault, MemDisk, Primitive};

const DIR: &str = "/data";

fn open(disk: &MemDisk) -> Result<Seal, SealError> {
    Seal::open(disk, Path::new(DIR))
}

fn disk() -> MemDisk {
    let disk = MemDisk::new();
    disk.put(Path::new("/data/other"), b"").unwrap();
    disk
}

fn key_file() -> std::path::PathBuf {
    Path::new(DIR).join(KEY_FILE)
}

#[test]
fn the_key_is_made_once_and_outlasts_a_power_cut() {
    let disk = disk();
    let sealed = open(&disk).unwrap().seal(b"here", b"a token").unwrap();
    assert_eq!(disk.metadata(&key_file()).unwrap().attributes.mode, 0o600);
    let after = disk.crash();
    let seal = open(&after).unwrap();
    assert_eq!(&**seal.unseal(b"here", &sealed).unwrap(), b"a token");
    assert_eq!(after.get(&key_file()).unwrap().len(), FILE.len() + 1 + 16 + 1 + 43 + 1);
    assert!(!format!("{seal:?}").contains(&URL_SAFE_NO_PAD.encode(seal.key.as_ref())));
}

#[test]
fn what_was_changed_or_belongs_elsewhere_is_refused() {
    let seal = open(&disk()).unwrap();
    let sealed = seal.seal(b"here", b"a token").unwrap();
    assert!(sealed.starts_with(&format!("agm1.{}.", seal.id)) && !sealed.contains("token"));
    assert!(matches!(seal.unseal(b"there", &sealed), Err(SealError::Broken)));
    let other = open(&disk()).unwrap();
    assert!(matches!(other.unseal(b"here", &sealed), Err(SealError::OtherKey(id)) if id == seal.id));
    let renamed = sealed.replacen(&seal.id, &other.id, 1);
    assert!(matches!(other.unseal(b"here", &renamed), Err(SealError::Broken)));
    for (at, bit) in (0..sealed.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut bytes = sealed.clone().into_bytes();
        bytes[at] ^= 1 << bit;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        assert!(seal.unseal(b"here", &text).is_err(), "byte {at}, bit {bit}");
    }
    for end in 0..sealed.len() {
        assert!(seal.unseal(b"here", &sealed[..end]).is_err(), "cut at {end}");
    }
    assert_ne!(sealed, seal.seal(b"here", b"a token").unwrap(), "no nonce comes twice");
}

#[test]
fn a_damaged_key_is_neither_used_nor_replaced() {
    let disk = disk();
    open(&disk).unwrap();
    let whole = disk.get(&key_file()).unwrap();
    for (at, bit) in (0..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << bit;
        disk.put(&key_file(), &bytes).unwrap();
        assert!(matches!(open(&disk), Err(SealError::DamagedKey(_))), "byte {at}, bit {bit}");
        assert_eq!(disk.get(&key_file()).unwrap(), bytes);
    }
    for end in 0..whole.len() {
        disk.put(&key_file(), &whole[..end]).unwrap();
        assert!(matches!(open(&disk), Err(SealError::DamagedKey(_))), "cut at {end}");
    }
}

#[test]
fn a_key_that_could_not_be_written_seals_nothing() {
    for primitive in
        [Primitive::Create, Primitive::Write, Primitive::Sync, Primitive::Rename, Primitive::SyncDir]
    {
        let disk = disk();
        disk.fail(move |call| (call.primitive == primitive).then_some(Fault::NoSpace));
        assert!(matches!(open(&disk), Err(SealError::Io(_))), "{primitive:?}");
    }
    let disk = disk();
    open(&disk).unwrap();
    disk.fail(|call| (call.primitive == Primitive::Read).then_some(Fault::Broken));
    let unread = open(&disk);
    assert!(matches!(unread, Err(SealError::Io(_))), "a key that cannot be read now is not made anew");
}

#[test]
fn a_keyed_hash_depends_on_key_purpose_and_text() {
    let (seal, other) = (open(&disk()).unwrap(), open(&disk()).unwrap());
    let hash = seal.keyed_hash("a", b"text");
    assert_eq!(hash, seal.keyed_hash("a", b"text"));
    let different =
        [seal.keyed_hash("b", b"text"), seal.keyed_hash("a", b"Text"), other.keyed_hash("a", b"text")];
    assert!(different.iter().all(|different| *different != hash));
}

#[test]
fn a_key_that_a_crash_left_half_made_is_removed() {
    let disk = disk();
    let half = Path::new("/data/.seal-0123456789abcdef.tmp");
    disk.put(half, b"agm-seal 1 ").unwrap();
    open(&disk).unwrap();
    assert!(disk.get(half).is_none() && disk.get(Path::new("/data/other")).is_some());
}
