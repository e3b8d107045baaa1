use super::change::Change;
use crate::components::error_note::ErrorNote;
use leptos::prelude::*;

/// Why there is no plan for what the form of `open` wishes.
#[component]
pub fn Refused(change: Change, open: RwSignal<bool>) -> impl IntoView {
    let note = move || change.refusal(open).map(|failure| view! { <ErrorNote failure/> });
    view! { <div class="said" aria-live="polite">{note}</div> }.into_any()
}
