mod card;
pub mod tint;

use super::{Live, answered};
use crate::{
    act::Act,
    api,
    components::button::{Kind, Press},
    sprite::{icon, maps},
    text::t,
};
use card::ProviderCard;
use domain::{Provider, ProviderType};
use leptos::prelude::*;
use leptos_meta::Title;
use tint::Tint;

/// The LLM providers, and what can be done to them.
#[component]
pub fn ProvidersPage() -> impl IntoView {
    let cards = Suspend::new(async { answered(api::list_providers().await, cards) });
    view! {
        <Title text=t().providers()/>
        <Live id="providers" topics="providers routes operations">{cards}</Live>
    }
    .into_any()
}

fn cards(providers: Vec<Provider>) -> AnyView {
    let used = providers.iter().filter(|p| !p.used_by.agents.is_empty()).count();
    let lead = t().providers_lead(providers.len(), used);
    let empty = providers.is_empty().then(|| {
        view! { <li class="empty"><p>{t().no_providers()}</p><p>{t().no_providers_hint()}</p></li> }
    });
    let names: Vec<_> = providers.iter().map(|provider| provider.name.clone()).collect();
    let cards = providers.into_iter().zip(Tint::of_all(&names));
    let cards = cards.map(|(provider, tint)| view! { <li><ProviderCard provider tint/></li> });
    view! {
        <header class="page-head">
            <h1>{t().providers()}</h1>
            <p>{lead}</p>
            <Press act=Act::AddProvider text=format!("+ {}", t().add_provider()) kind=Kind::Primary/>
        </header>
        <ul class="cards">
            {empty}
            {cards.collect_view()}
            <li>
                <button type="button" class="panel card-new" data-act=Act::AddProvider.data()>
                    {icon(maps::PLUS)}
                    <span>{t().type_count(ProviderType::ALL.len())}</span>
                </button>
            </li>
        </ul>
    }
    .into_any()
}
