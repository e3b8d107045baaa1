//! Whether the store honours conditional writes. Some stores take the header and ignore it.
use crate::s3::Condition;
use crate::{ETag, ObjectKey, Store, StoreError};
use bytes::Bytes;
use domain::OperationId;

/// Tries every condition on a scratch object and removes it, whatever came of it.
pub(crate) async fn probe(store: &Store, scratch: &ObjectKey) -> Result<(), StoreError> {
    let found = conditions(store, scratch).await;
    let removed = store.remove(scratch).await;
    found.and(removed)
}

/// Removes the scratch objects of probes whose ids come before this one: who made them died over it.
pub(crate) async fn sweep(store: &Store, before: &OperationId) -> Result<(), StoreError> {
    let page = store.page(ObjectKey::SCRATCH, None).await?;
    let found = page.contents().iter().filter_map(|object| ObjectKey::of_scratch(object.key()?));
    for (_, left) in found.filter(|(id, _)| id < before) {
        store.remove(&left).await?;
    }
    Ok(())
}

async fn conditions(store: &Store, scratch: &ObjectKey) -> Result<(), StoreError> {
    let put =
        |text: &'static str, condition| store.put(scratch, Bytes::from_static(text.as_bytes()), condition);
    let first = honoured(put("{}", Condition::Absent).await, "If-None-Match is refused")?;
    refused(put("{\"probe\":1}", Condition::Absent).await, "If-None-Match is ignored")?;
    let second = honoured(put("{\"probe\":2}", Condition::Version(&first)).await, "If-Match is refused")?;
    if second == first {
        return Err(StoreError::NoConditionalWrites("two contents have one ETag"));
    }
    refused(put("{\"probe\":3}", Condition::Version(&first)).await, "If-Match is ignored")
}

/// A write whose condition holds.
fn honoured(answer: Result<ETag, StoreError>, lacks: &'static str) -> Result<ETag, StoreError> {
    answer.map_err(|error| match error {
        StoreError::PreconditionFailed | StoreError::NotFound => StoreError::NoConditionalWrites(lacks),
        StoreError::Unexpected(text) if text.contains("NotImplemented") => {
            StoreError::NoConditionalWrites(lacks)
        }
        other => other,
    })
}

/// A write whose condition does not hold.
fn refused(answer: Result<ETag, StoreError>, lacks: &'static str) -> Result<(), StoreError> {
    match answer {
        Err(StoreError::PreconditionFailed) => Ok(()),
        Ok(_) => Err(StoreError::NoConditionalWrites(lacks)),
        Err(other) => Err(other),
    }
}
