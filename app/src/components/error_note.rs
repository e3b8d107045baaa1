use super::said;
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
    view! {
        <div class="error" role="alert">
            {said::failure(failure)}
            {again.then(|| view! { <a class="btn" href="">{t().retry()}</a> })}
        </div>
    }
    .into_any()
}
