//! The gateway in front of the upstreams, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails where its set-up does")]
mod counting;
mod keys;
mod routing;
mod vendors;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use sandbox::{
    gateway::{Gateway, GatewayOptions},
    live::{LiveBackend, LiveConfig, LiveConsumer, LiveFallback, LiveProvider, LiveRoute, Match},
    upstreams::{Behaviour, UpstreamOptions, Upstreams},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::watch;

const CHAT: &str = "/v1/chat/completions";
const KEY: &str = "key-of-alice";

struct World {
    upstreams: Upstreams,
    gateway: Gateway,
    live: watch::Sender<Arc<LiveConfig>>,
    client: Client<HttpConnector, Full<Bytes>>,
}

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {:?}", self.body))
    }

    /// What the model said.
    fn said(&self) -> String {
        self.json()["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl World {
    /// A gateway that serves what `config` makes of the running upstreams.
    async fn new(config: impl FnOnce(&Upstreams) -> LiveConfig) -> Self {
        let upstreams = Upstreams::start(UpstreamOptions::default()).await.unwrap();
        let (live, receiver) = watch::channel(Arc::new(config(&upstreams)));
        let options = GatewayOptions { resolve: upstreams.resolve_map(), ..GatewayOptions::default() };
        let gateway = Gateway::start(options, receiver).await.unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { upstreams, gateway, live, client }
    }

    async fn change(&self, edit: impl FnOnce(&mut LiveConfig)) {
        self.live.send_modify(|config| {
            let mut next = (**config).clone();
            edit(&mut next);
            *config = Arc::new(next);
        });
        self.gateway.settled().await;
    }

    fn post(&self, path: &str) -> http::request::Builder {
        self.request("POST", path).header(header::CONTENT_TYPE, "application/json")
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(format!("http://{}{path}", self.gateway.addr()))
    }

    async fn open(
        &self,
        request: http::request::Builder,
        body: impl Into<Bytes>,
    ) -> http::Response<Incoming> {
        self.client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap()
    }

    async fn send(&self, request: http::request::Builder, body: impl Into<Bytes>) -> Answer {
        let (parts, body) = self.open(request, body).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Asks `model` with alice's key.
    async fn ask(&self, model: &str) -> Answer {
        let body = question(model);
        let request = self.post(CHAT).header(header::AUTHORIZATION, format!("Bearer {KEY}"));
        self.send(request, body.to_string()).await
    }

    async fn metrics(&self) -> String {
        let uri = format!("http://{}/stats/prometheus", self.gateway.metrics_addr());
        let answer = self.send(Request::builder().uri(uri), "").await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.text().to_owned()
    }
}

fn question(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "hi"}]})
}

fn provider(upstreams: &Upstreams, name: &str, kind: &str) -> LiveProvider {
    LiveProvider {
        kind: kind.to_owned(),
        tokens: vec![upstreams.key_for(name).to_owned()],
        protocol: "openai".to_owned(),
        endpoint: Some(format!("https://{}:443", upstreams.host_for(name))),
        raw: json!({}),
    }
}

fn to(name: &str, weight: i64) -> LiveBackend {
    LiveBackend::Provider { name: name.to_owned(), weight, mapping: BTreeMap::new() }
}

fn route(name: &str, backends: Vec<LiveBackend>) -> LiveRoute {
    LiveRoute {
        ingress: format!("ai-route-{name}.internal"),
        hosts: Vec::new(),
        path: Match::Prefix("/v1".to_owned()),
        path_case_sensitive: false,
        methods: Vec::new(),
        headers: Vec::new(),
        params: Vec::new(),
        backends,
        fallback: None,
        allow: Some(vec!["worker-alice".to_owned()]),
        rewrite_path: None,
        add_headers: Vec::new(),
    }
}

fn for_model(rule: Match, route: LiveRoute) -> LiveRoute {
    LiveRoute { headers: vec![("x-higress-llm-model".to_owned(), rule)], ..route }
}

fn consumer(name: &str, key: &str) -> LiveConsumer {
    LiveConsumer {
        name: name.to_owned(),
        source: "BEARER".to_owned(),
        key: None,
        values: vec![key.to_owned()],
    }
}

/// Qwen by default, kimi models at Moonshot, for alice; bob is known but nowhere allowed.
fn two_providers(upstreams: &Upstreams) -> LiveConfig {
    LiveConfig {
        providers: BTreeMap::from([
            ("qwen".to_owned(), provider(upstreams, "qwen", "qwen")),
            ("moonshot".to_owned(), provider(upstreams, "moonshot", "moonshot")),
            ("deepseek".to_owned(), provider(upstreams, "deepseek", "deepseek")),
        ]),
        routes: vec![
            route("default-ai-route", vec![to("qwen", 100)]),
            for_model(
                Match::Prefix("kimi-".to_owned()),
                route("moonshot-ai-route", vec![to("moonshot", 100)]),
            ),
        ],
        consumers: vec![consumer("worker-alice", KEY), consumer("worker-bob", "key-of-bob")],
    }
}
