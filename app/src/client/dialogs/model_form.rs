//! Which model of which provider, with which limits: the fields that the dialogs for one and for many agents share.
use super::{
    field::{Choice, Field, Input, about},
    figures::{self, Present, figures},
    folded::Folded,
    model_picker::{ModelPicker, listed},
    told,
};
use crate::{api, components::said::Told, text::t};
use domain::{Failure, Provider, Restart, SetModel};
use leptos::{prelude::*, task::spawn_local};

/// What is typed.
#[derive(Clone, Copy)]
pub struct ModelForm {
    pub provider: RwSignal<String>,
    pub model: RwSignal<String>,
    /// Whether the field of the model has the focus.
    pub typing: RwSignal<bool>,
    context: RwSignal<String>,
    output: RwSignal<String>,
    reasoning: RwSignal<String>,
    /// Whether the model is to stay when the agent starts again.
    pub lasting: RwSignal<bool>,
    /// When an agent is started again that takes its model up only then: `when_idle`, `now`, or not.
    pub restart: RwSignal<String>,
    /// Whether somebody typed or chose any of it.
    pub touched: RwSignal<bool>,
}

impl ModelForm {
    pub fn new() -> Self {
        let text = || RwSignal::new(String::new());
        let (provider, model, context, output, reasoning) = (text(), text(), text(), text(), text());
        let (typing, touched) = (RwSignal::new(false), RwSignal::new(false));
        let (lasting, restart) = (RwSignal::new(false), text());
        Self { provider, model, typing, context, output, reasoning, lasting, restart, touched }
    }

    /// Forgets what was typed.
    pub fn clear(self) {
        for field in [self.provider, self.model, self.restart] {
            field.set(String::new());
        }
        self.clear_limits();
        self.lasting.set(false);
        self.touched.set(false);
    }

    /// Forgets the limits that were typed.
    pub fn clear_limits(self) {
        for field in [self.context, self.output, self.reasoning] {
            field.set(String::new());
        }
    }

    /// What is typed as a wish, or what is wrong with it.
    pub fn wish(self) -> Result<SetModel, Failure> {
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
            restart: match self.restart.get_untracked().as_str() {
                NOW => Restart::Now,
                WHEN_IDLE => Restart::WhenIdle,
                _ => Restart::No,
            },
            lasting: self.lasting.get_untracked(),
        })
    }
}

/// What an agent's restart is chosen by.
const NOW: &str = "now";
const WHEN_IDLE: &str = "when_idle";

/// The choice when an agent is started again that takes its model up only then.
#[component]
pub fn RestartChoice(form: ModelForm, hint: &'static str) -> impl IntoView {
    let options = vec![
        (String::new(), t().restart_no().to_owned()),
        (WHEN_IDLE.to_owned(), t().restart_when_idle().to_owned()),
        (NOW.to_owned(), t().restart_now().to_owned()),
    ];
    view! { <Choice name="restart" label=t().restart_choice() value=form.restart options hint/> }.into_any()
}

/// A whole number as typed; nothing typed is no wish.
pub fn typed<N: std::str::FromStr>(field: &'static str, text: &str) -> Result<Option<N>, Failure> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '_' | ',')).collect();
    match digits.is_empty() {
        true => Ok(None),
        false => digits.parse().map(Some).map_err(|_| Failure::field(field, t().not_a_number())),
    }
}

/// The fields, and what is known about the model that they name.
#[component]
pub fn ModelFields(
    form: ModelForm,
    /// Why there is no plan for what was typed.
    failure: Signal<Option<Failure>>,
    /// What the agent runs now.
    present: Signal<Present>,
    /// Whether a switch sets the limits.
    sets_limits: Signal<bool>,
) -> impl IntoView {
    let providers = RwSignal::new(Vec::<Provider>::new());
    let unlisted = RwSignal::new(None::<Told>);
    spawn_local(async move {
        match api::list_providers().await {
            Ok(list) => drop(providers.try_set(list)),
            Err(error) => drop(unlisted.try_set(Some(told(error).into()))),
        }
    });
    let wrong = about(failure, "provider");
    let wrong = Signal::derive(move || wrong.get().or_else(|| unlisted.get()));
    let options = Signal::derive(move || {
        let first = (String::new(), t().choose_provider().to_owned());
        let named = |p: &Provider| (p.name.to_string(), p.name.to_string());
        [first].into_iter().chain(providers.read().iter().map(named)).collect::<Vec<_>>()
    });
    let models = listed(form.provider, providers);
    let known =
        Memo::new(move |_| models.with(|listed| figures(listed, &form.model.get(), form.typing.get())));
    view! {
        <Choice name="provider" label=t().provider() value=form.provider options error=wrong/>
        <ModelPicker form listed=models error=about(failure, "model")/>
        <div class="figures" aria-live="polite">
            {move || figures::view(present.get(), known.get(), sets_limits.get())}
        </div>
        {move || match sets_limits.get() {
            true => view! { <OwnLimits form failure/> }.into_any(),
            false => view! { <p class="field-hint">{t().figures_not_ours()}</p> }.into_any(),
        }}
    }
    .into_any()
}

/// Limits that are not those of the model.
#[component]
fn OwnLimits(form: ModelForm, failure: Signal<Option<Failure>>) -> impl IntoView {
    let reasoning = vec![
        (String::new(), t().default_choice().to_owned()),
        ("yes".to_owned(), t().yes().to_owned()),
        ("no".to_owned(), t().no().to_owned()),
    ];
    let (context, output) = (about(failure, "contextWindow"), about(failure, "maxTokens"));
    let wrong = Signal::derive(move || context.with(Option::is_some) || output.with(Option::is_some));
    view! {
        <Folded summary=t().own_limits() wrong>
            <p class="field-hint">{t().own_limits_hint()}</p>
            <div class="side-by-side">
                <Field name="context" label=t().context_tokens() value=form.context input=Input::Number error=context/>
                <Field name="output" label=t().output_tokens() value=form.output input=Input::Number error=output/>
            </div>
            <Choice name="reasoning" label=t().reasoning() value=form.reasoning options=reasoning/>
        </Folded>
    }
    .into_any()
}
