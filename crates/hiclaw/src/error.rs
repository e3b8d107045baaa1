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
    /// HiClaw's controller.
    Controller,
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
    /// The controller was not reached, so it was asked nothing.
    #[error("HiClaw's controller cannot be reached: {0}")]
    NoController(String),
    /// The controller wants another token than those that we have.
    #[error("HiClaw's controller does not let agm in: {0}")]
    NoEntry(String),
    /// The controller refused, in its own words.
    #[error("HiClaw's controller refused {what} (HTTP {status}): {message}")]
    Refused { what: String, status: u16, message: String },
    /// The controller took a change in, and what it makes of it is not there.
    #[error("{object}: HiClaw's controller noted the change and did not carry it out: {why}")]
    NotCarriedOut { object: String, why: String },
    /// HiClaw makes the object anew from something else.
    #[error(
        "{0} is not to be written: HiClaw's controller makes it, and writes over what others change there"
    )]
    Made(String),
    /// What HiClaw gives an agent when it starts cannot be changed from here; why.
    #[error("the model that HiClaw gives the Manager at its start cannot be set from here: {0}")]
    NoSource(String),
    /// What was asked for cannot be done with this agent's container.
    #[error("{reason}")]
    CannotAct { reason: String, way: &'static str },
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
        match self {
            Self::Store(_)
            | Self::Http { .. }
            | Self::NotCarriedOut { .. }
            | Self::File(FileError::NotDurable { .. } | FileError::Io { .. }) => false,
            Self::Refused { status, .. } => *status < 500 || self.is_invalid(),
            _ => true,
        }
    }

    /// True when what was asked for may still be done later, though nobody waits for it any more.
    pub fn may_come_late(&self) -> bool {
        match self {
            Self::Store(StoreError::Unavailable { .. })
            | Self::Http { system: System::Controller, .. }
            | Self::NotCarriedOut { .. } => true,
            Self::Refused { .. } => !self.wrote_nothing(),
            _ => false,
        }
    }

    /// What failed so may go well a moment later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Store(_) | Self::Http { .. } | Self::NoController(_) => true,
            Self::Refused { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// Another write came between the controller's look and its own write, so that this one was lost: HTTP 409 since
    /// v1.2, HTTP 500 before.
    pub(crate) fn lost_to_another(&self) -> bool {
        let Self::Refused { message, .. } = self else { return false };
        ["object modified, retry", "the object has been modified"].iter().any(|words| message.contains(words))
    }

    /// What Kubernetes says to an object that is against its rules, as HTTP 500.
    fn is_invalid(&self) -> bool {
        matches!(self, Self::Refused { message, .. } if message.contains(" is invalid: "))
            || self.lost_to_another()
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
            Self::NoController(_)
            | Self::NoEntry(_)
            | Self::Refused { .. }
            | Self::NotCarriedOut { .. }
            | Self::Made(_)
            | Self::CannotAct { .. } => System::Controller,
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
