use super::{
    change::Change,
    dialog::Dialog,
    figures::Present,
    model_form::{ModelFields, ModelForm},
    plan_foot::PlanFoot,
};
use crate::{api, components::avatar::Face, describe::agent, text::t};
use domain::{Assignment, Mutation, Target};
use leptos::{prelude::*, task::spawn_local};

/// The dialog in which an agent is given another model.
#[derive(Clone, Copy)]
pub struct Switch {
    change: Change,
    open: RwSignal<bool>,
    target: RwSignal<Target>,
    /// What the agent runs; none until it is known.
    now: RwSignal<Option<Assignment>>,
    form: ModelForm,
}

impl Switch {
    pub fn new(change: Change) -> Self {
        let (open, target) = (RwSignal::new(false), RwSignal::new(Target::Manager));
        Self { change, open, target, now: RwSignal::new(None), form: ModelForm::new() }
    }

    /// Opens for an agent; the provider that it runs now is filled in as soon as it is known.
    pub fn open(self, target: Target) {
        self.change.forget_refusal();
        self.target.set(target.clone());
        self.now.set(None);
        self.form.clear();
        self.open.set(true);
        spawn_local(async move {
            let Ok(now) = api::assignment(target.clone()).await else { return };
            if self.target.get_untracked() != target {
                return;
            }
            let untouched = self.form.provider.with_untracked(String::is_empty);
            if let Some(current) = now.observed.provider.as_ref().filter(|_| untouched) {
                self.form.provider.set(current.to_string());
            }
            self.now.set(Some(now));
        });
    }

    fn plan(self) {
        let target = self.target.get_untracked();
        match self.form.wish() {
            Ok(wish) => self.change.plan(Mutation::SetModel { target, wish }, Some(self.open)),
            Err(failure) => self.change.refuse(failure, self.open),
        }
    }
}

/// Choose provider and model for an agent, then see the plan.
#[component]
pub fn SwitchDialog(switch: Switch) -> impl IntoView {
    let Switch { change, open, target, now, form } = switch;
    let title = Signal::derive(move || t().set_model_of(&target.with(agent)));
    let failure = Signal::derive(move || change.refusal(open));
    let present = Signal::derive(move || now.read().as_ref().map(Present::of).unwrap_or_default());
    let runs = move || {
        let model = now.read().as_ref().map(|now| now.observed.model.as_ref().map(ToString::to_string));
        model.map(|model| {
            view! {
                <p class="runs-now">
                    <Face name=target.get().agent().to_owned()/>
                    {t().runs_now()} " " <b>{model.unwrap_or_else(|| t().no_model().to_owned())}</b>
                </p>
            }
        })
    };
    let plan = Callback::new(move |()| switch.plan());
    view! {
        <Dialog open title unsent=form.touched>
            <div class="choose" on:input=move |_| form.touched.set(true)>
                {runs}
                <ModelFields form failure present/>
            </div>
            <PlanFoot change open plan/>
        </Dialog>
    }
    .into_any()
}
