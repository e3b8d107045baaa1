//! Adding, changing and removing a provider, with the route that lives and dies with it.
use super::{Draft, Installation, describe::read_provider, invalid, routes};
use crate::{
    clients::Clients,
    reads::{Agents, ConsoleState, Listed, list_models, routing_view},
};
use domain::{
    Code, EditProvider, Failure, ModelId, NewProvider, ProviderName,
    rules::{ProviderView, Wanted, plan_routes},
};
use higress::ProviderDoc;

/// A new provider and its route.
pub async fn add(
    clients: &Clients,
    installation: &Installation,
    new: &NewProvider,
) -> Result<Draft, Failure> {
    let after = ProviderDoc::create(new).map_err(invalid)?;
    let (console, agents) = futures::join!(ConsoleState::read(clients), Agents::read(clients));
    let console = console?;
    if console.provider(&new.name).is_ok() {
        return Err(Failure::new(Code::ProviderExists, format!("there is a provider {} already", new.name))
            .hint("Choose another name, or edit that one."));
    }
    let provider = ProviderView::from_console_json(after.json())
        .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    let mut draft = Draft::default();
    // Only an endpoint without a model family of its own needs exact ids.
    let same_kind = console.providers.iter().any(|other| other.kind() == after.kind());
    let models = if provider.custom_endpoint || same_kind {
        ids(clients, &after, &mut draft).await
    } else {
        Vec::new()
    };
    draft.write_provider(new.name.clone(), None, Some(after));
    let view = routing_view(&console, &agents, installation)?;
    let plan = plan_routes(&view, &Wanted::AddProvider { provider, models }).map_err(routes::failure)?;
    routes::add_writes(&mut draft, &console, plan)?;
    Ok(draft)
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
            draft.warn("MODEL_LIST_UNREADABLE", message);
            Vec::new()
        }
    }
}

/// Changes of a provider that is there.
pub async fn edit(
    clients: &Clients,
    installation: &Installation,
    name: &ProviderName,
    edit: &EditProvider,
) -> Result<Draft, Failure> {
    let console = ConsoleState::read(clients).await?;
    let before = console.provider(name)?;
    let after = before.edited(edit).map_err(invalid)?;
    refuse_host(clients, &after)?;
    let mut draft = Draft::default();
    draft.reads.push(read_provider(before));
    if installation.manager_of(before) == "hiclaw" {
        draft.warn(
            "RESET_BY_HICLAW",
            format!("HiClaw sets {name} from its own environment at its next start"),
        );
    }
    if after != *before {
        draft.write_provider(name.clone(), Some(before.clone()), Some(after));
    }
    Ok(draft)
}

/// A provider that nobody needs, and its own route.
pub async fn remove(
    clients: &Clients,
    installation: &Installation,
    name: &ProviderName,
) -> Result<Draft, Failure> {
    let (console, agents) = futures::join!(ConsoleState::read(clients), Agents::read(clients));
    let console = console?;
    let before = console.provider(name)?.clone();
    // An agent that cannot be looked at may use the provider.
    if let Some(why) = &agents.workers_unknown {
        return Err(why.clone());
    }
    if let Some(why) = agents.by_target.values().find_map(|seen| seen.config.as_ref().err()) {
        return Err(why
            .clone()
            .hint("An agent whose config cannot be read may use the provider, so it is not removed."));
    }
    let view = routing_view(&console, &agents, installation)?;
    let mut draft = Draft::default();
    draft.reads.push(read_provider(&before));
    if installation.manager_of(&before) == "hiclaw" {
        draft.warn("RESET_BY_HICLAW", format!("HiClaw makes {name} again at its next start"));
    }
    let plan =
        plan_routes(&view, &Wanted::RemoveProvider { provider: name.clone() }).map_err(routes::failure)?;
    routes::add_writes(&mut draft, &console, plan)?;
    draft.write_provider(name.clone(), Some(before), None);
    Ok(draft)
}

/// Refuses an address that we would not call ourselves, such as one of our own systems.
pub fn refuse_host(clients: &Clients, provider: &ProviderDoc) -> Result<(), Failure> {
    let Some(url) = provider.base_url() else { return Ok(()) };
    clients.egress.check(&url).map_err(|error| Failure::field("baseUrl", error.to_string()))
}
