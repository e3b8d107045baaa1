//! What this process did and keeps, in figures.
use crate::{
    Operations,
    meter::{Came, Histogram, Upstream},
};
use domain::OperationState;
use rustix::fs::statvfs;
use std::{collections::BTreeMap, fs, io, path::Path};

/// The room of the data directory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What its files hold.
    pub used: u64,
    /// What this user can still write where it lies.
    pub free: u64,
}

impl Operations {
    /// How long operations took, by kind and end, since the server started.
    pub fn operation_times(&self) -> BTreeMap<(String, OperationState), Histogram> {
        self.0.clients.meter.operations.read()
    }

    /// How long calls to other systems took, since the server started.
    pub fn call_times(&self) -> BTreeMap<(Upstream, Came), Histogram> {
        self.0.clients.meter.calls.read()
    }

    /// The room of the data directory. None: the disk does not tell.
    pub async fn room(&self) -> Option<Room> {
        let folder = self.0.known.data_dir.clone();
        let asked = tokio::task::spawn_blocking(move || {
            Some(Room { used: held(&folder).ok()?, free: free(&folder).ok()? })
        });
        asked.await.ok().flatten()
    }
}

/// What this user can still write where a path lies, in bytes.
pub fn free(path: &Path) -> io::Result<u64> {
    let space = statvfs(path)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

fn held(folder: &Path) -> io::Result<u64> {
    fs::read_dir(folder)?.try_fold(0, |sum, entry| {
        let entry = entry?;
        let known = match entry.metadata() {
            // It was replaced meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(sum),
            known => known?,
        };
        Ok(sum + if known.is_dir() { held(&entry.path())? } else { known.len() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_folders_counts() {
        let dir = tempfile::TempDir::new().unwrap();
        fs::create_dir(dir.path().join("journal")).unwrap();
        for (path, bytes) in [("a", 3), ("journal/b", 4)] {
            fs::write(dir.path().join(path), vec![0; bytes]).unwrap();
        }
        assert_eq!(held(dir.path()).unwrap(), 7);
        assert!(free(dir.path()).unwrap() > 0 && free(&dir.path().join("nowhere")).is_err());
    }
}
