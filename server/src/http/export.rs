//! `GET /export`: the installation as a declarative file.
use super::state::AppState;
use crate::yaml;
use app::{
    api::{Exported, Success},
    error::ApiError,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};

/// The media type of YAML (RFC 9512).
pub const YAML: &str = "application/yaml";

/// What is there now, as a declarative file without keys; planning it changes nothing. As YAML with
/// `Accept: application/yaml`.
#[utoipa::path(get, path = "/ni_status/export", tag = "changes",
    responses((status = 200, content((Success<Exported> = "application/json"), (String = "application/yaml")))))]
pub async fn export(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, ApiError> {
    let operations::Exported { file, left_out } = state.shared.operations.export().await?;
    let wanted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if !wanted.is_some_and(|accept| accept.contains(YAML)) {
        return Ok(Json(Success::new(Exported { file, left_out })).into_response());
    }
    let text = yaml::write(&file, &left_out)?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(YAML))], text).into_response())
}
