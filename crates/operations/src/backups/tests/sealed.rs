//! What is sealed, and what does not open.
use super::super::{
    content::{Content, Taken},
    envelope, file, opened_as,
};
use crate::seal::{KEY_FILE, Seal};
use disk::MemDisk;
use domain::{Backup, BackupReason, Code, Failure, SealedBackup};
use fastrand::Rng;
use serde_json::{Value, json};
use std::path::Path;

const DIR: &str = "/data";
/// A key of no installation.
const FIXED: &str = "agm-seal 1 c498b1e8ae1a0bf0 JVqQuxr2Ti3Far0xHf_h5zB8RNNSY7w697IZIgKyBTA\n";

fn seal() -> Seal {
    Seal::open(&disk(), Path::new(DIR)).unwrap()
}

fn disk() -> MemDisk {
    let disk = MemDisk::new();
    disk.put(&Path::new(DIR).join("other"), b"").unwrap();
    disk
}

fn content(json: Value) -> Content {
    serde_json::from_value(json).unwrap()
}

/// A content with one key.
fn with_key(key: &str) -> Content {
    content(json!({
        "file": {"version": 1, "providers": [{"name": "qwen", "type": "qwen"}], "routes": [{"name": "default-ai-route"}],
            "assignments": {"workers": {"alice": {"provider": "qwen", "model": "m"}}}},
        "leftOut": [{"code": "LEFT_OUT", "message": "dave: shut out"}],
        "originals": {
            "providers": [{"name": "qwen", "type": "qwen", "tokens": [key]}],
            "routes": [{"name": "default-ai-route", "version": "1", "upstreams": [{"provider": "qwen", "weight": 100}]}],
            "serviceSources": [{"name": "llm-qwen", "type": "dns", "version": "1"}],
            "consumers": ["worker-alice"],
            "agents": [{"agent": "worker:alice", "record": {"provider": "qwen", "model": "m", "updatedAt": "2026-01-15T10:30:00Z"},
                "model": {"gateway": "hiclaw-gateway", "primary": "hiclaw-gateway/m", "entry": {"id": "m", "input": ["text"]},
                "alias": "m"}}],
        },
    }))
}

fn sealed(seal: &Seal, number: usize, content: &Content) -> SealedBackup {
    let taken = Taken {
        id: super::id(number),
        at: serde_json::from_value("2026-01-15T10:30:00Z".into()).unwrap(),
        actor: "admin".into(),
        reason: BackupReason::ByHand,
    };
    let visible = content.visible(taken, seal.installation(), content.hash().unwrap()).unwrap();
    envelope::seal(seal, visible, content).unwrap()
}

fn known(sealed: &SealedBackup, bytes: &[u8]) -> Backup {
    envelope::known(sealed, bytes.len(), Some("a name".parse().unwrap()))
}

fn refused(opened: Result<Content, Failure>) -> Code {
    opened.expect_err("it opens").code
}

fn text(random: &mut Rng) -> String {
    let letters = ['a', 'Z', '0', '-', '"', '\\', '\n', '{', 'ü', '密', '\u{1f511}'];
    (0..random.usize(1..6)).map(|_| letters[random.usize(..letters.len())]).collect()
}

fn tree(random: &mut Rng, depth: usize) -> Value {
    match random.u8(..if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => random.bool().into(),
        2 => random.i64(..).into(),
        3 => f64::from(random.i32(-1000..1000)).into(),
        4 => text(random).into(),
        5 => (0..random.usize(..3)).map(|_| tree(random, depth - 1)).collect(),
        _ => Value::Object((0..random.usize(..3)).map(|_| (text(random), tree(random, depth - 1))).collect()),
    }
}

/// Documents with anything in them beside a name.
fn documents(random: &mut Rng, name: &str) -> Vec<Value> {
    let document = |number: usize, random: &mut Rng| {
        let keys: Vec<_> = (0..random.usize(..3)).map(|_| text(random)).collect();
        json!({"name": format!("{name}-{number}"), "type": text(random), "tokens": keys, "more": tree(random, 1)})
    };
    (0..random.usize(..2)).map(|number| document(number, random)).collect()
}

fn any_content(random: &mut Rng) -> Content {
    let originals = json!({
        "providers": documents(random, "p"), "routes": documents(random, "r"), "serviceSources": documents(random, "s"),
        "consumers": ["worker-alice", "manager"],
        "agents": [{"agent": "manager", "record": tree(random, 1)}, {"agent": "worker:bob", "model": tree(random, 1)}],
    });
    let file = json!({"version": 1, "providers": [{"name": "p-0", "type": text(random)}],
        "assignments": {"manager": {"provider": "p-0", "model": "m"}}});
    let left_out: Vec<_> =
        (0..random.usize(..3)).map(|_| json!({"code": "LEFT_OUT", "message": text(random)})).collect();
    let originals = if random.u8(..10) == 0 { Value::Null } else { originals };
    content(json!({"file": file, "leftOut": left_out, "originals": originals}))
}

#[test]
fn ten_thousand_backups_of_anything_come_back_as_they_were() {
    let seal = seal();
    let come_back = |from: usize| {
        let mut random = Rng::with_seed(from as u64);
        for number in from..from + 2_500 {
            let content = any_content(&mut random);
            let opened = envelope::open(&seal, &sealed(&seal, number, &content)).unwrap();
            let file = |content: &Content| serde_json::to_string(&content.file).unwrap();
            assert_eq!(file(&opened), file(&content), "{number}");
            assert_eq!(opened.left_out, content.left_out, "{number}");
            assert!(opened.originals == content.originals, "{number}");
        }
    };
    std::thread::scope(|threads| {
        for quarter in 0..4 {
            threads.spawn(move || come_back(quarter * 2_500));
        }
    });
}

#[test]
fn a_backup_with_a_flipped_bit_does_not_open() {
    let seal = seal();
    let whole = serde_json::to_vec(&sealed(&seal, 1, &with_key("sk-canary"))).unwrap();
    for (at, bit) in (0..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << bit;
        let Ok(changed) = serde_json::from_slice::<SealedBackup>(&bytes) else { continue };
        assert!(envelope::open(&seal, &changed).is_err(), "byte {at}, bit {bit}");
    }
}

#[test]
fn a_file_with_a_flipped_bit_is_none() {
    let sealed = sealed(&seal(), 1, &with_key("sk-canary"));
    let body = serde_json::to_vec(&sealed).unwrap();
    let whole = file::to_bytes(&known(&sealed, &body), &body).unwrap();
    assert!(whole.starts_with(b"agm-backup 2 ") && file::parse(&whole, &super::id(1)).is_ok());
    for (at, bit) in (0..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << bit;
        assert!(file::parse(&bytes, &super::id(1)).is_err(), "byte {at}, bit {bit}");
    }
}

/// Who can write the disk can make the checksum fit, but not the seal.
#[test]
fn a_file_that_tells_other_things_than_were_sealed_does_not_open() {
    let seal = seal();
    let sealed = sealed(&seal, 1, &with_key("sk-canary"));
    let body = serde_json::to_vec(&sealed).unwrap();
    let known = known(&sealed, &body);
    opened_as(&seal, &Backup { name: None, pinned: true, ..known.clone() }, &body).unwrap();
    for lie in [
        Backup { hash: "ab".into(), ..known.clone() },
        Backup { actor: "eve".into(), ..known.clone() },
        Backup { providers: 7, ..known.clone() },
        Backup { id: super::id(2), ..known.clone() },
        Backup { sealed_with: Some("9f2c51d07ab3e846".into()), ..known },
    ] {
        assert_eq!(refused(opened_as(&seal, &lie, &body)), Code::SealBroken, "{lie:?}");
    }
}

#[test]
fn what_is_seen_of_one_backup_does_not_open_another() {
    let seal = seal();
    let (one, other) = (sealed(&seal, 1, &with_key("sk-one")), sealed(&seal, 2, &with_key("sk-other")));
    let mixed = [
        SealedBackup { visible: other.visible.clone(), ..one.clone() },
        SealedBackup { sealed: other.sealed, ..one.clone() },
        SealedBackup { agm_backup: 3, ..one.clone() },
        SealedBackup { sealed: one.sealed.replacen("agm1.", "agm2.", 1), ..one },
    ];
    for mixed in mixed {
        assert_eq!(refused(envelope::open(&seal, &mixed)), Code::SealBroken);
    }
}

#[test]
fn a_backup_of_another_installation_does_not_open() {
    let (here, elsewhere) = (seal(), seal());
    let foreign = sealed(&elsewhere, 1, &with_key("sk-foreign"));
    assert_ne!(foreign.visible.installation, here.installation());
    assert_eq!(refused(envelope::open(&here, &foreign)), Code::SealKeyUnknown);
    let renamed = SealedBackup { sealed: foreign.sealed.replacen(&elsewhere.id(), &here.id(), 1), ..foreign };
    assert_eq!(refused(envelope::open(&here, &renamed)), Code::SealBroken);
}

#[test]
fn nothing_of_a_key_is_seen() {
    let content = with_key("sk-canary-0123456789");
    let sealed = sealed(&seal(), 1, &content);
    let visible = serde_json::to_string(&sealed.visible).unwrap();
    assert!(visible.contains("worker:alice") && visible.contains("default-ai-route"), "{visible}");
    let fingerprint = &blake3::hash(b"sk-canary-0123456789").to_hex()[..8];
    assert_eq!(sealed.visible.providers[0].keys, [fingerprint]);
    let debugged = format!("{content:?} {sealed:?}");
    assert!(!visible.contains("canary") && !debugged.contains("canary"), "{debugged}");
}

#[test]
fn another_key_alone_is_another_state_and_why_something_is_left_out_is_none() {
    let hash = |content: &Content| content.hash().unwrap();
    let one = with_key("sk-one");
    assert_eq!(hash(&one), hash(&with_key("sk-one")));
    assert_ne!(hash(&one), hash(&with_key("sk-other")));
    let changed = |at: &str, to: Value| {
        let mut json = serde_json::to_value(&one).unwrap();
        *json.pointer_mut(at).unwrap() = to;
        content(json)
    };
    assert_eq!(hash(&one), hash(&changed("/leftOut/0/message", "another reason".into())));
    assert_eq!(hash(&one), hash(&changed("/originals/routes/0/version", "2".into())), "written again");
    assert_ne!(hash(&one), hash(&changed("/originals/routes/0/upstreams/0/weight", 50.into())));
    assert_ne!(hash(&one), hash(&changed("/file/assignments/workers/alice/model", "n".into())));
    for (at, to) in [
        ("/originals/serviceSources/0/type", json!("static")),
        ("/originals/consumers/0", json!("worker-bob")),
        ("/originals/agents/0/record/model", json!("n")),
        ("/originals/agents/0/model/entry/input", json!(["text", "image"])),
        ("/originals/agents/0/model/alias", json!("n")),
    ] {
        assert_ne!(hash(&one), hash(&changed(at, to)), "{at}");
    }
    for at in ["/originals/serviceSources/0/version", "/originals/agents/0/record/updatedAt"] {
        assert_eq!(hash(&one), hash(&changed(at, "2026-02-15T10:30:00Z".into())), "{at}");
    }
}

#[test]
fn what_inflates_without_end_is_no_content() {
    let deflated = envelope::deflate(&[0; 2000]).unwrap();
    assert_eq!(envelope::inflate(&deflated, 2000).unwrap().len(), 2000);
    assert!(deflated.len() < 50 && envelope::inflate(&deflated, 1999).is_err());
    assert!(envelope::refuse_beyond(2000, 2000).is_ok() && envelope::refuse_beyond(1999, 2000).is_err());
}

/// A file as version 2 was first written. It must be read for ever.
#[test]
fn a_backup_of_version_2_is_read() {
    let disk = disk();
    disk.put(&Path::new(DIR).join(KEY_FILE), FIXED.as_bytes()).unwrap();
    let seal = Seal::open(&disk, Path::new(DIR)).unwrap();
    let whole = include_bytes!("backup-2.txt");
    let (known, body) = file::parse(whole, &super::id(1)).unwrap();
    assert_eq!((known.name.as_ref().unwrap().as_str(), known.providers, known.agents), ("a name", 1, 1));
    let opened = opened_as(&seal, &known, body).unwrap();
    let kept = opened.originals.as_ref().unwrap();
    assert_eq!(kept.providers, with_key("sk-golden").originals.unwrap().providers);
    assert_eq!((kept.service_sources.len(), kept.consumers.len(), kept.agents.len()), (1, 1, 1));
    assert_eq!(opened.keys().unwrap(), 1);
    assert_eq!(file::to_bytes(&known, body).unwrap(), whole);
}
