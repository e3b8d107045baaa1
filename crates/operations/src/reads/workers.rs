//! All workers: how they are, and the model that each one's config names.
use super::Agents;
use crate::Seen;
use domain::{Target, Worker};

/// Puts together what was seen of their state and of their configs; as old as the older of the two.
pub fn workers_with_models(states: &Seen<Vec<Worker>>, agents: &Agents) -> Seen<Vec<Worker>> {
    let model = |worker: &Worker| {
        let seen = agents.by_target.get(&Target::Worker(worker.name.clone()))?;
        seen.config.as_ref().ok()?.model.clone()
    };
    let value = states.value.iter().map(|worker| Worker { model: model(worker), ..worker.clone() }).collect();
    Seen { value, observed_at: states.observed_at.clone().min(agents.at.clone()) }
}
