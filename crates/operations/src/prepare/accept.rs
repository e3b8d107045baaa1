//! Letting our note of an agent say what the agent really runs: its openclaw.json and the routes stay as they are.
use super::{Draft, Installation, world::World};
use crate::{
    clients::Clients,
    edits::Edit,
    reads::{CHAT, runs},
};
use domain::{Code, Failure, ModelId, ProviderName, Runs, Target, rules::winner};
use hiclaw::{Record, record_object};

/// Writes the note anew where it says something else. The plan relies on the openclaw.json and on the route that it read:
/// when one of them changes before it is applied, there is another thing to accept.
pub fn draft(
    clients: &Clients,
    world: &World,
    draft: &mut Draft,
    installation: &Installation,
    target: &Target,
) -> Result<(), Failure> {
    let config = world.agents.get(target)?.config.as_ref().map_err(Clone::clone)?;
    let runs = runs(config);
    let model = runs.model.as_ref().ok_or_else(|| not_over_gateway(target))?;
    let view = world.view(installation)?;
    let route = winner(&view.routes, &view.host, CHAT, Some(model.as_str()));
    let led = route.and_then(|route| Some((route, route.upstreams.first()?)));
    let (route, upstream) = led.ok_or_else(|| no_route(target, model))?;
    draft.look_at_text(clients.holder.config_object(target), Some(&config.held));
    draft.look_at_route(&route.name, world.console.route(&route.name));
    let before = world.held_record(target).cloned();
    draft.look_at_text(record_object(target), before.as_ref());
    let says_so = |note: Record| runs.fulfils(&note.wish()) && note.provider == upstream.provider;
    // One that cannot be read says nothing.
    if world.record(target).ok().flatten().is_some_and(says_so) {
        return Ok(());
    }
    let note = note(clients, &runs, model, &upstream.provider);
    draft.write_note(Edit::Record { target: target.clone(), before, after: Some(note.image()?) });
    Ok(())
}

fn note(clients: &Clients, runs: &Runs, model: &ModelId, provider: &ProviderName) -> Record {
    Record {
        provider: provider.clone(),
        model: model.clone(),
        context_window: runs.context_window,
        max_tokens: runs.max_tokens,
        reasoning: runs.reasoning,
        updated_at: Some(clients.clock.now()),
    }
}

fn not_over_gateway(target: &Target) -> Failure {
    Failure::new(Code::Conflict, format!("{} runs no model of the gateway", target.agent()))
        .hint("There is nothing that a note could tell. Set its model.")
}

fn no_route(target: &Target, model: &ModelId) -> Failure {
    let message = format!("no AI route takes {model}, which {} runs", target.agent());
    Failure::new(Code::RouteNotFound, message).hint("Set its model: that makes the route too.")
}
