//! How a worker is, from what could be observed. Pure: the facts come in, a status and its grounds come out.
use crate::{
    containers::Container,
    registry::{Deployment, Lifecycle, Task},
};
use domain::{Timestamp, WorkerStatus};

/// What is known about one worker. `Err` says why it is not known.
pub struct Facts<'a> {
    pub deployment: Deployment,
    pub containers: Containers<'a>,
    pub lifecycle: Option<&'a Lifecycle>,
    /// When HiClaw wrote the lifecycle file.
    pub lifecycle_written: Option<&'a Timestamp>,
    /// The open finite tasks of this worker.
    pub tasks: Result<&'a [Task], &'a str>,
}

/// What the container API said about this worker.
pub enum Containers<'a> {
    /// There is no container API in the configuration.
    NotConfigured,
    /// It could not be asked; the text says why.
    Unreachable(&'a str),
    /// It has no container of this worker.
    Absent,
    Present(&'a Container),
}

/// A status, what it rests on, since when it is so, and the open task of a busy worker.
#[derive(Debug, PartialEq, Eq)]
pub struct Judgement {
    pub status: WorkerStatus,
    pub evidence: String,
    pub since: Option<Timestamp>,
    pub task: Option<String>,
}

/// Judges by the rules of HiClaw's `find-worker.sh`, except that what was not observed is never claimed: an unreadable
/// task list gives `running`, not `idle`, and an unreachable container API gives `unknown`.
pub fn judge(facts: &Facts<'_>) -> Judgement {
    if facts.deployment == Deployment::Remote {
        return plain(
            WorkerStatus::Remote,
            "deployed elsewhere: its health cannot be observed from here".into(),
        );
    }
    match facts.containers {
        Containers::Present(container) => by_container(container, facts),
        Containers::Absent => plain(WorkerStatus::Offline, "it has no container".into()),
        Containers::Unreachable(why) => {
            let last = last_report(facts).map_or_else(String::new, |text| format!("; {text}"));
            plain(WorkerStatus::Unknown, format!("containers cannot be observed: {why}{last}"))
        }
        Containers::NotConfigured => by_lifecycle(facts),
    }
}

fn plain(status: WorkerStatus, evidence: String) -> Judgement {
    Judgement { status, evidence, since: None, task: None }
}

fn by_container(container: &Container, facts: &Facts<'_>) -> Judgement {
    let seen = format!("container {}", container.state);
    match container.state.as_str() {
        "running" => by_tasks(&seen, facts),
        "created" | "restarting" => plain(WorkerStatus::Starting, seen),
        "dead" => plain(WorkerStatus::Failed, seen),
        "exited" | "stopped" | "paused" | "removing" => stopped(seen, facts.lifecycle),
        _ => plain(WorkerStatus::Unknown, seen),
    }
}

/// A stopped container sleeps when HiClaw stopped it for being idle.
fn stopped(seen: String, lifecycle: Option<&Lifecycle>) -> Judgement {
    match lifecycle.and_then(|l| l.auto_stopped_at.clone()) {
        Some(at) => Judgement {
            status: WorkerStatus::Sleeping,
            evidence: format!("{seen}; HiClaw stopped it for being idle"),
            since: Some(at),
            task: None,
        },
        None => plain(WorkerStatus::Stopped, seen),
    }
}

/// How a worker is whose container runs, by its tasks.
pub fn by_tasks(seen: &str, facts: &Facts<'_>) -> Judgement {
    let started = facts.lifecycle.and_then(|l| l.last_started_at.clone());
    match facts.tasks {
        Err(why) => Judgement {
            status: WorkerStatus::Running,
            evidence: format!("{seen}; the task list cannot be read: {why}"),
            since: started,
            task: None,
        },
        Ok([]) => Judgement {
            status: WorkerStatus::Idle,
            evidence: format!("{seen}; no open task"),
            since: facts.lifecycle.and_then(|l| l.idle_since.clone()),
            task: None,
        },
        Ok([task, more @ ..]) => Judgement {
            status: WorkerStatus::Busy,
            evidence: match more.len() {
                0 => format!("{seen}; task {} open", task.id),
                n => format!("{seen}; task {} and {n} more open", task.id),
            },
            since: None,
            task: Some(task.title.clone().unwrap_or_else(|| task.id.clone())),
        },
    }
}

/// Without a container API only HiClaw's hourly note is left. It tells a stop for certain enough, but a running
/// container of an hour ago is no observation.
fn by_lifecycle(facts: &Facts<'_>) -> Judgement {
    let Some((lifecycle, report)) = facts.lifecycle.zip(last_report(facts)) else {
        return plain(
            WorkerStatus::Unknown,
            "no container API is configured and HiClaw noted nothing".into(),
        );
    };
    let seen = format!("no container API is configured; {report}");
    match lifecycle.container_status.as_deref() {
        Some("stopped" | "exited") => stopped(seen, Some(lifecycle)),
        Some("not_found") => plain(WorkerStatus::Offline, seen),
        _ => plain(WorkerStatus::Unknown, seen),
    }
}

fn last_report(facts: &Facts<'_>) -> Option<String> {
    let state = facts.lifecycle?.container_status.as_deref()?;
    let when = facts.lifecycle_written.map_or_else(|| "at an unknown time".to_owned(), |t| format!("at {t}"));
    Some(format!("HiClaw last noted {state} {when}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::from_rfc3339(text.into())
    }

    fn container(state: &str) -> Container {
        Container { name: "hiclaw-worker-alice".into(), state: state.into(), image: String::new() }
    }

    fn facts<'a>(containers: Containers<'a>, tasks: Result<&'a [Task], &'a str>) -> Facts<'a> {
        Facts { deployment: Deployment::Local, containers, lifecycle: None, lifecycle_written: None, tasks }
    }

    fn task() -> Task {
        Task { id: "t-214".into(), title: Some("Write the report".into()), assigned_to: "alice".into() }
    }

    #[test]
    fn a_running_worker_is_busy_idle_or_just_running_by_what_is_known_of_its_tasks() {
        let running = container("running");
        let busy = judge(&facts(Containers::Present(&running), Ok(&[task()])));
        assert_eq!(busy.status, WorkerStatus::Busy);
        assert_eq!(busy.task.as_deref(), Some("Write the report"));
        assert!(busy.evidence.contains("t-214"));
        assert_eq!(judge(&facts(Containers::Present(&running), Ok(&[]))).status, WorkerStatus::Idle);
        let blind = judge(&facts(Containers::Present(&running), Err("state.json: permission denied")));
        assert_eq!(blind.status, WorkerStatus::Running);
        assert!(blind.evidence.contains("permission denied"));
    }

    #[test]
    fn a_stopped_container_sleeps_only_when_hiclaw_stopped_it() {
        let exited = container("exited");
        let lifecycle =
            Lifecycle { auto_stopped_at: Some(time("2026-01-01T00:00:00Z")), ..Lifecycle::default() };
        let mut known = facts(Containers::Present(&exited), Ok(&[]));
        assert_eq!(judge(&known).status, WorkerStatus::Stopped);
        known.lifecycle = Some(&lifecycle);
        let sleeping = judge(&known);
        assert_eq!(sleeping.status, WorkerStatus::Sleeping);
        assert_eq!(sleeping.since, Some(time("2026-01-01T00:00:00Z")));
    }

    #[test]
    fn every_container_state_has_its_status() {
        for (state, wanted) in [
            ("created", WorkerStatus::Starting),
            ("restarting", WorkerStatus::Starting),
            ("dead", WorkerStatus::Failed),
            ("paused", WorkerStatus::Stopped),
            ("something new", WorkerStatus::Unknown),
        ] {
            assert_eq!(
                judge(&facts(Containers::Present(&container(state)), Ok(&[]))).status,
                wanted,
                "{state}"
            );
        }
        assert_eq!(judge(&facts(Containers::Absent, Ok(&[]))).status, WorkerStatus::Offline);
    }

    #[test]
    fn what_cannot_be_observed_is_not_claimed() {
        let lifecycle = Lifecycle { container_status: Some("running".into()), ..Lifecycle::default() };
        let written = time("2026-01-01T00:00:00Z");
        let mut known = facts(Containers::Unreachable("connection refused"), Ok(&[]));
        known.lifecycle = Some(&lifecycle);
        known.lifecycle_written = Some(&written);
        let unknown = judge(&known);
        assert_eq!(unknown.status, WorkerStatus::Unknown);
        assert!(
            unknown.evidence.contains("connection refused") && unknown.evidence.contains("running at 2026")
        );
        known.containers = Containers::NotConfigured;
        assert_eq!(judge(&known).status, WorkerStatus::Unknown);
        known.containers = Containers::Absent;
        known.deployment = Deployment::Remote;
        assert_eq!(judge(&known).status, WorkerStatus::Remote);
    }

    #[test]
    fn without_a_container_api_a_noted_stop_counts() {
        let lifecycle = Lifecycle { container_status: Some("exited".into()), ..Lifecycle::default() };
        let mut known = facts(Containers::NotConfigured, Ok(&[]));
        assert_eq!(judge(&known).status, WorkerStatus::Unknown);
        known.lifecycle = Some(&lifecycle);
        assert_eq!(judge(&known).status, WorkerStatus::Stopped);
    }
}
