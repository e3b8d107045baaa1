//! `agents/<name>/model.json`: our own note of the last switch. HiClaw does not read it, and it is no evidence of what
//! an agent runs.
use crate::{Error, Held, Image, Version, known::Known, object};
use domain::{Limits, Restart, SetModel, Target, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Listing, ObjectKey, Store};

/// What the note says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub provider: domain::ProviderName,
    pub model: domain::ModelId,
    /// Tokens.
    pub context_window: Option<u64>,
    /// Tokens of one answer.
    pub max_tokens: Option<u64>,
    pub reasoning: Option<bool>,
    pub updated_at: Option<Timestamp>,
}

impl Record {
    /// The note of a switch. `limits`: none where it writes none.
    pub fn of(wish: &SetModel, limits: Option<&Limits>, at: &Timestamp) -> Self {
        Self {
            provider: wish.provider.clone(),
            model: wish.model.clone(),
            context_window: limits.map(|limits| limits.context_window),
            max_tokens: limits.map(|limits| limits.max_tokens),
            reasoning: limits.map(|limits| limits.reasoning),
            updated_at: Some(at.clone()),
        }
    }

    /// The wish that it says was fulfilled.
    pub fn wish(&self) -> SetModel {
        SetModel {
            provider: self.provider.clone(),
            model: self.model.clone(),
            context_window: self.context_window,
            max_tokens: self.max_tokens,
            reasoning: self.reasoning,
            restart: Restart::No,
            lasting: false,
        }
    }

    /// Reads a note.
    pub fn parse(target: &Target, image: &Image) -> Result<Self, Error> {
        serde_json::from_str(image.expose())
            .map_err(|error| Error::Malformed { file: record_object(target), message: error.to_string() })
    }

    /// As it is stored.
    pub fn image(&self) -> Result<Image, Error> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::Malformed { file: "model.json".into(), message: error.to_string() })?;
        Ok(Image::new(text + "\n"))
    }
}

/// The name of an agent's note for people: `s3:agents/alice/model.json`.
pub fn record_object(target: &Target) -> String {
    format!("s3:{}", ObjectKey::record(target))
}

/// The notes of all agents, the Manager's too, in the store.
pub struct Records {
    store: Store,
    /// One for each agent that ever was: they are small and hold no secrets.
    known: Known<Record>,
}

impl Records {
    /// Makes no call.
    pub fn new(store: Store) -> Self {
        Self { store, known: Known::default() }
    }

    /// The note of an agent; none before its first switch.
    pub async fn read(&self, target: &Target) -> Result<Option<Held>, Error> {
        object::read(&self.store, &ObjectKey::record(target)).await
    }

    /// What the note says as of this listing of the store: one that has not changed since it was read last is not read
    /// again.
    pub async fn as_listed(&self, target: &Target, listing: &Listing) -> Result<Option<Record>, Error> {
        let make = |held: Held| Record::parse(target, &held.image);
        self.known.of(&self.store, &ObjectKey::record(target), listing, make).await
    }

    /// Writes the note where this version stands (none: where nothing stands), else [`Error::Changed`].
    pub async fn write(
        &self,
        target: &Target,
        image: &Image,
        version: Option<&Version>,
    ) -> Result<(), Error> {
        object::write(&self.store, &ObjectKey::record(target), image, version).await
    }

    /// Removes the note of this version.
    pub async fn remove(&self, target: &Target, version: &Version) -> Result<(), Error> {
        object::remove(&self.store, &ObjectKey::record(target), version).await
    }
}
