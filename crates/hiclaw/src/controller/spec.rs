//! The model in an agent's resource: looked at, written, and followed until it is carried out.
use super::{
    Controller, Wait,
    client::Path,
    ways::ALL,
    who::{Place, Who},
    wire::Team,
};
use crate::{Edit, Error, Held, Image, Part, TakeUp, Version, Wish, registry::ModelNote};
use domain::{Target, lasts};
use planted::crash_point;
use serde_json::{Value, json};
use std::time::Duration;

/// How often a write is tried that others are faster than.
const TRIES: usize = 6;
/// The longest pause before such a try.
const JITTER: Duration = Duration::from_millis(150);
/// Who owns the model.
pub(super) const OWNER: &str = "controller";

/// What a resource says of its model.
fn held(who: &Who) -> Held {
    let note = ModelNote { model: (!who.model.is_empty()).then(|| who.model.clone()) }.to_json();
    Held { image: Image::new(note.clone()), version: Version::Note(note) }
}

impl Controller {
    /// What a switch does; none: the agent lives by this model already.
    pub(super) async fn spec_edit(
        &self,
        target: &Target,
        lived: Option<&domain::ModelId>,
        wish: &Wish<'_>,
    ) -> Result<Option<Edit>, Error> {
        let who = self.who(target).await?;
        if who.model == wish.model.as_str() && lived == Some(wish.model) {
            return Ok(None);
        }
        Ok(Some(Edit {
            part: Part::Spec,
            object: who.object(),
            before: held(&who),
            after: Image::new(ModelNote::of(wish.model).to_json()),
            owner: OWNER.into(),
            lasts: None,
            sure_after: self.pace.pass,
        }))
    }

    /// The model as it is kept now.
    pub(super) async fn spec(&self, target: &Target) -> Result<Held, Error> {
        Ok(held(&self.who(target).await?))
    }

    /// Writes the model where this version stands. The controller itself compares nothing, so what somebody else writes
    /// between our look and our write is lost; a write of any other field is not.
    pub(super) async fn write_spec(
        &self,
        target: &Target,
        image: &Image,
        version: &Version,
    ) -> Result<(), Error> {
        let wanted = ModelNote::from_json(image.expose())?.model;
        let mut tries = 0;
        loop {
            let who = self.who(target).await?;
            let wanted = wanted.as_deref().ok_or_else(|| Error::Malformed {
                file: who.object(),
                message: "no model can be put back where none was".into(),
            })?;
            if held(&who).version != *version {
                return Err(Error::Changed(who.object()));
            }
            if who.model == wanted {
                return Ok(());
            }
            if who.takes_up(self.ways().await?) == TakeUp::Replaced {
                self.remember_container(&who).await;
            }
            match self.put_model(&who, wanted).await {
                Err(error) if error.lost_to_another() && tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(JITTER.mul_f64(fastrand::f64())).await;
                }
                Err(error) => {
                    if error.wrote_nothing() {
                        self.forget_container(target);
                    }
                    return Err(error);
                }
                Ok(()) => return self.shown(&who, wanted).await,
            }
        }
    }

    /// One write of one field. Of a team nothing is sent but its leader's model: a list of members would replace theirs.
    async fn put_model(&self, who: &Who, model: &str) -> Result<(), Error> {
        let change = json!({"model": model});
        let (path, body): (&[&str], Value) = match &who.place {
            Place::Manager => (&["api", "v1", "managers", &who.name], change),
            Place::Worker => (&["api", "v1", "workers", &who.name], change),
            Place::Leader { team } => (&["api", "v1", "teams", team], json!({"leader": change})),
            Place::Member { .. } => return Err(Error::Made(who.object())),
        };
        crash_point("controller.before");
        let put: Option<Value> = self.client.put(Path::of(path), &body).await?;
        crash_point("controller.after");
        put.map(drop).ok_or_else(|| gone(who))
    }

    /// Waits until reads show what was written: they trail it by some ms.
    async fn shown(&self, who: &Who, model: &str) -> Result<(), Error> {
        let wait = Wait::new(&self.pace, self.pace.shown);
        loop {
            match self.who(&who.target).await {
                Ok(now) if now.model == model => return Ok(()),
                Err(error) if wait.is_over() || !error.may_pass() => {
                    let why = format!("it took the model in, and cannot be asked for it: {error}");
                    return Err(Error::NotCarriedOut { object: who.object(), why });
                }
                _ if wait.is_over() => {
                    let why = "it took the model in and does not show it".into();
                    return Err(Error::NotCarriedOut { object: who.object(), why });
                }
                _ => wait.pause().await,
            }
        }
    }

    /// Waits until the controller has carried out what it keeps: it complains of nothing, and the agent's own config
    /// names the model.
    pub(super) async fn carried_out(&self, target: &Target) -> Result<(), Error> {
        let wait = Wait::new(&self.pace, self.pace.carried_out);
        loop {
            match self.lack(target).await {
                Ok(None) => return Ok(()),
                Ok(Some(lack)) if wait.is_over() => return Err(lack),
                Err(error) if wait.is_over() || !error.may_pass() => return Err(error),
                _ => wait.pause().await,
            }
        }
    }

    /// What is lacking now; none: nothing is.
    async fn lack(&self, target: &Target) -> Result<Option<Error>, Error> {
        let who = self.who(target).await?;
        let message = match &who.place {
            Place::Manager | Place::Worker => who.message.clone(),
            Place::Leader { team } | Place::Member { team } => {
                let team: Option<Team> = self.client.get(Path::of(&["api", "v1", "teams", team])).await?;
                team.unwrap_or_default().message
            }
        };
        if !message.is_empty() {
            let why = self.client.scrubbed(&message);
            return Ok(Some(Error::NotCarriedOut { object: who.object(), why }));
        }
        let (object, config) = (self.config_name(target), self.own_config(&who).await);
        let why = match &config {
            Err(Error::Missing(_)) => "it is not there".to_owned(),
            Err(_) => return config.map(|_| None),
            Ok(config) => match config.primary.as_deref().map_or("", bare) {
                named if named == bare(&who.model) => return Ok(None),
                named => format!("it names {named:?}"),
            },
        };
        Ok(Some(Error::NotCarriedOut { object, why }))
    }
}

/// A model without the gateway's name before it.
pub(super) fn bare(model: &str) -> &str {
    let after = |gateway: &str| model.strip_prefix(gateway)?.strip_prefix('/');
    ALL.iter().find_map(|ways| after(ways.gateway)).unwrap_or(model)
}

fn gone(who: &Who) -> Error {
    match &who.target {
        Target::Worker(name) => Error::NoWorker(name.clone()),
        Target::Manager => Error::Missing(who.object()),
    }
}

/// What others write into the config is gone with the controller's next pass.
pub(super) const OVERWRITTEN: &str = lasts::NEXT_PASS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_the_same_with_and_without_the_gateway_before_it() {
        for (model, wanted) in [
            ("agentteams-gateway/openai/gpt-4o", "openai/gpt-4o"),
            ("hiclaw-gateway/m", "m"),
            ("openai/gpt-4o", "openai/gpt-4o"),
            (" kimi ", " kimi "),
        ] {
            assert_eq!(bare(model), wanted);
        }
    }
}
