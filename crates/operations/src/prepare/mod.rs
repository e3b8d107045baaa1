//! Working out what a mutation would do: the exact writes, their order, and who else they reach. Reads only.
//!
//! The installation is read once ([`world`]); every part of a mutation is worked out on what was read and on what the
//! parts before it make of it, into one [`draft`], so that several changes can be one transaction.
mod accept;
mod act;
mod declared;
mod describe;
mod draft;
mod entry;
mod install;
mod providers;
mod restore;
mod routes;
mod set_model;
mod undo;
mod world;

pub use install::{FORMER_PLUGIN, former, wanted};
pub use routes::letting_in;
pub use set_model::Wanted;
pub use undo::{Past, no_record, undone_by};

use crate::{
    clients::Clients,
    edits::Edit,
    engine::pending,
    locks::{Needs, provider_name, target_name},
    neighbours::{self, Neighbour},
    plans::Looked,
    probe::ProbeFailure,
    proof::Proof,
    restarting::Restarting,
};
use domain::{
    Code, ContainerAct, Declared, EditProvider, Failure, FieldError, ModelId, Mutation, OperationId, Plan,
    ProviderName, Read, Restore, Step, StepName, Target, TypedKey, rules::RoutingView,
};
use draft::Draft;
use higress::ProviderDoc;
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet};
pub use world::World;

/// What the plans need to know of the installation, beside what they read.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The host name under which agents call the gateway.
    pub gateway_host: String,
    /// The provider that HiClaw owns, beside those with its marker.
    pub hiclaw_provider: Option<String>,
}

impl Installation {
    /// Who owns a provider: `hiclaw`, `agm` or `other`.
    pub fn manager_of(&self, provider: &ProviderDoc) -> &'static str {
        let ours = self.hiclaw_provider.as_deref() == Some(provider.name().as_str());
        if provider.hiclaw_owned() || ours { "hiclaw" } else { "agm" }
    }
}

/// A mutation, worked out.
pub struct Prepared {
    pub plan: Plan,
    /// In order. The plan's steps are these and the reading back.
    pub work: Vec<Work>,
    /// The agents that are started again when all is written and read back.
    pub restarts: Vec<Restarting>,
    pub needs: Needs,
    /// What could undo the change later.
    pub lasts: Option<String>,
    /// What the plan was made from, by object. Keys included: it stays in memory.
    pub looked: BTreeMap<String, Looked>,
}

/// One thing to do.
pub enum Work {
    Write(Edit),
    Ask(Question),
    /// Questions over routes that are not written. They never fail the operation.
    Neighbours(Vec<Neighbour>),
    Reload(Target),
    /// Something with an agent's container, which nothing takes back.
    Act(Target, ContainerAct),
    /// Calls of agm itself through the gateway.
    Prove(Proof),
}

/// A question to a model through the gateway, as an agent.
pub struct Question {
    pub target: Target,
    pub provider: ProviderName,
    pub model: ModelId,
    pub key: SecretString,
    /// Another route or provider answered for the model before the change: what the gateway says proves nothing until it
    /// surely follows.
    pub moved: bool,
}

impl Prepared {
    /// All writes, in order.
    pub fn edits(&self) -> impl Iterator<Item = &Edit> {
        self.work.iter().filter_map(|work| match work {
            Work::Write(edit) => Some(edit),
            Work::Ask(_) | Work::Neighbours(_) | Work::Reload(_) | Work::Act(..) | Work::Prove(_) => None,
        })
    }

    /// The write that makes the change live: the last one of an agent's own objects.
    pub fn pivot(&self) -> Option<usize> {
        self.work.iter().rposition(|work| matches!(work, Work::Write(Edit::Agent { .. })))
    }

    /// For people: how much will be written.
    pub fn summary(&self) -> String {
        match self.edits().count() {
            0 => "nothing has to be written".to_owned(),
            1 => "1 object will be written".to_owned(),
            n => format!("{n} objects will be written"),
        }
    }
}

/// Refuses what can be refused without looking at anything.
pub fn check(clients: &Clients, mutation: &Mutation) -> Result<(), Failure> {
    match mutation {
        Mutation::AddProvider(new) => {
            new.name.check_new().map_err(|error| Failure::field("name", error.to_string()))?;
            refuse_masks(&new.tokens, "tokens")?;
            let doc = ProviderDoc::create(new).map_err(invalid)?;
            providers::refuse_host(clients, &doc)
        }
        Mutation::EditProvider { edit: EditProvider { tokens: Some(tokens), .. }, .. } => {
            refuse_masks(tokens, "tokens")
        }
        Mutation::Apply(file) => match file.errors() {
            errors if errors.is_empty() => Ok(()),
            errors => Err(invalid(errors)),
        },
        // Its file was checked when it was kept.
        Mutation::Restore(Restore { opened: Some(_), .. }) => Ok(()),
        Mutation::Restore(Restore { opened: None, .. }) => Err(restore::unopened()),
        Mutation::EditProvider { .. }
        | Mutation::SetModel { .. }
        | Mutation::AcceptModel { .. }
        | Mutation::Sleep { .. }
        | Mutation::Wake { .. }
        | Mutation::Restart { .. }
        | Mutation::RemoveProvider { .. }
        | Mutation::RepairRoutes { .. }
        | Mutation::Undo { .. }
        | Mutation::Install(_)
        | Mutation::Uninstall => Ok(()),
    }
}

fn refuse_masks(tokens: &[TypedKey], field: &str) -> Result<(), Failure> {
    match tokens.iter().position(TypedKey::is_masked) {
        Some(index) => Err(Failure::field(
            format!("{field}[{index}]"),
            "this is a masked key; type the key itself, or leave it out to keep the present one",
        )),
        None => Ok(()),
    }
}

fn invalid(fields: Vec<FieldError>) -> Failure {
    let sentences: Vec<_> =
        fields.iter().map(|field| format!("{}: {}", field.field, field.message)).collect();
    Failure { fields, ..Failure::new(Code::InvalidRequest, sentences.join("; ")) }
}

/// What the mutation holds while it runs; another one that wants it too is refused. An undo holds what the operation held
/// that it takes back.
pub fn held_by(mutation: &Mutation) -> Vec<String> {
    match mutation {
        Mutation::SetModel { target, .. }
        | Mutation::AcceptModel { target }
        | Mutation::Sleep { target }
        | Mutation::Wake { target }
        | Mutation::Restart { target } => vec![target_name(target)],
        Mutation::AddProvider(new) => vec![provider_name(&new.name)],
        Mutation::EditProvider { name, .. } | Mutation::RemoveProvider { name } => vec![provider_name(name)],
        Mutation::RepairRoutes { .. } => vec!["routes".to_owned()],
        Mutation::Apply(_) | Mutation::Restore(_) => {
            mutation.declared().map(held_by_file).unwrap_or_default()
        }
        Mutation::Install(_) | Mutation::Uninstall => vec!["installation".to_owned()],
        Mutation::Undo { .. } => Vec::new(),
    }
}

fn held_by_file(file: &Declared) -> Vec<String> {
    let agents = file.assignments.all().map(|(target, _)| target_name(&target));
    let providers = file.providers.iter().map(|provider| provider_name(&provider.name));
    let routes = (!file.routes.is_empty()).then(|| "routes".to_owned());
    agents.chain(providers).chain(routes).collect()
}

/// The agents that the mutation is for. An undo is for those of the operation that it takes back.
pub fn targets(mutation: &Mutation) -> Vec<String> {
    agents_of(mutation).iter().map(Target::to_string).collect()
}

pub fn agents_of(mutation: &Mutation) -> Vec<Target> {
    match mutation {
        Mutation::SetModel { target, .. }
        | Mutation::AcceptModel { target }
        | Mutation::Sleep { target }
        | Mutation::Wake { target }
        | Mutation::Restart { target } => vec![target.clone()],
        _ => mutation.declared().map(agents_in).unwrap_or_default(),
    }
}

/// The agents that a file names.
fn agents_in(file: &Declared) -> Vec<Target> {
    file.assignments.all().map(|(target, _)| target).collect()
}

/// Reads what matters now and works out the plan. `past` is the operation that an undo takes back.
pub async fn prepare(
    clients: &Clients,
    installation: &Installation,
    mutation: &Mutation,
    id: OperationId,
    past: Option<&Past>,
) -> Result<Prepared, Failure> {
    if let Some((target, act)) = mutation.container_act() {
        let mut draft = Draft::default();
        act::draft(clients, &mut draft, target, act).await?;
        return finish(clients, mutation, id, vec![target.clone()], draft, Vec::new());
    }
    let mut world = World::read(clients, mutation).await?;
    let before = world.view(installation);
    let mut draft = Draft::default();
    let mut agents = agents_of(mutation);
    let (world, out) = (&mut world, &mut draft);
    match mutation {
        Mutation::SetModel { target, wish } => {
            set_model::draft(clients, world, out, installation, target, wish.into()).await?;
        }
        Mutation::AcceptModel { target } => accept::draft(clients, world, out, installation, target)?,
        // Worked out above: it needs no look at the installation.
        Mutation::Sleep { .. } | Mutation::Wake { .. } | Mutation::Restart { .. } => {}
        Mutation::AddProvider(new) => providers::add(clients, world, out, installation, new).await?,
        Mutation::EditProvider { name, edit } => {
            providers::edit(clients, world, out, installation, name, edit)?;
        }
        Mutation::RemoveProvider { name } => providers::remove(world, out, installation, name)?,
        Mutation::RepairRoutes { route, consumer } => {
            routes::repair(world, out, installation, route.as_ref(), consumer.as_ref())?;
        }
        Mutation::Apply(file) => {
            declared::draft(clients, world, out, installation, file, declared::Unfit::Refused).await?
        }
        Mutation::Restore(wish) => {
            agents = restore::draft(clients, world, out, installation, wish).await?;
        }
        Mutation::Install(wish) => install::register(clients, out, wish).await?,
        Mutation::Uninstall => install::unregister(clients, out).await?,
        Mutation::Undo { operation } => {
            let past = past.ok_or_else(|| no_record(operation))?;
            agents = undo::draft(clients, world, out, installation, past).await?;
        }
    }
    draft.tidy();
    let neighbours = match draft.written_routes() {
        written if written.is_empty() => Vec::new(),
        written => {
            let (before, after) = (before?, world.view(installation)?);
            draft.mark_moved(|model| domain::rules::moves(&before, &after, model));
            neighbours(world, &before, &after, &written, &agents)
        }
    };
    finish(clients, mutation, id, agents, draft, neighbours)
}

/// The questions over routes that are left alone, as agents whose key is known.
fn neighbours(
    world: &World,
    before: &RoutingView,
    after: &RoutingView,
    written: &BTreeSet<domain::RouteName>,
    agents: &[Target],
) -> Vec<Neighbour> {
    let found = domain::rules::neighbours(before, after, written, agents).into_iter();
    let question = |found: domain::rules::Neighbour| {
        let key = world.key(&found.target).ok()?;
        let domain::rules::Neighbour { target, model, route, provider, moved } = found;
        let question = Question { target, provider, model, key, moved };
        Some(Neighbour { question, route })
    };
    found.filter_map(question).collect()
}

fn finish(
    clients: &Clients,
    mutation: &Mutation,
    id: OperationId,
    agents: Vec<Target>,
    mut draft: Draft,
    neighbours: Vec<Neighbour>,
) -> Result<Prepared, Failure> {
    let (looked, needs) = (std::mem::take(&mut draft.looked), std::mem::take(&mut draft.needs));
    let (affected, warnings) = (std::mem::take(&mut draft.affected), std::mem::take(&mut draft.warnings));
    let (keys, beyond) = (std::mem::take(&mut draft.keys), std::mem::take(&mut draft.beyond));
    let restarts = std::mem::take(&mut draft.restarts);
    let work = draft.into_work(neighbours);
    if work.iter().any(writes_store) {
        clients.conditional.check()?;
    }
    let again = restarts.iter().map(|one| {
        let when = if one.when_idle { "once it has no open task" } else { "at once" };
        let step = pending(StepName::Restart, Some(one.target.agent().to_owned()));
        Step { evidence: Some(when.to_owned()), ..step }
    });
    let steps = work.iter().map(step).chain([pending(StepName::Verify, None)]).chain(again).collect();
    let changes = work
        .iter()
        .filter_map(|work| match work {
            Work::Write(edit) => Some(describe::change(edit)),
            Work::Ask(_) | Work::Neighbours(_) | Work::Reload(_) | Work::Act(..) | Work::Prove(_) => None,
        })
        .collect::<Result<Vec<_>, _>>()?;
    let lasts = changes.iter().find_map(|change| change.lasts.clone());
    let read = |(object, looked): (&String, &Looked)| Read {
        object: object.clone(),
        version: looked.version.clone(),
    };
    let plan = Plan {
        id,
        kind: mutation.kind().to_owned(),
        targets: agents.iter().map(Target::to_string).collect(),
        created_at: clients.clock.now(),
        reads: looked.iter().map(read).collect(),
        changes,
        affected,
        warnings,
        steps,
        keys,
        needs: beyond,
    };
    Ok(Prepared { plan, work, restarts, needs, lasts, looked })
}

/// Whether this may be a write to the object store.
fn writes_store(work: &Work) -> bool {
    matches!(work, Work::Write(Edit::Record { .. } | Edit::Agent { .. }))
}

fn step(work: &Work) -> domain::Step {
    let (name, object) = match work {
        Work::Write(edit) => (describe::step_name(edit), describe::short(edit)),
        Work::Ask(question) => (StepName::Test, question.model.to_string()),
        Work::Neighbours(neighbours) => (StepName::Neighbours, neighbours::names(neighbours)),
        Work::Reload(target) => (StepName::Reload, target.agent().to_owned()),
        Work::Act(target, act) => ((*act).into(), target.agent().to_owned()),
        Work::Prove(proof) => (StepName::Proof, proof.domain.to_string()),
    };
    pending(name, Some(object))
}

impl Question {
    /// The failure of a test, with what to do about it.
    pub fn failure(&self, why: &ProbeFailure) -> Failure {
        let message = format!(
            "{} of {} does not answer {}: {}",
            self.model,
            self.provider,
            self.target.agent(),
            why.evidence
        );
        let mut failure = Failure::new(Code::ModelNotReachable, message)
            .hint(crate::failure::advice(why.reason, &self.provider));
        failure.reason = Some(why.reason);
        failure
    }
}
