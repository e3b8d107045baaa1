use crate::{browser, change::Change, components::button::Button, text::t};
use domain::{Code, Failure};
use leptos::prelude::*;

/// What went wrong, why, and what to do next.
#[component]
pub fn ErrorNote(failure: Failure, #[prop(optional)] retry: Option<Callback<()>>) -> impl IntoView {
    if failure.code == Code::AuthRequired {
        Effect::new(|_| browser::visit("/agm/login"));
    }
    let reason = failure.reason.map(|reason| (t().reason)(reason));
    let retry = retry.map(|retry| view! { <Button text=t().retry on_press=retry/> });
    view! {
        <div class="error" role="alert">
            <p class="error-title">{t().error_title}</p>
            <p>{failure.message} {reason.map(|reason| format!(" ({reason})"))}</p>
            {failure.hint.map(|hint| view! { <p class="error-hint">{hint}</p> })}
            {retry}
        </div>
    }
    .into_any()
}

/// Why there is no plan for what the form of `open` wishes.
#[component]
pub fn Refused(open: RwSignal<bool>) -> impl IntoView {
    let change = Change::take();
    let note = move || change.refusal(open).map(|failure| view! { <ErrorNote failure/> });
    view! { <div class="said" aria-live="polite">{note}</div> }.into_any()
}
