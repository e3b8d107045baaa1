//! What the gateway gets: the live documents, and a state that survives.
use super::{Served, openai};
use reqwest::{Method, StatusCode};
use sandbox::console::{Console, ConsoleOptions};
use sandbox::live::{LiveBackend, Match};
use serde_json::json;

#[tokio::test]
async fn a_full_ai_route_is_projected_whole() {
    let served = Served::initialised().await;
    for provider in ["one", "two"] {
        served.created("/v1/ai/providers", &openai(provider)).await;
    }
    let keys =
        json!({"name": "ann", "credentials": [{"type": "key-auth", "source": "BEARER", "values": ["k1"]}]});
    served.created("/v1/consumers", &keys).await;
    let route = json!({
        "name": "full", "domains": ["ai.example.com"],
        "pathPredicate": {"matchType": "PRE", "matchValue": "/v1", "caseSensitive": false},
        "upstreams": [
            {"provider": "one", "weight": 70, "modelMapping": {"gpt-*": "m1", "*": ""}}, {"provider": "two", "weight": 30}],
        "modelPredicates": [{"matchType": "EQUAL", "matchValue": "a.b"}, {"matchType": "PRE", "matchValue": "c"}],
        "authConfig": {"enabled": true, "allowedConsumers": ["ann"]},
        "fallbackConfig": {"enabled": true, "upstreams": [{"provider": "two", "modelMapping": {"*": "m2"}}],
            "fallbackStrategy": "SEQ", "responseCodes": ["5xx"]},
        "headerControl": {"enabled": true, "request": {"add": [{"key": "user-agent", "value": "x y"}]}},
    });
    served.created("/v1/ai/routes", &route).await;
    let live = served.console.live().borrow().clone();
    let route = live.routes.iter().find(|route| route.ingress == "ai-route-full.internal").expect("live");
    assert_eq!(route.hosts, ["ai.example.com"]);
    assert_eq!((&route.path, route.path_case_sensitive), (&Match::Prefix("/v1".to_owned()), false));
    assert_eq!(route.headers, [("x-higress-llm-model".to_owned(), Match::Regex(r"^(a\.b|c.*)".to_owned()))]);
    assert_eq!(route.allow.as_deref(), Some(["ann".to_owned()].as_slice()));
    assert_eq!(route.add_headers, [("user-agent".to_owned(), "x y".to_owned())]);
    let mapping = [("*".to_owned(), String::new()), ("gpt-*".to_owned(), "m1".to_owned())].into();
    let one = LiveBackend::Provider { name: "one".to_owned(), weight: 70, mapping };
    let two = LiveBackend::Provider { name: "two".to_owned(), weight: 30, mapping: [].into() };
    assert_eq!(route.backends, [one, two]);
    let fallback = route.fallback.as_ref().expect("a fallback");
    assert_eq!(fallback.classes, [5]);
    let mapping = [("*".to_owned(), "m2".to_owned())].into();
    assert_eq!(fallback.backends, [LiveBackend::Provider { name: "two".to_owned(), weight: 100, mapping }]);
    assert!(live.routes.iter().all(|route| !route.ingress.contains("fallback")));
    assert_eq!(live.providers["one"].endpoint.as_deref(), Some("https://one.example.com:443/v1"));
    assert_eq!(live.consumers[0].values, ["k1"]);
}

#[tokio::test]
async fn a_route_to_a_deleted_provider_leads_nowhere() {
    let served = Served::with_route().await;
    served.request(Method::DELETE, "/v1/ai/providers/one").send().await.expect("an answer");
    let live = served.console.live().borrow().clone();
    let route = live.routes.iter().find(|route| route.ingress == "ai-route-chat.internal").expect("live");
    assert_eq!(route.backends, [LiveBackend::Service { address: None, weight: 100 }]);
    assert!(!live.providers.contains_key("one"));
}

#[tokio::test]
async fn reads_do_not_wake_the_data_plane() {
    let served = Served::with_route().await;
    let mut live = served.console.live();
    let mut changed = served.console.changed();
    live.mark_unchanged();
    changed.mark_unchanged();
    served.data("/v1/ai/routes").await;
    assert!(!live.has_changed().expect("open") && !changed.has_changed().expect("open"));
    served.created("/v1/ai/providers", &openai("three")).await;
    assert!(live.has_changed().expect("open") && changed.has_changed().expect("open"));
}

#[tokio::test]
async fn an_exported_state_is_taken_over_whole() {
    let served = Served::with_route().await;
    let login = json!({"username": "admin", "password": "admin"});
    let response = served.send(Method::POST, "/session/login", &login).await;
    let cookie = response.headers()["set-cookie"]
        .to_str()
        .expect("text")
        .split(';')
        .next()
        .expect("a pair")
        .to_owned();
    let second = Served::start(Console::new(ConsoleOptions::default())).await;
    second.console.import(served.console.export()).expect("readable");
    for path in ["/v1/ai/providers", "/v1/ai/routes", "/v1/routes", "/v1/service-sources", "/v1/consumers"] {
        assert_eq!(second.data(path).await, served.data(path).await, "{path}");
    }
    assert_eq!(*second.console.live().borrow(), *served.console.live().borrow());
    let who = second.client.get(format!("{}/user/info", second.base)).header("cookie", cookie).send().await;
    assert_eq!(who.expect("an answer").status(), StatusCode::OK, "sessions survive a restart");
    assert!(second.console.import(json!({"admin": 1})).is_err());
}
