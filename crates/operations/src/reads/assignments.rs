//! Which model each agent runs: recorded, and as its config and the routes say.
use super::{Agents, AssignmentsSeen, ConsoleState, SeenAgent, Ways, routing_view};
use crate::{Seen, prepare::Installation};
use domain::{Assignment, Failure, ModelId, Observed, Problem, Runs, Target, Timestamp, rules::RouteView};
use hiclaw::AgentConfig;
use std::sync::Arc;

/// The assignments of all agents.
pub fn observed_assignments(
    console: &ConsoleState,
    agents: &Agents,
    installation: &Installation,
) -> Result<AssignmentsSeen, Failure> {
    let view = routing_view(console, agents, installation)?;
    let ways = Ways::of(&view);
    let at = console.at.clone().min(agents.at.clone());
    let seen = |(target, agent): (&Target, &SeenAgent)| {
        let value = assignment(target, agent, &ways, &at);
        (target.clone(), Arc::new(Seen { value, observed_at: at.clone() }))
    };
    Ok(AssignmentsSeen {
        by_target: agents.by_target.iter().map(seen).collect(),
        workers_unknown: agents.workers_unknown.clone(),
    })
}

/// What an agent's openclaw.json says of the model that it runs.
pub fn runs(config: &AgentConfig) -> Runs {
    let known = config.model.as_ref().and_then(|model| config.known(model)).copied().unwrap_or_default();
    Runs {
        model: config.model.clone(),
        context_window: known.context_window,
        max_tokens: known.max_tokens,
        reasoning: known.reasoning,
    }
}

fn assignment(target: &Target, seen: &SeenAgent, ways: &Ways<'_>, at: &Timestamp) -> Assignment {
    let record = seen.record.as_ref().ok().and_then(Option::as_ref);
    let config = seen.config.as_deref().ok();
    let Runs { model, context_window, max_tokens, reasoning } = config.map(runs).unwrap_or_default();
    let route = model.as_ref().and_then(|model| ways.route(model));
    let problem = problem(target, seen, model.as_ref(), route, ways);
    let provider = route.and_then(|route| route.upstreams.first()).map(|upstream| upstream.provider.clone());
    let recorded_provider = record.map(|record| &record.provider);
    let in_sync = problem.is_none()
        && model.is_some()
        && recorded_provider.is_none_or(|r| Some(r) == provider.as_ref());
    Assignment {
        provider: recorded_provider.cloned(),
        model: record.map(|record| record.model.clone()),
        context_window: record.and_then(|record| record.context_window),
        max_tokens: record.and_then(|record| record.max_tokens),
        reasoning: record.and_then(|record| record.reasoning),
        updated_at: record.and_then(|record| record.updated_at.clone()),
        observed: Observed {
            primary: config.and_then(|config| config.primary.clone()),
            context_window,
            max_tokens,
            reasoning,
            model,
            route: route.map(|route| route.name.clone()),
            provider,
            in_sync,
            problem,
            observed_at: at.clone(),
        },
        takes_up: seen.agent.takes_up,
        ownership: Some(seen.ownership.clone()),
        read_only: seen.agent.read_only.clone(),
        reset: seen.reset.clone(),
    }
}

/// What stands between the agent and its model; the worst first.
fn problem(
    target: &Target,
    seen: &SeenAgent,
    model: Option<&ModelId>,
    route: Option<&RouteView>,
    ways: &Ways<'_>,
) -> Option<Problem> {
    if let Err(failure) = &seen.config {
        return Some(Problem::ConfigUnreadable { message: failure.message.clone() });
    }
    let model = model?;
    let Some(route) = route else { return Some(Problem::NoRoute { model: model.clone() }) };
    let consumer = target.consumer();
    if !ways.admits(route, &consumer) {
        return Some(Problem::ConsumerNotAllowed { route: route.name.clone(), consumer });
    }
    match &seen.record {
        Err(failure) => Some(Problem::RecordUnreadable { message: failure.message.clone() }),
        Ok(Some(record)) if record.model != *model => {
            Some(Problem::RecordDiffers { recorded: record.model.clone() })
        }
        Ok(_) => None,
    }
}
