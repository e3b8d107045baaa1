//! One change of one AI route, and how it is laid over the console's own object without losing what we do not know.
use super::view::{RouteView, RoutingView};
use crate::{ConsumerName, MatchType, ModelPredicate, ProviderName, RouteName, RouteUpstream};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A change of one AI route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteEdit {
    /// A new route with the host, path and header control of the default route.
    Create {
        route: RouteName,
        provider: ProviderName,
        predicates: Vec<ModelPredicate>,
        /// Who is let in, sorted.
        consumers: Vec<ConsumerName>,
    },
    /// A change of a route that is there. Parts that are empty are left alone.
    Update {
        route: RouteName,
        add_predicates: Vec<ModelPredicate>,
        /// Never all that the route has.
        remove_predicates: Vec<ModelPredicate>,
        add_consumers: Vec<ConsumerName>,
        /// The only upstream from now on.
        repoint: Option<ProviderName>,
        /// Takes host and path of the default route, without which the route is not asked at all.
        align: bool,
    },
    Delete {
        route: RouteName,
    },
}

/// Why an edit does not fit the object that it is for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("{0} is not there")]
    Missing(RouteName),
    #[error("{0} is there already")]
    Exists(RouteName),
    #[error("the {0} has another shape than an AI route")]
    Shape(RouteName),
}

impl RouteEdit {
    /// An update that changes nothing yet.
    pub(super) fn update(route: RouteName) -> Self {
        Self::let_in(route, Vec::new())
    }

    /// An update that lets somebody in and no more.
    pub fn let_in(route: RouteName, consumers: Vec<ConsumerName>) -> Self {
        Self::Update {
            route,
            add_predicates: Vec::new(),
            remove_predicates: Vec::new(),
            add_consumers: consumers,
            repoint: None,
            align: false,
        }
    }

    /// The route that it changes.
    pub fn route(&self) -> &RouteName {
        match self {
            Self::Create { route, .. } | Self::Update { route, .. } | Self::Delete { route } => route,
        }
    }
}

/// The view as it is once the edits are made.
pub(super) fn edited(view: &RoutingView, edits: &[RouteEdit]) -> RoutingView {
    let mut view = view.clone();
    for edit in edits {
        edit_view(&mut view, edit);
    }
    view
}

fn edit_view(view: &mut RoutingView, edit: &RouteEdit) {
    let default = view.route(&RouteName::default_route()).cloned();
    match edit {
        RouteEdit::Create { route, provider, predicates, consumers } => {
            let Some(default) = default else { return };
            view.routes.push(RouteView {
                name: route.clone(),
                version: String::new(),
                headers: Vec::new(),
                params: Vec::new(),
                predicates: predicates.clone(),
                upstreams: vec![only(provider)],
                fallback: Vec::new(),
                consumers: Some(consumers.clone()),
                ..default
            });
        }
        RouteEdit::Update { route, add_predicates, remove_predicates, add_consumers, repoint, align } => {
            let Some(route) = view.routes.iter_mut().find(|r| r.name == *route) else { return };
            if let Some(default) = default.filter(|_| *align) {
                (route.domains, route.path) = (default.domains, default.path);
            }
            route.predicates.retain(|p| !remove_predicates.contains(p));
            route.predicates.extend(add_predicates.iter().cloned());
            if let Some(allowed) = &mut route.consumers
                && !add_consumers.is_empty()
            {
                allowed.extend(add_consumers.iter().cloned());
                allowed.sort();
                allowed.dedup();
            }
            if let Some(provider) = repoint {
                route.upstreams = vec![only(provider)];
            }
        }
        RouteEdit::Delete { route } => view.routes.retain(|r| r.name != *route),
    }
}

fn only(provider: &ProviderName) -> RouteUpstream {
    RouteUpstream { provider: provider.clone(), weight: 100, mapping: BTreeMap::new() }
}

/// Lays an edit over the console's JSON of the route. `route` is what is stored (none for a new one), `default` the
/// stored default route, whose conditions are copied. None: the route is to be deleted. Keys that we do not know, and
/// the order of all keys, are kept; `version` is what `route` had.
pub fn apply_edit(
    route: Option<&Value>,
    default: &Value,
    edit: &RouteEdit,
) -> Result<Option<Value>, EditError> {
    let name = edit.route();
    match (edit, route) {
        (RouteEdit::Create { .. }, Some(_)) => Err(EditError::Exists(name.clone())),
        (RouteEdit::Create { route, provider, predicates, consumers }, None) => {
            Ok(Some(new_route(route, provider, predicates, consumers, default)))
        }
        (_, None) => Err(EditError::Missing(name.clone())),
        (RouteEdit::Delete { .. }, Some(_)) => Ok(None),
        (
            RouteEdit::Update { add_predicates, remove_predicates, add_consumers, repoint, align, .. },
            Some(stored),
        ) => {
            let mut route = stored.clone();
            let shape = || EditError::Shape(name.clone());
            let object = route.as_object_mut().ok_or_else(shape)?;
            if *align {
                copy(default, object, &["domains", "pathPredicate"]);
            }
            edit_predicates(object, add_predicates, remove_predicates);
            if !add_consumers.is_empty() {
                let auth = object.get_mut("authConfig").and_then(Value::as_object_mut).ok_or_else(shape)?;
                add_names(auth, add_consumers);
            }
            if let Some(provider) = repoint {
                repoint_upstream(object, provider);
            }
            Ok(Some(route))
        }
    }
}

fn new_route(
    name: &RouteName,
    provider: &ProviderName,
    predicates: &[ModelPredicate],
    consumers: &[ConsumerName],
    default: &Value,
) -> Value {
    let mut route = default_parts(name, default);
    route.insert("modelPredicates".into(), predicates.iter().map(predicate_json).collect());
    let upstream = json!({"provider": provider, "weight": 100, "modelMapping": {}});
    route.insert("upstreams".into(), Value::Array(vec![upstream]));
    let auth =
        json!({"enabled": true, "allowedCredentialTypes": ["key-auth"], "allowedConsumers": consumers});
    route.insert("authConfig".into(), auth);
    Value::Object(route)
}

/// What every new route has, whatever it is for.
pub(super) fn default_parts(name: &RouteName, default: &Value) -> Map<String, Value> {
    let mut route = Map::new();
    route.insert("name".into(), name.as_str().into());
    copy(default, &mut route, &["domains", "pathPredicate", "headerControl"]);
    // The console's own default, except that Higress 2.2.1 fills in 120000, and means seconds.
    let conditions = ["error", "timeout", "non_idempotent"];
    let retry = json!({"enabled": true, "attempts": 3, "timeout": 120, "conditions": conditions});
    route.insert("proxyNextUpstream".into(), retry);
    route
}

fn copy(from: &Value, to: &mut Map<String, Value>, keys: &[&str]) {
    for key in keys {
        if let Some(value) = from.get(*key).filter(|v| !v.is_null()) {
            to.insert((*key).into(), value.clone());
        }
    }
}

pub(super) fn predicate_json(predicate: &ModelPredicate) -> Value {
    json!({"matchType": predicate.kind, "matchValue": predicate.value, "caseSensitive": true})
}

fn is_predicate(item: &Value, predicate: &ModelPredicate) -> bool {
    let kind = match predicate.kind {
        MatchType::Equal => "EQUAL",
        MatchType::Pre => "PRE",
    };
    item["matchType"] == kind && item["matchValue"] == predicate.value
}

fn edit_predicates(route: &mut Map<String, Value>, add: &[ModelPredicate], remove: &[ModelPredicate]) {
    if add.is_empty() && remove.is_empty() {
        return;
    }
    let mut list = route.get("modelPredicates").and_then(Value::as_array).cloned().unwrap_or_default();
    list.retain(|item| !remove.iter().any(|p| is_predicate(item, p)));
    list.extend(add.iter().map(predicate_json));
    route.insert("modelPredicates".into(), Value::Array(list));
}

fn add_names(auth: &mut Map<String, Value>, names: &[ConsumerName]) {
    let mut list = auth.get("allowedConsumers").and_then(Value::as_array).cloned().unwrap_or_default();
    list.extend(names.iter().map(|name| Value::from(name.as_str())));
    list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    list.dedup();
    auth.insert("allowedConsumers".into(), Value::Array(list));
}

fn repoint_upstream(route: &mut Map<String, Value>, provider: &ProviderName) {
    let first = route.get("upstreams").and_then(|list| list.get(0)).and_then(Value::as_object);
    let mut upstream = first.cloned().unwrap_or_default();
    upstream.insert("provider".into(), provider.as_str().into());
    upstream.insert("weight".into(), 100.into());
    upstream.insert("modelMapping".into(), json!({}));
    route.insert("upstreams".into(), Value::Array(vec![Value::Object(upstream)]));
}
