//! The controller's side of the object store.
use std::sync::Arc;

use serde_json::Value;

use crate::s3::{Condition, Faults, Listing, Object, ObjectError, Objects};

/// The installation's bucket.
pub(super) struct Bucket {
    objects: Arc<Objects>,
    faults: Arc<Faults>,
    name: String,
}

impl Bucket {
    pub(super) fn new(objects: Arc<Objects>, faults: Arc<Faults>, name: String) -> Self {
        Self { objects, faults, name }
    }

    /// Whether the store answers.
    pub(super) fn up(&self) -> bool {
        !self.faults.switches().offline
    }

    /// Makes the bucket if it is not there.
    pub(super) fn create(&self) {
        self.objects.create_bucket(&self.name);
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        let object = self.objects.get(&self.name, key).ok()?;
        String::from_utf8(object.body.to_vec()).ok()
    }

    pub(super) fn json(&self, key: &str) -> Option<Value> {
        serde_json::from_str(&self.text(key)?).ok()
    }

    pub(super) fn put(&self, key: &str, body: String, content_type: &str) {
        let object = Object::new(body, content_type);
        if let Err(error) = self.objects.put(&self.name, key, object, &Condition::default()) {
            tracing::error!(%error, key, "the sandbox's controller could not write an object");
        }
    }

    pub(super) fn put_json(&self, key: &str, tree: &Value) {
        self.put(key, format!("{tree:#}\n"), "application/json");
    }

    /// Puts what is not there yet.
    pub(super) fn seed(&self, key: &str, body: &str, content_type: &str) {
        if self.text(key).is_none() {
            self.put(key, body.to_owned(), content_type);
        }
    }

    /// Empties a folder.
    pub(super) fn clear(&self, prefix: &str) {
        let listing = Listing { prefix, ..Listing::default() };
        let outcome = self.objects.list(&self.name, &listing).and_then(|page| {
            page.objects.iter().try_for_each(|(key, _)| self.objects.delete(&self.name, key))
        });
        if let Err(error @ (ObjectError::NoSuchBucket | ObjectError::PreconditionFailed)) = outcome {
            tracing::error!(%error, prefix, "the sandbox's controller could not empty a folder");
        }
    }
}
