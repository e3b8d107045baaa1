use super::*;
use crate::rules::{AgentView, affected};
use crate::{MatchType, Target};
use proptest::prelude::*;

const HOST: &str = "aigw-local.hiclaw.io";

fn stored(name: &str, provider: &str, prefixes: &[&str], consumers: &[&str]) -> Value {
    let predicates: Vec<_> = prefixes
        .iter()
        .map(|prefix| json!({"matchType": "PRE", "matchValue": prefix, "caseSensitive": true, "odd": 1}))
        .collect();
    json!({"name": name, "version": "7", "domains": [HOST], "unknown": {"kept": 1},
        "pathPredicate": {"matchType": "PRE", "matchValue": "/", "caseSensitive": false},
        "upstreams": [{"provider": provider, "weight": 100, "modelMapping": {}, "extra": true}],
        "modelPredicates": predicates, "headerControl": {"enabled": true},
        "authConfig": {"enabled": true, "allowedCredentialTypes": ["key-auth"], "allowedConsumers": consumers}})
}

fn wish(json: Value) -> DeclaredRoute {
    serde_json::from_value(json).unwrap()
}

fn view(routes: &[Value]) -> RoutingView {
    let providers = ["qwen", "deepseek"].map(|name| json!({"name": name, "type": name, "rawConfigs": {}}));
    let agents = [("manager", "qwen-max"), ("alice", "deepseek-chat")];
    let agents = agents.map(|(target, model)| AgentView {
        target: target.parse().unwrap(),
        model: Some(model.parse().unwrap()),
    });
    let consumers = ["manager", "worker-alice"].map(|name| name.parse().unwrap());
    RoutingView::from_console_json(HOST.into(), routes, &providers, agents.into(), consumers.into()).unwrap()
}

fn demo() -> Vec<Value> {
    let all = ["manager", "worker-alice"];
    vec![
        stored("default-ai-route", "qwen", &[], &all),
        stored("deepseek-ai-route", "deepseek", &["deepseek-"], &all),
    ]
}

/// The demo with these routes of a file in it.
fn with(file: &[DeclaredRoute]) -> Vec<Value> {
    let mut routes = demo();
    for wish in file {
        let at = routes.iter().position(|route| route["name"] == wish.name.as_str());
        let laid = declare_route(wish, at.map(|at| &routes[at]), Some(&demo()[0]), &[]).unwrap();
        match (at, laid) {
            (Some(at), Some(route)) => routes[at] = route,
            (None, Some(route)) => routes.push(route),
            (_, None) => {}
        }
    }
    routes
}

fn checked(file: &[DeclaredRoute]) -> Result<Vec<String>, Vec<FieldError>> {
    let warnings = check_declared_routes(&view(&demo()), &view(&with(file)), file)?;
    Ok(warnings.into_iter().map(|warning| warning.code.to_string()).collect())
}

#[test]
fn what_a_route_says_of_itself_changes_nothing() {
    for route in demo() {
        let said = declared_route(&RouteView::from_console_json(&route).unwrap());
        assert_eq!(declare_route(&said, Some(&route), None, &[]), Ok(None));
        let silent = wish(json!({"name": route["name"]}));
        assert_eq!(declare_route(&silent, Some(&route), None, &[]), Ok(None));
    }
}

#[test]
fn only_what_differs_is_written_and_what_is_unknown_is_kept() {
    let route = &demo()[1];
    let wanted = wish(json!({"name": "deepseek-ai-route",
        "predicates": [{"type": "EQUAL", "value": "x"}, {"type": "PRE", "value": "deepseek-"}],
        "upstreams": [{"provider": "qwen", "weight": 20, "mapping": {"x": "qwen-max"}}, {"provider": "deepseek", "weight": 80}],
        "fallback": ["qwen"], "consumers": ["worker-alice", "manager"]}));
    let new = declare_route(&wanted, Some(route), None, &[]).unwrap().unwrap();
    assert_eq!(new["unknown"], route["unknown"]);
    assert_eq!(new["authConfig"], route["authConfig"], "the same people in another order");
    assert_eq!(new["modelPredicates"][1]["odd"], 1);
    assert_eq!((&new["upstreams"][1]["extra"], &new["upstreams"][1]["weight"]), (&json!(true), &json!(80)));
    assert_eq!(new["upstreams"][0]["modelMapping"], json!({"x": "qwen-max"}));
    assert_eq!(
        new["fallbackConfig"],
        json!({"enabled": true, "upstreams": [{"provider": "qwen", "modelMapping": {}}],
            "fallbackStrategy": "SEQ", "responseCodes": ["4xx", "5xx"]})
    );
    assert_eq!(declare_route(&wanted, Some(&new), None, &[]), Ok(None));
    let off = wish(json!({"name": "deepseek-ai-route", "fallback": []}));
    let off = declare_route(&off, Some(&new), None, &[]).unwrap().unwrap();
    assert_eq!((&off["fallbackConfig"]["enabled"], &off["upstreams"]), (&json!(false), &new["upstreams"]));
}

#[test]
fn a_new_route_is_like_the_default_one_and_must_lead_somewhere() {
    let nowhere = wish(json!({"name": "lab"}));
    assert_eq!(declare_route(&nowhere, None, None, &[]), Err(DeclareError::NoUpstreams));
    for bad in ["Lab", "-lab", "lab.", "lab.fallback", "l_b", &"l".repeat(64)] {
        let odd = wish(json!({"name": bad, "upstreams": [{"provider": "qwen"}]}));
        assert!(matches!(declare_route(&odd, None, None, &[]), Err(DeclareError::Name(_))), "{bad}");
    }
    let lab = wish(json!({"name": "lab", "path": "/lab", "upstreams": [{"provider": "qwen"}]}));
    let agents = ["worker-bob".parse().unwrap()];
    let new = declare_route(&lab, None, Some(&demo()[0]), &agents).unwrap().unwrap();
    let new = RouteView::from_console_json(&new).unwrap();
    assert_eq!((new.domains, new.path.prefix.as_str()), (vec![HOST.to_owned()], "/lab"));
    let inside: Vec<_> = new.consumers.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(inside, ["manager", "worker-alice", "worker-bob"]);
}

#[test]
fn an_open_route_is_shut_only_when_the_file_says_who_is_let_in() {
    let mut open = demo()[1].clone();
    open["authConfig"] = Value::Null;
    let view = RouteView::from_console_json(&open).unwrap();
    assert_eq!(declared_route(&view).consumers, None);
    assert_eq!(declare_route(&declared_route(&view), Some(&open), None, &[]), Ok(None));
    let shut = wish(json!({"name": "deepseek-ai-route", "consumers": ["manager"]}));
    let shut = declare_route(&shut, Some(&open), None, &[]).unwrap().unwrap();
    let auth =
        json!({"enabled": true, "allowedCredentialTypes": ["key-auth"], "allowedConsumers": ["manager"]});
    assert_eq!(shut["authConfig"], auth);
}

#[test]
fn a_file_cannot_name_missing_providers_or_take_the_default_route_away() {
    let fields = |file: &[DeclaredRoute]| {
        checked(file).unwrap_err().into_iter().map(|error| error.field).collect::<Vec<_>>()
    };
    let nobody = wish(json!({"name": "lab", "upstreams": [{"provider": "gone"}], "fallback": ["gone-too"]}));
    assert_eq!(fields(&[nobody]), ["routes[0].upstreams", "routes[0].fallback"]);
    let moved = wish(json!({"name": "default-ai-route", "domains": ["elsewhere.example.com"]}));
    assert_eq!(fields(&[moved]), ["routes"]);
    let off_path = wish(json!({"name": "default-ai-route", "path": "/elsewhere"}));
    assert_eq!(fields(&[off_path]), ["routes"]);
    assert_eq!(checked(&[wish(json!({"name": "default-ai-route"}))]), Ok(vec![]));
}

#[test]
fn lost_access_a_shadow_and_a_moved_default_route_are_told() {
    let shut = wish(json!({"name": "deepseek-ai-route", "consumers": ["manager", "worker-zoe"]}));
    assert_eq!(checked(std::slice::from_ref(&shut)).unwrap(), ["ACCESS_LOST", "CONSUMER_MISSING"]);
    let reached = affected(&view(&demo()), &view(&with(&[shut])), &[]);
    assert!(reached.len() == 1 && reached[0].how.contains("no longer let into"), "{reached:?}");
    let twin = wish(json!({"name": "twin", "predicates": [{"type": "PRE", "value": "deepseek-"}],
        "upstreams": [{"provider": "qwen"}]}));
    assert_eq!(checked(&[twin]).unwrap(), ["SHADOWED"]);
    let moved = wish(json!({"name": "default-ai-route", "upstreams": [{"provider": "deepseek"}]}));
    assert_eq!(checked(&[moved]).unwrap(), ["DEFAULT_ROUTE_CHANGES", "RESET_BY_HICLAW"]);
    assert!(affected(&view(&demo()), &view(&demo()), &[Target::Manager]).is_empty());
}

fn any_wish() -> impl Strategy<Value = DeclaredRoute> {
    let providers = || proptest::sample::subsequence(vec!["qwen", "deepseek"], 1..=2);
    let name = prop_oneof![Just("deepseek-ai-route"), Just("default-ai-route"), Just("lab")];
    let predicates = proptest::collection::vec((any::<bool>(), "[a-c]{1,2}"), 0..3);
    let parts = (name, proptest::option::of(predicates), providers(), proptest::option::of(providers()));
    let consumers =
        proptest::option::of(proptest::sample::subsequence(vec!["manager", "worker-alice"], 0..=2));
    (parts, consumers, any::<bool>()).prop_map(|((name, predicates, to, fallback), consumers, path)| {
        let predicate = |(exact, value): (bool, String)| {
            let kind = if exact { MatchType::Equal } else { MatchType::Pre };
            ModelPredicate { kind, value }
        };
        let weight = if to.len() == 1 { 100 } else { 50 };
        let upstream = |provider: &str| RouteUpstream {
            provider: provider.parse().unwrap(),
            weight,
            mapping: Default::default(),
        };
        DeclaredRoute {
            name: name.parse().unwrap(),
            domains: None,
            path: path.then(|| "/v1".to_owned()),
            predicates: predicates.map(|list| list.into_iter().map(predicate).collect()),
            upstreams: Some(to.into_iter().map(upstream).collect()),
            fallback: fallback.map(|list| list.iter().map(|name| name.parse().unwrap()).collect()),
            consumers: consumers.map(|list| list.iter().map(|name| name.parse().unwrap()).collect()),
        }
    })
}

proptest! {
    /// After a file was applied the routes are as it says, and applying it again changes nothing.
    #[test]
    fn applying_twice_is_applying_once(wanted in any_wish()) {
        let after = with(std::slice::from_ref(&wanted));
        let stored = after.iter().find(|route| route["name"] == wanted.name.as_str()).unwrap();
        prop_assert_eq!(declare_route(&wanted, Some(stored), None, &[]), Ok(None));
        let now = RouteView::from_console_json(stored).unwrap();
        prop_assert_eq!(Some(&now.upstreams), wanted.upstreams.as_ref());
        prop_assert!(wanted.fallback.is_none_or(|fallback| fallback == now.fallback));
        prop_assert!(wanted.path.is_none_or(|path| path == now.path.prefix));
        prop_assert!(wanted.predicates.is_none_or(|predicates| same_set(&predicates, &now.predicates)));
        let said = declared_route(&now);
        prop_assert_eq!(declare_route(&said, Some(stored), None, &[]), Ok(None));
    }
}
