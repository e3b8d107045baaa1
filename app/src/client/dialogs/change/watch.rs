//! An operation that runs: what is shown of it follows it to its end.
use super::{
    super::{change_stage::Stage, toast::Offer},
    Change, can_be_undone,
};
use crate::{
    api,
    client::{
        follow::{News, follow},
        page,
    },
    components::{restarts::open_restarts, said::Told},
    text::t,
};
use domain::{Operation, OperationId, OperationState, Step};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// How long to wait before looking again, when the stream of news is gone.
const LOOK_AGAIN: Duration = Duration::from_millis(700);

impl Change {
    pub(super) fn watch(self, operation: Operation) {
        let id = operation.id.clone();
        let ended = operation.has_ended();
        self.observed(operation);
        if ended {
            return;
        }
        let followed = id.clone();
        follow(&followed, move |news| match news {
            News::Step(step) => self.stepped(&id, step),
            News::State => self.look(id.clone(), false),
            News::Gone => self.look(id.clone(), true),
        });
    }

    /// Whether this is the operation that is shown: news of another one may still come.
    pub(super) fn shows(self, id: &OperationId) -> bool {
        self.shown().is_some_and(|shown| shown == *id)
    }

    fn stepped(self, id: &OperationId, step: Step) {
        self.stage.update(|stage| {
            let Stage::Running(operation) = stage else { return };
            if operation.id != *id {
                return;
            }
            let same = |known: &&mut Step| known.name == step.name && known.object == step.object;
            match operation.steps.iter_mut().find(same) {
                Some(known) => *known = step,
                None => operation.steps.push(step),
            }
        });
    }

    /// Asks how the operation is, until it has ended when nobody else tells.
    fn look(self, id: OperationId, until_ended: bool) {
        let waits = move |id: &OperationId| self.runs() && self.shows(id);
        if !waits(&id) {
            return;
        }
        spawn_local(async move {
            if let Ok(operation) = api::operation(id.clone()).await
                && self.shows(&id)
            {
                self.observed(operation);
            }
            if until_ended && waits(&id) {
                set_timeout(move || self.look(id, true), LOOK_AGAIN);
            }
        });
    }

    pub(super) fn observed(self, mut operation: Operation) {
        // Until the operation has made its own, what was shown stands: it does that or nothing.
        if operation.plan.is_none() {
            let shown = self.stage.with_untracked(|stage| stage.plan().cloned());
            operation.plan = shown.filter(|plan| plan.id == operation.id);
        }
        if !operation.has_ended() {
            return self.stage.set(Stage::Running(operation));
        }
        let known = |stage: &Stage| matches!(stage, Stage::Ended(known) if *known == operation);
        if self.stage.with_untracked(known) {
            return;
        }
        self.trouble.set(None);
        if !self.open.get_untracked() {
            self.tell(&operation);
        }
        let ended = Stage::Ended(operation);
        // A wish may hold a key: it is not kept longer than it can be planned again.
        if !ended.is_outdated() {
            self.wish.set_value(None);
        }
        self.stage.set(ended);
        spawn_local(page::renew());
    }

    /// Tells of the end to somebody who closed the dialog.
    fn tell(self, operation: &Operation) {
        let title = self.title.get_untracked();
        let restarts: Vec<_> = open_restarts(operation).iter().map(Told::text).collect();
        let (text, failed) = match (operation.state, restarts.is_empty()) {
            (OperationState::Committed, true) => (t().toast_done(&title), false),
            (OperationState::Committed, false) => {
                ([vec![t().toast_done(&title)], restarts].concat().join(" "), true)
            }
            _ => (t().toast_failed(&title), true),
        };
        let (details, undone) = (operation.clone(), operation.clone());
        let details = Callback::new(move |()| self.resume(details.clone()));
        let undo = Callback::new(move |()| self.undo(&undone));
        let undo = can_be_undone(operation).then_some(Offer { text: t().undo(), act: undo });
        let details = Offer { text: t().details(), act: details };
        self.toaster.ended(text, failed, undo.into_iter().chain([details]).collect());
    }
}
