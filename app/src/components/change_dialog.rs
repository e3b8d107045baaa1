use crate::{
    change::{Change, Stage},
    components::{
        button::{Button, Kind},
        dialog::{Dialog, focus},
        error_note::ErrorNote,
        plan_view::{PlanView, differences},
        step_list::StepList,
    },
    text::t,
};
use domain::{Moved, Operation, OperationState, Step};
use leptos::{html, prelude::*};
use std::mem::discriminant;

fn steps_of(stage: &Stage) -> Vec<Step> {
    match stage {
        Stage::Planned(plan) => plan.steps.clone(),
        Stage::Running(operation) | Stage::Ended(operation) => operation.steps.clone(),
        _ => Vec::new(),
    }
}

/// Whether an operation can be taken back: it was done and changed something.
fn can_be_undone(operation: &Operation) -> bool {
    let changed = operation.plan.as_ref().is_some_and(|plan| !plan.changes.is_empty());
    operation.state == OperationState::Committed && changed
}

/// How an operation ended: committed, or why not and that nothing stays behind; whom it cut off, and what was seen since.
fn verdict(operation: Operation) -> AnyView {
    let (class, word) = match operation.state {
        OperationState::Committed => ("verdict ok", t().committed),
        OperationState::NeedsOperator => ("verdict bad", t().needs_operator),
        _ => ("verdict bad", t().nothing_changed),
    };
    let lasts = operation.lasts.map(|until| (t().lasts)(&until));
    let moved = operation.failure.as_ref().map(|failure| failure.diff.clone()).unwrap_or_default();
    let moved = (!moved.is_empty()).then(|| {
        let object = |one: Moved| {
            view! { <div class="diff-object"><h4>{one.object}</h4> {differences(one.diff)}</div> }
        };
        let objects = moved.into_iter().map(object).collect_view();
        view! { <div class="diff" role="region" aria-label=t().what_moved tabindex="0">{objects}</div> }
    });
    let cause = operation.failure.map(|failure| view! { <ErrorNote failure=*failure/> });
    let broke = operation
        .broke
        .into_iter()
        .map(|one| view! { <li class="note warn"><b>{one.agent}</b> " " {one.how}</li> });
    let settled = operation.settled.map(|settled| view! { <p>{settled.evidence}</p> });
    view! { {cause} {moved} <p class=class>{word} " " {lasts}</p> <ul class="notes">{broke.collect_view()}</ul> {settled} }
        .into_any()
}

/// The one dialog of a change: its plan, its steps as they happen, its outcome.
#[component]
pub fn ChangeDialog() -> impl IntoView {
    let change = Change::take();
    // The plan is the same object from the first look to the end: drawn again only when another one comes, and not
    // shown any more when it is no longer true.
    let plan =
        Memo::new(move |_| change.stage.with(|stage| stage.plan().filter(|_| !stage.is_outdated()).cloned()));
    let steps = Signal::derive(move || change.stage.with(steps_of));
    let said = move || match change.stage.get() {
        Stage::Planning => view! { <p class="waiting">{t().planning}</p> }.into_any(),
        Stage::Refused(failure) => view! { <ErrorNote failure/> }.into_any(),
        Stage::Running(_) => view! { <p class="waiting">{t().applying} " " {t().may_leave}</p> }.into_any(),
        Stage::Ended(operation) => verdict(operation),
        Stage::Idle | Stage::Planned(_) => ().into_any(),
    };
    let (planned, outcome) = (NodeRef::new(), NodeRef::new());
    follow(change, planned, outcome);
    let body = move || {
        plan.get().map(|plan| {
            view! {
                <div class="change">
                    <div>
                        <PlanView plan region=planned/>
                    </div>
                    <div>
                        <h3>{t().what_happens}</h3>
                        <StepList steps/>
                    </div>
                </div>
            }
        })
    };
    view! {
        <Dialog open=change.open title=change.title wide=true>
            {body}
            <footer class="dialog-foot">
                <div class="said" aria-live="polite" tabindex="-1" node_ref=outcome>{said}</div>
                <Actions change/>
            </footer>
        </Dialog>
    }
    .into_any()
}

/// At each stage the focus goes to what is new: the button that was pressed is gone then, and the outcome of a long plan
/// stands below the edge of a small screen.
fn follow(change: Change, planned: NodeRef<html::Div>, outcome: NodeRef<html::Div>) {
    let stage = Memo::new(move |_| {
        change.stage.with(|stage| (discriminant(stage), matches!(stage, Stage::Planned(_))))
    });
    Effect::new(move |_| {
        let (_, is_planned) = stage.get();
        let Some(place) = (if is_planned { planned } else { outcome }).get() else { return };
        // In the next frame it stands where it will stay.
        request_animation_frame(move || {
            focus(&place);
            if !is_planned {
                place.scroll_into_view();
            }
        });
    });
}

#[component]
fn Actions(change: Change) -> impl IntoView {
    let close = Callback::new(move |()| change.open.set(false));
    let back = Callback::new(move |()| change.back());
    let again = Callback::new(move |()| change.plan_again());
    // What is being sent must not be sent twice, and the first step shows only when the server has answered.
    let sent = RwSignal::new(false);
    let apply = Callback::new(move |()| {
        sent.set(true);
        change.apply();
    });
    let actions = move || match change.stage.get() {
        Stage::Planned(_) => {
            sent.set(false);
            let away = match change.has_form() {
                true => view! { <Button text=t().back on_press=back/> },
                false => view! { <Button text=t().cancel on_press=close/> },
            };
            let text = Signal::derive(move || if sent.get() { t().applying } else { t().apply }.to_owned());
            view! { {away} <Button text kind=Kind::Primary busy=sent on_press=apply/> }.into_any()
        }
        stage if stage.is_outdated() && change.can_plan_again() => view! {
            <Button text=t().done on_press=close/>
            <Button text=t().plan_again kind=Kind::Primary on_press=again/>
        }
        .into_any(),
        Stage::Ended(operation) => {
            let undo = can_be_undone(&operation).then(|| {
                let undo = Callback::new(move |()| change.undo(&operation));
                view! { <Button text=t().undo on_press=undo/> }
            });
            view! { {undo} <Button text=t().done kind=Kind::Primary on_press=close/> }.into_any()
        }
        Stage::Refused(_) if change.has_form() => view! { <Button text=t().back on_press=back/> }.into_any(),
        _ => view! { <Button text=t().close on_press=close/> }.into_any(),
    };
    view! { <div class="dialog-acts">{actions}</div> }.into_any()
}
