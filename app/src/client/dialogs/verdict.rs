//! How an operation ended, in words.
use super::change::Change;
use crate::{
    components::{
        error_note::ErrorNote,
        plan_view::object_differences,
        restarts::open_restarts,
        said::{Said, affected},
    },
    text::t,
};
use domain::{Affected, Moved, Operation, OperationState, Step, StepName, StepState};
use leptos::prelude::*;

/// Committed, or why not and what stays behind; whom it cut off, and what was seen since.
pub fn verdict(change: Change, operation: Operation) -> AnyView {
    let next = match operation.state {
        OperationState::NeedsOperator if change.is_stuck(&operation) => t().needs_operator_next(),
        OperationState::NeedsOperator => t().let_go(),
        _ => "",
    };
    let (class, word) = match operation.state {
        OperationState::Committed => ("verdict ok", t().committed()),
        OperationState::NeedsOperator => ("verdict bad", t().needs_operator()),
        _ => ("verdict bad", t().nothing_changed()),
    };
    let checked = operation.clone();
    let check = move || change.check.view(&checked);
    let restarts = open_restarts(&operation).into_iter();
    let restarts = restarts.map(|line| view! { <p>{line.view()}</p> }).collect_view();
    let settling = is_settling(&operation).then(|| view! { <p class="field-hint">{t().settling()}</p> });
    let lasts = operation.lasts.map(|until| t().lasts(&until));
    let moved = operation.failure.as_ref().map(|failure| failure.diff.clone()).unwrap_or_default();
    let cause = operation.failure.map(|failure| view! { <ErrorNote failure=*failure/> });
    let broke = operation.broke.into_iter().map(broken).collect_view();
    let settled =
        operation.settled.map(|settled| view! { <p class="field-hint"><Said text=settled.evidence/></p> });
    view! {
        {cause}
        {self::moved(moved)}
        <p class=class>{word} " " {lasts}</p>
        {restarts}
        <p>{next}</p>
        {check}
        <ul class="notes">{broke}</ul>
        {settling}
        {settled}
    }
    .into_any()
}

/// Whether HiClaw may still bring back what an agent had before.
fn is_settling(operation: &Operation) -> bool {
    let wrote = |step: &Step| step.name == StepName::Config && step.state == StepState::Done;
    let stands = operation.state == OperationState::Committed && operation.settled.is_none();
    stands && operation.steps.iter().any(wrote)
}

fn broken(one: Affected) -> AnyView {
    view! { <li class="note warn">{affected(one)}</li> }.into_any()
}

/// What somebody else did since the plan was made.
fn moved(moved: Vec<Moved>) -> Option<AnyView> {
    if moved.is_empty() {
        return None;
    }
    let object = |one: Moved| {
        view! { <div class="diff-object"><h4>{one.object}</h4> {object_differences(one.diff)}</div> }
    };
    let objects = moved.into_iter().map(object).collect_view();
    Some(
        view! { <div class="diff" role="region" aria-label=t().what_moved() tabindex="0">{objects}</div> }
            .into_any(),
    )
}
