//! The use cases of AI Gateway Management, and the engine that runs changes. The only thing that the doors (page,
//! REST, CLI) call.
mod archive;
mod audit;
mod backups;
mod bulk;
mod cache;
mod changes;
mod clients;
mod clock;
mod conditional;
mod config;
mod declared;
mod diagnostics;
mod doctor;
mod drift;
mod edits;
mod egress;
mod engine;
mod facts;
mod failure;
#[cfg(test)]
mod fake;
mod format;
mod front;
mod history;
mod installation;
mod journal;
mod last_seen;
mod locks;
mod log;
mod measures;
mod meter;
mod neighbours;
mod news;
mod outside;
mod past;
mod plans;
mod prepare;
mod probe;
mod proof;
mod reads;
mod registration;
mod restarting;
mod running;
mod scrub;
mod seal;

pub use archive::{Archived, NO_STATE, NotExported, export_data, import_data};
pub use audit::{AUDIT_FILE, Break, Verified, verify};
pub use backups::{Original, Present, is_encrypted};
pub use bulk::BulkRunning;
pub use clock::Clock;
pub use config::{Config, ConsoleConfig, EntryConfig, ManagerConfig, StoreConfig, Timing};
pub use declared::Exported;
pub use front::{Front, SignedIn};
pub use hiclaw::{ControllerParams, Generation, Pace};
pub use measures::Room;
pub use meter::{Came, Durations, Histogram, Upstream};
pub use news::{Mark, News};
pub use outside::Outside;
pub use prepare::undone_by;
pub use probe::{Answered, Ask, ListedModel, Listing, MayPass, ProbeFailure};
pub use registration::FILE as REGISTRATION_FILE;
pub use registration::Registration;
pub use running::Running;

use clients::Clients;
use domain::{Failure, LastTest};
use engine::Engine;
use futures::Stream;
use last_seen::LastSeen;
use news::Looker;
use plans::Plans;
use prepare::Installation;
use reads::{Caches, Sampler};
use std::sync::Arc;
use url::Url;

/// Everything that can be asked or done. Cheap to clone.
#[derive(Clone)]
pub struct Operations(Arc<Inner>);

struct Inner {
    clients: Arc<Clients>,
    caches: Arc<Caches>,
    engine: Arc<Engine>,
    sampler: Sampler,
    looker: Looker,
    last_tests: LastSeen<LastTest>,
    plans: Plans,
    backups: backups::Store,
    installation: Installation,
    gateway: Url,
    gateway_metrics: Option<Url>,
    known: doctor::Known,
    doctor: doctor::Memory,
    drift: drift::Memory,
}

/// What a read observed, and when; how old reads may be is said at [`Timing::cache`]. They are dropped by own writes.
#[derive(Clone, Debug)]
pub struct Seen<T> {
    pub value: T,
    pub observed_at: domain::Timestamp,
}

impl Operations {
    /// Operations on the real world, see [`Operations::with`].
    pub fn new(config: Config) -> Result<Self, Failure> {
        Self::with(config, Outside::default())
    }

    /// Builds the clients. Makes no call before it returns: an installation that is down shows in reads and in health.
    /// Must be called within a tokio runtime.
    pub fn with(config: Config, outside: Outside) -> Result<Self, Failure> {
        let clients = Arc::new(Clients::new(&config, &outside)?);
        let known = doctor::Known::of(&config);
        let caches = Arc::new(Caches::new(config.timing.cache));
        let host = config.gateway_host.clone().or_else(|| host_of(&config.gateway)).unwrap_or_default();
        let installation = Installation { gateway_host: host, hiclaw_provider: config.hiclaw_provider };
        let backups =
            backups::Store::new(clients.clock.clone(), config.data_dir.clone(), caches.board.clone());
        let looker = Looker::new(config.timing.look, caches.board.clone());
        let engine = Engine::new(
            clients.clone(),
            installation.clone(),
            caches.clone(),
            config.data_dir,
            config.timing,
        );
        engine.log.tell(caches.board.clone());
        let sampler = Sampler::new(&clients.clock);
        let gateway = config.gateway;
        Ok(Self(Arc::new(Inner {
            clients,
            caches,
            engine: Arc::new(engine),
            sampler,
            looker,
            last_tests: LastSeen::default(),
            plans: Plans::default(),
            backups,
            installation,
            gateway,
            gateway_metrics: config.gateway_metrics,
            known,
            doctor: doctor::Memory::default(),
            drift: drift::Memory::default(),
        })))
    }

    /// Where the news are now. A page that is made after this can ask for what came since.
    pub fn news_mark(&self) -> Mark {
        self.0.caches.board.mark()
    }

    /// What is no longer as pages show it: from now on, or since the text of a [`Mark`]; since one of another life of the
    /// server, or a text that is none, everything is old. While such a stream lives, the installation is looked at for changes of others; those of our own
    /// are told at once. The stream does not end before these operations do. Must be called within a tokio runtime.
    pub fn news(&self, since: Option<&str>) -> impl Stream<Item = News> + use<> {
        let weak = Arc::downgrade(&self.0);
        let looking = self.0.looker.join(move || weak.upgrade().map(Operations));
        self.0.caches.board.listen(since, looking)
    }
}

fn host_of(url: &Url) -> Option<String> {
    url.host_str().map(str::to_owned)
}
