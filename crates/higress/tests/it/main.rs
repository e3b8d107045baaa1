//! The client against the sandbox's console, and against servers that answer what a console never should.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test prepares may panic as the test itself may"
)]
mod account;
mod answers;
mod plain;
mod provider_rules;
mod providers;
mod reads;
mod routes;

use axum::Router;
use higress::{Console, ConsoleParams};
use sandbox::console::{Console as Served, ConsoleOptions, Effect, Fault, RequestMatch};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use url::Url;

/// Serves on a free loopback port until the runtime of the test ends.
async fn serve(router: Router) -> Url {
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

fn params(url: Url, password: &str) -> ConsoleParams {
    ConsoleParams {
        url,
        user: "admin".into(),
        password: password.into(),
        connect: Duration::from_secs(5),
        call: Duration::from_secs(20),
        write: Duration::from_secs(20),
    }
}

/// A console with an admin, and our client of it.
struct World {
    served: Served,
    url: Url,
    console: Console,
}

impl World {
    async fn start() -> Self {
        let served = Served::new(ConsoleOptions { controller: true, ..ConsoleOptions::default() });
        served.initialise("admin", "admin");
        let url = serve(served.router()).await;
        let console = Console::new(params(url.clone(), "admin")).unwrap();
        Self { served, url, console }
    }

    /// A client that waits only this long for the answer to a write.
    fn impatient(&self) -> Console {
        let params = ConsoleParams { write: Duration::from_millis(300), ..params(self.url.clone(), "admin") };
        Console::new(params).unwrap()
    }

    fn fault(&self, method: reqwest::Method, path: &str, times: u32, effect: Effect) {
        let requests = RequestMatch::new(method, path);
        self.served.switches().inject(Fault { requests, times, effect });
    }

    /// A write of somebody else.
    async fn rival(&self, method: reqwest::Method, path: &str, body: &Value) {
        let request = reqwest::Client::new().request(method, self.url.join(path).unwrap());
        let answer = request.basic_auth("admin", Some("admin")).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }
}

fn provider(name: &str, url: &str) -> higress::ProviderDoc {
    let json = json!({ "name": name, "type": "openai", "protocol": "openai/v1", "tokens": [format!("sk-of-{name}")],
        "rawConfigs": { "openaiCustomUrl": url } });
    higress::ProviderDoc::parse(json).unwrap()
}
