//! HTTP calls as short as the tests want them.
#![expect(clippy::unwrap_used, reason = "a test fails where its set-up does")]
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;

/// Status and JSON (null where the body is none); `Err` when the connection broke.
pub async fn call(method: Method, url: &str, json: Option<&Value>) -> Result<(StatusCode, Value), String> {
    call_as(method, url, json, None).await
}

/// The same with an `Authorization` header.
pub async fn call_as(
    method: Method,
    url: &str,
    json: Option<&Value>,
    authorization: Option<&str>,
) -> Result<(StatusCode, Value), String> {
    let mut request =
        Request::builder().method(method).uri(url).header(header::CONTENT_TYPE, "application/json");
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let body = json.map(Value::to_string).unwrap_or_default();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let (head, body) = client.request(request).await.map_err(|error| error.to_string())?.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok((head.status, serde_json::from_slice(&body).unwrap_or_default()))
}

pub async fn get(url: &str) -> (StatusCode, Value) {
    call(Method::GET, url, None).await.unwrap()
}

pub async fn post(url: &str, json: &Value) -> (StatusCode, Value) {
    call(Method::POST, url, Some(json)).await.unwrap()
}
