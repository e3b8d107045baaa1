//! The object that an agent lives by: the controller makes it, nobody else writes it.
use super::{Controller, runtime_yaml, ways::Ways, who::Who};
use crate::{AgentConfig, Error, Held, object, openclaw_config};
use domain::{ModelId, Target};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};
use store::{Listed, Listing, ObjectKey};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `openclaw.json`
    OpenClaw,
    /// `runtime/runtime.yaml`
    Runtime,
}

impl Form {
    fn key(self, target: &Target) -> ObjectKey {
        match self {
            Self::OpenClaw => ObjectKey::config(target),
            Self::Runtime => ObjectKey::runtime(target),
        }
    }
}

/// The forms that an agent's object may have, the likelier one first. A Manager of any runtime has an openclaw.json.
fn forms(target: &Target, runtime: &str, ways: Option<&Ways>) -> Vec<Form> {
    match (target, runtime, ways) {
        (Target::Manager, ..) => vec![Form::OpenClaw],
        (Target::Worker(_), "", _) | (Target::Worker(_), _, None) => vec![Form::OpenClaw, Form::Runtime],
        (Target::Worker(_), runtime, Some(ways)) => vec![(ways.form)(runtime)],
    }
}

impl Controller {
    /// The object's name for people, as far as the agent's runtime was seen.
    pub(super) fn config_name(&self, target: &Target) -> String {
        let runtime = self.seen(target).map_or_else(String::new, |who| who.runtime);
        let form = forms(target, &runtime, self.known_ways()).first().copied().unwrap_or(Form::OpenClaw);
        object::name(&form.key(target))
    }

    /// The object as it stands.
    pub(super) async fn own_object(&self, who: &Who) -> Result<Held, Error> {
        Ok(self.found(who).await?.1)
    }

    /// What the object says.
    pub(super) async fn own_config(&self, who: &Who) -> Result<AgentConfig, Error> {
        let (form, held) = self.found(who).await?;
        self.understood(&who.target, form, held)
    }

    /// What the agent's object says, and what is kept for it beside that.
    pub(super) async fn read_config(&self, target: &Target) -> Result<AgentConfig, Error> {
        let who = self.who(target).await?;
        let config = self.own_config(&who).await?;
        let desired = desired(&who, config.model.as_ref());
        self.keep_seen(who);
        Ok(AgentConfig { desired, ..config })
    }

    /// The same as of this listing, and as of the last look at all agents.
    pub(super) async fn read_config_as_listed(
        &self,
        target: &Target,
        listing: &Listing,
    ) -> Result<Arc<AgentConfig>, Error> {
        let Some(who) = self.seen(target) else { return self.read_config(target).await.map(Arc::new) };
        let forms = forms(target, &who.runtime, self.known_ways());
        let may_be_there = |form: &&Form| listing.of(&form.key(target)) != Listed::Absent;
        let form = forms.iter().find(may_be_there).or(forms.first()).copied().unwrap_or(Form::OpenClaw);
        let make = |held| self.understood(target, form, held).map(Arc::new);
        let key = form.key(target);
        let config = self.configs.of(&self.store, &key, listing, make).await?;
        let config = config.ok_or_else(|| Error::Missing(object::name(&key)))?;
        match desired(&who, config.model.as_ref()) {
            None => Ok(config),
            desired => Ok(Arc::new(AgentConfig { desired, ..(*config).clone() })),
        }
    }

    async fn found(&self, who: &Who) -> Result<(Form, Held), Error> {
        for form in forms(&who.target, &who.runtime, self.known_ways()) {
            if let Some(held) = object::read(&self.store, &form.key(&who.target)).await? {
                return Ok((form, held));
            }
        }
        Err(Error::Missing(self.config_name(&who.target)))
    }

    fn understood(&self, target: &Target, form: Form, held: Held) -> Result<AgentConfig, Error> {
        let key = match target {
            Target::Manager => self.manager_key.clone(),
            Target::Worker(_) => None,
        };
        let name = object::name(&form.key(target));
        match form {
            Form::OpenClaw => openclaw_config::understood(&name, held, key),
            Form::Runtime => runtime(&name, held),
        }
    }
}

/// What is kept, where that is not what the agent lives by.
fn desired(who: &Who, lived: Option<&ModelId>) -> Option<ModelId> {
    let kept = super::spec::bare(&who.model).parse().ok()?;
    (lived != Some(&kept)).then_some(kept)
}

/// It names no figures and no key: those are in the agent's environment.
fn runtime(name: &str, held: Held) -> Result<AgentConfig, Error> {
    let text = held.image.expose();
    let of = |key: &str| runtime_yaml::scalar(text, &["desired", "model", key]);
    let (Some(gateway), Some(model)) = (of("providerId"), of("model")) else {
        let message = "it names no model at desired.model".into();
        return Err(Error::Malformed { file: name.to_owned(), message });
    };
    let primary = format!("{gateway}/{model}");
    let parsed: Option<ModelId> = model.parse().ok();
    let part = parsed.as_ref().map(|_| json!({"gateway": gateway, "primary": primary}));
    Ok(AgentConfig {
        primary: Some(primary),
        model: parsed,
        desired: None,
        lists_models: false,
        models: BTreeMap::new(),
        part,
        key: None,
        holds_key: false,
        held,
    })
}
