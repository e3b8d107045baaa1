//! Who is signed in. Signing in and out are axum's business: they set the cookie.
use super::{Session, UiClient};
use crate::error::ApiError;
use leptos::prelude::*;
use server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::{Identity, Installation};

/// Who is signed in.
#[server(name = SessionCall, prefix = "/ni_status", endpoint = "session", input = GetUrl, client = UiClient)]
#[cfg_attr(feature = "ssr", utoipa::path(
    get, path = "/ni_status/session", tag = "session", responses((status = 200, body = Session))
))]
pub async fn session() -> Result<Session, ApiError> {
    let parts = use_context::<http::request::Parts>();
    let identity = parts.and_then(|parts| parts.extensions.get::<Identity>().cloned());
    let user = identity.map(|identity| identity.user.to_string());
    Ok(Session { user, sandbox: Installation::take()?.sandbox })
}
