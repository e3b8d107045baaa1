//! `agm backup verify|rotate-key|reseal`: whether backups open, and the keys that they are sealed with.
use super::{Call, error::CliError, show::document};
use domain::{BackupId, Backups, Code, Failure, NotResealed, Resealed, SealKeys, VerifiedBackup};
use serde::Serialize;

/// What became of opening one backup.
#[derive(Serialize)]
struct Checked {
    id: BackupId,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<VerifiedBackup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
}

/// Opens one backup, or all of them.
pub async fn verify(call: &Call, one: Option<BackupId>) -> Result<(), CliError> {
    let all = one.is_none();
    let ids = match one {
        Some(id) => vec![id],
        None => {
            let all: Backups = call.client.get(&["backups"]).await?;
            all.backups.into_iter().map(|backup| backup.id).collect()
        }
    };
    let mut checked = Vec::new();
    for id in ids {
        checked.push(match call.client.act_with(&["backups", id.as_str(), "verify"], &[]).await {
            Ok(verified) => Checked { id, verified: Some(verified), failure: None },
            // Somebody removed it meanwhile.
            Err(CliError::Failed(gone)) if all && gone.code == Code::NotFound => continue,
            Err(CliError::Failed(failure)) => Checked { id, verified: None, failure: Some(*failure) },
            Err(error) => return Err(error),
        });
    }
    document(call.json, &checked, || checked.iter().map(line).collect())?;
    let failures: Vec<&Failure> = checked.iter().filter_map(|one| one.failure.as_ref()).collect();
    match failures.first() {
        Some(first) => {
            let message = format!("{} of {} do not open", failures.len(), checked.len());
            Err(Failure::new(first.code, message).into())
        }
        None => Ok(()),
    }
}

/// `01JD…  opens  sealed with 9f2c51d07ab3e846  3 providers, 4 routes, 6 agents, 3 keys`
fn line(checked: &Checked) -> String {
    let what = match (&checked.verified, &checked.failure) {
        (Some(verified), _) => {
            let VerifiedBackup { sealed_with, providers, routes, agents, keys, .. } = verified;
            let sealed =
                sealed_with.as_ref().map_or("in clear".to_owned(), |key| format!("sealed with {key}"));
            format!("opens\t{sealed}\t{providers} providers, {routes} routes, {agents} agents, {keys} keys")
        }
        (None, failure) => format!("! {}", failure.as_ref().map_or("", |failure| &failure.message)),
    };
    format!("{}\t{what}", checked.id)
}

/// Makes another key.
pub async fn rotate(call: &Call) -> Result<(), CliError> {
    let keys: SealKeys = call.client.act_with(&["backups", "rotate-key"], &[]).await?;
    document(call.json, &keys, || vec![format!("sealed from now on with {}", keys.key), older(&keys)])
}

fn older(keys: &SealKeys) -> String {
    format!("still opened by {}; `agm backup reseal` seals all backups anew", keys.older.join(" "))
}

/// Seals all backups with the newest key.
pub async fn reseal(call: &Call) -> Result<(), CliError> {
    let done: Resealed = call.client.act_with(&["backups", "reseal"], &[]).await?;
    let failed = |one: &NotResealed| format!("! {}\t{}", one.id, one.message);
    document(call.json, &done, || {
        std::iter::once(format!("{} sealed anew", done.resealed))
            .chain(done.failed.iter().map(failed))
            .collect()
    })?;
    match done.failed.first() {
        Some(first) => {
            let message = format!("{} could not be sealed anew and are as before", done.failed.len());
            Err(Failure::new(first.code, message).into())
        }
        None => Ok(()),
    }
}
