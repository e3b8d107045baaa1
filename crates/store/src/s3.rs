//! The client.
use crate::error::classify;
use crate::{ObjectKey, StoreError, http};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::{Client, Config};
use bytes::{Bytes, BytesMut};
use domain::OperationId;
use secrecy::{ExposeSecret, SecretString};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::time::Instant;
use url::Url;

/// More than any object of ours has.
const READ_LIMIT: usize = 4 * 1024 * 1024;

/// Where the store is and how long it may take.
#[derive(Clone, Debug)]
pub struct Params {
    pub endpoint: Url,
    pub access_key: String,
    pub secret_key: SecretString,
    pub bucket: String,
    /// For one call, answer included.
    pub call_timeout: Duration,
}

/// The version of an object: equal bytes have equal ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag(String);

/// An object as it was read. It may hold keys, so its `Debug` shows its size only.
#[derive(Clone, PartialEq, Eq)]
pub struct Object {
    pub bytes: Bytes,
    pub etag: ETag,
}

/// Is told of each call: what went wrong, if anything, and how long it took.
pub type Listener = Arc<dyn Fn(Option<&StoreError>, Duration) + Send + Sync>;

/// A client of one bucket. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    client: Client,
    bucket: Arc<str>,
    call_timeout: Duration,
    listener: Option<Listener>,
}

/// What a write asks of the object that is there.
#[derive(Clone, Copy)]
pub(crate) enum Condition<'a> {
    Absent,
    Version(&'a ETag),
}

impl ETag {
    /// One that was written down before, quotes included.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// As the store wrote it, quotes included.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Object({} bytes, {})", self.bytes.len(), self.etag.0)
    }
}

impl Store {
    /// Makes no call. `http` must follow no redirect: a call is signed for one host.
    pub fn new(params: &Params, http: reqwest::Client) -> Self {
        Self::over(params, http::shared(http))
    }

    /// A client whose calls go through `http`. The SDK never repeats a call by itself: a repeated conditional write after a
    /// lost answer is refused although it was done.
    pub fn over(params: &Params, http: SharedHttpClient) -> Self {
        let secret = params.secret_key.expose_secret();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(params.endpoint.as_str())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new(params.access_key.as_str(), secret, None, None, "agm"))
            .force_path_style(true)
            .http_client(http)
            .retry_config(RetryConfig::disabled())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Self {
            client: Client::from_conf(config),
            bucket: params.bucket.as_str().into(),
            call_timeout: params.call_timeout,
            listener: None,
        }
    }

    /// The same, with somebody who is told of each call.
    #[must_use]
    pub fn told_to(self, listener: Listener) -> Self {
        Self { listener: Some(listener), ..self }
    }

    /// The object, or none.
    pub async fn get(&self, key: &ObjectKey) -> Result<Option<Object>, StoreError> {
        match self.timed(self.read(key)).await {
            Err(StoreError::NotFound) => Ok(None),
            object => object.map(Some),
        }
    }

    /// Replaces the object that has this version. `NotFound` when it is gone. The bytes must be unlike those of any
    /// other write (a nonce sees to that), or a lost answer cannot be told from a lost race.
    pub async fn put_if_match(
        &self,
        key: &ObjectKey,
        bytes: Bytes,
        version: &ETag,
    ) -> Result<ETag, StoreError> {
        self.put_and_look(key, bytes, Condition::Version(version)).await
    }

    /// Creates the object; `PreconditionFailed` when it is there.
    pub async fn put_if_absent(&self, key: &ObjectKey, bytes: Bytes) -> Result<ETag, StoreError> {
        self.put_and_look(key, bytes, Condition::Absent).await
    }

    /// Deletes the object that has this version, after a look; a second look shows that it is gone. Stores ignore
    /// conditions on deletes, so a write of somebody else between look and delete is lost; one after the delete is
    /// reported as `PreconditionFailed`.
    pub async fn delete(&self, key: &ObjectKey, version: &ETag) -> Result<(), StoreError> {
        match self.get(key).await? {
            None => return Err(StoreError::NotFound),
            Some(object) if object.etag != *version => return Err(StoreError::PreconditionFailed),
            Some(_) => {}
        }
        let deleted = self.remove(key).await;
        match (self.get(key).await, deleted) {
            (Ok(None), _) => Ok(()),
            // A proxy that repeated the call may be told that there is nothing to remove any more.
            (Err(why), Ok(()) | Err(StoreError::PreconditionFailed | StoreError::NotFound)) => {
                Err(unseen(why))
            }
            // Also when the look fails in its own way: a removal without an answer may still come.
            (_, Err(error)) => Err(error),
            (Ok(Some(object)), Ok(())) if object.etag == *version => {
                Err(StoreError::Unexpected("a deleted object is still there".into()))
            }
            (Ok(Some(_)), Ok(())) => Err(StoreError::PreconditionFailed),
        }
    }

    /// Whether the store is there and lets us read the bucket.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let call =
            self.client.list_objects_v2().bucket(&*self.bucket).prefix(ObjectKey::AGENTS).max_keys(1).send();
        self.timed(async { call.await.map(drop).map_err(classify) }).await
    }

    /// Up to 1,000 objects of a folder: the first ones, or those from where `token` points.
    pub(crate) async fn page(
        &self,
        folder: &str,
        token: Option<String>,
    ) -> Result<ListObjectsV2Output, StoreError> {
        let call = self.client.list_objects_v2().bucket(&*self.bucket).prefix(folder);
        let call = call.set_continuation_token(token).send();
        self.timed(async { call.await.map_err(classify) }).await
    }

    /// Shows on a scratch object that conditional writes are honoured; leaves nothing behind while it lives.
    pub async fn probe(&self, id: &OperationId) -> Result<(), StoreError> {
        crate::probe::probe(self, &ObjectKey::scratch(id)).await
    }

    /// Removes what probes with an id before this one left behind when they were killed.
    pub async fn sweep(&self, before: &OperationId) -> Result<(), StoreError> {
        crate::probe::sweep(self, before).await
    }

    /// Writes once, and looks when the answer does not say what happened: after a lost answer, or when a proxy on the
    /// way repeated the call, the refused bytes are there.
    async fn put_and_look(
        &self,
        key: &ObjectKey,
        bytes: Bytes,
        condition: Condition<'_>,
    ) -> Result<ETag, StoreError> {
        match self.put(key, bytes.clone(), condition).await {
            Err(
                error @ (StoreError::PreconditionFailed
                | StoreError::Unavailable { .. }
                | StoreError::Unexpected(_)),
            ) => match self.get(key).await {
                Ok(Some(object)) if object.bytes == bytes => Ok(object.etag),
                Err(why) if error == StoreError::PreconditionFailed => Err(unseen(why)),
                _ => Err(error),
            },
            answer => answer,
        }
    }

    /// One conditional write, its answer as it came.
    pub(crate) async fn put(
        &self,
        key: &ObjectKey,
        bytes: Bytes,
        condition: Condition<'_>,
    ) -> Result<ETag, StoreError> {
        let body = ByteStream::from(bytes);
        let call = self.client.put_object().bucket(&*self.bucket).key(key.as_str()).body(body);
        let call = match condition {
            Condition::Absent => call.if_none_match("*"),
            Condition::Version(version) => call.if_match(&version.0),
        };
        let answer = self
            .timed(async { call.content_type("application/json").send().await.map_err(classify) })
            .await?;
        answer.e_tag().map(|tag| ETag(tag.to_owned())).ok_or_else(no_version)
    }

    pub(crate) async fn remove(&self, key: &ObjectKey) -> Result<(), StoreError> {
        let call = self.client.delete_object().bucket(&*self.bucket).key(key.as_str()).send();
        self.timed(async { call.await.map(drop).map_err(classify) }).await
    }

    async fn read(&self, key: &ObjectKey) -> Result<Object, StoreError> {
        let call = self.client.get_object().bucket(&*self.bucket).key(key.as_str());
        let mut answer = call.send().await.map_err(classify)?;
        let etag = answer.e_tag().map(|tag| ETag(tag.to_owned())).ok_or_else(no_version)?;
        let mut bytes = BytesMut::new();
        while let Some(chunk) = answer.body.next().await {
            let cut =
                |e| StoreError::Unavailable { message: format!("the answer broke off: {e}"), timeout: None };
            bytes.extend_from_slice(&chunk.map_err(cut)?);
            if bytes.len() > READ_LIMIT {
                return Err(StoreError::TooLarge { limit: READ_LIMIT });
            }
        }
        if answer.content_length.is_some_and(|length| length != bytes.len() as i64) {
            return Err(StoreError::Unexpected("an object shorter than announced".into()));
        }
        Ok(Object { bytes: bytes.freeze(), etag })
    }

    async fn timed<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let begun = Instant::now();
        // Boxed: the SDK's futures are several KB, and callers hold more than one.
        let answer = tokio::time::timeout(self.call_timeout, Box::pin(call)).await.unwrap_or_else(|_| {
            let message = "no answer in time".into();
            Err(StoreError::Unavailable { message, timeout: Some(self.call_timeout) })
        });
        if let Some(listener) = &self.listener {
            listener(answer.as_ref().err(), begun.elapsed());
        }
        answer
    }
}

/// What a look after a write is refused with says nothing of the write.
fn unseen(error: StoreError) -> StoreError {
    match error {
        StoreError::PreconditionFailed | StoreError::NotFound => {
            StoreError::Unexpected(format!("a look after a write: {error}"))
        }
        error => error,
    }
}

pub(crate) fn no_version() -> StoreError {
    StoreError::Unexpected("an answer without an ETag".into())
}
