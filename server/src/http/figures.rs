//! The figures behind the Monitor page: the last hour, and who used which model.
use super::state::AppState;
use app::{api::Success, error::ApiError};
use axum::{Json, extract::State};
use domain::{Failure, MetricsHistory, Usage};
use http::Uri;
use std::time::Duration;

/// How far back the figures are kept.
const HOUR: u64 = 60;

/// CPU, memory, gateway connections and requests of the last minutes, at most 60, the oldest first. A figure that could
/// not be had is `null`.
#[utoipa::path(get, path = "/ni_status/metrics/history", tag = "state",
    params(("minutes" = Option<u64>, Query, minimum = 1, maximum = 60)),
    responses((status = 200, body = Success<MetricsHistory>)))]
pub async fn history(
    State(state): State<AppState>,
    uri: Uri,
) -> Result<Json<Success<MetricsHistory>>, ApiError> {
    let last = Duration::from_secs(60 * minutes(uri.query())?);
    Ok(Json(Success::new(state.shared.operations.metrics_history(last))))
}

/// Requests and tokens by model and consumer, since the gateway started and in the last hour, as its ai-statistics plugin
/// counts them. `unavailable` says why nothing is known.
#[utoipa::path(get, path = "/ni_status/usage", tag = "state",
    responses((status = 200, body = Success<Usage>)))]
pub async fn usage(State(state): State<AppState>) -> Json<Success<Usage>> {
    Json(Success::new(state.shared.operations.usage()))
}

fn minutes(query: Option<&str>) -> Result<u64, Failure> {
    let mut pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let Some((_, text)) = pairs.find(|(name, _)| name == "minutes") else { return Ok(HOUR) };
    let minutes = text.parse().ok().filter(|minutes| (1..=HOUR).contains(minutes));
    minutes.ok_or_else(|| Failure::field("minutes", format!("use a number from 1 to {HOUR}")))
}
