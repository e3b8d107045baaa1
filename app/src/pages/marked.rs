use crate::{act::Act, components::button::Kind};
use leptos::prelude::*;

/// What can be done to the rows that are marked; there as long as some are. The client puts what they name into the list of
/// the act.
#[component]
pub fn MarkedBar(act: Act, text: &'static str) -> impl IntoView {
    view! {
        <div class="marked-bar" data-checked-bar="" hidden>
            <button type="button" class=Kind::Primary.class() data-act-checked=act.data()>
                {text} " " <span data-checked-count="">"0"</span>
            </button>
        </div>
    }
    .into_any()
}
