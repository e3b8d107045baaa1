//! The shapes of answers.
use axum::{body::Body, response::Response};
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn respond(status: StatusCode, content_type: HeaderValue, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

pub(super) fn json_body(status: StatusCode, body: &Value) -> Response {
    respond(status, JSON, body.to_string())
}

/// `{"message":…}`.
pub(super) fn error(status: StatusCode, message: &str) -> Response {
    json_body(status, &json!({"message": message}))
}

/// What Go's `http.Error` writes; health is told in the same form.
pub(super) fn text(status: StatusCode, body: &str) -> Response {
    let mut response = respond(status, PLAIN, body.to_owned());
    if status != StatusCode::OK {
        let sniff = HeaderValue::from_static("nosniff");
        response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, sniff);
    }
    response
}

pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The path has other methods.
pub(super) fn not_allowed<'a>(methods: impl Iterator<Item = &'a Method>) -> Response {
    let mut names: Vec<&str> = methods.map(Method::as_str).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.sort_unstable();
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n");
    if let Ok(names) = HeaderValue::from_str(&names.join(", ")) {
        response.headers_mut().insert(header::ALLOW, names);
    }
    response
}

/// To the same path, cleaned.
pub(super) fn redirect(method: &Method, path: &str, query: Option<&str>) -> Response {
    let target = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let body = match *method {
        Method::GET => format!("<a href=\"{}\">Temporary Redirect</a>.\n\n", target.replace('&', "&amp;")),
        _ => String::new(),
    };
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    let mut response = respond(StatusCode::TEMPORARY_REDIRECT, html, body);
    if *method != Method::GET && *method != Method::HEAD {
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    if let Ok(target) = HeaderValue::from_str(&target) {
        response.headers_mut().insert(header::LOCATION, target);
    }
    response
}
