//! What drifted: pure decisions over an agent's assignment, and over a backup beside how things are now.
use super::{access::Hired, diff};
use crate::{
    Assignment, BackupItem, ChangeAction, Declared, DeclaredProvider, DeclaredRoute, DiffLine, DriftItem,
    Drifted, Mutation, Problem, ProviderName, Restart, Runs, SetModel, Target, WayOut, WhyNot,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The fingerprints of the keys of each provider.
pub type Fingerprints = BTreeMap<ProviderName, Vec<String>>;

/// How things were, as a backup tells it.
#[derive(Clone, Copy, Debug)]
pub struct Then<'a> {
    pub file: &'a Declared,
    /// None: it holds no keys, so nothing can be said of them.
    pub keys: Option<&'a Fingerprints>,
}

/// How things are now, for the comparison with a backup.
#[derive(Clone, Copy, Debug)]
pub struct Now<'a> {
    pub providers: &'a [DeclaredProvider],
    pub keys: &'a Fingerprints,
    pub routes: &'a [DeclaredRoute],
    /// Every agent that there is; none of one whose openclaw.json could not be read.
    pub agents: &'a BTreeMap<Target, Option<Runs>>,
    /// False: `agents` may lack workers.
    pub all_agents: bool,
}

/// Where the differences of a provider tell its keys.
const KEYS: &str = "keys";

/// Something that is not as a backup has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub item: BackupItem,
    pub change: ChangeAction,
    pub diff: Vec<DiffLine>,
    /// Of a route: an agent was let in or shut out, and not by HiClaw.
    pub access: bool,
}

impl Changed {
    /// Whether a provider has other keys than it had.
    pub fn has_other_keys(&self) -> bool {
        self.diff.iter().any(|line| line.path.strip_prefix('/') == Some(KEYS))
    }
}

/// The wish that a note says was fulfilled; none where nothing was recorded. Figures that a switch does not write are no
/// part of it.
pub fn recorded(now: &Assignment) -> Option<SetModel> {
    let (provider, model) = now.provider.clone().zip(now.model.clone())?;
    let writes_limits = now.ownership.as_ref().is_none_or(|ownership| ownership.limits.ours);
    Some(SetModel {
        provider,
        model,
        context_window: now.context_window.filter(|_| writes_limits),
        max_tokens: now.max_tokens.filter(|_| writes_limits),
        reasoning: now.reasoning.filter(|_| writes_limits),
        restart: Restart::No,
        lasting: false,
    })
}

/// Whether the note of an agent says something else than its openclaw.json, limits included, or than the route that takes
/// its model. An agent that was never switched has no note and does not drift; of one whose openclaw.json could not be read nothing is known.
pub fn drifts(now: &Assignment) -> bool {
    let observed = &now.observed;
    let is_known = !matches!(observed.problem, Some(Problem::ConfigUnreadable { .. }));
    let differs = |recorded: SetModel| {
        !Runs::from(observed).fulfils(&recorded) || observed.provider != Some(recorded.provider)
    };
    is_known && recorded(now).is_some_and(differs)
}

/// Where an agent drifts: its model, the access to its route, or both. `read_only`: why its model cannot be changed from
/// here.
pub fn of_agent(
    agent: &Target,
    now: &Assignment,
    read_only: Option<&WhyNot>,
    providers: &BTreeSet<&ProviderName>,
) -> Vec<DriftItem> {
    let model = drifts(now).then(|| recorded(now)).flatten();
    let model = model.map(|recorded| model_item(agent, now, recorded, read_only, providers));
    let access = match &now.observed.problem {
        Some(Problem::ConsumerNotAllowed { route, consumer }) => Some(DriftItem {
            what: Drifted::Access { agent: agent.clone(), route: route.clone(), consumer: consumer.clone() },
            accept: WayOut::WhyNot(WhyNot::ShutOut),
            repair: WayOut::Change(Mutation::RepairRoutes {
                route: Some(route.clone()),
                consumer: Some(consumer.clone()),
            }),
        }),
        _ => None,
    };
    model.into_iter().chain(access).collect()
}

fn model_item(
    agent: &Target,
    now: &Assignment,
    recorded: SetModel,
    read_only: Option<&WhyNot>,
    providers: &BTreeSet<&ProviderName>,
) -> DriftItem {
    let observed = &now.observed;
    let accept = match (&observed.model, &observed.provider) {
        (None, _) => WayOut::WhyNot(WhyNot::NotOverGateway),
        (Some(model), None) => WayOut::WhyNot(WhyNot::NoRoute { model: model.clone() }),
        (Some(_), Some(_)) => WayOut::Change(Mutation::AcceptModel { target: agent.clone() }),
    };
    let repair = match read_only {
        Some(why) => WayOut::WhyNot(why.clone()),
        None if !providers.contains(&recorded.provider) => {
            WayOut::WhyNot(WhyNot::ProviderGone { provider: recorded.provider.clone() })
        }
        None => WayOut::Change(Mutation::SetModel { target: agent.clone(), wish: recorded.clone() }),
    };
    let what = Drifted::Model {
        agent: agent.clone(),
        recorded,
        primary: observed.primary.clone(),
        runs: observed.into(),
        route: observed.route.clone(),
        provider: observed.provider.clone(),
    };
    DriftItem { what, accept, repair }
}

/// Everything that is not as a backup has it, but for the agents whom HiClaw let into routes or took off them since.
/// `untold`: the agents that the backup could not tell of.
pub fn changed_since<'a>(then: Then<'a>, untold: impl Fn(&Target) -> bool, now: Now<'a>) -> Vec<Changed> {
    let Then { file: then, keys } = then;
    let provider = |keys: Option<&Fingerprints>, one: &DeclaredProvider| {
        (BackupItem::Provider(one.name.clone()), tree_with_keys(one, keys))
    };
    let route = |one: &DeclaredRoute| (BackupItem::Route(one.name.clone()), tree(&sorted(one)));
    let providers = compared(
        then.providers.iter().map(|one| provider(keys, one)),
        now.providers.iter().map(|one| provider(keys.and(Some(now.keys)), one)),
    );
    let hired = Hired::of(now.agents.keys(), now.all_agents);
    let by_name = |routes: &'a [DeclaredRoute]| routes.iter().map(|one| (&one.name, one)).collect();
    let (was, is): (BTreeMap<_, _>, BTreeMap<_, _>) = (by_name(&then.routes), by_name(now.routes));
    let followed: Vec<_> =
        then.routes.iter().map(|one| hired.followed(one, is.get(&one.name).copied())).collect();
    let mut routes = compared(followed.iter().map(route), now.routes.iter().map(route));
    for changed in &mut routes {
        if let BackupItem::Route(name) = &changed.item {
            changed.access = hired.is_overruled(was.get(name).copied(), is.get(name).copied());
        }
    }

    let is_known = |target: &Target| match now.agents.get(target) {
        Some(runs) => runs.is_some(),
        None => now.all_agents,
    };
    let told = then.assignments.all().filter(|(target, _)| is_known(target));
    let told = told.map(|(target, wish)| (BackupItem::Agent(target), tree(&runs(wish))));
    let present = now.agents.iter().filter(|(target, _)| !untold(target));
    let present =
        present.filter_map(|(target, runs)| Some((BackupItem::Agent(target.clone()), tree(runs.as_ref()?))));
    let agents = compared(told, present);
    providers.into_iter().chain(routes).chain(agents).collect()
}

fn runs(wish: &SetModel) -> Runs {
    let SetModel { context_window, max_tokens, reasoning, .. } = *wish;
    Runs { model: Some(wish.model.clone()), context_window, max_tokens, reasoning }
}

/// The order of these lists means nothing, and the console keeps none.
fn sorted(route: &DeclaredRoute) -> DeclaredRoute {
    let mut route = route.clone();
    route.consumers.iter_mut().for_each(|list| list.sort());
    route.domains.iter_mut().for_each(|list| list.sort());
    let text = |predicate: &crate::ModelPredicate| (predicate.value.clone(), tree(predicate).to_string());
    route.predicates.iter_mut().for_each(|list| list.sort_by_key(text));
    route
}

/// Both were made as JSON, and are compared and shown so.
fn tree(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// The keys are told by their fingerprints.
fn tree_with_keys(provider: &DeclaredProvider, keys: Option<&Fingerprints>) -> Value {
    let mut tree = tree(provider);
    if let (Some(tree), Some(keys)) = (tree.as_object_mut(), keys.and_then(|keys| keys.get(&provider.name))) {
        tree.insert(KEYS.to_owned(), json!(keys));
    }
    tree
}

fn compared(
    then: impl Iterator<Item = (BackupItem, Value)>,
    now: impl Iterator<Item = (BackupItem, Value)>,
) -> Vec<Changed> {
    let mut now: BTreeMap<_, _> = now.collect();
    let mut found = Vec::new();
    for (item, before) in then {
        let after = now.remove(&item);
        let lines = diff(Some(&before), after.as_ref());
        let change = if after.is_some() { ChangeAction::Update } else { ChangeAction::Delete };
        if !lines.is_empty() {
            found.push(Changed { item, change, diff: lines, access: false });
        }
    }
    let new = |(item, after): (BackupItem, Value)| Changed {
        item,
        change: ChangeAction::Create,
        diff: diff(None, Some(&after)),
        access: false,
    };
    found.extend(now.into_iter().map(new));
    found
}

#[cfg(test)]
mod tests;
