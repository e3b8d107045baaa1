//! `/doctor`: each setting with its source, every system, and every check with its evidence and its fix.
use super::state::AppState;
use crate::bundle;
use app::{
    api::{Caller, Examination},
    error::ApiError,
};
use axum::{
    Json,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use domain::{Check, CheckId, CheckState, Failure, is_default_password};
use http::{header, request::Parts};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// What older callers said. Asking costs something and writes to the store, and a GET can come from any page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    #[serde(default)]
    probe: bool,
}

/// Every check that costs nothing, made now, with what was observed and what to do. What the others saw last is told with
/// its time, until what they were about is changed: `POST /ni_status/doctor/probe` makes them anew.
#[utoipa::path(
    get, path = "/ni_status/doctor", tag = "state", responses((status = 200, body = Examination))
)]
pub async fn doctor(State(state): State<AppState>, parts: Parts) -> Result<Json<Examination>, ApiError> {
    let installation = state.installation();
    Caller::of(&parts, installation.operations.clone())?;
    let costs_nothing = Query::<Wish>::try_from_uri(&parts.uri).is_ok_and(|Query(wish)| !wish.probe);
    if !costs_nothing {
        let refused = Failure::field("probe", "leave it out: a GET makes no check that costs something");
        return Err(refused.hint("Those are made by POST /ni_status/doctor/probe.").into());
    }
    Ok(Json(installation.examine(false).await))
}

/// Every check, also those that cost something: the providers are tested, the model of each agent is asked for one token,
/// and a scratch object is written to the store and removed. Who asks while they are made gets the same answers.
#[utoipa::path(
    post, path = "/ni_status/doctor/probe", tag = "state", responses((status = 200, body = Examination))
)]
pub async fn probe(State(state): State<AppState>, parts: Parts) -> Result<Json<Examination>, ApiError> {
    let installation = state.installation();
    Caller::of(&parts, installation.operations.clone())?.not_rehearsed("asking has no plan")?;
    Ok(Json(installation.examine(true).await))
}

/// All that helps to find out what is wrong here, as one archive (tar, gzip): the examination, drift, providers, routes,
/// agents, operations, figures, and the newest lines of the log. No key, no password and no session is in it.
#[utoipa::path(get, path = "/ni_status/doctor/bundle", tag = "state",
    responses((status = 200, content((String = "application/gzip")))))]
pub async fn bundle(State(state): State<AppState>, parts: Parts) -> Result<Response, ApiError> {
    let installation = state.installation();
    Caller::of(&parts, installation.operations.clone())?.not_rehearsed("a look has no plan")?;
    let bytes = bundle::make(&state).await?;
    let name = r#"attachment; filename="agm-bundle.tar.gz""#;
    let headers = [(header::CONTENT_TYPE, "application/gzip"), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, bytes).into_response())
}

/// What can be said of the server itself when it starts.
pub fn own_checks(user: &str, password: &SecretString, sandbox: bool) -> Vec<Check> {
    let check = |state, evidence| Check::new(CheckId::OwnPassword, state, user, evidence);
    vec![match (is_default_password(user, password.expose_secret()), sandbox) {
        (false, _) => check(CheckState::Ok, "the password of agm is none of those that everybody tries first"),
        (true, true) => check(CheckState::Ok, "this is a sandbox: it has a known password, and nothing real is behind it"),
        (true, false) => check(CheckState::Warning, "signs in to agm with a password that everybody tries first")
            .fix("Set HICLAW_ADMIN_PASSWORD to another one, change it in the Higress Console too, and restart agm."),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_password_is_told_outside_of_a_sandbox() {
        let state = |password: &str, sandbox| own_checks("admin", &password.into(), sandbox)[0].state;
        assert_eq!(state("admin", false), CheckState::Warning);
        assert_eq!(state("admin", true), CheckState::Ok);
        assert_eq!(state("correct horse battery", false), CheckState::Ok);
    }
}
