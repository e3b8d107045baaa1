//! What the world remembers of who looked at what, who wrote what, and what was broken.
use crate::locked::locked;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard},
};
use tokio::task::{Id, try_id};

/// Longer than a look and the write after it ever need, in milliseconds. A write that trusts an older look is blind.
const FRESH: u64 = 250;

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub invariant: Invariant,
    pub what: String,
}

/// The promises of a transaction, by their numbers in the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// 1. Everything is as before or as wished, but for what is reported.
    AllOrNothing,
    /// 2. What is reported was read back after the last write.
    ReportedAsObserved,
    /// 3. What another person wrote is not overwritten.
    OthersKept,
    /// 4. The gateway runs what is stored.
    LiveIsStored,
    /// 5. Nothing is written outside before it is written down.
    IntentFirst,
    /// 6. What lies on disk can be read, and no start fails on it.
    StatesParse,
    /// 7. A start that finds nothing to do does nothing.
    RecoveryIdempotent,
    /// 8. One operation at a time changes an agent.
    OneAtATime,
    /// 9. The audit trail is whole.
    ChainHolds,
    /// 10. No token changes that was not to be changed.
    TokensKept,
    /// 11. No secret is told or stored in clear.
    NoSecretLeaves,
    /// 12. Every operation comes to its end in time.
    EndsInTime,
    /// 13. Configs stay valid and keep what is not ours.
    ConfigsKept,
    /// Every write of an object of the store can be told from every other one.
    WritesDiffer,
    /// An agent that was served is not cut off by an undo.
    StaysServed,
}

/// Something that a rival wrote, which must stay.
#[derive(Clone, Debug)]
pub struct Mark {
    pub object: String,
    /// Stands nowhere else.
    pub text: String,
    at: Moment,
    lost: bool,
}

/// A point in the order of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    turn: u64,
    pub millis: u64,
}

/// What we saw of an object, and when the other side said it.
#[derive(Clone, Debug)]
pub struct Look {
    /// When it was so.
    pub served: Moment,
    /// When we knew.
    pub answered: Moment,
    /// None: it was not there.
    pub tree: Option<Value>,
}

/// A write of ours on its way.
#[derive(Clone, Debug)]
pub struct Sent {
    pub object: String,
    pub at: Moment,
    /// What its writer saw last. What another operation was answered meanwhile cannot have kept it from writing.
    pub look: Option<Look>,
    /// What was sent; none: a removal.
    pub body: Option<String>,
}

#[derive(Default)]
struct Pages {
    turn: u64,
    /// By object and by the task that looked: one operation does not know what another one is answered.
    looks: HashMap<(String, Option<Id>), Look>,
    written: BTreeMap<String, Moment>,
    writes: u64,
    /// All that was ever sent to the store.
    bodies: BTreeSet<(String, [u8; 32])>,
    marks: Vec<Mark>,
    submitted: Moment,
    /// Objects that somebody else wrote, or that a request of ours reached twice although it was answered.
    meddled: BTreeSet<String>,
    /// Objects that a request of ours may still reach although it was given up.
    late: BTreeSet<String>,
    /// Objects that somebody asked to be removed.
    unwanted: BTreeSet<String>,
    /// What objects of the console were before our first write; none: they were not there.
    before: BTreeMap<String, Option<Value>>,
    races: u64,
    broken: Vec<Broken>,
}

/// The book of one run.
#[derive(Default)]
pub struct Book(Mutex<Pages>);

impl Book {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        locked(&self.0)
    }

    /// The next moment.
    pub fn moment(&self, millis: u64) -> Moment {
        let mut pages = self.pages();
        pages.turn += 1;
        Moment { turn: pages.turn, millis }
    }

    /// A promise was broken.
    pub fn broken(&self, invariant: Invariant, what: impl Into<String>) {
        let broken = Broken { invariant, what: what.into() };
        let mut pages = self.pages();
        if !pages.broken.contains(&broken) {
            pages.broken.push(broken);
        }
    }

    /// All broken promises so far.
    pub fn all_broken(&self) -> Vec<Broken> {
        self.pages().broken.clone()
    }

    /// Overwrites that nobody could have avoided: the console gives no means to.
    pub fn races(&self) -> u64 {
        self.pages().races
    }

    /// A new process knows nothing of what the last one saw.
    pub fn forget_looks(&self) {
        self.pages().looks.clear();
    }

    /// The task that calls this saw an object.
    pub fn looked(&self, object: String, look: Look) {
        let (mut pages, by) = (self.pages(), (object, try_id()));
        // Of two looks that cross, the one that was answered from the later state counts.
        let is_older = pages.looks.get(&by).is_some_and(|known| known.served > look.served);
        if !is_older {
            pages.looks.insert(by, look);
        }
    }

    /// What we saw last of an object, whoever of us it was.
    pub fn last_look(&self, object: &str) -> Option<Look> {
        let pages = self.pages();
        let all = pages.looks.iter().filter(|((seen, _), _)| seen == object);
        all.map(|(_, look)| look).max_by_key(|look| look.served).cloned()
    }

    /// The task that calls this sends a write.
    pub fn sends(&self, object: &str, at: Moment, body: Option<String>) -> Sent {
        let mut pages = self.pages();
        pages.written.insert(object.to_owned(), at);
        pages.writes += 1;
        let hash = body
            .as_ref()
            .filter(|_| object.starts_with("s3:"))
            .map(|body| *blake3::hash(body.as_bytes()).as_bytes());
        if hash.is_some_and(|hash| !pages.bodies.insert((object.to_owned(), hash))) {
            let what = format!("{object} was sent twice with the same bytes");
            pages.broken.push(Broken { invariant: Invariant::WritesDiffer, what });
        }
        let look = pages.looks.get(&(object.to_owned(), try_id())).cloned();
        Sent { object: object.to_owned(), at, look, body }
    }

    /// When we sent the last write of an object.
    pub fn last_write(&self, object: &str) -> Option<Moment> {
        self.pages().written.get(object).copied()
    }

    /// How often we wrote.
    pub fn writes(&self) -> u64 {
        self.pages().writes
    }

    /// What an object was before our first write. None: there was no such write; within: it was not there.
    pub fn before(&self, object: &str) -> Option<Option<Value>> {
        self.pages().before.get(object).cloned()
    }

    /// We are about to write an object for the first time.
    pub fn was_before(&self, object: &str, tree: Option<Value>) {
        self.pages().before.entry(object.to_owned()).or_insert(tree);
    }

    /// All objects of the console that we wrote.
    pub fn touched(&self) -> Vec<String> {
        self.pages().before.keys().cloned().collect()
    }

    /// When somebody last asked for a change.
    pub fn asked(&self) -> Moment {
        self.pages().submitted
    }

    /// Somebody asked for a change.
    pub fn submitted(&self, at: Moment) {
        self.pages().submitted = at;
    }

    /// Somebody else writes an object, or the network repeats a write of ours that was answered: nobody can tell the two
    /// apart.
    pub fn meddles(&self, object: &str) {
        self.pages().meddled.insert(object.to_owned());
    }

    /// A request is on its way that nobody waits for any more.
    pub fn comes_late(&self, object: &str) {
        self.pages().late.insert(object.to_owned());
    }

    /// Whether nothing but what the process knows of has reached the object.
    pub fn is_undisturbed(&self, object: &str) -> bool {
        !self.is_meddled(object) && !self.pages().late.contains(object)
    }

    /// Whether what stands there may be none of our doing.
    pub fn is_meddled(&self, object: &str) -> bool {
        // Of the registry each worker's note is an object of its own.
        let object = object.split('#').next().unwrap_or(object);
        self.pages().meddled.contains(object)
    }

    /// Somebody asked for an object to be removed.
    pub fn unwanted(&self, object: String) {
        self.pages().unwanted.insert(object);
    }

    /// The rival wrote something and saw it there.
    pub fn marked(&self, object: &str, text: &str, at: Moment) {
        self.meddles(object);
        let mark = Mark { object: object.to_owned(), text: text.to_owned(), at, lost: false };
        self.pages().marks.push(mark);
    }

    /// What the rival wrote and is not known to be lost.
    pub fn marks(&self) -> Vec<Mark> {
        self.pages().marks.iter().filter(|mark| !mark.lost).cloned().collect()
    }

    /// After a write of ours took effect: what the rival wrote and is not there any more was overwritten by it.
    pub fn after_ours(&self, sent: &Sent, still_there: impl Fn(&Mark) -> bool) {
        let mut pages = self.pages();
        let (submitted, mut lost) = (pages.submitted, Vec::new());
        for mark in pages.marks.iter_mut().filter(|mark| !mark.lost && mark.object == sent.object) {
            if !still_there(mark) {
                mark.lost = true;
                lost.push(mark.clone());
            }
        }
        for mark in lost {
            if sent.is_to_blame(&mark, submitted, pages.unwanted.contains(&sent.object)) {
                let what = format!("{} lost {:?} to a write of ours", mark.object, mark.text);
                pages.broken.push(Broken { invariant: Invariant::OthersKept, what });
            } else {
                pages.races += 1;
            }
        }
    }

    /// The rival's work was lost within the console, by no write of the object itself.
    pub fn lost_elsewhere(&self, text: &str) {
        let mut pages = self.pages();
        for mark in pages.marks.iter_mut().filter(|mark| mark.text == text) {
            mark.lost = true;
        }
        pages.races += 1;
    }
}

impl Sent {
    fn is_to_blame(&self, mark: &Mark, submitted: Moment, unwanted: bool) -> bool {
        if self.body.as_ref().is_some_and(|body| body.contains(&mark.text)) {
            return false;
        }
        let seen = self.look.as_ref().is_some_and(|look| mark.at < look.served);
        let looked = self.look.as_ref().map_or(0, |look| look.answered.millis);
        let blind = self.at.millis > looked + FRESH && mark.at.millis + FRESH < self.at.millis;
        // To remove what was there when the removal was asked for, or planned, is no overwriting.
        let asked_for = self.body.is_none() && (mark.at < submitted || unwanted && seen);
        (seen || blind) && !asked_for
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = "provider:moonshot";

    fn look(book: &Book, served: Moment) {
        book.looked(OBJECT.into(), Look { served, answered: book.moment(0), tree: None });
    }

    /// What comes of an overwrite when the writer looked `before` the rival's work was there or after it, while another
    /// operation saw it there.
    async fn overwritten(before: bool) -> (usize, u64) {
        let book = std::sync::Arc::new(Book::default());
        let early = book.moment(0);
        book.marked(OBJECT, "theirs", book.moment(0));
        let late = book.moment(0);
        look(&book, if before { early } else { late });
        let other = book.clone();
        tokio::spawn(async move { look(&other, late) }).await.unwrap();
        let sent = book.sends(OBJECT, book.moment(0), Some("ours".into()));
        book.after_ours(&sent, |_| false);
        (book.all_broken().len(), book.races())
    }

    #[tokio::test]
    async fn a_writer_is_to_blame_for_what_it_saw_itself() {
        assert_eq!(overwritten(true).await, (0, 1), "it could not know");
        assert_eq!(overwritten(false).await, (1, 0));
    }
}
