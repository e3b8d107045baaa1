//! A switch of an agent that runs its former model until it is started again.
use super::*;
use crate::{
    Engine,
    engine::{
        course::Course,
        settle::tests::{course_of, held, model},
        tests::{committed, engine_over},
    },
    fake::Holder,
    journal::{Kept, Record},
};
use domain::{
    Operation, OperationState,
    rules::{Event, Outcome, Phase, Saga},
};
use serde_json::json;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

/// An operation that was committed and has its restart before it.
fn record(when_idle: bool) -> Record {
    let first = committed(1, "a", "b");
    let mut operation = serde_json::to_value(&first.operation).unwrap();
    operation["steps"] = json!([{"name": "restart", "object": "alice", "state": "pending"}]);
    Record {
        operation: serde_json::from_value(operation).unwrap(),
        saga: Saga { phase: Phase::Settling(Outcome::Committed), ..Saga::new(1, Some(0), 0) },
        work: vec![Kept::Write(model(None))],
        restarts: vec![Restarting::new("worker:alice".parse().unwrap(), when_idle)],
        ..first
    }
}

fn holder(workers: &[WorkerStatus], acts: &[Option<&'static str>]) -> Holder {
    Holder {
        rests: Some(held("new")),
        workers: Mutex::new(VecDeque::from(workers.to_vec())),
        acts: Mutex::new(VecDeque::from(acts.to_vec())),
        ..Holder::default()
    }
}

/// One that is watched.
struct Switched {
    engine: Arc<Engine>,
    done: Arc<Mutex<Vec<String>>>,
    course: Option<Course>,
    _data: tempfile::TempDir,
}

impl Switched {
    async fn begin(when_idle: bool, holder: Holder) -> Self {
        Self::from(record(when_idle), holder).await
    }

    async fn from(record: Record, holder: Holder) -> Self {
        let data = tempfile::tempdir().unwrap();
        let done = holder.written.clone();
        let engine = engine_over(data.path(), holder);
        let course = course_of(&engine, record).await;
        course.progress.publish(course.told(Outcome::Committed));
        Self { engine, done, course: Some(course), _data: data }
    }

    /// Watches it to the end, and tells how long somebody waited for that who waits until nothing more is about to happen.
    async fn watched(&mut self) -> (Arc<Operation>, Duration) {
        let course = self.course.take().unwrap();
        let progress = course.progress.clone();
        let (mut watch, began) = (progress.watch(), Instant::now());
        let ends = async {
            let ended = watch.wait_for(|operation| operation.has_ended()).await;
            ended.map(|_| began.elapsed()).unwrap()
        };
        let ((), took) = futures::join!(Watch::new(course).run(Event::Quiet), ends);
        (progress.operation(), took)
    }

    fn done(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }
}

fn told(operation: &Operation) -> (StepState, &str) {
    (operation.steps[0].state, operation.steps[0].evidence.as_deref().unwrap())
}

#[tokio::test(start_paused = true)]
async fn an_agent_is_started_again_behind_the_end() {
    let mut at = Switched::begin(false, holder(&[WorkerStatus::Busy], &[Some("it runs")])).await;
    let before = at.course.as_ref().unwrap().progress.operation();
    assert!(before.state == OperationState::Committed && !before.has_ended(), "{before:?}");
    let (operation, _) = at.watched().await;
    assert_eq!(told(&operation), (StepState::Done, "it runs"));
    assert!(operation.settled.is_some() && at.done() == ["Restart alice"], "{:?}", at.done());
}

#[tokio::test(start_paused = true)]
async fn who_is_to_be_left_in_peace_is_waited_for_and_keeps_nobody_waiting() {
    let looks = [WorkerStatus::Busy, WorkerStatus::Busy, WorkerStatus::Idle];
    let mut at = Switched::begin(true, holder(&looks, &[Some("it runs")])).await;
    let mut watch = at.course.as_ref().unwrap().progress.watch();
    let engine = at.engine.clone();
    let waits = async {
        let waits = watch.wait_for(|operation| operation.steps[0].evidence.is_some()).await.unwrap().clone();
        let free = engine.locks.hold(vec!["worker:alice".into()], &waits.id).is_ok();
        free && told(&waits) == (StepState::Pending, "waits until alice is idle; seen")
    };
    let ((operation, took), waited) = futures::join!(at.watched(), waits);
    assert!(waited && took == Duration::ZERO, "{took:?}");
    assert_eq!(
        (told(&operation), at.done()),
        ((StepState::Done, "it runs"), vec!["Restart alice".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_is_waited_for_without_end() {
    let mut at = Switched::begin(true, holder(&[WorkerStatus::Busy], &[])).await;
    let began = Instant::now();
    let (operation, _) = at.watched().await;
    let (state, said) = told(&operation);
    let took = began.elapsed();
    assert!(took >= at.engine.timing.idle && state == StepState::Skipped && at.done().is_empty(), "{took:?}");
    assert!(said.contains("alice was never idle") && said.contains("its former model"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_later_change_of_the_agent_decides_about_its_restart() {
    let later = || Holder {
        looks: Mutex::new(VecDeque::from([held("new"), held("new")])),
        rests: Some(held("newer")),
        ..holder(&[WorkerStatus::Busy], &[])
    };
    let mut at = Switched::begin(true, later()).await;
    let (operation, _) = at.watched().await;
    assert_eq!(told(&operation), (StepState::Skipped, "not restarted: a later change of alice decides"));
    assert!(at.done().is_empty());

    // One that took it over and was taken back decides nothing.
    let looks = [WorkerStatus::Busy, WorkerStatus::Busy, WorkerStatus::Idle];
    let mut at = Switched::begin(true, holder(&looks, &[Some("it runs")])).await;
    at.engine.watches.take_over(std::iter::once(&model(None)));
    assert_eq!(told(&at.watched().await.0), (StepState::Done, "it runs"));

    // Whoever decides: what was stopped for it is woken.
    let mut begun = record(false);
    begun.restarts[0].begun = true;
    let rests = Holder { acts: Mutex::new(VecDeque::from([Some("it runs")])), ..later() };
    rests.workers.lock().unwrap().clone_from(&VecDeque::from([WorkerStatus::Stopped]));
    let rests = Holder { looks: Mutex::default(), ..rests };
    let mut at = Switched::from(begun, rests).await;
    at.watched().await;
    assert_eq!(at.done(), ["Wake alice"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_works_on_the_agent_is_not_disturbed() {
    let mut at = Switched::begin(false, holder(&[WorkerStatus::Idle], &[Some("it runs")])).await;
    let other = crate::Clock::default().new_id().unwrap();
    let held = at.engine.locks.hold(vec!["worker:alice".into()], &other).unwrap();
    let (done, engine) = (at.done.clone(), at.engine.clone());
    let lets_go = async {
        engine.pause(engine.timing.horizon / 2).await;
        assert!(done.lock().unwrap().is_empty());
        drop(held);
    };
    let ((operation, _), ()) = futures::join!(at.watched(), lets_go);
    assert_eq!(told(&operation), (StepState::Done, "it runs"));
}

#[tokio::test(start_paused = true)]
async fn a_container_that_does_not_come_back_is_woken_and_its_failure_is_told() {
    let mut at =
        Switched::begin(false, holder(&[WorkerStatus::Idle], &[None, None, None, Some("it runs")])).await;
    let (operation, _) = at.watched().await;
    assert_eq!(at.done(), ["Restart alice", "Wake alice", "Restart alice", "Wake alice"]);
    assert!(told(&operation).0 == StepState::Done && told(&operation).1.ends_with("woken; it runs"));

    // What a try stopped and did not bring back is not taken for an agent that was at rest.
    let looks = [WorkerStatus::Idle, WorkerStatus::Stopped];
    let mut at = Switched::begin(false, holder(&looks, &[None; 6])).await;
    let (operation, _) = at.watched().await;
    let (state, said) = told(&operation);
    assert!(state == StepState::Failed && said.contains("runs it once its container starts"), "{said}");
    assert_eq!(at.done(), ["Restart alice", "Wake alice", "Wake alice"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_run_or_of_whom_nobody_knows_is_left() {
    for (status, when_idle) in [(WorkerStatus::Sleeping, false), (WorkerStatus::Running, true)] {
        let mut at = Switched::begin(when_idle, holder(&[status], &[])).await;
        let (operation, _) = at.watched().await;
        assert!(told(&operation).0 == StepState::Skipped && at.done().is_empty(), "{operation:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_stop_left_is_done_by_the_next_start() {
    let mut at = Switched::begin(true, holder(&[WorkerStatus::Busy], &[])).await;
    let (course, engine) = (at.course.take().unwrap(), at.engine.clone());
    let (books, id) = (course.books.clone(), course.id());
    course.books.journal.begin(&record(true)).await.unwrap();
    engine.stop.cancel();
    Watch::new(course).run(Event::Quiet).await;
    let left = books.journal.load(&id).await.unwrap().unwrap();
    assert_eq!(left.restarts, record(true).restarts);

    let mut next = Switched::from(left, holder(&[WorkerStatus::Idle], &[Some("it runs")])).await;
    assert_eq!(told(&next.watched().await.0), (StepState::Done, "it runs"));
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_was_stopped_for_its_restart_before_a_crash_is_woken() {
    let mut begun = record(false);
    begun.restarts[0].begun = true;
    let mut at = Switched::from(begun, holder(&[WorkerStatus::Sleeping], &[Some("it runs")])).await;
    let (operation, _) = at.watched().await;
    assert_eq!((told(&operation), at.done()), ((StepState::Done, "it runs"), vec!["Wake alice".to_owned()]));
}
