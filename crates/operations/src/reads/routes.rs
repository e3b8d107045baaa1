//! The AI routes as the routing rules see them.
use super::{Agents, ConsoleState};
use crate::prepare::Installation;
use domain::{
    Code, Failure,
    rules::{AgentView, RoutingView, Unreadable},
};
use higress::{ProviderDoc, RouteDoc};

/// What the routing rules need.
pub fn routing_view(
    console: &ConsoleState,
    agents: &Agents,
    installation: &Installation,
) -> Result<RoutingView, Failure> {
    view(console, agents.views(), installation)
}

/// The same without agents, for rules that only concern routes.
pub fn view_for_routes(console: &ConsoleState, installation: &Installation) -> Result<RoutingView, Failure> {
    view(console, Vec::new(), installation)
}

fn view(
    console: &ConsoleState,
    agents: Vec<AgentView>,
    installation: &Installation,
) -> Result<RoutingView, Failure> {
    let routes: Vec<_> = console.routes.iter().map(RouteDoc::json).cloned().collect();
    let providers: Vec<_> = console.providers.iter().map(ProviderDoc::json).cloned().collect();
    let host = installation.gateway_host.clone();
    RoutingView::from_console_json(host, &routes, &providers, agents, console.consumers.clone()).map_err(odd)
}

fn odd(error: Unreadable) -> Failure {
    let mut failure = Failure::new(
        Code::UpstreamUnavailable,
        format!("the console stores an object that cannot be understood: {error}"),
    )
    .hint("Repair it in the Higress Console; agm changes nothing that it does not understand.");
    failure.system = Some("higress".into());
    failure
}
