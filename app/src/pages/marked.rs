use crate::{act::Act, components::button::Kind, text::t};
use leptos::prelude::*;

/// What can be done to the rows that are marked, once some are. The client puts what they name into the list of the act.
#[component]
pub fn MarkedBar(act: Act, text: &'static str) -> impl IntoView {
    view! {
        <div class="marked-bar">
            <button
                type="button" class=Kind::Primary.class() disabled aria-describedby="mark-first"
                data-act-checked=act.data()
            >
                {text} " " <span data-checked-count="">"0"</span>
            </button>
            // The hidden hint would still describe the button if it were named itself.
            <span id="mark-first"><span data-checked-none="">{t().mark_first()}</span></span>
        </div>
    }
    .into_any()
}
