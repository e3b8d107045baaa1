//! A watch over an installation that does not answer.
use super::{right::MOST_RIGHTS, *};
use crate::{
    Engine,
    engine::{
        progress::Progress,
        tests::{committed, engine, engine_over},
    },
    fake::Holder,
    journal::{Kept, Record},
};
use domain::rules::{Phase, Saga};
use hiclaw::{Held, Image, Part, Version};
use higress::RouteDoc;
use serde_json::json;
use std::sync::{Arc, Mutex};

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
    course_of(engine, record).await
}

pub(super) async fn course_of(engine: &Arc<Engine>, record: Record) -> Course {
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
            let written = watch.written;
            match resyncs {
                true => assert!(!watch.resync(Side::After).await),
                false => assert_eq!(watch.right(Outcome::Committed, 0).await, Event::Righted(0)),
            }
            assert!(watch.written > written, "it is waited for");
            assert_eq!(engine.watches.ghosts(&objects).len(), 1, "whoever comes next knows of it");
            assert!(engine.watches.has(&id, &objects[0]), "that nobody answers is no reason to leave it");
        }
        engine.watches.end(&id);
    }
}

/// HiClaw may undo it for so long.
const UNSURE: Duration = Duration::from_secs(360);

pub(super) fn held(text: &str) -> Held {
    Held { image: Image::new(text.to_owned()), version: Version::Note(text.to_owned()) }
}

pub(super) fn model(lasts: Option<&'static str>) -> Edit {
    let edit = hiclaw::Edit {
        part: Part::Spec,
        object: "controller:workers/alice".into(),
        before: held("old"),
        after: Image::new("new".into()),
        owner: "controller".into(),
        lasts: lasts.map(Into::into),
        sure_after: UNSURE,
    };
    Edit::Agent { target: "worker:alice".parse().unwrap(), edit }
}

/// What is told of a switch that ended so, how long it was watched, and what was written meanwhile.
async fn watched(
    outcome: Outcome,
    lasts: Option<&'static str>,
    holder: Holder,
    meanwhile: impl FnOnce(&Engine),
) -> (String, Duration, Vec<String>) {
    let data = tempfile::tempdir().unwrap();
    let written = holder.written.clone();
    let engine = engine_over(data.path(), holder);
    let saga = Saga { phase: Phase::Settling(outcome), ..Saga::new(1, Some(0), 0) };
    let record = Record { work: vec![Kept::Write(model(lasts))], saga, ..committed(1, "a", "b") };
    let course = course_of(&engine, record).await;
    let progress = course.progress.clone();
    meanwhile(&engine);
    let began = Instant::now();
    Watch::new(course).run(Event::Quiet).await;
    let evidence = progress.operation().settled.as_ref().unwrap().evidence.clone();
    let written = written.lock().unwrap().clone();
    (evidence, began.elapsed(), written)
}

fn finds(looks: &[&str], rests: &str) -> Holder {
    Holder {
        looks: Mutex::new(looks.iter().map(|text| held(text)).collect()),
        rests: Some(held(rests)),
        stands: Some(Version::Note("new".into())),
        ..Holder::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_switch_is_said_to_last_once_hiclaw_had_its_time_to_undo_it() {
    let (told, took, _) = watched(Outcome::Committed, None, finds(&[], "new"), |_| {}).await;
    assert!(
        took >= UNSURE && told.ends_with("all as told; it lasts: in 360 s HiClaw has not undone it"),
        "{told}"
    );
    let (told, ..) = watched(Outcome::Committed, Some("until it starts"), finds(&[], "new"), |_| {}).await;
    assert!(told.ends_with("in 360 s HiClaw has not undone it, and it lasts until it starts"), "{told}");
    let (told, took, _) = watched(Outcome::RolledBack, None, finds(&[], "old"), |_| {}).await;
    assert!(took < UNSURE && told.ends_with("all as told"), "what was taken back needs not last: {told}");
    let taken_over = |engine: &Engine| engine.watches.take_over(std::iter::once(&model(None)));
    let (told, took, _) = watched(Outcome::Committed, None, finds(&[], "new"), taken_over).await;
    assert!(took < UNSURE && !told.contains("it lasts"), "a later operation answers for it: {told}");
}

#[tokio::test(start_paused = true)]
async fn what_was_undone_is_told_with_whose_it_is() {
    let back = || finds(&["new", "new"], "old");
    let (told, _, written) = watched(Outcome::Committed, None, back(), |_| {}).await;
    let whose =
        "somebody else changed controller:workers/alice back to what it was: it belongs to controller";
    assert!(told.starts_with(whose) && !told.contains("it lasts") && written.is_empty(), "{told}");
    let (told, ..) = watched(Outcome::Committed, Some("until it starts"), back(), |_| {}).await;
    assert!(told.ends_with("and a change of it lasts until it starts"), "{told}");
    let lacking = Holder { lack: Some("it names \"old\""), ..finds(&[], "new") };
    let (told, ..) = watched(Outcome::Committed, None, lacking, |_| {}).await;
    assert!(told.ends_with("did not carry it out: it names \"old\""), "{told}");
}

#[tokio::test(start_paused = true)]
async fn it_is_not_said_to_last_for_a_time_in_which_nobody_could_look() {
    let (told, took, _) = watched(Outcome::Committed, None, finds(&["new"; 3], "new"), |_| {}).await;
    let unseen = Holder { unreadable_looks: Mutex::new(20), ..finds(&[], "new") };
    let (later, longer, _) = watched(Outcome::Committed, None, unseen, |_| {}).await;
    assert!(longer >= took + Duration::from_secs(60), "{longer:?} after {took:?}");
    assert!([told, later].iter().all(|told| told.ends_with("it lasts: in 360 s HiClaw has not undone it")));
}

#[tokio::test(start_paused = true)]
async fn whoever_brings_back_twice_what_nothing_compares_means_it() {
    let finds = finds(&["old", "new", "new"], "new");
    let (told, _, written) = watched(Outcome::RolledBack, None, finds, |_| {}).await;
    let object = "controller:workers/alice";
    let theirs = format!("somebody else changed {object}: it belongs to controller");
    assert_eq!(told, format!("a late write of {object} was taken back; {theirs}"));
    assert_eq!(written, ["old"]);
}

#[tokio::test(start_paused = true)]
async fn that_an_agent_runs_its_model_is_not_said_when_nobody_saw_it() {
    for (reload, restart, seen) in
        [("skipped", "done", true), ("skipped", "skipped", false), ("done", "skipped", true)]
    {
        let data = tempfile::tempdir().unwrap();
        let engine = engine_over(data.path(), finds(&[], "new"));
        let mut record = Record { work: vec![Kept::Write(model(None))], ..committed(1, "a", "b") };
        record.operation.steps = serde_json::from_value(json!([
            {"name": "reload", "object": "alice", "state": reload},
            {"name": "restart", "object": "alice", "state": restart},
        ]))
        .unwrap();
        let course = course_of(&engine, record).await;
        let progress = course.progress.clone();
        Watch::new(course).run(Event::Quiet).await;
        let told = progress.operation().settled.as_ref().unwrap().evidence.clone();
        assert_eq!(told.ends_with("; that alice runs it was not seen"), !seen, "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_done_once_more_over_anything_is_taken_back() {
    let (told, _, written) =
        watched(Outcome::RolledBack, None, finds(&["old", "new", "new"], "old"), |_| {}).await;
    assert_eq!(
        (told.as_str(), written),
        ("a late write of controller:workers/alice was taken back", vec!["old".to_owned()])
    );
}
