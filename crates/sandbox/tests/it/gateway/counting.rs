//! Streams, counters and connections, and when a change is effective.
use super::*;

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
