//! A provider of a backup on its way back, and which keys it gets: its present ones where they go to nobody else than
//! now, else those of the backup, unless a person chose.
use super::super::{Draft, Installation, declared::within, invalid, providers, world::World};
use crate::clients::Clients;
use domain::{
    Failure, FieldError, KeyChoice, KeySource, Originals, PlannedKeys, ProviderName, Restore, Warning,
    WarningCode,
};
use higress::{KeysOf, ProviderDoc};

/// A provider as it will be.
pub struct Returning {
    doc: ProviderDoc,
    /// None: there is nothing to choose.
    keys: Option<PlannedKeys>,
    warning: Option<Warning>,
}

impl Returning {
    /// Works out the provider that is restored under this name.
    ///
    /// # Errors
    /// Why it cannot be restored, or not with the keys that were chosen.
    pub fn of(
        clients: &Clients,
        world: &World,
        wish: &Restore,
        name: &ProviderName,
        originals: &Originals,
    ) -> Result<Self, Failure> {
        let old_name = wish.in_backup(name);
        let kept = originals.providers.get(name).cloned().ok_or_else(|| super::lacks(name))?;
        let mut kept = ProviderDoc::parse(kept)?;
        if old_name != name {
            kept = kept.unmarked();
        }
        let present = world.console.provider(name).ok();
        match present {
            Some(present) if present.kind() != kept.kind() => {
                let message = format!("the type of a provider stays: this one is {}", present.kind());
                return Err(Failure::field(format!("provider:{old_name}.type"), message)
                    .hint("Remove the present one first, or restore it under another name."));
            }
            Some(_) => {}
            None => {
                let bad = |error: domain::NameError| {
                    Failure::field(format!("provider:{old_name}.name"), error.to_string())
                };
                name.check_new().map_err(bad)?;
            }
        }
        let lender = lender(present, &kept);
        let chosen = wish.keys.get(old_name);
        let (takes, keys) = match (chosen, lender) {
            (Some(KeyChoice::Current) | None, Ok(lender)) => (KeySource::Current, KeysOf::Doc(lender)),
            (Some(KeyChoice::Current), Err(why)) => return Err(not_kept(old_name, why)),
            (Some(KeyChoice::Sealed) | None, _) => (KeySource::Sealed, KeysOf::Doc(&kept)),
            (Some(KeyChoice::New(typed)), _) => (KeySource::New, KeysOf::Typed(typed)),
        };
        let doc = kept.again(keys).map_err(|errors| refused(old_name, errors))?;
        providers::refuse_host(clients, &doc)
            .map_err(|failure| within(failure, &format!("provider:{old_name}")))?;
        let (current, sealed) =
            (lender.ok().map(ProviderDoc::credential_fingerprints), kept.credential_fingerprints());
        let differ = current.as_ref().map_or(!sealed.is_empty(), |current| *current != sealed);
        let nobody_chose = chosen.is_none() && !sealed.is_empty();
        let warning = lender.err().filter(|_| nobody_chose).map(|why| why_sealed(name, why));
        let planned = PlannedKeys {
            provider: old_name.clone(),
            renamed: wish.new_name(name),
            takes,
            current,
            sealed: Some(sealed),
        };
        Ok(Self { doc, keys: (differ || chosen.is_some()).then_some(planned), warning })
    }

    /// Adds the write, where anything is to be written.
    pub fn write(self, world: &mut World, draft: &mut Draft, installation: &Installation) {
        let name = self.doc.name().clone();
        let present = world.console.provider(&name).ok();
        draft.look_at_provider(&name, present);
        draft.keys.extend(self.keys);
        self.warning.into_iter().for_each(|warning| draft.warn(warning));
        if present.is_some_and(|present| present.content_hash() == self.doc.content_hash()) {
            return;
        }
        if let Some(present) = present {
            providers::warn_of_hiclaw(draft, installation, present);
        }
        draft.write_provider(world, &name, Some(self.doc));
    }
}

/// Why a provider cannot keep its present keys.
#[derive(Clone, Copy)]
pub enum NotLent {
    Gone,
    /// It has none, and the backup does.
    NoKeys,
    OtherHost,
}

/// The present provider, where its keys can be those of the one that comes back.
fn lender<'a>(present: Option<&'a ProviderDoc>, kept: &ProviderDoc) -> Result<&'a ProviderDoc, NotLent> {
    let present = present.ok_or(NotLent::Gone)?;
    let has_none = |doc: &ProviderDoc| doc.credential_fingerprints().is_empty();
    match present {
        _ if has_none(present) && !has_none(kept) => Err(NotLent::NoKeys),
        present if !present.lends_keys_to(kept) => Err(NotLent::OtherHost),
        present => Ok(present),
    }
}

/// Why the keys of the backup are taken, though nobody chose them.
fn why_sealed(name: &ProviderName, why: NotLent) -> Warning {
    let (code, message) = match why {
        NotLent::Gone => {
            (WarningCode::SealedKeys, format!("{name} is not there now, so it gets the keys of the backup"))
        }
        NotLent::NoKeys => {
            (WarningCode::SealedKeys, format!("{name} has no keys now, so it gets those of the backup"))
        }
        NotLent::OtherHost => (
            WarningCode::OtherHost,
            format!(
                "the backup calls {name} at another host than now, so it gets the keys of the backup: present keys are not sent to another host"
            ),
        ),
    };
    Warning::new(code, message).about([name])
}

/// Present keys were chosen, and cannot be kept.
pub fn not_kept(provider: &ProviderName, why: NotLent) -> Failure {
    let message = match why {
        NotLent::OtherHost => {
            "its present keys would go to another host: choose those of the backup, or new ones"
        }
        NotLent::NoKeys => "it has no present keys: choose those of the backup, or new ones",
        NotLent::Gone => {
            "it is not there now, so it has no present keys: choose those of the backup, or new ones"
        }
    };
    Failure::field(field(provider), message)
}

/// What is wrong with keys that were chosen is told under the choice.
fn refused(provider: &ProviderName, errors: Vec<FieldError>) -> Failure {
    let place = |error: FieldError| {
        let field = match error.field.strip_prefix("tokens") {
            Some(at) => format!("{}{at}", field(provider)),
            None => format!("provider:{provider}.{}", error.field),
        };
        FieldError { field, ..error }
    };
    invalid(errors.into_iter().map(place).collect())
}

/// The field in which the keys of a provider are chosen.
pub fn field(provider: &ProviderName) -> String {
    format!("keys.{provider}")
}
