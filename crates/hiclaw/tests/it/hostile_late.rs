//! What goes wrong behind a controller that answers well at first: after it took a write in, with Docker behind it, or
//! when another HiClaw stands in its place.
use crate::{
    hostile::{Answers, Hostile, before_entry},
    world::target,
};
use axum::{
    Json,
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hiclaw::{Act, Error, ModelHolder, Part};
use serde_json::json;
use std::{
    convert::Infallible,
    sync::atomic::{AtomicBool, Ordering},
};

fn alice() -> Response {
    Json(json!({"name": "alice", "model": "old", "runtime": "openclaw"})).into_response()
}

fn refused(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"message": message}))).into_response()
}

/// There is nobody but alice, who has a model until a write of hers is taken in; `then` answers for her after that.
fn taken_in(took: &AtomicBool, method: &str, path: &str, then: fn() -> Response) -> Response {
    before_entry(path).unwrap_or_else(|| match (method, path) {
        ("PUT", "/api/v1/workers/alice") => {
            took.store(true, Ordering::Relaxed);
            alice()
        }
        (_, "/api/v1/workers/alice") if took.load(Ordering::Relaxed) => then(),
        (_, "/api/v1/workers/alice") => alice(),
        _ => refused(StatusCode::NOT_FOUND, "not found"),
    })
}

#[tokio::test]
async fn what_was_taken_in_is_never_called_unwritten_whatever_is_seen_after() {
    static TOOK: AtomicBool = AtomicBool::new(false);
    let cases: [(Answers, &str); 3] = [
        (
            |m, p| taken_in(&TOOK, m, p, || refused(StatusCode::UNAUTHORIZED, "invalid bearer token")),
            "does not let agm in",
        ),
        (
            |m, p| taken_in(&TOOK, m, p, || refused(StatusCode::NOT_FOUND, "not found")),
            "cannot be asked for it",
        ),
        (|m, p| taken_in(&TOOK, m, p, alice), "does not show it"),
    ];
    for (answers, why) in cases {
        TOOK.store(false, Ordering::Relaxed);
        let hostile = Hostile::start(answers).await;
        let alice = target("alice");
        let held = hostile.adapter.observe(&alice, Part::Spec).await.unwrap();
        let wanted = hiclaw::Image::new(json!({"model": "new"}).to_string());
        let error = hostile.adapter.write(&alice, Part::Spec, &wanted, &held.version).await.unwrap_err();
        assert!(matches!(error, Error::NotCarriedOut { .. }) && error.to_string().contains(why), "{error:?}");
        assert!(!error.wrote_nothing() && error.may_come_late(), "{error:?}");
        let puts = hostile.asked().into_iter().filter(|asked| asked.starts_with("PUT")).count();
        assert_eq!(puts, 1, "{why}");
    }
}

/// Alice's container as `docker` tells of it; her state follows what was ordered.
fn with_docker(asleep: &AtomicBool, method: &str, path: &str, docker: fn() -> Response) -> Response {
    before_entry(path).unwrap_or_else(|| match (method, path) {
        ("GET", "/api/v1/workers/alice") => alice(),
        ("GET", "/api/v1/workers/alice/status") => {
            let state = if asleep.load(Ordering::Relaxed) { "stopped" } else { "running" };
            let message = format!("backend=k8s status={state}");
            Json(json!({"name": "alice", "containerState": state, "message": message})).into_response()
        }
        ("POST", "/api/v1/workers/alice/sleep" | "/api/v1/workers/alice/wake") => {
            asleep.store(path.ends_with("sleep"), Ordering::Relaxed);
            Json(json!({})).into_response()
        }
        (_, path) if path.starts_with("/docker/") => docker(),
        _ => refused(StatusCode::NOT_FOUND, "not found"),
    })
}

/// An answer that never comes.
fn silent() -> Response {
    Body::from_stream(futures::stream::pending::<Result<&str, Infallible>>()).into_response()
}

async fn restarted(answers: Answers) -> (Result<String, Error>, Vec<String>) {
    let hostile = Hostile::start(answers).await;
    let restarted = hostile.adapter.act(&target("alice"), Act::Restart).await;
    let orders = hostile.asked().into_iter().filter(|asked| asked.starts_with("POST")).collect();
    (restarted, orders)
}

#[tokio::test]
async fn who_is_restarted_is_put_to_sleep_only_where_there_is_no_docker() {
    static ASLEEP: AtomicBool = AtomicBool::new(false);
    let (down, orders) =
        restarted(|m, p| with_docker(&ASLEEP, m, p, || StatusCode::BAD_GATEWAY.into_response())).await;
    let untouched =
        down.as_ref().is_err_and(|error| error.wrote_nothing() && error.to_string().contains("HTTP 502"));
    assert!(untouched, "{down:?}");
    assert!(orders.is_empty(), "Docker is only down: {orders:?}");
    let (late, orders) = restarted(|m, p| with_docker(&ASLEEP, m, p, silent)).await;
    let untouched =
        late.as_ref().is_err_and(|error| error.wrote_nothing() && error.to_string().contains("in time"));
    assert!(untouched, "{late:?}");
    assert!(orders.is_empty(), "Docker is only late: {orders:?}");
    let (gone, orders) = restarted(|m, p| {
        with_docker(&ASLEEP, m, p, || {
            refused(StatusCode::NOT_FOUND, "No such container: hiclaw-worker-alice")
        })
    })
    .await;
    assert!(matches!(gone, Err(Error::CannotAct { .. })) && orders.is_empty(), "{gone:?} {orders:?}");
    let (turned, orders) = restarted(|m, p| {
        with_docker(&ASLEEP, m, p, || (StatusCode::NOT_FOUND, "404 page not found").into_response())
    })
    .await;
    assert!(turned.is_ok(), "{turned:?}");
    assert_eq!(orders, ["POST /api/v1/workers/alice/sleep", "POST /api/v1/workers/alice/wake"]);
}

#[tokio::test]
async fn what_cannot_be_understood_is_not_shown() {
    let hostile = Hostile::start(|_, path| {
        before_entry(path).unwrap_or_else(|| {
            Json(json!({"name": "alice", "model": "m", "containerManaged": "sk-canary"})).into_response()
        })
    })
    .await;
    let error = hostile.adapter.observe(&target("alice"), Part::Spec).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("cannot be understood at line 1") && !shown.contains("sk-canary"), "{shown}");
}

#[tokio::test]
async fn a_controller_that_was_replaced_by_a_later_one_is_found_out_by_the_next_look() {
    static LATER: AtomicBool = AtomicBool::new(false);
    let hostile = Hostile::start(|_, path| match path {
        "/healthz" => "ok".into_response(),
        "/api/v1/projects" if !LATER.load(Ordering::Relaxed) => {
            (StatusCode::NOT_FOUND, "404 page not found").into_response()
        }
        _ => refused(StatusCode::UNAUTHORIZED, "invalid or missing bearer token"),
    })
    .await;
    for wanted in ["1.1", "1.2"] {
        assert_eq!(hostile.adapter.identity().await.unwrap().generation, wanted);
        LATER.store(true, Ordering::Relaxed);
    }
}
