//! A change on its way: planned, shown, applied, followed to its end. There is one at a time, and it lives above the
//! pages, so that a person may leave the page or close the dialog while it runs.
mod watch;

use super::{
    FOLLOWED, change_stage::Stage, key_check::KeyCheck, key_choice::KeyChoices, toast::Toaster, told,
    turn::Turns,
};
use crate::{
    api,
    client::{page, report},
    components::outcome,
    describe,
    text::t,
};
use domain::{Code, Failure, Mutation, Operation, OperationId, OperationState};
use leptos::{prelude::*, task::spawn_local, wasm_bindgen::JsValue};

/// The one change of this page.
#[derive(Clone, Copy)]
pub struct Change {
    /// Whether its dialog is open.
    pub open: RwSignal<bool>,
    pub stage: RwSignal<Stage>,
    pub title: RwSignal<String>,
    /// The form that the wish came from.
    form: StoredValue<Option<RwSignal<bool>>>,
    /// What is planned or applied. None: it was begun before the page was loaded, or it is over and not outdated.
    wish: StoredValue<Option<Mutation>>,
    turns: Turns,
    /// Why the operation could not be stopped or taken over.
    trouble: RwSignal<Option<Failure>>,
    /// What was let go on this page.
    released: RwSignal<Option<OperationId>>,
    pub check: KeyCheck,
    pub keys: KeyChoices,
    toaster: Toaster,
}

impl Change {
    pub fn new(toaster: Toaster) -> Self {
        let (open, stage) = (RwSignal::new(false), RwSignal::new(Stage::Idle));
        remember(open, stage);
        let change = Self {
            open,
            stage,
            title: RwSignal::new(String::new()),
            form: StoredValue::new(None),
            wish: StoredValue::new(None),
            turns: Turns::new(),
            trouble: RwSignal::new(None),
            released: RwSignal::new(None),
            check: KeyCheck::new(),
            keys: KeyChoices::new(),
            toaster,
        };
        Effect::new(move |_| change.give_up_when_left());
        change
    }

    /// Plans a wish and shows the plan. The form that it comes from stays open until there is a plan, and shows why
    /// when there is none. While another change runs, that one is shown instead.
    pub fn plan(self, wish: Mutation, form: Option<RwSignal<bool>>) {
        let title = describe::wish(&wish);
        self.plan_titled(title, wish, form);
    }

    /// Plans to take back what an operation did.
    pub fn undo(self, operation: &Operation) {
        let title = format!("{}: {}", t().kind("undo"), describe::operation(operation));
        self.plan_titled(title, Mutation::Undo { operation: operation.id.clone() }, None);
    }

    /// Plans the same wish anew, for an installation that is no longer what the plan was made from.
    pub fn plan_again(self) {
        if let Some(wish) = self.wish.get_value() {
            self.plan_titled(self.title.get_untracked(), wish, self.form.get_value());
        }
    }

    /// True when the wish can be planned anew.
    pub fn can_plan_again(self) -> bool {
        self.wish.with_value(Option::is_some)
    }

    fn plan_titled(self, title: String, wish: Mutation, form: Option<RwSignal<bool>>) {
        if self.stage.with_untracked(Stage::holds) {
            return self.open.set(true);
        }
        self.title.set(title);
        self.form.set_value(form);
        self.wish.set_value(Some(wish.clone()));
        self.trouble.set(None);
        self.keys.clear();
        self.stage.set(Stage::Planning);
        if form.is_none() {
            self.open.set(true);
        }
        let turn = self.turns.next();
        spawn_local(async move {
            let answer = api::plan(wish).await;
            if !self.turns.is(turn) {
                return;
            }
            match answer {
                Ok(plan) => {
                    self.stage.set(Stage::Planned(plan));
                    if let Some(form) = form {
                        form.set(false);
                    }
                    self.open.set(true);
                    page::look_again();
                }
                Err(error) => self.stage.set(Stage::Refused(told(error))),
            }
        });
    }

    /// Plans the restore that is shown anew, with the keys that were chosen. What is shown stays until there is a plan.
    pub fn plan_with_keys(self) {
        let Some(Mutation::Restore(mut wish)) = self.wish.get_value() else { return };
        match self.keys.choices() {
            Ok(chosen) => wish.keys.extend(chosen),
            Err(failure) => return self.keys.failure.set(Some(failure)),
        }
        self.keys.failure.set(None);
        self.keys.busy.set(true);
        let turn = self.turns.next();
        spawn_local(async move {
            let wish = Mutation::Restore(wish);
            let answer = api::plan(wish.clone()).await;
            if !self.turns.is(turn) {
                return;
            }
            self.keys.busy.set(false);
            match answer {
                Ok(plan) => {
                    self.keys.clear();
                    self.wish.set_value(Some(wish));
                    self.stage.set(Stage::Planned(plan));
                }
                Err(error) => self.keys.failure.set(Some(told(error))),
            }
        });
    }

    /// A plan comes to nothing when the form and the dialog that wait for it, or show it, are closed. The wish and the
    /// choices may hold keys.
    fn give_up_when_left(self) {
        let form_waits = self.form.get_value().is_some_and(|form| form.get());
        if (self.plans() || self.is_planned()) && !form_waits && !self.open.get() {
            self.turns.next();
            self.wish.set_value(None);
            self.keys.clear();
            self.stage.set(Stage::Idle);
        }
    }

    /// Goes back to the form, which still holds what was typed.
    pub fn back(self) {
        self.turns.next();
        self.keys.clear();
        self.open.set(false);
        self.stage.set(Stage::Idle);
        if let Some(form) = self.form.get_value() {
            form.set(true);
        }
    }

    /// True when there is a form to go back to.
    pub fn has_form(self) -> bool {
        self.form.with_value(Option::is_some)
    }

    /// Whether what was typed for it would be lost with its dialog.
    pub fn is_unsent(self) -> bool {
        let form = self.has_form() && self.can_plan_again();
        !self.stage.with(Stage::runs) && (form || self.keys.pending())
    }

    /// Does what the plan says that is shown, and nothing else: when the installation is not as it was, nothing is done.
    pub fn apply(self) {
        let Stage::Planned(plan) = self.stage.get_untracked() else { return };
        let id = plan.id.clone();
        self.stage.set(Stage::Applying(plan));
        let turn = self.turns.next();
        spawn_local(async move {
            let answer = api::apply(id).await.map_err(told);
            let is_shown = self.turns.is(turn);
            match answer {
                Ok(operation) if is_shown => self.watch(operation),
                // It runs, and is found again among what runs.
                Ok(_) => page::renew().await,
                Err(failure) => {
                    if !is_shown || !self.open.get_untracked() {
                        self.toaster.failed(failure.clone());
                    }
                    if is_shown {
                        self.stage.set(Stage::Refused(failure));
                    }
                }
            }
        });
    }

    /// Shows an operation that was begun elsewhere or before the page was loaded, as it runs or ended.
    pub fn resume(self, operation: Operation) {
        self.turns.next();
        self.title.set(describe::operation(&operation));
        self.form.set_value(None);
        self.wish.set_value(None);
        self.trouble.set(None);
        self.stage.set(Stage::Idle);
        self.open.set(true);
        self.watch(operation);
    }

    /// Asks the operation to stop and to go back.
    pub fn cancel(self) {
        let Some(id) = self.shown() else { return };
        self.trouble.set(None);
        spawn_local(async move {
            match api::cancel(id.clone()).await {
                Ok(operation) if self.shows(&id) => self.observed(operation),
                Ok(_) => {}
                Err(error) => self.trouble.set(Some(told(error))),
            }
        });
    }

    /// Takes over an operation that could not be undone: what is where stays there. One that is held by nobody any more
    /// is as free as one that was let go.
    pub fn release(self) {
        let Some(id) = self.shown() else { return };
        self.trouble.set(None);
        spawn_local(async move {
            match api::release(id.clone()).await.map_err(told) {
                Err(failure) if failure.code != Code::Conflict => self.trouble.set(Some(failure)),
                Ok(_) | Err(_) => self.released.set(Some(id)),
            }
        });
    }

    fn shown(self) -> Option<OperationId> {
        self.stage.with_untracked(|stage| match stage {
            Stage::Running(operation) | Stage::Ended(operation) => Some(operation.id.clone()),
            _ => None,
        })
    }

    /// Whether an operation could not be undone and waits for a person. The server tells that one took it over only when
    /// it has settled, minutes later.
    pub fn is_stuck(self, operation: &Operation) -> bool {
        outcome::is_stuck(operation)
            && self.released.with(|released| released.as_ref() != Some(&operation.id))
    }

    /// Why the operation could not be stopped or taken over.
    pub fn trouble(self) -> Option<Failure> {
        self.trouble.get()
    }

    /// Tells the form what is wrong with it, before anybody else was asked.
    pub fn refuse(self, failure: Failure, form: RwSignal<bool>) {
        self.form.set_value(Some(form));
        self.stage.set(Stage::Refused(failure));
    }

    /// Forgets what was wrong with a form that is opened anew.
    pub fn forget_refusal(self) {
        if self.stage.with_untracked(|stage| matches!(stage, Stage::Refused(_))) {
            self.stage.set(Stage::Idle);
        }
    }

    /// True while a plan is shown that nobody applied yet.
    pub fn is_planned(self) -> bool {
        self.stage.with(|stage| matches!(stage, Stage::Planned(_)))
    }

    /// True while a plan is made.
    pub fn plans(self) -> bool {
        self.stage.with(|stage| matches!(stage, Stage::Planning))
    }

    /// True while an operation runs, from when it was sent off.
    pub fn runs(self) -> bool {
        self.stage.with_untracked(Stage::runs)
    }

    /// What is wrong with the wish, for the form that it comes from.
    pub fn refusal(self, form: RwSignal<bool>) -> Option<Failure> {
        let own = self.form.get_value().is_some_and(|own| own == form);
        self.stage.with(|stage| match stage {
            Stage::Refused(failure) if own => Some(failure.clone()),
            _ => None,
        })
    }
}

/// Whether an operation can be taken back: it was done and changed something.
pub fn can_be_undone(operation: &Operation) -> bool {
    let changed = operation.plan.as_ref().is_some_and(|plan| !plan.changes.is_empty());
    operation.state == OperationState::Committed && changed
}

/// While the dialog of an operation is open, its id stands in the address, so that loading the page anew opens it again.
fn remember(open: RwSignal<bool>, stage: RwSignal<Stage>) {
    let shown = Memo::new(move |_| match (open.get(), &*stage.read()) {
        (true, Stage::Running(operation) | Stage::Ended(operation)) => Some(operation.id.clone()),
        _ => None,
    });
    Effect::new(move |before: Option<bool>| {
        let (shown, was_shown) = (shown.get(), before == Some(true));
        if shown.is_some() || was_shown {
            let location = window().location();
            let hash = shown.as_ref().map(|id| format!("{FOLLOWED}{id}")).unwrap_or_default();
            let here = [location.pathname(), location.search()].into_iter().filter_map(Result::ok);
            let url = here.collect::<String>() + &hash;
            report(
                window()
                    .history()
                    .and_then(|history| history.replace_state_with_url(&JsValue::NULL, "", Some(&url))),
            );
        }
        shown.is_some()
    });
}
