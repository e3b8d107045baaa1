//! Going back to a backup: what it can do is done, and what it cannot do is said.
mod keys;
mod left_out;
mod without_documents;

use super::{Draft, Installation, agents_in, declared, routes, world::World};
use crate::{clients::Clients, locks::Hold};
use domain::{
    BackupItem, Code, ConsumerName, Declared, Failure, NewName, Originals, ProviderName, Restore, RouteName,
    Target, Warning, WarningCode,
};
use higress::RouteDoc;
use keys::Returning;
use left_out::{leave_out, said, say_what_stays, unfit};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Puts back what the backup holds: its documents as they were, or what its file says where it has no documents. Of a
/// whole backup the things that cannot be restored are left out with a warning; where single items are wanted, one that
/// cannot be restored fails the plan. Returns the agents that it is for.
pub async fn draft(
    clients: &Clients,
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    wish: &Restore,
) -> Result<Vec<Target>, Failure> {
    let opened = wish.opened.as_deref().ok_or_else(unopened)?;
    let mut file = opened.file.clone();
    refuse_taken(world, &opened.names)?;
    match &opened.originals {
        Some(originals) => {
            documents(clients, world, draft, installation, wish, (&mut file, originals, &opened.names))
                .await?;
        }
        None => {
            let file = (&mut file, &opened.names[..]);
            without_documents::draft(clients, world, draft, installation, wish, file).await?;
        }
    }
    Ok(agents_in(&file))
}

/// A restore whose backup nobody looked up.
pub fn unopened() -> Failure {
    Failure::new(Code::Internal, "the backup of this restore was not opened")
}

/// A new name is that of something new, be it asked for or one that follows.
fn refuse_taken(world: &World, names: &[NewName]) -> Result<(), Failure> {
    for NewName { new, asked, .. } in names {
        let (name, code) = match new {
            BackupItem::Provider(name) if world.console.provider(name).is_ok() => {
                (name.as_str(), Code::ProviderExists)
            }
            BackupItem::Route(name) if world.console.route(name).is_some() => {
                (name.as_str(), Code::InvalidRequest)
            }
            _ => continue,
        };
        let taken = Failure::field(format!("rename.{asked}"), format!("there is a {name} already"));
        return Err(Failure { code, ..taken }.hint("Choose another name."));
    }
    Ok(())
}

/// A restore of what the systems themselves had.
async fn documents(
    clients: &Clients,
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    wish: &Restore,
    (file, originals, names): (&mut Declared, &Originals, &[NewName]),
) -> Result<(), Failure> {
    let is_there = |item: &BackupItem| match item {
        BackupItem::Provider(name) => world.console.provider(name).is_ok(),
        BackupItem::Route(name) => world.console.route(name).is_some(),
        BackupItem::Agent(_) => true,
    };
    match &wish.items {
        Some(items) => refuse_without(originals.needs.beyond(items.iter().cloned(), is_there))?,
        None => draft.beyond = originals.needs.of_each(is_there),
    }
    let mut returning = BTreeMap::new();
    for name in originals.providers.keys() {
        let one = Returning::of(clients, world, wish, name, originals);
        // What was chosen by name is not left out in silence.
        let by_name = wish.items.is_some() || wish.keys.contains_key(wish.in_backup(name));
        returning.insert(name, if by_name { Ok(one?) } else { one });
    }
    if wish.items.is_none() {
        say_what_stays(world, draft, names, file);
        let can_be = |name: &ProviderName| match returning.get(name) {
            Some(Err(failure)) if failure.fields.is_empty() => Err(failure.message.clone()),
            Some(Err(failure)) => Err(said(&failure.fields)),
            Some(Ok(_)) => Ok(()),
            None => Err("the backup holds no document of it".to_owned()),
        };
        leave_out(world, draft, installation, file, &originals.vision, |wish| can_be(&wish.name))?;
    }
    let before = world.view(installation)?;
    for provider in &file.providers {
        let Some(Ok(one)) = returning.remove(&provider.name) else { return Err(lacks(&provider.name)) };
        one.write(world, draft, installation);
    }
    for wanted in &file.routes {
        let original = originals.routes.get(&wanted.name).ok_or_else(|| lacks(&wanted.name))?;
        route(world, draft, &wanted.name, original, &originals.consumers)?;
    }
    declared::conclude(clients, world, draft, installation, file, (&before, &originals.vision, unfit(wish)))
        .await
}

/// Single things do not come back without what they rely on.
fn refuse_without(needed: Vec<BackupItem>) -> Result<(), Failure> {
    if needed.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = needed.iter().map(BackupItem::to_string).collect();
    let message = format!("what is wanted needs these too, which are not there now: {}", names.join(", "));
    Err(Failure::field("items", message).hint("Restore them too, or restore everything."))
}

/// The route as it was, over the one that is there. Whom it lets in now though there was no such consumer then stays let
/// in; `known` are the consumers that there were.
fn route(
    world: &mut World,
    draft: &mut Draft,
    name: &RouteName,
    original: &Value,
    known: &BTreeSet<ConsumerName>,
) -> Result<(), Failure> {
    let stored = world.console.route(name);
    draft.look_at_route(name, stored);
    let mut json = original.clone();
    if let Some(tree) = json.as_object_mut() {
        tree.shift_remove("version");
        tree.extend(stored.map(|stored| ("version".to_owned(), stored.version().into())));
    }
    let mut after = RouteDoc::parse(json)?;
    if let (Some(stored), Some(listed)) = (stored, after.consumers()) {
        let mut newcomers = stored.consumers().unwrap_or_else(|| world.console.consumers.clone());
        newcomers.retain(|one| !known.contains(one) && !listed.contains(one));
        after = routes::letting_in(&after, newcomers)?;
    }
    if stored.is_some_and(|stored| stored.content_hash() == after.content_hash()) {
        return Ok(());
    }
    if stored.is_none() {
        name.check_new().map_err(|error| Failure::field(format!("route:{name}"), error.to_string()))?;
    }
    if after.consumers().is_none() && stored.is_none_or(|stored| stored.consumers().is_some()) {
        let message = format!("{name} asked for no key in the backup: everybody may call it again");
        draft.warn(Warning::new(WarningCode::OpenRoute, message).about([name]));
    }
    draft.write_route(world, name, Some(after), Hold::Write);
    Ok(())
}

fn lacks(name: &impl std::fmt::Display) -> Failure {
    Failure::new(Code::Internal, format!("the backup names {name} and holds no document of it"))
}
