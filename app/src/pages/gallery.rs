//! Every component in every state, for whoever draws them and for the tests that look at them. It is no part of the product:
//! it is there in the sandbox and in builds for debugging only, nothing leads to it, and its own words are English.
mod change;
mod controls;
mod dialogs;
mod figures;
mod notices;
mod people;
mod samples;

use super::not_found::NotFoundPage;
use crate::{api::Installation, components::panel::Panel};
use leptos::prelude::*;
use leptos_meta::Title;

/// The gallery, or that there is no such page.
#[component]
pub fn GalleryPage() -> impl IntoView {
    if !Installation::take().is_ok_and(|installation| is_open(installation.sandbox)) {
        return view! { <NotFoundPage/> }.into_any();
    }
    view! {
        <Title text="Gallery"/>
        <header class="page-head">
            <h1>"Gallery"</h1>
            <p>"Every component, in every state."</p>
        </header>
        <div class="gallery">
            {controls::view()} {notices::view()} {people::view()} {figures::view()} {change::view()} {dialogs::view()}
        </div>
    }
    .into_any()
}

fn is_open(sandbox: bool) -> bool {
    sandbox || cfg!(debug_assertions)
}

/// What belongs together.
fn shelf(title: &'static str, specimens: impl IntoIterator<Item = AnyView>) -> AnyView {
    let specimens = specimens.into_iter().collect_view();
    view! { <Panel title class="shelf">{specimens}</Panel> }.into_any()
}

/// One component in one state, and what that is called.
fn specimen(state: &'static str, view: AnyView) -> AnyView {
    view! { <div class="specimen"><p class="specimen-state">{state}</p> {view}</div> }.into_any()
}

/// A specimen that takes the whole width.
fn wide(state: &'static str, view: AnyView) -> AnyView {
    view! { <div class="specimen broad"><p class="specimen-state">{state}</p> {view}</div> }.into_any()
}
