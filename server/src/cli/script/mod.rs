//! `agm script NAME …`: what the skill's scripts call. Names, options, lines and exit codes are those of the first version of
//! this product, which people and agents have in their notes.
mod assignment;
mod create;
mod keeper;
mod monitor;
mod options;
mod providers;
mod set_model;

pub use keeper::Keeper;
pub use monitor::{bring_up, stop};

use super::{Call, error::CliError, show::print};
use clap::Subcommand;
use std::process::ExitCode;
use time::{OffsetDateTime, macros::format_description};

/// A script by its name, with everything behind it: the names of its options are its own.
#[derive(Subcommand)]
pub enum Script {
    #[command(external_subcommand)]
    Named(Vec<String>),
}

/// What a script says before it ends with 1.
pub struct Refusal(Vec<String>);

impl Refusal {
    fn line(line: impl Into<String>) -> Self {
        Self(vec![line.into()])
    }

    fn usage(usage: &str) -> Self {
        Self::line(format!("Usage: {usage}"))
    }

    /// Everything was said on the way.
    fn said() -> Self {
        Self(Vec::new())
    }
}

impl From<CliError> for Refusal {
    fn from(error: CliError) -> Self {
        let (sentence, more) = sentence(&error);
        Self(std::iter::once(format!("ERROR: {sentence}")).chain(more).collect())
    }
}

impl From<Refusal> for CliError {
    fn from(Refusal(lines): Refusal) -> Self {
        let text = lines.join("\n");
        Self::Start(text.strip_prefix("ERROR: ").unwrap_or(&text).to_owned())
    }
}

/// Runs the script; 0 or 1, as all of them end.
pub async fn run(call: Result<Call, CliError>, script: Script) -> ExitCode {
    let Script::Named(words) = script;
    let mut words = words.into_iter();
    let name = words.next().unwrap_or_default();
    let ended = match call {
        Ok(call) => named(&call, &name, words.collect()).await,
        Err(error) => Err(error.into()),
    };
    let Err(Refusal(lines)) = ended else { return ExitCode::SUCCESS };
    // Whoever does not listen to the reason still learns that there is one.
    drop(lines.iter().try_for_each(|line| print(line)));
    ExitCode::FAILURE
}

async fn named(call: &Call, name: &str, args: Vec<String>) -> Result<(), Refusal> {
    match name {
        "list-providers" => providers::run(call, args).await,
        "create-provider" => create::run(call, args).await,
        "set-model" => set_model::run(call, args).await,
        "get-assignment" => assignment::run(call, args).await,
        "monitor-server" => monitor::run(call, args).await,
        _ => Err(Refusal::line(format!("ERROR: there is no script {name}"))),
    }
}

/// What went wrong in one sentence, and the lines that say more.
fn sentence(error: &CliError) -> (String, impl Iterator<Item = String> + use<>) {
    let text = error.text();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let more = lines.split_off(lines.len().min(1));
    let first = lines.pop().unwrap_or_default();
    (first.strip_prefix("agm: ").unwrap_or(&first).to_owned(), more.into_iter())
}

/// Prints a line behind the time, which is UTC: `[2026-01-31 12:00:00] Done!`.
fn log(line: &str) -> Result<(), CliError> {
    let now = OffsetDateTime::now_utc();
    let now = now.format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"));
    print(format!("[{}] {line}", now.unwrap_or_default()).trim_end())
}
