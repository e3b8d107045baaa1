//! The server's own backups: listed, taken, looked at, kept and let go. Going back to one is a change as any other:
//! `POST /plans` with `{"kind":"restore","backup":ID}`.
use super::{
    export::YAML,
    rest::{InPath, Named, body},
    state::AppState,
};
use crate::yaml;
use app::{
    api::{Identity, Success},
    codec::{self, Body},
    error::ApiError,
};
use axum::{
    Extension, Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use domain::{
    BackedUp, Backup, BackupContent, BackupId, BackupName, Backups, Failure, Passphrase, Plan, Resealed,
    SealKeys, SealedBackup, SealedOriginal, VerifiedBackup,
};
use http::{StatusCode, header};
use operations::Original;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

impl InPath for BackupId {
    const FIELD: &'static str = "id";
}

/// What to call a backup; no body at all says the same as no name.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupLabel {
    #[serde(default)]
    pub name: Option<BackupName>,
}

impl Body for BackupLabel {
    fn read(bytes: &[u8]) -> Result<Self, Failure> {
        if bytes.is_empty() { Ok(Self::default()) } else { codec::strict(bytes) }
    }
}

/// A file to keep as a backup.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportBackup {
    /// A declarative file, YAML or JSON, without keys; a sealed backup as `GET /ni_status/backups/{id}/sealed` answers it;
    /// or an exported one.
    pub text: String,
    /// Opens an exported backup.
    #[serde(default)]
    pub passphrase: Option<Passphrase>,
    #[serde(default)]
    pub name: Option<BackupName>,
}

impl Body for ImportBackup {
    fn read(bytes: &[u8]) -> Result<Self, Failure> {
        codec::strict(bytes)
    }
}

/// What an exported backup is to be opened with.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportBackup {
    pub passphrase: Passphrase,
}

impl Body for ExportBackup {
    fn read(bytes: &[u8]) -> Result<Self, Failure> {
        codec::strict(bytes)
    }
}

/// A sealed backup that left this server before.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptBackup {
    pub sealed: SealedBackup,
}

impl Body for AdoptBackup {
    fn read(bytes: &[u8]) -> Result<Self, Failure> {
        codec::strict(bytes)
    }
}

/// The backup of the plugin that was there before, as it lies in a browser: keys in clear.
///
/// `timestamp` is when it was taken, `providers` what the console answered to `GET /v1/ai/providers`, or the list alone,
/// `routes` the same of `GET /v1/ai/routes`, and `consumers` of `GET /v1/consumers`. Whatever else is in it is sealed too.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(value_type = Object)]
pub struct OriginalBackup(pub Map<String, Value>);

impl Body for OriginalBackup {
    fn read(bytes: &[u8]) -> Result<Self, Failure> {
        codec::strict(bytes).map(Self)
    }
}

/// All backups, newest first; the changes before which none could be taken; and files that hold none that can be read.
#[utoipa::path(get, path = "/ni_status/backups", tag = "backups", responses((status = 200, body = Success<Backups>)))]
pub async fn list(State(state): State<AppState>) -> Result<Json<Success<Backups>>, ApiError> {
    Ok(Json(Success::new(state.shared.operations.backups().await?)))
}

/// Take a backup. When nothing has changed since the newest one and no name is given, that one is the answer, with
/// `new` false and status 200.
#[utoipa::path(post, path = "/ni_status/backups", tag = "backups", request_body = BackupLabel,
    responses((status = 200, body = Success<BackedUp>), (status = 201, body = Success<BackedUp>)))]
pub async fn take(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    request: Request,
) -> Result<Response, ApiError> {
    let BackupLabel { name } = body(request).await?;
    Ok(told(state.shared.operations.back_up(&identity.user, name).await?))
}

/// Keep a file as a backup, pinned, so that it neither makes place for others nor takes theirs. A declarative one may hold no
/// keys and no references to keys; a sealed or an exported one that left this server before is adopted.
#[utoipa::path(post, path = "/ni_status/backups/import", tag = "backups", request_body = ImportBackup,
    responses((status = 200, body = Success<BackedUp>), (status = 201, body = Success<BackedUp>)))]
pub async fn import(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    request: Request,
) -> Result<Response, ApiError> {
    let ImportBackup { text, passphrase, name } = body(request).await?;
    let operations = &state.shared.operations;
    if operations::is_encrypted(&text) {
        return Ok(told(operations.import_encrypted(text, passphrase, &identity.user, name).await?));
    }
    if let Some(sealed) = sealed_in(&text) {
        return Ok(told(operations.adopt_backup(sealed?, name).await?));
    }
    let file = yaml::read(&text)?;
    Ok(told(operations.import_backup(file, &identity.user, name).await?))
}

/// The sealed backup that a text is. None: it is something else.
fn sealed_in(text: &str) -> Option<Result<SealedBackup, Failure>> {
    let is_sealed =
        serde_json::from_str::<Map<String, Value>>(text).is_ok_and(|json| json.contains_key("agmBackup"));
    is_sealed.then(|| codec::strict(text.as_bytes()))
}

/// The backup that a reset goes back to: the newest of the server's own that opens and whose restore would change something.
/// A restore takes nothing away and keeps the present keys, so one that differs in nothing else is passed over. 404: there is
/// none.
#[utoipa::path(get, path = "/ni_status/backups/last", tag = "backups", responses((status = 200, body = Success<Backup>)))]
pub async fn last(State(state): State<AppState>) -> Result<Json<Success<Backup>>, ApiError> {
    Ok(Json(Success::new(state.shared.operations.last_other_backup().await?)))
}

/// A backup with its content. Keys and other secrets in it are not told.
#[utoipa::path(get, path = "/ni_status/backups/{id}", tag = "backups", params(("id" = String, Path)),
    responses((status = 200, body = Success<BackupContent>)))]
pub async fn backup(
    Named { caller, name: id }: Named<BackupId>,
) -> Result<Json<Success<BackupContent>>, ApiError> {
    Ok(Json(Success::new(caller.operations.backup(&id).await?)))
}

/// What a backup says as a declarative file, to keep elsewhere. Its keys stay sealed.
#[utoipa::path(get, path = "/ni_status/backups/{id}/file", tag = "backups", params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "application/yaml")))]
pub async fn file(Named { caller, name: id }: Named<BackupId>) -> Result<Response, ApiError> {
    let BackupContent { file, left_out, .. } = caller.operations.backup(&id).await?;
    let text = yaml::write(&file, &left_out)?;
    let name = format!("attachment; filename=\"agm-backup-{id}.yaml\"");
    Ok(([(header::CONTENT_TYPE, YAML.to_owned()), (header::CONTENT_DISPOSITION, name)], text).into_response())
}

/// A backup to keep elsewhere, sealed: only this server opens it.
#[utoipa::path(get, path = "/ni_status/backups/{id}/sealed", tag = "backups", params(("id" = String, Path)),
    responses((status = 200, body = SealedBackup)))]
pub async fn sealed(Named { caller, name: id }: Named<BackupId>) -> Result<Response, ApiError> {
    let sealed = caller.operations.sealed_backup(&id).await?;
    let name = format!("attachment; filename=\"agm-backup-{id}.sealed.json\"");
    Ok(([(header::CONTENT_DISPOSITION, name)], Json(sealed)).into_response())
}

/// A backup to keep elsewhere, keys included, as an armored text of the format age-encryption.org/v1: the passphrase opens
/// it, here and in every other installation.
#[utoipa::path(post, path = "/ni_status/backups/{id}/export", tag = "backups", request_body = ExportBackup,
    params(("id" = String, Path)), responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn export(
    Named { caller, name: id }: Named<BackupId>,
    request: Request,
) -> Result<Response, ApiError> {
    let ExportBackup { passphrase } = body(request).await?;
    let text = caller.operations.export_backup(&id, passphrase).await?;
    let name = format!("attachment; filename=\"agm-backup-{id}.age\"");
    Ok(([(header::CONTENT_DISPOSITION, name)], text).into_response())
}

/// Keep a sealed backup that left this server before, pinned, so that it neither makes place for others nor takes theirs. One
/// that is here already is the answer, with `new` false and status 200, unless its file does not open any more: then this one
/// takes its place. One that does not open is refused.
#[utoipa::path(post, path = "/ni_status/backups/adopt", tag = "backups", request_body = AdoptBackup,
    responses((status = 200, body = Success<BackedUp>), (status = 201, body = Success<BackedUp>)))]
pub async fn adopt(State(state): State<AppState>, request: Request) -> Result<Response, ApiError> {
    let AdoptBackup { sealed } = body(request).await?;
    Ok(told(state.shared.operations.adopt_backup(sealed, None).await?))
}

/// Open a sealed backup, and say what is in it; nothing is kept. One that does not open is refused.
#[utoipa::path(post, path = "/ni_status/backups/verify", tag = "backups", request_body = AdoptBackup,
    responses((status = 200, body = Success<VerifiedBackup>)))]
pub async fn verify_sealed(
    State(state): State<AppState>,
    request: Request,
) -> Result<Json<Success<VerifiedBackup>>, ApiError> {
    let AdoptBackup { sealed } = body(request).await?;
    Ok(Json(Success::new(state.shared.operations.verify_sealed(sealed).await?)))
}

/// Seal the clear-text backup of the plugin that was there before, to the last word, and keep it, pinned. One that was sealed
/// already and still opens is the answer, with `new` false and status 200. The keys of the named providers and consumers lay
/// in clear, so they should be replaced.
#[utoipa::path(post, path = "/ni_status/backups/original", tag = "backups", request_body = OriginalBackup,
    responses((status = 200, body = Success<SealedOriginal>), (status = 201, body = Success<SealedOriginal>)))]
pub async fn original(
    State(state): State<AppState>,
    Extension(identity): Extension<Identity>,
    request: Request,
) -> Result<Response, ApiError> {
    let OriginalBackup(original) = body(request).await?;
    let sealed = state.shared.operations.seal_original(Original(original), &identity.user).await?;
    Ok((made(sealed.new), Json(Success::new(sealed))).into_response())
}

/// What would change if the backup was restored now; the warnings say what would not come back.
#[utoipa::path(get, path = "/ni_status/backups/{id}/compare", tag = "backups", params(("id" = String, Path)),
    responses((status = 200, body = Success<Plan>)))]
pub async fn compare(Named { caller, name: id }: Named<BackupId>) -> Result<Json<Success<Plan>>, ApiError> {
    Ok(Json(Success::new(caller.operations.compare_backup(&id).await?)))
}

/// Open a backup, and tell what is in it. Nothing of it is shown.
#[utoipa::path(post, path = "/ni_status/backups/{id}/verify", tag = "backups", params(("id" = String, Path)),
    responses((status = 200, body = Success<VerifiedBackup>)))]
pub async fn verify(
    Named { caller, name: id }: Named<BackupId>,
) -> Result<Json<Success<VerifiedBackup>>, ApiError> {
    Ok(Json(Success::new(caller.operations.verify_backup(&id).await?)))
}

/// Make another key to seal with. What was sealed with the keys before still opens.
#[utoipa::path(post, path = "/ni_status/backups/rotate-key", tag = "backups",
    responses((status = 200, body = Success<SealKeys>)))]
pub async fn rotate_key(State(state): State<AppState>) -> Result<Json<Success<SealKeys>>, ApiError> {
    Ok(Json(Success::new(state.shared.operations.rotate_seal_key().await?)))
}

/// Seal the server's own backups with the newest key, where they are sealed with an older one.
#[utoipa::path(post, path = "/ni_status/backups/reseal", tag = "backups",
    responses((status = 200, body = Success<Resealed>)))]
pub async fn reseal(State(state): State<AppState>) -> Result<Json<Success<Resealed>>, ApiError> {
    Ok(Json(Success::new(state.shared.operations.reseal_backups().await?)))
}

/// Keep a backup until it is unpinned.
#[utoipa::path(post, path = "/ni_status/backups/{id}/pin", tag = "backups", params(("id" = String, Path)),
    responses((status = 200, body = Success<Backup>)))]
pub async fn pin(Named { caller, name: id }: Named<BackupId>) -> Result<Json<Success<Backup>>, ApiError> {
    Ok(Json(Success::new(caller.operations.pin_backup(&id, true).await?)))
}

/// Let a backup go when newer ones need its place.
#[utoipa::path(post, path = "/ni_status/backups/{id}/unpin", tag = "backups", params(("id" = String, Path)),
    responses((status = 200, body = Success<Backup>)))]
pub async fn unpin(Named { caller, name: id }: Named<BackupId>) -> Result<Json<Success<Backup>>, ApiError> {
    Ok(Json(Success::new(caller.operations.pin_backup(&id, false).await?)))
}

/// Give a backup another name, or take its name away.
#[utoipa::path(post, path = "/ni_status/backups/{id}/rename", tag = "backups", request_body = BackupLabel,
    params(("id" = String, Path)), responses((status = 200, body = Success<Backup>)))]
pub async fn rename(
    Named { caller, name: id }: Named<BackupId>,
    request: Request,
) -> Result<Json<Success<Backup>>, ApiError> {
    let BackupLabel { name } = body(request).await?;
    Ok(Json(Success::new(caller.operations.rename_backup(&id, name).await?)))
}

/// Remove a backup that is not pinned.
#[utoipa::path(post, path = "/ni_status/backups/{id}/delete", tag = "backups", params(("id" = String, Path)),
    responses((status = 204)))]
pub async fn delete(Named { caller, name: id }: Named<BackupId>) -> Result<StatusCode, ApiError> {
    caller.operations.delete_backup(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn told(done: BackedUp) -> Response {
    (made(done.new), Json(Success::new(done))).into_response()
}

fn made(new: bool) -> StatusCode {
    if new { StatusCode::CREATED } else { StatusCode::OK }
}
