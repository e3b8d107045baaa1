//! The way to a server through the gateway of its sandbox.
use crate::support::{Served, World};
use http::header;
use server::http::Bounds;
use std::time::Instant;

/// A server on a socket, with what a page loads.
async fn listening() -> (World, Served) {
    let world = World::start().await;
    let files = world.data.path().join("site/pkg");
    std::fs::create_dir_all(&files).unwrap();
    for file in ["agm.css", "agm.js", "agm.wasm", "agm_bg.wasm"] {
        std::fs::write(files.join(file), file).unwrap();
    }
    let served = Served::start(world.stack.clone(), None, Bounds::default()).await;
    world.state.listens(served.address);
    (world, served)
}

async fn change(world: &World, wish: &str) -> String {
    let begun = world.admin("POST", "/ni_status/operations", wish).await.json();
    let id = begun["id"].as_str().unwrap().to_owned();
    let mut watch = world.operations.operation(&id.parse().unwrap()).await.unwrap();
    watch.wait_for(|operation| operation.state.is_final()).await.unwrap();
    world.admin("GET", &format!("/ni_status/operations/{id}"), "").await.text
}

#[tokio::test]
async fn once_installed_the_server_answers_through_the_gateway_to_its_domain_and_any_address() {
    let (world, served) = listening().await;
    let hosts = ["198.51.100.7:8080", "agm.example.net:8080"];
    for host in hosts {
        assert_eq!(world.call("GET", "/agm/login", &[("host", host)], "").await.status, 403, "{host}");
    }
    let state = world.admin("GET", "/ni_status/installation", "").await.json();
    assert_eq!((&state["surroundings"], &state["registered"]), (&"hiclaw_manager".into(), &().into()));
    assert_eq!(world.admin("POST", "/ni_status/installation/proof", "").await.status, 409);

    let done = change(&world, r#"{"kind":"install","domain":"agm.example.net"}"#).await;
    assert!(done.contains(r#""state":"committed""#) && done.contains("agm.css"), "{done}");
    let gateway = &world.sandbox.addresses().gateway;
    for host in hosts {
        assert_eq!(world.call("GET", "/agm/login", &[("host", host)], "").await.status, 200, "{host}");
        let asked = reqwest::Client::new().get(format!("{gateway}/ni_status/workers"));
        let signed_in = asked.header(header::HOST, host).basic_auth("admin", Some("admin")).send();
        assert_eq!(signed_in.await.unwrap().status(), 200, "{host}");
    }
    assert_eq!(world.call("GET", "/agm/login", &[("host", "evil.example")], "").await.status, 403);
    let proved = world.admin("POST", "/ni_status/installation/proof", "").await.json();
    assert!(proved["evidence"].as_str().unwrap().contains("agm.example.net"));
    assert_eq!(world.state.shared.sessions.count(Instant::now()), 0, "the sessions of the proofs have ended");

    change(&world, r#"{"kind":"uninstall"}"#).await;
    assert_eq!(world.call("GET", "/agm/login", &[("host", hosts[0])], "").await.status, 403);
    served.stop.cancel();
    served.ended.await.unwrap();
}
