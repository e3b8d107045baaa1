//! The browser's entry point.
use leptos::{mount::hydrate_from_async, prelude::document, tachys::dom::body};

/// Takes over the page that the server rendered, and marks the root element `data-hydrated` when that is done: a page
/// whose code lies in a file of its own is taken over when that file has come.
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() {
    console_error_panic_hook::set_once();
    hydrate_from_async(body(), app::App).await.forget();
    if let Some(root) = document().document_element()
        && let Err(refused) = root.set_attribute("data-hydrated", "")
    {
        leptos::logging::error!("{refused:?}");
    }
}
