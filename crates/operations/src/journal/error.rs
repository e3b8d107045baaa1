//! Why something was not written down.
use crate::seal::SealError;
use domain::{Code, Failure};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why the journal or the audit trail could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process has the data directory.
    #[error("another agm uses the data directory {0}")]
    InUse(PathBuf),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Seal(SealError),
    /// What is there is no record.
    #[error("{path}: {why}")]
    Unreadable { path: PathBuf, why: String },
    /// The data directory has a form that is not known.
    #[error("the data directory {path} has form {form} of a newer agm")]
    Newer { path: PathBuf, form: u32 },
    /// What was to be brought into the data directory is not all there.
    #[error("an import into the data directory {0} broke off")]
    HalfImported(PathBuf),
    /// A record that cannot be written down.
    #[error("a record cannot be written: {0}")]
    Unwritable(String),
}

impl JournalError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    /// Whether it stays so until a person does something.
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::InUse(_) | Self::Newer { .. } | Self::HalfImported(_))
    }

    /// The work on the disk panicked, or the process ends.
    pub(crate) fn broken_off(error: &io::Error) -> Self {
        Self::Unwritable(format!("the work on the disk broke off: {error}"))
    }
}

impl From<SealError> for JournalError {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let kind = match &error {
            JournalError::Io { source, .. } | JournalError::Seal(SealError::Io(source)) => {
                Some(source.kind())
            }
            _ => None,
        };
        let hint = match (&error, kind) {
            (JournalError::InUse(_), _) => {
                "Stop the other one, or give each a data directory of its own (AGM_DATA_DIR)."
            }
            (JournalError::Newer { .. }, _) => {
                "Start the newer agm, or give this one a data directory of its own (AGM_DATA_DIR)."
            }
            (JournalError::HalfImported(_), _) => "Empty the directory, and import the file again.",
            (_, Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)) => {
                "Free some space where the data directory lies (AGM_DATA_DIR)."
            }
            (_, Some(io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)) => {
                "The data directory (AGM_DATA_DIR) must be writable for agm. Is it mounted read-only?"
            }
            (JournalError::Seal(SealError::DamagedKey(_)), _) => {
                "Put seal.key back from a backup of the data directory, or move it away: a new one is made, and what was sealed with the old one stays closed."
            }
            (JournalError::Seal(SealError::Full), _) => "Go on with the present key.",
            _ => "Is the disk of the data directory (AGM_DATA_DIR) healthy?",
        };
        let code = match error {
            JournalError::Unwritable(_) => Code::Internal,
            _ => Code::StorageUnavailable,
        };
        Failure::new(code, error.to_string()).hint(hint)
    }
}
