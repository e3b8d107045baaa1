//! The writes of AI routes that a routing plan asks for.
use super::{Draft, Installation, world::World};
use crate::locks::Hold;
use domain::{
    Code, ConsumerName, Failure, RouteName,
    rules::{RouteEdit, RouteError, RoutePlan, Wanted, apply_edit, plan_routes},
};
use higress::RouteDoc;
use serde_json::Value;

/// Lets agents into the routes that lack them. By writes of our own, though a controller can let somebody in: it knows
/// only all routes at once, takes names of nobody, and gives neither a plan nor a way back.
pub fn repair(
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    route: Option<&RouteName>,
    consumer: Option<&ConsumerName>,
) -> Result<(), Failure> {
    let wanted = Wanted::Repair { route: route.cloned(), consumer: consumer.cloned() };
    let plan = plan_routes(&world.view(installation)?, &wanted).map_err(failure)?;
    add_writes(world, draft, plan)
}

/// Adds what a routing plan asks for to a draft, in its order.
pub fn add_writes(world: &mut World, draft: &mut Draft, plan: RoutePlan) -> Result<(), Failure> {
    for change in &plan.edits {
        let name = change.route();
        let after = changed(world, world.console.route(name), change)?;
        draft.write_route(world, name, after, hold(change));
    }
    draft.affected.extend(plan.affected);
    for warning in plan.warnings {
        draft.warn(warning);
    }
    Ok(())
}

/// A change that decides anew which route takes a model excludes all other plans meanwhile; letting somebody in does
/// not.
fn hold(change: &RouteEdit) -> Hold {
    if only_lets_in(change) { Hold::Read } else { Hold::Write }
}

/// Whether a change only adds to who may call.
pub fn only_lets_in(change: &RouteEdit) -> bool {
    matches!(
        change,
        RouteEdit::Update { add_predicates, remove_predicates, repoint: None, align: false, .. }
            if add_predicates.is_empty() && remove_predicates.is_empty()
    )
}

/// The route with these let in too. It must ask for a key.
pub fn letting_in(route: &RouteDoc, consumers: Vec<ConsumerName>) -> Result<RouteDoc, Failure> {
    let edit = RouteEdit::let_in(route.name().clone(), consumers);
    let tree = apply_edit(Some(route.json()), &Value::Null, &edit);
    let tree = tree.map_err(|error| Failure::new(Code::Conflict, error.to_string()))?;
    Ok(tree.map_or_else(|| Ok(route.clone()), RouteDoc::parse)?)
}

fn changed(
    world: &World,
    before: Option<&RouteDoc>,
    change: &RouteEdit,
) -> Result<Option<RouteDoc>, Failure> {
    let default = world.console.route(&RouteName::default_route()).map_or(&Value::Null, RouteDoc::json);
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
        RouteError::ProviderInUse(provider, used_by) => {
            let mut failure = Failure::new(Code::ProviderInUse, message)
                .hint("Let those agents and routes use another provider first.");
            failure.used_by = Some(used_by);
            failure.provider = Some(provider);
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
