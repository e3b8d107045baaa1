use super::{answered, data, waiting};
use crate::{
    api,
    change::Change,
    components::{
        button::{Button, Kind},
        provider_card::ProviderCard,
        provider_form::{ProviderDialog, ProviderForm, Wish},
    },
    sprite::{icon, maps},
    text::t,
};
use domain::{Provider, ProviderType};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// The LLM providers, and what can be done to them.
#[component]
pub fn ProvidersPage() -> impl IntoView {
    let change = Change::take();
    let form = ProviderForm::new(change);
    let again = RwSignal::new(0_u32);
    let providers = data(move || (change.settled.get(), again.get()), |_| api::list_providers());
    let add = Callback::new(move |()| form.open(Wish::Add));
    let query = use_query_map();
    // Another page may send people here to add one: `?add`.
    Effect::new(move |_| {
        if query.with_untracked(|query| query.get("add").is_some()) {
            form.open(Wish::Add);
        }
    });
    view! {
        <Title text=t().providers/>
        <Transition fallback=waiting>
            {move || Suspend::new(async move {
                answered(providers.await, again, |providers| cards(providers, form, add))
            })}
        </Transition>
        <ProviderDialog form/>
    }
    .into_any()
}

fn cards(providers: Vec<Provider>, form: ProviderForm, add: Callback<()>) -> AnyView {
    let used = providers.iter().filter(|p| !p.used_by.agents.is_empty()).count();
    let lead = (t().providers_lead)(providers.len(), used);
    let empty = providers.is_empty().then(|| {
        view! { <li class="empty"><p>{t().no_providers}</p><p>{t().no_providers_hint}</p></li> }
    });
    let cards = providers.into_iter().map(|provider| view! { <li><ProviderCard provider form/></li> });
    view! {
        <header class="page-head">
            <h1>{t().providers}</h1>
            <p>{lead}</p>
            <Button text=format!("+ {}", t().add_provider) kind=Kind::Primary on_press=add/>
        </header>
        <ul class="cards">
            {empty}
            {cards.collect_view()}
            <li>
                <button type="button" class="panel card-new" on:click=move |_| add.run(())>
                    {icon(maps::PLUS)}
                    <span>{(t().type_count)(ProviderType::ALL.len())}</span>
                </button>
            </li>
        </ul>
    }
    .into_any()
}
