use super::{
    bulk::{Bulk, Stage, committed, open_targets},
    bulk_rows,
    dialog::Dialog,
    field::{Choice, Field, Input, about},
    figures::Present,
    model_form::{ModelFields, RestartChoice},
};
use crate::{
    client::focus,
    components::{
        button::{Button, Kind},
        error_note::ErrorNote,
    },
    describe::agent,
    text::t,
};
use leptos::{html, prelude::*};

/// The parts of the dialog: one takes the place of the other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Form,
    Planned { can: usize },
    Running,
    Ended { open: usize },
}

impl Part {
    fn of(stage: &Stage) -> Self {
        match stage {
            Stage::Choosing | Stage::Planning => Self::Form,
            Stage::Planned(_, plan) => Self::Planned { can: plan.plans.len() },
            Stage::Running(_) => Self::Running,
            Stage::Ended(bulk) => Self::Ended { open: open_targets(bulk).len() },
        }
    }
}

/// Choose a model for several agents, see what that means for each, and follow it.
#[component]
pub fn BulkDialog(bulk: Bulk) -> impl IntoView {
    let part = Memo::new(move |_| bulk.stage.with(Part::of));
    let title = Signal::derive(move || t().set_model_many(bulk.targets.with(Vec::len)));
    let rows = move || {
        let rows = bulk.targets.with(|targets| bulk.stage.with(|stage| bulk_rows::rows(targets, stage)));
        rows.into_iter().map(bulk_rows::view).collect_view()
    };
    let unsent = Signal::derive(move || bulk.is_unsent());
    let list = NodeRef::<html::Ul>::new();
    let content = move || match part.get() {
        Part::Form => view! { <Fields bulk/> }.into_any(),
        _ => view! { <ul class="bulk-rows" tabindex="0" aria-label=t().agents() node_ref=list>{rows}</ul> }
            .into_any(),
    };
    // The button that was pressed is gone: the focus goes to what it brought.
    Effect::new(move |_| {
        if part.get() != Part::Form
            && let Some(list) = list.get()
        {
            request_animation_frame(move || focus(&list));
        }
    });
    let failure = move || bulk.failure.get().map(|failure| view! { <ErrorNote failure/> });
    view! {
        <Dialog open=bulk.open title unsent>
            <div class="choose" on:input=move |_| bulk.form.touched.set(true)>{content}</div>
            <footer class="dialog-foot">
                <div class="said" aria-live="polite">{failure} {move || said(bulk)}</div>
                <Actions bulk part/>
            </footer>
        </Dialog>
    }
    .into_any()
}

/// How far it is, in a sentence.
fn said(bulk: Bulk) -> AnyView {
    let all = bulk.targets.with(Vec::len);
    bulk.stage.with(|stage| match stage {
        Stage::Choosing | Stage::Planning => ().into_any(),
        Stage::Planned(_, plan) => {
            let refused = plan.refused.len();
            view! { <p>{t().bulk_planned(plan.plans.len(), refused)}</p> }.into_any()
        }
        Stage::Running(operations) => {
            let ended = operations.iter().filter(|operation| operation.has_ended()).count();
            view! { <p class="waiting">{t().bulk_progress(ended, all)}</p> <p>{t().may_leave()}</p> }
                .into_any()
        }
        Stage::Ended(ended) => {
            let class = if ended.success { "verdict ok" } else { "verdict bad" };
            view! { <p class=class>{t().bulk_ended(committed(ended), all)}</p> }.into_any()
        }
    })
}

#[component]
fn Fields(bulk: Bulk) -> impl IntoView {
    let failure: Signal<_> = bulk.failure.into();
    let names = move || bulk.targets.with(|all| all.iter().map(agent).collect::<Vec<_>>().join(", "));
    let first = bulk.targets.with_untracked(|all| all.first().map(agent)).unwrap_or_default();
    let canary =
        vec![("yes".to_owned(), t().canary_yes(&first)), ("no".to_owned(), t().canary_no().to_owned())];
    view! {
        <p class="field-hint">{names}</p>
        <ModelFields
            form=bulk.form failure present=Signal::stored(Present::default()) sets_limits=Signal::stored(true)
        />
        <RestartChoice form=bulk.form hint=t().restart_choice_many()/>
        <div class="side-by-side">
            <Choice name="canary" label=t().canary() value=bulk.canary options=canary/>
            <Field
                name="stop-after" label=t().stop_after() value=bulk.stop_after input=Input::Number
                hint=t().stop_after_hint() error=about(failure, "stopAfterFailures")
            />
        </div>
    }
    .into_any()
}

#[component]
fn Actions(bulk: Bulk, part: Memo<Part>) -> impl IntoView {
    let close = Callback::new(move |()| bulk.open.set(false));
    let back = Callback::new(move |()| bulk.back());
    let plan = Callback::new(move |()| bulk.plan());
    let apply = Callback::new(move |()| bulk.apply());
    let retry = Callback::new(move |()| bulk.retry());
    let busy = Signal::derive(move || bulk.stage.with(|stage| matches!(stage, Stage::Planning)));
    let actions = move || match part.get() {
        Part::Form => {
            let text =
                Signal::derive(move || if busy.get() { t().planning() } else { t().show_plan() }.to_owned());
            view! {
                <Button text=t().cancel() on_press=close/>
                <Button text kind=Kind::Primary busy on_press=plan/>
            }
            .into_any()
        }
        Part::Planned { can: 0 } => view! { <Button text=t().back() on_press=back/> }.into_any(),
        Part::Planned { can } => view! {
            <Button text=t().back() on_press=back/>
            <Button text=t().apply_to(can) kind=Kind::Primary on_press=apply/>
        }
        .into_any(),
        Part::Running => view! { <Button text=t().leave() on_press=close/> }.into_any(),
        Part::Ended { open: 0 } => {
            view! { <Button text=t().done() kind=Kind::Primary on_press=close/> }.into_any()
        }
        Part::Ended { open } => view! {
            <Button text=t().retry_failed(open) on_press=retry/>
            <Button text=t().done() kind=Kind::Primary on_press=close/>
        }
        .into_any(),
    };
    view! { <div class="dialog-acts">{actions}</div> }.into_any()
}
