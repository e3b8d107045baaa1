//! The two legs of a connectivity test: the provider itself, and the way through the gateway.
mod listing;
#[cfg(test)]
mod tests;
mod verdict;

use crate::egress::{Egress, EgressError};
use domain::{ModelId, Reason};
use futures::future::BoxFuture;
use higress::{KeyHeader, ModelList};
use reqwest::{
    Client,
    header::{ACCEPT, AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;
use verdict::Reply;

pub use listing::ListedModel;

/// The longest answer to a question of one token that is read.
const LARGEST_ANSWER: usize = 1 << 20;
/// Pauses between two questions while the gateway takes up a change.
const FIRST_PAUSE: Duration = Duration::from_millis(150);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Who is asked whether a model answers.
pub trait Ask: Send + Sync {
    /// One chat completion of one token through the gateway, with a consumer's key.
    ///
    /// # Errors
    /// What the gateway, or the provider behind it, had against that. Only a 200 with `choices` passes.
    fn ask<'a>(
        &'a self,
        key: &'a SecretString,
        model: &'a ModelId,
    ) -> BoxFuture<'a, Result<Answered, ProbeFailure>>;

    /// A provider's models, from itself, with its own key.
    ///
    /// # Errors
    /// What the provider, or the way to it, had against that.
    fn list_models<'a>(
        &'a self,
        list: &'a ModelList,
        key: Option<&'a SecretString>,
    ) -> BoxFuture<'a, Result<Listing, ProbeFailure>>;

    /// How long a refusal does not count after a change.
    fn effective(&self) -> Duration;

    /// Asks again while the gateway may not have taken up a change yet: refusals of the gateway do not count for
    /// [`Ask::effective`], those of a provider for a third of that.
    ///
    /// # Errors
    /// The last failure.
    fn ask_until_effective<'a>(
        &'a self,
        key: &'a SecretString,
        model: &'a ModelId,
    ) -> BoxFuture<'a, Result<Answered, ProbeFailure>> {
        Box::pin(async move {
            let begun = tokio::time::Instant::now();
            let mut pause = FIRST_PAUSE;
            loop {
                let failure = match self.ask(key, model).await {
                    Ok(answered) => return Ok(answered),
                    Err(failure) => failure,
                };
                let patience = match failure.may_pass {
                    MayPass::No => Duration::ZERO,
                    MayPass::Gateway => self.effective(),
                    MayPass::Provider => self.effective() / 3,
                };
                if begun.elapsed() + pause > patience {
                    return Err(failure);
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 3 / 2).min(LONGEST_PAUSE);
            }
        })
    }
}

/// Where the gateway is, and how long a question may take.
#[derive(Clone, Debug)]
pub struct ProbeParams {
    pub gateway: Url,
    /// Sent as `Host`.
    pub gateway_host: Option<String>,
    /// Until a connection stands.
    pub connect: Duration,
    /// One question.
    pub question: Duration,
    /// How long a refusal does not count after a change.
    pub effective: Duration,
}

/// Asks providers and the gateway. Cheap to clone.
#[derive(Clone)]
pub struct Probe {
    egress: Egress,
    http: Client,
    params: ProbeParams,
}

/// A provider's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub models: Vec<ListedModel>,
    pub latency: Duration,
    /// `HTTP 200 in 31 ms: 14 models`.
    pub evidence: String,
}

/// A question that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Of the last try.
    pub latency: Duration,
    /// `HTTP 200 in 412 ms from qwen3.5-plus`.
    pub evidence: String,
}

/// A leg that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{evidence}")]
pub struct ProbeFailure {
    pub reason: Reason,
    /// `HTTP 401 in 212 ms: Incorrect API key`, scrubbed and cut.
    pub evidence: String,
    pub latency: Duration,
    pub may_pass: MayPass,
}

/// Whether a failure may only mean that the gateway has not taken up a change yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayPass {
    /// It stands.
    No,
    /// The gateway's own refusal: an old allow-list, no route yet.
    Gateway,
    /// A refusal by a provider, perhaps by the one that the route named before, or of the key that it had before.
    Provider,
}

impl ProbeFailure {
    fn new(reason: Reason, evidence: impl Into<String>, latency: Duration) -> Self {
        Self { reason, evidence: evidence.into(), latency, may_pass: MayPass::No }
    }
}

impl Probe {
    /// Makes no call.
    ///
    /// # Errors
    /// When the TLS stack cannot be built.
    pub fn new(params: ProbeParams, egress: Egress) -> Result<Self, ProbeFailure> {
        let http = higress::http_client(params.connect)
            .map_err(|e| ProbeFailure::new(Reason::Unknown, e.to_string(), Duration::ZERO))?;
        Ok(Self { egress, http, params })
    }

    async fn listing(&self, list: &ModelList, key: Option<&SecretString>) -> Result<Listing, ProbeFailure> {
        let begun = Instant::now();
        let headers = key_headers(list.key, key).ok_or_else(|| {
            ProbeFailure::new(Reason::Auth, "the key cannot be sent in a header", Duration::ZERO)
        })?;
        let answer = self.egress.get(&list.url, headers).await.map_err(|error| {
            let reason = match &error {
                EgressError::Timeout => Reason::Timeout,
                EgressError::Dns(_) | EgressError::Connect(_) => Reason::DnsTls,
                EgressError::TooLarge(_) => Reason::Format,
                EgressError::Forbidden(_) | EgressError::Broken(_) | EgressError::Setup(_) => Reason::Unknown,
            };
            ProbeFailure::new(reason, error.to_string(), begun.elapsed())
        })?;
        let reply = Reply {
            status: answer.status,
            headers: &answer.headers,
            body: &answer.body,
            latency: answer.latency,
        };
        let Some(models) = reply.json().filter(|_| answer.status == 200).as_ref().and_then(listing::models)
        else {
            return Err(verdict::no_list(&reply, key));
        };
        let evidence = format!("{}: {} models", reply.head(), models.len());
        Ok(Listing { models, latency: answer.latency, evidence })
    }

    async fn question(
        &self,
        key: &SecretString,
        model: &ModelId,
        newer: bool,
    ) -> Result<Answered, ProbeFailure> {
        let begun = Instant::now();
        let limit = if newer { "max_completion_tokens" } else { "max_tokens" };
        let body = json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }], limit: 1 });
        let call = async {
            let mut answer = self.request(key)?.json(&body).send().await?;
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await? {
                body.extend_from_slice(&chunk);
                if body.len() > LARGEST_ANSWER {
                    break;
                }
            }
            Ok::<_, Lost>((answer.status().as_u16(), answer.headers().clone(), body))
        };
        let (status, headers, body) = match tokio::time::timeout(self.params.question, call).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(lost)) => return Err(lost.failure(begun.elapsed())),
            Err(_) => return Err(no_answer(begun.elapsed())),
        };
        let reply = Reply { status, headers: &headers, body: &body, latency: begun.elapsed() };
        let answered = reply.json().filter(|_| status == 200).filter(has_choices);
        let Some(answered) = answered else { return Err(verdict::no_answer(&reply, key)) };
        let by = answered["model"].as_str().unwrap_or(model.as_str());
        let evidence = format!("{} from {}", reply.head(), higress::scrub(by, [key], 100));
        Ok(Answered { latency: reply.latency, evidence })
    }

    fn request(&self, key: &SecretString) -> Result<reqwest::RequestBuilder, Lost> {
        let mut url = self.params.gateway.clone();
        url.path_segments_mut()
            .map_err(|()| Lost::Unsendable("the gateway's URL cannot have a path"))?
            .pop_if_empty()
            .extend(["v1", "chat", "completions"]);
        let value = secret_header(&format!("Bearer {}", key.expose_secret()));
        let value = value.ok_or(Lost::Unsendable("the key cannot be sent in a header"))?;
        let mut request = self.http.post(url).header(AUTHORIZATION, value).header(ACCEPT, "application/json");
        if let Some(host) = &self.params.gateway_host {
            request = request.header(HOST, host);
        }
        Ok(request)
    }
}

impl Ask for Probe {
    fn ask<'a>(
        &'a self,
        key: &'a SecretString,
        model: &'a ModelId,
    ) -> BoxFuture<'a, Result<Answered, ProbeFailure>> {
        Box::pin(async move {
            let newer = wants_completion_tokens(model);
            match self.question(key, model, newer).await {
                // Reasoning models of other names want the newer parameter too, and say so.
                Err(failure) if !newer && failure.evidence.contains("max_completion_tokens") => {
                    self.question(key, model, true).await
                }
                other => other,
            }
        })
    }

    fn list_models<'a>(
        &'a self,
        list: &'a ModelList,
        key: Option<&'a SecretString>,
    ) -> BoxFuture<'a, Result<Listing, ProbeFailure>> {
        Box::pin(self.listing(list, key))
    }

    fn effective(&self) -> Duration {
        self.params.effective
    }
}

/// Why a question got no answer.
enum Lost {
    Unsendable(&'static str),
    Http(reqwest::Error),
}

impl From<reqwest::Error> for Lost {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error)
    }
}

impl Lost {
    fn failure(self, latency: Duration) -> ProbeFailure {
        match self {
            Self::Unsendable(why) => ProbeFailure::new(Reason::Unknown, why, latency),
            Self::Http(error) if error.is_connect() => {
                ProbeFailure::new(Reason::DnsTls, "the gateway cannot be reached: no connection", latency)
            }
            Self::Http(error) if error.is_timeout() => no_answer(latency),
            Self::Http(_) => ProbeFailure::new(Reason::Unknown, "the gateway broke off its answer", latency),
        }
    }
}

fn no_answer(latency: Duration) -> ProbeFailure {
    ProbeFailure::new(Reason::Timeout, format!("no answer within {} ms", latency.as_millis()), latency)
}

fn has_choices(answer: &Value) -> bool {
    answer["choices"].as_array().is_some_and(|choices| !choices.is_empty())
}

/// `^gpt-5(\.|-|[0-9]|$)`: these refuse `max_tokens`.
fn wants_completion_tokens(model: &ModelId) -> bool {
    let rest = model.as_str().strip_prefix("gpt-5");
    rest.is_some_and(|rest| rest.chars().next().is_none_or(|c| matches!(c, '.' | '-') || c.is_ascii_digit()))
}

fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The headers of a call to a provider. None: the key holds what no header can.
fn key_headers(kind: KeyHeader, key: Option<&SecretString>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    if kind == KeyHeader::Anthropic {
        headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    }
    if let Some(key) = key {
        let key = key.expose_secret();
        let (name, value) = match kind {
            KeyHeader::Bearer => (AUTHORIZATION, secret_header(&format!("Bearer {key}"))?),
            KeyHeader::ApiKey => (HeaderName::from_static("api-key"), secret_header(key)?),
            KeyHeader::Anthropic => (HeaderName::from_static("x-api-key"), secret_header(key)?),
        };
        headers.insert(name, value);
    }
    Some(headers)
}
