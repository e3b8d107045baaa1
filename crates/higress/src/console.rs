//! The reads of the console, and how its objects are addressed. The writes are in `write`.
use crate::{
    ConsumerDoc, HigressError, HttpWire, LiveRoute, Observation, ProviderDoc, RouteDoc, Wire, compare,
    transport::{Body, Transport},
};
use domain::{ProviderName, RouteName};
use planted::Bug;
use secrecy::SecretString;
use serde_json::Value;
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::Mutex;
use url::Url;

/// How to reach a console.
#[derive(Clone, Debug)]
pub struct ConsoleParams {
    pub url: Url,
    pub user: String,
    pub password: SecretString,
    /// Until a connection stands.
    pub connect: Duration,
    /// One read, from request to the end of the answer.
    pub call: Duration,
    /// One write. The console needs long for AI routes: its own page waits 60 s.
    pub write: Duration,
}

/// A console. Cheap to clone; all clones share the session and the write lock.
#[derive(Clone)]
pub struct Console {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub transport: Transport,
    /// One write at a time: providers share one stored document, and so do the allow-lists of all routes.
    pub writes: Mutex<()>,
}

/// What `GET /system/info` says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct SystemInfo {
    pub version: String,
}

/// An object that is written as a whole.
pub(crate) trait Stored: Clone {
    /// What names one.
    type Name: ?Sized + PartialEq + fmt::Display;
    /// Whether a refused write may be live, so that the stored one must be written again.
    const TWO_PHASE: bool;

    /// Where one of this name is; its collection is where the last part is left out.
    fn path(name: &Self::Name) -> Vec<&str>;
    /// How a person calls one of this name.
    fn label(name: &Self::Name) -> &'static str;
    /// Whether a new one is posted to its collection; else it is put where it belongs.
    fn is_posted(_: &Self::Name) -> bool {
        true
    }
    /// Reads what the console has under this name. None: what it answers stands for nothing.
    fn read(name: &Self::Name, json: Value) -> Result<Option<Self>, HigressError>;
    /// Whether an error says that nothing of this name can be there.
    fn is_absence(_: &Self::Name, _: &HigressError) -> bool {
        false
    }
    fn id(&self) -> &Self::Name;
    /// Tokens in it, which must never show in a message.
    fn secrets(&self) -> Vec<SecretString>;
    /// Whether both mean the same.
    fn same(&self, other: &Self) -> bool;
    /// What to send so that `self` stands where `current` stands.
    fn body(&self, current: Option<&Self>) -> Value;
}

const PROVIDERS: [&str; 3] = ["v1", "ai", "providers"];
const ROUTES: [&str; 3] = ["v1", "ai", "routes"];

impl Stored for ProviderDoc {
    type Name = str;
    const TWO_PHASE: bool = false;

    fn path(name: &str) -> Vec<&str> {
        PROVIDERS.into_iter().chain([name]).collect()
    }
    fn label(_: &str) -> &'static str {
        "provider"
    }
    fn read(_: &str, json: Value) -> Result<Option<Self>, HigressError> {
        Self::parse(json).map(Some)
    }
    fn id(&self) -> &str {
        self.name().as_str()
    }
    fn secrets(&self) -> Vec<SecretString> {
        self.all_secrets()
    }
    fn same(&self, other: &Self) -> bool {
        compare::same_provider(self.json(), other.json())
    }
    fn body(&self, _: Option<&Self>) -> Value {
        let mut body = self.json().clone();
        if planted::is(Bug::TokenWipe) {
            body["tokens"] = Value::Array(Vec::new());
        }
        body
    }
}

impl Stored for RouteDoc {
    type Name = str;
    const TWO_PHASE: bool = true;

    fn path(name: &str) -> Vec<&str> {
        ROUTES.into_iter().chain([name]).collect()
    }
    fn label(_: &str) -> &'static str {
        "AI route"
    }
    fn read(_: &str, json: Value) -> Result<Option<Self>, HigressError> {
        Self::parse(json).map(Some)
    }
    fn id(&self) -> &str {
        self.name().as_str()
    }
    fn secrets(&self) -> Vec<SecretString> {
        Vec::new()
    }
    fn same(&self, other: &Self) -> bool {
        compare::same_route(self.json(), other.json())
    }
    fn body(&self, current: Option<&Self>) -> Value {
        with_version(self.json().clone(), current.map(Self::version))
    }
}

/// The body of a write over an object of this version; none: of nothing.
pub(crate) fn with_version(mut body: Value, current: Option<&str>) -> Value {
    if let Some(map) = body.as_object_mut() {
        map.shift_remove("version");
        if let Some(current) = current {
            map.insert("version".into(), current.into());
        }
    }
    body
}

/// The checked name inside a tree of the console.
pub(crate) fn name_of<N: std::str::FromStr>(json: &Value) -> Result<N, HigressError> {
    let name = json["name"].as_str().and_then(|name| name.parse().ok());
    name.ok_or_else(|| HigressError::Malformed { message: "an object without a usable name".into() })
}

fn object(body: Body) -> Result<Option<Value>, HigressError> {
    match body {
        Some(value) if !value.is_object() => Err(HigressError::Malformed { message: "not an object".into() }),
        other => Ok(other),
    }
}

impl Console {
    /// Makes no call.
    ///
    /// # Errors
    /// [`HigressError::Setup`] when the URL is none of HTTP, or the TLS stack cannot be built.
    pub fn new(params: ConsoleParams) -> Result<Self, HigressError> {
        let wire = HttpWire::new(params.connect)?;
        Self::over(params, Arc::new(wire))
    }

    /// A console that is reached over another wire.
    ///
    /// # Errors
    /// [`HigressError::Setup`] when the URL is none of HTTP.
    pub fn over(params: ConsoleParams, wire: Arc<dyn Wire>) -> Result<Self, HigressError> {
        let transport = Transport::new(params, wire)?;
        Ok(Self { inner: Arc::new(Inner { transport, writes: Mutex::new(()) }) })
    }

    /// Anonymous: works without a valid account.
    pub async fn system_info(&self) -> Result<SystemInfo, HigressError> {
        let body = self.inner.transport.get_anonymous(&["system", "info"]).await?.unwrap_or_default();
        serde_json::from_value(body).map_err(|_| HigressError::Malformed { message: "no version".into() })
    }

    /// The cheapest call that needs the account and the console's own storage.
    pub async fn ping(&self) -> Result<(), HigressError> {
        let user = object(self.inner.transport.get(&["user", "info"]).await?)?.unwrap_or_default();
        let name = user["name"].as_str();
        name.map(|_| ()).ok_or_else(|| HigressError::Malformed { message: "no user".into() })
    }

    /// All providers, by name.
    pub async fn providers(&self) -> Result<Vec<ProviderDoc>, HigressError> {
        let providers = parse_all(self.list(&PROVIDERS).await?, "provider", ProviderDoc::parse);
        self.inner.transport.learn(providers.iter().flat_map(Stored::secrets));
        Ok(providers)
    }

    /// One provider; none: there is none of this name.
    pub async fn provider(&self, name: &ProviderName) -> Result<Option<ProviderDoc>, HigressError> {
        self.fetch(name.as_str()).await
    }

    /// All AI routes, by name.
    pub async fn routes(&self) -> Result<Vec<RouteDoc>, HigressError> {
        Ok(parse_all(self.list(&ROUTES).await?, "AI route", RouteDoc::parse))
    }

    /// One AI route; none: there is none of this name.
    pub async fn route(&self, name: &RouteName) -> Result<Option<RouteDoc>, HigressError> {
        self.fetch(name.as_str()).await
    }

    /// All consumers, with their keys.
    pub async fn consumers(&self) -> Result<Vec<ConsumerDoc>, HigressError> {
        let list = self.list(&["v1", "consumers"]).await?;
        let consumers = parse_all(list, "consumer", ConsumerDoc::parse);
        self.inner.transport.learn(consumers.iter().flat_map(ConsumerDoc::keys));
        Ok(consumers)
    }

    /// All service sources, those that the console made itself too.
    pub async fn service_sources(&self) -> Result<Vec<Value>, HigressError> {
        self.list(&["v1", "service-sources"]).await
    }

    /// What the gateway was given of AI routes. A write that the console refused at its last step is here and not among
    /// [`Console::routes`]; routes that take over after an error of another one are left out.
    pub async fn live_routes(&self) -> Result<Vec<LiveRoute>, HigressError> {
        Ok(self.list(&["v1", "routes"]).await?.into_iter().filter_map(LiveRoute::parse).collect())
    }

    /// What is stored under this name now, next to two images of it; an image that is `None` means "absent". When both
    /// images mean the same, what fits them is [`Observation::AllNew`].
    pub async fn observe_provider(
        &self,
        name: &ProviderName,
        before: Option<&ProviderDoc>,
        wanted: Option<&ProviderDoc>,
    ) -> Result<Observation, HigressError> {
        Ok(observation(self.fetch(name.as_str()).await?.as_ref(), before, wanted))
    }

    /// As [`Console::observe_provider`]. The `version` inside the images does not matter.
    pub async fn observe_route(
        &self,
        name: &RouteName,
        before: Option<&RouteDoc>,
        wanted: Option<&RouteDoc>,
    ) -> Result<Observation, HigressError> {
        Ok(observation(self.fetch(name.as_str()).await?.as_ref(), before, wanted))
    }

    pub(crate) async fn fetch<D: Stored>(&self, name: &D::Name) -> Result<Option<D>, HigressError> {
        let body = match self.inner.transport.get(&D::path(name)).await {
            Err(error) if D::is_absence(name, &error) => None,
            body => object(body?)?,
        };
        let doc = body.map(|json| D::read(name, json)).transpose()?.flatten();
        if let Some(doc) = &doc {
            if doc.id() != name {
                return Err(HigressError::Malformed {
                    message: "another object than the one asked for".into(),
                });
            }
            self.inner.transport.learn(doc.secrets());
        }
        Ok(doc)
    }

    pub(crate) async fn list(&self, path: &[&str]) -> Result<Vec<Value>, HigressError> {
        match self.inner.transport.get(path).await? {
            Some(Value::Array(items)) => Ok(items),
            _ => Err(HigressError::Malformed { message: "not a list".into() }),
        }
    }
}

/// One object with a name that nobody can address must not hide all others.
fn parse_all<D>(list: Vec<Value>, label: &str, parse: fn(Value) -> Result<D, HigressError>) -> Vec<D> {
    let parsed = list.into_iter().filter_map(|json| match parse(json) {
        Ok(doc) => Some(doc),
        Err(error) => {
            tracing::warn!(%error, "left out one {label} of the console's list");
            None
        }
    });
    parsed.collect()
}

pub(crate) fn is_same<D: Stored>(a: Option<&D>, b: Option<&D>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => a.same(b),
        _ => false,
    }
}

pub(crate) fn observation<D: Stored>(now: Option<&D>, before: Option<&D>, wanted: Option<&D>) -> Observation {
    if is_same(now, wanted) {
        Observation::AllNew
    } else if is_same(now, before) {
        Observation::AllOld
    } else {
        Observation::Foreign
    }
}
