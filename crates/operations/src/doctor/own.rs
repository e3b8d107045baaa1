//! agm itself: what it keeps on disk.
use super::{
    PATIENCE,
    installation::system,
    report::{failed, failure, ok, unknown, warning},
};
use crate::{
    Break,
    engine::{Books, Engine},
    journal::JournalError,
    measures::free,
};
use domain::{Check, CheckId, DeepHealth, Failure, Operation, OperationState};
use std::{path::Path, sync::Arc};

/// Larger trails are not read for a check: `agm history --verify` does.
const LONGEST_TRAIL: u64 = 16 * 1024 * 1024;
/// A disk with less space is as good as full: a record can be as large as this.
const FULL: u64 = 64 * 1024 * 1024;
/// Somebody should look after a disk with less.
const NEARLY_FULL: u64 = 512 * 1024 * 1024;

/// Whether a change could be written down.
pub fn writable(health: &DeepHealth) -> Check {
    let well = "a record could be written now";
    let fix =
        "Make the data directory (AGM_DATA_DIR) writable, with space left: nothing can be changed before.";
    system(CheckId::DataWritable, health, "storage", well, fix)
}

/// What only an open data directory shows.
const OF_BOOKS: [CheckId; 2] = [CheckId::JournalReadable, CheckId::AuditChain];

/// The checks of the data directory and of what it holds.
pub async fn checks(engine: &Arc<Engine>, data_dir: &Path) -> Vec<Check> {
    let mut checks = stuck(&engine.log.list());
    checks.push(space(data_dir).await);
    let shown = data_dir.display().to_string();
    let id = CheckId::DataLock;
    match tokio::time::timeout(PATIENCE, engine.books()).await {
        Ok(Ok(books)) => {
            checks.push(ok(id, shown, "its lock is held by this agm"));
            let (journal, audit) = futures::join!(journal(books), audit(books));
            checks.extend([journal, audit]);
        }
        Ok(Err(error @ JournalError::InUse(_))) => {
            checks.extend(unopened(&error.to_string()));
            checks.push(failure(id, shown, &Failure::from(error), ""));
        }
        Ok(Err(error)) => {
            checks.extend(unopened(&error.to_string()));
            checks.push(unknown(id, shown, error.to_string()));
        }
        Err(_) => {
            let why = "the disk did not answer in time";
            checks.extend(unopened(why));
            checks.push(unknown(id, shown, why));
        }
    }
    checks
}

fn unopened(why: &str) -> [Check; 2] {
    OF_BOOKS.map(|id| unknown(id, "data directory", format!("it is not open: {why}")))
}

async fn space(data_dir: &Path) -> Check {
    let path = data_dir.to_owned();
    let asked = tokio::task::spawn_blocking(move || free(&path));
    let shown = data_dir.display().to_string();
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(Ok(free))) => left(shown, free),
        Ok(Ok(Err(error))) => unknown(CheckId::DataSpace, shown, error.to_string()),
        Ok(Err(_)) | Err(_) => unknown(CheckId::DataSpace, shown, "the disk did not answer in time"),
    }
}

/// `free` bytes are left for this user.
fn left(data_dir: String, free: u64) -> Check {
    let (id, evidence) = (CheckId::DataSpace, format!("{} MiB are free", free >> 20));
    let fix =
        "Free some space where the data directory lies (AGM_DATA_DIR): without it nothing can be changed.";
    match free {
        NEARLY_FULL.. => ok(id, data_dir, evidence),
        FULL.. => warning(id, data_dir, evidence).fix(fix),
        _ => failed(id, data_dir, evidence).fix(fix),
    }
}

/// Operations whose undo does not get through, or that met somebody else's change and are still watched.
fn stuck(log: &[Arc<Operation>]) -> Vec<Check> {
    let id = CheckId::OperationsSettled;
    let waits = |operation: &&Arc<Operation>| {
        operation.state == OperationState::NeedsOperator && operation.settled.is_none()
    };
    let mut waiting: Vec<_> = log
        .iter()
        .filter(waits)
        .map(|operation| {
            let said = operation.failure.as_deref();
            let evidence = said.map_or("it needs a person", |said| said.message.as_str());
            let fix = said.and_then(|said| said.hint.as_deref());
            failed(id, operation.id.as_str(), evidence).fix(fix.unwrap_or("Look at it under Activity."))
        })
        .collect();
    if waiting.is_empty() {
        let evidence = format!("none of the newest {} waits for a person", log.len());
        waiting.push(ok(id, "operations", evidence));
    }
    waiting
}

async fn journal(books: &Books) -> Check {
    let (id, about) = (CheckId::JournalReadable, "journal");
    match tokio::time::timeout(PATIENCE, books.journal.set_aside()).await {
        Ok(Ok(files)) if files.is_empty() => ok(id, about, "every record of it could be read"),
        Ok(Ok(files)) => {
            let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
            let evidence =
                format!("{} cannot be read: what these operations did is not known", files.join(", "));
            failed(id, about, evidence).fix(
                "Their targets are locked. The log of the start names their objects: look at those, remove the files when they are right, and restart agm.",
            )
        }
        Ok(Err(error)) => unknown(id, about, error.to_string()),
        Err(_) => unknown(id, about, "the disk did not answer in time"),
    }
}

async fn audit(books: &Books) -> Check {
    let (id, about) = (CheckId::AuditChain, "audit log");
    match tokio::time::timeout(PATIENCE, books.audit.verified(LONGEST_TRAIL)).await {
        Ok(Ok(None)) => unknown(id, about, format!("it has more than {} MiB", LONGEST_TRAIL >> 20))
            .fix("Check it by itself: agm history --verify"),
        Ok(Ok(Some(verified))) => match verified.breaks.first() {
            None => ok(id, about, format!("{} lines, each follows the one before it", verified.entries)),
            Some(first) => failed(id, about, broken(first, verified.breaks.len() - 1)).fix(
                "Somebody or a bad disk changed it. `agm history --verify` names every place; keep the file, and compare it with a backup.",
            ),
        },
        Ok(Err(error)) => failed(id, about, error.to_string())
            .fix("Is the disk of the data directory (AGM_DATA_DIR) healthy?"),
        Err(_) => unknown(id, about, "the disk did not answer in time"),
    }
}

/// The first place where the trail is not as it was written, and how many come after it.
fn broken(first: &Break, more: usize) -> String {
    let first = format!("line {}: {}", first.line, first.what);
    if more == 0 { first } else { format!("{first} (and {more} more)") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::CheckState;

    #[test]
    fn more_breaks_are_told_where_there_are_more() {
        let first = Break { line: 3, object: None, what: "it was cut".into() };
        assert_eq!(broken(&first, 0), "line 3: it was cut");
        assert_eq!(broken(&first, 2), "line 3: it was cut (and 2 more)");
    }

    #[test]
    fn little_space_is_told_before_there_is_none() {
        for (mib, state) in [
            (0, CheckState::Failed),
            (63, CheckState::Failed),
            (64, CheckState::Warning),
            (511, CheckState::Warning),
            (512, CheckState::Ok),
        ] {
            let check = left("data".into(), mib << 20);
            assert_eq!((check.state, check.fix.is_some()), (state, state != CheckState::Ok), "{mib}");
        }
    }
}
