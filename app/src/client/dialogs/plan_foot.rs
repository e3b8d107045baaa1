use super::change::Change;
use crate::{
    components::{
        button::{Button, Kind},
        error_note::ErrorNote,
    },
    text::t,
};
use leptos::prelude::*;

/// The foot of a form whose wish is planned: why there is no plan for it, the way out, and the way to the plan.
#[component]
pub fn PlanFoot(
    change: Change,
    /// The form's own.
    open: RwSignal<bool>,
    plan: Callback<()>,
) -> impl IntoView {
    let note = move || change.refusal(open).map(|failure| view! { <ErrorNote failure/> });
    let cancel = Callback::new(move |()| open.set(false));
    let busy = Signal::derive(move || change.plans());
    let text = Signal::derive(move || if busy.get() { t().planning() } else { t().show_plan() }.to_owned());
    view! {
        <footer class="dialog-foot">
            <div class="said" aria-live="polite">{note}</div>
            <div class="dialog-acts">
                <Button text=t().cancel() on_press=cancel/>
                <Button text kind=Kind::Primary busy on_press=plan/>
            </div>
        </footer>
    }
    .into_any()
}
