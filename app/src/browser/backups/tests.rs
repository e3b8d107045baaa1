use super::*;
use proptest::prelude::*;
use serde_json::json;
use std::cell::Cell;

/// A storage with room for so many bytes of keys and texts.
struct Memory {
    texts: RefCell<BTreeMap<String, String>>,
    room: usize,
    /// What is written under keys with this beginning comes back otherwise.
    forgets: &'static str,
    /// Under these nothing more is written.
    refuses: Vec<String>,
    reads: Cell<usize>,
}

impl Memory {
    fn new(room: usize) -> Store<Self> {
        let texts = RefCell::default();
        Store::of(Self { texts, room, forgets: "-", refuses: Vec::new(), reads: Cell::new(0) })
    }
}

impl Texts for Memory {
    fn keys(&self) -> Result<Vec<String>, Refused> {
        Ok(self.texts.borrow().keys().cloned().collect())
    }

    fn get(&self, key: &str) -> Result<Option<String>, Refused> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.texts.borrow().get(key).cloned())
    }

    fn set(&self, key: &str, text: &str) -> Result<(), Refused> {
        let mut texts = self.texts.borrow_mut();
        let others: usize =
            texts.iter().filter(|(other, _)| *other != key).map(|(k, t)| k.len() + t.len()).sum();
        if others + key.len() + text.len() > self.room || self.refuses.iter().any(|refused| refused == key) {
            return Err(Refused::Full);
        }
        let text = if key.starts_with(self.forgets) { "" } else { text };
        texts.insert(key.to_owned(), text.to_owned());
        Ok(())
    }

    fn remove(&self, key: &str) -> Result<(), Refused> {
        self.texts.borrow_mut().remove(key);
        Ok(())
    }
}

fn id(number: u32) -> BackupId {
    format!("01JD{number:022}").parse().unwrap()
}

fn entry_of(installation: &str, number: u32) -> Entry {
    let visible = json!({"id": id(number), "installation": installation, "takenAt": "2026-01-15T10:30:00Z",
        "actor": "admin", "reason": {"why": "by_hand"}, "hash": "ab", "providers": [], "routes": [], "agents": []});
    serde_json::from_value(json!({"backup": {"agmBackup": 2, "visible": visible, "sealed": "agm1.x.y.z"}}))
        .unwrap()
}

fn entry(number: u32) -> Entry {
    entry_of("here", number)
}

fn numbers(store: &Store<Memory>) -> Vec<u32> {
    let held = store.contents().unwrap().held;
    held.iter().map(|held| held.entry.id().as_str()[4..].parse().unwrap()).collect()
}

const ROOMY: usize = 1 << 20;

#[test]
fn the_newest_are_kept_and_those_that_are_pinned() {
    let store = Memory::new(ROOMY);
    for number in 1..=30 {
        store.keep(&entry(number)).unwrap();
        if number == 3 {
            store.pin(&id(3)).unwrap();
        }
    }
    let expected: Vec<_> = (11..=30).rev().chain([3]).collect();
    assert_eq!(numbers(&store), expected);
    store.unpin(&id(3)).unwrap();
    store.keep(&entry(31)).unwrap();
    assert_eq!(numbers(&store), (12..=31).rev().collect::<Vec<_>>());
}

#[test]
fn one_that_was_just_kept_stays_also_when_it_is_the_oldest() {
    let store = Memory::new(ROOMY);
    for number in 11..=30 {
        store.keep(&entry(number)).unwrap();
    }
    store.keep(&entry(1)).unwrap();
    let held = numbers(&store);
    assert!(held.len() == RING && held.contains(&1) && !held.contains(&11), "{held:?}");
}

#[test]
fn backups_of_an_installation_that_is_gone_make_place_first_whatever_its_clock_said() {
    let store = Memory::new(ROOMY);
    for number in 100..120 {
        store.keep(&entry_of("gone", number)).unwrap();
    }
    for number in 1..=25 {
        store.keep(&entry(number)).unwrap();
    }
    assert_eq!(numbers(&store), (6..=25).rev().collect::<Vec<_>>());
}

#[test]
fn a_full_browser_lets_the_oldest_go_but_never_one_that_is_pinned_or_newer_or_foreign() {
    let size = serde_json::to_string(&entry(1)).unwrap().len() + backup_key(&id(1)).len();
    let store = Memory::new(size * 3 + 290);
    store.texts.set("somebody's", &"x".repeat(100)).unwrap();
    for number in 1..=3 {
        store.keep(&entry(number)).unwrap();
    }
    store.pin(&id(1)).unwrap();
    store.keep(&entry(4)).unwrap();
    assert_eq!(numbers(&store), [4, 3, 1]);
    assert_eq!(store.keep(&entry(2)), Err(NotKept::Outranked), "the others are newer or pinned");
    assert_eq!(numbers(&store), [4, 3, 1]);
    for number in [3, 4] {
        store.pin(&id(number)).unwrap();
    }
    assert_eq!(store.keep(&entry(5)), Err(NotKept::NoRoom));
    assert_eq!(
        (numbers(&store), store.texts.get("somebody's").unwrap().unwrap().len()),
        (vec![4, 3, 1], 100)
    );
}

#[test]
fn a_backup_that_finds_no_room_at_all_costs_no_other_its_place() {
    let store = Memory::new(2_000);
    for number in 1..=3 {
        store.keep(&entry(number)).unwrap();
    }
    let mut large = entry(4);
    large.backup.sealed = "x".repeat(2_000);
    assert_eq!(store.keep(&large), Err(NotKept::NoRoom));
    assert_eq!(numbers(&store), [3, 2, 1]);
}

#[test]
fn one_that_cannot_be_put_back_costs_the_others_nothing_and_is_told() {
    let mut store = Memory::new(2_000);
    for number in 1..=3 {
        store.keep(&entry(number)).unwrap();
    }
    store.texts.refuses.push(backup_key(&id(2)));
    let mut large = entry(4);
    large.backup.sealed = "x".repeat(2_000);
    assert_eq!(store.keep(&large), Err(NotKept::Lost));
    assert_eq!(numbers(&store), [3, 1]);
}

#[test]
fn each_backup_is_read_once_to_decide_which_ones_go() {
    let full = Memory::new(ROOMY);
    for number in 1..=20 {
        full.keep(&entry(number)).unwrap();
    }
    let store = Store::of(full.texts);
    store.texts.reads.set(0);
    for number in 21..=40 {
        store.keep(&entry(number)).unwrap();
    }
    // What lies there, what was written, whether it is pinned, and each of them once.
    assert!(store.texts.reads.get() <= 20 * 3 + 40, "{}", store.texts.reads.get());
    assert_eq!(numbers(&store), (21..=40).rev().collect::<Vec<_>>());
}

#[test]
fn what_is_not_read_back_as_it_was_written_is_not_kept() {
    let mut store = Memory::new(ROOMY);
    store.keep(&entry(1)).unwrap();
    store.texts.forgets = "agm-backup:";
    assert_eq!(store.keep(&entry(2)), Err(NotKept::NotReadBack));
    assert_eq!((numbers(&store), store.contents().unwrap().odd), (vec![1], vec![]));
}

#[test]
fn what_is_no_backup_is_told_and_left_alone_until_a_person_removes_it() {
    let store = Memory::new(ROOMY);
    store.keep(&entry(1)).unwrap();
    let torn = backup_key(&id(2));
    store.texts.set(&torn, "{\"backup\":").unwrap();
    store.texts.set("agm-backup:hello", "somebody's").unwrap();
    store.texts.set("other", "somebody's").unwrap();
    assert_eq!(store.keep(&entry(2)), Err(NotKept::Occupied));
    for number in 3..=40 {
        store.keep(&entry(number)).unwrap();
    }
    let contents = store.contents().unwrap();
    let odd: Vec<_> = contents.odd.iter().map(|odd| odd.key.clone()).collect();
    assert_eq!(odd, [torn.clone(), "agm-backup:hello".to_owned()]);
    store.remove_odd(&torn).unwrap();
    store.remove_odd(&backup_key(&id(40))).unwrap();
    store.remove_odd("other").unwrap();
    assert_eq!((store.contents().unwrap().odd.len(), numbers(&store).len()), (1, RING));
    assert!(store.texts.get("other").unwrap().is_some());
}

#[test]
fn what_a_person_removed_is_known_as_long_as_somebody_has_it() {
    let store = Memory::new(ROOMY);
    for number in 1..=3 {
        store.keep(&entry(number)).unwrap();
        store.pin(&id(number)).unwrap();
    }
    store.remove_for_good(&id(1)).unwrap();
    store.remove_for_good(&id(2)).unwrap();
    assert_eq!((numbers(&store), store.removals().unwrap()), (vec![3], [id(1), id(2)].into()));
    store.forget_removals(&[id(2), id(3)].into()).unwrap();
    assert_eq!(store.removals().unwrap(), [id(2)].into());
    assert!(store.contents().unwrap().odd.is_empty());
}

#[test]
fn a_full_ring_has_no_place_for_what_is_older_than_all_of_it() {
    let store = Memory::new(ROOMY);
    for number in 11..=30 {
        store.keep(&entry(number)).unwrap();
    }
    let has_place = |number: u32, installation: &str| store.has_place_for(&id(number), installation).unwrap();
    assert!(has_place(31, "here") && !has_place(5, "here") && has_place(5, "elsewhere"));
    store.remove(&id(20)).unwrap();
    assert!(has_place(5, "here"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_happens_pins_and_foreign_texts_stay_and_the_ring_holds(
        steps in prop::collection::vec((1..60_u32, 0..5_u8), 1..120),
        room in 2_000..20_000_usize,
    ) {
        let store = Memory::new(room);
        store.texts.set("somebody's", "x").unwrap();
        let mut pinned = BTreeSet::new();
        for (number, what) in steps {
            match what {
                0 if store.get(&id(number)).unwrap().is_some() && store.pin(&id(number)).is_ok() => {
                    pinned.insert(number);
                }
                1 => {
                    store.unpin(&id(number)).unwrap();
                    pinned.remove(&number);
                }
                _ => if store.keep(&entry(number)).is_ok() {
                    prop_assert!(numbers(&store).contains(&number));
                    prop_assert!(numbers(&store).iter().filter(|one| !pinned.contains(one)).count() <= RING);
                },
            }
            prop_assert!(pinned.iter().all(|one| numbers(&store).contains(one)));
        }
        let foreign = store.texts.get("somebody's").unwrap();
        prop_assert_eq!(foreign.as_deref(), Some("x"));
    }
}
