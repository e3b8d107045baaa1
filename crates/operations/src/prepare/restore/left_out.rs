//! What a restore does not bring back: what came after the backup, and what cannot be now.
use super::super::{
    Draft, Installation, Wanted, agents_in,
    declared::{Unfit, not_restored},
    world::World,
};
use crate::declared as file_of;
use domain::{
    BackupItem, Code, Declared, DeclaredProvider, DeclaredRoute, Failure, FieldError, NewName, ProviderName,
    Restore, RouteName, SetModel, Target, Warning, WarningCode, rules::leads_nowhere,
};
use higress::{ProviderDoc, RouteDoc};
use std::collections::{BTreeMap, BTreeSet};

/// A file takes nothing away, so what came after the backup stays.
pub fn say_what_stays(world: &World, draft: &mut Draft, names: &[NewName], file: &Declared) {
    let renamed = |item: BackupItem| names.iter().any(|one| one.item == item);
    let kept = |name: &ProviderName| {
        file.providers.iter().any(|kept| kept.name == *name) || renamed(BackupItem::Provider(name.clone()))
    };
    let providers = world.console.providers.iter().map(ProviderDoc::name).filter(|name| !kept(name));
    let kept = |name: &RouteName| {
        file.routes.iter().any(|kept| kept.name == *name) || renamed(BackupItem::Route(name.clone()))
    };
    let routes = world.console.routes.iter().map(RouteDoc::name).filter(|name| !kept(name));
    let agents: BTreeSet<Target> = agents_in(file).into_iter().collect();
    let agents = world.agents.by_target.keys().filter(|target| !agents.contains(target));
    let found: [(&str, Vec<&str>); 3] = [
        ("providers", providers.map(ProviderName::as_str).collect()),
        ("routes", routes.map(RouteName::as_str).collect()),
        ("the models of", agents.map(Target::agent).collect()),
    ];
    for (what, names) in found.into_iter().filter(|(_, names)| !names.is_empty()) {
        let message = format!("not in the backup, so they stay as they are: {what} {}", names.join(", "));
        draft.warn(Warning::new(WarningCode::Stays, message).about(names));
    }
}

/// Takes out of the file what cannot be restored now, and says why. `can_be` says of a provider why it cannot.
pub fn leave_out(
    world: &World,
    draft: &mut Draft,
    installation: &Installation,
    file: &mut Declared,
    vision: &BTreeMap<Target, bool>,
    can_be: impl Fn(&DeclaredProvider) -> Result<(), String>,
) -> Result<(), Failure> {
    let mut lost = BTreeSet::new();
    file.providers.retain(|wish| {
        let Err(why) = can_be(wish) else { return true };
        let same_type = |present: &ProviderDoc| present.kind() == wish.kind;
        if !world.console.provider(&wish.name).is_ok_and(same_type) {
            lost.insert(wish.name.clone());
        }
        draft.warn(not_restored(&BackupItem::Provider(wish.name.clone()), &why));
        false
    });
    let back: BTreeSet<ProviderName> = file.providers.iter().map(|provider| provider.name.clone()).collect();
    let is_there = |name: &ProviderName| {
        !lost.contains(name) && (back.contains(name) || world.console.provider(name).is_ok())
    };
    let view = world.view(installation)?;
    file.routes.retain(|wish| {
        let new = world.console.route(&wish.name).is_none();
        let why = match (leads_to(wish, &lost), leads_nowhere(&view, wish, is_there).next()) {
            (Some(gone), _) | (None, Some((_, gone))) => {
                format!("it leads to {gone}, which is not there")
            }
            (None, None) => match wish.name.check_new() {
                Err(error) if new => error.to_string(),
                _ => return true,
            },
        };
        draft.warn(not_restored(&BackupItem::Route(wish.name.clone()), &why));
        false
    });
    let mut refused = |target: &Target, wish: &SetModel| -> Result<bool, Failure> {
        let wanted = Wanted { wish, vision: vision.get(target).copied() };
        let why = match world.agents.get(target) {
            Err(gone) if gone.code == Code::WorkerNotFound => gone.message,
            Err(unknown) => return Err(unknown),
            Ok(_) if lost.contains(&wish.provider) => format!("{} is not there", wish.provider),
            Ok(seen) => match &seen.agent.read_only {
                Some(why) if !file_of::holds(world, &view, target, wanted)? => why.reason.clone(),
                None if !is_there(&wish.provider) && !file_of::holds(world, &view, target, wanted)? => {
                    format!("{} is not there", wish.provider)
                }
                _ => return Ok(false),
            },
        };
        draft.warn(not_restored(&BackupItem::Agent(target.clone()), &why));
        Ok(true)
    };
    let assigned: Vec<(Target, SetModel)> =
        file.assignments.all().map(|(target, wish)| (target, wish.clone())).collect();
    for (target, wish) in assigned {
        if refused(&target, &wish)? {
            match &target {
                Target::Manager => file.assignments.manager = None,
                Target::Worker(name) => drop(file.assignments.workers.remove(name)),
            }
        }
    }
    Ok(())
}

/// Of a whole backup, what cannot be restored is left out.
pub fn unfit(wish: &Restore) -> Unfit {
    match wish.items {
        None => Unfit::LeftOut,
        Some(_) => Unfit::Refused,
    }
}

/// What is wrong, without the fields, which a list of warnings does not show.
pub fn said(errors: &[FieldError]) -> String {
    errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ")
}

fn leads_to<'a>(route: &'a DeclaredRoute, lost: &BTreeSet<ProviderName>) -> Option<&'a ProviderName> {
    let upstreams = route.upstreams.iter().flatten().map(|upstream| &upstream.provider);
    upstreams.chain(route.fallback.iter().flatten()).find(|provider| lost.contains(provider))
}
