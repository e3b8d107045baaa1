//! HiClaw's errors as the one error of the API.
use crate::{Error, System};
use domain::{Code, Failure};
use openclaw::FileError;
use store::StoreError;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let system = match error.system() {
            System::Manager => "manager",
            System::Store => "store",
            System::Containers => "containers",
            System::Controller => "controller",
        };
        let (code, hint) = advice(&error);
        let mut failure = Failure::new(code, error.to_string()).hint(hint);
        if code != Code::WorkerNotFound {
            failure.system = Some(system.to_owned());
        }
        failure
    }
}

fn advice(error: &Error) -> (Code, &'static str) {
    match error {
        Error::NoWorker(_) => (Code::WorkerNotFound, "`agm workers` lists the workers that HiClaw knows."),
        Error::Http { timeout: true, .. } => (Code::UpstreamTimeout, "Monitor shows which systems answer."),
        Error::Http { .. } => (Code::UpstreamUnavailable, "Monitor shows which systems answer."),
        Error::Store(StoreError::Unavailable { timeout: Some(_), .. }) => {
            (Code::UpstreamTimeout, "Monitor shows which systems answer.")
        }
        Error::Store(StoreError::AccessDenied) => (
            Code::UpstreamUnavailable,
            "Set HICLAW_FS_ACCESS_KEY and HICLAW_FS_SECRET_KEY to an account that may write agents/.",
        ),
        Error::Store(StoreError::NoConditionalWrites(_)) => (
            Code::UpstreamUnavailable,
            "agm changes nothing in a store where two writers cannot be told apart.",
        ),
        Error::Store(_) => {
            (Code::UpstreamUnavailable, "Is the object store up, and are its address and bucket right?")
        }
        Error::NoController(_) => {
            (Code::UpstreamUnavailable, "Is HICLAW_CONTROLLER_URL right, and does it run?")
        }
        Error::NoEntry(_) => (
            Code::UpstreamUnavailable,
            "Name the controller's own token: HICLAW_AUTH_TOKEN_FILE or HICLAW_AUTH_TOKEN.",
        ),
        Error::Refused { status: 409, .. } => (Code::Conflict, "Look at what is there now and try again."),
        Error::Refused { .. } => (Code::UpstreamUnavailable, "The controller's own log says more."),
        Error::NotCarriedOut { .. } => (
            Code::UpstreamUnavailable,
            "The controller tries again by itself. Repair what it complains of, then switch again.",
        ),
        Error::Made(_) => (Code::ReadOnlyTarget, "Change it through the controller."),
        Error::NoSource(_) => (
            Code::ReadOnlyTarget,
            "Name the file to agm with HICLAW_ENV_FILE and let agm write it, or set HICLAW_DEFAULT_MODEL there yourself.",
        ),
        Error::CannotAct { way, .. } => (Code::ReadOnlyTarget, way),
        Error::Missing(_) => (
            Code::UpstreamUnavailable,
            "HiClaw writes it when the agent is created. Are the path and the bucket right?",
        ),
        Error::Changed(_) => (Code::Conflict, "Look at what is there now and try again."),
        Error::File(FileError::ReadOnly { .. }) => {
            (Code::UpstreamUnavailable, "The Manager's workspace must be writable for agm.")
        }
        Error::File(FileError::NoSpace { .. }) => {
            (Code::UpstreamUnavailable, "Free some space where the Manager's workspace lies.")
        }
        Error::File(_) => (Code::UpstreamUnavailable, "Is OPENCLAW_CONFIG_PATH right, and may agm read it?"),
        Error::Malformed { .. } | Error::Unparsable { .. } | Error::NotSwitchable { .. } => {
            (Code::UpstreamUnavailable, "Repair it by hand; agm changes nothing that it does not understand.")
        }
    }
}
