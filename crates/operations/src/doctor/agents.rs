//! The agents: from their config over key, route and provider to the model.
mod config;
mod upkeep;
mod way;

use super::{
    Consumers, Lists, Stored,
    asked::Answers,
    report::{Many, failed, unknown, warning},
};
use crate::{
    Seen,
    reads::{Agents, CHAT, SeenAgent},
};
use domain::{
    Check, CheckId, ConsumerName, ContainerAct, DeepHealth, Failure, ModelId, Repair, RouteName,
    SystemHealth, SystemState, Target, Worker, WorkerStatus,
    rules::{RouteView, winner},
};
use hiclaw::ModelHolder;
use std::{collections::BTreeSet, sync::Arc};

/// One agent and the way of its calls.
pub struct Agent<'a> {
    pub target: &'a Target,
    pub seen: &'a SeenAgent,
    pub model: Option<&'a ModelId>,
    /// The route that takes its model.
    pub route: Option<&'a RouteView>,
}

/// Every agent; without what the console stores, none of them has a route.
pub fn each<'a>(agents: &'a Agents, stored: Option<&'a Stored>) -> Vec<Agent<'a>> {
    let view = stored.map(|stored| &stored.view);
    let agent = |(target, seen)| {
        let seen: &SeenAgent = seen;
        let model = seen.config.as_ref().ok().and_then(|config| config.model.as_ref());
        let route = view
            .zip(model)
            .and_then(|(view, model)| winner(&view.routes, &view.host, CHAT, Some(model.as_str())));
        Agent { target, seen, model, route }
    };
    agents.by_target.iter().map(agent).collect()
}

impl Agent<'_> {
    fn name(&self) -> String {
        self.target.to_string()
    }

    /// Another model, where that can be given from here.
    fn other_model(&self, check: Check) -> Check {
        match &self.seen.agent.read_only {
            None => {
                let fix = format!("agm model set {} --provider PROVIDER --model MODEL", self.target);
                check.fix(fix).repair(Repair::SetModel { target: self.target.clone() })
            }
            Some(read_only) => check.fix(read_only.way.clone()),
        }
    }

    /// The route that turns it away.
    pub fn turned_away(&self) -> Option<(&RouteName, ConsumerName)> {
        let consumer = self.target.consumer();
        let route = self.route?;
        let allowed = route.consumers.as_ref()?;
        (!allowed.contains(&consumer)).then_some((&route.name, consumer))
    }
}

/// What is looked at.
pub struct Examined<'a> {
    pub agents: &'a Result<Arc<Agents>, Failure>,
    pub stored: &'a Result<Stored, Failure>,
    pub lists: &'a Lists,
    /// None: no agent's model was ever asked.
    pub answers: Option<&'a Answers>,
    pub holder: &'a dyn ModelHolder,
}

impl Examined<'_> {
    /// Routes and the agents' consumers that these turn away from the models they are set to.
    pub fn shut_out(&self) -> BTreeSet<(RouteName, ConsumerName)> {
        let agents = self.each();
        agents.iter().filter_map(Agent::turned_away).map(|(route, who)| (route.clone(), who)).collect()
    }

    /// All checks of agents.
    pub fn checks(
        &self,
        consumers: &Consumers,
        workers: &Result<Arc<Seen<Vec<Worker>>>, Failure>,
        health: &DeepHealth,
    ) -> Vec<Check> {
        let mut checks = vec![self.list()];
        let is_up = |system: &SystemHealth| system.name == "store" && system.state == SystemState::Up;
        let agents = self.each();
        checks.extend(config::checks(&agents, consumers, health.systems.iter().any(is_up)));
        checks.extend(match self.stored {
            Ok(stored) => way::checks(&agents, stored, self.lists),
            Err(why) => way::unread(why),
        });
        checks.extend(way::answered(&agents, self.stored.as_ref().ok(), self.answers));
        checks.push(upkeep::manager_model(&agents));
        match workers {
            Ok(workers) => {
                checks.extend(running(&workers.value));
                checks.extend(upkeep::pulls(self.holder, &workers.value));
            }
            Err(why) => {
                let unread = |id| unknown(id, "workers", format!("they could not be asked for: {why}"));
                checks.extend([CheckId::WorkerRuns, CheckId::WorkerTakesUp].map(unread));
            }
        }
        checks
    }

    fn each(&self) -> Vec<Agent<'_>> {
        self.agents.as_ref().map_or_else(|_| Vec::new(), |agents| each(agents, self.stored.as_ref().ok()))
    }

    fn list(&self) -> Check {
        let (id, about) = (CheckId::WorkerList, "workers");
        match self.agents {
            Err(why) => unknown(id, about, format!("they could not be read: {why}")),
            Ok(agents) => match &agents.workers_unknown {
                Some(why) => super::report::failure(id, about, why, "Look at HiClaw itself."),
                None => {
                    let workers = agents.by_target.len().saturating_sub(1);
                    super::report::ok(id, about, format!("HiClaw lists {workers} workers"))
                }
            },
        }
    }
}

/// Whether the workers run, as far as that can be seen.
fn running(workers: &[Worker]) -> Vec<Check> {
    let id = CheckId::WorkerRuns;
    let mut many = Many::of(id);
    for worker in workers {
        let about = format!("worker:{}", worker.name);
        let evidence = worker.evidence.clone();
        match worker.status {
            WorkerStatus::Idle
            | WorkerStatus::Busy
            | WorkerStatus::Sleeping
            | WorkerStatus::Starting
            | WorkerStatus::Running => many.well(about),
            WorkerStatus::Remote | WorkerStatus::Unknown => many.unseen(about, evidence),
            WorkerStatus::Stopped | WorkerStatus::Offline => {
                let check = warning(id, about, evidence);
                many.found(match worker.cannot.get(&ContainerAct::Wake) {
                    None => check.fix(format!("agm worker wake {}", worker.name)),
                    Some(not_from_here) => check.fix(not_from_here.way.clone()),
                });
            }
            WorkerStatus::Failed => many.found(
                failed(id, about, evidence)
                    .fix("Look at the log of its container, and let HiClaw make it anew."),
            ),
        }
    }
    many.told("workers", "run, or sleep until they are given work")
}
