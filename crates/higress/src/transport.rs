//! Requests and answers: account, time limits, and the console's envelope.
use crate::{ConsoleParams, HigressError, Wire, WireAnswer, WireRequest, error::classify, scrub};
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{
    Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::{
    sync::{Arc, RwLock},
    time::Duration,
};
use tokio::sync::Mutex;
use url::Url;

/// What people get to see of a console's text.
const LONGEST_MESSAGE: usize = 300;

enum Account {
    Basic(HeaderValue),
    /// The cookie of the last login. The lock is held during a login, so that one login serves all who wait.
    Session(Mutex<Option<HeaderValue>>),
}

/// A connection to one console.
pub(crate) struct Transport {
    wire: Arc<dyn Wire>,
    params: ConsoleParams,
    account: Account,
    /// Tokens that were seen in answers, to be hidden in messages.
    secrets: RwLock<Vec<SecretString>>,
}

/// An answer that is no error. `None`: the console has nothing there (an empty 404), or says nothing (204).
pub(crate) type Body = Option<Value>;

impl Transport {
    pub fn new(params: ConsoleParams, wire: Arc<dyn Wire>) -> Result<Self, HigressError> {
        let setup = |message: &str| HigressError::Setup { message: message.into() };
        if !matches!(params.url.scheme(), "http" | "https") || params.url.cannot_be_a_base() {
            return Err(setup("its URL must begin with http:// or https://"));
        }
        let password = params.password.expose_secret();
        // The console splits Basic credentials at ':' and wants exactly two parts.
        let account = if password.is_empty() || password.contains(':') || params.user.contains(':') {
            Account::Session(Mutex::new(None))
        } else {
            let text = format!("Basic {}", STANDARD.encode(format!("{}:{password}", params.user)));
            let mut header = HeaderValue::from_str(&text).map_err(|_| setup("bad account"))?;
            header.set_sensitive(true);
            Account::Basic(header)
        };
        let secrets = RwLock::new(vec![params.password.clone()]);
        Ok(Self { wire, params, account, secrets })
    }

    /// A read, with our account.
    pub async fn get(&self, path: &[&str]) -> Result<Body, HigressError> {
        self.call(Method::GET, path, None, self.params.call).await
    }

    /// A read that needs no account.
    pub async fn get_anonymous(&self, path: &[&str]) -> Result<Body, HigressError> {
        let answer = self.send(Method::GET, path, None, None, self.params.call).await?;
        self.decode(answer)
    }

    /// A write, with our account.
    pub async fn write(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<Body, HigressError> {
        planted::crash_point("console.before");
        let answer = self.call(method, path, body, self.params.write).await;
        planted::crash_point("console.after");
        answer
    }

    /// From now on these texts are hidden in messages.
    pub fn learn(&self, tokens: impl IntoIterator<Item = SecretString>) {
        let Ok(mut secrets) = self.secrets.write() else { return };
        for token in tokens {
            if !secrets.iter().any(|known| known.expose_secret() == token.expose_secret()) {
                secrets.push(token);
            }
        }
    }

    async fn call(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
        limit: Duration,
    ) -> Result<Body, HigressError> {
        let answer = match &self.account {
            Account::Basic(header) => {
                let answer =
                    self.send(method, path, body, Some((AUTHORIZATION, header.clone())), limit).await?;
                if answer.status == StatusCode::UNAUTHORIZED {
                    return Err(self.why_refused().await);
                }
                answer
            }
            Account::Session(session) => {
                let cookie = self.cookie(session, None).await?;
                let first =
                    self.send(method.clone(), path, body, Some((COOKIE, cookie.clone())), limit).await?;
                if first.status != StatusCode::UNAUTHORIZED {
                    return self.decode(first);
                }
                let cookie = self.cookie(session, Some(&cookie)).await?;
                self.send(method, path, body, Some((COOKIE, cookie)), limit).await?
            }
        };
        self.decode(answer)
    }

    /// A console without an admin refuses everybody; that deserves another sentence.
    async fn why_refused(&self) -> HigressError {
        match self.get_anonymous(&["system", "config"]).await {
            Ok(Some(config)) if config["system.initialized"] == json!(false) => HigressError::NotInitialised,
            _ => HigressError::Refused,
        }
    }

    /// The session's cookie; logs in when there is none or when the present one is `stale`.
    async fn cookie(
        &self,
        session: &Mutex<Option<HeaderValue>>,
        stale: Option<&HeaderValue>,
    ) -> Result<HeaderValue, HigressError> {
        let mut current = session.lock().await;
        if let Some(cookie) = current.as_ref().filter(|cookie| Some(*cookie) != stale) {
            return Ok(cookie.clone());
        }
        *current = None;
        let cookie = self.login().await?;
        *current = Some(cookie.clone());
        Ok(cookie)
    }

    async fn login(&self) -> Result<HeaderValue, HigressError> {
        let body = json!({ "username": self.params.user, "password": self.params.password.expose_secret() });
        let answer =
            self.send(Method::POST, &["session", "login"], Some(&body), None, self.params.call).await?;
        let cookie = session_cookie(&answer.headers);
        self.decode(answer)?;
        cookie.ok_or_else(|| HigressError::Malformed { message: "the login set no usable cookie".into() })
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
        account: Option<(HeaderName, HeaderValue)>,
        limit: Duration,
    ) -> Result<WireAnswer, HigressError> {
        let url = self.url(path)?;
        self.wire.send(WireRequest { method, url, account, body: body.cloned(), limit }).await
    }

    fn url(&self, path: &[&str]) -> Result<Url, HigressError> {
        let mut url = self.params.url.clone();
        url.path_segments_mut()
            .map_err(|()| HigressError::Setup { message: "its URL cannot have a path".into() })?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    fn decode(&self, answer: WireAnswer) -> Result<Body, HigressError> {
        let WireAnswer { status, headers, body } = answer;
        if status.is_redirection() || (is_html(&headers, &body) && !status.is_server_error()) {
            return Err(HigressError::NotAConsole);
        }
        if status == StatusCode::NOT_FOUND && body.is_empty() {
            return Ok(None);
        }
        if !status.is_success() {
            let message = self.show(&message_of(&body));
            return Err(classify(status.as_u16(), &message));
        }
        if body.is_empty() {
            return Ok(None);
        }
        if !is_json(&headers) {
            return Err(HigressError::Malformed { message: "the answer is not JSON".into() });
        }
        let value: Value = serde_json::from_slice(&body).map_err(|e| HigressError::Malformed {
            message: format!("broken JSON at line {} column {}", e.line(), e.column()),
        })?;
        self.unwrap(status, value)
    }

    /// Takes the content out of the envelope that GET wraps around it.
    fn unwrap(&self, status: StatusCode, mut value: Value) -> Result<Body, HigressError> {
        match value.get("success").and_then(Value::as_bool) {
            None => Ok(Some(value)),
            Some(true) => Ok(value.get_mut("data").map(Value::take).filter(|data| !data.is_null())),
            Some(false) => {
                let message = self.show(value["message"].as_str().unwrap_or_default());
                Err(match classify(500, &message) {
                    HigressError::Server { message, .. } => {
                        HigressError::Server { status: status.as_u16(), message }
                    }
                    known => known,
                })
            }
        }
    }

    fn show(&self, message: &str) -> String {
        match self.secrets.read() {
            Ok(secrets) => scrub(message, secrets.iter(), LONGEST_MESSAGE),
            Err(_) => scrub(message, [], 0),
        }
    }
}

/// The message of an error answer: the envelope's, or Spring's own `error`.
fn message_of(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    ["message", "error"].iter().find_map(|key| value[*key].as_str()).unwrap_or("no message").to_owned()
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    content_type(headers).starts_with("text/html") || body.trim_ascii_start().starts_with(b"<")
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = content_type(headers).split(';').next().unwrap_or_default().trim();
    kind == "application/json" || kind.ends_with("+json")
}

/// The cookie of a login, if it is one that the console can decode: it answers 500 to others.
fn session_cookie(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get_all(SET_COOKIE).iter().find_map(|header| {
        let pair = header.to_str().ok()?.split(';').next()?.trim();
        let (_, value) = pair.split_once('=')?;
        let decodable = !value.is_empty() && STANDARD.decode(value).is_ok();
        let mut cookie = HeaderValue::from_str(pair).ok().filter(|_| decodable)?;
        cookie.set_sensitive(true);
        Some(cookie)
    })
}
