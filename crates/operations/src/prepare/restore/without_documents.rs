//! A restore of a backup of an older version, or of a file: it names what shall be there, and holds no keys.
use super::{
    super::{
        Draft, Installation,
        declared::{self, Unfit},
        providers, refuse_masks,
        world::World,
    },
    keys::{NotLent, field, not_kept},
    left_out::{leave_out, said, say_what_stays, unfit},
};
use crate::{clients::Clients, declared as file_of};
use domain::{Declared, DeclaredProvider, Failure, KeyChoice, KeySource, NewName, PlannedKeys, Restore};
use higress::ProviderDoc;
use std::collections::BTreeMap;

/// Does what the file says, as applying it does.
pub async fn draft(
    clients: &Clients,
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    wish: &Restore,
    (file, names): (&mut Declared, &[NewName]),
) -> Result<(), Failure> {
    choose_keys(world, draft, wish, file)?;
    let unfit = unfit(wish);
    if unfit == Unfit::LeftOut {
        say_what_stays(world, draft, names, file);
        let can_be = |provider: &DeclaredProvider| can_be(clients, world, provider);
        leave_out(world, draft, installation, file, &BTreeMap::new(), can_be)?;
    }
    declared::draft(clients, world, draft, installation, file, unfit).await
}

/// Only present and new keys can be chosen.
fn choose_keys(world: &World, draft: &mut Draft, wish: &Restore, file: &mut Declared) -> Result<(), Failure> {
    for provider in &mut file.providers {
        let old_name = wish.in_backup(&provider.name);
        let present = world.console.provider(&provider.name).ok();
        let takes = match wish.keys.get(old_name) {
            None => continue,
            Some(KeyChoice::Current) if present.is_none() => return Err(not_kept(old_name, NotLent::Gone)),
            Some(KeyChoice::Current) => KeySource::Current,
            Some(KeyChoice::Sealed) => {
                return Err(Failure::field(field(old_name), "this backup holds no keys"));
            }
            Some(KeyChoice::New(typed)) => {
                refuse_masks(typed, &field(old_name))?;
                provider.tokens = Some(typed.clone());
                KeySource::New
            }
        };
        let current = present.map(ProviderDoc::credential_fingerprints);
        draft.keys.push(PlannedKeys {
            provider: old_name.clone(),
            renamed: wish.new_name(&provider.name),
            takes,
            current,
            sealed: None,
        });
    }
    Ok(())
}

/// Whether a provider can be made, or made again, what a backup says. The error is for people: a backup holds no key.
fn can_be(clients: &Clients, world: &World, wish: &DeclaredProvider) -> Result<(), String> {
    let (doc, way) = match world.console.provider(&wish.name) {
        Ok(present) => match present.edit_to(wish) {
            Ok(None) => return Ok(()),
            Ok(Some(edit)) => (present.edited(&edit), "change it by hand, with its keys"),
            Err(errors) => (Err(errors), "remove the present one first"),
        },
        Err(_) => {
            let new = file_of::new_provider(wish).map_err(|error| vec![error]);
            (
                new.and_then(|new| ProviderDoc::create(&new)),
                "it is gone; add it with its keys, and restore again",
            )
        }
    };
    let doc = doc.map_err(|errors| format!("{} ({way})", said(&errors)))?;
    providers::refuse_host(clients, &doc).map_err(|failure| failure.message)
}
