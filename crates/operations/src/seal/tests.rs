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
    assert_eq!(after.get(&key_file()).unwrap().len(), LINE.len() + 1 + 16 + 1 + 43 + 1);
    assert!(!format!("{seal:?}").contains(&URL_SAFE_NO_PAD.encode(seal.ring().newest.key.as_ref())));
}

#[test]
fn what_was_changed_or_belongs_elsewhere_is_refused() {
    let seal = open(&disk()).unwrap();
    let sealed = seal.seal(b"here", b"a token").unwrap();
    assert!(sealed.starts_with(&format!("agm1.{}.", seal.id())) && !sealed.contains("token"));
    assert!(matches!(seal.unseal(b"there", &sealed), Err(SealError::Broken)));
    let other = open(&disk()).unwrap();
    assert!(matches!(other.unseal(b"here", &sealed), Err(SealError::OtherKey(id)) if id == seal.id()));
    let renamed = sealed.replacen(&seal.id(), &other.id(), 1);
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
fn damaged_keys_are_neither_used_nor_replaced() {
    let disk = disk();
    open(&disk).unwrap().rotate(&disk, Path::new(DIR)).unwrap();
    let whole = disk.get(&key_file()).unwrap();
    let lines = whole.split_inclusive(|byte| *byte == b'\n').collect::<Vec<_>>();
    assert_eq!(lines.len(), 2);
    disk.put(&key_file(), &[lines[0], lines[1], lines[0]].concat()).unwrap();
    assert!(matches!(open(&disk), Err(SealError::DamagedKey(_))), "a key twice");
    for (at, bit) in (0..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << bit;
        disk.put(&key_file(), &bytes).unwrap();
        assert!(matches!(open(&disk), Err(SealError::DamagedKey(_))), "byte {at}, bit {bit}");
        assert_eq!(disk.get(&key_file()).unwrap(), bytes);
    }
    for end in (0..whole.len()).filter(|end| *end != lines[0].len()) {
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

#[test]
fn an_older_key_opens_and_the_newest_seals_also_after_a_restart() {
    let disk = disk();
    let seal = open(&disk).unwrap();
    let (installation, hash) = (seal.installation(), seal.keyed_hash("a", b"text"));
    let mut sealed = vec![seal.seal(b"here", b"0").unwrap()];
    for number in ["1", "2"] {
        seal.rotate(&disk, Path::new(DIR)).unwrap();
        sealed.push(seal.seal(b"here", number.as_bytes()).unwrap());
    }
    let ids: Vec<_> = sealed.iter().map(|sealed| key_of(sealed).unwrap().to_owned()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 3);
    let disk = disk.crash();
    let again = open(&disk).unwrap();
    for seal in [seal, again] {
        for (number, sealed) in sealed.iter().enumerate() {
            assert_eq!(&**seal.unseal(b"here", sealed).unwrap(), number.to_string().as_bytes());
        }
        assert_eq!((seal.id(), seal.older()), (ids[2].clone(), vec![ids[1].clone(), ids[0].clone()]));
        assert_eq!(
            (seal.installation(), seal.keyed_hash("a", b"text")),
            (installation.clone(), hash.clone())
        );
    }
    let newest = Ring { older: Vec::new(), ..open(&disk).unwrap().ring() };
    newest.write(&disk, &key_file()).unwrap();
    let alone = open(&disk).unwrap();
    assert!(alone.unseal(b"here", &sealed[2]).is_ok());
    assert!(matches!(alone.unseal(b"here", &sealed[1]), Err(SealError::OtherKey(id)) if id == ids[1]));
}

/// Whatever the disk does and wherever the process ends: what was sealed before opens, and so does what was sealed with a
/// key whose making was acknowledged.
#[test]
fn a_crash_while_the_key_is_changed_loses_no_key() {
    let calls = {
        let disk = disk();
        let seal = open(&disk).unwrap();
        let before = disk.calls();
        seal.rotate(&disk, Path::new(DIR)).unwrap();
        disk.calls() - before
    };
    assert!(calls >= 5, "{calls}");
    for nth in 1..=calls {
        for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::NoSpace, Fault::Broken, Fault::Short] {
            let disk = disk();
            let seal = open(&disk).unwrap();
            let mut sealed = vec![seal.seal(b"", b"before").unwrap()];
            disk.fail_nth(nth, fault);
            let rotated = seal.rotate(&disk, Path::new(DIR)).is_ok();
            sealed.push(seal.seal(b"", b"after").unwrap());
            assert_eq!(seal.older().len(), usize::from(rotated));
            disk.calm();
            let seal = open(&disk.restart(disk::Loss::Everything)).unwrap();
            for sealed in sealed {
                seal.unseal(b"", &sealed).unwrap();
            }
        }
    }
}

#[test]
fn the_ring_has_an_end_and_keeps_its_keys_there() {
    let disk = disk();
    let seal = open(&disk).unwrap();
    let one = disk.get(&key_file()).unwrap().len();
    while (seal.older().len() + 2) * one <= LIMIT {
        seal.rotate(&disk, Path::new(DIR)).unwrap();
    }
    assert!(matches!(seal.rotate(&disk, Path::new(DIR)), Err(SealError::Full)));
    assert_eq!(open(&disk).unwrap().older(), seal.older());
}
