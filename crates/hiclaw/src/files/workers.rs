//! How the workers are, by what HiClaw notes of them and what their containers say.
use super::Files;
use crate::{
    Error,
    containers::{self, Container},
    registry::{self, Entry, LifecycleFile, Task},
    status::{Containers, Facts, judge},
};
use domain::{Target, Worker, WorkerName};
use futures::{StreamExt, stream};

/// How many objects are read at once.
const AT_ONCE: usize = 32;

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
            tasks: state.and_then(|(text, _)| registry::open_tasks(&text)).map_err(|error| error.to_string()),
            containers,
        };
        let workers = stream::iter(registered?).map(|(name, entry)| self.worker(name, entry, &seen));
        Ok(workers.buffered(AT_ONCE).collect().await)
    }

    async fn worker(&self, name: WorkerName, entry: Entry, seen: &Seen) -> Worker {
        let target = Target::Worker(name.clone());
        let config = self.read_config(&target).await;
        let tasks: Result<Vec<Task>, &str> = match &seen.tasks {
            Ok(all) => Ok(all.iter().filter(|task| task.assigned_to == name.as_str()).cloned().collect()),
            Err(why) => Err(why),
        };
        let judgement = judge(&Facts {
            deployment: entry.deployment,
            containers: seen.container(&name),
            lifecycle: seen.lifecycle.workers.get(&name),
            lifecycle_written: seen.lifecycle.written.as_ref(),
            tasks: tasks.as_deref().map_err(|why| *why),
        });
        Worker {
            name,
            status: judgement.status,
            model: config.ok().and_then(|config| config.model),
            since: judgement.since,
            evidence: judgement.evidence,
            task: judgement.task,
            runtime: entry.runtime,
        }
    }
}

/// What was seen of all workers at once.
struct Seen {
    lifecycle: LifecycleFile,
    tasks: Result<Vec<Task>, String>,
    containers: Option<Result<Vec<Container>, String>>,
}

impl Seen {
    fn container(&self, worker: &WorkerName) -> Containers<'_> {
        match &self.containers {
            None => Containers::NotConfigured,
            Some(Err(why)) => Containers::Unreachable(why),
            Some(Ok(all)) => {
                containers::of_worker(all, worker).map_or(Containers::Absent, Containers::Present)
            }
        }
    }
}
