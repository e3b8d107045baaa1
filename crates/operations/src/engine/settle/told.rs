//! What a watch tells of itself when it ends.
use super::Watch;
use crate::edits::{Edit, Side};
use domain::{Settled, Step, StepName, StepState, rules::Outcome};
use std::collections::BTreeSet;

impl Watch {
    /// What the looks saw.
    pub(super) fn settled(&self) -> Settled {
        let engine = &self.course.engine;
        let looks = match (self.course.edits().count(), self.notes.as_slice()) {
            (0, _) => return Settled::nothing_written(engine.clock.now()),
            (n, []) => format!("{n} objects looked at {} times, all as told", self.looks),
            (_, notes) => notes.join("; "),
        };
        let evidence = match self.lasting() {
            Some(lasting) => format!("{looks}; {lasting}"),
            None => looks,
        };
        Settled { at: engine.clock.now(), evidence }
    }

    /// Whether the models that were written last: HiClaw had its time to undo them, and all of them still stand.
    fn lasting(&self) -> Option<String> {
        if self.course.saga.outcome() != Some(Outcome::Committed) || !self.lacking.is_empty() {
            return None;
        }
        let of_agents: Vec<&hiclaw::Edit> = self.course.edits().filter_map(|(_, edit)| edit.held()).collect();
        let stands = |edit: &&hiclaw::Edit| self.course.engine.watches.has(&self.course.id(), &edit.object);
        if !of_agents.iter().all(stands) {
            return None;
        }
        let waited = of_agents.iter().map(|edit| edit.sure_after).max()?.as_secs();
        let until = of_agents.iter().find_map(|edit| edit.lasts.as_deref());
        let lasts = match (waited, until) {
            (0, None) => return None,
            (0, Some(until)) => format!("it lasts {until}"),
            (_, None) => format!("it lasts: in {waited} s HiClaw has not undone it"),
            (_, Some(until)) => format!("in {waited} s HiClaw has not undone it, and it lasts {until}"),
        };
        let unseen = self.not_seen_to_run().into_iter();
        Some(unseen.fold(lasts, |lasts, agent| format!("{lasts}; that {agent} runs it was not seen")))
    }

    /// The agents of which nobody saw that they took the change up.
    fn not_seen_to_run(&self) -> BTreeSet<String> {
        let operation = self.course.progress.operation();
        let steps = |name, done: bool| {
            let of = |step: &&Step| step.name == name && (step.state == StepState::Done) == done;
            operation.steps.iter().filter(of).filter_map(|step| step.object.clone()).collect::<BTreeSet<_>>()
        };
        &steps(StepName::Reload, false) - &steps(StepName::Restart, true)
    }

    /// Somebody brought back what an agent had before: whose that is, and what undoes a change of it.
    pub(super) fn note_undone(&mut self, step: usize) {
        let Some(Edit::Agent { target, edit }) = self.course.edit(step) else { return };
        let engine = self.course.engine.clone();
        let overwritten = engine.clients.holder.ownership(target).model.overwritten;
        let (object, owner) = (edit.object.clone(), &edit.owner);
        let whose = format!("somebody else changed {object} back to what it was: it belongs to {owner}");
        let note = match edit.lasts.as_deref().or(overwritten.as_deref()) {
            Some(until) => format!("{whose}, and a change of it lasts {until}"),
            None => format!("{whose}, and nothing is known that does this by itself"),
        };
        self.note(note);
        engine.watches.give_up(&self.course.id(), &object);
    }

    /// What this watch did to an object.
    pub(super) fn note_right(&mut self, side: Side, object: &str) {
        self.note(match side {
            Side::After => {
                format!("the write of {object} was swallowed by another writer and was made again")
            }
            Side::Before => format!("a late write of {object} was taken back"),
        });
    }

    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}
