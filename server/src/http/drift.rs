//! `/drift`: where agents are not as they were recorded, and what others changed.
use super::state::AppState;
use app::{api::Success, error::ApiError};
use axum::{Json, extract::State};
use domain::Drift;

/// Every disagreement between an agent's note, its openclaw.json and the route of its model; every agent whose route does not
/// let it in; and what others changed since the newest backup. Each with the changes that end it, to be planned and applied
/// as any other.
#[utoipa::path(get, path = "/ni_status/drift", tag = "state", responses((status = 200, body = Success<Drift>)))]
pub async fn drift(State(state): State<AppState>) -> Result<Json<Success<Drift>>, ApiError> {
    Ok(Json(Success::new(state.shared.operations.drift().await?)))
}
