//! AI routes as a declarative file wants them.
use super::edit::{default_parts, predicate_json};
use super::order::{answers_chat, shadow};
use super::plan::default_route_warnings;
use super::view::{RouteView, RoutingView, Unreadable};
use crate::{
    ConsumerName, DeclaredRoute, FieldError, ModelPredicate, NameError, ProviderName, RouteName,
    RouteUpstream, Warning, WarningCode,
};
use serde_json::{Map, Value, json};

/// Why a declared route cannot be laid over what is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeclareError {
    #[error("a new route must say where it leads")]
    NoUpstreams,
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("the console stores it in another shape than an AI route")]
    Shape,
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

impl DeclareError {
    /// The part of the route that it is about.
    pub fn field(&self) -> &'static str {
        match self {
            Self::NoUpstreams => "upstreams",
            Self::Name(_) | Self::Shape | Self::Unreadable(_) => "name",
        }
    }
}

/// The console's JSON of a route with what the file says laid over it; what the file does not say, and keys that we do
/// not know, are kept. None: it is as the file says. `stored` is none for a new route, which takes host, path and header
/// control from `default`, the stored default route, and lets in whom that one lets in, and `agents`.
///
/// # Errors
/// When the file says too little for a new route, or what is stored has not the shape of an AI route.
pub fn declare_route(
    wish: &DeclaredRoute,
    stored: Option<&Value>,
    default: Option<&Value>,
    agents: &[ConsumerName],
) -> Result<Option<Value>, DeclareError> {
    let mut route = match (stored, &wish.upstreams) {
        (Some(stored), _) => stored.clone(),
        (None, upstreams) => {
            wish.name.check_new()?;
            if upstreams.is_none() {
                return Err(DeclareError::NoUpstreams);
            }
            new_route(&wish.name, default, agents)?
        }
    };
    let now = RouteView::from_console_json(&route)?;
    let object = route.as_object_mut().ok_or(DeclareError::Shape)?;
    let mut changed = stored.is_none();
    if let Some(domains) = wish.domains.as_ref().filter(|wanted| !same_set(wanted, &now.domains)) {
        object.insert("domains".into(), json!(domains));
        changed = true;
    }
    if let Some(path) = wish.path.as_ref().filter(|wanted| **wanted != now.path.prefix) {
        let predicate = member(object, "pathPredicate")?;
        predicate.insert("matchType".into(), "PRE".into());
        predicate.insert("matchValue".into(), path.as_str().into());
        predicate.entry("caseSensitive").or_insert(Value::Bool(true));
        changed = true;
    }
    if let Some(wanted) = wish.predicates.as_ref().filter(|wanted| !same_set(wanted, &now.predicates)) {
        let item = |predicate: &ModelPredicate| {
            let at = now.predicates.iter().position(|present| present == predicate);
            at.and_then(|at| list(object, "modelPredicates").get(at).cloned())
                .unwrap_or_else(|| predicate_json(predicate))
        };
        let items = wanted.iter().map(item).collect();
        object.insert("modelPredicates".into(), Value::Array(items));
        changed = true;
    }
    if let Some(wanted) = wish.upstreams.as_ref().filter(|wanted| **wanted != now.upstreams) {
        let items =
            wanted.iter().map(|upstream| upstream_json(list(object, "upstreams"), upstream)).collect();
        object.insert("upstreams".into(), Value::Array(items));
        changed = true;
    }
    if let Some(wanted) = wish.fallback.as_ref().filter(|wanted| **wanted != now.fallback) {
        set_fallback(object, wanted)?;
        changed = true;
    }
    let differs =
        |wanted: &&Vec<ConsumerName>| !now.consumers.as_ref().is_some_and(|now| same_set(wanted, now));
    if let Some(wanted) = wish.consumers.as_ref().filter(differs) {
        let auth = member(object, "authConfig")?;
        auth.insert("enabled".into(), Value::Bool(true));
        auth.entry("allowedCredentialTypes").or_insert_with(|| json!(["key-auth"]));
        let mut names = wanted.clone();
        names.sort();
        auth.insert("allowedConsumers".into(), json!(names));
        changed = true;
    }
    Ok(changed.then_some(route))
}

fn new_route(
    name: &RouteName,
    default: Option<&Value>,
    agents: &[ConsumerName],
) -> Result<Value, DeclareError> {
    let allowed =
        default.map(RouteView::from_console_json).transpose()?.and_then(|default| default.consumers);
    let mut consumers: Vec<_> = allowed.unwrap_or_default();
    consumers.extend(agents.iter().cloned());
    consumers.sort();
    consumers.dedup();
    let mut route = default_parts(name, default.unwrap_or(&Value::Null));
    let auth =
        json!({"enabled": true, "allowedCredentialTypes": ["key-auth"], "allowedConsumers": consumers});
    route.insert("authConfig".into(), auth);
    Ok(Value::Object(route))
}

fn same_set<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    a.len() == b.len() && a.iter().all(|one| b.contains(one)) && b.iter().all(|one| a.contains(one))
}

fn list<'a>(object: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    object.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A member that is an object; absent and null are an empty one.
fn member<'a>(
    object: &'a mut Map<String, Value>,
    key: &str,
) -> Result<&'a mut Map<String, Value>, DeclareError> {
    let member = object.entry(key).or_insert(Value::Null);
    if member.is_null() {
        *member = Value::Object(Map::new());
    }
    member.as_object_mut().ok_or(DeclareError::Shape)
}

/// The stored upstream of the same provider, or a new one.
fn of_provider(present: &[Value], provider: &ProviderName) -> Map<String, Value> {
    let found = present.iter().find(|upstream| upstream["provider"] == provider.as_str());
    found.and_then(Value::as_object).cloned().unwrap_or_else(|| {
        Map::from_iter([
            ("provider".to_owned(), provider.as_str().into()),
            ("modelMapping".to_owned(), Value::Object(Map::new())),
        ])
    })
}

fn upstream_json(present: &[Value], wanted: &RouteUpstream) -> Value {
    let mut upstream = of_provider(present, &wanted.provider);
    upstream.insert("weight".into(), wanted.weight.into());
    upstream.insert("modelMapping".into(), json!(wanted.mapping));
    Value::Object(upstream)
}

/// Turned off, the fallback keeps its members, as the console's own page does it.
fn set_fallback(route: &mut Map<String, Value>, wanted: &[ProviderName]) -> Result<(), DeclareError> {
    let config = member(route, "fallbackConfig")?;
    config.insert("enabled".into(), Value::Bool(!wanted.is_empty()));
    if wanted.is_empty() {
        return Ok(());
    }
    let present = list(config, "upstreams").to_vec();
    let upstreams = wanted.iter().map(|provider| Value::Object(of_provider(&present, provider))).collect();
    config.insert("upstreams".into(), Value::Array(upstreams));
    let defaults = [("fallbackStrategy", json!("SEQ")), ("responseCodes", json!(["4xx", "5xx"]))];
    for (key, default) in defaults {
        let value = config.entry(key).or_insert(Value::Null);
        if value.is_null() || value.as_array().is_some_and(Vec::is_empty) {
            *value = default;
        }
    }
    Ok(())
}

/// What is worth knowing of the routes that a file wants, or why they must not be written: a provider that is not there,
/// or a default route that no longer answers where the agents call. `after` is the installation as it will be.
///
/// # Errors
/// Every field that cannot be, as a path in the file.
pub fn check_declared_routes(
    before: &RoutingView,
    after: &RoutingView,
    routes: &[DeclaredRoute],
) -> Result<Vec<Warning>, Vec<FieldError>> {
    let mut errors = Vec::new();
    for (index, wish) in routes.iter().enumerate() {
        for (part, name) in leads_nowhere(before, wish, |name| after.provider(name).is_some()) {
            let field = format!("routes[{index}].{part}");
            errors.push(FieldError { field, message: format!("there is no provider {name}") });
        }
    }
    let default = RouteName::default_route();
    if answers_chat(before, &default) && !answers_chat(after, &default) {
        let message =
            format!("default-ai-route would no longer answer on {}, where the agents call", after.host);
        errors.push(FieldError { field: "routes".into(), message });
    }
    if errors.is_empty() { Ok(warnings(before, after, routes)) } else { Err(errors) }
}

/// The providers that a declared route would lead to, though they are not there and it does not lead to them now, each
/// with the part of the route that names it.
pub fn leads_nowhere<'a>(
    before: &'a RoutingView,
    wish: &'a DeclaredRoute,
    is_there: impl Fn(&ProviderName) -> bool + 'a,
) -> impl Iterator<Item = (&'static str, &'a ProviderName)> {
    let upstreams = wish.upstreams.iter().flatten().map(|upstream| ("upstreams", &upstream.provider));
    let fallback = wish.fallback.iter().flatten().map(|provider| ("fallback", provider));
    let present = |part: &str, name: &ProviderName| {
        before.route(&wish.name).is_some_and(|route| match part {
            "upstreams" => route.upstreams.iter().any(|upstream| upstream.provider == *name),
            _ => route.fallback.contains(name),
        })
    };
    upstreams.chain(fallback).filter(move |(part, name)| !is_there(name) && !present(part, name))
}

fn warnings(before: &RoutingView, after: &RoutingView, routes: &[DeclaredRoute]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let agents = before.agent_consumers();
    let listed =
        |view: &RoutingView, name: &RouteName| view.route(name).and_then(|route| route.consumers.clone());
    for wish in routes {
        let (old, new) = (listed(before, &wish.name), listed(after, &wish.name));
        let was_in = |name: &ConsumerName| match (before.route(&wish.name), &old) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(_), Some(old)) => old.contains(name),
        };
        let out: Vec<_> = agents
            .iter()
            .filter(|name| was_in(name) && new.as_ref().is_some_and(|new| !new.contains(*name)))
            .map(ConsumerName::as_str)
            .collect();
        if !out.is_empty() {
            let message = format!("{} no longer lets in {}", wish.name, out.join(", "));
            let about = std::iter::once(wish.name.as_str()).chain(out);
            warnings.push(Warning::new(WarningCode::AccessLost, message).about(about));
        }
        let unknown = |name: &&ConsumerName| !was_in(name) && !after.consumers.contains(*name);
        let named: Vec<_> =
            wish.consumers.iter().flatten().filter(unknown).map(ConsumerName::as_str).collect();
        if !named.is_empty() {
            let message = format!("the gateway has no consumer {}", named.join(", "));
            warnings.push(Warning::new(WarningCode::ConsumerMissing, message).about(named));
        }
    }
    for route in &after.routes {
        let shadowed_before =
            before.route(&route.name).is_some_and(|old| shadow(&before.routes, old).is_some());
        if let Some(older) = shadow(&after.routes, route).filter(|_| !shadowed_before) {
            let message = format!(
                "{} has the conditions of the older {}, so the gateway drops it",
                route.name, older.name
            );
            warnings.push(Warning::new(WarningCode::Shadowed, message).about([&route.name, &older.name]));
        }
    }
    let default = RouteName::default_route();
    let upstreams = |view: &RoutingView| view.route(&default).map(|route| route.upstreams.clone());
    if upstreams(before).is_some() && upstreams(before) != upstreams(after) {
        warnings.extend(default_route_warnings());
    }
    warnings
}

/// A route as a file says it.
pub fn declared_route(route: &RouteView) -> DeclaredRoute {
    DeclaredRoute {
        name: route.name.clone(),
        domains: Some(route.domains.clone()),
        path: Some(route.path.prefix.clone()),
        predicates: Some(route.predicates.clone()),
        upstreams: Some(route.upstreams.clone()),
        fallback: Some(route.fallback.clone()),
        consumers: route.consumers.clone(),
    }
}

#[cfg(test)]
mod tests;
