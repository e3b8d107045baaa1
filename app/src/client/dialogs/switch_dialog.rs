use super::{
    change::Change,
    dialog::Dialog,
    field::Tick,
    figures::Present,
    model_form::{ModelFields, ModelForm, RestartChoice},
    plan_foot::PlanFoot,
    told,
};
use crate::{
    api,
    components::{avatar::Face, said::Told},
    describe::{self, agent},
    text::t,
};
use domain::{Assignment, Failure, Mutation, TakeUp, Target};
use leptos::{prelude::*, task::spawn_local};

/// The dialog in which an agent is given another model.
#[derive(Clone, Copy)]
pub struct Switch {
    change: Change,
    open: RwSignal<bool>,
    target: RwSignal<Target>,
    /// What the agent runs, or why that could not be read; none until one of the two is known.
    now: RwSignal<Option<Result<Assignment, Failure>>>,
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
            let now = api::assignment(target.clone()).await;
            if self.target.get_untracked() != target {
                return;
            }
            let untouched = self.form.provider.with_untracked(String::is_empty);
            let current = now.as_ref().ok().and_then(|now| now.observed.provider.as_ref());
            if let Some(current) = current.filter(|_| untouched) {
                self.form.provider.set(current.to_string());
            }
            if now.as_ref().is_ok_and(|now| !describe::sets_limits(now)) {
                self.form.clear_limits();
            }
            self.now.set(Some(now.map_err(told)));
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

/// What an agent runs, which the choice is compared with.
fn runs_now(target: &Target, now: &Result<Assignment, Failure>) -> AnyView {
    match now {
        Ok(now) => {
            let model = now.observed.model.as_ref().map(ToString::to_string);
            view! {
                <p class="runs-now">
                    <Face name=target.agent().to_owned()/>
                    {t().runs_now()} " " <b>{model.unwrap_or_else(|| t().no_model().to_owned())}</b>
                </p>
            }
            .into_any()
        }
        Err(failure) => {
            let why = Told::from(failure.clone()).after(t().now_unread());
            view! { <p class="note warn" role="alert">{why.view()}</p> }.into_any()
        }
    }
}

/// The offer to write the model also to where the agent gets it when it starts.
fn offer_lasting(now: &Result<Assignment, Failure>, form: ModelForm) -> Option<AnyView> {
    let reset = now.as_ref().ok()?.reset.as_ref()?;
    let hint = t().lasting_hint(&reset.variable, reset.file.as_ref()?);
    Some(view! { <Tick name="lasting" label=t().lasting() value=form.lasting hint/> }.into_any())
}

/// Choose provider and model for an agent, then see the plan.
#[component]
pub fn SwitchDialog(switch: Switch) -> impl IntoView {
    let Switch { change, open, target, now, form } = switch;
    let title = Signal::derive(move || t().set_model_of(&target.with(agent)));
    let failure = Signal::derive(move || change.refusal(open));
    let present = Signal::derive(move || match &*now.read() {
        Some(Ok(now)) => Present::of(now),
        _ => Present::default(),
    });
    let runs = move || now.read().as_ref().map(|now| runs_now(&target.get(), now));
    let lasting = move || now.read().as_ref().and_then(|now| offer_lasting(now, form));
    let known = move |is: fn(&Assignment) -> bool| matches!(&*now.read(), Some(Ok(now)) if is(now));
    let by_restart = Memo::new(move |_| known(|now| now.takes_up == TakeUp::Restart));
    let sets_limits = Memo::new(move |_| !known(|now| !describe::sets_limits(now)));
    let restart =
        move || by_restart.get().then(|| view! { <RestartChoice form hint=t().restart_choice_hint()/> });
    let plan = Callback::new(move |()| switch.plan());
    view! {
        <Dialog open title unsent=form.touched>
            <div class="choose" on:input=move |_| form.touched.set(true)>
                {runs}
                <ModelFields form failure present sets_limits=sets_limits.into()/>
                {lasting}
                {restart}
            </div>
            <PlanFoot change open plan/>
        </Dialog>
    }
    .into_any()
}
