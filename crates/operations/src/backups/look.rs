//! One look at everything that a backup holds, taken twice: what two looks see alike was there at one time.
use super::content::{Content, Documents};
use crate::{
    Operations,
    clients::Clients,
    declared::exported,
    reads::{Agents, ConsoleState, SeenAgent},
};
use domain::{AgentDocuments, Code, Failure, Target};
use higress::{ProviderDoc, RouteDoc};
use serde_json::Value;
use std::sync::Arc;

/// How many looks are taken until two in a row see the same.
const LOOKS: usize = 4;

struct Look {
    console: Arc<ConsoleState>,
    agents: Agents,
    service_sources: Vec<Value>,
}

impl Operations {
    /// How things are now.
    ///
    /// # Errors
    /// `CONFLICT` when they do not stand still, and those of a read of the console.
    pub(super) async fn settled_look(&self) -> Result<Content, Failure> {
        let clients = &self.0.clients;
        let mut seen = Look::take(clients).await?;
        for _ in 1..LOOKS {
            let again = Look::take(clients).await?;
            if again.is_as(&seen) {
                return self.content_of(again);
            }
            seen = again;
        }
        Err(Failure::new(
            Code::Conflict,
            format!("the installation is being changed: {LOOKS} looks saw no two alike"),
        )
        .hint("Try again when the other changes are done."))
    }

    fn content_of(&self, look: Look) -> Result<Content, Failure> {
        let Look { console, agents, service_sources } = look;
        let said = exported(&console, &agents, &self.0.installation)?;
        let originals = Documents {
            providers: console.providers.iter().map(ProviderDoc::json).cloned().collect(),
            routes: console.routes.iter().map(RouteDoc::json).cloned().collect(),
            service_sources,
            consumers: console.consumers.clone(),
            agents: agents.by_target.iter().map(agent_documents).collect::<Result<_, _>>()?,
        };
        Ok(Content { file: said.file, left_out: said.left_out, originals: Some(originals), former: None })
    }
}

impl Look {
    /// The console's part is shared with plans that are being made. Agents that have not changed since they were read last
    /// are not read again.
    async fn take(clients: &Clients) -> Result<Self, Failure> {
        let console = async { Ok(Arc::new(ConsoleState::read(clients).await?)) };
        let (console, agents, service_sources) = futures::join!(
            clients.together.console.read(console),
            Agents::read_with_records(clients),
            clients.console.service_sources()
        );
        Ok(Self { console: console?, agents, service_sources: service_sources? })
    }

    fn is_as(&self, other: &Self) -> bool {
        let agents = |look: &Self| look.agents.by_target.len();
        self.console.providers == other.console.providers
            && self.console.routes == other.console.routes
            && self.console.consumers == other.console.consumers
            && self.service_sources == other.service_sources
            && self.agents.workers_unknown.is_some() == other.agents.workers_unknown.is_some()
            && agents(self) == agents(other)
            && self.agents.by_target.iter().zip(&other.agents.by_target).all(are_alike)
    }
}

/// Why something could not be read may be said in other words the next time.
fn are_alike(((target, a), (other, b)): ((&Target, &SeenAgent), (&Target, &SeenAgent))) -> bool {
    let version = |seen: &SeenAgent| seen.config.as_ref().ok().map(|config| config.held.version.clone());
    target == other
        && a.agent == b.agent
        && version(a) == version(b)
        && a.record.as_ref().ok() == b.record.as_ref().ok()
}

fn agent_documents((target, seen): (&Target, &SeenAgent)) -> Result<AgentDocuments, Failure> {
    let record = seen.record.as_ref().ok().and_then(Option::as_ref).map(serde_json::to_value).transpose();
    Ok(AgentDocuments {
        agent: target.clone(),
        record: record.map_err(super::content::unwritable)?,
        model: seen.config.as_ref().ok().and_then(|config| config.part.clone()),
    })
}
