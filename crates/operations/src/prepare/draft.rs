//! What a mutation writes, put in an order in which nobody is cut off between two writes.
use super::{Question, Work, describe, world::World};
use crate::{
    edits::{Edit, provider_object, route_object},
    locks::{Hold, Needs, Shared},
    neighbours::Neighbour,
    plans::Looked,
    proof::Proof,
    registration::{self, Registration},
    restarting::Restarting,
};
use domain::{
    Affected, BackupItem, ContainerAct, ModelPredicate, PlannedKeys, ProviderName, Restart, RouteName,
    Target, Warning, WarningCode,
};
use hiclaw::{Agent, Held, Part, TakeUp};
use higress::{PlainDoc, PlainName, ProviderDoc, RouteDoc};
use std::collections::{BTreeMap, BTreeSet};

/// What a mutation's own part works out; the rest of the plan follows from it. Several parts can be worked out one after
/// the other into one draft: each object is written once, from what was read to what the last part makes of it.
#[derive(Default)]
pub struct Draft {
    providers: Vec<Edit>,
    routes: Vec<Edit>,
    questions: Vec<Question>,
    /// The writes of each agent, with its reload.
    agents: Vec<Work>,
    /// Writes that only take away, and must wait until nothing needs what they take.
    removals: Vec<Edit>,
    /// Writes of what agm is reached by, in their order.
    entry: Vec<Edit>,
    /// What must hold when all is written.
    proof: Option<Proof>,
    /// What was read, by the object's name.
    pub looked: BTreeMap<String, Looked>,
    pub affected: Vec<Affected>,
    pub warnings: Vec<Warning>,
    pub needs: Needs,
    /// Of a restore: the providers whose keys are a matter of choice.
    pub keys: Vec<PlannedKeys>,
    /// Of a restore: what single things need that is not there.
    pub beyond: BTreeMap<BackupItem, Vec<BackupItem>>,
    /// The agents that are started again when all is written.
    pub restarts: Vec<Restarting>,
}

impl Draft {
    /// Notes that a provider was looked at: it must stay so.
    pub fn look_at_provider(&mut self, name: &ProviderName, doc: Option<&ProviderDoc>) {
        self.needs.add(Shared::Providers, Hold::Read);
        self.looked.entry(provider_object(name)).or_insert_with(|| describe::looked_provider(doc));
    }

    /// Notes that a route was looked at: it must stay so.
    pub fn look_at_route(&mut self, name: &RouteName, doc: Option<&RouteDoc>) {
        self.needs.add(Shared::Route(name.clone()), Hold::Read);
        self.looked.entry(route_object(name)).or_insert_with(|| describe::looked_route(doc));
    }

    /// Notes that a text was looked at.
    pub fn look_at_text(&mut self, object: String, held: Option<&Held>) {
        self.looked.entry(object).or_insert_with(|| describe::looked_text(held));
    }

    /// Adds a write of a provider: no other operation may use the providers meanwhile.
    pub fn write_provider(&mut self, world: &mut World, name: &ProviderName, after: Option<ProviderDoc>) {
        let before = world.console.provider(name).ok().cloned();
        self.look_at_provider(name, before.as_ref());
        self.needs.add(Shared::Providers, Hold::Write);
        world.put_provider(name, after.clone());
        let known = self.providers.iter_mut().find_map(|edit| match edit {
            Edit::Provider { name: known, after, .. } if known == name => Some(after),
            _ => None,
        });
        match (known, after) {
            (Some(known), after) => *known = after,
            (None, None) => {
                self.removals.push(Edit::Provider { name: name.clone(), before, after: None });
            }
            (None, after) => self.providers.push(Edit::Provider { name: name.clone(), before, after }),
        }
    }

    /// Adds a write of a route. `providers` says whether other plans may go on meanwhile: one that decides anew which
    /// route takes a model excludes them.
    pub fn write_route(
        &mut self,
        world: &mut World,
        name: &RouteName,
        after: Option<RouteDoc>,
        providers: Hold,
    ) {
        let before = world.console.route(name).cloned();
        self.look_at_route(name, before.as_ref());
        self.needs.add(Shared::Providers, providers);
        self.needs.add(Shared::Route(name.clone()), Hold::Write);
        world.put_route(name, after.clone());
        let known = self.routes.iter_mut().find_map(|edit| match edit {
            Edit::Route { name: known, after, .. } if known == name => Some(after),
            _ => None,
        });
        match known {
            Some(known) => *known = after,
            None => self.routes.push(Edit::Route { name: name.clone(), before, after }),
        }
    }

    /// Notes that what agm is reached by was looked at.
    pub fn look_at_plain(&mut self, name: &PlainName, doc: Option<&PlainDoc>) {
        self.needs.add(Shared::Entry, Hold::Read);
        self.looked.entry(name.to_string()).or_insert_with(|| describe::looked_plain(doc));
    }

    /// Notes that our note of what is registered was looked at.
    pub fn look_at_registration(&mut self, registration: Option<&Registration>) {
        self.needs.add(Shared::Entry, Hold::Read);
        let object = registration::OBJECT.to_owned();
        self.looked.entry(object).or_insert_with(|| describe::looked_registration(registration));
    }

    /// Adds a write of what agm is reached by, behind those that were added before.
    pub fn write_entry(&mut self, edit: Edit) {
        match &edit {
            Edit::Plain { name, before, .. } => self.look_at_plain(name, before.as_ref()),
            Edit::Registration { before, .. } => self.look_at_registration(before.as_ref()),
            _ => {}
        }
        edit.add_needs(&mut self.needs);
        self.entry.push(edit);
    }

    /// The writes of what agm is reached by that come to something.
    pub fn entry_writes(&self) -> impl Iterator<Item = &Edit> {
        self.entry.iter().filter(|edit| !edit.changes_nothing())
    }

    /// Adds what must hold in the end, or everything is undone.
    pub fn prove(&mut self, proof: Proof) {
        self.proof = Some(proof);
    }

    /// Adds a question that decides whether the operation goes on.
    pub fn ask(&mut self, question: Question) {
        self.questions.push(question);
    }

    /// Marks the questions whose model was answered in another way before.
    pub fn mark_moved(&mut self, moves: impl Fn(&domain::ModelId) -> bool) {
        for question in &mut self.questions {
            question.moved = moves(&question.model);
        }
    }

    /// Adds the writes of one agent, in their order, and its reload.
    pub fn write_agent(&mut self, target: &Target, edits: impl IntoIterator<Item = Edit>) {
        let before = self.agents.len();
        self.agents.extend(edits.into_iter().map(Work::Write));
        if self.agents.len() > before {
            self.agents.push(Work::Reload(target.clone()));
        }
    }

    /// Adds something to do with an agent's container.
    pub fn act(&mut self, target: &Target, act: ContainerAct) {
        self.agents.push(Work::Act(target.clone(), act));
    }

    /// Adds the write of our note of an agent, which has nothing to take up.
    pub fn write_note(&mut self, edit: Edit) {
        self.agents.push(Work::Write(edit));
    }

    /// Routes that only take away wait until no agent needs what they take: for changes that no question precedes.
    pub fn narrow_late(&mut self) {
        let (early, late) = std::mem::take(&mut self.routes).into_iter().partition(|edit| rank(edit) == 0);
        self.routes = early;
        self.removals.splice(0..0, late);
    }

    /// Says what it costs until the agent runs what it was switched to, and adds its restart where one is asked for. The
    /// writes of the agent must be there.
    pub fn take_up(&mut self, agent: &Agent, restart: Restart) {
        let (target, name) = (agent.target.clone(), agent.target.agent());
        let its = |edit: &Edit| edit.held().is_some() && edit.agent() == Some(&target);
        let changes = self.agents.iter().any(|work| matches!(work, Work::Write(edit) if its(edit)));
        if !changes && restart == Restart::No {
            return;
        }
        let turn_lost = |how: &str| {
            let message = format!("the container of {name} {how}: if it is busy, it loses its turn");
            Warning::new(WarningCode::TurnLost, message).about([name])
        };
        match (agent.takes_up, restart) {
            (TakeUp::ByItself, _) => {}
            (TakeUp::Replaced, _) if changes => self.warn(turn_lost("is made anew at once")),
            (TakeUp::Replaced, _) => {}
            (TakeUp::Restart, Restart::No) => {
                let message = format!("{name} runs its former model until its container starts again");
                self.warn(Warning::new(WarningCode::FormerModelRuns, message).about([name]));
            }
            (TakeUp::Restart, Restart::Now) => {
                self.warn(turn_lost("is started again"));
                self.restarts.push(Restarting::new(target, false));
            }
            (TakeUp::Restart, Restart::WhenIdle) => {
                self.restarts.push(Restarting::new(target, true));
            }
        }
    }

    pub fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Drops the writes that come to nothing.
    pub fn tidy(&mut self) {
        for edits in [&mut self.providers, &mut self.routes, &mut self.removals, &mut self.entry] {
            edits.retain(|edit| !edit.changes_nothing());
        }
    }

    /// The routes that are written.
    pub fn written_routes(&self) -> BTreeSet<RouteName> {
        let name = |edit: &Edit| match edit {
            Edit::Route { name, .. } => Some(name.clone()),
            _ => None,
        };
        self.routes.iter().chain(&self.removals).filter_map(name).collect()
    }

    /// Whether an agent gets another config or note.
    pub fn writes_agent(&self, target: &Target) -> bool {
        self.agents.iter().any(|work| matches!(work, Work::Reload(written) if written == target))
    }

    /// Whether a provider is written.
    pub fn writes_provider(&self, provider: &ProviderName) -> bool {
        self.providers.iter().any(|edit| matches!(edit, Edit::Provider { name, .. } if name == provider))
    }

    /// Everything in the order in which it is done: first what adds (providers, then routes), then what narrows, then
    /// the questions, then the agents, and last what only the old state needed. The neighbours are asked when all
    /// routes are written.
    pub fn into_work(mut self, neighbours: Vec<Neighbour>) -> Vec<Work> {
        self.routes.sort_by_key(rank);
        let mut work: Vec<Work> = self.providers.into_iter().chain(self.routes).map(Work::Write).collect();
        work.extend(self.questions.into_iter().map(Work::Ask));
        let ask = (!neighbours.is_empty()).then_some(Work::Neighbours(neighbours));
        let (early, late) = if self.removals.is_empty() { (ask, None) } else { (None, ask) };
        work.extend(early);
        work.extend(self.agents);
        work.extend(self.removals.into_iter().map(Work::Write));
        work.extend(late);
        work.extend(self.entry.into_iter().map(Work::Write));
        work.extend(self.proof.map(Work::Prove));
        work
    }
}

/// 0: whoever was served still is, 1: somebody may not be, 2: the route goes.
fn rank(edit: &Edit) -> u8 {
    match edit {
        Edit::Route { before: Some(before), after: Some(after), .. } => u8::from(!only_adds(before, after)),
        Edit::Route { after: None, .. } => 2,
        _ => 0,
    }
}

fn only_adds(before: &RouteDoc, after: &RouteDoc) -> bool {
    /// Whether `wide` has all of `narrow`; an empty list means anything.
    fn covers<T: PartialEq>(wide: &[T], narrow: &[T]) -> bool {
        wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(|one| wide.contains(one)))
    }
    let (old, new): (Vec<ModelPredicate>, _) = (before.predicates(), after.predicates());
    let lets_in = match (before.consumers(), after.consumers()) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(old), Some(new)) => old.iter().all(|consumer| new.contains(consumer)),
    };
    let same_way = before.path() == after.path() && before.upstreams() == after.upstreams();
    same_way && lets_in && covers(&new, &old) && covers(&after.domains(), &before.domains())
}

/// Whether an edit is the one by which an agent runs another model.
pub fn is_config(edit: &Edit) -> bool {
    matches!(edit, Edit::Agent { edit, .. } if matches!(edit.part, Part::Spec | Part::Config))
}

#[cfg(test)]
mod tests;
