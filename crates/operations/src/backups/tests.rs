mod back;
mod sealed;

use super::{content::Content, file, shelf::Shelf};
use crate::journal::JournalError;
use disk::{Fault, Loss, MemDisk, Primitive};
use domain::{Backup, BackupId, Code};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

const DIR: &str = "/var/agm";
/// What a shelf keeps beside the pinned ones here.
const KEPT: usize = 3;

fn id(number: usize) -> BackupId {
    format!("{number:026}").parse().unwrap()
}

fn backup(number: usize) -> Backup {
    serde_json::from_value(json!({"id": id(number), "takenAt": "2026-01-15T10:30:00Z", "actor": "admin",
        "reason": {"why": "by_hand"}, "pinned": false, "bytes": 0, "providers": 0, "routes": 0, "agents": 0,
        "hash": format!("{number}")}))
    .unwrap()
}

const CONTENT: &[u8] = br#"{"file":{"version":1},"leftOut":[]}"#;

fn file_of(number: usize) -> PathBuf {
    Path::new(DIR).join("backups").join(format!("{}.json", id(number)))
}

async fn open(disk: &MemDisk) -> Result<Shelf, JournalError> {
    Shelf::open(Arc::new(disk.clone()), Path::new(DIR), KEPT).await
}

async fn add(shelf: &Shelf, number: usize) -> Result<Backup, domain::Failure> {
    Ok(shelf.add(backup(number), CONTENT, |_| false).await?.backup)
}

async fn numbers(shelf: &Shelf) -> Vec<usize> {
    shelf.list().await.iter().map(|backup| backup.id.as_str().parse().unwrap()).collect()
}

/// A file as version 1 was first written. It must be read for ever.
#[test]
fn a_backup_of_version_1_is_read() {
    let bytes = include_bytes!("tests/backup-1.txt");
    let id = "01JD0000000000000000000000".parse().unwrap();
    let (known, content) = file::parse(bytes, &id).unwrap();
    assert_eq!(
        (known.actor.as_str(), known.pinned, known.reason.to_string().as_str()),
        ("admin", true, "before set_model worker:alice")
    );
    let content: Content = serde_json::from_slice(content).unwrap();
    assert_eq!((content.file.providers.len(), content.left_out.len()), (1, 1));
    assert_eq!(file::to_bytes(&known, &serde_json::to_vec(&content).unwrap()).unwrap(), bytes);
}

#[test]
fn every_torn_or_changed_file_is_seen() {
    let whole = file::to_bytes(&backup(1), CONTENT).unwrap();
    assert!(file::parse(&whole, &id(1)).is_ok() && file::parse(&whole, &id(2)).is_err());
    for end in 0..whole.len() {
        assert!(file::parse(&whole[..end], &id(1)).is_err(), "cut at {end}");
    }
    for (at, bit) in (0..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << bit;
        assert!(file::parse(&bytes, &id(1)).is_err(), "byte {at}, bit {bit}");
    }
}

#[tokio::test]
async fn the_newest_are_kept_beside_the_pinned() {
    let disk = MemDisk::new();
    let shelf = open(&disk).await.unwrap();
    for number in 1..=2 {
        add(&shelf, number).await.unwrap();
    }
    shelf.change(&id(1), |backup| backup.pinned = true).await.unwrap();
    for number in 3..=6 {
        add(&shelf, number).await.unwrap();
    }
    assert_eq!(numbers(&shelf).await, [6, 5, 4, 1]);
    assert_eq!(disk.names(&Path::new(DIR).join("backups")).len(), 4);
    assert_eq!(shelf.read(&id(1)).await.unwrap().0, Backup { pinned: true, ..backup(1) });
    assert_eq!(shelf.read(&id(2)).await.unwrap_err().code, Code::NotFound);
    assert_eq!(shelf.remove(&id(1)).await.unwrap_err().code, Code::Conflict);
    let same = shelf.add(backup(7), CONTENT, |newest| newest.hash == "6").await.unwrap();
    assert_eq!((same.backup.id, same.new, numbers(&shelf).await.len()), (id(6), false, 4));
}

/// Whatever the disk does and wherever the process ends: every backup that is listed later is whole, those that were
/// acknowledged are there, and nothing is left half-written.
#[tokio::test]
async fn a_crash_at_any_call_leaves_whole_backups() {
    let calls = {
        let disk = MemDisk::new();
        let shelf = open(&disk).await.unwrap();
        let before = disk.calls();
        some_work(&shelf).await;
        (before, disk.calls())
    };
    assert!(calls.1 - calls.0 > 20, "{calls:?}");
    for nth in calls.0..calls.1 {
        for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::NoSpace, Fault::Broken, Fault::Short] {
            let disk = MemDisk::new();
            let shelf = open(&disk).await.unwrap();
            disk.fail_nth(nth + 1 - calls.0, fault);
            let (added, pinned) = some_work(&shelf).await;
            disk.calm();
            let disk = disk.restart(Loss::Everything);
            let shelf = open(&disk).await.unwrap();
            assert!(shelf.damaged().await.is_empty(), "{nth} {fault:?}");
            for listed in shelf.list().await {
                shelf.read(&listed.id).await.unwrap();
            }
            let there = numbers(&shelf).await;
            let newest = added.iter().copied().rev().take(KEPT);
            for number in newest {
                assert!(there.contains(&number), "{nth} {fault:?}: {added:?} {there:?}");
            }
            if pinned {
                assert!(shelf.read(&id(1)).await.unwrap().0.pinned, "{nth} {fault:?}");
            }
            let half = disk.names(&Path::new(DIR).join("backups"));
            assert!(half.iter().all(|name| !name.to_string_lossy().ends_with(".tmp")), "{half:?}");
        }
    }
}

/// Which additions and whether the pinning were acknowledged.
async fn some_work(shelf: &Shelf) -> (Vec<usize>, bool) {
    let mut added = Vec::new();
    let mut pinned = false;
    for number in 1..=5 {
        if add(shelf, number).await.is_ok() {
            added.push(number);
        }
        if number == 1 {
            pinned = shelf.change(&id(1), |backup| backup.pinned = true).await.is_ok();
        }
    }
    (added, pinned)
}

/// The clock may go back, and an adopted backup is as old as it is.
#[tokio::test]
async fn the_one_just_added_stays_whatever_its_id_says_of_its_age() {
    let disk = MemDisk::new();
    let shelf = open(&disk).await.unwrap();
    for number in 11..=15 {
        add(&shelf, number).await.unwrap();
    }
    for number in [7, 3] {
        add(&shelf, number).await.unwrap();
        assert_eq!(numbers(&shelf).await, [15, 14, number]);
    }
    shelf.read(&id(3)).await.unwrap();
    // One that is pinned from the first takes no place.
    shelf.add(Backup { pinned: true, ..backup(1) }, CONTENT, |_| false).await.unwrap();
    assert_eq!(numbers(&shelf).await, [15, 14, 3, 1]);
    add(&shelf, 16).await.unwrap();
    assert_eq!(numbers(&shelf).await, [16, 15, 14, 1]);
    shelf.change(&id(1), |backup| backup.pinned = false).await.unwrap();
    add(&shelf, 17).await.unwrap();
    assert_eq!(disk.names(&Path::new(DIR).join("backups")).len(), KEPT);
}

#[tokio::test]
async fn a_damaged_file_is_told_and_left_alone() {
    let disk = MemDisk::new();
    let shelf = open(&disk).await.unwrap();
    for number in 1..=3 {
        add(&shelf, number).await.unwrap();
    }
    disk.put(&file_of(1), b"torn").unwrap();
    let newer = String::from_utf8(disk.get(&file_of(2)).unwrap()).unwrap().replacen("up 1 ", "up 3 ", 1);
    disk.put(&file_of(2), newer.as_bytes()).unwrap();
    disk.put(&Path::new(DIR).join("backups/notes.txt"), b"a person's").unwrap();
    assert_eq!(shelf.read(&id(1)).await.unwrap_err().code, Code::StorageUnavailable);

    let shelf = open(&disk).await.unwrap();
    assert_eq!(numbers(&shelf).await, [3]);
    let said: Vec<_> = shelf.damaged().await.into_iter().map(|one| (one.file, one.message)).collect();
    assert_eq!(said.len(), 2);
    assert!(said[0].0 == format!("{}.json", id(1)) && said[1].1.contains("\"3\""), "{said:?}");
    for number in 4..=8 {
        add(&shelf, number).await.unwrap();
    }
    assert_eq!(disk.get(&file_of(2)).unwrap(), newer.as_bytes(), "nothing is destroyed");

    // A good copy comes back.
    let back = Backup { pinned: true, ..backup(1) };
    assert!(shelf.add(back, CONTENT, |_| false).await.unwrap().new);
    let left: Vec<_> = shelf.damaged().await.into_iter().map(|one| one.file).collect();
    assert_eq!(left, [format!("{}.json", id(2))]);
    shelf.read(&id(1)).await.unwrap();
}

#[tokio::test]
async fn one_that_is_there_is_not_written_again() {
    let shelf = open(&MemDisk::new()).await.unwrap();
    add(&shelf, 1).await.unwrap();
    let named = shelf.change(&id(1), |backup| backup.name = Some("mine".parse().unwrap())).await.unwrap();
    let again = shelf.add(backup(1), CONTENT, |_| false).await.unwrap();
    assert_eq!((again.new, &again.backup), (false, &named));
    assert_eq!(shelf.read(&id(1)).await.unwrap().0, named);
    let other = shelf.exchange(Backup { bytes: 7, ..backup(1) }, b"other").await.unwrap();
    assert_eq!((other.name, other.bytes), (named.name, 7));
    assert_eq!(shelf.read(&id(1)).await.unwrap().1, b"other");
}

#[tokio::test]
async fn a_disk_that_gives_nothing_is_no_empty_shelf() {
    let disk = MemDisk::new();
    add(&open(&disk).await.unwrap(), 1).await.unwrap();
    disk.fail(|call| (call.primitive == Primitive::List).then_some(Fault::Broken));
    assert!(matches!(open(&disk).await, Err(JournalError::Io { .. })));
    disk.fail(|call| (call.primitive == Primitive::Read).then_some(Fault::Broken));
    let shelf = open(&disk).await.unwrap();
    assert_eq!((shelf.list().await.len(), shelf.damaged().await.len()), (0, 1));
}
