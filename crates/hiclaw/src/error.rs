//! What can go wrong between us and HiClaw.
use openclaw::FileError;
use store::StoreError;

/// The part of the installation that an error concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// The Manager's files or its own HTTP server.
    Manager,
    /// The object store.
    Store,
    /// The container API.
    Containers,
}

/// Why an agent, its model or its state could not be read or changed. No text holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the Manager could not be read or written.
    #[error(transparent)]
    File(FileError),
    /// A file is there but is not what HiClaw writes.
    #[error("{file} cannot be understood: {message}")]
    Malformed { file: String, message: String },
    /// A config that OpenClaw itself would refuse.
    #[error("{object}: {source}")]
    Unparsable { object: String, source: openclaw::ParseError },
    /// A config in which a model cannot be switched.
    #[error("{object}: {source}")]
    NotSwitchable { object: String, source: openclaw::EditError },
    /// The object store refused or did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object is not there.
    #[error("{0} does not exist")]
    Missing(String),
    /// The object is no longer what the caller read. Nothing was written.
    #[error("{0} was changed by somebody else")]
    Changed(String),
    /// The container API or the Manager's HTTP server did not answer as it should.
    #[error("{what}: {message}")]
    Http { system: System, what: &'static str, message: String, timeout: bool },
    /// No such worker in HiClaw's registry.
    #[error("there is no worker {0}")]
    NoWorker(domain::WorkerName),
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Changed { path, .. } => Self::Changed(path.display().to_string()),
            error => Self::File(error),
        }
    }
}

impl Error {
    /// True when a write that failed so has certainly changed nothing. A store can leave that open, and so can a disk: a
    /// file that could not be made durable is in its place.
    pub fn wrote_nothing(&self) -> bool {
        !matches!(
            self,
            Self::Store(_)
                | Self::Http { .. }
                | Self::File(FileError::NotDurable { .. } | FileError::Io { .. })
        )
    }

    /// The agent, or what it lives by, is not there any more.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::NoWorker(_))
    }

    /// Which system to look at.
    pub fn system(&self) -> System {
        match self {
            Self::Store(_) => System::Store,
            Self::Http { system, .. } => *system,
            Self::Unparsable { object, .. }
            | Self::NotSwitchable { object, .. }
            | Self::Malformed { file: object, .. }
            | Self::Missing(object)
            | Self::Changed(object)
                if object.starts_with("s3:") =>
            {
                System::Store
            }
            _ => System::Manager,
        }
    }
}
