//! The installation, written down as a declarative file.
use crate::{
    Operations,
    prepare::{Installation, Wanted, World},
    reads::{Agents, CHAT, ConsoleState, SeenAgent, routing_view},
};
use domain::{
    Declared, DeclaredAssignments, DeclaredProvider, Failure, FieldError, ModelId, NewProvider, Restart,
    SetModel, Target, Warning, WarningCode,
    rules::{RouteView, RoutingView, declared_route, winner},
};
use hiclaw::Record;
use higress::ProviderDoc;

/// What an export wrote, and what it could not say.
#[derive(Clone, Debug)]
pub struct Exported {
    /// Never a key. Planning it changes nothing.
    pub file: Declared,
    /// Agents whose models are not in the file because they do not work as they stand: one that is not let into its
    /// route, for example. Applying the file leaves them as they are.
    pub left_out: Vec<Warning>,
}

/// What is left out when the list of workers could not be read. No worker can have this name.
pub const THE_WORKERS: &str = "the workers";

impl Operations {
    /// The declarative file of what is there now.
    pub async fn export(&self) -> Result<Exported, Failure> {
        let clients = &self.0.clients;
        let (console, agents) =
            futures::join!(ConsoleState::read(clients), Agents::read_with_records(clients));
        exported(&console?, &agents, &self.0.installation)
    }
}

/// The declarative file of what was read.
pub fn exported(
    console: &ConsoleState,
    agents: &Agents,
    installation: &Installation,
) -> Result<Exported, Failure> {
    let view = routing_view(console, agents, installation)?;
    let mut assignments = DeclaredAssignments::default();
    let mut left_out = Vec::new();
    let mut leave_out = |agent: &str, message: String| {
        left_out.push(Warning::new(WarningCode::LeftOut, format!("{agent}: {message}")).about([agent]));
    };
    if let Some(why) = &agents.workers_unknown {
        leave_out(THE_WORKERS, why.message.clone());
    }
    for (target, seen) in &agents.by_target {
        match (runs(&view, target, seen), target) {
            (Ok(wish), Target::Manager) => assignments.manager = Some(wish),
            (Ok(wish), Target::Worker(name)) => drop(assignments.workers.insert(name.clone(), wish)),
            (Err(why), target) => leave_out(target.agent(), why),
        }
    }
    let file = Declared {
        version: Declared::VERSION,
        providers: console.providers.iter().map(ProviderDoc::declared).collect(),
        routes: view.routes.iter().map(declared_route).collect(),
        assignments,
    };
    Ok(Exported { file, left_out })
}

/// The model that an agent runs, with the figures that its config names; or why that cannot be said.
fn runs(view: &RoutingView, target: &Target, seen: &SeenAgent) -> Result<SetModel, String> {
    let config = seen.config.as_ref().map_err(|failure| failure.message.clone())?;
    let model = config.model.clone().ok_or("its config names no model of the gateway")?;
    let route = lets_in(view, target, &model)?;
    let provider = route.upstreams.first().ok_or("its route leads nowhere")?.provider.clone();
    let known = config.known(&model);
    let wish = SetModel {
        context_window: known.and_then(|known| known.context_window),
        max_tokens: known.and_then(|known| known.max_tokens),
        reasoning: known.and_then(|known| known.reasoning),
        restart: Restart::No,
        lasting: false,
        provider,
        model,
    };
    match &seen.record {
        Err(failure) => Err(failure.message.clone()),
        Ok(Some(record)) if !agrees(record, &wish) => {
            Err(format!("its model.json says {} of {}", record.model, record.provider))
        }
        Ok(_) => Ok(wish),
    }
}

fn agrees(record: &Record, wish: &SetModel) -> bool {
    record.model == wish.model && record.provider == wish.provider
}

/// The route that takes the agent's calls for this model and lets it in.
fn lets_in<'a>(view: &'a RoutingView, target: &Target, model: &ModelId) -> Result<&'a RouteView, String> {
    let route = winner(&view.routes, &view.host, CHAT, Some(model.as_str()));
    let route = route.ok_or_else(|| format!("no AI route takes {model}"))?;
    let consumer = target.consumer();
    match &route.consumers {
        Some(allowed) if !allowed.contains(&consumer) => {
            Err(format!("{} does not let {consumer} in", route.name))
        }
        _ => Ok(route),
    }
}

/// Whether an agent runs what a file wants: its config names the model with the wanted figures, its route leads to the
/// provider and lets it in, and our note does not say otherwise. Figures that the file does not name are left alone.
pub fn holds(
    world: &World,
    view: &RoutingView,
    target: &Target,
    wanted: Wanted<'_>,
) -> Result<bool, Failure> {
    let Wanted { wish, vision } = wanted;
    let config = world.agents.get(target)?.config.as_ref().map_err(Clone::clone)?;
    if config.model.as_ref() != Some(&wish.model) {
        return Ok(false);
    }
    let known = config.known(&wish.model).copied().unwrap_or_default();
    let figures = wish.context_window.is_none_or(|wanted| known.context_window == Some(wanted))
        && wish.max_tokens.is_none_or(|wanted| known.max_tokens == Some(wanted))
        && wish.reasoning.is_none_or(|wanted| known.reasoning == Some(wanted))
        && vision.is_none_or(|wanted| known.vision == Some(wanted));
    let led = lets_in(view, target, &wish.model)
        .is_ok_and(|route| route.upstreams.first().is_some_and(|first| first.provider == wish.provider));
    let noted = world.record(target)?.is_none_or(|record| agrees(&record, wish));
    let reset = world.agents.get(target)?.reset.as_ref();
    let remade = reset.and_then(|reset| reset.remade.as_ref());
    let lasts =
        !wish.lasting || reset.is_none() || remade.is_some_and(|set| set.model == wish.model.as_str());
    Ok(figures && led && noted && lasts)
}

/// A provider of a file that is not there yet.
pub fn new_provider(wish: &DeclaredProvider) -> Result<NewProvider, FieldError> {
    let kind = wish.kind.parse().map_err(|_| FieldError {
        field: "type".into(),
        message: format!("{} is no type that a provider can be made of", wish.kind),
    })?;
    Ok(NewProvider {
        name: wish.name.clone(),
        kind,
        protocol: wish.protocol.unwrap_or_default(),
        base_url: wish.base_url.clone(),
        tokens: wish.tokens.clone().unwrap_or_default(),
        failover: wish.failover.clone(),
        settings: wish.settings.clone(),
    })
}
