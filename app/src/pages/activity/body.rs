//! All that is known of one operation: what it changed, its steps, whom it reached, how it ended, and what can be done.
use super::{
    filter::Filter,
    href,
    undo::{NoUndo, Past},
};
use crate::{
    act::Act,
    components::{
        button::{Kind, Press},
        moment::Moment,
        outcome::{Outcome, is_stuck},
        plan_view::{object, object_differences},
        said::{self, Said, affected, warning},
        step_list::StepList,
    },
    describe,
    text::{formats::duration, t},
};
use domain::{Affected, Failure, Moved, Operation, OperationId, Plan, Step};
use leptos::prelude::*;

/// Everything but the title.
pub fn view(operation: &Operation, past: &Past) -> AnyView {
    let steps = (!operation.steps.is_empty()).then(|| steps(operation.steps.clone()));
    view! {
        <div class="past-body">
            {operation.failure.as_deref().map(failure)}
            <div class="past-columns">
                <div>{changes(operation)}</div>
                <div>{steps} {ending(operation)}</div>
            </div>
            {facts(operation, past)}
            {undo(operation, past)}
        </div>
    }
    .into_any()
}

/// Whether it wrote, and late requests of it could still come, so that its objects are watched.
pub fn is_watched(operation: &Operation) -> bool {
    let wrote = matches!(Outcome::of(operation), Outcome::Committed | Outcome::Undone) || is_stuck(operation);
    wrote && operation.settled.is_none() && operation.plan.is_some()
}

fn changes(operation: &Operation) -> AnyView {
    let Some(plan) = operation.plan.clone() else {
        return view! { <p class="empty">{t().refused_unplanned()}</p> }.into_any();
    };
    let title = match Outcome::of(operation) {
        Outcome::Committed => t().what_changed(),
        Outcome::Running => t().what_changes(),
        Outcome::Undone => t().what_was_put_back(),
        Outcome::Failed => t().what_was_planned(),
    };
    let Plan { changes, affected, warnings, .. } = plan;
    let empty = changes.is_empty().then(|| view! { <p>{t().nothing_changes()}</p> });
    view! {
        <h3>{title}</h3>
        <div class="diff">{changes.into_iter().map(object).collect_view()} {empty}</div>
        <ul class="notes">{warnings.into_iter().map(warning).collect_view()}</ul>
        {people(t().also_affected(), "affected", affected)}
        {people(t().cut_off(), "cut-off", operation.broke.clone())}
    }
    .into_any()
}

/// Agents, and how each is concerned; nothing where there are none.
fn people(title: &'static str, class: &'static str, agents: Vec<Affected>) -> Option<AnyView> {
    if agents.is_empty() {
        return None;
    }
    let line = |one: Affected| view! { <li>{affected(one)}</li> };
    let lines = agents.into_iter().map(line).collect_view();
    Some(view! { <h3>{title}</h3> <ul class=class>{lines}</ul> }.into_any())
}

fn steps(steps: Vec<Step>) -> AnyView {
    view! { <h3>{t().steps()}</h3> <StepList steps/> }.into_any()
}

/// What could undo it, and what was seen after its end.
fn ending(operation: &Operation) -> AnyView {
    let committed = Outcome::of(operation) == Outcome::Committed;
    let lasts = operation.lasts.as_deref().filter(|_| committed).map(|until| t().lasts(until));
    let settled = operation.settled.clone().map(|settled| {
        view! { <p>{t().settled()} " " <Moment at=settled.at/> ": " <Said text=settled.evidence/></p> }
    });
    let watched = is_watched(operation).then(|| view! { <p>{t().still_watched()}</p> });
    view! {
        <div class="past-end">
            {lasts.map(|text| view! { <p>{text}</p> })}
            {settled}
            {watched}
        </div>
    }
    .into_any()
}

fn failure(failure: &Failure) -> AnyView {
    view! {
        <div class="error">
            {said::failure(failure.clone())}
            {moved(failure.diff.clone())}
        </div>
    }
    .into_any()
}

/// What somebody else did since the plan was made.
fn moved(objects: Vec<Moved>) -> Option<AnyView> {
    if objects.is_empty() {
        return None;
    }
    let one = |one: Moved| {
        view! { <div class="diff-object"><h4>{one.object}</h4> {object_differences(one.diff)}</div> }
    };
    let objects = objects.into_iter().map(one).collect_view();
    Some(view! { <h3>{t().what_moved()}</h3> <div class="diff">{objects}</div> }.into_any())
}

/// What support asks for, and which other operations belong to it.
fn facts(operation: &Operation, past: &Past) -> AnyView {
    let undone_by = match past.no_undo(operation) {
        Some(NoUndo::Undone(by)) => Some(by),
        _ => None,
    };
    let request = operation.bulk.as_ref().map(|id| {
        let all = Filter { find: id.to_string(), ..Filter::default() };
        view! { <dt>{t().request_id()}</dt><dd><a href=all.href()>{id.to_string()}</a></dd> }
    });
    let targets = (!operation.targets.is_empty()).then(|| {
        let names: Vec<_> = operation.targets.iter().map(|target| describe::named(target)).collect();
        view! { <dt>{t().agents()}</dt><dd>{names.join(", ")}</dd> }
    });
    let ended = operation.finished_at.clone().map(|at| view! { " – " <Moment at/> });
    let took = describe::took(operation).map(|ms| format!(" · {}", duration(ms)));
    view! {
        <dl class="facts past-facts">
            <dt>{t().operation_id()}</dt>
            <dd>{operation.id.to_string()}</dd>
            {request}
            {other(t().takes_back(), operation.undoes.as_ref())}
            {other(t().undone_by(), undone_by.as_ref())}
            {targets}
            <dt>{t().asked_by()}</dt>
            <dd>{super::row::who(operation)}</dd>
            <dt>{t().ran_at()}</dt>
            <dd><Moment at=operation.started_at.clone()/> {ended} {took}</dd>
        </dl>
    }
    .into_any()
}

fn other(title: &'static str, id: Option<&OperationId>) -> Option<AnyView> {
    let id = id?;
    Some(view! { <dt>{title}</dt><dd><a href=href(id)>{id.to_string()}</a></dd> }.into_any())
}

/// The button that plans the undo, or why there is none.
fn undo(operation: &Operation, past: &Past) -> AnyView {
    let why = match past.no_undo(operation) {
        None => {
            let label = t().action_of(t().undo(), &describe::operation(operation));
            let act = Act::Undo(operation.id.clone());
            return view! { <p class="past-undo"><Press act text=t().undo() kind=Kind::Small label/></p> }
                .into_any();
        }
        Some(NoUndo::Running) => t().no_undo_running(),
        Some(NoUndo::Nothing) => t().no_undo_nothing(),
        Some(NoUndo::Stuck) => t().no_undo_stuck(),
        Some(NoUndo::Undone(_)) => t().no_undo_undone(),
        Some(NoUndo::TooOld) => t().no_undo_old(),
    };
    view! { <p class="past-undo">{why}</p> }.into_any()
}
