use super::*;
use crate::{edits::Edit, registration::Registration, restarting::Restarting};
use disk::{Fault, Loss, MemDisk, Primitive};
use domain::{
    Code, Failure, Mutation, Operation, OperationState, Step, StepName, StepState,
    rules::{Outcome, Phase, Saga},
};
use hiclaw::{Held, Image, Part, Version};
use higress::{PlainDoc, PlainName, ProviderDoc, RouteDoc};
use serde_json::json;

const DIR: &str = "/var/agm";

fn id(last: char) -> OperationId {
    format!("0000000000000000000000000{last}").parse().unwrap()
}

fn operation(id: OperationId) -> Operation {
    serde_json::from_value(json!({
        "id": id, "kind": "set_model", "state": "applying", "actor": "admin", "via": "rest",
        "targets": ["worker:alice"], "steps": [{ "name": "plan", "state": "done", "ms": 3 }],
        "startedAt": "2026-01-15T10:30:00Z",
    }))
    .unwrap()
}

fn held(text: &str, version: Version) -> Held {
    Held { image: Image::new(text.to_owned()), version }
}

fn hash_of(text: &str) -> Version {
    Version::file(blake3::hash(text.as_bytes()).to_hex().as_str()).unwrap()
}

fn provider(tokens: &[&str]) -> ProviderDoc {
    ProviderDoc::parse(
        json!({ "name": "deepseek", "type": "deepseek", "tokens": tokens, "rawConfigs": { "x": 0.1 } }),
    )
    .unwrap()
}

fn route(version: &str) -> RouteDoc {
    RouteDoc::parse(json!({ "name": "deepseek-ai-route", "version": version, "z": 1, "a": [null, "é\u{1}"] }))
        .unwrap()
}

fn agent(part: Part, before: Held, lasts: Option<&'static str>) -> Edit {
    let edit = hiclaw::Edit {
        part,
        object: "s3:agents/alice/openclaw.json".into(),
        before,
        after: Image::new("{\"key\":\"sk-canary-after\"}\n \t".into()),
        owner: "manager".into(),
        lasts: lasts.map(Into::into),
        sure_after: std::time::Duration::from_secs(300),
    };
    Edit::Agent { target: "worker:alice".parse().unwrap(), edit }
}

fn plugin() -> PlainName {
    PlainName::Plugin { route: "r".into(), plugin: "key-auth".into() }
}

fn registration() -> Registration {
    let sealed = json!({"domain": "a.example.com", "reach": "10.0.0.1:80",
        "objects": [{"name": plugin(), "before": {"configurations": "canary-6"}}, {"name": {"source": "agm"}, "before": null}]});
    serde_json::from_value(sealed).unwrap()
}

/// Every kind of edit, with and without each of its images.
fn edits() -> Vec<Edit> {
    let name = || "deepseek".parse().unwrap();
    let route_name = || "deepseek-ai-route".parse().unwrap();
    let target = || "worker:alice".parse().unwrap();
    let etag = || Version::object("\"etag\"".into());
    vec![
        Edit::Provider { name: name(), before: None, after: Some(provider(&["sk-canary-1"])) },
        Edit::Provider { name: name(), before: Some(provider(&["sk-canary-2"])), after: Some(provider(&[])) },
        Edit::Provider { name: name(), before: Some(provider(&["sk-canary-3"])), after: None },
        Edit::Route { name: route_name(), before: None, after: Some(route("")) },
        Edit::Route { name: route_name(), before: Some(route("1")), after: None },
        Edit::Record { target: target(), before: None, after: Some(Image::new("{}".into())) },
        Edit::Record { target: "manager".parse().unwrap(), before: Some(held("old", etag())), after: None },
        agent(Part::Config, held("{\"key\":\"sk-canary-4\"}", hash_of("x")), Some("until it restarts")),
        agent(Part::Registry, held("{}", Version::Note("{}".into())), None),
        Edit::Plain {
            name: plugin(),
            before: Some(PlainDoc::new(plugin(), json!({"configurations": "canary-5"}))),
            after: None,
        },
        Edit::Plain {
            name: PlainName::Source("agm".into()),
            before: None,
            after: Some(PlainDoc::new(PlainName::Source("agm".into()), json!({"name": "agm"}))),
        },
        Edit::Registration { before: None, after: Some(registration()) },
        Edit::Registration { before: Some(registration()), after: None },
    ]
}

fn record(id: OperationId) -> Record {
    let work: Vec<_> = edits().into_iter().map(Kept::Write).chain([Kept::Other]).collect();
    Record {
        operation: operation(id),
        saga: Saga::new(work.len(), Some(3), 8),
        held: vec!["provider:deepseek".into(), "worker:alice".into()],
        work,
        ghosts: vec![agent(Part::Config, held("ghost", Version::object("\"g\"".into())), None)],
        restarts: vec![Restarting::new("worker:alice".parse().unwrap(), true)],
        request: Some(RequestMark { actor: "admin".into(), key: "k".into(), hash: "h".into() }),
    }
}

fn small(id: OperationId) -> Record {
    let edit = Edit::Record {
        target: "manager".parse().unwrap(),
        before: None,
        after: Some(Image::new("{}".into())),
    };
    Record { work: vec![Kept::Write(edit)], ghosts: Vec::new(), restarts: Vec::new(), ..record(id) }
}

fn done(id: OperationId) -> Record {
    let mut record = small(id);
    record.saga.phase = Phase::Done(Outcome::Committed);
    record
}

/// All that a record holds, as one value.
fn told(record: &Record) -> (serde_json::Value, Vec<u8>, String) {
    let images = images::to_json(&record.work, &record.ghosts).unwrap().to_vec();
    let rest = json!([record.operation, record.saga, record.request]);
    (rest, images, record.held.join(","))
}

async fn open(disk: &MemDisk) -> Result<(Journal, Found), JournalError> {
    Journal::open(Arc::new(disk.clone()), Path::new(DIR)).await
}

fn file(name: &str) -> PathBuf {
    Path::new(DIR).join("journal").join(name)
}

fn file_of(id: &OperationId) -> PathBuf {
    file(&format!("{id}.json"))
}

#[tokio::test]
async fn a_record_comes_back_whole_after_a_power_cut_and_shows_no_secret() {
    let disk = MemDisk::new();
    let (journal, found) = open(&disk).await.unwrap();
    assert!(found.records.is_empty() && found.quarantined.is_empty());
    let record = record(id('1'));
    journal.save(&record).await.unwrap();
    let loaded = journal.load(&id('1')).await.unwrap().unwrap();
    assert_eq!(told(&loaded), told(&record));
    for (kept, edit) in loaded.work.iter().zip(edits()) {
        assert!(matches!(kept, Kept::Write(kept) if kept.object() == edit.object()));
    }
    assert!(matches!(loaded.work.last(), Some(Kept::Other)));
    let lying = disk.get(&file_of(&id('1'))).unwrap();
    assert!(!String::from_utf8(lying).unwrap().contains("canary"), "images are sealed");
    assert_eq!(disk.metadata(&file_of(&id('1'))).unwrap().attributes.mode, 0o600);
    assert_eq!(disk.metadata(&file("quarantine")).unwrap().attributes.mode, 0o700);

    let (_, found) = open(&disk.crash()).await.unwrap();
    assert_eq!(found.records.iter().map(told).collect::<Vec<_>>(), [told(&record)]);
    assert!(found.quarantined.is_empty());
}

#[tokio::test]
async fn changed_edits_are_written_too() {
    let disk = MemDisk::new();
    let (journal, _) = open(&disk).await.unwrap();
    let mut record = small(id('1'));
    for ghosts in 0..3 {
        record.ghosts = edits().into_iter().take(ghosts).collect();
        for retries in 0..2 {
            record.saga.retries = retries;
            journal.save(&record).await.unwrap();
            assert_eq!(told(&journal.load(&id('1')).await.unwrap().unwrap()), told(&record));
        }
    }
}

/// An intent that could not be written for sure must not be taken up later, when others have written since.
#[tokio::test]
async fn nothing_begins_until_a_doubtful_intent_is_gone() {
    let disk = MemDisk::new();
    let (journal, _) = open(&disk).await.unwrap();
    disk.fail(|call| (call.primitive == Primitive::SyncDir).then_some(Fault::Broken));
    journal.begin(&small(id('1'))).await.unwrap_err();
    assert!(disk.get(&file_of(&id('1'))).is_some(), "it is there, though nobody knows whether it stays");
    journal.begin(&small(id('2'))).await.unwrap_err();
    assert!(disk.get(&file_of(&id('2'))).is_none());
    disk.calm();
    journal.begin(&small(id('2'))).await.unwrap();
    let (_, found) = open(&disk.crash()).await.unwrap();
    let ids: Vec<_> = found.records.iter().map(|record| record.operation.id.clone()).collect();
    assert_eq!(ids, [id('2')]);
}

#[tokio::test]
async fn two_processes_do_not_share_a_data_directory() {
    let disk = MemDisk::new();
    let (journal, _) = open(&disk).await.unwrap();
    assert!(matches!(open(&disk).await, Err(JournalError::InUse(_))));
    drop(journal);
    assert!(open(&disk).await.is_ok());
}

#[tokio::test]
async fn every_torn_or_changed_record_is_seen() {
    let disk = MemDisk::new();
    let (journal, _) = open(&disk).await.unwrap();
    let record = small(id('1'));
    let whole = record.to_bytes(&record.sealed(journal.seal(), None).unwrap()).unwrap();
    assert!(Record::parse(&whole, journal.seal()).is_ok());
    for end in 0..whole.len() {
        assert!(Record::parse(&whole[..end], journal.seal()).is_err(), "cut at {end}");
    }
    for (at, bit) in (0..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << bit;
        assert!(Record::parse(&bytes, journal.seal()).is_err(), "byte {at}, bit {bit}");
    }
    let longer = [&whole[..], b"\n"].concat();
    assert!(Record::parse(&longer, journal.seal()).is_err());
}

#[tokio::test]
async fn what_cannot_be_read_is_set_aside_and_blocks_its_own_only() {
    let disk = MemDisk::new();
    let (journal, _) = open(&disk).await.unwrap();
    for last in ['1', '2', '3', '4'] {
        journal.save(&small(id(last))).await.unwrap();
    }
    let mut torn_body = disk.get(&file_of(&id('1'))).unwrap();
    torn_body.pop();
    disk.put(&file_of(&id('1')), &torn_body).unwrap();
    disk.put(&file_of(&id('2')), b"agm-journal 1 torn").unwrap();
    let newer =
        String::from_utf8(disk.get(&file_of(&id('3'))).unwrap()).unwrap().replacen("al 1 ", "al 2 ", 1);
    disk.put(&file_of(&id('3')), newer.as_bytes()).unwrap();
    disk.put(&file(".journal-0123456789abcdef.tmp"), b"agm-journal 1 half").unwrap();
    disk.put(&file("notes.txt"), b"a person's").unwrap();

    let disk = disk.crash();
    let (journal, found) = open(&disk).await.unwrap();
    assert_eq!(found.records.iter().map(|record| record.operation.id.clone()).collect::<Vec<_>>(), [id('4')]);
    let seen: Vec<_> =
        found.quarantined.iter().map(|q| (q.id.clone().unwrap(), q.held.len(), q.objects.len())).collect();
    assert_eq!(seen, [(id('1'), 2, 1), (id('2'), 0, 0), (id('3'), 0, 0)]);
    assert!(found.quarantined[2].why.contains("\"2\""), "{}", found.quarantined[2].why);
    assert_eq!(disk.get(&found.quarantined[2].file).unwrap(), newer.as_bytes(), "nothing is destroyed");
    assert_eq!(disk.names(Path::new(&file(""))).len(), 3, "the good one, the person's and the quarantine");
    assert!(journal.load(&id('1')).await.unwrap().is_none());

    // The same id again, so that two of one name are set aside; all of them count at every start.
    disk.put(&file_of(&id('2')), b"torn again").unwrap();
    drop(journal);
    for _ in 0..2 {
        let (_, found) = open(&disk).await.unwrap();
        let mut ids: Vec<_> = found.quarantined.iter().map(|q| q.id.clone().unwrap()).collect();
        ids.sort();
        assert_eq!(ids, [id('1'), id('2'), id('2'), id('3')]);
        assert_eq!(found.quarantined.iter().filter(|q| q.held.len() == 2).count(), 1);
    }
}

#[tokio::test]
async fn images_of_another_operation_or_another_key_are_not_taken() {
    let disk = MemDisk::new();
    let (journal, _) = open(&disk).await.unwrap();
    journal.save(&small(id('1'))).await.unwrap();
    let moved = disk.get(&file_of(&id('1'))).unwrap();
    disk.put(&file_of(&id('2')), &moved).unwrap();
    assert!(matches!(journal.load(&id('2')).await, Err(JournalError::Unreadable { .. })));
    drop(journal);
    let other = MemDisk::new();
    other.put(&file_of(&id('1')), &moved).unwrap();
    let (_, found) = open(&other).await.unwrap();
    assert!(found.records.is_empty());
    let Quarantined { why, held, .. } = &found.quarantined[0];
    assert!(why.contains("sealed with the key") && held.len() == 2, "{why}");
}

/// Saves over a record while the nth call fails, ends the process, and starts again.
async fn save_and_restart(nth: u64, fault: Fault, power_cut: bool) {
    let cell = format!("{fault:?} at {nth}, power cut: {power_cut}");
    let (old, new) = (small(id('1')), done(id('1')));
    let disk = MemDisk::new();
    let (journal, _) = open(&disk).await.unwrap();
    journal.save(&old).await.unwrap();
    disk.fail_nth(nth, fault);
    let failure = Failure::from(journal.save(&new).await.expect_err(&cell));
    assert_eq!((failure.code, failure.hint.is_some()), (Code::StorageUnavailable, true), "{cell}");
    let after = disk.restart(if power_cut { Loss::Everything } else { Loss::Nothing });
    let (_, found) = open(&after).await.unwrap();
    assert!(found.quarantined.is_empty(), "{cell}");
    let seen = told(&found.records[0]);
    let replaced = seen == told(&new);
    assert!(replaced || seen == told(&old), "{cell}");
    assert!(nth >= 4 || !replaced, "{cell}: nothing was renamed yet");
    let left = after.names(&file(""));
    assert_eq!(left.len(), 2, "{cell}: what is half-written is swept: {left:?}");
}

#[tokio::test]
async fn whatever_fails_or_crashes_a_record_is_old_or_new() {
    for fault in Fault::ERRORS.into_iter().chain([Fault::CrashBefore, Fault::CrashAfter]) {
        for nth in 1..=5 {
            save_and_restart(nth, fault, false).await;
            save_and_restart(nth, fault, true).await;
        }
    }
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_is_told_before_and_read_from_all_the_same() {
    let disk = MemDisk::new();
    let (journal, _) = open(&disk).await.unwrap();
    journal.save(&small(id('1'))).await.unwrap();
    journal.probe().await.unwrap();
    assert_eq!(disk.names(&file("")).len(), 2, "a probe leaves nothing behind");
    for (fault, says) in [(Fault::NoSpace, "Free some space"), (Fault::ReadOnly, "must be writable")] {
        disk.fail(move |call| call.primitive.writes().then_some(fault));
        let failure = Failure::from(journal.probe().await.unwrap_err());
        assert_eq!(failure.code, Code::StorageUnavailable);
        assert!(failure.hint.unwrap().contains(says));
        assert!(journal.load(&id('1')).await.unwrap().is_some());
    }
    drop(journal);
    let (journal, found) = open(&disk).await.unwrap();
    assert_eq!(found.records.len(), 1, "a start on a read-only disk knows what is under way");
    drop(journal);
    let empty = MemDisk::new();
    empty.fail(|call| call.primitive.writes().then_some(Fault::ReadOnly));
    let failure = Failure::from(open(&empty).await.err().unwrap());
    assert_eq!(failure.code, Code::StorageUnavailable);
}

#[tokio::test]
async fn only_the_oldest_that_have_ended_go() {
    let disk = MemDisk::new();
    let (journal, _) = open(&disk).await.unwrap();
    journal.save(&small(id('1'))).await.unwrap();
    for last in ['2', '3', '4'] {
        journal.save(&small(id(last))).await.unwrap();
        journal.save(&done(id(last))).await.unwrap();
    }
    drop(journal);
    let (journal, _) = open(&disk).await.unwrap();
    journal.save(&done(id('5'))).await.unwrap();
    journal.prune(2).await;
    for (last, there) in [('1', true), ('2', false), ('3', false), ('4', true), ('5', true)] {
        assert_eq!(journal.load(&id(last)).await.unwrap().is_some(), there, "{last}");
    }
}

#[tokio::test]
async fn the_mark_of_a_request_tells_mutations_apart() {
    let (journal, _) = open(&MemDisk::new()).await.unwrap();
    let mark = |name: &str| {
        let mutation = Mutation::RemoveProvider { name: name.parse().unwrap() };
        RequestMark::of(journal.seal(), "admin", "key", &mutation).unwrap()
    };
    assert_eq!(mark("deepseek"), mark("deepseek"));
    assert_ne!(mark("deepseek").hash, mark("moonshot").hash);
}

#[test]
fn a_failure_and_its_steps_come_back() {
    let mut operation = operation(id('1'));
    operation.state = OperationState::RolledBack;
    let mut failure = Failure::new(Code::RolledBack, "no");
    failure.steps =
        vec![Step { name: StepName::Test, object: None, state: StepState::Failed, ms: None, evidence: None }];
    operation.failure = Some(Box::new(failure));
    let back: Operation = serde_json::from_str(&serde_json::to_string(&operation).unwrap()).unwrap();
    assert_eq!(back, operation);
}
