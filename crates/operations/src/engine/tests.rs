//! What no outside world can bring about.
use super::*;
use crate::{
    audit::{AUDIT_FILE, Stage, verify},
    edits::{Edit, Side},
    fake::{Holder, clients},
    journal::{Found, Kept},
};
use course::{Course, Stage as Reached};
use disk::{Disk, Fault, Loss, MemDisk, Primitive};
use domain::{
    Door, OperationState, SetModel,
    rules::{Event, Outcome, Phase, Saga},
};
use futures::FutureExt;
use hiclaw::{Held, Image, Version};
use std::{path::Path, time::Duration};
use watches::Debt;

pub(super) fn engine(data: &Path) -> Arc<Engine> {
    engine_over(data, Holder::default())
}

pub(super) fn engine_over(data: &Path, holder: Holder) -> Arc<Engine> {
    let installation = Installation { gateway_host: String::new(), hiclaw_provider: None };
    let caches = Arc::new(Caches::new(Duration::ZERO));
    let clients = Arc::new(clients(holder));
    Arc::new(Engine::new(clients, installation, caches, data.to_owned(), Timing::default()))
}

#[tokio::test]
async fn a_panic_ends_its_operation_and_lets_everything_go() {
    let data = tempfile::tempdir().unwrap();
    let engine = engine(data.path());
    let wish = SetModel {
        provider: "deepseek".parse().unwrap(),
        model: "deepseek-chat".parse().unwrap(),
        context_window: None,
        max_tokens: None,
        reasoning: None,
        restart: domain::Restart::No,
        lasting: false,
    };
    for _ in 0..2 {
        let mutation = Mutation::SetModel { target: "alice".parse().unwrap(), wish: wish.clone() };
        let context = Context { actor: "admin".into(), door: Door::Rest, idempotency_key: None, bulk: None };
        let asked = Asked { mutation, context, kept: None };
        let running = engine.submit(asked, |_| tokio::spawn(async {})).await.expect("the target is free");
        let (id, mut watch) = (running.id().clone(), running.watch());
        let ended = watch.wait_for(|operation| operation.state.is_final()).await.unwrap().clone();
        let failure = ended.failure.as_ref().unwrap();
        assert_eq!((ended.state, failure.code), (OperationState::RolledBack, Code::Internal));
        assert_eq!((&ended.id, failure.operation.as_ref()), (&id, Some(&id)));
        assert!(!format!("{ended:?}").contains("no answer was prepared"), "the text of a panic stays out");
    }
    tokio::time::timeout(Duration::from_secs(5), engine.drain(Duration::from_secs(5))).await.unwrap();
}

#[tokio::test]
async fn what_is_refused_is_not_backed_up() {
    let data = tempfile::tempdir().unwrap();
    let engine = engine(data.path());
    let mutation = Mutation::RepairRoutes { route: None, consumer: None };
    let held = engine.locks.hold(prepare::held_by(&mutation), &engine.clock.new_id().unwrap()).unwrap();
    let context = Context { actor: "admin".into(), door: Door::Rest, idempotency_key: None, bulk: None };
    let asked = Asked { mutation, context, kept: None };
    let refused = engine.submit(asked, |_| panic!("a backup is begun")).await;
    assert_eq!(refused.err().unwrap().code, Code::Busy);
    drop(held);
}

#[tokio::test]
async fn a_pause_lasts_until_it_is_over_or_the_server_stops() {
    let data = tempfile::tempdir().unwrap();
    let engine = engine(data.path());
    assert_eq!(engine.pause(Duration::ZERO).await, Some(()));
    assert_eq!(engine.pause(Duration::MAX).now_or_never(), None, "it is not over");
    engine.stop.cancel();
    assert_eq!(engine.pause(Duration::MAX).now_or_never(), Some(None), "the server stops");
}

/// A change of erin's record that was committed, as the journal has it until it has settled.
pub(super) fn committed(number: usize, before: &str, after: &str) -> Record {
    let operation = serde_json::json!({
        "id": format!("{number:026}"), "kind": "set_model", "state": "committed", "actor": "admin", "via": "rest",
        "targets": ["worker:erin"], "steps": [], "startedAt": "2026-01-15T10:30:00Z",
    });
    let held =
        |text: &str| Held { image: Image::new(text.into()), version: Version::object("\"etag\"".into()) };
    let edit = Edit::Record {
        target: "worker:erin".parse().unwrap(),
        before: Some(held(before)),
        after: Some(Image::new(after.into())),
    };
    Record {
        operation: serde_json::from_value(operation).unwrap(),
        saga: Saga { phase: Phase::Settling(Outcome::Committed), ..Saga::new(1, None, 8) },
        held: vec!["worker:erin".into()],
        work: vec![Kept::Write(edit)],
        ghosts: Vec::new(),
        restarts: Vec::new(),
        request: None,
    }
}

#[tokio::test]
async fn an_end_that_only_the_journal_has_comes_before_what_is_built_on_it() {
    let (memory, folder) = (MemDisk::new(), Path::new("/var/agm"));
    let disk: Arc<dyn Disk> = Arc::new(memory.clone());
    let (books, _) = Books::open(&disk, folder).await.unwrap();
    let first = committed(1, "a", "b");
    let noted = |books: Books, record: Record| async move {
        let edit = record.edits().next().unwrap();
        let (object, before, after) = (edit.object(), edit.hash(Side::Before), edit.hash(Side::After));
        let link = crate::audit::Link { object, before, after, foreign: None, body: None };
        (books.note(Stage::Ended, &record.operation, vec![link]).await, books)
    };
    let (done, books) = noted(books, first).await;
    assert!(done);
    // The process dies between the journal and the log, and the next one cannot write the log at first.
    books.journal.save(&committed(2, "b", "c")).await.unwrap();
    drop(books);
    let (books, found) = Books::open(&disk, folder).await.unwrap();
    assert_eq!(found.records.len(), 1);
    memory.fail(|call| (call.primitive == Primitive::Write).then_some(Fault::Short));
    let (done, books) = noted(books, committed(3, "c", "d")).await;
    assert!(!done, "it cannot be told before what it is built on");
    memory.fail(|_| None);
    let (done, _) = noted(books, committed(3, "c", "d")).await;
    assert!(done);
    let verified = verify(&memory.get(&folder.join(AUDIT_FILE)).unwrap());
    assert_eq!((verified.entries, verified.foreign, verified.breaks), (3, 0, Vec::new()));
}

#[tokio::test]
async fn nobody_begins_on_what_an_operation_that_was_broken_off_may_undo() {
    let data = tempfile::tempdir().unwrap();
    let engine = engine(data.path());
    let books = engine.books().await.unwrap().clone();
    let whole = committed(1, "a", "b");
    let route = Edit::Route { name: "deepseek-ai-route".parse().unwrap(), before: None, after: None };
    let object = route.object();
    let broken_off = Record {
        saga: Saga { phase: Phase::Applying(0), ..whole.saga },
        work: vec![Kept::Write(route)],
        ..whole
    };
    let id = broken_off.operation.id.clone();
    engine.take_up(&books, Found { records: vec![broken_off], ..Found::default() });
    // The console cannot be looked at, so the shared locks are let go between two looks.
    assert_eq!(engine.watches.debt(&object, "as it stands"), Some(Debt::Open(id)));
}

#[tokio::test]
async fn of_two_that_changed_one_object_the_one_that_ended_later_answers_for_it() {
    let data = tempfile::tempdir().unwrap();
    let engine = engine(data.path());
    let (books, _) = Books::open(&engine.clients.disk, data.path()).await.unwrap();
    // It has the id of its plan, which was made before the other one began.
    let (later, earlier) = (committed(1, "b", "c"), committed(2, "a", "b"));
    for record in [&earlier, &later] {
        books.journal.save(record).await.unwrap();
        assert!(books.note(Stage::Ended, &record.operation, Vec::new()).await);
    }
    drop(books);
    engine.books().await.unwrap();
    let object = later.edits().next().unwrap().object();
    let answers = |record: &Record| engine.watches.has(&record.operation.id, &object);
    assert_eq!((answers(&earlier), answers(&later)), (false, true));
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_is_gone_from_the_journal_before_a_start_can_take_it_up() {
    let data = tempfile::tempdir().unwrap();
    let engine = engine(data.path());
    let (memory, folder) = (MemDisk::new(), Path::new("/var/agm"));
    let disk: Arc<dyn Disk> = Arc::new(memory.clone());
    let books = Arc::new(Books::open(&disk, folder).await.unwrap().0);
    let record = Record { saga: Saga::new(1, None, 8), ..committed(1, "a", "b") };
    let (id, progress) = (record.operation.id.clone(), Progress::resume(record.operation.clone()));
    let control = engine.controls.of(&id);
    let mut course = Course::resume(engine.clone(), books.clone(), Arc::new(progress), control, record);
    memory.fail(|call| (call.primitive == Primitive::SyncDir).then_some(Fault::Broken));
    assert_eq!(course.drive(Event::Begin).await, Reached::Ended(Outcome::RolledBack));
    assert!(books.journal.load(&id).await.unwrap().is_some(), "it was refused, and it is there");
    engine.pause(Duration::from_secs(10)).await;
    memory.calm();
    engine.tasks.close();
    engine.tasks.wait().await;
    let (_, found) =
        Books::open(&(Arc::new(memory.restart(Loss::Nothing)) as Arc<dyn Disk>), folder).await.unwrap();
    assert!(found.records.is_empty(), "nobody began anything else, and it is gone");
}
