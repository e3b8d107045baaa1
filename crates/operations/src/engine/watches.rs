//! Who answers for which object after an operation has ended: late requests may still reach it.
use crate::edits::Edit;
use domain::OperationId;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The objects that ended operations still watch.
#[derive(Default)]
pub struct Watches(Mutex<Watched>);

type Watched = BTreeMap<OperationId, BTreeMap<String, Object>>;

#[derive(Default)]
struct Object {
    /// What may still arrive there.
    ghosts: Vec<Edit>,
    /// Somebody else's work stands there. What arrives late may still spoil its live part.
    left: bool,
}

impl Watches {
    /// An operation that ended watches the objects of its `edits`. `ghosts` are all whose requests may still arrive there:
    /// those of earlier operations, and its own if one of its calls was left without an answer.
    pub fn begin<'a>(
        &self,
        id: &OperationId,
        edits: impl Iterator<Item = &'a Edit>,
        ghosts: impl Iterator<Item = &'a Edit>,
    ) {
        let mut objects: BTreeMap<String, Object> =
            edits.map(|edit| (edit.object(), Object::default())).collect();
        for ghost in ghosts {
            objects.entry(ghost.object()).or_default().ghosts.push(ghost.clone());
        }
        self.locked().insert(id.clone(), objects);
    }

    /// What may still arrive at these objects from operations that have ended.
    pub fn ghosts(&self, objects: &[String]) -> Vec<Edit> {
        let watches = self.locked();
        let of = |object| watches.values().filter_map(move |watched| watched.get(object));
        objects.iter().flat_map(of).flat_map(|object| object.ghosts.iter().cloned()).collect()
    }

    /// From now on somebody else answers for these objects.
    pub fn take_over(&self, objects: &[String]) {
        for watched in self.locked().values_mut() {
            watched.retain(|object, _| !objects.contains(object));
        }
    }

    /// Whether the operation still answers for what the object is.
    pub fn has(&self, id: &OperationId, object: &str) -> bool {
        self.find(id, object, |object| !object.left)
    }

    /// Whether the object is somebody else's work now, and no later operation of ours has taken it over.
    pub fn has_left(&self, id: &OperationId, object: &str) -> bool {
        self.find(id, object, |object| object.left)
    }

    fn find(&self, id: &OperationId, object: &str, so: impl Fn(&Object) -> bool) -> bool {
        self.locked().get(id).and_then(|watched| watched.get(object)).is_some_and(so)
    }

    /// The operation does not answer for what the object is any more: it is somebody else's work.
    pub fn leave(&self, id: &OperationId, object: &str) {
        if let Some(object) = self.locked().get_mut(id).and_then(|watched| watched.get_mut(object)) {
            object.left = true;
        }
    }

    /// The watch has ended.
    pub fn end(&self, id: &OperationId) {
        self.locked().remove(id);
    }

    fn locked(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
