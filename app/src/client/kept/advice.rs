//! Which keys to replace when they lay in clear: who could read this browser may have them.
use crate::{
    act::Act,
    browser::clear_text::Exposed,
    components::button::{Kind, Press},
    text::t,
};
use domain::ProviderName;
use leptos::prelude::*;

/// Whose keys they are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Advice {
    pub providers: Vec<Exposed>,
    pub consumers: Vec<String>,
    /// The providers that are there now. None: that could not be asked.
    pub present: Option<Vec<ProviderName>>,
}

impl Advice {
    pub fn view(self) -> AnyView {
        let Self { providers, consumers, present } = self;
        let line = |provider: Exposed| line(provider, present.as_deref());
        let of_providers = (!providers.is_empty()).then(|| {
            let lines = providers.into_iter().map(line).collect_view();
            view! { <p>{t().clear_text_rotate()}</p> <ul class="clear-text-keys">{lines}</ul> }
        });
        let of_consumers = (!consumers.is_empty()).then(|| {
            let lines =
                consumers.into_iter().map(|name| view! { <li><code>{name}</code></li> }).collect_view();
            view! { <p>{t().clear_text_consumers()}</p> <ul class="clear-text-keys">{lines}</ul> }
        });
        view! { {of_providers} {of_consumers} }.into_any()
    }
}

/// A provider, with what replaces its keys where it is there.
fn line(Exposed { name, has_tokens }: Exposed, present: Option<&[ProviderName]>) -> AnyView {
    let is_here = present.map(|present| present.iter().find(|one| one.as_str() == name));
    let said = match is_here {
        Some(Some(here)) => {
            let (act, what) = match has_tokens {
                true => (Act::ReplaceKey(here.clone()), t().replace_key()),
                false => (Act::EditProvider(here.clone()), t().edit()),
            };
            view! { <Press act text=t().action_of(what, &name) kind=Kind::Small/> }.into_any()
        }
        Some(None) => view! { <code>{name}</code> " " {t().clear_text_no_provider()} }.into_any(),
        None => view! { <code>{name}</code> }.into_any(),
    };
    view! { <li>{said}</li> }.into_any()
}
