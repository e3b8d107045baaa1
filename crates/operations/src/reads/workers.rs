//! All workers: how they are, the model that each one's config names, and which configs they may have yet to take up: by a
//! pull, or by a restart of their containers.
use super::Agents;
use crate::Seen;
use domain::{
    AwaitsRestart, ModelId, Operation, OperationState, PULLED_WITHIN, Step, StepName, StepState, Target,
    Timestamp, Worker, WorkerStatus,
};
use hiclaw::TakeUp;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// So long one is told of that does not run, nobody says since when: it may have pulled before it stopped, and nothing
/// would ever show it. It outlasts a weekend and the days around it, and whoever starts it later has it pull anyway.
const TOLD_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What HiClaw makes anew starts a moment after the write, and by Docker's clock: that may be so far behind ours.
const SLACK: Duration = Duration::from_secs(10);

/// Puts together what was seen of their state and of their configs, and what was written; as old as the older of the
/// two looks. `log`: the newest operations, newest first.
pub fn all_workers(states: &Seen<Vec<Worker>>, agents: &Agents, log: &[Arc<Operation>]) -> Seen<Vec<Worker>> {
    let (logged_at, started_at) = (written(log), started(log));
    let of = |worker: &Worker| {
        let seen = agents.by_target.get(&Target::Worker(worker.name.clone()));
        let config = seen.and_then(|seen| seen.config.as_deref().ok());
        let model = config.and_then(|config| config.model.clone());
        let desired = config.and_then(|config| config.desired.clone());
        // Our note tells of switches that the log does not go back to; the log also of those that were taken back.
        let noted = seen.and_then(|seen| seen.record.as_ref().ok()?.as_ref()?.updated_at.as_ref());
        let logged = logged_at.get(worker.name.as_str());
        let takes_up = seen.map_or(TakeUp::ByItself, |seen| seen.agent.takes_up);
        let pulls = |at: &&Timestamp| may_lack(worker, at, &states.observed_at);
        let unpulled = noted.max(logged).filter(|_| takes_up == TakeUp::ByItself).filter(pulls).cloned();
        // What the log goes back to and does not tell of wrote no config.
        let untold = noted.filter(|noted| log.last().is_none_or(|oldest| **noted < oldest.started_at));
        let awaits_restart = logged.or(untold).and_then(|since| {
            let started = last_start(worker, started_at.get(worker.name.as_str()).copied())?;
            let runs = || former_model(log, worker, started);
            runs_on(takes_up, started, since).then(|| AwaitsRestart { since: since.clone(), runs: runs() })
        });
        let cannot = seen.map(|seen| seen.cannot.clone()).unwrap_or_default();
        Worker { model, desired, unpulled, awaits_restart, cannot, ..worker.clone() }
    };
    let value = states.value.iter().map(of).collect();
    Seen { value, observed_at: states.observed_at.clone().min(agents.at.clone()) }
}

/// Whether a container that was started then, as far as somebody saw it, is the one that ran before the write.
fn runs_on(takes_up: TakeUp, started: Option<OffsetDateTime>, written: &Timestamp) -> bool {
    let before = |started, slack| time(written).is_some_and(|written| started + slack < written);
    match takes_up {
        TakeUp::ByItself => false,
        // HiClaw makes it anew at once, as far as nobody saw that it did not.
        TakeUp::Replaced => started.is_some_and(|started| before(started, SLACK)),
        // Nobody saw it start: it runs since before.
        TakeUp::Restart => started.is_none_or(|started| before(started, Duration::ZERO)),
    }
}

/// When a config was written last, by the worker whose it is: also by an operation that wrote it back, or left it.
fn written(log: &[Arc<Operation>]) -> BTreeMap<&str, Timestamp> {
    let ended = log.iter().rev().filter(|operation| operation.state.is_final());
    let configs = ended.flat_map(|operation| {
        let wrote = operation.steps.iter().enumerate().filter(|(_, step)| wrote_config(step));
        wrote.filter_map(|(at, _)| {
            let after = operation.steps.get(at + 1..)?;
            // What is written of an agent ends with its reload.
            let agent = after.iter().find(|step| step.name == StepName::Reload)?.object.as_deref()?;
            Some((agent, written_at(operation, after)?))
        })
    });
    configs.collect()
}

/// When an operation wrote what these steps followed. One that took its writes back did so last.
fn written_at(operation: &Operation, after: &[Step]) -> Option<Timestamp> {
    let ended = operation.finished_at.as_ref()?;
    // Those do not end before the operation.
    let waited_for = after.iter().filter(|step| !step.name.is_lasting());
    let took: u64 = match operation.state {
        OperationState::Committed => waited_for.filter_map(|step| step.ms).sum(),
        _ => 0,
    };
    let at = time(ended)? - Duration::from_millis(took);
    at.format(&Rfc3339).ok().map(Timestamp::from_rfc3339)
}

/// When a container was seen to start for an operation last, by the agent whose it is.
fn started(log: &[Arc<Operation>]) -> BTreeMap<&str, &Timestamp> {
    let ended = log.iter().rev().filter_map(|operation| Some((operation, operation.finished_at.as_ref()?)));
    let starts = ended.flat_map(|(operation, at)| {
        let started = |step: &&Step| {
            matches!(step.name, StepName::Wake | StepName::Restart | StepName::Reload)
                && step.state == StepState::Done
        };
        operation.steps.iter().filter(started).filter_map(move |step| Some((step.object.as_deref()?, at)))
    });
    starts.collect()
}

/// When a running container was started last, as far as somebody saw it; none: it does not run. `seen`: by an operation.
fn last_start(worker: &Worker, seen: Option<&Timestamp>) -> Option<Option<OffsetDateTime>> {
    let container = worker.container.as_ref().filter(|container| container.runs())?;
    Some(container.started_at.as_ref().into_iter().chain(seen).filter_map(time).max())
}

/// The model that a worker had before it was first switched since its container was started. None: the log does not tell.
fn former_model(log: &[Arc<Operation>], worker: &Worker, started: Option<OffsetDateTime>) -> Option<ModelId> {
    let target = Target::Worker(worker.name.clone()).to_string();
    let is_since = |operation: &&Arc<Operation>| {
        let ended = operation.finished_at.as_ref().and_then(time);
        ended.is_some_and(|ended| started.is_none_or(|started| ended > started))
            && operation.targets == [target.as_str()]
            && operation.steps.iter().any(wrote_config)
    };
    let first = log.iter().rfind(is_since)?;
    let mut lines = first.plan.as_ref()?.changes.iter().flat_map(|change| &change.diff);
    lines.find(|line| line.path == "/model")?.before.as_ref()?.as_str()?.parse().ok()
}

fn wrote_config(step: &Step) -> bool {
    step.name == StepName::Config && !matches!(step.state, StepState::Pending | StepState::Skipped)
}

/// Whether a worker may not have pulled yet what was written then. One that does not run pulls when it starts.
fn may_lack(worker: &Worker, written: &Timestamp, now: &Timestamp) -> bool {
    let Some(written) = time(written) else { return false };
    let within = |limit: Duration, at: &Timestamp| time(at).is_none_or(|at| at < written + limit);
    match worker.status {
        WorkerStatus::Sleeping
        | WorkerStatus::Stopped
        | WorkerStatus::Starting
        | WorkerStatus::Offline
        | WorkerStatus::Failed => match &worker.since {
            Some(since) => within(PULLED_WITHIN, since),
            None => within(TOLD_FOR, now),
        },
        WorkerStatus::Idle
        | WorkerStatus::Busy
        | WorkerStatus::Running
        | WorkerStatus::Remote
        | WorkerStatus::Unknown => within(PULLED_WITHIN, now),
    }
}

fn time(at: &Timestamp) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(at.as_str(), &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::{super::SeenAgent, *};
    use domain::ContainerSeen;
    use hiclaw::Agent;
    use serde_json::json;

    fn at(minute: u32) -> Timestamp {
        Timestamp::from_rfc3339(format!("2026-01-15T10:{minute:02}:00Z"))
    }

    fn worker(status: WorkerStatus, since: Option<u32>) -> Worker {
        Worker {
            since: since.map(at),
            ..Worker::unseen("alice".parse().unwrap(), "openclaw".into(), status, String::new())
        }
    }

    #[test]
    fn a_running_worker_lacks_what_was_written_until_it_must_have_pulled_it() {
        for status in [WorkerStatus::Idle, WorkerStatus::Busy, WorkerStatus::Unknown] {
            let lacks = |now| may_lack(&worker(status, Some(1)), &at(10), &at(now));
            assert_eq!([10, 14, 15, 40].map(lacks), [true, true, false, false], "{status:?}");
        }
    }

    #[test]
    fn one_that_does_not_run_lacks_it_for_as_long_as_that_but_not_what_it_ran_after() {
        let lacks = |status, since| may_lack(&worker(status, since), &at(10), &at(50));
        assert!(lacks(WorkerStatus::Offline, None));
        assert!(lacks(WorkerStatus::Sleeping, Some(9)));
        assert!(lacks(WorkerStatus::Sleeping, Some(12)), "it was stopped before its turn");
        assert!(!lacks(WorkerStatus::Sleeping, Some(40)));
    }

    #[test]
    fn one_that_does_not_run_nobody_says_since_when_is_not_told_of_for_ever() {
        let day = |day: u32| Timestamp::from_rfc3339(format!("2026-01-{day:02}T10:10:00Z"));
        let lacks = |now| may_lack(&worker(WorkerStatus::Stopped, None), &day(15), &day(now));
        assert_eq!([15, 21, 22].map(lacks), [true, true, false]);
    }

    #[test]
    fn who_takes_a_model_by_a_restart_runs_the_former_one_until_it_was_started_again() {
        let switched = |minute: u32| {
            let mut switched = Operation::clone(&operation("committed", "done", minute));
            let change = json!({"object": "controller:workers/alice", "action": "update", "owner": "controller",
                "diff": [{"path": "/model", "before": format!("before-{minute}"), "after": "m"}]});
            let plan = json!({"id": "01JD0000000000000000000000", "kind": "set_model", "targets": [],
                "createdAt": at(0), "reads": [], "changes": [change], "affected": [], "warnings": [], "steps": []});
            switched.plan = Some(serde_json::from_value(plan).unwrap());
            Arc::new(switched)
        };
        let told_at = |started: Option<Timestamp>, log: &[Arc<Operation>], takes_up| {
            let container = ContainerSeen { state: "running".into(), started_at: started };
            let worker = Worker { container: Some(container), ..worker(WorkerStatus::Idle, None) };
            let states = Seen { value: vec![worker], observed_at: at(50) };
            let target = Target::Worker("alice".parse().unwrap());
            let agent = Agent { target: target.clone(), runtime: String::new(), read_only: None, takes_up };
            let agents = Agents {
                at: at(50),
                by_target: [(target, SeenAgent::unread(agent))].into(),
                workers_unknown: None,
                doubt: None,
            };
            let seen = all_workers(&states, &agents, log).value.remove(0);
            assert_eq!(seen.unpulled, None);
            seen.awaits_restart.map(|awaits| (awaits.since, awaits.runs.map(|model| model.to_string())))
        };
        let told = |started: Option<u32>, log: &[_], takes_up| told_at(started.map(at), log, takes_up);
        let log = [switched(30), switched(20)];
        let restart = TakeUp::Restart;
        assert_eq!(told(Some(40), &log, restart), None);
        assert_eq!(told(Some(25), &log, restart), Some((at(30), Some("before-30".into()))));
        assert_eq!(told(Some(10), &log, restart), Some((at(30), Some("before-20".into()))));
        assert_eq!(told(None, &log, restart), Some((at(30), Some("before-20".into()))));
        assert_eq!(told(Some(25), &log, TakeUp::Replaced), Some((at(30), Some("before-30".into()))));
        assert_eq!(told(None, &log, TakeUp::Replaced), None, "nobody saw that it was not made anew");
        assert_eq!(told(Some(10), &log, TakeUp::ByItself), None);
        let just_before = || Some(Timestamp::from_rfc3339("2026-01-15T10:29:55Z".into()));
        assert_eq!(told_at(just_before(), &log, TakeUp::Replaced), None, "Docker's clock is behind");
        assert!(told_at(just_before(), &log, restart).is_some());
        let mut seen_anew = Operation::clone(&switched(30));
        seen_anew.steps[1].state = StepState::Done;
        assert_eq!(told(Some(10), &[Arc::new(seen_anew)], TakeUp::Replaced), None);
        let mut restarted = Operation::clone(&operation("committed", "skipped", 40));
        restarted.steps =
            serde_json::from_value(json!([{"name": "restart", "object": "alice", "state": "done"}])).unwrap();
        let log = [Arc::new(restarted), switched(30)];
        assert_eq!(told(None, &log, restart), None);
    }

    #[test]
    fn a_config_was_written_before_all_that_its_operation_waited_for_after_it() {
        let mut long = Operation::clone(&operation("committed", "done", 30));
        long.steps[1].ms = Some(60_000);
        long.steps[4].ms = Some(120_000);
        let restart = json!({"name": "restart", "object": "alice", "state": "done", "ms": 300_000});
        long.steps.push(serde_json::from_value(restart).unwrap());
        let written_of = |operation: &Operation| written(&[Arc::new(operation.clone())])["alice"].clone();
        assert_eq!(written_of(&long), at(27));
        long.state = OperationState::RolledBack;
        assert_eq!(written_of(&long), at(30), "it was written back in the end");
    }

    fn operation(state: &str, config: &str, minute: u32) -> Arc<Operation> {
        let steps = json!([{"name": "config", "object": "agents/alice/openclaw.json", "state": config},
            {"name": "reload", "object": "alice", "state": "skipped"},
            {"name": "config", "object": "agents/bob/openclaw.json", "state": "skipped"},
            {"name": "reload", "object": "bob", "state": "skipped"},
            {"name": "verify", "state": "skipped"}]);
        let operation = json!({"id": "01JD0000000000000000000000", "kind": "undo", "state": state, "actor": "admin",
            "via": "ui", "targets": ["worker:alice"], "steps": steps, "startedAt": at(0), "finishedAt": at(minute)});
        Arc::new(serde_json::from_value(operation).unwrap())
    }

    #[test]
    fn what_was_written_last_is_told_also_when_it_took_a_switch_back() {
        let agents = Agents { at: at(20), by_target: BTreeMap::new(), workers_unknown: None, doubt: None };
        let states = Seen { value: vec![worker(WorkerStatus::Idle, None)], observed_at: at(20) };
        let told = |log: &[Arc<Operation>]| all_workers(&states, &agents, log).value[0].unpulled.clone();
        assert_eq!(told(&[]), None);
        let first = || operation("committed", "done", 17);
        let newer = |state, config| told(&[operation(state, config, 18), first()]);
        assert_eq!(newer("committed", "done"), Some(at(18)));
        assert_eq!(newer("rolled_back", "undone"), Some(at(18)));
        assert_eq!(newer("needs_operator", "failed"), Some(at(18)));
        assert_eq!(newer("rolled_back", "skipped"), Some(at(17)));
        assert_eq!(told(&[operation("committed", "done", 9)]), None);
        let log = [first()];
        assert_eq!(written(&log).into_keys().collect::<Vec<_>>(), ["alice"]);
    }
}
