//! The pages, rendered by the server. They have no events: what can be pressed names an [`Act`](crate::act::Act) or a
//! [`Call`](crate::act::Call), and the client in the browser does the rest.
pub mod activity;
mod backups;
mod doctor;
mod document;
mod find;
mod gallery;
mod header;
mod home;
mod loader;
mod login;
mod marked;
mod models;
mod monitor;
mod not_found;
mod notice;
mod providers;
mod query;
mod routes;

pub use document::{App, shell};

use crate::{components::error_note::ErrorNote, error::ApiError};
use leptos::prelude::*;

/// A part of a page that the client renews when the server tells that one of the topics is no longer as it was.
#[component]
fn Live(id: &'static str, topics: &'static str, children: Children) -> impl IntoView {
    view! { <div id=id class="live" data-live=topics>{children()}</div> }.into_any()
}

/// What a page shows of an answer: itself, or why it is not there.
fn answered<T>(answer: Result<T, ApiError>, show: impl FnOnce(T) -> AnyView) -> AnyView {
    match answer {
        Ok(value) => show(value),
        Err(error) => view! { <ErrorNote failure=error.into() again=true/> }.into_any(),
    }
}
