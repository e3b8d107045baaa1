//! The browser's entry point.

/// Makes the page that the server rendered alive. The page's own loader calls it by this name.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    app::client::start();
}
