//! The stream that tells which parts of a page are old, and the figures that the Monitor page shows.
use crate::support::{ADMIN, World};
use axum::body::{Body, BodyDataStream};
use domain::{MetricsHistory, Topic, Usage};
use futures::StreamExt;
use http::{Request, StatusCode};
use server::http::MOST_STREAMS;
use std::time::Duration;
use tower::ServiceExt;

/// Longer than anything here takes; who waits this long failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open stream and what came of it so far.
struct Listener {
    body: BodyDataStream,
    text: String,
}

impl Listener {
    /// Opens a stream, signed in by password; with this `Last-Event-ID` when it is not empty.
    async fn open(world: &World, seen: &str) -> Self {
        let seen = (!seen.is_empty()).then_some(("last-event-id", seen));
        let headers: Vec<_> = [ADMIN].into_iter().chain(seen).collect();
        let (status, body) = open(world, "/ni_status/stream", &headers).await;
        assert_eq!(status, StatusCode::OK);
        Self { body, text: String::new() }
    }

    /// Reads on. False: the stream has ended.
    async fn read(&mut self) -> bool {
        let next = tokio::time::timeout(PATIENCE, self.body.next()).await;
        let Some(bytes) = next.unwrap_or_else(|_| panic!("nothing comes")) else { return false };
        self.text.push_str(std::str::from_utf8(&bytes.unwrap()).unwrap());
        true
    }

    /// Reads until there is news of this topic.
    async fn told(&mut self, topic: Topic) {
        while !self.text.contains(&format!("event: {topic}\ndata: {{}}\n\n")) {
            assert!(self.read().await, "{}", self.text);
        }
    }

    /// The last `id` that came.
    fn id(&self) -> &str {
        self.text.rsplit("id: ").next().unwrap().split('\n').next().unwrap()
    }
}

async fn open(world: &World, path: &str, headers: &[(&str, &str)]) -> (StatusCode, BodyDataStream) {
    let mut request = Request::get(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = world.stack.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    (answer.status(), answer.into_body().into_data_stream())
}

#[tokio::test]
async fn news_are_told_and_who_was_away_hears_what_he_missed() {
    let world = World::start().await;
    let mut listener = Listener::open(&world, "").await;
    assert!(listener.read().await);
    let first = listener.id().to_owned();
    let body = r#"{"target":"alice","provider":"deepseek","model":"deepseek-reasoner"}"#;
    let done = world.admin("POST", "/ni_status/set-model", body).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    for topic in [Topic::Operations, Topic::Office, Topic::Providers, Topic::Routes] {
        listener.told(topic).await;
    }
    assert_ne!(listener.id(), first);
    drop(listener);
    let mut again = Listener::open(&world, &first).await;
    again.told(Topic::Office).await;
    let mut stranger = Listener::open(&world, "of another life").await;
    assert!(stranger.read().await);
    for topic in Topic::ALL {
        assert!(stranger.text.contains(&format!("event: {topic}\n")), "{topic}: {}", stranger.text);
    }
    assert_eq!(stranger.text.matches("id: ").count(), 1, "{}", stranger.text);
    let (_, body) = open(&world, &format!("/ni_status/stream?since={first}"), &[ADMIN]).await;
    Listener { body, text: String::new() }.told(Topic::Office).await;
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops() {
    let world = World::start().await;
    let mut listener = Listener::open(&world, "").await;
    assert!(listener.read().await);
    world.state.shared.closing.cancel();
    while listener.read().await {}
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let world = World::start().await;
    let token = world.state.shared.sessions.begin(std::time::Instant::now());
    let cookie = format!("agm_session={}", token.as_str());
    let (status, body) = open(&world, "/ni_status/stream", &[("cookie", &cookie)]).await;
    assert_eq!(status, StatusCode::OK);
    let mut listener = Listener { body, text: String::new() };
    listener.told(Topic::Metrics).await;
    world.state.shared.sessions.end(token.as_str());
    while listener.read().await {}
}

#[tokio::test]
async fn the_number_of_streams_is_bounded_and_a_closed_one_makes_room() {
    let world = World::start().await;
    let mut listeners = Vec::new();
    for _ in 0..MOST_STREAMS {
        listeners.push(Listener::open(&world, "").await);
    }
    let refused = world.admin("GET", "/ni_status/stream", "").await;
    assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (429, &"RATE_LIMITED".into()));
    assert!(refused.headers.contains_key("retry-after"), "{:?}", refused.headers);
    listeners.pop();
    Listener::open(&world, "").await;
}

#[tokio::test]
async fn figures_of_the_last_hour_are_given_and_a_bad_question_names_its_field() {
    let world = World::start().await;
    let mut listener = Listener::open(&world, "").await;
    listener.told(Topic::Metrics).await;
    let history = world.admin("GET", "/ni_status/metrics/history?minutes=5", "").await.json();
    assert_eq!((&history["success"], &history["everySeconds"]), (&true.into(), &10.into()));
    let history: MetricsHistory = serde_json::from_value(history).unwrap();
    assert!(history.samples.iter().any(|sample| sample.memory.is_some()), "{history:?}");
    for minutes in ["0", "61", "-1", "", "many"] {
        let path = format!("/ni_status/metrics/history?minutes={minutes}");
        let refused = world.admin("GET", &path, "").await;
        assert_eq!((refused.status.as_u16(), refused.field().as_str()), (422, "minutes"), "{minutes}");
    }
    let usage = world.admin("GET", "/ni_status/usage", "").await;
    let usage: Usage = serde_json::from_str(&usage.text).unwrap();
    assert_eq!(usage.unavailable, None, "the gateway shows its figures");
}
