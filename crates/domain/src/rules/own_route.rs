//! The route `{provider}-ai-route`: which models it may take without taking them from anybody.
use super::edit::{RouteEdit, edited};
use super::order::{meets, winner_for};
use super::plan::{RouteError, serves, taken};
use super::view::{ProviderView, RouteView, RoutingView};
use crate::{MatchType, ModelId, ModelPredicate, ProviderName, RouteName, Target, families_of};

/// The edits after which `model` goes to `provider` by the provider's own route.
pub(super) fn edits_for_model(
    view: &RoutingView,
    provider: &ProviderView,
    target: &Target,
    model: &ModelId,
) -> Result<Vec<RouteEdit>, RouteError> {
    let give_up = released(view, provider, model)?;
    if winner_for(&edited(view, &give_up), model.as_str()).is_some_and(|w| serves(w, &provider.name, model)) {
        return Ok(give_up);
    }
    let exact = ModelPredicate { kind: MatchType::Equal, value: model.as_str().to_owned() };
    let mut predicates = free_families(view, provider, Some(target));
    if view.route(&provider.name.route()).is_some() {
        predicates.retain(|p| meets(p, model.as_str()));
    }
    let covered = |list: &[ModelPredicate]| list.iter().any(|p| meets(p, model.as_str()));
    let present = view.route(&provider.name.route()).is_some_and(|own| covered(&own.predicates));
    if !present && !covered(&predicates) {
        predicates.push(exact);
    }
    let mut edits = edits(view, provider, predicates, true)?;
    edits.extend(give_up);
    Ok(edits)
}

/// The edits after which the provider's own route has these predicates beside those it has. `needed`: the route has to
/// work now, so it is an error when it is somebody else's.
pub(super) fn edits(
    view: &RoutingView,
    provider: &ProviderView,
    predicates: Vec<ModelPredicate>,
    needed: bool,
) -> Result<Vec<RouteEdit>, RouteError> {
    let name = provider.name.route();
    let default = view.route(&RouteName::default_route()).ok_or(RouteError::DefaultRouteMissing)?;
    let Some(own) = view.route(&name) else {
        let mut consumers = default.consumers.clone().unwrap_or_default();
        consumers.extend(view.agent_consumers());
        consumers.sort();
        consumers.dedup();
        let create =
            RouteEdit::Create { route: name, provider: provider.name.clone(), predicates, consumers };
        return Ok(if has_predicates(&create) { vec![create] } else { Vec::new() });
    };
    if needed && own.upstreams.iter().any(|u| u.provider != provider.name) {
        return Err(RouteError::OwnRouteForeign { route: name, provider: provider.name.clone() });
    }
    let missing: Vec<_> = predicates.into_iter().filter(|p| !own.predicates.contains(p)).collect();
    let off = own.domains != default.domains || own.path != default.path;
    let usable = !own.predicates.is_empty() || !missing.is_empty();
    if !usable || (missing.is_empty() && !off) {
        return Ok(Vec::new());
    }
    let mut edit = RouteEdit::update(name);
    if let RouteEdit::Update { add_predicates, align, .. } = &mut edit {
        (*add_predicates, *align) = (missing, off);
    }
    Ok(vec![edit])
}

fn has_predicates(edit: &RouteEdit) -> bool {
    matches!(edit, RouteEdit::Create { predicates, .. } if !predicates.is_empty())
}

/// Takes an exact id away from the own route of another provider, which we made for an earlier switch. A family, or a
/// route that somebody else made, is not touched: that is an error. The default route takes what is left over anyway.
fn released(
    view: &RoutingView,
    provider: &ProviderView,
    model: &ModelId,
) -> Result<Vec<RouteEdit>, RouteError> {
    let holders = view.routes.iter().filter(|r| {
        r.name != RouteName::default_route()
            && r.name != provider.name.route()
            && !serves(r, &provider.name, model)
            && r.predicates.iter().any(|p| meets(p, model.as_str()))
    });
    holders.map(|holder| release(view, holder, model)).collect()
}

fn release(view: &RoutingView, holder: &RouteView, model: &ModelId) -> Result<RouteEdit, RouteError> {
    let is_own = |name: &ProviderName| name.route() == holder.name;
    let ours = view.providers.iter().any(|p| is_own(&p.name))
        || holder.upstreams.iter().any(|u| is_own(&u.provider));
    let (mine, rest): (Vec<_>, Vec<_>) =
        holder.predicates.iter().cloned().partition(|p| meets(p, model.as_str()));
    if !ours || mine.iter().any(|p| p.kind == MatchType::Pre) {
        return Err(taken(holder));
    }
    // Without predicates it would take every model, so it goes when this was its last.
    if rest.is_empty() {
        return Ok(RouteEdit::Delete { route: holder.name.clone() });
    }
    let mut edit = RouteEdit::update(holder.name.clone());
    if let RouteEdit::Update { remove_predicates, .. } = &mut edit {
        *remove_predicates = mine;
    }
    Ok(edit)
}

/// The prefixes of the vendor's families that nobody else needs.
pub(super) fn free_families(
    view: &RoutingView,
    provider: &ProviderView,
    target: Option<&Target>,
) -> Vec<ModelPredicate> {
    let same_vendor =
        |p: &&ProviderView| p.name != provider.name && p.kind == provider.kind && !p.custom_endpoint;
    let Some(kind) = provider.kind.filter(|_| !view.providers.iter().any(|p| same_vendor(&p))) else {
        return Vec::new();
    };
    families_of(kind, provider.custom_endpoint)
        .iter()
        .map(|prefix| ModelPredicate { kind: MatchType::Pre, value: (*prefix).to_owned() })
        .filter(|predicate| is_free(view, provider, predicate, target))
        .collect()
}

/// Whether the provider's route may have this predicate: no other provider's route overlaps it, and no agent but
/// `target` runs such a model on another provider.
pub(super) fn is_free(
    view: &RoutingView,
    provider: &ProviderView,
    predicate: &ModelPredicate,
    target: Option<&Target>,
) -> bool {
    let elsewhere = |route: &RouteView| route.upstreams.iter().any(|u| u.provider != provider.name);
    let routes_free = !view
        .routes
        .iter()
        .filter(|r| elsewhere(r))
        .flat_map(|r| &r.predicates)
        .any(|p| overlap(p, predicate));
    let robbed = view.agents.iter().filter(|agent| target.is_none_or(|t| *t != agent.target)).any(|agent| {
        let model = agent.model.as_ref().map(ModelId::as_str).filter(|m| meets(predicate, m));
        model.and_then(|m| winner_for(view, m)).is_some_and(|route| elsewhere(route) && lives(view, route))
    });
    routes_free && !robbed
}

/// Whether another agent loses a provider that exists.
pub(super) fn robs(before: &RoutingView, after: &RoutingView, target: Option<&Target>) -> bool {
    let others = before.agents.iter().filter(|agent| target.is_none_or(|t| *t != agent.target));
    others.filter_map(|agent| agent.model.as_ref()).any(|model| {
        let first = |view| winner_for(view, model.as_str()).and_then(|r: &RouteView| r.upstreams.first());
        let old = winner_for(before, model.as_str()).filter(|route| lives(before, route));
        old.is_some() && first(before).map(|u| &u.provider) != first(after).map(|u| &u.provider)
    })
}

/// Whether a route leads to any provider that exists.
fn lives(view: &RoutingView, route: &RouteView) -> bool {
    route.upstreams.iter().any(|u| view.provider(&u.provider).is_some())
}

/// Whether some model id meets both.
fn overlap(a: &ModelPredicate, b: &ModelPredicate) -> bool {
    match (a.kind, b.kind) {
        (MatchType::Equal, _) => meets(b, &a.value),
        (_, MatchType::Equal) => meets(a, &b.value),
        (MatchType::Pre, MatchType::Pre) => a.value.starts_with(&b.value) || b.value.starts_with(&a.value),
    }
}
