//! The installation as it was read once for a plan, and as it will be after the writes that are planned so far.
use super::{Installation, agents_of};
use crate::{
    clients::Clients,
    failure::no_key,
    reads::{Agents, ConsoleState, routing_view},
};
use domain::{Failure, ModelId, Mutation, ProviderName, RouteName, Target, rules::RoutingView};
use futures::future::try_join_all;
use hiclaw::{Held, Record};
use higress::{ProviderDoc, RouteDoc};
use secrecy::SecretString;
use std::{collections::BTreeMap, sync::Arc};

/// What plans are made from.
pub struct World {
    pub console: ConsoleState,
    pub agents: Agents,
    /// Our notes of those agents whom the mutation is for.
    records: BTreeMap<Target, Option<Held>>,
}

impl World {
    /// Reads what the mutation needs, and no more.
    pub async fn read(clients: &Clients, mutation: &Mutation) -> Result<Self, Failure> {
        let agents = async {
            match mutation {
                Mutation::EditProvider { .. } | Mutation::Install(_) | Mutation::Uninstall => {
                    Agents::unread(clients)
                }
                _ => (*clients.together.agents.read(async { Arc::new(Agents::read(clients).await) }).await)
                    .clone(),
            }
        };
        let targets = agents_of(mutation);
        let record = |target: Target| async move {
            let held = clients.records.read(&target).await?;
            Ok::<_, Failure>((target, held))
        };
        let records = try_join_all(targets.into_iter().map(record));
        let console = async { Ok(Arc::new(ConsoleState::read(clients).await?)) };
        let (console, agents, records) =
            futures::join!(clients.together.console.read(console), agents, records);
        Ok(Self { console: (*console?).clone(), agents, records: records?.into_iter().collect() })
    }

    /// As the routing rules see it.
    pub fn view(&self, installation: &Installation) -> Result<RoutingView, Failure> {
        routing_view(&self.console, &self.agents, installation)
    }

    /// Our note of an agent, as it lies in the store.
    pub fn held_record(&self, target: &Target) -> Option<&Held> {
        self.records.get(target).and_then(Option::as_ref)
    }

    /// Our note of an agent; none where there is none.
    pub fn record(&self, target: &Target) -> Result<Option<Record>, Failure> {
        let held = self.held_record(target);
        Ok(held.map(|held| Record::parse(target, &held.image)).transpose()?)
    }

    /// The agent's key for the gateway: of some runtimes its config has none, and only its consumer knows it.
    pub fn key(&self, target: &Target) -> Result<SecretString, Failure> {
        let config = self.agents.get(target)?.config.as_ref().map_err(Clone::clone)?;
        let key = config.key.as_ref().or_else(|| self.console.keys.get(&target.consumer()));
        key.cloned().ok_or_else(|| no_key(target))
    }

    /// From here on the provider is this. None: it is not there.
    pub fn put_provider(&mut self, name: &ProviderName, doc: Option<ProviderDoc>) {
        put(&mut self.console.providers, doc, |provider| provider.name() == name);
    }

    /// From here on the route is this. A new one is the youngest.
    pub fn put_route(&mut self, name: &RouteName, doc: Option<RouteDoc>) {
        put(&mut self.console.routes, doc, |route| route.name() == name);
    }

    /// From here on the agent runs this model.
    pub fn now_runs(&mut self, target: &Target, model: Option<ModelId>) {
        let seen = self.agents.by_target.get_mut(target);
        if let Some(config) = seen.and_then(|seen| seen.config.as_mut().ok()) {
            Arc::make_mut(config).model = model;
        }
    }
}

fn put<T>(docs: &mut Vec<T>, doc: Option<T>, is_it: impl Fn(&T) -> bool) {
    match (docs.iter().position(is_it), doc) {
        (Some(at), Some(doc)) => docs[at] = doc,
        (Some(at), None) => drop(docs.remove(at)),
        (None, Some(doc)) => docs.push(doc),
        (None, None) => {}
    }
}
