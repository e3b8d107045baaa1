//! One operation of the list: what is seen of it, and what it unfolds to.
use super::{
    body,
    entries::Entry,
    filter::{Filter, said},
    undo::{NoUndo, Past},
};
use crate::{
    act::Act,
    components::{
        badge::Badge,
        button::{Kind, Press},
        moment::Moment,
        outcome::{Outcome, is_stuck, state_word},
        said::Told,
        step_list::label,
    },
    describe,
    sprite::icon,
    text::{formats::duration, t},
};
use domain::{Failure, Operation, OperationId, StepState};
use leptos::prelude::*;
use std::sync::Arc;

/// An operation, or all that one request began.
pub fn entry(entry: Entry, past: &Past) -> AnyView {
    match entry {
        Entry::One(operation) => row(&operation, past),
        Entry::Bulk(id, operations) => bulk(&id, &operations, past),
    }
}

fn bulk(id: &OperationId, operations: &[Arc<Operation>], past: &Past) -> AnyView {
    let agents = t().agents_at_once(operations.len());
    let model = operations.iter().find_map(|operation| describe::subject(operation));
    let title = model.map_or_else(|| agents.clone(), |model| t().plan_title(&agents, &model));
    let count = |outcome: Outcome| {
        let count = operations.iter().filter(|operation| Outcome::of(operation) == outcome).count();
        let badge =
            |count: usize| view! { <Badge tone=outcome.tone() word=format!("{count} {}", outcome.word())/> };
        (count > 0).then_some(count).map(badge)
    };
    let all = Filter { find: id.to_string(), ..Filter::default() };
    view! {
        <li class="past-bulk">
            <p class="past-bulk-head">
                <a href=all.href()>{title}</a>
                {Outcome::ALL.map(count).collect_view()}
            </p>
            <ol>{operations.iter().map(|operation| row(operation, past)).collect_view()}</ol>
        </li>
    }
    .into_any()
}

fn row(operation: &Operation, past: &Past) -> AnyView {
    let outcome = Outcome::of(operation);
    view! {
        <li class=format!("past-row {}", outcome.name()) data-text=said(operation)>
            <details id=format!("op-{}", operation.id)>
                <summary>
                    <Moment at=operation.started_at.clone() dated=true/>
                    {icon(outcome.sign())}
                    <span class="past-what">
                        <b>{describe::operation(operation)}</b>
                        {under(operation, past).map(|text| view! { <span class="past-under">{text.view()}</span> })}
                    </span>
                    <span class="past-who">{who(operation)}</span>
                    <span class="past-took">{describe::took(operation).map(duration)}</span>
                    <Badge tone=outcome.tone() word=state_word(operation)/>
                </summary>
                {body::view(operation, past)}
                <p class="past-link">
                    <a href=super::href(&operation.id)>{t().link_to_operation()}</a>
                </p>
            </details>
            {press(operation)}
        </li>
    }
    .into_any()
}

/// Who asked for it, and through which door.
pub fn who(operation: &Operation) -> String {
    format!("{} · {}", operation.actor, t().door(&operation.via))
}

/// What can be done about one that runs, or that waits for a person.
pub fn press(operation: &Operation) -> Option<AnyView> {
    let text = match Outcome::of(operation) {
        Outcome::Running => t().follow(),
        _ if is_stuck(operation) => t().put_right(),
        _ => return None,
    };
    let label = t().action_of(text, &describe::operation(operation));
    let act = Act::Follow(operation.id.clone());
    Some(view! { <p class="past-act"><Press act text kind=Kind::Small label/></p> }.into_any())
}

/// The most telling thing beside the title: where it is, why it failed, or what became of it.
fn under(operation: &Operation, past: &Past) -> Option<Told> {
    if let Some(failure) = &operation.failure {
        let message = first_sentence(&failure.message).to_owned();
        return Some(Failure { message, ..failure.as_ref().clone() }.into());
    }
    if Outcome::of(operation) == Outcome::Running {
        return at_step(operation).map(Told::from);
    }
    let undone =
        matches!(past.no_undo(operation), Some(NoUndo::Undone(_))).then(|| t().undone_later().to_owned());
    let lasts = operation.lasts.as_ref().map(|until| t().lasts(until));
    let watched = body::is_watched(operation).then(|| t().still_watched_short().to_owned());
    let said: Vec<_> = [undone, lasts, watched].into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(" · ").into())
}

/// `step 3 of 7: Test`
fn at_step(operation: &Operation) -> Option<String> {
    let at = operation.steps.iter().position(|step| step.state == StepState::Running)?;
    let step = operation.steps.get(at)?;
    Some(t().at_step(at + 1, operation.steps.len(), &label(step)))
}

fn first_sentence(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    line.split_once(". ").map_or(line, |(first, _)| first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::activity::tests::{id, operation, plan};
    use serde_json::json;

    fn under(operation: &Operation) -> Option<String> {
        let past = Past { all: Vec::new(), kept: [operation.id.clone()].into() };
        super::under(operation, &past).map(|told| told.text())
    }

    #[test]
    fn the_cause_is_told_before_anything_else() {
        let failure =
            json!({"success": false, "code": "ROLLED_BACK", "message": "The test failed. It was put back."});
        let failed =
            operation(json!({"state": "rolled_back", "failure": failure, "lasts": "until a restart"}));
        assert_eq!(under(&failed).as_deref(), Some("The test failed"));
    }

    #[test]
    fn one_that_runs_tells_its_step() {
        let steps = json!([{"name": "plan", "state": "done", "ms": 5}, {"name": "test", "state": "running"}]);
        let running = operation(json!({"state": "applying", "steps": steps}));
        assert_eq!(under(&running).as_deref(), Some("step 2 of 2: Test"));
        assert_eq!(describe::took(&running), Some(5));
        assert_eq!(describe::took(&operation(json!({}))), None);
    }

    #[test]
    fn what_was_taken_back_says_so() {
        let done = operation(json!({"id": id(1), "plan": plan("route:a")}));
        let undo = operation(json!({"id": id(2), "undoes": id(1)}));
        let past = Past { all: vec![Arc::new(undo)], kept: [done.id.clone()].into() };
        assert!(super::under(&done, &past).unwrap().own.starts_with(t().undone_later()));
    }
}
