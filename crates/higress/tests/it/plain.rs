//! Service sources, domains, routes, and what plugins are set to on them.
use crate::World;
use higress::{HigressError, Observation, PlainDoc, PlainName};
use reqwest::Method;
use sandbox::console::Effect;
use serde_json::{Value, json};

fn source(domain: &str) -> PlainDoc {
    let json = json!({"name": "lab", "type": "static", "domain": domain, "port": 80});
    PlainDoc::new(PlainName::Source("lab".into()), json)
}

fn domain() -> PlainDoc {
    PlainDoc::new(
        PlainName::Domain("lab.example.com".into()),
        json!({"name": "lab.example.com", "enableHttps": "off"}),
    )
}

fn route(prefix: &str) -> PlainDoc {
    let json = json!({"name": "lab", "domains": ["lab.example.com"], "path": {"matchType": "PRE", "matchValue": prefix},
        "services": [{"name": "lab.static", "port": 80, "weight": 100}]});
    PlainDoc::new(PlainName::Route("lab".into()), json)
}

fn plugin(settings: Value) -> PlainDoc {
    let name = PlainName::Plugin { route: "lab".into(), plugin: "key-auth".into() };
    PlainDoc::new(name, json!({"pluginName": "key-auth", "enabled": true, "configurations": settings}))
}

#[tokio::test]
async fn each_kind_is_made_read_back_changed_and_removed() {
    let World { console, .. } = World::start().await;
    let all = [
        (source("10.0.0.1:80"), source("10.0.0.2:80")),
        (domain(), domain()),
        (route("/"), route("/lab")),
        (plugin(json!({"consumers": ["a"]})), plugin(json!({"consumers": ["b"]}))),
    ];
    for (first, second) in &all {
        let name = first.name();
        assert_eq!(console.plain(name).await.unwrap(), None, "{name}");
        console.write_plain(None, first).await.unwrap();
        assert_eq!(console.plain(name).await.unwrap().as_ref(), Some(first), "{name}");
        console.write_plain(Some(first), second).await.unwrap();
        let seen = console.observe_plain(name, Some(first), Some(second)).await.unwrap();
        assert_eq!(seen, Observation::AllNew, "{name}");
    }
    for (_, second) in all.iter().rev() {
        console.remove_plain(second).await.unwrap();
        assert_eq!(console.plain(second.name()).await.unwrap(), None, "{}", second.name());
        console.remove_plain(second).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_plugin_is_set_to_goes_with_its_route() {
    let World { console, .. } = World::start().await;
    for doc in [source("10.0.0.1:80"), domain(), route("/"), plugin(json!({"consumers": ["a"]}))] {
        console.write_plain(None, &doc).await.unwrap();
    }
    let routes = console.plain_routes().await.unwrap();
    let lab = routes.iter().find(|route| route.name == "lab").unwrap();
    assert_eq!((lab.prefix.as_deref(), lab.conditional), (Some("/"), false));
    assert_eq!(
        (&lab.hosts, &lab.services),
        (&vec!["lab.example.com".to_owned()], &vec!["lab.static".to_owned()])
    );
    console.remove_plain(&route("/")).await.unwrap();
    assert_eq!(console.plain(plugin(json!({})).name()).await.unwrap(), None);
}

#[tokio::test]
async fn somebody_elses_object_is_met_and_left() {
    let world = World::start().await;
    world.rival(Method::POST, "/v1/service-sources", source("10.0.0.9:80").json()).await;
    let met = world.console.write_plain(None, &source("10.0.0.1:80")).await.unwrap_err();
    assert!(matches!(met.error, HigressError::Changed { .. }), "{met:?}");
    assert!(world.console.remove_plain(&source("10.0.0.1:80")).await.is_err());
    let now = world.console.plain(source("").name()).await.unwrap();
    assert_eq!(now, Some(source("10.0.0.9:80")));
}

#[tokio::test]
async fn a_swallowed_write_is_made_again() {
    let world = World::start().await;
    world.fault(Method::POST, "/v1/service-sources", 1, Effect::Lose);
    world.console.write_plain(None, &source("10.0.0.1:80")).await.unwrap();
    assert!(world.console.plain(source("").name()).await.unwrap().is_some());
}
