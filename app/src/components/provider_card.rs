use crate::{
    api,
    change::Change,
    components::{
        badge::{Badge, Tone},
        button::{Button, Kind},
        error_note::ErrorNote,
        provider_form::{ProviderForm, Wish},
        step_list::duration,
    },
    describe,
    sprite::{draw, hash, icon, maps},
    text::t,
};
use domain::{Failure, Mutation, Provider, ProviderTest, TestLeg, TestProvider};
use leptos::{prelude::*, task::spawn_local};

/// A test as this page saw it.
#[derive(Clone)]
enum Tested {
    Not,
    Running,
    Seen(ProviderTest),
    Refused(Box<Failure>),
}

impl Tested {
    fn lamp(&self) -> (Tone, String) {
        match self {
            Self::Not => (Tone::Unknown, t().untested.into()),
            Self::Running => (Tone::Busy, t().testing.into()),
            Self::Seen(test) if test.success => (Tone::Ok, t().reachable.into()),
            _ => (Tone::Danger, t().refused.into()),
        }
    }
}

fn leg(leg: TestLeg) -> AnyView {
    let name = if leg.name == "gateway" { t().leg_gateway } else { t().leg_provider };
    let reason = leg.reason.map(|reason| format!("{}: ", (t().reason)(reason)));
    let (class, sign) = if leg.ok { ("leg ok", maps::CHECK) } else { ("leg bad", maps::CROSS) };
    view! {
        <li class=class>
            {icon(sign)}
            <span>{name} " · " {duration(leg.latency_ms)}</span>
            <span class="leg-evidence">{reason} {leg.evidence}</span>
        </li>
    }
    .into_any()
}

fn outcome(tested: Tested) -> AnyView {
    match tested {
        Tested::Seen(test) => {
            let models = test.models.map(|count| view! { <p class="note">{(t().models_listed)(count)}</p> });
            view! { <ul class="legs">{test.legs.into_iter().map(leg).collect_view()}</ul> {models} }
                .into_any()
        }
        Tested::Refused(failure) => view! { <ErrorNote failure=*failure/> }.into_any(),
        Tested::Not | Tested::Running => ().into_any(),
    }
}

/// What is stored about a provider, and who uses it.
fn facts(provider: &Provider) -> AnyView {
    let tokens = &provider.tokens;
    let key = match tokens.count {
        0 => t().no_key.to_owned(),
        1 => tokens.fingerprints.join(" "),
        count => format!("{} · {}", tokens.fingerprints.join(" "), (t().keys)(count)),
    };
    let used = &provider.used_by;
    let agents = if used.agents.is_empty() {
        t().nobody.to_owned()
    } else {
        let name = |agent: &String| agent.strip_prefix("worker:").unwrap_or(agent).to_owned();
        used.agents.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    let routes = match used.routes.is_empty() {
        true => vec![t().no_provider_route.to_owned()],
        false => used.routes.clone(),
    };
    let routes =
        routes.into_iter().map(|route| view! { <span class="chip">{route}</span> " " }).collect_view();
    view! {
        <dl class="facts">
            <dt>{t().key}</dt>
            <dd>{key}</dd>
            <dt>{t().protocol}</dt>
            <dd>{provider.protocol.clone()}</dd>
            <dt>{t().used_by}</dt>
            <dd>{routes} {agents}</dd>
        </dl>
    }
    .into_any()
}

/// A provider with what can be done to it.
#[component]
pub fn ProviderCard(provider: Provider, form: ProviderForm) -> impl IntoView {
    let change = Change::take();
    let tested = RwSignal::new(Tested::Not);
    let name = provider.name.clone();
    let asked = name.clone();
    let test = Callback::new(move |()| {
        let name = asked.clone();
        tested.set(Tested::Running);
        spawn_local(async move {
            let seen = api::test_provider(TestProvider { provider: name, model: None }).await;
            // The card may be gone when the answer comes.
            tested.try_set(seen.map_or_else(|error| Tested::Refused(Box::new(error.into())), Tested::Seen));
        });
    });
    let busy = Signal::derive(move || tested.with(|tested| matches!(tested, Tested::Running)));
    let lamp = move || {
        let (tone, word) = tested.with(Tested::lamp);
        view! { <Badge tone word/> }
    };
    let kind = provider.kind.clone();
    let beside = move || match tested.get() {
        Tested::Seen(test) => duration(test.latency_ms),
        _ => kind.clone(),
    };
    let shown = StoredValue::new(provider.clone());
    let edit = Callback::new(move |()| form.open(Wish::Edit(shown.get_value())));
    let key = Callback::new(move |()| form.open(Wish::ReplaceKey(shown.get_value())));
    let doomed = name.clone();
    let remove =
        Callback::new(move |()| change.plan(Mutation::RemoveProvider { name: doomed.clone() }, None));
    let of = |action: &str| (t().action_of)(action, name.as_str());
    let host = provider
        .base_url
        .as_deref()
        .map_or(t().fixed_endpoint.to_owned(), |url| describe::host(url).to_owned());
    let note =
        (provider.managed_by == "hiclaw").then(|| view! { <p class="note warn">{t().managed_by_hiclaw}</p> });
    view! {
        <article class="panel card" aria-label=name.to_string()>
            <header>
                <svg class=format!("chip-art shirt-{}", hash(&provider.kind) % 8) viewBox="0 0 11 11" aria-hidden="true">
                    {draw(maps::CHIP, 0, 0)}
                </svg>
                <div>
                    <h2>{name.to_string()}</h2>
                    <p title=provider.base_url.clone()>{host}</p>
                </div>
                <div class="card-state" aria-live="polite">{lamp}<p>{beside}</p></div>
            </header>
            {facts(&provider)}
            {note}
            <div aria-live="polite">{move || outcome(tested.get())}</div>
            <footer>
                <Button text=t().test kind=Kind::Small busy label=of(t().test) on_press=test/>
                <Button text=t().edit kind=Kind::Small label=of(t().edit) on_press=edit/>
                <Button text=t().replace_key kind=Kind::Small label=of(t().replace_key) on_press=key/>
                <Button text="×" kind=Kind::Sign label=of(t().remove) on_press=remove/>
            </footer>
        </article>
    }
    .into_any()
}
