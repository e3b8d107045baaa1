//! Working out what a mutation would do: the exact writes, their order, and who else they reach. Reads only.
mod describe;
mod providers;
mod routes;
mod set_model;

use crate::{
    clients::Clients,
    edits::Edit,
    engine::pending,
    locks::{Hold, Needs, Shared, provider_name, target_name},
    probe::ProbeFailure,
};
use domain::{
    Affected, Code, EditProvider, Failure, FieldError, ModelId, Mutation, OperationId, Plan, ProviderName,
    Read, StepName, Target, TypedKey, Warning, rules::RouteEdit,
};
use higress::ProviderDoc;
use secrecy::SecretString;

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
    pub needs: Needs,
    /// What could undo the change later.
    pub lasts: Option<String>,
}

/// One thing to do.
pub enum Work {
    Write(Edit),
    Ask(Question),
    Reload(Target),
}

/// A question to a model through the gateway, as an agent.
pub struct Question {
    pub target: Target,
    pub provider: ProviderName,
    pub model: ModelId,
    pub key: SecretString,
}

/// What a mutation's own part works out; the rest of the plan follows from it.
#[derive(Default)]
struct Draft {
    work: Vec<Work>,
    reads: Vec<Read>,
    affected: Vec<Affected>,
    warnings: Vec<Warning>,
    needs: Needs,
}

impl Prepared {
    /// All writes, in order.
    pub fn edits(&self) -> impl Iterator<Item = &Edit> {
        self.work.iter().filter_map(|work| match work {
            Work::Write(edit) => Some(edit),
            Work::Ask(_) | Work::Reload(_) => None,
        })
    }

    /// The write that makes the change live: the last one of an agent's config.
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
            refuse_masks(&new.tokens)?;
            let doc = ProviderDoc::create(new).map_err(invalid)?;
            providers::refuse_host(clients, &doc)
        }
        Mutation::EditProvider { edit: EditProvider { tokens: Some(tokens), .. }, .. } => {
            refuse_masks(tokens)
        }
        Mutation::EditProvider { .. }
        | Mutation::SetModel { .. }
        | Mutation::RemoveProvider { .. }
        | Mutation::RepairRoutes { .. } => Ok(()),
    }
}

fn refuse_masks(tokens: &[TypedKey]) -> Result<(), Failure> {
    match tokens.iter().position(TypedKey::is_masked) {
        Some(index) => Err(Failure::field(
            format!("tokens[{index}]"),
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

/// What the mutation holds while it runs; another one that wants it too is refused.
pub fn held_by(mutation: &Mutation) -> Vec<String> {
    vec![match mutation {
        Mutation::SetModel { target, .. } => target_name(target),
        Mutation::AddProvider(new) => provider_name(&new.name),
        Mutation::EditProvider { name, .. } | Mutation::RemoveProvider { name } => provider_name(name),
        Mutation::RepairRoutes { .. } => "routes".to_owned(),
    }]
}

/// The agents that the mutation is for.
pub fn targets(mutation: &Mutation) -> Vec<String> {
    match mutation {
        Mutation::SetModel { target, .. } => vec![target.to_string()],
        Mutation::AddProvider(_)
        | Mutation::EditProvider { .. }
        | Mutation::RemoveProvider { .. }
        | Mutation::RepairRoutes { .. } => Vec::new(),
    }
}

/// Reads what matters now and works out the plan.
pub async fn prepare(
    clients: &Clients,
    installation: &Installation,
    mutation: &Mutation,
    id: OperationId,
) -> Result<Prepared, Failure> {
    let draft = match mutation {
        Mutation::SetModel { target, wish } => set_model::draft(clients, installation, target, wish).await?,
        Mutation::AddProvider(new) => providers::add(clients, installation, new).await?,
        Mutation::EditProvider { name, edit } => providers::edit(clients, installation, name, edit).await?,
        Mutation::RemoveProvider { name } => providers::remove(clients, installation, name).await?,
        Mutation::RepairRoutes { route, consumer } => {
            routes::repair(clients, installation, route.as_ref(), consumer.as_ref()).await?
        }
    };
    let Draft { work, reads, affected, warnings, needs } = draft;
    let steps = work.iter().map(step).chain([pending(StepName::Verify, None)]).collect();
    let changes = work
        .iter()
        .filter_map(|work| match work {
            Work::Write(edit) => Some(describe::change(edit)),
            Work::Ask(_) | Work::Reload(_) => None,
        })
        .collect::<Result<Vec<_>, _>>()?;
    let lasts = changes.iter().find_map(|change| change.lasts.clone());
    let plan = Plan {
        id,
        kind: mutation.kind().to_owned(),
        targets: targets(mutation),
        created_at: crate::clock::now(),
        reads,
        changes,
        affected,
        warnings,
        steps,
    };
    Ok(Prepared { plan, work, needs, lasts })
}

fn step(work: &Work) -> domain::Step {
    let (name, object) = match work {
        Work::Write(edit) => (describe::step_name(edit), describe::short(edit)),
        Work::Ask(question) => (StepName::Test, question.model.to_string()),
        Work::Reload(target) => (StepName::Reload, target.agent().to_owned()),
    };
    pending(name, Some(object))
}

impl Draft {
    /// Adds a write of a provider: no other operation may use the providers meanwhile.
    fn write_provider(
        &mut self,
        name: ProviderName,
        before: Option<ProviderDoc>,
        after: Option<ProviderDoc>,
    ) {
        self.needs.add(Shared::Providers, Hold::Write);
        self.work.push(Work::Write(Edit::Provider { name, before, after }));
    }

    /// Adds a write of a route. One that decides anew which route takes a model excludes all other plans meanwhile;
    /// letting somebody in does not.
    fn write_route(&mut self, change: &RouteEdit, edit: Edit) {
        let only_lets_in = matches!(
            change,
            RouteEdit::Update { add_predicates, remove_predicates, repoint: None, align: false, .. }
                if add_predicates.is_empty() && remove_predicates.is_empty()
        );
        self.needs.add(Shared::Providers, if only_lets_in { Hold::Read } else { Hold::Write });
        self.needs.add(Shared::Route(change.route().clone()), Hold::Write);
        self.work.push(Work::Write(edit));
    }

    fn warn(&mut self, code: &str, message: impl Into<String>) {
        self.warnings.push(Warning { code: code.to_owned(), message: message.into() });
    }
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
