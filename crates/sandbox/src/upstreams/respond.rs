//! The HTTP side of an upstream.
use super::{
    Call, Upstream,
    answer::{ChatRequest, Completion, embeddings},
    failure::{Behaviour, bad_request, error, invalid_key, model_not_found},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::put,
};
use http::{HeaderMap, Method, StatusCode, header, request::Parts};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    vec::IntoIter,
};
use time::OffsetDateTime;
use tokio::sync::watch;

/// The largest body that is read.
const BODY_LIMIT: usize = 16 << 20;

/// Serves one vendor, under any base path.
pub(super) fn router(upstream: Arc<Upstream>) -> Router {
    let vendor = Arc::new((upstream, AtomicUsize::new(0)));
    Router::new().route("/sandbox/behaviour", put(behave)).fallback(handle).with_state(vendor)
}

/// How tests in another process make a vendor fail: the body is `healthy`, `thinking` or `failing`.
async fn behave(State(shared): State<Shared>, wanted: String) -> StatusCode {
    let behaviour = match wanted.as_str() {
        "healthy" => Behaviour::Healthy,
        "thinking" => Behaviour::Thinking,
        "failing" => Behaviour::Failing(500),
        _ => return StatusCode::UNPROCESSABLE_ENTITY,
    };
    shared.0.behaviour.send_replace(behaviour);
    StatusCode::NO_CONTENT
}

type Shared = Arc<(Arc<Upstream>, AtomicUsize)>;

async fn handle(State(shared): State<Shared>, request: Request) -> Response {
    let (upstream, answered) = &*shared;
    let (parts, body) = request.into_parts();
    let body = match axum::body::to_bytes(body, BODY_LIMIT).await {
        Ok(body) => body,
        Err(_) => return bad_request("The request body could not be read."),
    };
    let json: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let call = seen(&parts, &json);
    let behaviour = settled(upstream, &call).await;
    let number = answered.fetch_add(1, Ordering::Relaxed) + 1;
    let response = respond(upstream, &behaviour, &call, &body, number);
    upstream.record(Call { status: response.status().as_u16(), ..call });
    response
}

fn seen(parts: &Parts, json: &Value) -> Call {
    let text = |name: &str| header(&parts.headers, name);
    Call {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        host: text("host"),
        key: text("authorization").and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned)),
        model: json["model"].as_str().map(str::to_owned),
        stream: json["stream"].as_bool().unwrap_or(false),
        consumer: text("x-mse-consumer"),
        user_agent: text("user-agent"),
        status: 0,
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The behaviour to go by, once it does not hold the call back.
async fn settled(upstream: &Upstream, call: &Call) -> Behaviour {
    let mut behaviour = upstream.behaviour.subscribe();
    let settled =
        behaviour.wait_for(|b| call.stream || !b.holds(call.model.is_some())).await.map(|b| b.clone());
    let settled = settled.unwrap_or(Behaviour::Healthy);
    if let Behaviour::Slow(pause) = settled {
        tokio::time::sleep(pause).await;
    }
    settled
}

fn respond(upstream: &Upstream, behaviour: &Behaviour, call: &Call, body: &[u8], number: usize) -> Response {
    if !call.key.as_deref().is_some_and(|key| upstream.vendor.keys.contains(&key)) {
        return invalid_key();
    }
    if let Some(response) = behaviour.answer(call.model.as_deref()) {
        return response;
    }
    let path = call.path.trim_end_matches('/');
    let post = call.method == Method::POST.as_str();
    let chat = path.ends_with("/chat/completions") || path.ends_with("/text/chatcompletion_v2");
    if call.method == Method::GET.as_str() && path.ends_with("/models") {
        behaviour.spoil(models(upstream).to_string())
    } else if post && chat {
        complete(upstream, behaviour, body, number)
    } else if post && path.ends_with("/embeddings") {
        embed(upstream, behaviour, body)
    } else {
        let text = format!("Invalid URL ({} {})", call.method, call.path);
        error(StatusCode::NOT_FOUND, "invalid_request_error", "unknown_url", &text)
    }
}

fn models(upstream: &Upstream) -> Value {
    let owner = upstream.vendor.provider;
    let data: Vec<Value> = upstream
        .vendor
        .models()
        .map(|id| json!({"id": id, "object": "model", "created": 1_735_689_600, "owned_by": owner}))
        .collect();
    json!({"object": "list", "data": data})
}

fn complete(upstream: &Upstream, behaviour: &Behaviour, body: &[u8], number: usize) -> Response {
    let request: ChatRequest = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => return bad_request(&format!("The body is not a chat completion request: {error}.")),
    };
    if !upstream.vendor.chat.contains(&request.model.as_str()) {
        return model_not_found(&request.model);
    }
    if request.messages.is_empty() {
        return bad_request("'messages' must not be empty.");
    }
    if request.max_tokens.is_some() && request.model.starts_with("gpt-5") {
        return bad_request(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        );
    }
    let created = OffsetDateTime::now_utc().unix_timestamp();
    let completion = Completion::of(&request, upstream.vendor.provider, number);
    if !request.stream || matches!(behaviour, Behaviour::TruncatedJson | Behaviour::WrongContentType) {
        return behaviour.spoil(completion.json(created).to_string());
    }
    let usage = request.stream_options.is_some_and(|options| options.include_usage);
    let mut events: Vec<String> =
        completion.chunks(created, usage).iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    events.push("data: [DONE]\n\n".to_owned());
    stream(upstream, events)
}

/// Sends the events one by one; while the upstream is holding, none after the first.
fn stream(upstream: &Upstream, events: Vec<String>) -> Response {
    let next = |(mut behaviour, mut events, first): (watch::Receiver<Behaviour>, IntoIter<String>, bool)| async move {
        let event = events.next()?;
        behaviour.wait_for(|b| first || !b.holds(true)).await.ok()?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), (behaviour, events, false)))
    };
    let start = (upstream.behaviour.subscribe(), events.into_iter(), true);
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, Body::from_stream(futures::stream::unfold(start, next))).into_response()
}

fn embed(upstream: &Upstream, behaviour: &Behaviour, body: &[u8]) -> Response {
    let Ok(request) = serde_json::from_slice::<Value>(body) else {
        return bad_request("The body is not JSON.");
    };
    let model = request["model"].as_str().unwrap_or_default();
    let Some(embedding) = upstream.vendor.embedding.iter().find(|embedding| embedding.model == model) else {
        return model_not_found(model);
    };
    let inputs: Option<Vec<String>> = match &request["input"] {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(texts) => texts.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    match inputs {
        Some(inputs) if !inputs.is_empty() => behaviour.spoil(embeddings(embedding, &inputs).to_string()),
        _ => bad_request("'input' must be a text or a list of texts."),
    }
}
