//! One test for each kind of answer, and for each way of having none.
use crate::{World, params, provider, serve};
use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use higress::{Console, ConsoleParams, HigressError, Outcome};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

async fn answering(status: u16, kind: &'static str, body: impl Into<String>) -> HigressError {
    let body = body.into();
    let router = Router::new().fallback(move || async move {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
        (StatusCode::from_u16(status).unwrap(), headers, body).into_response()
    });
    let console = Console::new(params(serve(router).await, "admin")).unwrap();
    console.providers().await.unwrap_err()
}

/// A server that reads one request and then sends these bytes.
async fn raw(bytes: &'static [u8]) -> Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let read = socket.read(&mut buffer).await.unwrap();
            assert!(read > 0);
            socket.write_all(bytes).await.unwrap();
        }
    });
    url
}

#[tokio::test]
async fn pages_and_redirects_mean_that_it_is_no_console() {
    let page = "<!DOCTYPE html><html></html>";
    assert_eq!(answering(200, "text/html; charset=utf-8", page).await, HigressError::NotAConsole);
    assert_eq!(answering(200, "application/json", page).await, HigressError::NotAConsole);
    assert_eq!(answering(404, "text/html", page).await, HigressError::NotAConsole);
    assert_eq!(answering(302, "text/plain", "").await, HigressError::NotAConsole);
    assert!(matches!(answering(502, "text/html", page).await, HigressError::Server { status: 502, .. }));
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_a_failure() {
    let json = "application/json";
    for (kind, body) in [
        ("text/plain", r#"{"success":true,"data":[]}"#.to_owned()),
        (json, r#"{"success":true,"data":["#.to_owned()),
        (json, r#"{"success":true,"data":{}}"#.to_owned()),
        (json, r#"{"success":true,"data":null}"#.to_owned()),
        (json, "[".repeat(100_000)),
        (json, String::new()),
        (json, format!(r#"{{"success":true,"data":[],"x":"{}"}}"#, "y".repeat(9 << 20))),
    ] {
        let error = answering(200, kind, body.clone()).await;
        assert!(matches!(error, HigressError::Malformed { .. }), "{error:?} for {:.60}", body);
    }
}

#[tokio::test]
async fn a_list_that_is_not_there_is_no_empty_list() {
    assert!(matches!(answering(404, "application/json", "").await, HigressError::Malformed { .. }));
    let spring = r#"{"timestamp":1,"status":404,"error":"Not Found","path":"/v1/ai/providers"}"#;
    let wanted = HigressError::Server { status: 404, message: "Not Found".into() };
    assert_eq!(answering(404, "application/json", spring).await, wanted);
}

#[tokio::test]
async fn success_false_under_200_is_a_failure() {
    let body = r#"{"success":false,"message":"java.lang.IllegalArgumentException: name cannot be blank.","data":null}"#;
    let wanted = HigressError::Invalid { message: "name cannot be blank.".into() };
    assert_eq!(answering(200, "application/json", body).await, wanted);
}

#[tokio::test]
async fn each_status_has_its_meaning() {
    let error = |message: &str| format!(r#"{{"success":false,"message":"{message}","data":null}}"#);
    let json = "application/json";
    let invalid = answering(400, json, error("com.x.ValidationException: Unknown provider: a")).await;
    assert_eq!(invalid, HigressError::Invalid { message: "Unknown provider: a".into() });
    assert_eq!(answering(401, json, error("x.AuthException: Login required.")).await, HigressError::Refused);
    assert!(matches!(answering(409, json, error("x")).await, HigressError::Conflict { .. }));
    let wrapped =
        r#"io.kubernetes.client.openapi.ApiException: Conflict - {\"kind\":\"Status\",\"code\":409}"#;
    assert!(matches!(answering(500, json, error(wrapped)).await, HigressError::Conflict { .. }));
    assert!(matches!(answering(429, json, "").await, HigressError::Server { status: 429, .. }));
}

#[tokio::test]
async fn messages_hide_what_is_secret_and_end() {
    let world = World::start().await;
    let mut lab = provider("lab", "https://llm.example.com/v1").json().clone();
    lab["tokens"] = serde_json::json!(["plain words"]);
    let lab = higress::ProviderDoc::parse(lab).unwrap();
    world.console.write_provider(None, &lab).await.unwrap();
    let text = format!("x.IllegalStateException: plain words, sk-abcdefghijklmnop {}", "long ".repeat(200));
    let canned = sandbox::console::Canned::error(reqwest::StatusCode::INTERNAL_SERVER_ERROR, &text);
    world.fault(reqwest::Method::GET, "/v1/ai/routes", 1, sandbox::console::Effect::Answer(canned));
    let shown = world.console.routes().await.unwrap_err().to_string();
    assert!(!shown.contains("plain words") && !shown.contains("abcdefghijklmnop"), "{shown}");
    assert!(shown.chars().count() < 400);
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap()
    };
    let console = Console::new(params(closed, "admin")).unwrap();
    assert!(matches!(console.ping().await.unwrap_err(), HigressError::Unreachable { .. }));
    let write =
        console.write_provider(None, &provider("lab", "https://llm.example.com/v1")).await.unwrap_err();
    assert_eq!(write.outcome, Outcome::NotApplied);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_interrupted() {
    let head: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"succ";
    for bytes in [head, b"HTTP/1.1 200 OK\r\ncontent", b"\x00\x01nonsense\r\n\r\n"] {
        let console = Console::new(params(raw(bytes).await, "admin")).unwrap();
        let error = console.ping().await.unwrap_err();
        assert!(matches!(error, HigressError::Interrupted { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_or_does_not_end_is_a_timeout() {
    let slow: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let held = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            assert!(socket.read(&mut buffer).await.unwrap() > 0);
            if !open.is_empty() {
                socket.write_all(slow).await.unwrap();
            }
            open.push(socket);
        }
    });
    let quick = ConsoleParams { call: Duration::from_millis(200), ..params(silent, "admin") };
    let console = Console::new(quick).unwrap();
    assert_eq!(console.ping().await.unwrap_err(), HigressError::Timeout, "no answer");
    assert_eq!(console.ping().await.unwrap_err(), HigressError::Timeout, "an endless one");
    held.abort();
}

#[tokio::test]
async fn a_url_that_is_none_is_said_before_any_call() {
    for text in ["ftp://console.example.com", "data:x", "mailto:a@b"] {
        let params = params(Url::parse(text).unwrap(), "admin");
        assert!(matches!(Console::new(params), Err(HigressError::Setup { .. })), "{text}");
    }
}
