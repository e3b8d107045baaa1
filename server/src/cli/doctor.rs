//! `agm doctor`: each setting with its source, every system, and what stands between an agent and its model.
use super::{Call, error::CliError, serve::Flags, show};
use crate::config::{Lookup, Settings, Told};
use domain::{AiRoute, Assignments, DeepHealth, SystemState};
use serde_json::json;
use std::process::ExitCode;

/// Prints what was found; 0 when nothing is wrong, else 1.
pub async fn run(call: &Call, flags: Flags) -> Result<ExitCode, CliError> {
    let settings = settings(&flags);
    let health: DeepHealth = call.client.get_with(&["health"], "deep=true").await?;
    let agents: Result<Assignments, _> = call.client.get(&["assignment"]).await;
    let routes: Result<app::api::Routes, _> = call.client.get(&["routes"]).await;
    let findings = findings(&health, agents.as_ref(), routes.as_ref().map(|routes| routes.routes.as_slice()));
    let told = settings.as_deref().unwrap_or_default();
    let shown: Vec<_> = told
        .iter()
        .map(|told| json!({"name": told.name, "value": told.shown, "source": told.source.to_string()}))
        .collect();
    let refused = settings.as_ref().err().cloned();
    let document =
        json!({"settings": shown, "settingsError": refused, "systems": health.systems, "findings": findings});
    show::document(call.json, &document, || {
        let mut lines: Vec<_> = told.iter().map(setting).collect();
        lines.extend(refused.iter().map(|reason| format!("settings\t{reason}")));
        lines.extend(health.systems.iter().map(system));
        lines.extend(findings.iter().map(|finding| format!("! {finding}")));
        lines.extend(findings.is_empty().then(|| "nothing is wrong".to_owned()));
        lines
    })?;
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The settings as a server started from this shell would take them; in words, why it would not start.
fn settings(flags: &Flags) -> Result<Vec<Told>, String> {
    let lookup = Lookup::new(flags.given(), |name| std::env::var(name).ok(), flags.config.as_deref());
    lookup.and_then(Settings::read).map(|settings| settings.told).map_err(|error| error.to_string())
}

fn setting(told: &Told) -> String {
    format!("{}\t{}\t{}", told.name, told.shown.as_deref().unwrap_or("-"), told.source)
}

fn system(system: &domain::SystemHealth) -> String {
    let ms = system.ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
    let said = system.error.as_deref().or(system.version.as_deref()).unwrap_or_default();
    format!("{}\t{}\t{ms}\t{said}", system.name, show::word(&system.state)).trim_end().to_owned()
}

fn findings(
    health: &DeepHealth,
    agents: Result<&Assignments, &CliError>,
    routes: Result<&[AiRoute], &CliError>,
) -> Vec<String> {
    let mut found = Vec::new();
    for system in health.systems.iter().filter(|system| system.state == SystemState::Down) {
        found.push(format!(
            "{} is down: {}",
            system.name,
            system.error.as_deref().unwrap_or("no reason given")
        ));
    }
    match agents {
        Err(error) => found.push(format!("the agents cannot be read: {error}")),
        Ok(agents) => {
            let workers = agents.workers.iter().map(|(name, found)| (name.as_str(), found));
            for (agent, assignment) in std::iter::once(("manager", &agents.manager)).chain(workers) {
                if let Some(problem) = &assignment.observed.problem {
                    let problem = serde_json::to_string(problem).unwrap_or_default();
                    found.push(format!("{agent} cannot use its model: {problem}"));
                }
            }
        }
    }
    match routes {
        Err(error) => found.push(format!("the routes cannot be read: {error}")),
        Ok(routes) => {
            for route in routes {
                if let Some(other) = &route.shadowed_by {
                    found.push(format!("{} is never used: {other} has the same conditions", route.name));
                }
            }
        }
    }
    found
}
