//! Adding, changing and removing a provider, with the route that lives and dies with it.
use super::{Draft, Installation, invalid, routes, world::World};
use crate::{
    clients::Clients,
    reads::{Listed, list_models},
};
use domain::{
    Code, EditProvider, Failure, ModelId, NewProvider, ProviderName, Warning, WarningCode,
    rules::{ProviderView, Wanted, plan_routes},
};
use higress::ProviderDoc;

/// A new provider and its route.
pub async fn add(
    clients: &Clients,
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    new: &NewProvider,
) -> Result<(), Failure> {
    let after = ProviderDoc::create(new).map_err(invalid)?;
    if world.console.provider(&new.name).is_ok() {
        return Err(Failure::new(Code::ProviderExists, format!("there is a provider {} already", new.name))
            .hint("Choose another name, or edit that one."));
    }
    let provider = ProviderView::from_console_json(after.json())
        .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    // Only an endpoint without a model family of its own needs exact ids.
    let same_kind = world.console.providers.iter().any(|other| other.kind() == after.kind());
    let models =
        if provider.custom_endpoint || same_kind { ids(clients, &after, draft).await } else { Vec::new() };
    let view = world.view(installation)?;
    draft.write_provider(world, &new.name, Some(after));
    let plan = plan_routes(&view, &Wanted::AddProvider { provider, models }).map_err(routes::failure)?;
    routes::add_writes(world, draft, plan)
}

async fn ids(clients: &Clients, provider: &ProviderDoc, draft: &mut Draft) -> Vec<ModelId> {
    match list_models(clients, provider).await {
        Listed::Models { models, .. } => models.into_iter().map(|model| model.id).collect(),
        Listed::NoList => Vec::new(),
        Listed::Unreadable(why) => {
            let message = format!(
                "{} did not list its models ({}); its route takes each when an agent is set to it",
                provider.name(),
                why.evidence
            );
            draft.warn(Warning::new(WarningCode::ModelListUnreadable, message).about([provider.name()]));
            Vec::new()
        }
    }
}

/// Changes of a provider that is there.
pub fn edit(
    clients: &Clients,
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    name: &ProviderName,
    edit: &EditProvider,
) -> Result<(), Failure> {
    let before = world.console.provider(name)?;
    let after = before.edited(edit).map_err(invalid)?;
    refuse_host(clients, &after)?;
    draft.look_at_provider(name, Some(before));
    warn_of_hiclaw(draft, installation, before);
    draft.write_provider(world, name, Some(after));
    Ok(())
}

/// What is changed on a provider of HiClaw's does not last.
pub fn warn_of_hiclaw(draft: &mut Draft, installation: &Installation, provider: &ProviderDoc) {
    if installation.manager_of(provider) == "hiclaw" {
        let name = provider.name();
        let message = format!("HiClaw sets {name} from its own environment at its next start");
        draft.warn(Warning::new(WarningCode::ResetByHiclaw, message).about([name]));
    }
}

/// A provider that nobody needs, and its own route.
pub fn remove(
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    name: &ProviderName,
) -> Result<(), Failure> {
    let before = world.console.provider(name)?;
    let hiclaws = installation.manager_of(before) == "hiclaw";
    refuse_unread(world)?;
    if hiclaws {
        let message = format!("HiClaw makes {name} again at its next start");
        draft.warn(Warning::new(WarningCode::ResetByHiclaw, message).about([name]));
    }
    let view = world.view(installation)?;
    let plan =
        plan_routes(&view, &Wanted::RemoveProvider { provider: name.clone() }).map_err(routes::failure)?;
    routes::add_writes(world, draft, plan)?;
    draft.write_provider(world, name, None);
    Ok(())
}

/// An agent that cannot be looked at may use the provider that is to go.
pub fn refuse_unread(world: &World) -> Result<(), Failure> {
    if let Some(why) = &world.agents.workers_unknown {
        return Err(why.clone());
    }
    match world.agents.by_target.values().find_map(|seen| seen.config.as_ref().err()) {
        Some(why) => Err(why
            .clone()
            .hint("An agent whose config cannot be read may use the provider, so it is not removed.")),
        None => Ok(()),
    }
}

/// Refuses an address that we would not call ourselves, such as one of our own systems.
pub fn refuse_host(clients: &Clients, provider: &ProviderDoc) -> Result<(), Failure> {
    let Some(url) = provider.base_url() else { return Ok(()) };
    clients.egress.check(&url).map_err(|error| Failure::field("baseUrl", error.to_string()))
}
