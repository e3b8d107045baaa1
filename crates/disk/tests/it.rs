//! Both disks do the same, and the one in memory loses what the other one may lose.
#![expect(clippy::unwrap_used, reason = "what a test prepares may panic as the test itself may")]
use disk::{
    Attributes, Call, Disk, Fault, InstallError, Kind, Loss, MemDisk, Primitive, RealDisk, Temporary,
    replace, sweep,
};
use planted::Bug;
use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

const TEMPORARY: Temporary = Temporary(".it-");
const FILE: &str = "/data/file";

fn with(bytes: &[u8]) -> MemDisk {
    let disk = MemDisk::new();
    disk.put(Path::new(FILE), bytes).unwrap();
    disk
}

fn put_new(disk: &dyn Disk) -> Result<(), InstallError> {
    replace(disk, Path::new(FILE), b"new", Attributes::PRIVATE, TEMPORARY)
}

/// Everything that can be done, on any disk.
fn everything(disk: &dyn Disk, root: &Path) {
    let (folder, file) = (root.join("a/b"), root.join("a/b/file"));
    disk::make_dirs(disk, &folder, 0o700).unwrap();
    disk::make_dirs(disk, &folder, 0o700).unwrap();
    assert_eq!(disk.make_dir(&folder, 0o700).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(disk.read_at(&file, 0, 9).unwrap_err().kind(), ErrorKind::NotFound);
    let mut open = disk.append(&file, 0o600).unwrap();
    open.write(b"hello ").unwrap();
    open.write(b"world").unwrap();
    open.truncate(8).unwrap();
    open.write(b"!").unwrap();
    open.sync().unwrap();
    assert_eq!(disk::read(disk, &file, 9).unwrap(), b"hello wo!");
    assert_eq!(disk::read(disk, &file, 8).unwrap_err().kind(), ErrorKind::FileTooLarge);
    assert_eq!(disk.read_at(&file, 6, 2).unwrap(), b"wo");
    assert_eq!(disk.read_at(&file, 99, 2).unwrap(), b"");
    let metadata = disk.metadata(&file).unwrap();
    assert_eq!((metadata.kind, metadata.len, metadata.attributes.mode), (Kind::File, 9, 0o600));
    let metadata = disk.metadata(&folder).unwrap();
    assert_eq!((metadata.kind, metadata.attributes.mode), (Kind::Dir, 0o700));
    let taken = disk.create(&file, Attributes::PRIVATE).err().unwrap();
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
    replace(disk, &file, b"new", Attributes { mode: 0o640, owner: None }, TEMPORARY).unwrap();
    assert_eq!(disk::read(disk, &file, 9).unwrap(), b"new");
    assert_eq!(disk.metadata(&file).unwrap().attributes.mode, 0o640);
    drop(disk.create(&folder.join(".it-0123456789abcdef.tmp"), Attributes::PRIVATE).unwrap());
    drop(disk.create(&folder.join(".it-not ours.tmp"), Attributes::PRIVATE).unwrap());
    assert_eq!(sweep(disk, &folder, TEMPORARY).unwrap(), 1);
    assert_eq!(disk.list(&folder).unwrap(), [".it-not ours.tmp", "file"]);
    disk.remove(&folder.join(".it-not ours.tmp")).unwrap();
    let held = disk.lock(&root.join("lock")).unwrap();
    assert_eq!(disk.lock(&root.join("lock")).err().unwrap().kind(), ErrorKind::WouldBlock);
    drop(held);
    drop(disk.lock(&root.join("lock")).unwrap());
}

#[test]
fn both_disks_do_the_same() {
    let folder = tempfile::tempdir().unwrap();
    everything(&RealDisk, folder.path());
    let memory = MemDisk::new();
    memory.make_dir(Path::new("/root"), 0o755).unwrap();
    everything(&memory, Path::new("/root"));
}

#[test]
fn a_name_that_is_taken_by_a_link_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("target"), folder.path().join("link"));
    std::os::unix::fs::symlink(&target, &link).unwrap();
    assert_eq!(RealDisk.create(&link, Attributes::PRIVATE).err().unwrap().kind(), ErrorKind::AlreadyExists);
    assert!(!target.exists());
}

#[tokio::test]
async fn work_comes_back_from_wherever_it_was_done() {
    let here = std::thread::current().id();
    for (disk, same) in [(Arc::new(RealDisk) as Arc<dyn Disk>, false), (Arc::new(MemDisk::new()), true)] {
        let there = disk::on(&disk, |_| std::thread::current().id()).await.unwrap();
        assert_eq!(there == here, same);
    }
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let broken = disk::on(&disk, |_| panic!("on purpose")).await.map(drop).unwrap_err();
    assert!(!broken.to_string().contains("on purpose"), "{broken}");
}

#[test]
fn what_was_not_synced_is_lost() {
    let disk = with(b"old");
    let mut open = disk.append(Path::new(FILE), 0o600).unwrap();
    open.write(b"+synced").unwrap();
    open.sync().unwrap();
    open.write(b"+not").unwrap();
    let mut other = disk.create(Path::new("/data/other"), Attributes::PRIVATE).unwrap();
    other.write(b"x").unwrap();
    other.sync().unwrap();
    let after = disk.crash();
    assert_eq!(after.get(Path::new(FILE)).unwrap(), b"old+synced");
    assert_eq!(after.names(Path::new("/data")), ["file"], "its name was not synced");
    assert!(open.write(b"from the grave").is_err() && disk.list(Path::new("/data")).is_err());
    assert_eq!(after.get(Path::new(FILE)).unwrap(), b"old+synced");
}

#[test]
fn a_killed_process_loses_its_locks_only() {
    let disk = with(b"old");
    disk.append(Path::new(FILE), 0o600).unwrap().write(b"+not").unwrap();
    let held = disk.lock(Path::new("/data/lock")).unwrap();
    let after = disk.restart(Loss::Nothing);
    assert_eq!(after.get(Path::new(FILE)).unwrap(), b"old+not");
    let again = after.lock(Path::new("/data/lock")).unwrap();
    drop(held);
    assert!(after.lock(Path::new("/data/lock")).is_err(), "the lock of the living one stays");
    drop(again);
}

#[test]
fn a_power_cut_may_spare_some_of_it() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let disk = with(b"old");
        let mut open = disk.create(Path::new("/data/a"), Attributes::PRIVATE).unwrap();
        open.write(b"12").unwrap();
        disk.rename(Path::new("/data/a"), Path::new(FILE)).unwrap();
        let after = disk.restart(Loss::Some(&mut fastrand::Rng::with_seed(seed)));
        seen.insert((after.names(Path::new("/data")).len(), after.get(Path::new(FILE)).unwrap()));
    }
    let seen: Vec<_> = seen.iter().map(|(names, bytes)| (*names, &**bytes)).collect();
    // The name without the bytes too: that is what a forgotten sync of the file costs.
    assert_eq!(seen, [(1, &b""[..]), (1, b"1"), (1, b"12"), (1, b"old"), (2, b"old")]);
}

#[test]
fn a_replaced_file_is_old_or_new_whatever_fails_and_wherever_it_crashes() {
    let disk = with(b"old");
    put_new(&disk).unwrap();
    let calls = disk.calls();
    assert_eq!(calls, 5, "create, write, sync, rename, sync of the folder");
    assert_eq!(disk.crash().get(Path::new(FILE)).unwrap(), b"new");
    for fault in Fault::ERRORS.into_iter().chain([Fault::CrashBefore, Fault::CrashAfter]) {
        for nth in 1..=calls {
            let disk = with(b"old");
            disk.fail_nth(nth, fault);
            let done = put_new(&disk);
            let alive = !disk.halted();
            let left = disk.names(Path::new("/data"));
            let after = disk.crash().get(Path::new(FILE)).unwrap();
            let cell = format!("{fault:?} at {nth}: {done:?}");
            match done {
                Ok(()) => assert_eq!(after, b"new", "{cell}"),
                Err(InstallError::NotReplaced(_)) if alive => {
                    assert_eq!((after, left.len()), (b"old".to_vec(), 1), "{cell}");
                }
                Err(_) => assert!(after == b"old" || after == b"new", "{cell}"),
            }
        }
    }
}

#[test]
fn faults_meet_the_calls_they_are_meant_for() {
    let disk = with(b"old");
    disk.fail(|call: &Call<'_>| {
        (call.primitive.writes() && call.path == Path::new(FILE)).then_some(Fault::ReadOnly)
    });
    assert_eq!(disk.append(Path::new(FILE), 0o600).err().unwrap().kind(), ErrorKind::ReadOnlyFilesystem);
    assert_eq!(disk::read(&disk, Path::new(FILE), 9).unwrap(), b"old");
    disk.calm();
    let mut open = disk.append(Path::new(FILE), 0o600).unwrap();
    disk.fail_nth(1, Fault::Short);
    assert_eq!(open.write(b"1234").unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(disk.get(Path::new(FILE)).unwrap(), b"old12");
    disk.fail_nth(1, Fault::Foreign(b"theirs"));
    assert_eq!(disk::read(&disk, Path::new(FILE), 9).unwrap(), b"theirs");
    assert!(Primitive::ALL.iter().filter(|primitive| primitive.writes()).count() > 5);
}

/// The planted bug is one that this disk shows.
#[test]
fn a_missing_sync_of_the_folder_is_seen() {
    for (bug, wanted) in [(None, &b"new"[..]), (Some(Bug::DirectoryFsyncMissing), b"old")] {
        let disk = with(b"old");
        planted::plant(bug);
        let done = put_new(&disk);
        planted::plant(None);
        done.unwrap();
        assert_eq!(disk.crash().get(Path::new(FILE)).unwrap(), wanted);
    }
}

#[test]
fn the_folder_of_a_bare_name_is_here() {
    assert_eq!(disk::parent(Path::new("file")), PathBuf::from("."));
    assert_eq!(disk::parent(Path::new("/a/file")), PathBuf::from("/a"));
}
