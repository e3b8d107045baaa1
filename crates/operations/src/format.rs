//! Which form the data directory has. Each file in it tells its own form too; this one is looked at before all others, so
//! that a directory of a newer agm is left alone.
use crate::journal::JournalError;
use disk::{Attributes, Disk, InstallError, Temporary};
use std::{io, path::Path};

/// The file that tells it, in the data directory.
const FILE: &str = "format";
/// What the file begins with; the number of the form follows.
const MAGIC: &str = "agm-data ";
/// The form that is known. Directories without the file have it too: they are older than the file.
const KNOWN: u32 = 1;
/// The file on its way.
const TEMPORARY: Temporary = Temporary(".format-");
/// More bytes than the file has.
const LIMIT: usize = 100;
/// The folder, in the data directory, of an import that has not ended.
pub const IMPORTING: &str = ".import";

/// Sees that the data directory is of a form that is known, and notes it where that was never done. Nobody else may use the
/// directory meanwhile.
///
/// # Errors
/// [`JournalError::Newer`], [`JournalError::HalfImported`], [`JournalError::Unreadable`] when the file tells no form.
pub fn check(disk: &dyn Disk, data_dir: &Path) -> Result<(), JournalError> {
    if disk.metadata(&data_dir.join(IMPORTING)).is_ok() {
        return Err(JournalError::HalfImported(data_dir.to_owned()));
    }
    let path = data_dir.join(FILE);
    match disk::read(disk, &path, LIMIT) {
        Ok(bytes) => known(&path, &bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Err(error) = note(disk, &path) {
                tracing::warn!(%error, "the form of the data directory could not be noted");
            }
            Ok(())
        }
        Err(error) => Err(JournalError::io(&path, error)),
    }
}

/// Notes it, and removes what a crash left of an earlier try.
fn note(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    disk::sweep(disk, disk::parent(path), TEMPORARY)?;
    let line = format!("{MAGIC}{KNOWN}\n");
    let noted = disk::replace(disk, path, line.as_bytes(), Attributes::PRIVATE, TEMPORARY);
    noted.map_err(InstallError::into_io)
}

fn known(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    match text.strip_prefix(MAGIC).and_then(|form| form.trim_end().parse::<u32>().ok()) {
        Some(1..=KNOWN) => Ok(()),
        Some(form) if form > KNOWN => Err(JournalError::Newer { path: disk::parent(path).to_owned(), form }),
        _ => {
            let why = "it does not tell the form of the data directory".to_owned();
            Err(JournalError::Unreadable { path: path.to_owned(), why })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use disk::MemDisk;
    use domain::{Code, Failure};

    const DIR: &str = "/var/agm";

    fn checked(text: Option<&str>) -> (Result<(), JournalError>, Option<Vec<u8>>) {
        let (disk, dir) = (MemDisk::new(), Path::new(DIR));
        disk::make_dirs(&disk, dir, 0o700).unwrap();
        let path = dir.join(FILE);
        if let Some(text) = text {
            disk::replace(&disk, &path, text.as_bytes(), Attributes::PRIVATE, TEMPORARY).unwrap();
        }
        (check(&disk, dir), disk.get(&path))
    }

    #[test]
    fn a_directory_that_tells_no_form_has_the_first_and_tells_it_from_then_on() {
        let (seen, file) = checked(None);
        assert!(seen.is_ok());
        assert_eq!(file.as_deref(), Some(&b"agm-data 1\n"[..]));
        assert!(checked(Some("agm-data 1\n")).0.is_ok());
    }

    #[test]
    fn what_a_crash_left_of_it_goes() {
        let (disk, dir) = (MemDisk::new(), Path::new(DIR));
        disk::make_dirs(&disk, dir, 0o700).unwrap();
        let half = dir.join(".format-0123456789abcdef.tmp");
        disk.create(&half, Attributes::PRIVATE).unwrap();
        check(&disk, dir).unwrap();
        assert_eq!(disk.names(dir), ["format"]);
    }

    #[test]
    fn a_directory_of_a_newer_agm_is_left_alone() {
        let failure = Failure::from(checked(Some("agm-data 2\n")).0.unwrap_err());
        assert_eq!(failure.code, Code::StorageUnavailable);
        assert!(failure.message.contains("form 2") && failure.message.contains(DIR), "{failure}");
        for none in ["", "agm-data", "agm-data 0\n", "agm-data x\n", "something else"] {
            assert!(matches!(checked(Some(none)).0, Err(JournalError::Unreadable { .. })), "{none}");
        }
    }

    #[test]
    fn what_an_import_left_half_done_is_not_opened() {
        let (disk, dir) = (MemDisk::new(), Path::new(DIR));
        disk::make_dirs(&disk, &dir.join(IMPORTING), 0o700).unwrap();
        assert!(matches!(check(&disk, dir), Err(JournalError::HalfImported(_))));
    }
}
