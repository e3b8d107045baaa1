//! The wall of the office: which systems answer, how many agents are not as they were recorded, and how much others changed.
use crate::{
    components::badge::{Badge, Tone},
    text::t,
};
use domain::{Drift, SystemHealth, SystemState};
use leptos::prelude::*;

/// Lamps, one for each system, and the counts of what drifted with the way there.
pub fn wall(systems: &[SystemHealth], drift: Option<&Drift>) -> AnyView {
    // Our own data directory is no neighbour: it is shown when something is wrong with it.
    let shown = systems.iter().filter(|system| system.name != "storage" || system.state == SystemState::Down);
    let lamps = shown.map(lamp).collect_view();
    let count = |count: fn(&Drift) -> usize| drift.map(count).filter(|count| *count > 0);
    let models = count(Drift::models).map(|count| {
        view! {
            <li>
                <a class="drift" href="/agm/drift" title=t().drift_hint()>
                    <Badge tone=Tone::Busy word=t().drift(count)/>
                </a>
            </li>
        }
    });
    let outside = count(Drift::outside).map(|count| {
        view! { <li><a class="wall-outside" href="/agm/drift">{t().wall_outside(count)}</a></li> }
    });
    view! { <ul class="systems" aria-label=t().systems()>{lamps}{models}{outside}</ul> }.into_any()
}

fn lamp(system: &SystemHealth) -> AnyView {
    let (tone, state) = match system.state {
        SystemState::Up => (Tone::Ok, t().up()),
        SystemState::Down => (Tone::Danger, t().down()),
    };
    let name = t().system_name(&system.name).to_owned();
    let version = system.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let title = system.error.clone();
    view! { <li title=title><Badge tone word=format!("{name}{version}")/> <span class="sr">{state}</span></li> }
        .into_any()
}
