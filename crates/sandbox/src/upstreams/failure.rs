//! The ways in which a vendor fails, in the shape that OpenAI-compatible servers give them.
use axum::{
    Json,
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use std::time::Duration;

/// How an upstream answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    Healthy,
    /// 401 for every key.
    InvalidKey,
    /// 404 `model_not_found` for every model.
    ModelNotFound,
    /// 402, as a prepaid account without money.
    NoBalance,
    /// 429 with `Retry-After` in seconds.
    RateLimited {
        retry_after: u64,
    },
    /// This status with an error body.
    Failing(u16),
    /// Healthy, after a pause.
    Slow(Duration),
    /// Waits until another behaviour is set, and goes by that. A call for a stream gets its first event before.
    Holding,
    /// As before, but lists its models.
    Thinking,
    /// 200 with a web page.
    Html,
    /// 200 with JSON that ends too early.
    TruncatedJson,
    /// 200 with an OpenAI answer called `text/plain`.
    WrongContentType,
}

/// An error in OpenAI's shape.
pub(super) fn error(status: StatusCode, kind: &str, code: &str, message: &str) -> Response {
    let body = json!({"error": {"message": message, "type": kind, "param": null, "code": code}});
    (status, Json(body)).into_response()
}

pub(super) fn invalid_key() -> Response {
    error(StatusCode::UNAUTHORIZED, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.")
}

pub(super) fn model_not_found(model: &str) -> Response {
    let message = format!("The model `{model}` does not exist or you do not have access to it.");
    error(StatusCode::NOT_FOUND, "invalid_request_error", "model_not_found", &message)
}

pub(super) fn bad_request(message: &str) -> Response {
    error(StatusCode::BAD_REQUEST, "invalid_request_error", "invalid_request", message)
}

impl Behaviour {
    /// Whether a call waits; it is a question when it names a model.
    pub(super) fn holds(&self, question: bool) -> bool {
        *self == Self::Holding || (question && *self == Self::Thinking)
    }

    /// The answer to any call with a good key, where the behaviour has one of its own.
    pub(super) fn answer(&self, model: Option<&str>) -> Option<Response> {
        match self {
            Self::Healthy
            | Self::Slow(_)
            | Self::Holding
            | Self::Thinking
            | Self::TruncatedJson
            | Self::WrongContentType => None,
            Self::InvalidKey => Some(invalid_key()),
            Self::ModelNotFound => model.map(model_not_found),
            Self::NoBalance => Some(error(
                StatusCode::PAYMENT_REQUIRED,
                "insufficient_quota",
                "insufficient_balance",
                "Insufficient Balance",
            )),
            Self::RateLimited { retry_after } => {
                let text = "Rate limit reached for requests. Please try again later.";
                let mut response =
                    error(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", "rate_limit_exceeded", text);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*retry_after));
                Some(response)
            }
            Self::Failing(status) => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let text = "The server had an error while processing your request. Sorry about that!";
                Some(error(status, "server_error", "internal_error", text))
            }
            Self::Html => {
                let page = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body>It works.</body></html>\n";
                Some(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
            }
        }
    }

    /// Spoils a healthy answer, where the behaviour does that.
    pub(super) fn spoil(&self, json: String) -> Response {
        let (kind, body) = match self {
            Self::TruncatedJson => ("application/json", cut(json)),
            Self::WrongContentType => ("text/plain; charset=utf-8", json),
            _ => ("application/json", json),
        };
        ([(header::CONTENT_TYPE, kind)], Body::from(body)).into_response()
    }
}

fn cut(mut json: String) -> String {
    let half = (0..=json.len() / 2).rev().find(|at| json.is_char_boundary(*at)).unwrap_or(0);
    json.truncate(half);
    json
}
