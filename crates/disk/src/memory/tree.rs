//! Files and folders, as they are seen and as they are on the platter.
use crate::{Attributes, Kind, Metadata};
use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    path::{Component, Path},
};

/// A file or a folder, whatever its names are.
pub type Id = usize;

/// All files and folders. None is ever taken out: an unsynced removal can be undone by a crash.
pub struct Tree {
    nodes: Vec<Node>,
}

enum Node {
    File(File),
    Dir(Dir),
}

struct File {
    bytes: Vec<u8>,
    durable: Vec<u8>,
    attributes: Attributes,
}

#[derive(Default)]
struct Dir {
    names: BTreeMap<OsString, Id>,
    durable: BTreeMap<OsString, Id>,
    /// What was done since the last sync, in order; each is done whole or not at all.
    since: Vec<Change>,
    mode: u32,
}

/// Names that get another node, or none.
type Change = Vec<(OsString, Option<Id>)>;

const ROOT: Id = 0;

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: vec![Node::Dir(Dir { mode: 0o755, ..Dir::default() })] }
    }
}

impl Tree {
    pub fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        Ok(match self.node(self.find(path)?)? {
            Node::File(file) => {
                Metadata { kind: Kind::File, len: file.bytes.len() as u64, attributes: file.attributes }
            }
            Node::Dir(dir) => {
                let attributes = Attributes { mode: dir.mode, owner: None };
                Metadata { kind: Kind::Dir, len: 0, attributes }
            }
        })
    }

    pub fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        match self.node(self.find(folder)?)? {
            Node::Dir(dir) => Ok(dir.names.keys().cloned().collect()),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The node of a file.
    pub fn file(&self, path: &Path) -> io::Result<Id> {
        let id = self.find(path)?;
        match self.node(id)? {
            Node::File(_) => Ok(id),
            Node::Dir(_) => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    pub fn read(&self, path: &Path, from: u64, most: usize) -> io::Result<Vec<u8>> {
        match self.node(self.find(path)?)? {
            Node::File(file) => {
                let from = usize::try_from(from).unwrap_or(usize::MAX);
                Ok(file.bytes.iter().skip(from).take(most).copied().collect())
            }
            Node::Dir(_) => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    pub fn make_dir(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        self.add(path, Node::Dir(Dir { mode, ..Dir::default() })).map(drop)
    }

    pub fn create(&mut self, path: &Path, attributes: Attributes) -> io::Result<Id> {
        self.add(path, Node::File(File { bytes: Vec::new(), durable: Vec::new(), attributes }))
    }

    pub fn write(&mut self, id: Id, bytes: &[u8]) -> io::Result<()> {
        self.open(id).map(|file| file.bytes.extend_from_slice(bytes))
    }

    pub fn truncate(&mut self, id: Id, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(io::Error::other)?;
        self.open(id).map(|file| file.bytes.resize(len, 0))
    }

    pub fn sync(&mut self, id: Id) -> io::Result<()> {
        self.open(id).map(|file| file.durable.clone_from(&file.bytes))
    }

    pub fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let id = self.file(from)?;
        if self.find(to).is_ok_and(|there| matches!(self.node(there), Ok(Node::Dir(_)))) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let ((old_folder, old), (new_folder, new)) = (self.place(from)?, self.place(to)?);
        if old_folder == new_folder {
            return self.change(old_folder, vec![(old, None), (new, Some(id))]);
        }
        self.change(new_folder, vec![(new, Some(id))])?;
        self.change(old_folder, vec![(old, None)])
    }

    pub fn sync_dir(&mut self, folder: &Path) -> io::Result<()> {
        let id = self.find(folder)?;
        let dir = self.dir(id)?;
        dir.durable.clone_from(&dir.names);
        dir.since.clear();
        Ok(())
    }

    pub fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.file(path)?;
        let (folder, name) = self.place(path)?;
        self.change(folder, vec![(name, None)])
    }

    /// Writes a file and the folders above it durably. What else was done in these folders stays as durable as it was.
    pub fn put(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folders: Vec<_> = path.ancestors().skip(1).filter(|folder| folder.parent().is_some()).collect();
        for folder in folders.into_iter().rev() {
            let id = match self.find(folder) {
                Ok(id) => id,
                Err(_) => self.add(folder, Node::Dir(Dir { mode: 0o755, ..Dir::default() }))?,
            };
            self.keep(folder, id)?;
        }
        let id = match self.file(path) {
            Ok(id) => id,
            Err(_) => self.create(path, Attributes { mode: 0o644, owner: None })?,
        };
        self.open(id)?.bytes = bytes.to_vec();
        self.sync(id)?;
        self.keep(path, id)
    }

    fn keep(&mut self, path: &Path, id: Id) -> io::Result<()> {
        let (folder, name) = self.place(path)?;
        self.dir(folder)?.durable.insert(name, id);
        Ok(())
    }

    /// Loses what was not synced, but for as much as `kept` says of so many changes or bytes.
    pub fn forget(&mut self, kept: &mut dyn FnMut(usize) -> usize) {
        for node in &mut self.nodes {
            match node {
                Node::File(file) => file.forget(kept),
                Node::Dir(dir) => dir.forget(kept),
            }
        }
    }

    /// A file as it stands on the platter.
    pub fn durable(&self, path: &Path) -> Option<Vec<u8>> {
        match self.node(self.find_durable(path)?).ok()? {
            Node::File(file) => Some(file.durable.clone()),
            Node::Dir(_) => None,
        }
    }

    /// The names in a folder as it stands on the platter.
    pub fn durable_names(&self, folder: &Path) -> Vec<OsString> {
        match self.find_durable(folder).and_then(|id| self.node(id).ok()) {
            Some(Node::Dir(dir)) => dir.durable.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    fn find_durable(&self, path: &Path) -> Option<Id> {
        let names = path.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        });
        names.into_iter().try_fold(ROOT, |at, name| match self.node(at).ok()? {
            Node::Dir(dir) => dir.durable.get(name).copied(),
            Node::File(_) => None,
        })
    }

    fn add(&mut self, path: &Path, node: Node) -> io::Result<Id> {
        let (folder, name) = self.place(path)?;
        if self.dir(folder)?.names.contains_key(&name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let id = self.nodes.len();
        self.nodes.push(node);
        self.change(folder, vec![(name, Some(id))])?;
        Ok(id)
    }

    fn change(&mut self, folder: Id, change: Change) -> io::Result<()> {
        let dir = self.dir(folder)?;
        apply(&mut dir.names, &change);
        dir.since.push(change);
        Ok(())
    }

    fn find(&self, path: &Path) -> io::Result<Id> {
        let mut at = ROOT;
        for part in path.components() {
            match part {
                Component::RootDir | Component::CurDir => {}
                Component::Normal(name) => at = self.entry(at, name)?,
                Component::ParentDir | Component::Prefix(_) => return Err(io::ErrorKind::InvalidInput.into()),
            }
        }
        Ok(at)
    }

    fn entry(&self, folder: Id, name: &OsStr) -> io::Result<Id> {
        match self.node(folder)? {
            Node::Dir(dir) => dir.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into()),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The folder of a path and the name in it.
    fn place(&self, path: &Path) -> io::Result<(Id, OsString)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.find(crate::parent(path))?, name.to_owned()))
    }

    fn node(&self, id: Id) -> io::Result<&Node> {
        self.nodes.get(id).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn open(&mut self, id: Id) -> io::Result<&mut File> {
        match self.nodes.get_mut(id) {
            Some(Node::File(file)) => Ok(file),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn dir(&mut self, id: Id) -> io::Result<&mut Dir> {
        match self.nodes.get_mut(id) {
            Some(Node::Dir(dir)) => Ok(dir),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }
}

impl File {
    fn forget(&mut self, kept: &mut dyn FnMut(usize) -> usize) {
        // What stands on the platter up to where the bytes differ is the same either way.
        let same = self.bytes.iter().zip(&self.durable).take_while(|(new, old)| new == old).count();
        let unsynced = self.bytes.len() - same;
        let reached = kept(unsynced);
        if reached > 0 || unsynced == 0 && self.bytes.len() < self.durable.len() && kept(1) == 1 {
            self.durable = self.bytes.iter().take(same + reached).copied().collect();
        }
        self.bytes.clone_from(&self.durable);
    }
}

impl Dir {
    fn forget(&mut self, kept: &mut dyn FnMut(usize) -> usize) {
        let reached = kept(self.since.len());
        for change in self.since.drain(..).take(reached) {
            apply(&mut self.durable, &change);
        }
        self.names.clone_from(&self.durable);
    }
}

fn apply(names: &mut BTreeMap<OsString, Id>, change: &Change) {
    for (name, id) in change {
        match id {
            Some(id) => names.insert(name.clone(), *id),
            None => names.remove(name),
        };
    }
}
