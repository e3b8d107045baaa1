//! Letting an agent run a model.
use super::{
    Draft, Installation, Question, Work,
    describe::{read_provider, read_route},
    routes,
};
use crate::{
    clients::Clients,
    clock,
    edits::Edit,
    failure,
    locks::{Hold, Shared},
    probe::ListedModel,
    reads::{Agents, ConsoleState, Listed, limits_of, list_models, routing_view},
};
use domain::{
    Code, Failure, LimitSource, Limits, Read, SetModel, Target,
    rules::{KnownLimits, Wanted, limits_for, plan_routes},
};
use hiclaw::{AgentConfig, Held, Record, Wish, record_object};
use higress::ProviderDoc;

/// Routes first, then a question as the agent, then our record, HiClaw's note and the agent's config.
pub async fn draft(
    clients: &Clients,
    installation: &Installation,
    target: &Target,
    wish: &SetModel,
) -> Result<Draft, Failure> {
    let (console, agents, record) =
        futures::join!(ConsoleState::read(clients), Agents::read(clients), clients.records.read(target));
    let (console, record) = (console?, record?);
    let agent = agents.get(target)?;
    if let Some(why) = &agent.agent.read_only {
        return Err(Failure::new(Code::ReadOnlyTarget, why.reason.clone()).hint(why.way.clone()));
    }
    let config = agent.config.as_ref().map_err(Clone::clone)?;
    let key = config.key.clone().ok_or_else(|| failure::no_key(target))?;
    let provider = console.provider(&wish.provider)?;

    let mut draft = Draft::default();
    draft.reads.push(read_provider(provider));
    let listed = listed(clients, provider, wish, &mut draft).await?;
    let limits = limits(&mut draft, config, wish, listed.as_ref());

    let view = routing_view(&console, &agents, installation)?;
    let wanted = Wanted::SetModel {
        target: target.clone(),
        provider: wish.provider.clone(),
        model: wish.model.clone(),
    };
    let plan = plan_routes(&view, &wanted).map_err(routes::failure)?;
    draft.needs.add(Shared::Providers, Hold::Read);
    if let Some(winner) = &plan.winner {
        draft.needs.add(Shared::Route(winner.clone()), Hold::Read);
        let untouched = plan.edits.iter().all(|edit| edit.route() != winner);
        draft.reads.extend(console.route(winner).filter(|_| untouched).map(read_route));
    }
    routes::add_writes(&mut draft, &console, plan)?;
    let question =
        Question { target: target.clone(), provider: wish.provider.clone(), model: wish.model.clone(), key };
    draft.work.push(Work::Ask(question));
    add_agent(clients, &mut draft, target, config, record, wish, limits).await?;
    Ok(draft)
}

/// What the provider says about the model. `INVALID_MODEL` when it lists its models and this is none of them.
async fn listed(
    clients: &Clients,
    provider: &ProviderDoc,
    wish: &SetModel,
    draft: &mut Draft,
) -> Result<Option<KnownLimits>, Failure> {
    match list_models(clients, provider).await {
        Listed::Models { models, .. } => match models.iter().find(|model| model.id == wish.model) {
            Some(model) => Ok(Some(limits_of(model))),
            None => Err(not_listed(wish, &models)),
        },
        Listed::NoList => Ok(None),
        Listed::Unreadable(why) => {
            let message = format!(
                "{} did not list its models ({}); only the question will show whether it has {}",
                wish.provider, why.evidence, wish.model
            );
            draft.warn("MODEL_LIST_UNREADABLE", message);
            Ok(None)
        }
    }
}

fn not_listed(wish: &SetModel, models: &[ListedModel]) -> Failure {
    let some: Vec<_> = models.iter().take(8).map(|model| model.id.as_str()).collect();
    let hint = match models.len() - some.len() {
        0 => format!("It has {}.", some.join(", ")),
        more => format!("It has {} and {more} more.", some.join(", ")),
    };
    Failure::new(Code::InvalidModel, format!("{} does not list a model {}", wish.provider, wish.model))
        .hint(hint)
}

/// The figures for the model, and what is worth knowing about them.
fn limits(draft: &mut Draft, config: &AgentConfig, wish: &SetModel, listed: Option<&KnownLimits>) -> Limits {
    let request = KnownLimits {
        context_window: wish.context_window,
        max_tokens: wish.max_tokens,
        reasoning: wish.reasoning,
        ..KnownLimits::default()
    };
    let (limits, source) = limits_for(&wish.model, listed, config.known(&wish.model), &request);
    if source == LimitSource::Default {
        let message = format!(
            "nobody knows the limits of {}: {} tokens of context and {} of output are HiClaw's own figures for such models",
            wish.model, limits.context_window, limits.max_tokens
        );
        draft.warn("LIMITS_ARE_DEFAULTS", message);
    }
    let now = config.model.as_ref().and_then(|model| config.known(model));
    if now.and_then(|now| now.vision) == Some(true) && !limits.vision {
        draft.warn("VISION_LOST", format!("{} takes no images, the present model does", wish.model));
    }
    if let Some(present) =
        now.and_then(|now| now.context_window).filter(|present| *present > limits.context_window)
    {
        draft.warn(
            "CONTEXT_SHRINKS",
            format!("the context shrinks from {present} to {} tokens", limits.context_window),
        );
    }
    limits
}

async fn add_agent(
    clients: &Clients,
    draft: &mut Draft,
    target: &Target,
    config: &AgentConfig,
    record: Option<Held>,
    wish: &SetModel,
    limits: Limits,
) -> Result<(), Failure> {
    let at = clock::now();
    let edits = clients.holder.edits(target, config, &Wish { model: &wish.model, limits, at: &at }).await?;
    let version = record.as_ref().map_or_else(String::new, |held| held.version.to_string());
    draft.reads.push(Read { object: record_object(target), version });
    let after = Record::of(wish, &limits, &at).image()?;
    draft.work.push(Work::Write(Edit::Record { target: target.clone(), before: record, after }));
    for edit in edits {
        draft.reads.push(Read { object: edit.object.clone(), version: edit.before.version.to_string() });
        if let Some(lasts) = edit.lasts {
            draft.warn("RESET_BY_HICLAW", format!("this lasts {lasts}"));
        }
        draft.work.push(Work::Write(Edit::Agent { target: target.clone(), edit }));
    }
    draft.work.push(Work::Reload(target.clone()));
    Ok(())
}
