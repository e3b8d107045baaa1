//! HiClaw v1.0: the files are the truth. The Manager's openclaw.json lies on local disk, the workers' in the store, and
//! the list of workers in a registry beside the Manager's file.
mod config;
mod environment;
mod identity;
mod note;
mod upkeep;
mod workers;

use crate::{
    Act, Agent, AgentConfig, Call, ContainerApi, Edit, Error, Held, Image, ModelHolder, Part, TakeUp,
    TakenUp, Upkeep, Version, Wish, beside,
    error::System,
    holder::owned,
    http_error,
    known::Known,
    registry::{self, Entry},
};
use disk::Disk;
use domain::{
    Fate, HiclawIdentity, NotFromHere, Ownership, PULLED_WITHIN, Reset, Target, Timestamp, Worker,
    WorkerName, lasts,
};
use openclaw::{persist_file, sweep_beside};
use secrecy::SecretString;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use store::{Listing, ObjectKey, Store};
use tokio::sync::Mutex;
use url::Url;

/// By which way containers are started and stopped.
const WITH_DOCKER: &str = "Its containers are started and stopped with Docker, or by the Manager.";
/// The runtime whose config we know how to edit.
const OPENCLAW: &str = "openclaw";
/// Who owns the configs.
const OWNER: &str = "manager";

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
    /// Where HiClaw's console is; none: no controller is looked for beside it.
    pub console: Option<Url>,
    /// The model that HiClaw gives the Manager when it starts, as this server was told.
    pub default_model: Option<String>,
    /// The file from which HiClaw's installer makes the Manager's container; none: it is not known here.
    pub env_file: Option<PathBuf>,
    pub http: reqwest::Client,
    /// One call to the Manager.
    pub call: Duration,
    /// Until a worker that runs has surely pulled its config.
    pub pulled: Duration,
    /// The time of day, for what is noted in the registry.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// The adapter.
pub struct Files {
    params: FilesParams,
    /// The workers' configs.
    known: Known<Arc<AgentConfig>>,
    /// A controller that is named and not used, since the settings say that there is none.
    unused: Option<Url>,
    /// What spoke against this adapter when it was looked for last.
    doubted: std::sync::Mutex<Option<String>>,
    /// One writer of the registry at a time: between the look at a file and its replacement another one could write.
    notes: Mutex<()>,
}

impl Files {
    /// Makes no call.
    pub fn new(params: FilesParams) -> Self {
        Self {
            params,
            known: Known::default(),
            unused: None,
            doubted: std::sync::Mutex::default(),
            notes: Mutex::new(()),
        }
    }

    /// The same beside a controller that the settings name and forbid.
    #[must_use]
    pub fn beside_controller(self, unused: Url) -> Self {
        Self { unused: Some(unused), ..self }
    }

    fn beside(&self, file: &str) -> PathBuf {
        self.params.manager_config.with_file_name(file)
    }

    async fn text_beside(&self, file: &str) -> Result<(String, openclaw::FileHash), Error> {
        beside::text(&self.params.disk, &self.params.manager_config, file).await
    }

    async fn registered(&self) -> Result<BTreeMap<WorkerName, Entry>, Error> {
        registry::workers(&self.text_beside(registry::REGISTRY).await?.0)
    }

    async fn plan_edits(
        &self,
        target: &Target,
        config: &AgentConfig,
        wish: &Wish<'_>,
    ) -> Result<Vec<Edit>, Error> {
        let note = match target {
            Target::Manager if wish.lasting => self.environment_edit(wish).await?,
            Target::Manager => None,
            Target::Worker(worker) => self.note_edit(worker, wish).await?,
        };
        let reset = self.reset_of(target).await;
        let fate = reset.as_ref().map_or(Fate::Stays, |reset| reset.fate(wish.model.as_str(), wish.lasting));
        Ok(note.into_iter().chain(self.config_edit(target, &config.held, wish, fate)?).collect())
    }

    async fn manager_answers(&self) -> Result<(), Error> {
        self.read_config(&Target::Manager).await?;
        self.ask_manager().await.map(drop)
    }

    async fn ask_manager(&self) -> Result<TakenUp, Error> {
        let how = "file-watcher";
        let Some(url) = &self.params.manager_url else {
            let evidence =
                "OpenClaw watches its file; the Manager was not asked, its address is not configured".into();
            return Ok(TakenUp { how, seen: false, evidence });
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
            seen: true,
            evidence: "the Manager is alive and watches its file: it takes a change up by itself".into(),
        })
    }
}

fn nobody_to_ask(target: &Target) -> String {
    format!("this HiClaw has nobody to ask for the container of {}", target.agent())
}

/// The Manager is in no registry, and nothing is kept of agents but files.
fn no_such_part() -> Error {
    Error::Missing(registry::REGISTRY.to_owned())
}

fn agent(name: WorkerName, entry: Entry) -> Agent {
    let read_only = (entry.runtime != OPENCLAW).then(|| NotFromHere {
        reason: format!("{name} runs {}, whose config agm does not edit", entry.runtime),
        way: format!("Change its model with {}'s own settings, in the worker's container.", entry.runtime),
    });
    Agent { target: Target::Worker(name), runtime: entry.runtime, read_only, takes_up: TakeUp::ByItself }
}

impl ModelHolder for Files {
    fn known_manager(&self) -> Agent {
        Agent {
            target: Target::Manager,
            runtime: OPENCLAW.into(),
            read_only: None,
            takes_up: TakeUp::ByItself,
        }
    }

    fn agents(&self) -> Call<'_, Vec<Agent>> {
        Box::pin(async {
            let manager = self.known_manager();
            let workers = self.registered().await?.into_iter().map(|(name, entry)| agent(name, entry));
            let agents: Vec<_> = std::iter::once(manager).chain(workers).collect();
            let keys: BTreeSet<_> = agents.iter().map(|agent| ObjectKey::config(&agent.target)).collect();
            self.known.retain(|key| keys.contains(key));
            Ok(agents)
        })
    }

    fn config_object(&self, target: &Target) -> String {
        config::config_object(target)
    }

    fn config<'a>(&'a self, target: &'a Target) -> Call<'a, AgentConfig> {
        Box::pin(self.read_config(target))
    }

    fn config_as_listed<'a>(
        &'a self,
        target: &'a Target,
        listing: &'a Listing,
    ) -> Call<'a, Arc<AgentConfig>> {
        Box::pin(self.read_config_as_listed(target, listing))
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
                (Part::Environment, Target::Manager) => self.environment().await,
                (Part::Registry | Part::Spec | Part::Environment, _) => Err(no_such_part()),
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
                (Part::Environment, Target::Manager) => self.write_environment(image, version).await,
                (Part::Registry | Part::Spec | Part::Environment, _) => Err(no_such_part()),
            }
        })
    }

    fn persist<'a>(&'a self, target: &'a Target, part: Part) -> Call<'a, ()> {
        Box::pin(async move {
            let path = match (part, target) {
                (Part::Config, Target::Manager) => self.params.manager_config.clone(),
                (Part::Registry, Target::Worker(_)) => self.beside(registry::REGISTRY),
                (Part::Environment, Target::Manager) => return self.persist_environment().await,
                (Part::Config, Target::Worker(_)) | (Part::Registry | Part::Spec | Part::Environment, _) => {
                    return Ok(());
                }
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
                    seen: false,
                    evidence: format!(
                        "{name} pulls its config within {} s, or when it starts",
                        PULLED_WITHIN.as_secs()
                    ),
                }),
            }
        })
    }

    fn act<'a>(&'a self, target: &'a Target, _: Act) -> Call<'a, String> {
        Box::pin(async { Err(Error::CannotAct { reason: nobody_to_ask(target), way: WITH_DOCKER }) })
    }

    fn cannot(&self, target: &Target, _: Act) -> Option<NotFromHere> {
        Some(NotFromHere { reason: nobody_to_ask(target), way: WITH_DOCKER.to_owned() })
    }

    fn reset<'a>(&'a self, target: &'a Target) -> Call<'a, Option<Reset>> {
        Box::pin(async { Ok(self.reset_of(target).await) })
    }

    fn ownership(&self, target: &Target) -> Ownership {
        let overwritten = match target {
            Target::Manager => Some(lasts::MANAGER_RESTART),
            Target::Worker(_) => None,
        };
        Ownership { model: owned(OWNER, true, overwritten), limits: owned(OWNER, true, None) }
    }

    fn identity(&self) -> Call<'_, HiclawIdentity> {
        Box::pin(async { Ok(self.identify().await) })
    }

    fn doubt(&self, listing: &Listing) -> Option<String> {
        self.doubt_by_now(listing)
    }

    fn systems(&self) -> Vec<(&'static str, Call<'_, ()>)> {
        vec![("manager", Box::pin(self.manager_answers()))]
    }

    fn upkeep(&self, worker: &Worker) -> Option<Upkeep> {
        (worker.runtime == OPENCLAW).then(|| upkeep::by_image(worker))
    }

    fn sweep(&self) -> Call<'_, ()> {
        Box::pin(async {
            let mut swept = sweep_beside(&self.params.disk, &self.params.manager_config).await?;
            if let Some(file) = &self.params.env_file {
                swept += sweep_beside(&self.params.disk, file).await.unwrap_or_default();
            }
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
