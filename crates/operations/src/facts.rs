//! What is there: providers, routes, agents and their models.
use crate::Inner;
use crate::{
    Operations, Seen,
    reads::{self, Agents, AssignmentsSeen, ConsoleState, looks},
};
use domain::{
    AiRoute, Assignment, Assignments, Code, Failure, LastTest, Provider, ProviderModel, ProviderName,
    ProviderTest, Simulate, Simulation, Target, TestProvider, Topic, Worker, rules,
};
use std::sync::Arc;

impl Operations {
    /// All providers, with who uses each.
    pub async fn providers(&self) -> Result<Arc<Seen<Vec<Provider>>>, Failure> {
        let (console, agents) = self.seen().await?;
        let make = |console: &ConsoleState, agents: &Agents| {
            let value = reads::provider_views(console, agents, &self.0.installation, &self.0.last_tests)?;
            Ok(Arc::new(Seen { value, observed_at: console.at.clone() }))
        };
        (*self.0.caches.providers.of(&console, &agents, make)).clone()
    }

    /// One provider.
    pub async fn provider(&self, name: &ProviderName) -> Result<Provider, Failure> {
        let (providers, console) = futures::try_join!(self.providers(), self.console())?;
        let found = providers.value.iter().find(|provider| provider.name == *name).cloned();
        found.map_or_else(|| Err(console.provider(name).err().unwrap_or_else(changed_meanwhile)), Ok)
    }

    /// The provider's own list, with what is known about each model.
    pub async fn provider_models(&self, name: &ProviderName) -> Result<Vec<ProviderModel>, Failure> {
        reads::provider_models(&self.0.clients, self.console().await?.provider(name)?).await
    }

    /// Asks the provider itself, and with a model also through the gateway. What the test saw is shown with the provider
    /// until the next test or until the provider is changed.
    pub async fn test_provider(&self, test: TestProvider) -> Result<ProviderTest, Failure> {
        let Inner { clients, installation, engine, caches, last_tests, .. } = &*self.0;
        let console = self.console().await?;
        let (name, model, lag) = (&test.provider, test.model.as_ref(), engine.gateway_may_lag());
        let outcome = reads::test_provider(clients, installation, &console, name, model, lag).await;
        let seen = outcome.as_ref().map_or_else(ProviderTest::of_failure, |test| Some(test.clone()));
        if let Some(test) = seen {
            last_tests.keep(console.provider(name)?, LastTest { at: clients.clock.now(), test });
            caches.providers.clear();
            caches.board.tell(&[Topic::Providers]);
        }
        outcome
    }

    /// All AI routes, in the order in which the gateway asks them.
    pub async fn routes(&self) -> Result<Arc<Seen<Vec<AiRoute>>>, Failure> {
        let console = self.console().await?;
        let make = |console: &ConsoleState, _: &ConsoleState| {
            let value = rules::ai_routes(&reads::view_for_routes(console, &self.0.installation)?);
            Ok(Arc::new(Seen { value, observed_at: console.at.clone() }))
        };
        (*self.0.caches.routes.of(&console, &console, make)).clone()
    }

    /// Which route wins for a model, and why.
    pub async fn simulate(&self, question: Simulate) -> Result<Simulation, Failure> {
        let console = self.console().await?;
        Ok(rules::simulate(&reads::view_for_routes(&console, &self.0.installation)?, &question))
    }

    /// One agent's model: recorded, and as its config and the routes say.
    pub async fn assignment(&self, target: &Target) -> Result<Arc<Seen<Assignment>>, Failure> {
        let seen = self.all_assignments().await?;
        let all = (*seen).as_ref().map_err(Clone::clone)?;
        match (all.by_target.get(target), target, &all.workers_unknown) {
            (Some(assignment), ..) => Ok(assignment.clone()),
            (None, Target::Worker(_), Some(why)) => Err(why.clone()),
            (None, Target::Worker(name), None) => Err(hiclaw::Error::NoWorker(name.clone()).into()),
            (None, Target::Manager, _) => Err(changed_meanwhile()),
        }
    }

    /// Every agent's model.
    pub async fn assignments(&self) -> Result<Assignments, Failure> {
        let seen = self.all_assignments().await?;
        let all = (*seen).as_ref().map_err(Clone::clone)?;
        if let Some(why) = &all.workers_unknown {
            return Err(why.clone());
        }
        let workers = all.by_target.iter().filter_map(|(target, seen)| match target {
            Target::Manager => None,
            Target::Worker(name) => Some((name.clone(), seen.value.clone())),
        });
        let manager = all.by_target.get(&Target::Manager).ok_or_else(changed_meanwhile)?.value.clone();
        Ok(Assignments { manager, workers: workers.collect() })
    }

    /// All workers and how they are.
    pub async fn workers(&self) -> Result<Arc<Seen<Vec<Worker>>>, Failure> {
        let (states, agents) = futures::try_join!(self.states(), self.agents())?;
        let make = |states: &_, agents: &_| reads::all_workers(states, agents, &self.operations());
        Ok(self.0.caches.workers.of(&states, &agents, make))
    }

    pub(crate) async fn console(&self) -> Result<Arc<ConsoleState>, Failure> {
        self.0.caches.console.get(looks::console(&self.0.clients)).await
    }

    pub(crate) async fn agents(&self) -> Result<Arc<Agents>, Failure> {
        self.0.caches.agents.get(looks::agents(&self.0.clients)).await
    }

    async fn states(&self) -> Result<Arc<Seen<Vec<Worker>>>, Failure> {
        self.0.caches.states.get(looks::states(&self.0.clients)).await
    }

    /// Looks at everything that the cached reads are made of, and waits until that is done: reads that follow are young.
    /// What could not be seen is told by them.
    pub(crate) async fn look(&self) {
        let Inner { caches, clients, .. } = &*self.0;
        drop(futures::join!(
            caches.console.fresh(looks::console(clients)),
            caches.agents.fresh(looks::agents(clients)),
            caches.states.fresh(looks::states(clients)),
        ));
    }

    /// The console and the agents, as they were seen a moment ago.
    pub(crate) async fn seen(&self) -> Result<(Arc<ConsoleState>, Arc<Agents>), Failure> {
        futures::try_join!(self.console(), self.agents())
    }

    pub(crate) async fn all_assignments(&self) -> Result<Arc<Result<AssignmentsSeen, Failure>>, Failure> {
        let (console, agents) = self.seen().await?;
        Ok(self.assignments_of(&console, &agents))
    }

    /// The assignments that these tell of.
    pub(crate) fn assignments_of(
        &self,
        console: &Arc<ConsoleState>,
        agents: &Arc<Agents>,
    ) -> Arc<Result<AssignmentsSeen, Failure>> {
        let make = |console: &ConsoleState, agents: &Agents| {
            reads::observed_assignments(console, agents, &self.0.installation)
        };
        self.0.caches.assignments.of(console, agents, make)
    }
}

/// Two reads of one moment disagree: somebody changed the installation between them.
fn changed_meanwhile() -> Failure {
    Failure::new(Code::Conflict, "the installation changed during the read").hint("Ask again.")
}
