use crate::text::t;
use domain::{ChangeAction, DiffLine, Plan};
use leptos::{html, prelude::*};
use serde_json::Value;

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

/// What is another one, line by line.
pub fn differences(lines: Vec<DiffLine>) -> AnyView {
    view! { <ul>{lines.into_iter().map(line).collect_view()}</ul> }.into_any()
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

/// What a plan changes, object by object, whom it reaches, and what to know before saying yes.
#[component]
pub fn PlanView(plan: Plan, region: NodeRef<html::Div>) -> impl IntoView {
    let changes = plan
        .changes
        .into_iter()
        .map(|change| {
            let sign = match change.action {
                ChangeAction::Create => "+",
                ChangeAction::Update => "~",
                ChangeAction::Delete => "-",
            };
            let lasts = change.lasts.map(|until| view! { <p class="diff-lasts">{(t().lasts)(&until)}</p> });
            view! {
                <div class="diff-object">
                    <h4>{sign} " " {change.object}</h4>
                    {differences(change.diff)}
                    {lasts}
                </div>
            }
        })
        .collect::<Vec<_>>();
    let empty = changes.is_empty().then_some(t().nothing_changes);
    let warnings =
        plan.warnings.into_iter().map(|warning| view! { <li class="note warn">{warning.message}</li> });
    let nobody = plan.affected.is_empty().then_some(t().nobody_affected);
    let affected = plan.affected.into_iter().map(|one| view! { <li><b>{one.agent}</b> " " {one.how}</li> });
    view! {
        <h3>{t().what_changes}</h3>
        <div class="diff" role="region" aria-label=t().what_changes tabindex="0" node_ref=region>
            {changes} {empty}
        </div>
        <ul class="notes">{warnings.collect_view()}</ul>
        <h3>{t().also_affected}</h3>
        <ul class="affected">{affected.collect_view()}</ul>
        <p>{nobody}</p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_keeps_the_part_that_tells() {
        assert_eq!(place("/agents/defaults/model/primary"), "model.primary");
        assert_eq!(place("/model"), "model");
        assert_eq!(place(""), "");
    }

    #[test]
    fn long_values_are_cut_between_characters() {
        let long = Value::String("é".repeat(LONGEST + 5));
        assert_eq!(value(&long).chars().count(), LONGEST + 1);
    }
}
