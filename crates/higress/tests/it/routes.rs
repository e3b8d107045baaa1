use crate::{World, provider};
use higress::{HigressError, Observation, Outcome, RouteDoc};
use reqwest::{Method, StatusCode};
use sandbox::console::{Canned, Effect, StoreCall, StoreVerb, Trouble};
use serde_json::json;

const ALL: &str = "/v1/ai/routes";
const ONE: &str = "/v1/ai/routes/*";

fn route(consumers: &[&str]) -> RouteDoc {
    RouteDoc::parse(json!({ "name": "lab-ai-route", "domains": ["aigw-local.hiclaw.io"],
        "pathPredicate": { "matchType": "PRE", "matchValue": "/", "caseSensitive": false },
        "modelPredicates": [{ "matchType": "PRE", "matchValue": "lab-" }],
        "upstreams": [{ "provider": "lab", "weight": 100, "modelMapping": {} }],
        "authConfig": { "enabled": true, "allowedCredentialTypes": ["key-auth"], "allowedConsumers": consumers } }))
    .unwrap()
}

async fn with_provider() -> World {
    let world = World::start().await;
    world.console.write_provider(None, &provider("lab", "https://llm.example.com/v1")).await.unwrap();
    world
}

/// Whom the live route lets in; none: there is no live route.
fn live(world: &World) -> Option<Vec<String>> {
    let live = world.served.live().borrow().clone();
    let route = live.routes.iter().find(|route| route.ingress == "ai-route-lab-ai-route.internal")?;
    Some(route.allow.clone().expect("the route asks for a key"))
}

/// The last step of a route's write, after all that is live.
fn last_step(verb: StoreVerb) -> StoreCall {
    StoreCall::first(verb, "configmaps", "ai-route-lab-ai-route")
}

#[tokio::test]
async fn a_route_is_made_changed_and_removed() {
    let world = with_provider().await;
    let made = world.console.write_route(None, &route(&["manager"])).await.unwrap();
    assert_eq!((made.before, made.after.version()), (None, "1"));
    let changed =
        world.console.write_route(Some(&made.after), &route(&["manager", "worker-a"])).await.unwrap();
    assert_eq!(changed.after.version(), "2");
    assert_eq!(live(&world).unwrap(), ["manager", "worker-a"]);
    world.console.remove_route(&changed.after).await.unwrap();
    assert_eq!((live(&world), world.console.routes().await.unwrap().len()), (None, 0));
    world.console.remove_route(&changed.after).await.unwrap();
}

#[tokio::test]
async fn the_fresh_version_is_sent_whatever_the_image_says() {
    let world = with_provider().await;
    let first = world.console.write_route(None, &route(&["manager"])).await.unwrap().after;
    world.rival(Method::PUT, "/v1/ai/routes/lab-ai-route", first.json()).await;
    world.console.write_route(Some(&first), &route(&["manager", "worker-a"])).await.unwrap();
    assert_eq!(live(&world).unwrap(), ["manager", "worker-a"]);
}

#[tokio::test]
async fn a_foreign_route_is_not_overwritten_and_not_even_for_a_moment_live() {
    let world = with_provider().await;
    let theirs = route(&["manager", "worker-theirs"]);
    world.rival(Method::POST, ALL, theirs.json()).await;
    for before in [None, Some(&route(&["manager"]))] {
        let error = world.console.write_route(before, &route(&["mine"])).await.unwrap_err();
        assert!(matches!(error.error, HigressError::Changed { .. }));
        assert_eq!(error.outcome, Outcome::NotApplied);
    }
    let version = world.console.route(theirs.name()).await.unwrap().unwrap().version().to_owned();
    assert_eq!(
        (version.as_str(), live(&world).unwrap()),
        ("1", vec!["manager".into(), "worker-theirs".to_owned()])
    );
}

#[tokio::test]
async fn after_a_conflict_that_went_live_it_is_written_again() {
    let world = with_provider().await;
    let first = world.console.write_route(None, &route(&["manager"])).await.unwrap().after;
    let wanted = route(&["manager", "worker-a"]);
    world.fault(Method::PUT, ONE, 1, Effect::StoreFails(last_step(StoreVerb::Replace), Trouble::Conflict));
    let written = world.console.write_route(Some(&first), &wanted).await.unwrap();
    assert_eq!(written.after.consumers(), wanted.consumers());
    assert_eq!(live(&world).unwrap(), ["manager", "worker-a"]);
}

#[tokio::test]
async fn half_a_write_is_taken_back_from_the_live_side() {
    let world = with_provider().await;
    let first = world.console.write_route(None, &route(&["manager"])).await.unwrap().after;
    world.fault(Method::PUT, ONE, 1, Effect::StoreFails(last_step(StoreVerb::Replace), Trouble::Broken));
    let error = world.console.write_route(Some(&first), &route(&["intruder"])).await.unwrap_err();
    assert!(matches!(error.error, HigressError::Server { .. }), "{error:?}");
    assert_eq!(error.outcome, Outcome::NotApplied);
    assert_eq!(live(&world).unwrap(), ["manager"]);
}

#[tokio::test]
async fn half_a_creation_leaves_no_orphan() {
    let world = with_provider().await;
    world.fault(Method::POST, ALL, 1, Effect::StoreFails(last_step(StoreVerb::Create), Trouble::Broken));
    let error = world.console.write_route(None, &route(&["intruder"])).await.unwrap_err();
    assert_eq!(error.outcome, Outcome::NotApplied);
    assert_eq!(live(&world), None);
}

#[tokio::test]
async fn a_live_route_that_nobody_cleaned_up_is_made_as_stored_by_resync() {
    let world = with_provider().await;
    let first = world.console.write_route(None, &route(&["manager"])).await.unwrap().after;
    // A stale write of somebody else: refused, and live.
    let mut stale = route(&["intruder"]).into_json();
    stale["version"] = json!("0");
    let put = reqwest::Client::new().put(world.url.join("/v1/ai/routes/lab-ai-route").unwrap());
    let answer = put.basic_auth("admin", Some("admin")).json(&stale).send().await.unwrap();
    assert_eq!((answer.status(), live(&world).unwrap()), (StatusCode::CONFLICT, vec!["intruder".to_owned()]));
    world.console.resync_route(first.name()).await.unwrap();
    assert_eq!(live(&world).unwrap(), ["manager"]);
}

#[tokio::test]
async fn a_write_without_an_answer_is_unknown_until_looked_at() {
    for (effect, seen) in [(Effect::HangAfter, Observation::AllNew), (Effect::Drop, Observation::AllOld)] {
        let world = with_provider().await;
        let first = world.console.write_route(None, &route(&["manager"])).await.unwrap().after;
        let wanted = route(&["manager", "worker-a"]);
        world.fault(Method::PUT, ONE, 1, effect.clone());
        let error = world.impatient().write_route(Some(&first), &wanted).await.unwrap_err();
        assert_eq!(error.outcome, Outcome::Unknown, "{effect:?}");
        let observed = world.console.observe_route(first.name(), Some(&first), Some(&wanted)).await.unwrap();
        assert_eq!(observed, seen, "{effect:?}");
    }
}

#[tokio::test]
async fn a_refusal_by_a_proxy_may_still_be_carried_out() {
    let world = with_provider().await;
    world.fault(Method::POST, ALL, 1, Effect::AnswerAfter(Canned::page(StatusCode::BAD_GATEWAY)));
    let error = world.console.write_route(None, &route(&["manager"])).await.unwrap_err();
    assert_eq!(error.outcome, Outcome::Unknown);
}

#[tokio::test]
async fn a_refused_content_is_said_with_the_consoles_words() {
    let world = World::start().await;
    let error = world.console.write_route(None, &route(&["manager"])).await.unwrap_err();
    assert_eq!(error.error, HigressError::Invalid { message: "Unknown provider: lab".into() });
    assert_eq!(error.outcome, Outcome::NotApplied);
}

#[tokio::test]
async fn observing_tells_the_three_cases() {
    let world = with_provider().await;
    let (old, new) = (route(&["manager"]), route(&["manager", "worker-a"]));
    let look = || world.console.observe_route(old.name(), Some(&old), Some(&new));
    assert_eq!(look().await.unwrap(), Observation::Foreign);
    world.console.write_route(None, &old).await.unwrap();
    assert_eq!(look().await.unwrap(), Observation::AllOld);
    world.console.write_route(Some(&old), &new).await.unwrap();
    assert_eq!(look().await.unwrap(), Observation::AllNew);
    assert_eq!(world.console.observe_route(old.name(), Some(&new), None).await.unwrap(), Observation::AllOld);
}
