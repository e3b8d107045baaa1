//! HiClaw v1.0: the files are the truth. The Manager's openclaw.json lies on local disk, the workers' in the store, and
//! the list of workers in a registry beside the Manager's file.
use crate::{
    Agent, AgentConfig, Call, ContainerApi, Edit, Error, Held, Image, ModelHolder, Part, ReadOnly, TakenUp,
    Version, Wish,
    containers::{self, Container},
    error::System,
    http_error, object,
    registry::{self, Entry, LifecycleFile, Task},
    status::{Containers, Facts, judge},
};
use disk::Disk;
use domain::{Target, Timestamp, Worker, WorkerName, rules::KnownLimits};
use futures::{StreamExt, stream};
use openclaw::{
    Config, FileError, ModelEntry, Switch, persist_file, read_file, replace_file, sweep_beside, switch_model,
};
use secrecy::SecretString;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};
use store::{ObjectKey, Store};
use tokio::sync::Mutex;
use url::Url;

/// The runtime whose config we know how to edit.
const OPENCLAW: &str = "openclaw";
/// How many objects are read at once.
const AT_ONCE: usize = 32;
/// How often the registry is read again because its writers were faster.
const TRIES: usize = 5;
/// Why a switch of the Manager may not stay: the boot script sets `primary` from the environment.
const MANAGER_LASTS: &str = "until the Manager restarts, unless HICLAW_DEFAULT_MODEL is changed too";

/// What the adapter needs.
pub struct FilesParams {
    /// Where the Manager's files lie.
    pub disk: Arc<dyn Disk>,
    /// The Manager's openclaw.json.
    pub manager_config: PathBuf,
    /// The Manager's own HTTP server; none: it is not asked.
    pub manager_url: Option<Url>,
    /// The Manager's gateway key; none: the one in its openclaw.json.
    pub manager_key: Option<SecretString>,
    pub store: Store,
    /// None: containers are not observed.
    pub containers: Option<ContainerApi>,
    pub http: reqwest::Client,
    /// One call to the Manager.
    pub call: Duration,
    /// The time of day, for what is noted in the registry.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// The adapter.
pub struct Files {
    params: FilesParams,
    /// One writer of the registry at a time: between the look at a file and its replacement another one could write.
    notes: Mutex<()>,
}

impl Files {
    /// Makes no call.
    pub fn new(params: FilesParams) -> Self {
        Self { params, notes: Mutex::new(()) }
    }

    fn beside(&self, file: &str) -> PathBuf {
        self.params.manager_config.with_file_name(file)
    }

    async fn text_beside(&self, file: &str) -> Result<(String, openclaw::FileHash), Error> {
        let (bytes, hash) = read_file(&self.params.disk, &self.beside(file)).await?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Error::Malformed { file: file.to_owned(), message: "it is no UTF-8 text".into() })?;
        Ok((text, hash))
    }

    async fn registered(&self) -> Result<BTreeMap<WorkerName, Entry>, Error> {
        registry::workers(&self.text_beside(registry::REGISTRY).await?.0)
    }

    async fn held_config(&self, target: &Target) -> Result<Held, Error> {
        match target {
            Target::Manager => {
                let (bytes, hash) = read_file(&self.params.disk, &self.params.manager_config).await?;
                let text = String::from_utf8(bytes)
                    .map_err(|_| self.unparsable(target, openclaw::ParseError::Encoding))?;
                Ok(Held { image: Image::new(text), version: Version::File(hash) })
            }
            Target::Worker(_) => {
                let key = ObjectKey::config(target);
                object::read(&self.params.store, &key)
                    .await?
                    .ok_or_else(|| Error::Missing(object::name(&key)))
            }
        }
    }

    fn config_object(&self, target: &Target) -> String {
        match target {
            Target::Manager => "file:openclaw.json".to_owned(),
            Target::Worker(_) => object::name(&ObjectKey::config(target)),
        }
    }

    fn unparsable(&self, target: &Target, source: openclaw::ParseError) -> Error {
        Error::Unparsable { object: self.config_object(target), source }
    }

    fn parse(&self, target: &Target, held: &Held) -> Result<Config, Error> {
        Config::parse(held.image.expose().as_bytes()).map_err(|source| self.unparsable(target, source))
    }

    async fn read_config(&self, target: &Target) -> Result<AgentConfig, Error> {
        let held = self.held_config(target).await?;
        let config = self.parse(target, &held)?;
        let gateway = config.gateway();
        let own_key = match target {
            Target::Manager => self.params.manager_key.clone(),
            Target::Worker(_) => None,
        };
        let models = gateway.iter().flat_map(|gateway| &gateway.models).map(known_limits).collect();
        let key = own_key.or_else(|| gateway.and_then(|gateway| gateway.api_key));
        Ok(AgentConfig {
            primary: config.primary().map(str::to_owned),
            model: config.model(),
            models,
            key,
            held,
        })
    }

    async fn note(&self, worker: &WorkerName) -> Result<Held, Error> {
        let (text, _) = self.text_beside(registry::REGISTRY).await?;
        let note = registry::model_note(&text, worker)?.ok_or_else(|| Error::NoWorker(worker.clone()))?;
        let note = note.to_json();
        Ok(Held { image: Image::new(note.clone()), version: Version::Note(note) })
    }

    async fn write_note(&self, worker: &WorkerName, image: &Image, version: &Version) -> Result<(), Error> {
        let wanted = registry::ModelNote::from_json(image.expose())?;
        let changed = || Error::Changed(note_object(worker));
        let disk = &self.params.disk;
        let _one = self.notes.lock().await;
        for _ in 0..TRIES {
            let (text, hash) = self.text_beside(registry::REGISTRY).await?;
            let noted =
                registry::model_note(&text, worker)?.ok_or_else(|| Error::NoWorker(worker.clone()))?;
            if Version::Note(noted.to_json()) != *version {
                return Err(changed());
            }
            let text = registry::with_model_note(&text, worker, &wanted, (self.params.now)().as_str())?;
            match replace_file(disk, &self.beside(registry::REGISTRY), hash, text.into_bytes()).await {
                Err(FileError::Changed { .. }) => {}
                done => return done.map(drop).map_err(Error::from),
            }
        }
        Err(changed())
    }

    async fn write_config(&self, target: &Target, image: &Image, version: &Version) -> Result<(), Error> {
        match (target, version) {
            (Target::Manager, Version::File(hash)) => {
                let (disk, path) = (&self.params.disk, &self.params.manager_config);
                let replaced = replace_file(disk, path, *hash, image.expose().as_bytes().to_vec()).await?;
                if let Err(error) = replaced.backup {
                    tracing::warn!(%error, "openclaw.json was replaced, its .bak was not");
                }
                Ok(())
            }
            (Target::Manager, _) => Err(Error::Changed(self.config_object(target))),
            (Target::Worker(_), version) => {
                object::write(&self.params.store, &ObjectKey::config(target), image, Some(version)).await
            }
        }
    }

    async fn plan_edits(
        &self,
        target: &Target,
        config: &AgentConfig,
        wish: &Wish<'_>,
    ) -> Result<Vec<Edit>, Error> {
        let note = match target {
            Target::Manager => None,
            Target::Worker(worker) => self.note_edit(worker, wish).await?,
        };
        Ok(note.into_iter().chain(self.config_edit(target, &config.held, wish)?).collect())
    }

    async fn note_edit(&self, worker: &WorkerName, wish: &Wish<'_>) -> Result<Option<Edit>, Error> {
        let before = self.note(worker).await?;
        let known = registry::ModelNote::from_json(before.image.expose())?;
        if known.model.as_deref() == Some(wish.model.as_str()) {
            return Ok(None);
        }
        let after = Image::new(registry::ModelNote::of(wish.model).to_json());
        let object = note_object(worker);
        Ok(Some(Edit { part: Part::Registry, object, before, after, owner: "manager".into(), lasts: None }))
    }

    fn config_edit(&self, target: &Target, before: &Held, wish: &Wish<'_>) -> Result<Option<Edit>, Error> {
        let config = self.parse(target, before)?;
        let switch = Switch { model: wish.model, limits: wish.limits, now: wish.at.as_str() };
        let object = self.config_object(target);
        let text = switch_model(&config, &switch)
            .map_err(|source| Error::NotSwitchable { object: object.clone(), source })?;
        if text == config.text() {
            return Ok(None);
        }
        let lasts = match target {
            Target::Manager => Some(MANAGER_LASTS.into()),
            Target::Worker(_) => None,
        };
        let (before, after) = (before.clone(), Image::new(text));
        Ok(Some(Edit { part: Part::Config, object, before, after, owner: "manager".into(), lasts }))
    }

    async fn ask_manager(&self) -> Result<TakenUp, Error> {
        let how = "file-watcher";
        let Some(url) = &self.params.manager_url else {
            let evidence =
                "OpenClaw watches its file; the Manager was not asked, its address is not configured".into();
            return Ok(TakenUp { how, evidence });
        };
        let failed = |message: String, timeout| Error::Http {
            system: System::Manager,
            what: "the Manager's /healthz",
            message,
            timeout,
        };
        let url = url.join("/healthz").map_err(|error| failed(error.to_string(), false))?;
        let call =
            async { self.params.http.get(url).timeout(self.params.call).send().await?.error_for_status() };
        call.await.map_err(|error| failed(http_error(&error), error.is_timeout()))?;
        Ok(TakenUp {
            how,
            evidence: "the Manager is alive and watches its file: it takes a change up by itself".into(),
        })
    }

    async fn all_workers(&self) -> Result<Vec<Worker>, Error> {
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

fn agent(name: WorkerName, entry: Entry) -> Agent {
    let read_only = (entry.runtime != OPENCLAW).then(|| ReadOnly {
        reason: format!("{name} runs {}, whose config agm does not edit", entry.runtime),
        way: format!("Change its model with {}'s own settings, in the worker's container.", entry.runtime),
    });
    Agent { target: Target::Worker(name), runtime: entry.runtime, read_only }
}

fn note_object(worker: &WorkerName) -> String {
    format!("file:{}#{worker}", registry::REGISTRY)
}

fn known_limits(entry: &ModelEntry) -> (String, KnownLimits) {
    let ModelEntry { id, context_window, max_tokens, reasoning, vision } = entry.clone();
    (id, KnownLimits { context_window, max_tokens, vision, reasoning })
}

impl ModelHolder for Files {
    fn agents(&self) -> Call<'_, Vec<Agent>> {
        Box::pin(async {
            let manager = Agent { target: Target::Manager, runtime: OPENCLAW.into(), read_only: None };
            let workers = self.registered().await?.into_iter().map(|(name, entry)| agent(name, entry));
            Ok(std::iter::once(manager).chain(workers).collect())
        })
    }

    fn config<'a>(&'a self, target: &'a Target) -> Call<'a, AgentConfig> {
        Box::pin(self.read_config(target))
    }

    fn edits<'a>(
        &'a self,
        target: &'a Target,
        config: &'a AgentConfig,
        wish: &'a Wish<'a>,
    ) -> Call<'a, Vec<Edit>> {
        Box::pin(self.plan_edits(target, config, wish))
    }

    fn observe<'a>(&'a self, target: &'a Target, part: Part) -> Call<'a, Held> {
        Box::pin(async move {
            match (part, target) {
                (Part::Config, _) => self.held_config(target).await,
                (Part::Registry, Target::Worker(worker)) => self.note(worker).await,
                (Part::Registry, Target::Manager) => Err(Error::Missing(registry::REGISTRY.to_owned())),
            }
        })
    }

    fn write<'a>(
        &'a self,
        target: &'a Target,
        part: Part,
        image: &'a Image,
        version: &'a Version,
    ) -> Call<'a, ()> {
        Box::pin(async move {
            match (part, target) {
                (Part::Config, _) => self.write_config(target, image, version).await,
                (Part::Registry, Target::Worker(worker)) => self.write_note(worker, image, version).await,
                (Part::Registry, Target::Manager) => Err(Error::Missing(registry::REGISTRY.to_owned())),
            }
        })
    }

    fn persist<'a>(&'a self, target: &'a Target, part: Part) -> Call<'a, ()> {
        Box::pin(async move {
            let path = match (part, target) {
                (Part::Config, Target::Manager) => self.params.manager_config.clone(),
                (Part::Registry, Target::Worker(_)) => self.beside(registry::REGISTRY),
                (Part::Config, Target::Worker(_)) | (Part::Registry, Target::Manager) => return Ok(()),
            };
            Ok(persist_file(&self.params.disk, &path).await?)
        })
    }

    fn reload<'a>(&'a self, target: &'a Target) -> Call<'a, TakenUp> {
        Box::pin(async move {
            match target {
                Target::Manager => self.ask_manager().await,
                Target::Worker(name) => Ok(TakenUp {
                    how: "pull",
                    evidence: format!("{name} pulls its config within 300 s, or when it starts"),
                }),
            }
        })
    }

    fn sweep(&self) -> Call<'_, ()> {
        Box::pin(async {
            let swept = sweep_beside(&self.params.disk, &self.params.manager_config).await?;
            if swept > 0 {
                tracing::info!(files = swept, "half-written files of an earlier life were removed");
            }
            Ok(())
        })
    }

    fn workers(&self) -> Call<'_, Vec<Worker>> {
        Box::pin(self.all_workers())
    }
}

#[cfg(test)]
mod tests;
