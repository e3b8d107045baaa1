//! What must hold when an object of ours is written: a durable intent lists it, and nobody else changes its target.
use super::{DATA, World};
use crate::{book::Invariant, life::Life};
use domain::{OperationId, OperationState};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

impl World {
    /// An object of ours is about to be written outside: a durable journal must say so.
    pub(super) fn writes_outside(&self, life: &Life, object: &str) {
        self.one_at_a_time();
        self.burn(life);
        if !self.is_intended(object) {
            self.book
                .broken(Invariant::IntentFirst, format!("{object} was written without a durable intent"));
        }
    }

    /// No two operations change one agent at the same time.
    fn one_at_a_time(&self) {
        let mut busy: BTreeMap<String, OperationId> = BTreeMap::new();
        for operation in self.operations_now() {
            let writes = matches!(
                operation.state,
                OperationState::Applying | OperationState::Verifying | OperationState::Compensating
            );
            for target in operation.targets.iter().filter(|_| writes) {
                if let Some(other) = busy.insert(target.clone(), operation.id.clone()) {
                    let what = format!("{other} and {} both change {target}", operation.id);
                    self.book.broken(Invariant::OneAtATime, what);
                }
            }
        }
    }

    fn is_intended(&self, object: &str) -> bool {
        let disk = self.disk();
        let folder = Path::new(DATA).join("journal");
        let records = disk.durable_names(&folder).into_iter();
        let mut records = records.filter_map(|name| disk.durable(&folder.join(name)));
        records.any(|record| header(&record).is_some_and(|header| lists(&header, object)))
    }
}

/// The second line of a record of the journal.
fn header(record: &[u8]) -> Option<Value> {
    let line = record.split(|byte| *byte == b'\n').nth(1)?;
    serde_json::from_slice(line).ok()
}

fn lists(header: &Value, object: &str) -> bool {
    let objects = header["objects"].as_array().into_iter().flatten().filter_map(Value::as_str);
    // Of the registry each worker's note is an object of its own.
    let mut names = objects.map(|name| name.split('#').next().unwrap_or(name));
    names.any(|name| name == object)
}
