//! The wall of the office: which systems answer, and how many agents are not as they were recorded.
use crate::{
    components::badge::{Badge, Tone},
    text::t,
};
use domain::{Assignment, Assignments, Problem, SystemHealth, SystemState};
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
                <a class="drift" href="/agm/models" title=t().drift_hint()>
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
    std::iter::once(&all.manager).chain(all.workers.values()).filter(|now| drifted(now)).count()
}

fn drifted(now: &Assignment) -> bool {
    let observed = &now.observed;
    let differs = matches!(observed.problem, Some(Problem::RecordDiffers { .. }));
    let other_model = now.model.is_some() && observed.model.is_some() && now.model != observed.model;
    let other_provider =
        now.provider.is_some() && observed.provider.is_some() && now.provider != observed.provider;
    differs || other_model || other_provider
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn an_agent_drifts_when_its_record_says_something_else() {
        let drifted = |recorded: serde_json::Value, observed: [Option<&str>; 2]| {
            let [provider, model] = observed;
            let mut now = json!({"observed": {"primary": null, "model": model, "route": null, "provider": provider,
                "contextWindow": null, "inSync": false, "observedAt": "2026-01-15T10:30:00Z"}});
            now.as_object_mut().unwrap().extend(recorded.as_object().unwrap().clone());
            super::drifted(&serde_json::from_value(now).unwrap())
        };
        let recorded = || json!({"provider": "qwen", "model": "a"});
        assert!(!drifted(recorded(), [Some("qwen"), Some("a")]));
        assert!(drifted(recorded(), [Some("qwen"), Some("b")]));
        assert!(drifted(recorded(), [Some("other"), Some("a")]));
        assert!(!drifted(json!({}), [Some("other"), Some("a")]), "nothing was recorded");
        assert!(!drifted(recorded(), [None, None]), "nothing was observed");
    }
}
