//! What answers at the controller's address is no controller, or one that is out of its mind: nothing is made up, nothing
//! is waited for without an end, and no secret gets out.
use crate::world::{TOKEN, against, impatient, target};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use hiclaw::{Act, Controller, Error, ModelHolder, Part};
use serde_json::json;
use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, task::JoinHandle};

const CALL: Duration = Duration::from_millis(400);

/// How a request is answered.
pub type Answers = fn(&str, &str) -> Response;

/// A server that answers as a test wants, and remembers what it was asked.
pub struct Hostile {
    pub adapter: Controller,
    asked: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Hostile {
    pub async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://somebody:hunter2@{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let answer = async move |State(asked): State<Arc<Mutex<Vec<String>>>>, request: Request| {
            let (method, path) = (request.method().as_str(), request.uri().path());
            asked.lock().unwrap().push(format!("{method} {path}"));
            answers(method, path)
        };
        let router = Router::new().fallback(answer).with_state(asked.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { adapter: against(&url, CALL, impatient()), asked, server }
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Looks at everything and changes something: all of it fails, in time, without a secret.
async fn fails(answers: Answers) -> Error {
    let hostile = Hostile::start(answers).await;
    let (adapter, alice) = (&hostile.adapter, target("alice"));
    let began = Instant::now();
    let error = adapter.agents().await.unwrap_err();
    for error in [
        adapter.workers().await.map(drop).unwrap_err(),
        adapter.config(&alice).await.map(drop).unwrap_err(),
        adapter.observe(&alice, Part::Spec).await.map(drop).unwrap_err(),
        adapter.persist(&alice, Part::Spec).await.unwrap_err(),
        adapter.act(&alice, Act::Restart).await.map(drop).unwrap_err(),
    ] {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(TOKEN) && !shown.contains("hunter2"), "{shown}");
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    error
}

fn page() -> Response {
    Html("<!doctype html><title>Welcome</title>").into_response()
}

/// What a 1.1 controller says before it knows who asks; the rest is the test's.
pub fn before_entry(path: &str) -> Option<Response> {
    match path {
        "/healthz" => Some("ok".into_response()),
        "/api/v1/projects" => Some((StatusCode::NOT_FOUND, "404 page not found").into_response()),
        _ => None,
    }
}

#[tokio::test]
async fn a_page_for_everything_is_no_controller() {
    let error = fails(|_, _| page()).await;
    assert!(error.to_string().contains("no controller"), "{error}");
}

#[tokio::test]
async fn a_server_without_the_lists_has_no_agents_to_tell_of() {
    for answers in [
        (|_, path| before_entry(path).unwrap_or_else(|| (StatusCode::NOT_FOUND, page()).into_response()))
            as Answers,
        |_, path| before_entry(path).unwrap_or_else(page),
        |_, path| before_entry(path).unwrap_or_else(|| axum::Json(json!({})).into_response()),
        |_, path| before_entry(path).unwrap_or_else(|| axum::Json(json!("alice")).into_response()),
    ] {
        let error = fails(answers).await;
        assert!(matches!(error, Error::Http { .. }), "it is no empty installation: {error:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_our_token() {
    let error = fails(|_, path| {
        before_entry(path).unwrap_or_else(|| {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "http://127.0.0.1:9/")]).into_response()
        })
    })
    .await;
    assert!(matches!(error, Error::Refused { status: 307, .. }), "{error:?}");
}

#[tokio::test]
async fn what_refuses_every_token_is_asked_once_with_each() {
    let hostile = Hostile::start(|_, path| {
        let refused = || {
            let words = json!({"message": format!("unknown token Bearer {TOKEN}")});
            (StatusCode::UNAUTHORIZED, axum::Json(words)).into_response()
        };
        before_entry(path).unwrap_or_else(refused)
    })
    .await;
    let error = hostile.adapter.observe(&target("alice"), Part::Spec).await.unwrap_err();
    assert!(matches!(error, Error::NoEntry(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains(TOKEN));
    let asked = hostile.asked();
    let about_alice = asked.iter().filter(|asked| asked.ends_with("/workers/alice")).count();
    assert_eq!(about_alice, 1, "there is no other token: {asked:?}");
}

#[tokio::test]
async fn its_own_words_are_cut_and_hide_what_we_sent() {
    let error = fails(|_, path| {
        before_entry(path).unwrap_or_else(|| {
            let words = json!({"message": format!("no {TOKEN} {}", "x ".repeat(10_000))});
            (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(words)).into_response()
        })
    })
    .await;
    assert!(error.to_string().len() < 500, "{error}");
}

#[tokio::test]
async fn an_answer_without_an_end_is_given_up() {
    let endless = |_: &str, path: &str| {
        let drip = futures::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, Infallible>(" "), ()))
        });
        before_entry(path).unwrap_or_else(|| Body::from_stream(drip).into_response())
    };
    let error = fails(endless).await;
    assert!(matches!(error, Error::Http { timeout: true, .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read() {
    let error = fails(|_, path| {
        before_entry(path).unwrap_or_else(|| {
            let flood = futures::stream::repeat_with(|| Ok::<_, Infallible>(vec![b' '; 1 << 16]));
            Body::from_stream(flood).into_response()
        })
    })
    .await;
    let told = error.to_string();
    assert!(told.contains("too long") || told.contains("in time"), "{told}");
}

#[tokio::test]
async fn names_that_would_lead_elsewhere_are_never_asked_for() {
    let hostile = Hostile::start(|_, path| {
        let workers = json!({"workers": [{"name": "..", "workerName": "alice"}, {"name": "", "workerName": "bob"},
            {"name": "a/../../managers/default", "workerName": "carol"}], "total": 3});
        before_entry(path).unwrap_or_else(|| match path {
            "/api/v1/workers" => axum::Json(workers).into_response(),
            "/api/v1/managers" => axum::Json(json!({"managers": [{"name": "default"}]})).into_response(),
            _ => (StatusCode::NOT_FOUND, axum::Json(json!({"message": "not found"}))).into_response(),
        })
    })
    .await;
    for name in ["alice", "bob", "carol"] {
        let slept = hostile.adapter.act(&target(name), Act::Sleep).await;
        assert!(matches!(slept, Err(Error::Missing(_))), "{name}: {slept:?}");
    }
    let posts: Vec<_> = hostile.asked().into_iter().filter(|asked| asked.starts_with("POST")).collect();
    assert_eq!(posts, ["POST /api/v1/workers/a%2F..%2F..%2Fmanagers%2Fdefault/sleep"]);
}

#[tokio::test]
async fn a_write_that_is_always_lost_to_others_is_given_up() {
    static PUTS: AtomicUsize = AtomicUsize::new(0);
    let hostile = Hostile::start(|method, path| {
        let lost = || {
            PUTS.fetch_add(1, Ordering::Relaxed);
            let words = json!({"message": "update worker: conflict (object modified, retry)"});
            (StatusCode::CONFLICT, axum::Json(words)).into_response()
        };
        before_entry(path).unwrap_or_else(|| match (method, path) {
            ("PUT", _) => lost(),
            (_, "/api/v1/workers/alice") => {
                axum::Json(json!({"name": "alice", "model": "old", "runtime": "openclaw"})).into_response()
            }
            _ => (StatusCode::NOT_FOUND, axum::Json(json!({"message": "not found"}))).into_response(),
        })
    })
    .await;
    let alice = target("alice");
    let held = hostile.adapter.observe(&alice, Part::Spec).await.unwrap();
    let wanted = hiclaw::Image::new(json!({"model": "new"}).to_string());
    let error = hostile.adapter.write(&alice, Part::Spec, &wanted, &held.version).await.unwrap_err();
    assert!(matches!(error, Error::Refused { status: 409, .. }) && error.wrote_nothing(), "{error:?}");
    assert_eq!(PUTS.load(Ordering::Relaxed), 7);
}
