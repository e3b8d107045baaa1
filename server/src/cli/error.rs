//! How a command fails, and with which exit code.
use super::show;
use domain::{Code, Failure};
use std::process::ExitCode;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The server refused or failed.
    #[error("{0}")]
    Failed(Box<Failure>),
    /// Nobody answered.
    #[error("{url} does not answer: {reason}")]
    Unreachable { url: String, reason: String },
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
    /// 1 failed or rolled back, 2 usage, 3 not reachable, 4 conflict, 5 needs an operator.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Unreachable { .. } => 3,
            Self::Start(_) => 1,
            Self::Failed(failure) => match failure.code {
                Code::InvalidRequest | Code::MalformedRequest => 2,
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
        text
    }
}
