use super::*;
use disk::{Fault, MemDisk, Primitive, RealDisk};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

fn real() -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn with(content: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(place.config(), content).unwrap();
        place
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("openclaw.json")
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

#[tokio::test]
async fn the_file_and_its_backup_get_the_new_bytes_and_keep_their_mode() {
    let place = Place::with("old");
    fs::set_permissions(place.config(), fs::Permissions::from_mode(0o640)).unwrap();
    let (bytes, hash) = read_file(&real(), &place.config()).await.unwrap();
    assert_eq!(bytes, b"old");
    let replaced = replace_file(&real(), &place.config(), hash, b"new".to_vec()).await.unwrap();
    assert_eq!(replaced.hash, FileHash::of(b"new"));
    replaced.backup.unwrap();
    assert_eq!(fs::read(place.config()).unwrap(), b"new");
    assert_eq!(fs::read(place.folder.path().join("openclaw.json.bak")).unwrap(), b"new");
    assert_eq!(fs::metadata(place.config()).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(place.names(), ["openclaw.json", "openclaw.json.bak"]);
}

#[tokio::test]
async fn foreign_work_is_not_overwritten() {
    let place = Place::with("somebody else's");
    let error =
        replace_file(&real(), &place.config(), FileHash::of(b"old"), b"new".to_vec()).await.unwrap_err();
    assert!(
        matches!(error, FileError::Changed { found, .. } if found == FileHash::of(b"somebody else's")),
        "{error}"
    );
    assert_eq!(fs::read(place.config()).unwrap(), b"somebody else's");
    assert_eq!(place.names(), ["openclaw.json"]);
}

#[tokio::test]
async fn a_link_stays_a_link() {
    let place = Place::with("old");
    let link = place.folder.path().join("link.json");
    symlink(place.config(), &link).unwrap();
    replace_file(&real(), &link, FileHash::of(b"old"), b"new".to_vec()).await.unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(place.config()).unwrap(), b"new");
}

#[tokio::test]
async fn what_is_no_file_is_refused() {
    let place = Place::with("old");
    let gone = place.folder.path().join("gone");
    assert!(matches!(read_file(&real(), &gone).await, Err(FileError::Missing(path)) if path == gone));
    assert!(matches!(
        replace_file(&real(), &gone, FileHash::of(b""), vec![]).await,
        Err(FileError::Missing(_))
    ));
    assert!(!gone.exists());
    assert!(matches!(read_file(&real(), place.folder.path()).await, Err(FileError::NotAFile(_))));
    fs::write(place.config(), vec![b' '; 4 * 1024 * 1024 + 1]).unwrap();
    assert!(matches!(read_file(&real(), &place.config()).await, Err(FileError::TooLarge(_))));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error_that_says_so() {
    // /proc takes no new files from anybody, root included.
    let error = prepare(&RealDisk, Path::new("/proc/self/openclaw.json"), b"new", Attributes::PRIVATE);
    let error = error.err().unwrap();
    assert!(matches!(error, FileError::Missing(_) | FileError::ReadOnly { .. }), "{error}");
    for (kind, wanted) in [
        (io::ErrorKind::PermissionDenied, "cannot be written"),
        (io::ErrorKind::ReadOnlyFilesystem, "cannot be written"),
        (io::ErrorKind::StorageFull, "no space left"),
        (io::ErrorKind::NotFound, "is not there"),
    ] {
        let error = classified(Path::new("a"), kind.into());
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

const CONFIG: &str = "/manager/openclaw.json";

fn memory() -> (MemDisk, Arc<dyn Disk>) {
    let machine = MemDisk::new();
    machine.put(Path::new(CONFIG), b"old").unwrap();
    let disk = Arc::new(machine.clone());
    (machine, disk)
}

async fn replace_old(disk: &Arc<dyn Disk>) -> Result<Replaced, FileError> {
    replace_file(disk, Path::new(CONFIG), FileHash::of(b"old"), b"new".to_vec()).await
}

#[tokio::test]
async fn whatever_fails_or_crashes_the_file_is_old_or_new_and_never_claimed_wrongly() {
    let (machine, disk) = memory();
    replace_old(&disk).await.unwrap();
    let calls = machine.calls();
    assert!(calls > 10, "the faults must meet every primitive: {calls}");
    for fault in Fault::ERRORS.into_iter().chain([Fault::CrashBefore, Fault::CrashAfter]) {
        for nth in 1..=calls {
            let (machine, disk) = memory();
            machine.fail_nth(nth, fault);
            let done = replace_old(&disk).await;
            let (halted, seen) = (machine.halted(), machine.get(Path::new(CONFIG)).unwrap());
            let after = machine.crash().get(Path::new(CONFIG)).unwrap();
            let cell = format!("{fault:?} at {nth}: {done:?}");
            match done {
                Ok(_) => assert_eq!(after, b"new", "{cell}"),
                Err(_) if halted => assert!(after == b"old" || after == b"new", "{cell}"),
                Err(FileError::NotDurable { .. }) => assert_eq!(seen, b"new", "{cell}"),
                Err(_) => assert_eq!((&*seen, &*after), (&b"old"[..], &b"old"[..]), "{cell}"),
            }
        }
    }
}

#[tokio::test]
async fn what_a_crash_left_is_swept_and_nothing_else_is() {
    let (machine, disk) = memory();
    let folder = Path::new("/manager");
    for name in
        [".openclaw-mine.txt", ".openclaw-.tmp", ".openclaw-a_b_c_d.tmp", "openclaw-0123456789abcdef.tmp"]
    {
        machine.put(&folder.join(name), b"somebody else's").unwrap();
    }
    let foreign = machine.names(folder);
    machine.put(&folder.join(".openclaw-Xy12Zz.tmp"), b"of an earlier version").unwrap();
    machine.fail(|call| (call.primitive == Primitive::Rename).then_some(Fault::CrashBefore));
    replace_old(&disk).await.unwrap_err();
    let next = machine.restart(disk::Loss::Nothing);
    next.calm();
    assert_eq!(next.names(folder).len(), foreign.len() + 2);
    let disk: Arc<dyn Disk> = Arc::new(next.clone());
    assert_eq!(sweep_beside(&disk, Path::new(CONFIG)).await.unwrap(), 2);
    assert_eq!(next.names(folder), foreign);
}

#[tokio::test]
async fn a_change_while_the_new_file_was_written_is_kept() {
    let (machine, disk) = memory();
    let other = machine.clone();
    // Between the first look and the second one somebody writes.
    let mut looks = 0;
    machine.fail(move |call| {
        looks += usize::from(call.primitive == Primitive::Read);
        (looks == 2).then(|| {
            looks += 1;
            Fault::Foreign(b"theirs")
        })
    });
    let error = replace_old(&disk).await.unwrap_err();
    assert!(matches!(error, FileError::Changed { .. }), "{error}");
    assert_eq!(other.get(Path::new(CONFIG)).unwrap(), b"theirs");
}
