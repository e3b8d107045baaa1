//! What systemd tells the server, which commands that are typed do not hear.
use super::{
    Kind, PackagingError,
    files::{UNIT, UNIT_TEXT, inside, kind},
};
use std::{collections::BTreeMap, fs, io, path::Path};

/// The variables of the files that the unit names, those of the later ones before those of the earlier; of the unit to be
/// where there is none yet. Empty where systemd does not start the server.
///
/// # Errors
/// A file that is there and cannot be read.
pub fn variables(root: &Path) -> Result<BTreeMap<String, String>, PackagingError> {
    let unit = match read(&inside(root, UNIT))? {
        Some(unit) => unit,
        None if matches!(kind(root), Ok(Kind::Systemd)) => UNIT_TEXT.to_owned(),
        None => return Ok(BTreeMap::new()),
    };
    let files = unit.lines().filter_map(|line| line.trim().strip_prefix("EnvironmentFile="));
    let mut all = BTreeMap::new();
    for path in files {
        let text = read(&inside(root, path.trim_start_matches('-')))?.unwrap_or_default();
        all.extend(text.lines().filter_map(assignment));
    }
    Ok(all)
}

/// The text of a file. None: there is none, or it lies where this user may not even look.
fn read(path: &Path) -> Result<Option<String>, PackagingError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound || fs::symlink_metadata(path).is_err() => {
            Ok(None)
        }
        Err(source) => Err(PackagingError::io(path, source)),
    }
}

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

    #[test]
    fn the_files_of_the_unit_are_read_and_the_last_wins() {
        let root = tempfile::tempdir().unwrap();
        let of = |name: &str| variables(root.path()).unwrap().get(name).cloned();
        for folder in ["root", "etc/agm"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join("root/hiclaw-manager.env"), "A=1\nB=2\n").unwrap();
        fs::write(root.path().join("etc/agm/agm.env"), "# A=5\nB=\"3 4\"\n").unwrap();
        assert_eq!(of("A"), None, "systemd starts nothing here");
        fs::create_dir_all(root.path().join("etc/systemd/system")).unwrap();
        assert_eq!((of("A"), of("B")), (Some("1".into()), Some("3 4".into())), "before the unit is written");
        fs::write(inside(root.path(), UNIT), "[Service]\nEnvironmentFile=/own.env\n").unwrap();
        assert_eq!(of("A"), None);
        fs::create_dir(root.path().join("own.env")).unwrap();
        assert!(variables(root.path()).unwrap_err().to_string().contains("own.env"), "it cannot be read");
    }
}
