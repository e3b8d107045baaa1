//! Whether the gateway runs what is stored: every stored route is written again into a copy of the console, and nothing
//! of the live configuration may change by that.
use crate::{
    book::Invariant,
    world::{World, admin_call_on},
};
use http::Method;
use sandbox::live::LiveRoute;
use serde_json::Value;
use std::collections::BTreeMap;

/// Checks all AI routes.
pub async fn check(world: &World) {
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
    for orphan in before.keys().filter(|name| !names.contains(&name.as_str())) {
        world.book.broken(Invariant::LiveIsStored, format!("route:{orphan} is live and not stored"));
    }
    for (route, name) in all.iter().zip(&names) {
        let path = format!("/v1/ai/routes/{name}");
        admin_call_on(&router, Method::PUT, &path, Some(route.clone())).await;
    }
    let after = live();
    for name in names {
        if before.get(name) != after.get(name) {
            let what = format!(
                "route:{name} runs otherwise than it is stored: {:?} instead of {:?}",
                before.get(name).map(brief),
                after.get(name).map(brief)
            );
            world.book.broken(Invariant::LiveIsStored, what);
        }
    }
}

fn name_of(route: &LiveRoute) -> Option<String> {
    Some(route.ingress.strip_prefix("ai-route-")?.strip_suffix(".internal")?.to_owned())
}

/// What of a route a model switch can change.
fn brief(route: &LiveRoute) -> String {
    format!("{:?} {:?} {:?}", route.headers, route.backends, route.allow)
}
