//! Taking an operation back: what it wrote and still stands is replaced by what was there before.
use super::{Draft, Installation, draft::is_config, providers, world::World};
use crate::{
    clients::Clients,
    edits::{Edit, Reversal},
    journal::{Kept, Record},
    locks::Hold,
};
use domain::{
    Code, Failure, ModelId, Moved, Operation, OperationId, OperationState, ProviderName, Restart, Step,
    StepName, StepState, Target, UsedBy, Warning, WarningCode,
    rules::{RoutingView, affected, winner},
};
use futures::future::try_join_all;
use std::{collections::BTreeSet, sync::Arc};

/// An operation that is to be taken back.
pub struct Past {
    record: Record,
    undone_by: Option<OperationId>,
}

impl Past {
    /// `operations` are all that are known, to see whether one of them took this one back already.
    pub fn new(mut record: Record, operations: &[Arc<Operation>]) -> Self {
        let undone_by = undone_by(&record.operation.id, operations);
        // What became of its restarts is told before it is on disk.
        if let Some(known) = operations.iter().find(|known| known.id == record.operation.id) {
            record.operation.steps.clone_from(&known.steps);
        }
        Self { record, undone_by }
    }

    fn refused(&self) -> Option<Failure> {
        let operation = &self.record.operation;
        let conflict = |why: String, hint: &str| Some(Failure::new(Code::Conflict, why).hint(hint));
        match (operation.state, &self.undone_by) {
            (OperationState::Committed, None) => None,
            (OperationState::Committed, Some(by)) => conflict(
                format!("operation {} was undone already, by {by}", operation.id),
                "To have its change again, undo that one.",
            ),
            (OperationState::RolledBack, _) => conflict(
                format!("operation {} was rolled back", operation.id),
                "It left nothing that could be undone.",
            ),
            (OperationState::NeedsOperator, _) => conflict(
                format!("operation {} could not be rolled back as a whole", operation.id),
                "Its steps say what is where. While its undo is still tried, `agm history --release` ends that.",
            ),
            (
                OperationState::Planned
                | OperationState::Applying
                | OperationState::Verifying
                | OperationState::Compensating,
                _,
            ) => conflict(
                format!("operation {} is still under way", operation.id),
                "Wait for its end, or cancel it.",
            ),
        }
    }
}

/// The operation, of those that are given, whose undo of this one stands.
pub fn undone_by(id: &OperationId, operations: &[Arc<Operation>]) -> Option<OperationId> {
    let undoes = |other: &&Arc<Operation>| {
        other.undoes.as_ref() == Some(id)
            && other.state == OperationState::Committed
            && other.id > *id
            && undone_by(&other.id, operations).is_none()
    };
    operations.iter().find(undoes).map(|other| other.id.clone())
}

/// Its images are gone, or it never had any.
pub fn no_record(operation: &OperationId) -> Failure {
    Failure::new(Code::OperationNotFound, format!("there is no record of operation {operation}"))
        .hint("Operations that changed something can be undone while the journal keeps them, the newest 200.")
}

/// Reversed edits, the last first. No model is asked: a person may want back to something that does not work. The agents
/// whom the undo is for are the answer.
pub async fn draft(
    clients: &Clients,
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    past: &Past,
) -> Result<Vec<Target>, Failure> {
    if let Some(failure) = past.refused() {
        return Err(failure);
    }
    let edits = past.record.work.iter().rev().filter_map(|kept| match kept {
        Kept::Write(edit) => Some(edit),
        Kept::Other => None,
    });
    let reversals = try_join_all(edits.map(|edit| edit.reversal(clients))).await?;
    let mut moved = Vec::new();
    let mut back = Vec::new();
    for reversal in reversals {
        match reversal {
            Reversal::Edit(edit) => back.push(edit),
            Reversal::AsBefore => {}
            Reversal::Moved(object) => moved.push(object),
        }
    }
    if !moved.is_empty() {
        return Err(changed_since(&past.record.operation.id, moved));
    }
    let before = world.view(installation)?;
    let agents: BTreeSet<Target> = back.iter().filter_map(Edit::agent).cloned().collect();
    for target in &agents {
        let own: Vec<Edit> = back.iter().filter(|edit| edit.agent() == Some(target)).cloned().collect();
        restore_agent(world, draft, target, own, restart_as(&past.record.operation, target));
    }
    let running = world.view(installation)?;
    let mut gone = Vec::new();
    for edit in back {
        match edit {
            Edit::Provider { name, after, .. } => {
                gone.extend(after.is_none().then(|| name.clone()));
                draft.write_provider(world, &name, after);
            }
            Edit::Route { name, after, .. } => draft.write_route(world, &name, after, Hold::Write),
            edit @ (Edit::Plain { .. } | Edit::Registration { .. }) => draft.write_entry(edit),
            Edit::Record { .. } | Edit::Agent { .. } => {}
        }
    }
    draft.narrow_late();
    let after = world.view(installation)?;
    if !gone.is_empty() {
        providers::refuse_unread(world)?;
    }
    gone.iter().try_for_each(|name| refuse_used(name, &running, &after))?;
    let agents: Vec<Target> = agents.into_iter().collect();
    draft.affected = affected(&before, &after, &agents);
    Ok(agents)
}

/// An agent that was started again for what is taken back is started again for what comes back, once it is idle.
fn restart_as(past: &Operation, target: &Target) -> Restart {
    let done = |step: &Step| {
        let is_its = step.object.as_deref() == Some(target.agent());
        step.name == StepName::Restart && step.state == StepState::Done && is_its
    };
    if past.steps.iter().any(done) { Restart::WhenIdle } else { Restart::No }
}

fn restore_agent(world: &mut World, draft: &mut Draft, target: &Target, own: Vec<Edit>, restart: Restart) {
    for edit in &own {
        match edit {
            Edit::Record { before, .. } => draft.look_at_text(edit.object(), before.as_ref()),
            Edit::Agent { edit: part, .. } => {
                draft.look_at_text(part.object.clone(), Some(&part.before));
                if is_config(edit) {
                    world.now_runs(target, hiclaw::model_in(part.part, &part.after));
                }
                if let Some(lasts) = &part.lasts {
                    draft.warn(Warning::new(WarningCode::ResetByHiclaw, format!("this lasts {lasts}")));
                }
            }
            Edit::Provider { .. } | Edit::Route { .. } | Edit::Plain { .. } | Edit::Registration { .. } => {}
        }
    }
    let is_note = |edit: &Edit| matches!(edit, Edit::Record { .. });
    match own.iter().all(is_note) {
        true => own.into_iter().for_each(|note| draft.write_note(note)),
        false => draft.write_agent(target, own),
    }
    if let Ok(agent) = world.agents.get(target) {
        draft.take_up(&agent.agent, restart);
    }
}

fn changed_since(id: &OperationId, moved: Vec<Moved>) -> Failure {
    let names: Vec<_> = moved.iter().map(|moved| moved.object.as_str()).collect();
    let message = format!("changed since operation {id}: {}", names.join(", "));
    let mut failure = Failure::new(Code::Conflict, message).hint(
        "Nothing was undone: that would take somebody's later work away. Undo the later operations first, or set it by hand.",
    );
    failure.diff = moved;
    failure
}

/// Refuses to take a provider away that others came to use since. `running` has the models as they will be with the
/// routes as they are; `after` is the installation as it will be.
fn refuse_used(name: &ProviderName, running: &RoutingView, after: &RoutingView) -> Result<(), Failure> {
    let leads_there = |route: &domain::rules::RouteView| {
        route.upstreams.iter().any(|upstream| upstream.provider == *name) || route.fallback.contains(name)
    };
    let uses = |model: &ModelId| {
        let route = winner(&running.routes, &running.host, crate::reads::CHAT, Some(model.as_str()));
        route.is_some_and(leads_there)
    };
    let agents = running.agents.iter().filter(|agent| agent.model.as_ref().is_some_and(uses));
    let used_by = UsedBy {
        routes: after.routes.iter().filter(|r| leads_there(r)).map(|r| r.name.to_string()).collect(),
        agents: agents.map(|agent| agent.target.to_string()).collect(),
    };
    if used_by == UsedBy::default() {
        return Ok(());
    }
    let users: Vec<_> = used_by.routes.iter().chain(&used_by.agents).map(String::as_str).collect();
    let message = format!("undoing this would remove {name}, which is used by {}", users.join(", "));
    let mut failure =
        Failure::new(Code::ProviderInUse, message).hint("Let those use another provider first.");
    failure.used_by = Some(used_by);
    failure.provider = Some(name.clone());
    Err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(id: &str, undoes: Option<&str>, state: OperationState) -> Arc<Operation> {
        let json = serde_json::json!({"id": id, "kind": "undo", "state": state, "actor": "a", "via": "rest", "targets": [],
            "steps": [], "startedAt": "2026-01-01T00:00:00Z", "undoes": undoes});
        Arc::new(serde_json::from_value(json).unwrap())
    }

    #[test]
    fn an_undo_counts_unless_it_failed_or_was_undone_itself() {
        use OperationState::{Committed, RolledBack};
        let [a, b, c, d] = ["1", "2", "3", "4"].map(|last| format!("0000000000000000000000000{last}"));
        let first = || operation(&a, None, Committed);
        let by = |all: &[Arc<Operation>]| undone_by(&a.parse().unwrap(), all).map(|id| id.to_string());
        assert_eq!(by(&[first()]), None);
        let failed = operation(&b, Some(&a), RolledBack);
        assert_eq!(by(&[first(), failed.clone()]), None);
        let undo = operation(&b, Some(&a), Committed);
        assert_eq!(by(&[first(), undo.clone()]), Some(b.clone()));
        let redo = operation(&c, Some(&b), Committed);
        assert_eq!(by(&[first(), undo.clone(), redo.clone()]), None);
        let again = operation(&d, Some(&a), Committed);
        assert_eq!(by(&[first(), undo, redo, again]), Some(d));
    }
}
