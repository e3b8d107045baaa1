use super::*;
use disk::{Fault, MemDisk, Primitive};
use domain::{OperationState, Settled, Timestamp};
use futures::FutureExt;
use serde_json::json;

const DIR: &str = "/var/agm";

fn id(number: usize) -> OperationId {
    format!("{number:026}").parse().unwrap()
}

fn operation(number: usize) -> Operation {
    serde_json::from_value(json!({
        "id": id(number), "kind": "set_model", "state": "committed", "actor": "admin", "via": "rest",
        "targets": ["worker:alice"], "steps": [], "startedAt": "2026-01-15T10:30:00Z",
    }))
    .unwrap()
}

fn link(object: &str, before: &str, after: &str) -> Link {
    Link { object: object.into(), before: before.into(), after: after.into(), foreign: None, body: None }
}

fn disk() -> MemDisk {
    let disk = MemDisk::new();
    disk.put(&Path::new(DIR).join("seal.key"), b"").unwrap();
    disk
}

fn file() -> PathBuf {
    Path::new(DIR).join(AUDIT_FILE)
}

async fn open(disk: &MemDisk) -> Audit {
    Audit::open(Arc::new(disk.clone()), Path::new(DIR)).await.unwrap()
}

/// A trail of four operations on one route, which somebody else changed once.
async fn trail() -> MemDisk {
    let disk = disk();
    let audit = open(&disk).await;
    for (number, before, after) in [(1, "", "a"), (2, "a", "b"), (3, "x", "c"), (4, "c", "")] {
        audit.append(Stage::Ended, &operation(number), vec![link("route:r", before, after)]).await.unwrap();
    }
    disk
}

fn lines(disk: &MemDisk) -> Vec<String> {
    String::from_utf8(disk.get(&file()).unwrap()).unwrap().split_inclusive('\n').map(str::to_owned).collect()
}

fn broken_at(text: &str) -> Vec<usize> {
    verify(text.as_bytes()).breaks.into_iter().map(|at| at.line).collect()
}

#[tokio::test]
async fn a_trail_holds_and_says_where_somebody_else_was() {
    let disk = trail().await.crash();
    let text = disk.get(&file()).unwrap();
    let verified = verify(&text);
    let operations = verified.operations.clone();
    assert!(!operations.is_empty());
    let wanted = Verified { entries: 4, objects: 1, links: 4, foreign: 1, breaks: Vec::new(), operations };
    assert_eq!(verified, wanted);
    assert!(lines(&disk)[2].contains(r#""foreign":"b""#), "it was left as b");
    assert_eq!(disk.metadata(&file()).unwrap().attributes.mode, 0o600);
    assert_eq!(verify(b""), Verified::default());
}

#[tokio::test]
async fn a_trail_that_somebody_worked_on_is_seen() {
    let whole = lines(&trail().await);
    let text = |order: &[usize]| order.iter().map(|at| whole[*at].as_str()).collect::<String>();
    assert!(broken_at(&text(&[0, 1, 2, 3])).is_empty());
    assert_eq!(broken_at(&text(&[1, 2, 3])), [1], "the first is gone");
    assert_eq!(broken_at(&text(&[0, 2, 3]))[0], 2, "one is gone");
    assert_eq!(broken_at(&text(&[0, 2, 1, 3]))[0], 2, "two changed places");
    assert_eq!(broken_at(&text(&[0, 1, 1, 2, 3]))[0], 3, "one came twice");
    for line in 0..whole.len() {
        let edited = whole[line].replace("admin", "nobody");
        let text = text(&[0, 1, 2, 3]).replacen(&whole[line], &edited, 1);
        assert_eq!(broken_at(&text), [line + 1]);
        // Who also makes the hash anew breaks the chain at the next line.
        let body = edited.rsplit_once(",\"hash\"").unwrap().0.to_owned() + "}";
        let forged = edited.replace(
            line::split(edited.trim_end().as_bytes()).unwrap().hash,
            &blake3::hash(body.as_bytes()).to_hex(),
        );
        let text = text.replacen(&edited, &forged, 1);
        let wanted: Vec<_> = (line + 2..=whole.len()).take(1).collect();
        assert_eq!(broken_at(&text), wanted);
    }
    for (at, bit) in (0..whole[1].len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut bytes = text(&[0, 1, 2, 3]).into_bytes();
        bytes[whole[0].len() + at] ^= 1 << bit;
        assert!(!verify(&bytes).breaks.is_empty(), "byte {at}, bit {bit}");
    }
    for end in 1..whole[3].len() {
        let text = text(&[0, 1, 2]) + &whole[3][..end];
        assert_eq!(broken_at(&text), [4], "cut at {end}");
    }
}

#[tokio::test]
async fn an_object_that_is_not_what_was_left_is_seen() {
    let disk = trail().await;
    // Made anew with right hashes, but the note of the foreign change is missing or says something else.
    for foreign in [None, Some("y".to_owned())] {
        let (mut text, mut prev) = (String::new(), String::new());
        for (index, whole) in lines(&disk).iter().enumerate() {
            let chained = line::split(whole.trim_end().as_bytes()).unwrap().chained().unwrap();
            let links: Vec<_> = chained
                .links
                .into_iter()
                .map(|link| Link { foreign: if index == 2 { foreign.clone() } else { None }, ..link })
                .collect();
            let operation = operation(index + 1);
            let entry = Entry {
                seq: chained.seq,
                prev: &prev,
                stage: chained.stage,
                operation: &operation,
                links: &links,
            };
            let (line, hash) = line::write(&entry).unwrap();
            text += &(line + "\n");
            prev = hash;
        }
        let breaks = verify(text.as_bytes()).breaks;
        let seen: Vec<_> = breaks.iter().map(|at| (at.line, at.object.as_deref())).collect();
        assert_eq!(seen, [(3, Some("route:r"))]);
    }
}

#[tokio::test]
async fn each_stage_is_written_once_and_the_last_one_is_told() {
    let disk = disk();
    let mut settled = operation(1);
    let at = Timestamp::from_rfc3339("2026-01-15T10:32:00Z".into());
    settled.settled = Some(Settled { at, evidence: "3 looks".into() });
    for _ in 0..2 {
        let audit = open(&disk).await;
        for _ in 0..2 {
            audit.append(Stage::Ended, &operation(1), Vec::new()).await.unwrap();
            audit.append(Stage::Settled, &settled, Vec::new()).await.unwrap();
        }
        assert!(audit.has(&id(1), Stage::Ended) && audit.has(&id(1), Stage::Settled));
        assert!(!audit.has(&id(2), Stage::Ended));
        assert_eq!(audit.find(&id(1)).await.unwrap().unwrap(), settled);
        assert_eq!(audit.newest(9).len(), 1);
    }
    assert_eq!(lines(&disk).len(), 2);
    assert!(verify(&disk.get(&file()).unwrap()).breaks.is_empty());
}

#[tokio::test]
async fn a_torn_last_line_is_cut_off_and_written_again() {
    let whole = lines(&trail().await);
    for end in [1, whole[3].len() / 2, whole[3].len() - 1] {
        let disk = disk();
        let torn = whole[..3].concat() + &whole[3][..end];
        disk.put(&file(), torn.as_bytes()).unwrap();
        let audit = open(&disk).await;
        assert_eq!(lines(&disk), &whole[..3]);
        audit.append(Stage::Ended, &operation(4), vec![link("route:r", "c", "")]).await.unwrap();
        assert_eq!(lines(&disk), whole);
    }
}

#[tokio::test]
async fn whatever_fails_or_crashes_the_next_try_leaves_a_whole_trail() {
    for fault in Fault::ERRORS.into_iter().chain([Fault::CrashBefore, Fault::CrashAfter]) {
        for nth in 1..=4 {
            let mut disk = trail().await;
            let audit = open(&disk).await;
            disk.fail_nth(nth, fault);
            let again = || vec![link("route:r", "", "d")];
            audit.append(Stage::Ended, &operation(5), again()).await.unwrap_err();
            let audit = if disk.halted() {
                disk = disk.crash();
                disk.calm();
                open(&disk).await
            } else {
                audit
            };
            audit.append(Stage::Ended, &operation(5), again()).await.unwrap();
            let disk = disk.crash();
            let verified = verify(&disk.get(&file()).unwrap());
            assert_eq!((verified.entries, verified.breaks), (5, Vec::new()), "{fault:?} at {nth}");
        }
    }
}

/// On a real disk the write goes on when nobody waits for it any more.
#[tokio::test]
async fn a_write_that_was_given_up_does_not_mix_with_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::open(Arc::new(disk::RealDisk), folder.path()).await.unwrap();
    for number in 1..20 {
        let given_up = operation(2 * number);
        assert!(audit.append(Stage::Ended, &given_up, Vec::new()).now_or_never().is_none());
        audit.append(Stage::Ended, &operation(2 * number + 1), Vec::new()).await.unwrap();
        assert!(audit.has(&given_up.id, Stage::Ended));
    }
    let text = std::fs::read(folder.path().join(AUDIT_FILE)).unwrap();
    assert_eq!((verify(&text).entries, verify(&text).breaks), (38, Vec::new()));
}

#[tokio::test]
async fn the_first_line_outlasts_a_power_cut() {
    let disk = disk();
    open(&disk).await.append(Stage::Ended, &operation(1), Vec::new()).await.unwrap();
    assert_eq!(lines(&disk.crash()).len(), 1);
}

#[tokio::test]
async fn damaged_lines_do_not_hide_the_others() {
    let disk = trail().await;
    let mut damaged = lines(&disk);
    damaged[1] = "no line at all\n".into();
    disk.put(&file(), damaged.concat().as_bytes()).unwrap();
    let audit = open(&disk).await;
    assert_eq!(audit.newest(9).len(), 3);
    assert!(audit.find(&id(2)).await.unwrap().is_none());
    audit.append(Stage::Ended, &operation(5), vec![link("route:r", "", "d")]).await.unwrap();
    assert_eq!(broken_at(&lines(&disk).concat()), [2]);
}

#[tokio::test]
async fn old_operations_are_found_on_disk() {
    let disk = disk();
    let audit = open(&disk).await;
    for number in 1..=KEPT + 20 {
        audit.append(Stage::Ended, &operation(number), Vec::new()).await.unwrap();
    }
    for audit in [audit, open(&disk).await] {
        assert_eq!(audit.newest(usize::MAX).len(), KEPT);
        assert_eq!(
            audit.newest(2).iter().map(|o| o.id.clone()).collect::<Vec<_>>(),
            [id(KEPT + 20), id(KEPT + 19)]
        );
        let old = audit.find(&id(1)).await.unwrap().unwrap();
        assert_eq!((&old.id, old.state), (&id(1), OperationState::Committed));
        assert!(audit.find(&id(9_999)).await.unwrap().is_none());
    }
    disk.fail(|call| (call.primitive == Primitive::Read).then_some(Fault::Broken));
    let unread = Audit::open(Arc::new(disk.clone()), Path::new(DIR)).await;
    assert!(unread.is_err(), "a trail that cannot be read now is not begun anew");
}
