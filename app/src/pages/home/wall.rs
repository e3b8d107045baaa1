//! The wall of the office: which systems answer, and how many agents are not as they were recorded.
use crate::{
    components::badge::{Badge, Tone},
    text::t,
};
use domain::{Assignments, SystemHealth, SystemState, rules};
use leptos::prelude::*;

/// Lamps, one for each system, and the count of drifts with the way to them.
pub fn wall(systems: &[SystemHealth], assignments: Option<&Assignments>) -> AnyView {
    // Our own data directory is no neighbour: it is shown when something is wrong with it.
    let shown = systems.iter().filter(|system| system.name != "storage" || system.state == SystemState::Down);
    let lamps = shown.map(lamp).collect_view();
    let drifts = assignments.map_or(0, drifts);
    let drift = (drifts > 0).then(|| {
        view! {
            <li>
                <a class="drift" href="/agm/drift" title=t().drift_hint()>
                    <Badge tone=Tone::Busy word=t().drift(drifts)/>
                </a>
            </li>
        }
    });
    view! { <ul class="systems" aria-label=t().systems()>{lamps}{drift}</ul> }.into_any()
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

/// How many agents' records name something else than what was observed.
fn drifts(all: &Assignments) -> usize {
    std::iter::once(&all.manager).chain(all.workers.values()).filter(|now| rules::drifts(now)).count()
}
