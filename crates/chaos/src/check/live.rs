//! Whether the gateway runs what is stored: every stored route is written again into a copy of the console, and nothing
//! of the live configuration may change by that.
use crate::{
    book::Invariant,
    world::{World, admin_call_on},
};
use domain::Operation;
use http::Method;
use sandbox::live::LiveRoute;
use serde_json::Value;
use std::collections::BTreeMap;

/// Checks all AI routes.
pub async fn check(world: &World) {
    for (_, what) in differences(world).await {
        world.book.broken(Invariant::LiveIsStored, what);
    }
}

/// Checks the routes of an operation at the moment when its end is told. A late request, somebody else or another
/// operation that is under way may make them differ: then nothing is said.
pub async fn check_told(world: &World, told: &Operation) {
    let others: Vec<_> =
        world.operations_now().into_iter().filter(|one| one.id != told.id && !one.state.is_final()).collect();
    let is_busy = |object: &str| others.iter().any(|other| objects(other).any(|busy| busy == object));
    let found = if objects(told).any(|object| object.starts_with("route:")) {
        differences(world).await
    } else {
        Vec::new()
    };
    for (object, what) in found {
        let ours = objects(told).any(|one| one == object);
        if ours && world.book.is_undisturbed(&object) && !is_busy(&object) {
            let what = format!("{} was told as {:?}, but {what}", told.id, told.state);
            world.book.broken(Invariant::LiveIsStored, what);
        }
    }
}

fn objects(operation: &Operation) -> impl Iterator<Item = &str> {
    operation.plan.iter().flat_map(|plan| &plan.changes).map(|change| change.object.as_str())
}

/// The routes that run otherwise than they are stored.
async fn differences(world: &World) -> Vec<(String, String)> {
    let copy = world.console.fork();
    let router = copy.router();
    let live = || {
        let live = copy.live().borrow().clone();
        let ai = live.routes.iter().filter_map(|route| Some((name_of(route)?, route.clone())));
        ai.collect::<BTreeMap<String, LiveRoute>>()
    };
    let before = live();
    let all = admin_call_on(&router, Method::GET, "/v1/ai/routes", None).await.data();
    let all: Vec<Value> = all.and_then(|all| all.as_array().cloned()).unwrap_or_default();
    let names: Vec<&str> = all.iter().filter_map(|route| route["name"].as_str()).collect();
    let orphans = before.keys().filter(|name| !names.contains(&name.as_str())).map(|orphan| {
        let object = format!("route:{orphan}");
        let what = format!("{object} is live and not stored");
        (object, what)
    });
    let mut found: Vec<_> = orphans.collect();
    for (route, name) in all.iter().zip(&names) {
        let path = format!("/v1/ai/routes/{name}");
        admin_call_on(&router, Method::PUT, &path, Some(route.clone())).await;
    }
    let after = live();
    for name in names.into_iter().filter(|name| before.get(*name) != after.get(*name)) {
        let object = format!("route:{name}");
        let brief = |live: &BTreeMap<String, LiveRoute>| live.get(name).map(brief);
        let what = format!("{object} runs {:?}, but is stored as {:?}", brief(&before), brief(&after));
        found.push((object, what));
    }
    found
}

fn name_of(route: &LiveRoute) -> Option<String> {
    Some(route.ingress.strip_prefix("ai-route-")?.strip_suffix(".internal")?.to_owned())
}

/// What of a route a model switch can change.
fn brief(route: &LiveRoute) -> String {
    format!("{:?} {:?} {:?}", route.headers, route.backends, route.allow)
}
