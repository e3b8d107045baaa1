use super::{
    change::Change, change_actions::Actions, change_stage::Stage, dialog::Dialog, key_choice::KeyFields,
    verdict::verdict,
};
use crate::{
    client::focus,
    components::{
        error_note::ErrorNote,
        plan_view::PlanView,
        restarts::open_restarts,
        step_list::{StepList, label},
    },
    text::t,
};
use domain::{Failure, Operation, OperationState, Step, StepState};
use leptos::{html, prelude::*};
use std::mem::discriminant;

fn steps_of(stage: &Stage) -> Vec<Step> {
    match stage {
        Stage::Planned(plan) | Stage::Applying(plan) => plan.steps.clone(),
        Stage::Running(operation) | Stage::Ended(operation) => operation.steps.clone(),
        _ => Vec::new(),
    }
}

/// What is being done just now, in words.
fn applying(operation: &Operation) -> AnyView {
    if operation.state == OperationState::Compensating {
        return view! { <p class="waiting">{t().going_back()} " " {t().may_leave()}</p> }.into_any();
    }
    if operation.state == OperationState::Committed {
        let restarts = open_restarts(operation).into_iter();
        let restarts = restarts.map(|line| view! { <p class="waiting">{line.view()}</p> }).collect_view();
        return view! { {restarts} <p>{t().may_leave()}</p> }.into_any();
    }
    let step = operation.steps.iter().find(|step| step.state == StepState::Running);
    let step = step.map(|step| format!("{}: {}", t().applying(), label(step)));
    let text = step.unwrap_or_else(|| t().applying().to_owned());
    view! { <p class="waiting">{text}</p> <p>{t().may_leave()}</p> }.into_any()
}

/// The one dialog of a change: its plan, its steps as they happen, its outcome.
#[component]
pub fn ChangeDialog(change: Change) -> impl IntoView {
    // The plan is the same object from the first look to the end: drawn again only when another one comes, and not
    // shown any more when it is no longer true.
    let plan =
        Memo::new(move |_| change.stage.with(|stage| stage.plan().filter(|_| !stage.is_outdated()).cloned()));
    let steps = Signal::derive(move || change.stage.with(steps_of));
    let said = move || match change.stage.get() {
        Stage::Planning => view! { <p class="waiting">{t().planning()}</p> }.into_any(),
        Stage::Applying(_) => view! { <p class="waiting">{t().applying()}</p> }.into_any(),
        Stage::Refused(failure) => view! { <ErrorNote failure/> }.into_any(),
        Stage::Running(operation) => applying(&operation),
        Stage::Ended(operation) => verdict(change, operation),
        Stage::Idle | Stage::Planned(_) => ().into_any(),
    };
    let unsent = Signal::derive(move || change.is_unsent());
    let note = |failure: Failure| view! { <ErrorNote failure/> };
    let trouble = move || change.trouble().or(change.keys.failure.get()).map(note);
    let (planned, outcome) = (NodeRef::new(), NodeRef::new());
    follow(change, planned, outcome);
    let body = move || {
        plan.get().map(|plan| {
            let keys = plan.keys.clone();
            view! {
                <div class="change">
                    <div>
                        <PlanView plan region=planned/>
                        <KeyFields change keys/>
                    </div>
                    <div>
                        <h3>{t().what_happens()}</h3>
                        <StepList steps/>
                    </div>
                </div>
            }
        })
    };
    view! {
        <Dialog open=change.open title=change.title wide=true unsent>
            {body}
            <footer class="dialog-foot">
                <div class="said" aria-live="polite" tabindex="-1" node_ref=outcome>{said} {trouble}</div>
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
        change.stage.with(|stage| {
            let planned = match stage {
                Stage::Planned(plan) => Some(plan.id.clone()),
                _ => None,
            };
            (discriminant(stage), planned, change.check.waits(stage))
        })
    });
    Effect::new(move |_| {
        let is_planned = stage.with(|(_, planned, _)| planned.is_some());
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
