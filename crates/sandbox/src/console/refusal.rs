//! How the console says no. Its messages carry the name of the Java exception, which clients read.
use http::StatusCode;

/// An exception that the console's error aspect turns into an answer.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("com.alibaba.higress.sdk.exception.ValidationException: {0}")]
    Invalid(String),
    /// The other exception of that name, which the aspect does not know: 500 for a client's mistake.
    #[error("javax.validation.ValidationException: {0}")]
    NameMismatch(String),
    #[error("com.alibaba.higress.console.controller.exception.AuthException: {0}")]
    Unauthenticated(&'static str),
    #[error("com.alibaba.higress.sdk.exception.ResourceConflictException: null")]
    Conflict,
    #[error("java.lang.IllegalArgumentException: {0}")]
    Argument(String),
    #[error("java.lang.IllegalStateException: {0}")]
    State(&'static str),
    #[error("com.alibaba.higress.sdk.exception.BusinessException: {0}")]
    Business(String),
    #[error("java.lang.NullPointerException: null")]
    NullPointer,
    #[error("java.lang.IndexOutOfBoundsException: fromIndex = {0}")]
    OutOfBounds(i32),
    #[error("java.net.ConnectException: Failed to connect to /127.0.0.1:15014")]
    ControllerDown,
    #[error("io.kubernetes.client.openapi.ApiException: {0}")]
    Api(#[from] ApiError),
}

impl Refusal {
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    pub(super) fn argument(message: impl Into<String>) -> Self {
        Self::Argument(message.into())
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::Conflict => StatusCode::CONFLICT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// What the API server behind the console refuses.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error(
        r#"Conflict - {{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"{plural} \"{name}\": the object has been modified","reason":"Conflict","code":409}}"#
    )]
    Conflict { plural: &'static str, name: String },
    #[error(
        r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"{plural} \"{name}\" not found","reason":"NotFound","details":{{"name":"{name}","kind":"{plural}"}},"code":404}}"#
    )]
    Missing { plural: &'static str, name: String },
    /// A switched-on fault.
    #[error(
        r#"Internal Server Error - {{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"{plural} \"{name}\": the store failed","reason":"InternalError","code":500}}"#
    )]
    Broken { plural: &'static str, name: String },
}

impl ApiError {
    /// As the services that create and replace see it: a conflict has its own exception there, while those that delete
    /// let the API error through (500).
    pub(super) fn on_write(self) -> Refusal {
        match self {
            Self::Conflict { .. } => Refusal::Conflict,
            other => Refusal::Api(other),
        }
    }
}
