//! The disk of one life: calls fail by chance, and after the end of the life all of them do.
use super::{DATA, WORKSPACE, World};
use crate::{book::Look, fault::DISK_ERRORS, life::Life, locked::locked, script::Trouble};
use disk::{Attributes, Disk, Lock, MemDisk, Metadata, OpenFile};
use std::{
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// The disk of one life.
#[derive(Clone)]
pub struct Files {
    world: Arc<World>,
    life: Life,
    disk: MemDisk,
    /// After how many more calls the process ends in the midst of one.
    fuse: Arc<Mutex<Option<u32>>>,
}

impl Files {
    pub fn new(world: Arc<World>, life: Life, disk: MemDisk) -> Self {
        let fuse = world.weather.strikes(150).then(|| {
            let calls = world.weather.below(120);
            u32::try_from(calls).unwrap_or_default()
        });
        Self { world, life, disk, fuse: Arc::new(Mutex::new(fuse)) }
    }

    /// One call: fails by chance, and the process may end before it or after it.
    fn call<T>(&self, what: &str, path: &Path, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if self.life.is_over() {
            return Err(io::Error::other("the process is gone"));
        }
        self.world.spins_not();
        let ends = self.burns_down();
        let weather = &self.world.weather;
        let name = path.display();
        if ends && weather.strikes(500) {
            return Err(self.end(what, path));
        }
        if weather.strikes(self.world.disk_rate) {
            let (number, error) = DISK_ERRORS[weather.below(DISK_ERRORS.len())];
            weather.count(format!("disk {error}"));
            self.world.trace.note(format_args!("{} disk {what} {name} {error}", self.life.number()));
            return Err(io::Error::from_raw_os_error(number));
        }
        match self.world.script.pass(&format!("disk {what} {}", kind_of(path))) {
            Some(Trouble::Disk(number)) => return Err(io::Error::from_raw_os_error(number)),
            Some(Trouble::CrashBefore) => return Err(self.end(what, path)),
            Some(Trouble::CrashAfter) => {
                drop(work());
                return Err(self.end(what, path));
            }
            Some(trouble) => self.world.befalls(trouble),
            None => {}
        }
        let done = work();
        self.world.trace.note(format_args!("{} disk {what} {name} {}", self.life.number(), done.is_ok()));
        if ends { Err(self.end(what, path)) } else { done }
    }

    fn burns_down(&self) -> bool {
        let mut fuse = locked(&self.fuse);
        let burnt = *fuse == Some(0) && !self.world.weather.is_calm();
        *fuse = fuse.and_then(|left| left.checked_sub(1));
        burnt
    }

    fn end(&self, what: &str, path: &Path) -> io::Error {
        self.world.weather.count("process Crash".into());
        self.world.trace.note(format_args!("{} ends at {what} {}", self.life.number(), path.display()));
        self.life.end();
        io::Error::other("the process is gone")
    }
}

/// A file of the Manager by the name that plans give it.
fn object_of(path: &Path) -> Option<String> {
    let name = path.strip_prefix(WORKSPACE).ok()?.to_str()?;
    ["openclaw.json", "workers-registry.json"].contains(&name).then(|| format!("file:{name}"))
}

/// What a path is to the process: `record`, `openclaw.json`, `data folder`.
fn kind_of(path: &Path) -> &'static str {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    match name {
        "journal" => "journal folder",
        "quarantine" => "quarantine",
        "audit.jsonl" => "audit",
        "seal.key" => "seal key",
        "openclaw.json" => "openclaw.json",
        "openclaw.json.bak" => "backup",
        "workers-registry.json" => "registry",
        _ if path == Path::new(DATA) => "data folder",
        _ if path == Path::new(WORKSPACE) => "workspace",
        _ if name.starts_with(".journal-") => "record draft",
        _ if name.starts_with(".seal-") => "seal key draft",
        _ if name.starts_with(".openclaw-") => "config draft",
        _ if path.starts_with(DATA) && name.ends_with(".json") => "record",
        _ if path.starts_with(DATA) => "lock",
        _ => "note",
    }
}

impl Disk for Files {
    fn blocking(&self) -> bool {
        false
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.call("canonical", path, || self.disk.canonical(path))
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.call("metadata", path, || self.disk.metadata(path))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        self.call("list", folder, || self.disk.list(folder))
    }

    fn read_at(&self, path: &Path, from: u64, most: usize) -> io::Result<Vec<u8>> {
        let bytes = self.call("read", path, || self.disk.read_at(path, from, most))?;
        if let Some(object) = object_of(path) {
            let now = self.world.moment();
            let tree = serde_json::from_slice(&bytes).ok();
            self.world.book.looked(object, Look { served: now, answered: now, tree });
        }
        Ok(bytes)
    }

    fn make_dir(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.call("mkdir", path, || self.disk.make_dir(path, mode))
    }

    fn create(&self, path: &Path, attributes: Attributes) -> io::Result<Box<dyn OpenFile>> {
        let file = self.call("create", path, || self.disk.create(path, attributes))?;
        Ok(Box::new(Open { files: self.clone(), path: path.to_owned(), file }))
    }

    fn append(&self, path: &Path, mode: u32) -> io::Result<Box<dyn OpenFile>> {
        let file = self.call("append", path, || self.disk.append(path, mode))?;
        Ok(Box::new(Open { files: self.clone(), path: path.to_owned(), file }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call("rename", to, || {
            let Some(object) = object_of(to) else { return self.disk.rename(from, to) };
            self.world.writes_outside(&self.life, &object);
            self.disk.rename(from, to)?;
            let now = self.disk.get(to).unwrap_or_default();
            let now = String::from_utf8_lossy(&now).into_owned();
            let sent = self.world.book.sends(&object, self.world.moment(), Some(now.clone()));
            self.world.book.after_ours(&sent, |mark| now.contains(&mark.text));
            Ok(())
        })
    }

    fn sync_dir(&self, folder: &Path) -> io::Result<()> {
        self.call("syncdir", folder, || self.disk.sync_dir(folder))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call("remove", path, || self.disk.remove(path))
    }

    fn lock(&self, path: &Path) -> io::Result<Lock> {
        self.call("lock", path, || self.disk.lock(path))
    }
}

struct Open {
    files: Files,
    path: PathBuf,
    file: Box<dyn OpenFile>,
}

impl OpenFile for Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let short =
            self.path.starts_with(DATA) && self.files.world.weather.strikes(self.files.world.disk_rate);
        if short && !self.files.life.is_over() {
            self.files.world.weather.count("disk Short".into());
            self.file.write(bytes.get(..bytes.len() / 2).unwrap_or_default())?;
            return Err(io::Error::from_raw_os_error(28));
        }
        let (files, path) = (&self.files, &self.path);
        let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
        if files.world.script.pass(&format!("disk short {}", kind_of(path))) == Some(Trouble::Short) {
            self.file.write(half)?;
            return Err(io::Error::from_raw_os_error(28));
        }
        files.call("write", path, || self.file.write(bytes))
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.files.call("truncate", &self.path, || self.file.truncate(len))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.files.call("sync", &self.path, || self.file.sync())
    }
}
