//! Agents that are not as they were recorded, or are shut out of the route of their model.
use super::{MOST, more, way_out};
use crate::{
    components::{avatar::Face, button::Kind},
    describe,
    text::{formats::number, t},
};
use domain::{BackupItem, DriftItem, Drifted};
use leptos::prelude::*;

/// All of them. Nothing when there are none: the verdict says so.
pub fn view(items: Vec<DriftItem>) -> Option<AnyView> {
    if items.is_empty() {
        return None;
    }
    let count = items.len();
    let shown = view! {
        <section class="panel" aria-labelledby="drift-agents">
            <h2 id="drift-agents">{t().agents()}</h2>
            <ol class="drift-items">{items.into_iter().take(MOST).map(item).collect_view()}</ol>
            {more(count)}
        </section>
    };
    Some(shown.into_any())
}

fn item(item: DriftItem) -> Option<AnyView> {
    let BackupItem::Agent(target) = item.what.about() else { return None };
    let name = describe::agent(&target);
    let (what, sides) = match &item.what {
        Drifted::Model { recorded, primary, runs, route, provider, .. } => {
            let config = primary.clone().unwrap_or_else(|| t().no_model().to_owned());
            let config = (config, limits(runs.context_window, runs.max_tokens, runs.reasoning));
            let noted = limits(recorded.context_window, recorded.max_tokens, recorded.reasoning);
            let noted = [Some(format!("→ {}", recorded.provider)), noted].into_iter().flatten();
            let route = match (route, provider) {
                (Some(route), Some(provider)) => (route.to_string(), Some(format!("→ {provider}"))),
                (Some(route), None) => (route.to_string(), None),
                (None, _) => (t().drift_no_winner().to_owned(), None),
            };
            let note = (recorded.model.to_string(), Some(noted.collect::<Vec<_>>().join(" · ")));
            let sides = [(t().drift_note(), note), (t().drift_config(), config), (t().drift_route(), route)];
            (t().drift_of_model(), sides.map(side).collect_view().into_any())
        }
        Drifted::Access { route, consumer, .. } => {
            let sides = [
                (t().drift_route(), (route.to_string(), None)),
                (t().drift_lacks(), (consumer.to_string(), None)),
            ];
            (t().drift_of_access(), sides.map(side).collect_view().into_any())
        }
        Drifted::Outside { .. } => return None,
    };
    let accept = way_out(&item.accept, t().drift_accept(), Kind::Plain, &name);
    let repair = way_out(&item.repair, t().drift_repair(), Kind::Primary, &name);
    let shown = view! {
        <li class="drift-item">
            <div class="drift-said">
                <p class="drift-about"><Face name=target.agent().to_owned()/> <b>{name}</b> " " {what}</p>
                <dl class="drift-sides">{sides}</dl>
            </div>
            <div class="drift-act">{repair} {accept}</div>
        </li>
    };
    Some(shown.into_any())
}

/// What one of the sides says.
fn side((name, (said, below)): (&'static str, (String, Option<String>))) -> AnyView {
    let below = below.map(|below| view! { <dd class="drift-below">{below}</dd> });
    view! { <div><dt>{name}</dt><dd><b>{said}</b></dd>{below}</div> }.into_any()
}

/// The limits that are named, to the token: two that differ never look alike.
fn limits(context_window: Option<u64>, max_tokens: Option<u64>, reasoning: Option<bool>) -> Option<String> {
    let reasoning = reasoning.map(|reasons| if reasons { t().reasoning() } else { t().no_reasoning() });
    let named = [context_window.map(number), max_tokens.map(number), reasoning.map(str::to_owned)];
    let named: Vec<_> = named.into_iter().flatten().collect();
    (!named.is_empty()).then(|| named.join(" / "))
}
