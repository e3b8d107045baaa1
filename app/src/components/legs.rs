//! What a test of a provider saw.
use super::said::Said;
use crate::{
    sprite::{icon, maps},
    text::{formats::duration, t},
};
use domain::{ProviderTest, TestLeg};
use leptos::prelude::*;

/// Each leg of a test, and how many models the provider lists.
pub fn legs(test: ProviderTest) -> AnyView {
    let models = test.models.map(|count| view! { <p class="note">{t().models_listed(count)}</p> });
    view! {
        <ul class="legs">{test.legs.into_iter().map(leg).collect_view()}</ul>
        {models}
    }
    .into_any()
}

fn leg(leg: TestLeg) -> AnyView {
    let name = if leg.name == "gateway" { t().leg_gateway() } else { t().leg_provider() };
    let reason = leg.reason.map(|reason| format!("{}: ", t().reason(reason)));
    let (class, sign) = if leg.ok { ("leg ok", maps::CHECK) } else { ("leg bad", maps::CROSS) };
    view! {
        <li class=class>
            {icon(sign)}
            <span>{name} " · " {duration(leg.latency_ms)}</span>
            <span class="leg-evidence">{reason} <Said text=leg.evidence/></span>
        </li>
    }
    .into_any()
}
