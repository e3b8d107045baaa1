//! The error of every server function and every REST handler: a [`Failure`] with its true HTTP status.
use domain::{Code, Failure};
use serde::{Deserialize, Serialize};
use server_fn::{
    Bytes,
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};

/// A [`Failure`] on its way through server_fn or axum. Its JSON is the failure's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(transparent)]
#[error(transparent)]
pub struct ApiError(#[from] pub Failure);

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        error.0
    }
}

impl ApiError {
    /// The HTTP status that belongs to its code.
    pub fn status(&self) -> http::StatusCode {
        http::StatusCode::from_u16(self.0.code.status()).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    /// What server_fn itself met. `Deserialization` is either our codec's refusal or an answer that cannot be read.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self(match error {
            ServerFnErrorErr::Deserialization(text) => {
                crate::codec::Refused::read(&text).unwrap_or_else(|| {
                    Failure::new(Code::Internal, "the answer could not be understood")
                        .hint("Reload the page: it may be older than the server.")
                })
            }
            ServerFnErrorErr::Args(text) | ServerFnErrorErr::MissingArg(text) => {
                Failure::field("query", text)
            }
            ServerFnErrorErr::Request(_) => {
                let mut failure =
                    Failure::new(Code::UpstreamUnavailable, "the server of this page did not answer")
                        .hint("Check that agm runs and that this browser can reach it.");
                failure.system = Some("agm".into());
                failure
            }
            other => Failure::new(Code::Internal, other.to_string()),
        })
    }

    /// Every failed answer of every server function passes here, also those made before its body runs, so this is the
    /// one place that sets the status.
    fn ser(&self) -> Bytes {
        #[cfg(feature = "ssr")]
        if let Some(response) = leptos::prelude::use_context::<leptos_axum::ResponseOptions>() {
            response.set_status(self.status());
        }
        json(&self.0)
    }
}

/// The JSON of a failure. It holds texts and numbers only, so it always has one.
fn json(failure: &Failure) -> Bytes {
    serde_json::to_vec(failure).unwrap_or_default().into()
}

#[cfg(feature = "ssr")]
impl axum::response::IntoResponse for ApiError {
    fn into_response(self) -> axum::response::Response {
        use http::header;
        let mut response = axum::response::Response::new(axum::body::Body::from(json(&self.0)));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
