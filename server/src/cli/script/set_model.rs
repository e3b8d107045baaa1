//! `set-model.sh`
use super::{
    Refusal, log,
    options::{Options, parsed, target},
    sentence,
};
use crate::cli::{
    Call,
    error::CliError,
    follow::{carried_out, committed},
    model::Again,
    restarts,
};
use clap::ValueEnum;
use domain::{
    Assignment, Limits, Mutation, Operation, SetModel, Step, StepName, StepState, Target, known_model,
};
use std::fmt::Display;

const USAGE: &str = "set-model.sh --target <manager|worker:name> --provider <name> --model <id> [--context-window N] \
                     [--max-tokens N] [--reasoning true|false] [--restart no|now|when-idle]";

/// Lets an agent run a model, after a question to the model as that agent, and says each step.
pub async fn run(call: &Call, args: Vec<String>) -> Result<(), Refusal> {
    let names = ["target", "provider", "model", "context-window", "max-tokens", "reasoning", "restart"];
    let mut options = Options::read(args, &names, USAGE)?;
    let (whom, provider, model) =
        (options.need("target")?, options.need("provider")?, options.need("model")?);
    let target = target(&whom)?;
    let wish = SetModel {
        provider: parsed("provider", &provider)?,
        model: parsed("model", &model)?,
        context_window: options.parsed("context-window")?,
        max_tokens: options.parsed("max-tokens")?,
        reasoning: options.parsed("reasoning")?,
        restart: again(&mut options)?.into(),
        lasting: false,
    };
    announce(&target, &wish)?;
    let mutation = Mutation::SetModel { target: target.clone(), wish: wish.clone() };
    let mut course = Course::default();
    let ended = carried_out(call, &mutation, |step| course.tell(step)).await;
    let test_failed = ended.as_ref().is_ok_and(test_failed);
    match ended.and_then(committed) {
        Ok(operation) => done(call, &target, &wish, &operation).await,
        Err(error) => {
            failed(&error, test_failed)?;
            Err(Refusal::said())
        }
    }
}

/// When an agent is restarted that takes its model up only then.
fn again(options: &mut Options) -> Result<Again, Refusal> {
    let Some(text) = options.take("restart") else { return Ok(Again::default()) };
    Again::from_str(&text, false)
        .map_err(|_| Refusal::line(format!("ERROR: --restart {text}: use no, now or when-idle")))
}

/// What shall be, and where each figure comes from.
fn announce(target: &Target, wish: &SetModel) -> Result<(), CliError> {
    let known = known_model(&wish.model);
    let kind = if *target == Target::Manager { "manager" } else { "worker" };
    log(&format!("Setting model for {kind}: {}", target.agent()))?;
    log(&format!("  Provider: {}", wish.provider))?;
    log(&format!("  Model: {}", wish.model))?;
    let window = |limits: Limits| limits.context_window;
    log(&format!("  Context Window: {}", figure(wish.context_window, known.map(window))))?;
    log(&format!("  Max Tokens: {}", figure(wish.max_tokens, known.map(|limits| limits.max_tokens))))?;
    log(&format!("  Reasoning: {}", figure(wish.reasoning, known.map(|limits| limits.reasoning))))
}

fn figure<T: Display>(given: Option<T>, known: Option<T>) -> String {
    match (given, known) {
        (Some(given), _) => format!("{given} (as given)"),
        (None, Some(known)) => format!("{known} (known model)"),
        (None, None) => "as the provider lists it, else HiClaw's default (not a known model)".into(),
    }
}

/// What was said of the steps so far.
#[derive(Default)]
struct Course {
    asked: bool,
}

impl Course {
    fn tell(&mut self, step: &Step) {
        for line in self.lines(step) {
            // The change goes on whether or not somebody reads along.
            drop(log(&line));
        }
    }

    fn lines(&mut self, step: &Step) -> Vec<String> {
        let evidence = step.evidence.as_deref().unwrap_or("done");
        let object = step.object.as_deref().unwrap_or(evidence);
        match (step.name, step.state) {
            (StepName::Test, StepState::Running) => self.question().into_iter().collect(),
            (StepName::Test, StepState::Done) => {
                let passed = "Model connectivity test passed".to_owned();
                self.question().into_iter().chain([passed]).collect()
            }
            (StepName::Test, StepState::Failed) => self.question().into_iter().collect(),
            (StepName::Route, StepState::Done) => vec![format!("AI route {object}: {evidence}")],
            (StepName::Record, StepState::Done) => vec![format!("Model assignment saved: {object}")],
            (StepName::Config, StepState::Done) => vec![format!("Agent's model written: {object}")],
            (StepName::Reload, StepState::Done) => vec![format!("Agent's model taken up: {evidence}")],
            (StepName::Verify, StepState::Done) => vec![format!("Read back: {evidence}")],
            (StepName::Restart, StepState::Done) => vec![format!("Restarted: {evidence}")],
            (_, StepState::Undone) => vec![format!("Taken back: {object}")],
            _ => Vec::new(),
        }
    }

    /// That the model is asked is said once, also when its answer is the first that is seen of it.
    fn question(&mut self) -> Option<String> {
        let first = !std::mem::replace(&mut self.asked, true);
        first.then(|| "Testing model connectivity...".into())
    }
}

fn test_failed(operation: &Operation) -> bool {
    operation.steps.iter().any(|step| step.name == StepName::Test && step.state == StepState::Failed)
}

/// What else there is to say of a change that is live. It is not done while an agent was not restarted as asked.
async fn done(call: &Call, target: &Target, wish: &SetModel, operation: &Operation) -> Result<(), Refusal> {
    if !operation.steps.iter().any(|step| step.name == StepName::Route) {
        log("No AI route had to be changed")?;
    }
    for warning in operation.plan.iter().flat_map(|plan| &plan.warnings) {
        log(&format!("WARNING: {}", warning.message))?;
    }
    if known_model(&wish.model).is_none() {
        log(&format!("Limits in effect: {}", limits(call, target).await?))?;
    }
    if let Some(lasts) = &operation.lasts {
        log(&format!("This lasts {lasts}"))?;
    }
    log(match target {
        Target::Manager => "Manager model updated and reloaded successfully",
        Target::Worker(_) => "Worker model updated successfully",
    })?;
    for waiting in restarts::waiting(operation) {
        log(&waiting)?;
    }
    let missing: Vec<_> = restarts::missing(operation).collect();
    for missing in &missing {
        log(&format!("WARNING: {missing}"))?;
    }
    if missing.is_empty() { Ok(log("Done!")?) } else { Err(Refusal::said()) }
}

/// The figures that the agent now has.
async fn limits(call: &Call, target: &Target) -> Result<String, CliError> {
    let found: Assignment = match target {
        Target::Manager => call.client.get(&["assignment", "manager"]).await?,
        Target::Worker(name) => call.client.get(&["assignment", "workers", name.as_str()]).await?,
    };
    let text = |tokens: Option<u64>| tokens.map_or("unknown".into(), |tokens| tokens.to_string());
    let (window, most) = (text(found.observed.context_window), text(found.observed.max_tokens));
    Ok(format!("context window {window}, max tokens {most}"))
}

fn failed(error: &CliError, test: bool) -> Result<(), CliError> {
    let (why, more) = sentence(error);
    let failed = if test { "Model test failed: " } else { "" };
    log(&format!("ERROR: {failed}{why}"))?;
    let more: Vec<_> = more.collect();
    if !more.is_empty() {
        log("")?;
        log("To fix this:")?;
    }
    more.iter().try_for_each(|line| log(line))
}
