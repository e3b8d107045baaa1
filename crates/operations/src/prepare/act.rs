//! Putting an agent's container to sleep, waking and restarting it.
use super::Draft;
use crate::clients::Clients;
use domain::{Code, ContainerAct, Failure, Target, Warning, WarningCode, Worker, WorkerStatus};

/// One step, and its price where there is one.
pub async fn draft(
    clients: &Clients,
    draft: &mut Draft,
    target: &Target,
    act: ContainerAct,
) -> Result<(), Failure> {
    let agents = clients.holder.agents().await?;
    if !agents.iter().any(|agent| agent.target == *target) {
        return Err(match target {
            Target::Worker(name) => hiclaw::Error::NoWorker(name.clone()),
            Target::Manager => hiclaw::Error::Missing("the Manager".into()),
        }
        .into());
    }
    if let Some(why) = clients.holder.cannot(target, act) {
        return Err(Failure::new(Code::ReadOnlyTarget, why.reason).hint(why.way));
    }
    if act != ContainerAct::Wake {
        let workers = clients.holder.workers().await?;
        let worker = workers.iter().find(|worker| Target::Worker(worker.name.clone()) == *target);
        price(target, worker).into_iter().for_each(|warning| draft.warn(warning));
    }
    draft.act(target, act);
    Ok(())
}

/// What is lost when an agent stops now. None: nothing, as far as its tasks tell.
fn price(target: &Target, worker: Option<&Worker>) -> Option<Warning> {
    let agent = target.agent();
    match worker.map(|worker| (worker.status, &worker.task)) {
        Some((WorkerStatus::Busy, task)) => {
            let task = task.as_deref().unwrap_or("a task");
            let message = format!("{agent} is at work on {task:?}: the turn that it is in is lost");
            Some(Warning::new(WarningCode::TurnLost, message).about([agent, task]))
        }
        Some((
            WorkerStatus::Idle
            | WorkerStatus::Sleeping
            | WorkerStatus::Stopped
            | WorkerStatus::Offline
            | WorkerStatus::Failed,
            _,
        )) => None,
        Some((
            WorkerStatus::Starting | WorkerStatus::Running | WorkerStatus::Remote | WorkerStatus::Unknown,
            _,
        ))
        | None => {
            let message = format!(
                "nobody can see whether {agent} is at work: if it is, the turn that it is in is lost"
            );
            Some(Warning::new(WarningCode::TurnLost, message).about([agent]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn named(status: &str) -> Option<Vec<String>> {
        let worker = json!({"name": "bob", "status": status, "model": null, "since": null, "evidence": "",
            "task": "Fix #214", "runtime": "openclaw"});
        let worker: Worker = serde_json::from_value(worker).unwrap();
        price(&Target::Worker("bob".parse().unwrap()), Some(&worker)).map(|warning| warning.about)
    }

    #[test]
    fn only_who_does_nothing_loses_nothing() {
        assert_eq!(named("busy").unwrap(), ["bob", "Fix #214"]);
        for quiet in ["idle", "sleeping", "stopped", "offline", "failed"] {
            assert_eq!(named(quiet), None, "{quiet}");
        }
        for unseen in ["running", "unknown", "remote", "starting"] {
            assert_eq!(named(unseen).unwrap(), ["bob"], "{unseen}");
        }
        assert!(price(&Target::Manager, None).is_some());
    }
}
