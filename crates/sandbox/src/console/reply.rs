//! The shapes of the console's answers: GET is wrapped, POST and PUT are bare, what is missing is empty.
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use super::faults::Canned;
use super::refusal::Refusal;

const PAGE: &str = "<!DOCTYPE html><html><head><title>Higress Console</title></head><body><div id=\"ice-container\"></div></body></html>";

fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn json_body(status: StatusCode, body: &Value) -> Response {
    respond(status, "application/json", body.to_string())
}

fn value_of(body: &impl Serialize) -> Value {
    serde_json::to_value(body).unwrap_or_default()
}

pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// `{"success":true,…}`.
pub(super) fn wrapped(data: &impl Serialize) -> Response {
    json_body(StatusCode::OK, &json!({"success": true, "message": null, "data": value_of(data)}))
}

/// One object for a GET; a missing one is 404 without a body.
pub(super) fn found(data: Option<impl Serialize>) -> Response {
    data.map_or_else(|| empty(StatusCode::NOT_FOUND), |data| wrapped(&data))
}

/// The bare object of a POST or PUT; nothing where the service had nothing to give.
pub(super) fn bare(status: StatusCode, data: Option<impl Serialize>) -> Response {
    data.map_or_else(|| empty(status), |data| json_body(status, &value_of(&data)))
}

/// The part of a list that a request wants.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Page {
    pub(super) number: Option<i32>,
    pub(super) size: Option<i32>,
}

/// A list; its page when one was asked for.
pub(super) fn list(items: Vec<impl Serialize>, page: Page) -> Result<Response, Refusal> {
    let items: Vec<Value> = items.iter().map(value_of).collect();
    let total = items.len();
    if page.number.is_none() && page.size.is_none() {
        let body = json!({"success": true, "message": null, "data": items, "total": total, "pageNum": null, "pageSize": null});
        return Ok(json_body(StatusCode::OK, &body));
    }
    let number = page.number.unwrap_or(1).max(1);
    let size = page.size.filter(|size| *size > 0).unwrap_or(10);
    // Java's `int` wraps, and its `subList` says so.
    let from = (number - 1).wrapping_mul(size);
    let to = from.wrapping_add(size).min(i32::try_from(total).unwrap_or(i32::MAX));
    let start = usize::try_from(from).map_err(|_| Refusal::OutOfBounds(from))?;
    let data = usize::try_from(to).ok().and_then(|end| items.get(start..end));
    let data = data.ok_or_else(|| Refusal::argument(format!("fromIndex({from}) > toIndex({to})")))?;
    let body = json!({"success": true, "message": null, "data": data, "total": total, "pageNum": number, "pageSize": size});
    Ok(json_body(StatusCode::OK, &body))
}

pub(super) fn refused(refusal: &Refusal) -> Response {
    json_body(refusal.status(), &json!({"success": false, "message": refusal.to_string(), "data": null}))
}

/// What Spring itself says: unknown paths, wrong methods, unreadable bodies.
pub(super) fn spring(status: StatusCode, path: &str) -> Response {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    let error = status.canonical_reason().unwrap_or_default();
    json_body(status, &json!({"timestamp": millis, "status": status.as_u16(), "error": error, "path": path}))
}

/// What the servlet container says by itself, as a page.
pub(super) fn container(status: StatusCode) -> Response {
    let reason = status.canonical_reason().unwrap_or_default();
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><title>HTTP Status {0} – {reason}</title></head><body><h1>HTTP Status \
         {0} – {reason}</h1></body></html>",
        status.as_u16()
    );
    respond(status, "text/html;charset=utf-8", page)
}

pub(super) fn text(body: &'static str) -> Response {
    respond(StatusCode::OK, "text/plain;charset=ISO-8859-1", body)
}

/// The single page of the console's own interface, which answers every unknown path.
pub(super) fn page() -> Response {
    let mut response = respond(StatusCode::OK, "text/html", PAGE);
    let fresh = HeaderValue::from_static("max-age=0, must-revalidate");
    response.headers_mut().insert(header::CACHE_CONTROL, fresh);
    response
}

pub(super) fn canned(canned: Canned) -> Response {
    respond(canned.status, canned.content_type, canned.body)
}
