//! The file that says which process serves a data directory.
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The file's name in the data directory.
pub const NAME: &str = "agm.pid";

/// The file of this process; dropped, it is removed.
pub struct PidFile(PathBuf);

impl PidFile {
    /// Writes down this process. Whoever has the lock of the data directory may.
    pub fn write(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join(NAME);
        fs::write(&path, format!("{}\n", std::process::id()))?;
        Ok(Self(path))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // A leftover does no harm: who reads it looks at the process too.
        drop(fs::remove_file(&self.0));
    }
}

/// A server that is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running(Pid);

impl Running {
    /// The one of a data directory. A file that a killed server left behind, or whose number another program has now,
    /// is none.
    pub fn of(data_dir: &Path) -> Option<Self> {
        let number: u32 = fs::read_to_string(data_dir.join(NAME)).ok()?.trim().parse().ok()?;
        let found = Self(Pid::from_raw(i32::try_from(number).ok()?)?);
        found.is_server().then_some(found)
    }

    /// Whether the process is there and is an `agm serve`.
    pub fn is_server(self) -> bool {
        let line = fs::read(format!("/proc/{self}/cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0);
        let program = words.next().and_then(|program| program.rsplit(|byte| *byte == b'/').next());
        program.is_some_and(|name| name.starts_with(b"agm")) && words.any(|word| word == b"serve")
    }

    /// Whether it runs another file than this process does, such as an older version that was replaced since. False where
    /// that cannot be told.
    pub fn is_another_program(self) -> bool {
        let file = |process: &str| {
            let about = fs::metadata(format!("/proc/{process}/exe")).ok()?;
            Some((about.dev(), about.ino()))
        };
        file(&self.to_string()).zip(file("self")).is_some_and(|(its, own)| its != own)
    }

    /// Tells it to end in order.
    pub fn terminate(self) -> io::Result<()> {
        Ok(kill_process(self.0, Signal::TERM)?)
    }
}

impl std::fmt::Display for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.as_raw_nonzero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_no_server_is_nobody() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(Running::of(data.path()), None, "no file");
        let file = PidFile::write(data.path()).unwrap();
        assert_eq!(Running::of(data.path()), None, "this is a test and no server");
        drop(file);
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
        for text in ["", "0", "-1", "x", "1\n2"] {
            fs::write(data.path().join(NAME), text).unwrap();
            assert_eq!(Running::of(data.path()), None, "{text:?}");
        }
    }
}
