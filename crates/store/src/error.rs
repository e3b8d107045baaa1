//! What the store can answer but success.
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use std::time::Duration;

/// Why a call to the store failed. No text in it holds a key or a part of an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the object is not there")]
    NotFound,
    /// The object is not the one that the write was made for, and our bytes are not there.
    #[error("the object was changed by somebody else")]
    PreconditionFailed,
    /// The access key is wrong or lacks the right to do this.
    #[error("the store refused the access key")]
    AccessDenied,
    /// No answer, or one that promises to be better later. A write may have had its effect, or may yet have it.
    #[error("the store is unavailable: {message}")]
    Unavailable {
        message: String,
        /// Set when the store took the call and did not answer for this long.
        timeout: Option<Duration>,
    },
    /// Larger than we read.
    #[error("the object is larger than {limit} bytes")]
    TooLarge { limit: usize },
    /// The store does not honour conditional writes, so nothing can be changed safely.
    #[error("the store does not honour conditional writes: {0}")]
    NoConditionalWrites(&'static str),
    /// An answer that no store should give: no S3, no such bucket, a body cut short.
    #[error("the store answered something unexpected: {0}")]
    Unexpected(String),
}

/// Reads the SDK's error by what the store said, not by what the SDK made of it.
pub(crate) fn classify<E>(error: SdkError<E, HttpResponse>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let unavailable = |message| StoreError::Unavailable { message, timeout: None };
    match &error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let code = answer.err().code().unwrap_or("no code");
            match (status, code) {
                (404, "NoSuchBucket") => StoreError::Unexpected("there is no such bucket".into()),
                (404, _) => StoreError::NotFound,
                // 409: somebody else's conditional write is under way.
                (412, _) | (409, "ConditionalRequestConflict") => StoreError::PreconditionFailed,
                (401 | 403, _) => StoreError::AccessDenied,
                (408 | 429 | 500 | 502..=599, _) => unavailable(format!("HTTP {status}, {code}")),
                _ => StoreError::Unexpected(format!("HTTP {status}, {code}")),
            }
        }
        SdkError::TimeoutError(_) => unavailable("no connection in time".into()),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            unavailable("no connection in time".into())
        }
        SdkError::DispatchFailure(_) => unavailable(format!("no connection: {}", root(&error))),
        SdkError::ResponseError(_) => StoreError::Unexpected("an answer that is no S3".into()),
        _ => StoreError::Unexpected(format!("the call could not be made: {}", DisplayErrorContext(&error))),
    }
}

/// The innermost reason: `Connection refused (os error 111)`.
fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
