//! A call of a provider: model mapping, the provider's key and path, and what its answer reports.
use super::{
    counters::AiLabels,
    forward::NoAnswer,
    mapping::{map_model, provider_mapping},
    provider,
    serve::{BUFFER_LIMIT, Call, is_json},
    usage::Meter,
};
use crate::live::LiveProvider;
use axum::{
    body::{Body, Bytes},
    response::Response,
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Instant};

impl Call<'_> {
    /// Calls `name`. Where it is comes from its service, how it is called from ai-proxy, whose settings may be older.
    pub(super) async fn provider(
        &self,
        name: &str,
        mapping: &BTreeMap<String, String>,
        parts: &Parts,
        body: Bytes,
    ) -> Result<Response, NoAnswer> {
        let service = self.serving.config().providers.get(name).ok_or(NoAnswer::NoCluster)?;
        let endpoint = service.endpoint.as_deref().ok_or(NoAnswer::NoCluster)?;
        let target = self.shared.forward.endpoint(endpoint)?;
        let ai_proxy = self.serving.ai_proxy(name);
        let mut parts = parts.clone();
        let request = outgoing(mapping, ai_proxy, &parts, body);
        let mut path = parts.uri.path().to_owned();
        if let Some(settings) = ai_proxy {
            path = provider::upstream_path(settings, &path);
            sign(settings, &target.authority, &mut parts);
        }
        parts.headers.remove(header::CONTENT_LENGTH);
        let cluster = provider::cluster(name, service);
        let started = Instant::now();
        let answer = self.send(&cluster, &target, &path, &parts, Body::from(request.body)).await?;
        let labels = AiLabels {
            route: self.route.ingress.clone(),
            cluster,
            model: request.model.unwrap_or_else(|| "UNKNOWN".to_owned()),
            consumer: self.consumer.unwrap_or("none").to_owned(),
        };
        measured(answer, Meter { counters: self.shared.counters.clone(), labels, started }).await
    }
}

/// A body on its way to the provider.
struct Outgoing {
    body: Bytes,
    model: Option<String>,
}

/// The body with the mapped model. A stream is asked to report its usage, as ai-proxy does.
fn outgoing(
    mapping: &BTreeMap<String, String>,
    ai_proxy: Option<&LiveProvider>,
    parts: &Parts,
    body: Bytes,
) -> Outgoing {
    let json = if is_json(parts) { serde_json::from_slice::<Value>(&body).ok() } else { None };
    let Some(mut json) = json.filter(Value::is_object) else { return Outgoing { body, model: None } };
    let before = json.clone();
    let model = json["model"].as_str().map(|asked| {
        let mapped = map_model(mapping, asked);
        let own = ai_proxy.map(|settings| provider_mapping(&settings.raw)).unwrap_or_default();
        map_model(&own, mapped).to_owned()
    });
    if let Some(model) = &model {
        json["model"] = json!(model);
    }
    let openai = ai_proxy.is_some_and(|settings| settings.protocol != "original");
    let completes =
        parts.uri.path().ends_with("/v1/chat/completions") || parts.uri.path().ends_with("/v1/completions");
    if openai
        && completes
        && json["stream"] == json!(true)
        && json["stream_options"]["include_usage"].is_null()
    {
        json["stream_options"] = with_usage(json["stream_options"].take());
    }
    let body = if json == before { body } else { Bytes::from(json.to_string()) };
    Outgoing { body, model }
}

fn with_usage(mut options: Value) -> Value {
    if !options.is_object() {
        options = json!({});
    }
    options["include_usage"] = json!(true);
    options
}

/// Sets the provider's host and one of its keys. Without a key the client's own stays, as in ai-proxy.
fn sign(settings: &LiveProvider, host: &str, parts: &mut Parts) {
    parts.headers.remove(header::ACCEPT_ENCODING);
    if let Ok(host) = HeaderValue::try_from(host) {
        parts.headers.insert(header::HOST, host);
    }
    let token = settings.tokens.choose(&mut rand::rng());
    if let Some(Ok(value)) = token.map(|token| HeaderValue::try_from(format!("Bearer {token}"))) {
        parts.headers.insert(header::AUTHORIZATION, value);
    }
}

/// Counts the usage of a good answer. Only streams of events pass unbuffered, as with Higress's plugins.
async fn measured(response: Response, meter: Meter) -> Result<Response, NoAnswer> {
    if response.status() != StatusCode::OK {
        return Ok(response);
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
        return Ok(response.map(|body| meter.stream(body)));
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, BUFFER_LIMIT).await.map_err(|_| NoAnswer::Broken)?;
    meter.whole(&bytes);
    Ok(Response::from_parts(parts, Body::from(bytes)))
}
