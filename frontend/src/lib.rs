//! The browser's entry point.

/// Takes over the page that the server rendered, and marks the root element `data-hydrated` when that is done.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
    if let Some(root) = leptos::prelude::document().document_element()
        && let Err(refused) = root.set_attribute("data-hydrated", "")
    {
        leptos::logging::error!("{refused:?}");
    }
}
