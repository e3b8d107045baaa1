use super::{
    dialog::focus_soon,
    field::{Choice, Field, Input, about},
    folded::Folded,
    provider_form::{
        MOST_KEYS, OPENAI, ORIGINAL, ProviderForm, Wish,
        settings::{Setting, Shape, has_endpoint, settings_of},
    },
};
use crate::{
    components::{
        button::{Button, Kind},
        said::Told,
    },
    text::t,
};
use domain::{Failure, ProviderType, TokenNeed};
use leptos::prelude::*;

/// The fields that a provider of the chosen type has.
#[component]
pub fn ProviderFields(form: ProviderForm) -> impl IntoView {
    let failure = Signal::derive(move || form.change.refusal(form.open));
    let key_only = Signal::derive(move || form.wish.with(|wish| matches!(wish, Wish::ReplaceKey(_))));
    let identity = move || form.adds().then(|| view! { <Identity form failure/> });
    let endpoint = move || {
        let kind = form.kind().filter(|kind| has_endpoint(*kind) && !key_only.get())?;
        let hint = match (form.adds(), kind.default_host()) {
            (false, _) => t().endpoint_keeps().to_owned(),
            (true, Some(host)) => t().endpoint_default(host),
            (true, None) => t().endpoint_custom().to_owned(),
        };
        Some(view! {
            <Field name="baseUrl" label=t().endpoint() value=form.base_url hint error=about(failure, "baseUrl")/>
        })
    };
    let own = move || {
        let kind = form.kind().filter(|_| !key_only.get())?;
        let fields = settings_of(kind).iter().zip(form.settings);
        Some(fields.map(|(setting, value)| own_setting(form.unset(), setting, value, failure)).collect_view())
    };
    let more = move || (!key_only.get()).then(|| view! { <More form failure/> });
    view! { {identity} {endpoint} <Keys form failure key_only/> {own} {more} }.into_any()
}

/// Type and name, which stay as they are once a provider is there.
#[component]
fn Identity(form: ProviderForm, failure: Signal<Option<Failure>>) -> impl IntoView {
    let types = ProviderType::ALL.iter().map(|kind| (kind.id().to_owned(), kind.label().to_owned()));
    let types = types.collect::<Vec<_>>();
    let typed = move |_| form.named.set(true);
    let refused = about(failure, "name");
    let wrong =
        Signal::derive(move || refused.get().or_else(|| form.is_taken().then(|| t().name_taken().into())));
    view! {
        <Choice name="type" label=t().provider_type() value=form.kind options=types error=about(failure, "type")/>
        <div on:input=typed>
            <Field name="name" label=t().name() value=form.name hint=t().name_hint() error=wrong/>
        </div>
    }
    .into_any()
}

fn own_setting(
    unset: &'static str,
    setting: &'static Setting,
    value: RwSignal<String>,
    failure: Signal<Option<Failure>>,
) -> AnyView {
    let error = about(failure, setting.key);
    match setting.shape {
        Shape::Typed(input) => {
            view! { <Field name=setting.key label=setting.label value input error/> }.into_any()
        }
        Shape::Flag => {
            view! { <Choice name=setting.key label=setting.label value options=yes_no(unset) error/> }
                .into_any()
        }
    }
}

/// Yes, no, or neither, which is called as it is `unset`.
fn yes_no(unset: &'static str) -> Vec<(String, String)> {
    let options = [("", unset), ("yes", t().yes()), ("no", t().no())];
    options.map(|(id, text)| (id.to_owned(), text.to_owned())).into()
}

/// One key or several: the gateway takes turns among them.
#[component]
fn Keys(form: ProviderForm, failure: Signal<Option<Failure>>, key_only: Signal<bool>) -> impl IntoView {
    let more = Callback::new(move |()| {
        focus_soon(key_id(form.key_count.get_untracked()));
        form.key_count.update(|count| *count += 1);
    });
    let fields = move || {
        let need = form.kind().map_or(TokenNeed::Optional, ProviderType::token_need);
        let hint = match (form.adds(), need) {
            (_, TokenNeed::None) => return None,
            (false, _) if !key_only.get() => t().api_key_keep(),
            (_, TokenNeed::Optional) => t().api_key_optional(),
            _ => t().api_key_hint(),
        };
        let field = move |(n, value): (usize, RwSignal<String>)| {
            let error = Signal::derive(move || key_error(failure.get()?, n));
            let (label, hint) = match n {
                0 => (t().api_key().to_owned(), hint),
                n => (t().api_key_number(n + 1), ""),
            };
            view! { <Field name=key_id(n) label value input=Input::Secret hint error autocomplete="new-password"/> }
        };
        let count = form.key_count.get();
        let fields = form.keys.into_iter().take(count).enumerate().map(field).collect_view();
        let more = (count < MOST_KEYS)
            .then(|| view! { <div><Button text=t().another_key() kind=Kind::Small on_press=more/></div> });
        Some(view! { {fields} {more} })
    };
    view! { {fields} }.into_any()
}

fn key_id(n: usize) -> String {
    if n == 0 { "tokens".into() } else { format!("tokens-{n}") }
}

/// What is wrong with a key; what is wrong with all of them is said at the first.
fn key_error(failure: Failure, n: usize) -> Option<Told> {
    let own = format!("tokens[{n}]");
    let is_own = |path: &str| path == own || (n == 0 && path == "tokens");
    failure.fields.into_iter().find(|error| is_own(&error.field)).map(Told::from)
}

/// What most providers need not be asked.
#[component]
fn More(form: ProviderForm, failure: Signal<Option<Failure>>) -> impl IntoView {
    let protocols = [(OPENAI, t().protocol_openai()), (ORIGINAL, t().protocol_original())];
    let protocols = protocols.map(|(id, text)| (id.to_owned(), text.to_owned())).to_vec();
    let model = move || {
        (form.failover.get() == "yes").then(|| {
            view! {
                <Field
                    name="healthCheckModel" label=t().check_model() value=form.check_model
                    hint=t().check_model_hint() error=about(failure, "healthCheckModel")
                />
            }
        })
    };
    let wrong = Signal::derive(move || failure.with(|failure| failure.as_ref().is_some_and(is_hidden)));
    view! {
        <Folded summary=t().more_settings() wrong>
            <Choice name="protocol" label=t().protocol() value=form.protocol options=protocols error=about(failure, "protocol")/>
            <Choice name="failover" label=t().failover() value=form.failover options=yes_no(form.unset()) error=about(failure, "failover")/>
            {model}
        </Folded>
    }
    .into_any()
}

/// Whether what is wrong stands in what is folded.
fn is_hidden(failure: &Failure) -> bool {
    failure.fields.iter().any(|error| error.field.starts_with("failover") || error.field == "protocol")
}
