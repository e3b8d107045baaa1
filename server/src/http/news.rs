//! `GET /stream`: what is no longer as pages show it, as server-sent events.
use super::{
    events::QUIET,
    sign_in::{CookieName, cookie},
    state::{AppState, Shared},
};
use app::error::ApiError;
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{Code, Failure};
use futures::{Stream, StreamExt, stream};
use http::{HeaderMap, Uri, header};
use operations::News;
use std::{convert::Infallible, fmt::Write, pin::Pin, sync::Arc, time::Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most streams at once. Each open page has one, and an installation has one admin.
pub const MOST: usize = 128;
/// When to come back to a server that has too many streams, in seconds.
const LATER: u32 = 30;

/// Places for the streams.
pub struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}

impl Streams {
    fn take(&self) -> Result<OwnedSemaphorePermit, Failure> {
        self.0.clone().try_acquire_owned().map_err(|_| {
            let message = format!("{MOST} pages follow the news already");
            let mut failure = Failure::new(Code::RateLimited, message).hint("Close pages that are open.");
            failure.retry_after = Some(LATER);
            failure
        })
    }
}

/// What is no longer as pages show it: events named by topic (`office`, `operations`, `metrics`, `providers`, `routes`,
/// `backups`) without data. Read the topic anew when its event comes. `Last-Event-ID`, or else `since`, tells at once
/// what came after that event. The stream ends with the session; at most 128 are open at once.
#[utoipa::path(get, path = "/ni_status/stream", tag = "state",
    params(("since" = Option<String>, Query), ("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, content((String = "text/event-stream")))))]
pub async fn stream(
    State(state): State<AppState>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let shared = state.shared;
    let place = shared.streams.take()?;
    let since = since(&headers, &uri);
    // A browser that comes back before the first news shall say where it was. Where it was, who is told what he missed
    // learns with that.
    let mark = since.is_none().then(|| format!("id: {}\n\n", shared.operations.news_mark()));
    let follower = Follower {
        news: Box::pin(shared.operations.news(since.as_deref())),
        session: session(&headers, &shared),
        shared: shared.clone(),
        _place: place,
    };
    let events =
        stream::unfold(follower, |mut follower| async move { Some((follower.next().await?, follower)) });
    let closing = shared.closing.clone().cancelled_owned();
    let text = stream::iter(mark).chain(events).take_until(closing).map(Ok::<_, Infallible>);
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(text)).into_response())
}

fn since(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let last = headers.get("last-event-id").map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    let mut pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    last.or_else(|| pairs.find(|(name, _)| name == "since").map(|(_, value)| value.into_owned()))
}

/// The session that the stream ends with; none when each call brings the password.
fn session(headers: &HeaderMap, shared: &Shared) -> Option<String> {
    if headers.contains_key(header::AUTHORIZATION) {
        return None;
    }
    cookie(headers, CookieName::of(shared.secure)).map(str::to_owned)
}

/// One page that follows.
struct Follower {
    news: Pin<Box<dyn Stream<Item = News> + Send>>,
    session: Option<String>,
    shared: Arc<Shared>,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    async fn next(&mut self) -> Option<String> {
        let news = tokio::time::timeout(QUIET, self.news.next()).await;
        let lives = |token: &String| self.shared.sessions.lives(token, Instant::now());
        if !self.session.as_ref().is_none_or(lives) {
            return None;
        }
        match news {
            Ok(news) => Some(events(&news?)),
            Err(_) => Some(": still there\n\n".to_owned()),
        }
    }
}

/// One event for each topic. Only the last says where the news are, so that a follower who lost the connection in between
/// is told all of them again.
fn events(news: &News) -> String {
    let mut text = String::new();
    for (index, topic) in news.topics.iter().enumerate() {
        // Writing to a String cannot fail.
        if index + 1 == news.topics.len() {
            writeln!(text, "id: {}", news.mark).unwrap_or_default();
        }
        write!(text, "event: {topic}\ndata: {{}}\n\n").unwrap_or_default();
    }
    text
}
