//! The search of a page: without script the page is asked for anew, with it the list narrows while one types.
use leptos::prelude::*;

/// The search field of a page. It stands outside of what is renewed, so that nothing typed is lost.
#[component]
pub fn FindForm(
    action: &'static str,
    class: &'static str,
    /// What can be found; also the name of the field.
    hint: &'static str,
    wanted: String,
    /// The id of the list that is narrowed.
    list: &'static str,
    /// What else the address asks for, and must go on asking.
    #[prop(optional)]
    kept: Vec<(&'static str, String)>,
) -> impl IntoView {
    let kept = kept.into_iter().filter_map(|(name, value)| hidden(name, value)).collect_view();
    view! {
        <form class=format!("field {class}") role="search" action=action method="get">
            <label for="find" class="sr">{hint}</label>
            <input
                id="find" name="find" r#type="search" autocomplete="off" placeholder=hint value=wanted data-filter=list
            />
            {kept}
        </form>
    }
    .into_any()
}

/// What one form keeps of the other.
pub fn hidden(name: &'static str, value: String) -> Option<AnyView> {
    (!value.is_empty()).then(|| view! { <input r#type="hidden" name=name value=value/> }.into_any())
}
