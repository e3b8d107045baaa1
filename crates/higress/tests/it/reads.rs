use crate::{World, provider};
use domain::MatchType;
use secrecy::ExposeSecret;
use serde_json::json;

#[tokio::test]
async fn an_empty_console_has_nothing() {
    let world = World::start().await;
    assert_eq!(world.console.system_info().await.unwrap().version, "2.2.4");
    world.console.ping().await.unwrap();
    assert!(world.console.providers().await.unwrap().is_empty());
    assert!(world.console.routes().await.unwrap().is_empty());
    assert!(world.console.consumers().await.unwrap().is_empty());
    assert_eq!(world.console.provider(&"nobody".parse().unwrap()).await.unwrap(), None);
    assert_eq!(world.console.route(&"nowhere".parse().unwrap()).await.unwrap(), None);
    let sources = world.console.service_sources().await.unwrap();
    assert_eq!(sources[0]["name"], "higress-console");
}

#[tokio::test]
async fn views_tell_what_is_stored() {
    let world = World::start().await;
    world.console.write_provider(None, &provider("lab", "https://llm.example.com/v1")).await.unwrap();
    let body = json!({ "name": "worker-alice", "credentials": [
        { "type": "key-auth", "source": "BEARER", "key": null, "values": ["alice-key"] }] });
    world.rival(reqwest::Method::POST, "/v1/consumers", &body).await;
    let route = json!({ "name": "lab-ai-route", "domains": ["aigw-local.hiclaw.io"],
        "pathPredicate": { "matchType": "PRE", "matchValue": "/v1", "caseSensitive": false },
        "upstreams": [{ "provider": "lab", "weight": 100, "modelMapping": { "gpt-4o": "lab-1" } }],
        "modelPredicates": [{ "matchType": "PRE", "matchValue": "lab-" }],
        "fallbackConfig": { "enabled": true, "upstreams": [{ "provider": "lab", "modelMapping": {} }],
            "fallbackStrategy": "SEQ", "responseCodes": ["5xx"] },
        "authConfig": { "enabled": true, "allowedCredentialTypes": ["key-auth"], "allowedConsumers": ["worker-alice"] } });
    world.rival(reqwest::Method::POST, "/v1/ai/routes", &route).await;

    let lab = world.console.provider(&"lab".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(lab.kind(), "openai");
    assert_eq!(lab.base_url().unwrap().as_str(), "https://llm.example.com/v1");
    assert!(lab.custom_endpoint() && !lab.failover() && !lab.hiclaw_owned());
    assert_eq!(lab.tokens()[0].expose_secret(), "sk-of-lab");
    let view = lab.view(domain::UsedBy::default(), "agm");
    assert_eq!(view.tokens.fingerprints, [blake3_of("sk-of-lab")]);
    assert!(!serde_json::to_string(&view).unwrap().contains("sk-of-lab"));
    assert!(!format!("{lab:?}").contains("sk-of-lab"));

    let alice = &world.console.consumers().await.unwrap()[0];
    assert_eq!((alice.name().as_str(), alice.keys()[0].expose_secret()), ("worker-alice", "alice-key"));
    assert!(!format!("{alice:?}").contains("alice-key"));

    let route = &world.console.routes().await.unwrap()[0];
    assert_eq!((route.path(), route.version()), ("/v1", "1"));
    assert_eq!(route.domains(), ["aigw-local.hiclaw.io"]);
    assert_eq!((route.predicates()[0].kind, route.predicates()[0].value.as_str()), (MatchType::Pre, "lab-"));
    assert_eq!(route.upstreams()[0].mapping["gpt-4o"], "lab-1");
    assert_eq!(route.fallback(), [lab.name().clone()]);
    assert_eq!(route.consumers().unwrap()[0].as_str(), "worker-alice");
    assert!(route.uses(lab.name()) && !route.uses(&"other".parse().unwrap()));
}

fn blake3_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..8].to_owned()
}

/// The console's last step stores the route. When that fails, the gateway serves what nobody sees.
#[tokio::test]
async fn a_refused_write_shows_in_what_is_live() {
    let world = World::start().await;
    world.console.write_provider(None, &provider("lab", "https://llm.example.com/v1")).await.unwrap();
    world.console.write_provider(None, &provider("new", "https://new.example.com/v1")).await.unwrap();
    let route = |upstream: &str, predicates: serde_json::Value, consumers: serde_json::Value| {
        json!({ "name": "lab-ai-route", "domains": ["aigw-local.hiclaw.io"],
            "upstreams": [{ "provider": upstream, "weight": 100, "modelMapping": {} }],
            "modelPredicates": predicates, "authConfig": { "enabled": true, "allowedConsumers": consumers },
            "fallbackConfig": { "enabled": true, "upstreams": [{ "provider": "lab", "modelMapping": {} }],
                "fallbackStrategy": "SEQ", "responseCodes": ["5xx"] } })
    };
    let pre = |value: &str| json!({ "matchType": "PRE", "matchValue": value });
    for predicates in [json!([]), json!([pre("lab-")]), json!([pre("lab-"), pre("exp-1.")])] {
        let stored = route("lab", predicates, json!(["manager", "worker-alice"]));
        match world.console.routes().await.unwrap().is_empty() {
            true => world.rival(reqwest::Method::POST, "/v1/ai/routes", &stored).await,
            false => world.rival(reqwest::Method::PUT, "/v1/ai/routes/lab-ai-route", &stored).await,
        }
        let (stored, live) =
            (world.console.routes().await.unwrap(), world.console.live_routes().await.unwrap());
        assert_eq!(live.len(), 1, "the fallback is no route of its own: {live:?}");
        assert_eq!(live[0].name, *stored[0].name());
        assert_eq!(live[0].differences(&stored[0]), Vec::<String>::new());
    }
    let mut stale = route("new", json!([pre("exp-")]), json!(["manager"]));
    stale["version"] = json!("1");
    let refused = reqwest::Client::new().put(world.url.join("/v1/ai/routes/lab-ai-route").unwrap());
    let refused = refused.basic_auth("admin", Some("admin")).json(&stale).send().await.unwrap();
    assert_eq!(refused.status(), 409);
    let (stored, live) = (world.console.routes().await.unwrap(), world.console.live_routes().await.unwrap());
    assert_eq!(
        live[0].differences(&stored[0]),
        [
            "models: stored REGULAR ^(lab-.*|exp-1..*), live PRE exp-",
            "providers: stored lab 100 %, live new 100 %",
            "consumers: stored manager, worker-alice, live manager",
        ]
    );
}
