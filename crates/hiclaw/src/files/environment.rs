//! The variable by which HiClaw gives the Manager a model whenever its container starts: where it stands, and how it is
//! changed at its source. A container keeps the environment that it was made with; HiClaw's installer makes one from a file.
use super::Files;
use crate::{Edit, Error, Held, Image, Part, Version, Wish, registry::ModelNote};
use domain::{IN_CONTAINER, ModelId, OWN_ENVIRONMENT, Reset, SetIn, Target};
use openclaw::{FileError, FileHash, persist_file, read_file, replace_alone};
use std::{path::Path, time::Duration};

/// What the Manager's boot script reads.
const VARIABLE: &str = "HICLAW_DEFAULT_MODEL";
/// What it takes where the variable is not set.
const BUILT_IN: &str = "qwen3.5-plus";
/// The Manager's container.
const CONTAINER: &str = "hiclaw-manager";
/// How often the file is read again because its writers were faster.
const TRIES: usize = 5;

impl Files {
    /// What gives the agent its model when it starts; none: nothing does.
    pub(super) async fn reset_of(&self, target: &Target) -> Option<Reset> {
        if *target != Target::Manager {
            return None;
        }
        let (restarted, remade) = futures::join!(self.in_container(), self.in_file());
        let file = self.params.env_file.as_ref().map(|file| file.display().to_string());
        // Who is started from the file knows it from there, and nothing of the container.
        let own = self.params.default_model.clone().filter(|_| file.is_none());
        let own = own.map(|model| SetIn { model, place: OWN_ENVIRONMENT.into() });
        Some(Reset { variable: VARIABLE.into(), restarted: restarted.or(own), remade, file })
    }

    async fn in_container(&self) -> Option<SetIn> {
        let containers = self.params.containers.as_ref()?;
        match containers.variable(CONTAINER, VARIABLE).await {
            Ok(value) => {
                let model = value.filter(|value| !value.is_empty()).unwrap_or_else(|| BUILT_IN.to_owned());
                Some(SetIn { model, place: format!("{IN_CONTAINER}{CONTAINER}") })
            }
            Err(error) => {
                tracing::debug!(%error, "the environment of the Manager's container cannot be seen");
                None
            }
        }
    }

    async fn in_file(&self) -> Option<SetIn> {
        let file = self.params.env_file.as_ref()?;
        match self.env_text(file).await {
            Ok((text, _)) => {
                let model = value(&text)?.to_owned();
                Some(SetIn { model, place: file.display().to_string() })
            }
            Err(error) => {
                tracing::debug!(%error, "HiClaw's environment file cannot be read");
                None
            }
        }
    }

    async fn env_text(&self, file: &Path) -> Result<(String, FileHash), FileError> {
        let (bytes, hash) = read_file(&self.params.disk, file).await?;
        // It holds secrets, so nothing of it is told.
        let text = String::from_utf8(bytes).map_err(|_| FileError::NotAFile(file.to_owned()))?;
        Ok((text, hash))
    }

    fn env_file(&self) -> Result<&Path, Error> {
        let named = self.params.env_file.as_deref();
        named.ok_or_else(|| Error::NoSource("no environment file of HiClaw is named".into()))
    }

    fn env_object(file: &Path) -> String {
        let name =
            file.file_name().map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into());
        format!("file:{name}#{VARIABLE}")
    }

    /// What a switch that is to last writes there; none: it says so already.
    pub(super) async fn environment_edit(&self, wish: &Wish<'_>) -> Result<Option<Edit>, Error> {
        fit(wish.model)?;
        let before = self.environment().await?;
        let after = ModelNote::of(wish.model);
        if ModelNote::from_json(before.image.expose())? == after {
            return Ok(None);
        }
        Ok(Some(Edit {
            part: Part::Environment,
            object: Self::env_object(self.env_file()?),
            before,
            after: Image::new(after.to_json()),
            owner: "hiclaw".into(),
            lasts: None,
            sure_after: Duration::ZERO,
        }))
    }

    /// The variable as it stands in the file.
    pub(super) async fn environment(&self) -> Result<Held, Error> {
        let (text, _) = self.env_text(self.env_file()?).await.map_err(unusable)?;
        let note = ModelNote { model: value(&text).map(str::to_owned) }.to_json();
        Ok(Held { image: Image::new(note.clone()), version: Version::Note(note) })
    }

    /// Replaces it where this version stands; all else in the file is kept.
    pub(super) async fn write_environment(&self, image: &Image, version: &Version) -> Result<(), Error> {
        let wanted = ModelNote::from_json(image.expose())?.model;
        let (file, disk) = (self.env_file()?, &self.params.disk);
        let changed = || Error::Changed(Self::env_object(file));
        for _ in 0..TRIES {
            let (text, hash) = self.env_text(file).await.map_err(unusable)?;
            let stands = ModelNote { model: value(&text).map(str::to_owned) };
            if Version::Note(stands.to_json()) != *version {
                return Err(changed());
            }
            let text = with_value(&text, wanted.as_deref());
            match replace_alone(disk, file, hash, text.into_bytes()).await {
                Err(FileError::Changed { .. }) => {}
                Err(error @ (FileError::NotDurable { .. } | FileError::Io { .. })) => {
                    return Err(error.into());
                }
                done => return done.map_err(unusable),
            }
        }
        Err(changed())
    }

    /// Sees that the file comes through a power failure as it is.
    pub(super) async fn persist_environment(&self) -> Result<(), Error> {
        Ok(persist_file(&self.params.disk, self.env_file()?).await?)
    }
}

fn unusable(error: FileError) -> Error {
    Error::NoSource(error.to_string())
}

/// What a name in such a file may not hold: the readers of the file take it for something else.
fn fit(model: &ModelId) -> Result<(), Error> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "#\"'$`\\".contains(c);
    if model.as_str().contains(odd) {
        return Err(Error::NoSource(format!("{model} cannot stand in an environment file")));
    }
    Ok(())
}

/// The value that a line sets; none: it sets something else.
fn set_by(line: &str) -> Option<&str> {
    let (name, value) = line.split_once('=')?;
    (name.trim() == VARIABLE).then(|| value.trim())
}

/// The last line counts.
fn value(text: &str) -> Option<&str> {
    text.lines().filter_map(set_by).next_back()
}

/// The text with another value, or without the variable. Lines that set it go but for the last; all others stay as they
/// are, with their ends.
fn with_value(text: &str, value: Option<&str>) -> String {
    let line = value.map(|value| format!("{VARIABLE}={value}"));
    let last = text.split_inclusive('\n').filter(|line| set_by(line).is_some()).count();
    let mut seen = 0;
    let mut out = String::with_capacity(text.len() + VARIABLE.len());
    for present in text.split_inclusive('\n') {
        if set_by(present).is_none() {
            out.push_str(present);
            continue;
        }
        seen += 1;
        if let Some(line) = line.as_ref().filter(|_| seen == last) {
            out.push_str(line);
            out.push_str(present.get(present.trim_end_matches(['\r', '\n']).len()..).unwrap_or_default());
        }
    }
    if let Some(line) = line.filter(|_| last == 0) {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests;
