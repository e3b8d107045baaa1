//! Providers and who uses them.
use super::{Agents, ConsoleState, routing_view};
use crate::prepare::Installation;
use domain::{
    Failure, Provider, ProviderName, UsedBy,
    rules::{RoutingView, winner},
};
use higress::ProviderDoc;

/// The path of the call that agents make.
pub const CHAT: &str = "/v1/chat/completions";

/// All providers, with the routes and agents that use each.
pub fn provider_views(
    console: &ConsoleState,
    agents: &Agents,
    installation: &Installation,
) -> Result<Vec<Provider>, Failure> {
    let view = routing_view(console, agents, installation)?;
    let provider = |doc: &ProviderDoc| {
        let used_by =
            UsedBy { routes: routes_using(console, doc.name()), agents: agents_using(&view, doc.name()) };
        doc.view(used_by, installation.manager_of(doc))
    };
    Ok(console.providers.iter().map(provider).collect())
}

fn routes_using(console: &ConsoleState, provider: &ProviderName) -> Vec<String> {
    console.routes.iter().filter(|route| route.uses(provider)).map(|route| route.name().to_string()).collect()
}

/// Agents whose model goes to this provider by the route that wins for it.
fn agents_using(view: &RoutingView, provider: &ProviderName) -> Vec<String> {
    let uses = |model: &str| {
        let route = winner(&view.routes, &view.host, CHAT, Some(model));
        route.is_some_and(|route| route.upstreams.iter().any(|upstream| upstream.provider == *provider))
    };
    let agents =
        view.agents.iter().filter(|agent| agent.model.as_ref().is_some_and(|model| uses(model.as_str())));
    agents.map(|agent| agent.target.to_string()).collect()
}
