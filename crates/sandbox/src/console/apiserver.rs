//! The API server behind the console: versioned documents, one call at a time. A request makes several calls, and
//! between them other requests make theirs: this is where concurrent writers lose entries.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::documents::{Admin, ConfigMap, EnvoyFilter, Ingress, McpBridge, WasmPlugin};
use super::faults::{Request, StoreCall, StoreVerb, Trouble};
use super::refusal::ApiError;
use super::switches::Switches;
use crate::live::LiveConfig;

/// Everything that the console stores.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(super) struct State {
    pub(super) admin: Option<Admin>,
    pub(super) settings: Map<String, Value>,
    /// By type: `MAIN`, `AI`, `LOG`.
    pub(super) dashboard_urls: BTreeMap<String, String>,
    pub(super) higress_config: HigressConfig,
    sequence: u64,
    ingresses: Table<Ingress>,
    config_maps: Table<ConfigMap>,
    plugins: Table<WasmPlugin>,
    bridges: Table<McpBridge>,
    filters: Table<EnvoyFilter>,
}

/// The ConfigMap `higress-config`.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct HigressConfig {
    pub(super) version: u64,
    /// The YAML of its `data`.
    pub(super) data: String,
}

impl Default for HigressConfig {
    fn default() -> Self {
        let data = "data:\n  higress: |\n    gzip:\n      enable: false\n  mesh: |\n    ingressClass: higress\n  meshNetworks: 'networks: {}'\n";
        Self { version: 1, data: data.to_owned() }
    }
}

type Table<T> = BTreeMap<FileName, Stored<T>>;

/// The file of a document; lists come in the order of the directory.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct FileName(String);

impl FileName {
    const EXTENSION: &str = ".yaml";

    fn of(name: &str) -> Self {
        Self(format!("{name}{}", Self::EXTENSION))
    }

    pub(super) fn name(&self) -> &str {
        self.0.strip_suffix(Self::EXTENSION).unwrap_or(&self.0)
    }
}

/// A document with what the API server adds to it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Stored<T> {
    pub(super) version: u64,
    /// Position in the order of creation over all documents.
    pub(super) created: u64,
    pub(super) body: T,
}

impl<T> Stored<T> {
    pub(super) fn version(&self) -> String {
        self.version.to_string()
    }
}

/// A kind of document.
pub(super) trait Document: Clone + Sized {
    const PLURAL: &'static str;
    fn table(state: &State) -> &Table<Self>;
    fn table_mut(state: &mut State) -> &mut Table<Self>;
}

macro_rules! document {
    ($kind:ty, $field:ident, $plural:literal) => {
        impl Document for $kind {
            const PLURAL: &'static str = $plural;
            fn table(state: &State) -> &Table<Self> {
                &state.$field
            }
            fn table_mut(state: &mut State) -> &mut Table<Self> {
                &mut state.$field
            }
        }
    };
}
document!(Ingress, ingresses, "ingresses");
document!(ConfigMap, config_maps, "configmaps");
document!(WasmPlugin, plugins, "wasmplugins");
document!(McpBridge, bridges, "mcpbridges");
document!(EnvoyFilter, filters, "envoyfilters");

impl State {
    pub(super) fn documents<T: Document>(&self) -> &Table<T> {
        T::table(self)
    }

    pub(super) fn seed<T: Document>(&mut self, name: &str, body: T) {
        self.sequence += 1;
        let created = self.sequence;
        T::table_mut(self).insert(FileName::of(name), Stored { version: 1, created, body });
    }
}

/// The API server itself.
pub(super) struct ApiServer {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    live: watch::Sender<Arc<LiveConfig>>,
}

impl ApiServer {
    pub(super) fn new(state: State) -> Self {
        let live = watch::channel(Arc::new(super::live::project(&state))).0;
        Self { state: Mutex::new(state), changed: watch::channel(0).0, live }
    }

    pub(super) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn live(&self) -> watch::Receiver<Arc<LiveConfig>> {
        self.live.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn look<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.lock())
    }

    /// Changes the state and tells the data plane and the keeper.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = change(&mut state);
        let live = super::live::project(&state);
        self.live.send_if_modified(|current| {
            let modified = **current != live;
            if modified {
                *current = Arc::new(live);
            }
            modified
        });
        self.changed.send_modify(|writes| *writes += 1);
        result
    }

    /// Puts the shared documents back as they were in `before`, as the late copy of another writer does.
    pub(super) fn overwrite_shared(&self, before: &State) {
        self.change(|state| {
            restore(&mut state.plugins, &before.plugins);
            restore(&mut state.bridges, &before.bridges);
            restore(&mut state.config_maps, &before.config_maps);
            restore(&mut state.ingresses, &before.ingresses);
            restore(&mut state.filters, &before.filters);
        });
    }
}

fn restore<T: Clone + PartialEq>(now: &mut Table<T>, before: &Table<T>) {
    now.retain(|name, _| before.contains_key(name));
    for (name, old) in before {
        match now.get_mut(name) {
            Some(current) if current.body == old.body => {}
            Some(current) => {
                current.version += 1;
                current.body = old.body.clone();
            }
            None => {
                now.insert(name.clone(), old.clone());
            }
        }
    }
}

/// The API server as one request uses it.
pub(super) struct Api {
    pub(super) server: Arc<ApiServer>,
    pub(super) switches: Arc<Switches>,
    pub(super) request: Request,
    /// The call to the API server that fails for this request alone.
    pub(super) failing: Mutex<Option<(StoreCall, Trouble)>>,
}

impl Api {
    async fn call<T: Document>(&self, verb: StoreVerb, name: &str) -> Result<(), ApiError> {
        let trouble = self.switches.before_store(&self.request, verb, T::PLURAL, name).await;
        match trouble.or_else(|| self.own_trouble(verb, T::PLURAL, name)) {
            None => Ok(()),
            Some(Trouble::Conflict) => Err(ApiError::Conflict { plural: T::PLURAL, name: name.to_owned() }),
            Some(Trouble::Broken) => Err(ApiError::Broken { plural: T::PLURAL, name: name.to_owned() }),
        }
    }

    fn own_trouble(&self, verb: StoreVerb, plural: &str, name: &str) -> Option<Trouble> {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.take_if(|(call, _)| call.reached(verb, plural, name)).map(|(_, trouble)| trouble)
    }

    pub(super) async fn read<T: Document>(&self, name: &str) -> Result<Option<Stored<T>>, ApiError> {
        self.call::<T>(StoreVerb::Read, name).await?;
        Ok(self.server.look(|state| T::table(state).get(&FileName::of(name)).cloned()))
    }

    pub(super) async fn list<T: Document>(&self) -> Result<Vec<(String, Stored<T>)>, ApiError> {
        self.call::<T>(StoreVerb::List, "*").await?;
        Ok(self.server.look(|state| {
            T::table(state).iter().map(|(file, stored)| (file.name().to_owned(), stored.clone())).collect()
        }))
    }

    pub(super) async fn create<T: Document>(&self, name: &str, body: T) -> Result<Stored<T>, ApiError> {
        self.call::<T>(StoreVerb::Create, name).await?;
        self.server.change(|state| {
            if T::table(state).contains_key(&FileName::of(name)) {
                return Err(ApiError::Conflict { plural: T::PLURAL, name: name.to_owned() });
            }
            state.seed(name, body.clone());
            Ok(Stored { version: 1, created: state.sequence, body })
        })
    }

    /// Replaces a document; with a `version` only if that is still the stored one.
    pub(super) async fn replace<T: Document>(
        &self,
        name: &str,
        version: Option<&str>,
        body: T,
    ) -> Result<Stored<T>, ApiError> {
        self.call::<T>(StoreVerb::Replace, name).await?;
        self.server.change(|state| {
            let Some(stored) = T::table_mut(state).get_mut(&FileName::of(name)) else {
                return Err(ApiError::Missing { plural: T::PLURAL, name: name.to_owned() });
            };
            if version.is_some_and(|version| version != stored.version()) {
                return Err(ApiError::Conflict { plural: T::PLURAL, name: name.to_owned() });
            }
            stored.version += 1;
            stored.body = body;
            Ok(stored.clone())
        })
    }

    /// Deletes a document; a missing one is fine.
    pub(super) async fn delete<T: Document>(&self, name: &str) -> Result<(), ApiError> {
        self.call::<T>(StoreVerb::Delete, name).await?;
        self.server.change(|state| T::table_mut(state).remove(&FileName::of(name)));
        Ok(())
    }
}
