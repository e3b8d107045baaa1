//! One file a page.
pub mod home;
pub mod login;
pub mod models;
pub mod not_found;
pub mod providers;

use crate::{components::error_note::ErrorNote, error::ApiError, text::t};
use leptos::{
    prelude::*,
    server::codee::{Decoder, Encoder},
};
use serde::{Serialize, de::DeserializeOwned};

/// The JSON in which a page's data come with its HTML. It is read from bytes, as the answers of server functions are:
/// the browser then carries one reader of each type and not two.
struct Bytes;

impl<T: Serialize> Encoder<T> for Bytes {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, Self::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for Bytes {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Self::Error> {
        serde_json::from_slice(text.as_bytes())
    }
}

/// Data of a page: rendered with it, and asked for again when `old` changes.
fn data<S, T, F>(
    old: impl Fn() -> S + Send + Sync + 'static,
    ask: impl Fn(S) -> F + Send + Sync + 'static,
) -> Resource<T, Bytes>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    Resource::new_with_options(old, ask, false)
}

/// What a page shows of an answer: itself, or why it is not there and a button to ask again.
fn answered<T>(
    answer: Result<T, ApiError>,
    again: RwSignal<u32>,
    show: impl FnOnce(T) -> AnyView,
) -> AnyView {
    match answer {
        Ok(value) => show(value),
        Err(error) => {
            let retry = Callback::new(move |()| again.update(|count| *count += 1));
            view! { <ErrorNote failure=error.into() retry/> }.into_any()
        }
    }
}

/// What stands in a part of the page whose data is on its way.
fn waiting() -> AnyView {
    view! { <p class="waiting" role="status">{t().loading}</p> }.into_any()
}
