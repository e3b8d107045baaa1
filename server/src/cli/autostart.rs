//! `agm autostart …`
use super::{
    error::CliError,
    machine::{all_removed, program as program_path},
    show::{document, print, word},
};
use crate::packaging::{self, Kind, PackagingError, State, Written};
use clap::{Args, Subcommand};
use domain::{Code, Failure};
use std::{path::PathBuf, process::ExitCode};

#[derive(Args)]
pub struct Autostart {
    #[command(subcommand)]
    command: Command,
    /// The folder that the paths are taken in.
    #[arg(long, global = true, default_value = "/", value_name = "DIR")]
    root: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Write the settings for what starts programs here, and the Manager's skill. Nothing that somebody else changed is
    /// overwritten.
    Write {
        /// What starts programs [default: what is found].
        #[arg(long)]
        kind: Option<Kind>,
        /// The program [default: this one].
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
    },
    /// Remove what was written, and put back what was there before.
    Remove,
    /// Look whether what was written is still so. Exit code 1: it is not, or nothing was.
    Status,
}

impl From<PackagingError> for CliError {
    fn from(error: PackagingError) -> Self {
        let hint = "Nothing was written. Move the file away, or make it what it was.";
        match &error {
            PackagingError::Changed(_) => Failure::new(Code::Conflict, error.to_string()).hint(hint).into(),
            PackagingError::Include { .. } | PackagingError::NoStarter => Self::Usage(error.to_string()),
            PackagingError::Io { .. } | PackagingError::Manifest(_) => Self::Start(error.to_string()),
        }
    }
}

/// Runs the command.
pub fn run(json: bool, args: &Autostart) -> Result<ExitCode, CliError> {
    let root = args.root.as_path();
    match &args.command {
        Command::Write { kind, program } => {
            let kind = kind.map_or_else(|| packaging::kind(root), Ok)?;
            show(json, &packaging::write(root, kind, &program_path(program.as_deref())?)?)?;
            if !json {
                print(next(kind))?;
            }
        }
        Command::Remove => {
            let removed = packaging::remove(root)?;
            show(json, &removed)?;
            all_removed(&removed)?;
        }
        Command::Status => {
            let all = packaging::status(root)?;
            show(json, &all)?;
            if all.is_empty() || all.iter().any(|file| file.state != State::Unchanged) {
                return Ok(ExitCode::from(1));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(json: bool, files: &[Written]) -> Result<(), CliError> {
    document(json, &files, || files.iter().map(line).collect())
}

/// A file and what becomes of it.
pub fn line(file: &Written) -> String {
    format!("{}\t{}", word(&file.state), file.path)
}

fn next(kind: Kind) -> &'static str {
    match kind {
        Kind::Supervisord => {
            "next: `supervisorctl update`, or restart the container; until then `agm script monitor-server start` runs it"
        }
        Kind::Systemd => "next: systemctl daemon-reload && systemctl start agm",
    }
}
