//! Being reached through the gateway, and no more.
use crate::world::{World, context, step};
use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use domain::{
    Code, Install, Mutation, Operation, OperationState, RegisteredAs, StepName, StepState, WarningCode,
};
use operations::{Front, Operations, SignedIn};
use sandbox::SandboxOptions;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::net::TcpListener;

const COOKIE: &str = "agm_session=of-a-test";
const DOMAIN: &str = "manager-local.hiclaw.io";

/// What of agm the gateway is to reach.
struct Own {
    address: SocketAddr,
    tls: bool,
    sessions: Arc<AtomicUsize>,
}

impl Front for Own {
    fn address(&self) -> SocketAddr {
        self.address
    }
    fn speaks_tls(&self) -> bool {
        self.tls
    }
    fn sign_in(&self) -> SignedIn {
        self.sessions.fetch_add(1, Ordering::SeqCst);
        let sessions = self.sessions.clone();
        SignedIn::new(COOKIE.to_owned().into(), move || {
            sessions.fetch_sub(1, Ordering::SeqCst);
        })
    }
}

fn signed_in(headers: &HeaderMap) -> bool {
    headers.get(header::COOKIE).is_some_and(|cookie| cookie == COOKIE)
}

async fn closed(headers: HeaderMap) -> StatusCode {
    if signed_in(&headers) { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
}

async fn style() -> Response {
    ([(header::CACHE_CONTROL, "public, immutable"), (header::CONTENT_ENCODING, "br")], "x").into_response()
}

/// Lets these operations work for a server; answers with its sessions that have not ended.
async fn serve(operations: &Operations) -> Arc<AtomicUsize> {
    let page = Html(r#"<link rel="stylesheet" href="/agm/pkg/agm.css">"#);
    let routes = Router::new()
        .route("/agm/login", get(move || async move { page }))
        .route("/ni_status/providers", get(closed))
        .route("/agm/pkg/agm.css", get(style));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let sessions = Arc::new(AtomicUsize::new(0));
    operations.work_for(Arc::new(Own { address, tls: false, sessions: sessions.clone() }));
    sessions
}

async fn world(leftovers: bool) -> World {
    let world = World::start_on(SandboxOptions { leftovers, ..SandboxOptions::default() }, |_| ()).await;
    serve(&world.operations).await;
    world
}

fn install() -> Mutation {
    Mutation::Install(Install::default())
}

fn at(reach: &str, domain: &str) -> Mutation {
    Mutation::Install(Install { reach: Some(reach.parse().unwrap()), domain: Some(domain.parse().unwrap()) })
}

/// Every document of the console, without versions.
fn documents(world: &World) -> BTreeMap<String, Value> {
    let state = world.sandbox.console().export();
    let kinds = ["ingresses", "config_maps", "plugins", "bridges", "filters"];
    let of = |kind: &'static str| {
        let all = state[kind].as_object().cloned().unwrap_or_default();
        all.into_iter().map(move |(name, stored)| {
            let name = name.trim_end_matches(".yaml");
            (format!("{kind}/{name}"), stored["body"].clone())
        })
    };
    let documents: BTreeMap<_, _> = kinds.into_iter().flat_map(of).collect();
    assert!(documents.len() > 5, "{documents:?}");
    documents
}

/// Calls the console as its admin does.
async fn console(world: &World, method: http::Method, path: &str, body: Value) {
    let at = &world.config.console;
    let request = reqwest::Client::new().request(method, at.url.join(path).unwrap());
    let answer = request.basic_auth("admin", Some("admin")).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
}

/// The status of a call through the gateway, without a sign-in.
async fn through(world: &World, host: &str, path: &str) -> u16 {
    world.sandbox.gateway().settled().await;
    let url = world.config.gateway.join(path).unwrap();
    let call = reqwest::Client::new().get(url).header(header::HOST, host).send();
    call.await.unwrap().status().as_u16()
}

fn proof(operation: &Operation) -> (StepState, String) {
    let proof = step(&operation.steps, StepName::Proof);
    (proof.state, proof.evidence.clone().unwrap_or_default())
}

#[tokio::test]
async fn a_fresh_gateway_leads_to_agm_and_then_to_what_it_did_before() {
    let world = world(false).await;
    let before = documents(&world);
    let done = world.run(install()).await.unwrap();
    assert_eq!(done.state, OperationState::Committed);
    let (state, evidence) = proof(&done);
    assert!(
        state == StepState::Done && evidence.contains(DOMAIN) && evidence.contains("agm.css"),
        "{evidence}"
    );
    for (host, path) in [(DOMAIN, "/ni_status/providers"), ("198.51.100.7", "/ni_status/providers")] {
        assert_eq!(through(&world, host, path).await, 401, "{host}{path}");
    }
    assert_eq!(through(&world, "198.51.100.7:8080", "/agm/login").await, 200);
    let told = world.operations.installation().await.unwrap();
    assert_eq!(told.registered.unwrap().domain.as_str(), DOMAIN);
    assert!(
        told.objects.len() == 5 && told.objects.iter().all(|object| object.state == RegisteredAs::Wanted)
    );
    assert_eq!(told.proved.unwrap().operation, done.id);
    world.operations.prove().await.unwrap();

    let again = world.operations.plan(&install()).await.unwrap();
    assert_eq!(again.changes, [], "a second time nothing changes");
    assert_eq!(world.run(Mutation::Uninstall).await.unwrap().state, OperationState::Committed);
    assert_eq!(documents(&world), before);
    assert_eq!(world.operations.registration(), None);
    assert_eq!(world.operations.plan(&Mutation::Uninstall).await.unwrap().changes, []);
    assert_eq!(world.operations.prove().await.unwrap_err().code, Code::Conflict);
}

#[tokio::test]
async fn what_the_former_plugin_left_goes_and_comes_back() {
    let world = world(true).await;
    let before = documents(&world);
    let done = world.run(install()).await.unwrap();
    let objects: Vec<_> = done.steps.iter().filter_map(|step| step.object.as_deref()).collect();
    let position = |name: &str| objects.iter().position(|object| *object == name).unwrap();
    assert!(
        position("agm-api") < position("ai-gateway-monitor"),
        "ours stands before theirs goes: {objects:?}"
    );
    assert_eq!(through(&world, "198.51.100.7", "/ni_status/providers").await, 401);
    assert!(documents(&world).keys().all(|name| !name.contains("ai-gateway-monitor")));
    assert_eq!(world.operations.plan(&install()).await.unwrap().changes, []);
    world.run(Mutation::Uninstall).await.unwrap();
    assert_eq!(documents(&world), before);
    assert!(before.contains_key("plugins/key-auth-1.0.0"), "{:?}", before.keys());
}

#[tokio::test]
async fn whoever_protected_the_former_plugins_route_finds_it_protected_again() {
    let world = world(true).await;
    for plugin in ["basic-auth", "ip-restriction"] {
        let path = format!("/v1/routes/ai-gateway-monitor/plugin-instances/{plugin}");
        let settings =
            json!({"pluginName": plugin, "enabled": true, "rawConfigurations": "allow:\n- canary"});
        console(&world, http::Method::PUT, &path, settings).await;
    }
    let before = documents(&world);
    let plan = world.operations.plan(&install()).await.unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    assert!(text.contains("plugin:ai-gateway-monitor/basic-auth") && !text.contains("canary"), "{text}");
    world.run(install()).await.unwrap();
    assert_eq!(world.operations.plan(&install()).await.unwrap().changes, []);
    world.run(Mutation::Uninstall).await.unwrap();
    assert_eq!(documents(&world), before);
}

#[tokio::test]
async fn what_somebody_changed_in_ours_is_set_back_and_told_and_what_leads_elsewhere_is_refused() {
    let world = world(false).await;
    world.run(install()).await.unwrap();
    let once = documents(&world);
    let at = "/v1/routes/agm-path";
    let changed = |services: Value, more: Value| {
        let mut route = json!({"name": "agm-path", "domains": [], "services": [services],
            "path": {"matchType": "PRE", "matchValue": "/agm"}});
        route.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        route
    };
    let port = world.operations.registration().unwrap().reach.port();
    let ours = json!({"name": "agm.static", "port": port, "weight": 100});
    let hardened =
        changed(ours.clone(), json!({"headers": [{"matchType": "EQUAL", "key": "x-in", "matchValue": "1"}]}));
    console(&world, http::Method::PUT, at, hardened).await;
    let plan = world.operations.plan(&install()).await.unwrap();
    let told: Vec<_> = plan.warnings.iter().map(|warning| (warning.code, warning.about.clone())).collect();
    assert_eq!(told, [(WarningCode::SetBack, vec!["plain-route:agm-path".into(), "/headers".into()])]);
    assert!(serde_json::to_string(&plan.changes).unwrap().contains("x-in"), "what was there is shown");
    world.run(install()).await.unwrap();
    assert_eq!(documents(&world), once);

    let elsewhere = json!({"name": "minio.static", "port": 9000, "weight": 100});
    console(&world, http::Method::PUT, at, changed(elsewhere, json!({}))).await;
    assert_eq!(world.operations.plan(&install()).await.unwrap_err().code, Code::Conflict);
    console(&world, http::Method::PUT, at, changed(ours, json!({}))).await;
    let source = json!({"name": "agm", "type": "static", "domain": "192.0.2.9:80", "port": 80});
    console(&world, http::Method::PUT, "/v1/service-sources/agm", source).await;
    let failure = world.operations.plan(&install()).await.unwrap_err();
    assert!(failure.code == Code::Conflict && failure.message.contains("192.0.2.9:80"), "{failure:?}");
    world.run(Mutation::Uninstall).await.unwrap();
    let left = documents(&world)["bridges/default"].to_string();
    assert!(left.contains("192.0.2.9:80"), "it is somebody else's now: {left}");
}

#[tokio::test]
async fn another_port_of_agm_is_no_change_of_somebody_else() {
    let world = world(false).await;
    world.run(install()).await.unwrap();
    serve(&world.operations).await;
    let plan = world.operations.plan(&at("127.0.0.1:9", DOMAIN)).await.unwrap();
    assert!(!plan.changes.is_empty() && plan.warnings.is_empty(), "{plan:?}");
}

#[tokio::test]
async fn a_gateway_that_does_not_lead_to_agm_is_left_as_it_was() {
    let world = world(true).await;
    let before = documents(&world);
    // Nobody listens there.
    let failure = world.run(at("127.0.0.1:9", DOMAIN)).await.unwrap_err();
    assert_eq!(failure.code, Code::RolledBack);
    assert!(failure.message.contains("HTTP 503") && failure.hint.is_some(), "{failure:?}");
    assert_eq!(documents(&world), before);
    assert_eq!(world.operations.registration(), None);
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_written_over() {
    let world = world(false).await;
    let source = json!({"name": "agm", "type": "static", "domain": "10.0.0.9:80", "port": 80});
    console(&world, http::Method::POST, "/v1/service-sources", source).await;
    let before = documents(&world);
    let failure = world.operations.plan(&install()).await.unwrap_err();
    assert!(failure.code == Code::Conflict && failure.message.contains("10.0.0.9:80"), "{failure:?}");
    console(&world, http::Method::DELETE, "/v1/service-sources/agm", Value::Null).await;
    let route = json!({"name": "theirs", "domains": [], "path": {"matchType": "PRE", "matchValue": "/agm"},
        "services": [{"name": "minio.static", "port": 9000, "weight": 100}]});
    console(&world, http::Method::POST, "/v1/routes", route).await;
    let failure = world.run(install()).await.unwrap_err();
    assert!(failure.code == Code::Conflict && failure.message.contains("theirs"), "{failure:?}");
    console(&world, http::Method::DELETE, "/v1/routes/theirs", Value::Null).await;
    assert_ne!(documents(&world), before);
    assert_eq!(world.run(install()).await.unwrap().state, OperationState::Committed);
}

#[tokio::test]
async fn another_domain_takes_the_place_of_the_one_before_and_an_undo_brings_it_back() {
    let world = world(true).await;
    let before = documents(&world);
    world.run(install()).await.unwrap();
    let first = documents(&world);
    let other = Install { domain: Some("agm.example.net".parse().unwrap()), reach: None };
    let moved = world.run(Mutation::Install(other)).await.unwrap();
    assert_eq!(through(&world, "agm.example.net", "/ni_status/providers").await, 401);
    assert!(documents(&world).keys().all(|name| !name.contains(DOMAIN)));
    world.run(Mutation::Undo { operation: moved.id.clone() }).await.unwrap();
    assert_eq!(documents(&world), first);
    assert_eq!(world.operations.registration().unwrap().domain.as_str(), DOMAIN);
    world.run(Mutation::Uninstall).await.unwrap();
    assert_eq!(documents(&world), before);
}

#[tokio::test]
async fn what_others_built_on_stays_and_is_told() {
    let world = world(false).await;
    world.run(install()).await.unwrap();
    let route = json!({"name": "theirs", "domains": [DOMAIN], "path": {"matchType": "PRE", "matchValue": "/theirs"},
        "services": [{"name": "agm.static", "port": 1, "weight": 100}]});
    console(&world, http::Method::POST, "/v1/routes", route).await;
    let plan = world.operations.plan(&Mutation::Uninstall).await.unwrap();
    let about: Vec<_> = plan.warnings.iter().map(|warning| warning.about[0].as_str()).collect();
    assert_eq!(about, [format!("domain:{DOMAIN}").as_str(), "source:agm"]);
    assert_eq!(world.run(Mutation::Uninstall).await.unwrap().state, OperationState::Committed);
    let left = documents(&world);
    assert!(left.contains_key("ingresses/theirs") && !left.contains_key("ingresses/agm-path"));
}

#[tokio::test]
async fn our_source_goes_also_where_somebody_removed_our_routes_before() {
    let soon = Duration::from_secs(2);
    let world = World::start_on(SandboxOptions::default(), |config| config.timing.horizon = soon).await;
    serve(&world.operations).await;
    let before = documents(&world);
    let mut installing = world.operations.submit(install(), context(None)).await.unwrap().watch();
    installing.wait_for(|operation| operation.settled.is_some()).await.unwrap();
    for route in ["agm-domain", "agm-path", "agm-api"] {
        console(&world, http::Method::DELETE, &format!("/v1/routes/{route}"), Value::Null).await;
    }
    world.run(Mutation::Uninstall).await.unwrap();
    assert_eq!(documents(&world), before);
}

#[tokio::test]
async fn without_our_note_ours_is_found_by_its_names_and_what_may_be_others_stays() {
    let mut world = world(false).await;
    let before = documents(&world);
    world.run(install()).await.unwrap();
    std::fs::remove_file(world.config.data_dir.join("installed.json")).unwrap();
    world.start_again().await;
    serve(&world.operations).await;
    assert_eq!(world.operations.registration(), None);
    world.run(Mutation::Uninstall).await.unwrap();
    let mut left = documents(&world);
    assert!(left.remove(&format!("config_maps/domain-{DOMAIN}")).is_some(), "who made it is not known");
    assert_eq!(left, before);
}

#[tokio::test]
async fn nothing_is_taken_for_ours_or_the_former_plugins_by_its_name_alone() {
    let world = world(false).await;
    for (name, port) in [("agm", 9), ("monitor", 9090)] {
        let source =
            json!({"name": name, "type": "static", "domain": format!("192.0.2.5:{port}"), "port": port});
        console(&world, http::Method::POST, "/v1/service-sources", source).await;
    }
    let before = documents(&world);
    world.run(Mutation::Uninstall).await.unwrap();
    assert_eq!(documents(&world), before);
    assert!(world.run(install()).await.is_err(), "the source agm is somebody else's");
    assert_eq!(documents(&world), before);
    console(&world, http::Method::DELETE, "/v1/service-sources/agm", json!(null)).await;
    world.run(install()).await.unwrap();
    let bridge = documents(&world)["bridges/default"].to_string();
    assert!(bridge.contains("192.0.2.5:9090") && bridge.contains("\"agm\""), "{bridge}");
}

#[tokio::test]
async fn what_is_missing_is_said_before_anything_is_planned() {
    let world = World::start().await;
    let refused = |operations: &Operations| {
        let operations = operations.clone();
        async move { operations.plan(&install()).await.unwrap_err() }
    };
    assert_eq!(refused(&world.operations).await.code, Code::UpstreamUnavailable, "agm does not listen");
    let elsewhere = World::start_with(|config| config.gateway = "http://127.0.0.1:9".parse().unwrap()).await;
    serve(&elsewhere.operations).await;
    let failure = refused(&elsewhere.operations).await;
    assert!(failure.system.as_deref() == Some("gateway") && failure.hint.is_some(), "{failure:?}");
    let (address, sessions) = (SocketAddr::from(([127, 0, 0, 1], 1)), Arc::default());
    world.operations.work_for(Arc::new(Own { address, tls: true, sessions }));
    assert!(refused(&world.operations).await.message.contains("HTTPS"));
    let other = World::start().await;
    let address = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 18080));
    other.operations.work_for(Arc::new(Own { address, tls: false, sessions: Arc::default() }));
    assert!(refused(&other.operations).await.message.contains("IPv4"));
}

#[tokio::test]
async fn a_proof_ends_its_sessions_and_a_session_shows_nothing() {
    let world = World::start().await;
    let sessions = serve(&world.operations).await;
    world.run(install()).await.unwrap();
    assert_eq!(sessions.load(Ordering::SeqCst), 0);
    let session = SignedIn::new(COOKIE.to_owned().into(), || ());
    assert!(!format!("{session:?}").contains("of-a-test"));
    let kept = serde_json::to_string(&*world.operations.operations()[0]).unwrap();
    assert!(!kept.contains("of-a-test"), "{kept}");
}
