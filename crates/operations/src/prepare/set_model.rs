//! Letting an agent run a model.
use super::{Draft, Installation, Question, routes, world::World};
use crate::{
    clients::Clients,
    edits::Edit,
    probe::ListedModel,
    reads::{Listed, limits_of, list_models},
};
use domain::{
    Code, Failure, Fate, LimitSource, Limits, Owned, Reset, SetIn, SetModel, Target, Warning, WarningCode,
    rules::{self, KnownLimits, limits_for, plan_routes},
};
use hiclaw::{AgentConfig, Record, Wish, record_object};
use higress::ProviderDoc;

/// What an agent shall run.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub wish: &'a SetModel,
    /// Whether the model takes images; none: as the sources of such figures say.
    pub vision: Option<bool>,
}

impl<'a> From<&'a SetModel> for Wanted<'a> {
    fn from(wish: &'a SetModel) -> Self {
        Self { wish, vision: None }
    }
}

/// Routes first, then a question as the agent, then our record, HiClaw's note and the agent's config.
pub async fn draft(
    clients: &Clients,
    world: &mut World,
    draft: &mut Draft,
    installation: &Installation,
    target: &Target,
    wanted: Wanted<'_>,
) -> Result<(), Failure> {
    let wish = wanted.wish;
    let agent = world.agents.get(target)?;
    if let Some(why) = &agent.agent.read_only {
        return Err(Failure::new(Code::ReadOnlyTarget, why.reason.clone()).hint(why.way.clone()));
    }
    let config = agent.config.as_ref().map_err(Clone::clone)?.clone();
    let taker = agent.agent.clone();
    let key = world.key(target)?;
    let (reset, ownership) = (agent.reset.clone(), agent.ownership.clone());
    let provider = world.console.provider(&wish.provider)?;
    draft.look_at_provider(&wish.provider, Some(provider));
    let listed = listed(clients, provider, wish, draft).await?;
    let routing = rules::Wanted::SetModel {
        target: target.clone(),
        provider: wish.provider.clone(),
        model: wish.model.clone(),
    };
    let plan = plan_routes(&world.view(installation)?, &routing).map_err(routes::failure)?;
    let limits = limits(draft, &config, wanted, listed.as_ref(), &ownership.limits);
    if let Some(winner) = &plan.winner {
        draft.look_at_route(winner, world.console.route(winner));
    }
    routes::add_writes(world, draft, plan)?;
    draft.ask(Question {
        target: target.clone(),
        provider: wish.provider.clone(),
        model: wish.model.clone(),
        key,
        moved: false,
    });
    let agent = (target, &*config, ownership.limits.ours);
    add_agent(clients, world, draft, agent, wish, limits).await?;
    if let Some(doubt) = &world.agents.doubt {
        let message = format!("this may be undone: {doubt}");
        draft.warn(Warning::new(WarningCode::AnotherHolder, message).about([doubt]));
    }
    draft.take_up(&taker, wish.restart);
    if let Some(reset) = reset {
        warn_of_reset(draft, &reset, wish);
    }
    world.now_runs(target, Some(wish.model.clone()));
    Ok(())
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
            draft.warn(Warning::new(WarningCode::ModelListUnreadable, message).about([&wish.provider]));
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

/// The figures for the model, and what is worth knowing about them. Nobody writes what is its owner's alone.
fn limits(
    draft: &mut Draft,
    config: &AgentConfig,
    Wanted { wish, vision }: Wanted<'_>,
    listed: Option<&KnownLimits>,
    Owned { owner, ours, .. }: &Owned,
) -> Limits {
    let request = KnownLimits {
        vision,
        context_window: wish.context_window,
        max_tokens: wish.max_tokens,
        reasoning: wish.reasoning,
    };
    let (limits, source) = limits_for(&wish.model, listed, config.known(&wish.model), &request);
    if !ours {
        if request != KnownLimits::default() {
            let message =
                format!("the figures of a model are the {owner}'s here: a switch does not write them");
            draft.warn(Warning::new(WarningCode::LimitsNotOurs, message).about([owner]));
        }
        return limits;
    }
    if source == LimitSource::Default {
        let message = format!(
            "nobody knows the limits of {}: {} tokens of context and {} of output are HiClaw's own figures for such models",
            wish.model, limits.context_window, limits.max_tokens
        );
        let about =
            [wish.model.to_string(), limits.context_window.to_string(), limits.max_tokens.to_string()];
        draft.warn(Warning::new(WarningCode::LimitsAreDefaults, message).about(about));
    }
    let now = config.model.as_ref().and_then(|model| config.known(model));
    if now.and_then(|now| now.vision) == Some(true) && !limits.vision {
        let message = format!("{} takes no images, the present model does", wish.model);
        draft.warn(Warning::new(WarningCode::VisionLost, message).about([&wish.model]));
    }
    if let Some(present) =
        now.and_then(|now| now.context_window).filter(|present| *present > limits.context_window)
    {
        let message = format!("the context shrinks from {present} to {} tokens", limits.context_window);
        draft
            .warn(Warning::new(WarningCode::ContextShrinks, message).about([present, limits.context_window]));
    }
    limits
}

/// Says what gives the agent another model when it starts, and what ends that.
fn warn_of_reset(draft: &mut Draft, reset: &Reset, wish: &SetModel) {
    let variable = &reset.variable;
    let warning = match reset.fate(wish.model.as_str(), wish.lasting) {
        Fate::Stays => return,
        Fate::StaysOnceRemade(Some(SetIn { model, place })) => {
            let message = format!(
                "{variable} is {model} in {place}: a restart brings {model} back, until HiClaw's installer makes the container anew"
            );
            Warning::new(WarningCode::KeptOnceRemade, message).about([variable, model, place])
        }
        Fate::StaysOnceRemade(None) => Warning::new(
            WarningCode::KeptOnceRemade,
            "a restart may bring another model back, until HiClaw's installer makes the container anew",
        ),
        Fate::GoesBack(Some(SetIn { model, place })) => {
            let line = reset.line(wish.model.as_str());
            let way = match &reset.file {
                Some(file) => format!("a lasting switch writes {line} to {file}"),
                None => format!(
                    "what ends that is {line} in HiClaw's environment file, and a container made anew"
                ),
            };
            let message = format!(
                "{variable} is {model} in {place}, so the agent goes back to {model} when it starts; {way}"
            );
            let about = [variable, model, place, &line].into_iter().chain(&reset.file);
            Warning::new(WarningCode::ResetAtStart, message).about(about)
        }
        Fate::GoesBack(None) => {
            let message = format!(
                "the agent gets the model of {variable} when it starts, and nobody can tell here which that is"
            );
            Warning::new(WarningCode::ResetAtStart, message).about([variable])
        }
    };
    draft.warn(warning);
}

async fn add_agent(
    clients: &Clients,
    world: &World,
    draft: &mut Draft,
    (target, config, writes_limits): (&Target, &AgentConfig, bool),
    wish: &SetModel,
    limits: Limits,
) -> Result<(), Failure> {
    let at = clients.clock.now();
    let wanted = Wish { model: &wish.model, limits, lasting: wish.lasting, at: &at };
    let parts = clients.holder.edits(target, config, &wanted).await?;
    let before = world.held_record(target).cloned();
    draft.look_at_text(record_object(target), before.as_ref());
    let after = Some(Record::of(wish, writes_limits.then_some(&limits), &at).image()?);
    let mut edits = vec![Edit::Record { target: target.clone(), before, after }];
    for edit in parts {
        draft.look_at_text(edit.object.clone(), Some(&edit.before));
        edits.push(Edit::Agent { target: target.clone(), edit });
    }
    draft.write_agent(target, edits);
    Ok(())
}
