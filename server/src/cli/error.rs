//! How a command fails, and with which exit code.
use super::show;
use domain::{Code, Failure};
use std::process::ExitCode;

/// The table in the help.
pub const EXIT_CODES: &str = "Exit codes:
  0  done
  1  failed and rolled back; or done, and an agent was not restarted as asked; or a test or --verify found something
     wrong; doctor: warnings only; drift: there is some, or not everything could be looked at; health: not all answer
  2  the command line or the file is wrong, or names something that is not there; doctor: something does not work
  3  no answer, from agm or from a system behind it
  4  conflict: busy, in use, there already, read-only, or changed since the plan
  5  needs an operator";

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The server refused or failed.
    #[error("{0}")]
    Failed(Box<Failure>),
    /// Nobody answered.
    #[error("{url} does not answer: {reason}")]
    Unreachable { url: String, reason: String },
    /// Nobody answered any more after a change was asked for.
    #[error("{reason}")]
    Lost { operation: Option<String>, reason: String },
    /// The change was made, and an agent was not started again for whom that was asked.
    #[error("the change stands; {0}")]
    NotRestarted(String),
    /// The command line or what it names cannot be used.
    #[error("{0}")]
    Usage(String),
    /// The server or the sandbox did not start.
    #[error("{0}")]
    Start(String),
}

impl From<Failure> for CliError {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl CliError {
    /// The error as it is once a change was asked for, of which perhaps not even the id is known.
    pub fn midway(self, operation: Option<&str>) -> Self {
        match self {
            Self::Unreachable { url, reason } => {
                let reason = format!("{url} was lost in the midst of a change: {reason}");
                Self::Lost { operation: operation.map(str::to_owned), reason }
            }
            other => other,
        }
    }

    /// As [`EXIT_CODES`] says.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Unreachable { .. } | Self::Lost { .. } => 3,
            Self::Start(_) | Self::NotRestarted(_) => 1,
            Self::Failed(failure) => match failure.code {
                Code::InvalidRequest
                | Code::MalformedRequest
                | Code::InvalidModel
                | Code::ProviderNotFound
                | Code::WorkerNotFound
                | Code::RouteNotFound
                | Code::OperationNotFound => 2,
                Code::UpstreamUnavailable | Code::UpstreamTimeout => 3,
                Code::Conflict
                | Code::Busy
                | Code::ProviderExists
                | Code::ProviderInUse
                | Code::ReadOnlyTarget => 4,
                Code::NeedsOperator => 5,
                _ => 1,
            },
        })
    }

    /// What a person reads: the sentence, each bad field where there are several, and what to do next.
    pub fn text(&self) -> String {
        let mut text = format!("agm: {self}");
        if let Self::Failed(failure) = self {
            for field in failure.fields.iter().filter(|_| failure.fields.len() > 1) {
                text.push_str(&format!("\n  {}: {}", field.field, field.message));
            }
            for moved in &failure.diff {
                text.push_str(&format!("\n  {}", moved.object));
                for line in show::differences(&moved.diff) {
                    text.push_str(&format!("\n  {line}"));
                }
            }
            let hint = match failure.code {
                Code::AuthRequired | Code::AuthFailed => {
                    Some("Set AGM_PASSWORD, or use --password-stdin or --password-file.")
                }
                _ => failure.hint.as_deref(),
            };
            if let Some(hint) = hint {
                text.push_str(&format!("\n  {hint}"));
            }
        }
        match self {
            Self::Lost { operation: Some(id), .. } => text.push_str(&format!(
                "\n  Operation {id} does not need this command to go on: `agm watch {id}` follows it, `agm history` lists all."
            )),
            Self::Lost { operation: None, .. } => {
                text.push_str("\n  It may have been begun all the same: look at `agm history`.");
            }
            Self::Failed(failure) if failure.code == Code::Busy => {
                text.extend(failure.operation.iter().map(|id| {
                    format!("\n  Operation {id} has it: `agm watch {id}` follows it, `agm history` lists all.")
                }));
            }
            _ => {}
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_cut_off_learns_how_to_find_the_operation_again() {
        let lost = || CliError::Unreachable { url: "http://x".into(), reason: "no answer in time".into() };
        let known = lost().midway(Some("01JD")).text();
        assert!(known.contains("no answer in time") && known.contains("agm watch 01JD"), "{known}");
        assert!(lost().midway(None).text().contains("agm history"));
        assert!(!lost().text().contains("agm history"), "nothing was changed by a look");
    }

    #[test]
    fn a_busy_target_names_who_has_it() {
        let mut failure = Failure::new(Code::Busy, "another operation works on worker:alice");
        failure.operation = "01JD0000000000000000000000".parse().ok();
        let said = CliError::from(failure).text();
        assert!(said.contains("agm watch 01JD0000000000000000000000"), "{said}");
    }
}
