//! Signing in and out. The cookie is axum's business, so these are calls of the page and no server functions.
use super::{Session, UiClient};
use crate::error::ApiError;
use leptos::prelude::*;
use server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::{Identity, Installation};

/// Signs this browser in; the answer sets its cookie.
#[cfg(not(feature = "ssr"))]
pub async fn login(user: String, password: String) -> Result<(), ApiError> {
    super::client::send("login", &super::Account { user, password: domain::TypedKey::new(password) }).await
}

/// Signs this browser out; the answer takes its cookie away.
#[cfg(not(feature = "ssr"))]
pub async fn logout() -> Result<(), ApiError> {
    super::client::send("logout", &serde_json::Map::new()).await
}

/// A page is rendered, not signed in: only its event handlers call this, and those run in a browser.
#[cfg(feature = "ssr")]
pub async fn login(_user: String, _password: String) -> Result<(), ApiError> {
    Err(not_here())
}

/// A page is rendered, not signed out: only its event handlers call this, and those run in a browser.
#[cfg(feature = "ssr")]
pub async fn logout() -> Result<(), ApiError> {
    Err(not_here())
}

#[cfg(feature = "ssr")]
fn not_here() -> ApiError {
    domain::Failure::new(domain::Code::Internal, "only a browser signs in or out this way").into()
}

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
