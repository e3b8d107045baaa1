//! All workers: how they are, the model that each one's config names, and which configs they may have yet to pull.
use super::Agents;
use crate::Seen;
use domain::{Operation, PULLED_WITHIN, Step, StepName, StepState, Target, Timestamp, Worker, WorkerStatus};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// So long one is told of that does not run, nobody says since when: it may have pulled before it stopped, and nothing
/// would ever show it. It outlasts a weekend and the days around it, and whoever starts it later has it pull anyway.
const TOLD_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Puts together what was seen of their state and of their configs, and what was written; as old as the older of the
/// two looks. `log`: the newest operations, newest first.
pub fn all_workers(states: &Seen<Vec<Worker>>, agents: &Agents, log: &[Arc<Operation>]) -> Seen<Vec<Worker>> {
    let logged_at = written(log);
    let of = |worker: &Worker| {
        let seen = agents.by_target.get(&Target::Worker(worker.name.clone()));
        let model = seen.and_then(|seen| seen.config.as_ref().ok()?.model.clone());
        // Our note tells of switches that the log does not go back to; the log also of those that were taken back.
        let noted = seen.and_then(|seen| seen.record.as_ref().ok()?.as_ref()?.updated_at.as_ref());
        let logged = logged_at.get(worker.name.as_str()).copied();
        let last = noted.max(logged).filter(|at| may_lack(worker, at, &states.observed_at));
        Worker { model, unpulled: last.cloned(), ..worker.clone() }
    };
    let value = states.value.iter().map(of).collect();
    Seen { value, observed_at: states.observed_at.clone().min(agents.at.clone()) }
}

/// When a config was written last, by the worker whose it is: also by an operation that wrote it back, or left it.
fn written(log: &[Arc<Operation>]) -> BTreeMap<&str, &Timestamp> {
    let ended = log.iter().rev().filter(|operation| operation.state.is_final());
    let configs = ended.flat_map(|operation| {
        // What is written of an agent ends with its reload.
        let agents = operation.steps.split_inclusive(|step| step.name == StepName::Reload);
        let reloads = agents.filter(|steps| steps.iter().any(wrote_config)).filter_map(<[_]>::last);
        reloads.filter_map(|step| step.object.as_deref().zip(operation.finished_at.as_ref()))
    });
    configs.collect()
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
    use super::*;
    use serde_json::json;

    fn at(minute: u32) -> Timestamp {
        Timestamp::from_rfc3339(format!("2026-01-15T10:{minute:02}:00Z"))
    }

    fn worker(status: WorkerStatus, since: Option<u32>) -> Worker {
        Worker {
            name: "alice".parse().unwrap(),
            status,
            model: None,
            since: since.map(at),
            evidence: String::new(),
            image: None,
            task: None,
            runtime: "openclaw".into(),
            team: None,
            unpulled: None,
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
        let agents = Agents { at: at(20), by_target: BTreeMap::new(), workers_unknown: None };
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
