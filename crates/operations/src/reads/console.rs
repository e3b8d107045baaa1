//! Everything that the console stores about AI, read at once.
use crate::clients::Clients;
use domain::{Code, ConsumerName, Failure, ProviderName, RouteName, Timestamp};
use futures::try_join;
use higress::{ConsumerDoc, ProviderDoc, RouteDoc};
use secrecy::SecretString;
use std::collections::BTreeMap;

/// One look at the console.
#[derive(Clone)]
pub struct ConsoleState {
    pub at: Timestamp,
    pub providers: Vec<ProviderDoc>,
    pub routes: Vec<RouteDoc>,
    pub consumers: Vec<ConsumerName>,
    /// A key of each consumer that has one.
    pub keys: BTreeMap<ConsumerName, SecretString>,
}

impl ConsoleState {
    /// Looks.
    pub async fn read(clients: &Clients) -> Result<Self, Failure> {
        let at = clients.clock.now();
        let console = &clients.console;
        let (providers, routes, consumers) =
            try_join!(console.providers(), console.routes(), console.consumers())?;
        let key = |doc: &ConsumerDoc| Some((doc.name().clone(), doc.keys().into_iter().next()?));
        let keys = consumers.iter().filter_map(key).collect();
        let consumers = consumers.iter().map(ConsumerDoc::name).cloned().collect();
        Ok(Self { at, providers, routes, consumers, keys })
    }

    /// A provider, or `PROVIDER_NOT_FOUND`.
    pub fn provider(&self, name: &ProviderName) -> Result<&ProviderDoc, Failure> {
        let found = self.providers.iter().find(|provider| provider.name() == name);
        found.ok_or_else(|| {
            Failure::new(Code::ProviderNotFound, format!("there is no provider {name}"))
                .hint("Add it under Providers, or with `agm provider add`.")
        })
    }

    /// An AI route, if there is one of this name.
    pub fn route(&self, name: &RouteName) -> Option<&RouteDoc> {
        self.routes.iter().find(|route| route.name() == name)
    }
}
