//! The backups that lie in this browser. The server knows nothing of them: the client fills this in.
use crate::text::t;
use leptos::prelude::*;

/// Where the client tells of what lies in this browser in clear.
pub fn clear_text() -> AnyView {
    view! { <div id="clear-text"></div> }.into_any()
}

/// Where it shows the sealed ones. Neither place is renewed with the page.
pub fn view() -> AnyView {
    view! {
        <section class="panel backups-here" aria-labelledby="here">
            <h2 id="here" tabindex="-1">{t().here()}</h2>
            <p class="here-lead">{t().here_lead()}</p>
            <noscript><p class="note warn">{t().here_needs_script()}</p></noscript>
            <div id="here-list"></div>
        </section>
    }
    .into_any()
}
