use super::tint::Tint;
use crate::{
    act::{Act, Call},
    components::{
        badge::{Badge, Tone},
        button::{CallButton, Kind, Press},
        legs::legs,
        moment::Moment,
    },
    describe,
    sprite::{draw, maps},
    text::{formats::duration, t},
};
use domain::{LastTest, Provider, TestProvider};
use leptos::prelude::*;

/// What the last test saw on each leg, and when.
fn outcome(last: LastTest) -> AnyView {
    view! {
        <p class="note">{t().tested_at()} " " <Moment at=last.at/></p>
        {legs(last.test)}
    }
    .into_any()
}

/// What is stored about a provider, and who uses it.
fn facts(provider: &Provider) -> AnyView {
    let tokens = &provider.tokens;
    let key = match tokens.count {
        0 => t().no_key().to_owned(),
        1 => tokens.fingerprints.join(" "),
        count => format!("{} · {}", tokens.fingerprints.join(" "), t().keys(count)),
    };
    let used = &provider.used_by;
    let agents = if used.agents.is_empty() {
        t().nobody().to_owned()
    } else {
        used.agents.iter().map(|agent| describe::named(agent)).collect::<Vec<_>>().join(", ")
    };
    let routes = match used.routes.is_empty() {
        true => vec![t().no_provider_route().to_owned()],
        false => used.routes.clone(),
    };
    let routes =
        routes.into_iter().map(|route| view! { <span class="chip">{route}</span> " " }).collect_view();
    view! {
        <dl class="facts">
            <dt>{t().key()}</dt>
            <dd>{key}</dd>
            <dt>{t().protocol()}</dt>
            <dd>{provider.protocol.clone()}</dd>
            <dt>{t().used_by()}</dt>
            <dd>{routes} {agents}</dd>
        </dl>
    }
    .into_any()
}

/// The lamp of the last test, and a word beside it.
fn lamp(provider: &Provider) -> AnyView {
    let (tone, word, beside) = match &provider.last_test {
        None => (Tone::Unknown, t().untested(), provider.kind.clone()),
        Some(last) => {
            let (tone, word) =
                if last.test.success { (Tone::Ok, t().reachable()) } else { (Tone::Danger, t().refused()) };
            (tone, word, duration(last.test.latency_ms))
        }
    };
    view! { <Badge tone word/> <p>{beside}</p> }.into_any()
}

/// A provider with what can be done to it.
#[component]
pub fn ProviderCard(
    provider: Provider,
    /// How its chip looks.
    tint: Tint,
) -> impl IntoView {
    let name = provider.name.clone();
    let of = |action: &str| t().action_of(action, name.as_str());
    let host = provider
        .base_url
        .as_deref()
        .map_or(t().fixed_endpoint().to_owned(), |url| describe::host(url).to_owned());
    let note = (provider.managed_by == "hiclaw")
        .then(|| view! { <p class="note warn">{t().managed_by_hiclaw()}</p> });
    let test = Call::new("test-provider", &TestProvider { provider: name.clone(), model: None });
    view! {
        <article class="panel card" aria-label=name.to_string()>
            <header>
                <svg class=tint.class() viewBox="0 0 11 11" aria-hidden="true">
                    {draw(maps::CHIP, 0, 0)}
                </svg>
                <div>
                    <h2>{name.to_string()}</h2>
                    <p title=provider.base_url.clone()>{host}</p>
                </div>
                <div class="card-state">{lamp(&provider)}</div>
            </header>
            {facts(&provider)}
            {note}
            {provider.last_test.map(outcome)}
            <footer>
                <CallButton call=test text=t().test() kind=Kind::Small label=of(t().test())/>
                <Press act=Act::EditProvider(name.clone()) text=t().edit() kind=Kind::Small label=of(t().edit())/>
                <Press act=Act::ReplaceKey(name.clone()) text=t().replace_key() kind=Kind::Small label=of(t().replace_key())/>
                <Press act=Act::RemoveProvider(name.clone()) text="×" kind=Kind::Sign label=of(t().remove())/>
            </footer>
        </article>
    }
    .into_any()
}
