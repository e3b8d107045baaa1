//! Which keys the providers of a restore get: chosen beside its plan, which is then made anew.
use super::{
    change::Change,
    field::{Field, Input},
};
use crate::{components::plan_view::keys_of, text::t};
use domain::{Failure, KeyChoice, KeySource, PlannedKeys, ProviderName, TypedKey};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// What was chosen since the plan was made.
#[derive(Clone, Copy)]
pub struct KeyChoices {
    chosen: RwSignal<BTreeMap<ProviderName, (KeySource, String)>>,
    /// Why there is no plan with what was chosen.
    pub failure: RwSignal<Option<Failure>>,
    /// While it is planned.
    pub busy: RwSignal<bool>,
}

impl KeyChoices {
    pub fn new() -> Self {
        Self {
            chosen: RwSignal::new(BTreeMap::new()),
            failure: RwSignal::new(None),
            busy: RwSignal::new(false),
        }
    }

    /// Whether something was chosen that the plan does not say yet.
    pub fn pending(self) -> bool {
        self.chosen.with(|chosen| !chosen.is_empty())
    }

    /// Forgets what was chosen, the keys that were typed included.
    pub fn clear(self) {
        self.chosen.set(BTreeMap::new());
        self.failure.set(None);
        self.busy.set(false);
    }

    /// As it is sent.
    ///
    /// # Errors
    /// A new key was chosen and none typed.
    pub fn choices(self) -> Result<BTreeMap<ProviderName, KeyChoice>, Failure> {
        let choice = |(provider, (source, typed)): (ProviderName, (KeySource, String))| {
            let choice = match source {
                KeySource::Current => KeyChoice::Current,
                KeySource::Sealed => KeyChoice::Sealed,
                KeySource::New if typed.trim().is_empty() => {
                    return Err(Failure::field(format!("keys.{provider}"), t().type_new_key()));
                }
                KeySource::New => KeyChoice::New(vec![TypedKey::new(typed.trim().to_owned())]),
            };
            Ok((provider, choice))
        };
        self.chosen.get_untracked().into_iter().map(choice).collect()
    }

    /// Notes a choice; what the plan says already is none.
    fn choose(self, planned: &PlannedKeys, source: KeySource, typed: String) {
        self.chosen.update(|chosen| {
            if source == planned.takes && typed.is_empty() {
                chosen.remove(&planned.provider);
            } else {
                chosen.insert(planned.provider.clone(), (source, typed));
            }
        });
    }
}

/// The choice for each provider that has one, while nothing is applied.
#[component]
pub fn KeyFields(change: Change, keys: Vec<PlannedKeys>) -> impl IntoView {
    if keys.is_empty() {
        return ().into_any();
    }
    let fields = keys.into_iter().map(|planned| one(change.keys, planned)).collect_view();
    view! {
        <section class="key-choices" aria-label=t().keys_of_restore() hidden=move || !change.is_planned()>
            {fields}
        </section>
    }
    .into_any()
}

fn one(choices: KeyChoices, planned: PlannedKeys) -> AnyView {
    let source = RwSignal::new(planned.takes);
    let typed = RwSignal::new(String::new());
    let name = format!("keys-{}", planned.provider);
    let legend = keys_of(&planned);
    let option = |value: KeySource, prints: Option<String>| {
        let choose = move |_| source.set(value);
        view! {
            <label>
                <input
                    type="radio" name=name.clone() checked=value == planned.takes on:change=choose
                />
                <span>{t().keys_from(value)} " " <code>{prints}</code></span>
            </label>
        }
        .into_any()
    };
    let current = planned.current.as_ref().map(|prints| option(KeySource::Current, Some(prints.join(" "))));
    let sealed = planned.sealed.as_ref().map(|prints| option(KeySource::Sealed, Some(prints.join(" "))));
    let new = option(KeySource::New, None);
    let field_name = format!("new-key-{}", planned.provider);
    let field = move || {
        let name = field_name.clone();
        (source.get() == KeySource::New)
            .then(|| view! { <Field name label=t().new_key() value=typed input=Input::Secret/> })
    };
    Effect::new(move |before: Option<()>| {
        let (source, typed) = (source.get(), typed.get());
        if before.is_some() {
            let typed = if source == KeySource::New { typed } else { String::new() };
            choices.choose(&planned, source, typed);
        }
    });
    view! {
        <fieldset class="key-choice">
            <legend>{legend}</legend>
            {current} {sealed} {new} {field}
        </fieldset>
    }
    .into_any()
}
