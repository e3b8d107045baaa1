//! What an answer that is no success means. The gateway's own refusals have plain texts; what stands behind it answers
//! with a JSON error.
use super::{MayPass, ProbeFailure};
use domain::Reason;
use reqwest::header::{CONTENT_TYPE, HeaderMap, WWW_AUTHENTICATE};
use secrecy::SecretString;
use serde_json::Value;
use std::time::Duration;

/// How much of an upstream's text is shown.
const LONGEST_MESSAGE: usize = 200;

/// An HTTP answer.
pub struct Reply<'a> {
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub latency: Duration,
}

impl Reply<'_> {
    /// The body, when it says to be JSON and is.
    pub fn json(&self) -> Option<Value> {
        let kind = self.headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next()?.trim();
        let is_json = kind == "application/json" || kind.ends_with("+json");
        serde_json::from_slice(self.body).ok().filter(|_| is_json)
    }

    /// `HTTP 401 in 212 ms`.
    pub fn head(&self) -> String {
        format!("HTTP {} in {} ms", self.status, self.latency.as_millis())
    }

    /// True when the gateway itself turned the caller away (its key-auth plugin, on behalf of the route).
    fn is_gateway_denial(&self) -> bool {
        let challenge =
            self.headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(self.body);
        let texts = ["Key Auth check", "No API key found", "Invalid API key", "Unauthorized consumer"];
        challenge.contains("MSE Gateway")
            || (self.json().is_none() && texts.iter().any(|known| text.contains(known)))
    }

    /// What it says, for people.
    fn message(&self) -> String {
        if let Some(json) = self.json() {
            let said = ["/error/message", "/message", "/error", "/detail"]
                .iter()
                .find_map(|at| json.pointer(at)?.as_str());
            return said.unwrap_or("a JSON body that is none of the expected").to_owned();
        }
        let text = String::from_utf8_lossy(self.body);
        let text = text.trim();
        match text {
            "" => "no body".into(),
            text if text.starts_with('<') => "a web page".into(),
            text => text.to_owned(),
        }
    }

    fn failure(&self, reason: Reason, may_pass: MayPass, key: Option<&SecretString>) -> ProbeFailure {
        let evidence = format!("{}: {}", self.head(), higress::scrub(&self.message(), key, LONGEST_MESSAGE));
        ProbeFailure { reason, evidence, latency: self.latency, may_pass }
    }

    /// The error's own words, to tell a bill from a limit and a model from a path.
    fn says(&self, words: &[&str]) -> bool {
        let text = String::from_utf8_lossy(self.body).to_lowercase();
        words.iter().any(|word| text.contains(word))
    }
}

const BILLING: &[&str] =
    &["insufficient_quota", "insufficient balance", "insufficient_balance", "arrearage", "billing"];
const NO_SUCH_MODEL: &[&str] =
    &["model_not_found", "model not exist", "model not found", "no such model", "unknown model"];

/// A question that was not answered.
pub fn no_answer(reply: &Reply<'_>, key: &SecretString) -> ProbeFailure {
    let by_provider = reply.json().is_some();
    let (reason, may_pass) = match reply.status {
        // It knows no such key; a key that it knows and does not let in gets 403.
        401 if reply.is_gateway_denial() => (Reason::Auth, MayPass::Gateway),
        403 if reply.is_gateway_denial() => (Reason::ConsumerNotAllowed, MayPass::Gateway),
        403 if by_provider && reply.says(BILLING) => (Reason::Billing, MayPass::No),
        401 | 403 => (Reason::Auth, MayPass::Provider),
        400 | 404 if by_provider && reply.says(NO_SUCH_MODEL) => (Reason::ModelNotFound, MayPass::Provider),
        404 if by_provider => (Reason::ModelNotFound, MayPass::Provider),
        404 => (Reason::RouteNotFound, MayPass::Gateway),
        503 if !by_provider && reply.says(&["tls", "certificate"]) => (Reason::DnsTls, MayPass::Gateway),
        503 if !by_provider => (Reason::GatewayNotReady, MayPass::Gateway),
        _ => (general(reply), MayPass::No),
    };
    reply.failure(reason, may_pass, Some(key))
}

/// A provider that did not list its models.
pub fn no_list(reply: &Reply<'_>, key: Option<&SecretString>) -> ProbeFailure {
    let reason = match reply.status {
        403 if reply.says(BILLING) => Reason::Billing,
        401 | 403 => Reason::Auth,
        404 => Reason::Format,
        _ => general(reply),
    };
    reply.failure(reason, MayPass::No, key)
}

fn general(reply: &Reply<'_>) -> Reason {
    match reply.status {
        402 => Reason::Billing,
        429 if reply.says(BILLING) => Reason::Billing,
        429 => Reason::RateLimit,
        408 | 504 => Reason::Timeout,
        200..=399 => Reason::Format,
        _ => Reason::Unknown,
    }
}
