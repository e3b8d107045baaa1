//! What the server is told by what starts it, which commands that are typed do not hear.
use super::{
    Kind, PackagingError,
    files::{PROGRAM, UNIT, UNIT_TEXT, inside, kind},
};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// Before what a unit says itself.
const OWN: &str = "Environment=";

/// The variables that systemd's unit or supervisord's program says. Where there is no unit yet, those of the files that the
/// unit to be names. Empty where neither starts the server.
///
/// # Errors
/// A file that is there and cannot be read.
pub fn told(root: &Path) -> Result<BTreeMap<String, String>, PackagingError> {
    match read(&inside(root, UNIT))? {
        Some(unit) => by_systemd(root, &unit),
        None if matches!(kind(root), Ok(Kind::Systemd)) => {
            let files: String =
                UNIT_TEXT.split_inclusive('\n').filter(|line| !line.starts_with(OWN)).collect();
            by_systemd(root, &files)
        }
        None => {
            let program = read(&inside(root, PROGRAM))?.unwrap_or_default();
            let said = values(&program, "environment=");
            Ok(said.flat_map(|said| assignments(said, |c| c == ',' || c.is_whitespace())).collect())
        }
    }
}

/// What the files say that the unit names wins over what it says itself; of several the last.
fn by_systemd(root: &Path, unit: &str) -> Result<BTreeMap<String, String>, PackagingError> {
    let mut texts = vec![unit.to_owned()];
    for path in drop_ins(root) {
        texts.extend(read(&path)?);
    }
    let values = |name: &'static str| texts.iter().flat_map(move |text| values(text, name));
    let own = values(OWN).flat_map(|said| assignments(said, char::is_whitespace));
    let mut all: BTreeMap<_, _> = own.collect();
    for path in values("EnvironmentFile=") {
        let text = read(&inside(root, path.trim_start_matches('-')))?.unwrap_or_default();
        all.extend(text.lines().filter_map(assignment));
    }
    Ok(all)
}

/// What `systemctl edit` writes, in the order in which systemd reads it.
fn drop_ins(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(inside(root, &format!("{UNIT}.d"))).into_iter().flatten().flatten();
    let mut all: Vec<_> = entries.map(|entry| entry.path()).collect();
    all.retain(|path| path.extension().is_some_and(|end| end == "conf"));
    all.sort();
    all
}

fn values<'a>(text: &'a str, name: &'static str) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| line.trim().strip_prefix(name))
}

/// The text of a file. None: there is none, or this user may not read it or even look where it lies.
fn read(path: &Path) -> Result<Option<String>, PackagingError> {
    use io::ErrorKind::{NotFound, PermissionDenied};
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), NotFound | PermissionDenied) => Ok(None),
        Err(source) => Err(PackagingError::io(path, source)),
    }
}

/// `A=1 "B=2 3"`, or with commas `A="1",B="2 3"`.
fn assignments(text: &str, is_between: fn(char) -> bool) -> Vec<(String, String)> {
    let (mut all, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if is_between(c) => all.push(std::mem::take(&mut word)),
            _ => word.push(c),
        }
    }
    all.push(word);
    let pair = |word: String| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    all.into_iter().filter_map(pair).collect()
}

/// A line of an environment file.
fn assignment(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let (name, value) = line.split_once('=').filter(|_| !line.starts_with(['#', ';']))?;
    let value = value.trim();
    let unquoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    Some((name.trim().to_owned(), unquoted.unwrap_or(value).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root with these files.
    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        add(root.path(), files);
        root
    }

    fn add(root: &Path, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    fn of(root: &tempfile::TempDir, name: &str) -> Option<String> {
        told(root.path()).unwrap().remove(name)
    }

    #[test]
    fn the_files_of_the_unit_are_read_and_the_last_wins() {
        let root =
            root(&[("root/hiclaw-manager.env", "A=1\nB=2\n"), ("etc/agm/agm.env", "# A=5\nB=\"3 4\"\n")]);
        assert_eq!(of(&root, "A"), None, "systemd starts nothing here");
        fs::create_dir_all(root.path().join("etc/systemd/system")).unwrap();
        assert_eq!((of(&root, "A"), of(&root, "B")), (Some("1".into()), Some("3 4".into())));
        assert_eq!(of(&root, "AGM_DATA_DIR"), None, "nothing is installed");
        add(root.path(), &[("etc/systemd/system/agm.service", "[Service]\nEnvironmentFile=/own.env\n")]);
        assert_eq!(of(&root, "A"), None);
        fs::create_dir(root.path().join("own.env")).unwrap();
        assert!(told(root.path()).unwrap_err().to_string().contains("own.env"), "it cannot be read");
    }

    #[test]
    fn what_the_unit_and_its_additions_say_is_heard_unless_a_file_says_otherwise() {
        let unit = "[Service]\nEnvironmentFile=-/a.env\nEnvironment=A=1 \"B=2 3\" C=4\n";
        let root = root(&[
            ("etc/systemd/system/agm.service", unit),
            ("etc/systemd/system/agm.service.d/override.conf", "[Service]\nEnvironment=C=5\n"),
            ("etc/systemd/system/agm.service.d/notes.txt", "Environment=C=6\n"),
            ("a.env", "A=0\n"),
        ]);
        let all = ["A", "B", "C"].map(|name| of(&root, name).unwrap());
        assert_eq!(all, ["0", "2 3", "5"]);
    }

    #[test]
    fn what_supervisord_tells_the_program_is_heard() {
        let program = "[program:agm]\ncommand=x\nenvironment=A=\"1,2\",B='3 4', C=5\n";
        let root = root(&[("etc/supervisor/conf.d/agm.conf", program)]);
        let all = ["A", "B", "C"].map(|name| of(&root, name).unwrap());
        assert_eq!(all, ["1,2", "3 4", "5"]);
    }
}
