use crate::components::said::Told;
use leptos::prelude::*;

/// The most important thing that is wrong: a sentence, its cause, and what mends it.
#[component]
pub fn Alarm(
    #[prop(into)] sentence: String,
    #[prop(into)] cause: Told,
    /// What else is wrong, in short.
    #[prop(optional, into)]
    more: Option<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="alarm" role="alert">
            <span class="alarm-sign" aria-hidden="true">"!"</span>
            <p>
                <strong>{sentence}</strong>
                " "
                {cause.view()}
                {more.map(|more| view! { <span class="alarm-more">{more}</span> })}
            </p>
            <div class="alarm-act">{children()}</div>
        </section>
    }
    .into_any()
}
