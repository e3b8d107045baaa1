use super::*;
use crate::egress::EgressParams;
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

/// What a scripted server says, one answer after another (the last one stays), and what it heard.
#[derive(Default)]
struct Script {
    answers: VecDeque<(u16, &'static str, String)>,
    heard: Vec<(HeaderMap, String, Value)>,
}

type Shared = Arc<Mutex<Script>>;

async fn answer(
    State(script): State<Shared>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let mut script = script.lock().unwrap();
    script.heard.push((headers, uri.to_string(), serde_json::from_slice(&body).unwrap_or_default()));
    let last = script.answers.len() == 1;
    let (status, kind, body) =
        if last { script.answers[0].clone() } else { script.answers.pop_front().unwrap() };
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
    if kind == DENIAL {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, "Key realm=MSE Gateway".parse().unwrap());
    }
    response
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";
/// Plain text with the gateway's challenge.
const DENIAL: &str = "text/plain; denial";
const DONE: &str =
    r#"{"id":"1","model":"qwen3.5-plus","choices":[{"message":{"role":"assistant","content":"h"}}]}"#;

async fn start(answers: &[(u16, &'static str, &str)]) -> (Shared, SocketAddr) {
    let answers = answers.iter().map(|(status, kind, body)| (*status, *kind, (*body).to_owned())).collect();
    let script = Arc::new(Mutex::new(Script { answers, heard: Vec::new() }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let router = Router::new().fallback(answer).with_state(script.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (script, addr)
}

fn probe(addr: SocketAddr, effective: Duration) -> Probe {
    let params = EgressParams {
        allow_private: false,
        own: Vec::new(),
        map: BTreeMap::from([("llm.example.com".to_owned(), addr)]),
        connect: Duration::from_secs(5),
        total: Duration::from_secs(5),
    };
    let gateway = Url::parse(&format!("http://{addr}")).unwrap();
    let gateway_host = Some("aigw-local.hiclaw.io".to_owned());
    let limits = (Duration::from_secs(5), Duration::from_secs(5));
    let params_of_gateway =
        ProbeParams { gateway, gateway_host, connect: limits.0, question: limits.1, effective };
    Probe::new(params_of_gateway, Egress::new(params).unwrap()).unwrap()
}

fn key() -> SecretString {
    "agent-key".into()
}

fn model(id: &str) -> ModelId {
    id.parse().unwrap()
}

async fn asked(answers: &[(u16, &'static str, &str)]) -> Result<Answered, ProbeFailure> {
    let (_script, addr) = start(answers).await;
    probe(addr, Duration::ZERO).ask(&key(), &model("qwen3.5-plus")).await
}

#[tokio::test]
async fn a_question_is_the_one_that_hiclaw_asks() {
    let (script, addr) = start(&[(200, JSON, DONE)]).await;
    let probe = probe(addr, Duration::ZERO);
    for (id, parameter) in [
        ("qwen3.5-plus", "max_tokens"),
        ("gpt-5", "max_completion_tokens"),
        ("gpt-5.4", "max_completion_tokens"),
        ("gpt-5-mini", "max_completion_tokens"),
        ("gpt-50", "max_completion_tokens"),
        ("gpt-5x", "max_tokens"),
        ("gpt-4o", "max_tokens"),
    ] {
        let answered = probe.ask(&key(), &model(id)).await.unwrap();
        assert!(
            answered.evidence.starts_with("HTTP 200 in ")
                && answered.evidence.ends_with(" from qwen3.5-plus")
        );
        let (headers, uri, body) = script.lock().unwrap().heard.pop().unwrap();
        assert_eq!(
            (uri.as_str(), headers["host"].to_str().unwrap()),
            ("/v1/chat/completions", "aigw-local.hiclaw.io")
        );
        assert_eq!(headers["authorization"], "Bearer agent-key");
        let wanted = json!({ "model": id, "messages": [{ "role": "user", "content": "hi" }], parameter: 1 });
        assert_eq!(body, wanted, "{id}");
    }
}

#[tokio::test]
async fn a_model_that_wants_the_newer_parameter_gets_it() {
    let complaint = r#"{"error":{"message":"Unsupported parameter: use 'max_completion_tokens' instead.","code":"unsupported_parameter"}}"#;
    let (script, addr) = start(&[(400, JSON, complaint), (200, JSON, DONE)]).await;
    probe(addr, Duration::ZERO).ask(&key(), &model("o4-mini")).await.unwrap();
    assert_eq!(script.lock().unwrap().heard[1].2["max_completion_tokens"], 1);
}

#[tokio::test]
async fn each_answer_has_its_reason() {
    let error = |code: &str| format!(r#"{{"error":{{"message":"it says {code}","code":"{code}"}}}}"#);
    let table = [
        (401, JSON, error("invalid_api_key"), Reason::Auth, MayPass::Provider),
        (403, JSON, error("forbidden"), Reason::Auth, MayPass::Provider),
        (403, JSON, error("Arrearage"), Reason::Billing, MayPass::No),
        (
            401,
            DENIAL,
            "Request denied by Key Auth check. Invalid API key".into(),
            Reason::Auth,
            MayPass::Gateway,
        ),
        (
            403,
            TEXT,
            "Request denied by Key Auth check. Unauthorized consumer".into(),
            Reason::ConsumerNotAllowed,
            MayPass::Gateway,
        ),
        (403, DENIAL, String::new(), Reason::ConsumerNotAllowed, MayPass::Gateway),
        (404, TEXT, String::new(), Reason::RouteNotFound, MayPass::Gateway),
        (404, JSON, error("model_not_found"), Reason::ModelNotFound, MayPass::Provider),
        (
            400,
            JSON,
            r#"{"error":{"message":"Model Not Exist"}}"#.into(),
            Reason::ModelNotFound,
            MayPass::Provider,
        ),
        (400, JSON, error("bad"), Reason::Unknown, MayPass::No),
        (402, JSON, error("insufficient_balance"), Reason::Billing, MayPass::No),
        (429, JSON, error("rate_limit_exceeded"), Reason::RateLimit, MayPass::No),
        (429, JSON, error("insufficient_quota"), Reason::Billing, MayPass::No),
        (500, JSON, error("internal"), Reason::Unknown, MayPass::No),
        (503, TEXT, "no healthy upstream".into(), Reason::GatewayNotReady, MayPass::Gateway),
        (
            503,
            TEXT,
            "upstream connect error: TLS error: CERTIFICATE_VERIFY_FAILED".into(),
            Reason::DnsTls,
            MayPass::Gateway,
        ),
        (503, JSON, error("overloaded"), Reason::Unknown, MayPass::No),
        (504, TEXT, "upstream request timeout".into(), Reason::Timeout, MayPass::No),
        (302, TEXT, String::new(), Reason::Format, MayPass::No),
        (200, "text/html", "<!DOCTYPE html><html></html>".into(), Reason::Format, MayPass::No),
        (200, TEXT, DONE.into(), Reason::Format, MayPass::No),
        (200, JSON, r#"{"choices":["#.into(), Reason::Format, MayPass::No),
        (200, JSON, r#"{"choices":[]}"#.into(), Reason::Format, MayPass::No),
        (200, JSON, error("quota"), Reason::Format, MayPass::No),
    ];
    for (status, kind, body, reason, may_pass) in table {
        let failure = asked(&[(status, kind, &body)]).await.unwrap_err();
        assert_eq!((failure.reason, failure.may_pass), (reason, may_pass), "{status} {body}");
        assert!(failure.evidence.starts_with(&format!("HTTP {status} in ")), "{}", failure.evidence);
    }
}

#[tokio::test]
async fn evidence_holds_no_key_and_ends() {
    let long = "very ".repeat(200);
    let body = json!({ "error": { "message": format!("bad key agent-key or sk-abcdefghijklmnop {long}") } })
        .to_string();
    let evidence = asked(&[(401, JSON, &body)]).await.unwrap_err().evidence;
    assert!(!evidence.contains("agent-key") && !evidence.contains("sk-abc"), "{evidence}");
    assert!(evidence.chars().count() < 260);
}

#[tokio::test]
async fn no_gateway_and_a_silent_gateway() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let failure = probe(closed, Duration::ZERO).ask(&key(), &model("m")).await.unwrap_err();
    assert_eq!(failure.reason, Reason::DnsTls);
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut probe = probe(silent.local_addr().unwrap(), Duration::ZERO);
    probe.params.question = Duration::from_millis(100);
    assert_eq!(probe.ask(&key(), &model("m")).await.unwrap_err().reason, Reason::Timeout);
}

#[tokio::test]
async fn refusals_do_not_count_while_the_gateway_follows() {
    let not_found = r#"{"error":{"message":"The model does not exist","code":"model_not_found"}}"#;
    let (script, addr) = start(&[
        (404, TEXT, ""),
        (403, DENIAL, "Unauthorized consumer"),
        (404, JSON, not_found),
        (200, JSON, DONE),
    ])
    .await;
    let probe = probe(addr, Duration::from_secs(20));
    probe.ask_until_effective(&key(), &model("m")).await.unwrap();
    assert_eq!(script.lock().unwrap().heard.len(), 4);
}

#[tokio::test]
async fn patience_ends_and_some_failures_end_it_at_once() {
    let (agent, wanted) = (key(), model("m"));
    let (script, addr) = start(&[(404, TEXT, "")]).await;
    let patient = probe(addr, Duration::from_millis(400));
    let failure = patient.ask_until_effective(&agent, &wanted).await.unwrap_err();
    assert_eq!(failure.reason, Reason::RouteNotFound);
    assert!(script.lock().unwrap().heard.len() >= 2);
    let (script, addr) = start(&[(429, JSON, "{}")]).await;
    let very_patient = probe(addr, Duration::from_secs(20));
    let failure = very_patient.ask_until_effective(&agent, &wanted).await.unwrap_err();
    assert_eq!(failure.reason, Reason::RateLimit);
    assert_eq!(script.lock().unwrap().heard.len(), 1);
}

async fn listed(
    kind: KeyHeader,
    answer: (u16, &'static str, &str),
) -> (Result<Listing, ProbeFailure>, HeaderMap) {
    let (script, addr) = start(&[answer]).await;
    let list = ModelList { url: Url::parse("https://llm.example.com/v1/models").unwrap(), key: kind };
    let listing = probe(addr, Duration::ZERO).list_models(&list, Some(&"sk-provider".into())).await;
    let headers = script.lock().unwrap().heard[0].0.clone();
    (listing, headers)
}

#[tokio::test]
async fn lists_are_read_in_every_vendors_shape() {
    let table = [
        (
            r#"{"object":"list","data":[{"id":"b"},{"id":"a","context_length":8192,"top_provider":{"max_completion_tokens":4096}}]}"#,
            vec![("a", Some(8192), Some(4096)), ("b", None, None)],
        ),
        (
            r#"{"models":[{"name":"models/gemini-x","inputTokenLimit":1000,"outputTokenLimit":10}]}"#,
            vec![("gemini-x", Some(1000), Some(10))],
        ),
        (r#"[{"id":"llama","max_model_len":4096},{"id":"no good id"}]"#, vec![("llama", Some(4096), None)]),
        (r#"{"data":[]}"#, vec![]),
    ];
    for (body, wanted) in table {
        let listing = listed(KeyHeader::Bearer, (200, JSON, body)).await.0.unwrap();
        let found: Vec<_> =
            listing.models.iter().map(|m| (m.id.as_str(), m.context_window, m.max_tokens)).collect();
        assert_eq!(found, wanted, "{body}");
    }
}

#[tokio::test]
async fn the_key_goes_where_the_type_wants_it() {
    let list = (200, JSON, r#"{"data":[]}"#);
    assert_eq!(listed(KeyHeader::Bearer, list).await.1["authorization"], "Bearer sk-provider");
    assert_eq!(listed(KeyHeader::ApiKey, list).await.1["api-key"], "sk-provider");
    let anthropic = listed(KeyHeader::Anthropic, list).await.1;
    assert_eq!(
        (&anthropic["x-api-key"], &anthropic["anthropic-version"]),
        (&"sk-provider".parse().unwrap(), &"2023-06-01".parse().unwrap())
    );
}

#[tokio::test]
async fn a_list_that_is_none_has_its_reason() {
    for (answer, reason) in [
        ((401, JSON, r#"{"error":{"message":"Incorrect API key: sk-provider"}}"#), Reason::Auth),
        ((429, JSON, "{}"), Reason::RateLimit),
        ((404, JSON, "{}"), Reason::Format),
        ((302, TEXT, ""), Reason::Format),
        ((200, "text/html", "<html>"), Reason::Format),
        ((200, JSON, r#"{"data":"#), Reason::Format),
        ((200, JSON, r#"{"ok":true}"#), Reason::Format),
        ((500, TEXT, "oops"), Reason::Unknown),
    ] {
        let failure = listed(KeyHeader::Bearer, answer).await.0.unwrap_err();
        assert_eq!(failure.reason, reason, "{answer:?}");
        assert!(!failure.evidence.contains("sk-provider"), "{}", failure.evidence);
    }
    let list =
        ModelList { url: Url::parse("http://169.254.169.254/v1/models").unwrap(), key: KeyHeader::Bearer };
    let (script, addr) = start(&[(200, JSON, "{}")]).await;
    let failure = probe(addr, Duration::ZERO).list_models(&list, None).await.unwrap_err();
    assert!(failure.evidence.contains("link-local"), "{}", failure.evidence);
    assert!(script.lock().unwrap().heard.is_empty());
}

#[tokio::test]
async fn a_content_type_with_parameters_is_still_json() {
    assert!(asked(&[(200, "application/json; charset=utf-8", DONE)]).await.is_ok());
}
