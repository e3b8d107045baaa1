//! The gateway in front of the upstreams, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails where its set-up does")]
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

#[tokio::test]
async fn the_model_decides_who_answers() {
    let world = World::new(two_providers).await;
    let qwen = world.ask("qwen3.5-plus").await;
    assert_eq!(
        (qwen.status, qwen.said()),
        (StatusCode::OK, "qwen3.5-plus on qwen: you said \"hi\".".to_owned())
    );
    assert_eq!(world.ask("kimi-k2.5").await.said(), "kimi-k2.5 on moonshot: you said \"hi\".");
    let call = world.upstreams.calls("qwen").pop().unwrap();
    assert_eq!(call.path, "/compatible-mode/v1/chat/completions");
    assert_eq!(call.host.as_deref(), Some("dashscope.aliyuncs.com"));
    assert_eq!(call.key.as_deref(), Some(world.upstreams.key_for("qwen")));
    assert_eq!(call.consumer.as_deref(), Some("worker-alice"));
    assert_eq!((call.model.as_deref(), call.status), (Some("qwen3.5-plus"), 200));
    let unknown = world.ask("glm-5").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown.json()["error"]["code"], "model_not_found", "the default route's provider says so");
}

#[tokio::test]
async fn without_a_body_there_is_no_model_to_route_by() {
    let world = World::new(two_providers).await;
    let list = world.request("GET", "/v1/models").header(header::AUTHORIZATION, format!("Bearer {KEY}"));
    let list = world.send(list, "").await;
    assert!(list.text().contains("qwen3.5-plus") && !list.text().contains("kimi"), "{}", list.text());
    let body = question("kimi-k2.5");
    let untyped = world.request("POST", CHAT).header(header::AUTHORIZATION, format!("Bearer {KEY}"));
    world.send(untyped, body.to_string()).await;
    assert!(world.upstreams.calls("moonshot").is_empty(), "only JSON bodies are looked into");
}

#[tokio::test]
async fn keys_are_checked_before_anything_is_forwarded() {
    let world = World::new(two_providers).await;
    let body = question("qwen3.5-plus");
    for (key, status, text) in [
        (None, 401, "No API key found"),
        (Some("Bearer wrong"), 401, "Invalid API key"),
        (Some("Basic a2V5LW9mLWFsaWNl"), 401, "No API key found"),
        (Some("Bearer key-of-bob"), 403, "Unauthorized consumer"),
    ] {
        let mut request = world.post(CHAT);
        if let Some(key) = key {
            request = request.header(header::AUTHORIZATION, key);
        }
        let answer = world.send(request, body.to_string()).await;
        assert_eq!(answer.status.as_u16(), status, "{key:?}");
        assert!(answer.text().contains(text), "{key:?}: {}", answer.text());
    }
    assert!(world.upstreams.calls("qwen").is_empty());
    world.change(|config| config.routes[0].allow = Some(Vec::new())).await;
    assert_eq!(world.ask("qwen3.5-plus").await.status, StatusCode::FORBIDDEN, "an empty list lets nobody in");
    world.change(|config| config.routes[0].allow = None).await;
    assert_eq!(world.send(world.post(CHAT), body.to_string()).await.status, StatusCode::OK, "open");
}

#[tokio::test]
async fn keys_can_be_in_a_header_or_the_query() {
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        let with = |name: &str, source: &str, key: &str| LiveConsumer {
            source: source.to_owned(),
            key: Some(key.to_owned()),
            ..consumer(name, name)
        };
        config.consumers.extend([with("h", "HEADER", "x-api-key"), with("q", "QUERY", "apikey")]);
        config.routes[0].allow = Some(vec!["h".to_owned(), "q".to_owned()]);
        config
    })
    .await;
    let body = question("qwen-max");
    let header = world.post(CHAT).header("x-api-key", "h");
    assert_eq!(world.send(header, body.to_string()).await.status, StatusCode::OK);
    let query = world.post("/v1/chat/completions?a=b&apikey=q");
    assert_eq!(world.send(query, body.to_string()).await.status, StatusCode::OK);
    let consumers: Vec<_> =
        world.upstreams.calls("qwen").into_iter().filter_map(|call| call.consumer).collect();
    assert_eq!(consumers, ["h", "q"]);
    let swapped = world.post(CHAT).header("x-api-key", "q");
    assert_eq!(world.send(swapped, body.to_string()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn no_route_is_404_and_a_named_host_hides_the_others() {
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        config.routes[1].hosts = vec!["aigw-local.hiclaw.io".to_owned()];
        config
    })
    .await;
    let other = world.send(world.request("GET", "/other"), "").await;
    assert_eq!((other.status, other.body.len()), (StatusCode::NOT_FOUND, 0));
    let body = question("qwen3.5-plus");
    let named = || {
        let request = world.post(CHAT).header(header::AUTHORIZATION, format!("Bearer {KEY}"));
        request.header(header::HOST, "aigw-local.hiclaw.io:8080")
    };
    assert_eq!(world.send(named(), body.to_string()).await.status, StatusCode::NOT_FOUND);
    let kimi = question("kimi-k2.5").to_string();
    assert!(world.send(named(), kimi).await.said().starts_with("kimi-k2.5 on moonshot"));
    assert_eq!(world.ask("qwen3.5-plus").await.status, StatusCode::OK);
}

#[tokio::test]
async fn weights_share_out_and_mapping_changes_the_model() {
    let mapping = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    };
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        let backend =
            |name: &str, weight, mapping| LiveBackend::Provider { name: name.to_owned(), weight, mapping };
        config.routes[0].backends = vec![
            backend("deepseek", 70, mapping(&[("gpt-4*", "deepseek-chat"), ("*", "")])),
            backend("qwen", 30, mapping(&[("*", "qwen-max")])),
        ];
        config.providers.get_mut("qwen").unwrap().raw = json!({"modelMapping": {"qwen-max": "qwen-turbo"}});
        config
    })
    .await;
    let mut said = Vec::new();
    for _ in 0..10 {
        said.push(world.ask("gpt-4o").await.said());
    }
    let share = |start: &str| said.iter().filter(|text| text.starts_with(start)).count();
    assert_eq!(share("deepseek-chat on deepseek"), 7, "{said:?}");
    assert_eq!(share("qwen-turbo on qwen"), 3, "the route maps first, then the provider: {said:?}");
}

#[tokio::test]
async fn a_fallback_takes_over_the_classes_it_names() {
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        let mapping = BTreeMap::from([("*".to_owned(), "deepseek-chat".to_owned())]);
        let deepseek = LiveBackend::Provider { name: "deepseek".to_owned(), weight: 1, mapping };
        config.routes[0].fallback = Some(LiveFallback {
            classes: vec![5],
            random: false,
            backends: vec![deepseek, to("moonshot", 1)],
        });
        config
    })
    .await;
    assert!(world.ask("qwen-max").await.headers.get("x-higress-fallback-from").is_none());
    world.upstreams.set_behaviour("qwen", Behaviour::Failing(503));
    for _ in 0..3 {
        let answer = world.ask("qwen-max").await;
        assert!(answer.said().starts_with("deepseek-chat on deepseek"), "sequential: only the first");
        assert_eq!(answer.headers["x-higress-fallback-from"], "ai-route-default-ai-route.internal");
    }
    world.upstreams.set_behaviour("qwen", Behaviour::InvalidKey);
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::UNAUTHORIZED, "4xx is not named");
    world.change(|config| config.routes[0].fallback.as_mut().unwrap().classes = vec![4]).await;
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::OK);
    world.change(|config| drop(config.providers.remove("qwen"))).await;
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::SERVICE_UNAVAILABLE, "4xx only");
    world.change(|config| config.routes[0].fallback.as_mut().unwrap().classes = vec![5]).await;
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::OK, "the gateway's own 503 falls back too");
}

#[tokio::test]
async fn a_large_body_cannot_fall_back() {
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        config.routes[0].fallback =
            Some(LiveFallback { classes: vec![5], random: true, backends: vec![to("deepseek", 1)] });
        config
    })
    .await;
    world.upstreams.set_behaviour("qwen", Behaviour::Failing(500));
    let mut body = question("deepseek-chat");
    let small = world.post(CHAT).header(header::AUTHORIZATION, format!("Bearer {KEY}"));
    assert_eq!(world.send(small, body.to_string()).await.status, StatusCode::OK);
    body["messages"][0]["content"] = json!("x".repeat(1_024_000));
    let large = world.post(CHAT).header(header::AUTHORIZATION, format!("Bearer {KEY}"));
    assert_eq!(world.send(large, body.to_string()).await.status, StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn what_has_no_service_is_503() {
    let world = World::new(two_providers).await;
    let endpoint = |config: &mut LiveConfig, endpoint: Option<&str>| {
        config.providers.get_mut("qwen").unwrap().endpoint = endpoint.map(str::to_owned);
    };
    world.change(|config| endpoint(config, None)).await;
    assert_eq!(
        world.ask("qwen-max").await.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "dropped by the controller"
    );
    world.change(|config| endpoint(config, Some("https://no.such.example.com"))).await;
    let unresolved = world.ask("qwen-max").await;
    assert_eq!(
        (unresolved.status, unresolved.text()),
        (StatusCode::SERVICE_UNAVAILABLE, "no healthy upstream")
    );
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    world.change(|config| endpoint(config, Some(&format!("http://{closed}/v1")))).await;
    let refused = world.ask("qwen-max").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.text().contains("connection failure"), "{}", refused.text());
    world.change(|config| drop(config.providers.remove("qwen"))).await;
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::SERVICE_UNAVAILABLE, "deleted");
    assert_eq!(world.ask("kimi-k2.5").await.status, StatusCode::OK, "the others go on");
}

#[tokio::test]
async fn one_invalid_provider_freezes_all_of_ai_proxy() {
    let world = World::new(two_providers).await;
    world
        .change(|config| {
            config.providers.get_mut("deepseek").unwrap().tokens.clear();
            config.providers.get_mut("moonshot").unwrap().tokens = vec!["rotated away".to_owned()];
            let lab = LiveProvider {
                kind: "openai".to_owned(),
                raw: json!({"openaiCustomUrl": "https://llm.lab.example.com/v1"}),
                ..provider(&world.upstreams, "lab", "openai")
            };
            config.providers.insert("lab".to_owned(), lab);
            let rule = Match::Prefix("lab-".to_owned());
            config.routes.push(for_model(rule, route("lab-ai-route", vec![to("lab", 100)])));
        })
        .await;
    assert_eq!(world.ask("kimi-k2.5").await.status, StatusCode::OK, "still called with its old key");
    assert_eq!(world.ask("lab-small").await.status, StatusCode::UNAUTHORIZED, "reached, but without its key");
    let seen = world.upstreams.calls("lab").pop().unwrap();
    assert_eq!(seen.key.as_deref(), Some(KEY), "ai-proxy does not know it, so the client's key went through");
    world.change(|config| drop(config.providers.remove("deepseek"))).await;
    assert_eq!(world.ask("lab-small").await.said(), "lab-small on lab: you said \"hi\".");
    assert_eq!(world.ask("kimi-k2.5").await.status, StatusCode::UNAUTHORIZED, "now with the rotated key");
}

#[tokio::test]
async fn one_repeated_credential_freezes_key_auth() {
    let world = World::new(two_providers).await;
    world
        .change(|config| {
            config.consumers.push(consumer("worker-carol", "key-of-carol"));
            config.consumers[1].values.push("key-of-carol".to_owned());
            let allow = config.routes[0].allow.as_mut().unwrap();
            *allow = vec!["worker-bob".to_owned()];
            config.routes.push(LiveRoute {
                path: Match::Prefix("/late".to_owned()),
                ..route("late-ai-route", vec![to("qwen", 100)])
            });
        })
        .await;
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::OK, "alice is still in the last good list");
    let body = question("qwen-max");
    let late = world.post("/late/v1/chat/completions");
    assert_eq!(world.send(late, body.to_string()).await.status, StatusCode::OK, "a new route is unprotected");
    world.change(|config| drop(config.consumers.remove(2))).await;
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::FORBIDDEN, "the change came through");
    let late = world.post("/late/v1/chat/completions");
    assert_eq!(world.send(late, body.to_string()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_gateway_that_starts_with_a_repeated_credential_has_no_auth() {
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        config.consumers[1].values = vec![KEY.to_owned()];
        config
    })
    .await;
    let body = question("qwen-max");
    assert_eq!(world.send(world.post(CHAT), body.to_string()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_gateway_that_starts_with_an_invalid_provider_has_no_ai_proxy() {
    let world = World::new(|upstreams| {
        let mut config = two_providers(upstreams);
        config.providers.get_mut("deepseek").unwrap().tokens.clear();
        config
    })
    .await;
    assert_eq!(world.ask("kimi-k2.5").await.status, StatusCode::UNAUTHORIZED);
    let call = world.upstreams.calls("moonshot").pop().unwrap();
    assert_eq!(
        (call.path.as_str(), call.key.as_deref()),
        (CHAT, Some(KEY)),
        "neither path nor key is the provider's"
    );
}

#[tokio::test]
async fn streams_pass_event_by_event_and_are_counted() {
    let world = World::new(two_providers).await;
    world.upstreams.set_behaviour("qwen", Behaviour::Holding);
    let mut body = question("qwen-max");
    body["stream"] = json!(true);
    let request = world.post(CHAT).header(header::AUTHORIZATION, format!("Bearer {KEY}"));
    let response = world.open(request, body.to_string()).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream; charset=utf-8");
    let mut stream = response.into_body();
    let first = stream.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"data: ") && !first.ends_with(b"[DONE]\n\n"), "{first:?}");
    let label = r#"{http_conn_manager_prefix="outbound_0.0.0.0_8080"}"#;
    let active = format!("envoy_http_downstream_rq_active{label} 1");
    assert!(world.metrics().await.contains(&active), "while the upstream holds the rest back");
    world.upstreams.set_behaviour("qwen", Behaviour::Healthy);
    let rest = stream.collect().await.unwrap().to_bytes();
    let all = String::from_utf8([first, rest].concat()).unwrap();
    let events: Vec<&str> = all.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
    assert_eq!(events.last(), Some(&"[DONE]"));
    let json: Vec<Value> =
        events[..events.len() - 1].iter().map(|e| serde_json::from_str(e).unwrap()).collect();
    let said: String =
        json.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(said, "qwen-max on qwen: you said \"hi\".");
    let total = json.last().unwrap()["usage"]["total_tokens"].as_u64().expect("ai-proxy asks for usage");
    let ai = r#"{ai_route="ai-route-default-ai-route.internal",ai_cluster="outbound|443||llm-qwen.internal.dns",ai_model="qwen-max",ai_consumer="worker-alice"}"#;
    let metrics = world.metrics().await;
    for line in [
        format!("route_upstream_model_consumer_metric_total_token{ai} {total}"),
        format!("route_upstream_model_consumer_metric_llm_stream_duration_count{ai} 1"),
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line} in\n{metrics}");
    }
}

#[tokio::test]
async fn counters_tell_what_happened_and_can_be_reset() {
    let world = World::new(two_providers).await;
    world.ask("qwen-max").await;
    world.ask("glm-5").await;
    world.send(world.request("GET", "/nowhere"), "").await;
    let metrics = world.metrics().await;
    for line in [
        r#"envoy_http_downstream_rq_total{http_conn_manager_prefix="outbound_0.0.0.0_8080"} 3"#,
        r#"envoy_http_downstream_rq{response_code_class="2xx",http_conn_manager_prefix="outbound_0.0.0.0_8080"} 1"#,
        r#"envoy_http_downstream_rq{response_code_class="4xx",http_conn_manager_prefix="outbound_0.0.0.0_8080"} 2"#,
        r#"envoy_http_downstream_rq_total{http_conn_manager_prefix="stats"} 1"#,
        r#"envoy_cluster_upstream_rq_total{cluster_name="outbound_443__llm-qwen.internal.dns"} 2"#,
        r#"envoy_cluster_upstream_rq{response_code_class="4xx",cluster_name="outbound_443__llm-qwen.internal.dns"} 1"#,
        r#"route_upstream_model_consumer_metric_total_token{ai_route="ai-route-default-ai-route.internal",ai_cluster="outbound|443||llm-qwen.internal.dns",ai_model="qwen-max",ai_consumer="worker-alice"} 8"#,
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line} in\n{metrics}");
    }
    assert!(!metrics.contains(r#"ai_model="glm-5""#), "an error has no usage");
    world.gateway.reset_counters();
    let metrics = world.metrics().await;
    assert!(
        metrics.contains(
            r#"envoy_http_downstream_rq_total{http_conn_manager_prefix="outbound_0.0.0.0_8080"} 0"#
        )
    );
    assert!(!metrics.contains("llm-qwen"), "{metrics}");
}

/// The number of open connections, once it is `wanted`.
async fn connections(world: &World, wanted: usize) {
    let line = format!(
        r#"envoy_http_downstream_cx_active{{http_conn_manager_prefix="outbound_0.0.0.0_8080"}} {wanted}"#
    );
    let seen = async {
        while !world.metrics().await.lines().any(|l| l == line) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), seen)
        .await
        .unwrap_or_else(|_| panic!("never {wanted} connections"));
}

#[tokio::test]
async fn connections_are_those_that_are_open() {
    let world = World::new(two_providers).await;
    connections(&world, 0).await;
    let first = tokio::net::TcpStream::connect(world.gateway.addr()).await.unwrap();
    let second = tokio::net::TcpStream::connect(world.gateway.addr()).await.unwrap();
    connections(&world, 2).await;
    drop(first);
    connections(&world, 1).await;
    drop(second);
    connections(&world, 0).await;
}

#[tokio::test]
async fn before_its_delay_a_change_has_no_effect() {
    let world = World::new(two_providers).await;
    world.gateway.set_delay(Duration::from_secs(3600));
    world.live.send_replace(Arc::default());
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::OK);
    assert_eq!(*world.gateway.served().borrow(), 0);
}

#[tokio::test]
async fn after_its_delay_a_change_is_effective() {
    let world = World::new(two_providers).await;
    let delay = Duration::from_millis(50);
    world.gateway.set_delay(delay);
    let start = std::time::Instant::now();
    world.change(|config| config.routes.clear()).await;
    assert!(start.elapsed() >= delay, "{:?}", start.elapsed());
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::NOT_FOUND);
    assert_eq!(*world.gateway.served().borrow(), 1);
    world.gateway.set_delay(Duration::ZERO);
    world.change(|config| config.consumers.clear()).await;
    assert_eq!(*world.gateway.served().borrow(), 2);
}

#[tokio::test]
async fn a_plain_route_forwards_any_request_as_it_is() {
    let echo = axum::Router::new().fallback(|request: axum::extract::Request| async move {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let header = |name: &str| parts.headers.get(name).map(|v| v.to_str().unwrap().to_owned());
        axum::Json(json!({
            "method": parts.method.as_str(), "uri": parts.uri.to_string(), "body": String::from_utf8_lossy(&body),
            "host": header("host"), "added": header("x-added"), "auth": header("authorization"),
            "for": header("x-forwarded-for"), "connection": header("connection"),
        }))
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, echo).await });
    let world = World::new(|_| {
        let plain = LiveRoute {
            ingress: "agm".to_owned(),
            path: Match::Prefix("/agm".to_owned()),
            allow: None,
            add_headers: vec![("x-added".to_owned(), "yes".to_owned())],
            ..route("", vec![LiveBackend::Service { address: Some(address.to_string()), weight: 100 }])
        };
        let rewritten = LiveRoute {
            ingress: "console".to_owned(),
            path: Match::Prefix("/console".to_owned()),
            rewrite_path: Some("/".to_owned()),
            ..plain.clone()
        };
        let missing = LiveRoute {
            path: Match::Equal("/missing".to_owned()),
            backends: vec![LiveBackend::Service { address: None, weight: 100 }],
            ..plain.clone()
        };
        LiveConfig { routes: vec![plain, rewritten, missing], ..LiveConfig::default() }
    })
    .await;
    let request = world
        .request("PUT", "/agm/a%20b?x=1&y=%2F")
        .header(header::HOST, "gw.example.com:18080")
        .header(header::AUTHORIZATION, "Basic abc")
        .header(header::CONNECTION, "x-once");
    assert_eq!(
        world.send(request, "payload").await.json(),
        json!({
            "method": "PUT", "uri": "/agm/a%20b?x=1&y=%2F", "body": "payload", "host": "gw.example.com:18080",
            "added": "yes", "auth": "Basic abc", "for": "127.0.0.1", "connection": null,
        })
    );
    let rewritten = world.send(world.request("DELETE", "/console/v1/x?q"), "").await.json();
    assert_eq!((&rewritten["method"], &rewritten["uri"]), (&json!("DELETE"), &json!("/v1/x?q")));
    let missing = world.send(world.request("GET", "/missing"), "").await;
    assert_eq!((missing.status, missing.body.len()), (StatusCode::SERVICE_UNAVAILABLE, 0));
    server.abort();
}

#[tokio::test]
async fn upstreams_fail_as_they_are_told() {
    let world = World::new(two_providers).await;
    for (behaviour, status, code) in [
        (Behaviour::InvalidKey, 401, "invalid_api_key"),
        (Behaviour::NoBalance, 402, "insufficient_balance"),
        (Behaviour::ModelNotFound, 404, "model_not_found"),
        (Behaviour::RateLimited { retry_after: 7 }, 429, "rate_limit_exceeded"),
        (Behaviour::Failing(502), 502, "internal_error"),
    ] {
        world.upstreams.set_behaviour("qwen", behaviour.clone());
        let answer = world.ask("qwen-max").await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]["code"]),
            (status, &json!(code)),
            "{behaviour:?}"
        );
        if status == 429 {
            assert_eq!(answer.headers[header::RETRY_AFTER], "7");
        }
    }
    for (behaviour, kind) in [
        (Behaviour::Html, "text/html; charset=utf-8"),
        (Behaviour::TruncatedJson, "application/json"),
        (Behaviour::WrongContentType, "text/plain; charset=utf-8"),
    ] {
        world.upstreams.set_behaviour("qwen", behaviour.clone());
        let answer = world.ask("qwen-max").await;
        assert_eq!(
            (answer.status, &answer.headers[header::CONTENT_TYPE]),
            (StatusCode::OK, &kind.parse().unwrap())
        );
        let whole = serde_json::from_slice::<Value>(&answer.body).is_ok();
        assert_eq!(whole, behaviour == Behaviour::WrongContentType, "{behaviour:?}");
    }
    world.upstreams.set_behaviour("qwen", Behaviour::Slow(Duration::from_millis(30)));
    let start = std::time::Instant::now();
    assert_eq!(world.ask("qwen-max").await.status, StatusCode::OK);
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert_eq!(world.upstreams.calls("qwen").len(), 9);
}

#[tokio::test]
async fn every_vendor_answers_on_its_own_path_with_its_own_models_only() {
    let names = ["qwen", "deepseek", "moonshot", "zhipuai", "minimax", "openai", "lab"];
    let kind = |name: &str| if name == "lab" { "openai" } else { name }.to_owned();
    let world = World::new(|upstreams| {
        let mut config =
            LiveConfig { consumers: vec![consumer("worker-alice", KEY)], ..LiveConfig::default() };
        for name in names {
            let mut made = provider(upstreams, name, &kind(name));
            if name == "lab" {
                made.raw = json!({"openaiCustomUrl": "https://llm.lab.example.com/serve/v1"});
            }
            config.providers.insert(name.to_owned(), made);
            let rule = upstreams.models(name).into_iter().map(regex_escape).collect::<Vec<_>>().join("|");
            config
                .routes
                .push(for_model(Match::Regex(format!("^({rule})")), route(name, vec![to(name, 100)])));
        }
        config
    })
    .await;
    for name in names {
        for model in world.upstreams.models(name).into_iter().filter(|model| !model.contains("embedding")) {
            assert!(world.ask(model).await.said().starts_with(&format!("{model} on {name}: ")), "{model}");
        }
    }
    let paths: BTreeMap<_, _> =
        names.iter().map(|name| (*name, world.upstreams.calls(name).pop().unwrap().path)).collect();
    assert_eq!(paths["minimax"], "/v1/text/chatcompletion_v2");
    assert_eq!(paths["zhipuai"], "/api/paas/v4/chat/completions");
    assert_eq!(paths["lab"], "/serve/v1/chat/completions");
    let body = json!({"model": "text-embedding-v4", "input": ["a", "b"]});
    let request = world.post("/v1/embeddings").header(header::AUTHORIZATION, format!("Bearer {KEY}"));
    let vectors = world.send(request, body.to_string()).await.json();
    assert_eq!(vectors["data"].as_array().unwrap().len(), 2);
    assert_eq!(vectors["data"][1]["embedding"].as_array().unwrap().len(), 1024);
}

fn regex_escape(text: &str) -> String {
    text.replace('.', "\\.")
}

#[tokio::test]
async fn a_vendor_takes_its_own_keys_only() {
    let world = World::new(two_providers).await;
    let (first, second) = (world.upstreams.key_for("qwen"), world.upstreams.second_key_for("qwen"));
    for (tokens, accepted) in [
        (vec![second], true),
        (vec![first, second], true),
        (vec![world.upstreams.key_for("deepseek")], false),
        (vec![""], false),
    ] {
        let tokens: Vec<String> = tokens.into_iter().map(str::to_owned).collect();
        world.change(|config| config.providers.get_mut("qwen").unwrap().tokens = tokens.clone()).await;
        let answer = world.ask("qwen-max").await;
        assert_eq!(answer.status == StatusCode::OK, accepted, "{tokens:?}");
        assert_eq!(answer.status == StatusCode::UNAUTHORIZED, !accepted, "{tokens:?}");
    }
}

#[tokio::test]
async fn openai_wants_max_completion_tokens_of_its_new_models() {
    let upstreams = Upstreams::start(UpstreamOptions::default()).await.unwrap();
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    for (field, status) in [("max_tokens", 400), ("max_completion_tokens", 200)] {
        let mut body = question("gpt-5-mini");
        body[field] = json!(1);
        let request =
            Request::post(format!("http://{}/v1/chat/completions", upstreams.addresses()["openai"]))
                .header(header::AUTHORIZATION, format!("Bearer {}", upstreams.key_for("openai")))
                .body(Full::new(Bytes::from(body.to_string())))
                .unwrap();
        assert_eq!(client.request(request).await.unwrap().status().as_u16(), status, "{field}");
    }
}

#[tokio::test]
async fn a_stopped_gateway_is_gone_with_its_connections() {
    let world = World::new(two_providers).await;
    let addr = world.gateway.addr();
    let mut open = tokio::net::TcpStream::connect(addr).await.unwrap();
    connections(&world, 1).await;
    world.gateway.stop().await;
    let read = tokio::io::AsyncReadExt::read(&mut open, &mut [0; 1]).await;
    assert!(matches!(read, Ok(0) | Err(_)), "closed: {read:?}");
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}
