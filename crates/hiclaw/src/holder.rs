//! Who holds an agent's model and how it is changed. Each generation of HiClaw answers differently; nothing above this
//! trait knows which one it talks to.
use crate::{Error, registry::ModelNote};
pub use domain::{ContainerAct as Act, TakeUp};
use domain::{
    HiclawIdentity, Limits, ModelId, NotFromHere, Owned, Ownership, Reset, Target, Timestamp, Worker,
    rules::KnownLimits,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};
use store::Listing;

/// A call that is under way.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// An agent that HiClaw knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub target: Target,
    /// `openclaw`, `copaw`, …
    pub runtime: String,
    /// Why its model cannot be changed from here, and where it can. None: it can.
    pub read_only: Option<NotFromHere>,
    pub takes_up: TakeUp,
}

/// What an agent's own config says about its model.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// `agents.defaults.model.primary` as it stands: `hiclaw-gateway/qwen3.5-plus`.
    pub primary: Option<String>,
    /// The model part of `primary`.
    pub model: Option<ModelId>,
    /// The model that HiClaw keeps for it, where that is not what its config says.
    pub desired: Option<ModelId>,
    /// Whether it lists models, and allows no others.
    pub lists_models: bool,
    /// The models that it lists, with what it says about each.
    pub models: BTreeMap<String, KnownLimits>,
    /// What it says of its live model, word for word, see [`openclaw::Config::model_part`].
    pub part: Option<Value>,
    /// The agent's key for the gateway.
    pub key: Option<SecretString>,
    /// Whether this is where the agent has its key from. Otherwise its consumer alone knows it.
    pub holds_key: bool,
    /// What all this was read from.
    pub held: Held,
}

impl AgentConfig {
    /// What it says about a model.
    pub fn known(&self, model: &ModelId) -> Option<&KnownLimits> {
        self.models.get(model.as_str())
    }
}

/// The model that a part selects: of a config, when it runs over the gateway.
pub fn model_in(part: Part, image: &Image) -> Option<ModelId> {
    match part {
        Part::Config => openclaw::Config::parse(image.expose().as_bytes()).ok()?.model(),
        Part::Registry | Part::Spec | Part::Environment => {
            ModelNote::from_json(image.expose()).ok()?.model?.parse().ok()
        }
    }
}

/// What a part was when it was read. Equal versions, equal parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// Of an object in the store.
    Object(store::ETag),
    /// Of a file.
    File(openclaw::FileHash),
    /// Of a note within a file that others change too: the note itself.
    Note(String),
}

impl Version {
    /// The version of an object by its ETag, as it was written down.
    pub fn object(etag: String) -> Self {
        Self::Object(store::ETag::new(etag))
    }

    /// The version of a file by its hash in hex, as it was written down; none when it is no hash.
    pub fn file(hex: &str) -> Option<Self> {
        openclaw::FileHash::from_hex(hex).map(Self::File)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(etag) => f.write_str(etag.as_str()),
            Self::File(hash) => f.write_str(&hash.to_hex()),
            Self::Note(note) => f.write_str(note),
        }
    }
}

/// The parts in which a switch is written down. An adapter uses those it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// HiClaw's own note of a worker's model.
    Registry,
    /// The model in what HiClaw keeps of an agent and makes all else from, its config too.
    Spec,
    /// The model that HiClaw gives an agent whose container it makes anew.
    Environment,
    /// The config that the agent lives by. Written last: from here on it runs the new model.
    Config,
}

impl Part {
    /// Whether a write is refused, however late it comes, when what stands there is not what it was made for.
    pub fn is_fenced(self) -> bool {
        self != Self::Spec
    }
}

/// What a part holds. It may hold keys, so it shows nothing of itself.
#[derive(Clone)]
pub struct Image(SecretString);

impl Image {
    /// Wraps the text of a part.
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The text, keys included.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// BLAKE3 of the text, in hex: equal for equal images.
    pub fn content_hash(&self) -> String {
        blake3::hash(self.expose().trim_end().as_bytes()).to_hex().to_string()
    }
}

/// Trailing white space does not count: it carries the mark of a write.
impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        self.expose().trim_end() == other.expose().trim_end()
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({} bytes)", self.expose().len())
    }
}

/// A part as it was found.
#[derive(Clone, Debug)]
pub struct Held {
    pub image: Image,
    pub version: Version,
}

/// A model and its figures, for an agent.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    pub model: &'a ModelId,
    pub limits: Limits,
    /// Whether it shall outlast the container that the agent has, where HiClaw gives it a model then.
    pub lasting: bool,
    /// When the switch was asked for.
    pub at: &'a Timestamp,
}

/// One part of a switch, worked out but not written.
#[derive(Clone, Debug)]
pub struct Edit {
    pub part: Part,
    /// For people: `s3:agents/alice/openclaw.json`.
    pub object: String,
    pub before: Held,
    pub after: Image,
    /// Who owns the part: `manager`.
    pub owner: Cow<'static, str>,
    /// What would undo it; none: nothing known.
    pub lasts: Option<Cow<'static, str>>,
    /// For how long after the write HiClaw itself may yet undo it. Who finds it as written after that may say that it
    /// lasts.
    pub sure_after: Duration,
}

/// How an agent takes up a changed config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenUp {
    /// One word for programs: `file-watcher`, `pull`.
    pub how: &'static str,
    /// Whether an agent was seen that takes changes up at once.
    pub seen: bool,
    /// For people.
    pub evidence: String,
}

/// Whether a worker takes up the model of its stored config while it runs, as far as its container tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// Nothing speaks against it.
    Well,
    /// Nobody can tell, and why.
    Unseen(String),
    /// It does not, and what helps.
    Lacking { evidence: String, fix: String },
}

/// What an owner has, see [`Owned`].
pub(crate) fn owned(owner: &str, ours: bool, overwritten: Option<&str>) -> Owned {
    Owned { owner: owner.to_owned(), ours, overwritten: overwritten.map(str::to_owned) }
}

/// Holds the models of all agents of an installation.
pub trait ModelHolder: Send + Sync {
    /// The Manager, as far as it is known without asking.
    fn known_manager(&self) -> Agent;

    /// All agents, the Manager first.
    fn agents(&self) -> Call<'_, Vec<Agent>>;

    /// The name of an agent's own config for people: `s3:agents/alice/openclaw.json`.
    fn config_object(&self, target: &Target) -> String;

    /// What one agent's own config says.
    fn config<'a>(&'a self, target: &'a Target) -> Call<'a, AgentConfig>;

    /// The same as of this listing of the store: what has not changed since it was read last is not read again.
    fn config_as_listed<'a>(&'a self, target: &'a Target, listing: &'a Listing)
    -> Call<'a, Arc<AgentConfig>>;

    /// What a switch of the agent with this config would write, in the order of writing. Reads only.
    fn edits<'a>(
        &'a self,
        target: &'a Target,
        config: &'a AgentConfig,
        wish: &'a Wish<'a>,
    ) -> Call<'a, Vec<Edit>>;

    /// A part as it is now.
    fn observe<'a>(&'a self, target: &'a Target, part: Part) -> Call<'a, Held>;

    /// Writes a part if it still has this version, else [`Error::Changed`]. Any other failure leaves open whether it
    /// was written.
    fn write<'a>(
        &'a self,
        target: &'a Target,
        part: Part,
        image: &'a Image,
        version: &'a Version,
    ) -> Call<'a, ()>;

    /// Sees that what a part holds now lasts, should its last write not have been sure of that itself: a replaced file
    /// comes through a power failure, and what HiClaw makes of the part is there.
    fn persist<'a>(&'a self, target: &'a Target, part: Part) -> Call<'a, ()>;

    /// Sees that the agent takes up its config, as far as that can be seen.
    fn reload<'a>(&'a self, target: &'a Target) -> Call<'a, TakenUp>;

    /// Does something with an agent's container, and waits until that is seen. The text says what was seen.
    fn act<'a>(&'a self, target: &'a Target, act: Act) -> Call<'a, String>;

    /// Why something cannot be done with an agent's container, as far as that is known without asking. None: it may be
    /// tried.
    fn cannot(&self, _: &Target, _: Act) -> Option<NotFromHere> {
        None
    }

    /// What gives an agent a model whenever its container starts; none: nothing does. What cannot be seen of it is left out.
    fn reset<'a>(&'a self, _: &'a Target) -> Call<'a, Option<Reset>> {
        Box::pin(async { Ok(None) })
    }

    /// Who owns what an agent has of its model.
    fn ownership(&self, target: &Target) -> Ownership;

    /// Which HiClaw this is, found out anew.
    fn identity(&self) -> Call<'_, HiclawIdentity>;

    /// What shows that this is another HiClaw than it is taken for, which may undo what is written here: by this listing of
    /// the store, and as of the last [`ModelHolder::identity`]. None: nothing.
    fn doubt(&self, listing: &Listing) -> Option<String>;

    /// Each of HiClaw's own systems by its name, and a look that ends well when it answers. A look waits for nothing
    /// but that answer, and changes nothing.
    fn systems(&self) -> Vec<(&'static str, Call<'_, ()>)>;

    /// Whether a worker takes up the model of its stored config while it runs. None: that is no question of its runtime.
    fn upkeep(&self, worker: &Worker) -> Option<Upkeep>;

    /// Removes what a crash of ours left half-written. For a start only, before anything is written.
    fn sweep(&self) -> Call<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// All workers and how they are. What their configs tell, and whether they pulled those, is left out.
    fn workers(&self) -> Call<'_, Vec<Worker>>;
}
