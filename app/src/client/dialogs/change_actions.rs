use super::{
    change::{Change, can_be_undone},
    change_stage::Stage,
};
use crate::{
    components::button::{Button, Kind},
    text::t,
};
use domain::OperationState;
use leptos::prelude::*;

/// What can be done: it changes less often than the stage, so that a button keeps the focus while steps go by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing but to close.
    Waiting,
    Planned,
    Refused,
    Running,
    GoingBack,
    Stuck,
    Outdated,
    /// Back to the form for another try, or to be undone.
    Ended {
        back: bool,
        undo: bool,
    },
}

impl Phase {
    fn of(stage: &Stage, change: Change) -> Self {
        match stage {
            Stage::Idle | Stage::Planning | Stage::Applying(_) => Self::Waiting,
            Stage::Planned(_) => Self::Planned,
            Stage::Refused(_) => Self::Refused,
            Stage::Running(operation) if operation.state == OperationState::Compensating => Self::GoingBack,
            Stage::Running(_) => Self::Running,
            Stage::Ended(operation) if change.is_stuck(operation) => Self::Stuck,
            Stage::Ended(_) if stage.is_outdated() && change.can_plan_again() => Self::Outdated,
            Stage::Ended(operation) => Self::Ended {
                back: operation.failure.is_some() && change.has_form(),
                undo: can_be_undone(operation),
            },
        }
    }
}

/// What can be done at each stage of a change.
#[component]
pub fn Actions(change: Change) -> impl IntoView {
    let stopping = RwSignal::new(false);
    let taking_over = RwSignal::new(false);
    let phase = Memo::new(move |_| change.stage.with(|stage| Phase::of(stage, change)));
    let actions = move || {
        stopping.set(false);
        taking_over.set(false);
        match phase.get() {
            Phase::Waiting => close(change, t().close(), Kind::Plain),
            Phase::Planned => planned(change),
            Phase::Refused => {
                let again = change.can_plan_again().then(|| again(change));
                view! { {away(change, t().close())} {again} }.into_any()
            }
            Phase::Running => running(change, stopping),
            Phase::GoingBack => close(change, t().leave(), Kind::Plain),
            Phase::Stuck => stuck(change, taking_over),
            Phase::Outdated => view! { {close(change, t().done(), Kind::Plain)} {again(change)} }.into_any(),
            Phase::Ended { back, undo } => {
                let back = back.then(|| away(change, t().close()));
                let undo = undo.then(|| take_back(change));
                view! { {back} {undo} {close(change, t().done(), Kind::Primary)} }.into_any()
            }
        }
    };
    view! { <div class="dialog-acts">{actions}</div> }.into_any()
}

fn close(change: Change, text: &'static str, kind: Kind) -> AnyView {
    let close = Callback::new(move |()| change.open.set(false));
    view! { <Button text kind on_press=close/> }.into_any()
}

/// Back to the form where there is one.
fn away(change: Change, otherwise: &'static str) -> AnyView {
    if !change.has_form() {
        return close(change, otherwise, Kind::Plain);
    }
    let back = Callback::new(move |()| change.back());
    view! { <Button text=t().back() on_press=back/> }.into_any()
}

fn again(change: Change) -> AnyView {
    let again = Callback::new(move |()| change.plan_again());
    view! { <Button text=t().plan_again() kind=Kind::Primary on_press=again/> }.into_any()
}

fn planned(change: Change) -> AnyView {
    let apply = Callback::new(move |()| change.apply());
    view! { {away(change, t().cancel())} <Button text=t().apply() kind=Kind::Primary on_press=apply/> }
        .into_any()
}

/// It can be stopped until it goes back already, and left at any time.
fn running(change: Change, stopping: RwSignal<bool>) -> AnyView {
    let cancel = Callback::new(move |()| {
        stopping.set(true);
        change.cancel();
    });
    let busy = Signal::derive(move || stopping.get() && change.trouble().is_none());
    view! {
        <Button text=t().stop() kind=Kind::Danger busy on_press=cancel/>
        {close(change, t().leave(), Kind::Plain)}
    }
    .into_any()
}

/// Taking over cannot be taken back, so it is asked for twice.
fn stuck(change: Change, taking_over: RwSignal<bool>) -> AnyView {
    let ask = Callback::new(move |()| taking_over.set(true));
    let no = Callback::new(move |()| taking_over.set(false));
    let yes = Callback::new(move |()| {
        taking_over.set(false);
        change.release();
    });
    let actions = move || match taking_over.get() {
        false => {
            view! { <Button text=t().take_over() on_press=ask/> {close(change, t().close(), Kind::Primary)} }
                .into_any()
        }
        true => view! {
            <p class="confirm" role="alert">{t().take_over_means()}</p>
            <Button text=t().cancel() on_press=no/>
            <Button text=t().take_over_sure() kind=Kind::Danger on_press=yes/>
        }
        .into_any(),
    };
    view! { {actions} }.into_any()
}

fn take_back(change: Change) -> AnyView {
    let undo = Callback::new(move |()| {
        let ended = change.stage.with_untracked(|stage| match stage {
            Stage::Ended(operation) => Some(operation.clone()),
            _ => None,
        });
        if let Some(operation) = ended {
            change.undo(&operation);
        }
    });
    view! { <Button text=t().undo() on_press=undo/> }.into_any()
}
