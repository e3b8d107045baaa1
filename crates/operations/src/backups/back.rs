//! The server's own backups as a way back: which one a reset goes to.
use super::content::{Content, Documents, takes_images, unwritable};
use crate::Operations;
use domain::{Backup, Code, Failure, Target};
use higress::{KeysOf, ProviderDoc, RouteDoc};
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

impl Operations {
    /// The backup that a reset goes back to: the newest of the server's own that opens and whose restore would change
    /// something. A restore takes nothing away and keeps the keys that there are, so one from before a provider was added
    /// or a key was replaced is passed over, where nothing else is other than now. What was imported is no state that there
    /// was here.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is none, and those of [`Operations::export`].
    pub async fn last_other_backup(&self) -> Result<Backup, Failure> {
        self.present().await?.last.ok_or_else(|| {
            Failure::new(Code::NotFound, "there is no backup whose restore would change anything now").hint(
                "One is taken before every change. A restore takes nothing away and keeps the present keys.",
            )
        })
    }

    /// The server's own backups, newest first.
    pub(crate) async fn own_backups(&self) -> Result<impl Iterator<Item = Backup> + use<>, Failure> {
        Ok(self.shelf().await?.list().await.into_iter().filter(Backup::is_own))
    }

    /// The newest of the own backups that leads to another state than this one, whose hash is given.
    pub(super) async fn leading_back_from(
        &self,
        now: &Arc<Content>,
        hash: &str,
    ) -> Result<Option<Backup>, Failure> {
        // Of the same state one is enough, whichever opens.
        let mut judged = BTreeSet::from([hash.to_owned()]);
        for backup in self.own_backups().await? {
            if judged.contains(&backup.hash) {
                continue;
            }
            let was = match self.open_backup(&backup.id).await {
                Ok((_, was)) => was,
                Err(error) => {
                    tracing::warn!(id = %backup.id, %error, "a backup is passed over, for it does not open");
                    continue;
                }
            };
            let now = now.clone();
            if self.off_the_runtime(move || leads_back(&was, &now)).await? {
                return Ok(Some(backup));
            }
            judged.insert(backup.hash);
        }
        Ok(None)
    }
}

/// Whether a restore of what was changes anything of what is now.
pub fn leads_back(was: &Content, now: &Content) -> Result<bool, Failure> {
    let stored = match (&was.originals, &now.originals) {
        (Some(was), Some(now)) => provider_comes_back(was, now)? || route_comes_back(was, now)?,
        _ => {
            let (was, now) = (&was.file, &now.file);
            any_other(&was.providers, &now.providers)? || any_other(&was.routes, &now.routes)?
        }
    };
    Ok(stored || model_comes_back(was, now))
}

/// A provider that is gone, or has other settings than those that are its keys.
fn provider_comes_back(was: &Documents, now: &Documents) -> Result<bool, Failure> {
    let now = now.providers()?;
    let comes_back = |was: ProviderDoc| {
        let Some(now) = now.iter().find(|now| now.name() == was.name()) else { return true };
        was.again(KeysOf::Doc(now)).map_or(true, |again| again.content_hash() != now.content_hash())
    };
    Ok(was.providers()?.into_iter().any(comes_back))
}

/// A route that is gone or another one. Who is let in since, and was not there then, stays let in.
fn route_comes_back(was: &Documents, now: &Documents) -> Result<bool, Failure> {
    let there: BTreeSet<_> = was.consumers.iter().map(|name| name.as_str()).collect();
    let mut routes = BTreeMap::new();
    for route in now.routes()? {
        let mut json = route.json().clone();
        if let Some(let_in) = json.pointer_mut("/authConfig/allowedConsumers").and_then(Value::as_array_mut) {
            let_in.retain(|name| name.as_str().is_some_and(|name| there.contains(name)));
        }
        routes.insert(route.name().clone(), RouteDoc::parse(json)?.content_hash());
    }
    Ok(was.routes()?.iter().any(|route| routes.get(route.name()) != Some(&route.content_hash())))
}

/// Of an agent that is there.
fn model_comes_back(was: &Content, now: &Content) -> bool {
    let documents = |of: &Content| -> BTreeMap<Target, Option<bool>> {
        let agents = of.originals.iter().flat_map(|documents| &documents.agents);
        agents.map(|one| (one.agent.clone(), takes_images(one))).collect()
    };
    let (took, takes) = (documents(was), documents(now));
    let runs: BTreeMap<_, _> = now.file.assignments.all().collect();
    was.file.assignments.all().any(|(agent, ran)| {
        let vision = took.get(&agent).copied().flatten();
        takes.get(&agent).is_some_and(|takes| {
            runs.get(&agent) != Some(&ran) || vision.is_some_and(|took| *takes != Some(took))
        })
    })
}

/// Whether one of the first is not among the second.
fn any_other<T: Serialize>(was: &[T], now: &[T]) -> Result<bool, Failure> {
    let json = |all: &[T]| all.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>();
    let (was, now) = (json(was).map_err(unwritable)?, json(now).map_err(unwritable)?);
    Ok(was.iter().any(|was| !now.contains(was)))
}
