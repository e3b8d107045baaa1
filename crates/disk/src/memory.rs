//! A disk in memory that forgets what was not synced and fails when it is told to.
mod tree;

use crate::{Attributes, Disk, Lock, Metadata, OpenFile};
use std::{
    collections::BTreeSet,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tree::Tree;

/// A disk in memory, as one process sees it. Clones are the same disk and the same process; [`MemDisk::restart`] gives
/// the disk to the next process, and everything that the last one still does with it fails.
#[derive(Clone)]
pub struct MemDisk {
    state: Arc<Mutex<State>>,
    process: u64,
}

struct State {
    tree: Tree,
    process: u64,
    /// The process was stopped by a fault and has not been restarted.
    halted: bool,
    calls: u64,
    rule: Option<Rule>,
    locks: BTreeSet<PathBuf>,
}

type Rule = Box<dyn FnMut(&Call<'_>) -> Option<Fault> + Send>;

/// One call of a primitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// Counted from 1, over all processes.
    pub number: u64,
    pub primitive: Primitive,
    /// The file or folder; of a rename the old name.
    pub path: &'a Path,
}

/// What can be done to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Primitive {
    Canonical,
    Metadata,
    List,
    Read,
    MakeDir,
    Create,
    /// Opening for writing at the end.
    Append,
    Write,
    Truncate,
    Sync,
    Rename,
    SyncDir,
    Remove,
    Lock,
}

impl Primitive {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Canonical,
        Self::Metadata,
        Self::List,
        Self::Read,
        Self::MakeDir,
        Self::Create,
        Self::Append,
        Self::Write,
        Self::Truncate,
        Self::Sync,
        Self::Rename,
        Self::SyncDir,
        Self::Remove,
        Self::Lock,
    ];

    /// Whether a full disk or a read-only one refuses it.
    pub fn writes(self) -> bool {
        !matches!(self, Self::Canonical | Self::Metadata | Self::List | Self::Read | Self::Lock)
    }
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// ENOSPC.
    NoSpace,
    /// EROFS.
    ReadOnly,
    /// EACCES.
    Denied,
    /// EIO.
    Broken,
    /// Half of the bytes are written, then ENOSPC. Of other primitives: ENOSPC.
    Short,
    /// The process stops before the call is done.
    CrashBefore,
    /// The call is done and the process stops.
    CrashAfter,
    /// Just before the call, which is done, somebody else writes these bytes to its path.
    Foreign(&'static [u8]),
}

impl Fault {
    /// All that leave the process alive.
    pub const ERRORS: [Self; 5] = [Self::NoSpace, Self::ReadOnly, Self::Denied, Self::Broken, Self::Short];

    fn error(self) -> io::Error {
        // The numbers are those of Linux.
        match self {
            Self::NoSpace | Self::Short => io::Error::from_raw_os_error(28),
            Self::ReadOnly => io::Error::from_raw_os_error(30),
            Self::Denied => io::Error::from_raw_os_error(13),
            Self::Broken => io::Error::from_raw_os_error(5),
            Self::CrashBefore | Self::CrashAfter | Self::Foreign(_) => stopped(),
        }
    }
}

/// What is lost of that which was not synced, when a process ends.
pub enum Loss<'a> {
    /// The process was killed, the machine runs on.
    Nothing,
    /// The power was cut.
    Everything,
    /// The power was cut, and some of it had reached the disk: of each file and folder as much as chance says.
    Some(&'a mut fastrand::Rng),
}

impl Default for MemDisk {
    fn default() -> Self {
        let state = State {
            tree: Tree::default(),
            process: 0,
            halted: false,
            calls: 0,
            rule: None,
            locks: BTreeSet::new(),
        };
        Self { state: Arc::new(Mutex::new(state)), process: 0 }
    }
}

impl MemDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cuts the power: the disk as the next process finds it, without anything that was not synced.
    pub fn crash(&self) -> Self {
        self.restart(Loss::Everything)
    }

    /// Ends the process: the disk as the next one finds it.
    pub fn restart(&self, loss: Loss<'_>) -> Self {
        let mut state = self.state();
        match loss {
            Loss::Nothing => {}
            Loss::Everything => state.tree.forget(&mut |_| 0),
            Loss::Some(rng) => state.tree.forget(&mut |most| rng.usize(..=most)),
        }
        state.process += 1;
        state.halted = false;
        state.locks.clear();
        Self { state: self.state.clone(), process: state.process }
    }

    /// Asks `rule` before each call whether it fails; replaces an earlier rule.
    pub fn fail(&self, rule: impl FnMut(&Call<'_>) -> Option<Fault> + Send + 'static) {
        self.state().rule = Some(Box::new(rule));
    }

    /// Lets the `nth` call from now on fail, counted from 1.
    pub fn fail_nth(&self, nth: u64, fault: Fault) {
        let number = self.calls() + nth;
        self.fail(move |call| (call.number == number).then_some(fault));
    }

    /// No call fails any more.
    pub fn calm(&self) {
        self.state().rule = None;
    }

    /// How many calls there were, over all processes.
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// True when a fault stopped the process and it was not restarted.
    pub fn halted(&self) -> bool {
        let state = self.state();
        state.halted || state.process != self.process
    }

    /// Writes a file, and the folders that it needs, durably and past all faults: somebody else's doing.
    pub fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.state().tree.put(path, bytes)
    }

    /// A file as it is read now, past all faults.
    pub fn get(&self, path: &Path) -> Option<Vec<u8>> {
        self.state().tree.read(path, 0, usize::MAX).ok()
    }

    /// The names in a folder, sorted, past all faults.
    pub fn names(&self, folder: &Path) -> Vec<OsString> {
        self.state().tree.list(folder).unwrap_or_default()
    }

    /// A file as it would be after a power cut.
    pub fn durable(&self, path: &Path) -> Option<Vec<u8>> {
        self.state().tree.durable(path)
    }

    /// The names in a folder as they would be after a power cut, sorted.
    pub fn durable_names(&self, folder: &Path) -> Vec<OsString> {
        self.state().tree.durable_names(folder)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call<T>(
        &self,
        primitive: Primitive,
        path: &Path,
        work: impl FnOnce(&mut Tree) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.state();
        let fault = state.fault(self.process, primitive, path)?;
        state.perform(fault, path, work)
    }
}

impl State {
    /// Counts a call and says what goes wrong with it. Fails when the process is gone.
    fn fault(&mut self, process: u64, primitive: Primitive, path: &Path) -> io::Result<Option<Fault>> {
        if self.halted || self.process != process {
            return Err(stopped());
        }
        self.calls += 1;
        let call = Call { number: self.calls, primitive, path };
        Ok(self.rule.as_mut().and_then(|rule| rule(&call)))
    }

    fn perform<T>(
        &mut self,
        fault: Option<Fault>,
        path: &Path,
        work: impl FnOnce(&mut Tree) -> io::Result<T>,
    ) -> io::Result<T> {
        match fault {
            None => work(&mut self.tree),
            Some(Fault::Foreign(bytes)) => {
                self.tree.put(path, bytes)?;
                work(&mut self.tree)
            }
            Some(Fault::CrashAfter) => {
                work(&mut self.tree)?;
                self.halted = true;
                Err(stopped())
            }
            Some(fault) => {
                self.halted = fault == Fault::CrashBefore;
                Err(fault.error())
            }
        }
    }
}

fn stopped() -> io::Error {
    io::Error::other("the process was stopped")
}

impl Disk for MemDisk {
    fn blocking(&self) -> bool {
        false
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.call(Primitive::Canonical, path, |tree| tree.metadata(path).map(|_| path.to_owned()))
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.call(Primitive::Metadata, path, |tree| tree.metadata(path))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        self.call(Primitive::List, folder, |tree| tree.list(folder))
    }

    fn read_at(&self, path: &Path, from: u64, most: usize) -> io::Result<Vec<u8>> {
        self.call(Primitive::Read, path, |tree| tree.read(path, from, most))
    }

    fn make_dir(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.call(Primitive::MakeDir, path, |tree| tree.make_dir(path, mode))
    }

    fn create(&self, path: &Path, attributes: Attributes) -> io::Result<Box<dyn OpenFile>> {
        let node = self.call(Primitive::Create, path, |tree| tree.create(path, attributes))?;
        Ok(Box::new(Open { disk: self.clone(), path: path.to_owned(), node }))
    }

    fn append(&self, path: &Path, mode: u32) -> io::Result<Box<dyn OpenFile>> {
        let attributes = Attributes { mode, owner: None };
        let node = self.call(Primitive::Append, path, |tree| {
            tree.file(path).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => tree.create(path, attributes),
                _ => Err(error),
            })
        })?;
        Ok(Box::new(Open { disk: self.clone(), path: path.to_owned(), node }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(Primitive::Rename, from, |tree| tree.rename(from, to))
    }

    fn sync_dir(&self, folder: &Path) -> io::Result<()> {
        self.call(Primitive::SyncDir, folder, |tree| tree.sync_dir(folder))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call(Primitive::Remove, path, |tree| tree.remove(path))
    }

    fn lock(&self, path: &Path) -> io::Result<Lock> {
        self.call(Primitive::Lock, path, |tree| match tree.file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                tree.create(path, Attributes::PRIVATE).map(drop)
            }
            found => found.map(drop),
        })?;
        if !self.state().locks.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Lock { _held: Box::new(Held { disk: self.clone(), path: path.to_owned() }) })
    }
}

struct Held {
    disk: MemDisk,
    path: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.process == self.disk.process {
            state.locks.remove(&self.path);
        }
    }
}

struct Open {
    disk: MemDisk,
    path: PathBuf,
    node: tree::Id,
}

impl OpenFile for Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let fault = state.fault(self.disk.process, Primitive::Write, &self.path)?;
        if fault == Some(Fault::Short) {
            let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
            state.tree.write(self.node, half)?;
        }
        state.perform(fault, &self.path, |tree| tree.write(self.node, bytes))
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.disk.call(Primitive::Truncate, &self.path, |tree| tree.truncate(self.node, len))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.call(Primitive::Sync, &self.path, |tree| tree.sync(self.node))
    }
}
