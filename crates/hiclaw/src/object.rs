//! Texts in the store, written with compare-and-swap and a mark that makes each write unlike any other.
use crate::{Error, Held, Image, Version};
use bytes::Bytes;
use store::{ETag, ObjectKey, Store, StoreError};

/// The text of an object; none when it is not there.
pub async fn read(store: &Store, key: &ObjectKey) -> Result<Option<Held>, Error> {
    let Some(object) = store.get(key).await? else { return Ok(None) };
    let text = String::from_utf8(object.bytes.into())
        .map_err(|_| Error::Malformed { file: name(key), message: "it is no UTF-8 text".into() })?;
    Ok(Some(Held { image: Image::new(text), version: Version::Object(object.etag) }))
}

/// Writes where this version stands; none: where nothing stands.
pub async fn write(
    store: &Store,
    key: &ObjectKey,
    image: &Image,
    version: Option<&Version>,
) -> Result<(), Error> {
    let bytes = Bytes::from(openclaw::with_nonce(image.expose(), nonce()));
    planted::crash_point("store.before");
    let written = match version {
        None => store.put_if_absent(key, bytes).await,
        Some(version) => store.put_if_match(key, bytes, etag(key, version)?).await,
    };
    planted::crash_point("store.after");
    written.map(drop).map_err(|error| lost_race(key, error))
}

fn nonce() -> u32 {
    if planted::is(planted::Bug::SameBytesFence) { 0 } else { fastrand::u32(..) }
}

/// Removes the object of this version.
pub async fn remove(store: &Store, key: &ObjectKey, version: &Version) -> Result<(), Error> {
    let etag = etag(key, version)?;
    planted::crash_point("store.before");
    let removed = store.delete(key, etag).await;
    planted::crash_point("store.after");
    removed.map_err(|error| lost_race(key, error))
}

/// The name of an object for people: `s3:agents/alice/openclaw.json`.
pub fn name(key: &ObjectKey) -> String {
    format!("s3:{key}")
}

fn etag<'a>(key: &ObjectKey, version: &'a Version) -> Result<&'a ETag, Error> {
    match version {
        Version::Object(etag) => Ok(etag),
        Version::File(_) | Version::Note(_) => Err(Error::Changed(name(key))),
    }
}

fn lost_race(key: &ObjectKey, error: StoreError) -> Error {
    match error {
        StoreError::PreconditionFailed | StoreError::NotFound => Error::Changed(name(key)),
        error => Error::Store(error),
    }
}
