//! `agm workers`, `agm worker …` and `agm manager …`
use super::{
    Call, DryRun,
    error::CliError,
    file::agree_and_carry_out,
    show::{self, document, word},
};
use clap::{Args, Subcommand};
use domain::{ContainerAct, ModelId, Mutation, Plan, Target, Worker, WorkerName};

#[derive(Subcommand)]
pub enum Command {
    /// Put its container to sleep. A busy worker loses the turn that it is in.
    Sleep(Act),
    /// Wake its container.
    Wake(Act),
    /// Restart its container, so that it takes up its model. A busy worker loses the turn that it is in.
    Restart(Act),
}

#[derive(Subcommand)]
pub enum OfManager {
    /// Restart its container. It loses the turn that it is in.
    Restart(Agreed),
}

#[derive(Args)]
pub struct Act {
    name: WorkerName,
    #[command(flatten)]
    agreed: Agreed,
}

#[derive(Args)]
pub struct Agreed {
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    dry_run: DryRun,
}

/// `agm worker …`
pub async fn run(call: &Call, command: Command) -> Result<(), CliError> {
    let (act, Act { name, agreed }) = match command {
        Command::Sleep(args) => (ContainerAct::Sleep, args),
        Command::Wake(args) => (ContainerAct::Wake, args),
        Command::Restart(args) => (ContainerAct::Restart, args),
    };
    do_it(call, act, Target::Worker(name), &agreed).await
}

/// `agm manager …`
pub async fn of_manager(call: &Call, command: OfManager) -> Result<(), CliError> {
    let OfManager::Restart(agreed) = command;
    do_it(call, ContainerAct::Restart, Target::Manager, &agreed).await
}

/// Shows the plan, does it after a yes, and shows what was seen.
async fn do_it(call: &Call, act: ContainerAct, target: Target, agreed: &Agreed) -> Result<(), CliError> {
    let plan: Plan = call.client.post(&["plans"], &Mutation::of_container(act, target)).await?;
    if agreed.dry_run.dry_run {
        return document(call.json, &plan, || show::plan(&plan));
    }
    agree_and_carry_out(call, &plan, agreed.yes).await
}

/// `agm workers`.
pub async fn list(call: &Call) -> Result<(), CliError> {
    let workers: Vec<Worker> = call.client.get(&["workers"]).await?;
    document(call.json, &workers, || workers.iter().map(line).collect())
}

/// `alice  idle  deepseek-chat  openclaw  alpha (leader)  running  container running; no open task`
fn line(worker: &Worker) -> String {
    let team = match (&worker.team, worker.role) {
        (Some(team), Some(role)) => format!("{team} ({})", word(&role)),
        (Some(team), None) => team.clone(),
        (None, _) => "-".into(),
    };
    let container = worker.container.as_ref().map_or("-", |container| container.state.as_str());
    format!(
        "{}\t{}\t{}\t{}\t{team}\t{container}\t{}",
        worker.name,
        word(&worker.status),
        model(worker),
        worker.runtime,
        worker.evidence
    )
}

/// What it runs, and what it shall run where that is another one.
fn model(worker: &Worker) -> String {
    let named = worker.model.as_ref().map_or("-", ModelId::as_str);
    match (&worker.desired, &worker.awaits_restart) {
        (Some(desired), _) => format!("{named} (shall run {desired})"),
        (None, Some(awaits)) => {
            let runs = awaits.runs.as_ref().map_or("what it had", ModelId::as_str);
            format!("{named} (runs {runs} until restarted)")
        }
        (None, None) => named.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn worker(more: &serde_json::Value) -> Worker {
        let mut worker = json!({"name": "alice", "status": "idle", "model": "b", "since": null,
            "evidence": "container running", "runtime": "openclaw"});
        worker.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(worker).unwrap()
    }

    #[test]
    fn a_model_that_it_does_not_run_yet_is_told_apart() {
        assert_eq!(line(&worker(&json!({}))), "alice\tidle\tb\topenclaw\t-\t-\tcontainer running");
        let team = json!({"team": "alpha", "role": "leader", "container": {"state": "running"}});
        assert!(line(&worker(&team)).contains("\talpha (leader)\trunning\t"));
        assert_eq!(model(&worker(&json!({"desired": "c"}))), "b (shall run c)");
        let awaits = json!({"awaitsRestart": {"since": "2026-01-01T00:00:00Z", "runs": "a"}});
        assert_eq!(model(&worker(&awaits)), "b (runs a until restarted)");
    }
}
