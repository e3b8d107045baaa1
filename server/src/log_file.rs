//! A log file that does not grow for ever.
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Bytes of one file.
const LARGEST: u64 = 10 * 1024 * 1024;
/// How many older files are kept beside it: `agm.log.1` is the newest.
const KEPT: usize = 5;

/// A file that is put aside when it is full. A line is never split.
pub struct LogFile {
    path: PathBuf,
    file: File,
    len: u64,
    largest: u64,
}

impl LogFile {
    /// Goes on with the file, or makes it and its folder, for this user alone.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::with(path, LARGEST)
    }

    fn with(path: &Path, largest: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let file = append(path)?;
        Ok(Self { path: path.to_owned(), len: file.metadata()?.len(), file, largest })
    }

    fn older(&self, age: usize) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{age}"));
        name.into()
    }

    fn put_aside(&mut self) -> io::Result<()> {
        for age in (1..KEPT).rev() {
            match fs::rename(self.older(age), self.older(age + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        match fs::rename(&self.path, self.older(1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            // Somebody took it away.
            _ => {}
        }
        self.file = append(&self.path)?;
        self.len = 0;
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

impl Write for LogFile {
    /// Takes all of the bytes, which are whole lines.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let more = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        if self.len > 0 && self.len.saturating_add(more) > self.largest {
            // A line in a file that is too large is better than none. It is tried again when as much has come.
            if self.put_aside().is_err() {
                self.len = 0;
            }
        }
        self.file.write_all(lines)?;
        self.len = self.len.saturating_add(more);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_put_aside_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log/agm.log");
        let mut log = LogFile::with(&path, 10).unwrap();
        for number in 0..8 {
            writeln!(log, "line {number}").unwrap();
        }
        drop(log);
        let read = |name: &str| fs::read_to_string(dir.path().join("log").join(name)).unwrap();
        assert_eq!(read("agm.log"), "line 7\n");
        assert_eq!((read("agm.log.1"), read("agm.log.5")), ("line 6\n".to_owned(), "line 2\n".to_owned()));
        assert_eq!(fs::read_dir(dir.path().join("log")).unwrap().count(), 6);
        let mut again = LogFile::with(&path, 10).unwrap();
        again.write_all(b"a longer line than fits\n").unwrap();
        assert_eq!(read("agm.log"), "a longer line than fits\n");
        assert_eq!(read("agm.log.1"), "line 7\n", "what was there counts");
    }

    #[test]
    fn a_file_that_was_taken_away_and_a_folder_that_is_in_the_way_lose_no_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agm.log");
        let mut log = LogFile::with(&path, 10).unwrap();
        writeln!(log, "line 0").unwrap();
        fs::remove_file(&path).unwrap();
        writeln!(log, "line 1").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "line 1\n");
        fs::create_dir_all(dir.path().join("agm.log.4/in the way")).unwrap();
        fs::create_dir_all(dir.path().join("agm.log.5/in the way")).unwrap();
        writeln!(log, "line 2").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "line 1\nline 2\n");
    }
}
