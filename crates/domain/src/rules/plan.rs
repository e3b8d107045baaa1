//! Which edits of the AI routes a wish needs, and who else they reach.
use super::edit::{RouteEdit, edited};
use super::order::{mapped_model, winner_for};
use super::own_route::{self, free_families, is_free};
use super::view::{AgentView, ProviderView, RouteView, RoutingView};
use crate::{
    Affected, ConsumerName, MatchType, ModelId, ModelPredicate, ProviderName, RouteName, Target, UsedBy,
    Warning, WarningCode, Way,
};

/// A wish, as far as it concerns routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// This agent's calls for this model shall end at this provider.
    SetModel { target: Target, provider: ProviderName, model: ModelId },
    /// This provider is about to be created; it may be missing in the view.
    AddProvider {
        provider: ProviderView,
        /// Exact ids that its route takes where a vendor's family cannot be used: what the provider lists. May be empty.
        models: Vec<ModelId>,
    },
    /// This provider is about to be removed.
    RemoveProvider { provider: ProviderName },
    /// Let agents in that are missing; narrowed to a route, a consumer or both.
    Repair { route: Option<RouteName>, consumer: Option<ConsumerName> },
}

/// What is to be done to the routes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutePlan {
    /// In the order in which they are to be made: no call goes astray between two of them.
    pub edits: Vec<RouteEdit>,
    /// Other agents whose route, provider or access changes.
    pub affected: Vec<Affected>,
    pub warnings: Vec<Warning>,
    /// The route that will take the model; only for [`Wanted::SetModel`].
    pub winner: Option<RouteName>,
}

/// Why routes cannot be planned. Nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Without it there is nothing to copy host and path from.
    #[error("the console has no default-ai-route")]
    DefaultRouteMissing,
    #[error("there is no provider {0}")]
    ProviderNotFound(ProviderName),
    #[error("there is no AI route {0}")]
    RouteNotFound(RouteName),
    /// `Repair` lets in agents only.
    #[error("{0} is no agent's consumer")]
    NotAnAgent(ConsumerName),
    #[error("the provider is in use by {}", users(.1))]
    ProviderInUse(ProviderName, UsedBy),
    /// A route of another provider takes this model id, and cannot be narrowed without taking it from others.
    #[error("{route} sends this model to {}", provider.as_ref().map_or("nobody", |p| p.as_str()))]
    ModelTaken { route: RouteName, provider: Option<ProviderName> },
    /// The default route does not answer on the host under which the agents call, so no copy of it can.
    #[error("no AI route answers on {0}")]
    HostNotServed(String),
    /// The route that carries the provider's name leads elsewhere.
    #[error("{route} exists and does not lead to {provider} alone")]
    OwnRouteForeign { route: RouteName, provider: ProviderName },
}

/// Works out the edits. Planning again on the result gives no edit.
pub fn plan_routes(current: &RoutingView, wanted: &Wanted) -> Result<RoutePlan, RouteError> {
    match wanted {
        Wanted::SetModel { target, provider, model } => set_model(current, target, provider, model),
        Wanted::AddProvider { provider, models } => add_provider(current, provider, models),
        Wanted::RemoveProvider { provider } => remove_provider(current, provider),
        Wanted::Repair { route, consumer } => repair(current, route.as_ref(), consumer.as_ref()),
    }
}

fn set_model(
    view: &RoutingView,
    target: &Target,
    provider: &ProviderName,
    model: &ModelId,
) -> Result<RoutePlan, RouteError> {
    let own = view.provider(provider).ok_or_else(|| RouteError::ProviderNotFound(provider.clone()))?;
    let default = view.route(&RouteName::default_route()).ok_or(RouteError::DefaultRouteMissing)?;
    let mut edits = if winner_for(view, model.as_str()).is_some_and(|w| serves(w, provider, model)) {
        Vec::new()
    } else if let Some(edit) = single_provider(view, default, target, provider, model) {
        vec![edit]
    } else {
        own_route::edits_for_model(view, own, target, model)?
    };
    let planned = edited(view, &edits);
    let route = match winner_for(&planned, model.as_str()) {
        Some(route) if serves(route, provider, model) => route,
        Some(route) => return Err(taken(route)),
        None => return Err(RouteError::HostNotServed(view.host.clone())),
    };
    admit(&mut edits, route, &[target.consumer()]);
    let mut plan = finish(view, edits, Some(target));
    plan.winner = Some(route.name.clone());
    if !view.consumers.contains(&target.consumer()) {
        let message = format!(
            "the gateway has no consumer {}, so this agent has no key to call with",
            target.consumer()
        );
        plan.warnings.push(Warning::new(WarningCode::ConsumerMissing, message).about([target.consumer()]));
    }
    Ok(plan)
}

/// With one provider, the default route alone carries everything.
fn single_provider(
    view: &RoutingView,
    default: &RouteView,
    target: &Target,
    provider: &ProviderName,
    model: &ModelId,
) -> Option<RouteEdit> {
    if view.providers.len() != 1 || view.route(&provider.route()).is_some() {
        return None;
    }
    let edit = repoint(default, provider);
    let planned = edited(view, std::slice::from_ref(&edit));
    let served = winner_for(&planned, model.as_str()).is_some_and(|w| serves(w, provider, model));
    (served && !own_route::robs(view, &planned, Some(target))).then_some(edit)
}

fn repoint(default: &RouteView, provider: &ProviderName) -> RouteEdit {
    let mut edit = RouteEdit::update(default.name.clone());
    if let RouteEdit::Update { repoint, .. } = &mut edit {
        *repoint = Some(provider.clone());
    }
    edit
}

fn add_provider(
    view: &RoutingView,
    provider: &ProviderView,
    models: &[ModelId],
) -> Result<RoutePlan, RouteError> {
    let Some(default) = view.route(&RouteName::default_route()) else {
        let message = "the console has no default-ai-route, so the provider gets no route yet";
        let warnings = vec![Warning::new(WarningCode::DefaultRouteMissing, message)];
        return Ok(RoutePlan { warnings, ..RoutePlan::default() });
    };
    let only_one = view.providers.iter().all(|p| p.name == provider.name);
    if leads_to(default, &provider.name) {
        return Ok(RoutePlan::default());
    }
    let mut wider = view.clone();
    wider.providers.retain(|p| p.name != provider.name);
    wider.providers.push(provider.clone());
    if only_one && view.route(&provider.name.route()).is_none() {
        return Ok(finish(&wider, vec![repoint(default, &provider.name)], None));
    }
    let mut predicates = free_families(&wider, provider, None);
    for model in models {
        let exact = ModelPredicate { kind: MatchType::Equal, value: model.as_str().to_owned() };
        let covered = predicates.iter().any(|p| super::order::meets(p, model.as_str()));
        if !covered && is_free(&wider, provider, &exact, None) {
            predicates.push(exact);
        }
    }
    let edits = own_route::edits(&wider, provider, predicates, false)?;
    let mut plan = finish(&wider, edits, None);
    if edited(&wider, &plan.edits).route(&provider.name.route()).is_none() {
        let message = format!(
            "{} gets its route with the first model that is assigned: no model is known that it may take from now on",
            provider.name
        );
        plan.warnings.push(Warning::new(WarningCode::PredicateTaken, message).about([&provider.name]));
    }
    Ok(plan)
}

fn remove_provider(view: &RoutingView, provider: &ProviderName) -> Result<RoutePlan, RouteError> {
    if view.provider(provider).is_none() {
        return Err(RouteError::ProviderNotFound(provider.clone()));
    }
    let own = provider.route();
    let names = |route: &&RouteView| leads_to(route, provider) || route.fallback.contains(provider);
    let routes: Vec<_> = view.routes.iter().filter(names).collect();
    let used = UsedBy {
        routes: routes.iter().filter(|r| r.name != own).map(|r| r.name.to_string()).collect(),
        agents: view
            .agents
            .iter()
            .filter(|a| uses(view, a, provider))
            .map(|a| a.target.to_string())
            .collect(),
    };
    if used != UsedBy::default() {
        return Err(RouteError::ProviderInUse(provider.clone(), used));
    }
    let edits = routes.iter().map(|route| RouteEdit::Delete { route: route.name.clone() }).collect();
    let mut plan = finish(view, edits, None);
    let unread: Vec<_> = view.agents.iter().filter(|a| a.model.is_none()).map(|a| a.target.agent()).collect();
    if !unread.is_empty() {
        let message = format!(
            "the model of {} could not be read, so it is not known whether it needs this",
            unread.join(", ")
        );
        plan.warnings.push(Warning::new(WarningCode::AgentUnreadable, message).about(unread));
    }
    Ok(plan)
}

fn repair(
    view: &RoutingView,
    route: Option<&RouteName>,
    consumer: Option<&ConsumerName>,
) -> Result<RoutePlan, RouteError> {
    let agents = view.agent_consumers();
    if let Some(name) = route.filter(|name| view.route(name).is_none()) {
        return Err(RouteError::RouteNotFound(name.clone()));
    }
    if let Some(name) = consumer.filter(|name| !agents.contains(name)) {
        return Err(RouteError::NotAnAgent(name.clone()));
    }
    let wanted: Vec<_> = agents.into_iter().filter(|agent| consumer.is_none_or(|c| c == agent)).collect();
    let mut edits = Vec::new();
    for found in view.routes.iter().filter(|r| route.is_none_or(|name| *name == r.name)) {
        admit(&mut edits, found, &wanted);
    }
    Ok(finish(view, edits, None))
}

/// Adds those of `consumers` that the route lacks. An open route lacks none.
fn admit(edits: &mut Vec<RouteEdit>, route: &RouteView, consumers: &[ConsumerName]) {
    let Some(allowed) = &route.consumers else { return };
    let missing: Vec<_> = consumers.iter().filter(|c| !allowed.contains(c)).cloned().collect();
    if missing.is_empty() {
        return;
    }
    let present = edits.iter().position(|e| *e.route() == route.name);
    let index = present.unwrap_or_else(|| {
        edits.push(RouteEdit::update(route.name.clone()));
        edits.len() - 1
    });
    match &mut edits[index] {
        RouteEdit::Create { consumers: list, .. } | RouteEdit::Update { add_consumers: list, .. } => {
            list.extend(missing);
            list.sort();
            list.dedup();
        }
        RouteEdit::Delete { .. } => {}
    }
}

fn finish(view: &RoutingView, edits: Vec<RouteEdit>, target: Option<&Target>) -> RoutePlan {
    let planned = edited(view, &edits);
    let affected = affected(view, &planned, target.map_or(&[], std::slice::from_ref));
    RoutePlan { warnings: warnings(&edits), edits, affected, winner: None }
}

/// The agents, but for `targets`, whose calls go another way after a change.
pub fn affected(before: &RoutingView, after: &RoutingView, targets: &[Target]) -> Vec<Affected> {
    let others = before.agents.iter().filter(|agent| !targets.contains(&agent.target));
    let reached = |agent: &AgentView| {
        change(before, after, agent).map(|(how, way)| Affected {
            agent: agent.target.agent().into(),
            how,
            way: Some(way),
        })
    };
    others.filter_map(reached).collect()
}

/// What the edits change for an agent that nobody asked to change.
fn change(before: &RoutingView, after: &RoutingView, agent: &AgentView) -> Option<(String, Way)> {
    let model = agent.model.as_ref()?;
    let (old, new) = (winner_for(before, model.as_str()), winner_for(after, model.as_str()));
    let provider = |route: Option<&RouteView>| Some(route?.upstreams.first()?.provider.clone());
    let name = |route: Option<&RouteView>| route.map(|route| route.name.clone());
    let (was, is) = (provider(old), provider(new));
    let consumer = agent.target.consumer();
    let open = |route: Option<&RouteView>| {
        route.is_some_and(|r| r.consumers.as_ref().is_none_or(|allowed| allowed.contains(&consumer)))
    };
    let (from, to) = (name(old), name(new));
    let way = if was != is {
        Way::Provider { model: model.clone(), from: was, to: is }
    } else if from != to {
        Way::Route { model: model.clone(), from, to: to.clone() }
    } else if open(old) && !open(new) {
        Way::ShutOut { route: to.clone()? }
    } else if open(new) && !open(old) {
        Way::LetIn { route: to.clone()? }
    } else {
        return None;
    };
    Some((said(&way, &consumer, to.as_ref()), way))
}

/// A way in a sentence, with the route that the calls take now.
fn said(way: &Way, consumer: &ConsumerName, now: Option<&RouteName>) -> String {
    let provider =
        |name: &Option<ProviderName>| name.as_ref().map_or("nobody".to_owned(), ToString::to_string);
    let route = |name: Option<&RouteName>| name.map_or("no route".to_owned(), ToString::to_string);
    match way {
        Way::Provider { model, from, to } => {
            format!("{model} goes to {} instead of {} ({})", provider(to), provider(from), route(now))
        }
        Way::Route { model, from, to } => {
            format!("{model} takes {} instead of {}, same provider", route(to.as_ref()), route(from.as_ref()))
        }
        Way::ShutOut { route } => format!("{consumer} is no longer let into {route}"),
        Way::LetIn { route } => format!("{consumer} is let into {route}"),
        Way::TurnedAway { model, route } => format!("{model} is turned away on {route}"),
    }
}

fn warnings(edits: &[RouteEdit]) -> Vec<Warning> {
    let repointed = edits.iter().any(|edit| matches!(edit, RouteEdit::Update { repoint: Some(_), .. }));
    if !repointed {
        return Vec::new();
    }
    default_route_warnings()
}

/// What goes with the default route when it leads elsewhere.
pub(super) fn default_route_warnings() -> Vec<Warning> {
    vec![
        Warning::new(
            WarningCode::DefaultRouteChanges,
            "default-ai-route also carries embeddings and every model that no other route takes; they move with it",
        ),
        Warning::new(
            WarningCode::ResetByHiclaw,
            "HiClaw points default-ai-route back to its own provider when it starts",
        )
        .about([RouteName::default_route()]),
    ]
}

/// Whether a route sends exactly this model to this provider and nobody else.
pub(super) fn serves(route: &RouteView, provider: &ProviderName, model: &ModelId) -> bool {
    let mut used = route.upstreams.iter().filter(|u| u.weight != 0).peekable();
    used.peek().is_some()
        && used.all(|u| u.provider == *provider && mapped_model(u, model.as_str()) == model.as_str())
}

/// Whether a share of a route's calls ends at this provider.
fn leads_to(route: &RouteView, provider: &ProviderName) -> bool {
    route.upstreams.iter().any(|u| u.provider == *provider)
}

fn uses(view: &RoutingView, agent: &AgentView, provider: &ProviderName) -> bool {
    let route = agent.model.as_ref().and_then(|model| winner_for(view, model.as_str()));
    route.is_some_and(|route| leads_to(route, provider))
}

pub(super) fn taken(route: &RouteView) -> RouteError {
    let provider = route.upstreams.first().map(|u| u.provider.clone());
    RouteError::ModelTaken { route: route.name.clone(), provider }
}

fn users(used: &UsedBy) -> String {
    let all: Vec<_> = used.routes.iter().chain(&used.agents).map(String::as_str).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests;
