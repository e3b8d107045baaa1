//! Console errors as the one error of the API.
use crate::{HigressError, Outcome, WriteError};
use domain::{Code, Failure};

impl From<HigressError> for Failure {
    fn from(error: HigressError) -> Self {
        let (code, hint) = match &error {
            HigressError::Invalid { .. } => (Code::InvalidRequest, None),
            HigressError::Conflict { .. } | HigressError::Changed { .. } | HigressError::Lost { .. } => {
                (Code::Conflict, Some("Somebody else is writing. Look at it again and repeat."))
            }
            HigressError::Timeout => {
                (Code::UpstreamTimeout, Some("Look again before repeating: it may have been done."))
            }
            HigressError::Refused => {
                (Code::UpstreamUnavailable, Some("Check HICLAW_ADMIN_USER and HICLAW_ADMIN_PASSWORD."))
            }
            HigressError::NotInitialised => {
                (Code::UpstreamUnavailable, Some("Open the Higress Console once and set its admin password."))
            }
            HigressError::NotAConsole | HigressError::Setup { .. } => (
                Code::UpstreamUnavailable,
                Some("Check HICLAW_AI_GATEWAY_ADMIN_URL: it must be the console's address."),
            ),
            HigressError::Unreachable { .. }
            | HigressError::Interrupted { .. }
            | HigressError::Server { .. }
            | HigressError::Malformed { .. } => (Code::UpstreamUnavailable, None),
        };
        let mut failure = Self::new(code, error.to_string());
        failure.hint = hint.map(Into::into);
        failure.system = Some("higress".into());
        failure
    }
}

impl From<WriteError> for Failure {
    fn from(write: WriteError) -> Self {
        let mut failure = Self::from(write.error);
        if write.outcome == Outcome::Unknown && failure.hint.is_none() {
            failure.hint = Some("Look again before repeating: it may have been done.".into());
        }
        failure
    }
}
