use super::{one, only, rival, well};
use crate::world::World;
use domain::{CheckId, CheckState, Mutation, SystemState, WarningCode};
use http::{Method, StatusCode};
use operations::{Clock, Config, Operations, Outside};
use sandbox::{
    console::{Canned, Effect, Fault, RequestMatch},
    s3::Switches,
};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, SystemTime},
};
use tokio_util::task::AbortOnDropHandle;

/// Operations with other settings, beside those that hold the data directory.
fn others(world: &World, change: impl FnOnce(&mut Config)) -> Operations {
    let mut config = world.config.clone();
    change(&mut config);
    Operations::new(config).unwrap()
}

/// Where nobody listens.
async fn nowhere() -> url::Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap()).parse().unwrap()
}

#[tokio::test]
async fn a_console_that_is_down_is_told_once_and_hides_what_it_would_show() {
    let world = World::start().await;
    world.sandbox.set_console_offline(true);
    let doctor = world.operations.doctor(false).await;
    only(&doctor, CheckState::Failed, &[CheckId::ConsoleReachable]);
    let down = one(&doctor, CheckId::ConsoleReachable, CheckState::Failed);
    assert!(down.fix.as_ref().unwrap().contains("HICLAW_AI_GATEWAY_ADMIN_URL"), "{down:?}");
    for id in [
        CheckId::ConsoleSignIn,
        CheckId::ConsoleVersion,
        CheckId::ConsolePassword,
        CheckId::ClockSkew,
        CheckId::RoutesReadable,
        CheckId::DefaultRoute,
        CheckId::RouteProviders,
        CheckId::RouteShadowed,
        CheckId::RouteConsumers,
        CheckId::RouteOpen,
        CheckId::RouteLive,
        CheckId::ProviderKey,
        CheckId::WebUi,
        CheckId::ProviderLasts,
        CheckId::AgentKey,
        CheckId::AgentRoute,
        CheckId::AgentAllowed,
        CheckId::AgentProvider,
    ] {
        assert!(!one(&doctor, id, CheckState::Unknown).evidence.is_empty(), "{id:?}");
    }
    well(&doctor, &[CheckId::AgentConfig, CheckId::AgentModel, CheckId::AgentModelEntry]);
    let higress = doctor.systems.iter().find(|system| system.name == "higress").unwrap();
    assert_eq!(higress.state, SystemState::Down);
    world.sandbox.set_console_offline(false);
    well(&world.operations.doctor(false).await, &[CheckId::ConsoleReachable, CheckId::RoutesReadable]);
}

#[tokio::test]
async fn a_wrong_password_is_not_a_console_that_is_down() {
    let world = World::start().await;
    let wrong = others(&world, |config| config.console.password = "not it".into());
    let doctor = wrong.doctor(false).await;
    well(&doctor, &[CheckId::ConsoleReachable, CheckId::ConsoleVersion]);
    let refused = one(&doctor, CheckId::ConsoleSignIn, CheckState::Failed);
    assert!(refused.fix.as_ref().unwrap().contains("HICLAW_ADMIN_PASSWORD"), "{refused:?}");
    one(&doctor, CheckId::ConsolePassword, CheckState::Unknown);
    well(&world.operations.doctor(false).await, &[CheckId::ConsoleSignIn]);
}

#[tokio::test]
async fn a_password_of_ones_own_is_well() {
    let world = World::start().await;
    one(&world.operations.doctor(false).await, CheckId::ConsolePassword, CheckState::Warning);
    world.sandbox.console().initialise("admin", "long and of my own");
    let own = others(&world, |config| config.console.password = "long and of my own".into());
    well(&own.doctor(false).await, &[CheckId::ConsoleSignIn, CheckId::ConsolePassword]);
}

#[tokio::test]
async fn a_release_that_nobody_tried_is_told() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::ConsoleVersion]);
    let body = r#"{"version":"3.0.0"}"#.to_owned();
    let answer = Canned { status: StatusCode::OK, content_type: "application/json", body };
    let requests = RequestMatch::new(Method::GET, "/system/info");
    let effect = Effect::Answer(answer);
    world.sandbox.console().switches().inject(Fault { requests, times: 100, effect });
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::ConsoleVersion, CheckState::Warning);
    assert!(told.evidence.contains("3.0.0") && told.evidence.contains("2.2.4"), "{told:?}");
}

/// The first image of 2.2.4 refuses every change of an AI object once it was upgraded to.
#[tokio::test]
async fn a_console_that_refuses_changes_is_told_until_it_takes_one() {
    let world = World::start().await;
    world.sandbox.set_console_offline(true);
    world.run(Mutation::AddProvider(world.new_provider("zhipuai"))).await.unwrap_err();
    world.sandbox.set_console_offline(false);
    let told = world.operations.doctor(false).await;
    one(&told, CheckId::ConsoleWrites, CheckState::Unknown);
    let switches = world.sandbox.console().switches();
    switches.set_image_conflict(true);
    let add = || Mutation::AddProvider(world.new_provider("zhipuai"));
    let refused = world.run(add()).await.unwrap_err();
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::ConsoleWrites, CheckState::Failed);
    assert!(told.evidence.contains(refused.operation.unwrap().as_str()), "{told:?}");
    assert!(told.evidence.contains("conflict") && told.fix.as_ref().unwrap().contains("2.2.4"), "{told:?}");
    switches.set_image_conflict(false);
    world.run(Mutation::RepairRoutes { route: None, consumer: None }).await.unwrap();
    well(&world.operations.doctor(false).await, &[CheckId::ConsoleWrites]);
}

#[tokio::test]
async fn a_gateway_that_lost_its_lock_is_told() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::GatewayAuth]);
    world.sandbox.gateway().set_key_auth(false);
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::GatewayAuth, CheckState::Failed);
    assert!(
        told.evidence.contains("let through") && told.fix.as_ref().unwrap().contains("key-auth"),
        "{told:?}"
    );
    let nowhere = nowhere().await;
    let away = others(&world, |config| config.gateway = nowhere).doctor(false).await;
    one(&away, CheckId::GatewayAuth, CheckState::Unknown);
    for status in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS, StatusCode::FOUND] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let answers = axum::Router::new().fallback(async move || status);
        let _serving = AbortOnDropHandle::new(tokio::spawn(axum::serve(listener, answers).into_future()));
        let busy = others(&world, |config| config.gateway = gateway).doctor(false).await;
        one(&busy, CheckId::GatewayAuth, CheckState::Unknown);
    }
}

/// Somebody who answers as agm does, until it is stopped; `open`: also to who is not signed in.
async fn page(open: Arc<AtomicBool>) -> (u16, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let providers = async move || match open.load(SeqCst) {
        true => (StatusCode::OK, "[]"),
        false => (StatusCode::UNAUTHORIZED, r#"{"success":false,"code":"AUTH_REQUIRED"}"#),
    };
    let page = axum::Router::new()
        .route("/agm/login", axum::routing::get(async || r#"<form action="/agm/login">"#))
        .route("/ni_status/providers", axum::routing::get(providers));
    let serving = async move { drop(axum::serve(listener, page).await) };
    (port, tokio::spawn(serving))
}

#[tokio::test]
async fn a_page_that_the_gateway_does_not_lead_to_is_told() {
    let world = World::start().await;
    let told = async || {
        world.sandbox.gateway().settled().await;
        let doctor = world.operations.doctor(false).await;
        doctor.checks.into_iter().find(|check| check.id == CheckId::WebUi).unwrap()
    };
    let none = told().await;
    assert!(none.state == CheckState::Ok && none.evidence.contains("own address only"), "{none:?}");
    let open = Arc::<AtomicBool>::default();
    let (port, serving) = page(open.clone()).await;
    let source =
        json!({"name": "agm", "type": "static", "domain": format!("127.0.0.1:{port}"), "port": port});
    let created = async |path: &str, body: Value| {
        assert_eq!(rival(&world, Method::POST, path, &body).await, StatusCode::CREATED, "{body}");
    };
    created("/v1/service-sources", source).await;
    let route = |name: &str, domains: &[&str], path: &str| {
        json!({"name": name, "domains": domains, "path": {"matchType": "PRE", "matchValue": path},
            "services": [{"name": "agm.static", "port": port, "weight": 100}]})
    };
    created("/v1/domains", json!({"name": "manager-local.hiclaw.io", "enableHttps": "off"})).await;
    created("/v1/routes", route("agm-domain", &["manager-local.hiclaw.io"], "/")).await;
    created("/v1/routes", route("agm-path", &[], "/agm")).await;
    let half = told().await;
    assert!(
        half.state == CheckState::Warning && half.evidence.ends_with("but not at /ni_status"),
        "{half:?}"
    );
    created("/v1/routes", route("agm-api", &[], "/ni_status")).await;
    let whole = told().await;
    assert!(whole.state == CheckState::Ok && whole.evidence.ends_with("by name and by path"), "{whole:?}");
    open.store(true, SeqCst);
    let broken = told().await;
    assert!(
        broken.state == CheckState::Failed && broken.evidence.ends_with("answers 200 at /ni_status"),
        "{broken:?}"
    );
    serving.abort();
    drop(serving.await);
    let broken = told().await;
    assert!(broken.state == CheckState::Failed && broken.evidence.contains("503"), "{broken:?}");
    assert_eq!(broken.fix.as_deref(), Some("agm install"));
}

#[tokio::test]
async fn calls_that_nobody_counts_are_told_once_they_must_have_been() {
    let world = World::start().await;
    let counts = async || world.operations.doctor(false).await;
    assert!(
        one(&counts().await, CheckId::GatewayStatistics, CheckState::Ok).evidence.contains("no call yet")
    );
    world.operations.doctor(true).await;
    while !one(&counts().await, CheckId::GatewayStatistics, CheckState::Ok).evidence.starts_with("counts") {
        tokio::task::yield_now().await;
    }
    let away = others(&world, |config| config.gateway_metrics = None).doctor(false).await;
    one(&away, CheckId::GatewayStatistics, CheckState::Unknown);
}

#[tokio::test]
async fn clocks_that_differ_are_told_with_their_side() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::ClockSkew]);
    let ahead = || SystemTime::now() + Duration::from_secs(7200);
    let outside = Outside { clock: Clock::new(ahead), ..Outside::default() };
    let skewed = Operations::with(world.config.clone(), outside).unwrap().doctor(false).await;
    let told = one(&skewed, CheckId::ClockSkew, CheckState::Warning);
    assert!(told.evidence.contains("behind that of agm"), "{told:?}");
}

#[tokio::test]
async fn a_store_is_down_read_only_or_without_conditions() {
    let world = World::start().await;
    let both = [CheckId::StoreReachable, CheckId::StoreConditionalWrites];
    let before = world.state().await;
    well(&world.operations.doctor(false).await, &both);
    assert_eq!(world.state().await, before, "the check leaves nothing behind");
    let faults = world.sandbox.s3().faults();

    faults.set(Switches { ignore_conditions: true, ..Switches::default() });
    let another = others(&world, |_| ());
    let doctor = another.doctor(false).await;
    another.store_is_safe().unwrap_err();
    let told = one(&doctor, CheckId::StoreConditionalWrites, CheckState::Failed);
    assert!(told.evidence.contains("conditional writes"), "{told:?}");
    well(&doctor, &both[..1]);

    faults.set(Switches { read_only: true, ..Switches::default() });
    let doctor = world.operations.doctor(true).await;
    let told = one(&doctor, CheckId::StoreConditionalWrites, CheckState::Failed);
    assert!(told.fix.as_ref().unwrap().contains("HICLAW_FS_ACCESS_KEY"), "{told:?}");

    faults.set(Switches { offline: true, ..Switches::default() });
    let doctor = world.operations.doctor(false).await;
    one(&doctor, CheckId::StoreReachable, CheckState::Failed);
    one(&doctor, CheckId::StoreConditionalWrites, CheckState::Unknown);
    only(&doctor, CheckState::Failed, &[CheckId::StoreReachable]);
    assert_eq!(one(&doctor, CheckId::AgentConfig, CheckState::Unknown).about, "5 agents");
    assert_eq!(one(&doctor, CheckId::AgentConfig, CheckState::Ok).about, "manager");
    assert_eq!(one(&doctor, CheckId::AgentRecord, CheckState::Unknown).about, "6 agents");
}

/// It is known from the start on, and looking must not write.
#[tokio::test]
async fn the_store_is_written_to_once_and_again_on_demand_only() {
    let world = World::start().await;
    let writes = || world.sandbox.s3().faults().tally().writes;
    world.operations.doctor(false).await;
    let tried = writes();
    assert!(tried > 0);
    world.operations.doctor(false).await;
    world.operations.doctor_lately().await;
    assert_eq!(writes(), tried);
    let doctor = world.operations.doctor(true).await;
    assert_eq!(writes(), 2 * tried);
    let told = one(&doctor, CheckId::StoreConditionalWrites, CheckState::Ok);
    assert!(told.evidence.contains("scratch object was written") && told.evidence.ends_with('Z'), "{told:?}");
}

#[tokio::test]
async fn a_gateway_that_does_not_answer_is_told() {
    let nowhere = nowhere().await;
    let world = World::start_with(|config| {
        config.gateway_metrics = Some(nowhere.join("stats/prometheus").unwrap());
    })
    .await;
    let doctor = world.operations.doctor(false).await;
    well(&doctor, &[CheckId::GatewayReachable]);
    let down = others(&world, |config| config.gateway = nowhere).doctor(false).await;
    let told = one(&down, CheckId::GatewayReachable, CheckState::Failed);
    assert!(told.fix.as_ref().unwrap().contains("HICLAW_AI_GATEWAY_URL"), "{told:?}");
    one(&down, CheckId::GatewayMetrics, CheckState::Unknown);
    while world.operations.metrics().await.unavailable["rpm"] == "not yet measured" {
        tokio::task::yield_now().await;
    }
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::GatewayMetrics, CheckState::Warning);
    assert!(told.evidence.contains("refused"), "{told:?}");
}

#[tokio::test]
async fn a_manager_that_does_not_run_is_told_and_one_that_cannot_be_asked_is_unknown() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::ManagerAnswers, CheckId::WorkerList]);
    let unasked = others(&world, |config| config.manager.url = None).doctor(false).await;
    let told = one(&unasked, CheckId::ManagerAnswers, CheckState::Unknown);
    assert_eq!(told.fix.as_deref(), Some("Set AGM_MANAGER_URL."));
    world.sandbox.agents().set_offline(true);
    one(&world.operations.doctor(false).await, CheckId::ManagerAnswers, CheckState::Failed);
}

#[tokio::test]
async fn a_list_of_workers_that_is_broken_leaves_the_manager() {
    let world = World::start().await;
    std::fs::write(world.manager_file().with_file_name("workers-registry.json"), "{").unwrap();
    let doctor = world.operations.doctor(false).await;
    let told = one(&doctor, CheckId::WorkerList, CheckState::Failed);
    assert!(told.evidence.contains("workers-registry.json"), "{told:?}");
    assert_eq!(one(&doctor, CheckId::AgentConfig, CheckState::Ok).about, "manager");
    one(&doctor, CheckId::WorkerRuns, CheckState::Unknown);
}

#[tokio::test]
async fn workers_whose_containers_nobody_can_see_are_unknown() {
    let world = World::start().await;
    world.sandbox.set_containers_offline(true);
    let doctor = world.operations.doctor(false).await;
    assert_eq!(one(&doctor, CheckId::WorkerRuns, CheckState::Unknown).about, "5 workers");
}

#[tokio::test]
async fn files_of_a_controller_that_nobody_named_are_told_before_a_switch_too() {
    let world = World::start().await;
    well(&world.operations.doctor(false).await, &[CheckId::HiclawKnown]);
    let to = crate::world::switch("alice", "qwen", "qwen-max");
    let codes = async || {
        let plan = world.operations.plan(&to).await.unwrap();
        plan.warnings.into_iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert!(!codes().await.contains(&WarningCode::AnotherHolder));
    let object = sandbox::s3::Object::new("{}", "application/json");
    let key = "agents/manager/openclaw.json";
    world.sandbox.s3().objects().put(crate::world::BUCKET, key, object, &Default::default()).unwrap();
    assert!(codes().await.contains(&WarningCode::AnotherHolder));
    let doctor = others(&world, |_| ()).doctor(false).await;
    let told = one(&doctor, CheckId::HiclawKnown, CheckState::Warning);
    assert!(told.evidence.contains(key), "{told:?}");
}
