//! The note of a worker's model in the registry.
use super::Files;
use crate::{
    Edit, Error, Held, Image, Part, Version, Wish,
    registry::{self, ModelNote},
};
use domain::WorkerName;
use openclaw::{FileError, replace_file};
use std::time::Duration;

/// How often the registry is read again because its writers were faster.
const TRIES: usize = 5;

impl Files {
    /// The note as it stands.
    pub(super) async fn note(&self, worker: &WorkerName) -> Result<Held, Error> {
        let (text, _) = self.text_beside(registry::REGISTRY).await?;
        let note = registry::model_note(&text, worker)?.ok_or_else(|| Error::NoWorker(worker.clone()))?;
        let note = note.to_json();
        Ok(Held { image: Image::new(note.clone()), version: Version::Note(note) })
    }

    /// Replaces the note where this version stands; what others write beside it meanwhile is kept.
    pub(super) async fn write_note(
        &self,
        worker: &WorkerName,
        image: &Image,
        version: &Version,
    ) -> Result<(), Error> {
        let wanted = ModelNote::from_json(image.expose())?;
        let changed = || Error::Changed(note_object(worker));
        let disk = &self.params.disk;
        let _one = self.notes.lock().await;
        for _ in 0..TRIES {
            let (text, hash) = self.text_beside(registry::REGISTRY).await?;
            let noted =
                registry::model_note(&text, worker)?.ok_or_else(|| Error::NoWorker(worker.clone()))?;
            if Version::Note(noted.to_json()) != *version {
                return Err(changed());
            }
            let text = registry::with_model_note(&text, worker, &wanted, (self.params.now)().as_str())?;
            match replace_file(disk, &self.beside(registry::REGISTRY), hash, text.into_bytes()).await {
                Err(FileError::Changed { .. }) => {}
                done => return done.map(drop).map_err(Error::from),
            }
        }
        Err(changed())
    }

    /// What a switch does to the note; none: it says so already.
    pub(super) async fn note_edit(
        &self,
        worker: &WorkerName,
        wish: &Wish<'_>,
    ) -> Result<Option<Edit>, Error> {
        let before = self.note(worker).await?;
        let known = ModelNote::from_json(before.image.expose())?;
        if known.model.as_deref() == Some(wish.model.as_str()) {
            return Ok(None);
        }
        let after = Image::new(ModelNote::of(wish.model).to_json());
        Ok(Some(Edit {
            part: Part::Registry,
            object: note_object(worker),
            before,
            after,
            owner: "manager".into(),
            lasts: None,
            sure_after: Duration::ZERO,
        }))
    }
}

fn note_object(worker: &WorkerName) -> String {
    format!("file:{}#{worker}", registry::REGISTRY)
}
