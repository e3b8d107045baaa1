//! Who answers for which object after an operation has ended: late requests may still reach it.
use crate::edits::Edit;
use domain::OperationId;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The objects that ended operations still watch.
#[derive(Default)]
pub struct Watches(Mutex<BTreeMap<OperationId, BTreeMap<String, Vec<Edit>>>>);

impl Watches {
    /// An operation that ended watches the objects of its `edits`. `ghosts` are all whose requests may still arrive there:
    /// those of earlier operations, and its own if one of its calls was left without an answer.
    pub fn begin<'a>(
        &self,
        id: &OperationId,
        edits: impl Iterator<Item = &'a Edit>,
        ghosts: impl Iterator<Item = &'a Edit>,
    ) {
        let mut objects: BTreeMap<String, Vec<Edit>> =
            edits.map(|edit| (edit.object(), Vec::new())).collect();
        for ghost in ghosts {
            objects.entry(ghost.object()).or_default().push(ghost.clone());
        }
        self.locked().insert(id.clone(), objects);
    }

    /// What may still arrive at these objects from operations that have ended.
    pub fn ghosts(&self, objects: &[String]) -> Vec<Edit> {
        let watches = self.locked();
        let of =
            |object: &String| watches.values().filter_map(|w| w.get(object)).flatten().cloned().collect();
        let found: Vec<Vec<Edit>> = objects.iter().map(of).collect();
        found.into_iter().flatten().collect()
    }

    /// From now on somebody else answers for these objects.
    pub fn take_over(&self, objects: &[String]) {
        for watched in self.locked().values_mut() {
            watched.retain(|object, _| !objects.contains(object));
        }
    }

    /// Whether the operation still answers for the object.
    pub fn has(&self, id: &OperationId, object: &str) -> bool {
        self.locked().get(id).is_some_and(|watched| watched.contains_key(object))
    }

    /// The operation does not answer for the object any more: it is somebody else's work.
    pub fn leave(&self, id: &OperationId, object: &str) {
        if let Some(watched) = self.locked().get_mut(id) {
            watched.remove(object);
        }
    }

    /// The watch has ended.
    pub fn end(&self, id: &OperationId) {
        self.locked().remove(id);
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<OperationId, BTreeMap<String, Vec<Edit>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
