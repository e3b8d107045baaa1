//! What is kept on disk of operations: the journal, which recovery and undo live by, and the audit log.
use super::course::Course;
use crate::{
    audit::{Audit, Link, Stage},
    edits::Side,
    journal::{Journal, Record},
};
use domain::{Operation, Settled, rules::Outcome};

/// Both books of an open data directory.
pub struct Books {
    pub journal: Journal,
    pub audit: Audit,
}

impl Books {
    /// Writes a record. What is lacking then, the next start finds out from the audit log.
    pub async fn keep(&self, record: &Record) {
        if let Err(error) = self.journal.save(record).await {
            tracing::error!(operation = %record.operation.id, %error, "the journal could not be written");
        }
    }

    /// Notes in the audit log how an operation ended, or that it has settled. True: it is on disk. What the log lacks,
    /// the next start adds from the journal.
    pub async fn note(&self, stage: Stage, operation: &Operation, links: Vec<Link>) -> bool {
        let noted = self.audit.append(stage, operation, links).await;
        if let Err(error) = &noted {
            tracing::error!(operation = %operation.id, %error, "the audit log could not be written");
        }
        noted.is_ok()
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

    /// What the outcome made of each object. An operation that was undone changed nothing; what somebody else made of
    /// an object shows at the next change of it.
    pub fn links(&self, outcome: Outcome) -> Vec<Link> {
        if outcome != Outcome::Committed {
            return Vec::new();
        }
        let link = |edit: &crate::edits::Edit| Link {
            object: edit.object(),
            before: edit.hash(Side::Before),
            after: edit.hash(Side::After),
            foreign: None,
        };
        self.edits().map(|(_, edit)| link(edit)).collect()
    }
}
