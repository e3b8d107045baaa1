//! The writes of AI routes that a routing plan asks for.
use super::{Draft, Installation, describe::read_route};
use crate::{
    clients::Clients,
    edits::Edit,
    reads::{Agents, ConsoleState, routing_view},
};
use domain::{
    Code, ConsumerName, Failure, RouteName,
    rules::{RouteEdit, RouteError, RoutePlan, Wanted, apply_edit, plan_routes},
};
use higress::RouteDoc;
use serde_json::Value;

/// Lets agents into the routes that lack them.
pub async fn repair(
    clients: &Clients,
    installation: &Installation,
    route: Option<&RouteName>,
    consumer: Option<&ConsumerName>,
) -> Result<Draft, Failure> {
    let (console, agents) = futures::join!(ConsoleState::read(clients), Agents::read(clients));
    let console = console?;
    let view = routing_view(&console, &agents, installation)?;
    let wanted = Wanted::Repair { route: route.cloned(), consumer: consumer.cloned() };
    let mut draft = Draft::default();
    let plan = plan_routes(&view, &wanted).map_err(failure)?;
    add_writes(&mut draft, &console, plan)?;
    Ok(draft)
}

/// Adds what a routing plan asks for to a draft, in its order.
pub fn add_writes(draft: &mut Draft, console: &ConsoleState, plan: RoutePlan) -> Result<(), Failure> {
    for change in &plan.edits {
        let name = change.route();
        let before = console.route(name).cloned();
        draft.reads.extend(before.as_ref().map(read_route));
        let after = changed(console, before.as_ref(), change)?;
        let edit = Edit::Route { name: name.clone(), before, after };
        draft.write_route(change, edit);
    }
    draft.affected.extend(plan.affected);
    draft.warnings.extend(plan.warnings);
    Ok(())
}

fn changed(
    console: &ConsoleState,
    before: Option<&RouteDoc>,
    change: &RouteEdit,
) -> Result<Option<RouteDoc>, Failure> {
    let default = console.route(&RouteName::default_route()).map_or(&Value::Null, RouteDoc::json);
    let tree = apply_edit(before.map(RouteDoc::json), default, change);
    let tree = tree.map_err(|error| Failure::new(Code::Conflict, error.to_string()))?;
    Ok(tree.map(RouteDoc::parse).transpose()?)
}

/// Why routes cannot be planned, as the one error of the API.
pub fn failure(error: RouteError) -> Failure {
    let message = error.to_string();
    match error {
        RouteError::ProviderNotFound(_) => Failure::new(Code::ProviderNotFound, message),
        RouteError::RouteNotFound(_) => Failure::new(Code::RouteNotFound, message),
        RouteError::NotAnAgent(_) => Failure::field("consumer", message),
        RouteError::ProviderInUse(used_by) => {
            let mut failure = Failure::new(Code::ProviderInUse, message)
                .hint("Let those agents and routes use another provider first.");
            failure.used_by = Some(used_by);
            failure
        }
        RouteError::DefaultRouteMissing => Failure::new(Code::RouteNotFound, message)
            .hint("HiClaw creates it at its first start. Is this the console of a HiClaw installation?"),
        RouteError::HostNotServed(_) => Failure::new(Code::RouteNotFound, message)
            .hint("Compare HICLAW_AI_GATEWAY_URL with the domains of default-ai-route."),
        RouteError::ModelTaken { .. } => Failure::new(Code::Conflict, message)
            .hint("Change that route in the Higress Console, or choose a model id that it does not take."),
        RouteError::OwnRouteForeign { .. } => Failure::new(Code::Conflict, message).hint(
            "Rename that route in the Higress Console, or let it lead to the provider that it is named for.",
        ),
    }
}
