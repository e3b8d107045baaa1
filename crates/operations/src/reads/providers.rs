//! Providers and who uses them.
use super::{Agents, ConsoleState, Ways, routing_view};
use crate::{last_seen::LastSeen, prepare::Installation};
use domain::{Failure, LastTest, Provider, ProviderName, UsedBy, rules::RoutingView};
use higress::ProviderDoc;
use std::collections::{BTreeMap, BTreeSet};

/// The path of the call that agents make.
pub const CHAT: &str = "/v1/chat/completions";

/// All providers, with the routes and agents that use each, and its last test.
pub fn provider_views(
    console: &ConsoleState,
    agents: &Agents,
    installation: &Installation,
    tests: &LastSeen<LastTest>,
) -> Result<Vec<Provider>, Failure> {
    let view = routing_view(console, agents, installation)?;
    tests.forget_others(&console.providers);
    let agents = agents_by_provider(&view);
    let provider = |doc: &ProviderDoc| {
        let agents = agents.get(doc.name()).cloned().unwrap_or_default();
        let used_by = UsedBy { routes: routes_using(console, doc.name()), agents };
        Provider { last_test: tests.of(doc), ..doc.view(used_by, installation.manager_of(doc)) }
    };
    Ok(console.providers.iter().map(provider).collect())
}

fn routes_using(console: &ConsoleState, provider: &ProviderName) -> Vec<String> {
    console.routes.iter().filter(|route| route.uses(provider)).map(|route| route.name().to_string()).collect()
}

/// The agents whose model goes to each provider by the route that wins for it.
fn agents_by_provider(view: &RoutingView) -> BTreeMap<&ProviderName, Vec<String>> {
    let ways = Ways::of(view);
    let mut all: BTreeMap<&ProviderName, Vec<String>> = BTreeMap::new();
    for agent in &view.agents {
        let Some(route) = agent.model.as_ref().and_then(|model| ways.route(model)) else { continue };
        let providers: BTreeSet<_> = route.upstreams.iter().map(|upstream| &upstream.provider).collect();
        for provider in providers {
            all.entry(provider).or_default().push(agent.target.to_string());
        }
    }
    all
}
