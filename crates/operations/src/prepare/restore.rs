//! Going back to a backup: what its file can do is done, and what it cannot do is said.
use super::{Draft, Installation, agents_in, declared, providers, world::World};
use crate::{clients::Clients, declared as file_of};
use domain::{
    Code, Declared, DeclaredProvider, DeclaredRoute, Failure, FieldError, ProviderName, Restore, RouteName,
    SetModel, Target, Warning, WarningCode,
};
use higress::{ProviderDoc, RouteDoc};
use std::collections::BTreeSet;

/// Does what the backup's file says. Of a whole backup the things that cannot be restored are left out with a warning;
/// where single items are wanted, one that cannot be restored fails the plan. Returns the agents that it is for.
pub async fn draft(
    clients: &Clients,
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    wish: &Restore,
) -> Result<Vec<Target>, Failure> {
    let mut file = wish.opened.as_deref().ok_or_else(unopened)?.file.clone();
    if wish.items.is_none() {
        say_what_stays(world, draft, &file);
        leave_out(clients, world, draft, installation, &mut file)?;
    }
    declared::draft(clients, world, draft, installation, &file).await?;
    Ok(agents_in(&file))
}

/// A restore whose backup nobody looked up.
pub fn unopened() -> Failure {
    Failure::new(Code::Internal, "the backup of this restore was not opened")
}

/// A file takes nothing away, so what came after the backup stays.
fn say_what_stays(world: &World, draft: &mut Draft, file: &Declared) {
    let kept = |name: &ProviderName| file.providers.iter().any(|kept| kept.name == *name);
    let providers = world.console.providers.iter().map(ProviderDoc::name).filter(|name| !kept(name));
    let kept = |name: &RouteName| file.routes.iter().any(|kept| kept.name == *name);
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

/// Takes out of the file what cannot be restored now, and says why.
fn leave_out(
    clients: &Clients,
    world: &World,
    draft: &mut Draft,
    installation: &Installation,
    file: &mut Declared,
) -> Result<(), Failure> {
    let mut lost = BTreeSet::new();
    file.providers.retain(|wish| {
        let Err(why) = can_be(clients, world, wish) else { return true };
        if world.console.provider(&wish.name).is_err() {
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
        let why = match world.agents.get(target) {
            Err(gone) if gone.code == Code::WorkerNotFound => gone.message,
            Err(unknown) => return Err(unknown),
            Ok(_) if lost.contains(&wish.provider) => format!("{} is not there", wish.provider),
            Ok(seen) => match &seen.agent.read_only {
                Some(why) if !file_of::holds(world, &view, target, wish)? => why.reason.clone(),
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

/// Whether a provider can be made, or made again, what a backup says. The error is for people: a backup holds no key.
fn can_be(clients: &Clients, world: &World, wish: &DeclaredProvider) -> Result<(), String> {
    let said = |errors: Vec<FieldError>| {
        errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join("; ")
    };
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
    let doc = doc.map_err(|errors| format!("{} ({way})", said(errors)))?;
    providers::refuse_host(clients, &doc).map_err(|failure| failure.message)
}

fn leads_to<'a>(route: &'a DeclaredRoute, lost: &BTreeSet<ProviderName>) -> Option<&'a ProviderName> {
    let upstreams = route.upstreams.iter().flatten().map(|upstream| &upstream.provider);
    upstreams.chain(route.fallback.iter().flatten()).find(|provider| lost.contains(provider))
}
