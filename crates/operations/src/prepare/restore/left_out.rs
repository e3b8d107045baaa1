//! What a restore does not bring back: what came after the backup, and what cannot be now.
use super::super::{Draft, Installation, Wanted, agents_in, world::World};
use crate::declared as file_of;
use domain::{
    BackupItem, Code, Declared, DeclaredProvider, DeclaredRoute, Failure, ProviderName, Restore, RouteName,
    SetModel, Target, Warning, WarningCode,
};
use higress::{ProviderDoc, RouteDoc};
use std::collections::{BTreeMap, BTreeSet};

/// A file takes nothing away, so what came after the backup stays.
pub fn say_what_stays(world: &World, draft: &mut Draft, wish: &Restore, file: &Declared) {
    let renamed = |item: BackupItem| wish.rename.contains_key(&item);
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
        draft.warn(Warning::new(WarningCode::NotRestored, format!("provider {}: {why}", wish.name)));
        false
    });
    file.routes.retain(|wish| {
        let Some(provider) = leads_to(wish, &lost) else { return true };
        let message = format!("route {}: it leads to {provider}, which is not there", wish.name);
        draft.warn(Warning::new(WarningCode::NotRestored, message));
        false
    });
    let view = world.view(installation)?;
    let mut refused = |target: &Target, wish: &SetModel| -> Result<bool, Failure> {
        let wanted = Wanted { wish, vision: vision.get(target).copied() };
        let why = match world.agents.get(target) {
            Err(gone) if gone.code == Code::WorkerNotFound => gone.message,
            Err(unknown) => return Err(unknown),
            Ok(_) if lost.contains(&wish.provider) => format!("{} is not there", wish.provider),
            Ok(seen) => match &seen.agent.read_only {
                Some(why) if !file_of::holds(world, &view, target, wanted)? => why.reason.clone(),
                _ => return Ok(false),
            },
        };
        draft.warn(Warning::new(WarningCode::NotRestored, format!("the model of {}: {why}", target.agent())));
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

fn leads_to<'a>(route: &'a DeclaredRoute, lost: &BTreeSet<ProviderName>) -> Option<&'a ProviderName> {
    let upstreams = route.upstreams.iter().flatten().map(|upstream| &upstream.provider);
    upstreams.chain(route.fallback.iter().flatten()).find(|provider| lost.contains(provider))
}
