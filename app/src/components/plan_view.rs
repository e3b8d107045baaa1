use super::said::{affected, warning};
use crate::text::t;
use domain::{Change, ChangeAction, DiffLine, Plan, PlannedKeys, Step};
use leptos::{html, prelude::*};
use serde_json::{Map, Value};

/// So many places of an object are shown at once.
const GLANCE: usize = 8;

/// Who owns what nobody else sets.
const OURS: &str = "agm";

/// Longer values are cut: the diff is for reading.
const LONGEST: usize = 180;

fn value(value: &Value) -> String {
    let mut text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if let Some((at, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// The last two parts of a JSON pointer, which tell most.
fn place(path: &str) -> String {
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let tail = parts.len().saturating_sub(2);
    parts.get(tail..).unwrap_or_default().join(".")
}

/// The path of an item of a list, by what names the item instead of its place.
fn by_name(path: String, item: &Map<String, Value>) -> String {
    let name = item.get("id").or_else(|| item.get("name")).and_then(Value::as_str);
    match (path.rsplit_once('/'), name) {
        (Some((list, place)), Some(name)) if place.chars().all(|digit| digit.is_ascii_digit()) => {
            format!("{list}/{name}")
        }
        _ => path,
    }
}

/// An object that comes or goes as a whole, member by member; of a list, what comes and what goes.
fn spread(line: DiffLine) -> Vec<DiffLine> {
    let DiffLine { path, before, after } = line;
    if let (Some(Value::Array(old)), Some(Value::Array(new))) = (&before, &after) {
        let gone = old.iter().filter(|item| !new.contains(item)).map(|item| (Some(item.clone()), None));
        let come = new.iter().filter(|item| !old.contains(item)).map(|item| (None, Some(item.clone())));
        let lines: Vec<_> =
            gone.chain(come).map(|(before, after)| DiffLine { path: path.clone(), before, after }).collect();
        if !lines.is_empty() {
            return lines;
        }
    }
    let path = match (&before, &after) {
        (None, Some(Value::Object(item))) | (Some(Value::Object(item)), None) => by_name(path, item),
        _ => path,
    };
    let members = |whole: Map<String, Value>, line: fn(Value) -> (Option<Value>, Option<Value>)| {
        let member = |(key, value): (String, Value)| {
            let (before, after) = line(value);
            spread(DiffLine { path: format!("{path}/{key}"), before, after })
        };
        whole.into_iter().flat_map(member).collect()
    };
    match (before, after) {
        (None, Some(Value::Object(whole))) if !whole.is_empty() => {
            members(whole, |value| (None, Some(value)))
        }
        (Some(Value::Object(whole)), None) if !whole.is_empty() => {
            members(whole, |value| (Some(value), None))
        }
        (before, after) => vec![DiffLine { path, before, after }],
    }
}

/// Whether it only tells when something was written: what else changes comes first.
fn is_stamp(line: &DiffLine) -> bool {
    ["/updatedAt", "/lastTouchedAt"].iter().any(|stamp| line.path.ends_with(stamp))
}

/// What is another one, line by line; what is longer than a glance is folded.
pub fn object_differences(lines: Vec<DiffLine>) -> AnyView {
    let mut lines: Vec<_> = lines.into_iter().flat_map(spread).collect();
    lines.sort_by_key(is_stamp);
    let folded = lines.split_off(lines.len().min(GLANCE));
    let count = folded.len();
    let folded = (count > 0).then(|| {
        view! {
            <details>
                <summary>{t().more_lines(count)}</summary>
                <ul>{folded.into_iter().map(line).collect_view()}</ul>
            </details>
        }
    });
    view! { <ul>{lines.into_iter().map(line).collect_view()}</ul> {folded} }.into_any()
}

fn line(line: DiffLine) -> AnyView {
    let place = place(&line.path);
    let row = |sign: &'static str, class: &'static str, content: &Value| {
        view! {
            <li class=class title=line.path.clone()>
                <span aria-hidden="true">{sign}</span>
                " "
                <b>{place.clone()}</b>
                " "
                {value(content)}
            </li>
        }
    };
    let before = line.before.as_ref().map(|content| row("-", "diff-before", content));
    let after = line.after.as_ref().map(|content| row("+", "diff-after", content));
    view! { {before} {after} }.into_any()
}

/// What happens to an object, and to what in it.
pub fn object(change: Change) -> AnyView {
    let (class, word) = match change.action {
        ChangeAction::Create => ("diff-create", t().creates()),
        ChangeAction::Update => ("diff-update", t().changes()),
        ChangeAction::Delete => ("diff-delete", t().removes()),
    };
    let owner =
        (change.owner != OURS).then(|| view! { <p class="diff-owner">{t().owned_by(&change.owner)}</p> });
    let lasts = change.lasts.map(|until| view! { <p class="diff-lasts">{t().lasts(&until)}</p> });
    view! {
        <div class="diff-object">
            <h4><span class=class>{word}</span> " " {change.object}</h4>
            {object_differences(change.diff)}
            {owner}
            {lasts}
        </div>
    }
    .into_any()
}

/// What becomes of containers, and when: nothing of it is an object that changes.
pub fn happens(steps: &[Step]) -> Vec<AnyView> {
    let said = steps.iter().filter_map(|step| t().happens_to_container(step));
    said.map(|said| view! { <p class="happens">{said}</p> }.into_any()).collect()
}

/// Whose keys they are, by the name that it gets.
pub fn keys_of(keys: &PlannedKeys) -> String {
    match &keys.renamed {
        Some(new) => t().keys_of_renamed(new.as_str(), keys.provider.as_str()),
        None => t().keys_of(keys.provider.as_str()),
    }
}

/// Which keys a restored provider gets.
fn keys(keys: &PlannedKeys) -> AnyView {
    view! { <li class="note">{keys_of(keys)} ": " {t().keys_from(keys.takes)}</li> }.into_any()
}

/// What a plan changes, object by object, whom it reaches, and what to know before saying yes.
#[component]
pub fn PlanView(
    plan: Plan,
    /// Where the changes stand, for whoever moves the focus there.
    #[prop(optional)]
    region: NodeRef<html::Div>,
) -> impl IntoView {
    let is_empty = plan.is_empty();
    let changes = plan.changes.into_iter().map(object).collect::<Vec<_>>();
    let happens = happens(&plan.steps);
    let empty = is_empty.then_some(t().nothing_changes());
    let keys = plan.keys.iter().map(keys).collect_view();
    let warnings = plan.warnings.into_iter().map(warning).collect_view();
    let nobody = plan.affected.is_empty().then_some(t().nobody_affected());
    let affected = plan.affected.into_iter().map(|one| view! { <li>{affected(one)}</li> });
    view! {
        <h3>{t().what_changes()}</h3>
        <div class="diff" role="region" aria-label=t().what_changes() tabindex="0" node_ref=region>
            {changes} {happens} {empty}
        </div>
        <ul class="notes">{keys} {warnings}</ul>
        <h3>{t().also_affected()}</h3>
        <ul class="affected">{affected.collect_view()}</ul>
        <p>{nobody}</p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{StepName, StepState};

    #[test]
    fn a_plan_tells_when_an_agent_is_started_again() {
        let step = |name, evidence: Option<&str>| Step {
            name,
            object: Some("alice".into()),
            state: StepState::Pending,
            ms: None,
            evidence: evidence.map(Into::into),
        };
        let said = |name, evidence| t().happens_to_container(&step(name, evidence));
        let again = |when: &str| Some(format!("The container of alice is stopped and started again{when}."));
        assert_eq!(said(StepName::Restart, None), again(""));
        assert_eq!(said(StepName::Restart, Some("at once")), again(" at once"));
        assert_eq!(
            said(StepName::Restart, Some("once it has no open task")),
            again(" once it has no open task")
        );
        assert_eq!(said(StepName::Config, None), None);
    }

    #[test]
    fn a_place_keeps_the_part_that_tells() {
        assert_eq!(place("/agents/defaults/model/primary"), "model.primary");
        assert_eq!(place("/model"), "model");
        assert_eq!(place(""), "");
    }

    #[test]
    fn of_a_list_only_what_comes_and_goes_is_told() {
        let line = DiffLine {
            path: "/allowedConsumers".into(),
            before: Some(serde_json::json!(["manager", "worker-bob", "worker-carol"])),
            after: Some(serde_json::json!(["manager", "worker-bob", "worker-dave"])),
        };
        let told: Vec<_> = spread(line).into_iter().map(|line| (line.before, line.after)).collect();
        assert_eq!(told, [(Some("worker-carol".into()), None), (None, Some("worker-dave".into()))]);
        let order = DiffLine {
            path: "/order".into(),
            before: Some(serde_json::json!([1, 2])),
            after: Some(serde_json::json!([2, 1])),
        };
        assert_eq!(spread(order.clone()), [order], "another order is told as a whole");
    }

    #[test]
    fn an_item_of_a_list_is_told_by_its_name() {
        let item = serde_json::json!({ "id": "kimi-k2.5", "input": ["text"] });
        let line = DiffLine { path: "/models/15".into(), before: None, after: Some(item) };
        let paths: Vec<_> = spread(line).into_iter().map(|line| line.path).collect();
        assert_eq!(paths, ["/models/kimi-k2.5/id", "/models/kimi-k2.5/input"]);
    }

    #[test]
    fn what_comes_or_goes_as_a_whole_is_told_member_by_member() {
        let whole =
            serde_json::json!({ "name": "glm", "raw": { "mode": true }, "tokens": ["(secret)"], "none": {} });
        let line = DiffLine { path: String::new(), before: None, after: Some(whole) };
        let lines: Vec<_> =
            spread(line).into_iter().map(|line| (line.path, line.after.unwrap().to_string())).collect();
        let expected =
            [("/name", "\"glm\""), ("/raw/mode", "true"), ("/tokens", "[\"(secret)\"]"), ("/none", "{}")];
        assert_eq!(lines, expected.map(|(path, value)| (path.to_owned(), value.to_owned())));
        let changed = DiffLine { path: "/a".into(), before: Some(1.into()), after: Some(2.into()) };
        assert_eq!(spread(changed.clone()), [changed]);
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let long = Value::String("é".repeat(LONGEST + 5));
        assert_eq!(value(&long).chars().count(), LONGEST + 1);
    }
}
