//! The pages, rendered by the server. They have no events: what can be pressed names an [`Act`](crate::act::Act) or a
//! [`Call`](crate::act::Call), and the client in the browser does the rest.
pub mod activity;
mod backups;
mod doctor;
mod document;
mod drift;
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
pub use loader::Hashes;

use crate::{api::RENEWAL, components::error_note::ErrorNote, error::ApiError};
use domain::Topic;
use http::request::Parts;
use leptos::prelude::*;

/// A part of a page that the client renews when the server tells that one of the topics is no longer as it was.
#[component]
fn Live(id: &'static str, topics: &'static str, children: Children) -> impl IntoView {
    if !is_asked_for(topics) {
        return ().into_any();
    }
    view! { <div id=id class="live" data-live=topics>{children()}</div> }.into_any()
}

/// Whether one of the topics is among those that an open page asks for. A page that is no renewal, or one of topics that
/// nobody knows, has all its parts.
fn is_asked_for(topics: &str) -> bool {
    let Some(parts) = use_context::<Parts>() else { return true };
    let Some(asked) = parts.headers.get(RENEWAL).and_then(|value| value.to_str().ok()) else { return true };
    let is_known = |asked: &&str| Topic::ALL.iter().any(|topic| topic.as_str() == *asked);
    let mut asked = asked.split(' ').filter(is_known).peekable();
    asked.peek().is_none() || asked.any(|asked| topics.split(' ').any(|topic| topic == asked))
}

/// What a page shows of an answer: itself, or why it is not there.
fn answered<T>(answer: Result<T, ApiError>, show: impl FnOnce(T) -> AnyView) -> AnyView {
    match answer {
        Ok(value) => show(value),
        Err(error) => view! { <ErrorNote failure=error.into() again=true/> }.into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    /// A page with two live parts, as it is answered to a request with this header.
    fn page(renewal: Option<&str>) -> String {
        let request =
            renewal.into_iter().fold(Request::builder(), |request, topics| request.header(RENEWAL, topics));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Owner::new().with(|| {
            provide_context(parts);
            let page = view! {
                <Live id="office" topics="office operations">"desks"</Live>
                <Live id="gateway" topics="metrics">"figures"</Live>
            };
            page.to_html()
        })
    }

    #[test]
    fn a_renewal_has_the_parts_about_its_topics_and_a_page_has_all() {
        let has = |renewal| ["desks", "figures"].map(|part| page(renewal).contains(part));
        assert_eq!(has(None), [true, true]);
        assert_eq!(has(Some("metrics")), [false, true]);
        assert_eq!(has(Some("backups operations")), [true, false]);
        assert_eq!(has(Some("backups metrics office")), [true, true]);
        assert_eq!(["", "weather"].map(|topics| has(Some(topics))), [[true, true]; 2]);
    }
}
