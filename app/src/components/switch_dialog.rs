use crate::{
    api,
    change::Change,
    components::{
        avatar::Face,
        button::{Button, Kind},
        dialog::Dialog,
        error_note::Refused,
        field::{Choice, Field, Input},
        model_picker::{Listed, ModelPicker, listed},
    },
    describe::{agent, tokens},
    text::t,
};
use domain::{Assignment, Failure, LimitSource, Limits, ModelId, Mutation, SetModel, Target, known_model};
use leptos::{prelude::*, task::spawn_local};

/// What is typed into the dialog.
#[derive(Clone, Copy)]
struct Form {
    provider: RwSignal<String>,
    model: RwSignal<String>,
    context: RwSignal<String>,
    output: RwSignal<String>,
    reasoning: RwSignal<String>,
}

/// The dialog in which an agent is given another model. Taken from context, so that each page can open it.
#[derive(Clone, Copy)]
pub struct Switch {
    change: Change,
    /// Whether the dialog is open.
    pub open: RwSignal<bool>,
    target: RwSignal<Target>,
    form: Form,
}

impl Switch {
    pub fn new(change: Change) -> Self {
        let text = || RwSignal::new(String::new());
        let form =
            Form { provider: text(), model: text(), context: text(), output: text(), reasoning: text() };
        Self { change, open: RwSignal::new(false), target: RwSignal::new(Target::Manager), form }
    }

    /// The dialog of this page.
    pub fn take() -> Self {
        use_context().unwrap_or_else(|| Self::new(Change::take()))
    }

    /// Opens for an agent, with what it runs now filled in.
    pub fn open(self, target: Target, now: Option<&Assignment>) {
        let observed = now.map(|now| &now.observed);
        let provider = observed.and_then(|now| now.provider.as_ref()).map(ToString::to_string);
        self.change.forget_refusal();
        self.target.set(target);
        self.form.provider.set(provider.unwrap_or_default());
        self.form.model.set(String::new());
        for own in [self.form.context, self.form.output, self.form.reasoning] {
            own.set(String::new());
        }
        self.open.set(true);
    }
}

/// A number of tokens as typed; nothing typed is no wish.
fn typed(field: &'static str, text: &str) -> Result<Option<u64>, Failure> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '_' | ',')).collect();
    match digits.is_empty() {
        true => Ok(None),
        false => digits.parse().map(Some).map_err(|_| Failure::field(field, t().not_a_number)),
    }
}

impl Form {
    fn wish(self) -> Result<SetModel, Failure> {
        let named =
            |field: &'static str| move |error: domain::NameError| Failure::field(field, error.to_string());
        let reasoning = match self.reasoning.get_untracked().as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        Ok(SetModel {
            provider: self.provider.get_untracked().parse().map_err(named("provider"))?,
            model: self.model.get_untracked().trim().parse().map_err(named("model"))?,
            context_window: typed("contextWindow", &self.context.get_untracked())?,
            max_tokens: typed("maxTokens", &self.output.get_untracked())?,
            reasoning,
        })
    }
}

/// What is known about the model that is typed, and from where.
fn figures(listed: &Listed, model: &str) -> Option<(Limits, LimitSource)> {
    let id: ModelId = model.trim().parse().ok()?;
    if let Some(m) = listed.models.iter().find(|m| m.id == id) {
        let limits = Limits {
            context_window: m.context_window,
            max_tokens: m.max_tokens,
            vision: m.vision,
            reasoning: m.reasoning,
        };
        return Some((limits, m.source));
    }
    Some(known_model(&id).map_or((Limits::UNKNOWN, LimitSource::Default), |l| (l, LimitSource::KnownModels)))
}

/// Four tiles with what the model can, and the source of the figures.
fn tiles((limits, source): (Limits, LimitSource)) -> AnyView {
    let word = |yes: bool| if yes { t().yes.to_owned() } else { t().no.to_owned() };
    let tiles = [
        (t().context, tokens(limits.context_window)),
        (t().output, tokens(limits.max_tokens)),
        (t().vision, word(limits.vision)),
        (t().reasoning, word(limits.reasoning)),
    ];
    let tile = |(name, value): (&'static str, String)| view! { <div class="tile"><dt>{name}</dt><dd>{value}</dd></div> };
    let class = if source == LimitSource::Default { "field-hint warn" } else { "field-hint" };
    view! {
        <dl class="tiles">{tiles.map(tile).collect_view()}</dl>
        <p class=class>{(t().figures_from)((t().source)(source))}</p>
    }
    .into_any()
}

/// Choose provider and model for an agent, then see the plan.
#[component]
pub fn SwitchDialog() -> impl IntoView {
    let Switch { change, open, target, form } = Switch::take();
    let providers = RwSignal::new(Vec::<(String, String)>::new());
    Effect::new(move |_| {
        if open.get() {
            spawn_local(async move {
                if let Ok(list) = api::list_providers().await {
                    let mut options = vec![(String::new(), t().choose_provider.to_owned())];
                    options.extend(list.into_iter().map(|p| (p.name.to_string(), p.name.to_string())));
                    providers.set(options);
                }
            });
        }
    });
    let title = Signal::derive(move || (t().set_model_of)(&target.with(agent)));
    view! {
        <Dialog open title>
            <Choose target form providers open/>
            <footer class="dialog-foot">
                <Refused open/>
                <Submit open target form change/>
            </footer>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Choose(
    target: RwSignal<Target>,
    form: Form,
    providers: RwSignal<Vec<(String, String)>>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let models = listed(form.provider);
    let change = Change::take();
    let error = move |field: &'static str| {
        Signal::derive(move || {
            let failure = change.refusal(open)?;
            failure.fields.into_iter().find(|f| f.field.ends_with(field)).map(|f| f.message)
        })
    };
    let known = Memo::new(move |_| models.with(|listed| figures(listed, &form.model.get())));
    let reasoning = vec![
        (String::new(), t().default_choice.to_owned()),
        ("yes".to_owned(), t().yes.to_owned()),
        ("no".to_owned(), t().no.to_owned()),
    ];
    view! {
        <div class="choose">
            {move || view! { <Face name=target.get().agent().to_owned()/> }}
            <Choice name="provider" label=t().provider value=form.provider options=providers error=error("provider")/>
            <ModelPicker listed=models value=form.model error=error("model")/>
            {move || known.get().map(tiles)}
            <details class="own-limits">
                <summary>{t().own_limits}</summary>
                <p class="field-hint">{t().own_limits_hint}</p>
                <Field
                    name="context" label=t().context_tokens value=form.context input=Input::Number
                    error=error("contextWindow")
                />
                <Field
                    name="output" label=t().output_tokens value=form.output input=Input::Number
                    error=error("maxTokens")
                />
                <Choice name="reasoning" label=t().reasoning value=form.reasoning options=reasoning/>
            </details>
        </div>
    }
    .into_any()
}

#[component]
fn Submit(open: RwSignal<bool>, target: RwSignal<Target>, form: Form, change: Change) -> impl IntoView {
    let plan = Callback::new(move |()| match form.wish() {
        Ok(wish) => change.plan(Mutation::SetModel { target: target.get_untracked(), wish }, Some(open)),
        Err(failure) => change.refuse(failure, open),
    });
    let cancel = Callback::new(move |()| open.set(false));
    let busy = Signal::derive(move || change.plans());
    view! {
        <div class="dialog-acts">
            <Button text=t().cancel on_press=cancel/>
            <Button
                text=Signal::derive(move || if busy.get() { t().planning } else { t().show_plan }.to_owned())
                kind=Kind::Primary busy on_press=plan
            />
        </div>
    }
    .into_any()
}
