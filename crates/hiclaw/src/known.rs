//! What was made of objects, by their versions: an object that still has its version is not read again.
use crate::{Error, Held, Version, object};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use store::{Listed, Listing, ObjectKey, Store};

/// The newest value of each object that was asked for.
pub struct Known<T>(Mutex<BTreeMap<ObjectKey, (Version, T)>>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Known<T> {
    /// What `make` gives for the object, which is read only where the listing does not show the version that is known.
    /// None: it is not there. What cannot be made is tried again the next time.
    pub async fn of(
        &self,
        store: &Store,
        key: &ObjectKey,
        listing: &Listing,
        make: impl FnOnce(Held) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let found = match listing.of(key) {
            Listed::Failed(error) => return Err(Error::Store(error.clone())),
            Listed::Version(etag) => match self.known(key, &Version::Object(etag.clone())) {
                Some(value) => return Ok(Some(value)),
                None => object::read(store, key).await?,
            },
            Listed::Unknown => object::read(store, key).await?,
            Listed::Absent => None,
        };
        let Some(held) = found else {
            self.all().remove(key);
            return Ok(None);
        };
        let version = held.version.clone();
        let value = make(held)?;
        self.all().insert(key.clone(), (version, value.clone()));
        Ok(Some(value))
    }

    /// Forgets what is not wanted any more.
    pub fn retain(&self, wanted: impl Fn(&ObjectKey) -> bool) {
        self.all().retain(|key, _| wanted(key));
    }

    fn known(&self, key: &ObjectKey, version: &Version) -> Option<T> {
        self.all().get(key).filter(|(known, _)| known == version).map(|(_, value)| value.clone())
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<ObjectKey, (Version, T)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
