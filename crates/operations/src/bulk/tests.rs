use super::*;
use domain::{Door, StepName};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// Begins operations that end when the test lets them, well or not as their names say.
#[derive(Clone)]
struct Fake(Arc<Inner>);

struct Inner {
    gate: Semaphore,
    begun: Mutex<Vec<(String, Context)>>,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl Fake {
    /// As many as `open` end without being let.
    fn new(open: usize) -> Self {
        let (begun, running, most) = (Mutex::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        Self(Arc::new(Inner { gate: Semaphore::new(open), begun, running, most }))
    }

    fn begun(&self) -> Vec<String> {
        self.0.begun.lock().unwrap().iter().map(|(target, _)| target.clone()).collect()
    }
}

impl Begin for Fake {
    async fn begin(&self, mutation: Mutation, context: Context) -> Result<Running, Failure> {
        let Mutation::SetModel { target, .. } = mutation else { panic!("another mutation") };
        let name = target.agent().to_owned();
        if name.starts_with("busy") {
            return Err(Failure::new(Code::Busy, "another operation works on it"));
        }
        let inner = self.0.clone();
        let number = {
            let mut begun = inner.begun.lock().unwrap();
            begun.push((name.clone(), context));
            begun.len()
        };
        inner.most.fetch_max(inner.running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let id: OperationId = format!("{number:026}").parse().unwrap();
        let operation = json!({"id": id, "kind": "set_model", "state": "planned", "actor": "a", "via": "rest",
            "targets": [target.to_string()], "steps": [], "startedAt": "2026-01-01T00:00:00Z"});
        let mut operation: Operation = serde_json::from_value(operation).unwrap();
        let (tell, watch) = watch::channel(Arc::new(operation.clone()));
        tokio::spawn(async move {
            inner.gate.acquire().await.unwrap().forget();
            inner.running.fetch_sub(1, Ordering::SeqCst);
            operation.state =
                if name.starts_with("bad") { OperationState::RolledBack } else { OperationState::Committed };
            tell.send_replace(Arc::new(operation));
        });
        Ok(Running::follow((id, watch)))
    }
}

fn wish(targets: &[&str], more: serde_json::Value) -> SetModels {
    let mut wish = json!({"targets": targets, "provider": "deepseek", "model": "deepseek-chat"});
    for (key, value) in more.as_object().unwrap() {
        wish[key] = value.clone();
    }
    serde_json::from_value(wish).unwrap()
}

fn context() -> Context {
    Context { actor: "admin".into(), door: Door::Rest, idempotency_key: Some("k".into()), bulk: None }
}

fn bulk_id() -> OperationId {
    "01JD0000000000000000000000".parse().unwrap()
}

async fn run(fake: &Fake, wish: SetModels) -> Arc<Bulk> {
    start(fake.clone(), wish, context(), bulk_id()).unwrap().finished().await.unwrap()
}

fn targets(bulk: &Bulk) -> Vec<&str> {
    bulk.results.iter().flat_map(|operation| &operation.targets).map(String::as_str).collect()
}

#[tokio::test]
async fn all_are_switched_each_with_a_key_of_its_own() {
    let fake = Fake::new(9);
    let bulk = run(&fake, wish(&["a", "manager", "b"], json!({}))).await;
    assert!(bulk.success && bulk.finished && bulk.not_begun.is_empty());
    assert_eq!(targets(&bulk), ["worker:a", "manager", "worker:b"]);
    let begun = fake.0.begun.lock().unwrap();
    let keys: BTreeSet<_> =
        begun.iter().map(|(_, context)| context.idempotency_key.as_deref().unwrap()).collect();
    assert_eq!(keys, BTreeSet::from(["k/manager", "k/worker:a", "k/worker:b"]));
    assert!(begun.iter().all(|(_, context)| context.bulk == Some(bulk_id())));
}

#[tokio::test]
async fn a_canary_that_fails_is_the_only_one() {
    let fake = Fake::new(9);
    let bulk = run(&fake, wish(&["bad", "b", "c"], json!({"canary": true}))).await;
    assert!(!bulk.success);
    assert_eq!(
        (fake.begun(), &bulk.not_begun),
        (vec!["bad".to_owned()], &vec!["worker:b".into(), "worker:c".into()])
    );
    let bulk = run(&fake, wish(&["busy", "b"], json!({"canary": true}))).await;
    assert_eq!((bulk.refused[0].failure.code, &bulk.not_begun), (Code::Busy, &vec!["worker:b".to_owned()]));
}

#[tokio::test]
async fn a_canary_runs_alone_and_then_the_others_together() {
    let fake = Fake::new(0);
    let running =
        start(fake.clone(), wish(&["a", "b", "c"], json!({"canary": true})), context(), bulk_id()).unwrap();
    let mut watch = running.watch();
    watch.wait_for(|bulk| bulk.results.len() == 1).await.unwrap();
    assert_eq!(fake.begun(), ["a"]);
    fake.0.gate.add_permits(1);
    watch.wait_for(|bulk| bulk.results.len() == 3).await.unwrap();
    fake.0.gate.add_permits(2);
    assert!(running.finished().await.unwrap().success);
    assert_eq!(fake.0.most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn no_more_are_begun_after_so_many_failures_and_those_that_run_end() {
    let fake = Fake::new(9);
    let all = ["a", "bad-1", "bad-2", "c", "d"];
    let bulk = run(&fake, wish(&all, json!({"stopAfterFailures": 2, "concurrency": 1}))).await;
    assert_eq!(
        (fake.begun(), &bulk.not_begun),
        (all[..3].iter().map(|s| (*s).to_owned()).collect(), &vec!["worker:c".into(), "worker:d".into()])
    );
    assert!(bulk.results.iter().all(|operation| operation.state.is_final()));
    // A canary that is well does not make the others canaries.
    let fake = Fake::new(9);
    let bulk = run(&fake, wish(&["a", "bad", "c"], json!({"canary": true, "concurrency": 1}))).await;
    assert_eq!((bulk.results.len(), bulk.success), (3, false));
    // A refusal is a failure too; without a limit all are tried.
    let fake = Fake::new(9);
    let bulk = run(&fake, wish(&["busy", "bad", "c"], json!({"concurrency": 1}))).await;
    assert_eq!((bulk.results.len(), bulk.refused.len(), bulk.not_begun.len()), (2, 1, 0));
    assert!(!bulk.success);
}

#[tokio::test]
async fn never_more_than_asked_for_run_at_once() {
    let names: Vec<String> = (0..20).map(|n| format!("w{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (more, most) in [(json!({}), 4), (json!({"concurrency": 8}), 8), (json!({"concurrency": 1}), 1)] {
        let fake = Fake::new(0);
        let running = start(fake.clone(), wish(&names, more), context(), bulk_id()).unwrap();
        let mut watch = running.watch();
        watch.wait_for(|bulk| bulk.results.len() == most).await.unwrap();
        fake.0.gate.add_permits(20);
        assert!(running.finished().await.unwrap().success);
        assert_eq!(fake.0.most.load(Ordering::SeqCst), most);
    }
}

#[tokio::test]
async fn dropping_the_request_stops_nothing() {
    let fake = Fake::new(0);
    let running =
        start(fake.clone(), wish(&["a", "b"], json!({"concurrency": 1})), context(), bulk_id()).unwrap();
    let mut watch = running.watch();
    drop(running);
    fake.0.gate.add_permits(2);
    assert!(watch.wait_for(|bulk| bulk.finished).await.unwrap().success);
}

#[test]
fn a_bad_request_names_its_field() {
    for (wish, field) in [
        (wish(&["a", "b", "worker:a"], json!({})), "targets[2]"),
        (wish(&[], json!({})), "targets"),
        (wish(&["a"], json!({"concurrency": 9})), "concurrency"),
        (wish(&["a"], json!({"concurrency": 0})), "concurrency"),
    ] {
        assert_eq!(check(&wish).unwrap_err().fields[0].field, field);
    }
    assert_eq!(serde_json::to_value(StepName::Neighbours).unwrap(), "neighbours");
}

#[test]
fn the_id_under_a_key_is_of_the_key_and_of_all_that_was_asked_for() {
    let id = |actor: &str, key: &str, wish: &SetModels| keyed_id(actor, key, wish).unwrap();
    let both = wish(&["a", "b"], json!({}));
    let first = id("admin", "k", &both);
    assert_eq!(first, id("admin", "k", &both));
    for other in [
        wish(&["a"], json!({})),
        wish(&["b", "a"], json!({})),
        wish(&["a", "b"], json!({"model": "deepseek-reasoner"})),
        wish(&["a", "b"], json!({"canary": true})),
        wish(&["a", "b"], json!({"stopAfterFailures": 1})),
    ] {
        let other = id("admin", "k", &other);
        assert!(first != other && has_same_key(&first, &other), "{first} {other}");
    }
    for other in [id("admin", "l", &both), id("eve", "k", &both)] {
        assert!(!has_same_key(&first, &other), "{first} {other}");
    }
}
