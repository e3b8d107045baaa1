//! `agm model …`
use super::{
    Call, DryRun,
    error::CliError,
    follow::change,
    restarts,
    show::{self, assignment, document},
};
use clap::{Args, Subcommand, ValueEnum};
use domain::{
    Assignment, Assignments, Bulk, BulkPlan, Code, Failure, ModelId, Mutation, OperationState, ProviderName,
    Refused, Restart, SetModel, SetModels, Target,
};
use std::num::NonZeroU32;

#[derive(Subcommand)]
pub enum Command {
    /// Let agents run a model, and see them do so: each by itself, whole or not at all.
    Set(Set),
    /// An agent's model.
    Get { target: Target },
    /// Every agent's model.
    List,
}

#[derive(Args)]
pub struct Set {
    /// manager, worker:NAME or NAME; the first is the canary.
    #[arg(required = true)]
    targets: Vec<Target>,
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
    /// Restart agents that keep their former model until their container starts. What is done already stays, whatever
    /// becomes of it; exit code 1 when such an agent was not restarted.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    restart: Again,
    /// Where HiClaw gives an agent a model when it starts, change that too: in HiClaw's environment file.
    #[arg(long)]
    lasting: bool,
    /// Of several agents, begin no more once so many have failed.
    #[arg(long, value_name = "N")]
    stop_after_failures: Option<NonZeroU32>,
    /// Of several agents, the first alone; if it fails, no other is begun.
    #[arg(long)]
    canary: bool,
    #[command(flatten)]
    dry_run: DryRun,
}

/// Whether and when a container is restarted.
#[derive(Clone, Copy, Default, ValueEnum)]
pub enum Again {
    /// The agent runs its former model until somebody restarts it.
    #[default]
    No,
    /// At once: a busy agent loses its turn.
    Now,
    /// Once the agent has no open task; this command does not wait for that.
    #[value(alias = "when_idle")]
    WhenIdle,
}

impl From<Again> for Restart {
    fn from(again: Again) -> Self {
        match again {
            Again::No => Self::No,
            Again::Now => Self::Now,
            Again::WhenIdle => Self::WhenIdle,
        }
    }
}

/// Runs the command.
pub async fn run(call: &Call, command: Command) -> Result<(), CliError> {
    match command {
        Command::Set(args) => set(call, args).await,
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

async fn set(call: &Call, args: Set) -> Result<(), CliError> {
    let Set { targets, provider, model, context_window, max_tokens, reasoning, lasting, .. } = args;
    let restart = args.restart.into();
    if let [target] = targets.as_slice() {
        let wish = SetModel { provider, model, context_window, max_tokens, reasoning, restart, lasting };
        return change(call, &Mutation::SetModel { target: target.clone(), wish }, args.dry_run.dry_run)
            .await;
    }
    let wish = SetModels {
        targets,
        provider,
        model,
        context_window,
        max_tokens,
        reasoning,
        restart,
        lasting,
        stop_after_failures: args.stop_after_failures,
        canary: args.canary,
        concurrency: None,
    };
    if args.dry_run.dry_run {
        let rehearsal = [("dry_run", "true".to_owned())];
        let plan = call.client.post_until_answered(&["set-models"], &rehearsal, &wish).await?;
        return planned(call, &plan);
    }
    let bulk = call.client.post_until_answered(&["set-models"], &[], &wish).await;
    let bulk = bulk.map_err(|error| error.midway(None))?;
    done(call, &bulk)
}

/// A target of a request for many that was refused.
pub fn refused(refused: &Refused) -> String {
    format!("! {}: {}", refused.target, refused.failure)
}

fn planned(call: &Call, bulk: &BulkPlan) -> Result<(), CliError> {
    document(call.json, bulk, || {
        let plan = |plan: &domain::Plan| {
            std::iter::once(plan.targets.join(" ")).chain(show::plan(plan)).collect::<Vec<_>>()
        };
        bulk.plans.iter().flat_map(plan).chain(bulk.refused.iter().map(refused)).collect()
    })?;
    let of = bulk.plans.len() + bulk.refused.len();
    let first = bulk.refused.first().map_or(Code::Internal, |refused| refused.failure.code);
    let message = format!("{} of {of} agents cannot be switched", bulk.refused.len());
    if bulk.success { Ok(()) } else { Err(Failure::new(first, message).into()) }
}

/// Each agent of a request for many with what became of it.
pub fn outcomes(bulk: &Bulk) -> Vec<String> {
    let ended = bulk.results.iter().flat_map(|operation| {
        let failed = operation.failure.as_ref().map(|failure| format!("  {failure}"));
        show::operation(operation).into_iter().chain(failed)
    });
    let waiting = bulk.not_begun.iter().map(|target| format!("- {target}: not begun"));
    ended.chain(bulk.refused.iter().map(refused)).chain(waiting).collect()
}

/// Prints what became of each agent. Fails when not all were switched, as the gravest of them.
fn done(call: &Call, bulk: &Bulk) -> Result<(), CliError> {
    document(call.json, bulk, || outcomes(bulk))?;
    if bulk.success {
        return bulk.results.iter().try_for_each(restarts::all_came);
    }
    let done = bulk.results.iter().filter(|operation| operation.state == OperationState::Committed).count();
    let of = bulk.results.len() + bulk.refused.len() + bulk.not_begun.len();
    let stuck = bulk.results.iter().any(|operation| operation.state == OperationState::NeedsOperator);
    let code = if stuck { Code::NeedsOperator } else { Code::RolledBack };
    Err(Failure::new(code, format!("{done} of {of} agents were switched")).into())
}
