//! The openclaw.json of an agent: the Manager's on local disk, a worker's in the store.
use super::Files;
use crate::{
    AgentConfig, Edit, Error, Held, Image, Part, Version, Wish, object,
    openclaw_config::{self, unparsable},
};
use domain::{Fate, Target, lasts};
use openclaw::{Switch, read_file, replace_file, switch_model};
use std::{borrow::Cow, sync::Arc, time::Duration};
use store::{Listing, ObjectKey};

impl Files {
    /// The text as it stands, and its version.
    pub(super) async fn held_config(&self, target: &Target) -> Result<Held, Error> {
        match target {
            Target::Manager => {
                let (bytes, hash) = read_file(&self.params.disk, &self.params.manager_config).await?;
                let text = String::from_utf8(bytes)
                    .map_err(|_| unparsable(&config_object(target), openclaw::ParseError::Encoding))?;
                Ok(Held { image: Image::new(text), version: Version::File(hash) })
            }
            Target::Worker(_) => {
                let key = ObjectKey::config(target);
                object::read(&self.params.store, &key)
                    .await?
                    .ok_or_else(|| Error::Missing(object::name(&key)))
            }
        }
    }

    /// The text, and what it says of models and the gateway's key.
    pub(super) async fn read_config(&self, target: &Target) -> Result<AgentConfig, Error> {
        self.understood(target, self.held_config(target).await?)
    }

    /// The same as of this listing.
    pub(super) async fn read_config_as_listed(
        &self,
        target: &Target,
        listing: &Listing,
    ) -> Result<Arc<AgentConfig>, Error> {
        match target {
            Target::Manager => Ok(Arc::new(self.read_config(target).await?)),
            Target::Worker(_) => {
                let key = ObjectKey::config(target);
                let make = |held| self.understood(target, held).map(Arc::new);
                let config = self.known.of(&self.params.store, &key, listing, make).await?;
                config.ok_or_else(|| Error::Missing(object::name(&key)))
            }
        }
    }

    fn understood(&self, target: &Target, held: Held) -> Result<AgentConfig, Error> {
        let key = match target {
            Target::Manager => self.params.manager_key.clone(),
            Target::Worker(_) => None,
        };
        openclaw_config::understood(&config_object(target), held, key)
    }

    /// Replaces the text where this version stands.
    pub(super) async fn write_config(
        &self,
        target: &Target,
        image: &Image,
        version: &Version,
    ) -> Result<(), Error> {
        match (target, version) {
            (Target::Manager, Version::File(hash)) => {
                let (disk, path) = (&self.params.disk, &self.params.manager_config);
                let replaced = replace_file(disk, path, *hash, image.expose().as_bytes().to_vec()).await?;
                if let Err(error) = replaced.backup {
                    tracing::warn!(%error, "openclaw.json was replaced, its .bak was not");
                }
                Ok(())
            }
            (Target::Manager, _) => Err(Error::Changed(config_object(target))),
            (Target::Worker(_), version) => {
                object::write(&self.params.store, &ObjectKey::config(target), image, Some(version)).await
            }
        }
    }

    /// What a switch does to the text; none: it says so already.
    pub(super) fn config_edit(
        &self,
        target: &Target,
        before: &Held,
        wish: &Wish<'_>,
        fate: Fate<'_>,
    ) -> Result<Option<Edit>, Error> {
        let object = config_object(target);
        let config = openclaw_config::parse(&object, before)?;
        let switch = Switch { model: wish.model, limits: wish.limits, now: wish.at.as_str() };
        let text = switch_model(&config, &switch)
            .map_err(|source| Error::NotSwitchable { object: object.clone(), source })?;
        if text == config.text() {
            return Ok(None);
        }
        let (lasts, sure_after) = match target {
            Target::Manager => (lasts_until(fate), Duration::ZERO),
            Target::Worker(_) => (None, self.params.pulled),
        };
        let (before, after, owner) = (before.clone(), Image::new(text), super::OWNER.into());
        Ok(Some(Edit { part: Part::Config, object, before, after, owner, lasts, sure_after }))
    }
}

/// How long the Manager's model stays.
fn lasts_until(fate: Fate<'_>) -> Option<Cow<'static, str>> {
    match fate {
        Fate::Stays => None,
        Fate::StaysOnceRemade(_) => Some(lasts::MANAGER_REMADE.into()),
        Fate::GoesBack(_) => Some(lasts::MANAGER_RESTART.into()),
    }
}

/// The config's name for people.
pub(super) fn config_object(target: &Target) -> String {
    match target {
        Target::Manager => "file:openclaw.json".to_owned(),
        Target::Worker(_) => object::name(&ObjectKey::config(target)),
    }
}
