//! This machine's part of an installation: the files that start the server with it, and the server itself.
use super::{
    Call,
    error::CliError,
    file::agreed,
    here::data_dir_of_files,
    script::{Keeper, bring_up, stop},
};
use crate::{
    packaging::{self, Kind, PackagingError, State, UNIT, Written},
    pid::Running,
};
use domain::{Code, Failure};
use operations::REGISTRATION_FILE;
use std::path::{Path, PathBuf};

/// A machine that starts programs by itself, and that the server runs on.
pub struct Machine {
    /// Where its paths are taken.
    root: PathBuf,
    /// Where the server of its files keeps its state.
    data: PathBuf,
    kind: Kind,
    /// The path of this program.
    program: String,
}

impl Machine {
    /// The machine at hand. None, with the reason said: a server that was named is on another one, or is started by
    /// whoever named it; and where nothing starts programs, as in a container of its own, there is nothing to write.
    pub fn found(call: &Call, root: &Path) -> Result<Option<Self>, CliError> {
        if call.client.is_named() {
            eprintln!("no files are written: the server was named by --url or AGM_URL");
            return Ok(None);
        }
        match packaging::kind(root) {
            Ok(kind) => {
                let data = data_dir_of_files(root)?;
                Ok(Some(Self { root: root.to_owned(), data, kind, program: program(None)? }))
            }
            Err(error @ PackagingError::NoStarter) => {
                eprintln!("no files are written: {error}");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Shows what would be written.
    pub fn preview(&self) -> Result<(), CliError> {
        tell(&packaging::preview(&self.root, self.kind, &self.program)?);
        Ok(())
    }

    /// Writes the files after a yes, and sees to it that the server runs by them.
    pub async fn set_up(&self, call: &Call, yes: bool) -> Result<(), CliError> {
        self.refuse_another(call, "Stop that server, or say --no-files to install it as it is.").await?;
        let files = packaging::preview(&self.root, self.kind, &self.program)?;
        if files.iter().any(|file| file.state != State::Unchanged) {
            tell(&files);
            if !yes {
                agreed("Write these files?", "nobody to ask: say --yes, or --no-files".into())?;
            }
            packaging::write(&self.root, self.kind, &self.program)?;
        }
        let is_new = |file: &Written| file.path == UNIT && file.state != State::Unchanged;
        let (data, unit_is_new) = (&self.data, files.iter().any(is_new));
        for line in bring_up(call, &self.root, data, self.kind, unit_is_new).await? {
            eprintln!("{line}");
        }
        Ok(())
    }

    /// Whether nothing was registered from here, as far as the data directory tells: the server may be gone already then.
    pub fn is_unregistered(&self) -> Result<bool, CliError> {
        let note = self.data.join(REGISTRATION_FILE);
        let failed = |error| CliError::Start(format!("{}: {error}", note.display()));
        note.try_exists().map(|exists| !exists).map_err(failed)
    }

    /// Refuses where another server answers than the one of the files: what it registers is gone with the machine, and what
    /// was registered from here it does not know.
    pub async fn refuse_another(&self, call: &Call, hint: &str) -> Result<(), CliError> {
        if Running::of(&self.data).is_some() || !call.client.answers().await {
            return Ok(());
        }
        let (url, data) = (call.client.url(), self.data.display());
        let message = format!("at {url} answers a server that does not use {data}");
        Err(Failure::new(Code::Conflict, message).hint(hint).into())
    }

    /// Says what [`Machine::take_down`] would do to which file. False: there is nothing to remove or to stop.
    pub fn preview_removal(&self) -> Result<bool, CliError> {
        let files = packaging::status(&self.root)?;
        for file in &files {
            let fate = match file.state {
                State::Changed => "stays, since somebody changed it",
                State::Missing => "is not there",
                _ => "is removed",
            };
            eprintln!("{fate}\t{}", file.path);
        }
        Ok(!files.is_empty() || Running::of(&self.data).is_some())
    }

    /// Stops the server and removes the files.
    pub async fn take_down(&self) -> Result<(), CliError> {
        let keeper = Keeper::found(&self.root);
        eprintln!("{}", stop(&self.root, &self.data).await?);
        let removed = packaging::remove(&self.root)?;
        tell(&removed);
        // Or it goes on with what is no longer there.
        keeper.map_or(Ok(()), Keeper::reread)?;
        all_removed(&removed)?;
        eprintln!("what the server kept stays: {}", self.data.display());
        Ok(())
    }
}

fn tell(files: &[Written]) {
    for file in files {
        eprintln!("{}", super::autostart::line(file));
    }
}

/// Fails when somebody else's change kept a file.
pub fn all_removed(files: &[Written]) -> Result<(), CliError> {
    let Some(kept) = files.iter().find(|file| file.state == State::Changed) else { return Ok(()) };
    let message = format!("{} was changed by somebody else and is still there", kept.path);
    Err(Failure::new(Code::Conflict, message).hint("Remove it by hand.").into())
}

/// A program's path without links; none: that of this one.
pub fn program(path: Option<&Path>) -> Result<String, CliError> {
    let failed = |error: std::io::Error| CliError::Start(format!("the program's own path: {error}"));
    let path: PathBuf = match path {
        Some(path) => path.to_owned(),
        None => std::env::current_exe().and_then(|path| path.canonicalize()).map_err(failed)?,
    };
    match path.to_str() {
        Some(path) if path.starts_with('/') && !path.contains(['%', '"', ' ', '\n']) => Ok(path.to_owned()),
        _ => Err(CliError::Usage(format!("{} cannot be started from settings files", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::symlink};

    #[test]
    fn a_note_that_cannot_be_looked_for_is_not_taken_for_none() {
        let root = tempfile::tempdir().unwrap();
        let at = |data: &str| Machine {
            root: root.path().to_owned(),
            data: root.path().join(data),
            kind: Kind::Systemd,
            program: "/opt/agm/agm".into(),
        };
        assert!(at("none").is_unregistered().unwrap());
        fs::write(root.path().join(REGISTRATION_FILE), "{}").unwrap();
        assert!(!at(".").is_unregistered().unwrap());
        symlink("round", root.path().join("round")).unwrap();
        assert!(at("round").is_unregistered().is_err());
    }
}
