//! `get-assignment.sh`
use super::{Refusal, options::target};
use crate::cli::{Call, error::CliError, show::document};
use domain::{Assignment, Code, Target, WorkerName};
use serde_json::json;

const USAGE: &str = "get-assignment.sh <manager|worker:NAME> [--json]";

/// An agent's model, as the agent's own config says it where it does; the time is that of our record.
pub async fn run(call: &Call, args: Vec<String>) -> Result<(), Refusal> {
    let (options, names): (Vec<_>, Vec<_>) = args.into_iter().partition(|arg| arg.starts_with('-'));
    if let Some(unknown) = options.iter().find(|option| *option != "--json") {
        return Err(Refusal::line(format!("Unknown option: {unknown}")));
    }
    let [name] = names.as_slice() else { return Err(Refusal::usage(USAGE)) };
    let json = !options.is_empty();
    match target(name)? {
        Target::Manager => manager(call, json).await,
        Target::Worker(name) => worker(call, json, &name).await,
    }
}

async fn manager(call: &Call, json: bool) -> Result<(), Refusal> {
    let found: Assignment = call.client.get(&["assignment", "manager"]).await?;
    let Shown { provider, model, context } = Shown::of(&found);
    let answer = json!({
        "target": "manager",
        "provider": provider,
        "model": model,
        "contextWindow": found.observed.context_window.or(found.context_window),
    });
    Ok(document(json, &answer, || lines("Manager Model Assignment:", [provider, model, context]))?)
}

async fn worker(call: &Call, json: bool, name: &WorkerName) -> Result<(), Refusal> {
    let found = call.client.get::<Assignment>(&["assignment", "workers", name.as_str()]).await;
    let found = match found {
        Ok(found) if found.updated_at.is_some() => found,
        Err(CliError::Failed(failure)) if failure.code != Code::WorkerNotFound => {
            return Err(CliError::Failed(failure).into());
        }
        Ok(_) | Err(CliError::Failed(_)) => {
            let none = json!({"error": "Worker model assignment not found", "worker": name});
            document(json, &none, || vec![format!("Worker '{name}' has no model assignment stored")])?;
            return Err(Refusal::said());
        }
        Err(error) => return Err(error.into()),
    };
    document(json, &found, || {
        let Shown { provider, model, context } = Shown::of(&found);
        let mut all = lines(&format!("Worker '{name}' Model Assignment:"), [provider, model, context]);
        all.extend(found.updated_at.iter().map(|at| format!("  Updated: {at}")));
        all
    })?;
    Ok(())
}

struct Shown {
    provider: String,
    model: String,
    context: String,
}

impl Shown {
    fn of(found: &Assignment) -> Self {
        let seen = &found.observed;
        let text = |value: Option<String>| value.unwrap_or_else(|| "unknown".into());
        Self {
            provider: text(seen.provider.as_ref().or(found.provider.as_ref()).map(ToString::to_string)),
            model: text(seen.model.as_ref().or(found.model.as_ref()).map(ToString::to_string)),
            context: text(seen.context_window.or(found.context_window).map(|tokens| tokens.to_string())),
        }
    }
}

fn lines(title: &str, [provider, model, context]: [String; 3]) -> Vec<String> {
    let named = [("Provider", provider), ("Model", model), ("Context Window", context)];
    let named = named.map(|(name, value)| format!("  {name}: {value}"));
    std::iter::once(title.to_owned()).chain(named).collect()
}
