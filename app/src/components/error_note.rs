use crate::text::t;
use domain::Failure;
use leptos::prelude::*;

/// What went wrong, why, and what to do next.
#[component]
pub fn ErrorNote(
    failure: Failure,
    /// Offers to load the page again.
    #[prop(optional)]
    again: bool,
) -> impl IntoView {
    let reason = failure.reason.map(|reason| (t().reason)(reason));
    view! {
        <div class="error" role="alert">
            <p class="error-title">{(t().code)(failure.code)}</p>
            <p>{failure.message} {reason.map(|reason| format!(" ({reason})"))}</p>
            {failure.hint.map(|hint| view! { <p class="error-hint">{hint}</p> })}
            {again.then(|| view! { <a class="btn" href="">{t().retry}</a> })}
        </div>
    }
    .into_any()
}
