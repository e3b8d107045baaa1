//! `/installation`: how agm is reached through the gateway.
use super::state::AppState;
use app::{api::Success, error::ApiError};
use axum::{Json, extract::State};
use domain::InstallationState;

/// What agm stands in, whether each system answers, what is registered at the gateway and how it stands there, and the
/// newest proof. It is changed with a plan of `{"kind": "install"}` or `{"kind": "uninstall"}`.
#[utoipa::path(get, path = "/ni_status/installation", tag = "state",
    responses((status = 200, body = Success<InstallationState>)))]
pub async fn installation(
    State(state): State<AppState>,
) -> Result<Json<Success<InstallationState>>, ApiError> {
    Ok(Json(Success::new(state.shared.operations.installation().await?)))
}

/// What was seen.
#[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Seen {
    pub evidence: String,
}

/// Call agm through the gateway, by its domain and by its path, with and without a sign-in, and say what was seen. 502 when
/// it is not reached so.
#[utoipa::path(post, path = "/ni_status/installation/proof", tag = "state",
    responses((status = 200, body = Success<Seen>)))]
pub async fn prove(State(state): State<AppState>) -> Result<Json<Success<Seen>>, ApiError> {
    Ok(Json(Success::new(Seen { evidence: state.shared.operations.prove().await? })))
}
