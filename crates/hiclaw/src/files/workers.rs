//! How the workers are, by what HiClaw notes of them and what their containers say.
use super::Files;
use crate::{
    Error,
    containers::{self, Container},
    registry::{self, Entry, LifecycleFile, Task},
    status::{Containers, Facts, judge},
};
use domain::{ContainerSeen, Worker, WorkerName};
use std::collections::BTreeMap;

impl Files {
    /// The workers of the registry. What cannot be seen of one of them is evidence, not an error.
    pub(super) async fn all_workers(&self) -> Result<Vec<Worker>, Error> {
        let containers = async {
            match &self.params.containers {
                Some(api) => Some(api.list().await.map_err(|error| error.to_string())),
                None => None,
            }
        };
        let (registered, lifecycle, state, containers) = futures::join!(
            self.registered(),
            self.text_beside(registry::LIFECYCLE),
            self.text_beside(registry::STATE),
            containers,
        );
        let seen = Seen {
            lifecycle: lifecycle.and_then(|(text, _)| registry::lifecycle(&text)).unwrap_or_else(|error| {
                tracing::debug!(%error, "the lifecycle notes cannot be read");
                LifecycleFile::default()
            }),
            tasks: state
                .and_then(|(text, _)| registry::open_tasks(&text))
                .map(by_worker)
                .map_err(|error| error.to_string()),
            containers: containers.map(|listed| listed.map(containers::by_worker)),
        };
        Ok(registered?.into_iter().map(|(name, entry)| worker(name, entry, &seen)).collect())
    }
}

fn worker(name: WorkerName, entry: Entry, seen: &Seen) -> Worker {
    let container = match seen.container(&name) {
        Containers::Present(container) => Some(container),
        _ => None,
    };
    let image = container.map(|container| container.image.clone());
    let container =
        container.map(|container| ContainerSeen { state: container.state.clone(), started_at: None });
    let judgement = judge(&Facts {
        deployment: entry.deployment,
        containers: seen.container(&name),
        lifecycle: seen.lifecycle.workers.get(&name),
        lifecycle_written: seen.lifecycle.written.as_ref(),
        tasks: seen.tasks_of(&name),
    });
    Worker {
        since: judgement.since,
        image,
        container,
        task: judgement.task,
        team: entry.team,
        ..Worker::unseen(name, entry.runtime, judgement.status, judgement.evidence)
    }
}

fn by_worker(tasks: Vec<Task>) -> BTreeMap<String, Vec<Task>> {
    let mut all: BTreeMap<String, Vec<Task>> = BTreeMap::new();
    for task in tasks {
        all.entry(task.assigned_to.clone()).or_default().push(task);
    }
    all
}

/// What was seen of all workers at once.
struct Seen {
    lifecycle: LifecycleFile,
    /// The open tasks of each worker that has some.
    tasks: Result<BTreeMap<String, Vec<Task>>, String>,
    /// The container of each worker that has one; none: there is no container API.
    containers: Option<Result<BTreeMap<String, Container>, String>>,
}

impl Seen {
    fn tasks_of(&self, worker: &WorkerName) -> Result<&[Task], &str> {
        let all = self.tasks.as_ref().map_err(String::as_str)?;
        Ok(all.get(worker.as_str()).map_or(&[], Vec::as_slice))
    }

    fn container(&self, worker: &WorkerName) -> Containers<'_> {
        match &self.containers {
            None => Containers::NotConfigured,
            Some(Err(why)) => Containers::Unreachable(why),
            Some(Ok(all)) => all.get(worker.as_str()).map_or(Containers::Absent, Containers::Present),
        }
    }
}
