//! The lines of `agm history`: when, which, how it ended, who, and what it changed.
use super::show::word;
use domain::{DiffLine, Operation, OperationState};

/// The columns that a line may take.
const WIDTH: usize = 120;

/// One line an operation, aligned and cut to [`WIDTH`]; `--json` and `agm watch` have the rest.
pub fn lines(operations: &[Operation]) -> Vec<String> {
    let cells: Vec<_> = operations.iter().map(cells).collect();
    let mut widths = [0; 4];
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; 5]| {
        let [at, id, state, who, what] = row;
        let [a, b, c, d] = widths;
        cut(&format!("{at:a$}  {id:b$}  {state:c$}  {who:d$}  {what}"))
    };
    cells.iter().map(line).collect()
}

/// `2026-01-01 00:00`, `01JD…`, `committed`, `admin/cli`, `worker:alice qwen-max → kimi-k2.5`
fn cells(operation: &Operation) -> [String; 5] {
    let at = operation.started_at.as_str().get(..16).unwrap_or_default().replace('T', " ");
    let who = format!("{}/{}", operation.actor, operation.via);
    [at, operation.id.to_string(), word(&operation.state), who, told(operation)]
}

fn told(operation: &Operation) -> String {
    let what = match &operation.undoes {
        Some(id) => format!("undoes {id} {}", operation.targets.join(" ")),
        None => what(operation),
    };
    let ill = operation.state.is_final() && operation.state != OperationState::Committed;
    let failure = operation.failure.as_ref().filter(|_| ill);
    // What was refused before there was a plan has written nothing.
    let open = operation.settled.is_none() && operation.plan.is_some() && operation.state.is_final();
    match failure {
        Some(failure) => format!("{what}: {}", first_sentence(&failure.message)),
        None if open => format!("{} (watched)", what.trim_end()),
        None => what.trim_end().to_owned(),
    }
}

/// What it was for; of a switch from which model to which.
fn what(operation: &Operation) -> String {
    let changes = operation.plan.iter().flat_map(|plan| &plan.changes);
    let switched = changes.clone().find_map(|change| change.diff.iter().find_map(switch));
    let objects = || {
        let provider = changes.clone().find(|change| change.object.starts_with("provider:"));
        let first = provider.or(changes.clone().next()).map(|change| change.object.as_str());
        format!("{} {}", operation.kind, first.unwrap_or_default())
    };
    match (operation.targets.as_slice(), switched) {
        ([target], Some(switched)) if operation.kind == "set_model" => format!("{target} {switched}"),
        ([], _) => objects(),
        (targets, _) => format!("{} {}", operation.kind, targets.join(" ")),
    }
}

/// `qwen-max → kimi-k2.5` of the line that says which model an agent runs.
fn switch(line: &DiffLine) -> Option<String> {
    line.path.ends_with("/model/primary").then_some(())?;
    // The config names the gateway before the model.
    let model = |side: &Option<serde_json::Value>| {
        let text = side.as_ref()?.as_str()?;
        Some(text.split_once('/').map_or(text, |(_, model)| model).to_owned())
    };
    let from = model(&line.before).map(|from| format!("{from} ")).unwrap_or_default();
    Some(format!("{from}→ {}", model(&line.after)?))
}

fn first_sentence(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    line.split_once(". ").map_or(line, |(first, _)| first)
}

fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.trim_end().to_owned();
    }
    line.chars().take(WIDTH - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn operation(more: serde_json::Value) -> Operation {
        let mut json = json!({"id": "01JD0000000000000000000000", "kind": "set_model", "state": "committed",
            "actor": "admin", "via": "cli", "targets": ["worker:alice"], "steps": [],
            "startedAt": "2026-01-01T10:20:30Z"});
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(json).unwrap()
    }

    fn plan(object: &str, diff: serde_json::Value) -> serde_json::Value {
        json!({"id": "01JD0000000000000000000000", "kind": "set_model", "targets": [], "createdAt": "", "reads": [],
            "changes": [{"object": object, "action": "update", "diff": diff, "owner": "agm"}],
            "affected": [], "warnings": [], "steps": []})
    }

    #[test]
    fn a_switch_says_from_which_model_to_which() {
        let diff = json!([{"path": "/agents/defaults/model/primary", "before": "hiclaw-gateway/qwen-max",
            "after": "hiclaw-gateway/kimi-k2.5"}]);
        let done = operation(json!({"plan": plan("s3:agents/alice/openclaw.json", diff)}));
        let wanted = "2026-01-01 10:20  01JD0000000000000000000000  committed  admin/cli  \
                      worker:alice qwen-max → kimi-k2.5 (watched)";
        assert_eq!(lines(&[done]), [wanted]);
    }

    #[test]
    fn others_say_their_kind_and_what_they_are_for() {
        let added = operation(
            json!({"kind": "add_provider", "targets": [], "plan": plan("provider:lab", json!([]))}),
        );
        assert_eq!(what(&added), "add_provider provider:lab");
        assert_eq!(what(&operation(json!({"kind": "apply"}))), "apply worker:alice");
    }

    #[test]
    fn what_failed_says_why_in_lines_that_fit() {
        let failure = |message: String| json!({"state": "rolled_back", "failure": {"success": false, "code": "ROLLED_BACK", "message": message}});
        let short = operation(failure("the key is wrong. It was refused twice.".into()));
        let long = operation(failure("ö".repeat(200)));
        let said = lines(&[operation(json!({})), short, long]);
        assert!(said[1].ends_with("set_model worker:alice: the key is wrong"), "{said:?}");
        assert_eq!((said[2].chars().count(), said[2].ends_with('…')), (WIDTH, true), "{said:?}");
        let column = |line: &str| line.find("set_model");
        assert!(said.iter().all(|line| column(line) == column(&said[0])), "{said:?}");
    }
}
