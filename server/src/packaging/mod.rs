//! The files that start the server with the machine and tell the Manager's agent of it: written, looked at, removed. What
//! somebody else changed is never overwritten.
mod files;
mod found;
mod manifest;
mod section;
mod told;

pub use files::{Kind, UNIT, has_volume, inside};
#[cfg(test)]
pub use manifest::{BEFORE, NAME as MANIFEST};
pub use told::told;

use files::{Content, Wanted, is_skill, wanted};
use found::{Found, difference};
use manifest::{Manifest, forget, hash, make_dirs, remove as remove_file, replace};
use serde::Serialize;
use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

/// What became of a path, or how it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Written,
    /// As it was written.
    Unchanged,
    Removed,
    /// Removed, and what was there before is there again.
    Restored,
    Missing,
    /// Somebody else changed it, so it was left as it is.
    Changed,
}

/// A path inside the root and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Written {
    pub path: String,
    pub state: State,
}

/// A file that is not ours, or no longer.
#[derive(Debug)]
pub struct Conflict {
    pub path: String,
    /// `-` before what is there, `+` before what would be.
    pub diff: Vec<String>,
}

/// Why the files were not written or removed.
#[derive(Debug, thiserror::Error)]
pub enum PackagingError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Nothing was written.
    #[error("{}", conflicts(.0))]
    Changed(Vec<Conflict>),
    #[error("{path} includes other files, but not {program}: add it to `files` in its section [include]")]
    Include { path: String, program: &'static str },
    #[error("neither supervisord nor systemd is here: no file of their settings was found")]
    NoStarter,
    #[error("{} is not a record of this version", .0.display())]
    Manifest(PathBuf),
}

impl PackagingError {
    fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

fn conflicts(all: &[Conflict]) -> String {
    let text = |conflict: &Conflict| {
        let lines = conflict.diff.iter().map(|line| format!("\n  {line}")).collect::<String>();
        format!("{} was changed by somebody else{lines}", conflict.path)
    };
    all.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// Where the server of a machine keeps its state, unless it is told otherwise.
pub fn data_dir(root: &Path) -> PathBuf {
    inside(root, files::data_dir(root))
}

/// What starts programs below this root.
pub fn kind(root: &Path) -> Result<Kind, PackagingError> {
    files::kind(root)
}

/// Writes what is not there yet, all or nothing: a file that somebody else changed is refused with the difference. Only
/// in the skill's own folder another one's files are put aside, until ours are removed: the first version of this product
/// has the same folder. `program` is the path of the program inside the root.
pub fn write(root: &Path, kind: Kind, program: &str) -> Result<Vec<Written>, PackagingError> {
    let data = data_dir(root);
    let mut manifest = Manifest::read(&data)?;
    let todo = judged(root, &manifest, kind, program)?;
    manifest.folders.extend(missing_folders(root, &data, todo.iter().map(|(file, ..)| file)));
    for (file, found, judgement) in &todo {
        if let (Judgement::PutAside, Found::File { text, mode }) = (judgement, found) {
            manifest.keep(&data, &file.path, text, *mode)?;
        }
        // What stood there as it is to be is somebody's own, and stays when ours goes.
        if !matches!(judgement, Judgement::Leave) || manifest.knows(&file.path) {
            manifest.note(&file.path, &file.content);
        }
    }
    manifest.save(&data)?;
    manifest.folders.iter().try_for_each(|folder| make_dirs(&inside(root, folder)))?;
    todo.into_iter().map(|(file, found, judgement)| put(root, file, &found, &judgement)).collect()
}

/// What [`write`] would make of each path, without writing.
pub fn preview(root: &Path, kind: Kind, program: &str) -> Result<Vec<Written>, PackagingError> {
    let manifest = Manifest::read(&data_dir(root))?;
    let all = judged(root, &manifest, kind, program)?;
    Ok(all
        .into_iter()
        .map(|(file, _, judgement)| Written { path: file.path, state: judgement.state() })
        .collect())
}

/// Everything that is wanted, with what is there and what to do about it; refused where a file is somebody else's.
fn judged(
    root: &Path,
    manifest: &Manifest,
    kind: Kind,
    program: &str,
) -> Result<Vec<(Wanted, Found, Judgement)>, PackagingError> {
    let (mut todo, mut refused) = (Vec::new(), Vec::new());
    for file in wanted(root, kind, program)? {
        let found = Found::at(&inside(root, &file.path))?;
        match judge(manifest, &file, &found) {
            Judgement::Refuse => {
                refused.push(Conflict { diff: difference(&found, &file.content), path: file.path });
            }
            judgement => todo.push((file, found, judgement)),
        }
    }
    if refused.is_empty() { Ok(todo) } else { Err(PackagingError::Changed(refused)) }
}

/// How each path is that was written.
pub fn status(root: &Path) -> Result<Vec<Written>, PackagingError> {
    let manifest = Manifest::read(&data_dir(root))?;
    let mut all = Vec::new();
    for path in manifest.files.keys() {
        let state = match Found::at(&inside(root, path))? {
            Found::Nothing => State::Missing,
            found if found.hashes().any(|hash| manifest.kept(path, &hash)) => State::Missing,
            found if found.hashes().any(|hash| manifest.wrote(path, &hash)) => State::Unchanged,
            _ => State::Changed,
        };
        all.push(Written { path: path.clone(), state });
    }
    for path in &manifest.sections {
        let state = match Found::at(&inside(root, path))? {
            Found::File { text, .. } if section::without(&text) != text => State::Unchanged,
            _ => State::Missing,
        };
        all.push(Written { path: path.clone(), state });
    }
    Ok(all)
}

/// Removes what was written and puts back what was there before. A file that somebody else changed since stays, and is
/// still known afterwards.
pub fn remove(root: &Path) -> Result<Vec<Written>, PackagingError> {
    let data = data_dir(root);
    let mut manifest = Manifest::read(&data)?;
    let mut all = Vec::new();
    for Written { path, state } in status(root)? {
        let place = inside(root, &path);
        let state = match state {
            State::Unchanged if manifest.sections.contains(&path) => take_out(&place)?,
            State::Unchanged | State::Missing => {
                let before = manifest.files.get(&path).and_then(|entry| entry.before.clone());
                // A container that was made anew has not even the folder.
                match before.filter(|_| disk::parent(&place).is_dir()) {
                    Some(before) => before.restore(&data, &place).map(|()| State::Restored)?,
                    None if state == State::Missing => State::Missing,
                    None => remove_file(&place).map(|()| State::Removed)?,
                }
            }
            kept => kept,
        };
        if state != State::Changed {
            manifest.files.remove(&path);
            manifest.sections.remove(&path);
        }
        all.push(Written { path, state });
    }
    // Before what was kept of them is forgotten: a death in between must find nothing to put back.
    manifest.save(&data)?;
    if manifest.files.is_empty() {
        forget(&data)?;
    }
    let folders = std::mem::take(&mut manifest.folders);
    if manifest.is_empty() {
        manifest.save(&data)?;
    }
    // Those inside others first; what is not empty stays.
    let left: BTreeSet<_> =
        folders.into_iter().rev().filter(|folder| fs::remove_dir(inside(root, folder)).is_err()).collect();
    if !manifest.is_empty() {
        manifest.folders = left;
        manifest.save(&data)?;
    }
    Ok(all)
}

/// What to do about a path.
enum Judgement {
    Leave,
    Write,
    /// Somebody else's, in a folder that is the skill's.
    PutAside,
    Refuse,
}

impl Judgement {
    fn state(&self) -> State {
        if matches!(self, Self::Leave) { State::Unchanged } else { State::Written }
    }
}

fn judge(manifest: &Manifest, file: &Wanted, found: &Found) -> Judgement {
    let as_wanted = hash(&file.content);
    match (&file.content, found) {
        (Content::Section(section), Found::File { text, .. }) => {
            if section::with(text, section) == *text {
                Judgement::Leave
            } else {
                Judgement::Write
            }
        }
        (_, Found::Nothing) => Judgement::Write,
        _ if found.hashes().any(|hash| Some(&hash) == as_wanted.as_ref()) => Judgement::Leave,
        _ if found.hashes().any(|hash| manifest.wrote(&file.path, &hash)) => Judgement::Write,
        _ if found.hashes().any(|hash| manifest.kept(&file.path, &hash)) => Judgement::Write,
        (_, Found::File { .. }) if is_skill(&file.path) && !manifest.files.contains_key(&file.path) => {
            Judgement::PutAside
        }
        _ => Judgement::Refuse,
    }
}

fn put(root: &Path, file: Wanted, found: &Found, judgement: &Judgement) -> Result<Written, PackagingError> {
    let place = inside(root, &file.path);
    let state = judgement.state();
    if state == State::Written {
        match (&file.content, found) {
            (Content::Text { text, mode }, _) => replace(&place, text.as_bytes(), *mode)?,
            (Content::Section(section), Found::File { text, mode }) => {
                replace(&place, section::with(text, section).as_bytes(), *mode)?;
            }
            (Content::Section(_), _) => {}
            (Content::Link(to), _) => {
                remove_file(&place)?;
                symlink(to, &place).map_err(|source| PackagingError::io(&place, source))?;
            }
        }
    }
    Ok(Written { path: file.path, state })
}

fn take_out(place: &Path) -> Result<State, PackagingError> {
    if let Found::File { text, mode } = Found::at(place)? {
        replace(place, section::without(&text).as_bytes(), mode)?;
    }
    Ok(State::Removed)
}

/// The folders that must be made, each before those inside it.
fn missing_folders<'a>(
    root: &Path,
    data: &Path,
    files: impl Iterator<Item = &'a Wanted>,
) -> BTreeSet<String> {
    let data = Path::new("/").join(data.strip_prefix(root).unwrap_or(data));
    let parents = files.filter_map(|file| Path::new(&file.path).parent().map(Path::to_owned));
    let all = parents
        .chain([data])
        .flat_map(|folder| folder.ancestors().map(|folder| folder.display().to_string()).collect::<Vec<_>>());
    all.filter(|folder| !inside(root, folder).exists()).collect()
}

#[cfg(test)]
mod tests;
