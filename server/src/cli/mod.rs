//! The command line: `agm serve` and `agm sandbox` start something, all other commands talk to a running server.
mod autostart;
mod backup;
mod client;
mod config;
mod data;
mod doctor;
mod drift;
mod error;
mod file;
mod follow;
mod health;
mod healthcheck;
mod here;
mod history;
mod install;
mod machine;
mod model;
mod past;
mod portable;
mod prompt;
mod provider;
mod restarts;
mod restore;
mod route;
mod said;
mod script;
mod sealed;
mod serve;
mod show;
mod whole_file;
mod worker;

use clap::{Args, CommandFactory, Parser, Subcommand};
use client::{Access, Client};
use error::CliError;
use std::process::ExitCode;

pub use config::reference;
pub use serve::sandbox_settings;

/// AI Gateway Management: providers, AI routes and the models of agents.
#[derive(Parser)]
#[command(name = "agm", version, arg_required_else_help = true, after_help = error::EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    access: Access,
    /// Print one JSON document instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve(Box<serve::Serve>),
    /// Run the outside world alone, for trying and testing, and print its addresses as one JSON line.
    Sandbox(serve::SandboxArgs),
    /// LLM providers.
    #[command(subcommand)]
    Provider(provider::Command),
    /// Which model an agent runs.
    #[command(subcommand)]
    Model(model::Command),
    /// The workers: what they do, run and shall run.
    Workers,
    /// Put a worker's container to sleep, wake it, or restart it.
    #[command(subcommand)]
    Worker(worker::Command),
    /// Restart the Manager's container.
    #[command(subcommand)]
    Manager(worker::OfManager),
    /// Every system that agm depends on, and which HiClaw it is. Exit code 1: not all of them answer.
    Health,
    /// AI routes.
    #[command(subcommand)]
    Route(route::Command),
    /// Show what a declarative file would change, and keep the plan for an hour.
    Plan(file::PlanArgs),
    /// Do what a plan or a declarative file says.
    Apply(file::ApplyArgs),
    /// Write the installation down as a declarative file, without keys.
    Export(file::ExportArgs),
    /// Backups on the server, and going back to one.
    #[command(subcommand)]
    Backup(backup::Command),
    /// Go back to the newest backup whose restore would change something: its plan is shown, and applied after a yes.
    Reset(Box<restore::Reset>),
    /// What was changed, newest first; take it back, or check the record of it.
    History(Box<history::History>),
    /// Follow an operation to its end.
    Watch {
        operation: String,
        /// Go on until it is known whether what it changed lasts: some minutes, and longer while an agent is to be idle
        /// before it is restarted.
        #[arg(long)]
        settled: bool,
    },
    /// agm's own data directory, as a file that a passphrase opens.
    #[command(subcommand)]
    Data(data::Command),
    /// Make every check, and say what is wrong and what to do. Exit code 1: warnings only, 2: something does not work.
    Doctor(doctor::DoctorArgs),
    /// Where agents are not as they were recorded, and what others changed since the newest backup. Exit code 1: there is
    /// something.
    Drift(drift::DriftArgs),
    /// Ask the server that these settings describe whether it is alive, from where it runs: for containers.
    Healthcheck(said::Said),
    /// Print the reference of all settings and variables, in Markdown.
    Config,
    /// Be reached through the AI gateway: by a domain, and below /agm/ and /ni_status/ of its addresses. The plan is shown, and
    /// done after a yes; it is undone unless agm is seen to answer there.
    Install(install::InstallArgs),
    /// Be reached through the AI gateway no more, and leave it as it was before.
    Uninstall(install::UninstallArgs),
    /// The files that start the server with the machine and tell the Manager's agent of it.
    Autostart(autostart::Autostart),
    /// What the skill's scripts call, by the name of the script.
    #[command(subcommand, hide = true)]
    Script(script::Script),
    /// Print the reference of the HTTP API as Markdown.
    #[command(hide = true)]
    ApiReference,
    /// Print the completions for a shell.
    Completions { shell: clap_complete::Shell },
}

/// What is common to the commands that talk to a server.
struct Call {
    client: Client,
    json: bool,
}

/// The command line, for what checks or describes it.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command line of this process.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}", error.text());
            error.code()
        }
    }
}

async fn execute(cli: Cli) -> Result<ExitCode, CliError> {
    let json = cli.json;
    let call = || Ok::<_, CliError>(Call { client: Client::new(&cli.access)?, json });
    match cli.command {
        Command::Serve(serve) => serve::serve(*serve).await?,
        Command::Sandbox(options) => serve::sandbox(options).await?,
        Command::Provider(command) => provider::run(&call()?, command).await?,
        Command::Model(command) => model::run(&call()?, command).await?,
        Command::Workers => worker::list(&call()?).await?,
        Command::Worker(command) => worker::run(&call()?, command).await?,
        Command::Manager(command) => worker::of_manager(&call()?, command).await?,
        Command::Health => return health::run(&call()?).await,
        Command::Route(command) => route::run(&call()?, command).await?,
        Command::Plan(args) => file::plan(&call()?, &args).await?,
        Command::Apply(args) => file::apply(&call()?, &args).await?,
        Command::Export(args) => file::export(&call()?, &args).await?,
        Command::Backup(command) => backup::run(&call()?, command).await?,
        Command::Reset(args) => args.run(&call()?).await?,
        Command::History(args) if args.is_offline() => {
            let whole = history::verify(json, &args)?;
            return Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(1) });
        }
        Command::History(args) => history::run(&call()?, *args).await?,
        Command::Watch { operation, settled } => {
            let until = if settled { follow::Until::Settled } else { follow::Until::End };
            follow::watch(&call()?, &operation, until).await?;
        }
        Command::Data(command) => data::run(json, command)?,
        Command::Doctor(args) => return doctor::run(&call()?, &args).await,
        Command::Drift(args) => return drift::run(&call()?, &args).await,
        Command::Healthcheck(settings) => healthcheck::run(&settings).await?,
        Command::Config => show::print(config::reference(&command()).trim_end())?,
        Command::Install(args) => install::install(&call()?, &args).await?,
        Command::Uninstall(args) => install::uninstall(&call()?, &args).await?,
        Command::Autostart(args) => return autostart::run(json, &args),
        Command::Script(script) => return Ok(script::run(call(), script).await),
        Command::ApiReference => show::print(crate::http::api_reference().trim_end())?,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command(), "agm", &mut script);
            show::print(String::from_utf8_lossy(&script).trim_end())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A dry run, for the commands that change something.
#[derive(Args)]
struct DryRun {
    /// Show the plan and change nothing.
    #[arg(long)]
    dry_run: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_option_takes_a_key_or_a_password() {
        fn options(command: &clap::Command) -> Vec<String> {
            let own = command.get_arguments().filter_map(|arg| arg.get_long().map(str::to_owned));
            own.chain(command.get_subcommands().flat_map(options)).collect()
        }
        for bad in ["key", "token", "api-key", "password", "secret"] {
            assert!(!options(&Cli::command()).contains(&bad.to_owned()), "--{bad}");
        }
    }
}
