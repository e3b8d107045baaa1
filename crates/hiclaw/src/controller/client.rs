//! The controller's REST API: one call at a time, with the token that is good now.
use super::{token::Tokens, wire};
use crate::{Error, error::System, without_account};
use higress::{HigressError, Wire, WireRequest, scrub};
use reqwest::{Method, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use url::Url;

const LONGEST_MESSAGE: usize = 300;
/// What precedes a password in the message of a failed `mc admin user add ALIAS NAME PASSWORD`.
const ADDS_USER: &str = "admin user add ";

/// A path by its segments: names are not ours and may hold anything.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    segments: &'a [&'a str],
    query: Option<&'static str>,
}

impl<'a> Path<'a> {
    /// Without a query.
    pub const fn of(segments: &'a [&'a str]) -> Self {
        Self { segments, query: None }
    }

    /// The same with this query.
    pub const fn asking(self, query: &'static str) -> Self {
        Self { query: Some(query), ..self }
    }
}

/// The client of one controller.
pub struct Client {
    wire: Arc<dyn Wire>,
    url: Url,
    call: Duration,
    tokens: Tokens,
}

/// What is behind a path where others than the controller answer.
pub enum Look<T> {
    Found(T),
    /// There is none of this name.
    Absent,
    /// The controller has no such path.
    NoPath,
}

/// An answer, whatever its status.
pub struct Answer {
    pub status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    /// Whether it is in the form in which a controller answers.
    pub fn is_json(&self) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_ok()
    }
}

impl Client {
    /// `url` is the API's root, `call` the most that one call may take. Makes no call.
    pub fn new(wire: Arc<dyn Wire>, url: Url, call: Duration, tokens: Tokens) -> Self {
        Self { wire, url: without_account(url), call, tokens }
    }

    /// The same by another way.
    pub fn over(self, wire: Arc<dyn Wire>) -> Self {
        Self { wire, ..self }
    }

    /// The API's root.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// An object; none: there is none of this name.
    pub async fn get<T: DeserializeOwned>(&self, path: Path<'_>) -> Result<Option<T>, Error> {
        let answer = self.call(Method::GET, path, None).await?;
        self.object(path, &answer)
    }

    /// An object of somebody behind the controller. That one says in its own words that there is none.
    pub async fn look<T: DeserializeOwned>(&self, path: Path<'_>) -> Result<Look<T>, Error> {
        let answer = self.call(Method::GET, path, None).await?;
        Ok(match self.object(path, &answer)? {
            Some(found) => Look::Found(found),
            None if answer.is_json() => Look::Absent,
            None => Look::NoPath,
        })
    }

    /// The entries of a list. Who has no such list is no controller, which is something else than an empty list.
    pub async fn list<T: DeserializeOwned>(&self, path: Path<'_>, field: &str) -> Result<Vec<T>, Error> {
        let list: Option<Value> = self.get(path).await?;
        match list {
            Some(list) if list.get(field).is_some() || list.get("total").is_some() => {
                Ok(wire::entries(&list, field))
            }
            _ => Err(failed(format!("it has no list at {path}"), false)),
        }
    }

    /// What a change made of an object; none: there is none of this name.
    pub async fn put<T: DeserializeOwned>(&self, path: Path<'_>, body: &Value) -> Result<Option<T>, Error> {
        let answer = self.call(Method::PUT, path, Some(body)).await?;
        self.object(path, &answer)
    }

    /// Has something done. False: there is nothing of this name.
    pub async fn post(&self, path: Path<'_>) -> Result<bool, Error> {
        let answer = self.call(Method::POST, path, None).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(false),
            status if status.is_success() || status == StatusCode::NOT_MODIFIED => Ok(true),
            _ => Err(self.refused(path, &answer)),
        }
    }

    /// What a path answers to whom it does not know.
    pub async fn answer_for_strangers(&self, path: Path<'_>) -> Result<Answer, Error> {
        self.send(&Method::GET, path, None, None).await
    }

    /// The controller's words without what may be a secret.
    pub fn scrubbed(&self, message: &str) -> String {
        scrub(&without_password(message), self.tokens.known().as_ref(), LONGEST_MESSAGE)
    }

    fn object<T: DeserializeOwned>(&self, path: Path<'_>, answer: &Answer) -> Result<Option<T>, Error> {
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !answer.status.is_success() {
            return Err(self.refused(path, answer));
        }
        // What cannot be understood may be a secret.
        let malformed = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            failed(
                format!("its answer to {path} cannot be understood at line {line}, column {column}"),
                false,
            )
        };
        serde_json::from_slice(&answer.body).map(Some).map_err(malformed)
    }

    fn refused(&self, path: Path<'_>, answer: &Answer) -> Error {
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let message =
            json["message"].as_str().map_or_else(|| "it does not say why".into(), |m| self.scrubbed(m));
        Error::Refused { what: path.to_string(), status: answer.status.as_u16(), message }
    }

    /// Calls with the token in use, and once more when it is not good any more and there is another one.
    async fn call(&self, method: Method, path: Path<'_>, body: Option<&Value>) -> Result<Answer, Error> {
        let token = self.tokens.get().await?;
        let answer = self.send(&method, path, body, Some(&token)).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return self.admitted(answer);
        }
        match self.tokens.other_than(&token).await? {
            Some(token) => self.admitted(self.send(&method, path, body, Some(&token)).await?),
            None => self.admitted(answer),
        }
    }

    fn admitted(&self, answer: Answer) -> Result<Answer, Error> {
        match answer.status {
            StatusCode::UNAUTHORIZED => Err(Error::NoEntry("it does not know our token".into())),
            StatusCode::FORBIDDEN => {
                let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                let why = json["message"].as_str().map_or_else(String::new, |why| self.scrubbed(why));
                Err(Error::NoEntry(format!("our token may not do this: {why}")))
            }
            _ => Ok(answer),
        }
    }

    async fn send(
        &self,
        method: &Method,
        path: Path<'_>,
        body: Option<&Value>,
        token: Option<&SecretString>,
    ) -> Result<Answer, Error> {
        let account = token.map(bearer).transpose()?;
        let (method, url) = (method.clone(), self.at(path)?);
        let request = WireRequest { method, url, account, body: body.cloned(), limit: self.call };
        let answer = self.wire.send(request).await.map_err(lost)?;
        Ok(Answer { status: answer.status, body: answer.body })
    }

    fn at(&self, path: Path<'_>) -> Result<Url, Error> {
        // A client walks such segments, so that another path would be asked.
        if path.segments.iter().any(|segment| matches!(*segment, "" | "." | "..")) {
            return Err(Error::Missing(path.to_string()));
        }
        let mut url = self.url.clone();
        url.path_segments_mut()
            .map_err(|()| failed("its address is no HTTP address".into(), false))?
            .pop_if_empty()
            .extend(path.segments);
        url.set_query(path.query);
        Ok(url)
    }
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.segments.iter().try_for_each(|segment| write!(f, "/{segment}"))
    }
}

fn bearer(token: &SecretString) -> Result<(header::HeaderName, header::HeaderValue), Error> {
    let mut bearer = header::HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
        .map_err(|_| Error::NoEntry("our token for it is no token".into()))?;
    bearer.set_sensitive(true);
    Ok((header::AUTHORIZATION, bearer))
}

/// No whole answer came.
fn lost(error: HigressError) -> Error {
    match error {
        HigressError::Unreachable { message } | HigressError::Setup { message } => {
            Error::NoController(message)
        }
        HigressError::Timeout => failed("no answer in time".into(), true),
        HigressError::Interrupted { message } => failed(message, false),
        HigressError::Malformed { message } => failed(format!("its answer is too long: {message}"), false),
        other => failed(other.to_string(), false),
    }
}

fn failed(message: String, timeout: bool) -> Error {
    Error::Http { system: System::Controller, what: "HiClaw's controller", message, timeout }
}

fn without_password(message: &str) -> String {
    let Some((before, after)) = message.split_once(ADDS_USER) else { return message.to_owned() };
    let mut words = after.splitn(3, ' ');
    let (alias, user, rest) =
        (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next());
    let rest = rest.map_or("", |rest| rest.split_once(": ").map_or("", |(_, rest)| rest));
    format!("{before}{ADDS_USER}{alias} {user} [hidden]: {}", without_password(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use disk::MemDisk;

    fn client(url: &str) -> Client {
        let tokens = Tokens::new(Arc::new(MemDisk::new()), None, Some("a-token-of-ours".to_owned().into()));
        let http = higress::http_client(Duration::from_secs(1)).unwrap();
        let wire = Arc::new(higress::HttpWire::over(http));
        Client::new(wire, url.parse().unwrap(), Duration::from_secs(1), tokens)
    }

    #[test]
    fn names_are_segments_whatever_they_hold() {
        for root in ["http://c:8090", "http://c:8090/", "http://c:8090/below/"] {
            let path = ["api", "v1", "workers", "a/b?c"];
            let at = client(root).at(Path::of(&path[..3])).unwrap();
            assert!(at.as_str().ends_with("/api/v1/workers") && !at.path().contains("//"), "{at}");
        }
        let at = client("http://c").at(Path::of(&["workers", "a/b", "wake"])).unwrap();
        assert_eq!(at.path(), "/workers/a%2Fb/wake");
        let at = client("http://c").at(Path::of(&["docker", "containers", "json"]).asking("all=1")).unwrap();
        assert_eq!(at.as_str(), "http://c/docker/containers/json?all=1");
    }

    #[test]
    fn a_segment_that_would_lead_to_another_path_is_never_asked_for() {
        for name in ["", ".", ".."] {
            let at = client("http://c").at(Path::of(&["api", "v1", "workers", name, "sleep"]));
            assert!(matches!(at, Err(Error::Missing(_))), "{at:?}");
        }
    }

    #[test]
    fn an_account_in_the_address_is_neither_used_nor_shown() {
        let client = client("http://root:hunter2@c:8090/");
        assert_eq!(client.url().as_str(), "http://c:8090/");
    }

    #[tokio::test]
    async fn what_the_controller_says_is_shown_without_passwords_and_our_token() {
        let client = client("http://c");
        client.tokens.get().await.unwrap();
        let said = "refresh: ensure minio user m1: mc admin user add hiclaw m1 test-secret-04: exit status 1 (stderr: mc: \
                    <ERROR> Unable to add new user. a-token-of-ours 681f6d3691b11706c03fd40d179a47212252d56015e6c7fb)";
        let shown = client.scrubbed(said);
        assert!(
            shown.contains("m1 [hidden]: exit status 1") && shown.contains("Unable to add new user"),
            "{shown}"
        );
        for secret in ["test-secret-04", "a-token-of-ours", "681f6d3691"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert_eq!(client.scrubbed("resolve model provider \"nope\""), "resolve model provider \"nope\"");
    }
}
