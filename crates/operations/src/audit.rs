//! What was done, for good: one line for every operation that ended, and one when nothing of it could come late any
//! more. Each line holds the hash of the one before, and names what every object was and became.
mod line;
#[cfg(test)]
mod tests;
mod verify;

pub use verify::{Break, Verified, verify};

use crate::journal::JournalError;
use disk::Disk;
use domain::{Operation, OperationId, Timestamp};
use line::Entry;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The file of the trail, in the data directory.
pub const AUDIT_FILE: &str = "audit.jsonl";
/// How many operations are kept in memory.
const KEPT: usize = 500;
/// How much of the file is read at once.
const CHUNK: usize = 1024 * 1024;

/// At which turn of an operation a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// How it ended is known.
    Ended,
    /// Its objects were watched until no late request could come any more.
    Settled,
}

/// What an operation made of an object, by hashes of its images. Empty: it was not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub object: String,
    pub before: String,
    pub after: String,
    /// What the object was when we last wrote it down, if somebody else changed it since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
    /// Of a route: the hash of what it became but for the agents that it lets in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// What our last write of an object left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Of its image. Empty: it was removed.
    pub hash: String,
    /// Of a route: of its image but for the agents that it lets in.
    pub body: Option<String>,
    pub by: OperationId,
    /// When that operation ended.
    pub at: Option<Timestamp>,
}

/// The trail of a data directory.
pub struct Audit {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    /// One line after the other. A write holds it to its end, also when nobody waits for it any more.
    tail: Arc<tokio::sync::Mutex<Tail>>,
    known: Arc<Mutex<Known>>,
}

/// Where the next line goes.
#[derive(Clone, Default)]
struct Tail {
    /// Bytes of all whole lines.
    len: u64,
    seq: u64,
    /// The hash of the last line; empty: there is none.
    hash: String,
    /// What every object was left as.
    objects: BTreeMap<String, Left>,
}

#[derive(Default)]
struct Known {
    lines: BTreeMap<OperationId, Lines>,
    newest: BTreeMap<OperationId, Arc<Operation>>,
}

/// The lines of an operation.
#[derive(Clone, Copy)]
struct Lines {
    /// Where the line of its end begins.
    ended: Option<u64>,
    settled: bool,
    /// Where the last of them begins.
    at: u64,
    /// Its bytes, without its end.
    len: usize,
}

impl Audit {
    /// Reads the trail and cuts off a last line that a crash left torn. Lines that cannot be read stay and are passed
    /// over; [`verify`] names them.
    pub async fn open(disk: Arc<dyn Disk>, data_dir: &Path) -> Result<Self, JournalError> {
        let path = data_dir.join(AUDIT_FILE);
        let trail = path.clone();
        let read = disk::on(&disk, move |disk| read_trail(disk, &trail)).await;
        let read = read.map_err(|error| JournalError::broken_off(&error))?;
        let (tail, known) = read.map_err(|error| JournalError::io(&path, error))?;
        Ok(Self {
            disk,
            path,
            tail: Arc::new(tokio::sync::Mutex::new(tail)),
            known: Arc::new(Mutex::new(known)),
        })
    }

    /// Writes a line durably, once for each stage of an operation: a second time does nothing. Notes in each link what
    /// the object was left as when somebody else changed it since. After an error nothing of the line counts, and it
    /// can be tried again.
    pub async fn append(
        &self,
        stage: Stage,
        operation: &Operation,
        mut links: Vec<Link>,
    ) -> Result<(), JournalError> {
        let mut tail = self.tail.clone().lock_owned().await;
        if self.has(&operation.id, stage) {
            return Ok(());
        }
        for link in &mut links {
            let left = tail.objects.get(&link.object).filter(|left| left.hash != link.before);
            link.foreign = left.map(|left| left.hash.clone());
        }
        let entry = Entry { seq: tail.seq + 1, prev: &tail.hash, stage, operation, links: &links };
        let (line, hash) = line::write(&entry)?;
        let (path, known, operation) = (self.path.clone(), self.known.clone(), Arc::new(operation.clone()));
        let write = move |disk: &dyn Disk| {
            let len = line.len();
            let at = write_line(disk, &path, tail.len, line + "\n")?;
            tail.len = at + len as u64 + 1;
            (tail.seq, tail.hash) = (tail.seq + 1, hash);
            tail.keep(links, &operation.id, operation.finished_at.as_ref());
            let mut known = locked(&known);
            known.note(operation.id.clone(), stage, at, len);
            known.keep(operation);
            Ok(())
        };
        let written = disk::on(&self.disk, write).await.map_err(|error| JournalError::broken_off(&error))?;
        written.map_err(|error| JournalError::io(&self.path, error))
    }

    /// Whether a line could be written.
    pub async fn probe(&self) -> Result<(), JournalError> {
        let path = self.path.clone();
        let opened = disk::on(&self.disk, move |disk| disk.append(&path, 0o600).map(drop)).await;
        let opened = opened.map_err(|error| JournalError::broken_off(&error))?;
        opened.map_err(|error| JournalError::io(&self.path, error))
    }

    /// Checks the trail, see [`verify`], and that nothing is missing at its end. None: it has more than `most` bytes.
    pub async fn verified(&self, most: u64) -> Result<Option<Verified>, JournalError> {
        let tail = self.tail.clone().lock_owned().await;
        if tail.len > most {
            return Ok(None);
        }
        let path = self.path.clone();
        let read = move |disk: &dyn Disk| {
            let whole = tail.len;
            let bytes = match disk.read_at(&path, 0, usize::try_from(whole).unwrap_or(usize::MAX)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
                read => read?,
            };
            // Others may write on while it is checked.
            drop(tail);
            let mut verified = verify(&bytes);
            if (bytes.len() as u64) < whole {
                let what = "lines at the end are missing".to_owned();
                verified.breaks.push(Break { line: verified.entries + 1, object: None, what });
            }
            Ok(Some(verified))
        };
        let read = disk::on(&self.disk, read).await.map_err(|error| JournalError::broken_off(&error))?;
        read.map_err(|error| JournalError::io(&self.path, error))
    }

    /// The newest operations, newest first: up to `n`, and never more than 500.
    pub fn newest(&self, n: usize) -> Vec<Arc<Operation>> {
        locked(&self.known).newest.values().rev().take(n).cloned().collect()
    }

    /// An operation as its last line tells it; none when no line does.
    pub async fn find(&self, id: &OperationId) -> Result<Option<Operation>, JournalError> {
        let lines = {
            let known = locked(&self.known);
            if let Some(operation) = known.newest.get(id) {
                return Ok(Some((**operation).clone()));
            }
            known.lines.get(id).copied()
        };
        let Some(lines) = lines else { return Ok(None) };
        let path = self.path.clone();
        let read = disk::on(&self.disk, move |disk| read_operation(disk, &path, lines)).await;
        let read = read.map_err(|error| JournalError::broken_off(&error))?;
        read.map(Some).map_err(|error| JournalError::io(&self.path, error))
    }

    /// What our last writes left of these objects; of those that we never wrote nothing.
    pub async fn left(&self, objects: impl IntoIterator<Item = String>) -> BTreeMap<String, Left> {
        let tail = self.tail.lock().await;
        let left = |object: String| Some((tail.objects.get(&object)?.clone(), object));
        objects.into_iter().filter_map(left).map(|(left, object)| (object, left)).collect()
    }

    /// Where the line of its end begins: greater for what ended later.
    pub fn ended_at(&self, id: &OperationId) -> Option<u64> {
        locked(&self.known).lines.get(id).and_then(|lines| lines.ended)
    }

    /// Whether this stage of the operation was written.
    pub fn has(&self, id: &OperationId, stage: Stage) -> bool {
        locked(&self.known).lines.get(id).is_some_and(|lines| match stage {
            Stage::Ended => lines.ended.is_some(),
            Stage::Settled => lines.settled,
        })
    }
}

impl Tail {
    fn keep(&mut self, links: Vec<Link>, by: &OperationId, at: Option<&Timestamp>) {
        let left = |hash, body| Left { hash, body, by: by.clone(), at: at.cloned() };
        self.objects.extend(links.into_iter().map(|link| (link.object, left(link.after, link.body))));
    }
}

impl Known {
    fn note(&mut self, id: OperationId, stage: Stage, at: u64, len: usize) {
        let lines = self.lines.entry(id).or_insert(Lines { ended: None, settled: false, at, len });
        (lines.at, lines.len) = (at, len);
        match stage {
            Stage::Ended => lines.ended = Some(at),
            Stage::Settled => lines.settled = true,
        }
    }

    fn keep(&mut self, operation: Arc<Operation>) {
        self.newest.insert(operation.id.clone(), operation);
        while self.newest.len() > KEPT {
            self.newest.pop_first();
        }
    }
}

fn read_trail(disk: &dyn Disk, path: &Path) -> io::Result<(Tail, Known)> {
    let (mut tail, mut known) = (Tail::default(), Known::default());
    let size = match disk.metadata(path) {
        Ok(metadata) => metadata.len,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((tail, known)),
        Err(error) => return Err(error),
    };
    each_line(disk, path, |at, line| {
        tail.len = at + line.len() as u64 + 1;
        tail.seq += 1;
        let split = line::split(line);
        tail.hash = split.as_ref().map(|split| split.hash.to_owned()).unwrap_or_default();
        match split.map(|split| split.chained()) {
            Some(Ok(chained)) => {
                tail.seq = chained.seq;
                let line::Named { id, finished_at } = chained.operation;
                tail.keep(chained.links, &id, finished_at.as_ref());
                known.note(id, chained.stage, at, line.len());
            }
            Some(Err(_)) | None => tracing::warn!(at, "a line of the audit trail cannot be read"),
        }
    })?;
    if size > tail.len {
        tracing::warn!(bytes = size - tail.len, "the last line of the audit trail is torn and is cut off");
        // When this fails the next line does it.
        if let Err(error) = cut(disk, path, tail.len) {
            tracing::warn!(%error, "the audit trail could not be cut");
        }
    }
    let newest: Vec<_> =
        known.lines.iter().rev().take(KEPT).map(|(id, lines)| (id.clone(), *lines)).collect();
    for (id, lines) in newest {
        match read_operation(disk, path, lines) {
            Ok(operation) => known.keep(Arc::new(operation)),
            Err(error) => tracing::warn!(%id, %error, "an operation of the audit trail cannot be read"),
        }
    }
    Ok((tail, known))
}

/// Calls `each` with every whole line, without its end, and where it begins.
fn each_line(disk: &dyn Disk, path: &Path, mut each: impl FnMut(u64, &[u8])) -> io::Result<()> {
    let (mut at, mut read, mut rest) = (0, 0, Vec::new());
    loop {
        let chunk = disk.read_at(path, read, CHUNK)?;
        if chunk.is_empty() {
            return Ok(());
        }
        read += chunk.len() as u64;
        let mut new = rest.len();
        rest.extend_from_slice(&chunk);
        let mut done = 0;
        while let Some(end) = rest.get(new..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
            let end = new + end;
            each(at, rest.get(done..end).unwrap_or_default());
            at += (end + 1 - done) as u64;
            (done, new) = (end + 1, end + 1);
        }
        rest.drain(..done);
    }
}

fn read_operation(disk: &dyn Disk, path: &Path, lines: Lines) -> io::Result<Operation> {
    let line = disk.read_at(path, lines.at, lines.len)?;
    let split = line::split(&line).ok_or(io::ErrorKind::InvalidData)?;
    split.operation().map_err(io::Error::other)
}

/// Writes a line behind `end`, or behind all that is left when somebody made the file shorter. Returns where it begins.
fn write_line(disk: &dyn Disk, path: &Path, end: u64, line: String) -> io::Result<u64> {
    let mut file = disk.append(path, 0o600)?;
    let size = disk.metadata(path)?.len;
    let at = size.min(end);
    if size > end {
        file.truncate(end)?;
    }
    file.write(line.as_bytes())?;
    planted::crash_point("audit.written");
    file.sync()?;
    if at == 0 {
        disk.sync_dir(disk::parent(path))?;
    }
    Ok(at)
}

fn cut(disk: &dyn Disk, path: &Path, len: u64) -> io::Result<()> {
    let mut file = disk.append(path, 0o600)?;
    file.truncate(len)?;
    file.sync()
}

fn locked(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
