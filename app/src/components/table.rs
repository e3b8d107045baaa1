//! A table whose rows are laid out as grids. The roles are said, for such a table is none to every browser.
use leptos::prelude::*;

fn some(class: &'static str) -> Option<&'static str> {
    (!class.is_empty()).then_some(class)
}

/// What a column is called.
pub fn head(content: impl IntoView + 'static) -> AnyView {
    view! { <th scope="col" role="columnheader">{content.into_any()}</th> }.into_any()
}

/// The table. Its name is said, or stands in another element.
#[component]
pub fn Table(
    #[prop(optional)] class: &'static str,
    #[prop(optional)] name: Option<&'static str>,
    /// The id of what names it.
    #[prop(optional)]
    named_by: Option<&'static str>,
    heads: Vec<AnyView>,
    rows: Vec<AnyView>,
    /// The id under which a search narrows the rows.
    #[prop(optional)]
    list: Option<&'static str>,
    /// How many rows that search leaves in as the page is served.
    #[prop(optional)]
    shown: Option<usize>,
) -> impl IntoView {
    let shown = shown.map(|shown| shown.to_string());
    view! {
        <table class=some(class) role="table" aria-label=name aria-labelledby=named_by>
            <thead role="rowgroup"><tr role="row">{heads}</tr></thead>
            <tbody role="rowgroup" id=list data-shown=shown>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// A row.
#[component]
pub fn Row(
    #[prop(optional)] class: &'static str,
    /// What a search looks through, in small letters.
    #[prop(optional)]
    text: Option<String>,
    #[prop(optional)] hidden: bool,
    children: Children,
) -> impl IntoView {
    view! { <tr role="row" class=some(class) data-text=text hidden=hidden>{children()}</tr> }.into_any()
}

/// What a row is about.
#[component]
pub fn RowHead(#[prop(optional)] class: &'static str, children: Children) -> impl IntoView {
    view! { <th scope="row" role="rowheader" class=some(class)>{children()}</th> }.into_any()
}

/// A cell. On a phone, where a row is a card, it says its column.
#[component]
pub fn Cell(
    #[prop(optional)] class: &'static str,
    #[prop(optional)] head: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    view! { <td role="cell" class=some(class) data-head=head>{children()}</td> }.into_any()
}
