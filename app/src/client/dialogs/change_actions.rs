use super::{
    change::{Change, can_be_undone},
    change_stage::Stage,
    key_check::{self, Next},
};
use crate::{
    components::{
        button::{Button, Kind},
        in_the_way,
    },
    text::t,
};
use domain::{Operation, OperationState, ProviderName, UsedBy};
use leptos::prelude::*;

/// What can be done: it changes less often than the stage, so that a button keeps the focus while steps go by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing but to close.
    Waiting,
    /// Keys were chosen that the plan does not say yet, or not.
    Planned {
        chosen: bool,
    },
    /// Something that can be seen to stands in the way, or not.
    Refused {
        blocked: bool,
    },
    Running,
    /// It goes back already, or stands while agents are started again.
    RunsOn,
    Stuck,
    Outdated,
    /// Back to the form for another try, or to be undone, or to be looked after.
    Ended {
        back: bool,
        undo: bool,
        next: Next,
    },
}

impl Phase {
    fn of(stage: &Stage, change: Change) -> Self {
        match stage {
            Stage::Idle | Stage::Planning | Stage::Applying(_) => Self::Waiting,
            Stage::Planned(_) => Self::Planned { chosen: change.keys.pending() },
            Stage::Refused(failure) => Self::Refused { blocked: failure.used_by.is_some() },
            Stage::Running(operation) if cannot_stop(operation.state) => Self::RunsOn,
            Stage::Running(_) => Self::Running,
            Stage::Ended(operation) if change.is_stuck(operation) => Self::Stuck,
            Stage::Ended(_) if stage.is_outdated() && change.can_plan_again() => Self::Outdated,
            Stage::Ended(operation) => Self::Ended {
                back: operation.failure.is_some() && change.has_form(),
                undo: can_be_undone(operation),
                next: change.check.next(operation),
            },
        }
    }
}

fn cannot_stop(state: OperationState) -> bool {
    state == OperationState::Compensating || state.is_final()
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
            Phase::Planned { chosen: false } => planned(change),
            Phase::Planned { chosen: true } => with_keys(change),
            Phase::Refused { blocked } => refused(change, blocked),
            Phase::Running => running(change, stopping),
            Phase::RunsOn => close(change, t().leave(), Kind::Plain),
            Phase::Stuck => stuck(change, taking_over),
            Phase::Outdated => {
                view! { {close(change, t().done(), Kind::Plain)} {again(change, Kind::Primary)} }.into_any()
            }
            Phase::Ended { back, undo, next } => {
                let back = back.then(|| away(change, t().close()));
                let undo = undo.then(|| take_back(change));
                let done = if next == Next::Nothing { Kind::Primary } else { Kind::Plain };
                view! { {back} {undo} {close(change, t().done(), done)} {look_after(change, next)} }
                    .into_any()
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

fn again(change: Change, kind: Kind) -> AnyView {
    let again = Callback::new(move |()| change.plan_again());
    view! { <Button text=t().plan_again() kind on_press=again/> }.into_any()
}

/// As long as something stands in the way, another plan would be refused too.
fn refused(change: Change, blocked: bool) -> AnyView {
    let kind = if blocked { Kind::Plain } else { Kind::Primary };
    let again = change.can_plan_again().then(|| again(change, kind));
    let way = change.stage.with_untracked(|stage| match stage {
        Stage::Refused(failure) => {
            failure.used_by.as_ref().map(|used_by| to_users(used_by, failure.provider.as_ref()))
        }
        _ => None,
    });
    view! { {away(change, t().close())} {again} {way} }.into_any()
}

/// To all that uses the provider which would be removed.
fn to_users(used_by: &UsedBy, provider: Option<&ProviderName>) -> AnyView {
    let (page, text) = match used_by.agents.is_empty() {
        true => (in_the_way::ROUTES, t().see_routes()),
        false => (in_the_way::AGENTS, t().give_other_model()),
    };
    view! { <a class=Kind::Primary.class() href=in_the_way::using(page, provider)>{text}</a> }.into_any()
}

/// What is to be done for a provider that was added or changed.
fn look_after(change: Change, next: Next) -> AnyView {
    let press = move |act: fn(Change, &Operation)| {
        Callback::new(move |()| {
            change.stage.with_untracked(|stage| {
                if let Stage::Ended(operation) = stage {
                    act(change, operation);
                }
            });
        })
    };
    let test = press(|change, operation| change.check.ask(operation));
    let busy = Signal::derive(move || change.stage.with(|stage| change.check.waits(stage)));
    match next {
        Next::Nothing => ().into_any(),
        Next::Test => {
            view! { <Button text=t().test_now() kind=Kind::Primary busy on_press=test/> }.into_any()
        }
        Next::TestAgain => {
            view! { <Button text=t().test_again() kind=Kind::Primary busy on_press=test/> }.into_any()
        }
        Next::ReplaceKey => {
            let replace = press(|change, operation| {
                key_check::provider(operation)
                    .into_iter()
                    .for_each(|name| key_check::replace_key(change, name));
            });
            view! {
                <Button text=t().test_again() busy on_press=test/>
                <Button text=t().replace_key() kind=Kind::Primary on_press=replace/>
            }
            .into_any()
        }
    }
}

fn planned(change: Change) -> AnyView {
    let apply = Callback::new(move |()| change.apply());
    view! { {away(change, t().cancel())} <Button text=t().apply() kind=Kind::Primary on_press=apply/> }
        .into_any()
}

/// What was chosen is looked at before it is applied.
fn with_keys(change: Change) -> AnyView {
    let plan = Callback::new(move |()| change.plan_with_keys());
    view! {
        {away(change, t().cancel())}
        <Button text=t().plan_with_keys() kind=Kind::Primary busy=change.keys.busy on_press=plan/>
    }
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
