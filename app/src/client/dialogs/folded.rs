use crate::client::report;
use leptos::{html, prelude::*};

/// Fields that most people need not see. It unfolds when something in it is wrong.
#[component]
pub fn Folded(summary: &'static str, #[prop(into)] wrong: Signal<bool>, children: Children) -> impl IntoView {
    let node = NodeRef::<html::Details>::new();
    Effect::new(move |_| {
        if let (true, Some(details)) = (wrong.get(), node.get()) {
            report(details.set_attribute("open", ""));
        }
    });
    view! {
        <details class="folded" node_ref=node>
            <summary>{summary}</summary>
            {children()}
        </details>
    }
    .into_any()
}
