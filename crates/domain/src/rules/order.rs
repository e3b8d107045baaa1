//! Which AI route takes a call, by the order in which Higress asks its routes.
use super::view::{RouteView, RoutingView, ValueRule};
use crate::{
    AiRoute, LostRoute, ManagedBy, MatchType, ModelPredicate, RouteName, RouteUpstream, Simulate, Simulation,
};
use std::{cmp::Reverse, collections::BTreeSet};

/// Where chat calls go when a question names no path.
const CHAT: &str = "/v1/chat/completions";

/// The routes that the gateway keeps for one host, in the order in which it asks them. Each host has a table of its own
/// and only the most specific table that fits is used. A route whose conditions an older one has is dropped.
pub fn ordered<'a>(routes: &'a [RouteView], host: &str) -> Vec<&'a RouteView> {
    let Some(table) = table_of(routes, host) else { return Vec::new() };
    let mut kept: Vec<&RouteView> = Vec::new();
    for route in routes.iter().filter(|r| hosts(r).any(|h| h.eq_ignore_ascii_case(&table))) {
        if !kept.iter().any(|older| same_conditions(older, route)) {
            kept.push(route);
        }
    }
    kept.sort_by_key(|route| rank(route));
    kept
}

/// The route that takes a call for `model` on this host and path. `model` is none for calls without a body.
pub fn winner<'a>(
    routes: &'a [RouteView],
    host: &str,
    path: &str,
    model: Option<&str>,
) -> Option<&'a RouteView> {
    first_to_take(&ordered(routes, host), path, model)
}

/// The same among routes that [`ordered`] gave, for who asks for many models.
pub fn first_to_take<'a>(asked: &[&'a RouteView], path: &str, model: Option<&str>) -> Option<&'a RouteView> {
    asked.iter().copied().find(|route| unmet(route, path, model).is_none())
}

/// The model id that an upstream is asked for: an exact entry of its mapping, else the first matching `prefix*` in byte
/// order, else `*`. An empty value keeps the id.
pub fn mapped_model<'a>(upstream: &'a RouteUpstream, model: &'a str) -> &'a str {
    let mapping = &upstream.mapping;
    let by_prefix = || {
        let prefix = |key: &str| key.strip_suffix('*').is_some_and(|p| !p.is_empty() && model.starts_with(p));
        mapping.iter().find(|(key, _)| prefix(key)).map(|(_, to)| to)
    };
    let to = mapping.get(model).or_else(by_prefix).or_else(|| mapping.get("*"));
    to.map(String::as_str).filter(|to| !to.is_empty()).unwrap_or(model)
}

/// Which route wins, and what each other one lacks. Host and path default to the view's host and the chat endpoint.
pub fn simulate(view: &RoutingView, question: &Simulate) -> Simulation {
    let host = question.host.as_deref().unwrap_or(&view.host);
    let path = question.path.as_deref().unwrap_or(CHAT);
    let model = question.model.as_str();
    let asked = ordered(&view.routes, host);
    let winner = asked.iter().copied().find(|route| unmet(route, path, Some(model)).is_none());
    let upstream = winner.and_then(|route| route.upstreams.first());
    let others =
        view.routes.iter().filter(|route| winner.is_none_or(|w| w.name != route.name)).map(|route| {
            let lost = if asked.iter().any(|kept| kept.name == route.name) {
                unmet(route, path, Some(model)).unwrap_or_else(|| lost_to(route, winner))
            } else {
                not_asked(&view.routes, route, host)
            };
            LostRoute { route: route.name.clone(), lost }
        });
    Simulation {
        winner: winner.map(|route| route.name.clone()),
        provider: upstream.map(|u| u.provider.clone()),
        model: upstream.map(|u| mapped_model(u, model).to_owned()),
        reason: winner.map_or_else(|| "no AI route takes this call".into(), |route| reason(route, model)),
        consumer_allowed: question.consumer.as_ref().map(|consumer| {
            winner.is_some_and(|route| {
                route.consumers.as_ref().is_none_or(|allowed| allowed.contains(consumer))
            })
        }),
        others: others.collect(),
    }
}

/// All AI routes for people, in the order in which they are asked; dropped ones stand behind the one that shadows them.
pub fn ai_routes(view: &RoutingView) -> Vec<AiRoute> {
    let agents = view.agent_consumers();
    let mut routes: Vec<&RouteView> = view.routes.iter().collect();
    routes.sort_by_key(|route| rank(route));
    let describe = |(index, route): (usize, &RouteView)| AiRoute {
        name: route.name.clone(),
        managed_by: managed_by(view, route),
        order: index + 1,
        domains: route.domains.clone(),
        path: route.path.prefix.clone(),
        predicates: route.predicates.clone(),
        upstreams: route.upstreams.clone(),
        fallback: route.fallback.clone(),
        consumers: route.consumers.clone(),
        missing: route.consumers.as_ref().map_or_else(Vec::new, |allowed| {
            let allowed: BTreeSet<_> = allowed.iter().collect();
            agents.iter().filter(|agent| !allowed.contains(agent)).cloned().collect()
        }),
        shadowed_by: shadow(&view.routes, route).map(|older| older.name.clone()),
        version: route.version.clone(),
    };
    routes.into_iter().enumerate().map(describe).collect()
}

/// Whether a model id meets one predicate.
pub(super) fn meets(predicate: &ModelPredicate, model: &str) -> bool {
    match predicate.kind {
        MatchType::Equal => model == predicate.value,
        MatchType::Pre => model.starts_with(&predicate.value),
    }
}

/// The host and path by which an agent's chat call is decided.
pub(super) fn winner_for<'a>(view: &'a RoutingView, model: &str) -> Option<&'a RouteView> {
    winner(&view.routes, &view.host, CHAT, Some(model))
}

/// Whether the gateway keeps the route where agents call, and asks it for chats.
pub(super) fn answers_chat(view: &RoutingView, name: &RouteName) -> bool {
    let takes = |route: &RouteView| route.name == *name && unmet(route, CHAT, Some("")).is_none();
    ordered(&view.routes, &view.host).into_iter().any(takes)
}

fn managed_by(view: &RoutingView, route: &RouteView) -> ManagedBy {
    let named_for = |provider: &crate::ProviderName| provider.route() == route.name;
    if route.name == RouteName::default_route() {
        ManagedBy::Hiclaw
    } else if view.providers.iter().any(|p| named_for(&p.name))
        || route.upstreams.iter().any(|u| named_for(&u.provider))
    {
        ManagedBy::Agm
    } else {
        ManagedBy::Other
    }
}

/// The hosts of a route; `*` when it names none.
fn hosts(route: &RouteView) -> impl Iterator<Item = &str> {
    let any = route.domains.is_empty().then_some("*");
    route.domains.iter().map(String::as_str).chain(any)
}

/// The table that Envoy picks for a host: the exact name, else the longest `*.suffix`, else `*`.
fn table_of(routes: &[RouteView], host: &str) -> Option<String> {
    let host = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(h, _)| h);
    let host = host.to_ascii_lowercase();
    let fits = |table: &str| match table.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => host == table,
    };
    let tables = routes.iter().flat_map(hosts).map(str::to_ascii_lowercase).filter(|table| fits(table));
    tables.max_by_key(|table| (!table.starts_with('*'), table.len()))
}

/// The model predicates as the one header condition that the console makes of them.
fn model_condition(route: &RouteView) -> Option<String> {
    let text = |p: &ModelPredicate| match p.kind {
        MatchType::Equal => p.value.clone(),
        MatchType::Pre => format!("{}*", p.value),
    };
    let all: Vec<_> = route.predicates.iter().map(text).collect();
    (!all.is_empty()).then(|| all.join("|"))
}

/// The conditions on headers; two of the same key and kind collapse into one.
fn conditions(rules: &[ValueRule]) -> Vec<&ValueRule> {
    let mut kept: Vec<&ValueRule> = Vec::new();
    for rule in rules.iter().rev() {
        if !kept.iter().any(|k| k.key == rule.key && k.kind == rule.kind) {
            kept.push(rule);
        }
    }
    kept.sort();
    kept
}

fn header_count(route: &RouteView) -> usize {
    conditions(&route.headers).len() + usize::from(!route.predicates.is_empty())
}

/// Sorts first what is asked first: all but the bare `/` before it, then longer paths, then more conditions. The sort
/// is stable, so among equals the older one.
fn rank(route: &RouteView) -> (bool, Reverse<usize>, Reverse<usize>, Reverse<usize>) {
    let (headers, params) = (header_count(route), conditions(&route.params).len());
    let catch_all = route.path.prefix == "/" && headers == 0 && params == 0;
    (catch_all, Reverse(route.path.prefix.len()), Reverse(headers), Reverse(params))
}

fn same_conditions(a: &RouteView, b: &RouteView) -> bool {
    a.path.prefix == b.path.prefix
        && model_condition(a) == model_condition(b)
        && conditions(&a.headers) == conditions(&b.headers)
        && conditions(&a.params) == conditions(&b.params)
}

/// An older route that has all hosts of this one and the same conditions.
pub(super) fn shadow<'a>(routes: &'a [RouteView], route: &RouteView) -> Option<&'a RouteView> {
    let older = routes.iter().take_while(|r| r.name != route.name);
    let covers = |o: &RouteView| hosts(route).all(|h| hosts(o).any(|other| other.eq_ignore_ascii_case(h)));
    older.into_iter().find(|o| same_conditions(o, route) && covers(o))
}

/// What a call lacks for this route; none when it takes the call.
fn unmet(route: &RouteView, path: &str, model: Option<&str>) -> Option<String> {
    if !path_fits(route, path) {
        return Some(format!("path does not begin with {}", route.path.prefix));
    }
    if !route.headers.is_empty() || !route.params.is_empty() {
        return Some("asks for headers or parameters that agents do not send".into());
    }
    let fits = |model: &str| route.predicates.iter().any(|p| meets(p, model));
    (!route.predicates.is_empty() && !model.is_some_and(fits)).then(|| "model matches no predicate".into())
}

/// `/v1` takes `/v1` and what lies below it, not `/v1x`.
fn path_fits(route: &RouteView, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let prefix = route.path.prefix.trim_end_matches('/');
    let Some(head) = path.get(..prefix.len()) else { return false };
    let same = if route.path.case_sensitive { head == prefix } else { head.eq_ignore_ascii_case(prefix) };
    same && (path.len() == prefix.len() || path[prefix.len()..].starts_with('/'))
}

fn reason(route: &RouteView, model: &str) -> String {
    match route.predicates.iter().find(|p| meets(p, model)) {
        Some(ModelPredicate { kind: MatchType::Equal, .. }) => format!("model is {model}"),
        Some(ModelPredicate { kind: MatchType::Pre, value }) => format!("model starts with {value}"),
        None => "takes every model that no other route takes".into(),
    }
}

fn lost_to(route: &RouteView, winner: Option<&RouteView>) -> String {
    let Some(winner) = winner else { return "is not asked".into() };
    if route.path.prefix.len() < winner.path.prefix.len() {
        "shorter path".into()
    } else if header_count(route) < header_count(winner) {
        "fewer conditions".into()
    } else {
        "younger route with as many conditions".into()
    }
}

fn not_asked(routes: &[RouteView], route: &RouteView, host: &str) -> String {
    match (table_of(routes, host), shadow(routes, route)) {
        (Some(table), _) if !hosts(route).any(|h| h.eq_ignore_ascii_case(&table)) => {
            format!("is not on host {table}")
        }
        (None, _) => format!("is not on host {host}"),
        (_, Some(older)) => format!("dropped: {} has the same conditions", older.name),
        (_, None) => "dropped: an older route has the same conditions".into(),
    }
}
