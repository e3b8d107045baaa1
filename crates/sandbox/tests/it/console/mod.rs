//! The console against its recordings, under concurrent writers and with its switches on.
#![expect(clippy::expect_used, reason = "a test fails where its set-up does")]
mod concurrency;
mod faults;
mod lives;
mod neighbours;
mod recordings;
mod rules;

use reqwest::{Client, Method, Response, StatusCode};
use sandbox::console::{Console, ConsoleOptions};
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

/// A plain HTTP client; building one wants a crypto provider all the same.
pub fn client() -> Client {
    // An error means that another test was faster.
    rustls::crypto::ring::default_provider().install_default().ok();
    Client::new()
}

/// A console on a socket of its own, with a client for it.
pub struct Served {
    pub console: Console,
    pub base: String,
    pub client: Client,
    _server: AbortOnDropHandle<()>,
}

impl Served {
    pub async fn start(console: Console) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let router = console.router();
        let server =
            tokio::spawn(async move { axum::serve(listener, router).await.expect("the server runs") });
        Self { console, base, client: client(), _server: AbortOnDropHandle::new(server) }
    }

    /// An initialised console whose administrator is `admin` with that password.
    pub async fn initialised() -> Self {
        let served = Self::start(Console::new(ConsoleOptions::default())).await;
        served.console.initialise("admin", "admin");
        served
    }

    /// A console with two providers and an AI route `chat` on the first.
    pub async fn with_route() -> Self {
        let served = Self::initialised().await;
        for provider in ["one", "two"] {
            served.created("/v1/ai/providers", &openai(provider)).await;
        }
        served.created("/v1/ai/routes", &chat("one")).await;
        served
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).basic_auth("admin", Some("admin"))
    }

    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Response {
        self.request(method, path).json(body).send().await.expect("an answer")
    }

    pub async fn created(&self, path: &str, body: &Value) -> Value {
        let response = self.send(Method::POST, path, body).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{path}");
        response.json().await.expect("JSON")
    }

    /// Status and message of a refusal.
    pub async fn refused(&self, method: Method, path: &str, body: &Value) -> (u16, String) {
        let response = self.send(method, path, body).await;
        let status = response.status().as_u16();
        let body: Value = response.json().await.expect("JSON");
        (status, body["message"].as_str().unwrap_or_default().to_owned())
    }

    /// The `data` of a GET.
    pub async fn data(&self, path: &str) -> Value {
        let response = self.request(Method::GET, path).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let mut body: Value = response.json().await.expect("JSON");
        body["data"].take()
    }

    pub async fn status(&self, path: &str) -> StatusCode {
        self.request(Method::GET, path).send().await.expect("an answer").status()
    }
}

/// An OpenAI-compatible provider with an address of its own.
pub fn openai(name: &str) -> Value {
    json!({"name": name, "type": "openai", "tokens": [format!("sk-{name}")],
        "rawConfigs": {"openaiCustomUrl": format!("https://{name}.example.com/v1")}})
}

/// An AI route `chat` to a provider.
pub fn chat(provider: &str) -> Value {
    json!({"name": "chat", "upstreams": [{"provider": provider, "weight": 100}]})
}
