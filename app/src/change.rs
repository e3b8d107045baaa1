//! A change on its way: planned, shown, applied, followed to its end. There is one at a time, and it lives above the
//! pages, so that a person may leave the page or close the dialog while it runs.
use crate::{
    api,
    browser::{self, News},
    components::toast::Toaster,
    describe,
    text::t,
};
use domain::{Code, Failure, Mutation, Operation, OperationId, Plan, Step};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// How long to wait before looking again, when the stream of news is gone.
const LOOK_AGAIN: Duration = Duration::from_millis(700);

/// How far a change is.
#[derive(Clone, Debug, Default)]
pub enum Stage {
    #[default]
    Idle,
    Planning,
    Planned(Plan),
    /// Neither plan nor operation came of it.
    Refused(Failure),
    Running(Operation),
    Ended(Operation),
}

impl Stage {
    /// The plan that is shown.
    pub fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Planned(plan) => Some(plan),
            Self::Running(operation) | Self::Ended(operation) => operation.plan.as_ref(),
            _ => None,
        }
    }

    /// True when the operation did nothing, for the installation is no longer what its plan was made from.
    pub fn is_outdated(&self) -> bool {
        let Self::Ended(operation) = self else { return false };
        // Other conflicts come from the doing, and name no objects that moved.
        operation.failure.as_ref().is_some_and(|why| why.code == Code::Conflict && !why.diff.is_empty())
    }
}

/// The one change, taken from context.
#[derive(Clone, Copy)]
pub struct Change {
    /// Whether its dialog is open.
    pub open: RwSignal<bool>,
    pub stage: RwSignal<Stage>,
    pub title: RwSignal<String>,
    /// Counts operations that ended: what pages show is old then.
    pub settled: RwSignal<u32>,
    /// The form that the wish came from.
    form: StoredValue<Option<RwSignal<bool>>>,
    /// What is planned or applied. None: it was begun before the page was loaded, or it is over and not outdated.
    wish: StoredValue<Option<Mutation>>,
    toaster: Toaster,
}

impl Change {
    pub fn new(toaster: Toaster) -> Self {
        Self {
            open: RwSignal::new(false),
            stage: RwSignal::new(Stage::Idle),
            title: RwSignal::new(String::new()),
            settled: RwSignal::new(0),
            form: StoredValue::new(None),
            wish: StoredValue::new(None),
            toaster,
        }
    }

    /// The change of this page.
    pub fn take() -> Self {
        use_context().unwrap_or_else(|| Self::new(Toaster::default()))
    }

    /// Plans a wish and shows the plan. The form that it comes from stays open until there is a plan, and shows why
    /// when there is none. While another change runs, that one is shown instead.
    pub fn plan(self, wish: Mutation, form: Option<RwSignal<bool>>) {
        let title = describe::wish(&wish);
        self.plan_titled(title, wish, form);
    }

    /// Plans to take back what an operation did.
    pub fn undo(self, operation: &Operation) {
        let title = format!("{}: {}", (t().kind)("undo"), describe::operation(operation));
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
        if self.runs() {
            return self.open.set(true);
        }
        self.title.set(title);
        self.form.set_value(form);
        self.wish.set_value(Some(wish.clone()));
        self.stage.set(Stage::Planning);
        if form.is_none() {
            self.open.set(true);
        }
        spawn_local(async move {
            match api::plan(wish).await {
                Ok(plan) => {
                    self.stage.set(Stage::Planned(plan));
                    if let Some(form) = form {
                        form.set(false);
                    }
                    self.open.set(true);
                }
                Err(error) => self.stage.set(Stage::Refused(error.into())),
            }
        });
    }

    /// Goes back to the form, which still holds what was typed.
    pub fn back(self) {
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

    /// Does what the plan says that is shown, and nothing else: when the installation is not as it was, nothing is done.
    pub fn apply(self) {
        let shown = self.stage.with_untracked(|stage| match stage {
            Stage::Planned(plan) => Some(plan.id.clone()),
            _ => None,
        });
        let Some(plan) = shown else { return };
        spawn_local(async move {
            match api::apply(plan).await {
                Ok(operation) => self.watch(operation),
                Err(error) => self.stage.set(Stage::Refused(error.into())),
            }
        });
    }

    /// Takes up an operation that runs already, begun before the page was loaded.
    pub fn resume(self, operation: Operation) {
        self.title.set(describe::operation(&operation));
        self.wish.set_value(None);
        self.watch(operation);
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

    /// True while a plan is made.
    pub fn plans(self) -> bool {
        self.stage.with(|stage| matches!(stage, Stage::Planning))
    }

    /// True while an operation runs.
    pub fn runs(self) -> bool {
        self.stage.with(|stage| matches!(stage, Stage::Running(_)))
    }

    /// What is wrong with the wish, for the form that it comes from.
    pub fn refusal(self, form: RwSignal<bool>) -> Option<Failure> {
        let own = self.form.get_value().is_some_and(|own| own == form);
        self.stage.with(|stage| match stage {
            Stage::Refused(failure) if own => Some(failure.clone()),
            _ => None,
        })
    }

    fn watch(self, operation: Operation) {
        let id = operation.id.clone();
        let ended = operation.state.is_final();
        self.observed(operation);
        if ended {
            return;
        }
        let followed = id.clone();
        browser::follow(&followed, move |news| match news {
            News::Step(step) => self.stepped(step),
            News::State => self.look(id.clone(), false),
            News::Gone => self.look(id.clone(), true),
        });
    }

    fn stepped(self, step: Step) {
        self.stage.update(|stage| {
            let Stage::Running(operation) = stage else { return };
            let same = |known: &&mut Step| known.name == step.name && known.object == step.object;
            match operation.steps.iter_mut().find(same) {
                Some(known) => *known = step,
                None => operation.steps.push(step),
            }
        });
    }

    /// Asks how the operation is, until it has ended when nobody else tells.
    fn look(self, id: OperationId, until_ended: bool) {
        if !self.runs() {
            return;
        }
        spawn_local(async move {
            if let Ok(operation) = api::operation(id.clone()).await {
                self.observed(operation);
            }
            if until_ended && self.runs() {
                set_timeout(move || self.look(id, true), LOOK_AGAIN);
            }
        });
    }

    fn observed(self, mut operation: Operation) {
        // Until the operation has made its own, what was shown stands: it does that or nothing.
        if operation.plan.is_none() {
            let shown = self.stage.with_untracked(|stage| stage.plan().cloned());
            operation.plan = shown.filter(|plan| plan.id == operation.id);
        }
        if !operation.state.is_final() {
            return self.stage.set(Stage::Running(operation));
        }
        if self.stage.with_untracked(|stage| matches!(stage, Stage::Ended(known) if known.id == operation.id))
        {
            return;
        }
        if !self.open.get_untracked() {
            let title = self.title.get_untracked();
            match operation.state {
                domain::OperationState::Committed => self.toaster.done((t().toast_done)(&title)),
                _ => self.toaster.failed((t().toast_failed)(&title)),
            }
        }
        let ended = Stage::Ended(operation);
        // A wish may hold a key: it is not kept longer than it can be planned again.
        if !ended.is_outdated() {
            self.wish.set_value(None);
        }
        self.stage.set(ended);
        self.settled.update(|count| *count += 1);
    }
}
