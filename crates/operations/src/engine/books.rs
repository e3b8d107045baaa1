//! What is kept on disk of operations: the journal, which recovery and undo live by, and the audit log.
use super::{Engine, course::Course, pauses::Pauses};
use crate::{
    audit::{Audit, Link, Stage},
    edits::{Edit, Side},
    journal::{Found, Journal, JournalError, Record},
};
use disk::Disk;
use domain::{Operation, Settled, rules::Outcome};
use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Mutex;

/// Both books of an open data directory.
pub struct Books {
    pub journal: Journal,
    pub audit: Audit,
    /// Ends that an earlier life wrote into the journal alone, oldest first. They come before all that is noted now, which
    /// may be built on them.
    owed: Mutex<VecDeque<(Operation, Vec<Link>)>>,
    /// Somebody waits to try again to remove the records of refused changes: one is enough.
    forgets: AtomicBool,
}

impl Books {
    /// Opens both, and finds out what the audit log lacks. The records come in the order in which they ended, which their
    /// ids do not tell: an operation that was planned first has the id of its plan. Those that have not ended come last.
    pub async fn open(disk: &Arc<dyn Disk>, data_dir: &Path) -> Result<(Self, Found), JournalError> {
        let (journal, mut found) = Journal::open(disk.clone(), data_dir).await?;
        let audit = Audit::open(disk.clone(), data_dir).await?;
        found.records.sort_by_key(|record| {
            let ended = audit.ended_at(&record.operation.id).unwrap_or(u64::MAX);
            (ended, record.saga.outcome().is_none())
        });
        let lacks = |record: &&Record| !record.has_ended() && !audit.has(&record.operation.id, Stage::Ended);
        let owed = found.records.iter().filter(lacks).filter_map(|record| {
            let links = links(record.saga.outcome()?, record.edits());
            Some((record.operation.clone(), links))
        });
        let owed = Mutex::new(owed.collect());
        Ok((Self { journal, audit, owed, forgets: AtomicBool::new(false) }, found))
    }

    /// Writes a record. What is lacking then, the next start finds out from the audit log.
    pub async fn keep(&self, record: &Record) {
        if let Err(error) = self.journal.save(record).await {
            tracing::error!(operation = %record.operation.id, %error, "the journal could not be written");
        }
    }

    /// Tries until no start can take up an operation that was refused because its intent could not be written. The next
    /// operation would see to that before it begins, but there may be none.
    pub async fn forget_refused(self: Arc<Self>, engine: Arc<Engine>) {
        let mut pauses = Pauses::UNANSWERED;
        while let Err(error) = self.journal.clear_doubtful().await {
            tracing::warn!(%error, "a change that was refused may still be in the journal");
            if self.forgets.swap(true, Ordering::AcqRel) || engine.pause(pauses.next_pause()).await.is_none()
            {
                return;
            }
            self.forgets.store(false, Ordering::Release);
        }
    }

    /// Notes in the audit log how an operation ended, or that it has settled. True: it is on disk. What the log lacks,
    /// the next start adds from the journal.
    pub async fn note(&self, stage: Stage, operation: &Operation, links: Vec<Link>) -> bool {
        let noted = self.append(stage, operation, links).await;
        if let Err(error) = &noted {
            tracing::error!(operation = %operation.id, %error, "the audit log could not be written");
        }
        noted.is_ok()
    }

    async fn append(
        &self,
        stage: Stage,
        operation: &Operation,
        links: Vec<Link>,
    ) -> Result<(), JournalError> {
        let mut owed = self.owed.lock().await;
        while let Some((earlier, links)) = owed.front() {
            self.audit.append(Stage::Ended, earlier, links.clone()).await?;
            owed.pop_front();
        }
        drop(owed);
        self.audit.append(stage, operation, links).await
    }
}

impl Course {
    /// Notes in the audit log that it has settled, behind how it ended. True: both are on disk.
    pub async fn note_settled(&self, settled: &Settled) -> bool {
        let Some(outcome) = self.saga.outcome() else { return false };
        let mut operation = (*self.progress.operation()).clone();
        if !self.books.note(Stage::Ended, &operation, self.links(outcome)).await {
            return false;
        }
        operation.settled = Some(settled.clone());
        self.books.note(Stage::Settled, &operation, Vec::new()).await
    }

    /// What the outcome made of each object.
    pub fn links(&self, outcome: Outcome) -> Vec<Link> {
        links(outcome, self.edits().map(|(_, edit)| edit))
    }
}

/// What an outcome made of each object. An operation that was undone changed nothing; what somebody else made of an object
/// shows at the next change of it.
fn links<'a>(outcome: Outcome, edits: impl Iterator<Item = &'a Edit>) -> Vec<Link> {
    if outcome != Outcome::Committed {
        return Vec::new();
    }
    let link = |edit: &Edit| Link {
        object: edit.object(),
        before: edit.hash(Side::Before),
        after: edit.hash(Side::After),
        foreign: None,
        body: edit.body_hash(Side::After),
    };
    edits.map(link).collect()
}
