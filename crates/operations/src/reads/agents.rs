//! All agents and what their own configs and our records say.
use crate::clients::Clients;
use domain::{ContainerAct, Failure, NotFromHere, Ownership, Reset, Target, Timestamp, rules::AgentView};
use futures::{
    StreamExt,
    future::{join, join3},
    stream,
};
use hiclaw::{Agent, AgentConfig, Record};
use std::{collections::BTreeMap, sync::Arc};
use store::Listing;

/// How many agents are read at once.
const AT_ONCE: usize = 32;

/// One agent.
#[derive(Clone)]
pub struct SeenAgent {
    pub agent: Agent,
    pub config: Result<Arc<AgentConfig>, Failure>,
    /// Our note of its last switch, if there is one and it was asked for.
    pub record: Result<Option<Record>, Failure>,
    pub ownership: Ownership,
    /// What cannot be done with its container.
    pub cannot: BTreeMap<ContainerAct, NotFromHere>,
    /// What gives it a model whenever its container starts; none: nothing does.
    pub reset: Option<Reset>,
}

/// One look at all agents.
#[derive(Clone)]
pub struct Agents {
    pub at: Timestamp,
    pub by_target: BTreeMap<Target, SeenAgent>,
    /// Why the workers are not known; the Manager always is.
    pub workers_unknown: Option<Failure>,
    /// What shows that the installation is another one than it is taken for; none: nothing.
    pub doubt: Option<String>,
}

impl Agents {
    /// No look at all, for plans that do not depend on agents.
    pub fn unread(clients: &Clients) -> Self {
        Self { at: clients.clock.now(), by_target: BTreeMap::new(), workers_unknown: None, doubt: None }
    }

    /// Looks at all agents' configs, which is all that a plan needs. What cannot be read says so in its place.
    pub async fn read(clients: &Clients) -> Self {
        Box::pin(Self::look(clients, false)).await
    }

    /// As [`Agents::read`], with our notes.
    pub async fn read_with_records(clients: &Clients) -> Self {
        Box::pin(Self::look(clients, true)).await
    }

    async fn look(clients: &Clients, with_records: bool) -> Self {
        let at = clients.clock.now();
        let (agents, listing) = join(clients.holder.agents(), clients.store.list_agents()).await;
        let (agents, workers_unknown) = match agents {
            Ok(agents) => (agents, None),
            Err(error) => (vec![clients.holder.known_manager()], Some(Failure::from(error))),
        };
        let doubt = clients.holder.doubt(&listing);
        let read =
            stream::iter(agents).map(|agent| look(clients, agent, &listing, with_records)).buffered(AT_ONCE);
        let by_target = read.map(|seen| (seen.agent.target.clone(), seen)).collect().await;
        Self { at, by_target, workers_unknown, doubt }
    }

    /// An agent, or why it is not known.
    pub fn get(&self, target: &Target) -> Result<&SeenAgent, Failure> {
        match (self.by_target.get(target), target, &self.workers_unknown) {
            (Some(seen), ..) => Ok(seen),
            (None, Target::Worker(_), Some(why)) => Err(why.clone()),
            (None, Target::Worker(name), None) => Err(hiclaw::Error::NoWorker(name.clone()).into()),
            (None, Target::Manager, _) => Err(hiclaw::Error::Missing("the Manager".into()).into()),
        }
    }

    /// What the routing rules need to know of all agents.
    pub fn views(&self) -> Vec<AgentView> {
        let model = |seen: &SeenAgent| seen.config.as_ref().ok().and_then(|config| config.model.clone());
        self.by_target
            .iter()
            .map(|(target, seen)| AgentView { target: target.clone(), model: model(seen) })
            .collect()
    }
}

#[cfg(test)]
impl SeenAgent {
    /// Nothing of it was read.
    pub fn unread(agent: Agent) -> Self {
        let nobody = || domain::Owned { owner: String::new(), ours: true, overwritten: None };
        let ownership = Ownership { model: nobody(), limits: nobody() };
        let failure = || Failure::new(domain::Code::NotFound, "not read");
        Self {
            config: Err(failure()),
            record: Err(failure()),
            ownership,
            cannot: BTreeMap::new(),
            reset: None,
            agent,
        }
    }
}

async fn look(clients: &Clients, agent: Agent, listing: &Listing, with_record: bool) -> SeenAgent {
    let record = async {
        match with_record {
            true => clients.records.as_listed(&agent.target, listing).await,
            false => Ok(None),
        }
    };
    let config = clients.holder.config_as_listed(&agent.target, listing);
    let reset = clients.holder.reset(&agent.target);
    let (config, record, reset) = join3(config, record, reset).await;
    let (config, record) = (config.map_err(Failure::from), record.map_err(Failure::from));
    let holder = &clients.holder;
    let ownership = holder.ownership(&agent.target);
    let cannot = |act| Some((act, holder.cannot(&agent.target, act)?));
    let cannot = ContainerAct::ALL.into_iter().filter_map(cannot).collect();
    SeenAgent { config, record, ownership, cannot, reset: reset.ok().flatten(), agent }
}
