//! The switches: what a client must survive.
use super::{Served, chat, openai};
use reqwest::{Method, StatusCode};
use sandbox::console::{Canned, Effect, Fault, Release, RequestMatch, StoreCall, StoreVerb, Trouble};
use serde_json::{Value, json};
use std::time::Duration;

const PROVIDERS: &str = "/v1/ai/providers";

fn inject(served: &Served, method: Method, path: &str, effect: Effect) {
    served.console.switches().inject(Fault { requests: RequestMatch::new(method, path), times: 1, effect });
}

#[tokio::test]
async fn a_dropped_request_gets_no_answer_and_does_nothing() {
    let served = Served::initialised().await;
    inject(&served, Method::POST, PROVIDERS, Effect::Drop);
    let error =
        served.request(Method::POST, PROVIDERS).json(&openai("one")).send().await.expect_err("no answer");
    assert!(error.is_request(), "{error}");
    assert_eq!(served.status("/v1/ai/providers/one").await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_unanswered_write_was_carried_out() {
    let served = Served::initialised().await;
    inject(&served, Method::POST, PROVIDERS, Effect::DropAfter);
    served.request(Method::POST, PROVIDERS).json(&openai("one")).send().await.expect_err("no answer");
    assert_eq!(served.status("/v1/ai/providers/one").await, StatusCode::OK);

    inject(&served, Method::POST, PROVIDERS, Effect::HangAfter);
    let request = served.request(Method::POST, PROVIDERS).json(&openai("two"));
    let error = request.timeout(Duration::from_millis(300)).send().await.expect_err("no answer");
    assert!(error.is_timeout());
    assert_eq!(served.status("/v1/ai/providers/two").await, StatusCode::OK);
}

#[tokio::test]
async fn a_hanging_request_does_nothing() {
    let served = Served::initialised().await;
    inject(&served, Method::POST, PROVIDERS, Effect::Hang);
    let request = served.request(Method::POST, PROVIDERS).json(&openai("one"));
    assert!(request.timeout(Duration::from_millis(100)).send().await.expect_err("no answer").is_timeout());
    assert_eq!(served.status("/v1/ai/providers/one").await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn answers_are_replaced_before_or_after_the_write() {
    let served = Served::initialised().await;
    let refusal = Canned::error(StatusCode::UNAUTHORIZED, "Login required.");
    inject(&served, Method::POST, PROVIDERS, Effect::Answer(refusal));
    assert_eq!(
        served.refused(Method::POST, PROVIDERS, &openai("one")).await,
        (401, "Login required.".to_owned())
    );
    assert_eq!(served.status("/v1/ai/providers/one").await, StatusCode::NOT_FOUND);
    inject(&served, Method::POST, PROVIDERS, Effect::AnswerAfter(Canned::page(StatusCode::OK)));
    let page = served.send(Method::POST, PROVIDERS, &openai("one")).await;
    assert_eq!(page.headers()["content-type"], "text/html");
    assert_eq!(served.status("/v1/ai/providers/one").await, StatusCode::OK);
}

#[tokio::test]
async fn half_a_write_leaves_the_route_live_and_not_stored() {
    let served = Served::with_route().await;
    let call = StoreCall::first(StoreVerb::Replace, "configmaps", "ai-route-chat");
    inject(&served, Method::PUT, "/v1/ai/routes/*", Effect::StoreFails(call, Trouble::Broken));
    let (status, message) = served.refused(Method::PUT, "/v1/ai/routes/chat", &chat("two")).await;
    assert_eq!(status, 500);
    assert!(message.starts_with("io.kubernetes.client.openapi.ApiException: "), "{message}");
    assert_eq!(served.data("/v1/ai/routes/chat").await["upstreams"][0]["provider"], "one");
    let live = served.data("/v1/routes/ai-route-chat.internal").await;
    assert_eq!(live["services"][0]["name"], "llm-two.internal.dns");
    let live = served.console.live().borrow().clone();
    let route = live.routes.iter().find(|route| route.ingress == "ai-route-chat.internal").expect("live");
    assert!(format!("{:?}", route.backends).contains("\"two\""), "the gateway follows what is live");
    // Once more, without the fault.
    assert_eq!(served.send(Method::PUT, "/v1/ai/routes/chat", &chat("two")).await.status(), StatusCode::OK);
    assert_eq!(served.data("/v1/ai/routes/chat").await["upstreams"][0]["provider"], "two");
}

#[tokio::test]
async fn a_conflict_on_a_deletion_is_a_500_that_says_409() {
    let served = Served::with_route().await;
    let call = StoreCall::first(StoreVerb::Replace, "mcpbridges", "default");
    inject(&served, Method::DELETE, "/v1/ai/providers/*", Effect::StoreFails(call, Trouble::Conflict));
    let (status, message) = served.refused(Method::DELETE, "/v1/ai/providers/two", &Value::Null).await;
    assert_eq!(status, 500);
    assert!(message.contains("\"code\":409"), "{message}");
}

#[tokio::test]
async fn a_lost_write_is_acknowledged_and_gone() {
    let served = Served::initialised().await;
    served.created(PROVIDERS, &openai("kept")).await;
    inject(&served, Method::POST, PROVIDERS, Effect::Lose);
    let answer = served.created(PROVIDERS, &openai("lost")).await;
    assert_eq!(answer["name"], "lost");
    assert_eq!(served.status("/v1/ai/providers/lost").await, StatusCode::NOT_FOUND);
    assert_eq!(served.status("/v1/ai/providers/kept").await, StatusCode::OK);
}

#[tokio::test]
async fn a_slow_console_is_slow_on_every_call() {
    let served = Served::initialised().await;
    served.console.switches().set_latency(Duration::from_millis(200));
    let request = served.request(Method::GET, "/system/info").timeout(Duration::from_millis(50));
    assert!(request.send().await.expect_err("too slow").is_timeout());
    assert_eq!(served.status("/system/info").await, StatusCode::OK);
}

#[tokio::test]
async fn the_older_release_has_its_quirks() {
    let served = Served::initialised().await;
    served.console.switches().set_release(Release::V2_2_1);
    let info: Value = served
        .request(Method::GET, "/system/info")
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(info["version"], "2.2.1");
    let vllm =
        json!({"name": "v", "type": "vllm", "rawConfigs": {"vllmCustomUrl": "http://10.0.0.1:8000/v1"}});
    let (status, message) = served.refused(Method::POST, PROVIDERS, &vllm).await;
    assert_eq!((status, message.ends_with("Provider type vllm is not supported")), (400, true));
    served.created(PROVIDERS, &openai("one")).await;
    let route = served.created("/v1/ai/routes", &chat("one")).await;
    assert_eq!(route["proxyNextUpstream"]["timeout"], 120_000);
    let source = json!({"name": "a.b", "type": "dns", "domain": "a.example.com", "port": 80});
    let (status, message) = served.refused(Method::POST, "/v1/service-sources", &source).await;
    assert_eq!((status, message.ends_with("serviceSource body is not valid.")), (400, true));
    // A person's own settings for ai-proxy make deletions do nothing.
    let own = json!({"enabled": true, "configurations": {"a": 1}});
    let path = "/v1/global/plugin-instances/ai-proxy";
    assert_eq!(served.send(Method::PUT, path, &own).await.status(), StatusCode::OK);
    let deleted = served.request(Method::DELETE, "/v1/ai/providers/one").send().await.expect("an answer");
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    assert_eq!(served.status("/v1/ai/providers/one").await, StatusCode::OK);
}

#[tokio::test]
async fn the_first_2_2_4_image_refuses_every_ai_write_halfway() {
    let served = Served::with_route().await;
    served.console.switches().set_image_conflict(true);
    assert_eq!(served.refused(Method::POST, PROVIDERS, &openai("three")).await.0, 409);
    assert_eq!(served.status("/v1/ai/providers/three").await, StatusCode::NOT_FOUND);
    assert_eq!(served.status("/v1/service-sources/llm-three.internal").await, StatusCode::OK, "half a write");
}

#[tokio::test]
async fn services_come_from_the_controller_and_are_only_what_it_accepts() {
    let served = Served::initialised().await;
    served.created(PROVIDERS, &openai("one")).await;
    let single =
        json!({"name": "s", "type": "openai", "rawConfigs": {"openaiCustomUrl": "http://ollama:11434/v1"}});
    served.created(PROVIDERS, &single).await;
    assert_eq!(served.status("/v1/services").await, StatusCode::INTERNAL_SERVER_ERROR);
    served.console.switches().set_controller(true);
    let services = served.data("/v1/services").await;
    let names: Vec<&str> =
        services.as_array().expect("a list").iter().filter_map(|s| s["name"].as_str()).collect();
    assert!(names.contains(&"llm-one.internal.dns") && !names.contains(&"llm-s.internal.dns"), "{names:?}");
    assert_eq!(served.console.live().borrow().providers["s"].endpoint, None);
}
