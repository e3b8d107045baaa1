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
    locks::HeldTargets,
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
    operation["state"] = json!("verifying");
    operation["steps"] = json!([{"name": "restart", "object": "alice", "state": "pending"}]);
    Record {
        operation: serde_json::from_value(operation).unwrap(),
        saga: Saga { phase: Phase::Settling(Outcome::Committed), ..Saga::new(1, Some(0), 0) },
        work: vec![Kept::Write(model(None))],
        restarts: vec![Restarting { target: "worker:alice".parse().unwrap(), when_idle }],
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

/// One that is watched, with its targets held.
struct Switched {
    engine: Arc<Engine>,
    done: Arc<Mutex<Vec<String>>>,
    held: Arc<HeldTargets>,
    course: Option<Course>,
    _data: tempfile::TempDir,
}

impl Switched {
    async fn begin(when_idle: bool, holder: Holder) -> Self {
        let data = tempfile::tempdir().unwrap();
        let done = holder.written.clone();
        let engine = engine_over(data.path(), holder);
        let course = course_of(&engine, record(when_idle)).await;
        let held = Arc::new(engine.locks.hold(course.held.clone(), &course.id()).unwrap());
        Self { engine, done, held, course: Some(course), _data: data }
    }

    /// Watches it to the end, or until the server stops.
    async fn watched(&mut self) -> (Arc<Operation>, Duration) {
        let course = self.course.take().unwrap();
        let progress = course.progress.clone();
        let (mut watch, began) = (progress.watch(), Instant::now());
        let ends = async {
            let ended = watch.wait_for(|operation| operation.state.is_final()).await;
            ended.map(|_| began.elapsed()).unwrap()
        };
        let watching = Watch::new(course).holding(self.held.clone()).run(Event::Quiet);
        let ((), took) = futures::join!(watching, ends);
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
async fn the_end_is_told_when_the_agent_runs_again() {
    let mut at = Switched::begin(false, holder(&[WorkerStatus::Busy], &[Some("it runs")])).await;
    let (operation, _) = at.watched().await;
    assert_eq!(
        (operation.state, told(&operation)),
        (OperationState::Committed, (StepState::Done, "it runs"))
    );
    assert!(at.held.is_released() && at.done() == ["Restart alice"], "{:?}", at.done());
}

#[tokio::test(start_paused = true)]
async fn who_is_to_be_left_in_peace_is_waited_for_and_meanwhile_said_to_be_busy() {
    let looks = [WorkerStatus::Busy, WorkerStatus::Busy, WorkerStatus::Idle];
    let mut at = Switched::begin(true, holder(&looks, &[Some("it runs")])).await;
    let mut watch = at.course.as_ref().unwrap().progress.watch();
    let waits = watch.wait_for(|operation| operation.steps[0].evidence.is_some());
    let waits = async { told(&waits.await.unwrap()) == (StepState::Running, "waits: alice is busy (seen)") };
    let ((operation, took), waited) = futures::join!(at.watched(), waits);
    assert!(waited && took > Duration::ZERO && operation.state == OperationState::Committed);
    assert_eq!(
        (told(&operation), at.done()),
        ((StepState::Done, "it runs"), vec!["Restart alice".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_is_waited_for_without_end() {
    let mut at = Switched::begin(true, holder(&[WorkerStatus::Busy], &[])).await;
    let (operation, took) = at.watched().await;
    let (state, said) = told(&operation);
    assert!(took >= at.engine.timing.idle && state == StepState::Skipped && at.done().is_empty(), "{took:?}");
    assert!(said.contains("alice is busy") && said.contains("its former model"), "{said}");
    assert_eq!(operation.state, OperationState::Committed);
}

#[tokio::test(start_paused = true)]
async fn who_cancels_the_wait_keeps_the_switch() {
    let mut at = Switched::begin(true, holder(&[WorkerStatus::Busy], &[])).await;
    let course = at.course.as_ref().unwrap();
    let (id, mut watch, engine) = (course.id(), course.progress.watch(), at.engine.clone());
    let cancels = async {
        watch.wait_for(|operation| operation.steps[0].evidence.is_some()).await.map(drop).unwrap();
        engine.cancel(&id).unwrap();
    };
    let ((operation, took), ()) = futures::join!(at.watched(), cancels);
    assert!(took < at.engine.timing.horizon && told(&operation).0 == StepState::Skipped, "{operation:?}");
    assert!(operation.state == OperationState::Committed && at.done().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_container_that_does_not_come_back_is_woken_and_its_failure_is_told() {
    let mut at =
        Switched::begin(false, holder(&[WorkerStatus::Idle], &[None, None, None, Some("it runs")])).await;
    let (operation, _) = at.watched().await;
    assert_eq!(at.done(), ["Restart alice", "Wake alice", "Restart alice", "Wake alice"]);
    assert!(told(&operation).0 == StepState::Done && told(&operation).1.ends_with("woken: it runs"));

    let mut at = Switched::begin(false, holder(&[WorkerStatus::Idle], &[None; 6])).await;
    let (operation, _) = at.watched().await;
    let (state, said) = told(&operation);
    assert!(state == StepState::Failed && said.contains("runs it once its container starts"), "{said}");
    assert!(operation.state == OperationState::Committed && at.held.is_released());
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
    Watch::new(course).holding(at.held.clone()).run(Event::Quiet).await;
    let left = books.journal.load(&id).await.unwrap().unwrap();
    assert_eq!(left.restarts, record(true).restarts);

    let mut next = Switched::begin(false, holder(&[WorkerStatus::Idle], &[Some("it runs")])).await;
    let course = Course { restarts: left.restarts, ..next.course.take().unwrap() };
    let progress = course.progress.clone();
    next.held.release();
    Watch::resume(course).run(Event::Found { all_new: false }).await;
    assert_eq!(told(&progress.operation()), (StepState::Done, "it runs"));
}
