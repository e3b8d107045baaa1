use super::{one, rival, well, with};
use crate::world::World;
use domain::{CheckId, CheckState, Repair};
use http::{Method, StatusCode};
use serde_json::{Value, json};

/// A route as it is stored.
async fn stored(world: &World, name: &str) -> Value {
    world.console().route(&name.parse().unwrap()).await.unwrap().unwrap().into_json()
}

async fn put(world: &World, route: &Value) {
    let path = format!("/v1/ai/routes/{}", route["name"].as_str().unwrap());
    assert_eq!(rival(world, Method::PUT, &path, route).await, StatusCode::OK);
}

async fn post(world: &World, route: &Value) {
    assert_eq!(rival(world, Method::POST, "/v1/ai/routes", route).await, StatusCode::CREATED);
}

#[tokio::test]
async fn without_the_default_route_its_models_have_none() {
    let world = World::start().await;
    let ids = [CheckId::DefaultRoute, CheckId::AgentRoute];
    well(&world.operations.doctor(false).await, &ids);
    let gone = rival(&world, Method::DELETE, "/v1/ai/routes/default-ai-route", &json!(null)).await;
    assert!(gone.is_success());
    let doctor = world.operations.doctor(false).await;
    one(&doctor, CheckId::DefaultRoute, CheckState::Warning);
    let lost = with(&doctor, CheckId::AgentRoute, CheckState::Failed);
    let names: Vec<_> = lost.iter().map(|check| check.about.as_str()).collect();
    assert_eq!(names, ["manager", "worker:carol", "worker:erin"]);
    assert!(matches!(&lost[0].repair, Some(Repair::SetModel { target: domain::Target::Manager })));
    assert_eq!(
        one(&doctor, CheckId::AgentRoute, CheckState::Ok).about,
        "worker:alice, worker:bob, worker:dave"
    );
}

#[tokio::test]
async fn a_route_to_a_provider_that_is_gone_is_told_with_who_loses_by_it() {
    let world = World::start().await;
    let ids = [CheckId::RouteProviders, CheckId::AgentProvider];
    well(&world.operations.doctor(false).await, &ids);
    assert!(rival(&world, Method::DELETE, "/v1/ai/providers/moonshot", &json!(null)).await.is_success());
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::RouteProviders, CheckState::Failed);
    assert_eq!(told.about, "moonshot-ai-route");
    assert_eq!(one(&doctor, CheckId::AgentProvider, CheckState::Failed).about, "worker:bob");
}

#[tokio::test]
async fn a_fallback_that_is_gone_is_a_warning() {
    let world = World::start().await;
    let mut route = stored(&world, "deepseek-ai-route").await;
    route["fallbackConfig"] = json!({"enabled": true, "upstreams": [{"provider": "moonshot", "modelMapping": {}}],
        "fallbackStrategy": "SEQ", "responseCodes": ["5xx"]});
    put(&world, &route).await;
    well(&world.operations.doctor(false).await, &[CheckId::RouteProviders]);
    for path in ["/v1/ai/routes/moonshot-ai-route", "/v1/ai/providers/moonshot"] {
        assert!(rival(&world, Method::DELETE, path, &json!(null)).await.is_success());
    }
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::RouteProviders, CheckState::Warning);
    assert!(told.evidence.contains("falls back to moonshot"), "{told:?}");
}

#[tokio::test]
async fn a_route_that_an_older_one_hides_is_told() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::RouteShadowed]);
    let mut twin = stored(&world, "moonshot-ai-route").await;
    twin["name"] = json!("zz-twin");
    twin.as_object_mut().unwrap().remove("version");
    post(&world, &twin).await;
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::RouteShadowed, CheckState::Failed);
    assert!(told.about == "zz-twin" && told.evidence.contains("moonshot-ai-route"), "{told:?}");
}

#[tokio::test]
async fn who_is_missing_on_a_route_is_told_before_it_hurts_and_the_repair_lets_him_in() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::RouteConsumers]);
    let mut route = stored(&world, "moonshot-ai-route").await;
    let allowed = route["authConfig"]["allowedConsumers"].as_array_mut().unwrap();
    allowed.retain(|consumer| consumer != "worker-erin");
    put(&world, &route).await;
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::RouteConsumers, CheckState::Warning);
    assert!(told.about == "moonshot-ai-route" && told.evidence.contains("worker-erin"), "{told:?}");
    assert_eq!(
        one(&doctor, CheckId::AgentAllowed, CheckState::Failed).about,
        "worker:dave",
        "erin runs another"
    );
    let Some(Repair::RouteAccess { route, consumer }) = told.repair.clone() else { panic!("{told:?}") };
    world.run(domain::Mutation::RepairRoutes { route: Some(route), consumer }).await.unwrap();
    well(&world.operations.doctor(false).await, &[CheckId::RouteConsumers]);
}

#[tokio::test]
async fn a_route_that_asks_for_no_key_is_told() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::RouteOpen]);
    let mut route = stored(&world, "moonshot-ai-route").await;
    route["authConfig"]["enabled"] = json!(false);
    put(&world, &route).await;
    let doctor = world.operations.doctor(false).await;
    assert_eq!(one(&doctor, CheckId::RouteOpen, CheckState::Warning).about, "moonshot-ai-route");
}

#[tokio::test]
async fn a_route_that_tries_for_days_is_told() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::RouteRetry]);
    world.sandbox.console().switches().set_release(sandbox::console::Release::V2_2_1);
    let mut twin = stored(&world, "moonshot-ai-route").await;
    twin["name"] = json!("of-221");
    for set_by_the_console in ["version", "proxyNextUpstream"] {
        twin.as_object_mut().unwrap().remove(set_by_the_console);
    }
    post(&world, &twin).await;
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::RouteRetry, CheckState::Warning);
    assert!(told.about == "of-221" && told.evidence.contains("120000 s"), "{told:?}");
}

#[tokio::test]
async fn what_is_live_and_not_stored_is_told_and_saving_it_again_mends_it() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::RouteLive]);
    let right = stored(&world, "moonshot-ai-route").await;
    let mut stale = right.clone();
    stale["version"] = json!("999");
    stale["authConfig"]["allowedConsumers"] = json!(["manager"]);
    // Both are refused at their last step, when they are live already.
    let refused = rival(&world, Method::PUT, "/v1/ai/routes/moonshot-ai-route", &stale).await;
    assert_eq!(refused, StatusCode::CONFLICT);
    stale["name"] = json!("orphan");
    assert!(!rival(&world, Method::PUT, "/v1/ai/routes/orphan", &stale).await.is_success());
    let doctor = world.operations.doctor(false).await;
    let told = with(&doctor, CheckId::RouteLive, CheckState::Warning);
    assert_eq!(
        told.iter().map(|check| check.about.as_str()).collect::<Vec<_>>(),
        ["moonshot-ai-route", "orphan"]
    );
    assert!(told[0].evidence.ends_with("live manager"), "{told:?}");
    put(&world, &right).await;
    assert!(rival(&world, Method::DELETE, "/v1/ai/routes/orphan", &json!(null)).await.is_success());
    well(&world.operations.doctor(false).await, &[CheckId::RouteLive]);
}

#[tokio::test]
async fn an_object_that_nobody_understands_is_told_by_its_name() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::RoutesReadable]);
    let mut route = stored(&world, "moonshot-ai-route").await;
    route["modelPredicates"] = json!([{"matchType": "REGULAR", "matchValue": "kimi.*"}]);
    let answer = json!({"success": true, "data": [route], "message": null}).to_string();
    let canned =
        sandbox::console::Canned { status: StatusCode::OK, content_type: "application/json", body: answer };
    world.sandbox.console().switches().inject(sandbox::console::Fault {
        requests: sandbox::console::RequestMatch::new(Method::GET, "/v1/ai/routes"),
        times: 100,
        effect: sandbox::console::Effect::Answer(canned),
    });
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::RoutesReadable, CheckState::Failed);
    assert!(told.evidence.contains("moonshot-ai-route"), "{told:?}");
    one(&doctor, CheckId::AgentRoute, CheckState::Unknown);
}
