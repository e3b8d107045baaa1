//! The way of an agent's calls: a route that takes its model and lets it in, a provider that exists and has the model.
use super::{
    super::{
        LastList, Lists, Stored,
        asked::{Answers, Question, Said},
        report::{Many, failed, unknown, warning},
    },
    Agent,
};
use crate::probe::ProbeFailure;
use domain::{
    Check, CheckId, Failure, ProviderName, Reason, Repair, Timestamp,
    rules::{RouteView, mapped_model},
};
use std::collections::BTreeMap;

/// What only a look at the routes shows.
const OF_ROUTES: [CheckId; 4] =
    [CheckId::AgentRoute, CheckId::AgentAllowed, CheckId::AgentProvider, CheckId::AgentModelListed];

/// What is said of these checks when the console could not be read.
pub fn unread(why: &Failure) -> Vec<Check> {
    let unread = |id| unknown(id, "agents", format!("the AI routes could not be read: {why}"));
    OF_ROUTES.into_iter().map(unread).collect()
}

/// The checks of all agents that have a model.
pub fn checks(agents: &[Agent], stored: &Stored, lists: &Lists) -> Vec<Check> {
    let mut checks = routes(agents);
    checks.extend(allowed(agents));
    checks.extend(providers(agents, stored));
    checks.extend(listed(agents, stored, lists));
    checks
}

fn routes(agents: &[Agent]) -> Vec<Check> {
    let id = CheckId::AgentRoute;
    let mut many = Many::of(id);
    for agent in agents {
        match (agent.model, agent.route) {
            (None, _) => {}
            (Some(_), Some(_)) => many.well(agent.target),
            (Some(model), None) => {
                let evidence = format!("cannot use its model: no AI route takes {model}");
                many.found(agent.other_model(failed(id, agent.name(), evidence)));
            }
        }
    }
    many.told("agents", "a route takes the model of each")
}

fn allowed(agents: &[Agent]) -> Vec<Check> {
    let id = CheckId::AgentAllowed;
    let mut many = Many::of(id);
    for agent in agents.iter().filter(|agent| agent.route.is_some()) {
        let Some((route, consumer)) = agent.turned_away() else {
            many.well(agent.target);
            continue;
        };
        let evidence = format!("cannot use its model: {route} does not let {consumer} in");
        many.found(
            failed(id, agent.name(), evidence)
                .fix(format!("agm route repair --route {route} --consumer {consumer}"))
                .repair(Repair::RouteAccess { route: route.clone(), consumer: Some(consumer) }),
        );
    }
    many.told("agents", "their routes let them in")
}

fn providers(agents: &[Agent], stored: &Stored) -> Vec<Check> {
    let id = CheckId::AgentProvider;
    let exists = |name: &ProviderName| stored.view.provider(name).is_some();
    let mut many = Many::of(id);
    for agent in agents {
        let recorded =
            agent.seen.record.as_ref().ok().and_then(Option::as_ref).map(|record| &record.provider);
        let gone: Vec<_> =
            upstreams(agent.route).filter(|name| !exists(name)).map(ProviderName::as_str).collect();
        match (gone.as_slice(), recorded.filter(|name| !exists(name))) {
            ([], None) if agent.route.is_none() => {}
            ([], None) => many.well(agent.target),
            ([], Some(name)) => {
                let evidence = format!("its last switch chose {name}, which does not exist any more");
                many.found(agent.other_model(warning(id, agent.name(), evidence)));
            }
            (gone, _) => {
                let evidence = format!("its route leads to {}, which does not exist", gone.join(", "));
                many.found(agent.other_model(failed(id, agent.name(), evidence)));
            }
        }
    }
    many.told("agents", "the providers of their models exist")
}

fn upstreams(route: Option<&RouteView>) -> impl Iterator<Item = &ProviderName> {
    route.into_iter().flat_map(|route| &route.upstreams).map(|upstream| &upstream.provider)
}

/// Agents that could not be looked at, a line for each reason: for reasons that many agents share.
struct ByReason {
    id: CheckId,
    reasons: BTreeMap<String, Many>,
}

impl ByReason {
    fn of(id: CheckId) -> Self {
        Self { id, reasons: BTreeMap::new() }
    }

    fn unseen(&mut self, agent: &Agent, why: String) {
        let many = self.reasons.entry(why.clone()).or_insert_with(|| Many::of(self.id));
        many.unseen(agent.target, why);
    }

    fn told(self) -> impl Iterator<Item = Check> {
        self.reasons.into_values().flat_map(|many| many.told("agents", ""))
    }
}

/// Whether the first provider of each agent's route listed the model when it was asked last.
fn listed(agents: &[Agent], stored: &Stored, lists: &Lists) -> Vec<Check> {
    let id = CheckId::AgentModelListed;
    let (mut many, mut unseen) = (Many::of(id), ByReason::of(id));
    for agent in agents {
        let Some((route, model)) = agent.route.zip(agent.model) else { continue };
        let Some(upstream) = route.upstreams.first() else { continue };
        let Ok(provider) = stored.console.provider(&upstream.provider) else { continue };
        let asked_for = mapped_model(upstream, model.as_str());
        let Some(LastList { at, models }) = lists.of(provider) else {
            let name = provider.name();
            unseen.unseen(agent, format!("{name} gave no list since agm started or since it was changed"));
            continue;
        };
        if models.contains(asked_for) {
            many.well(agent.target);
            continue;
        }
        let evidence =
            format!("{} does not list {asked_for} among {} models at {at}", provider.name(), models.len());
        many.found(agent.other_model(warning(id, agent.name(), evidence)));
    }
    many.told("agents", "their providers list their models").into_iter().chain(unseen.told()).collect()
}

/// What the models answered when they were asked last.
pub fn answered(agents: &[Agent], stored: Option<&Stored>, answers: Option<&Answers>) -> Vec<Check> {
    let id = CheckId::AgentAnswered;
    let Some(answers) = answers else {
        let why = "their models were not asked: a question costs a token, so it is asked on demand only";
        return vec![unknown(id, "agents", why)];
    };
    let at = &answers.at;
    let (mut many, mut unseen) = (Many::of(id), ByReason::of(id));
    for agent in agents {
        let why = match answers.of(agent.target, Question::of(agent, stored).as_ref()) {
            Said::Answer(Ok(())) => {
                many.well(agent.target);
                continue;
            }
            Said::Answer(Err(failure)) => {
                many.found(unanswered(agent, failure, at, stored.is_some()));
                continue;
            }
            Said::Late => format!("no answer in time when the models were asked at {at}"),
            Said::Outdated if agent.seen.config.is_err() => {
                format!("asked at {at}; its config cannot be read now, so nobody knows whether that holds")
            }
            Said::Outdated => {
                format!("asked at {at}, and changed since: the agent, its route or its provider")
            }
            Said::Nothing => format!(
                "not asked at {at}: it was not there, or its config could not be read or named no model or no key"
            ),
        };
        unseen.unseen(agent, why);
    }
    let well = format!("a model answered each at {at}, through the gateway and with the agent's own key");
    many.told("agents", &well).into_iter().chain(unseen.told()).collect()
}

/// What to do for an agent whose model did not answer. `knows_routes`: an agent without a route has none.
fn unanswered(agent: &Agent, failure: &ProbeFailure, at: &Timestamp, knows_routes: bool) -> Check {
    let check = failed(CheckId::AgentAnswered, agent.name(), format!("{} at {at}", failure.evidence));
    let provider = upstreams(agent.route).next();
    let check = match provider {
        Some(provider) => check.fix(crate::failure::advice(failure.reason, provider)),
        None if knows_routes => check.fix("No route takes its model: look at what is said of that."),
        None => check.fix("The routes cannot be read now: mend that first, and look again."),
    };
    match (failure.reason, agent.turned_away(), provider) {
        (Reason::ConsumerNotAllowed, Some((route, consumer)), _) => {
            check.repair(Repair::RouteAccess { route: route.clone(), consumer: Some(consumer) })
        }
        (Reason::Auth, _, Some(provider)) => {
            check.repair(Repair::EditProvider { provider: provider.clone() })
        }
        _ => check,
    }
}
