//! HiClaw since v1.1: a controller keeps resources, and makes the agents' configs and containers from them. What others
//! write into those is written over.
mod acts;
mod client;
mod config;
mod detect;
mod runtime_yaml;
mod spec;
mod state;
mod token;
mod v1_1;
mod v1_2;
mod ways;
mod who;
mod wire;

pub use ways::{ALL, Generation, PORT, UnknownGeneration};

use crate::{
    Act, Agent, AgentConfig, Call, Edit, Error, FilesParams, Held, Image, ModelHolder, Part, TakenUp, Upkeep,
    Version, Wish, holder::owned, known::Known,
};
use client::Client;
use disk::Disk;
use domain::{HiclawIdentity, NotFromHere, Ownership, Target, Worker};
use higress::{HttpWire, Wire};
use secrecy::SecretString;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::{Listing, ObjectKey, Store};
use token::Tokens;
use tokio::time::{Instant, sleep};
use url::Url;
use ways::Ways;
use who::Who;

/// Where a controller is, and how it knows us.
#[derive(Clone, Debug)]
pub struct ControllerParams {
    pub url: Url,
    /// None: no other source of it is named.
    pub token: Option<SecretString>,
    /// Read anew whenever its token is refused.
    pub token_file: Option<PathBuf>,
    /// What the names of containers begin with; none: as its generation has it.
    pub prefix: Option<String>,
    pub pace: Pace,
}

/// How long the controller may take, and how often it is asked meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub poll: Duration,
    /// Until reads show a write.
    pub shown: Duration,
    /// Until the agent's config follows.
    pub carried_out: Duration,
    /// Until a container stops, starts or is made anew.
    pub container: Duration,
    /// Until every agent surely had a pass: one comes every 300 s, and may take its time.
    pub pass: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(200),
            shown: Duration::from_secs(3),
            carried_out: Duration::from_secs(60),
            container: Duration::from_secs(60),
            pass: Duration::from_secs(360),
        }
    }
}

/// The adapter of every generation with a controller.
pub struct Controller {
    client: Client,
    pace: Pace,
    prefix: Option<String>,
    /// The generation by configuration.
    forced: Option<&'static Ways>,
    /// The generation as it was found out last.
    found: Mutex<Option<&'static Ways>>,
    /// What spoke against the settings when it was looked for last.
    doubted: Mutex<Option<String>>,
    store: Store,
    disk: Arc<dyn Disk>,
    /// The Manager's open tasks lie beside it, where its workspace is mounted.
    manager_config: PathBuf,
    manager_key: Option<SecretString>,
    configs: Known<Arc<AgentConfig>>,
    /// The agents as they were listed or read last.
    seen: Mutex<BTreeMap<Target, Who>>,
    /// The ids of the containers that ran before a write that makes them anew, and when that write was.
    containers: Mutex<BTreeMap<Target, (String, Instant)>>,
}

impl Controller {
    /// Makes no call. `forced`: the generation, where it is not to be found out.
    pub fn new(files: FilesParams, controller: ControllerParams, forced: Option<Generation>) -> Self {
        let ControllerParams { url, token, token_file, prefix, pace } = controller;
        let tokens = Tokens::new(files.disk.clone(), token_file, token);
        Self {
            client: Client::new(Arc::new(HttpWire::over(files.http)), url, files.call, tokens),
            pace,
            prefix,
            forced: forced.and_then(Generation::ways),
            found: Mutex::default(),
            doubted: Mutex::default(),
            store: files.store,
            disk: files.disk,
            manager_config: files.manager_config,
            manager_key: files.manager_key,
            configs: Known::default(),
            seen: Mutex::default(),
            containers: Mutex::default(),
        }
    }

    /// The same by another way to the controller.
    #[must_use]
    pub fn over(self, wire: Arc<dyn Wire>) -> Self {
        Self { client: self.client.over(wire), ..self }
    }

    fn seen(&self, target: &Target) -> Option<Who> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(target).cloned()
    }

    fn keep_seen(&self, who: Who) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(who.target.clone(), who);
    }

    fn note_container(&self, target: &Target, id: &str) {
        let mut all = self.containers.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(target.clone(), (id.to_owned(), Instant::now()));
    }

    /// The container that a write of a moment ago makes anew.
    fn replaced_container(&self, target: &Target) -> Option<String> {
        let all = self.containers.lock().unwrap_or_else(PoisonError::into_inner);
        let (id, at) = all.get(target)?;
        (at.elapsed() < self.pace.container).then(|| id.clone())
    }

    fn forget_container(&self, target: &Target) {
        self.containers.lock().unwrap_or_else(PoisonError::into_inner).remove(target);
    }

    async fn all_agents(&self) -> Result<Vec<Agent>, Error> {
        let ways = self.ways().await?;
        let (manager, workers) = futures::try_join!(self.manager(), self.listed_workers())?;
        let workers = workers.iter().filter_map(|worker| Who::worker(worker, ways));
        let mut all: BTreeMap<Target, Who> = BTreeMap::new();
        for who in std::iter::once(manager).chain(workers) {
            if let Some(other) = all.get(&who.target) {
                tracing::warn!(agent = other.target.agent(), "two resources share the objects of one agent");
                // As when it is asked for alone.
                if other.has_own_name() || !who.has_own_name() {
                    continue;
                }
            }
            all.insert(who.target.clone(), who);
        }
        let agents = all.values().map(|who| who.agent(ways)).collect();
        let keys: BTreeSet<_> =
            all.keys().flat_map(|target| [ObjectKey::config(target), ObjectKey::runtime(target)]).collect();
        self.configs.retain(|key| keys.contains(key));
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = all;
        Ok(agents)
    }
}

/// A wait for something, for a while.
struct Wait {
    ends: Instant,
    poll: Duration,
}

impl Wait {
    fn new(pace: &Pace, limit: Duration) -> Self {
        Self { ends: Instant::now() + limit, poll: pace.poll }
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.ends
    }

    async fn pause(&self) {
        sleep(self.poll).await;
    }
}

impl ModelHolder for Controller {
    fn known_manager(&self) -> Agent {
        self.manager_by_now()
    }

    fn agents(&self) -> Call<'_, Vec<Agent>> {
        Box::pin(self.all_agents())
    }

    fn config_object(&self, target: &Target) -> String {
        self.config_name(target)
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
        Box::pin(async move {
            let edit = self.spec_edit(target, config.model.as_ref(), wish).await?;
            Ok(edit.into_iter().collect())
        })
    }

    fn observe<'a>(&'a self, target: &'a Target, part: Part) -> Call<'a, Held> {
        Box::pin(async move {
            match part {
                Part::Spec => self.spec(target).await,
                Part::Config => self.own_object(&self.who(target).await?).await,
                Part::Registry | Part::Environment => Err(Error::Missing(self.config_name(target))),
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
            match part {
                Part::Spec => self.write_spec(target, image, version).await,
                Part::Config | Part::Registry | Part::Environment => {
                    Err(Error::Made(self.config_name(target)))
                }
            }
        })
    }

    fn persist<'a>(&'a self, target: &'a Target, part: Part) -> Call<'a, ()> {
        Box::pin(async move {
            match part {
                Part::Spec => self.carried_out(target).await,
                Part::Config | Part::Registry | Part::Environment => Ok(()),
            }
        })
    }

    fn reload<'a>(&'a self, target: &'a Target) -> Call<'a, TakenUp> {
        Box::pin(self.taken_up(target))
    }

    fn act<'a>(&'a self, target: &'a Target, act: Act) -> Call<'a, String> {
        Box::pin(self.do_act(target, act))
    }

    fn cannot(&self, target: &Target, act: Act) -> Option<NotFromHere> {
        self.cannot_act(target, act)
    }

    fn ownership(&self, _: &Target) -> Ownership {
        let model = owned(spec::OWNER, true, None);
        Ownership { model, limits: owned(spec::OWNER, false, Some(spec::OVERWRITTEN)) }
    }

    fn identity(&self) -> Call<'_, HiclawIdentity> {
        Box::pin(self.identify())
    }

    fn doubt(&self, _: &Listing) -> Option<String> {
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn systems(&self) -> Vec<(&'static str, Call<'_, ()>)> {
        vec![("controller", Box::pin(self.answers())), ("manager", Box::pin(self.manager_answers()))]
    }

    fn upkeep(&self, _: &Worker) -> Option<Upkeep> {
        Some(Upkeep::Well)
    }

    fn workers(&self) -> Call<'_, Vec<Worker>> {
        Box::pin(self.all_workers())
    }
}
