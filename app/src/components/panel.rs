use leptos::prelude::*;

/// A framed part of a page with a title of its own.
#[component]
pub fn Panel(
    #[prop(into)] title: String,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> impl IntoView {
    let id = format!("panel-{:x}", crate::sprite::hash(&title));
    view! {
        <section class=format!("panel {class}") aria-labelledby=id.clone()>
            <h2 id=id.clone()>{title}</h2>
            {children()}
        </section>
    }
    .into_any()
}
