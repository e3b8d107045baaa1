//! A watch over an installation that does not answer.
use super::*;
use crate::{
    Engine,
    engine::{
        progress::Progress,
        tests::{committed, engine},
    },
    journal::{Kept, Record},
};
use higress::RouteDoc;
use serde_json::json;
use std::sync::Arc;

/// A route that was made.
fn route() -> Edit {
    let doc = json!({"name": "deepseek-ai-route", "domains": ["gw"], "upstreams": [{"provider": "deepseek", "weight": 100}],
        "authConfig": {"enabled": true, "allowedConsumers": ["manager"]}});
    Edit::Route {
        name: "deepseek-ai-route".parse().unwrap(),
        before: None,
        after: Some(RouteDoc::parse(doc).unwrap()),
    }
}

/// The course of an operation that made the route and has ended.
async fn course(engine: &Arc<Engine>, n: usize) -> Course {
    let record = Record { work: vec![Kept::Write(route())], ..committed(n, "a", "b") };
    let progress = Arc::new(Progress::resume(record.operation.clone()));
    let control = engine.controls.of(&record.operation.id);
    let books = engine.books().await.unwrap().clone();
    let course = Course::resume(engine.clone(), books, progress, control, record);
    course.answer();
    course
}

#[tokio::test]
async fn a_route_that_was_left_is_made_live_again_though_ours_was_to_be_gone() {
    let data = tempfile::tempdir().unwrap();
    let engine = engine(data.path());
    let course = course(&engine, 1).await;
    let id = course.id();
    let mut watch = Watch::new(course);
    assert!(watch.resync(Side::Before).await, "ours is gone, and nothing of it can come late");
    engine.watches.leave(&id, &route().object());
    assert!(!watch.resync(Side::Before).await, "theirs is asked for, and nobody answers");
}

#[tokio::test]
async fn a_write_of_the_watch_that_has_no_answer_may_still_come() {
    let data = tempfile::tempdir().unwrap();
    let engine = engine(data.path());
    for resyncs in [false, true] {
        let objects = [route().object()];
        let course = course(&engine, 1 + usize::from(resyncs)).await;
        let id = course.id();
        assert_eq!(engine.watches.ghosts(&objects).len(), 0, "each of its calls had an answer");
        let mut watch = Watch::new(course);
        for _ in 0..=MOST_RIGHTS {
            let ends = watch.ends;
            match resyncs {
                true => assert!(!watch.resync(Side::After).await),
                false => assert_eq!(watch.right(Outcome::Committed, 0).await, Event::Righted(0)),
            }
            assert!(watch.ends > ends, "it is waited for");
            assert_eq!(engine.watches.ghosts(&objects).len(), 1, "whoever comes next knows of it");
            assert!(engine.watches.has(&id, &objects[0]), "that nobody answers is no reason to leave it");
        }
        engine.watches.end(&id);
    }
}
