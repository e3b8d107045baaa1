use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};

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
    let (bytes, hash) = read_file(&place.config()).await.unwrap();
    assert_eq!(bytes, b"old");
    let replaced = replace_file(&place.config(), hash, b"new".to_vec()).await.unwrap();
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
    let error = replace_file(&place.config(), FileHash::of(b"old"), b"new".to_vec()).await.unwrap_err();
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
    replace_file(&link, FileHash::of(b"old"), b"new".to_vec()).await.unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(place.config()).unwrap(), b"new");
}

#[tokio::test]
async fn what_is_no_file_is_refused() {
    let place = Place::with("old");
    let gone = place.folder.path().join("gone");
    assert!(matches!(read_file(&gone).await, Err(FileError::Missing(path)) if path == gone));
    assert!(matches!(replace_file(&gone, FileHash::of(b""), vec![]).await, Err(FileError::Missing(_))));
    assert!(!gone.exists());
    assert!(matches!(read_file(place.folder.path()).await, Err(FileError::NotAFile(_))));
    fs::write(place.config(), vec![b' '; 4 * 1024 * 1024 + 1]).unwrap();
    assert!(matches!(read_file(&place.config()).await, Err(FileError::TooLarge(_))));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error_that_says_so() {
    // /proc takes no new files from anybody, root included.
    let error =
        prepare(Path::new("/proc/self/openclaw.json"), &fs::metadata("/").unwrap(), b"new").unwrap_err();
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
