//! `agm model …` and `agm workers`
use super::{
    Call, DryRun,
    error::CliError,
    follow::change,
    show::{assignment, document, word},
};
use clap::Subcommand;
use domain::{Assignment, Assignments, ModelId, Mutation, ProviderName, SetModel, Target, Worker};

#[derive(Subcommand)]
pub enum Command {
    /// Let an agent run a model, and see it do so.
    Set {
        /// manager, worker:NAME or NAME.
        target: Target,
        #[arg(long)]
        provider: ProviderName,
        #[arg(long)]
        model: ModelId,
        /// Tokens [default: from the table of known models].
        #[arg(long)]
        context_window: Option<u64>,
        /// Tokens of one answer [default: from the table of known models].
        #[arg(long)]
        max_tokens: Option<u64>,
        #[arg(long)]
        reasoning: Option<bool>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// An agent's model.
    Get { target: Target },
    /// Every agent's model.
    List,
}

/// Runs the command.
pub async fn run(call: &Call, command: Command) -> Result<(), CliError> {
    match command {
        Command::Set { target, provider, model, context_window, max_tokens, reasoning, dry_run } => {
            let wish = SetModel { provider, model, context_window, max_tokens, reasoning };
            change(call, &Mutation::SetModel { target, wish }, dry_run.dry_run).await
        }
        Command::Get { target } => {
            let found: Assignment = match &target {
                Target::Manager => call.client.get(&["assignment", "manager"]).await?,
                Target::Worker(name) => call.client.get(&["assignment", "workers", name.as_str()]).await?,
            };
            document(call.json, &found, || vec![assignment(target.agent(), &found)])
        }
        Command::List => {
            let all: Assignments = call.client.get(&["assignment"]).await?;
            document(call.json, &all, || {
                let workers = all.workers.iter().map(|(name, found)| assignment(name.as_str(), found));
                std::iter::once(assignment("manager", &all.manager)).chain(workers).collect()
            })
        }
    }
}

/// `agm workers`.
pub async fn workers(call: &Call) -> Result<(), CliError> {
    let workers: Vec<Worker> = call.client.get(&["workers"]).await?;
    let line = |worker: &Worker| {
        let model = worker.model.as_ref().map_or("-", |model| model.as_str());
        format!("{}\t{}\t{model}\t{}", worker.name, word(&worker.status), worker.evidence)
    };
    document(call.json, &workers, || workers.iter().map(line).collect())
}
