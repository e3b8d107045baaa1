//! Making an installation what a declarative file says, as one transaction.
use super::{
    Draft, Installation, Question, invalid, providers, routes,
    set_model::{self, Wanted},
    world::World,
};
use crate::{clients::Clients, declared, locks::Hold, reads::CHAT};
use domain::{
    BackupItem, Code, Declared, DeclaredProvider, DeclaredRoute, Failure, FieldError, RouteName, SetModel,
    Target, Warning, WarningCode,
    rules::{self, RoutingView, affected, check_declared_routes, declare_route, plan_routes, winner},
};
use higress::{ProviderDoc, RouteDoc};
use std::collections::BTreeMap;

/// What becomes of a model that its agent cannot be given: its provider does not list it, or a route takes it that is not
/// to be changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It fails the plan.
    Refused,
    /// Its agent is left alone, with a warning.
    LeftOut,
}

/// Providers, then routes, then models: each on what the ones before it make of the installation. What is as the file
/// says is not written.
pub async fn draft(
    clients: &Clients,
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    file: &Declared,
    unfit: Unfit,
) -> Result<(), Failure> {
    let before = world.view(installation)?;
    for (index, wish) in file.providers.iter().enumerate() {
        let done = provider(clients, world, draft, installation, file, wish).await;
        done.map_err(|failure| within(failure, &format!("providers[{index}]")))?;
    }
    let agents = before.agent_consumers();
    for (index, wish) in file.routes.iter().enumerate() {
        let stored = world.console.route(&wish.name);
        draft.look_at_route(&wish.name, stored);
        let default = world.console.route(&RouteName::default_route()).map(RouteDoc::json);
        let laid = declare_route(wish, stored.map(RouteDoc::json), default, &agents).map_err(|error| {
            within(Failure::field(error.field(), error.to_string()), &format!("routes[{index}]"))
        })?;
        if let Some(route) = laid {
            draft.write_route(world, &wish.name, Some(RouteDoc::parse(route)?), Hold::Write);
        }
    }
    conclude(clients, world, draft, installation, file, (&before, &BTreeMap::new(), unfit)).await
}

/// The rest, when the file's providers and routes are drafted: whether its routes can be, the agents' models, and whom it
/// reaches. `before` is the installation as it was; `vision` says of agents whether their models shall take images.
pub async fn conclude(
    clients: &Clients,
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    file: &Declared,
    (before, vision, unfit): (&RoutingView, &BTreeMap<Target, bool>, Unfit),
) -> Result<(), Failure> {
    let warnings =
        check_declared_routes(before, &world.view(installation)?, &file.routes).map_err(invalid)?;
    for warning in warnings {
        draft.warn(warning);
    }
    let mut named = Vec::new();
    for (target, wish) in file.assignments.all() {
        let wanted = Wanted { wish, vision: vision.get(&target).copied() };
        match assignment(clients, world, draft, installation, before, (&target, wanted)).await {
            Ok(()) => named.push((target, wish)),
            Err(failure) if unfit == Unfit::LeftOut && is_unfit(&failure) => {
                draft.warn(not_restored(&BackupItem::Agent(target), &failure.message));
            }
            Err(failure) => return Err(for_agent(failure, &target)),
        }
    }
    draft.tidy();
    ask_the_unchanged(world, draft, installation, &named)?;
    let named: Vec<Target> = named.into_iter().map(|(target, _)| target).collect();
    draft.affected = affected(before, &world.view(installation)?, &named);
    Ok(())
}

fn is_unfit(failure: &Failure) -> bool {
    matches!(failure.code, Code::InvalidModel | Code::Conflict)
}

/// Lets an agent run what the file says. One that does so already and is only missing in the file's own list of
/// consumers is let in and no more.
async fn assignment(
    clients: &Clients,
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    before: &RoutingView,
    (target, wanted): (&Target, Wanted<'_>),
) -> Result<(), Failure> {
    let view = world.view(installation)?;
    if declared::holds(world, &view, target, wanted)? {
        return Ok(());
    }
    if declared::holds(world, before, target, wanted)? {
        let (provider, model) = (wanted.wish.provider.clone(), wanted.wish.model.clone());
        let plan = plan_routes(&view, &rules::Wanted::SetModel { target: target.clone(), provider, model })
            .map_err(routes::failure)?;
        if plan.edits.iter().all(routes::only_lets_in) {
            return routes::add_writes(world, draft, plan);
        }
    }
    set_model::draft(clients, world, draft, installation, target, wanted).await
}

/// Agents that run already what the file says are asked too when it changes their route or their provider.
fn ask_the_unchanged(
    world: &World,
    draft: &mut Draft,
    installation: &Installation,
    named: &[(Target, &SetModel)],
) -> Result<(), Failure> {
    let view = world.view(installation)?;
    let written = draft.written_routes();
    for (target, wish) in named {
        let route = winner(&view.routes, &view.host, CHAT, Some(wish.model.as_str()));
        let reached =
            draft.writes_provider(&wish.provider) || route.is_some_and(|route| written.contains(&route.name));
        if !reached || draft.writes_agent(target) {
            continue;
        }
        let key = world.key(target)?;
        let (provider, model) = (wish.provider.clone(), wish.model.clone());
        draft.ask(Question { target: target.clone(), provider, model, key, moved: false });
    }
    Ok(())
}

async fn provider(
    clients: &Clients,
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    file: &Declared,
    wish: &DeclaredProvider,
) -> Result<(), Failure> {
    if let Ok(present) = world.console.provider(&wish.name) {
        let edit = present.edit_to(wish).map_err(invalid)?;
        draft.look_at_provider(&wish.name, Some(present));
        return match edit {
            Some(edit) => providers::edit(clients, world, draft, installation, &wish.name, &edit),
            None => Ok(()),
        };
    }
    let new = declared::new_provider(wish).map_err(|error| invalid(vec![error]))?;
    new.name.check_new().map_err(|error| Failure::field("name", error.to_string()))?;
    let doc = ProviderDoc::create(&new).map_err(invalid)?;
    providers::refuse_host(clients, &doc)?;
    let leads_there =
        |route: &DeclaredRoute| route.upstreams.iter().flatten().any(|to| to.provider == wish.name);
    if file.routes.iter().any(|route| leads_there(route) || route.name == wish.name.route()) {
        // The file says itself by which route its models go.
        draft.write_provider(world, &new.name, Some(doc));
        return Ok(());
    }
    providers::add(clients, world, draft, installation, &new).await
}

/// A thing of a backup is left out of its restore.
pub fn not_restored(item: &BackupItem, why: &str) -> Warning {
    let what = match item {
        BackupItem::Provider(name) => format!("provider {name}"),
        BackupItem::Route(name) => format!("route {name}"),
        BackupItem::Agent(target) => format!("the model of {}", target.agent()),
    };
    Warning::new(WarningCode::NotRestored, format!("{what}: {why}")).about([&item.to_string(), why])
}

/// The failure with its fields as paths in the file.
pub fn within(mut failure: Failure, part: &str) -> Failure {
    for FieldError { field, .. } in &mut failure.fields {
        *field = format!("{part}.{field}");
    }
    Failure { message: format!("{part}: {}", failure.message), ..failure }
}

fn for_agent(failure: Failure, target: &Target) -> Failure {
    let at = match target {
        Target::Manager => "assignments.manager".to_owned(),
        Target::Worker(name) => format!("assignments.workers.{name}"),
    };
    match failure.code {
        Code::InvalidRequest => within(failure, &at),
        _ => Failure { message: format!("{at}: {}", failure.message), ..failure },
    }
}
