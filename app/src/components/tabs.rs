use leptos::prelude::*;

/// Views of one thing, of which one is shown at a time: a group of the browser's own radio buttons, so that the arrow keys
/// go through them and they work without script. They stand outside of what is renewed, in an element of the class
/// `tabbed`, which shows the [`TabPanel`] of the one that is chosen. At most four.
#[component]
pub fn Tabs(
    /// Of the group; unique on the page.
    name: &'static str,
    /// What the views are of.
    label: &'static str,
    tabs: Vec<&'static str>,
) -> impl IntoView {
    let tab = |(at, text): (usize, &'static str)| {
        view! {
            <label class="tab">
                <input r#type="radio" name=name checked=at == 0 autocomplete="off"/>
                {text}
            </label>
        }
    };
    view! {
        <fieldset class="tabs">
            <legend class="sr">{label}</legend>
            {tabs.into_iter().enumerate().map(tab).collect_view()}
        </fieldset>
    }
    .into_any()
}

/// One of the views; `at` counts from 1, as the tabs stand.
#[component]
pub fn TabPanel(at: usize, children: Children) -> impl IntoView {
    view! { <div data-tab=at.to_string()>{children()}</div> }.into_any()
}
