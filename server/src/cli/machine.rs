//! This machine's part of an installation: the files that start the server with it, and the server itself.
use super::{
    Call,
    error::CliError,
    file::agreed,
    script::{start, stop},
};
use crate::packaging::{self, Kind, PackagingError, State, Written};
use domain::{Code, Failure};
use operations::REGISTRATION_FILE;
use std::path::{Path, PathBuf};

/// Where the files are written.
const ROOT: &str = "/";

/// A machine that starts programs by itself, and that the server runs on.
pub struct Machine {
    kind: Kind,
    /// The path of this program.
    program: String,
}

impl Machine {
    /// The machine at hand. None, with the reason said: a server that was named is on another one, or is started by
    /// whoever named it; and where nothing starts programs, as in a container of its own, there is nothing to write.
    pub fn found(call: &Call) -> Result<Option<Self>, CliError> {
        if call.client.is_named() {
            eprintln!("no files are written: the server was named by --url or AGM_URL");
            return Ok(None);
        }
        match packaging::kind(Path::new(ROOT)) {
            Ok(kind) => Ok(Some(Self { kind, program: program(None)? })),
            Err(error @ PackagingError::NoStarter) => {
                eprintln!("no files are written: {error}");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Shows what would be written.
    pub fn preview(&self) -> Result<(), CliError> {
        tell(&packaging::preview(Path::new(ROOT), self.kind, &self.program)?);
        Ok(())
    }

    /// Writes the files after a yes, and starts the server unless it runs.
    pub async fn set_up(&self, call: &Call, yes: bool) -> Result<(), CliError> {
        let files = packaging::preview(Path::new(ROOT), self.kind, &self.program)?;
        if files.iter().any(|file| file.state != State::Unchanged) {
            tell(&files);
            if !yes {
                agreed("Write these files?", "nobody to ask: say --yes, or --no-files".into())?;
            }
            packaging::write(Path::new(ROOT), self.kind, &self.program)?;
        }
        if !call.client.answers().await {
            eprintln!("{}", start(call).await?);
        }
        Ok(())
    }

    /// Whether nothing was registered from here, as far as the data directory tells: the server may be gone already then.
    pub fn is_unregistered(&self) -> bool {
        !packaging::data_dir(Path::new(ROOT)).join(REGISTRATION_FILE).exists()
    }

    /// Stops the server and removes the files.
    pub async fn take_down(&self) -> Result<(), CliError> {
        eprintln!("{}", stop().await?);
        let removed = packaging::remove(Path::new(ROOT))?;
        tell(&removed);
        all_removed(&removed)?;
        eprintln!("what the server kept stays: {}", packaging::data_dir(Path::new(ROOT)).display());
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
