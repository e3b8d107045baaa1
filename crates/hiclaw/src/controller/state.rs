//! How the workers are: what the controller says of them, what Docker says behind it, and which tasks are open.
use super::{
    Controller,
    client::{Look, Path},
    ways::Ways,
    who::{LEADER, Who},
    wire,
};
use crate::{
    Error, TakeUp, beside,
    containers::{self, Container},
    registry::{self, Deployment, Task},
    status::{Containers, Facts, Judgement, by_tasks},
};
use domain::{ContainerSeen, Target, TeamRole, Timestamp, Worker, WorkerStatus};
use futures::{StreamExt, stream};
use std::collections::BTreeMap;

/// All containers behind the controller, where it lets us look.
const DOCKER: Path<'static> = Path::of(&["docker", "containers", "json"]).asking("all=true");

/// How many containers are asked for at once.
const AT_ONCE: usize = 16;

/// What was seen beside the controller's own list.
struct Seen {
    /// By name. None: Docker is not to be seen.
    containers: Option<BTreeMap<String, Container>>,
    tasks: Result<Vec<Task>, String>,
}

impl Controller {
    /// The workers that the controller lists. What cannot be seen of one of them is evidence, not an error.
    pub(super) async fn all_workers(&self) -> Result<Vec<Worker>, Error> {
        let ways = self.ways().await?;
        let tasks = async {
            let (text, _) = beside::text(&self.disk, &self.manager_config, registry::STATE).await?;
            registry::open_tasks(&text)
        };
        let (listed, containers, tasks) = futures::join!(self.listed_workers(), self.containers(), tasks);
        let seen =
            Seen { containers: containers.ok().flatten(), tasks: tasks.map_err(|error| error.to_string()) };
        let of = |worker: &wire::Worker| {
            let who = Who::worker(worker, ways)?;
            let seen = self.worker(&who, worker, ways, &seen)?;
            Some((who, seen))
        };
        let workers: Vec<_> = listed?.iter().filter_map(of).collect();
        let started = stream::iter(workers).map(|(who, worker)| self.with_start(who, worker, ways));
        Ok(started.buffered(AT_ONCE).collect().await)
    }

    /// The same with the time at which the container was started, where the model that it runs hangs on that.
    async fn with_start(&self, who: Who, mut worker: Worker, ways: &Ways) -> Worker {
        let runs = worker.container.as_ref().is_some_and(ContainerSeen::runs);
        if runs
            && who.takes_up(ways) != TakeUp::ByItself
            && let Ok(Look::Found(found)) = self.container(&self.container_of(&who, ways)).await
            && let Some(container) = &mut worker.container
        {
            container.started_at = found.state.started_at.map(Timestamp::from_rfc3339);
        }
        worker
    }

    /// The containers by their names. None: the controller has no Docker behind it.
    async fn containers(&self) -> Result<Option<BTreeMap<String, Container>>, Error> {
        let listed: Option<Vec<containers::Listed>> = self.client.get(DOCKER).await?;
        let named = |listed: Vec<containers::Listed>| listed.into_iter().flat_map(containers::named);
        Ok(listed.map(|listed| named(listed).map(|one| (one.name.clone(), one)).collect()))
    }

    fn worker(&self, who: &Who, worker: &wire::Worker, ways: &Ways, seen: &Seen) -> Option<Worker> {
        let Target::Worker(name) = &who.target else { return None };
        let container = seen.containers.as_ref().map(|all| all.get(&self.container_of(who, ways)));
        let is_its = |task: &&Task| task.assigned_to == name.as_str();
        let tasks = seen.tasks.as_ref().map(|all| all.iter().filter(is_its).cloned().collect::<Vec<_>>());
        let tasks = tasks.as_ref().map(Vec::as_slice).map_err(|why| why.as_str());
        let message = self.client.scrubbed(&worker.message);
        let judgement = judge(worker, container, &message, tasks);
        let image = container.flatten().map(|container| container.image.clone());
        let image = image.or_else(|| (!worker.image.is_empty()).then(|| worker.image.clone()));
        let state = match container {
            Some(container) => container.map(|container| container.state.clone()),
            None => (!worker.container_state.is_empty()).then(|| worker.container_state.clone()),
        };
        let role = match worker.role.as_str() {
            _ if worker.team.is_empty() => None,
            LEADER => Some(TeamRole::Leader),
            _ => Some(TeamRole::Member),
        };
        let runtime = who.runtime_name().to_owned();
        Some(Worker {
            since: judgement.since,
            image,
            container: state.map(|state| ContainerSeen { state, started_at: None }),
            task: judgement.task,
            team: (!worker.team.is_empty()).then(|| worker.team.clone()),
            role,
            ..Worker::unseen(name.clone(), runtime, judgement.status, judgement.evidence)
        })
    }
}

/// `container`: none where Docker is not to be seen, and none in it where there is no such container.
fn judge(
    worker: &wire::Worker,
    container: Option<Option<&Container>>,
    message: &str,
    tasks: Result<&[Task], &str>,
) -> Judgement {
    let wire::Worker { phase, state, container_state, .. } = worker;
    let complaint = if message.is_empty() { String::new() } else { format!("; it says: {message}") };
    let said = format!("the controller says {phase}{complaint}");
    let plain = |status, evidence: String| Judgement { status, evidence, since: None, task: None };
    if worker.container_managed == Some(false) {
        return plain(
            WorkerStatus::Remote,
            "its container is none of the controller's: it cannot be observed".into(),
        );
    }
    if phase == "Failed" {
        return plain(WorkerStatus::Failed, said);
    }
    let rests = match state.as_str() {
        "Sleeping" => Some(WorkerStatus::Sleeping),
        "Stopped" => Some(WorkerStatus::Stopped),
        _ => None,
    };
    let running = |seen: String| {
        let facts = Facts {
            deployment: Deployment::Local,
            containers: Containers::NotConfigured,
            lifecycle: None,
            lifecycle_written: None,
            tasks,
        };
        by_tasks(&seen, &facts)
    };
    match container {
        Some(Some(container)) => {
            let seen = format!("container {}; {said}", container.state);
            match container.state.as_str() {
                "running" => running(seen),
                "created" | "restarting" => plain(WorkerStatus::Starting, seen),
                "dead" => plain(WorkerStatus::Failed, seen),
                "exited" | "stopped" | "paused" | "removing" => {
                    plain(rests.unwrap_or(WorkerStatus::Stopped), seen)
                }
                _ => plain(WorkerStatus::Unknown, seen),
            }
        }
        Some(None) => {
            let missing = if phase == "Pending" { WorkerStatus::Starting } else { WorkerStatus::Offline };
            plain(rests.unwrap_or(missing), format!("no container; {said}"))
        }
        None => match (rests, phase.as_str(), container_state.as_str()) {
            (Some(rests), ..) => plain(rests, said),
            (None, "Pending" | "Starting", _) => plain(WorkerStatus::Starting, said),
            (None, _, "not_found") => plain(WorkerStatus::Offline, format!("{said}, without a container")),
            (None, _, "stopped") => plain(WorkerStatus::Stopped, format!("{said}, with a stopped container")),
            (None, "Running" | "Ready", _) => running(said),
            _ => plain(WorkerStatus::Unknown, said),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(phase: &str, state: &str, container: &str) -> wire::Worker {
        let (phase, state, container_state) = (phase.into(), state.into(), container.into());
        wire::Worker { phase, state, container_state, ..wire::Worker::default() }
    }

    fn container(state: &str) -> Container {
        Container { name: String::new(), state: state.into(), image: String::new() }
    }

    fn status(worker: &wire::Worker, container: Option<Option<&Container>>) -> WorkerStatus {
        judge(worker, container, "", Ok(&[])).status
    }

    #[test]
    fn what_docker_says_wins_over_the_controllers_last_pass() {
        let asleep = worker("Sleeping", "Sleeping", "running");
        assert_eq!(status(&asleep, Some(Some(&container("exited")))), WorkerStatus::Sleeping);
        assert_eq!(status(&asleep, Some(Some(&container("running")))), WorkerStatus::Idle);
        let awake = worker("Running", "Running", "running");
        assert_eq!(status(&awake, Some(Some(&container("exited")))), WorkerStatus::Stopped);
        assert_eq!(status(&awake, Some(None)), WorkerStatus::Offline);
        assert_eq!(status(&worker("Stopped", "Stopped", ""), Some(None)), WorkerStatus::Stopped);
        assert_eq!(status(&worker("Pending", "Running", ""), Some(None)), WorkerStatus::Starting);
    }

    #[test]
    fn without_docker_the_wanted_state_counts_before_the_containers() {
        for (phase, state, container, wanted) in [
            ("Sleeping", "Sleeping", "running", WorkerStatus::Sleeping),
            ("Running", "Stopped", "running", WorkerStatus::Stopped),
            ("Running", "Running", "running", WorkerStatus::Idle),
            ("Ready", "Running", "ready", WorkerStatus::Idle),
            ("Starting", "Running", "starting", WorkerStatus::Starting),
            ("Running", "Running", "not_found", WorkerStatus::Offline),
            ("Dreaming", "Running", "", WorkerStatus::Unknown),
        ] {
            assert_eq!(status(&worker(phase, state, container), None), wanted, "{phase} {state} {container}");
        }
    }

    #[test]
    fn a_failure_is_told_in_the_controllers_words_and_an_unread_task_list_claims_nothing() {
        let failed = judge(&worker("Failed", "Running", ""), None, "no room", Ok(&[]));
        assert_eq!(failed.status, WorkerStatus::Failed);
        assert!(failed.evidence.contains("no room"));
        let blind = judge(&worker("Running", "Running", "running"), None, "", Err("no such file"));
        assert_eq!(blind.status, WorkerStatus::Running);
        let remote = wire::Worker { container_managed: Some(false), ..worker("Running", "Running", "") };
        assert_eq!(status(&remote, None), WorkerStatus::Remote);
    }
}
