//! What commands print: tab-separated text, or one JSON document.
use super::{error::CliError, restarts};
use domain::{Assignment, Change, DiffLine, KeySource, Operation, OperationState, Plan, PlannedKeys, Step};
use serde::Serialize;
use std::io::{ErrorKind, Write};

/// Prints the document, or the lines for people.
pub fn document(
    json: bool,
    document: &impl Serialize,
    lines: impl FnOnce() -> Vec<String>,
) -> Result<(), CliError> {
    if json {
        let text =
            serde_json::to_string_pretty(document).map_err(|error| CliError::Start(error.to_string()))?;
        print(&text)
    } else {
        lines().iter().try_for_each(|line| print(line))
    }
}

/// Prints a line. A reader that has enough, such as `head`, is no failure.
pub fn print(line: &str) -> Result<(), CliError> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::Start(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// The word that a value has on the wire.
pub fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// `test  done  412 ms  200 from deepseek-chat as worker-alice`
pub fn step(step: &Step) -> String {
    let name = match &step.object {
        Some(object) => format!("{} {object}", word(&step.name)),
        None => word(&step.name),
    };
    let ms = step.ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
    format!("{name}\t{}\t{ms}\t{}", word(&step.state), step.evidence.as_deref().unwrap_or_default())
        .trim_end()
        .to_owned()
}

/// What an operation came to, whom it cut off, who was started again, and what was seen since.
pub fn operation(operation: &Operation) -> Vec<String> {
    let mut lines = vec![outcome(operation)];
    lines.extend(operation.broke.iter().map(|one| format!("  no longer served: {}: {}", one.agent, one.how)));
    lines.extend(restarts::lines(operation));
    lines.extend(operation.settled.iter().map(|settled| format!("  settled: {}", settled.evidence)));
    if may_be_undone(operation) {
        let id = &operation.id;
        lines.push(format!(
            "  HiClaw may yet undo it: `agm watch {id} --settled` ends when that is known, and tells it"
        ));
    }
    lines
}

/// Whether it changed what somebody else owns, and it is not yet known whether that one leaves it.
fn may_be_undone(operation: &Operation) -> bool {
    let changes = operation.plan.iter().flat_map(|plan| &plan.changes);
    operation.state == OperationState::Committed
        && operation.settled.is_none()
        && changes.into_iter().any(|change| change.owner != Change::OURS)
}

/// `01JD…  committed  set_model  worker:alice`
pub fn outcome(operation: &Operation) -> String {
    let target = operation.targets.join(" ");
    format!("{}\t{}\t{}\t{target}", operation.id, word(&operation.state), operation.kind)
        .trim_end()
        .to_owned()
}

/// `  /model: "a" -> "b"`
pub fn differences(diff: &[DiffLine]) -> impl Iterator<Item = String> {
    let side = |value: &Option<serde_json::Value>| value.as_ref().map_or("-".into(), ToString::to_string);
    diff.iter().map(move |line| format!("  {}: {} -> {}", line.path, side(&line.before), side(&line.after)))
}

pub fn plan(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for change in &plan.changes {
        lines.push(format!("{}\t{}\tkept by {}", word(&change.action), change.object, change.owner));
        lines.extend(differences(&change.diff));
        lines.extend(change.lasts.iter().map(|lasts| format!("  lasts {lasts}")));
    }
    lines.extend(plan.keys.iter().map(keys));
    lines
        .extend(plan.affected.iter().map(|affected| format!("affects {}: {}", affected.agent, affected.how)));
    lines
        .extend(plan.warnings.iter().map(|warning| format!("warning {}: {}", warning.code, warning.message)));
    let acts = plan.steps.iter().filter(|step| step.name.is_lasting());
    lines.extend(acts.map(act));
    if plan.is_empty() {
        lines.push("nothing to change".into());
    }
    lines
}

/// `restart  alice  once it has no open task`
fn act(step: &Step) -> String {
    let (object, when) = (step.object.as_deref(), step.evidence.as_deref());
    format!("{}\t{}\t{}", word(&step.name), object.unwrap_or_default(), when.unwrap_or_default())
        .trim_end()
        .to_owned()
}

/// `keys of qwen: those of the backup (current ab12cd34, sealed ef56ab78)`
fn keys(keys: &PlannedKeys) -> String {
    let takes = match keys.takes {
        KeySource::Current => "the present ones stay",
        KeySource::Sealed => "those of the backup",
        KeySource::New => "new ones",
    };
    let prints = |name: &str, prints: &Option<Vec<String>>| match prints.as_deref() {
        None => format!("{name} not possible"),
        Some([]) => format!("{name} no key"),
        Some(prints) => format!("{name} {}", prints.join(" ")),
    };
    let (current, sealed) = (prints("current", &keys.current), prints("sealed", &keys.sealed));
    format!("keys of {}: {takes} ({current}, {sealed})", keys.provider)
}

/// `alice  deepseek  deepseek-chat  in sync`
pub fn assignment(agent: &str, assignment: &Assignment) -> String {
    let observed = &assignment.observed;
    let model = observed.model.as_ref().or(assignment.model.as_ref()).map_or("-", |model| model.as_str());
    let provider =
        observed.provider.as_ref().or(assignment.provider.as_ref()).map_or("-", |name| name.as_str());
    let sync = match &observed.problem {
        Some(problem) => {
            serde_json::to_value(problem).ok().and_then(|p| Some(p.get("code")?.as_str()?.to_owned()))
        }
        None if observed.in_sync => Some("in sync".into()),
        None => Some("differs".into()),
    };
    format!("{agent}\t{provider}\t{model}\t{}", sync.unwrap_or_default())
}
