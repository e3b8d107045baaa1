//! Files that commands write: the whole of one or nothing of it, and for its owner alone.
use super::error::CliError;
use domain::Failure;
use std::{fs::File, io, path::Path};
use tempfile::NamedTempFile;

/// Why a file was not written.
pub enum NotWritten {
    Io(io::Error),
    Failed(Box<Failure>),
}

impl From<io::Error> for NotWritten {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Failure> for NotWritten {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

/// Lets `fill` write a file; `over` says whether it may take the place of another one.
pub fn write<T>(
    file: &Path,
    over: bool,
    fill: impl FnOnce(&mut File) -> Result<T, NotWritten>,
) -> Result<T, CliError> {
    let of_file = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            CliError::Usage(format!("{} is there already: --force writes over it", file.display()))
        }
        _ => CliError::Usage(format!("{}: {error}", file.display())),
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut half = NamedTempFile::new_in(folder).map_err(of_file)?;
    let filled = fill(half.as_file_mut()).map_err(|why| match why {
        NotWritten::Io(error) => of_file(error),
        NotWritten::Failed(failure) => CliError::Failed(failure),
    })?;
    half.as_file().sync_all().map_err(of_file)?;
    let put = if over { half.persist(file) } else { half.persist_noclobber(file) };
    put.map_err(|error| of_file(error.error))?;
    Ok(filled)
}
